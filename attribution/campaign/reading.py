"""`attribution-tempo/1` files: their keys, from the text of one, with its tables, to a `Tempo`; their schema."""

from __future__ import annotations

import csv
import datetime as dt
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from attribution.campaign.document import (
    DATED_BY,
    KINDS,
    PRECISIONS,
    TEMPO_FORMAT,
    Change,
    Count,
    Intervention,
    Observer,
    Statement,
    Tempo,
    check_observer,
)
from attribution.domain.evidence import Citation
from attribution.errors import FormatError, TempoError, UsageError, did_you_mean, listed
from attribution.reading.fields import Field, check_format, located, text_of
from attribution.reading.json_schema import Schema, block, either, file_schema, list_of, map_of, ref
from attribution.reading.schema import scalars
from attribution.reading.shipped import bundled
from attribution.reading.vocabulary import Keys
from attribution.reading.yaml_nodes import parse, read_text

if TYPE_CHECKING:
    from attribution.archive.events import EventTable

INTERVALS = ("day", "week")
_EPOCH = dt.date(1970, 1, 1)
_HEADERS = (("date", "count"), ("first", "last", "count"))
TEMPO: Keys = {
    "format": ("format", "version of this format"),
    "id": ("id", "name of the series"),
    "title": ("text", "what is counted, for people"),
    "question": ("text", "what is asked"),
    "source": ("text", "where the data come from, their licence, how to cite them"),
    "from": ("day", "first day of the series"),
    "to": ("day", "last day of the series"),
    "observers": ("observers", "who counted, by name; kept apart and compared, never merged"),
    "interventions": ("interventions", "what may have changed the tempo, in order of time"),
}
OBSERVER: Keys = {
    "title": ("text", "who that is, for people"),
    "scope": ("text", "what exactly is counted"),
    "since": ("day", "first day that the totals count (default: that of the series)"),
    "counts": ("counts", "attacks by intervals"),
    "statements": ("statements", "totals since the beginning, as somebody stated them"),
    "table": ("text", "a CSV beside this file: date,count or first,last,count"),
    "events": ("events", "an event table, counted through a mapping"),
    "changes": ("changes", "days from which on something else is counted"),
    "source": ("text", "where it comes from"),
    "note": ("text", "caveats"),
}
WAYS = ("counts", "statements", "table", "events")
COUNT: Keys = {
    "first": ("day", "first day of the interval"),
    "last": ("day", "its last day, included"),
    "count": ("number", "attacks from the first to the last day"),
}
STATEMENT: Keys = {
    "as_of": ("day", "the last day that is counted"),
    "total": ("number", "attacks since the beginning"),
    "precision": ("precision", "exact (default), about (rounded), at-least (may be far too low)"),
    "source": ("text", "who said so"),
    "published": ("day", "when it was said; never before as_of"),
    "none_since": ("day", "no attack after this day, up to as_of; then the total is only shown"),
    "scope": ("text", "what is counted, if said again: it must be the scope of the observer"),
    "citation": ("url", "where it can be read"),
    "note": ("text", "caveats"),
}
EVENTS: Keys = {
    "table": ("text", "the event table, its path from this file"),
    "mapping": ("text", "a shipped mapping, or the path of one from this file"),
    "where": ("conditions", "only rows with these words: column to word or words; goes before the mapping's own"),
    "factions": ("texts", "only attacks of these"),
    "every": ("every", "day (default) or week: how fine the counts are"),
}
CHANGE: Keys = {"date": ("day", "first day of the new definition"), "what": ("text", "what changed")}
INTERVENTION: Keys = {
    "id": ("id", "its name"),
    "kind": ("kind", "strike, halt, truce or other"),
    "title": ("text", "what it was, for people"),
    "date": ("day", "the day, known without looking at the attacks"),
    "ends": ("day", "its last day, if it ended"),
    "by": ("text", "who did it"),
    "on": ("text", "on or with whom, where"),
    "announced": ("flag", "whether it was announced (default: yes)"),
    "may_last": ("flag", "whether its effect may last (default: no for strikes, yes for all else)"),
    "dated_by": ("dated-by", "event (default), announcement or report; outcome is refused"),
    "citation": ("url", "where it can be read"),
    "note": ("text", "caveats"),
}


def shipped_tempos() -> tuple[str, ...]:
    """Names of the series that ship."""
    return tuple(sorted(path.stem for path in (bundled("data") / "tempo").glob("*.yaml")))


def read_tempo(name: str | os.PathLike[str]) -> Tempo:
    """Read a series of attacks and the interventions on it.

    Parameters
    ----------
    name : str or path
        A shipped name such as ``"us-forces-2023-24"``, or a path: anything with a ``/`` or ending in ``.yaml``.

    Returns
    -------
    Tempo
        What the file, and the tables that it names, say; checked.

    Raises
    ------
    UsageError
        No such shipped series.
    FormatError, TempoError, EventError
        The file or a table cannot be used; file and line are named.

    See Also
    --------
    tempo : Ask whether the interventions changed the tempo.

    Examples
    --------
    >>> import attribution as at
    >>> tempo = at.read_tempo("us-forces-2023-24")
    >>> tempo.days, len(tempo.interventions)
    (187, 14)
    """
    text = os.fspath(name)
    if "/" in text or os.sep in text or text.endswith((".yaml", ".yml")):
        return parse_tempo(read_text(Path(text)), text, Path(text).parent)
    if text not in shipped_tempos():
        error = UsageError.unknown("shipped series", text, shipped_tempos(), at=("tempo",))
        error.hint = error.hint or f"a file of your own is named by its path: ./{text[:60]}.yaml"
        raise error
    path = bundled("data") / "tempo" / f"{text}.yaml"
    return parse_tempo(read_text(path), f"data/tempo/{text}.yaml", path.parent)


def parse_tempo(text: str, file: str = "tempo.yaml", folder: Path | None = None, today: dt.date | None = None) -> Tempo:
    """A series from the text of a file; tables that it names are found from `folder`.

    Raises
    ------
    FormatError, TempoError, EventError
        With file and line.
    """
    root = Field(parse(text, file), (), file)
    check_format(root, TEMPO_FORMAT)
    known = root.block(TEMPO, ("id", "title", "from", "to", "observers"))
    days = _Days(today or dt.date.today())
    first, last = days.read(known["from"]), days.read(known["to"])
    entries = known["observers"].entries()
    if not entries:
        raise known["observers"].fail("observers is empty.", "at least one observer")
    observers = []
    for id, field in entries.items():
        observer = _observer(field, id, (first, last), days, folder or Path())
        if "table" not in field.entries() and "events" not in field.entries():
            observers.append(observer)
            continue
        with located(root, field):
            check_observer(observer, first, last)
        observers.append(observer)
    fields = known["interventions"].items() if "interventions" in known else []
    with located(root):
        return Tempo(
            id=known["id"].text(),
            title=known["title"].text(),
            first=first,
            last=last,
            observers=tuple(observers),
            interventions=tuple(_intervention(field, days) for field in fields),
            question=text_of(known, "question"),
            source=text_of(known, "source"),
            text=text,
        )


def tempo_schema() -> Schema:
    """The schema (draft 2020-12) of ``attribution-tempo/1`` files."""
    number = {"type": "integer", "minimum": 0}
    intervention = block(INTERVENTION, ("id", "kind", "date"))
    shapes = scalars() | {
        "day": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
        "number": number,
        "kind": {"enum": list(KINDS)},
        "precision": {"enum": list(PRECISIONS)},
        "dated-by": {"enum": list(DATED_BY)},
        "every": {"enum": list(INTERVALS)},
        "conditions": map_of(ref("texts")),
        "counts": list_of(block(COUNT, tuple(COUNT))),
        "statements": list_of(block(STATEMENT, ("as_of", "total"))),
        "events": block(EVENTS, ("table", "mapping")),
        "changes": list_of(block(CHANGE, tuple(CHANGE))),
        "observer": {
            **block(OBSERVER, ("scope",)),
            "oneOf": [{"required": [way]} for way in WAYS],
        },
        "observers": map_of(ref("observer"), least=1),
        "interventions": either(list_of(intervention), {"type": "null"}),
    }
    return file_schema(TEMPO_FORMAT, "tempo", TEMPO, ("format", "id", "title", "from", "to", "observers"), shapes)


class _Days:
    """Reads days, and refuses those that have not come."""

    def __init__(self, today: dt.date) -> None:
        self.today = today

    def read(self, field: Field) -> dt.date:
        moment = field.moment()
        if moment.time is not None:
            raise field.fail(f'"{field.text()}" has a time of day.', "a day: 2024-01-28")
        if moment.day > self.today:
            raise field.fail(
                f"{moment.day} lies in the future.", f"days until today, {self.today}", "is the year misspelt?"
            )
        return moment.day

    def optional(self, block: dict[str, Field], key: str) -> dt.date | None:
        return self.read(block[key]) if key in block else None


def _observer(field: Field, id: str, span: tuple[dt.date, dt.date], days: _Days, folder: Path) -> Observer:
    known = field.block(OBSERVER, ("scope",))
    ways = [way for way in WAYS if way in known]
    if len(ways) != 1:
        raise field.fail(
            f"{id} has {' and '.join(f'`{way}`' for way in ways) or 'no numbers'}.",
            f"one of {', '.join(f'`{way}:`' for way in WAYS)}",
            "two ways of counting are two observers, each with its own name and scope",
        )
    scope = known["scope"].text()
    counts: tuple[Count, ...] = ()
    dropped = 0
    by_faction: tuple[tuple[str, tuple[dt.date, ...]], ...] = ()
    if "counts" in known:
        counts = tuple(_count(each, days) for each in known["counts"].items())
    elif "table" in known:
        counts = read_counts(_inside(known["table"], folder), days.today)
    elif "events" in known:
        found = _events(known["events"], span, folder)
        counts, dropped, by_faction = found.counts, found.dropped, found.by_faction
    statements = known["statements"].items() if "statements" in known else []
    changes = known["changes"].items() if "changes" in known else []
    return Observer(
        id=id,
        scope=scope,
        since=days.read(known["since"]) if "since" in known else span[0],
        title=text_of(known, "title"),
        counts=counts,
        statements=tuple(_statement(each, days, scope) for each in statements),
        changes=tuple(_change(each, days) for each in changes),
        source=text_of(known, "source"),
        note=text_of(known, "note"),
        dropped=dropped,
        by_faction=by_faction,
    )


def _events(field: Field, span: tuple[dt.date, dt.date], folder: Path) -> CountedEvents:
    known = field.block(EVENTS, ("table", "mapping"))
    where, mapping = known["where"].entries() if "where" in known else {}, known["mapping"]
    return counts_of_events(
        _inside(known["table"], folder),
        str(_inside(mapping, folder)) if mapping.text().endswith((".yaml", ".yml")) else mapping.text(),
        span,
        where={column: tuple(word.text() for word in words.one_or_more()) for column, words in where.items()},
        factions=tuple(one.text() for one in known["factions"].one_or_more()) if "factions" in known else (),
        every=known["every"].word("intervals", INTERVALS) if "every" in known else "day",
        place=known.get("factions", field),
    )


def _inside(field: Field, folder: Path) -> Path:
    """A file that a series names, in its own folder: nothing else of a machine is read."""
    inside = PurePosixPath(field.text())
    if inside.is_absolute() or ".." in inside.parts or "\\" in field.text():
        raise field.fail(
            f"{field.found()} lies outside the folder of the series.",
            "a file in the folder of the series",
            "copy the table there, or link it",
        )
    return folder / inside


def _count(field: Field, days: _Days) -> Count:
    known = field.block(COUNT, tuple(COUNT))
    return Count(days.read(known["first"]), days.read(known["last"]), _whole(known["count"]))


def _statement(field: Field, days: _Days, scope: str) -> Statement:
    known = field.block(STATEMENT, ("as_of", "total"))
    if "scope" in known and known["scope"].text() != scope:
        raise known["scope"].fail(
            f'this statement counts "{known["scope"].text()[:80]}", its observer "{scope[:80]}".',
            "statements of one scope under one name",
            "what counts something else is an observer of its own, with a name of its own",
        )
    return Statement(
        as_of=days.read(known["as_of"]),
        total=_whole(known["total"]),
        precision=known["precision"].word("precisions", PRECISIONS) if "precision" in known else "exact",  # type: ignore[arg-type]
        source=text_of(known, "source"),
        published=days.optional(known, "published"),
        none_since=days.optional(known, "none_since"),
        citation=_citation(known),
        note=text_of(known, "note"),
    )


def _change(field: Field, days: _Days) -> Change:
    known = field.block(CHANGE, tuple(CHANGE))
    return Change(days.read(known["date"]), known["what"].text())


def _intervention(field: Field, days: _Days) -> Intervention:
    known = field.block(INTERVENTION, ("id", "kind", "date"))
    kind = known["kind"].word("kinds of intervention", KINDS)
    return Intervention(
        id=known["id"].text(),
        kind=kind,  # type: ignore[arg-type]
        date=days.read(known["date"]),
        ends=days.optional(known, "ends"),
        title=text_of(known, "title"),
        by=text_of(known, "by"),
        on=text_of(known, "on"),
        announced=known["announced"].flag() if "announced" in known else True,
        may_last=known["may_last"].flag() if "may_last" in known else kind != "strike",
        dated_by=known["dated_by"].word("ways of dating", DATED_BY) if "dated_by" in known else "event",  # type: ignore[arg-type]
        citation=_citation(known),
        note=text_of(known, "note"),
    )


def _citation(known: dict[str, Field]) -> Citation | None:
    if "citation" not in known:
        return None
    with located(known["citation"], known["citation"]):
        return Citation(url=known["citation"].text(), title=text_of(known, "source") or text_of(known, "title"))


def _whole(field: Field) -> int:
    value = field.number()
    if value != int(value):
        raise field.fail(f"{field.found()} is no whole number.", "whole numbers: attacks are counted")
    return int(value)


@dataclass(frozen=True, slots=True)
class CountedEvents:
    """Counts, how many events fitted into no interval, and the days of the attacks of each faction."""

    counts: tuple[Count, ...]
    dropped: int
    by_faction: tuple[tuple[str, tuple[dt.date, ...]], ...]


def read_counts(path: Path, today: dt.date) -> tuple[Count, ...]:
    """Counts from a CSV with the columns ``date,count`` or ``first,last,count``.

    Raises
    ------
    FormatError
        With file and line.
    """
    file = str(path)
    reader = csv.reader(read_text(path).splitlines())
    try:
        rows = list(reader)
    except csv.Error as error:
        raise FormatError(
            f"this is not CSV: {error}.", allowed="a CSV file", hint="is a quotation mark missing?",
            file=file, line=reader.line_num,
        ) from None  # fmt: skip
    header = tuple(name.strip() for name in rows[0]) if rows else ()
    if header not in _HEADERS:
        raise FormatError(
            f"the columns are {listed(header) or 'none'}.",
            allowed="date,count or first,last,count in the first line",
            file=file, line=1,
        )  # fmt: skip
    counts: list[Count] = []
    for line, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) != len(header):
            raise FormatError(f"the line has {len(row)} cells.", allowed=f"{len(header)}", file=file, line=line)
        days = [_day(cell, file, line, today) for cell in row[:-1]]
        if not row[-1].strip().isdecimal():
            raise FormatError(
                f'the count is "{row[-1].strip()[:40]}".',
                allowed="a whole number, 0 or more",
                hint="a day without a count is left out, not empty: nothing counted is not nothing happened",
                file=file,
                line=line,
            )
        found = Count(days[0], days[-1], int(row[-1]))
        if found.last < found.first or (counts and found.first <= counts[-1].last):
            raise FormatError(
                f"{found.first} to {found.last} is no interval after the one before it.",
                allowed="intervals in order of time that share no day",
                file=file, line=line,
            )  # fmt: skip
        counts.append(found)
    return tuple(counts)


def _day(cell: str, file: str, line: int, today: dt.date) -> dt.date:
    try:
        day = dt.date.fromisoformat(cell.strip())
    except ValueError:
        raise FormatError(
            f'"{cell.strip()[:40]}" is not a day.', allowed="a day such as 2024-01-28", file=file, line=line
        ) from None
    if day > today:
        raise FormatError(f"{day} lies in the future.", allowed=f"days until today, {today}", file=file, line=line)
    return day


def counts_of_events(
    table: Path,
    mapping: str,
    span: tuple[dt.date, dt.date],
    *,
    where: Mapping[str, tuple[str, ...]],
    factions: tuple[str, ...],
    every: str,
    place: Field,
) -> CountedEvents:
    """Count the events of a table by days or weeks from the first day of the span; errors about factions at `place`.

    An event that may have happened in two intervals is not counted, but told: put on its first day it would make a
    step out of a coarse date.

    Raises
    ------
    FormatError, EventError, UsageError
        The table or the mapping cannot be used.
    TempoError
        A faction that the table does not know.
    """
    from attribution.archive.reading.mapping import Condition
    from attribution.archive.reading.mapping_file import read_mapping
    from attribution.archive.reading.read import read_events

    read = read_mapping(mapping)
    kept = tuple(one for one in read.where if one.column not in where)
    extra = tuple(Condition(column, words) for column, words in where.items())
    events = read_events(table, replace(read, where=(*kept, *extra))).events
    first, last = ((day - _EPOCH).days for day in span)
    inside = (events.last_day >= first) & (events.day <= last)
    if factions:
        inside &= np.isin(events.label, [_code(name, events, place) for name in factions])
    width = 7 if every == "week" else 1
    size = (last - first + 1) // width
    cell, end = (events.day - first) // width, (events.last_day - first) // width
    placed = inside & (cell == end) & (cell >= 0) & (cell < size)
    number = np.bincount(cell[placed], minlength=size)
    counts = (
        Count(span[0] + dt.timedelta(days=width * at), span[0] + dt.timedelta(days=width * at + width - 1), int(many))
        for at, many in enumerate(number)
    )
    return CountedEvents(tuple(counts), int(np.sum(inside & (cell != end))), _by_faction(events, placed))


def _by_faction(events: EventTable, placed: NDArray[np.bool_]) -> tuple[tuple[str, tuple[dt.date, ...]], ...]:
    """The days of the attacks of each faction that the table names."""
    days: dict[str, list[dt.date]] = {}
    for at in np.flatnonzero(placed & (events.label >= 0)):
        days.setdefault(events.factions[events.label[at]], []).append(_EPOCH + dt.timedelta(days=int(events.day[at])))
    return tuple((name, tuple(days[name])) for name in sorted(days, key=lambda name: -len(days[name])))


def _code(name: str, events: EventTable, place: Field) -> int:
    if name not in events.factions:
        raise TempoError(
            f'"{name[:80]}" is not among the factions of the table.',
            at=place.path,
            allowed=listed(events.factions) or "nothing: the table names no faction",
            hint=did_you_mean(name, events.factions),
        ).located(place.file, place.line)
    return events.factions.index(name)
