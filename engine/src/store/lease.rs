//! A lease on an object: one holder at a time, told apart by conditional puts, renewed while the holder lives.
//!
//! The object is created, or replaced where it is still of the version that was seen, so that of many who try one wins. It stays when the lease is
//! given back, saying that it is free. A holder that has died renews it no longer: another may take it once it has been seen unchanged for
//! [`LEASE`], or at once where the holder was a process of this very machine and is no more. No clock of two machines is compared.

use std::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::bucket::Bucket;
use super::fault::StoreFault;
use super::write::Version;

/// How long a lease is its holder's after it was renewed, for those who look on.
const LEASE: Duration = Duration::from_secs(30);
/// For the holder it ends earlier, so that what it has begun is over by then.
const OWN_LEASE: Duration = Duration::from_secs(20);
const RENEW_EVERY: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(500);
/// What the object says when nobody holds it.
const FREE: &str = "free\n";

/// A held lease; given back when dropped.
pub(crate) struct Lease {
    bucket: Arc<Bucket>,
    key: String,
    state: Arc<Mutex<State>>,
    /// Dropped, it ends the thread.
    renewing: Option<(Sender<()>, JoinHandle<()>)>,
}

/// What renewing has come to.
struct State {
    version: Version,
    renewed: Instant,
    is_lost: bool,
}

/// Who does not hold it: what the object was when it was free.
#[derive(Debug)]
pub(crate) struct Watch {
    bucket: Arc<Bucket>,
    key: String,
    seen: Option<Version>,
}

impl fmt::Debug for Lease {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Lease").field("key", &self.key).finish_non_exhaustive()
    }
}

/// What a run waits for that does not hold a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitFor {
    /// To see whether its holder lives.
    Sign,
    /// For its holder to give it back.
    Holder,
}

/// What taking a lease came to.
pub(crate) enum Taken {
    Held(Lease),
    /// By whom it is held.
    Refused(String),
}

impl Lease {
    /// Takes the lease on `key`. `wait` is asked whether to go on waiting while another has it.
    pub(crate) fn take(bucket: Arc<Bucket>, key: String, wait: &dyn Fn(WaitFor) -> bool) -> Result<Taken, StoreFault> {
        let body = holder_now();
        let mut observed = Observed::default();
        loop {
            let found = bucket.get(&key)?;
            let claimed = match &found {
                None => bucket.create(&key, body.clone())?,
                Some((text, version)) if observed.is_free(text, version) => bucket.replace(&key, body.clone(), version)?,
                Some((text, _)) => {
                    if !wait(if observed.is_alive() { WaitFor::Holder } else { WaitFor::Sign }) {
                        return Ok(Taken::Refused(holder(text)));
                    }
                    std::thread::sleep(LOOK_AGAIN);
                    continue;
                }
            };
            if let Some(version) = claimed {
                return Ok(Taken::Held(Self::hold(bucket, key, version, body)));
            }
        }
    }

    fn hold(bucket: Arc<Bucket>, key: String, version: Version, body: Bytes) -> Self {
        let state = Arc::new(Mutex::new(State { version, renewed: Instant::now(), is_lost: false }));
        let (stop, stopped) = channel();
        let (thread_bucket, thread_key, thread_state) = (bucket.clone(), key.clone(), state.clone());
        let thread = std::thread::spawn(move || renew(&thread_bucket, &thread_key, &thread_state, &body, &stopped));
        Self { bucket, key, state, renewing: Some((stop, thread)) }
    }

    /// Whether it is still held, as far as can be known here.
    ///
    /// # Errors
    /// Where another has taken it, or it could not be renewed for so long that another may.
    pub(crate) fn check(&self) -> Result<(), StoreFault> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_lost {
            return Err(StoreFault::setting(
                "was taken over by another run: this one was not heard of for too long; what it has committed stands, run again for the rest"
                    .to_owned(),
            ));
        }
        if state.renewed.elapsed() < OWN_LEASE {
            return Ok(());
        }
        let problem = format!(
            "could not be renewed for {} s, so that another run may have begun; what is committed stands, run again when the store answers",
            state.renewed.elapsed().as_secs()
        );
        Err(StoreFault::setting(problem))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if let Some((stop, thread)) = self.renewing.take() {
            drop(stop);
            let _ = thread.join();
        }
        let version = self.state.lock().unwrap_or_else(PoisonError::into_inner).version.clone();
        // Where this fails, the lease runs out.
        let _ = self.bucket.replace(&self.key, Bytes::from_static(FREE.as_bytes()), &version);
    }
}

/// Renews the lease until it is told to stop, or the lease is lost.
fn renew(bucket: &Bucket, key: &str, state: &Mutex<State>, body: &Bytes, stopped: &Receiver<()>) {
    let mut count = 0_u64;
    while stopped.recv_timeout(RENEW_EVERY) == Err(RecvTimeoutError::Timeout) {
        count += 1;
        let version = state.lock().unwrap_or_else(PoisonError::into_inner).version.clone();
        let begun = Instant::now();
        let body = Bytes::from([&body[..], format!("renewed {count}\n").as_bytes()].concat());
        let renewed = bucket.replace(key, body, &version);
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        match renewed {
            Ok(Some(version)) => (state.version, state.renewed) = (version, begun),
            Ok(None) => {
                state.is_lost = true;
                return;
            }
            // It is tried again; `check` looks at the time.
            Err(_) => {}
        }
    }
}

/// How long an object has been seen as it is.
#[derive(Default)]
struct Observed {
    first: Option<(Version, Instant)>,
    changed: bool,
}

impl Observed {
    /// Whether the lease may be taken from what the object says.
    fn is_free(&mut self, text: &[u8], version: &Version) -> bool {
        if text == FREE.as_bytes() || is_dead_here(text) {
            return true;
        }
        match &self.first {
            Some((seen, since)) if seen == version => since.elapsed() >= LEASE,
            seen => {
                self.changed |= seen.is_some();
                self.first = Some((version.clone(), Instant::now()));
                false
            }
        }
    }

    /// Whether it was seen to be renewed.
    fn is_alive(&self) -> bool {
        self.changed
    }
}

impl Watch {
    /// Makes sure that nobody holds the lease on `key`; gives the holder where one does.
    pub(crate) fn begin(bucket: Arc<Bucket>, key: String) -> Result<Result<Self, String>, StoreFault> {
        let mut observed = Observed::default();
        loop {
            let Some((text, version)) = bucket.get(&key)? else { return Ok(Ok(Self { bucket, key, seen: None })) };
            if observed.is_free(&text, &version) {
                return Ok(Ok(Self { bucket, key, seen: Some(version) }));
            }
            if observed.is_alive() {
                return Ok(Err(holder(&text)));
            }
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// Who has taken the lease since, if anybody has.
    pub(crate) fn holder_since(&self) -> Result<Option<String>, StoreFault> {
        Ok(match self.bucket.get(&self.key)? {
            Some((text, version)) if self.seen.as_ref() != Some(&version) => Some(holder(&text)),
            _ => None,
        })
    }
}

/// What a holder writes: a line for people, a line by which it is known on its machine, and one that is its own.
fn holder_now() -> Bytes {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = if host.trim().is_empty() { String::new() } else { format!(" on {}", host.trim()) };
    let process = std::process::id();
    let place = place().unwrap_or_default();
    // Two leases of one process differ, too.
    let own = std::collections::hash_map::RandomState::new();
    let own = std::hash::BuildHasher::hash_one(&own, (process, std::time::SystemTime::now()));
    Bytes::from(format!("process {process}{host}\n{place} {process}\nlease {own:016x}\n"))
}

/// This start of this machine, as its processes count each other; `None` where the system does not tell.
fn place() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let space = std::fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("{}/{}", boot.trim(), space.display()))
}

/// Whether the holder was a process of this machine that is no more.
fn is_dead_here(text: &[u8]) -> bool {
    let Some((there, process)) = std::str::from_utf8(text).ok().and_then(|text| text.lines().nth(1)?.rsplit_once(' ')) else {
        return false;
    };
    let Ok(process) = process.parse::<u32>() else { return false };
    place().is_some_and(|here| here == there) && !std::path::Path::new(&format!("/proc/{process}")).exists()
}

/// Who holds it, as far as the object tells.
fn holder(text: &[u8]) -> String {
    let line = String::from_utf8_lossy(text).lines().next().unwrap_or_default().chars().take(200).collect::<String>();
    if line.is_empty() { "another process".to_owned() } else { line }
}
