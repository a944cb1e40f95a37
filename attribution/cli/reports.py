"""`attribution reports`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from attribution.cli.progress import working
from attribution.cli.report import SUFFIXES, prepared_report


def reports(arguments: argparse.Namespace) -> int:
    """Write the report of every shipped case under every model for it, and their index."""
    from attribution.atomic import write_text
    from attribution.errors import UsageError
    from attribution.inference.fit import fit
    from attribution.reading import read_case, read_model, read_pair_errors, shipped_cases, shipped_models
    from attribution.reporting.index import index

    known = shipped_cases()
    for name in arguments.cases:
        if name not in known:
            raise UsageError.unknown("shipped cases", name, known)
    folder = Path(arguments.output)
    for name in arguments.cases or known:
        case = read_case(name)
        for chosen in shipped_models(name):
            model = read_model(f"{name}/{chosen}")
            read_pair_errors(case, model)
            with working(f"{name}/{chosen}"):
                posterior = fit(case, model, engine=arguments.engine, seed=arguments.seed)
                prepared = prepared_report(posterior, arguments.sensitivity)
                for suffix in SUFFIXES:
                    prepared.write((folder / name / chosen).with_suffix(suffix))
            print(f"{name}/{chosen}: {prepared.gate.stamp}. {prepared.bottom_line}")
    write_text(folder / "README.md", index(folder))
    print(f"written: {folder / 'README.md'}", file=sys.stderr)
    return 0
