"""`attribution fit`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from attribution.cli.inputs import posterior_of
from attribution.cli.tables import Table, show
from attribution.errors import UsageError

if TYPE_CHECKING:
    from attribution.inference.posterior import Posterior, Standing

_COLUMNS = ("prior", "probability", "mcse", "low", "high", "words")


def fit(arguments: argparse.Namespace) -> int:
    """Fit, print the posterior, save it where asked; exit code 1 where the fit cannot be trusted."""
    from attribution.inference.concerns import trustworthy

    if arguments.output and not arguments.output.endswith(".nc"):
        raise UsageError(f'"{arguments.output}" is no place for a run.', allowed="a file ending in .nc")
    posterior = posterior_of(arguments)
    if arguments.output:
        posterior.save(arguments.output)
    show(_tables(posterior), arguments.format)
    if arguments.format == "text":
        print(f"\n{posterior!r}")
    if arguments.output:
        print(f"saved: {arguments.output}", file=sys.stderr)
    return 0 if trustworthy(posterior) else 1


def _tables(posterior: Posterior) -> list[Table]:
    return [
        _table("factions", "faction", posterior.ranking),
        _table("groups", "group", posterior.group_standings),
        _table("facts", "fact", posterior.state_standings),
    ]


def _table(title: str, first: str, standings: tuple[Standing, ...]) -> Table:
    rows = tuple((standing.id, *(getattr(standing, column) for column in _COLUMNS)) for standing in standings)
    return Table(title, (first, *_COLUMNS), rows)
