"""`attribution archive`: past events in, what they say out."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.cli.output import Table, counting, show

if TYPE_CHECKING:
    from attribution.archive.model.posterior import DiscountPosterior
    from attribution.archive.reading.read import Archive


def check(arguments: argparse.Namespace) -> int:
    """Read a table of events and print what is in it; exit code 1 where a doubt forbids to learn from it."""
    from attribution.archive.events import LIMITS

    archive = archive_of(arguments)
    show([_summary(archive), _factions(archive), _columns(archive), _concerns(archive)], arguments.format)
    if arguments.format == "text":
        print("\n" + "\n".join(LIMITS))
    return 1 if any(concern.severity == "blocking" for concern in archive.concerns) else 0


def prior(arguments: argparse.Namespace) -> int:
    """Write what past events say about the incident of a case, from events that were over before its day."""
    from attribution.archive.case_prior import case_prior, limits, prior_text
    from attribution.archive.reading.read import check_learnable
    from attribution.atomic import write_text
    from attribution.cli.output import working
    from attribution.reading import read_case

    case = read_case(arguments.case)
    archive = archive_of(arguments, case.id)
    check_learnable(archive)
    stop_at_leaks(archive)
    link = archive.mapping.link_to(case.id)
    with working(f"learning what {archive.file} says about {case.id}"):
        found = case_prior(archive.events, case, link, seed=arguments.seed)
    name = Path(archive.file).stem
    path = Path(arguments.output or f"models/{case.id}/priors/{name}.yaml")
    command = f"attribution archive prior {case.id} {name} --mapping {archive.mapping.name} --seed {arguments.seed}"
    write_text(path, prior_text(found, archive, case, link, command))
    rows = tuple((one.node, one.label or "-", one.share, *one.weight) for one in found.weights)
    show([Table("what past events say", ("node", "in the table", "share", "low", "best", "high"), rows)], "text")
    print("\n".join(["", *limits(found, int(found.used.labelled.sum())), f"written: {path}"]))
    return 0


def stop_at_leaks(archive: Archive) -> None:
    """Refuse to learn from features that tell the answer."""
    from attribution.errors import EventError

    for concern in archive.concerns:
        if concern.severity == "blocking":
            raise EventError(
                f"{concern.what}.", allowed="features that say nothing about who it was", hint=concern.remedy
            )


def archive_of(arguments: argparse.Namespace, case: str = "") -> Archive:
    """The events that were named, read under the mapping that was named."""
    from attribution.archive.reading.mapping_file import read_mapping
    from attribution.archive.reading.read import events_path, mapping_name, read_events

    path = events_path(arguments.events)
    mapping = read_mapping(arguments.mapping or mapping_name(path))
    with counting(f"reading {path.name}") as progress:
        return read_events(path, mapping, case=case, progress=progress)


def discounts_table(title: str, found: DiscountPosterior) -> Table:
    """What each feature counts: 1 as if it stood alone, 0 nothing; with 90 % intervals."""
    rows = tuple((one.feature, one.mean, one.low, one.high) for one in found.by_feature)
    return Table(title, ("feature", "mean", "low", "high"), rows)


def _summary(archive: Archive) -> Table:
    import datetime as dt

    events, tally = archive.events, archive.tally
    first, last = (str(dt.date(1970, 1, 1) + dt.timedelta(days=int(day))) for day in (events.day[0], events.day[-1]))
    rows: list[tuple[str | float, ...]] = [
        ("table", archive.file),
        ("encoding", archive.written.name),
        ("rows", f"{tally.rows:,}"),
        ("left out by where", f"{tally.filtered:,}"),
        ("left out by exclude", f"{tally.excluded:,}"),
        ("left out without a date", f"{tally.undated:,}"),
        ("events", f"{tally.events:,}"),
        ("from", first),
        ("to", last),
        ("one known perpetrator", f"{int(events.labelled.sum()):,}"),
        ("one of several", f"{int(events.among.partial.sum()):,}"),
    ]
    return Table("events", ("what", "value"), tuple(rows))


def _factions(archive: Archive) -> Table:
    import numpy as np

    events = archive.events
    alone = np.bincount(events.label[events.labelled], minlength=len(events.factions))
    among = np.bincount(events.among.member, minlength=len(events.factions))
    order = np.argsort(-(alone * 1_000_000 + among), kind="stable")
    rows = tuple((events.factions[code], f"{alone[code]:,}", f"{among[code]:,}") for code in order.tolist())
    return Table("factions", ("faction", "alone", "one of several"), rows)


def _columns(archive: Archive) -> Table:
    events = archive.events
    rows = tuple(
        (kind, coding.name, f"{len(coding.names):,}", f"{(coding.codes < 0).mean():.1%}")
        for kind, codings in (("place", events.place), ("feature", events.features))
        for coding in codings
    )
    return Table("columns", ("kind", "name", "values", "missing"), rows)


def _concerns(archive: Archive) -> Table:
    rows = tuple((concern.severity, concern.what, concern.remedy) for concern in archive.concerns)
    return Table(f"concerns ({len(rows)})", ("severity", "what", "remedy"), rows)
