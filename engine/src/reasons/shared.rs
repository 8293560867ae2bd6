//! Commands that advice and checks have in common; templates.

/// The connections that match, and whose they are: the columns that people see otherwise name no client.
macro_rules! who_fails {
    ($looked_for:expr) => {
        concat!(
            "tlslake failures {logs}",
            $looked_for,
            " --columns time,client_ip,elb,listener_port,tls_verify_status,leaf_client_cert_serial_number"
        )
    };
}
pub(super) use who_fails;

/// What a new certificate begins with; openssl asks for the subject. [`CA_SIGNS`] goes on from there.
pub(super) const NEW_KEY_AND_REQUEST: &str = "openssl req -new -newkey rsa:3072 -nodes -sha256 -keyout new-client.key -out new-client.csr";

/// How the request becomes a certificate.
pub(super) const CA_SIGNS: &str = "When openssl asks, answer with the subject that the server knows the client by; then send new-client.csr to the \
     CA, never the key, and save the certificate that it returns, followed by its intermediates, as new-client.pem";

/// The usages of a client's certificate, and a signature with them by a CA that is a file; template for a request in `new-client.csr`.
pub(super) const SIGN_FOR_CLIENT_AUTH: &str = "printf 'basicConstraints=CA:FALSE\\nkeyUsage=digitalSignature\\nextendedKeyUsage=clientAuth\\n' > client.ext\n\
     openssl x509 -req -in new-client.csr -CA {issuer_cert} -CAkey issuer.key -CAcreateserial -days 365 -sha256 -extfile client.ext -out new-client.pem";

/// Whether the new certificate gets through.
pub(super) const TRY_NEW: &str = "curl -v --cert new-client.pem --key new-client.key https://{host}/";

/// Whether a client gets through, tried by hand. Unlike `openssl s_client -cert`, curl sends every certificate of the file.
pub(super) const TRY_IT: &str = "curl -v --cert {client_cert} --key {client_key} https://{host}/";

/// Which mode each listener is in, with which trust store.
pub(super) const LISTENER_MODES: &str = "aws elbv2 describe-listeners --load-balancer-arn \"{load_balancer_arn}\" \
     --query 'Listeners[].[ListenerArn,Port,MutualAuthentication.Mode,MutualAuthentication.TrustStoreArn,MutualAuthentication.IgnoreClientCertificateExpiry]' \
     --output table";

/// Which security policy each listener has.
pub(super) const LISTENER_POLICIES: &str = "aws elbv2 describe-listeners --load-balancer-arn \"{load_balancer_arn}\" \
     --query 'Listeners[].[ListenerArn,Port,SslPolicy]' --output table";

/// What a security policy allows.
pub(super) const SSL_POLICIES: &str = "aws elbv2 describe-ssl-policies --query 'SslPolicies[].[Name,SslProtocols]' --output json";

/// The bundle that a trust store has now.
///
/// Under a name of its own: what is built from it must never be built from an older copy, whose certificates would be all that is left.
pub(super) const FETCH_BUNDLE: &str = "curl -fsS -o current-ca-bundle.pem \"$(aws elbv2 get-trust-store-ca-certificates-bundle \
     --trust-store-arn \"{trust_store_arn}\" --query Location --output text)\"";

/// The present bundle and the issuing CA. `awk 1` ends every line, so that no two certificates run together where a file lacks its last line break.
pub(super) const JOIN_BUNDLE: &str = "awk 1 current-ca-bundle.pem {issuer_cert} > new-ca-bundle.pem";

/// What a bundle must pass before it is uploaded.
pub(super) const LINT_BUNDLE: &str = "tlslake lint-trust-store --ca-bundle new-ca-bundle.pem";

/// A bundle is replaced as a whole.
pub(super) const REPLACE_BUNDLE: &str = "aws s3 cp new-ca-bundle.pem s3://{bucket}/new-ca-bundle.pem\n\
     aws elbv2 modify-trust-store --trust-store-arn \"{trust_store_arn}\" \
     --ca-certificates-bundle-s3-bucket {bucket} --ca-certificates-bundle-s3-key new-ca-bundle.pem";

/// Which revocation lists a trust store has.
pub(super) const LIST_CRLS: &str = "aws elbv2 describe-trust-store-revocations --trust-store-arn \"{trust_store_arn}\" \
     --query 'TrustStoreRevocations[].[RevocationId,RevocationType,NumberOfRevokedEntries]' --output table";
