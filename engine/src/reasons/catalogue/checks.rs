//! Checks that several codes share, with their commands.
//!
//! Windows has no openssl of its own: PowerShell 7 and .NET read certificates there, `certutil` verifies and reads revocation lists.

use super::super::reason::{Check, Commands};
use super::super::shared::{FETCH_BUNDLE, LIST_CRLS, LISTENER_MODES, LISTENER_POLICIES, TRY_IT};

pub(super) const LEAF: Check = Check {
    title: "Read the client's certificate",
    tells: "Subject, issuer, serial number and dates; subject and serial must be those in the log, or it is another certificate.",
    commands: Commands::unix_and_windows(
        "openssl x509 -in {client_cert} -noout -subject -issuer -serial -dates",
        "certutil -dump {client_cert}",
    ),
};

pub(super) const CHAIN: Check = Check {
    title: "List every certificate that the client sends",
    tells: "The order and the number: first the client's own, then each certificate's issuer.",
    commands: Commands::unix_and_windows(
        "openssl crl2pkcs7 -nocrl -certfile {client_cert} | openssl pkcs7 -print_certs -noout",
        "$certs = [Security.Cryptography.X509Certificates.X509Certificate2Collection]::new()\n\
         $certs.ImportFromPemFile(\"$PWD/{client_cert}\")\n\
         $certs | Format-List Subject, Issuer, SerialNumber, NotBefore, NotAfter",
    ),
};

pub(super) const CHAIN_DATES: Check = Check {
    title: "Read the dates of every certificate in a file",
    tells: "Which one is out of its dates, the client's own or one above it; do the same for the CA bundle.",
    commands: Commands::unix_and_windows(
        "openssl crl2pkcs7 -nocrl -certfile {client_cert} | openssl pkcs7 -print_certs -text -noout | grep -E 'Subject:|Not (Before|After)'",
        "$certs = [Security.Cryptography.X509Certificates.X509Certificate2Collection]::new()\n\
         $certs.ImportFromPemFile(\"$PWD/{client_cert}\")\n\
         $certs | Format-Table NotBefore, NotAfter, Subject",
    ),
};

pub(super) const WHOLE: Check = Check {
    title: "Read the whole certificate",
    tells: "Version, key, signature algorithm and usages: the balancer asks for X.509v3; RSA 2048 to 8192 or ECDSA on P-256, P-384 or P-521; SHA-256, \
            SHA-384 or SHA-512; and a usage that allows client authentication.",
    commands: Commands::unix_and_windows("openssl x509 -in {client_cert} -noout -text", "certutil -dump {client_cert}"),
};

pub(super) const BUNDLE: Check = Check {
    title: "Fetch the CA bundle that the trust store has now",
    tells: "What the balancer really trusts, not what the repository says it should.",
    commands: Commands::unix_and_windows(
        FETCH_BUNDLE,
        "Invoke-WebRequest -OutFile current-ca-bundle.pem (aws elbv2 get-trust-store-ca-certificates-bundle \
         --trust-store-arn \"{trust_store_arn}\" --query Location --output text)",
    ),
};

pub(super) const VERIFY: Check = Check {
    title: "Verify the client's chain against the bundle",
    tells: "`OK` if the chain leads to the bundle; otherwise at which certificate it breaks off. With -partial_chain any CA of the bundle will do, \
            as tlslake takes it. macOS's openssl is LibreSSL, which lacks that: if the bundle has an intermediate without its root, it \
            misses the CA above, which proves nothing.",
    commands: Commands {
        linux: "openssl verify -partial_chain -purpose sslclient -CAfile current-ca-bundle.pem -untrusted {client_cert} {client_cert}",
        macos: "openssl verify -purpose sslclient -CAfile current-ca-bundle.pem -untrusted {client_cert} {client_cert}",
        windows: "certutil -verify {client_cert} {issuer_cert}",
    },
};

pub(super) const CRLS: Check = Check {
    title: "List the trust store's revocation lists and fetch one",
    tells: "Which lists the balancer has, with how many entries; the address that is fetched from is good for ten minutes.",
    commands: Commands::unix_and_windows(
        concat!(
            "aws elbv2 describe-trust-store-revocations --trust-store-arn \"{trust_store_arn}\"\n",
            "curl -fsS -o crl.pem \"$(aws elbv2 get-trust-store-revocation-content --trust-store-arn \"{trust_store_arn}\" ",
            "--revocation-id {revocation_id} --query Location --output text)\""
        ),
        concat!(
            "aws elbv2 describe-trust-store-revocations --trust-store-arn \"{trust_store_arn}\"\n",
            "Invoke-WebRequest -OutFile crl.pem (aws elbv2 get-trust-store-revocation-content --trust-store-arn \"{trust_store_arn}\" ",
            "--revocation-id {revocation_id} --query Location --output text)"
        ),
    ),
};

pub(super) const MODES: Check = Check {
    title: "See which mode and trust store each listener has",
    tells: "In mode verify the balancer judges certificates, in mode passthrough the target does; the last column says whether expiry is ignored.",
    commands: Commands::everywhere(LISTENER_MODES),
};

pub(super) const TRUST_STORE_LISTS: Check = Check {
    title: "Count the trust store's revocation lists",
    tells: "At most 30 lists of 50 MB each, and 500,000 entries in all, unless a quota was raised.",
    commands: Commands::everywhere(LIST_CRLS),
};

pub(super) const HANDSHAKE: Check = Check {
    title: "Do the handshake by hand",
    tells: "Whether it fails for this certificate from this machine, and which alert the balancer sends.",
    commands: Commands::unix_and_windows(TRY_IT, "Invoke-WebRequest https://{host}/ -Certificate (Get-PfxCertificate client.pfx)"),
};

pub(super) const POLICIES: Check = Check {
    title: "See which security policy each listener has",
    tells: "Which protocols, ciphers and signature algorithms the listener takes; `aws elbv2 describe-ssl-policies` spells them out.",
    commands: Commands::everywhere(LISTENER_POLICIES),
};

/// What `tlslake` itself makes of a code, log and files together.
macro_rules! diagnose {
    ($tells:literal, $files:literal) => {
        Check {
            title: "Let tlslake hold the log against the files",
            tells: $tells,
            commands: Commands::everywhere(concat!("tlslake diagnose {logs}", $files)),
        }
    };
}

/// The log's lines with a code.
macro_rules! who {
    ($code:literal) => {
        Check {
            title: "See who fails, since when, and on which listener",
            tells: "Whether it is one client or all of them: all at once points to the trust store or the listener, one alone to that client.",
            commands: Commands::everywhere($crate::reasons::shared::who_fails!(concat!(" --reason ", $code))),
        }
    };
}

pub(super) use {diagnose, who};
