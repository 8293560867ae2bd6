//! Certificates, CA bundles and revocation lists as files: what they hold, what they prove of a client, and what a balancer would refuse.
//!
//! In: bytes of files. Out: [facts](crate::reasons::Evidence) about them. Parsing is `x509-parser`'s, signatures are checked by `aws-lc-rs`; what is
//! here are AWS's rules. Knows nothing of logs but the four things a log tells of a leaf certificate.
