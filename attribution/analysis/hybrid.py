"""A case and a model between two others: some groups of their differences taken from one, the rest from the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from attribution.domain.case import Case
from attribution.domain.evidence import Item, Statement
from attribution.domain.factions import FactionTree
from attribution.domain.facts import Fact
from attribution.domain.grades import Grade
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Deception, Model
from attribution.domain.origins import OriginDeclaration
from attribution.domain.tables import Trait
from attribution.errors import UsageError, listed

Group = Literal["evidence", "grades", "tables", "priors"]
GROUPS: tuple[Group, ...] = ("evidence", "grades", "tables", "priors")


@dataclass(frozen=True, slots=True)
class Side:
    """A case as it was known, and the model that reads it."""

    case: Case
    model: Model

    @property
    def prior_traits(self) -> frozenset[str]:
        """The traits that the prior over factions is made of; all others belong to the tables."""
        return frozenset(self.model.perpetrator.proportional_to)


def hybrid(a: Side, b: Side, from_b: frozenset[Group]) -> Side:
    """`a` with the groups of differences named in `from_b` as they are in `b`.

    - *evidence*: the items and what they say, with detection, ratios and copying;
    - *grades*: the grade of every origin, the grading, and what sources would say anyway;
    - *tables*: the facts with their tables, the traits they use, and deception;
    - *priors*: the prior over factions with its traits, the open set with its surprise, and sizes.

    What only one side has, and the other cannot speak about, comes from the side that has it: a fact without an item
    sums out, so nothing is moved by that.

    Raises
    ------
    UsageError
        The two are not about the same factions, or a fact has other states in one of them.
    """
    _check(a, b)
    evidence, grades, tables, priors = (b if group in from_b else a for group in GROUPS)
    case = _case(a, b, evidence, grades, tables, priors)
    return Side(case, _model(a, b, case, grades, tables, priors))


def _check(a: Side, b: Side) -> None:
    ours, theirs = a.case.factions, b.case.factions
    if {leaf: ours.upward(leaf) for leaf in ours.leaves} != {leaf: theirs.upward(leaf) for leaf in theirs.leaves}:
        apart = sorted(set(ours.ids) ^ set(theirs.ids))
        raise UsageError(
            f"the two are not about the same factions: {listed(apart) or 'the groups differ'}.",
            allowed="two runs, models or dates of one case with one tree of factions",
        )
    for fact in a.case.facts:
        if fact.id in b.case.facts and set(b.case.facts[fact.id].states) != set(fact.states):
            raise UsageError(
                f'the fact "{fact.id}" has other states in the two cases.', allowed="facts with the same states in both"
            )


def _both[T: (Fact, Trait)](first: Catalog[T], other: Catalog[T]) -> list[T]:
    """All of the first, and what only the other has."""
    return [*first, *(one for one in other if one.id not in first)]


def _case(a: Side, b: Side, evidence: Side, grades: Side, tables: Side, priors: Side) -> Case:
    other = b if tables is a else a
    items, declarations = _graded(evidence.case, grades.case)
    speaking = {source.id: source for source in grades.case.sources}
    sources = [speaking.get(one.id, one) for one in evidence.case.sources]
    return replace(
        evidence.case,
        id=a.case.id,
        factions=_sized(evidence.case.factions, priors.case.factions),
        facts=Catalog(_both(tables.case.facts, other.case.facts), kind="fact"),
        sources=Catalog(sources, kind="source"),
        evidence=Catalog(items, kind="item"),
        declarations=Catalog(declarations, kind="origin"),
    )


def _sized(tree: FactionTree, sizes: FactionTree) -> FactionTree:
    return tree if tree.sizes == sizes.sizes else sizes


def _graded(evidence: Case, grades: Case) -> tuple[list[Item], list[OriginDeclaration]]:
    """The items and declared origins of one case with the grades that their origins have in the other."""
    known: dict[str, Grade | None] = {origin.id: origin.grade for origin in grades.origins}
    holding = {one.id for one in evidence.declarations if one.grade or len(evidence.origins[one.id].items) > 1}
    declarations = [
        replace(one, grade=known[one.id]) if one.id in holding and one.id in known else one
        for one in evidence.declarations
    ]
    items = [
        replace(item, grade=known[item.origin_id])
        if isinstance(item, Statement) and item.origin_id in known and item.origin_id not in holding
        else item
        for item in evidence.evidence
    ]
    return items, declarations


def _model(a: Side, b: Side, case: Case, grades: Side, tables: Side, priors: Side) -> Model:
    other = b if tables is a else a
    model = tables.model
    stated = [*model.tables, *(table for table in other.model.tables if table.fact not in model.tables)]
    return replace(
        model,
        case=case.id,
        grading=grades.model.grading,
        perpetrator=priors.model.perpetrator,
        tables=Catalog(stated),
        traits=Catalog(_traits(a, b, tables, priors), kind="trait"),
        deception=_deception(model.deception, case),
        clusters=Catalog(),
    )


def _traits(a: Side, b: Side, tables: Side, priors: Side) -> list[Trait]:
    """Traits of a prior come from the side of the prior, all others from that of the tables."""
    of_prior = a.prior_traits | b.prior_traits
    other = b if tables is a else a
    found = []
    for trait in _both(tables.model.traits, other.model.traits):
        home = priors if trait.id in of_prior else tables
        known = {one.id: one for one in home.model.traits}
        found.append(known.get(trait.id, trait))
    return found


def _deception(deception: Deception, case: Case) -> Deception:
    """Without what is said of origins and sources that are not there."""
    there = {*case.origins.ids, *case.sources.ids}
    return replace(
        deception,
        forged=tuple(one for one in deception.forged if one.target in there),
        deceptive=tuple(one for one in deception.deceptive if one.source in there),
    )
