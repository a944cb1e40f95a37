"""What each candidate is known for: the shares of every feature's values, with intervals, pooled up the tree.

For a feature with V values, ``theta_all ~ Dirichlet(1/2, ..., 1/2)`` and, for every node of the tree (group, faction,
faction in a place), ``theta ~ Dirichlet(kappa_level theta_above)``; events are drawn from the shares of their node,
whenever they were. kappa counts in events how much the node above is worth, one per feature and level, log-uniform on a
grid from 0.1 (a node is what it did itself) to 1000 (nodes hardly differ). Draws are exact Gibbs, and seeded.

The tree: all, groups, factions, and factions in the coarsest places.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from attribution.archive.codes import Coding, Floats, Ints, frozen_ints
from attribution.archive.events import ROOT, EventTable
from attribution.archive.model.classes import Classes, Labelled
from attribution.archive.summary.grid import Bounds, Estimate

KAPPA_EVENTS = Bounds(0.1, 1000.0)
ROOT_PRIOR = 0.5
EVENTS, VALUES = 20_000, 40
REST = "any other value"
_CELLS, _WARM_UP, _DRAWS = 32, 200, 1000
ALL = "all"
FACTION, PLACE = "faction", "faction in a place"
PLACE_EVENTS = 30
_MOST_PLACES = 12


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
    from attribution.archive.summary.profiles_kernel import Draws, Tree, draw_profiles

    grid = kappa_grid() if kappa is None else kappa
    levels = int(level.max()) + 1
    drawn = Draws(
        shares=np.empty((draws, *counts.shape), dtype=np.float32),
        chosen=np.empty((draws, levels), dtype=np.int64),
        mass=np.zeros((levels, len(grid))),
    )
    draw_profiles(Tree(parent, level), counts, grid, ROOT_PRIOR, warm_up, rng, drawn)
    return ShareDraws(drawn.shares, grid[drawn.chosen], drawn.mass)


@dataclass(frozen=True, slots=True, eq=False)
class ProfileTree:
    """Nodes from the root down, parents first. Levels are numbered from the finest up; the root has none (-1)."""

    names: tuple[str, ...]
    places: tuple[str, ...]  # "" where the node is not of one place
    parent: Ints
    level: Ints
    levels: tuple[str, ...]
    of_event: Ints  # the finest node of each event

    def __post_init__(self) -> None:
        for name in ("parent", "level", "of_event"):
            object.__setattr__(self, name, frozen_ints(getattr(self, name)))

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def of(cls, labelled: Labelled, classes: Classes) -> Self:
        """All, groups with at least two branches, candidates.

        Groups come from the lineage of factions. A candidate above other candidates becomes a group with its name, of
        which it is itself a member.
        """
        paths = _paths(labelled.events, classes)
        inner = sorted({path[:depth] for path in paths for depth in range(1, len(path) + 1)}, key=lambda p: (len(p), p))
        at = {path: node for node, path in enumerate([(), *inner])}
        deepest = max((len(path) for path in inner), default=0)
        groups = [f"group, step {depth}" if deepest > 1 else "group" for depth in range(1, deepest + 1)]
        nodes = labelled.events.nodes
        return cls(
            names=(ALL, *(nodes[path[-1]] for path in inner), *classes.names),
            places=("",) * (1 + len(inner) + len(classes)),
            parent=frozen_ints([-1, *(at[path[:-1]] for path in inner), *(at[path] for path in paths)]),
            level=frozen_ints([-1, *(1 + deepest - len(path) for path in inner), *([0] * len(classes))]),
            levels=(FACTION, *reversed(groups)),
            of_event=labelled.label + 1 + len(inner),
        )

    def with_places(self, events: EventTable) -> ProfileTree | None:
        """One more level: each faction in each of the coarsest places where it has at least 30 events; None: nowhere.

        Only factions with two or more places in the table are cut; an event elsewhere stays with its faction.
        """
        if not events.place:
            return None
        code, names = events.place[0].codes, events.place[0].names
        names_out, places, parents, of_event = list(self.names), list(self.places), [], self.of_event.copy()
        for node in np.unique(self.of_event).tolist():
            own = self.of_event == node
            count = np.bincount(code[own & (code >= 0)], minlength=len(names))
            if np.sum(count > 0) < 2:
                continue
            for place in np.argsort(-count, kind="stable")[:_MOST_PLACES].tolist():
                if count[place] >= PLACE_EVENTS:
                    of_event[own & (code == place)] = len(names_out)
                    names_out.append(self.names[node])
                    places.append(names[place])
                    parents.append(node)
        if not parents:
            return None
        return ProfileTree(
            tuple(names_out), tuple(places), np.concatenate([self.parent, parents]),
            np.concatenate([np.where(self.level >= 0, self.level + 1, -1), np.zeros(len(parents), dtype=np.int64)]),
            (PLACE, *self.levels), of_event,
        )  # fmt: skip


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
            summaries = [
                ValueShare(
                    value, int(counts[node, v]), float(mean[node, v]), float(low[node, v]), float(high[node, v]),
                    float(usual[node, v]), float(higher[node, v]),
                )
                for v, value in enumerate(column.names)
            ]  # fmt: skip
            summaries.sort(key=lambda one: -one.mean)
            out.append(Profile(name, tree.places[node], column.name, int(counts[node].sum()), tuple(summaries)))
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
    from attribution.archive.summary.grid import GridPosterior

    edges = np.linspace(np.log(KAPPA_EVENTS.low), np.log(KAPPA_EVENTS.high), len(mass) + 1)
    one = np.array([0.0, 1.0])
    return GridPosterior((KAPPA_EVENTS, KAPPA_EVENTS), (edges, one), mass[:, None]).estimate(0)


def _paths(events: EventTable, classes: Classes) -> list[tuple[int, ...]]:
    """For each class the groups above it from the top down, as far as two or more branches meet in them."""
    lines = []
    for code in range(len(classes) - 1):
        node = int(np.flatnonzero(classes.of_faction == code)[0])
        line = [node]
        while events.parent[line[-1]] != ROOT:
            line.append(int(events.parent[line[-1]]))
        lines.append(line)
    branches: dict[int, set[int]] = {}
    for line in lines:
        branches.setdefault(line[0], set()).add(-1)  # itself
        for child, parent in pairwise(line):
            branches.setdefault(parent, set()).add(child)
    return [*(tuple(node for node in reversed(line) if len(branches[node]) > 1) for line in lines), ()]
