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
from difflib import SequenceMatcher, get_close_matches
from fnmatch import fnmatchcase
from itertools import compress, pairwise

import numpy as np
from numpy.typing import NDArray

from attribution.archive.codes import Coding, distinct, fingerprints, own_name
from attribution.archive.events import EventTable
from attribution.archive.reading.columnar import Coded
from attribution.archive.reading.labels import NOTHING, key
from attribution.archive.reading.mapping import EventMapping
from attribution.domain.concern import Concern, Severity
from attribution.domain.verbal import counted, few

_MOST = 20_000  # words of a column that are kept apart
_SHOWN = 4
_COMPARED = 150  # names, for their spelling
_NUMBER = re.compile(r"\d+")
_NOBODY = re.compile(
    r"^(un(identified|known|named|specified|affiliated|clear|determined)|suspected|various|several|multiple|other)\b"
    r"|\b(unidentified|unnamed|unspecified|unaffiliated|suspected)$",
    re.IGNORECASE,
)
_PLURAL = re.compile(
    r"\b(extremists?|separatists?|militants?|gunm[ea]n"
    r"|insurgents?|rebels|terrorists?|militias|protesters|rioters|mobs?|fundamentalists|jihad(i|ist)s?|islamists?|bandits|tribesmen"
    r"|anarchists?|individuals?|perpetrators?|attackers?|assailants?|civilians|armed (men|groups?)|fighters|guerrillas?"
    r"|youths?|students|activists|supremacists|loyalists|dissidents|snipers|herdsmen|herders|vigilantes|criminals|gangs?|locals"
    r"|villagers|soldiers)$",
    re.IGNORECASE,
)
_LED = re.compile(r"^([A-Z][A-Z0-9-]{1,9})\s*[:\u2013-]\s+(.+)$")  # AQAP: Al-Qaida in the Arabian Peninsula
_CLOSED = re.compile(r"^(.+?)\s*[(\[]([^()\[\]]+)[)\]]$")  # Al-Qaida in the Arabian Peninsula (AQAP)
_SHORT = re.compile(r"[A-Z][A-Z0-9-]{1,9}")
_LEAST_SHARE = 0.01
_MAY_BE_MORE = ("where", "perpetrator: certainty")  # lists that need not be whole
_SEVERAL = re.compile(r"\s*(?:[;|/&,+]|\b(?:and|or|und|et)\b)\s*", re.IGNORECASE)
_SMALL = frozenset(("of", "the", "and", "in", "for", "de", "la", "al"))


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
    missing: set[str] = field(default_factory=set)  # words for nothing that were met, in whatever column

    def __post_init__(self) -> None:
        self.lists = tuple(_lists(self.mapping))

    def add(self, columns: Mapping[str, Sequence[str]], keep: NDArray[np.bool_]) -> None:
        """Count the words of a chunk."""
        for one in self.lists:
            for column in one.columns:
                counter = self.words.setdefault((column, one.before), Counter())
                if len(counter) < _MOST and one is self._first(column, before=one.before):
                    texts = columns[column]
                    if isinstance(texts, Coded):
                        counter.update((texts if one.before else texts.where(keep)).counts())
                    else:
                        counter.update(texts if one.before else compress(texts, keep))

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
        yield from _unused(one, mapping, wanted, plain, spelt)
        if one.closed:
            yield from _uncovered(one, mapping, wanted, plain, spelt)
    idle = [word for word in mapping.missing if word.strip() and key(word) not in {key(each) for each in met.missing}]
    if idle:
        yield Concern(
            what=f"{len(idle)} of {len(mapping.missing) - 1} words under `missing` never occur: "
            + ", ".join(f'"{word}"' for word in idle[:_SHOWN]),
            means="nothing is read as missing by them", remedy="spell them as the table does, or take them out",
            severity="note", topic="words",
        )  # fmt: skip


def _unused(
    one: WordList, mapping: EventMapping, wanted: list[str], plain: Counter[str], spelt: dict[str, str]
) -> Iterator[Concern]:
    idle = [word for word, name in zip(one.words, wanted, strict=True) if name and not _met(name, plain)]
    if not idle:
        return
    near = {word: get_close_matches(key(word), list(plain)[:_MOST], 1, 0.75) for word in idle[:_SHOWN]}
    told = [f'"{word}"' + (f' (is it "{spelt[near[word][0]]}"?)' if near.get(word) else "") for word in idle]
    vain = len(idle) == len(one.words) > 1 and not mapping.shipped  # an extract lacks words of a whole database
    yield Concern(
        what=f"{len(idle)} of {len(one.words)} words under `{one.where}` never occur in {' or '.join(one.columns)}: "
        f"{few(told, _SHOWN)}",
        means="what was meant by them does not happen",
        remedy="spell them as the table does, or take them out",
        severity="warning" if vain or any(near.values()) else "note",
        topic="words",
    )


def _uncovered(
    one: WordList, mapping: EventMapping, wanted: list[str], plain: Counter[str], spelt: dict[str, str]
) -> Iterator[Concern]:
    missing = {key(word) for word in mapping.missing}
    left = [(name, count) for name, count in plain.most_common() if name not in missing and not _listed(name, wanted)]
    if not left:
        return
    near = {name: get_close_matches(name, wanted, 1, 0.75) for name, _ in left[:_SHOWN]}
    meant = dict(zip(wanted, one.words, strict=True))
    told = [
        f'"{spelt[name][:40]}" ({count:,}' + (f'; is it "{meant[near[name][0]]}"?)' if near.get(name) else ")")
        for name, count in left
    ]
    yield Concern(
        what=f"{sum(count for _, count in left):,} rows have words in {' or '.join(one.columns)} that "
        f"`{one.where}` does not list: {few(told, _SHOWN)}",
        means={
            "date: precision": "their dates are read as exact",
            "claim": "they are read as names of claimants",
            "where": "those rows are left out",
            "perpetrator: marks": "they are read as names of perpetrators",
            "perpetrator: certainty": "their labels have the certainty of `else`",
        }.get(one.where, "they are read as any other word"),
        remedy="list them, if they mean something",
        severity="note" if one.where in _MAY_BE_MORE and not any(near.values()) else "warning",
        topic="words",
    )


def _met(pattern: str, plain: Counter[str]) -> bool:
    return pattern in plain or ("*" in pattern and any(fnmatchcase(word, pattern) for word in plain))


def _listed(word: str, patterns: list[str]) -> bool:
    return word in patterns or any("*" in each and fnmatchcase(word, each) for each in patterns)


def _lists(mapping: EventMapping) -> Iterator[WordList]:
    who, dates = mapping.perpetrators, mapping.dates
    if dates.precision:
        words = tuple(word for word, _ in dates.precision.days)
        yield WordList("date: precision", (dates.precision.column,), words, closed=True)
    if who.certainty:
        words = tuple(word for word, _ in who.certainty.values)
        yield WordList("perpetrator: certainty", who.certainty.columns, words, closed=True)
    if mapping.claims and mapping.claims.values:
        known = {meaning for _, meaning in mapping.claims.values}
        words = tuple(word for word, _ in mapping.claims.values)
        yield WordList("claim", (mapping.claims.column,), words, closed="claimed" in known)
    for feature in mapping.features:
        if feature.values:
            words = tuple(word for word, _ in feature.values)
            yield WordList(f"features: {feature.name}", (feature.column,), words, closed=False)
    yield from _of_names(mapping)


def _of_names(mapping: EventMapping) -> Iterator[WordList]:
    """Lists of names, and of the rows that are wanted."""
    who = mapping.perpetrators
    names = (*who.columns, *((mapping.claims.column,) if mapping.claims else ()))
    for one in mapping.where:
        if one.words:
            yield WordList("where", (one.column,), one.words, closed=one.among, before=True)
    for where, words in (
        ("perpetrator: unknown", who.unknown),
        ("perpetrator: residual", who.residual),
        ("umbrellas", tuple(one.name for one in mapping.umbrellas)),
        ("members of umbrellas", _members(mapping)),
        ("aliases", tuple(other for _, others in mapping.aliases for other in others)),
        *_of_factions(mapping),
    ):
        if words:
            yield WordList(where, names, words, closed=False)
    if who.marks:  # where they stand the names of the columns are read
        yield WordList("perpetrator: marks", who.columns, who.columns, closed=True)


def _members(mapping: EventMapping) -> tuple[str, ...]:
    """Who hides under umbrellas, but for those that other names or other umbrellas stand for."""
    indirect = {key(name) for name, _ in mapping.aliases} | {key(one.name) for one in mapping.umbrellas}
    found = dict.fromkeys(member for one in mapping.umbrellas for member in one.members)
    return tuple(member for member in found if key(member) not in indirect)


def _of_factions(mapping: EventMapping) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Names under which the mapping says something of factions; of an alias, an umbrella or a group another list tells.

    A group may stand above another group and needs no event of its own; who hangs on a group must occur.
    """
    renamed = {key(name) for canonical, others in mapping.aliases for name in (canonical, *others)}
    indirect = renamed | {key(member) for one in mapping.umbrellas for member in one.members}
    groups = {key(parent) for _, parent in mapping.lineage}

    def told(names: Iterable[str], besides: set[str]) -> tuple[str, ...]:
        return tuple(name for name in names if key(name) not in besides)

    yield "lineage", told((child for child, _ in mapping.lineage), indirect | groups)
    yield "lifetimes", told((name for name, _, _ in mapping.lifetimes), indirect)
    yield "labelled", told((name for name, _ in mapping.labelled), indirect | {"else", "other"})


def table_concerns(events: EventTable, mapping: EventMapping) -> Iterator[Concern]:
    """What is doubtful about names, places, values and rows."""
    yield from label_concerns(events)
    yield from place_concerns(events)
    yield from value_concerns(events, mapping)
    yield from copy_concerns(events)


def label_concerns(events: EventTable) -> Iterator[Concern]:
    """Names that are no faction, several names in one, and names of which one is a form or a spelling of the other."""
    count = np.bincount(events.label[events.labelled], minlength=len(events.factions))
    named = {name: int(times) for name, times in zip(events.factions, count.tolist(), strict=True) if times}
    places = {key(own_name(name)) for level in events.place for name in level.names}
    often = sorted(named, key=lambda name: -named[name])
    generic = [name for name in often if _generic(name, places)]
    if generic:
        yield Concern(
            what=f"{counted(len(generic), 'name')} for somebody rather than for a faction: "
            + _with_counts(generic, named),
            means="they are taken for factions with habits of their own, and draw probability from those that did it",
            remedy="put them under `unknown:` or `residual:` in the mapping, with * where many end alike",
            topic="generic labels",
        )
    several = [
        name for name in named if len(parts := _SEVERAL.split(name)) > 1 and all(part in named for part in parts)
    ]
    if several:
        sign = next(iter(_SEVERAL.findall(several[0])))
        yield Concern(
            what=f"{counted(len(several), 'name')} made of several that stand alone elsewhere: "
            + _with_counts(several, named),
            means="each pair is taken for a faction of its own, that is neither",
            remedy=f'say `separator: "{sign}"` under `perpetrator:`, and they are read as one of these',
            topic="several names",
        )
    forms = _same_names([name for name in named if name not in generic])
    yield from _may_be_one(forms, ", with and without its acronym or what stands in parentheses", "warning")
    spellings = _spellings([name for name in often if name not in generic][:_COMPARED], places)
    yield from _may_be_one(spellings, " spelt in two ways", "note")


def _may_be_one(pairs: list[str], how: str, severity: Severity) -> Iterator[Concern]:
    if pairs:
        yield Concern(
            what=f"{counted(len(pairs), 'pair')} of names that may be one faction{how}: {few(pairs, _SHOWN)}",
            means="a faction under two names has its history cut in two",
            remedy="put them under `aliases:` in the mapping if they are one",
            severity=severity,
            topic="spellings",
        )


def _with_counts(names: Sequence[str], count: Mapping[str, int]) -> str:
    return few([f'"{name}" ({count[name]:,})' for name in names], _SHOWN)


def _generic(name: str, places: set[str]) -> bool:
    """Whether a name only describes: a word for nobody, or some in the plural whom no name but a place's stands beside.

    "Civilians (Laos)" are somebody, "Houthi extremists (Ansar Allah)" are a faction.
    """
    found = _CLOSED.match(name)
    bare = found[1] if found else name
    if key(bare) in NOTHING or _NOBODY.search(bare):
        return True
    named = found and places and key(found[2]) not in places and not _PLURAL.search(found[2])
    return bool(_PLURAL.search(bare)) and not named


def _spellings(names: Sequence[str], places: set[str]) -> list[str]:
    """Pairs of names that differ by so little that they may be one, but not in a number, nor in a place."""
    pairs = []
    for at, name in enumerate(names):
        for other in names[at + 1 :]:
            if _NUMBER.findall(name) != _NUMBER.findall(other):
                continue  # the 17th of November is not the 19th
            if _near(key(name), key(other), 0.9):
                mine, theirs = _apart(name, other)
                if _near(mine, theirs, 0.7) and not {mine, theirs} <= places:
                    pairs.append(f'"{name}" and "{other}"')
    return pairs


def _near(one: str, other: str, least: float) -> bool:
    match = SequenceMatcher(None, one, other, autojunk=False)
    return match.real_quick_ratio() > least and match.quick_ratio() > least and match.ratio() > least


def _apart(one: str, other: str) -> tuple[str, str]:
    """The words that only one of two names has: forces of two countries are not one, however long the rest is."""
    mine, theirs = (key(re.sub(r"\W+", " ", name)).split() for name in (one, other))
    return " ".join(word for word in mine if word not in theirs), " ".join(word for word in theirs if word not in mine)


def _same_names(names: Sequence[str]) -> list[str]:
    """Pairs of names of which one writes the other's acronym, or lacks what the other has in parentheses.

    What both only imply is no sign: initials that two names share, or what is left of two names whose parentheses
    differ, as in "Civilians (Laos)" and "Civilians (India)" or in forces of one state under two governments.
    """
    forms = {name: _forms(name) for name in names}
    by_written: dict[str, list[str]] = {}
    for name, (written, _) in forms.items():
        for form in written:
            by_written.setdefault(form, []).append(name)
    at = {name: position for position, name in enumerate(names)}
    pairs = {
        tuple(sorted((at[name], at[other])))
        for name, (written, implied) in forms.items()
        for form in written | implied
        for other in by_written.get(form, ())
        if other != name
    }
    return [f'"{names[one]}" and "{names[other]}"' for one, other in sorted(pairs)]


def _forms(name: str) -> tuple[set[str], set[str]]:
    """What a name is written as, with an acronym that stands beside it, and what else it may be called elsewhere."""
    bare = name.rstrip(" ?*!")
    written, implied = {key(name), key(bare)}, set()
    if match := _LED.match(bare):
        written |= {key(match[1]), key(match[2])}
    elif match := _CLOSED.match(bare):
        bare = match[1]
        if _SHORT.fullmatch(match[2].strip()):
            written |= {key(bare), key(match[2])}
        else:
            implied.add(key(bare))
    words = [word for word in re.split(r"[\s-]+", bare) if word]
    if len(words) > 2:
        long = [word for word in words if word.lower() not in _SMALL]
        implied |= {"".join(word[0] for word in kept).casefold() for kept in (words, long) if len(kept) > 2}
    return written, implied


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
        alone = len({own_name(fine.names[code]) for code in np.unique(fine.codes[both]).tolist()})
        if around > 3 and inside < 1.1 * around and 2 * alone < around and alone > 1:
            yield Concern(
                what=f"the level {coarse.name} has {around:,} places, and {fine.name}, to lie inside, {alone:,}",
                means="shares of places are shrunk to those of smaller ones",
                remedy="`levels:` in the mapping go from coarse to fine",
                topic="places",
            )


def value_concerns(events: EventTable, mapping: EventMapping) -> Iterator[Concern]:
    """Words for nothing that are read as values; columns of a few words, not of numbers, in which some occur once."""
    numbers = {feature.name for feature in mapping.features if feature.bins}
    for kind, codings in (("place", events.place), ("feature", events.features)):
        for coding in codings:
            yield from _nothing(kind, coding, mapping.missing)
    for feature in events.features:
        if feature.name not in numbers:
            yield from _rare(feature, len(events))


def _occurring(coding: Coding) -> dict[str, int]:
    """How often each value occurs, of those that do."""
    count = np.bincount(coding.codes[coding.codes >= 0], minlength=len(coding.names))
    return {name: times for name, times in zip(coding.names, count.tolist(), strict=True) if times}


def _nothing(kind: str, coding: Coding, missing: Sequence[str]) -> Iterator[Concern]:
    words: dict[str, int] = {}
    for name, times in _occurring(coding).items():
        if key(word := own_name(name)) in NOTHING:
            words[word] = words.get(word, 0) + times
    if words:
        yield Concern(
            what=f"a word for nothing stands as {kind} {coding.name} of {counted(sum(words.values()), 'event')}: "
            + _with_counts(list(words), words),
            means=f"it is read as a {kind} like any other, where events that have nothing in common meet",
            remedy="put it under `missing:` in the mapping: missing: ["
            + ", ".join(f'"{word}"' for word in (*filter(None, missing), *words))
            + "]",
            severity="warning" if kind == "place" else "note",
            topic="missing",
        )


def _rare(feature: Coding, events: int) -> Iterator[Concern]:
    count = _occurring(feature)
    rare = [name for name, times in count.items() if times == 1]
    if not rare or not 5 <= len(count) <= 100 or events <= 20 * len(count):
        return
    often = {key(name): name for name, times in count.items() if times > 1}
    near = {name: get_close_matches(key(name), list(often), 1, 0.7) for name in rare[:_SHOWN]}
    told = ", ".join(
        f'"{name[:40]}"' + (f' (is it "{often[near[name][0]]}"?)' if near[name] else "") for name in rare[:_SHOWN]
    )
    yield Concern(
        what=f"{len(rare)} of the {len(count)} values of {feature.name} found only once: {told}",
        means="a value that occurs once tells nothing, and may be another one misspelt",
        remedy="read it as the one that is meant, under `values:` of the feature",
        severity="note",
        topic="words",
    )


def copies(events: EventTable) -> int:
    """How many events repeat an earlier one in day, place, coordinates, columns and label, whatever their id."""
    columns = [events.day, events.label, events.claim, *(level.codes for level in events.place)]
    columns += [feature.codes for feature in events.features]
    if not np.isnan(events.latitude).all():
        columns += [
            np.nan_to_num(each * 1e5, nan=-1e9).astype(np.int64) for each in (events.latitude, events.longitude)
        ]
    return len(events) - distinct(fingerprints(columns, len(events)))


def copy_concerns(events: EventTable) -> Iterator[Concern]:
    """Events that look like one another in everything that is read."""
    twice = copies(events)
    fine = bool(events.place) or not np.isnan(events.latitude).all()
    if fine and twice > max(2, 0.02 * len(events)):
        yield Concern(
            what=f"{counted(twice, 'event')} like another in day, place, columns and perpetrator",
            means="an event that is counted twice makes its perpetrator look more active than it was",
            remedy="see whether they are copies; one event in several rows: `together: yes` under `perpetrator:`",
            severity="note",
            topic="copies",
        )
