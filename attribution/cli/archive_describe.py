"""`attribution archive describe`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.cli.archive import archive_of
from attribution.cli.output import Table, show

if TYPE_CHECKING:
    from attribution.archive.summary.describe import Description, Known
    from attribution.archive.summary.grid import Estimate


def describe(arguments: argparse.Namespace) -> int:
    """Print how long the past counts, how far it reaches, and what each candidate is known for, with intervals."""
    from attribution.archive.reading.read import check_learnable
    from attribution.archive.summary.describe import describe as work_out
    from attribution.cli.output import working
    from attribution.reporting.archive_report import check_suffix
    from attribution.reporting.description_report import write_description

    for output in arguments.output or ():
        check_suffix(Path(output), "a description")
    archive = archive_of(arguments)
    check_learnable(archive)
    with working(f"describing {archive.file}"):
        found = work_out(archive.events, least=arguments.least, seed=arguments.seed)
    concerns = (*archive.concerns, *found.concerns)
    for output in arguments.output or ():
        write_description(
            found, concerns, Path(output), title=archive.mapping.title, source=archive.file, sha256=archive.sha256
        )
        print(f"written: {output}", file=sys.stderr)
    known, apart = _known("known for", found.known_for()), _known("apart in a place", found.apart_in_places())
    show([_scales(found), known, apart, _pooling(found)], arguments.format)
    if arguments.format == "text":
        print("\n" + "\n".join([str(found), *(str(concern) for concern in concerns), *found.limits]))
    return 1 if any(concern.severity == "blocking" for concern in concerns) else 0


def add_describe(parser: argparse.ArgumentParser, formats: tuple[str, ...]) -> None:
    """What can be typed after it."""
    parser.add_argument("--least", type=int, default=20, metavar="N", help="events a candidate needs (default: 20)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="default: 1")
    parser.add_argument("-o", "--output", action="append", metavar="FILE", help=".html or .json; may be given twice")
    parser.add_argument("--format", choices=formats, default="text", help="default: text")


def _scales(found: Description) -> Table:
    rows: list[tuple[str | float, ...]] = []
    for one in (found.memory, *found.memories):
        where, events = one.place or "all", f"{one.scored:,}"
        rows.append(("how long the past counts", where, events, "days", *_told(one.days)))
        rows.append(("how strongly shares are shrunk", where, events, "events", *_told(one.weight)))
    if found.reach is not None:
        events = f"{found.reach.scored:,}"
        rows.append(("how far an attack tells", "all", events, "km", *_told(found.reach.km)))
        rows.append(("how strongly nearness is shrunk", "all", events, "events", *_told(found.reach.weight)))
    columns = ("what", "where", "from events", "unit", "mean", "median", "low", "high", "presses")
    return Table("memory and reach", columns, tuple(rows))


def _known(title: str, known: tuple[Known, ...]) -> Table:
    rows = tuple(
        (
            one.candidate, one.place or "all", one.feature, one.share.value, f"{one.share.events:,}",
            *(f"{share:.1%}" for share in (one.share.mean, one.share.low, one.share.high, one.share.usual)),
        )
        for one in known
    )  # fmt: skip
    columns = ("faction", "where", "feature", "value", "events", "share", "low", "high", "usual")
    return Table(title, columns, rows)


def _pooling(found: Description) -> Table:
    rows = tuple((one.feature, one.level, f"{one.nodes:,}", *_told(one.kappa)) for one in found.profiles.pooling)
    columns = ("feature", "level", "nodes", "mean", "median", "low", "high", "presses")
    return Table("events that the level above counts for", columns, rows)


def _told(found: Estimate) -> tuple[str, ...]:
    """Mean, median, interval, and at which bound of its prior it presses."""
    from attribution.domain.verbal import short

    numbers = (found.mean, found.median, found.low, found.high)
    return (*(short(number) for number in numbers), found.presses or "-")
