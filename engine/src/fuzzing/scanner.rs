//! The scanner: all kernels are one.

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
