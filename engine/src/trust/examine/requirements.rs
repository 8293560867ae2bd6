//! What a balancer refuses of a certificate as such: size, version, key, signature, purpose.

use super::super::certificate::Certificate;
use super::super::fact::FactKind;
use super::super::limits;
use super::super::material::Material;
use super::super::path::Path;
use super::super::signature::KeyFault;
use super::super::text::counted;
use super::{Facts, source};

/// Looks at every certificate of a path.
pub(super) fn examine(material: &Material, path: &Path, facts: &mut Facts) {
    for (index, id) in path.steps.iter().enumerate() {
        let Some(certificate) = material.certificate(*id) else { continue };
        let (title, source) = (material.title(*id), source(material, *id));
        let mut add = |kind, what: String| facts.add(kind, source, format!("{title}: {what}"));
        if let Some(what) = size(certificate) {
            add(FactKind::CertificateTooLarge, what);
        }
        if let Some(what) = version(certificate) {
            add(FactKind::NotX509v3, what);
        }
        if let Some((fault, what)) = key(certificate) {
            add(if fault == KeyFault::Size { FactKind::WeakKey } else { FactKind::UnsupportedKey }, what);
        }
        // Nobody checks how a root signed itself; what a client shows is looked at even if it did.
        if let Some(what) = signature(certificate).filter(|_| index == 0 || !material.is_root(*id)) {
            add(FactKind::WeakSignature, what);
        }
        if let Some(what) = purpose(certificate, index == 0) {
            add(FactKind::PurposeNotClientAuth, what);
        }
    }
}

/// Too large.
pub(in crate::trust) fn size(certificate: &Certificate) -> Option<String> {
    let (bytes, most) = (certificate.der.len(), limits::CERTIFICATE_BYTES);
    (bytes > most)
        .then(|| format!("the certificate has {}; a balancer takes {}", counted(bytes, "byte", "bytes"), super::super::text::grouped(most)))
}

/// Not X.509v3.
pub(in crate::trust) fn version(certificate: &Certificate) -> Option<String> {
    (certificate.version != 3).then(|| format!("the certificate is X.509v{}; a balancer takes v3 only", certificate.version))
}

/// A key that a balancer refuses.
pub(in crate::trust) fn key(certificate: &Certificate) -> Option<(KeyFault, String)> {
    let fault = certificate.key.fault()?;
    let kind = &certificate.key.kind;
    let takes = match fault {
        KeyFault::Size => format!("a balancer takes RSA from {} to {} bits", limits::RSA_BITS.start(), limits::RSA_BITS.end()),
        KeyFault::Kind => "a balancer takes RSA, and ECDSA on P-256, P-384 or P-521".to_owned(),
    };
    Some((fault, format!("its key is {kind}; {takes}")))
}

/// A signature that a balancer refuses.
pub(in crate::trust) fn signature(certificate: &Certificate) -> Option<String> {
    let algorithm = &certificate.signed.algorithm;
    let takes = "a balancer takes SHA-256, SHA-384 or SHA-512 with RSA, RSASSA-PSS or ECDSA";
    (!algorithm.is_accepted()).then(|| format!("it is signed with {algorithm}; {takes}"))
}

/// Not for client authentication.
fn purpose(certificate: &Certificate, is_leaf: bool) -> Option<String> {
    let usage = &certificate.usage;
    if usage.authenticates_clients == Some(false) {
        return Some(format!("its extended key usage is {} without clientAuth", usage.purposes));
    }
    (is_leaf && usage.signs == Some(false)).then(|| "its key usage lacks digitalSignature, which client authentication needs".to_owned())
}
