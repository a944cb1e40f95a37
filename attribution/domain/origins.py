"""Where items really come from: one origin is believed or disbelieved as a whole, and counts once."""

from __future__ import annotations

from dataclasses import dataclass

from attribution.domain.document import Document, stated, yes_no
from attribution.domain.evidence import Absence, Direct, Item, Statement
from attribution.domain.grades import Grade
from attribution.domain.identifiers import check_id
from attribution.errors import CaseError


@dataclass(frozen=True, slots=True)
class OriginDeclaration:
    """What a case file says about an origin that several items share."""

    id: str
    title: str = ""
    grade: Grade | None = None
    source: str = ""
    forgeable: bool | None = None
    note: str = ""

    def __post_init__(self) -> None:
        check_id(self.id, "origin")

    def document(self) -> Document:
        return stated(
            {
                "title": self.title,
                "grade": str(self.grade or ""),
                "source": self.source,
                "forgeable": yes_no(self.forgeable),
                "note": self.note,
            }
        )


@dataclass(frozen=True, slots=True)
class Origin:
    """An origin with the items that come from it, declared or implied by a single item.

    `grade` is None where nobody graded it; it is then treated as F6, *cannot be judged*, and the checks do not pass.
    """

    id: str
    title: str
    source: str
    grade: Grade | None
    forgeable: bool
    items: tuple[Item, ...]

    @property
    def label(self) -> str:
        """Its title, or that of the one item it consists of."""
        return self.title or self.items[0].title


def gather_origins(items: tuple[Item, ...], declarations: dict[str, OriginDeclaration]) -> tuple[Origin, ...]:
    """Items grouped by origin, in the order in which the origins first speak.

    Raises
    ------
    CaseError
        An undeclared origin with several items, a grade in two places, items of two sources without a word on
        which one answers for them, or an absence or direct item that shares its origin.
    """
    grouped: dict[str, list[tuple[int, Item]]] = {}
    for position, item in enumerate(items):
        grouped.setdefault(item.origin_id, []).append((position, item))
    return tuple(_origin(id, members, declarations.get(id)) for id, members in grouped.items())


def _origin(id: str, members: list[tuple[int, Item]], declared: OriginDeclaration | None) -> Origin:
    items = tuple(item for _, item in members)
    last = ("evidence", members[-1][0])
    if declared is None and len(items) > 1:
        raise CaseError(
            f'the origin "{id}" has {len(items)} items and is not declared.',
            at=(*last, "origin"),
            allowed="an entry under `origins:` that holds the grade of an origin with several items",
            hint=f"add `{id}: {{grade: B2}}` under `origins:`",
        )
    if len(items) > 1 and any(isinstance(item, Absence | Direct) for item in items):
        raise CaseError(
            f'the origin "{id}" has several items, one of them an absence or a weight already given.',
            at=last,
            allowed="absence and direct items each with an origin of their own",
        )
    only = items[0]
    return Origin(
        id=id,
        title=declared.title if declared else "",
        source=_answering(id, members, declared),
        grade=_grade(members, declared),
        forgeable=_forgeable(only, declared),
        items=items,
    )


def _answering(id: str, members: list[tuple[int, Item]], declared: OriginDeclaration | None) -> str:
    """The source that answers for an origin."""
    sources = {item.source for _, item in members}
    if declared and declared.source:
        return declared.source
    if len(sources) > 1:
        raise CaseError(
            f'the origin "{id}" has items of several sources: {", ".join(sorted(sources))}.',
            at=("origins", id),
            allowed="`source:` on the origin where its items name different ones",
            hint=f"add `source: {sorted(sources)[0]}` to the origin",
        )
    return next(iter(sources))


def _grade(members: list[tuple[int, Item]], declared: OriginDeclaration | None) -> Grade | None:
    """The grade of the origin: its own, or that of its only item."""
    statements = [(position, item) for position, item in members if isinstance(item, Statement)]
    graded = [(position, item.grade) for position, item in statements if item.grade]
    once = [position for position, item in statements if item.grade or item.regraded]
    if once and ((declared and declared.grade) or len(members) > 1):
        raise CaseError(
            "the item has a grade, or a later one, and so has its origin, or the origin has several items.",
            at=("evidence", once[0], "grade"),
            allowed="one grade per origin: on the origin where it has several items",
            hint="move the grade to the origin",
        )
    if declared and declared.grade:
        return declared.grade
    return graded[0][1] if graded else None


def _forgeable(only: Item, declared: OriginDeclaration | None) -> bool:
    if declared and declared.forgeable is not None:
        return declared.forgeable
    if isinstance(only, Statement):
        return only.forgeable is not False
    return False
