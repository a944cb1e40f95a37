"""The kernel, forwards: ``log p(h, E | theta)`` for every faction, and the beliefs about the facts.

    p(E | H, theta) = sum over X of prod_j theta_j(x_j | H, parents) prod_o p(o | X, H)

with the open set kept open, ``p(E | other) <- (1 - s) p(E | other) + s sum_h pi_h p(E | h)``. Every entry function
takes the two packed arrays of a `Program` and the slot values of many draws, and works draw by draw; none ever raises:
what is impossible has log-probability -inf.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from attribution.network import kernel_fields as at
from attribution.network.kernel_fields import count, kernel
from attribution.network.kernel_sums import (
    Powers,
    add_roots,
    believe_steps,
    fill_evidence,
    fill_tables,
    run_steps,
    staged_means,
)
from attribution.network.kernel_values import log_prior, origin_values, row_values, slot_values
from attribution.network.program import Floats, Ints


class Desk(NamedTuple):
    """Working space for one draw, reused from draw to draw."""

    rows: Floats
    values: Floats
    means: Floats
    pool: Floats
    terms: Floats
    powers: Powers
    by_part: Floats
    shared_part: Floats


@kernel
def new_desk(n: Ints) -> Desk:
    """Working space for a network."""
    pool = n[n[at.SIZES] + 1]
    largest = 1
    for s in range(count(n, at.STEP_SIZE)):
        largest = max(largest, n[n[at.STEP_SIZE] + s])
    return Desk(
        np.empty(count(n, at.ROW_SLOT)),
        np.ones((count(n, at.ORIGIN_KIND), 4)),
        np.zeros(n[n[at.SIZES] + 0]),
        np.zeros(pool),
        np.empty(n[n[at.SIZES] + 3]),
        Powers(np.zeros(largest, np.int64), np.zeros(pool, np.int64), np.zeros(pool, np.int64)),
        np.zeros(n[n[at.SIZES] + 4]),
        np.zeros(n[n[at.SIZES] + 4]),
    )


@kernel
def open_draw(n: Ints, x: Floats, v: Floats, desk: Desk, factions: int) -> None:
    """Everything of one draw that is the same for all factions."""
    row_values(n, x, v, desk.rows)
    origin_values(n, x, v, desk.values)
    staged_means(n, x, desk.rows, factions, desk.means)
    fill_evidence(n, x, v, desk.values, 0, factions, 1, desk.pool)
    desk.shared_part[:] = 0.0
    run_steps(n, 0, n[n[at.SHARED_STEPS]], desk.pool, desk.terms, desk.powers, desk.shared_part)


@kernel
def sum_faction(n: Ints, x: Floats, v: Floats, desk: Desk, h: int, factions: int) -> float:
    """``log p(E | h)``; `desk.by_part` holds its terms by tied component."""
    fill_tables(n, v, desk.rows, desk.means, h, factions, desk.pool)
    fill_evidence(n, x, v, desk.values, h, factions, 0, desk.pool)
    desk.by_part[:] = desk.shared_part
    first = n[n[at.SHARED_STEPS]]
    run_steps(n, first, count(n, at.STEP_SIZE), desk.pool, desk.terms, desk.powers, desk.by_part)
    add_roots(n, desk.pool, desk.by_part)
    return float(np.sum(desk.by_part))


@kernel
def log_sum(values: Floats) -> float:
    """``log sum exp``, -inf where nothing is possible."""
    top = -math.inf
    for value in values:
        top = max(top, value)
    if top == -math.inf or math.isnan(top):
        return -math.inf
    total = 0.0
    for value in values:
        total += math.exp(value - top)
    return top + math.log(total)


@kernel
def keep_open(n: Ints, v: Floats, log_joint: Floats) -> None:
    """Mix what is known of `other` with what all factions, weighted by the prior, would have done."""
    surprise, other = v[n[n[at.SURPRISE] + 1]], n[n[at.OTHER]]
    if surprise > 0.0:
        log_pi = math.log(v[n[n[at.SURPRISE]]])
        own = math.log1p(-surprise) + log_joint[other] if surprise < 1.0 else -math.inf
        like_all = math.log(surprise) + log_pi + log_sum(log_joint)
        top = max(own, like_all)
        if top > -math.inf:
            log_joint[other] = top + math.log(math.exp(own - top) + math.exp(like_all - top))


@kernel
def numbers_batch(z: Floats, n: Ints, x: Floats, v: Floats) -> None:
    """Slot values (draw, slot) of draws `z` (draw, coordinate)."""
    for draw in range(z.shape[0]):
        slot_values(n, x, z[draw], v[draw])


@kernel
def tables_batch(v: Floats, n: Ints, x: Floats, rows: Floats, prior: Floats) -> None:
    """Row entries and ``log pi`` of every draw."""
    for draw in range(v.shape[0]):
        row_values(n, x, v[draw], rows[draw])
        log_prior(n, x, v[draw], prior[draw])


@kernel
def log_joint_batch(v: Floats, n: Ints, x: Floats, out: Floats) -> None:
    """``log pi_h p(E | h)`` with the open set mixed in: (draw, faction)."""
    desk = new_desk(n)
    factions = out.shape[1]
    for draw in range(v.shape[0]):
        open_draw(n, x, v[draw], desk, factions)
        log_prior(n, x, v[draw], out[draw])
        for h in range(factions):
            out[draw, h] += sum_faction(n, x, v[draw], desk, h, factions)
        keep_open(n, v[draw], out[draw])


@kernel
def parts_batch(v: Floats, n: Ints, x: Floats, prior: Floats, parts: Floats) -> None:
    """``log pi_h`` (draw, faction) and ``log p(E_part | h)`` (draw, faction, component); the open set not mixed in."""
    desk = new_desk(n)
    factions = prior.shape[1]
    for draw in range(v.shape[0]):
        open_draw(n, x, v[draw], desk, factions)
        log_prior(n, x, v[draw], prior[draw])
        for h in range(factions):
            sum_faction(n, x, v[draw], desk, h, factions)
            parts[draw, h] = desk.by_part


@kernel
def beliefs_batch(v: Floats, n: Ints, x: Floats, joint: Floats, out: Floats) -> None:
    """``log pi_h p(E | h)`` before the open set is mixed, and beliefs of table entries (draw, faction, entry).

    A faction under which the evidence is impossible has beliefs 0.
    """
    desk = new_desk(n)
    factions = joint.shape[1]
    belief = np.zeros(n[n[at.SIZES] + 1])
    first = n[n[at.SHARED_STEPS]]
    for draw in range(v.shape[0]):
        open_draw(n, x, v[draw], desk, factions)
        log_prior(n, x, v[draw], joint[draw])
        for h in range(factions):
            likelihood = sum_faction(n, x, v[draw], desk, h, factions)
            joint[draw, h] += likelihood
            belief[:] = 0.0
            if likelihood > -math.inf:
                for r in range(count(n, at.ROOT)):
                    belief[n[n[at.ROOT] + r]] = 1.0
                believe_steps(n, first, count(n, at.STEP_SIZE), desk.pool, desk.terms, belief)
            out[draw, h] = belief[: n[n[at.SIZES]]]
