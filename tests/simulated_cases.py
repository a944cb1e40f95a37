"""Cases whose truth is known: a model's own numbers, perpetrator, facts and evidence, drawn in that order.

The draws follow the definitions of `tests.brute_force`, not the tape. Evidence is drawn as a process: an origin is
forged, or copies, or turns things round, or is believed and tells the truth, or says something by chance. What is
drawn is only *how* each origin speaks (that A, or that not A); what it speaks about is part of the random structure.

One outcome has no item of its own in the file formats and is written as an absence with the same likelihood: a search
that did find something (likelihood ``d`` where it happened, else 0; the factor ``d`` concerns that number alone, so its
rank is left out). A forger draws a world of his own, in which those did it whom he imitates, and speaks of that. Items
that were weighed already (`direct`) say nothing about how likely they were to appear, and are left out.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from attribution.domain.case import Case
from attribution.domain.evidence import Absence, Direct, Item, Proposition, Statement
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Model
from attribution.domain.numbers import Number
from attribution.domain.origins import Origin
from tests.brute_force import Enumeration
from tests.brute_origins import WHO
from tests.random_cases import random_pair

Signs = dict[str, tuple[bool, ...]]  # by item: whether each of its propositions is said as written


@dataclass(frozen=True)
class Simulation:
    """A case and a model, and what was true: the perpetrator, the facts, and the standard normals by label."""

    case: Case
    model: Model
    perpetrator: str
    world: dict[str, str]
    z: Mapping[str, float]
    unranked: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Normals(Mapping[str, float]):
    """One standard normal per label, the same for the same seed whatever is asked first."""

    seed: int
    renamed: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, label: str) -> float:
        name = self.renamed.get(label, label)
        return float(np.random.default_rng([self.seed, zlib.crc32(name.encode())]).standard_normal())

    def __iter__(self) -> Iterator[str]:
        return iter(self.renamed)

    def __len__(self) -> int:
        return len(self.renamed)


def simulated(seed: int) -> Simulation:
    """A random case and model, with evidence drawn from it."""
    case, model = random_pair(seed)
    case = _speakable(case)
    model = _coherent(case, model)
    return _Process(case, model, Normals(seed), np.random.default_rng([seed, 1])).run()


def _speakable(case: Case) -> Case:
    """The structure: origins that say one thing about each fact, copies that repeat, searches for one thing."""
    items: dict[str, Item] = {}
    spoken: set[tuple[str, str]] = set()
    for item in case.evidence:
        if isinstance(item, Direct):
            continue
        if isinstance(item, Absence):
            items[item.id] = replace(item, says=item.says[:1])
            continue
        assert isinstance(item, Statement)
        says = tuple(said for said in _one_each(item.says) if (item.origin_id, said.fact) not in spoken)
        if says:
            spoken |= {(item.origin_id, said.fact) for said in says}
            items[item.id] = replace(item, says=says, withdrawn=None, regraded=())
    for item in list(items.values()):
        if isinstance(item, Statement) and item.copies:
            original = items.get(item.copies.of)
            repeats = isinstance(original, Statement) and _stands_before(items, original, item)
            items[item.id] = replace(item, says=original.says) if repeats else replace(item, copies=None)
    present = {item.origin for item in items.values()}
    declared = Catalog(origin for origin in case.declarations if origin.id in present)
    return replace(case, evidence=Catalog(items.values()), declarations=declared)


def _one_each(says: tuple[Proposition, ...]) -> tuple[Proposition, ...]:
    return tuple({said.fact: said for said in reversed(says)}.values())


def _stands_before(items: dict[str, Item], original: Item, item: Item) -> bool:
    order = list(items)
    return order.index(original.id) < order.index(item.id)


def _coherent(case: Case, model: Model) -> Model:
    """Deception that is a process: whoever turns things round says one thing; a forger has one origin in mind."""
    origins = {origin.id: origin for origin in case.origins}
    by_source: dict[str, list[Origin]] = {}
    for origin in origins.values():
        by_source.setdefault(origin.source, []).append(origin)
    forged = tuple(
        entry
        for entry in model.deception.forged
        if entry.target in origins or (entry.target in by_source and not entry.toward)
    )
    deceptive = tuple(
        entry
        for entry in model.deception.deceptive
        if all(len(propositions(origin)) == 1 for origin in by_source.get(entry.source, []))
    )
    return replace(model, deception=replace(model.deception, forged=forged, deceptive=deceptive))


def propositions(origin: Origin) -> list[Proposition]:
    return [said for item in origin.items for said in item.propositions]


@dataclass
class _Process:
    """How the numbers, the deed and its traces come about."""

    case: Case
    model: Model
    z: Normals
    rng: np.random.Generator

    def run(self) -> Simulation:
        self.theta = Enumeration(self.case, self.model, self.z)
        perpetrator = self._choose(self.theta.prior())
        acting = perpetrator
        if perpetrator == "other" and self._happens(self.model.perpetrator.surprise, "surprise"):
            acting = self._choose(self.theta.prior())
        world = self._world(acting)
        self.signs: Signs = {}
        self.found: dict[str, Item] = {}
        for origin in self._in_order():
            if isinstance(origin.items[0], Absence):
                self._search(origin.items[0], {**world, WHO: acting})
            else:
                self._speak(origin, {**world, WHO: acting})
        return self._written(perpetrator, world)

    def _in_order(self) -> list[Origin]:
        """Origins that copy come after those they copy from."""
        waiting, ready = list(self.case.origins), []
        while waiting:
            told = {item.id for origin in ready for item in origin.items}
            origin = next(one for one in waiting if _copied(one) <= told)
            waiting.remove(origin)
            ready.append(origin)
        return ready

    def _choose(self, weights: Mapping[str, float]) -> str:
        p = np.array(list(weights.values()))
        return str(self.rng.choice(list(weights), p=p / p.sum()))

    def _happens(self, number: Number, label: str) -> bool:
        return bool(self.rng.random() < self.theta.value(number, label))

    def _world(self, acting: str) -> dict[str, str]:
        world: dict[str, str] = {}
        waiting = list(self.case.facts)
        while waiting:
            fact = next(one for one in waiting if set(one.given) <= set(world))
            waiting.remove(fact)
            row_of = acting
            for staged in reversed(self.model.deception.staged):
                toward = self.case.factions.under(staged.toward)
                aimed = staged.fact == fact.id and acting not in toward
                if aimed and self._happens(staged.probability, f"staged[{fact.id}]"):
                    row_of = self._choose({leaf: self.theta.size_of(leaf) for leaf in sorted(toward)})
                    break
            world[fact.id] = self._choose(self.theta.row(fact, world, row_of))
        return world

    def _search(self, item: Absence, x: Mapping[str, str]) -> None:
        happened = not self.theta.holds(item.says[0], x)
        if happened and self._happens(item.detection, f"detection[{item.id}]"):
            turned = replace(item.says[0], negated=not item.says[0].negated)
            self.found[item.id] = replace(item, says=(turned,), detection=Number.exactly(1.0))

    def _speak(self, origin: Origin, x: Mapping[str, str]) -> None:
        forged = self.theta.forging(origin)
        if forged is None or not self._happens(forged.probability, f"forged[{forged.target}]"):
            self._tell(origin, self._unforged(origin, x))
            return
        named = self.case.factions.under(forged.toward) if forged.toward else frozenset[str]()
        by_size = {leaf: self.theta.size_of(leaf) for leaf in sorted(named)}
        imitated = self._choose(by_size or self.theta.prior())
        self._tell(origin, self._by_itself(origin, {**self._world(imitated), WHO: imitated}))

    def _unforged(self, origin: Origin, x: Mapping[str, str]) -> list[bool]:
        first = origin.items[0]
        assert isinstance(first, Statement)
        if first.copies and self._happens(first.copies.probability, f"copies[{first.id}]"):
            return list(self.signs[first.copies.of])
        return self._by_itself(origin, x)

    def _by_itself(self, origin: Origin, x: Mapping[str, str]) -> list[bool]:
        truth = [self.theta.holds(said, x) for said in propositions(origin)]
        for entry in self.model.deception.deceptive:
            if entry.source == origin.source and self._happens(entry.probability, f"deceptive[{entry.source}]"):
                return [not true for true in truth]
        if self.rng.random() < self.theta.reliability(origin):
            return truth
        return [self._by_chance(item, said, origin) for item in origin.items for said in item.propositions]

    def _by_chance(self, item: Item, said: Proposition, origin: Origin) -> bool:
        q = self.theta.by_chance(item, origin.source)
        return bool(self.rng.random() < (1 - q if said.negated else q))

    def _tell(self, origin: Origin, signs: list[bool]) -> None:
        left = iter(signs)
        for item in origin.items:
            self.signs[item.id] = tuple(next(left) for _ in item.propositions)

    def _written(self, perpetrator: str, world: dict[str, str]) -> Simulation:
        items = [self.found.get(item.id) or self._signed(item) for item in self.case.evidence]
        case = replace(self.case, evidence=Catalog(items))
        unranked = frozenset(f"detection[{id}]" for id in self.found)
        return Simulation(case, self.model, perpetrator, world, self.z, unranked)

    def _signed(self, item: Item) -> Item:
        if not isinstance(item, Statement):
            return item
        says = tuple(
            said if sign else replace(said, negated=not said.negated)
            for said, sign in zip(item.says, self.signs[item.id], strict=True)
        )
        return replace(item, says=says)


def _copied(origin: Origin) -> set[str]:
    return {item.copies.of for item in origin.items if isinstance(item, Statement) and item.copies}
