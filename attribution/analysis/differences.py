"""What differs between two cases and two models, group by group, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from attribution.analysis.hybrid import GROUPS, Group, Side
from attribution.domain.evidence import Item, Statement


@dataclass(frozen=True, slots=True)
class Difference:
    """A group of differences, and what they are; none where the two sides agree in it."""

    group: Group
    what: tuple[str, ...]


def differences(a: Side, b: Side) -> tuple[Difference, ...]:
    """All groups, in their order."""
    told = {"evidence": _evidence, "grades": _grades, "tables": _tables, "priors": _priors}
    return tuple(Difference(group, tuple(told[group](a, b))) for group in GROUPS)


def _evidence(a: Side, b: Side) -> Iterator[str]:
    ours, theirs = a.case.evidence, b.case.evidence
    yield from (f"new: {item.title or item.id}" for item in theirs if item.id not in ours)
    yield from (f"gone: {item.title or item.id}" for item in ours if item.id not in theirs)
    for item in ours:
        if item.id in theirs and _said(item) != _said(theirs[item.id]):
            yield f"changed: {item.title or item.id}"


def _said(item: Item) -> Item:
    """An item without what its grade says and what only a reader sees."""
    bare = replace(item, title="", note="", citations=(), via=())
    return replace(bare, grade=None) if isinstance(bare, Statement) else bare


def _grades(a: Side, b: Side) -> Iterator[str]:
    for origin in a.case.origins:
        if origin.id in b.case.origins and b.case.origins[origin.id].grade != origin.grade:
            yield f"{origin.label}: {origin.grade or 'none'} to {b.case.origins[origin.id].grade or 'none'}"
    ours, theirs = a.model.grading, b.model.grading
    if (ours.letters, ours.digits) != (theirs.letters, theirs.digits):
        yield f"grading: {ours.title or ours.id} to {theirs.title or theirs.id}"
    for source in a.case.sources:
        if source.id in b.case.sources and b.case.sources[source.id].would_say_anyway != source.would_say_anyway:
            yield f"what {source.name} would say anyway"


def _tables(a: Side, b: Side) -> Iterator[str]:
    ours, theirs = a.model.tables, b.model.tables
    for table in ours:
        label = a.case.facts[table.fact].label if table.fact in a.case.facts else table.fact
        if table.fact not in theirs:
            yield f"without a table: {label}"
        elif table != theirs[table.fact]:
            yield label
    yield from (f"new: {table.fact.replace('-', ' ')}" for table in theirs if table.fact not in ours)
    of_prior = a.prior_traits | b.prior_traits
    yield from (f"trait: {name}" for name in _traits(a, b) if name not in of_prior)
    if a.model.deception != b.model.deception:
        yield "deception"


def _priors(a: Side, b: Side) -> Iterator[str]:
    ours, theirs = a.model.perpetrator, b.model.perpetrator
    if ours.other != theirs.other:
        yield f"somebody not named: {ours.other} to {theirs.other}"
    if ours.surprise != theirs.surprise:
        yield f"surprise: {ours.surprise} to {theirs.surprise}"
    if (ours.shares, ours.proportional_to) != (theirs.shares, theirs.proportional_to):
        yield "how the prior is shared out"
    of_prior = a.prior_traits | b.prior_traits
    yield from (f"trait: {name}" for name in _traits(a, b) if name in of_prior)
    if a.case.factions.sizes != b.case.factions.sizes:
        yield "sizes of factions"


def _traits(a: Side, b: Side) -> list[str]:
    """Traits that differ, or that one side lacks."""
    ours = {trait.id: trait for trait in a.model.traits}
    theirs = {trait.id: trait for trait in b.model.traits}
    return sorted(id for id in ours.keys() | theirs.keys() if ours.get(id) != theirs.get(id))
