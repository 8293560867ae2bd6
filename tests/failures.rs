//! `tlslake failures` against the oracle: what it finds in logs, what it finds in the lake made of them, and how it says so.

use std::io::Read;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value as Json, json};

use crate::support::expected::Expected;
use crate::support::oracle::{Row, timestamp};
use crate::support::{Run, convert, folder, logs, run, run_with_stdin, tlslake};

fn failures(inputs: &[&Path], options: &[&str]) -> Run {
    let inputs: Vec<&str> = inputs.iter().map(|path| path.to_str().unwrap()).collect();
    run([&["failures"], inputs.as_slice(), options].concat())
}

fn rows(inputs: &[&Path], options: &[&str]) -> Vec<Json> {
    let run = failures(inputs, &[options, &["--format", "json"]].concat());
    assert!([0, 3].contains(&run.code), "{}", run.stderr);
    let document = run.json();
    let rows = document["rows"].as_array().unwrap().clone();
    assert_eq!(document["schema"], "tlslake.failures/1");
    assert_eq!(document["matches"], rows.len());
    assert_eq!(document["complete"], true);
    rows
}

/// A row as the JSON shows it.
fn shown(object: &str, row: &Row) -> Json {
    json!({
        "time": row.time,
        "client_ip": row.client_ip,
        "client_port": row.client_port,
        "listener_port": row.listener_port,
        "tls_protocol": row.tls_protocol,
        "tls_cipher": row.tls_cipher,
        "tls_handshake_latency": row.tls_handshake_latency,
        "leaf_client_cert_subject": row.leaf_client_cert_subject,
        "leaf_client_cert_validity": row.leaf_client_cert_validity,
        "leaf_client_cert_serial_number": row.leaf_client_cert_serial_number,
        "tls_verify_status": row.tls_verify_status,
        "conn_trace_id": row.conn_trace_id,
        "tls_keyexchange": row.tls_keyexchange,
        "elb": row.elb,
        "ip_address": row.ip_address,
        "source_object": object,
        "source_line": row.source_line,
    })
}

/// Rows of the command with their time as the oracle has it.
fn comparable(rows: Vec<Json>) -> Vec<Json> {
    rows.into_iter()
        .map(|mut row| {
            row["time"] = json!(timestamp(row["time"].as_str().unwrap()).unwrap());
            row
        })
        .collect()
}

fn wanted(expected: &Expected, is_wanted: impl Fn(&Row) -> bool) -> Vec<Json> {
    expected.rows().filter(|(_, row)| is_wanted(row)).map(|(object, row)| shown(object, row)).collect()
}

fn sorted(mut rows: Vec<Json>) -> Vec<Json> {
    rows.sort_by_cached_key(Json::to_string);
    rows
}

fn has_failed(row: &Row) -> bool {
    row.tls_verify_status.as_deref().is_some_and(|status| status == "Failed" || status.starts_with("Failed:"))
}

/// Generated logs with faults, odd lines, a large file, and every way of storing.
fn archive(folder: &Path) -> Expected {
    logs::generate(folder, 4, 1_500, 5, 77);
    for seed in 1..=3_u32 {
        logs::write(folder, &logs::name(seed), &logs::gzip(&logs::odd_lines(u64::from(seed) + 900, 800)));
    }
    logs::write(folder, &logs::name(9), &logs::zstd(&logs::lines(500)));
    Expected::of_folder(folder)
}

#[test]
fn logs_and_the_lake_made_of_them_give_the_oracles_rows() {
    let input = folder();
    let expected = archive(input.path());
    let lake = folder();
    convert(input.path(), lake.path(), &[]).exits(3);
    let every = wanted(&expected, |_| true);
    assert_eq!(comparable(rows(&[input.path()], &["--all"])), every, "logs, in input order");
    assert_eq!(sorted(comparable(rows(&[lake.path()], &["--all"]))), sorted(every), "lake");
    let failed = wanted(&expected, has_failed);
    assert!(failed.len() > 100);
    assert_eq!(comparable(rows(&[input.path()], &[])), failed);
    assert_eq!(sorted(comparable(rows(&[lake.path()], &[]))), sorted(failed));
}

#[test]
fn each_condition_finds_what_a_plain_filter_finds() {
    let input = folder();
    let expected = archive(input.path());
    let lake = folder();
    convert(input.path(), lake.path(), &[]).exits(3);
    let failed: Vec<&Row> = expected.rows().map(|(_, row)| row).filter(|row| has_failed(row)).collect();
    let pick = failed.iter().find(|row| row.leaf_client_cert_serial_number.as_ref().is_some_and(|serial| serial.len() > 6)).unwrap();
    let (client, serial) = (pick.client_ip.clone(), pick.leaf_client_cert_serial_number.clone().unwrap());
    let trace = pick.conn_trace_id.clone().unwrap();
    let network = format!("{client}/8");
    let prefix = format!("{}.", client.split('.').next().unwrap());
    let lower = format!("00{}", serial.to_lowercase());
    let same_serial = |row: &Row| {
        let number = |text: &str| text.replace(':', "").to_uppercase().trim_start_matches('0').to_owned();
        row.leaf_client_cert_serial_number.as_deref().is_some_and(|text| number(text) == number(&serial))
    };
    let reason = |row: &Row, code: &str| row.tls_failure_reason.as_deref() == Some(code);
    type Case<'a> = (Vec<&'a str>, Box<dyn Fn(&Row) -> bool + 'a>);
    let cases: Vec<Case<'_>> = vec![
        (vec!["--client-ip", &client], Box::new(|row| has_failed(row) && row.client_ip == client)),
        (vec!["--client-ip", &client, "--all"], Box::new(|row| row.client_ip == client)),
        (
            vec!["--client-ip", &network],
            Box::new(|row| has_failed(row) && row.client_ip.starts_with(&prefix) && row.client_ip.contains('.')),
        ),
        (vec!["--serial", &lower, "--all"], Box::new(same_serial)),
        (vec!["--trace-id", &trace], Box::new(|row| has_failed(row) && row.conn_trace_id.as_ref() == Some(&trace))),
        (vec!["--reason", "Failed:ClientCertExpired"], Box::new(|row| reason(row, "ClientCertExpired"))),
        (
            vec!["--reason", "clientcertcrlhit", "--reason", "ClientCertUntrusted"],
            Box::new(|row| reason(row, "ClientCertCrlHit") || reason(row, "ClientCertUntrusted")),
        ),
        (
            vec!["--subject", "o=company", "--all"],
            Box::new(|row| row.leaf_client_cert_subject.as_ref().is_some_and(|text| text.to_ascii_lowercase().contains("o=company"))),
        ),
        (
            vec!["--since", "2026-03-16T08:01:00Z", "--until", "2026-03-16T08:03"],
            Box::new(|row| has_failed(row) && (1_773_648_060_000_000..1_773_648_180_000_000).contains(&row.time)),
        ),
    ];
    for (options, is_wanted) in cases {
        let wanted = wanted(&expected, is_wanted);
        assert!(!wanted.is_empty(), "{options:?} finds something");
        assert_eq!(comparable(rows(&[input.path()], &options)), wanted, "{options:?}");
        assert_eq!(sorted(comparable(rows(&[lake.path()], &options))), sorted(wanted), "{options:?} in the lake");
    }
}

#[test]
fn raw_lines_are_the_logs_own_bytes() {
    let input = folder();
    let text = [logs::FIRST_ERA, logs::SECOND_ERA, "", logs::THIRD_ERA, logs::FIRST_ERA].join("\r\n");
    logs::write(input.path(), &logs::name(1), &logs::gzip(text.as_bytes()));
    let run = failures(&[input.path()], &["--format", "raw"]).exits(0);
    assert_eq!(run.stdout, [logs::FIRST_ERA, logs::FIRST_ERA, ""].join("\n"));
    let all = failures(&[input.path()], &["--format", "raw", "--all"]).exits(0);
    assert_eq!(all.stdout, [logs::FIRST_ERA, logs::SECOND_ERA, logs::THIRD_ERA, logs::FIRST_ERA, ""].join("\n"));
}

#[test]
fn raw_lines_of_a_lake_read_as_the_same_values() {
    let (input, lake) = (folder(), folder());
    let expected = archive(input.path());
    convert(input.path(), lake.path(), &[]).exits(3);
    let raw = failures(&[lake.path()], &["--format", "raw", "--all"]).exits(3).stdout;
    let again = folder();
    logs::write(again.path(), &logs::name(1), raw.as_bytes());
    let values = |rows: Vec<Json>| {
        let bare = rows.into_iter().map(|mut row| {
            row["source_object"] = Json::Null;
            row["source_line"] = Json::Null;
            row
        });
        sorted(bare.collect())
    };
    assert_eq!(values(comparable(rows(&[again.path()], &["--all"]))), values(wanted(&expected, |_| true)));
}

#[test]
fn a_limit_ends_the_search_and_says_that_there_is_more() {
    let input = folder();
    let expected = archive(input.path());
    let run = failures(&[input.path()], &["--limit", "3", "--format", "json"]);
    assert!([0, 3].contains(&run.code), "{}", run.stderr);
    let document = run.json();
    assert_eq!(document["complete"], false);
    let found = comparable(document["rows"].as_array().unwrap().clone());
    assert_eq!(found, wanted(&expected, has_failed)[..3]);
}

/// Rows of a large file are only good once it was read to its end.
#[test]
fn no_row_of_a_damaged_file_stays_unless_it_is_salvaged() {
    let input = folder();
    let text = logs::lines(400_000);
    let mut stored = logs::gzip(&text);
    assert!(stored.len() > 9 << 20, "large enough to be streamed");
    let last = stored.len() - 6;
    stored[last] ^= 1;
    logs::write(input.path(), &logs::name(1), &stored);
    logs::write(input.path(), &logs::name(2), &logs::gzip(&logs::lines(8)));
    let run = failures(&[input.path()], &["--format", "raw"]).exits(3).complains_of("CRC-32");
    assert_eq!(run.stdout.lines().count(), 2, "the rows of the file that is whole");
    let limited = failures(&[input.path()], &["--format", "raw", "--limit", "2"]).exits(3).complains_of("CRC-32");
    assert_eq!(limited.stdout, run.stdout);
    let salvaged = failures(&[input.path()], &["--format", "raw", "--on-corrupt", "salvage"]).exits(3);
    assert!(salvaged.stdout.lines().count() > 90_000);
}

#[test]
fn a_closed_pipe_is_no_error() {
    let input = folder();
    logs::write(input.path(), &logs::name(1), &logs::gzip(&logs::lines(200_000)));
    for form in ["text", "json", "csv", "raw"] {
        let mut command = tlslake();
        command.args(["failures", "--all", "--format", form]).arg(input.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut some = [0; 100];
        child.stdout.take().unwrap().read_exact(&mut some).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{form}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stderr.is_empty(), "{form}");
    }
}

#[test]
fn tables_and_csv_show_the_articles_columns_or_those_asked_for() {
    let run = run_with_stdin(["failures", "-"], format!("{}\n", logs::FIRST_ERA).as_bytes()).exits(0);
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].starts_with("time") && lines[0].ends_with("status                    trace id"), "{}", lines[0]);
    assert!(lines[1].contains("O=Company LLC") && lines[1].contains("Failed:ClientCertExpired"));
    let columns = ["failures", "-", "--format", "csv", "--columns", "client_ip,source_line"];
    assert_eq!(run_with_stdin(columns, logs::FIRST_ERA.as_bytes()).exits(0).stdout, "client_ip,source_line\n203.0.113.24,1\n");
}

#[test]
fn nothing_found_is_said_and_is_no_error() {
    let run = run_with_stdin(["failures", "-", "--client-ip", "192.0.2.77"], logs::FIRST_ERA.as_bytes()).exits(0);
    assert!(run.stdout.is_empty() && run.stderr.contains("no row of 1 file matches"), "{}", run.stderr);
    assert!(run.stderr.contains("1 line searched") && run.stderr.contains("not parsed, so not checked"), "{}", run.stderr);
    assert!(!run.stderr.contains("no reason code"), "{}", run.stderr);
}

#[test]
fn a_reason_may_be_typed_in_any_letter_case_and_a_typo_is_said_to_be_one() {
    for typed in ["Failed:ClientCertExpired", "failed:clientcertexpired", "FAILED: ClientCertExpired", "CLIENTCERTEXPIRED"] {
        let run = run_with_stdin(["failures", "-", "--reason", typed, "--format", "csv"], logs::FIRST_ERA.as_bytes()).exits(0);
        assert_eq!(run.stdout.lines().count(), 2, "{typed}");
    }
    run_with_stdin(["failures", "-", "--reason", "failed:ClientCertExpird"], logs::FIRST_ERA.as_bytes())
        .exits(0)
        .complains_of("\"ClientCertExpird\" is no reason code that AWS documents (did you mean ClientCertExpired?)");
}

/// A line that holds what is looked for, and cannot be read, must not go missing in silence.
#[test]
fn a_line_that_may_match_but_is_no_log_line_is_named() {
    let input = folder();
    let text = format!("{}\nFailed: 203.0.113.24 is no line\n", logs::FIRST_ERA);
    let path = logs::write(input.path(), &logs::name(1), text.as_bytes());
    let run = failures(&[input.path()], &[]).exits(3).complains_of("1 line rejected");
    assert!(run.stderr.contains(&format!("{}:2 (too-few-fields)", path.display())), "{}", run.stderr);
    assert_eq!(run.stdout.lines().count(), 2);
}

#[test]
fn what_cannot_be_looked_for_is_a_usage_error() {
    for options in [
        ["--client-ip", "nobody"],
        ["--client-ip", "203.0.113.0/40"],
        ["--serial", "xyz"],
        ["--reason", "Failed:"],
        ["--limit", "0"],
        ["--columns", "colour"],
        ["--format", "yaml"],
        ["--subject", ""],
    ] {
        run([&["failures", "logs"], options.as_slice()].concat()).exits(2);
    }
    run(["failures", "logs", "--format", "raw", "--columns", "time"]).exits(2).complains_of("--columns");
    run(["failures"]).exits(2);
}

#[test]
fn a_lake_must_be_complete() {
    let (input, lake) = (folder(), folder());
    logs::write(input.path(), &logs::name(1), &logs::gzip(&logs::lines(8)));
    convert(input.path(), lake.path(), &[]).exits(0);
    std::fs::remove_file(lake.path().join("_SUCCESS")).unwrap();
    failures(&[lake.path()], &[]).exits(1).complains_of("not complete");
}

#[test]
fn a_lakes_damage_is_an_error_that_names_the_file() {
    let (input, lake) = (folder(), folder());
    logs::write(input.path(), &logs::name(1), &logs::gzip(&logs::lines(8)));
    convert(input.path(), lake.path(), &[]).exits(0);
    let part = walkdir::WalkDir::new(lake.path().join("connections"))
        .into_iter()
        .flatten()
        .find(|entry| entry.path().extension().is_some_and(|extension| extension == "parquet"))
        .unwrap();
    std::fs::write(part.path(), b"PAR1 no more").unwrap();
    failures(&[lake.path()], &[]).exits(1).complains_of(part.file_name().to_str().unwrap()).complains_of("convert the logs again");
    let connections = lake.path().join("connections");
    failures(&[&connections], &[]).exits(1).complains_of("name the folder that `tlslake convert` wrote");
    let report = crate::support::report(&connections, &[]).exits(1);
    assert!(!report.stderr.contains("salvage"), "{}", report.stderr);
}

#[test]
fn lakes_without_provenance_or_partitions_will_do() {
    let (input, lake) = (folder(), folder());
    logs::write(input.path(), &logs::name(1), &logs::gzip(&logs::lines(40)));
    convert(input.path(), &lake.path().join("lake"), &["--no-provenance", "--partition", "none"]).exits(0);
    let columns = ["--columns", "time,client_ip,conn_trace_id,tls_verify_status,tls_handshake_latency", "--all"];
    let lake = lake.path().join("lake");
    assert_eq!(sorted(rows(&[&lake], &columns)), sorted(rows(&[input.path()], &columns)));
}

/// Both inputs at once, and a report of a lake.
#[test]
fn a_report_of_a_lake_says_what_the_logs_say() {
    let (input, lake) = (folder(), folder());
    archive(input.path());
    convert(input.path(), lake.path(), &[]).exits(3);
    let told = |path: &Path| {
        let report = crate::support::report(path, &[]).exits(3).json();
        ["rows", "rejected", "rejected_by_reason", "outcomes", "failures", "latency", "top_failing", "time"].map(|key| report[key].clone())
    };
    assert_eq!(told(lake.path()), told(input.path()));
}

/// Lines of a lake can be much longer than its Parquet: memory must follow what is read at a time, not what the rows come to.
#[test]
fn a_lake_of_long_repeated_subjects_is_read_piece_by_piece() {
    let (input, lake) = (folder(), folder());
    let subject = format!("\"CN=long,O={}\"", "x".repeat(20_000));
    let line = |number: usize| {
        logs::SECOND_ERA.replacen("\"CN=amazondomains.com,O=endEntity,L=Seattle,ST=Washington,C=US\"", &subject, 1).replacen(
            "36280",
            &number.to_string(),
            1,
        )
    };
    let text: String = (0..3_000).map(|number| line(number) + "\n").collect();
    logs::write(input.path(), &logs::name(1), &logs::gzip(text.as_bytes()));
    convert(input.path(), lake.path(), &[]).exits(0);
    let ports = |path: &Path| failures(&[path], &["--all", "--format", "csv", "--columns", "client_port,source_line"]).exits(0).stdout;
    assert_eq!(ports(lake.path()), ports(input.path()));
    assert_eq!(ports(lake.path()).lines().count(), 3_001);
}

#[test]
fn a_lake_of_many_row_groups_is_read_in_one_go() {
    let (input, lake) = (folder(), folder());
    logs::write(input.path(), &logs::name(1), &logs::gzip(&logs::lines(1_000)));
    convert(input.path(), lake.path(), &["--row-group-rows", "1", "--partition", "none"]).exits(0);
    let ports = |path: &Path| failures(&[path], &["--all", "--format", "csv", "--columns", "client_port,source_line"]).exits(0).stdout;
    assert_eq!(ports(lake.path()), ports(input.path()));
}

#[test]
fn a_lake_without_rows_is_an_answer() {
    let (input, lake) = (folder(), folder());
    logs::write(input.path(), &logs::name(1), b"");
    convert(input.path(), lake.path(), &[]).exits(0);
    failures(&[lake.path()], &[]).exits(0);
    crate::support::report(lake.path(), &[]).exits(0);
}

/// A lake needs no conversion, and `convert` would refuse it.
#[test]
fn a_report_of_a_lake_has_no_conversion_to_recommend() {
    let (input, lake) = (folder(), folder());
    logs::write(input.path(), &logs::name(1), &logs::gzip(&logs::lines(8)));
    convert(input.path(), lake.path(), &[]).exits(0);
    let of = |path: &Path| run(["report", path.to_str().unwrap()]).exits(0).stdout;
    assert!(of(input.path()).contains("tlslake convert"));
    assert!(!of(lake.path()).contains("tlslake convert"));
}
