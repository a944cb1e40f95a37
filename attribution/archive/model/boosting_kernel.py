"""Gradient boosting of small trees on histograms: the classes of a softmax, a tree for each in every round.

After Friedman (2001, doi:10.1214/aos/1013203451), with the second-order leaves and gains of Chen and Guestrin (2016,
doi:10.1145/2939672.2939785), grown best first. scikit-learn's does the same, and is what this is tested against; but a
few thousand events want thousands of trees of eight leaves, and there nearly all of the time goes into Python between
the trees. Here a whole fit is compiled, and folds are fitted side by side.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from attribution._compile import kernel
from attribution.archive.codes import Floats, Ints
from attribution.archive.model.trees_kernel import divide

type Bins = NDArray[np.uint8]
_MOST_BINS = 255
_LEAST_HESSIAN = 1e-3  # of the events on either side of a cut


class Boosting(NamedTuple):
    """How trees are grown, and how far each moves the logits."""

    rounds: int
    rate: float
    leaves: int
    columns: int  # drawn anew for each tree
    leaf: int  # events in a leaf, at least
    ridge: float


class Boosted(NamedTuple):
    """What was learned: the logits that an event begins with, and trees, those of one round after another."""

    base: Floats  # (class,)
    column: NDArray[np.uint16]  # (tree, node); none of these is signed, so that no index is looked at for its sign
    cut: Bins  # (tree, node) bins up to it go left: all, in a leaf
    left: NDArray[np.uint8]  # (tree, node) the right child comes next; a leaf is its own
    value: Floats  # (tree, node) of leaves


class Growing(NamedTuple):
    """The nodes of the tree that grows: their events, ``order[low:high]``, histograms and best cuts."""

    derivatives: Floats  # (event, 2) gradient, hessian
    order: NDArray[np.uint32]
    low: Ints
    high: Ints
    sums: Floats  # (leaf, column drawn, bin, 3) histograms: gradient, hessian, events
    where: Ints  # (node,) leaf of `sums`
    gain: Floats
    column: Ints
    cut: Ints


def bin_edges(values: Floats) -> tuple[Floats, ...]:
    """Cuts between the bins of each column: between all its values, or, where they are many, by quantiles."""
    levels, out = np.arange(1, _MOST_BINS) / _MOST_BINS, []
    for column in values.T:
        each = np.unique(column)
        many = len(each) > _MOST_BINS
        cuts = np.quantile(column, levels, method="averaged_inverted_cdf") if many else 0.5 * (each[1:] + each[:-1])
        out.append(np.unique(cuts))
    return tuple(out)


def binned(values: Floats, between: tuple[Floats, ...]) -> Bins:
    """The bin (event, column) of every value."""
    out = np.empty(values.shape, dtype=np.uint8)
    for k, cuts in enumerate(between):
        out[:, k] = np.searchsorted(cuts, values[:, k])
    return out


def boost(bins: Bins, label: Ints, classes: int, settings: Boosting, seed: int) -> Boosted:
    """Learn from events (event, column) with a class each, all of which occur."""
    base = np.log(np.bincount(label, minlength=classes) / len(label))
    trees, nodes = settings.rounds * classes, 2 * settings.leaves - 1
    learned = Boosted(
        base, np.zeros((trees, nodes), dtype=np.uint16), np.full((trees, nodes), _MOST_BINS, dtype=np.uint8),
        np.tile(np.arange(nodes, dtype=np.uint8), (trees, 1)), np.zeros((trees, nodes)),
    )  # fmt: skip
    low, high, where, column, cut = np.zeros((5, nodes), dtype=np.int64)
    sums = np.empty((settings.leaves, settings.columns, _MOST_BINS, 3))
    derivatives, order = np.empty((len(label), 2)), np.empty(len(label), dtype=np.uint32)
    growing = Growing(derivatives, order, low, high, sums, where, gain=np.empty(nodes), column=column, cut=cut)
    logit = np.repeat(base[:, None], len(label), axis=1)
    grow_all(bins, label, settings, seed, logit, np.empty_like(logit), growing, learned)
    return learned


@kernel
def grow_all(
    bins: Bins, label: Ints, settings: Boosting, seed: int, logit: Floats, p: Floats, growing: Growing, learned: Boosted
) -> None:  # fmt: skip
    """Fill in the trees of `learned`; `logit` and `p` (class, event) are logits so far, and their probabilities."""
    np.random.seed(seed)
    classes, columns = len(logit), np.arange(bins.shape[1])
    for tree in range(len(learned.left)):
        c = tree % classes
        if c == 0:
            softmax(logit, p)
        for i in range(len(label)):
            growing.derivatives[i, 0] = p[c, i] - (label[i] == c)
            growing.derivatives[i, 1] = p[c, i] * (1.0 - p[c, i])
        for t in range(settings.columns):
            other = t + np.random.randint(len(columns) - t)
            columns[t], columns[other] = columns[other], columns[t]
        nodes = grow(tree, bins, columns[: settings.columns], settings, growing, learned)
        finish(tree, nodes, settings, growing, learned, logit[c])


@kernel
def softmax(logit: Floats, p: Floats) -> None:
    """Probabilities (class, event)."""
    most, total = np.full(logit.shape[1], -np.inf), np.zeros(logit.shape[1])
    for c in range(len(logit)):
        for i in range(len(most)):
            most[i] = max(most[i], logit[c, i])
    for c in range(len(logit)):
        for i in range(len(most)):
            p[c, i] = math.exp(logit[c, i] - most[i])
            total[i] += p[c, i]
    for c in range(len(logit)):
        for i in range(len(most)):
            p[c, i] /= total[i]


@kernel
def grow(tree: int, bins: Bins, columns: Ints, settings: Boosting, growing: Growing, learned: Boosted) -> int:
    """Cut the leaf where that gains most, until there are enough leaves or nothing is gained; how many nodes."""
    left = learned.left[tree]
    derivatives, order, low, high, sums, where, gain, column, cut = growing
    for i in range(len(order)):
        order[i] = i
    low[0], high[0], where[0], nodes, judged = 0, len(order), 0, 1, 0
    add_up(order, bins, derivatives, columns, sums[0])
    while True:
        for node in range(judged, nodes):
            gain[node], column[node], cut[node] = best_cut(sums[where[node]], high[node] - low[node], settings)
        judged, best = nodes, 0
        for node in range(nodes):
            if left[node] == node and (left[best] != best or gain[node] > gain[best]):
                best = node
        if gain[best] <= 0.0:
            return nodes
        k = columns[column[best]]
        middle = divide(order, low[best], high[best], bins[:, k], cut[best], False)
        learned.column[tree, best], learned.cut[tree, best], left[best] = k, cut[best], nodes
        low[nodes], high[nodes] = low[best], middle
        low[nodes + 1], high[nodes + 1] = middle, high[best]
        nodes += 2
        if nodes == len(left):
            return nodes
        small = nodes - 2 if high[nodes - 2] - low[nodes - 2] < high[nodes - 1] - low[nodes - 1] else nodes - 1
        where[nodes - 2], where[nodes - 1] = where[best], where[best]
        where[small] = nodes // 2
        add_up(order[low[small] : high[small]], bins, derivatives, columns, sums[where[small]])
        subtract(sums[where[small]], sums[where[best]])


@kernel
def add_up(events: NDArray[np.uint32], bins: Bins, derivatives: Floats, columns: Ints, sums: Floats) -> None:
    """The histograms (column drawn, bin, 3) of some events."""
    sums[:] = 0.0
    for i in events:
        gradient, hessian = derivatives[i, 0], derivatives[i, 1]
        for t in range(len(columns)):
            b = bins[i, columns[t]]
            sums[t, b, 0] += gradient
            sums[t, b, 1] += hessian
            sums[t, b, 2] += 1.0


@kernel
def subtract(part: Floats, sums: Floats) -> None:
    """What is left in histograms without a part of their events."""
    for t in range(sums.shape[0]):
        for b in range(sums.shape[1]):
            for q in range(3):
                sums[t, b, q] -= part[t, b, q]


@kernel
def best_cut(sums: Floats, events: int, settings: Boosting) -> tuple[float, int, int]:
    """Gain, column and last bin to the left of the best cut; a gain of nought where there is none."""
    ridge, best, column, cut = settings.ridge, 0.0, -1, -1
    gradient, hessian = sums[0, :, 0].sum(), sums[0, :, 1].sum()
    least = gradient * gradient / (hessian + ridge)
    for t in range(len(sums)):
        s, h, n = 0.0, 0.0, 0.0
        for b in range(sums.shape[1]):
            if sums[t, b, 2] == 0.0:
                continue
            s, h, n = s + sums[t, b, 0], h + sums[t, b, 1], n + sums[t, b, 2]
            if n < settings.leaf or h < _LEAST_HESSIAN:
                continue
            if events - n < settings.leaf or hessian - h < _LEAST_HESSIAN:
                break
            gain = s * s / (h + ridge) + (gradient - s) ** 2 / (hessian - h + ridge) - least
            if gain > best:
                best, column, cut = gain, t, b
    return best, column, cut


@kernel
def finish(tree: int, nodes: int, settings: Boosting, growing: Growing, learned: Boosted, logit: Floats) -> None:
    """The values of the leaves, added to the logits of the class."""
    for node in range(nodes):
        if learned.left[tree, node] != node:
            continue
        events = growing.order[growing.low[node] : growing.high[node]]
        gradient, hessian = 0.0, settings.ridge
        for i in events:
            gradient += growing.derivatives[i, 0]
            hessian += growing.derivatives[i, 1]
        learned.value[tree, node] = -settings.rate * gradient / max(hessian, 1e-15)
        for i in events:
            logit[i] += learned.value[tree, node]


@kernel
def shares(bins: Bins, learned: Boosted) -> Floats:
    """Probabilities (class, event) of events (event, column)."""
    base, column, cut, left, value = learned
    out = np.empty((len(base), len(bins)))
    for c in range(len(base)):
        out[c] = base[c]
    steps = left.shape[1] // 2
    for tree in range(len(left)):
        for i in range(len(bins)):
            node = 0
            for _ in range(steps):  # always as many: the processor never guesses, a leaf stays where it is
                node = left[tree, node] + (bins[i, column[tree, node]] > cut[tree, node])
            out[tree % len(base), i] += value[tree, node]
    softmax(out, out)
    return out
