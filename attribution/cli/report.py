"""`attribution report`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from attribution.cli.inputs import posterior_of, rivals_of

_SUFFIXES = (".html", ".json", ".md")


def report(arguments: argparse.Namespace) -> int:
    """Write the report and print its bottom line; exit code 1 where it is not citable."""
    from attribution.reporting.write import Prepared, prepare

    posterior = posterior_of(arguments)
    prepared: Prepared = prepare(posterior, rivals=rivals_of(posterior))
    base = Path("reports") / posterior.case.id / posterior.model.id
    paths = [Path(arguments.output)] if arguments.output else [base.with_suffix(suffix) for suffix in _SUFFIXES]
    for path in paths:
        prepared.write(path)
    print(prepared.bottom_line)
    for path in paths:
        print(f"written: {path}")
    if prepared.gate.citable:
        return 0
    print("not citable:", *(f"  - {reason}" for reason in prepared.gate.reasons), sep="\n", file=sys.stderr)
    return 1
