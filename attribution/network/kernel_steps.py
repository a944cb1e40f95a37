"""One step of the summation: multiply factors, sum a fact out, and the way back."""

from __future__ import annotations

import math

from attribution.network import kernel_fields as at
from attribution.network.kernel_fields import kernel
from attribution.network.program import Floats, Ints

_TINY = 1e-200
_HUGE = 1e200
_LOG_TINY = math.log(_TINY)
_SMALL, _LARGE = 1e-100, 1e100
_NEVER = 1 << 60


@kernel
def run_step(n: Ints, s: int, pool: Floats, terms: Floats, powers: Ints) -> float:
    """Multiply and sum: the message into the pool; returns the log of its scale, -inf for an impossible step."""
    out, writes, term = n[n[at.STEP_OUT] + s], n[n[at.STEP_OUT_INDEX] + s], n[n[at.STEP_TERM] + s]
    length = n[n[at.STEP_OUT_SIZE] + s]
    entry, offset, index = n[at.ENTRY], n[at.FACTOR_OFFSET], n[at.FACTOR_INDEX]
    first, last = n[n[at.FACTOR_START] + s], n[n[at.FACTOR_START] + s + 1]
    pool[out : out + length] = 0.0
    plain = True
    for e in range(n[n[at.STEP_SIZE] + s]):
        product, power = 1.0, 0
        for f in range(first, last):
            product *= pool[n[offset + f] + n[entry + n[index + f] + e]]
            if product < _TINY and product > 0.0:
                product *= _HUGE
                power += 1
            elif product > _HUGE:
                product *= _TINY
                power -= 1
        terms[term + e] = product
        powers[e] = power
        plain = plain and power == 0
        pool[out + n[entry + writes + e]] += product
    lowest = 0 if plain else sum_scaled(n, s, pool, terms, powers)
    top = 0.0
    for j in range(length):
        top = max(top, pool[out + j])
    if top == 0.0:
        return -math.inf
    if top > _SMALL and top < _LARGE:
        return lowest * _LOG_TINY
    for j in range(length):
        pool[out + j] /= top
    for e in range(n[n[at.STEP_SIZE] + s]):
        terms[term + e] /= top
    return math.log(top) + lowest * _LOG_TINY


@kernel
def sum_scaled(n: Ints, s: int, pool: Floats, terms: Floats, powers: Ints) -> int:
    """The message where products left the range of doubles and carry powers of 1e-200 beside them.

    Hundreds of items may pull against each other and nothing is lost; returns the power that all have in common.
    """
    out, writes, term = n[n[at.STEP_OUT] + s], n[n[at.STEP_OUT_INDEX] + s], n[n[at.STEP_TERM] + s]
    size = n[n[at.STEP_SIZE] + s]
    lowest = _NEVER
    for e in range(size):
        if terms[term + e] > 0.0 and powers[e] < lowest:
            lowest = powers[e]
    pool[out : out + n[n[at.STEP_OUT_SIZE] + s]] = 0.0
    if lowest == _NEVER:
        return 0
    for e in range(size):
        if powers[e] == lowest + 1:
            terms[term + e] *= _TINY
        elif powers[e] > lowest:
            terms[term + e] = 0.0
        pool[out + n[n[at.ENTRY] + writes + e]] += terms[term + e]
    return lowest


@kernel
def believe_step(n: Ints, s: int, pool: Floats, terms: Floats, belief: Floats) -> None:
    """Share the belief of a step's message out among the entries that met in it."""
    entry, offset, index = n[at.ENTRY], n[at.FACTOR_OFFSET], n[at.FACTOR_INDEX]
    first, last = n[n[at.FACTOR_START] + s], n[n[at.FACTOR_START] + s + 1]
    out, writes, term = n[n[at.STEP_OUT] + s], n[n[at.STEP_OUT_INDEX] + s], n[n[at.STEP_TERM] + s]
    for e in range(n[n[at.STEP_SIZE] + s]):
        if terms[term + e] == 0.0:
            continue
        j = out + n[entry + writes + e]
        share = belief[j] * (terms[term + e] / pool[j])
        for f in range(first, last):
            belief[n[offset + f] + n[entry + n[index + f] + e]] += share


@kernel
def believe_steps(n: Ints, begin: int, end: int, pool: Floats, terms: Floats, belief: Floats) -> None:
    """Steps in reverse, from the roots down to tables and evidence."""
    for s in range(end - 1, begin - 1, -1):
        believe_step(n, s, pool, terms, belief)
