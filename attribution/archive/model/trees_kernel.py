"""Neighbourhoods that are learned: shares of classes in the leaves of many random trees.

After Geurts, Ernst and Wehenkel (2006, doi:10.1007/s10994-006-6226-1).

Kernels and ladders know nothing of the table at hand: which columns matter, where one group's ground ends. A tree does.
A tree is grown without a quarter of the blocks, drawn anew for each, and what it says of their events is honest: no
label of the block was seen. All the trees that speak of an event have seen, between them, all that lies around its
block, as all the trees have that speak of an event that is asked. Blocks are events alone or all of a place and month.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from attribution._compile import kernel
from attribution.archive.codes import Floats, Ints


class Table(NamedTuple):
    """What trees see of the events."""

    value: Floats  # (event, column) numbers, or codes
    equal: NDArray[np.bool_]  # (column,) is a value asked for ("is it this one?"), or a cut of the numbers?
    label: Ints  # (event,) class
    block: Ints  # (event,) what is left out together


class Growth(NamedTuple):
    """How trees are grown."""

    tries: int  # random cuts, of which the best is taken
    leaf: int  # events in a leaf, at least
    most: int  # events from which a tree is grown, at most
    looked: int  # events of a node by which its cuts are judged, about
    left_out: float  # share of the blocks that a tree is grown without


class Tree(NamedTuple):
    """Room for one tree. A node without children has -1 on its left, and its class as its column if it has but one."""

    column: Ints  # (node,)
    cut: Floats
    left: Ints
    right: Ints
    low: Ints  # the events of the node are ``rows[low:high]``
    high: Ints
    rows: Ints


@kernel
def room(events: int) -> Tree:
    """For a tree of so many events."""
    nodes = 2 * events + 2
    whole = np.empty((5, nodes), dtype=np.int64)
    return Tree(whole[0], np.empty(nodes), whole[1], whole[2], whole[3], whole[4], np.empty(events, dtype=np.int64))


@kernel
def goes_left(value: float, cut: float, equal: bool) -> bool:
    """Whether an event goes to the left of a cut."""
    return value == cut if equal else value <= cut


@kernel
def n_log_n(most: int) -> Floats:
    """``n log n`` of 0 to `most` events."""
    out = np.zeros(most + 1)
    for n in range(2, most + 1):
        out[n] = n * math.log(n)
    return out


@kernel
def impurity(here: Ints, side: Ints, present: Ints, left: int, looked: int, size: Floats) -> float:
    """Entropy of both sides times their events: what a cut should make small. `size` holds ``n log n``."""
    out = size[left] + size[looked - left]
    for c in present:
        out -= size[side[c]] + size[here[c] - side[c]]
    return float(out)


@kernel
def count_classes(events: Ints, table: Table, here: Ints, present: Ints) -> int:
    """Count classes of some events in `here`, nought before, and list those that occur; how many they are."""
    classes = 0
    for e in events:
        c = table.label[e]
        if here[c] == 0:
            present[classes] = c
            classes += 1
        here[c] += 1
    return classes


@kernel
def best_cut(
    events: Ints, fewest: float, table: Table, growth: Growth, here: Ints, side: Ints, present: Ints, size: Floats
) -> tuple[int, float]:
    """The best of some random cuts of these events, whose counts are `here`: column (-1: none) and value."""
    least, column, cut, tried = np.inf, -1, 0.0, 0
    for _ in range(3 * growth.tries):
        if tried == growth.tries:
            break
        k = np.random.randint(table.value.shape[1])
        one = table.value[events[np.random.randint(len(events))], k]
        two = table.value[events[np.random.randint(len(events))], k]
        if one == two:
            continue
        tried += 1
        value = one if table.equal[k] else one + (two - one) * np.random.random()
        for c in present:
            side[c] = 0
        left = 0
        for e in events:
            if goes_left(table.value[e, k], value, table.equal[k]):
                side[table.label[e]] += 1
                left += 1
        if left < fewest or len(events) - left < fewest:
            continue
        mixed = impurity(here, side, present, left, len(events), size)
        if mixed < least:
            least, column, cut = mixed, k, value
    return column, cut


@kernel
def divide(rows: NDArray[Any], low: int, high: int, values: NDArray[Any], cut: float, equal: bool) -> int:
    """Put the events of a node that go left before the others; where these begin."""
    left, right = low, high - 1
    while left <= right:
        if goes_left(values[rows[left]], cut, equal):
            left += 1
        else:
            rows[left], rows[right] = rows[right], rows[left]
            right -= 1
    return left


@kernel
def grow(tree: Tree, events: int, table: Table, growth: Growth, classes: int) -> None:
    """Grow a tree from the first so many of `tree.rows`, which are put in the order of its leaves.

    Cuts of a large node are judged by a part of its events, evenly among them, so that growing costs little more than
    dividing: linear in the events but for a logarithm.
    """
    rows = tree.rows
    here = np.zeros(classes, dtype=np.int64)
    side, present = here.copy(), here.copy()
    size = n_log_n(2 * growth.looked)
    open_nodes = np.empty(len(tree.left), dtype=np.int64)
    open_nodes[0], waiting, nodes = 0, 1, 1
    tree.low[0], tree.high[0] = 0, events
    while waiting > 0:
        waiting -= 1
        node = open_nodes[waiting]
        low, high = tree.low[node], tree.high[node]
        tree.left[node], tree.column[node] = -1, -1
        looked = rows[low : high : max(1, (high - low) // growth.looked)].copy()
        seen = present[: count_classes(looked, table, here, present)]
        column, cut = -1, 0.0
        if len(seen) == 1 and len(looked) == high - low:
            tree.column[node] = seen[0]  # a leaf of one class says so without being counted again
        elif high - low >= 2 * growth.leaf:
            fewest = growth.leaf * len(looked) / (high - low)
            column, cut = best_cut(looked, fewest, table, growth, here, side, seen, size)
        for c in seen:
            here[c] = 0
        if column < 0:
            continue
        middle = divide(rows, low, high, table.value[:, column], cut, table.equal[column])
        tree.column[node], tree.cut[node] = column, cut
        tree.left[node], tree.right[node] = nodes, nodes + 1
        tree.low[nodes], tree.high[nodes] = low, middle
        tree.low[nodes + 1], tree.high[nodes + 1] = middle, high
        open_nodes[waiting], open_nodes[waiting + 1] = nodes, nodes + 1
        waiting, nodes = waiting + 2, nodes + 2


@kernel
def vote(tree: Tree, table: Table, event: int, out: NDArray[np.float32]) -> None:
    """Add the shares of the classes in the leaf of an event."""
    node = 0
    while tree.left[node] >= 0:
        column = tree.column[node]
        there = goes_left(table.value[event, column], tree.cut[node], table.equal[column])
        node = tree.left[node] if there else tree.right[node]
    if tree.column[node] >= 0:
        out[tree.column[node]] += np.float32(1.0)
        return
    size = tree.high[node] - tree.low[node]
    for p in range(tree.low[node], tree.high[node]):
        out[table.label[tree.rows[p]]] += np.float32(1.0 / size)


@kernel
def forest(
    table: Table, growth: Growth, learned: Ints, honest: Ints, asked: Ints, span: tuple[int, int],
    by_learned: NDArray[np.float32], by_asked: NDArray[np.float32],
) -> None:  # fmt: skip
    """Add up the shares (event, class) that the trees number ``span`` say, each tree with its number as seed.

    `learned` are events with a label. Of `honest`, which are among them, a tree speaks where it was grown without their
    block; of `asked`, which have none that is looked at, every tree speaks.
    """
    tree = room(min(len(learned), growth.most))
    blocks = table.block.max() + 1
    for number in range(span[0], span[1]):
        np.random.seed(number)
        left_out, events = np.random.random(blocks) < growth.left_out, 0
        chance = growth.most / ((1.0 - growth.left_out) * max(1, len(learned)))
        for p in range(len(learned)):
            inside = not left_out[table.block[learned[p]]] and events < len(tree.rows)
            if inside and (chance >= 1.0 or np.random.random() < chance):
                tree.rows[events] = learned[p]
                events += 1
        grow(tree, events, table, growth, by_asked.shape[1])
        for p in range(len(honest)):
            if left_out[table.block[honest[p]]]:
                vote(tree, table, honest[p], by_learned[p])
        for p in range(len(asked)):
            vote(tree, table, asked[p], by_asked[p])
