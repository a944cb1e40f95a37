"""Random models for a case: priors of both kinds, tables with every kind of cell, all ways of deception."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from attribution.domain.case import Case
from attribution.domain.evidence import Statement
from attribution.domain.factions import FactionTree
from attribution.domain.facts import Fact
from attribution.domain.grades import Grading
from attribution.domain.identifiers import ELSE, OTHER, Catalog
from attribution.domain.model import (
    Deception,
    Deceptive,
    Forged,
    Model,
    PerpetratorPrior,
    Share,
    Sizes,
    Staged,
    Story,
)
from attribution.domain.numbers import Number
from attribution.domain.tables import Cell, Entry, OddsRatio, Row, StateRows, Table, Trait, TraitValue
from tests.random_numbers import around, below, probability, ratio

BESTS = (0.995, 0.97, 0.85, 0.5, 0.1)
STANDARD = (
    Number(0.985, 0.995, 0.999),
    Number(0.92, 0.97, 0.99),
    Number(0.7, 0.85, 0.95),
    Number(0.3, 0.5, 0.7),
    Number(0.03, 0.1, 0.25),
    Number(0.02, 0.3, 0.9),
)
UNCERTAIN = Grading("standard", "Standard", STANDARD, STANDARD)
CONSTANT = tuple(Number.exactly(best) for best in (*BESTS, 0.3))
CERTAIN = Grading("certain", "Certain", CONSTANT, CONSTANT)


type _When = tuple[tuple[str, frozenset[str]], ...]
type _RowMaker = Callable[[_When], Row]


def random_model(r: Random, case: Case, *, surprise: bool = True) -> Model:
    """A model of a case; `check_pair` has nothing to say about it."""
    traits = Catalog(_trait(r, case.factions, number) for number in range(r.randint(1, 3)))
    return Model(
        id="random",
        case=case.id,
        title="Random",
        grading=r.choice((UNCERTAIN, UNCERTAIN, CERTAIN)),
        perpetrator=replace(_prior(r, case.factions, traits, surprise=surprise), sizes=random_sizes(r, case.factions)),
        tables=Catalog(_Tables(r, case, traits).table(fact) for fact in r.sample([*case.facts], len(case.facts))),
        traits=traits,
        deception=_deception(r, case),
        stories=_stories(r, case),
    )


def covering(r: Random, tree: FactionTree) -> tuple[str, ...]:
    """Nodes such that every faction has a number: `else` and some more, or all roots and some more."""
    chosen = set(r.sample(tree.ids, r.randint(0, min(4, len(tree.ids)))))
    if r.random() < 0.7:
        return (*r.sample(sorted(chosen), len(chosen)), ELSE)
    return tuple(sorted(chosen | {root.id for root in tree.roots}))


def _trait(r: Random, tree: FactionTree, number: int) -> Trait:
    entries = tuple(Entry(node, around(r, r.uniform(-1.5, 0.2), vary=0.2)) for node in covering(r, tree))
    return Trait(f"trait-{number}", r.choice(("capability", "behaviour")), entries)


def _prior(r: Random, tree: FactionTree, traits: Catalog[Trait], *, surprise: bool) -> PerpetratorPrior:
    lurking = r.choice((Number.exactly(0.0), Number.exactly(0.01), Number(0.001, 0.01, 0.05), Number(0.1, 0.3, 0.6)))
    other = r.choice((Number.exactly(0.03), Number(0.01, 0.03, 0.1), Number(0.2, 0.4, 0.5)))
    lurking = lurking if surprise else Number.exactly(0.0)
    if r.random() < 0.5:
        names = tuple(r.sample(traits.ids, r.randint(1, min(2, len(traits)))))
        return PerpetratorPrior(other, lurking, proportional_to=names)
    roots = [root.id for root in tree.roots if root.id != OTHER]
    named = r.sample(roots, r.randint(0, len(roots)))
    shares = [Share(node, _weight(r), _within(r, tree, node)) for node in named]
    if len(named) < len(roots):
        shares.append(Share(ELSE, _weight(r)))
    return PerpetratorPrior(other, lurking, shares=tuple(shares))


def random_sizes(r: Random, tree: FactionTree) -> Sizes:
    """Sizes of some factions: constant, or uncertain."""
    leaves = [leaf for leaf in tree.leaves if leaf != OTHER]
    numbers = (Number.exactly(2.0, "ratio"), Number.exactly(0.5, "ratio"), Number(1.0, 3.0, 5.0, "ratio"))
    return Sizes(tuple(Entry(leaf, r.choice(numbers)) for leaf in r.sample(leaves, r.randint(0, len(leaves)))))


def _weight(r: Random) -> Number:
    return probability(r, constants=(0.2, 0.5))


def _within(r: Random, tree: FactionTree, node: str) -> tuple[tuple[str, Number], ...]:
    """Weights for the members of a group, some of them opened further."""
    if not tree[node].members or r.random() < 0.4:
        return ()
    named: list[str] = []
    for member in tree[node].members:
        named += [child.id for child in member.members] if member.members and r.random() < 0.5 else [member.id]
    return tuple((name, _weight(r)) for name in named)


@dataclass(frozen=True, slots=True)
class _Tables:
    """Tables in which each state of a faction takes its number from the most specific node that the state names."""

    r: Random
    case: Case
    traits: Catalog[Trait]

    def table(self, fact: Fact) -> Table:
        r = self.r
        if fact.over_factions and r.random() < 0.6:
            return Table(fact.id, (StateRows("same", self._rows(fact, self._two_state_row)),))
        left_out = r.choice(fact.states)
        given = r.sample([state for state in fact.states if state != left_out], len(fact.states) - 1)
        if len(given) == 1:
            return Table(fact.id, (StateRows(given[0], self._rows(fact, self._two_state_row)),))
        most = 0.95 / len(given)

        def row(when: _When) -> Row:
            return Row(when, tuple(Entry(node, below(r, most)) for node in covering(r, self.case.factions)))

        if len(given) <= 3 and r.random() < 0.3:
            return self._with_trait(fact, given)
        return Table(fact.id, tuple(StateRows(state, self._rows(fact, row)) for state in given))

    def _with_trait(self, fact: Fact, given: list[str]) -> Table:
        """One state is a trait of the factions, the others take their numbers from the nodes of that trait."""
        trait = self.r.choice([*self.traits])
        bests = [entry.cell.best for entry in trait.entries if isinstance(entry.cell, Number)]
        most = (0.98 - max(bests)) / (len(given) - 1)

        def row(when: _When) -> Row:
            return Row(when, tuple(Entry(entry.node, below(self.r, most)) for entry in trait.entries))

        first = StateRows(given[0], (Row(trait=trait.id),))
        return Table(fact.id, (first, *(StateRows(state, self._rows(fact, row)) for state in given[1:])))

    def _rows(self, fact: Fact, row: _RowMaker) -> tuple[Row, ...]:
        """Up to two rows with a condition, and the last without."""
        conditions = []
        for _ in range(self.r.randint(0, 2) if fact.given else 0):
            parents = self.r.sample(fact.given, self.r.randint(1, len(fact.given)))
            conditions.append(tuple((parent, self._some_states(parent)) for parent in parents))
        unlike = list(dict.fromkeys(conditions))
        return tuple(row(when) for when in (*unlike, ()))

    def _some_states(self, parent: str) -> frozenset[str]:
        states = self.case.states(parent)
        return frozenset(self.r.sample(states, self.r.randint(1, len(states) - 1)))

    def _two_state_row(self, when: _When) -> Row:
        if self.r.random() < 0.15:
            return Row(when, trait=self.r.choice(self.traits.ids))
        nodes = covering(self.r, self.case.factions)
        return Row(when, tuple(Entry(node, self._cell(node, with_else=ELSE in nodes)) for node in nodes))

    def _cell(self, node: str, *, with_else: bool) -> Cell:
        number = probability(self.r, constants=(0.0, 0.2, 0.5, 1.0), vary=0.2)
        if node == ELSE:
            return number
        if with_else and self.r.random() < 0.2:
            return OddsRatio(ratio(self.r))
        return TraitValue(self.r.choice(self.traits.ids)) if self.r.random() < 0.15 else number


def _deception(r: Random, case: Case) -> Deception:
    nodes = case.factions.ids
    staged = [Staged(fact, _small(r), r.choice(nodes)) for fact in r.sample(case.facts.ids, r.randint(0, 2))]
    forgeable = [origin.id for origin in case.origins if origin.forgeable and isinstance(origin.items[0], Statement)]
    targets = [*r.sample(forgeable, min(len(forgeable), r.randint(0, 3)))]
    targets += r.sample(case.sources.ids, r.randint(0, 2))
    forged = [Forged(target, _small(r), r.choice(("", *nodes))) for target in targets]
    deceptive = [Deceptive(source, _small(r)) for source in r.sample(case.sources.ids, r.randint(0, 2))]
    return Deception(tuple(staged), tuple(forged), tuple(deceptive))


def _stories(r: Random, case: Case) -> Catalog[Story]:
    """No story, one, or two, each over two or three facts."""
    facts = r.sample(case.facts.ids, len(case.facts))
    told: list[Story] = []
    while len(facts) >= 2 and len(told) < 2 and r.random() < 0.5:
        count = min(len(facts), r.choice((2, 2, 3)))
        members, facts = tuple(facts[:count]), facts[count:]
        told.append(Story(f"story-{len(told)}", members, Number.exactly(r.choice((0.0, 0.3, 0.8, 1.0)))))
    return Catalog(told)


def _small(r: Random) -> Number:
    return r.choice((Number(0.01, 0.05, 0.2), Number(0.05, 0.3, 0.6), Number.exactly(0.1)))
