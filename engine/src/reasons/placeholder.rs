//! Templates of commands and sentences: `openssl x509 -in {client_cert} -noout -dates`.

use std::borrow::Cow;

/// A name that templates leave open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// Without the braces.
    pub name: &'static str,
    /// What stands there when it is not known: a word that can be pasted into a shell and be replaced there.
    pub example: &'static str,
    /// What it stands for.
    pub meaning: &'static str,
}

impl Placeholder {
    /// Every placeholder.
    pub const ALL: [Self; 19] = [
        Self::new("logs", "LOGS", "the connection logs: a file, a folder, or a glob in quotes"),
        Self::new("reason", "REASON", "the code after `Failed:`"),
        Self::new("subject", "'CN=client.example.com'", "the leaf certificate's subject as logged"),
        Self::new("serial", "SERIAL", "the leaf certificate's serial number as logged"),
        Self::new("client_ip", "203.0.113.7", "a client's address"),
        Self::new("trace_id", "TRACE_ID", "conn_trace_id of a failed connection"),
        Self::new("client_cert", "client.pem", "the client's certificate, followed by its intermediates if it has any"),
        Self::new("client_key", "client.key", "the client's private key; it stays on the client"),
        Self::new("intermediates", "intermediates.pem", "the intermediate certificates between the client's and the trust store's"),
        Self::new("ca_bundle", "ca-bundle.pem", "the trust store's CA bundle"),
        Self::new("crl", "crl.pem", "a revocation list of the trust store"),
        Self::new("issuer_cert", "issuer.pem", "the certificate of the CA that signed the client's"),
        Self::new("load_balancer_arn", "$LOAD_BALANCER_ARN", "the load balancer's ARN"),
        Self::new("listener_arn", "$LISTENER_ARN", "the listener's ARN"),
        Self::new("trust_store_arn", "$TRUST_STORE_ARN", "the trust store's ARN; describe-listeners tells it"),
        Self::new("working_trust_store_arn", "$WORKING_TRUST_STORE_ARN", "the ARN of the trust store that takes the certificate"),
        Self::new("revocation_id", "REVOCATION_ID", "a revocation list's number; describe-trust-store-revocations tells it"),
        Self::new("bucket", "BUCKET", "your S3 bucket"),
        Self::new("host", "api.example.com", "the name that clients connect to"),
    ];

    const fn new(name: &'static str, example: &'static str, meaning: &'static str) -> Self {
        Self { name, example, meaning }
    }

    /// The placeholder of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|placeholder| placeholder.name == name)
    }
}

/// A template with what is known put in: `value` gives the text for a placeholder's name, `None` where it is not known; its example stands
/// there then.
///
/// Values go into commands as they are: one that comes from a log must already be quoted as one word of a shell.
pub fn fill<'a>(template: &'a str, value: impl Fn(&str) -> Option<String>) -> Cow<'a, str> {
    if !template.contains('{') {
        return Cow::Borrowed(template);
    }
    let mut filled = String::with_capacity(template.len() + 64);
    for piece in pieces(template) {
        match piece {
            Piece::Text(text) => filled.push_str(text),
            Piece::Open(placeholder) => match value(placeholder.name) {
                Some(known) => filled.push_str(&known),
                None => filled.push_str(placeholder.example),
            },
        }
    }
    Cow::Owned(filled)
}

/// The placeholders of a template, in order; one that stands twice is there twice.
pub fn placeholders(template: &str) -> impl Iterator<Item = &'static Placeholder> {
    pieces(template).into_iter().filter_map(|piece| match piece {
        Piece::Open(placeholder) => Some(placeholder),
        Piece::Text(_) => None,
    })
}

/// A template with every example in its place.
pub fn example(template: &str) -> Cow<'_, str> {
    fill(template, |_| None)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Open(&'static Placeholder),
}

/// A template in pieces. Braces around anything but a placeholder's name are text, as a shell may need them.
pub(super) fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut text = template;
    let mut from = 0;
    while let Some(start) = text.get(from..).and_then(|rest| rest.find('{')).map(|at| from + at) {
        let inner = text.get(start + 1..).and_then(|rest| rest.split_once('}'));
        match inner.and_then(|(name, rest)| Some((Placeholder::named(name)?, rest))) {
            Some((placeholder, rest)) => {
                pieces.extend([Piece::Text(text.get(..start).unwrap_or_default()), Piece::Open(placeholder)]);
                (text, from) = (rest, 0);
            }
            None => from = start + 1,
        }
    }
    pieces.push(Piece::Text(text));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_put_in_and_the_rest_shows_an_example() {
        let template = "openssl x509 -in {client_cert} -serial # {serial}";
        assert_eq!(fill(template, |name| (name == "serial").then(|| "02".to_owned())), "openssl x509 -in client.pem -serial # 02");
        assert_eq!(example(template), "openssl x509 -in client.pem -serial # SERIAL");
        assert_eq!(example("nothing open"), "nothing open");
    }

    #[test]
    fn a_value_is_never_read_as_a_template() {
        assert_eq!(fill("{subject} {serial}", |name| (name == "subject").then(|| "{serial}".to_owned())), "{serial} SERIAL");
    }

    #[test]
    fn other_braces_are_text() {
        for text in ["ForEach-Object { $_ }", "{", "}", "{}", "{unknown}", "a {{ b", "{ {"] {
            assert_eq!(example(text), text);
        }
        assert_eq!(example("{ {host}"), "{ api.example.com");
        assert_eq!(example("{{host}}"), "{api.example.com}");
    }
}
