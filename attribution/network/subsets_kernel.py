"""Every subset of the evidence at once: products of parts, walked through so that neighbours share their beginnings.

The likelihood of a subset is a product over parts, and each part has one factor per pattern of its own units. Subsets
come in an order in which neighbours differ in their last parts only; what is before is kept on a stack. Draws run
fastest and come in short blocks, so that a stack stays near the processor and its products use all of its width.
"""

from __future__ import annotations

from numba import carray

from attribution._compile import kernel
from attribution.network.pointers_kernel import doubles, integers
from attribution.network.program import Floats, Ints

BLOCK = 64  # draws


@kernel
def subset_sums(
    given: tuple[Floats, Floats, Ints, Floats],
    pattern: Ints,
    changed: Ints,
    other: int,
    sums: Floats,
    room: tuple[Floats, Floats],
) -> None:
    """Add up over draws what each subset gives; draws that are missing in the last block have a base of 0.

    `given` is base, factors, start and opening. Of these the base (block, faction, draw) is what no subset changes,
    prior included; factors (block, row, faction, draw) are the patterns of all parts, those of part p from row
    ``start[p]``; the opening (block, 2, draw) are surprise and the prior of `other`. `pattern` (subset, part) says
    which row; `changed` (subset,) is the first part in which a subset differs from the one before. `sums`
    (subset, faction + 2) gets the sums of the joint, of the weight, and of its square. `room` is for it to work in: a
    stack (part + 1, faction, draw) and weights (draw,).
    """
    base, factors, start, opening = given
    stack, weight = room
    factions = base.shape[1]
    subsets, parts = pattern.shape
    for block in range(base.shape[0]):
        _begin(base[block], stack)
        for s in range(subsets):
            _climb(stack, factors[block], start, pattern, changed[s], s)
            _open(stack[parts], opening[block], other, weight)
            for h in range(factions):
                sums[s, h] += _sum(stack[parts, h])
            sums[s, factions] += _sum(weight)
            sums[s, factions + 1] += _sum_of_squares(weight)


@kernel
def subset_joints(
    given: tuple[Floats, Floats, Ints, Floats],
    pattern: Ints,
    changed: Ints,
    other: int,
    out: tuple[Floats, Floats],
    room: tuple[Floats, Floats],
) -> None:
    """What each subset gives in each draw, into `out`.

    That is weights (subset, block, draw) and joints (subset, block, faction, draw), left out where their array is
    empty. Other arguments as for `subset_sums`.
    """
    base, factors, start, opening = given
    weights, joints = out
    stack, weight = room
    subsets, parts = pattern.shape
    for block in range(base.shape[0]):
        _begin(base[block], stack)
        for s in range(subsets):
            _climb(stack, factors[block], start, pattern, changed[s], s)
            _open(stack[parts], opening[block], other, weight)
            for k in range(BLOCK):
                weights[s, block, k] = weight[k]
            if len(joints) > 0:
                for h in range(base.shape[1]):
                    for k in range(BLOCK):
                        joints[s, block, h, k] = stack[parts, h, k]


def native_sums(places: Ints, shapes: Ints) -> None:
    """`subset_sums` of arrays that lie at some places, as `Native` has it: their shapes one after another.

    Of base, factors, start, opening, pattern, changed, the place of `other`, sums, stack, weight.
    """
    factions, subsets, parts = shapes[1], shapes[11], shapes[12]
    subset_sums(
        _products(places, shapes),
        carray(integers(places[4]), (subsets, parts)),
        carray(integers(places[5]), (subsets,)),
        carray(integers(places[6]), (1,))[0],
        carray(doubles(places[7]), (subsets, factions + 2)),
        (carray(doubles(places[8]), (parts + 1, factions, BLOCK)), carray(doubles(places[9]), (BLOCK,))),
    )


def native_joints(places: Ints, shapes: Ints) -> None:
    """`subset_joints` in the same way; weights and joints instead of the sums."""
    blocks, factions, subsets, parts, told = shapes[0], shapes[1], shapes[11], shapes[12], shapes[18]
    subset_joints(
        _products(places, shapes),
        carray(integers(places[4]), (subsets, parts)),
        carray(integers(places[5]), (subsets,)),
        carray(integers(places[6]), (1,))[0],
        (
            carray(doubles(places[7]), (subsets, blocks, BLOCK)),
            carray(doubles(places[8]), (told, blocks, factions, BLOCK)),
        ),
        (carray(doubles(places[9]), (parts + 1, factions, BLOCK)), carray(doubles(places[10]), (BLOCK,))),
    )


@kernel
def _products(places: Ints, shapes: Ints) -> tuple[Floats, Floats, Ints, Floats]:
    """Base, factors, start and opening, which both kernels are given first."""
    blocks, factions = shapes[0], shapes[1]
    return (
        carray(doubles(places[0]), (blocks, factions, BLOCK)),
        carray(doubles(places[1]), (blocks, shapes[4], factions, BLOCK)),
        carray(integers(places[2]), (shapes[7],)),
        carray(doubles(places[3]), (blocks, 2, BLOCK)),
    )


@kernel
def _begin(base: Floats, stack: Floats) -> None:
    for h in range(base.shape[0]):
        for k in range(BLOCK):
            stack[0, h, k] = base[h, k]


@kernel
def _climb(stack: Floats, factors: Floats, start: Ints, pattern: Ints, first: int, s: int) -> None:
    """Multiply the parts from `first` on; the last one always, since the open set was mixed into it."""
    parts = pattern.shape[1]
    for p in range(min(first, parts - 1), parts):
        row = start[p] + pattern[s, p]
        for h in range(stack.shape[1]):
            for k in range(BLOCK):
                stack[p + 1, h, k] = stack[p, h, k] * factors[row, h, k]


@kernel
def _open(joint: Floats, opening: Floats, other: int, weight: Floats) -> None:
    """Mix the open set in, which with some probability acts like everybody, and sum over factions.

    See `attribution.network.summation.keep_open`.
    """
    weight[:] = 0.0
    for h in range(joint.shape[0]):
        for k in range(BLOCK):
            weight[k] += joint[h, k]
    for k in range(BLOCK):
        own = joint[other, k]
        joint[other, k] = (1.0 - opening[0, k]) * own + opening[0, k] * opening[1, k] * weight[k]
        weight[k] += joint[other, k] - own


@kernel
def _sum(values: Floats) -> float:
    """A sum in four strands, so that it runs as wide as a product."""
    a = b = c = d = 0.0
    for k in range(0, BLOCK, 4):
        a += values[k]
        b += values[k + 1]
        c += values[k + 2]
        d += values[k + 3]
    return (a + b) + (c + d)


@kernel
def _sum_of_squares(values: Floats) -> float:
    a = b = c = d = 0.0
    for k in range(0, BLOCK, 4):
        a += values[k] * values[k]
        b += values[k + 1] * values[k + 1]
        c += values[k + 2] * values[k + 2]
        d += values[k + 3] * values[k + 3]
    return (a + b) + (c + d)
