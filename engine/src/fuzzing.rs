//! What the fuzz targets call: each aborts by a panic when the product contradicts itself. Compiled for fuzzing only.

use crate::columns::Parser;
use crate::decompress::{StreamDecoder, Whole, WholeDecoder};
use crate::discover::LogName;
use crate::scan::{self, Kernel, Structure};

/// Every kernel finds the same lines, fields and faults.
pub fn kernels_agree(text: &[u8]) {
    let mut expected = Structure::default();
    scan::scan(Kernel::Scalar, text, &mut expected);
    for kernel in Kernel::ALL {
        let mut seen = Structure::default();
        scan::scan(kernel, text, &mut seen);
        assert_eq!(seen.lines().len(), expected.lines().len(), "{}", kernel.name());
        for (seen_line, line) in seen.lines().iter().zip(expected.lines()) {
            assert_eq!((seen_line.start, seen_line.end, seen_line.fault), (line.start, line.end, line.fault), "{}", kernel.name());
            let ends = expected.ends(line);
            assert_eq!(&seen.ends(seen_line)[..ends.len()], ends, "{}", kernel.name());
        }
    }
}

/// Every line is accounted for, whichever kernel runs.
pub fn parser_accounts(text: &[u8]) {
    let tallies = Kernel::ALL.map(|kernel| {
        let mut parser = Parser::new(kernel, None, None);
        parser.begin();
        parser.parse(0, 0, text);
        parser.batch().runs[0].tally
    });
    assert!(tallies[0].balances());
    assert!(tallies.iter().all(|tally| *tally == tallies[0]));
}

/// Whole and streaming decoders give the same text or the same fault.
pub fn decoders_agree(stored: &[u8]) {
    const LIMIT: usize = 1 << 20;
    let mut whole = Vec::new();
    let decoded = WholeDecoder::new().decode(stored, &mut whole, LIMIT);
    let mut stream = StreamDecoder::new(stored);
    let mut streamed = vec![0; LIMIT + 1];
    let mut length = 0;
    let fault = loop {
        match stream.read(&mut streamed[length..]) {
            Ok(0) => break None,
            Ok(read) => length += read,
            Err(fault) => break Some(fault),
        }
        if length > LIMIT {
            return;
        }
    };
    match (decoded, fault) {
        (Ok(Whole::Done), None) => assert_eq!(whole, &streamed[..length]),
        (Ok(Whole::OverLimit), _) => {}
        (Err(whole), Some(streamed)) => assert_eq!(whole, streamed),
        (whole, streamed) => panic!("whole: {whole:?}, streamed: {streamed:?}"),
    }
}

/// No name makes the parser of file names fail.
pub fn name_parses(name: &[u8]) {
    if let Ok(name) = std::str::from_utf8(name) {
        let _ = LogName::parse(name);
    }
}
