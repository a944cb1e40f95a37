"""Summing out the facts for one faction, and the way back: beliefs.

A factor's *belief* at an entry is ``d log p(E | H) / d log entry``: the posterior probability that the world runs
through that entry. Beliefs of a table's entries add up to the posterior marginals of its facts (Darwiche 2003,
doi:10.1145/765568.765570), so one pass back gives the gradient and the posteriors of all facts.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from attribution.network import kernel_fields as at
from attribution.network.kernel_fields import count, kernel
from attribution.network.program import DIRECT, Floats, Ints

_TINY = 1e-200
_HUGE = 1e200
_LOG_TINY = math.log(_TINY)
_SMALL, _LARGE = 1e-100, 1e100
_NEVER = 1 << 60


class Powers(NamedTuple):
    """Powers of 1e-200 beside numbers that would leave the range of doubles."""

    term: Ints  # of the terms of the step at hand
    entry: Ints  # of the entries of messages, as in the pool
    carried: Ints  # 1 at the first entry of a message that carries any


@kernel
def staged_means(n: Ints, x: Floats, p: Floats, factions: int, means: Floats) -> None:
    """For each staged fact, the mean table of those the scene points to; entries as in the tables."""
    configs = count(n, at.CONFIG_START) - 1
    for t in range(count(n, at.STAGED_SLOT)):
        for c in range(n[n[at.STAGED_CONFIG] + 2 * t], n[n[at.STAGED_CONFIG] + 2 * t + 1]):
            begin = n[n[at.CONFIG_START] + c]
            for k in range(n[n[at.CONFIG_START] + c + 1] - begin):
                mean = 0.0
                for h in range(factions):
                    weight = x[n[at.STAGED_WEIGHT] + t * factions + h]
                    if weight > 0.0:
                        mean += weight * p[n[n[at.ROW_START] + n[n[at.TABLE_ROW] + h * configs + c]] + k]
                means[begin + k] = mean


@kernel
def fill_tables(n: Ints, v: Floats, p: Floats, means: Floats, h: int, factions: int, pool: Floats) -> None:
    """The tables of faction `h` into the pool; staged ones mixed with the mean of those the scene points to."""
    configs = count(n, at.CONFIG_START) - 1
    for c in range(configs):
        begin = n[n[at.CONFIG_START] + c]
        row = n[n[at.ROW_START] + n[n[at.TABLE_ROW] + h * configs + c]]
        for k in range(n[n[at.CONFIG_START] + c + 1] - begin):
            pool[begin + k] = p[row + k]
    for t in range(count(n, at.STAGED_SLOT)):
        if n[n[at.STAGED_MEMBER] + t * factions + h] == 0:
            d = v[n[n[at.STAGED_SLOT] + t]]
            first, last = n[n[at.STAGED_CONFIG] + 2 * t], n[n[at.STAGED_CONFIG] + 2 * t + 1]
            for e in range(n[n[at.CONFIG_START] + first], n[n[at.CONFIG_START] + last]):
                pool[e] = (1.0 - d) * pool[e] + d * means[e]


@kernel
def evidence_value(n: Ints, x: Floats, v: Floats, values: Floats, o: int, leaf: int, pattern: int) -> float:
    """The factor of origin `o` where what it says of the perpetrator (`leaf`) and of the facts (`pattern`) is so."""
    if n[n[at.ORIGIN_KIND] + o] == DIRECT:
        value = 1.0
        if x[n[at.SWITCH] + o] != 0.0:
            if leaf > 0:
                value *= v[leaf - 1]
            if pattern > 0:
                value *= v[pattern - 1]
        return value
    return float(values[o, (leaf & 2) + (leaf & 1) * pattern])


@kernel
def fill_evidence(
    n: Ints, x: Floats, v: Floats, values: Floats, h: int, factions: int, shared: int, pool: Floats
) -> None:
    """The factors that are the same for all factions (`shared` 1), or those of faction `h` (0)."""
    for o in range(count(n, at.ORIGIN_KIND)):
        if n[n[at.EVIDENCE_SHARED] + o] == shared:
            leaf = n[n[at.ORIGIN_LEAF] + o * factions + h]
            for k in range(n[n[at.EVIDENCE_START] + o], n[n[at.EVIDENCE_START] + o + 1]):
                entry = n[n[at.EVIDENCE_OFFSET] + o] + k - n[n[at.EVIDENCE_START] + o]
                value = evidence_value(n, x, v, values, o, leaf, n[n[at.EVIDENCE_PATTERN] + k])
                pool[entry] = value


@kernel
def run_step(n: Ints, s: int, pool: Floats, terms: Floats, powers: Powers) -> float:
    """Multiply and sum: the message into the pool; returns the log of its scale, -inf for an impossible step."""
    out, writes, term = n[n[at.STEP_OUT] + s], n[n[at.STEP_OUT_INDEX] + s], n[n[at.STEP_TERM] + s]
    length = n[n[at.STEP_OUT_SIZE] + s]
    pool[out : out + length] = 0.0
    powers.carried[out] = 0
    plain = True
    for e in range(n[n[at.STEP_SIZE] + s]):
        product, power = 1.0, 0
        for f in range(n[n[at.FACTOR_START] + s], n[n[at.FACTOR_START] + s + 1]):
            value = pool[n[n[at.FACTOR_OFFSET] + f] + n[n[at.ENTRY] + n[n[at.FACTOR_INDEX] + f] + e]]
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
        powers.term[e] = power
        plain = plain and power == 0
        pool[out + n[n[at.ENTRY] + writes + e]] += product
    carried = take_carried(n, s, powers)
    lowest = 0 if plain and not carried else sum_scaled(n, s, pool, terms, powers)
    for j in range(length):
        if pool[out + j] > 0.0:
            return lowest * _LOG_TINY
    return -math.inf


@kernel
def take_carried(n: Ints, s: int, powers: Powers) -> bool:
    """Add the powers that messages carry to those of the terms; whether there were any."""
    found = False
    for f in range(n[n[at.FACTOR_START] + s], n[n[at.FACTOR_START] + s + 1]):
        offset = n[n[at.FACTOR_OFFSET] + f]
        if powers.carried[offset]:
            found = True
            for e in range(n[n[at.STEP_SIZE] + s]):
                powers.term[e] += powers.entry[offset + n[n[at.ENTRY] + n[n[at.FACTOR_INDEX] + f] + e]]
    return found


@kernel
def sum_scaled(n: Ints, s: int, pool: Floats, terms: Floats, powers: Powers) -> int:
    """The message where products left the range of doubles and carry powers of 1e-200 beside them.

    Hundreds of items may pull against each other, on one fact or through several, and nothing is lost: every entry of
    the message keeps its own power, less the power that all have in common, which is returned.
    """
    out, writes, term = n[n[at.STEP_OUT] + s], n[n[at.STEP_OUT_INDEX] + s], n[n[at.STEP_TERM] + s]
    end = out + n[n[at.STEP_OUT_SIZE] + s]
    pool[out:end] = 0.0
    powers.entry[out:end] = _NEVER
    lowest = _NEVER
    for e in range(n[n[at.STEP_SIZE] + s]):
        if terms[term + e] > 0.0:
            j = out + n[n[at.ENTRY] + writes + e]
            powers.entry[j] = min(powers.entry[j], powers.term[e])
            lowest = min(lowest, powers.term[e])
    for e in range(n[n[at.STEP_SIZE] + s]):
        j = out + n[n[at.ENTRY] + writes + e]
        behind = powers.term[e] - powers.entry[j]
        if behind == 1:
            terms[term + e] *= _TINY
        elif behind > 1:
            terms[term + e] = 0.0
        pool[j] += terms[term + e]
    for j in range(out, end):
        powers.entry[j] = powers.entry[j] - lowest if powers.entry[j] < _NEVER else 0
        if powers.entry[j] > 0:
            powers.carried[out] = 1
    return lowest if lowest < _NEVER else 0


@kernel
def run_steps(n: Ints, begin: int, end: int, pool: Floats, terms: Floats, powers: Powers, by_part: Floats) -> None:
    """Run steps in order; the log of each scale is added to the part (tied component) the step belongs to."""
    for s in range(begin, end):
        by_part[n[n[at.STEP_COMPONENT] + s]] += run_step(n, s, pool, terms, powers)


@kernel
def add_roots(n: Ints, pool: Floats, by_part: Floats) -> None:
    """The scalars that are left: the last messages, and what was said of the perpetrator alone."""
    for r in range(count(n, at.ROOT)):
        by_part[n[n[at.ROOT_COMPONENT] + r]] += math.log(pool[n[n[at.ROOT] + r]])


@kernel
def believe_step(n: Ints, s: int, pool: Floats, terms: Floats, belief: Floats) -> None:
    """Share the belief of a step's message out among the entries that met in it."""
    out, writes, term = n[n[at.STEP_OUT] + s], n[n[at.STEP_OUT_INDEX] + s], n[n[at.STEP_TERM] + s]
    for e in range(n[n[at.STEP_SIZE] + s]):
        if terms[term + e] == 0.0:
            continue
        j = out + n[n[at.ENTRY] + writes + e]
        share = belief[j] * (terms[term + e] / pool[j])
        for f in range(n[n[at.FACTOR_START] + s], n[n[at.FACTOR_START] + s + 1]):
            belief[n[n[at.FACTOR_OFFSET] + f] + n[n[at.ENTRY] + n[n[at.FACTOR_INDEX] + f] + e]] += share


@kernel
def believe_steps(n: Ints, begin: int, end: int, pool: Floats, terms: Floats, belief: Floats) -> None:
    """Steps in reverse, from the roots down to tables and evidence."""
    for s in range(end - 1, begin - 1, -1):
        believe_step(n, s, pool, terms, belief)


@kernel
def clear_local(n: Ints, belief: Floats) -> None:
    """Forget the beliefs of one faction; those of shared factors go on collecting."""
    belief[: n[n[at.SIZES] + 0]] = 0.0
    belief[n[n[at.SIZES] + 2] : n[n[at.SIZES] + 1]] = 0.0
    for o in range(count(n, at.ORIGIN_KIND)):
        if n[n[at.EVIDENCE_SHARED] + o] == 0:
            length = n[n[at.EVIDENCE_START] + o + 1] - n[n[at.EVIDENCE_START] + o]
            belief[n[n[at.EVIDENCE_OFFSET] + o] : n[n[at.EVIDENCE_OFFSET] + o] + length] = 0.0


@kernel
def push_evidence(
    n: Ints,
    x: Floats,
    v: Floats,
    h: int,
    shared: int,
    pool: Floats,
    belief: Floats,
    push: Floats,
    adjoint: Floats,
) -> None:
    """From beliefs of evidence factors to derivatives by the four values of an origin, or by a direct item's slots."""
    factions = count(n, at.BLOCK)
    for o in range(count(n, at.ORIGIN_KIND)):
        if n[n[at.EVIDENCE_SHARED] + o] != shared:
            continue
        leaf = n[n[at.ORIGIN_LEAF] + o * factions + h]
        for k in range(n[n[at.EVIDENCE_START] + o], n[n[at.EVIDENCE_START] + o + 1]):
            entry = n[n[at.EVIDENCE_OFFSET] + o] + k - n[n[at.EVIDENCE_START] + o]
            if belief[entry] == 0.0:
                continue
            pattern = n[n[at.EVIDENCE_PATTERN] + k]
            if n[n[at.ORIGIN_KIND] + o] != DIRECT:
                push[o, (leaf & 2) + (leaf & 1) * pattern] += belief[entry] / pool[entry]
            elif x[n[at.SWITCH] + o] != 0.0:
                if leaf > 0:
                    adjoint[leaf - 1] += belief[entry] / v[leaf - 1]
                if pattern > 0:
                    adjoint[pattern - 1] += belief[entry] / v[pattern - 1]


@kernel
def push_tables(
    n: Ints,
    v: Floats,
    p: Floats,
    means: Floats,
    h: int,
    pool: Floats,
    belief: Floats,
    push_row: Floats,
    push_mean: Floats,
    adjoint: Floats,
) -> None:
    """From beliefs of table entries to derivatives by row entries, by staged means, and by the staging itself."""
    factions = count(n, at.BLOCK)
    configs = count(n, at.CONFIG_START) - 1
    for t in range(count(n, at.STAGED_SLOT)):
        if n[n[at.STAGED_MEMBER] + t * factions + h] == 0:
            d = v[n[n[at.STAGED_SLOT] + t]]
            for c in range(n[n[at.STAGED_CONFIG] + 2 * t], n[n[at.STAGED_CONFIG] + 2 * t + 1]):
                row = n[n[at.ROW_START] + n[n[at.TABLE_ROW] + h * configs + c]]
                for e in range(n[n[at.CONFIG_START] + c], n[n[at.CONFIG_START] + c + 1]):
                    if belief[e] != 0.0:
                        slope = belief[e] / pool[e]
                        own = p[row + e - n[n[at.CONFIG_START] + c]]
                        adjoint[n[n[at.STAGED_SLOT] + t]] += slope * (means[e] - own)
                        push_mean[e] += slope * d
                        belief[e] = slope * (1.0 - d) * pool[e]  # what is left is the row's own part
    for c in range(configs):
        row = n[n[at.ROW_START] + n[n[at.TABLE_ROW] + h * configs + c]]
        for e in range(n[n[at.CONFIG_START] + c], n[n[at.CONFIG_START] + c + 1]):
            if belief[e] != 0.0:
                push_row[row + e - n[n[at.CONFIG_START] + c]] += belief[e] / pool[e]


@kernel
def push_means(n: Ints, x: Floats, push_mean: Floats, push_row: Floats) -> None:
    """From staged means to the rows they are the means of."""
    factions = count(n, at.BLOCK)
    configs = count(n, at.CONFIG_START) - 1
    for t in range(count(n, at.STAGED_SLOT)):
        for h in range(factions):
            weight = x[n[at.STAGED_WEIGHT] + t * factions + h]
            if weight > 0.0:
                for c in range(n[n[at.STAGED_CONFIG] + 2 * t], n[n[at.STAGED_CONFIG] + 2 * t + 1]):
                    row = n[n[at.ROW_START] + n[n[at.TABLE_ROW] + h * configs + c]]
                    for e in range(n[n[at.CONFIG_START] + c], n[n[at.CONFIG_START] + c + 1]):
                        push_row[row + e - n[n[at.CONFIG_START] + c]] += weight * push_mean[e]
