"""One part of the network for one faction: fill its tables and evidence, sum it, and find the beliefs.

A faction's *belief* at an entry is ``d log p(E | H) / d log entry``: the posterior probability that the world runs
through that entry. Beliefs of a table's entries add up to the posterior marginals of its facts (Darwiche 2003,
doi:10.1145/765568.765570), so one pass back gives the gradient and the posteriors of all facts. Beliefs are weighted by
the faction's own posterior from the start.
"""

from __future__ import annotations

import math

import numpy as np

from attribution._compile import kernel
from attribution.network import kernel_fields as at
from attribution.network.kernel_fields import count
from attribution.network.kernel_steps import believe_steps, run_step
from attribution.network.program import DIRECT, Floats, Ints


@kernel
def new_desk(n: Ints) -> tuple[Floats, Floats, Floats, Floats, Floats, Ints, Floats, Floats]:
    """Working space for one draw, reused from draw to draw.

    rows; the four values of each origin; staged means; pool; terms of the steps; their powers; log-scales of the shared
    steps by part; ``log p(E_part | h)`` of every class. The arrays are handed on one by one: a record of them would
    cost a reference count at every touch.
    """
    return (
        np.empty(count(n, at.ROW_SLOT)),
        np.ones((count(n, at.ORIGIN_KIND), 4)),
        np.zeros(n[n[at.SIZES]]),
        np.zeros(n[n[at.SIZES] + 1]),
        np.empty(n[n[at.SIZES] + 2]),
        np.zeros(n[n[at.SIZES] + 3] + 2 * n[n[at.SIZES] + 1], np.int64),
        np.zeros(count(n, at.PART_STEP) - 1),
        np.zeros(count(n, at.CLASS_LEAF)),
    )


@kernel
def staged_means(n: Ints, x: Floats, rows: Floats, means: Floats) -> None:
    """For each staged fact, the mean table of those the scene points to; entries as in the tables."""
    factions, configs = count(n, at.BLOCK), count(n, at.CONFIG_STAGED)
    for c in range(configs):
        t = n[n[at.CONFIG_STAGED] + c]
        if t < 0:
            continue
        begin, end = n[n[at.CONFIG_START] + c], n[n[at.CONFIG_START] + c + 1]
        means[begin:end] = 0.0
        for h in range(factions):
            weight = x[n[at.STAGED_WEIGHT] + t * factions + h]
            if weight > 0.0:
                first = n[n[at.ROW_START] + n[n[at.TABLE_ROW] + h * configs + c]]
                for k in range(end - begin):
                    means[begin + k] += weight * rows[first + k]


@kernel
def staging(n: Ints, v: Floats, c: int, h: int) -> float:
    """The probability that faction `h` arranged the scene of configuration `c` to point to others."""
    t = n[n[at.CONFIG_STAGED] + c]
    if t < 0 or n[n[at.STAGED_MEMBER] + t * count(n, at.BLOCK) + h] == 1:
        return 0.0
    return float(v[n[n[at.STAGED_SLOT] + t]])


@kernel
def fill_tables(n: Ints, v: Floats, rows: Floats, means: Floats, pool: Floats, part: int, h: int) -> None:
    """The tables of faction `h` into the pool; staged ones mixed with the mean of those the scene points to."""
    configs, table_row, row_start = count(n, at.CONFIG_STAGED), n[at.TABLE_ROW], n[at.ROW_START]
    for i in range(n[n[at.PART_CONFIG_START] + part], n[n[at.PART_CONFIG_START] + part + 1]):
        c = n[n[at.PART_CONFIG] + i]
        begin, end = n[n[at.CONFIG_START] + c], n[n[at.CONFIG_START] + c + 1]
        first = n[row_start + n[table_row + h * configs + c]]
        d = staging(n, v, c, h)
        if d == 0.0:
            for k in range(end - begin):
                pool[begin + k] = rows[first + k]
        else:
            for k in range(end - begin):
                pool[begin + k] = (1.0 - d) * rows[first + k] + d * means[begin + k]


@kernel
def fill_evidence(n: Ints, x: Floats, v: Floats, values: Floats, pool: Floats, o: int, h: int) -> None:
    """The factor of one origin for faction `h` into the pool."""
    leaf = n[n[at.ORIGIN_LEAF] + o * count(n, at.BLOCK) + h]
    first, offset = n[n[at.EVIDENCE_START] + o], n[n[at.EVIDENCE_OFFSET] + o]
    length, pattern = n[n[at.EVIDENCE_START] + o + 1] - first, n[at.EVIDENCE_PATTERN] + first
    if n[n[at.ORIGIN_KIND] + o] == DIRECT:
        for k in range(length):
            pool[offset + k] = direct_value(v, x[n[at.SWITCH] + o], leaf, n[pattern + k])
        return
    false = values[o, leaf & 2]
    true = values[o, leaf & 3]  # where it names another perpetrator, the same
    for k in range(length):
        pool[offset + k] = true if n[pattern + k] == 1 else false


@kernel
def direct_value(v: Floats, switch: float, leaf: int, pattern: int) -> float:
    """The factor of a direct item: its ratios for the faction and for the state, 1 where it names none; powered."""
    value = 1.0
    if switch != 0.0:
        if leaf > 0:
            value *= v[leaf - 1]
        if pattern > 0:
            value *= v[pattern - 1]
        if switch != 1.0:
            value = value**switch
    return value


@kernel
def sum_part(
    n: Ints,
    x: Floats,
    v: Floats,
    rows: Floats,
    values: Floats,
    means: Floats,
    pool: Floats,
    terms: Floats,
    powers: Ints,
    shared: Floats,
    part: int,
    h: int,
) -> float:
    """``log p(E_part | h)``."""
    fill_tables(n, v, rows, means, pool, part, h)
    for i in range(n[n[at.PART_ORIGIN_START] + part], n[n[at.PART_ORIGIN_START] + part + 1]):
        fill_evidence(n, x, v, values, pool, n[n[at.PART_ORIGIN] + i], h)
    total = shared[part]
    for s in range(n[n[at.PART_STEP] + part], n[n[at.PART_STEP] + part + 1]):
        total += run_step(n, s, pool, terms, powers)
    product = 1.0
    for r in range(n[n[at.PART_ROOT_START] + part], n[n[at.PART_ROOT_START] + part + 1]):
        product *= pool[n[n[at.PART_ROOT] + r]]
        if product < 1e-100 or product > 1e100:
            total += math.log(product)
            product = 1.0
    return total + math.log(product)


@kernel
def believe_part(n: Ints, pool: Floats, terms: Floats, part: int, weight: float, belief: Floats) -> None:
    """Beliefs of one part for the faction that `sum_part` was last run for; those of shared factors are added to."""
    for i in range(n[n[at.PART_CONFIG_START] + part], n[n[at.PART_CONFIG_START] + part + 1]):
        c = n[n[at.PART_CONFIG] + i]
        belief[n[n[at.CONFIG_START] + c] : n[n[at.CONFIG_START] + c + 1]] = 0.0
    for i in range(n[n[at.PART_ORIGIN_START] + part], n[n[at.PART_ORIGIN_START] + part + 1]):
        o = n[n[at.PART_ORIGIN] + i]
        length = n[n[at.EVIDENCE_START] + o + 1] - n[n[at.EVIDENCE_START] + o]
        belief[n[n[at.EVIDENCE_OFFSET] + o] : n[n[at.EVIDENCE_OFFSET] + o] + length] = 0.0
    first, last = n[n[at.PART_STEP] + part], n[n[at.PART_STEP] + part + 1]
    for s in range(first, last):
        out = n[n[at.STEP_OUT] + s]
        belief[out : out + n[n[at.STEP_OUT_SIZE] + s]] = 0.0
    for r in range(n[n[at.PART_ROOT_START] + part], n[n[at.PART_ROOT_START] + part + 1]):
        belief[n[n[at.PART_ROOT] + r]] += weight
    believe_steps(n, first, last, pool, terms, belief)
