"""Draws of z, equal or weighted, and what can be estimated from them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from attribution.inference.sobol import MOST_NORMALS, SobolPoints
from attribution.network.program import Floats, Ints, Program
from attribution.network.summation import few_at_a_time, numbers

EQUAL = 4.0  # Monte Carlo standard errors within which two probabilities count as equal
RANGE = (0.05, 0.95)  # the quantiles that the range over inputs lies between
_FEWEST_IN_TAIL = 5  # draws, for a Pareto distribution to be fitted
_INTERVALS, _FEW_TO_SORT = 512, 1024
_BLOCK = 2**21  # numbers of the network at a time, where all of them would be too many to hold


def flat(z: Floats) -> Floats:
    """Draws of all chains one after another: (draw, coordinate), also where a model has no uncertain number."""
    return z.reshape(z.shape[0] * z.shape[1], z.shape[2])


def expectation(weights: Floats, values: Floats) -> Floats:
    """Weighted sums over the draws, which come first in `values`.

    Not a matrix product: that is shared among however many threads there are, and rounds differently with each number.
    """
    return np.asarray(np.einsum("d,d...->...", weights, values))


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Standard normals of shape (chain, draw, coordinate); a chain of the importance engine is a scramble.

    Where they are many, `normals` are the Sobol points that they are quantiles of, and `z` is made when it is asked
    for: `rows` gives some draws at a time. `log_weight` (chain, draw) are normalised Pareto-smoothed log-weights, None
    where draws count equally. `khat` is their Pareto shape. `stats` are the sampler's own statistics, (chain, draw)
    each.
    """

    normals: Floats | SobolPoints
    log_weight: Floats | None = None
    khat: float | None = None
    stats: dict[str, NDArray[np.generic]] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """How many chains, and how many draws each has."""
        return self.normals.shape[0], self.normals.shape[1]

    @property
    def count(self) -> int:
        """How many draws there are in all chains."""
        return self.shape[0] * self.shape[1]

    @property
    def dimension(self) -> int:
        """How many coordinates a draw has."""
        return self.normals.shape[2]

    @property
    def z(self) -> Floats:
        """All draws: (chain, draw, coordinate)."""
        return self.normals.normals if isinstance(self.normals, SobolPoints) else self.normals

    @property
    def flat(self) -> Floats:
        """All draws, shape (draw, coordinate), each in one piece."""
        return np.ascontiguousarray(flat(self.z))

    def rows(self, rows: slice | Ints | None) -> Floats:
        """Some draws, counted over all chains, or all: (draw, coordinate), each in one piece."""
        if rows is None:
            return self.flat
        if isinstance(self.normals, SobolPoints):
            return self.normals.rows(rows)
        return np.ascontiguousarray(flat(self.normals)[rows])

    @property
    def weights(self) -> Floats:
        """Weights that sum to one, shape (draw,)."""
        if self.log_weight is None:
            return np.full(self.count, 1.0 / self.count)
        return np.exp(self.log_weight).ravel()

    @property
    def unreliable(self) -> bool:
        """Whether the weights have a tail too heavy for any mean under them to be trusted (`khat_threshold`)."""
        return self.khat is not None and not self.khat <= khat_threshold(self.count)

    @property
    def ess(self) -> float:
        """Effective sample size by Kish, ``1 / sum w^2``: of the weights alone, at most the number of draws."""
        return float(1.0 / np.sum(self.weights**2))


class Numbers:
    """Values of all numbers of a network in draws: held where they are few, else made when they are asked for.

    Parameters
    ----------
    program
        The network.
    draws
        The draws.
    values
        The values (draw, slot), where they are known.
    """

    def __init__(self, program: Program, draws: Draws, values: Floats | None = None) -> None:
        self.program, self.draws, self._values = program, draws, values

    @property
    def values(self) -> Floats:
        """In all draws, held from now on: (draw, slot)."""
        if self._values is None:
            self._values = numbers(self.program, self.draws.flat)
        return self._values

    def rows(self, rows: slice | Ints | None) -> Floats:
        """In some draws, or in all, held from now on: (draw, slot)."""
        if rows is None:
            return self.values
        return self.values[rows] if self._held else numbers(self.program, self.draws.rows(rows))

    def each(self, work: Callable[[Floats], Floats]) -> Floats:
        """What `work` makes of the values (draw, slot): (draw, ...), each row of one draw alone.

        Where the values are too many to hold, of some draws after another. Nothing of that can be seen in the result.
        """
        if self._held:
            return work(self.values)
        found: Floats | None = None
        for rows in self._blocks():
            some = work(self.rows(rows))
            if found is None:
                found = np.empty((self.draws.count, *some.shape[1:]))
            found[rows] = some
        return work(self.values) if found is None else found

    @property
    def _held(self) -> bool:
        return self._values is not None or self.draws.count * self._columns <= MOST_NORMALS

    @property
    def _columns(self) -> int:
        return max(1, len(self.program.ints.slot_kind))

    def _blocks(self) -> Iterator[slice]:
        step = max(64, _BLOCK // self._columns)
        for start in range(0, self.draws.count, step):
            yield slice(start, min(start + step, self.draws.count))


@dataclass(frozen=True, slots=True, eq=False)
class Estimate:
    """Posterior means, their Monte Carlo errors, and 5 % and 95 % quantiles over the inputs; one entry per column.

    An error is not a number where the weights are unreliable: points that missed the posterior agree on a wrong answer.
    """

    mean: Floats
    mcse: Floats
    low: Floats
    high: Floats


def estimate(draws: Draws, values: Floats) -> Estimate:
    """Estimates of the columns of `values` (draw, column)."""
    weights = draws.weights
    mean = expectation(weights, values)
    error = _chain_error(draws, values) if draws.log_weight is None else _scramble_error(draws, values, mean, weights)
    if draws.unreliable:
        error = np.full_like(error, np.nan)
    low, high = weighted_quantiles(values, weights, RANGE)
    return Estimate(mean, error, low, high)


def range_errors(draws: Draws, values: Floats) -> tuple[Floats, Floats]:
    """Monte Carlo errors of both ends of the range over inputs, of every column of `values` (draw, column).

    For chains those of ArviZ for quantiles; for scrambles the spread of the ends that each has by itself. Not a number
    where the draws are too few to have ends.
    """
    parts, count = draws.shape
    columns = values.reshape(parts, count, -1)
    if draws.log_weight is None:
        from arviz_stats.base.array import array_stats

        low, high = (
            np.asarray(array_stats.mcse(columns, chain_axis=0, draw_axis=1, method="quantile", prob=level))
            for level in RANGE
        )
        return low, high
    weights = draws.weights.reshape(parts, count)
    with np.errstate(invalid="ignore", divide="ignore"):
        own = [
            weighted_quantiles(column, weight / weight.sum(), RANGE)
            for column, weight in zip(columns, weights, strict=True)
        ]
        spread = np.std(own, axis=0, ddof=1) / np.sqrt(parts)
    return spread[0], spread[1]


def _chain_error(draws: Draws, values: Floats) -> Floats:
    """Standard errors of means over chains: standard deviation over the root of the effective sample size."""
    from arviz_stats.base.array import array_stats

    chains, count = draws.shape
    columns = values.reshape(chains, count, -1)
    spread = columns.std(axis=(0, 1))
    error = np.zeros(columns.shape[-1])
    moving = spread > 1e-300
    if moving.any():
        error[moving] = array_stats.mcse(columns[..., moving], chain_axis=0, draw_axis=1, method="mean")
    return error


def _scramble_error(draws: Draws, values: Floats, mean: Floats, weights: Floats) -> Floats:
    """Standard errors from the spread of the answer between independent scrambles.

    Each scramble's share of the total weight is kept (a ratio estimate, linearised): its own normalising error counts.
    """
    scrambles, points = draws.shape
    deviation = np.einsum(
        "sd,sdk->sk", weights.reshape(scrambles, points), values.reshape(scrambles, points, -1) - mean
    )
    deviation *= scrambles
    return np.asarray(deviation.std(axis=0, ddof=1) / np.sqrt(scrambles))


def reweighted_error(draws: Draws, values: Floats, weights: Floats) -> Floats:
    """Standard errors of the means of the columns of `values` under other weights (draw,) that sum to one.

    The mean is a ratio of sums; it is linearised, and the error is that of its terms over chains or scrambles.
    """
    return _sum_errors(draws, weights[:, None] * (values - expectation(weights, values)))


def level(draws: Draws, values: Floats, weights: Floats) -> tuple[int, ...]:
    """Columns of `values` (draw, column) whose mean is the largest, or equal to it within 4 Monte Carlo errors.

    The one rule for who leads, wherever that is said: where there are several, another seed would put another of them
    first, so none of them leads. In the order of the columns, which no seed changes. The error is that of the
    difference, whose two sides stand on the same draws.
    """
    means = expectation(weights, values)
    top = int(np.argmax(means))
    gaps = values[:, [top]] - values
    error = reweighted_error(draws, gaps, weights)
    equal = np.abs(expectation(weights, gaps)) <= EQUAL * error + 1e-12
    equal[top] = True
    return tuple(np.flatnonzero(equal).tolist())


def sum_error(draws: Draws, terms: Floats) -> float:
    """The standard error of a sum over draws of terms (draw,), from chains or scrambles."""
    return float(_sum_errors(draws, terms[:, None])[0])


def _sum_errors(draws: Draws, terms: Floats) -> Floats:
    if draws.log_weight is None:
        return len(terms) * _chain_error(draws, terms)
    scrambles = draws.shape[0]
    by_scramble = terms.reshape(scrambles, -1, terms.shape[1]).sum(axis=1)
    return np.asarray(by_scramble.std(axis=0, ddof=1) * np.sqrt(scrambles))


def systematic_resampling(weights: Floats, count: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Positions of `count` draws that count equally, shape (count,), from weights (draw,) that sum to one.

    One uniform number shifts an even grid over the cumulated weights, so that a draw of weight w is picked
    ``floor(count w)`` or ``ceil(count w)`` times (Kitagawa 1996, JCGS 5, 1-25). In random order, since the points came
    in one that means something.
    """
    grid = (rng.random() + np.arange(count)) / count
    picked = np.searchsorted(np.cumsum(weights), grid * (1.0 - 1e-12), side="right")
    return rng.permutation(np.minimum(picked, len(weights) - 1))


def weighted_quantiles(values: Floats, weights: Floats, levels: tuple[float, ...]) -> list[Floats]:
    """Quantiles of each column under weights that sum to one: the smallest value with that much weight at or below."""
    quantiles = np.empty((len(levels), values.shape[1]))
    for column, found in zip(np.ascontiguousarray(values.T), quantiles.T, strict=True):  # each near the processor
        found[:] = _quantiles(column, weights, np.subtract(levels, 1e-12), 0.0)
    return list(quantiles)


def _quantiles(values: Floats, weights: Floats, levels: Floats, below: float) -> Floats:
    """The smallest of some values (draw,) with each of the levels at or below, where `below` weighs less than them all.

    Only what falls into the same of some equal intervals as a quantile is looked at again, and sorted once it is few.
    """
    low, high = values.min(), values.max()
    if len(values) <= _FEW_TO_SORT or not 0.0 < high - low < np.inf:
        order = np.argsort(values)
        reached = np.searchsorted(below + np.cumsum(weights[order]), levels)
        return np.asarray(values[order[np.minimum(reached, len(order) - 1)]])
    interval = ((values - low) * (_INTERVALS / (high - low))).astype(np.int64)
    mass = below + np.cumsum(np.bincount(interval, weights, _INTERVALS + 1))
    at, found = np.minimum(np.searchsorted(mass, levels), _INTERVALS), np.empty(len(levels))
    for one in set(at.tolist()):
        inside, mine = np.flatnonzero(interval == one), at == one
        found[mine] = _quantiles(values[inside], weights[inside], levels[mine], mass[one - 1] if one else below)
    return found


def smoothed(log_ratio: Floats) -> tuple[Floats, float]:
    """Pareto-smoothed, normalised log-weights and their k-hat (Vehtari et al. 2024, arXiv:1507.02646).

    The largest ``min(S / 5, 3 sqrt S)`` weights are replaced by the expected order statistics of a generalized Pareto
    distribution fitted to them, none above the largest of them. Equal to ArviZ's `psislw` (a test holds the two
    together to 1e-12), without the two seconds that importing it takes.

    Where fewer than a handful of draws have weight at all there is no tail to fit: k-hat is then infinite. Where the
    largest weights are all equal there is nothing to smooth: it is minus infinity.
    """
    weights, khat = smoothed_each(log_ratio.reshape(1, -1))
    return weights.reshape(log_ratio.shape), float(khat[0])


def smoothed_each(log_ratio: Floats) -> tuple[Floats, Floats]:
    """As `smoothed`, of several sets of weights (set, draw) at once: log-weights (set, draw) and k-hats (set,)."""
    size = log_ratio.shape[1]
    tail = int(3 * np.sqrt(size)) if size > 225 else size // 5
    possible = np.isfinite(log_ratio)
    lowest = np.where(possible, log_ratio, np.inf).min(axis=1, initial=np.inf)
    highest = np.where(possible, log_ratio, -np.inf).max(axis=1, initial=-np.inf)
    none, same = ~possible.any(axis=1), possible.all(axis=1) & (highest - lowest < 1e-12)
    floor, top = np.where(none, 0.0, lowest - 700.0), np.where(none, 0.0, highest)
    plain = np.where(possible, log_ratio, floor[:, None]) - top[:, None]
    weights, khat = plain.copy(), np.full(len(plain), np.inf)
    if tail >= _FEWEST_IN_TAIL:
        order = np.argpartition(plain, size - tail - 1, axis=1)[:, size - tail - 1 :]
        last, largest = order[:, 0], order[:, 1:]
        largest = np.take_along_axis(largest, np.argsort(np.take_along_axis(plain, largest, axis=1), axis=1), axis=1)
        cutoff = np.exp(plain[np.arange(len(plain)), last])[:, None]
        above = np.take_along_axis(plain, largest, axis=1)
        khat, scale = _fit_pareto(np.exp(above) - cutoff)
        khat[above[:, 0] == 0.0] = -np.inf
        fitted = np.isfinite(khat)
        tails = np.log(cutoff[fitted] + _pareto_quantiles(tail, khat[fitted], scale[fitted]))
        above[fitted] = np.minimum(tails, 0.0)
        np.put_along_axis(weights, largest, above, axis=1)
    weights -= _log_total(weights)
    bad = ~((khat < np.inf) & np.isfinite(weights).all(axis=1))  # one draw has all the weight: no tail can be fitted
    weights[bad], khat[bad] = plain[bad] - _log_total(plain[bad]), np.inf
    weights[same | none], khat[same], khat[none] = -np.log(size), -np.inf, np.inf
    return weights, khat


def _log_total(log_weights: Floats) -> Floats:
    """The logarithm of the sum of each row, which has no large numbers: (set, 1)."""
    return np.asarray(np.log(np.exp(log_weights).sum(axis=1, keepdims=True)))


def _fit_pareto(excess: Floats) -> tuple[Floats, Floats]:
    """Shapes and scales of generalized Pareto distributions with origin 0, from sorted excesses (set, tail).

    The estimate of Zhang and Stephens (2009, Technometrics 51, 316-325), an average over a grid of ``b = -shape/scale``
    weighed by profile likelihood; the shape is then drawn to one half as by ten more observations. Where a quarter of
    the excesses are equal there is none: both are not a number.
    """
    count = excess.shape[1]
    grid = 30 + int(np.sqrt(count))
    quartile = excess[:, int(count / 4 + 0.5) - 1, None]
    shape = np.empty((len(excess), grid))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        b = 1.0 / excess[:, -1:] + (1.0 - np.sqrt(grid / (np.arange(grid) + 0.5))) / (3.0 * quartile)
        for some in few_at_a_time(len(excess), grid * count):
            shape[some] = _mean_log(1.0 - b[some, :, None] * excess[some, None, :])
        profile = count * (np.log(-b / shape) - shape - 1.0)
        weight = np.exp(profile - np.logaddexp.reduce(profile, axis=1, keepdims=True))
        weight = np.where(weight >= 10 * np.finfo(float).eps, weight, 0.0)
        chosen = np.sum(b * weight, axis=1) / np.sum(weight, axis=1)
        fitted = np.log1p(-chosen[:, None] * excess).mean(axis=1)
        equal = quartile[:, 0] <= excess[:, 0]
        khat, scale = (count * fitted + 5.0) / (count + 10.0), -fitted / chosen
    return np.where(equal, np.nan, khat), np.where(equal, np.nan, scale)


def _mean_log(values: Floats) -> Floats:
    """Means along the last axis of the logarithms of positive numbers, which are overwritten.

    Exponents are added and mantissas, from 1 to 2, multiplied, so that many numbers need one logarithm.
    """
    count, bits = values.shape[-1], values.view(np.int64)
    exponent = (bits >> 52).sum(axis=-1) - 1023 * count
    bits &= (1 << 52) - 1
    bits |= 1023 << 52
    products = np.multiply.reduceat(values, np.arange(0, count, 512), axis=-1)
    return np.asarray((np.log(products).sum(axis=-1) + exponent * math.log(2.0)) / count)


def _pareto_quantiles(count: int, shape: Floats, scale: Floats) -> Floats:
    """Quantiles at ``(i + 1/2) / count``: (set, count)."""
    upper = np.log1p(-(np.arange(count) + 0.5) / count)
    shape, scale = shape[:, None], scale[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(shape == 0.0, -scale * upper, scale * np.expm1(-shape * upper) / shape)


def khat_threshold(draws: int) -> float:
    """The largest k-hat at which weighted estimates from S draws can be trusted: ``min(1 - 1/log10 S, 0.7)``."""
    return float(min(1.0 - 1.0 / np.log10(draws), 0.7))
