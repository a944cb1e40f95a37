"""The kernel, backwards: the gradient of ``log p(E | theta(z))``, or of any weighting of the log-joint, by z."""

from __future__ import annotations

import math

import numpy as np

from attribution.network import kernel_fields as at
from attribution.network.kernel import Desk, keep_open, log_sum, new_desk, open_draw, sum_faction
from attribution.network.kernel_fields import count, kernel
from attribution.network.kernel_origins import origin_pullback
from attribution.network.kernel_sums import believe_steps, clear_local, push_evidence, push_means, push_tables
from attribution.network.kernel_values import (
    log_prior,
    log_prior_pullback,
    row_pullback,
    slot_pullback,
    slot_values,
)
from attribution.network.program import Floats, Ints


@kernel
def evidence_and_gradient(z: Floats, n: Ints, x: Floats, gradient: Floats) -> float:
    """``log p(E | theta(z))`` for one z, its gradient into `gradient`; -inf with gradient 0 where E is impossible."""
    v, log_pi, before, desk = open_point(z, n, x)
    joint = before.copy()
    keep_open(n, v, joint)
    evidence = log_sum(joint)
    gradient[:] = 0.0
    if evidence > -math.inf:
        pull(n, x, z, v, desk, log_pi, before, np.exp(joint - evidence), gradient)
    return evidence


@kernel
def log_joint_one(z: Floats, n: Ints, x: Floats, out: Floats) -> None:
    """The log-joint over factions, with the open set mixed in, for one z."""
    v, _, before, _ = open_point(z, n, x)
    out[:] = before
    keep_open(n, v, out)


@kernel
def log_joint_pullback(z: Floats, n: Ints, x: Floats, weight: Floats, gradient: Floats) -> None:
    """The derivative of ``sum_h weight_h log_joint_h`` by z into `gradient`, for one z."""
    v, log_pi, before, desk = open_point(z, n, x)
    gradient[:] = 0.0
    if log_sum(before) > -math.inf:
        pull(n, x, z, v, desk, log_pi, before, weight.copy(), gradient)


@kernel
def open_point(z: Floats, n: Ints, x: Floats) -> tuple[Floats, Floats, Floats, Desk]:
    """Slot values, ``log pi``, the log-joint before the open set is mixed, and the desk they were worked out on."""
    factions = count(n, at.BLOCK)
    v, log_pi, before = np.empty(count(n, at.SLOT_KIND)), np.empty(factions), np.empty(factions)
    desk = new_desk(n)
    slot_values(n, x, z, v)
    open_draw(n, x, v, desk, factions)
    log_prior(n, x, v, log_pi)
    for h in range(factions):
        before[h] = log_pi[h] + sum_faction(n, x, v, desk, h, factions)
    return v, log_pi, before, desk


@kernel
def pull(
    n: Ints,
    x: Floats,
    z: Floats,
    v: Floats,
    desk: Desk,
    log_pi: Floats,
    before: Floats,
    weight: Floats,
    gradient: Floats,
) -> None:
    """Add to `gradient` the derivative of ``sum_h weight_h log_joint_h``, the open set mixed in."""
    adjoint = np.zeros(count(n, at.SLOT_KIND))
    open_set_pullback(n, v, before, weight, adjoint)
    sums_pullback(n, x, v, desk, weight, adjoint)
    log_prior_pullback(n, x, v, log_pi, weight, adjoint)
    slot_pullback(n, x, z, v, adjoint, gradient)


@kernel
def open_set_pullback(n: Ints, v: Floats, before: Floats, weight: Floats, adjoint: Floats) -> None:
    """Turn weights on the log-joint after `keep_open` into weights on the one before it.

    `adjoint` receives the derivatives by the prior of `other` and by surprise that act directly.
    """
    surprise, other = v[n[n[at.SURPRISE] + 1]], n[n[at.OTHER]]
    if surprise <= 0.0 or weight[other] == 0.0:
        return
    open_set = v[n[n[at.SURPRISE]]]
    total = log_sum(before)
    alone = math.exp(before[other] - total)  # both parts relative to p(E) before mixing
    own, like_all = (1.0 - surprise) * alone, surprise * open_set
    push = weight[other] / (own + like_all)
    weight[other] = push * own
    for h in range(len(before)):
        weight[h] += push * like_all * math.exp(before[h] - total)
    adjoint[n[n[at.SURPRISE]]] += push * surprise
    adjoint[n[n[at.SURPRISE] + 1]] += push * (open_set - alone)


@kernel
def sums_pullback(n: Ints, x: Floats, v: Floats, desk: Desk, weight: Floats, adjoint: Floats) -> None:
    """Add to `adjoint` (over slots) the derivative of ``sum_h weight_h log p(E | h)``: one more pass per faction."""
    factions = len(weight)
    push = np.zeros((count(n, at.ORIGIN_KIND), 4))
    push_row = np.zeros(count(n, at.ROW_SLOT))
    push_mean = np.zeros(n[n[at.SIZES]])
    belief = np.zeros(n[n[at.SIZES] + 1])
    shared = n[n[at.SHARED_STEPS]]
    for h in range(factions):
        if weight[h] == 0.0:
            continue
        sum_faction(n, x, v, desk, h, factions)
        clear_local(n, belief)
        for r in range(count(n, at.ROOT)):
            belief[n[n[at.ROOT] + r]] += weight[h]
        believe_steps(n, shared, count(n, at.STEP_SIZE), desk.pool, desk.terms, belief)
        push_evidence(n, x, v, h, 0, desk.pool, belief, push, adjoint)
        push_tables(n, v, desk.rows, desk.means, h, desk.pool, belief, push_row, push_mean, adjoint)
    believe_steps(n, 0, shared, desk.pool, desk.terms, belief)
    push_evidence(n, x, v, 0, 1, desk.pool, belief, push, adjoint)
    push_means(n, x, push_mean, push_row)
    origin_pullback(n, x, v, push, adjoint)
    row_pullback(n, x, v, desk.rows, push_row, adjoint)
