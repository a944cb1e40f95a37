"""An ordered, frozen collection of things that have an `id`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from attribution.errors import CaseError, Path


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
