"""What a name may look like, everywhere, and the ordered, frozen collection of things that have one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Protocol

from attribution.errors import CaseError, Path

PERPETRATOR = "perpetrator"
OTHER = "other"
ELSE = "else"

_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_RESERVED = frozenset({ELSE, "because", "when", "trait", "lr", "value", "vary", "of", "recipe", PERPETRATOR})


def check_id(id: str, kind: str, *, at: Path = ()) -> None:
    """Refuse a name that could be mistaken for a word of the file formats, or read in two ways."""
    if id in _RESERVED:
        raise CaseError(
            f'{kind} id "{id}" is a word of the file format.',
            at=at,
            allowed="any other name",
            hint=f'call it "{id}-1" or say what it is',
        )
    if not _PATTERN.fullmatch(id):
        raise CaseError(
            f'{kind} id "{id[:80]}" cannot be used as a name.',
            at=at,
            allowed="small letters, digits and hyphens, at most 64, starting with a letter or digit",
            hint=f'try "{as_id(id)}"' if as_id(id) else "",
        )


def as_id(id: str) -> str:
    """The name that a text comes nearest to; empty where it has neither letter nor digit."""
    return re.sub(r"[^a-z0-9]+", "-", id.lower()).strip("-")[:64]


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

    def with_(self, *values: T) -> Catalog[T]:
        """These values too, each in the place of the one that has its id."""
        return Catalog((self._by_id | {value.id: value for value in values}).values())

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(self._by_id)

    def __getitem__(self, id: str) -> T:
        return self._by_id[id]

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
