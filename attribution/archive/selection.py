"""Known perpetrators are a sample: what follows for the unknown from how readily each faction's attacks are labelled.

An event without a label is more probably of those whose attacks seldom get one. With r the probability that an attack
by f is labelled, ``p(f | no label) ~ p(f | label) (1 - r_f) / r_f``: only ratios of these odds matter. No table of
labels alone can tell r; it is stated in the mapping (`labelled:`), or swept. Where claims are coded they are a column
of their own, and what silence says is in the posterior already.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.archive.codes import Floats
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
