//! What an Application Load Balancer takes, in numbers.
//!
//! Source: "Quotas for your Application Load Balancers" and "Mutual authentication with TLS" in AWS's user guide.

/// Bytes of a certificate (DER): 16 KB.
pub(super) const CERTIFICATE_BYTES: usize = 16 * 1024;
/// Bytes of a TLS message, which carries the whole chain that a client sends: 64 KB.
pub(super) const MESSAGE_BYTES: usize = 64 * 1024;
/// Certificates in the chain that a client sends, the leaf included.
pub(super) const CHAIN_DEPTH: usize = 4;
/// CA certificates in a trust store.
pub(super) const CA_CERTIFICATES: usize = 25;
/// Characters of all subjects in a trust store.
pub(super) const SUBJECT_CHARACTERS: usize = 10_000;
/// Revocation lists in a trust store.
pub(super) const CRLS: usize = 30;
/// Bytes of one revocation list: 50 MB.
pub(super) const CRL_BYTES: usize = 50 * 1024 * 1024;
/// Entries of all revocation lists in a trust store.
pub(super) const CRL_ENTRIES: usize = 500_000;
/// Bits of an RSA key.
pub(super) const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
