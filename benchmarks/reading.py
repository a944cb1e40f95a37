"""Reading a large table of events: rows, seconds of processor, peak memory; from a cold process.

    python -m benchmarks.reading [rows ...]

Twelve columns: an id, a date, two levels of place, coordinates, forty names of which five mean unknown, four features
and a text that nobody reads. All checks are made that `archive check` makes while it reads.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.archive.reading.test_large_tables import measured


def main() -> None:
    for rows in [int(float(one)) for one in sys.argv[1:]] or [100_000, 1_000_000]:
        with tempfile.TemporaryDirectory() as folder:
            events, seconds, peak = measured(Path(folder), rows)
        print(f"{events:>10,} rows  {seconds:6.1f} s of processor  {peak:5.2f} GB", flush=True)


if __name__ == "__main__":
    main()
