"""What each candidate is known for: the shares of every feature's values, with intervals, pooled up the tree.

For a feature with V values, ``theta_all ~ Dirichlet(1/2, ..., 1/2)`` and, for every node of the tree (group, faction,
faction in a place), ``theta ~ Dirichlet(kappa_level theta_above)``; events are drawn from the shares of their node,
whenever they were. kappa counts in events how much the node above is worth, one per feature and level, log-uniform on a
grid from 0.1 (a node is what it did itself) to 1000 (nodes hardly differ). Draws are exact Gibbs, and seeded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.archive.classes import Classes
from attribution.archive.codes import Coding, Floats, Ints
from attribution.archive.grid import Bounds, Estimate
from attribution.archive.profile_tree import PLACE, ProfileTree
from attribution.archive.sure_labels import Labelled

KAPPA_EVENTS = Bounds(0.1, 1000.0)
ROOT_PRIOR = 0.5
EVENTS, VALUES = 20_000, 40
REST = "any other value"
_CELLS, _WARM_UP, _DRAWS = 32, 200, 1000


@dataclass(frozen=True, slots=True)
class ValueShare:
    """How often a value is, among the events of a candidate of which the feature is known."""

    value: str
    events: int
    mean: float
    low: float  # 5 %
    high: float  # 95 %
    usual: float  # what it is held against: the mean over all factions; in a place, over the faction's places alike
    higher: float  # probability that the share is above that


@dataclass(frozen=True, slots=True)
class Profile:
    """The shares of one feature's values for one candidate, overall or in one place."""

    candidate: str
    place: str  # "" for overall
    feature: str
    events: int
    shares: tuple[ValueShare, ...]  # largest first

    @property
    def distinctive(self) -> tuple[ValueShare, ...]:
        """Values whose share surely (at least 95 %) lies on one side of the usual one, most different first."""
        sure = [one for one in self.shares if not 0.05 < one.higher < 0.95]
        return tuple(sorted(sure, key=lambda one: -abs(one.mean - one.usual)))


@dataclass(frozen=True, slots=True)
class Pooling:
    """How much, in events, the node above counts for the nodes of one level."""

    feature: str
    level: str
    nodes: int
    kappa: Estimate


@dataclass(frozen=True, slots=True)
class Profiles:
    """What each candidate is known for, feature by feature; and in the coarsest places with 30 events of it."""

    events: int  # the latest with one known perpetrator
    profiles: tuple[Profile, ...]
    pooling: tuple[Pooling, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ShareDraws:
    """Draws from the posterior of one feature."""

    shares: NDArray[np.float32]  # (draw, node, value)
    kappa: Floats  # (draw, level)
    mass: Floats  # (level, cell): posterior of kappa on the grid


def fit_profiles(labelled: Labelled, classes: Classes, seed: int = 1) -> Profiles:
    """Profiles of all candidates from the latest 20,000 events whose perpetrator is known.

    A missing value of a feature is left out of that feature's counts: nothing is said about why it is missing.
    """
    used = labelled.take(np.arange(max(0, len(labelled) - EVENTS), len(labelled)))
    tree = ProfileTree.of(used, classes)
    finer = tree.with_places(used.events)
    profiles: list[Profile] = []
    pooling: list[Pooling] = []
    for number, feature in enumerate(used.events.features):
        column = few_values(feature)
        if len(column.names) < 2 or not np.any(column.codes >= 0):
            continue
        for at, chosen in enumerate((tree, finer)):
            if chosen is not None:
                counts = count_values(chosen, column)
                rng = np.random.default_rng([seed, number, at])
                found = draw_shares(chosen.parent, chosen.level, counts, rng)
                profiles.extend(_profiles(chosen, column, counts, found.shares, places=at == 1))
                pooling.extend(_pooling(chosen, column, counts, found, places=at == 1))
    return Profiles(len(used), tuple(profiles), tuple(pooling))


def few_values(feature: Coding) -> Coding:
    """The values that occur, at most the 40 most frequent; the rest of them are one value."""
    count = np.bincount(feature.codes[feature.codes >= 0], minlength=len(feature.names))
    order = np.argsort(-count, kind="stable")
    kept = order[count[order] > 0]
    new = np.full(len(feature.names) + 1, -1)
    new[kept] = np.minimum(np.arange(len(kept)), VALUES if len(kept) > VALUES + 1 else len(kept))
    names = [feature.names[code] for code in kept.tolist()]
    if len(kept) > VALUES + 1:
        names = [*names[:VALUES], REST]
    return Coding(feature.name, new[feature.codes], tuple(names))  # code -1 is the last of `new`


def count_values(tree: ProfileTree, column: Coding) -> Floats:
    """Events (node, value) at the finest node of each, where the feature is known."""
    counts = np.zeros((len(tree), len(column.names)))
    known = column.codes >= 0
    np.add.at(counts, (tree.of_event[known], column.codes[known]), 1.0)
    return counts


def kappa_grid(bounds: Bounds = KAPPA_EVENTS, cells: int = _CELLS) -> Floats:
    """The concentrations that are possible, equally probable beforehand: middles of cells of equal ratio."""
    return bounds.quantile((np.arange(cells) + 0.5) / cells)


def draw_shares(
    parent: Ints,
    level: Ints,
    counts: Floats,
    rng: np.random.Generator,
    *,
    kappa: Floats | None = None,
    draws: int = _DRAWS,
    warm_up: int = _WARM_UP,
) -> ShareDraws:
    """Draws from the posterior of the shares and concentrations of one feature, given counts (node, value)."""
    from attribution.archive.kernel_profiles import draw_profiles

    grid = kappa_grid() if kappa is None else kappa
    levels = int(level.max()) + 1
    shares = np.empty((draws, *counts.shape), dtype=np.float32)
    chosen, mass = np.empty((draws, levels), dtype=np.int64), np.zeros((levels, len(grid)))
    draw_profiles(parent, level, counts, grid, ROOT_PRIOR, warm_up, rng, shares, chosen, mass)
    return ShareDraws(shares, grid[chosen], mass)


def _profiles(
    tree: ProfileTree, column: Coding, counts: Floats, shares: NDArray[np.float32], *, places: bool
) -> list[Profile]:
    against = np.maximum(tree.parent, 0) if places else np.zeros(len(tree), dtype=np.int64)
    mean = shares.mean(axis=0, dtype=np.float64)
    usual, higher = mean[against], (shares > shares[:, against]).mean(axis=0)
    low, high = np.quantile(shares, (0.05, 0.95), axis=0)
    out = []
    for node, name in enumerate(tree.names):
        if node and bool(tree.places[node]) == places and not np.any(tree.parent == node) and counts[node].any():
            told = [
                ValueShare(
                    value, int(counts[node, v]), float(mean[node, v]), float(low[node, v]), float(high[node, v]),
                    float(usual[node, v]), float(higher[node, v]),
                )
                for v, value in enumerate(column.names)
            ]  # fmt: skip
            told.sort(key=lambda one: -one.mean)
            out.append(Profile(name, tree.places[node], column.name, int(counts[node].sum()), tuple(told)))
    return out


def _pooling(tree: ProfileTree, column: Coding, counts: Floats, found: ShareDraws, *, places: bool) -> list[Pooling]:
    out = []
    for at, name in enumerate(tree.levels):
        if (name == PLACE) == places:
            nodes = int(np.sum((tree.level == at) & counts.any(axis=1))) if at == 0 else int(np.sum(tree.level == at))
            out.append(Pooling(column.name, name, nodes, _kappa(found.mass[at])))
    return out


def _kappa(mass: Floats) -> Estimate:
    """The posterior of a concentration from that of its cells."""
    from attribution.archive.grid import GridPosterior

    edges = np.linspace(np.log(KAPPA_EVENTS.low), np.log(KAPPA_EVENTS.high), len(mass) + 1)
    one = np.array([0.0, 1.0])
    return GridPosterior((KAPPA_EVENTS, KAPPA_EVENTS), (edges, one), mass[:, None]).estimate(0)
