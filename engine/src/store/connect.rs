//! From a URL, the settings and the environment to a client.
//!
//! Credentials come from where each provider's tools look for them; what `object_store` reads of the environment is listed at its builders'
//! `from_env`.

use std::sync::Arc;
use std::time::Duration;

use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::multipart::MultipartStore;
use object_store::{BackoffConfig, ClientConfigKey, ClientOptions, ObjectStore, RetryConfig};
use tokio::runtime::Runtime;

use super::fault::StoreFault;
use super::s3;
use super::url::{ObjectUrl, Scheme};
use crate::config::StoreConfig;

/// A request that has not ended by then is begun again: some megabytes over a slow line.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Likewise where no byte comes for so long.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// What reads and writes objects, also in parts.
pub(super) trait Client: ObjectStore + MultipartStore {}

impl<T: ObjectStore + MultipartStore> Client for T {}

/// A client for the bucket of `url`.
pub(super) fn connect(url: &ObjectUrl, config: &StoreConfig, runtime: &Runtime) -> Result<Arc<dyn Client>, StoreFault> {
    match url.scheme() {
        Scheme::S3 => s3::connect(url, config, runtime),
        Scheme::Gcs => gcs(url, config),
        Scheme::Azure => azure(url, config),
    }
}

/// How a client connects: by our time-outs, and by what the environment sets under `prefix` (`AWS_READ_TIMEOUT`, `AZURE_PROXY_URL`, …).
pub(super) fn client_options(prefix: &str, allow_http: bool) -> ClientOptions {
    let ours = ClientOptions::new().with_timeout(REQUEST_TIMEOUT).with_connect_timeout(CONNECT_TIMEOUT).with_read_timeout(READ_TIMEOUT);
    variables(prefix).fold(ours.with_allow_http(allow_http), |options, (name, value)| match name.parse::<ClientConfigKey>() {
        Ok(key) => options.with_config(key, value),
        Err(_) => options,
    })
}

/// The environment's variables whose names begin with `prefix`, that aside and in lower case. One that is empty sets nothing.
pub(super) fn variables(prefix: &str) -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(move |(name, value)| {
        let name = name.to_str()?.strip_prefix(prefix)?.to_ascii_lowercase();
        Some((name, value.into_string().ok()?)).filter(|(_, value)| !value.is_empty())
    })
}

/// Twelve tries over some minutes: a store that is throttled recovers meanwhile, one that is gone is told of before the night is over.
pub(super) fn retries() -> RetryConfig {
    RetryConfig {
        backoff: BackoffConfig { init_backoff: Duration::from_millis(100), max_backoff: Duration::from_secs(15), base: 2.0 },
        max_retries: 12,
        retry_timeout: Duration::from_secs(180),
    }
}

fn gcs(url: &ObjectUrl, config: &StoreConfig) -> Result<Arc<dyn Client>, StoreFault> {
    let mut builder = GoogleCloudStorageBuilder::from_env().with_bucket_name(url.authority()).with_retry(retries());
    let mut allow_http = false;
    if let Some(endpoint) = &config.endpoint_url {
        allow_http = endpoint.starts_with("http://");
        builder = builder.with_base_url(endpoint);
    }
    if config.anonymous {
        builder = builder.with_skip_signature(true);
    }
    Ok(Arc::new(builder.with_client_options(client_options("GOOGLE_", allow_http)).build().map_err(StoreFault::of_settings)?))
}

fn azure(url: &ObjectUrl, config: &StoreConfig) -> Result<Arc<dyn Client>, StoreFault> {
    let (container, host) = url.authority().split_once('@').unwrap_or((url.authority(), ""));
    let mut builder = MicrosoftAzureBuilder::from_env().with_container_name(container).with_retry(retries());
    if let Some(account) = host.split('.').next().filter(|account| !account.is_empty()) {
        builder = builder.with_account(account);
    }
    let mut allow_http = false;
    if let Some(endpoint) = &config.endpoint_url {
        allow_http = endpoint.starts_with("http://");
        builder = builder.with_endpoint(endpoint.clone());
    }
    if config.anonymous {
        builder = builder.with_skip_signature(true);
    }
    Ok(Arc::new(builder.with_client_options(client_options("AZURE_", allow_http)).build().map_err(StoreFault::of_settings)?))
}
