//! Logs to feed: lines of each era, names as AWS gives them, odd lines without end, and every way of storing them.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::bufread::GzDecoder;
use flate2::write::GzEncoder;

use super::lake::HIVE_DEFAULT;

/// A line of 11 fields: the first era's, with a client certificate that had expired.
pub(crate) const FIRST_ERA: &str = "2024-04-05T18:31:29.268987Z 203.0.113.24 36280 443 TLSv1.3 ECDHE-RSA-AES256-SHA - \
    \"CN=client-expired.alb-mtls-example.com,OU=IT,O=Company LLC,L=City,ST=State,C=US\" \
    NotBefore=2024-01-02T19:17:20Z;NotAfter=2024-04-02T19:17:20Z 02 \"Failed:ClientCertExpired\"";

/// A line of 12 fields.
pub(crate) const SECOND_ERA: &str = "2023-10-04T17:05:15.514108Z 203.0.113.1 36280 443 TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 4.036 \
    \"CN=amazondomains.com,O=endEntity,L=Seattle,ST=Washington,C=US\" \
    NotBefore=2023-09-21T22:43:21Z;NotAfter=2026-06-17T22:43:21Z FEF257372D5C14D4 Success TID_3180a73013c8ca4bac2f731159d4b0fe";

/// A line of 15 fields, without a client certificate.
pub(crate) const THIRD_ERA: &str = "2026-09-23T07:11:27.691358Z 2001:db8::40 64326 443 TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256 0.337 \
    \"-\" - - Success TID_9f39d9aa6a47774d97089313f949866b secp256r1 app/k8s-tileserver-617dd1df30/98e3a879de9d6b42 198.51.100.7";

/// A connection to a plain-HTTP listener.
pub(crate) const PLAIN_HTTP: &str = "2026-09-23T07:11:28.000001Z 192.0.2.9 50000 80 - - - \"-\" - - - TID_00000000000000000000000000000001 - \
    app/k8s-tileserver-617dd1df30/98e3a879de9d6b42 198.51.100.7";

/// A file name as AWS gives it; `number` tells files apart.
pub(crate) fn name(number: u32) -> String {
    format!("conn_log_123456789012_elasticloadbalancing_eu-west-1_app.lb.0123456789abcdef_20260923T0715Z_198.51.100.7_{number:08}.log.gz")
}

/// The account and the region that a file's name tells, or Hive's default.
pub(crate) fn account_and_region(object: &str) -> (String, String) {
    let file = object.rsplit('/').next().unwrap();
    let rest = file.strip_prefix("conn_log").and_then(|rest| rest.strip_prefix(['_', '.']));
    let mut parts = rest.unwrap_or_default().split('_');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(account), Some("elasticloadbalancing"), Some(region)) => (account.to_owned(), region.to_owned()),
        _ => (HIVE_DEFAULT.to_owned(), HIVE_DEFAULT.to_owned()),
    }
}

/// Runs `tlslake generate` into `folder` and returns it.
pub(crate) fn generate(folder: &Path, files: u32, lines: u32, faults: u32, seed: u32) -> PathBuf {
    let [files, lines, faults, seed] = [files, lines, faults, seed].map(|number| number.to_string());
    let out = folder.to_str().unwrap();
    let arguments = ["generate", "--out", out, "--files", &files, "--lines", &lines, "--faults", &faults, "--seed", &seed];
    super::run(arguments).exits(0);
    folder.to_owned()
}

/// Writes a file and returns its path; folders on the way are made.
pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

/// `count` good lines with newlines, each different and about as compressible as real ones: serials and trace ids are random.
pub(crate) fn lines(count: usize) -> Vec<u8> {
    let mut dice = Dice(0x2545_f491);
    let mut text = String::new();
    for number in 0..count {
        let id = format!("{:08X}{:08x}{:08x}", dice.below(1 << 31), dice.below(1 << 31), dice.below(1 << 31));
        let line = [FIRST_ERA, SECOND_ERA, THIRD_ERA, PLAIN_HTTP][number % 4];
        let line = line.replacen(" 36280 ", &format!(" {} ", number % 65_536), 1);
        text.push_str(&line.replacen(" 02 ", &format!(" {id} "), 1).replacen(" TID_", &format!(" TID_{id}"), 1));
        text.push('\n');
    }
    text.into_bytes()
}

/// One gzip member.
pub(crate) fn gzip(raw: &[u8]) -> Vec<u8> {
    gzip_at(raw, 1)
}

/// Likewise, compressed as well as `level` says, from 0 to 9.
pub(crate) fn gzip_at(raw: &[u8], level: u32) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::new(level));
    encoder.write_all(raw).unwrap();
    encoder.finish().unwrap()
}

/// One gzip member whose header has every optional field.
pub(crate) fn gzip_with_long_header(raw: &[u8]) -> Vec<u8> {
    let header = flate2::GzBuilder::new().filename("conn_log.log").comment("re-packed").extra(vec![7; 300]).mtime(1_700_000_000);
    let mut encoder = header.write(Vec::new(), Compression::best());
    encoder.write_all(raw).unwrap();
    encoder.finish().unwrap()
}

/// One zstd frame with a checksum.
pub(crate) fn zstd(raw: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::stream::Encoder::new(Vec::new(), 1).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(raw).unwrap();
    encoder.finish().unwrap()
}

/// The content of a whole file, however it is stored: gzip members one after the other and perhaps zeros behind them, zstd frames, or text.
pub(crate) fn decompress(stored: &[u8]) -> Vec<u8> {
    match stored {
        [0x1f, 0x8b, ..] => gunzip(stored),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => zstd::stream::decode_all(stored).expect("a whole zstd file"),
        plain => plain.to_vec(),
    }
}

fn gunzip(mut stored: &[u8]) -> Vec<u8> {
    let mut raw = Vec::new();
    while stored.iter().any(|byte| *byte != 0) {
        let mut member = GzDecoder::new(stored);
        member.read_to_end(&mut raw).expect("a whole gzip member");
        stored = member.into_inner();
    }
    raw
}

/// Lines as no load balancer writes them, the same ones for the same seed: usual lines with fields swapped for odd ones, bytes put in,
/// stretches cut out, ends cut off. Some still are good lines; which ones, the oracle says.
pub(crate) fn odd_lines(seed: u64, count: usize) -> Vec<u8> {
    let mut dice = Dice(seed | 1);
    let mut text = Vec::new();
    for _ in 0..count {
        let mut line = dice.pick(&[FIRST_ERA, SECOND_ERA, THIRD_ERA, PLAIN_HTTP]).as_bytes().to_vec();
        for _ in 0..dice.below(4) {
            spoil(&mut line, &mut dice);
        }
        text.extend_from_slice(&line);
        text.extend_from_slice(dice.pick(&["\n", "\n", "\n", "\r\n", "\n\n", "\r\n\r\n", "\r\r\n"]).as_bytes());
    }
    text.truncate(text.len() - dice.below(3));
    text
}

fn spoil(line: &mut Vec<u8>, dice: &mut Dice) {
    match dice.below(10) {
        0..=5 => swap_field(line, dice),
        6 => insert(line, dice.pick(ODD_BYTES), dice),
        7 => {
            let start = dice.below(line.len() + 1);
            let end = (start + dice.below(40)).min(line.len());
            line.drain(start..end);
        }
        8 => line.truncate(dice.below(line.len() + 1)),
        _ => line.extend_from_slice(dice.pick(&[" -", " \"-\"", " ", "  ", " - -", " \"open", " a\"b", " \u{e9} x"]).as_bytes()),
    }
}

fn insert(line: &mut Vec<u8>, bytes: &[u8], dice: &mut Dice) {
    let position = dice.below(line.len() + 1);
    line.splice(position..position, bytes.iter().copied());
}

/// Puts an odd value where a stretch between two spaces was.
fn swap_field(line: &mut Vec<u8>, dice: &mut Dice) {
    let spaces: Vec<usize> = line.iter().enumerate().filter(|(_, byte)| **byte == b' ').map(|(at, _)| at).collect();
    let which = dice.below(spaces.len() + 1);
    let start = which.checked_sub(1).map_or(0, |before| spaces[before] + 1);
    let end = spaces.get(which).copied().unwrap_or(line.len());
    line.splice(start..end, dice.pick(ODD_FIELDS).bytes());
}

const ODD_BYTES: &[&[u8]] = &[
    b"\"",
    b"\\",
    b"\\\"",
    b"\\\\\"",
    b"\" ",
    b" \"",
    b" ",
    b"  ",
    b"\r",
    b"\n",
    b"-",
    b"\t",
    b"\0",
    b"\xff",
    b"\xc3",
    b"\xed\xa0\x80",
    b"\xf0\x9f\x94\x92",
    b"\xe2\x82",
    b",",
];

#[rustfmt::skip]
const ODD_FIELDS: &[&str] = &[
    "-", "\"-\"", "\"\"", "", "\"", "\"a b\"", "\"a \\\" b\"", "\"a\\\\\"", "\"a\\\"", "\"\\\\\\\" \\\\\"", "a\"b", "a\"", "\"a\"b", "\\", "\\\"", "--", "'-'",
    "0", "1", "00443", "000443", "65535", "65536", "99999", "-1", "+1", "4 43", "\"443\"", "0x1", "443.0",
    "0.000", "0.0005", "12.3456789", "1.", ".5", "1e5", "NaN", "inf", "-0", "\"0.250\"", "0.1.2", "00.5", "9007199254740993", "0.1234567890123456789",
    "179769313486231580793728971405303415079934132710037826936173778980444968292764750946649017977587207096330286416692887910946555547851940402630657488671505820681908902000708383676273854845817711531764475730270069855571366959622842914819860834936475292719074168444365510704342711559699508093042880",
    "192.0.2.1", "\"192.0.2.1\"", "192.0.2", "192.0.2.256", "192.000.2.1", "::1", "2001:db8::8:800:200c:417a", "::ffff:192.0.2.1", "fe80::1%eth0", "[::1]", "1:2:3:4:5:6:7:8:9", "::",
    "2026-09-23T07:11:27Z", "2026-09-23T07:11:27.6Z", "2026-09-23T07:11:27.691358999Z", "2026-09-23T07:11:27.6913580001Z", "2026-09-23T07:11:27.Z",
    "2026-09-23T07:11:27", "2026-09-23 07:11:27Z", "2026-09-23t07:11:27z", "2026-02-29T00:00:00Z", "2024-02-29T23:59:59.999999Z", "2026-13-01T00:00:00Z",
    "2026-00-10T00:00:00Z", "2026-01-00T00:00:00Z", "2026-09-23T24:00:00Z", "2026-09-23T23:60:00Z", "2016-12-31T23:59:60Z", "2026-09-23T07:11:27+00:00",
    "1969-12-31T23:59:59.000001Z", "1900-02-28T12:00:00Z", "2100-02-29T00:00:00Z", "\"2026-09-23T07:11:27Z\"", "9999-12-31T23:59:59.999999999Z", "20260923T071127Z", "+026-09-23T07:11:27Z",
    "Success", "\"Success\"", "success", "Failed:", "Failed:ClientCertUntrusted", "\"Failed:Some New Code\"", "Failed:Failed:X", "failed:X", "FailedX", "\"Failed:\\\"q\\\"\"",
    "NotBefore=2023-09-21T22:43:21Z;NotAfter=2026-06-17T22:43:21.5Z", "NotBefore=2023-09-21T22:43:21Z", "NotBefore=;NotAfter=", "NotBefore=2023-09-21T22:43:21Z;NotAfter=-",
    "\"NotBefore=2023-09-21T22:43:21Z;NotAfter=2026-06-17T22:43:21Z\"", "NotAfter=2023-09-21T22:43:21Z;NotBefore=2026-06-17T22:43:21Z",
    "NotBefore=2023-09-31T22:43:21Z;NotAfter=2026-06-17T22:43:21Z", "NotBefore=2023-09-21T22:43:21Z;NotAfter=2026-06-17T22:43:21Z;",
    "\"CN=\u{fc}mlaut \u{1f512},O=\u{65e5}\u{672c}\"", "CN=no,O=quotes", "\"CN=trailing backslashes \\\\\\\\\"", "\u{a0}", "\u{feff}",
    "TLSv1.4", "X25519MLKEM768", "TID_",
];

/// A small generator of pseudo-random numbers (xorshift64*): the tests' own, so that nobody's upgrade changes what they test.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number from 0 to `limit - 1`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % limit
    }

    /// One of the choices.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, choices: &[&'a T]) -> &'a T {
        choices[self.below(choices.len())]
    }
}
