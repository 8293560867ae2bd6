//! The connection log's format: its fields, in the order in which AWS writes them, and what is known of each.
//!
//! Everything that names a column (rejected lines, Parquet, DDL, messages) takes the name from here.
//! Source: AWS, "Connection logs for your Application Load Balancer"; fields 13 to 15 came in 2025.

/// One field of a log line. The discriminant is its position, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
#[allow(missing_docs)] // each variant is the column of the same name; `Field::name` spells it
pub enum Field {
    Time,
    ClientIp,
    ClientPort,
    ListenerPort,
    TlsProtocol,
    TlsCipher,
    TlsHandshakeLatency,
    LeafClientCertSubject,
    LeafClientCertValidity,
    LeafClientCertSerialNumber,
    TlsVerifyStatus,
    ConnTraceId,
    TlsKeyexchange,
    Elb,
    IpAddress,
}

impl Field {
    /// Every field, first to last.
    pub const ALL: [Field; 15] = [
        Field::Time,
        Field::ClientIp,
        Field::ClientPort,
        Field::ListenerPort,
        Field::TlsProtocol,
        Field::TlsCipher,
        Field::TlsHandshakeLatency,
        Field::LeafClientCertSubject,
        Field::LeafClientCertValidity,
        Field::LeafClientCertSerialNumber,
        Field::TlsVerifyStatus,
        Field::ConnTraceId,
        Field::TlsKeyexchange,
        Field::Elb,
        Field::IpAddress,
    ];

    /// How many fields the oldest lines have: everything up to and with `tls_verify_status`.
    pub const REQUIRED: usize = 11;

    /// How many fields are known by name; what follows the last of them is `extra_fields`.
    pub const KNOWN: usize = Self::ALL.len();

    /// The column's name, AWS's own.
    pub const fn name(self) -> &'static str {
        match self {
            Field::Time => "time",
            Field::ClientIp => "client_ip",
            Field::ClientPort => "client_port",
            Field::ListenerPort => "listener_port",
            Field::TlsProtocol => "tls_protocol",
            Field::TlsCipher => "tls_cipher",
            Field::TlsHandshakeLatency => "tls_handshake_latency",
            Field::LeafClientCertSubject => "leaf_client_cert_subject",
            Field::LeafClientCertValidity => "leaf_client_cert_validity",
            Field::LeafClientCertSerialNumber => "leaf_client_cert_serial_number",
            Field::TlsVerifyStatus => "tls_verify_status",
            Field::ConnTraceId => "conn_trace_id",
            Field::TlsKeyexchange => "tls_keyexchange",
            Field::Elb => "elb",
            Field::IpAddress => "ip_address",
        }
    }

    /// The field at `position` (from 0), if it is a known one.
    pub fn at(position: usize) -> Option<Field> {
        Self::ALL.get(position).copied()
    }
}
