//! Small files named on the command line: certificates, CA bundles, revocation lists. Read whole, never beyond a bound.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::exit::Failure;

/// Bytes of a file of certificates at most: a trust store's bundle has 25 of 16 KB.
pub(super) const MOST_OF_CERTIFICATES: u64 = 16 << 20;
/// Bytes of a revocation list at most: AWS takes 50 MB.
pub(super) const MOST_OF_A_CRL: u64 = 64 << 20;

/// The file's bytes; fails if it has more than `most`.
pub(super) fn read(path: &Path, most: u64) -> Result<Vec<u8>, Failure> {
    let io = |error: std::io::Error| Failure::run(format!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    File::open(path).map_err(io)?.take(most + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > most {
        return Err(Failure::run(format!("{}: larger than {} MiB, which is more than a load balancer takes", path.display(), most >> 20)));
    }
    Ok(bytes)
}
