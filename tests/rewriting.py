"""The same case or model in other words: frozen values rebuilt with names, numbers or parts exchanged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from random import Random
from typing import Any

from attribution.domain.case import Case
from attribution.domain.factions import FactionTree, Node
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Model, Sizes
from attribution.domain.numbers import Number
from attribution.domain.tables import Entry

type Change = Callable[[Any], Any]


def rewritten[T](value: T, change: Change) -> T:
    """A copy in which every part for which `change` has an answer (not None) is that answer."""
    answer: Any = change(value)
    if answer is not None:
        return answer  # type: ignore[no-any-return]
    made: Any = value
    if isinstance(value, Catalog):
        made = Catalog(rewritten(part, change) for part in value)
    elif isinstance(value, tuple):
        made = tuple(rewritten(part, change) for part in value)
    elif isinstance(value, frozenset):
        made = frozenset(rewritten(part, change) for part in value)
    elif is_dataclass(value) and not isinstance(value, type):
        parts = {part.name: rewritten(getattr(value, part.name), change) for part in fields(value) if part.init}
        made = type(value)(**parts)
    return made  # type: ignore[no-any-return]


def renaming(names: dict[str, str]) -> Change:
    """Exchange names wherever they stand."""
    return lambda value: names.get(value) if isinstance(value, str) else None


def with_numbers(change: Callable[[Number], Number]) -> Change:
    """Exchange every number."""
    return lambda value: change(value) if isinstance(value, Number) else None


def with_tree(case: Case, roots: tuple[Node, ...]) -> Case:
    """Another faction tree; roles follow."""
    tree = FactionTree(roots)
    facts = Catalog(replace(fact, states=tree.leaves) if fact.over_factions else fact for fact in case.facts)
    return replace(case, factions=tree, facts=facts)


def shuffled(r: Random, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """The same nodes, and the members of each, in another order."""
    mixed = [replace(node, members=shuffled(r, node.members)) for node in nodes]
    r.shuffle(mixed)
    return tuple(mixed)


def with_sizes(model: Model, leaf: str, parts: dict[str, float]) -> Model:
    """The model with these sizes in place of that of a leaf."""
    kept = tuple(entry for entry in model.perpetrator.sizes.entries if entry.node != leaf)
    new = tuple(Entry(node, Number.exactly(size, "ratio")) for node, size in parts.items())
    return replace(model, perpetrator=replace(model.perpetrator, sizes=Sizes((*kept, *new))))


def split(nodes: tuple[Node, ...], leaf: str) -> tuple[Node, ...]:
    """The leaf opened into two; its name is now that of the group of both, who are parties to what it was party to."""
    halves = (f"{leaf}-one", f"{leaf}-two")

    def parties(node: Node) -> tuple[str, ...]:
        return tuple(half for party in node.joint_of for half in (halves if party == leaf else (party,)))

    return tuple(
        Node(leaf, members=tuple(Node(half, joint_of=node.joint_of) for half in halves))
        if node.id == leaf
        else replace(node, members=split(node.members, leaf), joint_of=parties(node))
        for node in nodes
    )
