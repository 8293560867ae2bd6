//! Commands that advice and checks have in common; templates.

/// What a new certificate begins with; openssl asks for the subject.
pub(super) const NEW_KEY_AND_REQUEST: &str = "openssl req -new -newkey rsa:3072 -nodes -sha256 -keyout new-client.key -out new-client.csr";

/// Whether a client gets through, tried by hand. Unlike `openssl s_client -cert`, curl sends every certificate of the file.
pub(super) const TRY_IT: &str = "curl -v --cert {client_cert} --key {client_key} https://{host}/";

/// Which mode each listener is in, with which trust store.
pub(super) const LISTENER_MODES: &str = "aws elbv2 describe-listeners --load-balancer-arn {load_balancer_arn} \
     --query 'Listeners[].[ListenerArn,Port,MutualAuthentication.Mode,MutualAuthentication.TrustStoreArn,MutualAuthentication.IgnoreClientCertificateExpiry]' \
     --output table";

/// Which security policy each listener has.
pub(super) const LISTENER_POLICIES: &str = "aws elbv2 describe-listeners --load-balancer-arn {load_balancer_arn} \
     --query 'Listeners[].[ListenerArn,Port,SslPolicy]' --output table";

/// What a security policy allows.
pub(super) const SSL_POLICIES: &str = "aws elbv2 describe-ssl-policies --query 'SslPolicies[].[Name,SslProtocols]' --output json";

/// The bundle that a trust store has now.
pub(super) const FETCH_BUNDLE: &str = "curl -o ca-bundle.pem \"$(aws elbv2 get-trust-store-ca-certificates-bundle \
     --trust-store-arn {trust_store_arn} --query Location --output text)\"";

/// A bundle is replaced as a whole.
pub(super) const REPLACE_BUNDLE: &str = "aws s3 cp new-ca-bundle.pem s3://{bucket}/new-ca-bundle.pem\n\
     aws elbv2 modify-trust-store --trust-store-arn {trust_store_arn} \
     --ca-certificates-bundle-s3-bucket {bucket} --ca-certificates-bundle-s3-key new-ca-bundle.pem";

/// Which revocation lists a trust store has.
pub(super) const LIST_CRLS: &str = "aws elbv2 describe-trust-store-revocations --trust-store-arn {trust_store_arn} \
     --query 'TrustStoreRevocations[].[RevocationId,RevocationType,NumberOfRevokedEntries]' --output table";
