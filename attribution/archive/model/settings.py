"""At which resolutions the past is looked at, and how far frequencies are shrunk: the few constants of the model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.archive.codes import Floats


@dataclass(frozen=True, slots=True)
class Resolutions:
    """Several decay times and length scales side by side; how much each counts is learned (the coefficients).

    None of these numbers is fitted: they are geometric ladders, wide enough for campaigns of a week and feuds of a
    decade, for one town and for a region. A ladder too many costs little, since its coefficient is shrunk.
    """

    activity_days: tuple[float, ...] = (2500.0, 500.0, 120.0, 30.0, 7.0)  # slow to fast: each shrinks to the one before
    overall: int = 3  # so many of these make the share that all other frequencies shrink to
    place_days: tuple[float, ...] = (1500.0, 120.0)
    neighbour_days: tuple[float, ...] = (1500.0, 200.0, 30.0)
    length_km: tuple[float, ...] = (250.0, 50.0, 10.0)  # each a fifth of the one before: one exponential serves all
    feature_days: float = 1500.0
    novelty_days: tuple[float, ...] = (1e5, 1000.0)  # has anybody ever, has anybody lately, been active near here?
    novelty_km: int = 1  # which length scale novelty looks at
    newcomer_days: float = 2500.0
    events_per_share: float = 1.0  # prior weight, in events, of the coarser share
    events_per_feature: float = (
        5.0  # the same for a class's feature shares: that of a value in its group, or hereabouts
    )
    events_per_region: float = 50.0  # ... for the share of a value hereabouts, that anywhere: a region is no one's own
    events_per_local_share: float = 20.0  # ... for a class's feature shares here, those in general
    kernel_weight: float = 0.1  # the same for kernels: a tenth of an event at distance zero, today
    mismatch: float = 0.4  # each categorical difference between two events makes the past one count exp(-0.4)
    most_mismatch: float = 3.2  # ... but all of them together no less than exp(-3.2), however many columns there are
    neighbours: int = 64  # past events looked at on each level of nearness, most recent first; 32 to 256 score alike

    @property
    def all_days(self) -> tuple[float, ...]:
        """Every decay time, in the order in which the kernel counts through them."""
        return (
            *self.activity_days,
            *self.place_days,
            *self.neighbour_days,
            self.feature_days,
            *self.novelty_days,
            self.newcomer_days,
        )


@dataclass(frozen=True, slots=True)
class TwoSidedResolutions:
    """The same for what lies on both sides of an event; again ladders, of which none is fitted to a table."""

    days: tuple[float, ...] = (1e5, 1500.0, 300.0, 60.0, 12.0)  # of shares at large and in places: each a fifth
    overall: int = 3  # so many of these make the share at large that all other shares shrink to
    near_days: tuple[float, ...] = (1500.0, 200.0, 30.0, 7.0)
    near_km: tuple[float, ...] = (250.0, 50.0, 10.0)
    days_per_reach: tuple[float, ...] = (10.0, 50.0, 300.0, 2000.0)  # so many days apart are as far as `reach_km`
    reach_km: float = 20.0
    nearest: tuple[int, ...] = (1, 3, 10, 30)
    feature_days: float = 3000.0
    trees: tuple[tuple[int, int], ...] = ((10, 1), (30, 3))  # random cuts tried, events in a leaf
    trees_each: int = 300
    most_votes: int = 12_000_000  # events that ask, times trees of a kind
    most_grown: int = 2_500_000  # events that a tree is grown from, times trees of a kind
    events_per_tree: int = 20_000
    events_boosted: int = 6000  # from which boosting learns, at most
    heard_by_all: int = 10_000  # events that ask: of more, each hears one of the ten that learned, not their mean
    trees_boosted: int = 800  # it grows, about, each of the ten times
    events_per_cut: int = 400  # of a node, by which its cuts are judged
    events_per_share: float = 1.0  # prior weights, in events, as in `Resolutions`
    events_per_feature: float = 5.0
    events_per_region: float = 50.0
    events_per_local_share: float = 20.0
    kernel_weight: float = 0.1
    mismatch: float = 0.4
    most_mismatch: float = 3.2
    neighbours: int = 64  # labelled events of each neighbourhood on either side

    def rounds_for(self, classes: int) -> int:
        """How many rounds of boosting: each grows a tree for every class, so fewer where there are many."""
        return max(20, min(40, self.trees_boosted // max(1, classes)))

    def trees_for(self, asked: int, learned: int) -> int:
        """How many trees of each kind: all, or fewer where many events ask or are learned from, but at least sixty."""
        grown = self.most_grown // max(1, min(learned, self.events_per_tree))
        return max(60, min(self.trees_each, self.most_votes // max(1, asked) // 10 * 10, grown // 10 * 10))


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """Prior of the coefficients, and how fast the evidence about them ages.

    Some twenty-five views of activity, place and nearness repeat what five or so independent ones would say: hence a
    fifth each, to begin with. A column of the table (a weapon, a claim) is a fact of its own and counts for half, since
    columns repeat one another too; many columns share what four would count.
    """

    coefficient: float = 0.2  # prior mean of every beta_k
    coefficient_sd: float = 0.1
    faction_sd: float = 0.3  # of the deviations delta_fk
    intercept_sd: float = 1.0
    half_life: float = 1500.0  # days after which an event says half as much about the coefficients
    fact: float = 0.5  # prior mean of the beta_k of columns
    fact_sd: float = 0.2
    most_facts: float = 2.0  # ... of all of them together, but no less than `coefficient` each
    first_fact: int = 0  # where the columns are among the features
    facts: int = 0  # how many there are
    telling: int = 0  # how many of them have more than one value
    noise_share: float = 0.0  # of the stated label-noise rate (1 - certainty): as much as the labels bear out

    def means(self, features: int) -> Floats:
        """Prior means of the beta_k, (feature,)."""
        return self._by_feature(
            features, self.coefficient, max(self.coefficient, min(self.fact, self.most_facts / max(1, self.telling)))
        )

    def deviations(self, features: int) -> Floats:
        """Prior standard deviations of the beta_k, (feature,)."""
        return self._by_feature(features, self.coefficient_sd, self.fact_sd)

    def spread(self, features: int, classes: int) -> Floats:
        """Prior standard deviations of (beta, intercept, delta), one after another."""
        return np.concatenate(
            [
                self.deviations(features),
                np.full(classes, self.intercept_sd),
                np.full(features * classes, self.faction_sd),
            ]
        )

    def _by_feature(self, features: int, view: float, fact: float) -> Floats:
        out = np.full(features, view)
        out[self.first_fact : self.first_fact + self.facts] = fact
        return out


def cautious(features: int) -> Shrinkage:
    """Coefficients that together make one: all log-features count as one piece of evidence until events say otherwise.

    A hundred events are needed to learn what each is worth. Fewer cannot tell a dozen features that repeat one another
    from a dozen that do not, and must not multiply them.
    """
    one = 1.0 / features
    return Shrinkage(coefficient=one, coefficient_sd=one, faction_sd=one)
