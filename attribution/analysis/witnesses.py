"""The mistake that dependence is there to prevent: every item counted as a witness of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from attribution.domain.case import Case
from attribution.domain.evidence import Act, Item, Proposition, Statement
from attribution.domain.facts import Fact, in_causal_order
from attribution.domain.identifiers import ELSE, PERPETRATOR, Catalog
from attribution.domain.model import Deception, Forged, Model
from attribution.domain.tables import Table


def every_item_a_witness(case: Case, model: Model) -> tuple[Case, Model]:
    """Case and model with all declared dependence between items taken out: what multiplying item by item would give.

    Every item gets an origin of its own, with the grade of the one it came from; copies become statements of their own;
    and where several items speak about one fact, each later one speaks about a copy of it with the same table, as if it
    were another trace of the same kind. An act that follows another act whoever did it, such as a voice that repeats
    the first, is taken to know for itself: it gets the first one's table.
    """
    case, model = _knowing_for_themselves(case, model)
    facts: dict[str, list[str]] = {}
    items = tuple(_alone(case, item, facts) for item in case.evidence)
    copies = {fact: names for fact, names in facts.items() if len(names) > 1}
    split = replace(
        case,
        evidence=Catalog(items, kind="item"),
        declarations=Catalog(),
        facts=Catalog(_facts(case, copies)),
        outcomes=(),
        text="",
    )
    tables = Catalog(_tables(model, copies))
    assumed = replace(
        model, tables=tables, deception=_deception(case, model, split), clusters=Catalog(), text="", summary=""
    )
    return split, assumed


def _knowing_for_themselves(case: Case, model: Model) -> tuple[Case, Model]:
    """Facts that only echo a parent, with the parent's own table and parents instead."""
    facts, tables = {fact.id: fact for fact in case.facts}, {table.fact: table for table in model.tables}
    done = dict(_done(case))
    for fact in in_causal_order(case.facts):
        first = facts[fact.given[0]] if len(fact.given) == 1 else None
        if first is None or not {fact.id, first.id} <= set(done) or not _echoes(tables[fact.id]):
            continue
        if len(fact.states) == len(first.states) == 2:
            names = dict(zip(_done_first(first, done), _done_first(fact, done), strict=True))
            rows = tuple(replace(given, state=names[given.state]) for given in tables[first.id].states)
            tables[fact.id] = replace(tables[first.id], fact=fact.id, states=rows)
            facts[fact.id] = replace(fact, given=first.given)
    return replace(case, facts=Catalog(facts.values())), replace(model, tables=Catalog(tables.values()))


def _done(case: Case) -> Iterator[tuple[str, str]]:
    """Facts that are acts somebody did, and the state that was done."""
    for item in case.evidence:
        if isinstance(item, Act):
            for said in item.says:
                if len(meant := case.meaning(said)) == 1:
                    yield said.fact, next(iter(meant))


def _echoes(table: Table) -> bool:
    """Whether a table depends on nothing but the parent: the same whoever did it."""
    rows = [row for given in table.states for row in given.rows]
    return all(not row.trait and all(entry.node == ELSE for entry in row.entries) for row in rows)


def _done_first(fact: Fact, done: dict[str, str]) -> tuple[str, ...]:
    """The states of a fact, the one that was done first."""
    return tuple(sorted(fact.states, key=lambda state: state != done[fact.id]))


def _alone(case: Case, item: Item, facts: dict[str, list[str]]) -> Item:
    """The item with its own origin, speaking about facts that nobody before it spoke about."""
    if not isinstance(item, Statement):
        return replace(item, origin="")
    origin = case.origins[item.origin_id]
    return replace(
        item,
        origin="",
        copies=None,
        grade=item.grade or origin.grade,
        forgeable=origin.forgeable,
        says=tuple(_about_its_own(said, facts) for said in item.says),
    )


def _about_its_own(said: Proposition, facts: dict[str, list[str]]) -> Proposition:
    if said.fact == PERPETRATOR:
        return said
    names = facts.setdefault(said.fact, [])
    names.append(said.fact if not names else f"{said.fact[:52]}-again-{len(names)}")
    return replace(said, fact=names[-1])


def _facts(case: Case, copies: dict[str, list[str]]) -> Iterator[Fact]:
    for fact in case.facts:
        yield fact
        yield from (replace(fact, id=name) for name in copies.get(fact.id, [])[1:])


def _tables(model: Model, copies: dict[str, list[str]]) -> Iterator[Table]:
    for table in model.tables:
        yield table
        yield from (replace(table, fact=name) for name in copies.get(table.fact, [])[1:])


def _deception(case: Case, model: Model, split: Case) -> Deception:
    """What was forged as one origin may be forged item by item."""
    forged: list[Forged] = []
    for one in model.deception.forged:
        targets = [item.id for item in case.origins[one.target].items] if one.target in case.origins else [one.target]
        forged += [
            replace(one, target=target) for target in targets if target in (*split.origins.ids, *split.sources.ids)
        ]
    return replace(model.deception, forged=tuple(forged))
