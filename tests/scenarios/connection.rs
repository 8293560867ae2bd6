//! A connection as the load balancer would log it.
//!
//! In: what happened. Out: the line, and what a judge must know of it: which finding it belongs to, when it was, from where.

/// A leaf certificate as the log shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// RFC 2253, as it stands between the outer quotes; `None` for `-`.
    pub(crate) subject: Option<String>,
    /// `NotBefore=…;NotAfter=…`; `None` for `-`.
    pub(crate) validity: Option<String>,
    /// Hex; `None` for `-`.
    pub(crate) serial: Option<String>,
}

impl Shown {
    /// No certificate.
    pub(crate) fn nothing() -> Self {
        Shown { subject: None, validity: None, serial: None }
    }

    /// A certificate that nobody has as a file.
    pub(crate) fn new(subject: &str, not_before: &str, not_after: &str, serial: &str) -> Self {
        let validity = Some(format!("NotBefore={not_before};NotAfter={not_after}"));
        Shown { subject: Some(subject.to_owned()), validity, serial: Some(serial.to_owned()) }
    }

    /// The same with its subject written differently.
    pub(crate) fn with_subject(mut self, subject: &str) -> Self {
        self.subject = Some(subject.to_owned());
        self
    }

    /// The same with its serial number written differently.
    pub(crate) fn with_serial(mut self, serial: &str) -> Self {
        self.serial = Some(serial.to_owned());
        self
    }

    /// The same from a balancer that logged no validity.
    pub(crate) fn without_validity(mut self) -> Self {
        self.validity = None;
        self
    }
}

/// A connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    /// RFC 3339, UTC.
    pub(crate) time: String,
    pub(crate) client: String,
    pub(crate) port: u16,
    pub(crate) balancer: String,
    pub(crate) protocol: String,
    pub(crate) cipher: String,
    pub(crate) shown: Shown,
    /// `tls_verify_status` as logged, with the quotes if it has any.
    pub(crate) status: String,
    pub(crate) trace: String,
}

/// The load balancer, unless a test says otherwise.
pub(crate) const BALANCER: &str = "app/lb/0123456789abcdef";

/// A connection that succeeded, over TLS 1.3, on port 443.
pub(crate) fn connection(time: &str, shown: &Shown) -> Connection {
    Connection {
        time: time.to_owned(),
        client: "203.0.113.7".to_owned(),
        port: 443,
        balancer: BALANCER.to_owned(),
        protocol: "TLSv1.3".to_owned(),
        cipher: "TLS_AES_128_GCM_SHA256".to_owned(),
        shown: shown.clone(),
        status: "Success".to_owned(),
        trace: format!("TID_{:032x}", u128::from(number())),
    }
}

/// A number that no other call gives.
pub(crate) fn number() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0x5eed_0001);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

impl Connection {
    /// The balancer refused it for this reason.
    pub(crate) fn failed(self, reason: &str) -> Self {
        self.status(&format!("Failed:{reason}"))
    }

    /// The status as it stands in the line.
    pub(crate) fn status(mut self, status: &str) -> Self {
        self.status = status.to_owned();
        self
    }

    pub(crate) fn from(mut self, client: &str) -> Self {
        self.client = client.to_owned();
        self
    }

    pub(crate) fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    pub(crate) fn balancer(mut self, balancer: &str) -> Self {
        self.balancer = balancer.to_owned();
        self
    }

    pub(crate) fn over(mut self, protocol: &str, cipher: &str) -> Self {
        (self.protocol, self.cipher) = (protocol.to_owned(), cipher.to_owned());
        self
    }

    /// The line, without its end.
    pub(crate) fn line(&self) -> String {
        let Shown { subject, validity, serial } = &self.shown;
        let [subject, validity, serial] = [subject, validity, serial].map(|value| value.as_deref().unwrap_or("-"));
        let latency = if self.status == "Success" { "0.012" } else { "-" };
        let exchange = if self.protocol == "-" { "-" } else { "x25519" };
        format!(
            "{} {} 40112 {} {} {} {latency} \"{subject}\" {validity} {serial} {} {} {exchange} {} 198.51.100.7",
            self.time, self.client, self.port, self.protocol, self.cipher, self.status, self.trace, self.balancer
        )
    }

    /// The reason under which it must be found; `None` if it did not fail.
    pub(crate) fn reason(&self) -> Option<&str> {
        match self.status.trim_matches('"').strip_prefix("Failed")? {
            "" => Some("(none)"),
            ":" => Some("(empty)"),
            code => code.strip_prefix(':'),
        }
    }

    /// `app/name/id:port`.
    pub(crate) fn listener(&self) -> String {
        format!("{}:{}", self.balancer, self.port)
    }
}
