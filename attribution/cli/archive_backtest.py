"""`attribution archive backtest`."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.cli.archive import archive_of, discounts_table
from attribution.cli.output import Table, show
from attribution.errors import UsageError

if TYPE_CHECKING:
    from attribution.archive.evaluation.backtest import Backtest


def backtest(arguments: argparse.Namespace) -> int:
    """Forecast the past forward in time; exit code 1 where a doubt forbids to rely on it."""
    from attribution.archive.evaluation.backtest import backtest as work_out
    from attribution.archive.events import LIMITS
    from attribution.cli.output import working
    from attribution.reporting.archive_report import check_suffix, write_backtest

    for output in arguments.output or ():
        check_suffix(Path(output), "a backtest")
    since, baselines = _date(arguments.since), _baselines(arguments.baselines)
    archive = archive_of(arguments)
    with working("forecasting the past, month by month"):
        found = work_out(
            archive.events,
            since=since,
            protocol=arguments.protocol,
            baselines=baselines,
            least=arguments.least,
            seed=arguments.seed,
            nuts=arguments.nuts,
        )
    for output in arguments.output or ():
        write_backtest(found, Path(output), title=archive.mapping.title, source=archive.file, sha256=archive.sha256)
        print(f"written: {output}", file=sys.stderr)
    show(_tables(found), arguments.format)
    if arguments.format == "text":
        doubts = [str(concern) for concern in (*archive.concerns, *found.concerns)]
        print("\n" + "\n".join([str(found), str(found.discounts), *doubts, *LIMITS]))
    return 1 if any(concern.severity == "blocking" for concern in (*archive.concerns, *found.concerns)) else 0


def add_backtest(parser: argparse.ArgumentParser, formats: tuple[str, ...]) -> None:
    """What can be typed after it."""
    parser.add_argument(
        "--from", dest="since", metavar="DATE", help="first day forecast; default: after 70 %% of events"
    )
    parser.add_argument(
        "--protocol", choices=("rolling", "static"), default="rolling",
        help="do labels of forecast events count once they are over? default: rolling",
    )  # fmt: skip
    parser.add_argument(
        "--baselines",
        default="simple",
        metavar="NAMES",
        help="all, simple (no scikit-learn), none, or names with commas",
    )
    parser.add_argument(
        "--least", type=int, default=20, metavar="N", help="training events a candidate needs; default 20"
    )
    parser.add_argument("--seed", type=int, default=1, help="default: 1")
    parser.add_argument(
        "--nuts", action="store_true", help="intervals of the discounts by NUTS (a minute), not a normal distribution"
    )
    parser.add_argument("-o", "--output", action="append", metavar="FILE", help=".html or .json; may be given twice")
    parser.add_argument("--format", choices=formats, default="text", help="default: text")


def _date(typed: str | None) -> dt.date | None:
    try:
        return None if typed is None else dt.date.fromisoformat(typed)
    except ValueError as error:
        raise UsageError(
            f'"{typed}" is no date.', at=("from",), allowed="year-month-day, such as 2015-06-30"
        ) from error


def _baselines(typed: str) -> tuple[str, ...]:
    from attribution.archive.evaluation.baselines import NAMES, SHARES

    groups = {"all": NAMES, "simple": tuple(SHARES), "none": ()}
    if typed in groups:
        return groups[typed]
    names = tuple(name.strip() for name in typed.split(",") if name.strip())
    for name in names:
        if name not in NAMES:
            raise UsageError.unknown("baselines", name, [*NAMES, *groups], at=("baselines",))
    return names


def _tables(found: Backtest) -> list[Table]:
    columns = (
        "forecaster",
        "log loss",
        "lower by",
        "low",
        "high",
        "brier",
        "ece",
        "cllr",
        "least",
        "top 1",
        "top 3",
        "s",
    )
    scores: list[tuple[str | float, ...]] = []
    for one in found.forecasters:
        lead, its = one.lead, one.scores
        lower = ("", "", "") if lead is None else tuple(
            f"{share:.1%}" for share in (lead.reduction, lead.reduction_low, lead.reduction_high)
        )  # fmt: skip
        told = (its.log_loss, its.brier, its.ece, its.cllr, its.cllr_min, its.top1, its.top3)
        first, *rest = (f"{value:.4f}" for value in told)
        scores.append((one.name, first, *lower, *rest, f"{one.seconds:.1f}"))
    groups: tuple[tuple[str | float, ...], ...] = tuple(
        (one.kind, one.name, f"{one.events:,}", f"{one.log_loss:.4f}", f"{one.rival_log_loss:.4f}", f"{one.top1:.1%}")
        for one in found.groups
    )
    return [
        Table("scores", columns, tuple(scores)),
        discounts_table("discounts", found.discounts),
        Table("groups", ("by", "group", "events", "log loss", "best baseline", "top 1"), groups),
    ]
