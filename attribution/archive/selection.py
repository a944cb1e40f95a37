"""Known perpetrators are a sample: what follows for the unknown from how readily each faction's attacks are labelled.

An event without a label is more probably of those whose attacks seldom get one. With r the probability that an attack
by f is labelled, ``p(f | no label) ~ p(f | label) (1 - r_f) / r_f``: only ratios of these odds matter. No table of
labels alone can tell r; it is stated in the mapping (`labelled:`), or swept. Where claims are coded they are a column
of their own, and what silence says is in the posterior already; but claims for attacks without a label also bound r.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.archive.codes import Floats
from attribution.archive.events import NOT_CLAIMED, UNKNOWN, EventTable
from attribution.archive.model.classes import Classes
from attribution.domain.numbers import Number
from attribution.network.curves import quantile

SWEPT = 3.0  # by so much are the odds of one faction's attacks to be labelled raised and lowered in the sweep
_ELSE = "else"


@dataclass(frozen=True, slots=True)
class Propensity:
    """How likely an attack by each faction is to be labelled: stated for some, `usual` for all others."""

    stated: tuple[tuple[str, Number], ...]
    usual: float
    seed: int = 1

    def unlabelled(self, probability: Floats, classes: Classes) -> Floats:
        """Probabilities (draw, event, class) of events without a label, from those of events with one.

        Every draw has its own propensities, from the triples that were stated.
        """
        stated = dict(self.stated)
        rng = np.random.default_rng(self.seed)
        odds = np.empty((len(probability), len(classes)))
        usual = stated.get(_ELSE, Number(self.usual, self.usual, self.usual))
        common = quantile(usual, rng.standard_normal(len(probability)))
        for code, name in enumerate(classes.names):
            drawn = quantile(stated[name], rng.standard_normal(len(probability))) if name in stated else common
            odds[:, code] = (1.0 - drawn) / drawn
        weighed = probability * odds[:, None, :]
        return np.asarray(weighed / weighed.sum(axis=2, keepdims=True))


@dataclass(frozen=True, slots=True)
class ImpliedPropensity:
    """What claims say of how likely an attack by a faction is to get a label, from 0 to 1."""

    faction: str
    low: float  # were all attacks that nobody claimed and nobody is known for its own
    best: float  # were attacks that nobody claimed labelled alike, whoever carried them out
    high: float  # were none of them its own


def implied_by_claims(events: EventTable, classes: Classes) -> tuple[ImpliedPropensity, ...]:
    """How likely attacks by each faction are to get a label, as far as claims tell: bounds, and one assumption more.

    An attack that was claimed is taken for the claimant's, whether it has a label or not. Of attacks that nobody
    claimed those without a label may be anybody's: hence bounds, after Manski (2003, Partial Identification of
    Probability Distributions). Nothing where the table names no claimants, or never says that nobody claimed.
    """
    label, claim = classes.labels(events), np.asarray(events.claim)
    of_name = dict(zip(events.factions, classes.of_faction.tolist(), strict=True))
    claimant = np.array([*(of_name.get(name, -1) for name in events.claimants), -1])
    claimed_by = np.where(claim >= 0, claimant[np.maximum(claim, 0)], -1)
    unlabelled, unclaimed = events.label == UNKNOWN, claim == NOT_CLAIMED
    if not np.any(claimed_by >= 0) or not np.any(unclaimed & ~unlabelled):
        return ()
    usual = float(np.mean(~unlabelled[unclaimed]))
    anybody = float(np.sum(unclaimed & unlabelled))
    out = []
    for code, name in enumerate(classes.names[:-1]):
        known = float(np.sum(label == code))
        claimed = float(np.sum(unlabelled & (claimed_by == code)))
        silent = float(np.sum(unclaimed & (label == code))) * (1.0 - usual) / usual
        low, best, high = (known / max(known + claimed + more, 1.0) for more in (anybody, silent, 0.0))
        out.append(ImpliedPropensity(name, low, best, high))
    return tuple(out)


@dataclass(frozen=True, slots=True)
class Total:
    """How many events of unknown hand are given to a faction, and how many if its labels came more or less readily."""

    faction: str
    events: float
    readily: float  # were the odds that an attack of its is labelled three times as high
    seldom: float  # ... a third as high


@dataclass(slots=True)
class Totals:
    """Totals while predictions are written, a part at a time."""

    names: tuple[str, ...]
    sums: Floats

    @classmethod
    def of(cls, names: tuple[str, ...]) -> Totals:
        """None yet."""
        return cls(names, np.zeros((3, len(names))))

    def add(self, probability: Floats) -> None:
        """Count the posteriors (event, class) of some events."""
        rest = 1.0 - probability
        for at, factor in enumerate((1.0, 1.0 / SWEPT, SWEPT)):
            self.sums[at] += (factor * probability / (factor * probability + rest)).sum(axis=0)

    def rows(self) -> tuple[Total, ...]:
        """From most to fewest events."""
        order = np.argsort(-self.sums[0], kind="stable").tolist()
        return tuple(Total(self.names[code], *(float(row[code]) for row in self.sums)) for code in order)
