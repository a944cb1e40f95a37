"""What is doubtful about a table of events before anything is learned from it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from attribution.archive.encodings import Written
from attribution.archive.events import EventTable
from attribution.archive.labels import key
from attribution.archive.leaks import leak_concerns
from attribution.archive.mapping import EventMapping
from attribution.domain.concern import Concern

if TYPE_CHECKING:
    from attribution.archive.read_events import Tally

FEW_LABELS = 50
_NUMBER = re.compile(r"\d+")
_COMPARED = 150


def reading_concerns(
    events: EventTable, mapping: EventMapping, written: Written, tally: Tally, found_ids: set[str], path: Path
) -> tuple[Concern, ...]:
    """All doubts about a table that was read."""
    return (
        *_few_labels(events),
        *leak_concerns(events, mapping),
        *_left_out(mapping, tally, found_ids),
        *_twice(events),
        *_spellings(events),
        *_written(written, path),
    )


def _few_labels(events: EventTable) -> Iterator[Concern]:
    known = int(np.sum(events.labelled))
    if known < FEW_LABELS:
        yield Concern(
            what=f"only {known} events have one known perpetrator",
            means="what is learned from so few is wide, and depends on single events",
            remedy=f"take a longer history: from {FEW_LABELS} labelled events on this concern goes away",
            topic="few labels",
        )


def _left_out(mapping: EventMapping, tally: Tally, found_ids: set[str]) -> Iterator[Concern]:
    if tally.undated:
        yield Concern(
            what=f"{tally.undated:,} of {tally.rows:,} rows have no date and were left out",
            means="if undated events differ from the others, what is learned is one-sided",
            remedy="date them, if only to the year",
            topic="dates",
        )
    absent = sorted(mapping.excluded() - found_ids)
    if absent:
        yield Concern(
            what=f"{len(absent)} events that the mapping excludes are not in the table, {absent[0]} first",
            means="another version of the table, or an id that is misspelt: then the event was not left out",
            remedy="check `exclude:` in the mapping",
            topic="exclude",
        )


def _twice(events: EventTable) -> Iterator[Concern]:
    marks = np.fromiter(map(hash, events.id.tolist()), dtype=np.int64, count=len(events))  # texts are slow to sort
    _, first, count = np.unique(marks, return_index=True, return_counts=True)
    twice = np.sort(first[count > 1])
    if len(twice):
        yield Concern(
            what=f"{len(twice):,} ids stand for more than one event, {events.id[int(twice[0])]} first",
            means="an event that is counted twice makes its perpetrator look more active than it was",
            remedy="remove the copies, or name another column as `id:`",
            topic="ids",
        )


def _spellings(events: EventTable) -> Iterator[Concern]:
    """Names that differ by so little that they may be one, but not in a number."""
    count = np.bincount(events.label[events.labelled], minlength=len(events.factions))
    largest = [events.factions[code] for code in np.argsort(-count, kind="stable")[:_COMPARED]]
    pairs = []
    for at, name in enumerate(largest):
        for other in largest[at + 1 :]:
            if _NUMBER.findall(name) != _NUMBER.findall(other):
                continue  # the 17th of November is not the 19th
            match = SequenceMatcher(None, key(name), key(other), autojunk=False)
            if match.real_quick_ratio() > 0.9 and match.quick_ratio() > 0.9 and match.ratio() > 0.9:
                pairs.append(f'"{name}" and "{other}"')
    if pairs:
        yield Concern(
            what=f"{len(pairs)} pairs of names may be one faction spelt in two ways: {'; '.join(pairs[:4])}",
            means="a faction under two names has its history cut in two",
            remedy="put them under `aliases:` in the mapping if they are one",
            severity="note",
            topic="spellings",
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
