"""The model by its definition: every joint state of perpetrator and facts, one after another.

Nothing here is shared with `attribution.network`; only the names of the standard normals are the same. Slow, and
meant to be read beside the formulas: this is what the fast summation has to agree with.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import product

from scipy.stats import norm

from attribution.domain.case import Case
from attribution.domain.evidence import Absence, Direct, Proposition, Statement
from attribution.domain.facts import Fact
from attribution.domain.grades import DIGITS, LETTERS
from attribution.domain.model import Model, Share
from attribution.domain.numbers import Number
from attribution.domain.origins import Origin
from attribution.domain.tables import Entry, OddsRatio, Row, TraitValue

WHO = "perpetrator"
C = float(norm.ppf(0.95))

type World = Mapping[str, str]


@lru_cache(maxsize=100_000)
def point(number: Number, z: float) -> float:
    """T(z) of Hadlock and Bickel (2017), on the probit scale, or the log scale for a ratio."""
    transform = math.log if number.scale == "ratio" else norm.ppf
    low, best, high = (float(transform(value)) for value in (number.low, number.best, number.high))
    if abs(low + high - 2 * best) < 1e-13:
        return best + z * (high - low) / (2 * C)
    n = math.copysign(1.0, low + high - 2 * best)
    d = math.acosh((high - low) / (2 * min(best - low, high - best))) / C
    start = low if n > 0 else high
    return start + (high - low) / math.sinh(2 * d * C) * math.sinh(d * (z + n * C))


@dataclass(frozen=True)
class Enumeration:
    """``pi_h p(x, E | h)`` of every faction and world, for one draw of the standard normals, by label."""

    case: Case
    model: Model
    z: Mapping[str, float]
    known: dict[object, float] = field(default_factory=dict)

    # --- the answers ---------------------------------------------------------------------------------------------

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
        value = 1.0
        for fact in self.case.facts:
            value *= self.table(fact, x, leaf)
        for origin in self.case.origins:
            value *= self.origin(origin, {**x, WHO: leaf}) if value else 1.0
        return value

    def _mixed(self, own: dict[str, float]) -> dict[str, float]:
        """p(E | other) <- (1 - s) p(E | other) + s sum_h pi_h p(E | h), times pi_other."""
        s = self.value(self.model.perpetrator.surprise, "surprise")
        open_set = self.value(self.model.perpetrator.other, "prior[other]")
        anybody = math.fsum(own.values())
        return own | {"other": (1 - s) * own["other"] + s * open_set * anybody}

    # --- numbers -------------------------------------------------------------------------------------------------

    def value(self, number: Number, label: str, member: str = "") -> float:
        if number.low == number.high:
            return number.best
        own = f"{label}~{member}"
        if (label, own) not in self.known:
            t = point(number, self.z[label]) + (number.vary * self.z[own] if number.vary else 0.0)
            self.known[label, own] = math.exp(t) if number.scale == "ratio" else float(norm.cdf(t))
        return self.known[label, own]

    def trait(self, trait: str, leaf: str) -> float:
        entry = self.most_specific(self.model.traits[trait].entries, leaf)
        assert isinstance(entry.cell, Number)
        return self.value(entry.cell, f"trait[{trait}|{entry.node}]", leaf)

    def most_specific(self, entries: tuple[Entry, ...], leaf: str) -> Entry:
        for node in (*self.case.factions.upward(leaf), "else"):
            for entry in entries:
                if entry.node == node:
                    return entry
        raise LookupError(leaf)

    # --- the prior -----------------------------------------------------------------------------------------------

    def prior(self) -> dict[str, float]:
        tree, prior = self.case.factions, self.model.perpetrator
        open_set = self.value(prior.other, "prior[other]")
        named = [leaf for leaf in tree.leaves if leaf != "other"]
        if prior.shares:
            weight = {leaf: self.share(leaf) for leaf in named}
        else:
            weight = {
                leaf: tree[leaf].size * math.prod(self.trait(trait, leaf) for trait in prior.proportional_to)
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
        size = self.case.factions[leaf].size
        if not share.within:
            return total * size / self._size(self._covered(share))
        weights = {node: self.value(number, f"share[{share.node}|{node}]") for node, number in share.within}
        mine = next(node for node in above if node in weights)
        part = weights[mine] / math.fsum(weights.values())
        return total * part * size / self._size(self.case.factions.under(mine))

    def _covered(self, share: Share) -> frozenset[str]:
        tree = self.case.factions
        if share.node != "else":
            return tree.under(share.node)
        named = [other.node for other in self.model.perpetrator.shares if other.node != "else"]
        return frozenset(tree.leaves) - {"other"} - frozenset().union(*(tree.under(node) for node in named))

    def _size(self, leaves: frozenset[str]) -> float:
        return math.fsum(self.case.factions[leaf].size for leaf in leaves)

    # --- tables --------------------------------------------------------------------------------------------------

    def table(self, fact: Fact, x: World, leaf: str) -> float:
        """The row of the faction, mixed with the mean row of those the scene may have been arranged to point to."""
        key = (fact.id, leaf, x[fact.id], *(x[parent] for parent in fact.given))
        if key not in self.known:
            value = self.row(fact, x, leaf)[x[fact.id]]
            for staged in self.model.deception.staged:
                toward = self.case.factions.under(staged.toward)
                if staged.fact == fact.id and leaf not in toward:
                    d = self.value(staged.probability, f"staged[{fact.id}]")
                    size = self.case.factions
                    mean = math.fsum(size[g].size * self.row(fact, x, g)[x[fact.id]] for g in toward)
                    value = (1 - d) * value + d * mean / self._size(toward)
            self.known[key] = value
        return self.known[key]

    def row(self, fact: Fact, x: World, leaf: str) -> dict[str, float]:
        """p_k = v_k / (sum v + r) with r = 1 - sum of bests; or v and 1 - v for two states."""
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
        rest = 1 - math.fsum(bests)
        total = math.fsum(values.values()) + rest
        return {state: value / total for state, value in values.items()} | {left_out: rest / total}

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
            return favour / (favour + 1 - base), math.nan
        return self.value(entry.cell, label, leaf), entry.cell.best

    # --- origins -------------------------------------------------------------------------------------------------

    def origin(self, origin: Origin, x: World) -> float:
        """``p(o | x)``; `x` includes the perpetrator."""
        first = origin.items[0]
        if isinstance(first, Direct):
            return self.direct(first, x)
        true = all(self.holds(said, x) for item in origin.items for said in item.propositions)
        if isinstance(first, Absence):
            return 1.0 if true else 1 - self.value(first.detection, f"detection[{first.id}]")
        return self.statement(origin, true=true, leaf=x[WHO])

    def direct(self, item: Direct, x: World) -> float:
        ratios = dict(item.ratios)
        nodes = self.case.factions.upward(x[WHO]) if item.fact == WHO else (x[item.fact],)
        for node in nodes:
            if node in ratios:
                return self.value(ratios[node], f"ratio[{item.id}|{node}]")
        return 1.0

    def holds(self, said: Proposition, x: World) -> bool:
        state = x[said.fact]
        names = {state}
        if said.fact == WHO or self.case.facts[said.fact].over_factions:
            names = set(self.case.factions.upward(state))
        return bool(names & said.states) != said.negated

    def statement(self, origin: Origin, *, true: bool, leaf: str) -> float:
        key = (origin.id, true, leaf)
        if key not in self.known:
            self.known[key] = self.forged(origin, true=true, leaf=leaf)
        return self.known[key]

    def forged(self, origin: Origin, *, true: bool, leaf: str) -> float:
        honest = self.copied(origin, true=true)
        entries = {forged.target: forged for forged in self.model.deception.forged}
        forged = entries.get(origin.id) or entries.get(origin.source)
        if forged is None or not origin.forgeable:
            return honest
        d = self.value(forged.probability, f"forged[{forged.target}]")
        if not forged.toward:
            return (1 - d) * honest + d * self.mean_over_states(origin)
        return honest if leaf in self.case.factions.under(forged.toward) else (1 - d) * honest + d

    def mean_over_states(self, origin: Origin) -> float:
        """Of what the origin may say about the facts it speaks of; factions count by size."""
        said = [proposition for item in origin.items for proposition in item.propositions]
        facts = sorted({proposition.fact for proposition in said} | {WHO})
        total = weight = 0.0
        for states in product(*(self.case.states(fact) for fact in facts)):
            x = dict(zip(facts, states, strict=True))
            size = self.case.factions[x[WHO]].size
            total += size * self.copied(origin, true=all(self.holds(proposition, x) for proposition in said))
            weight += size
        return total / weight

    def copied(self, origin: Origin, *, true: bool) -> float:
        own, item = self.turned_round(origin, true=true), origin.items[0]
        if not isinstance(item, Statement) or item.copies is None:
            return own
        c = self.value(item.copies.probability, f"copies[{item.id}]")
        original = self.case.evidence[item.copies.of].propositions
        implied = all(self._follows(said, original) for said in item.says)
        return c * implied + (1 - c) * own

    def _follows(self, said: Proposition, original: tuple[Proposition, ...]) -> bool:
        """Whether `said` is true wherever all of `original` is."""
        about = [proposition for proposition in original if proposition.fact == said.fact]
        possible = [{said.fact: state} for state in self.case.states(said.fact)]
        return bool(about) and all(
            self.holds(said, x) for x in possible if all(self.holds(proposition, x) for proposition in about)
        )

    def turned_round(self, origin: Origin, *, true: bool) -> float:
        for deceptive in self.model.deception.deceptive:
            if deceptive.source == origin.source:
                d = self.value(deceptive.probability, f"deceptive[{deceptive.source}]")
                return (1 - d) * self.believed_or_not(origin, true=true) + d * (not true)
        return self.believed_or_not(origin, true=true)

    def believed_or_not(self, origin: Origin, *, true: bool) -> float:
        rho = self.reliability(origin)
        return rho * true + (1 - rho) * self.anyway(origin)

    def reliability(self, origin: Origin) -> float:
        letter, digit = str(origin.grade or "F6")
        if digit == "1" and self.confirmed_here(origin):
            digit = "2"
        grading = self.model.grading
        source = self.value(grading.letters[LETTERS.index(letter)], f"reliability[{origin.source}|{letter}]")
        return source * self.value(grading.digits[DIGITS.index(digit)], f"credibility[{origin.id}|{digit}]")

    def confirmed_here(self, origin: Origin) -> bool:
        """Whether another origin reports, or acts, on a fact this one speaks about."""
        facts = {said.fact for item in origin.items for said in item.propositions}
        return any(
            said.fact in facts
            for other in self.case.origins
            for item in other.items
            for said in item.propositions
            if other.id != origin.id and isinstance(item, Statement)
        )

    def anyway(self, origin: Origin) -> float:
        """Its distinct propositions, each said by chance; *not A* by the complement."""
        value = 1.0
        seen = set()
        for item in origin.items:
            for said in item.propositions:
                states = self.case.states(said.fact)
                meaning = (said.fact, *(self.holds(said, {said.fact: state}) for state in states))
                if meaning not in seen:
                    seen.add(meaning)
                    q = self.by_chance(item, origin.source)
                    value *= 1 - q if said.negated else q
        return value

    def by_chance(self, item: object, source: str) -> float:
        if isinstance(item, Statement) and item.would_say_anyway is not None:
            return self.value(item.would_say_anyway, f"anyway[{source}|{item.id}]")
        usual = self.case.sources[source].would_say_anyway
        return 0.5 if usual is None else self.value(usual, f"anyway[{source}]")


def _condition(row: Row) -> str:
    stated = ",".join(f"{parent}={'/'.join(sorted(states))}" for parent, states in row.when)
    return stated or "otherwise"
