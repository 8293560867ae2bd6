//! URLs of objects, as people type them.

/// A place in an object store: a bucket and a key, or the start of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ObjectUrl {
    scheme: Scheme,
    /// `s3://bucket/`.
    root: String,
    /// Between `//` and the next `/`.
    authority: String,
    key: String,
}

/// Whose store it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Amazon S3, and what speaks its language.
    S3,
    /// Google Cloud Storage.
    Gcs,
    /// Azure Blob Storage.
    Azure,
}

const SCHEMES: [(&str, Scheme); 7] = [
    ("s3://", Scheme::S3),
    ("s3a://", Scheme::S3),
    ("gs://", Scheme::Gcs),
    ("az://", Scheme::Azure),
    ("azure://", Scheme::Azure),
    ("abfs://", Scheme::Azure),
    ("abfss://", Scheme::Azure),
];

impl ObjectUrl {
    /// Reads a URL; `None` for what is none of a store, which is then a path.
    ///
    /// # Errors
    /// A store's URL that names no bucket.
    pub(crate) fn parse(text: &str) -> Option<Result<Self, String>> {
        let (prefix, scheme) = SCHEMES.into_iter().find(|(prefix, _)| text.starts_with(prefix))?;
        let rest = &text[prefix.len()..];
        let (authority, key) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.is_empty() {
            return Some(Err(format!("names no bucket; write {prefix}BUCKET/PREFIX")));
        }
        let root = format!("{prefix}{authority}/");
        Some(Ok(Self { scheme, root, authority: authority.to_owned(), key: key.to_owned() }))
    }

    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The bucket's URL, with a `/` at its end.
    pub(crate) fn root(&self) -> &str {
        &self.root
    }

    /// The bucket; for Azure the container, and the account where the URL names it (`container@account.dfs.core.windows.net`).
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// What follows the bucket.
    pub(crate) fn key(&self) -> &str {
        &self.key
    }
}
