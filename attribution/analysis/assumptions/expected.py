"""What one would expect to see, had a faction done it: every state of every fact, and every item."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, Literal

import numpy as np

from attribution.analysis.finding import Finding
from attribution.domain.case import Case
from attribution.domain.evidence import Direct, Item, Proposition
from attribution.domain.verbal import percent
from attribution.errors import UsageError
from attribution.inference.draws import flat
from attribution.inference.posterior import Posterior
from attribution.inference.sobol import sobol_normals
from attribution.network.beliefs import log_scenarios
from attribution.network.compile_origins import Unsaid
from attribution.network.compiler import compile_network
from attribution.network.program import Floats, Program
from attribution.network.summation import keep_open, numbers, part_log_likelihoods, tables
from attribution.plots.figures import DotRow, Key, Scale, dots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Kind = Literal["fact", "item"]

_SCRAMBLES, _LOG2_POINTS = 8, 7  # of the prior
_TOGETHER = 32  # origins whose chances are worked out at a time
_SHOWN, _DRAWN = 3, 14  # phrases of the summary, rows of a figure
_ENDS = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class Expectation:
    """How probable one thing is, given that a faction, or a member of a group, did it.

    Attributes
    ----------
    kind, id, state
        A state of a fact, or an item; the state is empty for an item.
    label
        What a reader calls it.
    probability, mcse
        Given who did it, with its Monte Carlo standard error.
    low, high
        5 and 95 % quantiles of it over the inputs.
    anybody
        The same averaged over all factions by the prior.
    there
        An item of the case says so; an item itself always is.
    """

    kind: Kind
    id: str
    state: str
    label: str
    probability: float
    mcse: float
    low: float
    high: float
    anybody: float
    there: bool

    @property
    def difference(self) -> float:
        """How much more probable it is than on average."""
        return self.probability - self.anybody


@dataclass(frozen=True, slots=True)
class Expected(Finding):
    """What to expect had a faction, or a group, done it, beside what to expect whoever did it.

    Attributes
    ----------
    node, label
        The faction or group, and its name for a reader.
    share
        Its prior probability: where it is nearly all, the average differs little from it.
    facts
        Every state of every fact, in the order of the case.
    items
        Every item, in the order of the case: the chance that it would be there.
    left_out
        Items with a likelihood ratio of their own, which say nothing about how probable they were.

    Examples
    --------
    >>> found = at.expected(posterior, "nujaba")
    >>> found.facts[0].id, 0 < found.facts[0].probability < 1
    ('weapon', True)
    """

    node: str
    label: str
    share: float
    facts: tuple[Expectation, ...]
    items: tuple[Expectation, ...]
    left_out: tuple[str, ...]

    @property
    def title(self) -> str:
        return f"What would you expect to see if it was {self.label}?"

    @property
    def method(self) -> str:
        """What was averaged, and what an item's chance supposes."""
        return (
            f"Exact sums in {_SCRAMBLES * 2**_LOG2_POINTS:,} draws of the numbers from the prior, no evidence used, "
            "each weighted by the prior share it gives; ranges are 5 and 95 % quantiles. Of an item: the chance that "
            "its source, had it spoken of the matter, would have said this, by grade and table, forgery included and "
            "copying not; of an absence: that the search finds nothing."
        )

    @property
    def expectations(self) -> tuple[Expectation, ...]:
        """Facts and items, those that differ most from the average first."""
        return tuple(sorted((*self.facts, *self.items), key=lambda one: -abs(one.difference)))

    def to_frame(self) -> pd.DataFrame:
        """One row per state and item: probability, low, high, anybody, mcse, and whether it is there."""
        import pandas as pd

        columns = ("probability", "low", "high", "anybody", "mcse", "there")
        every = (*self.facts, *self.items)
        index = pd.MultiIndex.from_tuples(
            [(one.kind, one.id, one.state) for one in every], names=["kind", "id", "state"]
        )
        return pd.DataFrame(
            [[getattr(one, name) for name in columns] for one in every], index=index, columns=list(columns)
        )

    @property
    def summary(self) -> str:
        most = [*self._differing(self.facts)]
        if not most:
            return f"The model expects the same of {self.label} as of anybody."
        told = "; ".join(
            f"{one.label}, {percent(one.probability)} where it is {percent(one.anybody)} on average" for one in most
        )
        against = sorted((one for one in self.items if one.difference < 0), key=lambda one: one.difference)
        text = f"If it was {self.label}, the model expects most differently: {told}."
        if against:
            item = against[0]
            text += (
                f' Of the evidence the least to be expected then: "{item.label}", {percent(item.probability)} where it '
                f"is {percent(item.anybody)} on average."
            )
        return text

    def _differing(self, among: tuple[Expectation, ...]) -> Iterator[Expectation]:
        """The states that differ most from the average, one of each fact."""
        seen = set[str]()
        for one in sorted(among, key=lambda one: -abs(one.difference)):
            if one.id not in seen and len(seen) < _SHOWN and abs(one.difference) > 4 * one.mcse:
                seen.add(one.id)
                yield one

    def unreliable(self) -> tuple[str, ...]:
        """Nothing: the draws are those of the prior."""
        return ()

    def plot(self, ax: Axes | None = None) -> Axes:
        """A row per state or item that differs most: filled if it was the faction, open on average, with its range."""
        rows = [
            DotRow(
                one.label, one.probability, "lead" if one.kind == "fact" else "rival", one.anybody, (one.low, one.high)
            )
            for one in self.expectations[:_DRAWN]
        ]
        keys = (Key("a state of a fact", "lead"), Key("an item of the evidence", "rival"))
        return dots(
            rows,
            Scale(f"probability if it was {self.label}; open: averaged over all factions", "share"),
            title=self.title,
            note=self.method,
            keys=keys,
            ax=ax,
        )


def expected(posterior: Posterior, node: str) -> Expected:
    """What one would expect to see, had this faction, or a member of this group, done it.

    The evidence is not used, only the prior: the numbers are what the model's author said. Where an entry surprises its
    author, the table is wrong, or the author is about to learn something.

    Parameters
    ----------
    posterior
        The posterior; its draws are not used, only its case, model, day and seed.
    node
        A faction or a group of the case.

    Returns
    -------
    Expected
        The probability of every state of every fact and the chance of every item, beside the average over all factions.

    Raises
    ------
    UsageError
        No such faction or group.

    Examples
    --------
    >>> halt = at.expected(posterior, "kataib-hezbollah").to_frame().loc[("fact", "kh-halt", "yes")]
    >>> bool(halt["probability"] > halt["anybody"])
    True
    """
    tree = posterior.case.factions
    if node not in (*tree.leaves, *tree.groups):
        raise UsageError.unknown("factions and groups of the case", node, (*tree.leaves, *tree.groups), at=("node",))
    return of_each(posterior, (node,))[0]


def of_each(posterior: Posterior, nodes: tuple[str, ...]) -> tuple[Expected, ...]:
    """As `expected`, of several factions or groups at once: the sums are the same."""
    case, tree = posterior.known_case, posterior.case.factions
    facts: list[list[Expectation]] = [[] for _ in nodes]
    items: list[dict[str, Expectation]] = [{} for _ in nodes]
    prior = _Prior.of(posterior, posterior.program.without_evidence())
    for thing, joint in _facts(case, prior):
        for mine, node in zip(facts, nodes, strict=True):
            mine.append(prior.tell(thing, joint, tree.under(node)))
    for prior_then, thing, joint in _items(posterior, case):
        for about, node in zip(items, nodes, strict=True):
            about[thing.id] = prior_then.tell(thing, joint, tree.under(node))
    return tuple(
        Expected(
            node,
            tree.label(node),
            float(prior.share_of(tree.under(node)).mean()),
            tuple(mine),
            tuple(about[item.id] for item in case.evidence if item.id in about),
            tuple(item.id for item in case.evidence if isinstance(item, Direct)),
        )
        for node, mine, about in zip(nodes, facts, items, strict=True)
    )


@dataclass(frozen=True, slots=True)
class _Thing:
    """What may be expected."""

    kind: Kind
    id: str
    state: str
    label: str
    there: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Prior:
    """Draws of the numbers of a network from the prior: slots (draw, slot), shares (draw, faction)."""

    program: Program
    slots: Floats
    shares: Floats

    @classmethod
    def of(cls, posterior: Posterior, program: Program) -> _Prior:
        """The same draws of every number, also where the network has fewer of them than that of the posterior."""
        known = {label: place for place, label in enumerate(posterior.program.labels)}
        z = flat(sobol_normals(len(known), _SCRAMBLES, _LOG2_POINTS, posterior.settings.random_seed))
        slots = numbers(program, np.ascontiguousarray(z[:, [known[label] for label in program.labels]]))
        return cls(program, slots, np.exp(tables(program, slots)[1]))

    def share_of(self, leaves: frozenset[str]) -> Floats:
        """How probable it is that one of these did it: (draw,)."""
        return self._of(self.shares, leaves)

    def _of(self, joint: Floats, leaves: frozenset[str]) -> Floats:
        return np.asarray(joint[:, [leaf in leaves for leaf in self.program.factions]].sum(axis=1))

    def tell(self, thing: _Thing, joint: Floats, leaves: frozenset[str]) -> Expectation:
        """How probable a thing is, from its joint with the perpetrator (draw, faction), given one of these."""
        mine, weight = self._of(joint, leaves), self.share_of(leaves)
        by_scramble = mine.reshape(_SCRAMBLES, -1).sum(axis=1) / weight.reshape(_SCRAMBLES, -1).sum(axis=1)
        values = np.divide(mine, weight, out=np.zeros(len(mine)), where=weight > 0)
        order = np.argsort(values)
        below = np.cumsum(weight[order]) / weight.sum()
        low, high = values[order][np.minimum(np.searchsorted(below, _ENDS), len(values) - 1)].tolist()
        return Expectation(
            thing.kind,
            thing.id,
            thing.state,
            thing.label,
            probability=float(mine.sum() / weight.sum()),
            mcse=float(by_scramble.std(ddof=1)) / math.sqrt(_SCRAMBLES),
            low=low,
            high=high,
            anybody=float(joint.sum(axis=1).mean()),
            there=thing.there,
        )


def _facts(case: Case, prior: _Prior) -> Iterator[tuple[_Thing, Floats]]:
    """Every state of every fact with ``pi_h p(x | h, theta)``, the open set mixed in: (draw, faction)."""
    for fact in case.facts:
        joint = np.exp(log_scenarios(prior.program, prior.slots, (fact.id,)))
        said = [one for item in case.evidence for one in _item_says(item) if one.fact == fact.id]
        for position, state in enumerate(fact.states):
            name = case.factions.label(state) if fact.over_factions else state.replace("-", " ")
            there = any(state in case.meaning(one) for one in said)
            yield _Thing("fact", fact.id, state, f"{fact.label} {name}", there), joint[:, position]


def _item_says(item: Item) -> tuple[Proposition, ...]:
    """What an item asserts; nothing where it was weighed already."""
    return () if isinstance(item, Direct) else item.propositions


def _items(posterior: Posterior, case: Case) -> Iterator[tuple[_Prior, _Thing, Floats]]:
    """Every item by itself, the others of its origin unsaid, with its joint as in `_facts`."""
    known = set[str]()
    for alone in _rounds(case):
        unsaid = Unsaid(items=frozenset(case.evidence.ids) - set(alone))
        program = posterior.program
        if unsaid:
            program = compile_network(posterior.case, posterior.model, posterior.settings.as_of, unsaid=unsaid)
        asked = {case.evidence[id].origin_id: case.evidence[id] for id in alone if id not in known}
        known |= set(alone)
        prior = _Prior.of(posterior, program)
        for origin, joint in _alone(prior, tuple(o for o, item in asked.items() if not isinstance(item, Direct))):
            yield prior, _Thing("item", asked[origin].id, "", asked[origin].title, there=True), joint


def _rounds(case: Case) -> Iterator[tuple[str, ...]]:
    """Items to be asked about at a time, one of each origin: first all the first ones."""
    for place in range(max((len(origin.items) for origin in case.origins), default=0)):
        yield tuple(origin.items[min(place, len(origin.items) - 1)].id for origin in case.origins)


def _alone(prior: _Prior, origins: tuple[str, ...]) -> Iterator[tuple[str, Floats]]:
    """``pi_h p(o | h, theta)`` of each origin by itself, the open set mixed in: (draw, faction)."""
    program, power = prior.program, prior.program.floats.switch.tolist()
    of_part: dict[int, list[int]] = {}
    for position, origin in enumerate(program.origins):
        if origin in origins:
            of_part.setdefault(int(program.ints.origin_part[position]), []).append(position)
    with np.errstate(divide="ignore"):
        log_shares = np.log(prior.shares)
    for part, positions in of_part.items():
        for some in batched(positions, _TOGETHER):
            switches = [tuple(power[o] if o == one else 0.0 for o in range(len(power))) for one in some]
            logs = part_log_likelihoods(program, prior.slots, part, switches)
            for one, log in zip(some, logs, strict=True):
                yield program.origins[one], np.exp(keep_open(program, prior.slots, log_shares + log))
