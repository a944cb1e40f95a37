"""The model by its definition: every joint state of perpetrator and facts, one after another.

Nothing here is shared with `attribution.network`; only the names of the standard normals are the same. Slow, and
meant to be read beside the formulas: this is what the fast summation has to agree with.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property
from itertools import product

from attribution.domain.facts import Fact
from attribution.domain.model import Share, Story
from attribution.domain.numbers import Number
from attribution.domain.origins import Origin
from attribution.domain.tables import OddsRatio, Row, TraitValue
from tests.brute_numbers import World
from tests.brute_origins import WHO, Voices


class Enumeration(Voices):
    """``pi_h p(x, E | h)`` of every faction and world, for one draw of the standard normals, by label."""

    def joint(self) -> dict[str, float]:
        """``pi_h p(E | h)``, what `other` does mixed with what anybody may do."""
        own = {leaf: math.fsum(weights) for leaf, weights in self.by_world.items()}
        return self._mixed(own)

    def facts(self) -> dict[tuple[str, str], float]:
        """``p(x_f | E)`` for every state of every fact."""
        found: dict[tuple[str, str], float] = {(f.id, state): 0.0 for f in self.case.facts for state in f.states}
        for position, world in enumerate(self.worlds()):
            mixed = self._mixed({leaf: weights[position] for leaf, weights in self.by_world.items()})
            for fact, state in world.items():
                found[fact, state] += math.fsum(mixed.values())
        total = math.fsum(self.joint().values())
        return {key: value / total if total else math.nan for key, value in found.items()}

    def scenarios(self, roles: tuple[str, ...]) -> dict[tuple[str, ...], dict[str, float]]:
        """``pi_h p(E, x_roles | h)`` by the states of the roles, what `other` does mixed with what anybody may do."""
        own: dict[tuple[str, ...], dict[str, float]] = {}
        for position, world in enumerate(self.worlds()):
            found = own.setdefault(tuple(world[role] for role in roles), dict.fromkeys(self.by_world, 0.0))
            for leaf, weights in self.by_world.items():
                found[leaf] += weights[position]
        return {states: self._mixed(weights) for states, weights in own.items()}

    @cached_property
    def by_world(self) -> dict[str, list[float]]:
        """``pi_h p(x, E | h)`` before the open set is mixed, worlds in the order of `worlds`."""
        prior = self.prior()
        return {leaf: [prior[leaf] * self.world(x, leaf) for x in self.worlds()] for leaf in self.case.factions.leaves}

    def worlds(self) -> Iterator[dict[str, str]]:
        facts = self.case.facts
        for states in product(*(fact.states for fact in facts)):
            yield dict(zip(facts.ids, states, strict=True))

    def world(self, x: World, leaf: str) -> float:
        """``prod_j theta_j(x_j | h, parents) prod_o p(o | x, h)``."""
        value = self.facts_of(x, leaf)
        for origin in self.case.origins:
            value *= self.origin(origin, {**x, WHO: leaf}) if value else 1.0
        return value

    def facts_of(self, x: World, leaf: str) -> float:
        """``P(x | h)``: over all ways in which the stories may be told."""
        stories = [*self.model.stories]
        ways = product(*(range(len(story.facts) + 1) for story in stories))
        return math.fsum(self.told(x, leaf, dict(zip(stories, way, strict=True))) for way in ways)

    def told(self, x: World, leaf: str, way: dict[Story, int]) -> float:
        """The same with one fact of each story speaking for all (counted from one), or none (0)."""
        value, follows = 1.0, set[str]()
        for story, speaks in way.items():
            value *= story.strength.best / len(story.facts) if speaks else 1 - story.strength.best
            follows |= {fact for place, fact in enumerate(story.facts, 1) if speaks and place != speaks}
        for fact in self.case.facts:
            value *= self.followed(fact, x) if fact.id in follows else self.table(fact, x, leaf)
        return value

    def followed(self, fact: Fact, x: World) -> float:
        """The mean table over all factions by their prior."""
        key = ("followed", fact.id, x[fact.id], *(x[parent] for parent in fact.given))
        if key not in self.known:
            prior = self.prior()
            self.known[key] = math.fsum(prior[h] * self.table(fact, x, h) for h in self.case.factions.leaves)
        return self.known[key]

    def alone(self, origin: Origin, leaf: str) -> float:
        said = [proposition for item in origin.items for proposition in item.propositions]
        total = []
        for x in self.worlds():
            weight = self.facts_of(x, leaf)
            true = all(self.holds(proposition, {**x, WHO: leaf}) for proposition in said)
            total.append(weight * self.turned_round(origin, true=true))
        return math.fsum(total)

    @property
    def reference(self) -> dict[str, float]:
        return self.prior()

    def _mixed(self, own: dict[str, float]) -> dict[str, float]:
        """p(E | other) <- (1 - s) p(E | other) + s sum_h pi_h p(E | h), times pi_other."""
        s = self.value(self.model.perpetrator.surprise, "surprise")
        open_set = self.value(self.model.perpetrator.other, "prior[other]")
        anybody = math.fsum(own.values())
        return own | {"other": (1 - s) * own["other"] + s * open_set * anybody}

    def prior(self) -> dict[str, float]:
        tree, prior = self.case.factions, self.model.perpetrator
        open_set = self.value(prior.other, "prior[other]")
        named = [leaf for leaf in tree.leaves if leaf != "other"]
        if prior.shares:
            weight = {leaf: self.share(leaf) for leaf in named}
        else:
            weight = {
                leaf: self.size_of(leaf) * math.prod(self.trait(trait, leaf) for trait in prior.proportional_to)
                for leaf in named
            }
        total = math.fsum(weight.values())
        return {leaf: (1 - open_set) * weight[leaf] / total if leaf != "other" else open_set for leaf in tree.leaves}

    def share(self, leaf: str) -> float:
        """The number of the share, times the part of the node, times the part by size within it."""
        above = self.case.factions.upward(leaf)
        shares = {share.node: share for share in self.model.perpetrator.shares}
        share = next((shares[node] for node in above if node in shares), shares.get("else"))
        assert share is not None
        total = self.value(share.number, f"share[{share.node}]")
        size = self.size_of(leaf)
        if not share.within:
            return total * size / self.size(self._covered(share))
        weights = {node: self.value(number, f"share[{share.node}|{node}]") for node, number in share.within}
        mine = next(node for node in above if node in weights)
        part = weights[mine] / math.fsum(weights.values())
        return total * part * size / self.size(self.case.factions.under(mine))

    def _covered(self, share: Share) -> frozenset[str]:
        tree = self.case.factions
        if share.node != "else":
            return tree.under(share.node)
        named = [other.node for other in self.model.perpetrator.shares if other.node != "else"]
        return frozenset(tree.leaves) - {"other"} - frozenset().union(*(tree.under(node) for node in named))

    def table(self, fact: Fact, x: World, leaf: str) -> float:
        """The row of the faction, mixed with the mean row of those the scene may have been arranged to point to."""
        key = (fact.id, leaf, x[fact.id], *(x[parent] for parent in fact.given))
        if key not in self.known:
            value = self.row(fact, x, leaf)[x[fact.id]]
            for staged in self.model.deception.staged:
                toward = self.case.factions.under(staged.toward)
                if staged.fact == fact.id and leaf not in toward:
                    d = self.value(staged.probability, f"staged[{fact.id}]")
                    mean = math.fsum(self.size_of(g) * self.row(fact, x, g)[x[fact.id]] for g in toward)
                    value = (1 - d) * value + d * mean / self.size(toward)
            self.known[key] = value
        return self.known[key]

    def row(self, fact: Fact, x: World, leaf: str) -> dict[str, float]:
        """p_k = v_k / (sum v + r) with r = 1 - sum of bests; or v and 1 - v for two states."""
        if fact.over_factions and [given.state for given in self.model.tables[fact.id].states] == ["same"]:
            return self.played(fact, x, leaf)
        values: dict[str, float] = {}
        bests = []
        for given in self.model.tables[fact.id].states:
            row = next(row for row in given.rows if all(x[parent] in states for parent, states in row.when))
            several = f"|{_condition(row)}]" if len(given.rows) > 1 else "]"
            values[given.state], best = self.cell(row, f"table[{fact.id}={given.state}|", several, leaf)
            bests.append(best)
        left_out = next(state for state in fact.states if state not in values)
        if len(fact.states) == 2:
            return values | {left_out: 1 - math.fsum(values.values())}
        rest = max(0.0, 1 - math.fsum(bests))
        total = math.fsum(values.values()) + rest
        return {state: value / total for state, value in values.items()} | {left_out: rest / total}

    def played(self, fact: Fact, x: World, leaf: str) -> dict[str, float]:
        """s for whoever did it; the rest by the prior among the others."""
        (given,) = self.model.tables[fact.id].states
        row = next(row for row in given.rows if all(x[parent] in states for parent, states in row.when))
        several = f"|{_condition(row)}]" if len(given.rows) > 1 else "]"
        s, _ = self.cell(row, f"table[{fact.id}=same|", several, leaf)
        others = {h: share for h, share in self.reference.items() if h != leaf}
        total = math.fsum(others.values())
        return {leaf: s} | {h: (1 - s) * share / total for h, share in others.items()}

    def cell(self, row: Row, start: str, end: str, leaf: str) -> tuple[float, float]:
        """The number of a faction, and its best."""
        if row.trait:
            entry = self.most_specific(self.model.traits[row.trait].entries, leaf)
            return self.trait(row.trait, leaf), entry.cell.best if isinstance(entry.cell, Number) else math.nan
        entry = self.most_specific(row.entries, leaf)
        if isinstance(entry.cell, TraitValue):
            return self.cell(Row(trait=entry.cell.trait), start, end, leaf)
        label = f"{start}{entry.node}{end}"
        if isinstance(entry.cell, OddsRatio):
            otherwise = next(other.cell for other in row.entries if other.node == "else")
            assert isinstance(otherwise, Number)
            base = self.value(otherwise, f"{start}else{end}", leaf)
            favour = base * self.value(entry.cell.ratio, label)
            return favour / (favour + (1 - base)), math.nan
        return self.value(entry.cell, label, leaf), entry.cell.best


def _condition(row: Row) -> str:
    stated = ",".join(f"{parent}={'/'.join(sorted(states))}" for parent, states in row.when)
    return stated or "otherwise"
