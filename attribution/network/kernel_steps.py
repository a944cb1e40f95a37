"""One step of the summation: multiply factors, sum a fact out, and the way back."""

from __future__ import annotations

import math

from attribution._compile import kernel
from attribution.network import kernel_fields as at
from attribution.network.program import Floats, Ints

_TINY = 1e-200
_HUGE = 1e200
_LOG_TINY = math.log(_TINY)
_SMALL, _LARGE = 1e-100, 1e100
_NEVER = 1 << 60


@kernel
def run_step(n: Ints, s: int, pool: Floats, terms: Floats, powers: Ints) -> float:
    """Multiply and sum: the message into the pool; returns the log of its scale, -inf for an impossible step.

    `powers` holds powers of 1e-200 beside numbers that would leave the range of doubles: of the terms of this step,
    then of every entry of the pool, then a flag at the first entry of each message that carries any.
    """
    out, writes, term = n[n[at.STEP_OUT] + s], n[n[at.STEP_OUT_INDEX] + s], n[n[at.STEP_TERM] + s]
    length = n[n[at.STEP_OUT_SIZE] + s]
    entry, offset, index = n[at.ENTRY], n[at.FACTOR_OFFSET], n[at.FACTOR_INDEX]
    first, last = n[n[at.FACTOR_START] + s], n[n[at.FACTOR_START] + s + 1]
    pool[out : out + length] = 0.0
    powers[carried_at(n) + out] = 0
    plain = True
    for e in range(n[n[at.STEP_SIZE] + s]):
        product, power = 1.0, 0
        for f in range(first, last):
            value = pool[n[offset + f] + n[entry + n[index + f] + e]]
            before, product = product, product * value
            if product < _SMALL and value > 0.0 and before > 0.0:
                product = (before * _HUGE) * value
                power += 1
                if product < _SMALL:
                    product *= _HUGE
                    power += 1
            elif product > _LARGE:
                product *= _TINY
                power -= 1
        terms[term + e] = product
        powers[e] = power
        plain = plain and power == 0
        pool[out + n[entry + writes + e]] += product
    carried = take_carried(n, s, powers)
    lowest = 0 if plain and not carried else sum_scaled(n, s, pool, terms, powers)
    for j in range(length):
        if pool[out + j] > 0.0:
            return lowest * _LOG_TINY
    return -math.inf


@kernel
def carried_at(n: Ints) -> int:
    """Where, among the powers, the flags of the messages begin."""
    return int(n[n[at.SIZES] + 3] + n[n[at.SIZES] + 1])


@kernel
def take_carried(n: Ints, s: int, powers: Ints) -> bool:
    """Add the powers that messages carry to those of the terms; whether there were any."""
    found, flags, of_entries = False, carried_at(n), n[n[at.SIZES] + 3]
    for f in range(n[n[at.FACTOR_START] + s], n[n[at.FACTOR_START] + s + 1]):
        offset = n[n[at.FACTOR_OFFSET] + f]
        if powers[flags + offset]:
            found = True
            for e in range(n[n[at.STEP_SIZE] + s]):
                powers[e] += powers[of_entries + offset + n[n[at.ENTRY] + n[n[at.FACTOR_INDEX] + f] + e]]
    return found


@kernel
def sum_scaled(n: Ints, s: int, pool: Floats, terms: Floats, powers: Ints) -> int:
    """The message where products left the range of doubles and carry powers of 1e-200 beside them.

    Hundreds of items may pull against each other, on one fact or through several, and nothing is lost: every entry of
    the message keeps its own power, less the power that all have in common, which is returned.
    """
    out, writes, term = n[n[at.STEP_OUT] + s], n[n[at.STEP_OUT_INDEX] + s], n[n[at.STEP_TERM] + s]
    end, of_entries = out + n[n[at.STEP_OUT_SIZE] + s], n[n[at.SIZES] + 3]
    pool[out:end] = 0.0
    powers[of_entries + out : of_entries + end] = _NEVER
    lowest = _NEVER
    for e in range(n[n[at.STEP_SIZE] + s]):
        if terms[term + e] > 0.0:
            j = of_entries + out + n[n[at.ENTRY] + writes + e]
            powers[j] = min(powers[j], powers[e])
            lowest = min(lowest, powers[e])
    for e in range(n[n[at.STEP_SIZE] + s]):
        j = out + n[n[at.ENTRY] + writes + e]
        behind = powers[e] - powers[of_entries + j]
        if behind == 1:
            terms[term + e] *= _TINY
        elif behind > 1:
            terms[term + e] = 0.0
        pool[j] += terms[term + e]
    for j in range(of_entries + out, of_entries + end):
        powers[j] = powers[j] - lowest if powers[j] < _NEVER else 0
        if powers[j] > 0:
            powers[carried_at(n) + out] = 1
    return lowest if lowest < _NEVER else 0


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
