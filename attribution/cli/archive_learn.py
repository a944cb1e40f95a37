"""`attribution archive fit` and `attribution archive predict`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.cli.archive import archive_of, discounts_table, stop_at_leaks
from attribution.cli.output import counting, show, working
from attribution.errors import UsageError

if TYPE_CHECKING:
    from attribution.archive.model.fitted import Fitted
    from attribution.archive.reading.read import Archive


def fit(arguments: argparse.Namespace) -> int:
    """Learn from an archive, print what its features count, keep it where asked; exit code 1 where chains failed."""
    if arguments.output and not arguments.output.endswith(".json"):
        raise UsageError(f'"{arguments.output}" is no place for a model.', allowed="a file ending in .json")
    archive = archive_of(arguments)
    fitted = _fitted(archive, arguments, nuts=arguments.nuts)
    found = fitted.discounts
    show([discounts_table(f"discounts ({', '.join(fitted.classes)})", found)], "text")
    print("\n" + "\n".join([str(found), *(str(concern) for concern in found.concerns)]))
    _tell(archive)
    if arguments.output:
        fitted.save(Path(arguments.output))
        print(f"written: {arguments.output}")
    return 1 if found.concerns else 0


def predict(arguments: argparse.Namespace) -> int:
    """Write posteriors of all events of unknown hand."""
    from attribution.archive.model.fitted import load_fitted
    from attribution.archive.predictions import write_predictions

    kept = load_fitted(Path(arguments.archive_model)) if arguments.archive_model else None
    archive = archive_of(arguments)
    stop_at_leaks(archive)
    fitted = kept or _fitted(archive, arguments)
    path = Path(arguments.output)
    with counting("predicting") as progress:
        events = write_predictions(archive, fitted, path, progress)
    _tell(archive)
    print(f"{events:,} events of unknown hand: {path}\nwhat the file holds: {path.with_suffix('.about.txt')}")
    return 0


def _fitted(archive: Archive, arguments: argparse.Namespace, *, nuts: bool = False) -> Fitted:
    from attribution.archive.model.fitted import fit_archive
    from attribution.archive.reading.read import check_learnable

    check_learnable(archive)
    stop_at_leaks(archive)
    with working(f"learning from {archive.file}"):
        return fit_archive(archive, least=arguments.least, seed=arguments.seed, nuts=nuts)


def _tell(archive: Archive) -> None:
    from attribution.archive.events import LIMITS

    print("\n" + "\n".join([*(str(concern) for concern in archive.concerns), *LIMITS]))
