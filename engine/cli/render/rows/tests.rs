//! Rows in each form, byte for byte.

use super::*;

fn row() -> Match<'static> {
    Match {
        object: "logs/a.gz",
        line: 7,
        raw: "the line",
        time: 0,
        client_ip: "203.0.113.7",
        client_port: 3000,
        listener_port: 443,
        tls_protocol: Some("TLSv1.3"),
        tls_cipher: None,
        tls_handshake_latency: Some(0.25),
        leaf_client_cert_subject: Some("CN=a,O=\"x\"\u{1b}"),
        leaf_client_cert_validity: None,
        leaf_client_cert_serial_number: Some("02"),
        tls_verify_status: Some("Success"),
        conn_trace_id: None,
        tls_keyexchange: None,
        elb: None,
        ip_address: None,
    }
}

fn written(mut form: impl Form, rows: u64) -> String {
    let mut out = Vec::new();
    form.begin(&mut out).unwrap();
    (0..rows).for_each(|number| form.row(&mut out, number, &row()).unwrap());
    form.flush(&mut out).unwrap();
    form.end(&mut out, &SearchOutcome { matches: rows, ..SearchOutcome::default() }).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn raw_is_the_lines() {
    assert_eq!(written(lines::Lines, 2), "the line\nthe line\n");
}

#[test]
fn csv_has_a_heading_and_quotes_what_needs_it() {
    let columns = vec![Column::ClientIp, Column::LeafClientCertSubject, Column::TlsCipher, Column::TlsHandshakeLatency];
    let expected = "client_ip,leaf_client_cert_subject,tls_cipher,tls_handshake_latency\n203.0.113.7,\"CN=a,O=\"\"x\"\"\u{1b}\",,0.250\n";
    assert_eq!(written(csv::Rows::new(columns), 1), expected);
}

#[test]
fn json_is_one_document() {
    for rows in 0..3 {
        let document: serde_json::Value = serde_json::from_str(&written(json::Rows::new(Column::value_variants().to_vec()), rows)).unwrap();
        assert_eq!(document["schema"], "tlslake.failures/1");
        assert_eq!(document["matches"], rows);
        assert_eq!(document["complete"], true);
        assert_eq!(document["rows"].as_array().unwrap().len() as u64, rows);
    }
    let document: serde_json::Value = serde_json::from_str(&written(json::Rows::new(Column::value_variants().to_vec()), 1)).unwrap();
    assert_eq!(document["rows"][0]["tls_handshake_latency"], 0.25);
    assert_eq!(document["rows"][0]["tls_cipher"], serde_json::Value::Null);
    assert_eq!(document["rows"][0]["source_line"], 7);
}

#[test]
fn a_table_is_aligned_and_cannot_write_to_the_terminal() {
    let columns = vec![Column::LeafClientCertSubject, Column::SourceLine, Column::TlsCipher];
    let table = written(table::RowTable::new(columns), 1);
    assert_eq!(table, "subject           line  cipher\nCN=a,O=\"x\"\\u{1b}     7  -\n");
}
