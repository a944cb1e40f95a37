"""The summation against pgmpy: the switches of every origin spelled out as nodes of a Bayesian network."""

from __future__ import annotations

import warnings
from itertools import product
from typing import Any

import numpy as np
import pytest

from attribution.domain.evidence import Absence, Direct, Statement
from attribution.domain.facts import Fact
from attribution.domain.origins import Origin
from attribution.network.beliefs import state_probabilities
from attribution.network.compiler import compile_network
from attribution.network.summation import log_joint, numbers
from tests.brute_force import Enumeration
from tests.brute_origins import WHO
from tests.random_cases import random_pair

SEEDS = range(1000, 1042)
SWITCHES = ("forged", "copied", "turned", "believed")


class Network:
    """A discrete Bayesian network as pgmpy takes it; with `alone`, one origin by itself, neither copied nor forged."""

    def __init__(self, theta: Enumeration, alone: Origin | None = None) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the import of pgmpy 1.1 warns about its own parts
            from pgmpy.factors.discrete import TabularCPD  # type: ignore[import-untyped]
            from pgmpy.inference import VariableElimination  # type: ignore[import-untyped]
            from pgmpy.models import DiscreteBayesianNetwork  # type: ignore[import-untyped]

        self.alone = alone
        self.theta, self.make, self.engine = theta, TabularCPD, VariableElimination
        self.states = {fact.id: list(fact.states) for fact in theta.case.facts}
        self.states[WHO] = list(theta.case.factions.leaves)
        self.graph: Any = DiscreteBayesianNetwork()
        self.seen: dict[str, str] = {}
        self._node(WHO, (), lambda world: [theta.prior()[leaf] for leaf in self.states[WHO]])
        for story in theta.model.stories:
            strength, count = story.strength.best, len(story.facts)
            self.states[f"story:{story.id}"] = ["independent", *story.facts]
            self._node(
                f"story:{story.id}",
                (),
                lambda world, s=strength, n=count: [1 - s, *[s / n] * n],
            )
        for fact in theta.case.facts:
            told = tuple(f"story:{story.id}" for story in theta.model.stories if fact.id in story.facts)
            self._node(
                fact.id,
                (*fact.given, *told, WHO),
                lambda world, fact=fact, told=told: [
                    self._fact(fact, {**world, fact.id: state}, told) for state in fact.states
                ],
            )
        for origin in theta.case.origins if alone is None else (alone,):
            self._origin(origin)

    def _fact(self, fact: Fact, world: dict[str, str], told: tuple[str, ...]) -> float:
        if any(world[story] not in ("independent", fact.id) for story in told):
            return self.theta.followed(fact, world)
        return self.theta.table(fact, world, world[WHO])

    def _node(self, name: str, parents: tuple[str, ...], column: Any) -> None:
        """A node whose distribution is `column` at each state of its parents."""
        self.graph.add_node(name)
        self.graph.add_edges_from((parent, name) for parent in parents)
        worlds = [
            dict(zip(parents, states, strict=True)) for states in product(*(self.states[parent] for parent in parents))
        ]
        values = np.array([column(world) for world in worlds]).T
        self.graph.add_cpds(
            self.make(
                name,
                len(self.states[name]),
                values,
                evidence=list(parents) or None,
                evidence_card=[len(self.states[parent]) for parent in parents] or None,
                state_names={node: self.states[node] for node in (name, *parents)},
            )
        )

    def _coin(self, name: str, probability: float) -> None:
        self.states[name] = ["on", "off"]
        self._node(name, (), lambda world: [probability, 1 - probability])

    def _origin(self, origin: Origin) -> None:
        """The observed node of an origin, below the facts it speaks about and its own switches."""
        first = origin.items[0]
        about = {first.fact} if isinstance(first, Direct) else set()
        about |= {said.fact for item in origin.items for said in item.propositions} | {WHO}
        chances = self._chances(origin, first) if isinstance(first, Statement) else {}
        switches = tuple(f"{switch}:{origin.id}" for switch in chances)
        for name, probability in zip(switches, chances.values(), strict=True):
            self._coin(name, probability)
        node = f"seen:{origin.id}"
        self.states[node] = ["seen", "not"]
        self.seen[node] = "seen"

        def column(world: dict[str, str]) -> list[float]:
            p = min(1.0, self._seen(origin, world))
            return [p, 1 - p]

        self._node(node, (*sorted(about), *switches), column)

    def _chances(self, origin: Origin, item: Statement) -> dict[str, float]:
        """How probably each switch of an origin is on."""
        theta = self.theta
        chances = {"believed": theta.reliability(origin)}
        for deceptive in theta.model.deception.deceptive:
            if deceptive.source == origin.source:
                chances["turned"] = theta.value(deceptive.probability, f"deceptive[{origin.source}]")
        if self.alone is not None:
            return chances
        if item.copies:
            chances["copied"] = theta.value(item.copies.probability, f"copies[{item.id}]")
        if forged := self._forging(origin):
            chances["forged"] = theta.value(forged.probability, f"forged[{forged.target}]")
        return chances

    def _forging(self, origin: Origin) -> Any:
        return self.theta.forging(origin)

    def _imitated(self, origin: Origin, toward: str) -> float:
        """What a network in which the origin stands by itself says it would say, whoever is imitated."""
        key = f"imitated:{origin.id}"
        if key not in self.theta.known:
            by_whom = Network(self.theta, origin).seen_by_perpetrator(origin)
            named = self.theta.case.factions.under(toward) if toward else frozenset()
            weight = {g: self.theta.size_of(g) for g in named} if named else self.theta.prior()
            total = sum(share * by_whom[g] for g, share in weight.items())
            self.theta.known[key] = total / sum(weight.values())
        return self.theta.known[key]

    def seen_by_perpetrator(self, origin: Origin) -> dict[str, float]:
        """How probable the evidence of an origin is if each faction did it."""
        node, engine = f"seen:{origin.id}", self.engine(self.graph)
        by_leaf = {leaf: engine.query([node], evidence={WHO: leaf}, show_progress=False) for leaf in self.states[WHO]}
        return {leaf: float(found.get_value(**{node: "seen"})) for leaf, found in by_leaf.items()}

    def _seen(self, origin: Origin, world: dict[str, str]) -> float:
        """How probable the evidence of an origin is where its switches are known."""
        theta, first = self.theta, origin.items[0]
        if isinstance(first, Direct):
            states = self.states[first.fact]
            return theta.direct(first, world) / max(theta.direct(first, {**world, first.fact: s}) for s in states)
        if isinstance(first, Absence):
            return theta.origin(origin, world)
        on = {switch for switch in SWITCHES if world.get(f"{switch}:{origin.id}") == "on"}
        true = all(theta.holds(said, world) for item in origin.items for said in item.propositions)
        if "forged" in on:
            return self._imitated(origin, self._forging(origin).toward)
        if "copied" in on and isinstance(first, Statement):
            return float(theta.implied(first))
        if "turned" in on:
            return float(not true)
        return float(true) if "believed" in on else theta.anyway(origin)

    def beliefs(self) -> dict[str, list[float]]:
        """The posterior of the perpetrator and of every fact."""
        assert self.graph.check_model()
        asked = [WHO, *self.theta.case.facts.ids]
        engine = self.engine(self.graph)
        found = engine.query(asked, evidence=self.seen, joint=False, show_progress=False)
        return {name: [found[name].get_value(**{name: state}) for state in self.states[name]] for name in asked}


@pytest.mark.parametrize("seed", SEEDS)
def test_pgmpy_agrees(seed: int) -> None:
    case, model = random_pair(seed, surprise=False)
    program = compile_network(case, model)
    z = np.random.default_rng(seed).standard_normal((1, program.dimension))
    theta = Enumeration(case.as_of(), model, dict(zip(program.labels, z[0].tolist(), strict=True)))
    beliefs = Network(theta).beliefs()
    joint = np.exp(log_joint(program, z)[0])
    np.testing.assert_allclose(joint / joint.sum(), beliefs[WHO], rtol=0, atol=1e-8)
    facts = [p for fact in case.facts for p in beliefs[fact.id]]
    np.testing.assert_allclose(state_probabilities(program, numbers(program, z))[0], facts, rtol=0, atol=1e-8)
