"""What an origin says, by the definition: believed or not, turned round, copied, forged."""

from __future__ import annotations

import math

from attribution.domain.evidence import Absence, Direct, Proposition, Statement
from attribution.domain.grades import DIGITS, LETTERS
from attribution.domain.model import Forged
from attribution.domain.origins import Origin
from tests.brute_numbers import Theta, World

WHO = "perpetrator"


class Voices(Theta):
    """``p(o | x)`` of every origin, `x` including the perpetrator."""

    def origin(self, origin: Origin, x: World) -> float:
        """``p(o | x)``; `x` includes the perpetrator."""
        first = origin.items[0]
        if isinstance(first, Direct):
            return self.direct(first, x)
        true = all(self.holds(said, x) for item in origin.items for said in item.propositions)
        if isinstance(first, Absence):
            return 1.0 if true else 1 - self.value(first.detection, f"detection[{first.id}]")
        return self.statement(origin, true=true)

    def direct(self, item: Direct, x: World) -> float:
        ratios = dict(item.ratios)
        over = item.fact == WHO or self.case.facts[item.fact].over_factions
        nodes = self.case.factions.upward(x[item.fact]) if over else (x[item.fact],)
        for node in nodes:
            if node in ratios:
                return self.value(ratios[node], f"ratio[{item.id}|{node}]")
        return 1.0

    def holds(self, said: Proposition, x: World) -> bool:
        state = x[said.fact]
        names = {state}
        if said.fact == WHO or self.case.facts[said.fact].over_factions:
            parties = self.case.factions[state].joint_of
            names = {node for leaf in (state, *parties) for node in self.case.factions.upward(leaf)}
        return bool(names & said.states) != said.negated

    def statement(self, origin: Origin, *, true: bool) -> float:
        """With probability d it was fabricated: then it says what it would have said by itself had g done it."""
        honest = self.copied(origin, true=true)
        forged = self.forging(origin)
        if forged is None:
            return honest
        d = self.value(forged.probability, f"forged[{forged.target}]")
        return (1 - d) * honest + d * self.imitated(origin, forged.toward)

    def forging(self, origin: Origin) -> Forged | None:
        """The entry for the origin itself, else that for its source."""
        entries = {forged.target: forged for forged in self.model.deception.forged}
        return (entries.get(origin.id) or entries.get(origin.source)) if origin.forgeable else None

    def imitated(self, origin: Origin, toward: str) -> float:
        """The mean over g by size; toward nobody, over all factions by the prior."""
        key = ("imitated", origin.id)
        if key not in self.known:
            weight = {g: self.size_of(g) for g in self.case.factions.under(toward)} if toward else self.reference
            total = math.fsum(weight.values())
            self.known[key] = math.fsum(w * self.alone(origin, g) for g, w in weight.items()) / total
        return self.known[key]

    @property
    def reference(self) -> dict[str, float]:
        """The prior over factions that no move of the prior touches."""
        raise NotImplementedError

    def alone(self, origin: Origin, leaf: str) -> float:
        """``sum_x P(x | h) p(o | x, h)``, no other origin there, nothing copied."""
        raise NotImplementedError

    def copied(self, origin: Origin, *, true: bool) -> float:
        own, item = self.turned_round(origin, true=true), origin.items[0]
        if not isinstance(item, Statement) or item.copies is None:
            return own
        c = self.value(item.copies.probability, f"copies[{item.id}]")
        return c * self.implied(item) + (1 - c) * own

    def implied(self, item: Statement) -> bool:
        """Whether, of the facts that both speak of, the item says no more than the one it copies."""
        assert item.copies is not None
        original = self.case.evidence[item.copies.of].propositions
        return all(self._follows(said, original) for said in item.says)

    def _follows(self, said: Proposition, original: tuple[Proposition, ...]) -> bool:
        """Whether `said` is true wherever all of `original` is that speaks of the same fact; of another, it is said."""
        about = [proposition for proposition in original if proposition.fact == said.fact]
        possible = [{said.fact: state} for state in self.case.states(said.fact)]
        implied = all(self.holds(said, x) for x in possible if all(self.holds(proposition, x) for proposition in about))
        return implied or not about

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
        letter = origin.grade.letter if origin.grade else "F"
        digit = origin.grade.digit if origin.grade else "6"
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
