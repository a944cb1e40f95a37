"""From names in a table to factions: spellings made one, umbrellas opened, nobodies recognised."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

import numpy as np

from attribution.archive.codes import Ints, LabelSets, frozen_ints
from attribution.archive.events import NOT_CLAIMED, NOT_RECORDED, RESIDUAL, ROOT, UNKNOWN
from attribution.archive.reading.mapping import EventMapping
from attribution.errors import EventError

_PART = re.compile(r"\s+")
NOTHING = frozenset(  # words that people write where nothing is known
    ("na", "n/a", "#n/a", "nan", "none", "null", "nil", "-", "--", "?", ".", "unknown", "not known", "unspecified",
     "not available", "not applicable", "not recorded", "not reported", "unclear", "undetermined",
     "tbd", "-9", "-99", "-999", "9999")
)  # fmt: skip


def key(name: str) -> str:
    """What two spellings of one name share: no case, no accents, one kind of apostrophe, single blanks."""
    plain = unicodedata.normalize("NFKD", name.replace("’", "'").replace("‘", "'").replace("`", "'"))
    plain = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return _PART.sub(" ", plain).strip().casefold()


@dataclass(slots=True)
class Codes:
    """Names in the order in which they turn up."""

    of: dict[str, int] = field(default_factory=dict)
    spelt: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> int:
        return self.of.setdefault(name, len(self.of))

    def alike(self, name: str) -> int:
        """The code of the first name that differs in no more than case, accents or blanks."""
        return self[self.spelt.setdefault(key(name), name)]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.of)


class Factions:
    """The factions of a table, as they turn up while it is read, under the rules of a mapping."""

    def __init__(self, mapping: EventMapping, missing: frozenset[str]) -> None:
        self._mapping, self._missing = mapping, missing
        self._canonical = {key(other): name for name, others in mapping.aliases for other in (*others, name)}
        self._patterns = [(other, name) for other, name in self._canonical.items() if "*" in other]
        self._spelt: dict[str, str] = {}
        self.codes = Codes()
        self.sets = Codes()  # distinct sets, spelt as their codes
        self._umbrellas = {key(self.name(one.name)): one for one in mapping.umbrellas}
        self._unknown = [key(pattern) for pattern in mapping.perpetrators.unknown]
        self._residual = [key(pattern) for pattern in mapping.perpetrators.residual]
        self._known: dict[tuple[str, ...], tuple[int, int]] = {}

    def name(self, text: str) -> str:
        """The one spelling of a name: the mapping's, else the first that turned up."""
        plain = key(text)
        found = self._canonical.get(plain)
        if found is None:
            found = next((name for pattern, name in self._patterns if fnmatchcase(plain, pattern)), None)
            if found is not None:
                self._canonical[plain] = found
        return found or self._spelt.setdefault(plain, _PART.sub(" ", text).strip())

    def label(self, cells: tuple[str, ...]) -> tuple[int, int]:
        """The label of an event from its perpetrator cells, and the number of its set (-1: none)."""
        if cells not in self._known:
            self._known[cells] = self._read(cells)
        return self._known[cells]

    def umbrella(self, claimant: str) -> tuple[int, int]:
        """The label that a claim by an umbrella gives; unknown where the claimant is none."""
        return self.label((claimant,)) if key(self.name(claimant)) in self._umbrellas else (UNKNOWN, -1)

    def opened(self, name: str) -> set[str]:
        """The factions behind a name: itself, or the members of an umbrella."""
        umbrella = self._umbrellas.get(key(self.name(name)))
        if umbrella is None:
            return {self.name(name)}
        return {self.name(member) for member in umbrella.members}

    def _read(self, cells: tuple[str, ...]) -> tuple[int, int]:
        separator = self._mapping.perpetrators.separator
        parts = [part.strip() for cell in cells for part in (cell.split(separator) if separator else [cell])]
        named: dict[str, None] = {}
        residual = False
        for part in parts:
            plain = key(part)
            if part in self._missing or _any(plain, self._unknown):
                continue
            if _any(plain, self._residual):
                residual = True
                continue
            named |= dict.fromkeys(sorted(self.opened(part)))
        if not named:
            return (RESIDUAL if residual else UNKNOWN), -1
        codes = [self.codes[name] for name in named]
        if residual:  # one of these or somebody else: says too little to be a set
            return UNKNOWN, -1
        return (codes[0], -1) if len(codes) == 1 else (UNKNOWN, self.sets[" ".join(map(str, sorted(codes)))])

    def label_sets(self, set_number: Ints) -> LabelSets:
        """The sets of all events from the numbers of their sets."""
        members = [np.array(text.split(), dtype=np.int64) for text in self.sets.names]
        sizes = np.array([len(one) for one in members] + [0], dtype=np.int64)[set_number]
        start = np.concatenate([[0], np.cumsum(sizes)])
        flat = np.concatenate([*members, np.zeros(0, dtype=np.int64)])
        first = np.concatenate([[0], np.cumsum([len(one) for one in members])]).astype(np.int64)[set_number]
        shift = np.repeat(first - start[:-1], sizes)
        return LabelSets(start, flat[np.arange(start[-1]) + shift])

    def tree(self) -> tuple[tuple[str, ...], Ints]:
        """Groups above the factions, and everybody's parent; from the mapping's lineage."""
        above = self._parents()
        factions = list(self.codes.names)
        groups: list[str] = []
        waiting = [name for name in factions if name in above]
        while waiting:
            parent = above[waiting.pop()]
            if parent not in factions and parent not in groups:
                groups.append(parent)
                if parent in above:
                    waiting.append(parent)
        nodes = [*factions, *groups]
        for name in nodes:
            self._check_line(name, above)
        return tuple(groups), frozen_ints([nodes.index(above[name]) if name in above else ROOT for name in nodes])

    def _parents(self) -> dict[str, str]:
        """Who stands above whom, under the one spelling of each.

        Raises
        ------
        EventError
            Two spellings of one name with two parents.
        """
        above: dict[str, str] = {}
        for child, parent in self._mapping.lineage:
            name, wanted = self.name(child), self.name(parent)
            if above.setdefault(name, wanted) != wanted:
                raise EventError(
                    f'"{child}" is "{name}", which has two parents: {above[name]} and {wanted}.',
                    at=("lineage", child),
                    allowed="one parent for each name, however it is spelt",
                    hint="which parent it had when is not said here: take the one that its habits come from",
                )
        return above

    def _check_line(self, name: str, above: dict[str, str]) -> None:
        here, seen = name, [name]
        while here in above:
            here = above[here]
            if here in seen:
                raise EventError(f'"{name}" descends from itself.', at=("lineage", name), allowed="a tree")
            seen.append(here)


class Claimants:
    """Who claimed: names, or only that somebody did."""

    SOMEBODY = "somebody (no name recorded)"

    def __init__(self, mapping: EventMapping, factions: Factions, missing: frozenset[str]) -> None:
        self._values = {key(word): meaning for word, meaning in mapping.claims.values} if mapping.claims else {}
        self._factions, self._missing = factions, missing
        self.codes = Codes()

    def code(self, text: str) -> int:
        """The code of a claimant, or that none claimed, or that nothing is recorded."""
        meaning = self._values.get(key(text))
        if meaning == "none":
            return NOT_CLAIMED
        if meaning == "not-recorded" or (meaning is None and text in self._missing):
            return NOT_RECORDED
        return self.codes[self.SOMEBODY if meaning == "claimed" else self._factions.name(text)]


def _any(name: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
