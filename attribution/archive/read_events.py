"""From a table and its mapping to an `EventTable`: a chunk at a time, every problem with file and line."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from attribution.archive.collector import Collector
from attribution.archive.encodings import Written
from attribution.archive.event_concerns import reading_concerns
from attribution.archive.events import EventTable
from attribution.archive.mapping import EventMapping
from attribution.archive.mapping_file import locate
from attribution.archive.tables import open_table
from attribution.domain.concern import Concern
from attribution.errors import EventError


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the rows of a table."""

    rows: int
    filtered: int  # by `where`
    excluded: int  # by `exclude`
    undated: int
    events: int


@dataclass(frozen=True, slots=True)
class Archive:
    """Past events with how they were read: the mapping, the hash of the file, the encoding, and what is doubtful."""

    events: EventTable
    mapping: EventMapping
    file: str
    sha256: str
    written: Written
    tally: Tally
    concerns: tuple[Concern, ...]


def read_events(
    path: str | Path,
    mapping: EventMapping,
    *,
    case: str = "",
    today: dt.date | None = None,
    progress: Callable[[int], None] | None = None,
) -> Archive:
    """Read a table of past events.

    `case` leaves out the events that the mapping excludes for that case; `progress` is told the rows read so far.

    Raises
    ------
    FormatError, EventError
        With the file and the line of the table, or of the mapping.
    """
    path = Path(path)
    table = open_table(path, mapping.encoding, mapping.separator)
    try:
        mapping.check_columns(table.header, path.name)
    except EventError as error:
        raise locate(mapping, error) from None
    collector = Collector(mapping, today or dt.date.today(), mapping.excluded(case))
    for chunk in table.chunks([name for name, _ in mapping.columns]):
        collector.add(chunk, str(path))
        if progress:
            progress(collector.rows)
    _check_some(collector, mapping, str(path))
    try:
        events = collector.table()
    except EventError as error:
        raise locate(mapping, error) from None
    tally = Tally(collector.rows, collector.filtered, collector.excluded, collector.undated, len(events))
    concerns = reading_concerns(events, mapping, table.written, tally, collector.found_ids, path)
    return Archive(events, mapping, path.name, sha256(path), table.written, tally, concerns)


def _check_some(collector: Collector, mapping: EventMapping, file: str) -> None:
    """Refuse a table of which nothing is left."""
    if collector.events:
        return
    dates = " and ".join(mapping.dates.columns)
    what, hint = "the table has no rows.", "was it cut after the header?"
    if collector.undated:
        what, hint = f"no row has a date: {dates} is always empty.", "is `date:` in the mapping the right column?"
    elif collector.rows:
        what, hint = f"none of the {collector.rows:,} rows is wanted.", "is `where:` in the mapping too narrow?"
    raise EventError(what, allowed="at least one event with a date", hint=hint, file=file, line=2)


def sha256(path: Path) -> str:
    """The hash of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check_learnable(archive: Archive, at_least: int = 2) -> None:
    """Refuse events from which nothing can be learned about who it was.

    Raises
    ------
    EventError
        No event has a known perpetrator, or all have the same.
    """
    events = archive.events
    known = np.unique(np.concatenate([events.label[events.label >= 0], events.among.member]))
    columns = ", ".join(archive.mapping.perpetrators.columns)
    if not len(known):
        raise EventError(
            f"no event has a known perpetrator: the column {columns} says nothing but unknown.",
            allowed="two or more factions among the labels",
            hint="is `perpetrator:` in the mapping the right column, and `unknown:` not too wide?",
            file=archive.file,
            line=1,
        )
    if len(known) < at_least:
        raise EventError(
            f'all known perpetrators are "{events.factions[known[0]]}".',
            allowed="two or more factions: there is nothing to tell apart",
            hint="take a table with several factions, or fewer `aliases`",
            file=archive.file,
            line=1,
        )
