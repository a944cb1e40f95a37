"""`attribution archive fit` and `attribution archive predict`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.cli.archive import archive_of, stop_at_leaks
from attribution.cli.progress import counting, working
from attribution.cli.tables import Table, show
from attribution.errors import UsageError

if TYPE_CHECKING:
    from attribution.archive.fitted import Fitted
    from attribution.archive.read_events import Archive


def fit(arguments: argparse.Namespace) -> int:
    """Learn from an archive, print what its features count, keep it where asked."""
    if arguments.output and not arguments.output.endswith(".json"):
        raise UsageError(f'"{arguments.output}" is no place for a model.', allowed="a file ending in .json")
    archive = archive_of(arguments)
    fitted = _fitted(archive, arguments)
    show([_discounts(fitted)], "text")
    _tell(archive)
    if arguments.output:
        fitted.save(Path(arguments.output))
        print(f"written: {arguments.output}")
    return 0


def predict(arguments: argparse.Namespace) -> int:
    """Write posteriors of all events of unknown hand."""
    from attribution.archive.fitted import load_fitted
    from attribution.archive.prediction_file import write_predictions

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


def _fitted(archive: Archive, arguments: argparse.Namespace) -> Fitted:
    from attribution.archive.fitted import fit_archive
    from attribution.archive.read_events import check_learnable

    check_learnable(archive)
    stop_at_leaks(archive)
    with working(f"learning from {archive.file}"):
        return fit_archive(archive, least=arguments.least, seed=arguments.seed)


def _tell(archive: Archive) -> None:
    from attribution.archive.statements import LIMITS

    print("\n" + "\n".join([*(str(concern) for concern in archive.concerns), *LIMITS]))


def _discounts(fitted: Fitted) -> Table:
    """What each feature counts on average over the candidates: 1 as if it stood alone, 0 nothing."""
    import numpy as np

    over = fitted.draws.slope.mean(axis=2)
    low, high = np.quantile(over, (0.05, 0.95), axis=0)
    best = fitted.mode.slope[0].mean(axis=1)
    rows = tuple((name, float(best[at]), float(low[at]), float(high[at])) for at, name in enumerate(fitted.features))
    return Table(f"discounts ({', '.join(fitted.classes)})", ("feature", "best", "low", "high"), rows)
