"""The likelihood of a series of attacks and its gradient, in one pass forwards and one back.

Laws, with t a day, j an interval or a statement, k an intervention:

``log rate_t = level + slow_t + fast_t + sum_k effect_k x_kt``; slow and fast are Hilbert-space Gaussian processes of
Matern 5/2 and 3/2 (Solin and Sarkka 2020, doi:10.1007/s11222-019-09886-w; Riutort-Mayol et al. 2023,
doi:10.1007/s11222-022-10167-2). An effect that fades: ``x = exp(-(t - day - 1)/tau)`` from the next day on; one that
lasts: ``x = 1 - exp(-(t - day + 1/2)/delta)`` until its end.

``count_j ~ NegBin1(mean_j, D)``: size ``mean_j/D``, variance ``mean_j (1 + D)``, so that sums over days are of the same
law. A total is the true one plus an error e from -LATE to OVER, more likely the nearer to nought, summed out exactly.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from attribution._compile import inlined, kernel
from attribution.network.program import Floats, Ints

LATE, OVER = 12, 4  # a total may lack so many attacks, or have so many too many
STATES = LATE + OVER + 1
LEVEL, SLOW_SD, SLOW_LENGTH, FAST_SD, FAST_LENGTH, BURST, FADING, ONSET, LATENESS, EXCESS = range(10)
SCALARS = 10
HELD = (SLOW_SD, SLOW_LENGTH, FAST_SD, FAST_LENGTH, FADING, ONSET)  # where a mode is looked for without them
FADES, LASTS = 0, 1
_SMALL = 48  # up to this count sums beat gamma functions
_CEILING = 25.0  # of the log rate, so that no start of a chain overflows
_NOTHING = 1e-30  # what is left of an effect that has faded; smaller numbers are slow


class Packed(NamedTuple):
    """All numbers that the likelihood works on; T days, K effects in G groups, M coefficients, J observations.

    z holds the scalars, the means of groups, their spreads, the effects, the coefficients of slow, those of fast.
    """

    curves: Floats  # (scalars + 2 groups, 4) a, b, d, s of each on the log scale
    basis: Floats  # (T, M) slow, then fast
    sines: Floats  # (M, T) the same, so that both sums run along memory
    frequency: Floats  # (M,)
    slow: int  # how many of the coefficients are slow
    effects: Ints  # (K, 4) group, form, day, last day
    start: Ints  # (J + 1,) where the exposure of each observation starts
    day: Ints  # (.,) days that it covers
    weight: Floats  # (.,) share of each day's attacks that it covers
    counted: Ints  # (J,) the count, or the step from the total before
    kind: Ints  # (J,) 0 a count, 1 a total
    error: Floats  # (J, 2) how many times as late, as excessive as an exact total


@kernel
def log_likelihood(z: Floats, p: Packed, gradient: Floats, log_rate: Floats, term: Floats) -> float:
    """``log p(counts, totals | z)``; fills its gradient, the log rate of each day, the term of each observation."""
    days, many = p.basis.shape
    effects, groups = len(p.effects), (len(p.curves) - SCALARS) // 2
    scalar, slope = np.empty(len(p.curves)), np.empty(len(p.curves))
    for i in range(len(p.curves)):
        scalar[i], slope[i] = _curve(z[i], p.curves[i])
    first, coefficients = len(p.curves), len(p.curves) + effects
    effect = np.empty(effects)
    for k in range(effects):
        g = SCALARS + p.effects[k, 0]
        effect[k] = scalar[g] + math.exp(scalar[g + groups]) * z[first + k]
    root = _root_densities(scalar, p)
    shape = np.empty(many)
    for m in range(many):
        shape[m] = root[m, 0] * z[coefficients + m]
    log_rate[:] = scalar[LEVEL]
    for m in range(many):
        factor, sine = shape[m], p.sines[m]
        for t in range(days):
            log_rate[t] += factor * sine[t]
    share, by_time = np.zeros((effects, days)), np.zeros((effects, days))
    for k in range(effects):
        _shares(p.effects[k], math.exp(scalar[FADING]), math.exp(scalar[ONSET]), share[k], by_time[k])
        size, felt = effect[k], share[k]
        for t in range(p.effects[k, 2], min(days, p.effects[k, 3] + 1)):
            log_rate[t] += size * felt[t]

    by_rate = np.zeros(days)
    by_scalar = np.zeros(len(p.curves))
    value = _observations(p, scalar, log_rate, by_rate, by_scalar, term)

    gradient[:] = 0.0
    for t in range(days):
        by_scalar[LEVEL] += by_rate[t]
    for k in range(effects):
        form, g = p.effects[k, 1], SCALARS + p.effects[k, 0]
        by_effect = by_length = 0.0
        for t in range(p.effects[k, 2], min(days, p.effects[k, 3] + 1)):
            by_effect += by_rate[t] * share[k, t]
            by_length += by_rate[t] * by_time[k, t]
        by_scalar[FADING if form == FADES else ONSET] += effect[k] * by_length
        spread = math.exp(scalar[g + groups])
        by_scalar[g] += by_effect
        by_scalar[g + groups] += by_effect * spread * z[first + k]
        gradient[first + k] = by_effect * spread
    by_shape = np.zeros(many)
    for t in range(days):
        if by_rate[t] != 0.0:
            row, pull = p.basis[t], by_rate[t]
            for m in range(many):
                by_shape[m] += pull * row[m]
    for m in range(many):
        sd, length = (SLOW_SD, SLOW_LENGTH) if m < p.slow else (FAST_SD, FAST_LENGTH)
        gradient[coefficients + m] = by_shape[m] * root[m, 0]
        by_scalar[sd] += by_shape[m] * shape[m]
        by_scalar[length] += by_shape[m] * shape[m] * root[m, 1]
    for i in range(len(p.curves)):
        gradient[i] = by_scalar[i] * slope[i]
    return value


@kernel
def log_density(z: Floats, p: Packed) -> tuple[float, Floats]:
    """The log of prior and likelihood up to a constant, and its gradient: what a sampler asks for at every step."""
    gradient, term = np.empty(len(z)), np.empty(len(p.counted))
    value = log_likelihood(z, p, gradient, np.empty(len(p.basis)), term)
    for i in range(len(z)):
        value -= 0.5 * z[i] * z[i]
        gradient[i] -= z[i]
        if not math.isfinite(gradient[i]):
            value = -np.inf
    if not math.isfinite(value):
        gradient[:] = 0.0
        return -np.inf, gradient
    return value, gradient


@inlined
def _curve(z: float, curve: Floats) -> tuple[float, float]:
    """The value of a triple where its normal is z, on the log scale, and its slope."""
    a, b, d, s = curve[0], curve[1], curve[2], curve[3]
    if d > 0.0:
        return a + b * math.sinh(d * (z + s)), b * d * math.cosh(d * (z + s))
    return a + b * z, b


@kernel
def _shares(effect: Ints, tau: float, delta: float, share: Floats, by_time: Floats) -> None:
    """How much of an effect is felt on each of its days, and the derivative by log tau or log delta.

    One factor a day: exponentials of every day of every effect would cost more than all the rest.
    """
    first, last = effect[2], min(len(share), effect[3] + 1)
    fades = effect[1] == FADES
    length = tau if fades else delta
    age, daily = 0.0 if fades else 0.5 / length, math.exp(-1.0 / length)
    left = math.exp(-age)
    for t in range(first + 1 if fades else first, last):
        if left < _NOTHING:
            left = 0.0
        share[t] = left if fades else 1.0 - left
        by_time[t] = left * age if fades else -left * age
        left *= daily
        age += 1.0 / length


@kernel
def _root_densities(scalar: Floats, p: Packed) -> Floats:
    """Root of the spectral density of each coefficient, and the derivative of its logarithm by the log length."""
    root = np.empty((len(p.frequency), 2))
    for m in range(len(p.frequency)):
        sd, length = (SLOW_SD, SLOW_LENGTH) if m < p.slow else (FAST_SD, FAST_LENGTH)
        log_length, nu = scalar[length], 2.5 if m < p.slow else 1.5
        inverse = 2.0 * nu * math.exp(-2.0 * log_length)
        constant = 16.0 / 3.0 * 5.0**2.5 if m < p.slow else 4.0 * 3.0**1.5
        inside = inverse + p.frequency[m] ** 2
        log_density = math.log(constant) - 2.0 * nu * log_length - (nu + 0.5) * math.log(inside)
        root[m, 0] = math.exp(scalar[sd] + 0.5 * log_density)
        root[m, 1] = -nu + (nu + 0.5) * inverse / inside
    return root


@kernel
def _observations(
    p: Packed, scalar: Floats, log_rate: Floats, by_rate: Floats, by_scalar: Floats, term: Floats
) -> float:
    """The log likelihood of all counts and totals; adds to the derivatives by the log rates and by the scalars."""
    burst = math.exp(scalar[BURST])
    many = len(p.counted)
    mean, rate = np.zeros(many), np.empty(len(log_rate))
    for t in range(len(rate)):
        rate[t] = math.exp(min(log_rate[t], _CEILING))
    for j in range(many):
        for i in range(p.start[j], p.start[j + 1]):
            mean[j] += p.weight[i] * rate[p.day[i]]
    by_mean = np.zeros(many)
    value = 0.0
    stated = False
    for j in range(many):
        if p.kind[j] == 0:
            lp, by_size, by_burst = _negative_binomial(p.counted[j], mean[j] / burst, burst)
            term[j] = lp
            value += lp
            by_mean[j] = by_size / burst
            by_scalar[BURST] += burst * by_burst - mean[j] / burst * by_size
        else:
            stated = True
    if stated:
        value += _totals(p, scalar, mean, by_mean, by_scalar, term)
    for j in range(many):
        for i in range(p.start[j], p.start[j + 1]):
            t = p.day[i]
            if log_rate[t] < _CEILING:
                by_rate[t] += by_mean[j] * p.weight[i] * rate[t]
    return value


@kernel
def _totals(p: Packed, scalar: Floats, mean: Floats, by_mean: Floats, by_scalar: Floats, term: Floats) -> float:
    """The log likelihood of a chain of totals whose errors are summed out, forwards and backwards."""
    burst, late, over = math.exp(scalar[BURST]), math.exp(scalar[LATENESS]), math.exp(scalar[EXCESS])
    many, width = len(p.counted), 2 * STATES - 1
    step = np.zeros((many, 3, width))  # of every step that is possible, the largest first: probability, derivatives
    weights = np.zeros((many, 3, STATES))
    ahead, scale = np.zeros((many + 1, STATES)), np.zeros(many)
    ahead[0, LATE] = 1.0
    value = 0.0
    for j in range(many):
        if p.kind[j] == 0:
            ahead[j + 1] = ahead[j]
            continue
        lift = _steps(p.counted[j], mean[j], burst, step[j])
        _error_weights(late * p.error[j, 0], over * p.error[j, 1], weights[j])
        now, chance = ahead[j + 1], step[j, 0]
        for before in range(STATES):
            factor = ahead[j, before]
            if factor > 0.0:
                for e in range(STATES):
                    now[e] += factor * chance[e - before + STATES - 1]
        total = 0.0
        for e in range(STATES):
            now[e] *= weights[j, 0, e]
            total += now[e]
        if not total > 0.0:
            return -np.inf
        for e in range(STATES):
            now[e] /= total
        scale[j] = total
        term[j] = math.log(total) + lift
        value += term[j]
    back, behind, visits = np.ones(STATES), np.empty(STATES), np.empty(width)
    for j in range(many - 1, -1, -1):
        if p.kind[j] == 0:
            continue
        for e in range(STATES):
            shared = ahead[j + 1, e] * back[e]
            by_scalar[LATENESS] += shared * weights[j, 1, e]
            by_scalar[EXCESS] += shared * weights[j, 2, e]
            behind[e] = weights[j, 0, e] * back[e] / scale[j]
        visits[:] = 0.0
        chance = step[j, 0]
        for before in range(STATES):
            factor, total = ahead[j, before], 0.0
            for e in range(STATES):
                total += chance[e - before + STATES - 1] * behind[e]
                visits[e - before + STATES - 1] += factor * behind[e]
            back[before] = total
        by_size = by_burst = 0.0
        for at in range(width):
            by_size += visits[at] * chance[at] * step[j, 1, at]
            by_burst += visits[at] * chance[at] * step[j, 2, at]
        by_mean[j] = by_size / burst
        by_scalar[BURST] += burst * by_burst - mean[j] / burst * by_size
    return value


@kernel
def _steps(step: int, mean: float, burst: float, table: Floats) -> float:
    """Probability (scaled) and derivatives of every true step near the stated one; returns the log of the scale.

    Where a total errs by so many more than the one before, the true step is so many less: the largest stands first.
    """
    size, middle = mean / burst, STATES - 1
    if size <= 0.0:
        if abs(step) <= middle:
            table[0, middle + step] = 1.0
        return 0.0
    first = max(0, step - middle)
    lp, by_size, by_burst = _negative_binomial(first, size, burst)
    chance, share = 1.0, burst / (1.0 + burst)
    by_more = 1.0 / (burst * (1.0 + burst))
    for y in range(first, step + middle + 1):
        at = step - y + middle
        table[0, at], table[1, at], table[2, at] = chance, by_size, by_burst
        chance *= share * (size + y) / (y + 1.0)
        by_size += 1.0 / (size + y)
        by_burst += by_more
    return lp


@kernel
def _error_weights(late: float, over: float, weights: Floats) -> None:
    """Probability of each error of a total, and derivatives of its log by the logs of lateness and excess."""
    total, by_late, by_over = 1.0, 0.0, 0.0
    weights[0, LATE] = 1.0
    chance, each = 1.0, math.exp(-1.0 / late)
    for e in range(1, LATE + 1):
        chance *= each
        weights[0, LATE - e], weights[1, LATE - e] = chance, e / late
        total += chance
        by_late += chance * e / late
    chance, each = 1.0, math.exp(-1.0 / over)
    for e in range(1, OVER + 1):
        chance *= each
        weights[0, LATE + e], weights[2, LATE + e] = chance, e / over
        total += chance
        by_over += chance * e / over
    for e in range(STATES):
        weights[0, e] /= total
        weights[1, e] -= by_late / total
        weights[2, e] -= by_over / total


@kernel
def _negative_binomial(y: int, size: float, burst: float) -> tuple[float, float, float]:
    """Log probability of a count, and its derivatives by the size and by D."""
    log_more = math.log1p(burst)
    lp = y * (math.log(burst) - log_more) - size * log_more
    by_size = -log_more
    by_burst = (y - size * burst) / (burst * (1.0 + burst))
    if y <= _SMALL:
        for k in range(y):
            lp += math.log((size + k) / (k + 1.0))
            by_size += 1.0 / (size + k)
    else:
        lp += math.lgamma(y + size) - math.lgamma(size) - math.lgamma(y + 1.0)
        by_size += _digamma(y + size) - _digamma(size)
    return lp, by_size, by_burst


@kernel
def _digamma(x: float) -> float:
    """By its recurrence up to 8, then its asymptotic series."""
    found = 0.0
    while x < 8.0:
        found -= 1.0 / x
        x += 1.0
    inverse = 1.0 / (x * x)
    series = inverse * (
        1.0 / 12 - inverse * (1.0 / 120 - inverse * (1.0 / 252 - inverse * (1.0 / 240 - inverse / 132)))
    )
    return found + math.log(x) - 0.5 / x - series
