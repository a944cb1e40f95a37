"""From z to every number the sums need: slots, prior, rows, and the values of the origins.

All functions work on one draw and write into arrays they are given.
"""

from __future__ import annotations

import math

import numpy as np

from attribution._compile import kernel
from attribution.network import kernel_fields as at
from attribution.network.curves import FARTHEST, LOWEST
from attribution.network.kernel_fields import count
from attribution.network.program import ABSENCE, CONSTANT, DIRECT, ODDS, RATIO, Floats, Ints

_ROOT_HALF = math.sqrt(0.5)
_DENSITY = 1.0 / math.sqrt(2.0 * math.pi)


@kernel
def on_scale(n: Ints, x: Floats, slot: int, z: Floats) -> float:
    """``T(z)``, on the probit or log scale."""
    first = z[n[n[at.SLOT_FIRST] + slot]]
    if x[n[at.CURVE_D] + slot] > 0.0:
        value = x[n[at.CURVE_A] + slot] + x[n[at.CURVE_B] + slot] * math.sinh(
            x[n[at.CURVE_D] + slot] * (first + x[n[at.CURVE_S] + slot])
        )
    else:
        value = x[n[at.CURVE_A] + slot] + x[n[at.CURVE_B] + slot] * first
    if n[n[at.SLOT_SECOND] + slot] >= 0:
        value += x[n[at.CURVE_VARY] + slot] * z[n[n[at.SLOT_SECOND] + slot]]
    return float(value)


@kernel
def slot_values(n: Ints, x: Floats, z: Floats, v: Floats) -> None:
    """Values of all slots; a slot of odds comes after the two it is made of."""
    for slot in range(count(n, at.SLOT_KIND)):
        kind = n[n[at.SLOT_KIND] + slot]
        if kind == CONSTANT:
            v[slot] = x[n[at.CURVE_A] + slot]
        elif kind == ODDS:
            base = v[n[n[at.SLOT_FIRST] + slot]]
            odds = base * v[n[n[at.SLOT_SECOND] + slot]]
            v[slot] = odds / (1.0 - base + odds) if base > 0.0 else 0.0
        elif kind == RATIO:
            v[slot] = math.exp(min(max(on_scale(n, x, slot, z), -FARTHEST), FARTHEST))
        else:
            v[slot] = 0.5 * math.erfc(-max(on_scale(n, x, slot, z), LOWEST) * _ROOT_HALF)


@kernel
def slot_pullback(n: Ints, x: Floats, z: Floats, v: Floats, adjoint: Floats, gradient: Floats) -> None:
    """Add to `gradient` (over z) what `adjoint` (over slots) amounts to."""
    for slot in range(count(n, at.SLOT_KIND) - 1, -1, -1):
        kind = n[n[at.SLOT_KIND] + slot]
        if kind == CONSTANT or adjoint[slot] == 0.0:
            continue
        if kind == ODDS:
            base, ratio = v[n[n[at.SLOT_FIRST] + slot]], v[n[n[at.SLOT_SECOND] + slot]]
            below = 1.0 - base + base * ratio
            adjoint[n[n[at.SLOT_FIRST] + slot]] += adjoint[slot] * ratio / (below * below)
            adjoint[n[n[at.SLOT_SECOND] + slot]] += adjoint[slot] * base * (1.0 - base) / (below * below)
            continue
        value = on_scale(n, x, slot, z)
        if kind == RATIO:
            slope = v[slot] if abs(value) < FARTHEST else 0.0
        else:
            slope = _DENSITY * math.exp(-0.5 * value * value) if value > LOWEST else 0.0
        slope *= adjoint[slot]
        first = n[n[at.SLOT_FIRST] + slot]
        inner = x[n[at.CURVE_B] + slot]
        if x[n[at.CURVE_D] + slot] > 0.0:
            d = x[n[at.CURVE_D] + slot]
            inner *= d * math.cosh(d * (z[first] + x[n[at.CURVE_S] + slot]))
        gradient[first] += slope * inner
        if n[n[at.SLOT_SECOND] + slot] >= 0:
            gradient[n[n[at.SLOT_SECOND] + slot]] += slope * x[n[at.CURVE_VARY] + slot]


@kernel
def log_prior(n: Ints, x: Floats, v: Floats, out: Floats) -> None:
    """``log pi(h)``: the rest share ``1 - pi(other)`` in proportion to their weights."""
    factions, other = len(out), n[n[at.OTHER] + 0]
    blocks = np.zeros(factions)
    for h in range(factions):
        weight = x[n[at.PRIOR_CONSTANT] + h]
        for k in range(n[n[at.WITHIN_START] + h], n[n[at.WITHIN_START] + h + 1]):
            weight *= v[n[n[at.WITHIN_SLOT] + k]]
        out[h] = weight
        if n[n[at.BLOCK] + h] >= 0:
            blocks[n[n[at.BLOCK] + h]] += weight
    total = 0.0
    for h in range(factions):
        if n[n[at.BLOCK] + h] >= 0 and out[h] > 0.0:
            out[h] /= blocks[n[n[at.BLOCK] + h]]
        for k in range(n[n[at.PRIOR_START] + h], n[n[at.PRIOR_START] + h + 1]):
            out[h] *= v[n[n[at.PRIOR_SLOT] + k]]
        if h != other:
            total += out[h]
    open_set = v[n[n[at.SURPRISE] + 0]]
    for h in range(factions):
        if h == other:
            out[h] = math.log(open_set)
        else:
            out[h] = math.log(out[h] / total) + math.log1p(-open_set) if out[h] > 0.0 else -math.inf


@kernel
def log_prior_pullback(n: Ints, x: Floats, v: Floats, log_pi: Floats, weight: Floats, adjoint: Floats) -> None:
    """Add to `adjoint` (over slots) what `weight` (over ``log pi``) amounts to."""
    factions, other = len(log_pi), n[n[at.OTHER] + 0]
    open_set = v[n[n[at.SURPRISE] + 0]]
    named = np.sum(weight) - weight[other]
    if open_set > 0.0 and open_set < 1.0:
        adjoint[n[n[at.SURPRISE] + 0]] += weight[other] / open_set - named / (1.0 - open_set)
    push, inside = np.zeros(factions), np.zeros(factions)  # d / d log weight(h); weight within the block
    block_push, block_total = np.zeros(factions), np.zeros(factions)
    for h in range(factions):
        if h != other and log_pi[h] > -math.inf:
            push[h] = weight[h] - named * math.exp(log_pi[h]) / (1.0 - open_set)
            for k in range(n[n[at.PRIOR_START] + h], n[n[at.PRIOR_START] + h + 1]):
                adjoint[n[n[at.PRIOR_SLOT] + k]] += push[h] / v[n[n[at.PRIOR_SLOT] + k]]
        if n[n[at.BLOCK] + h] >= 0:
            inside[h] = x[n[at.PRIOR_CONSTANT] + h]
            for k in range(n[n[at.WITHIN_START] + h], n[n[at.WITHIN_START] + h + 1]):
                inside[h] *= v[n[n[at.WITHIN_SLOT] + k]]
            block_push[n[n[at.BLOCK] + h]] += push[h]
            block_total[n[n[at.BLOCK] + h]] += inside[h]
    for h in range(factions):
        if inside[h] > 0.0:
            mine = push[h] - block_push[n[n[at.BLOCK] + h]] * inside[h] / block_total[n[n[at.BLOCK] + h]]
            for k in range(n[n[at.WITHIN_START] + h], n[n[at.WITHIN_START] + h + 1]):
                adjoint[n[n[at.WITHIN_SLOT] + k]] += mine / v[n[n[at.WITHIN_SLOT] + k]]


@kernel
def row_values(n: Ints, x: Floats, v: Floats, p: Floats) -> None:
    """Every row as a distribution: ``v / (sum v + r)``, or ``v`` and ``1 - v`` for two states."""
    for row in range(count(n, at.ROW_REST)):
        start, end = n[n[at.ROW_START] + row], n[n[at.ROW_START] + row + 1]
        rest = x[n[at.ROW_REST] + row]
        total = 1.0
        if rest >= 0.0:
            total = rest
            for k in range(start, end):
                if n[n[at.ROW_SLOT] + k] >= 0:
                    total += v[n[n[at.ROW_SLOT] + k]]
        else:
            rest = 1.0
            for k in range(start, end):
                if n[n[at.ROW_SLOT] + k] >= 0:
                    rest -= v[n[n[at.ROW_SLOT] + k]]
        for k in range(start, end):
            p[k] = (v[n[n[at.ROW_SLOT] + k]] if n[n[at.ROW_SLOT] + k] >= 0 else rest) / total


@kernel
def row_pullback(n: Ints, x: Floats, v: Floats, p: Floats, push: Floats, adjoint: Floats) -> None:
    """Add to `adjoint` (over slots) what `push` (over row entries) amounts to."""
    for row in range(count(n, at.ROW_REST)):
        start, end = n[n[at.ROW_START] + row], n[n[at.ROW_START] + row + 1]
        common, total = 0.0, 1.0
        if x[n[at.ROW_REST] + row] >= 0.0:
            total = x[n[at.ROW_REST] + row]
            for k in range(start, end):
                common += push[k] * p[k]
                if n[n[at.ROW_SLOT] + k] >= 0:
                    total += v[n[n[at.ROW_SLOT] + k]]
        else:
            for k in range(start, end):
                if n[n[at.ROW_SLOT] + k] < 0:
                    common += push[k]
        for k in range(start, end):
            if n[n[at.ROW_SLOT] + k] >= 0:
                adjoint[n[n[at.ROW_SLOT] + k]] += (push[k] - common) / total


@kernel
def origin_values(n: Ints, x: Floats, v: Floats, out: Floats) -> None:
    """Four values per origin: what it says is false, true; the same where forging reaches.

    ``p(o | X) = rho 1[all true] + (1 - rho) prod q``; then turned round, then copied, then forged; then to the power
    of the switch.
    """
    for o in range(count(n, at.ORIGIN_KIND)):
        if x[n[at.SWITCH] + o] == 0.0 or n[n[at.ORIGIN_KIND] + o] == DIRECT:
            out[o, :] = 1.0
            continue
        if n[n[at.ORIGIN_KIND] + o] == ABSENCE:
            out[o, 0] = out[o, 2] = (1.0 - v[n[n[at.ORIGIN_ITEM] + o]]) ** x[n[at.SWITCH] + o]
            out[o, 1] = out[o, 3] = 1.0
            continue
        rho = v[n[n[at.ORIGIN_SOURCE] + o]] * v[n[n[at.ORIGIN_ITEM] + o]]
        anyway = 1.0
        for k in range(n[n[at.ANYWAY_START] + o], n[n[at.ANYWAY_START] + o + 1]):
            q = v[n[n[at.ANYWAY_SLOT] + k]]
            anyway *= 1.0 - q if n[n[at.ANYWAY_NEGATED] + k] else q
        false = (1.0 - rho) * anyway
        true = rho + false
        if n[n[at.DECEPTIVE] + o] >= 0:
            d = v[n[n[at.DECEPTIVE] + o]]
            false, true = (1.0 - d) * false + d, (1.0 - d) * true
        if n[n[at.COPYING] + o] >= 0:
            c = v[n[n[at.COPYING] + o]]
            held = c * n[n[at.COPY_HOLDS] + o]
            false, true = held + (1.0 - c) * false, held + (1.0 - c) * true
        out[o, 0], out[o, 1] = false, true
        if n[n[at.FORGED] + o] >= 0:
            d = v[n[n[at.FORGED] + o]]
            mean = 1.0
            if n[n[at.FORGED_NOISE] + o]:
                mean = x[n[at.TRUE_FRACTION] + o] * true + (1.0 - x[n[at.TRUE_FRACTION] + o]) * false
            false, true = (1.0 - d) * false + d * mean, (1.0 - d) * true + d * mean
        out[o, 2], out[o, 3] = false, true
        raise_to(out[o], x[n[at.SWITCH] + o])


@kernel
def raise_to(values: Floats, power: float) -> None:
    """Values to a power, in place."""
    if power != 1.0:
        for k in range(len(values)):
            values[k] = values[k] ** power
