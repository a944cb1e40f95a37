"""The kernel, forwards: ``log p(h, E | theta)`` for every faction.

    p(E | H, theta) = sum over X of prod_j theta_j(x_j | H, parents) prod_o p(o | X, H)

with the open set kept open, ``p(E | other) <- (1 - s) p(E | other) + s sum_h pi_h p(E | h)``. The sum factors into
parts that no fact or origin ties together, and factions with the same numbers in a part share its work. Every entry
function takes the two packed arrays of a `Program` and the slot values of many draws; none ever raises: what is
impossible has log-probability -inf.
"""

from __future__ import annotations

import math

from attribution._compile import kernel
from attribution.network import kernel_fields as at
from attribution.network.kernel_fields import count
from attribution.network.kernel_parts import fill_evidence, new_desk, staged_means, sum_part
from attribution.network.kernel_steps import carried_at, run_step
from attribution.network.kernel_values import log_prior, origin_values, row_values, slot_values
from attribution.network.program import IDLE, Floats, Ints


@kernel
def open_draw(
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
    logs: Floats,
) -> None:
    """All parts of one draw, for every class of factions; what is the same for all is done once."""
    row_values(n, x, v, rows)
    origin_values(n, x, v, values)
    staged_means(n, x, rows, means)
    for part in range(count(n, at.PART_FACTOR)):
        open_part(n, x, v, rows, values, means, pool, terms, powers, shared, logs, part)


@kernel
def open_part(
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
    logs: Floats,
    part: int,
) -> None:
    """One part of one draw, for every class of factions."""
    for o in range(count(n, at.ORIGIN_KIND)):
        if n[n[at.EVIDENCE_SHARED] + o] == 1 and n[n[at.ORIGIN_PART] + o] == part:
            fill_evidence(n, x, v, values, pool, o, 0)
    shared[part] = 0.0
    for s in range(n[n[at.PART_STEP]]):
        if n[n[at.STEP_PART] + s] == part:
            shared[part] += run_step(n, s, pool, terms, powers)
    factor = n[n[at.PART_FACTOR] + part]
    for k in range(n[n[at.CLASS_START] + part], n[n[at.CLASS_START] + part + 1]):
        if factor >= 0 and powers[carried_at(n) + factor] == 0:
            row, product = n[n[at.CLASS_ROW] + k], 0.0
            for state in range(n[n[at.PART_STATES] + part]):
                product += rows[row + state] * pool[factor + state]
            logs[k] = shared[part] + math.log(product)
        elif factor == IDLE:
            logs[k] = 0.0
        else:
            leaf = n[n[at.CLASS_LEAF] + k]
            logs[k] = sum_part(n, x, v, rows, values, means, pool, terms, powers, shared, part, leaf)


@kernel
def add_likelihoods(n: Ints, logs: Floats, log_joint: Floats) -> None:
    """Add ``log p(E | h)`` of every faction: the sum over parts of what its class there has."""
    factions = len(log_joint)
    for part in range(count(n, at.PART_STEP) - 1):
        for h in range(factions):
            log_joint[h] += logs[n[n[at.CLASS_OF] + part * factions + h]]


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
def origin_values_batch(v: Floats, n: Ints, x: Floats, out: Floats) -> None:
    """The four values of every origin in every draw; see `origin_values`: (draw, origin, 4)."""
    for draw in range(v.shape[0]):
        origin_values(n, x, v[draw], out[draw])


@kernel
def log_joint_batch(v: Floats, n: Ints, x: Floats, out: Floats) -> None:
    """``log pi_h p(E | h)`` with the open set mixed in: (draw, faction)."""
    rows, values, means, pool, terms, powers, shared, logs = new_desk(n)
    for draw in range(v.shape[0]):
        open_draw(n, x, v[draw], rows, values, means, pool, terms, powers, shared, logs)
        log_prior(n, x, v[draw], out[draw])
        add_likelihoods(n, logs, out[draw])
        keep_open(n, v[draw], out[draw])


@kernel
def parts_batch(v: Floats, n: Ints, x: Floats, prior: Floats, parts: Floats) -> None:
    """``log pi_h`` (draw, faction) and ``log p(E_part | h)`` (draw, faction, part); the open set not mixed in."""
    rows, values, means, pool, terms, powers, shared, logs = new_desk(n)
    factions = prior.shape[1]
    for draw in range(v.shape[0]):
        open_draw(n, x, v[draw], rows, values, means, pool, terms, powers, shared, logs)
        log_prior(n, x, v[draw], prior[draw])
        for part in range(len(shared)):
            for h in range(factions):
                parts[draw, h, part] = logs[n[n[at.CLASS_OF] + part * factions + h]]


@kernel
def part_batch(v: Floats, n: Ints, x: Floats, part: int, out: Floats) -> None:
    """``log p(E_part | h)`` of one part (draw, faction)."""
    rows, values, means, pool, terms, powers, shared, logs = new_desk(n)
    factions = out.shape[1]
    for draw in range(v.shape[0]):
        row_values(n, x, v[draw], rows)
        origin_values(n, x, v[draw], values)
        staged_means(n, x, rows, means)
        open_part(n, x, v[draw], rows, values, means, pool, terms, powers, shared, logs, part)
        for h in range(factions):
            out[draw, h] = logs[n[n[at.CLASS_OF] + part * factions + h]]


@kernel
def normalise_batch(log_joint: Floats, probability: Floats, evidence: Floats) -> None:
    """``p(h | E)`` (draw, faction) and ``log p(E)`` (draw,) of log-joints; 0 and -inf where nothing is possible."""
    for draw in range(log_joint.shape[0]):
        evidence[draw] = log_sum(log_joint[draw])
        possible = evidence[draw] > -math.inf
        for h in range(log_joint.shape[1]):
            probability[draw, h] = math.exp(log_joint[draw, h] - evidence[draw]) if possible else 0.0


@kernel
def keep_open_batch(v: Floats, n: Ints, x: Floats, log_joint: Floats) -> None:
    """Mix the open set into log-joints that are summed already, in place."""
    for draw in range(v.shape[0]):
        keep_open(n, v[draw], log_joint[draw])
