//! Which faults pass, and when to ask again.
//!
//! `object_store` begins a request again itself: on 5xx, 429 and 408, where a connection cannot be had or breaks, and where the body of an object
//! whose ETag it knows breaks off. It does not where the body of a listing breaks off, where an object has no ETag, where an answer ends early and says so, and where
//! credentials end while it tries. That is what this is for.

use std::time::{Duration, Instant};

use object_store::Error;

use super::fault::StoreFault;

/// The first pause; each is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Times that something is asked for again without anything having come in between.
const TRIES: u32 = 8;
/// What `object_store` tried for so long in vain is not tried again.
const PATIENCE: Duration = Duration::from_secs(150);

/// How often something was asked for.
#[derive(Debug)]
pub(super) struct Tries {
    begun: Instant,
    count: u32,
}

impl Tries {
    pub(super) fn new() -> Self {
        Self { begun: Instant::now(), count: 0 }
    }

    /// Something came: what failed before does not count.
    pub(super) fn went_on(&mut self) {
        *self = Self::new();
    }

    /// Waits, if the fault may pass and was not met too often.
    ///
    /// # Errors
    /// The fault otherwise.
    pub(super) async fn again(&mut self, fault: StoreFault) -> Result<(), StoreFault> {
        if !fault.may_pass || self.count == TRIES || self.begun.elapsed() > PATIENCE {
            return Err(fault);
        }
        tokio::time::sleep((FIRST_PAUSE * 2u32.pow(self.count)).min(LONGEST_PAUSE)).await;
        self.count += 1;
        Ok(())
    }
}

/// Sends a request until an answer comes that another try would not change.
pub(super) async fn persist<T>(action: &str, request: impl AsyncFn() -> Result<T, Error>) -> Result<T, StoreFault> {
    let mut tries = Tries::new();
    loop {
        match request().await {
            Ok(answer) => return Ok(answer),
            Err(error) => tries.again(StoreFault::of(action, &error)).await?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_asked_again(tries: &mut Tries, fault: StoreFault) -> bool {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(tries.again(fault)).is_ok()
    }

    #[test]
    fn asking_again_ends_unless_something_comes() {
        let mut tries = Tries::new();
        assert!(is_asked_again(&mut tries, StoreFault::short(1, 2)));
        assert!(!is_asked_again(&mut tries, StoreFault::setting("no".to_owned())));
        tries.count = TRIES;
        assert!(!is_asked_again(&mut tries, StoreFault::short(1, 2)));
        tries.went_on();
        assert!(is_asked_again(&mut tries, StoreFault::short(1, 2)));
    }
}
