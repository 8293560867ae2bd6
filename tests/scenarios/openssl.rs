//! What the `openssl` command makes and knows: keys and certificates that `rcgen` refuses to make, and what a certificate says of itself.

use std::path::Path;
use std::process::{Command, Stdio};

use super::certificates::Identity;
use super::connection::{Shown, number};
use crate::support::folder;

/// Runs `openssl` and returns what it printed.
#[track_caller]
pub(crate) fn openssl(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("these tests need the command openssl, which `scripts/test setup` installs: {error}"));
    assert!(output.status.success(), "openssl {}\n{}", arguments.join(" "), String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A certificate that is yet to be made. It will be valid from now on for a year.
pub(crate) struct Odd<'a> {
    /// What `openssl genpkey` is to make.
    pub(crate) key: &'a [&'a str],
    /// How it is to be signed.
    pub(crate) signature: &'a [&'a str],
    /// Parts of the subject before its common name, as `openssl req -subj` takes them.
    pub(crate) subject: &'a str,
    /// Lines of an extension file; without any, the certificate is of version 1.
    pub(crate) extensions: &'a str,
}

/// Extensions of a usual client certificate.
pub(crate) const USUAL: &str = "basicConstraints=CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=clientAuth\n";
/// Extensions of an authority's certificate.
pub(crate) const OF_AN_AUTHORITY: &str = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n";
/// A usual key.
pub(crate) const P256: &[&str] = &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:named_curve"];

impl Default for Odd<'_> {
    fn default() -> Self {
        Odd { key: P256, signature: &["-sha256"], subject: "/C=US/O=Company LLC", extensions: USUAL }
    }
}

impl Odd<'_> {
    /// Makes it.
    #[track_caller]
    pub(crate) fn signed_by(&self, common_name: &str, authority: &Identity) -> Identity {
        let folder = folder();
        let path = folder.path();
        std::fs::write(path.join("ca.pem"), &authority.pem).unwrap();
        std::fs::write(path.join("ca.key"), &authority.key).unwrap();
        std::fs::write(path.join("extensions"), self.extensions).unwrap();
        self.request(path, common_name);
        let serial = format!("0x{:x}", number());
        let mut arguments = vec!["x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-out", "leaf.pem"];
        arguments.extend(["-days", "365", "-set_serial", &serial]);
        arguments.extend(self.signature);
        if !self.extensions.is_empty() {
            arguments.extend(["-extfile", "extensions"]);
        }
        openssl(path, &arguments);
        identity(path)
    }

    /// Makes it with itself as its issuer.
    #[track_caller]
    pub(crate) fn self_signed(&self, common_name: &str) -> Identity {
        let folder = folder();
        let path = folder.path();
        std::fs::write(path.join("extensions"), self.extensions).unwrap();
        self.request(path, common_name);
        let mut arguments = vec!["x509", "-req", "-in", "request.pem", "-signkey", "leaf.key", "-out", "leaf.pem", "-days", "365"];
        arguments.extend(self.signature);
        if !self.extensions.is_empty() {
            arguments.extend(["-extfile", "extensions"]);
        }
        openssl(path, &arguments);
        identity(path)
    }

    fn request(&self, path: &Path, common_name: &str) {
        let mut arguments = vec!["genpkey", "-out", "leaf.key"];
        arguments.extend(self.key);
        openssl(path, &arguments);
        let subject = format!("{}/CN={common_name}", self.subject);
        openssl(path, &["req", "-new", "-key", "leaf.key", "-subj", &subject, "-out", "request.pem"]);
    }
}

/// `leaf.pem` and `leaf.key` of a folder.
fn identity(path: &Path) -> Identity {
    let pem = openssl(path, &["x509", "-in", "leaf.pem"]);
    openssl(path, &["x509", "-in", "leaf.pem", "-outform", "DER", "-out", "leaf.der"]);
    let der = std::fs::read(path.join("leaf.der")).unwrap();
    Identity { der, key: std::fs::read_to_string(path.join("leaf.key")).unwrap(), shown: shown(&pem), pem }
}

/// What the log shows of a certificate, as `openssl` reads it.
#[track_caller]
pub(crate) fn shown(pem: &str) -> Shown {
    let folder = folder();
    std::fs::write(folder.path().join("leaf.pem"), pem).unwrap();
    let mut arguments = vec!["x509", "-in", "leaf.pem", "-noout", "-subject", "-serial", "-startdate", "-enddate"];
    arguments.extend(["-nameopt", "RFC2253,-esc_msb,utf8", "-dateopt", "iso_8601"]);
    let told = openssl(folder.path(), &arguments);
    let value = |name: &str| {
        let line = told.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        line.unwrap_or_else(|| panic!("openssl tells no {name}:\n{told}")).to_owned()
    };
    let time = |name: &str| value(name).replace(' ', "T");
    Shown::new(&value("subject"), &time("notBefore"), &time("notAfter"), &value("serial"))
}

/// What `openssl x509 -text` says.
#[track_caller]
pub(crate) fn text_of(pem: &str) -> String {
    let folder = folder();
    std::fs::write(folder.path().join("leaf.pem"), pem).unwrap();
    openssl(folder.path(), &["x509", "-in", "leaf.pem", "-noout", "-text"])
}

/// A revocation list as PEM.
#[track_caller]
pub(crate) fn crl_as_pem(der: &[u8]) -> String {
    let folder = folder();
    std::fs::write(folder.path().join("list.der"), der).unwrap();
    openssl(folder.path(), &["crl", "-inform", "DER", "-in", "list.der", "-outform", "PEM"])
}
