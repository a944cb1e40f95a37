"""What can be left out together: origins, their sources and institutions, declared clusters, single items, facts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from attribution.analysis.naming import institution_name, readable
from attribution.domain.case import Case
from attribution.domain.evidence import Direct, Item
from attribution.domain.identifiers import PERPETRATOR
from attribution.domain.origins import Origin
from attribution.errors import UsageError
from attribution.inference.posterior import Posterior
from attribution.network.compile_origins import Unsaid

_ALL_SAID = Unsaid()

UnitKind = Literal["origin", "source", "institution", "cluster", "item", "fact"]


@dataclass(frozen=True, slots=True)
class Unit:
    """Something that can be left out: whole `origins`, and of `partial` ones what is `unsaid`."""

    id: str
    label: str
    origins: tuple[str, ...]
    partial: tuple[str, ...] = ()
    unsaid: Unsaid = _ALL_SAID


def units(posterior: Posterior, by: str) -> tuple[Unit, ...]:
    """All units of one kind, in the order in which they first speak.

    Raises
    ------
    UsageError
        Another word for `by`.
    """
    if by not in get_args(UnitKind):
        raise UsageError.unknown("units", by, get_args(UnitKind), at=("by",))
    case = posterior.known_case
    if by == "cluster":
        there = set(case.origins.ids)
        return tuple(
            Unit(one.id, readable(one.id), tuple(origin for origin in one.origins if origin in there))
            for one in posterior.model.clusters
        )
    if by == "item":
        return tuple(_item(case, item) for item in case.evidence)
    if by == "fact":
        return _facts(case)
    return _grouped(case, by)


def chosen(known: tuple[Unit, ...], by: str, names: tuple[str, ...]) -> tuple[Unit, ...]:
    """The named units, in the order of the names.

    Raises
    ------
    UsageError
        A name that no unit has.
    """
    found = {unit.id: unit for unit in known}
    for name in names:
        if name not in found:
            raise UsageError.unknown(f"{by}s of the evidence", name, found, at=("only",))
    return tuple(found[name] for name in names)


def together(units: tuple[Unit, ...]) -> Unit:
    """Several units as one."""
    whole = tuple(dict.fromkeys(origin for unit in units for origin in unit.origins))
    partial = (origin for unit in units for origin in unit.partial)
    unsaid = Unsaid(
        frozenset().union(*(unit.unsaid.items for unit in units)),
        frozenset().union(*(unit.unsaid.facts for unit in units)),
    )
    return Unit(
        id=" + ".join(unit.id for unit in units),
        label=" and ".join(unit.label for unit in units),
        origins=whole,
        partial=tuple(origin for origin in dict.fromkeys(partial) if origin not in whole),
        unsaid=unsaid,
    )


def items_together(case: Case, items: frozenset[str]) -> Unit:
    """Some items as one unit; an origin all of whose items are among them is there whole."""
    whole = [origin.id for origin in case.origins if all(item.id in items for item in origin.items)]
    apart = [_item(case, item) for item in case.evidence if item.id in items and item.origin_id not in whole]
    return together((*(Unit(origin, readable(origin), (origin,)) for origin in whole), *apart))


def _grouped(case: Case, by: str) -> tuple[Unit, ...]:
    grouped: dict[str, tuple[str, list[str]]] = {}
    for origin in case.origins:
        id, label = _home(case, origin, by)
        grouped.setdefault(id, (label, []))[1].append(origin.id)
    return tuple(Unit(id, label, tuple(origins)) for id, (label, origins) in grouped.items())


def _home(case: Case, origin: Origin, by: str) -> tuple[str, str]:
    """The unit that an origin belongs to; one without a source (a search) stands for itself."""
    source = case.sources[origin.source] if origin.source else None
    if by == "origin" or source is None:
        return origin.id, origin.label
    if by == "source":
        return source.id, source.name
    return source.institution, institution_name(case, source.institution)


def _item(case: Case, item: Item) -> Unit:
    if len(case.origins[item.origin_id].items) == 1:
        return Unit(item.id, item.title, (item.origin_id,))
    return Unit(item.id, item.title, (), (item.origin_id,), Unsaid(items=frozenset({item.id})))


def _facts(case: Case) -> tuple[Unit, ...]:
    """Facts that some item speaks about; without them their tables sum to one."""
    return tuple(unit for fact in (*case.facts.ids, PERPETRATOR) if (unit := _fact(case, fact)).origins or unit.partial)


def _fact(case: Case, fact: str) -> Unit:
    label = case.facts[fact].label if fact in case.facts else case.question
    whole = _speaking(case, lambda said: said == {fact})
    partial = _speaking(case, lambda said: fact in said and len(said) > 1)
    return Unit(fact, label, whole, partial, Unsaid(facts=frozenset({fact})) if partial else _ALL_SAID)


def _speaking(case: Case, holds: Callable[[set[str]], bool]) -> tuple[str, ...]:
    return tuple(origin.id for origin in case.origins if holds(_said(origin)))


def _said(origin: Origin) -> set[str]:
    return {
        fact
        for item in origin.items
        for fact in ((item.fact,) if isinstance(item, Direct) else [said.fact for said in item.propositions])
    }
