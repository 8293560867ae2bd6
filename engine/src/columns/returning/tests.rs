//! Lines of returning clients, and lines of which nobody asks whose they are, against the scalar reference, which takes no short cut.

use proptest::prelude::*;

use crate::aggregate::Aggregates;
use crate::columns::{Parser, parser};
use crate::scan::Kernel;

/// Clients of every shape of address, with and without certificates, in every era's form.
const LINES: [&str; 8] = [
    "2026-09-23T07:11:27.691358Z 49.36.71.40 64326 443 TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256 0.337 \"CN=a b,O=\\\"q\\\" c\" NotBefore=2023-09-21T22:43:21Z;NotAfter=2026-06-17T22:43:21Z 02 \"Failed:ClientCertExpired\" TID_9f39d9aa6a47774d97089313f949866b secp256r1 app/lb/98e3 3.228.177.57",
    "2026-09-23T07:11:28.000001Z 49.36.71.40 5 80 - - - - - - - TID_00000000000000000000000000000000 - app/lb/98e3 3.228.177.57",
    "2026-09-23T07:11:29.691358Z 255.255.255.255 65535 8443 TLSv1.3 TLS_AES_128_GCM_SHA256 12.05 \"-\" - - Success TID_9f39d9aa6a47774d97089313f949866c x25519 app/lb/98e3 3.228.177.58",
    "2026-09-23T07:11:30.691358Z 2001:db8:59::517 443 443 TLSv1.3 TLS_AES_128_GCM_SHA256 - CN=x NotBefore=2023-09-21T22:43:21Z;NotAfter=2026-06-17T22:43:21Z 0A Success - x25519 app/lb/98e3 3.228.177.58",
    "2026-09-23T07:11:31.691358Z ::1 443 443 TLSv1.3 TLS_AES_128_GCM_SHA256 0.001 \"CN=\u{e9}\" NotBefore=2023-09-21T22:43:21Z;NotAfter=2026-06-17T22:43:21Z 0A Success TID_9f39d9aa6a47774d97089313f949866d",
    "2026-09-23T07:11:31.691358Z 1.2.3.4 443 443 TLSv1.3 TLS_AES_128_GCM_SHA256 4 \"\" \"\" \"\" \"\" TID_9f39d9aa6a47774d97089313f949866d \"\"",
    "2026-09-23T07:11:32.691358Z 2001:db8:1111:2222:3333:4444:5555:6666 1 443 TLSv1.3 X 0.5 \"a\" b c Success TID_9f39d9aa6a47774d97089313f949866d x25519 app/lb/98e3 3.228.177.58 extra",
    "2026-09-23T07:11:33.691358Z \"1.2.3.4\" 1 443 TLSv1.3 X 0.5 \"a\" b c Success \"TID_9f39d9aa6a47774d97089313f94986\" x25519 app/lb/98e3 3.228.177.58",
];

/// What may be done to a line.
#[derive(Clone, Debug)]
enum Change {
    Nothing,
    Byte(prop::sample::Index, u8),
    Insert(prop::sample::Index, u8),
    Remove(prop::sample::Index),
    Cut(prop::sample::Index),
    /// A field gets the text of the same field of another line.
    Field(usize, usize),
    CarriageReturn,
}

fn change() -> impl Strategy<Value = Change> {
    let byte = || prop::sample::select(&b" \"\\\n\r-019.:ZT\0\xff\xc3aF"[..]);
    prop_oneof![
        6 => Just(Change::Nothing),
        2 => (any::<prop::sample::Index>(), byte()).prop_map(|(at, byte)| Change::Byte(at, byte)),
        1 => (any::<prop::sample::Index>(), byte()).prop_map(|(at, byte)| Change::Insert(at, byte)),
        1 => any::<prop::sample::Index>().prop_map(Change::Remove),
        1 => any::<prop::sample::Index>().prop_map(Change::Cut),
        3 => (0..15_usize, 0..LINES.len()).prop_map(|(field, line)| Change::Field(field, line)),
        1 => Just(Change::CarriageReturn),
    ]
}

fn changed(line: usize, change: &Change) -> Vec<u8> {
    let mut text = LINES[line].as_bytes().to_vec();
    match *change {
        Change::Nothing => {}
        Change::Byte(at, byte) => {
            let at = at.index(text.len());
            text[at] = byte;
        }
        Change::Insert(at, byte) => text.insert(at.index(text.len()), byte),
        Change::Remove(at) => {
            text.remove(at.index(text.len()));
        }
        Change::Cut(at) => text.truncate(at.index(text.len())),
        Change::Field(field, other) => {
            let mut fields: Vec<&[u8]> = text.split(|&byte| byte == b' ').collect();
            let others = LINES[other].split(' ').nth(field);
            if let (Some(field), Some(other)) = (fields.get_mut(field), others) {
                *field = other.as_bytes();
            }
            text = fields.join(&b' ');
        }
        Change::CarriageReturn => text.push(b'\r'),
    }
    text
}

/// What `kernel` made of `text`: rows, rejections and runs, and everything that is counted.
fn seen(kernel: Kernel, text: &[u8], clients: usize) -> (Vec<Vec<Option<String>>>, String, Aggregates) {
    let mut parser = Parser::new(kernel, None, None);
    parser.keep_lines(true);
    parser.keep_identities(clients);
    // Once more, with everything known.
    parser.parse(0, 0, text);
    parser.begin();
    parser.parse(0, 0, text);
    let batch = parser.batch();
    let rows = (0..batch.rows()).map(|row| {
        let mut values = parser::tests::row(&parser, row);
        values.push(Some(String::from_utf8_lossy(batch.raw.bytes_at(row)).into_owned()));
        values
    });
    let mut counted = Aggregates::default();
    counted.observe(batch, parser.dictionaries());
    (rows.collect(), format!("{:?} {:?}", batch.rejected, batch.runs), counted)
}

/// Takes client and certificate from a row that did not fail.
fn without_identity(mut row: Vec<Option<String>>) -> Vec<Option<String>> {
    const IDENTITY: [usize; 6] = [1, 7, 8, 9, 15, 16];
    let is_failed = row[10].as_deref() == Some("Failed") || row[17].is_some();
    IDENTITY.into_iter().filter(|_| !is_failed).for_each(|column| row[column] = None);
    row
}

/// Lines that were scanned of 400, of which each has one of these forms in turn.
fn scanned(forms: &[usize], clients: usize) -> u64 {
    let mut parser = Parser::new(Kernel::best(), None, None);
    parser.keep_identities(clients);
    let text: String = (0..400).map(|number| format!("{}\n", LINES[forms[number % forms.len()]])).collect();
    parser.parse(0, 0, text.as_bytes());
    assert_eq!(parser.batch().runs[0].tally.rows, 400);
    parser.scanned_lines()
}

#[test]
fn lines_of_returning_clients_are_not_scanned() {
    if Kernel::best() == Kernel::Scalar {
        return; // takes no short cut
    }
    // A client is known from the second group of lines on in which it comes.
    for (form, line) in LINES.iter().enumerate().take(5) {
        assert_eq!(scanned(&[form], usize::MAX), 32, "{line}");
        // Without identities, what the line has in common with others is known from the second on.
        let is_ascii = line.is_ascii();
        assert_eq!(scanned(&[form], 0), if is_ascii { 1 } else { 400 }, "{line}");
    }
    assert_eq!(scanned(&[0, 1, 2, 3, 4], usize::MAX), 32);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 10 } else { 1500 }))]

    #[test]
    fn every_kernel_reads_what_the_scalar_one_reads(
        lines in prop::collection::vec((0..LINES.len(), change()), 1..120),
        has_last_newline: bool,
        clients in 0_usize..4,
    ) {
        let mut text = lines.iter().map(|(line, change)| changed(*line, change)).collect::<Vec<_>>().join(&b'\n');
        if has_last_newline {
            text.push(b'\n');
        }
        let (rows, others, counted) = seen(Kernel::Scalar, &text, usize::MAX);
        let fewer: Vec<_> = rows.iter().cloned().map(without_identity).collect();
        for kernel in Kernel::ALL {
            prop_assert_eq!(&seen(kernel, &text, usize::MAX), &(rows.clone(), others.clone(), counted.clone()), "{}", kernel.name());
            let (anonymous, other, count) = seen(kernel, &text, clients);
            prop_assert_eq!(anonymous.into_iter().map(without_identity).collect::<Vec<_>>(), fewer.clone(), "{}", kernel.name());
            prop_assert_eq!((&other, &count), (&others, &counted), "{}", kernel.name());
        }
    }
}
