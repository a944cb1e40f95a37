"""What can be switched, graded and slid: institutions, their sources, their origins, the items of each."""

from __future__ import annotations

from dataclasses import dataclass

from attribution.domain.case import Case
from attribution.domain.evidence import Statement
from attribution.domain.grades import UNGRADED
from attribution.domain.origins import Origin
from attribution.reporting.text import brief

_OWN_SEARCH = "Our own searches"


@dataclass(frozen=True, slots=True)
class ItemControl:
    """An item, by its place in the case."""

    index: int
    title: str


@dataclass(frozen=True, slots=True)
class OriginControl:
    """An origin, by its place in the case; letter and digit of its grade, empty where none applies."""

    index: int
    title: str
    letter: str
    digit: str
    items: tuple[ItemControl, ...]


@dataclass(frozen=True, slots=True)
class SourceControl:
    """A source and the origins that it answers for."""

    name: str
    origins: tuple[OriginControl, ...]

    @property
    def count(self) -> int:
        """How many items it has."""
        return sum(len(origin.items) for origin in self.origins)


@dataclass(frozen=True, slots=True)
class InstitutionControl:
    """Sources that belong together."""

    name: str
    sources: tuple[SourceControl, ...]


def institutions(case: Case) -> tuple[InstitutionControl, ...]:
    """Everybody who says something, in the order in which they first speak."""
    houses: dict[str, dict[str, list[OriginControl]]] = {}
    for position, origin in enumerate(case.origins):
        house = case.sources[origin.source].institution if origin.source else ""
        houses.setdefault(house, {}).setdefault(origin.source, []).append(_origin(case, origin, position))
    return tuple(
        InstitutionControl(
            house.replace("-", " "),
            tuple(SourceControl(_name(case, source), tuple(origins)) for source, origins in voices.items()),
        )
        for house, voices in houses.items()
    )


def _name(case: Case, source: str) -> str:
    return brief(case.sources[source].name) if source else _OWN_SEARCH


def _origin(case: Case, origin: Origin, position: int) -> OriginControl:
    graded = isinstance(origin.items[0], Statement)
    grade = origin.grade or UNGRADED
    titled = origin.title or (origin.items[0].title if len(origin.items) == 1 else origin.label)
    return OriginControl(
        index=position,
        title=brief(titled or origin.id),
        letter=grade.letter if graded else "",
        digit=grade.digit if graded else "",
        items=tuple(
            ItemControl(case.evidence.ids.index(item.id), brief(item.title or item.id)) for item in origin.items
        ),
    )
