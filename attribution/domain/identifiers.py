"""What a name may look like, everywhere, and the ordered, frozen collection of things that have one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Protocol

from attribution.errors import CaseError, Path
from attribution.inert import legible

PERPETRATOR = "perpetrator"
OTHER = "other"
ELSE = "else"

_LONGEST = 64
_RESERVED = frozenset(
    {ELSE, "because", "computed", "when", "trait", "lr", "value", "vary", "of", "recipe", PERPETRATOR}
)
_NAMING = {"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"}  # letters without capitals, the marks on them, digits
_MARKS = {"Mn", "Mc"}
_TOGETHER = {"LATIN", "CJK", "IDEOGRAPHIC", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "HANGUL", "BOPOMOFO"}
_IGNORABLE = re.compile(  # letters and marks that are not there to be seen: fillers, joiners, variation selectors
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
# letters that are read as others, the commonest pairs of Unicode Technical Standard 39
_ALIKE = str.maketrans(
    "аеіјкорсухѕԁԛԝһӏѵαοσνρικυγօսհոցզյيىك力口工二卜ヘ一夕八",
    "aeijkopcyxsdqwhlvaoovpikuyouhngqjییکカロエニトへータハ",
)


def check_id(id: str, kind: str, *, at: Path = ()) -> None:
    """Refuse a name that could be mistaken for a word of the file formats, or read in two ways.

    Letters of any script will do, in the composed form (NFC). What cannot be seen is refused, as is a part between
    hyphens that mixes scripts: there a letter may pass for another. `check_unlike` refuses names that look alike.
    """
    if id in _RESERVED:
        raise CaseError(
            f'{kind} id "{id}" is a word of the file format.',
            at=at,
            allowed="any other name",
            hint=f'call it "{id}-1" or say what it is',
        )
    mixed = _mixed_part(id)
    if mixed and _is_name(id):
        raise CaseError(
            f'{kind} id "{id}" mixes the scripts {" and ".join(sorted(_scripts(mixed))).lower()} in "{mixed}".',
            at=at,
            allowed="one script between two hyphens: a letter of another may pass for one of its own",
            hint="type it again in one script, or put a hyphen between the two",
        )
    if not _is_name(id):
        raise CaseError(
            f'{kind} id "{legible(id[:80])}" cannot be used as a name.',
            at=at,
            allowed="small letters of any script, digits and hyphens, at most 64, starting with a letter or digit",
            hint=f'try "{as_id(id)}"' if as_id(id) else "",
        )


def _is_name(id: str) -> bool:
    if id.isascii():
        return re.fullmatch(r"[a-z0-9][a-z0-9-]{0,63}", id) is not None
    return (
        0 < len(id) <= _LONGEST
        and unicodedata.normalize("NFKC", id) == id == id.lower()
        and all(letter == "-" or unicodedata.category(letter) in _NAMING for letter in id)
        and unicodedata.category(id[0]) not in {*_MARKS, "Pd"}
        and not _IGNORABLE.search(id)
    )


def _mixed_part(id: str) -> str:
    """The first part between hyphens that mixes scripts which no writing system uses together."""
    if id.isascii():
        return ""
    return next((part for part in id.split("-") if len(_scripts(part)) > 1 and not _scripts(part) <= _TOGETHER), "")


def _scripts(part: str) -> set[str]:
    """Scripts by the first word of the names of letters; digits and marks on letters belong to all."""
    words = (unicodedata.name(letter, "?").split()[0] for letter in part if unicodedata.category(letter)[0] == "L")
    return {word for word in words if word != "MODIFIER"}


def look(id: str) -> str:
    """What two names share that a reader cannot tell apart: letters and digits as the commonest that look so."""
    if id.isascii():
        return id
    digits = "".join(str(unicodedata.decimal(letter, letter)) for letter in id)
    return digits.translate(_ALIKE)


def check_unlike(ids: Iterable[str], kind: str, *, at: Path = ()) -> None:
    """Refuse two names of one kind that look alike, such as one with a Cyrillic letter for a Latin one."""
    seen: dict[str, str] = {}
    for id in ids:
        before = seen.setdefault(look(id), id)
        if before != id:
            raise CaseError(
                f'the {kind} ids "{before}" and "{id}" look alike, and are not the same letters.',
                at=at,
                allowed="names that a reader can tell apart",
                hint="type both in one script, or rename one of them",
            )


def as_id(id: str) -> str:
    """The name that a text comes nearest to; empty where it has neither letter nor digit."""
    text = unicodedata.normalize("NFKC", id).lower()
    kept = (
        letter if unicodedata.category(letter) in _NAMING and not _IGNORABLE.match(letter) else "-" for letter in text
    )
    return re.sub("-+", "-", "".join(kept)).strip("-")[:_LONGEST].strip("-")


class Named(Protocol):
    """Anything with an `id`."""

    @property
    def id(self) -> str: ...


class Catalog[T: Named]:
    """Values in the order they were declared, found by id; equal when their values are equal.

    Raises
    ------
    CaseError
        When two values share an id; `at` names the place where they are declared.
    """

    __slots__ = ("_by_id", "_values")

    def __init__(self, values: Iterable[T] = (), *, kind: str = "name", at: Path = ()) -> None:
        self._values = tuple(values)
        self._by_id: dict[str, T] = {}
        for position, value in enumerate(self._values):
            if value.id in self._by_id:
                raise CaseError.duplicate(kind, value.id, at=(*at, position))
            self._by_id[value.id] = value
        if not all(id.isascii() for id in self._by_id):
            check_unlike(self._by_id, kind, at=at)

    def with_(self, *values: T) -> Catalog[T]:
        """These values too, each in the place of the one that has its id."""
        return Catalog((self._by_id | {value.id: value for value in values}).values())

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self._by_id)

    def __getitem__(self, id: str) -> T:
        return self._by_id[id]

    def get(self, id: str) -> T | None:
        """The value of that id, if there is one."""
        return self._by_id.get(id)

    def __contains__(self, id: object) -> bool:
        return id in self._by_id

    def __iter__(self) -> Iterator[T]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Catalog) and self._values == other._values

    def __hash__(self) -> int:
        return hash(self._values)

    def __repr__(self) -> str:
        return f"Catalog({list(self._values)!r})"
