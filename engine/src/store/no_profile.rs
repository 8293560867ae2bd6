//! In a build without feature `aws-profiles`: what names a profile is refused, and `object_store` finds the credentials of the environment and of roles.

use object_store::aws::AwsCredentialProvider;

use super::fault::StoreFault;

/// What a profile says beside credentials: here nothing.
#[derive(Debug, Default)]
pub(super) struct Settings {
    pub(super) region: Option<String>,
    pub(super) endpoint: Option<String>,
}

pub(super) async fn settings(_profile: Option<&str>) -> Settings {
    Settings::default()
}

/// # Errors
/// Where a profile is named.
pub(super) async fn credentials(profile: Option<String>, _region: &str) -> Result<Option<AwsCredentialProvider>, StoreFault> {
    match profile.or_else(|| std::env::var("AWS_PROFILE").ok()).filter(|name| !name.is_empty()) {
        None => Ok(None),
        Some(name) => Err(StoreFault::setting(format!(
            "profile {name} cannot be read: this tlslake was built without AWS profiles; `aws configure export-credentials --profile {name} --format env` puts its \
             credentials into the environment"
        ))),
    }
}
