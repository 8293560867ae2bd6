use std::sync::Arc;

use object_store::Error;
use object_store::client::{HttpError, HttpErrorKind};

use super::fault::StoreFaultKind;
use super::url::{ObjectUrl, Scheme};
use super::{StoreFault, Stores};
use crate::config::StoreConfig;
use crate::error::FileFaultKind;

fn url(text: &str) -> ObjectUrl {
    ObjectUrl::parse(text).expect("a store's URL").expect("with a bucket")
}

#[test]
fn urls_have_a_bucket_and_a_key() {
    for (text, scheme, root, authority, key) in [
        ("s3://logs", Scheme::S3, "s3://logs/", "logs", ""),
        ("s3://logs/", Scheme::S3, "s3://logs/", "logs", ""),
        ("s3a://logs/a/b.log.gz", Scheme::S3, "s3a://logs/", "logs", "a/b.log.gz"),
        ("gs://logs/a/", Scheme::Gcs, "gs://logs/", "logs", "a/"),
        (
            "abfss://c@acct.dfs.core.windows.net/a",
            Scheme::Azure,
            "abfss://c@acct.dfs.core.windows.net/",
            "c@acct.dfs.core.windows.net",
            "a",
        ),
    ] {
        let url = url(text);
        assert_eq!((url.scheme(), url.root(), url.authority(), url.key()), (scheme, root, authority, key));
    }
    assert!(ObjectUrl::parse("s3:///key").is_some_and(|parsed| parsed.is_err()));
    for path in ["logs/a.log", "s3:/logs", "/s3://logs", "https://logs/a", "-"] {
        assert_eq!(ObjectUrl::parse(path), None, "{path}");
    }
}

fn fault(text: &str) -> StoreFault {
    StoreFault::of("read", &Error::Generic { store: "S3", source: text.into() })
}

#[test]
fn no_signature_and_no_whole_answer_is_shown() {
    let signed = fault("error sending request for url https://acct.blob.core.windows.net/c/a?sv=2024&sig=SECRET after 3 tries");
    assert_eq!(signed.message, "cannot be read: error sending request for url https://acct.blob.core.windows.net/c/a after 3 tries");
    let answer = fault(
        "Server returned 403: <Error><Code>SignatureDoesNotMatch</Code><Message>Check your key.</Message><StringToSign>SECRET</StringToSign></Error>",
    );
    assert_eq!(answer.message, "cannot be read: SignatureDoesNotMatch: Check your key.");
    let long = fault(&"word ".repeat(1_000));
    assert!(long.message.len() < 400 && long.message.ends_with('…'), "{}", long.message);
}

#[test]
fn another_version_is_a_change() {
    let changed = StoreFault::of("read", &Error::Precondition { path: "a".into(), source: "412".into() });
    assert_eq!(changed.at(7).kind, FileFaultKind::Changed);
    assert_eq!(fault("x").at(7).kind, FileFaultKind::Unreadable);
}

#[test]
fn a_change_is_told_in_the_middle_of_a_body_too() {
    let inner = Error::Precondition { path: "a".into(), source: "412".into() };
    let changed = StoreFault::of("read", &Error::Generic { store: "S3", source: Box::new(inner) });
    assert_eq!((changed.kind, changed.may_pass), (StoreFaultKind::Changed, false));
}

#[test]
fn what_the_network_did_may_pass_and_what_the_store_says_does_not() {
    let broken = HttpError::new(HttpErrorKind::Decode, std::io::Error::other("the body broke off"));
    let broken = StoreFault::of("listed", &Error::Generic { store: "S3", source: Box::new(broken) });
    assert!(broken.may_pass && broken.message.ends_with("the body broke off"), "{}", broken.message);
    assert!(fault("<Error><Code>ExpiredToken</Code><Message>Too late.</Message></Error>").may_pass);
    for answer in ["<Error><Code>AccessDenied</Code></Error>", "<Error><Code>InvalidArgument</Code></Error>", "no such host"] {
        assert!(!fault(answer).may_pass, "{answer}");
    }
}

#[test]
fn what_is_shown_of_a_bucket_is_its_url() {
    let config = StoreConfig { endpoint_url: Some("http://127.0.0.1:9".into()), anonymous: true, ..StoreConfig::default() };
    let stores = Stores::new(config, Arc::default());
    let bucket = stores.bucket(&url("s3://logs/a")).expect("settings that do");
    assert_eq!(format!("{bucket:?}"), "Bucket { root: \"s3://logs/\", .. }");
    assert!(Arc::ptr_eq(&bucket, &stores.bucket(&url("s3://logs/b")).expect("the same bucket")));
}
