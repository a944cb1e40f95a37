"""From a table, by its shipped name or its path, to an `EventTable`: a chunk at a time, errors with file and line."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.archive.codes import Coding
from attribution.archive.events import EventTable, Tally
from attribution.archive.reading.columnar import Coded, Texts
from attribution.archive.reading.columns import (
    UNDATED,
    Remembered,
    Rows,
    Wanted,
    What,
    When,
    Where,
    Who,
    Window,
    whole,
    window,
    within,
)
from attribution.archive.reading.concerns import reading_concerns
from attribution.archive.reading.encodings import Written
from attribution.archive.reading.labels import key
from attribution.archive.reading.mapping import Condition, EventMapping
from attribution.archive.reading.mapping_file import locate, read_mapping, shipped_mappings
from attribution.archive.reading.tables import SUFFIXES, Chunk, Layout, Table, open_table
from attribution.archive.reading.vocabulary import Met, table_concerns, vocabulary_concerns
from attribution.domain.concern import Concern
from attribution.errors import EventError, FormatError, UsageError
from attribution.reading.shipped import bundled

_EVER = 1 << 40
_SAME = ("id", "row", "day", "precision", "latitude", "longitude", "label", "certainty", "claim")


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
    until: dt.date | None = None,
    progress: Callable[[int], None] | None = None,
) -> Archive:
    """Read a table of past events.

    `case` leaves out the events that the mapping excludes for that case; `until` those that may have happened later
    than that day; `progress` is told the rows read so far.

    Raises
    ------
    FormatError, EventError
        With the file and the line of the table, or of the mapping.
    """
    path = Path(path)
    wanted = tuple(name for name, _ in mapping.columns)
    layout = Layout(mapping.separator, mapping.header, mapping.above, mapping.last, mapping.sheet, wanted)
    table = open_table(path, mapping.encoding, layout)
    called = _called(mapping, table.header)
    absent = {column: at for column, at in mapping.columns if column not in called}
    mapping, spans = _spans(mapping.without(absent), absent)
    try:
        mapping.check_columns((*table.header, *called), path.name, table.hint)
    except EventError as error:
        raise locate(mapping, error) from None
    if until is not None:
        spans = (*spans, Condition("date", (), until=str(until)))
    empty = partial(Collector, mapping, today or dt.date.today(), mapping.excluded(case), spans)
    collector = _collected(empty, table, mapping, called, progress)
    _check_some(collector, mapping, str(path))
    try:
        events = collector.table()
    except EventError as error:
        raise locate(mapping, error) from None
    tally = Tally(collector.rows, collector.filtered, collector.excluded, collector.undated, len(events))
    concerns = (
        *reading_concerns(events, mapping, table.written, tally, collector.found_ids, path),
        *vocabulary_concerns(mapping, collector.met),
        *table_concerns(events, mapping),
        *_absent(absent),
    )
    gravest = sorted(concerns, key=lambda one: ("blocking", "warning", "note").index(one.severity))
    return Archive(events, mapping, path.name, sha256(path), table.written, tally, tuple(gravest))


def _collected(
    empty: Callable[[], Collector],
    table: Table,
    mapping: EventMapping,
    called: dict[str, str],
    progress: Callable[[int], None] | None,
) -> Collector:
    """All rows: by columns where that can be, and a row at a time where it cannot or where something is wrong."""

    def filled(chunks: Iterator[Chunk]) -> Collector:
        collector = empty()
        for chunk in chunks:
            texts = {name: chunk.columns[own] for name, own in called.items()}
            collector.add(Chunk(texts, chunk.lines), str(table.path))
            if progress:
                progress(collector.rows)
        return collector

    if table.by_columns:
        rare = {own for name, own in called.items() if name in mapping.rare}
        with suppress(FormatError, EventError):
            return filled(table.coded(tuple(called.values()), rare))
    return filled(table.chunks(tuple(called.values())))


def _called(mapping: EventMapping, header: tuple[str, ...]) -> dict[str, str]:
    """What the table calls the columns of the mapping: the same, or the only one that differs in case and blanks."""
    by_case: dict[str, list[str]] = {}
    for name in header:
        by_case.setdefault(key(name), []).append(name)
    found = {}
    for name, _ in mapping.columns:
        alike = by_case.get(key(name), [])
        if name in header or len(alike) == 1:
            found[name] = name if name in header else alike[0]
    return found


def _spans(mapping: EventMapping, absent: Container[str]) -> tuple[EventMapping, tuple[Condition, ...]]:
    """Conditions on the date of the event, where `date` is no column; and the mapping without them."""
    if "date" not in absent:
        return mapping, ()
    spans = tuple(one for one in mapping.where if one.column == "date" and (one.since or one.until))
    return replace(mapping, where=tuple(one for one in mapping.where if one not in spans)), spans


def _absent(columns: Mapping[str, tuple[str | int, ...]]) -> list[Concern]:
    """A note of the optional columns that a table does not have."""
    told = ", ".join(f'"{name}" (`{": ".join(map(str, at))}`)' for name, at in columns.items() if at[0] != "where")
    return [
        Concern(
            what=f"the table has no column {told}, and was read without",
            means="what is made of it is not there", remedy="nothing, if the table never had it",
            severity="note", topic="columns",
        )
    ] if told else []  # fmt: skip


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


def shipped_events() -> tuple[str, ...]:
    """Names of the tables that ship."""
    return tuple(sorted(path.stem for path in (bundled("data") / "events").glob("*.csv")))


def events_path(name: str) -> Path:
    """A table by its shipped name, or the path that was named.

    Raises
    ------
    UsageError
        No such shipped table.
    """
    if name in shipped_events():
        return bundled("data") / "events" / f"{name}.csv"
    if "/" not in name and not name.lower().endswith(SUFFIXES):
        error = UsageError.unknown("shipped tables", name, shipped_events(), at=("events",))
        error.hint = error.hint or f"a table of your own is named by its path: ./{name[:60]}.csv"
        raise error
    return Path(name)


def mapping_name(path: Path) -> str:
    """The shipped mapping that has the name of a table.

    Raises
    ------
    UsageError
        There is none.
    """
    if path.stem in shipped_mappings():
        return path.stem
    fitting = _fitting(path) if path.is_file() else ""
    raise UsageError(
        f"{path.name} is read by no mapping of its own name.",
        allowed="--mapping MAP: " + ", ".join(shipped_mappings()) + ", or a path ending in .yaml",
        hint=fitting or "`attribution schema mapping` prints what a mapping may say; data/mappings/ has examples",
    )


def _fitting(path: Path) -> str:
    """The shipped mapping whose columns a table has, in words; nothing where it has few of any."""
    best, most = "", 0.8
    for name in shipped_mappings():
        mapping = read_mapping(name)
        lacking = mapping.without({*mapping.optional, *(one.column for one in mapping.features)})
        columns = tuple(column for column, _ in lacking.columns)
        header = open_table(path, layout=Layout(wanted=columns)).header
        share = Layout(wanted=columns).names_in(header) / len(columns)
        if share > most:
            best, most = name, share
    return f"its columns are those of {best}: --mapping {best}" if best else ""


class Collector:
    """What has been read so far."""

    def __init__(
        self, mapping: EventMapping, today: dt.date, left_out: frozenset[str], spans: Sequence[Condition] = ()
    ) -> None:
        order = mapping.dates.order
        self._inside: Remembered[Window, bool] | None = None
        if spans:
            self._inside = Remembered(lambda days: all(within(days, one, order, today) for one in spans))
        self.met = Met(mapping)
        self._mapping, self._left_out, self._today = mapping, left_out, today
        missing = self._missing = frozenset(whole(word) for word in mapping.missing)
        self._when = When(mapping.dates, missing, today)
        self._where = Where(mapping.places, missing)
        self._who = Who(mapping, missing)
        self._what = [What(feature, missing) for feature in mapping.features]
        self._conditions = [(one.column, Remembered(Wanted(one, missing, today, order))) for one in mapping.where]
        self._plain = Remembered(whole)
        marks = {key(whole(mark)) for mark in mapping.perpetrators.marks}
        named = mapping.perpetrators.columns if marks else ()
        self._named = {name: Remembered(partial(_meant, marks, name)) for name in named}
        self._parts: dict[str, list[NDArray[Any]]] = {}
        self.rows = self.filtered = self.excluded = self.undated = 0
        self.found_ids: set[str] = set()

    @property
    def events(self) -> int:
        return self.rows - self.filtered - self.excluded - self.undated

    def add(self, chunk: Chunk, file: str) -> None:
        """The rows of a chunk.

        Raises
        ------
        EventError
            A cell that cannot be understood, with its line.
        """
        number = np.arange(self.rows, self.rows + len(chunk))
        self.rows += len(chunk)
        rows = Rows(self._cleaned(chunk), chunk.lines, file)
        keep = self._wanted(rows)
        self.met.add(rows.columns, keep)
        rows, number = rows.where(keep), number[keep]
        windows = self._when.read(rows)
        dated = windows[:, 0] != UNDATED[0]
        self.undated += int(np.sum(~dated))
        rows, number, days = rows.where(dated), number[dated], windows[dated]
        if self._inside is not None:
            inside = np.array([self._inside[first, more] for first, more in days.tolist()], dtype=np.bool_)
            self.filtered += int(np.sum(~inside))
            rows, number, days = rows.where(inside), number[inside], days[inside]
        if not len(rows):
            return
        found = {"row": number, "day": days[:, 0].copy(), "precision": days[:, 1].copy()}
        found |= {"id": np.array(self._ids(rows), dtype=object)}
        found |= self._where.read(rows) | self._who.read(rows)
        found |= {f"feature {at}": what.read(rows) for at, what in enumerate(self._what)}
        for name, values in found.items():
            self._parts.setdefault(name, []).append(values)

    def _cleaned(self, chunk: Chunk) -> dict[str, Sequence[str]]:
        """Texts without outer blanks and idle zeros; those that hardly repeat are not remembered."""
        rare, out = self._mapping.rare, dict[str, Sequence[str]]()
        for name, column in chunk.columns.items():
            clean = str.strip if name in rare else self._named.get(name, self._plain).__getitem__
            if isinstance(column, Texts):
                out[name] = texts = column.stripped()
                self.met.missing |= texts.among(self._missing)
            elif isinstance(column, Coded):
                out[name] = words = column.cleaned(clean)
                self.met.missing |= self._missing.intersection(words.words)
            else:
                out[name] = plain = list(map(clean, column))
                self.met.missing |= self._missing.intersection(plain)
        return out

    def _ids(self, rows: Rows) -> list[str]:
        return list(rows.columns[self._mapping.id]) if self._mapping.id else [str(line) for line in rows.lines]

    def _wanted(self, rows: Rows) -> NDArray[np.bool_]:
        keep = np.ones(len(rows), dtype=np.bool_)
        for column, wanted in self._conditions:
            keep &= rows.understood([column], wanted).astype(np.bool_)
        self.filtered += int(np.sum(~keep))
        if self._left_out:
            ids = self._ids(rows)
            out = np.array([id in self._left_out for id in ids], dtype=np.bool_)
            self.found_ids |= self._left_out.intersection(ids)
            self.excluded += int(np.sum(out & keep))
            keep &= ~out
        return keep

    def table(self) -> EventTable:
        """All rows, in order of time.

        Raises
        ------
        EventError
            A lineage that goes in a circle.
        """
        together = {name: np.concatenate(self._parts.pop(name)) for name in list(self._parts)}
        if self._mapping.perpetrators.together:
            together = self._who.one_of_rows(together)
        order = np.argsort(together["day"], kind="stable")
        column = {name: together.pop(name)[order] for name in list(together)}
        groups, parent = self._who.factions.tree()
        places = zip(self._mapping.places.levels, self._where.levels, strict=True)
        return EventTable(
            **{name: column[name] for name in _SAME},
            place=tuple(
                Coding(level, column[f"place {at}"], codes.names) for at, ((level, _), codes) in enumerate(places)
            ),
            features=tuple(
                Coding(what.feature.name, column[f"feature {at}"], what.codes.names)
                for at, what in enumerate(self._what)
            ),
            factions=self._who.factions.codes.names,
            among=self._who.factions.label_sets(column["set"]),
            claimants=self._who.claimants.codes.names,
            groups=groups,
            parent=parent,
            lifetimes=self._lifetimes(),
        )

    def _lifetimes(self) -> tuple[tuple[str, tuple[int, int]], ...]:
        """First and last possible day of factions, names in the one spelling.

        Raises
        ------
        EventError
            No date, or an end before the beginning.
        """
        out = []
        for name, first, last in self._mapping.lifetimes:
            try:
                low = window(first, self._mapping.dates.order, self._today)[0] if first else -_EVER
                high = sum(window(last, self._mapping.dates.order, self._today)) if last else _EVER
            except EventError as error:
                raise EventError(error.what, at=("lifetimes", name), allowed=error.allowed, hint=error.hint) from None
            if high < low:
                raise EventError(f'"{name}" ends before it begins.', at=("lifetimes", name), allowed="from, then until")
            out.append((self._who.factions.name(name), (low, high)))
        return tuple(out)


def _meant(marks: Container[str], column: str, text: str) -> str:
    """A cell of a column that has the name of a faction: the name itself where it is marked."""
    plain = whole(text)
    return column if key(plain) in marks else plain


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
