"""`attribution casebook`."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from attribution.domain.case import Case
from attribution.domain.model import Model


def casebook(arguments: argparse.Namespace) -> int:
    """Fit all cases under all their models as of chosen days, and write the index; exit code 1 where a fit failed."""
    from attribution.analysis.casebook import casebook as work_out
    from attribution.cli.progress import working
    from attribution.reporting.write_casebook import write_casebook

    pairs = list(_pairs(arguments.cases))
    with working(f"fitting {len(pairs)} models of {len({case.id for case, _ in pairs})} cases"):
        book = work_out(pairs, engine=arguments.engine, seed=arguments.seed)
    written = write_casebook(book, Path(arguments.output))
    print(book)
    for path in written:
        print(f"written: {path}")
    for doubt in book.unreliable:
        print(f"k-hat is above its threshold: {doubt}")
    return 1 if book.unreliable else 0


def _pairs(names: list[str]) -> Iterator[tuple[Case, Model]]:
    """Every shipped model of every case, checked against it; of all shipped cases where none is named."""
    from attribution.reading import read_case, read_model, read_pair_errors, shipped_cases, shipped_models

    for name in names or shipped_cases():
        case = read_case(name)
        for model in shipped_models(case.id):
            found = read_model(f"{case.id}/{model}")
            read_pair_errors(case, found)
            yield case, found
