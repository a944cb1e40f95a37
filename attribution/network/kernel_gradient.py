"""The kernel, backwards: beliefs about the facts, and the gradient of ``log p(E | theta(z))`` by z."""

from __future__ import annotations

import math

import numpy as np

from attribution._compile import kernel
from attribution.network import kernel_fields as at
from attribution.network.kernel import add_likelihoods, keep_open, log_sum, open_draw
from attribution.network.kernel_fields import count
from attribution.network.kernel_origins import origin_pullback, push_evidence
from attribution.network.kernel_parts import believe_part, new_desk, staging, sum_part
from attribution.network.kernel_steps import believe_steps
from attribution.network.kernel_values import log_prior, log_prior_pullback, row_pullback, slot_pullback, slot_values
from attribution.network.program import Floats, Ints


@kernel
def evidence_and_gradient(z: Floats, n: Ints, x: Floats, gradient: Floats) -> float:
    """``log p(E | theta(z))`` for one z, its gradient into `gradient`; -inf with gradient 0 where E is impossible."""
    v = np.empty(count(n, at.SLOT_KIND))
    slot_values(n, x, z, v)
    rows, values, means, pool, terms, powers, shared, logs = new_desk(n)
    open_draw(n, x, v, rows, values, means, pool, terms, powers, shared, logs)
    log_pi, before, joint = joints(n, x, v, logs)
    evidence = log_sum(joint)
    gradient[:] = 0.0
    if evidence > -math.inf:
        pull(
            n,
            x,
            z,
            v,
            rows,
            values,
            means,
            pool,
            terms,
            powers,
            shared,
            log_pi,
            before,
            np.exp(joint - evidence),
            gradient,
        )
    return evidence


@kernel
def log_joint_one(z: Floats, n: Ints, x: Floats, out: Floats) -> None:
    """The log-joint over factions, with the open set mixed in, for one z."""
    v = np.empty(count(n, at.SLOT_KIND))
    slot_values(n, x, z, v)
    rows, values, means, pool, terms, powers, shared, logs = new_desk(n)
    open_draw(n, x, v, rows, values, means, pool, terms, powers, shared, logs)
    out[:] = joints(n, x, v, logs)[2]


@kernel
def log_joint_pullback(z: Floats, n: Ints, x: Floats, weight: Floats, gradient: Floats) -> None:
    """The derivative of ``sum_h weight_h log_joint_h`` by z into `gradient`, for one z."""
    v = np.empty(count(n, at.SLOT_KIND))
    slot_values(n, x, z, v)
    rows, values, means, pool, terms, powers, shared, logs = new_desk(n)
    open_draw(n, x, v, rows, values, means, pool, terms, powers, shared, logs)
    log_pi, before, _ = joints(n, x, v, logs)
    gradient[:] = 0.0
    if log_sum(before) > -math.inf:
        pull(n, x, z, v, rows, values, means, pool, terms, powers, shared, log_pi, before, weight.copy(), gradient)


@kernel
def beliefs_batch(v: Floats, n: Ints, x: Floats, out: Floats) -> None:
    """Posterior probability of every table entry, summed over factions: (draw, entry); 0 where E is impossible."""
    rows, values, means, pool, terms, powers, shared, logs = new_desk(n)
    belief = np.zeros(n[n[at.SIZES] + 1])
    adjoint = np.zeros(count(n, at.SLOT_KIND))
    for draw in range(v.shape[0]):
        open_draw(n, x, v[draw], rows, values, means, pool, terms, powers, shared, logs)
        _, before, joint = joints(n, x, v[draw], logs)
        evidence = log_sum(joint)
        if evidence == -math.inf:
            out[draw] = 0.0
            continue
        weight = np.exp(joint - evidence)
        open_set_pullback(n, v[draw], before, weight, adjoint)
        out[draw] = 0.0
        for part in range(len(shared)):
            for k in range(n[n[at.CLASS_START] + part], n[n[at.CLASS_START] + part + 1]):
                mine = class_weight(n, part, k, weight)
                if mine > 0.0:
                    sum_part(
                        n, x, v[draw], rows, values, means, pool, terms, powers, shared, part, n[n[at.CLASS_LEAF] + k]
                    )
                    believe_part(n, pool, terms, part, mine, belief)
                    for i in range(n[n[at.PART_CONFIG_START] + part], n[n[at.PART_CONFIG_START] + part + 1]):
                        c = n[n[at.PART_CONFIG] + i]
                        for e in range(n[n[at.CONFIG_START] + c], n[n[at.CONFIG_START] + c + 1]):
                            out[draw, e] += belief[e]


@kernel
def joint_beliefs_batch(v: Floats, n: Ints, x: Floats, weights: Floats, out: Floats) -> None:
    """Add ``sum_d w_d p(h, entry | E, theta_d)`` of every faction and table entry to `out` (faction, entry).

    Where `other` acted like everybody, the facts are those of whom it acted like.
    """
    rows, values, means, pool, terms, powers, shared, logs = new_desk(n)
    belief = np.zeros(n[n[at.SIZES] + 1])
    adjoint = np.zeros(count(n, at.SLOT_KIND))
    other = n[n[at.OTHER]]
    for draw in range(v.shape[0]):
        open_draw(n, x, v[draw], rows, values, means, pool, terms, powers, shared, logs)
        _, before, joint = joints(n, x, v[draw], logs)
        evidence = log_sum(joint)
        if evidence == -math.inf or weights[draw] == 0.0:
            continue
        named = weights[draw] * np.exp(joint - evidence)
        like_all = np.zeros(len(named))
        like_all[other] = named[other]
        named[other] = 0.0
        open_set_pullback(n, v[draw], before, like_all, adjoint)
        for part in range(len(shared)):
            for k in range(n[n[at.CLASS_START] + part], n[n[at.CLASS_START] + part + 1]):
                h0 = n[n[at.CLASS_LEAF] + k]
                sum_part(n, x, v[draw], rows, values, means, pool, terms, powers, shared, part, h0)
                believe_part(n, pool, terms, part, 1.0, belief)
                open_mass = class_weight(n, part, k, like_all)
                for i in range(n[n[at.PART_CONFIG_START] + part], n[n[at.PART_CONFIG_START] + part + 1]):
                    c = n[n[at.PART_CONFIG] + i]
                    for e in range(n[n[at.CONFIG_START] + c], n[n[at.CONFIG_START] + c + 1]):
                        out[other, e] += open_mass * belief[e]
                        for h in range(len(named)):
                            if n[n[at.CLASS_OF] + part * len(named) + h] == k:
                                out[h, e] += named[h] * belief[e]


@kernel
def joints(n: Ints, x: Floats, v: Floats, logs: Floats) -> tuple[Floats, Floats, Floats]:
    """``log pi``, and the log-joint before and after the open set is mixed in, of an opened draw."""
    log_pi = np.empty(count(n, at.BLOCK))
    log_prior(n, x, v, log_pi)
    before = log_pi.copy()
    add_likelihoods(n, logs, before)
    after = before.copy()
    keep_open(n, v, after)
    return log_pi, before, after


@kernel
def class_weight(n: Ints, part: int, k: int, weight: Floats) -> float:
    """The weight of all factions of a class together."""
    total = 0.0
    for h in range(len(weight)):
        if n[n[at.CLASS_OF] + part * len(weight) + h] == k:
            total += weight[h]
    return total


@kernel
def pull(
    n: Ints,
    x: Floats,
    z: Floats,
    v: Floats,
    rows: Floats,
    values: Floats,
    means: Floats,
    pool: Floats,
    terms: Floats,
    powers: Ints,
    shared: Floats,
    log_pi: Floats,
    before: Floats,
    weight: Floats,
    gradient: Floats,
) -> None:
    """Add to `gradient` the derivative of ``sum_h weight_h log_joint_h``, the open set mixed in."""
    adjoint = np.zeros(count(n, at.SLOT_KIND))
    open_set_pullback(n, v, before, weight, adjoint)
    sums_pullback(n, x, v, rows, values, means, pool, terms, powers, shared, weight, adjoint)
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
def sums_pullback(
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
    weight: Floats,
    adjoint: Floats,
) -> None:
    """Add to `adjoint` (over slots) the derivative of ``sum_h weight_h log p(E | h)``: one more pass per class."""
    push = np.zeros((count(n, at.ORIGIN_KIND), 4))
    push_row = np.zeros(count(n, at.ROW_SLOT))
    push_mean = np.zeros(n[n[at.SIZES]])
    belief = np.zeros(n[n[at.SIZES] + 1])
    for part in range(len(shared)):
        for k in range(n[n[at.CLASS_START] + part], n[n[at.CLASS_START] + part + 1]):
            mine = class_weight(n, part, k, weight)
            if mine == 0.0:
                continue
            h = n[n[at.CLASS_LEAF] + k]
            sum_part(n, x, v, rows, values, means, pool, terms, powers, shared, part, h)
            believe_part(n, pool, terms, part, mine, belief)
            for i in range(n[n[at.PART_ORIGIN_START] + part], n[n[at.PART_ORIGIN_START] + part + 1]):
                push_evidence(n, x, v, pool, n[n[at.PART_ORIGIN] + i], h, belief, push, adjoint)
            push_tables(n, v, rows, means, pool, part, h, belief, push_row, push_mean, adjoint)
    believe_steps(n, 0, n[n[at.PART_STEP]], pool, terms, belief)
    for o in range(count(n, at.ORIGIN_KIND)):
        if n[n[at.EVIDENCE_SHARED] + o] == 1:
            push_evidence(n, x, v, pool, o, 0, belief, push, adjoint)
    push_means(n, x, push_mean, push_row)
    origin_pullback(n, x, v, push, adjoint)
    row_pullback(n, x, v, rows, push_row, adjoint)


@kernel
def push_tables(
    n: Ints,
    v: Floats,
    rows: Floats,
    means: Floats,
    pool: Floats,
    part: int,
    h: int,
    belief: Floats,
    push_row: Floats,
    push_mean: Floats,
    adjoint: Floats,
) -> None:
    """From beliefs of table entries to derivatives by row entries, by staged means, and by the staging itself."""
    configs = count(n, at.CONFIG_STAGED)
    for i in range(n[n[at.PART_CONFIG_START] + part], n[n[at.PART_CONFIG_START] + part + 1]):
        c = n[n[at.PART_CONFIG] + i]
        begin = n[n[at.CONFIG_START] + c]
        first = n[n[at.ROW_START] + n[n[at.TABLE_ROW] + h * configs + c]] - begin
        d = staging(n, v, c, h)
        for e in range(begin, n[n[at.CONFIG_START] + c + 1]):
            if belief[e] == 0.0:
                continue
            slope = belief[e] / pool[e]
            push_row[first + e] += (1.0 - d) * slope
            if d > 0.0:
                push_mean[e] += d * slope
                slot = n[n[at.STAGED_SLOT] + n[n[at.CONFIG_STAGED] + c]]
                adjoint[slot] += slope * (means[e] - rows[first + e])


@kernel
def push_means(n: Ints, x: Floats, push_mean: Floats, push_row: Floats) -> None:
    """From staged means to the rows they are the means of."""
    factions, configs = count(n, at.BLOCK), count(n, at.CONFIG_STAGED)
    for c in range(configs):
        t = n[n[at.CONFIG_STAGED] + c]
        if t < 0:
            continue
        begin = n[n[at.CONFIG_START] + c]
        for h in range(factions):
            weight = x[n[at.STAGED_WEIGHT] + t * factions + h]
            first = n[n[at.ROW_START] + n[n[at.TABLE_ROW] + h * configs + c]] - begin
            if weight > 0.0:
                for e in range(begin, n[n[at.CONFIG_START] + c + 1]):
                    push_row[first + e] += weight * push_mean[e]
