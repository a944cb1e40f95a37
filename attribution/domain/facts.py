"""Propositions about the incident, and which of them bear on which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from attribution.domain.document import Document, stated, yes_no
from attribution.domain.identifiers import Catalog, check_id, check_unlike
from attribution.errors import CaseError


@dataclass(frozen=True, slots=True)
class Fact:
    """A question about the incident with two or more mutually exclusive, exhaustive answers.

    `given` names the facts that its table may depend on besides the perpetrator.
    `over_factions` says that its states are the factions, as those of a launcher or supplier may be. `role` marks what
    was done besides leading (launched, supplied, directed, involved): roles and the perpetrator make the scenarios.
    """

    id: str
    states: tuple[str, ...]
    question: str = ""
    given: tuple[str, ...] = ()
    over_factions: bool = False
    note: str = ""
    role: bool = False

    def __post_init__(self) -> None:
        check_id(self.id, "fact")
        at = ("facts", self.id, "states")
        if len(self.states) < 2:
            raise CaseError(
                f'the fact "{self.id}" has {len(self.states)} state.',
                at=at,
                allowed="two or more states, one of them true",
                hint="a proposition has the states [yes, no]",
            )
        for state in self.states:
            check_id(state, "state", at=at)
            if self.states.count(state) > 1:
                raise CaseError.duplicate("state", state, at=at)
        check_unlike(self.states, "state", at=at)
        if self.over_factions and "same" in self.states:
            raise CaseError(
                f'a faction is called "same", and may play the role "{self.id}".',
                at=at,
                allowed="another name: in the table of a role `same` stands for whoever did it",
            )
        if len(set(self.given)) < len(self.given):
            raise CaseError.duplicate("parent", self.given[-1], at=("facts", self.id, "given"))

    def document(self) -> Document:
        return stated(
            {
                "question": self.question,
                "states": "factions" if self.over_factions else list(self.states),
                "given": list(self.given),
                "role": yes_no(self.role or None),
                "note": self.note,
            }
        )

    @property
    def label(self) -> str:
        """The question, or the id made readable."""
        return self.question or self.id.replace("-", " ").capitalize()


def in_causal_order(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    """Facts with parents before children.

    Raises
    ------
    CaseError
        A parent that is not declared, or facts that are given one another in a circle.
    """
    catalog = Catalog(facts, kind="fact", at=("facts",))
    for fact in catalog:
        for position, parent in enumerate(fact.given):
            if parent not in catalog:
                raise CaseError.unknown("facts", parent, catalog.ids, at=("facts", fact.id, "given", position))
    ordered: dict[str, Fact] = {}
    waiting = list(catalog)
    while waiting:
        ready = [fact for fact in waiting if all(parent in ordered for parent in fact.given)]
        if not ready:
            raise _circle(waiting)
        ordered |= {fact.id: fact for fact in ready}
        waiting = [fact for fact in waiting if fact.id not in ordered]
    return tuple(ordered.values())


def _circle(waiting: list[Fact]) -> CaseError:
    given = {fact.id: fact.given for fact in waiting}
    trail = [waiting[0].id]
    while trail.count(trail[-1]) < 2:
        trail.append(next(parent for parent in given[trail[-1]] if parent in given))
    circle = trail[trail.index(trail[-1]) :][::-1]
    return CaseError(
        f"facts are given one another in a circle: {' -> '.join(circle)}.",
        at=("facts", circle[0], "given"),
        allowed="parents that do not depend on their own children",
        hint="drop one `given:` of the circle",
    )
