"""What is doubtful about a table of events before anything is learned from it.

Gravest are features that say who it was: columns that name the perpetrator in another form, by their name or by their
words.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np

from attribution.archive.codes import Coding, Ints, distinct, renumbered
from attribution.archive.events import EventTable, Tally
from attribution.archive.reading.encodings import Written
from attribution.archive.reading.labels import key
from attribution.archive.reading.mapping import EventMapping
from attribution.domain.concern import Concern
from attribution.domain.verbal import counted, few

FEW_LABELS = 50
# Columns of the common databases that name a perpetrator, or were filled in once the perpetrator was known.
NAMING = (
    *("gname*", "gsubname*", "motive", "summary", "scite*", "addnotes", "claim*", "compclaim", "guncertain*"),
    *("individual", "nperp*", "int_log", "int_ideo", "int_any"),  # made from the nationality of the perpetrator
    *("side_a*", "side_b*", "dyad_*", "conflict_*", "source_headline", "source_article", "source_original"),
    *("actor1", "actor2", "assoc_actor_*", "inter1", "inter2", "interaction", "notes", "tags"),
    *(
        "description",
        "perpetrator*",
        "attributed_to",
        "attribution_source",
        "claimed_by",
        "group",
        "group_name",
        "label*",
    ),
)
MARKS = frozenset(("x", "1", "0", "yes", "no", "y", "n", "true", "false", "+", "*", "\u2713", "\u2714"))
_SETTLES = 0.99  # share of events whose label the other events of the same value already give
_SPEAKS = 0.05
_LEAST = 20


def reading_concerns(
    events: EventTable, mapping: EventMapping, written: Written, tally: Tally, found_ids: set[str], path: Path
) -> tuple[Concern, ...]:
    """All doubts about a table that was read."""
    return (
        *_few_labels(events),
        *_marks(events, mapping),
        *leak_concerns(events, mapping),
        *_left_out(mapping, tally, found_ids),
        *_twice(events),
        *_written(written, path),
    )


def leak_concerns(events: EventTable, mapping: EventMapping) -> Iterator[Concern]:
    """A blocking concern for each feature that would tell the answer."""
    for feature, coding in zip(mapping.features, events.features, strict=True):
        why = _named(feature.column) or _spoken(events, coding) or _settled(events, coding)
        if why:
            yield Concern(
                what=f'the feature "{feature.name}" (column {feature.column}) {why}',
                means="it was written by somebody who knew the perpetrator: scores with it mean nothing",
                remedy="take it out of `features:` in the mapping",
                severity="blocking",
                topic="leak",
            )


def settles(value: Ints, label: Ints, labelled: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[float, int]:
    """Share of events whose label is that of most *other* events of the same value, and how many have such others."""
    both = labelled & (value >= 0)
    if not np.any(both):
        return 0.0, 0
    width = int(label.max()) + 1
    values = value[both]
    known = int(values.max()) + 1
    back, first = renumbered(values * width + label[both], known * width)
    times = np.bincount(back)
    code = values[first]
    rising = np.lexsort((times, code))  # the pairs of a value stand together, its most frequent label last
    last = np.flatnonzero(np.diff(code[rising], append=-1))
    before = rising[last - 1]
    most, second = np.zeros((2, known), dtype=np.int64)
    most[code[rising[last]]] = times[rising[last]]
    second[code[rising[last]]] = np.where((last > 0) & (code[before] == code[rising[last]]), times[before], 0)
    total = np.bincount(values, minlength=known)
    own = times[back]
    others = total[values] - 1
    rival = np.where(own == most[values], second[values], most[values])
    hit = (own - 1 > rival) & (others > 0)
    count = int(np.sum(others > 0))
    return (float(np.sum(hit) / count) if count else 0.0), count


def _few_labels(events: EventTable) -> Iterator[Concern]:
    known = int(np.sum(events.labelled))
    if known < FEW_LABELS:
        yield Concern(
            what=f"only {counted(known, 'event')} with one known perpetrator",
            means="what is learned from so few is wide, and depends on single events",
            remedy=f"take a longer history: from {FEW_LABELS} labelled events on this concern goes away",
            topic="few labels",
        )


def _marks(events: EventTable, mapping: EventMapping) -> Iterator[Concern]:
    """Marks that are read as names, where each faction has a column."""
    count = np.bincount(events.label[events.labelled], minlength=len(events.factions))
    found = [name for name, times in zip(events.factions, count.tolist(), strict=True) if times and key(name) in MARKS]
    if found and len(mapping.perpetrators.columns) > 1:
        told = ", ".join(f'"{name}"' for name in found)
        yield Concern(
            what=f"{told} is read as a perpetrator's name in the columns {few(mapping.perpetrators.columns, 4)}",
            means="whose column it is does not count",
            remedy=f"if each faction has a column: `marks: [{told}]` under `perpetrator:`, and `missing:` for no",
            severity="blocking",
            topic="marks",
        )


def _left_out(mapping: EventMapping, tally: Tally, found_ids: set[str]) -> Iterator[Concern]:
    if tally.undated:
        yield Concern(
            what=f"left out, since they have no date: {tally.undated:,} of {tally.rows:,} rows",
            means="if undated events differ from the others, what is learned is one-sided",
            remedy="date them, if only to the year",
            topic="dates",
        )
    absent = sorted(mapping.excluded() - found_ids)
    if absent:
        yield Concern(
            what=f"{counted(len(absent), 'event')} excluded by the mapping but not in the table, {absent[0]} first",
            means="another version of the table, or an id that is misspelt: then the event was not left out",
            remedy="check `exclude:` in the mapping",
            topic="exclude",
        )


def _twice(events: EventTable) -> Iterator[Concern]:
    marks = np.fromiter(map(hash, events.id.tolist()), dtype=np.int64, count=len(events))  # texts are slow to sort
    if distinct(marks) == len(marks):
        return
    _, first, count = np.unique(marks, return_index=True, return_counts=True)
    twice = np.sort(first[count > 1])
    if len(twice):
        yield Concern(
            what=f"{counted(len(twice), 'id')} of more than one event, {events.id[int(twice[0])]} first",
            means="an event that is counted twice makes its perpetrator look more active than it was",
            remedy="remove the copies, or name another column as `id:`; if an event has a row for each actor or claim: "
            "`together: yes` under `perpetrator:`",
            topic="ids",
        )


def _written(written: Written, path: Path) -> Iterator[Concern]:
    if written.guessed:
        yield Concern(
            what=f"the table is not UTF-8 and was read as {written.name}, which is a guess",
            means="names with accents may be garbled, and one name may look like two",
            remedy="look at a name with accents; `encoding:` in the mapping says which it is",
            severity="note",
            topic="encoding",
        )
    if written.codec and path.suffix != ".gz" and not _ends_with_a_line(path):
        yield Concern(
            what="the file does not end with a line end",
            means="if it was cut, its last row may be incomplete",
            remedy="compare its length with the source",
            severity="note",
            topic="cut",
        )


def _ends_with_a_line(path: Path) -> bool:
    with path.open("rb") as stream:
        stream.seek(0, 2)
        if not stream.tell():
            return True
        stream.seek(-1, 2)
        return stream.read() in (b"\n", b"\r")


def _named(column: str) -> str:
    if any(fnmatchcase(column.casefold(), pattern) for pattern in NAMING):
        return "names the perpetrator, or was filled in once that was known"
    return ""


def _spoken(events: EventTable, feature: Coding) -> str:
    """Do its words hold the name of the event's own faction?"""
    names = [key(name) for name in events.factions]
    words = [key(name) for name in feature.names]
    both = events.labelled & (feature.codes >= 0)
    count = int(np.sum(both))
    if count < _LEAST:
        return ""
    pairs, times = np.unique(feature.codes[both] * len(names) + events.label[both], return_counts=True)
    spoken = sum(
        often
        for pair, often in zip(pairs.tolist(), times.tolist(), strict=True)
        if len(name := names[pair % len(names)]) > 2 and f" {name} " in f" {words[pair // len(names)]} "
    )
    return f"holds the faction's own name in {spoken / count:.0%} of the events" if spoken > _SPEAKS * count else ""


def _settled(events: EventTable, feature: Coding) -> str:
    """Does its value settle the label, where other events share the value, far better than place does?"""
    share, count = settles(feature.codes, events.label, events.labelled)
    if count < 2 * _LEAST or share < _SETTLES:
        return ""
    base = np.bincount(events.label[events.labelled]).max() / np.sum(events.labelled)
    by_place = max((settles(level.codes, events.label, events.labelled)[0] for level in events.place), default=0.0)
    if share - max(base, by_place) < 0.05:
        return ""
    return f"settles the label in {share:.1%} of {count:,} events"
