"""Stores gzipped logs as zstd, as the `zstd` command does by default: level 3, with a checksum.

    recompress.py FROM TO    every *.log.gz below FROM becomes a *.log.zst in the same place below TO
"""

import gzip
import sys
from pathlib import Path

import zstandard


def main():
    source, target = Path(sys.argv[1]), Path(sys.argv[2])
    compressor = zstandard.ZstdCompressor(level=3, write_checksum=True)
    for path in sorted(source.rglob("*.log.gz")):
        place = target / path.relative_to(source).with_suffix(".zst")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(compressor.compress(gzip.decompress(path.read_bytes())))


main()
