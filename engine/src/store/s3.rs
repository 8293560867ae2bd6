//! S3, and servers that speak its language: where they are, whose credentials are used, which region signs.

use std::sync::Arc;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, resolve_bucket_region};
use tokio::runtime::Runtime;

use super::connect::{Client, client_options, retries, variables};
use super::fault::StoreFault;
use super::profile::{self, Settings};
use super::url::ObjectUrl;
use crate::config::StoreConfig;

/// The region of requests where none is known: servers of other makers do not mind.
const USUAL_REGION: &str = "us-east-1";

/// A client for the bucket of `url`.
///
/// Keys in the environment are used as they are; a profile that was asked for by name, or whatever AWS's chain finds, is asked once here, so that what
/// is wrong with it is said before anything is listed.
pub(super) fn connect(url: &ObjectUrl, config: &StoreConfig, runtime: &Runtime) -> Result<Arc<dyn Client>, StoreFault> {
    let mut builder = from_environment().with_bucket_name(url.authority()).with_retry(retries());
    if config.anonymous {
        builder = builder.with_skip_signature(true);
    }
    if config.requester_pays {
        builder = builder.with_request_payer(true);
    }
    let is_signed = builder.get_config_value(&AmazonS3ConfigKey::SkipSignature).as_deref() != Some("true");
    let settings = if is_signed { runtime.block_on(profile::settings(config.profile.as_deref())) } else { Settings::default() };
    // The option of S3 itself goes before the others.
    if let Some(endpoint) = config.endpoint_url.clone().or_else(|| endpoint(&builder)).or(settings.endpoint) {
        builder = builder.with_config(AmazonS3ConfigKey::S3Endpoint, endpoint);
    }
    let endpoint = endpoint(&builder);
    let options = client_options("AWS_", endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://")));
    let region = builder.get_config_value(&AmazonS3ConfigKey::Region).or(settings.region).unwrap_or_else(|| {
        let resolved = match endpoint {
            None => runtime.block_on(resolve_bucket_region(url.authority(), &options)).ok(),
            Some(_) => None,
        };
        resolved.unwrap_or_else(|| USUAL_REGION.to_owned())
    });
    let has_keys =
        [AmazonS3ConfigKey::AccessKeyId, AmazonS3ConfigKey::SecretAccessKey].iter().all(|key| builder.get_config_value(key).is_some());
    if is_signed && (config.profile.is_some() || !has_keys) {
        let credentials = runtime.block_on(profile::credentials(config.profile.clone(), &region))?;
        builder = credentials.into_iter().fold(builder, AmazonS3Builder::with_credentials);
    }
    let client = builder.with_region(region).with_client_options(options).build().map_err(StoreFault::of_settings)?;
    Ok(Arc::new(client))
}

/// The server that the environment or an option names.
fn endpoint(builder: &AmazonS3Builder) -> Option<String> {
    let configured = |key| builder.get_config_value(&key);
    configured(AmazonS3ConfigKey::S3Endpoint).or_else(|| configured(AmazonS3ConfigKey::Endpoint))
}

/// As the builder's own `from_env`, but for variables that are empty.
fn from_environment() -> AmazonS3Builder {
    // Some keys exist with the prefix alone.
    variables("AWS_").fold(AmazonS3Builder::new(), |builder, (name, value)| match format!("aws_{name}").parse() {
        Ok(key) => builder.with_config(key, value),
        Err(_) => builder,
    })
}
