"""Features that say who it was: columns that name the perpetrator in another form, by their name or by their words."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

import numpy as np

from attribution.archive.codes import Coding, Ints
from attribution.archive.events import EventTable
from attribution.archive.labels import key
from attribution.archive.mapping import EventMapping
from attribution.domain.concern import Concern

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
_SETTLES = 0.99  # share of events whose label the other events of the same value already give
_SPEAKS = 0.05
_LEAST = 20


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


def settles(value: Ints, label: Ints, labelled: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[float, int]:
    """Share of events whose label is that of most *other* events of the same value, and how many have such others."""
    both = labelled & (value >= 0)
    if not np.any(both):
        return 0.0, 0
    width = int(label.max()) + 1
    values = value[both]
    pairs, back, times = np.unique(values * width + label[both], return_inverse=True, return_counts=True)
    rising = np.argsort(times, kind="stable")  # so that the most frequent label of a value is written last
    most = np.zeros(int(values.max()) + 1, dtype=np.int64)
    second = np.zeros_like(most)
    for code, often in zip((pairs[rising] // width).tolist(), times[rising].tolist(), strict=True):
        most[code], second[code] = often, most[code]
    total = np.bincount(values, minlength=len(most))
    own = times[back]
    others = total[values] - 1
    rival = np.where(own == most[values], second[values], most[values])
    hit = (own - 1 > rival) & (others > 0)
    count = int(np.sum(others > 0))
    return (float(np.sum(hit) / count) if count else 0.0), count
