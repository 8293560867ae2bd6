use std::sync::atomic::{AtomicU64, Ordering};

use aws_credential_types::provider::future;

use super::*;

/// Gives credentials that last so long, the number of each in its id; fails from the `fails_from`th on.
#[derive(Debug)]
struct Given {
    lasts: Option<Duration>,
    fails_from: u64,
    asked: Arc<AtomicU64>,
}

impl ProvideCredentials for Given {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let number = self.asked.fetch_add(1, Ordering::Relaxed);
        if number >= self.fails_from {
            return future::ProvideCredentials::ready(Err(CredentialsError::provider_error("exited with code 1. Stderr: SECRET")));
        }
        let ends = self.lasts.map(|lasts| SystemTime::now() + lasts);
        future::ProvideCredentials::ready(Ok(Credentials::new(format!("AKIA{number}"), "SECRET", None, ends, "test")))
    }
}

/// Asks `times` times; what came, and how often the provider was asked.
fn asked(lasts: Option<Duration>, fails_from: u64, times: usize) -> (Vec<Result<String, String>>, u64) {
    let asked = Arc::new(AtomicU64::new(0));
    let provider = SharedCredentialsProvider::new(Given { lasts, fails_from, asked: asked.clone() });
    let chain = Chain { provider, profile: Some("night".to_owned()), held: Mutex::new(None) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let one = || runtime.block_on(chain.current()).map(|credential| credential.key_id.clone()).map_err(|trouble| trouble.0);
    let came = (0..times).map(|_| one()).collect();
    assert!(!format!("{chain:?}").contains("SECRET"));
    (came, asked.load(Ordering::Relaxed))
}

fn seconds(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

#[test]
fn credentials_are_had_once_and_anew_before_they_end() {
    for lasts in [None, seconds(3600), seconds(200)] {
        assert_eq!(asked(lasts, 9, 3), (vec![Ok("AKIA0".to_owned()); 3], 1), "{lasts:?}");
    }
    let ended = asked(seconds(0), 9, 2);
    assert_eq!(ended, (vec![Ok("AKIA0".to_owned()), Ok("AKIA1".to_owned())], 2));
}

#[test]
fn an_hour_is_renewed_early_and_minutes_at_half_time() {
    let now = SystemTime::now();
    for (lasts, renewed) in [(3600, 3300), (400, 200), (60, 30)] {
        let given = Credentials::new("id", "key", None, Some(now + Duration::from_secs(lasts)), "test");
        assert_eq!(Held::of(&given, now).renew, Some(now + Duration::from_secs(renewed)));
    }
}

#[test]
fn nothing_that_a_process_wrote_is_shown() {
    let (came, _) = asked(None, 0, 1);
    assert_eq!(came, [Err("profile night gives no credentials: exited with code 1".to_owned())]);
}

#[test]
fn a_session_that_ended_says_how_to_log_in() {
    let ended = CredentialsError::provider_error("the SSO token has expired and cannot be refreshed");
    let message = "profile night gives no credentials: it has no valid SSO session; log in with: aws sso login --profile night";
    assert_eq!(words(&ended, Some("night")), message);
    assert!(words(&ended, None).ends_with("log in with: aws sso login"));
    assert!(words(&CredentialsError::not_loaded_no_source(), None).contains("--anonymous"));
}
