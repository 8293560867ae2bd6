//! AWS's usual chain of credentials: the environment, a profile (keys, SSO, roles, processes), web identity, the container's role, the machine's.
//!
//! The chain is crate `aws-config`'s, which is AWS's own; its requests go through the HTTP client that objects come through. What it says of its
//! trouble is put into our words, and never what a process or a server answered.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use object_store::CredentialProvider;
use object_store::aws::{AwsCredential, AwsCredentialProvider};
use tokio::sync::Mutex;

use super::fault::{StoreFault, innermost, texts};
use super::profile_http;

/// Credentials are fetched anew so long before they end.
const EARLY: Duration = Duration::from_secs(300);
/// A process may ask its user something; one that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a profile says beside credentials.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) region: Option<String>,
    pub(super) endpoint: Option<String>,
}

/// Reads region and server of `profile`, or of the one that the environment names. Files alone are read.
pub(super) async fn settings(profile: Option<&str>) -> Settings {
    let mut region = ProfileFileRegionProvider::builder();
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).http_client(profile_http::client()).no_credentials();
    if let Some(profile) = profile {
        region = region.profile_name(profile);
        loader = loader.profile_name(profile);
    }
    let loaded = loader.region(region.build()).load().await;
    Settings { region: loaded.region().map(ToString::to_string), endpoint: loaded.endpoint_url().map(str::to_owned) }
}

/// The credentials of `profile`, or what the chain finds; they are had once, and anew before they end.
///
/// # Errors
/// Where there are none; the message says what was looked at and what to do.
pub(super) async fn credentials(profile: Option<String>, region: &str) -> Result<Option<AwsCredentialProvider>, StoreFault> {
    let setup = ProviderConfig::without_region().with_http_client(profile_http::client()).with_region(Some(Region::new(region.to_owned())));
    let provider = match &profile {
        // Of a profile that is asked for by name nothing else may take the place.
        Some(name) => {
            SharedCredentialsProvider::new(ProfileFileCredentialsProvider::builder().configure(&setup).profile_name(name).build())
        }
        None => SharedCredentialsProvider::new(DefaultCredentialsChain::builder().configure(setup).build().await),
    };
    let chain = Chain { provider, profile: profile.or_else(profile_of_environment), held: Mutex::new(None) };
    chain.current().await.map_err(|trouble| StoreFault::setting(trouble.0))?;
    Ok(Some(Arc::new(chain)))
}

fn profile_of_environment() -> Option<String> {
    std::env::var("AWS_PROFILE").ok().filter(|name| !name.is_empty())
}

/// The chain, and what it gave last.
#[derive(Debug)]
struct Chain {
    provider: SharedCredentialsProvider,
    /// The profile that was named.
    profile: Option<String>,
    held: Mutex<Option<Held>>,
}

#[derive(Debug)]
struct Held {
    credential: Arc<AwsCredential>,
    /// When they end, and when to ask for others.
    ends: Option<SystemTime>,
    renew: Option<SystemTime>,
}

/// Why there are no credentials, in whole words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Trouble(String);

impl CredentialProvider for Chain {
    type Credential = AwsCredential;

    fn get_credential<'life, 'result>(
        &'life self,
    ) -> Pin<Box<dyn Future<Output = object_store::Result<Arc<AwsCredential>>> + Send + 'result>>
    where
        'life: 'result,
        Self: 'result,
    {
        Box::pin(async move {
            let generic = |trouble: Trouble| object_store::Error::Generic { store: "S3", source: Box::new(trouble) };
            self.current().await.map_err(generic)
        })
    }
}

impl Chain {
    async fn current(&self) -> Result<Arc<AwsCredential>, Trouble> {
        let mut held = self.held.lock().await;
        let now = SystemTime::now();
        if let Some(held) = held.as_ref().filter(|held| held.renew.is_none_or(|renew| now < renew)) {
            return Ok(held.credential.clone());
        }
        let asked = tokio::time::timeout(PATIENCE, self.provider.provide_credentials()).await;
        let given = asked.unwrap_or_else(|_| Err(CredentialsError::provider_timed_out(PATIENCE)));
        match (given, held.as_ref()) {
            (Ok(given), _) => Ok(held.insert(Held::of(&given, now)).credential.clone()),
            // Those that are still good serve until they end.
            (Err(_), Some(old)) if old.ends.is_some_and(|ends| now < ends) => Ok(old.credential.clone()),
            (Err(error), _) => Err(Trouble(words(&error, self.profile.as_deref()))),
        }
    }
}

impl Held {
    fn of(given: &Credentials, now: SystemTime) -> Self {
        let credential = AwsCredential {
            key_id: given.access_key_id().to_owned(),
            secret_key: given.secret_access_key().to_owned(),
            token: given.session_token().map(str::to_owned),
        };
        let ends = given.expiry();
        let left = ends.map(|ends| ends.duration_since(now).unwrap_or_default());
        // Those that last for minutes are not asked for with every request.
        let renew = left.map(|left| now + left.saturating_sub(EARLY).max(left / 2));
        Self { credential: Arc::new(credential), ends, renew }
    }
}

/// What is wrong, and the cure. Of what a process wrote nothing is shown: it may hold anything.
#[cold]
fn words(error: &CredentialsError, profile: Option<&str>) -> String {
    let whose = profile.map_or_else(|| "no AWS credentials could be had".to_owned(), |name| format!("profile {name} gives no credentials"));
    if texts(error).iter().any(|text| is_of_sso(text)) {
        let login = profile.map_or_else(String::new, |name| format!(" --profile {name}"));
        return format!("{whose}: it has no valid SSO session; log in with: aws sso login{login}");
    }
    // The machine's role is looked for last: that there is none is no trouble of its own.
    let is_nowhere = matches!(error, CredentialsError::CredentialsNotLoaded(_)) || texts(error).iter().any(|text| text.contains("IMDS"));
    match error {
        _ if is_nowhere => format!(
            "{whose}: none are in the environment, the profiles (AWS_PROFILE, --profile) or the machine's role; for a public bucket there is --anonymous"
        ),
        CredentialsError::ProviderTimedOut(_) => format!("{whose}: they did not come within {} seconds", PATIENCE.as_secs()),
        _ => {
            let text = innermost(error);
            format!("{whose}: {}", text.split(". Stderr:").next().unwrap_or_default())
        }
    }
}

/// Whether a session of SSO is missing, has ended or is refused.
fn is_of_sso(text: &str) -> bool {
    text.contains("SSO token") || text.contains("/sso/cache/") || text.contains("UnauthorizedException")
}

#[cfg(test)]
mod tests;
