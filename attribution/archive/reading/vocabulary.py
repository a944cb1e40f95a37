"""Words of a mapping that its table never uses, and words of the table that a list of the mapping does not cover.

A misspelt word in a mapping does nothing, and does it silently: an umbrella that nobody carries, an alias of nobody, a
precision that is read as an exact day. So every word of the mapping is looked for in the table, and every word of the
table in the lists that are meant to be whole.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from fnmatch import fnmatchcase
from itertools import compress, pairwise

import numpy as np
from numpy.typing import NDArray

from attribution.archive.codes import combined
from attribution.archive.events import EventTable
from attribution.archive.reading.labels import key
from attribution.archive.reading.mapping import EventMapping
from attribution.domain.concern import Concern

_MOST = 20_000  # words of a column that are kept apart
_SHOWN = 4
_GENERIC = re.compile(
    r"\b(unidentified|unnamed|unspecified|unaffiliated|suspected|extremists?|separatists?|militants?|gunmen|insurgents?"
    r"|rebels?|terrorists?|militias?|protesters|rioters|mobs?|fundamentalists|jihadis?|bandits|tribesmen|anarchists"
    r"|individuals?|perpetrators?|attackers?|assailants?|civilians)$",
    re.IGNORECASE,
)
_ACRONYM = re.compile(r"(?:^([A-Z][A-Z0-9-]{1,9}): (.+)$)|(?:^(.+?) \(([^()]+)\)$)")
_LEAST_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class WordList:
    """Words that a mapping lists for some columns, and whether the list is meant to be whole."""

    where: str  # in the mapping
    columns: tuple[str, ...]
    words: tuple[str, ...]
    closed: bool  # a word of the table that is not in it has a meaning that nobody chose
    before: bool = False  # looked for among all rows, not only those that `where` leaves


@dataclass(slots=True)
class Met:
    """The words met in the columns for which the mapping lists some."""

    mapping: EventMapping
    lists: tuple[WordList, ...] = ()
    words: dict[tuple[str, bool], Counter[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lists = tuple(_lists(self.mapping))

    def add(self, columns: Mapping[str, Sequence[str]], keep: NDArray[np.bool_]) -> None:
        """Count the words of a chunk."""
        for one in self.lists:
            for column in one.columns:
                counter = self.words.setdefault((column, one.before), Counter())
                if len(counter) < _MOST and one is self._first(column, before=one.before):
                    counter.update(columns[column] if one.before else compress(columns[column], keep))

    def _first(self, column: str, *, before: bool) -> WordList:
        return next(one for one in self.lists if column in one.columns and one.before == before)


def vocabulary_concerns(mapping: EventMapping, met: Met) -> Iterator[Concern]:
    """One concern for each list with words that are never met, and for each whole list with words it does not cover."""
    separator = mapping.perpetrators.separator
    for one in met.lists:
        counts: Counter[str] = Counter()
        for column in one.columns:
            for text, count in met.words.get((column, one.before), Counter()).items():
                for part in text.split(separator) if separator and one.where != "where" else [text]:
                    counts[part.strip()] += count
        plain: Counter[str] = Counter()
        spelt: dict[str, str] = {}
        for word, count in counts.items():
            plain[key(word)] += count
            spelt.setdefault(key(word), word)
        wanted = [key(word) for word in one.words]
        yield from _unused(one, wanted, plain, spelt)
        if one.closed:
            yield from _uncovered(one, mapping, wanted, plain, spelt)


def _unused(one: WordList, wanted: list[str], plain: Counter[str], spelt: dict[str, str]) -> Iterator[Concern]:
    idle = [word for word, name in zip(one.words, wanted, strict=True) if name and not _met(name, plain)]
    if not idle:
        return
    near = {word: get_close_matches(key(word), list(plain)[:_MOST], 1, 0.75) for word in idle[:_SHOWN]}
    told = [f'"{word}"' + (f' (is it "{spelt[near[word][0]]}"?)' if near[word] else "") for word in idle[:_SHOWN]]
    more = f" and {len(idle) - _SHOWN} more" if len(idle) > _SHOWN else ""
    yield Concern(
        what=f"{len(idle)} of {len(one.words)} words under `{one.where}` never occur in {' or '.join(one.columns)}: "
        f"{', '.join(told)}{more}",
        means="what was meant by them does not happen",
        remedy="spell them as the table does, or take them out",
        severity="warning" if any(near.values()) or len(idle) == len(one.words) > 1 else "note",
        topic="words",
    )


def _uncovered(
    one: WordList, mapping: EventMapping, wanted: list[str], plain: Counter[str], spelt: dict[str, str]
) -> Iterator[Concern]:
    missing = {key(word) for word in mapping.missing}
    left = [(name, count) for name, count in plain.most_common() if name not in missing and not _listed(name, wanted)]
    if not left:
        return
    told = ", ".join(f'"{spelt[name][:40]}" ({count:,})' for name, count in left[:_SHOWN])
    more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
    yield Concern(
        what=f"{sum(count for _, count in left):,} rows have words in {' or '.join(one.columns)} that "
        f"`{one.where}` does not list: {told}{more}",
        means={
            "date: precision": "their dates are read as exact",
            "claim": "they are read as names of claimants",
        }.get(one.where, "they are read as any other word"),
        remedy="list them, if they mean something",
        severity="warning",
        topic="words",
    )


def _met(pattern: str, plain: Counter[str]) -> bool:
    return pattern in plain or ("*" in pattern and any(fnmatchcase(word, pattern) for word in plain))


def _listed(word: str, patterns: list[str]) -> bool:
    return word in patterns or any("*" in each and fnmatchcase(word, each) for each in patterns)


def _lists(mapping: EventMapping) -> Iterator[WordList]:
    who, dates = mapping.perpetrators, mapping.dates
    names = (*who.columns, *((mapping.claims.column,) if mapping.claims else ()))
    if dates.precision:
        words = tuple(word for word, _ in dates.precision.days)
        yield WordList("date: precision", (dates.precision.column,), words, closed=True)
    if who.certainty:
        words = tuple(word for word, _ in who.certainty.values)
        yield WordList("perpetrator: certainty", who.certainty.columns, words, closed=False)
    if mapping.claims and mapping.claims.values:
        known = {meaning for _, meaning in mapping.claims.values}
        words = tuple(word for word, _ in mapping.claims.values)
        yield WordList("claim", (mapping.claims.column,), words, closed="claimed" in known)
    for feature in mapping.features:
        if feature.values:
            words = tuple(word for word, _ in feature.values)
            yield WordList(f"features: {feature.name}", (feature.column,), words, closed=False)
    for one in mapping.where:
        if one.words:
            yield WordList("where", (one.column,), one.words, closed=False, before=True)
    for where, words in (
        ("perpetrator: unknown", who.unknown),
        ("perpetrator: residual", who.residual),
        ("umbrellas", tuple(one.name for one in mapping.umbrellas)),
        ("aliases", tuple(other for _, others in mapping.aliases for other in others)),
        *_of_factions(mapping),
    ):
        if words:
            yield WordList(where, names, words, closed=False)


def _of_factions(mapping: EventMapping) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names under which the mapping says something of factions; of an alias, an umbrella or a group another list tells.

    A group may stand above another group and needs no event of its own; who hangs on a group must occur.
    """
    renamed = {key(name) for name, _ in mapping.aliases}
    indirect = renamed | {key(member) for one in mapping.umbrellas for member in one.members}
    groups = {key(parent) for _, parent in mapping.lineage}

    def told(names: Iterable[str], besides: set[str]) -> tuple[str, ...]:
        return tuple(name for name in names if key(name) not in besides)

    yield "lineage", told((child for child, _ in mapping.lineage), indirect | groups)
    yield "lifetimes", told((name for name, _, _ in mapping.lifetimes), indirect)
    yield "labelled", told((name for name, _ in mapping.labelled), indirect | {"else", "other"})


def table_concerns(events: EventTable) -> Iterator[Concern]:
    """What is doubtful about names, places, values and rows."""
    for look in (label_concerns, place_concerns, value_concerns, copy_concerns):
        yield from look(events)


def label_concerns(events: EventTable) -> Iterator[Concern]:
    """Names that are no faction, and pairs of names of which one holds the other's acronym or lacks its parenthesis."""
    count = np.bincount(events.label[events.labelled], minlength=len(events.factions))
    named = {name: int(times) for name, times in zip(events.factions, count.tolist(), strict=True) if times}
    generic = sorted((name for name in named if _GENERIC.search(name)), key=lambda name: -named[name])
    if generic:
        told = ", ".join(f'"{name}" ({named[name]:,})' for name in generic[:_SHOWN])
        yield Concern(
            what=f"{len(generic)} names describe somebody rather than name a faction: {told}",
            means="they are taken for factions with habits of their own, and draw probability from those that did it",
            remedy="put them under `unknown:` or `residual:` in the mapping, with * where many end alike",
            topic="generic labels",
        )
    known = {key(name): name for name in named}
    pairs = []
    for name in named:
        if match := _ACRONYM.match(name):
            others = [known[key(part)] for part in match.groups() if part and key(part) in known]
            pairs += [f'"{other}" and "{name}"' for other in others if other != name]
    if pairs:
        yield Concern(
            what=f"{len(pairs)} pairs of names may be one faction, with and without its acronym: "
            f"{'; '.join(pairs[:_SHOWN])}",
            means="a faction under two names has its history cut in two",
            remedy="put them under `aliases:` in the mapping if they are one",
            topic="spellings",
        )


def place_concerns(events: EventTable) -> Iterator[Concern]:
    """Coordinates that are none, and levels of place that do not lie in one another."""
    located = ~np.isnan(events.latitude)
    zero = located & (events.latitude == 0.0) & (events.longitude == 0.0)
    if zero.sum() > max(2, _LEAST_SHARE * located.sum()):
        yield Concern(
            what=f"{int(zero.sum()):,} of {int(located.sum()):,} events with coordinates lie at 0, 0, in the sea",
            means="they are near one another for no reason, and nearness says who it was",
            remedy="leave the cells empty, or name no coordinates in the mapping",
            topic="places",
        )
    for coarse, fine in pairwise(events.place):
        both = (coarse.codes >= 0) & (fine.codes >= 0)
        inside = len(np.unique(fine.codes[both]))
        around = len(np.unique(coarse.codes[both]))
        alone = len({fine.names[code].split(" / ")[-1] for code in np.unique(fine.codes[both]).tolist()})
        if around > 3 and inside == around and 2 * alone < around:
            yield Concern(
                what=f"the level {coarse.name} has {around:,} places, and {fine.name}, to lie inside, {alone:,}",
                means="shares of places are shrunk to those of smaller ones",
                remedy="`levels:` in the mapping go from coarse to fine",
                topic="places",
            )


def value_concerns(events: EventTable) -> Iterator[Concern]:
    """Columns of a few words in which some occur once: misspelt, or another column's."""
    for feature in events.features:
        count = np.bincount(feature.codes[feature.codes >= 0], minlength=len(feature.names))
        rare = [name for name, times in zip(feature.names, count.tolist(), strict=True) if times == 1]
        if rare and 5 <= len(feature.names) <= 100 and len(events) > 20 * len(feature.names):
            told = ", ".join(f'"{name[:40]}"' for name in rare[:_SHOWN])
            yield Concern(
                what=f"{len(rare)} of the {len(feature.names)} values of {feature.name} occur once: {told}",
                means="a value that occurs once tells nothing, and may be another one misspelt",
                remedy="read it as the one that is meant, under `values:` of the feature",
                severity="note",
                topic="words",
            )


def copies(events: EventTable) -> int:
    """How many events repeat an earlier one in day, place, coordinates, columns and label, whatever their id."""
    from pandas import factorize

    columns = [events.day, events.label, events.claim, *(level.codes for level in events.place)]
    columns += [feature.codes for feature in events.features]
    if not np.isnan(events.latitude).all():
        columns += [
            np.nan_to_num(each * 1e5, nan=-1e9).astype(np.int64) for each in (events.latitude, events.longitude)
        ]
    coded = ((codes, len(values)) for codes, values in map(factorize, columns))
    return len(events) - 1 - int(combined(coded, len(events)).max(initial=-1))


def copy_concerns(events: EventTable) -> Iterator[Concern]:
    """Events that look like one another in everything that is read."""
    twice = copies(events)
    fine = bool(events.place) or not np.isnan(events.latitude).all()
    if fine and twice > max(2, 0.02 * len(events)):
        yield Concern(
            what=f"{twice:,} events repeat another in day, place, columns and perpetrator",
            means="an event that is counted twice makes its perpetrator look more active than it was",
            remedy="see whether they are copies; one event in several rows: `together: yes` under `perpetrator:`",
            severity="note",
            topic="copies",
        )
