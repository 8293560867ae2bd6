use proptest::prelude::*;

use super::*;

/// A line as the tests compare it: range, fault, the ends of the known fields.
type Seen = (u32, u32, Option<(u32, LineFaultReason)>, Vec<u32>);

fn seen(kernel: Kernel, text: &[u8]) -> Vec<Seen> {
    let mut structure = Structure::default();
    scan(kernel, text, &mut structure);
    lines_of(&structure)
}

fn lines_of(structure: &Structure) -> Vec<Seen> {
    let ends = |line: &Line| structure.ends(line).iter().copied().take(LAST).collect();
    structure.lines().iter().map(|line| (line.start, line.end, line.fault, ends(line))).collect()
}

/// As the vector kernels see it, without their instructions.
fn seen_in_chunks(text: &[u8]) -> Vec<Seen> {
    let mut structure = Structure::default();
    portable::scan(text, &mut structure);
    lines_of(&structure)
}

fn vector_kernels() -> Vec<Kernel> {
    Kernel::ALL.into_iter().filter(|kernel| kernel.is_available() && *kernel != Kernel::Scalar).collect()
}

fn assert_kernels_agree(text: &[u8]) {
    let expected = seen(Kernel::Scalar, text);
    for kernel in vector_kernels() {
        assert_eq!(seen(kernel, text), expected, "{} on {:?}", kernel.name(), String::from_utf8_lossy(text));
    }
    assert_eq!(seen_in_chunks(text), expected, "in chunks, on {:?}", String::from_utf8_lossy(text));
}

fn fields<'a>(text: &'a str, line: &Seen) -> Vec<&'a str> {
    let mut start = line.0 as usize;
    let mut fields = Vec::new();
    for &end in &line.3 {
        fields.push(&text[start..end as usize]);
        start = end as usize + 1;
    }
    fields
}

#[test]
fn splits_lines_and_fields() {
    let text = "a \"b c\" d\r\n\n e\\\"f  \"\\\"\"\nlast";
    let lines = seen(Kernel::Scalar, text.as_bytes());
    let all: Vec<_> = lines.iter().map(|line| fields(text, line)).collect();
    assert_eq!(all, [vec!["a", "\"b c\"", "d"], vec![""], vec!["", "e\\\"f", "", "\"\\\"\""], vec!["last"]]);
    assert!(lines.iter().all(|line| line.2.is_none()));
}

#[test]
fn a_quote_must_close_and_be_followed_by_a_space() {
    let fault = |text: &str| seen(Kernel::Scalar, text.as_bytes())[0].2;
    assert_eq!(fault("a \"b c\n"), Some((1, LineFaultReason::QuoteNotClosed)));
    assert_eq!(fault("a \"b\\\" c"), Some((1, LineFaultReason::QuoteNotClosed)));
    assert_eq!(fault("\"b\"c d\n"), Some((0, LineFaultReason::TextAfterQuote)));
    assert_eq!(fault("\"b\"c"), Some((0, LineFaultReason::TextAfterQuote)));
    assert_eq!(fault("a\"b \"\\\\\" c\n"), None);
    assert_eq!(fault("\"\"\n"), None);
}

#[test]
fn what_follows_the_fifteenth_field_is_opaque() {
    let text = format!("{}\"never closed\n", "f ".repeat(15));
    let lines = seen(Kernel::Scalar, text.as_bytes());
    assert_eq!((lines[0].2, lines[0].3.len(), lines[0].3[14]), (None, 15, 29));
    assert_kernels_agree(text.as_bytes());
}

#[test]
fn a_fault_costs_its_own_line_alone() {
    for padding in 0..130 {
        let text = format!("{} \"open\nx \"y z\" w\n\"shut\"x\nlast \"one\"", "p".repeat(padding));
        assert_kernels_agree(text.as_bytes());
        assert_eq!(seen(Kernel::best(), text.as_bytes()).iter().filter(|line| line.2.is_some()).count(), 2);
    }
}

#[test]
fn an_open_quote_at_the_end_of_the_text_is_seen_at_every_length() {
    for length in 0..200 {
        let text = format!("\"{}", "x".repeat(length));
        assert_kernels_agree(text.as_bytes());
        assert_kernels_agree(format!("{text}\"").as_bytes());
        assert_kernels_agree(format!("{text}\\").as_bytes());
    }
}

#[test]
fn backslashes_across_chunks() {
    for padding in 50..70 {
        // Miri takes its time.
        for slashes in (0..70).step_by(if cfg!(miri) { 23 } else { 1 }) {
            let text = format!("\"{}{}\" b\"\n\"c\" d\n", "x".repeat(padding), "\\".repeat(slashes));
            assert_kernels_agree(text.as_bytes());
        }
    }
}

#[test]
fn an_unavailable_kernel_falls_back() {
    for kernel in Kernel::ALL {
        assert_eq!(seen(kernel, b"a b\n"), seen(Kernel::Scalar, b"a b\n"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(miri) { 20 } else { 4000 }))]

    #[test]
    fn kernels_agree_on_structural_bytes(text in prop::collection::vec(prop::sample::select(&b" \"\\\n\ra-\0"[..]), 0..400)) {
        assert_kernels_agree(&text);
    }

    #[test]
    fn kernels_agree_on_any_bytes(text in prop::collection::vec(any::<u8>(), 0..600)) {
        assert_kernels_agree(&text);
    }

    #[test]
    fn kernels_agree_on_fields(fields in prop::collection::vec("( |\n|\"[a ]{0,20}\" |[a-f]{1,30} |\\\\|\")", 0..60)) {
        assert_kernels_agree(fields.concat().as_bytes());
    }
}
