"""A posterior over two positive numbers on a grid of their logarithms: exact but for the width of a cell."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from attribution.archive.codes import Floats, frozen_floats

_KEPT = 1e-5  # a row of cells with less probability may be left outside when the grid is drawn closer
_MARGIN = 2
_PASSES = 12
_OUTER, _PRESSED = 0.1, 0.2  # pressing: the outermost tenth of the prior holds twice what the prior gives it


@dataclass(frozen=True, slots=True)
class Bounds:
    """The ends of a log-uniform prior."""

    low: float
    high: float

    def quantile(self, share: float | Floats) -> Floats:
        """The number below which a share of the prior lies."""
        return np.asarray(self.low * (self.high / self.low) ** np.asarray(share))


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is believed of a positive number: posterior mean, median, 90 % interval, and the prior it came from."""

    mean: float
    median: float
    low: float
    high: float
    prior: Bounds  # log-uniform between these
    below: float  # probability of the lowest tenth of the prior, of which the prior itself says 0.1
    above: float  # ... and of the highest

    @property
    def presses(self) -> str:
        """At which end of the prior the posterior piles up: "low", "high" or ""."""
        if max(self.below, self.above) <= _PRESSED:
            return ""
        return "low" if self.below > self.above else "high"

    @property
    def of_prior(self) -> float:
        """The width of the interval over that of the prior's, in logarithms: 1 where nothing was learned."""
        prior = 0.9 * math.log(self.prior.high / self.prior.low)
        return math.log(self.high / self.low) / prior

    @property
    def log_sd(self) -> float:
        """Standard deviation of the logarithm, as if it were normal with this interval."""
        return math.log(self.high / self.low) / (2.0 * 1.6449)


@dataclass(frozen=True, slots=True, eq=False)
class GridPosterior:
    """Probabilities of the cells of a grid; within a cell, the logarithms are uniform."""

    priors: tuple[Bounds, Bounds]
    edges: tuple[Floats, Floats]  # logarithms, increasing
    probability: Floats  # (cell of the first number, cell of the second)

    def __post_init__(self) -> None:
        object.__setattr__(self, "edges", tuple(frozen_floats(edge) for edge in self.edges))
        object.__setattr__(self, "probability", frozen_floats(self.probability))

    def cdf(self, axis: int, value: float) -> float:
        """Probability that a number (0 the first, 1 the second) is below a value."""
        return float(np.interp(math.log(value), self.edges[axis], self._cumulated(axis), left=0.0, right=1.0))

    def quantile(self, axis: int, share: float) -> float:
        """The value below which a number lies with this probability."""
        return float(math.exp(np.interp(share, self._cumulated(axis), self.edges[axis])))

    def log_mean(self, axis: int) -> float:
        """The exponential of the mean logarithm: a middle that a long tail does not pull."""
        middle = 0.5 * (self.edges[axis][1:] + self.edges[axis][:-1])
        return float(math.exp(self._marginal(axis) @ middle))

    def estimate(self, axis: int) -> Estimate:
        """Mean, median and 90 % interval of a number."""
        edge, prior = self.edges[axis], self.priors[axis]
        inside = np.diff(np.exp(edge)) / np.diff(edge)  # means of the cells
        return Estimate(
            mean=float(self._marginal(axis) @ inside),
            median=self.quantile(axis, 0.5),
            low=self.quantile(axis, 0.05),
            high=self.quantile(axis, 0.95),
            prior=prior,
            below=self.cdf(axis, float(prior.quantile(_OUTER))),
            above=1.0 - self.cdf(axis, float(prior.quantile(1.0 - _OUTER))),
        )

    def _marginal(self, axis: int) -> Floats:
        return np.asarray(self.probability.sum(axis=1 - axis))

    def _cumulated(self, axis: int) -> Floats:
        return np.concatenate([[0.0], np.cumsum(self._marginal(axis))])


def grid_posterior(
    log_likelihood: Callable[[Floats, Floats], Floats], first: Bounds, second: Bounds, size: tuple[int, int] = (40, 32)
) -> GridPosterior:
    """The posterior under independent log-uniform priors, on a grid drawn closer and closer around its mass.

    Parameters
    ----------
    log_likelihood
        From values of the first and of the second number to a table (first, second).

    Where the mass turns out to reach beyond a grid that was drawn too close, that side is opened again.
    """
    priors = (first, second)
    ends = [(math.log(prior.low), math.log(prior.high)) for prior in priors]
    edges = tuple(np.linspace(*end, cells + 1) for end, cells in zip(ends, size, strict=True))
    for _ in range(_PASSES):
        probability = _cells(log_likelihood, edges)
        closer = tuple(_closer(edges[axis], probability.sum(axis=1 - axis), ends[axis]) for axis in (0, 1))
        if all(np.array_equal(new, old) for new, old in zip(closer, edges, strict=True)):
            break
        edges = closer
    else:
        probability = _cells(log_likelihood, edges)
    return GridPosterior(priors, (edges[0], edges[1]), probability)


def _cells(log_likelihood: Callable[[Floats, Floats], Floats], edges: tuple[Floats, ...]) -> Floats:
    """Probabilities of the cells between these edges, the likelihood taken at their middles."""
    values = log_likelihood(*(np.exp(0.5 * (edge[1:] + edge[:-1])) for edge in edges))
    probability = np.exp(values - values.max())
    return np.asarray(probability / probability.sum())


def _closer(edge: Floats, marginal: Floats, ends: tuple[float, float]) -> Floats:
    """The next grid of one number: closer around its mass, opened where mass touches a side, else as it was."""
    held = np.flatnonzero(marginal > _KEPT)
    first, last, cells, width = int(held[0]), int(held[-1]), len(marginal), edge[1] - edge[0]
    if (first == 0 and edge[0] > ends[0]) or (last == cells - 1 and edge[-1] < ends[1]):
        more = 0.5 * cells * width
        low, high = max(ends[0], edge[first] - more), min(ends[1], edge[last + 1] + more)
        return np.linspace(low, high, cells + 1)
    low, high = edge[max(0, first - _MARGIN)], edge[min(cells, last + 1 + _MARGIN)]
    return edge if high - low > 0.8 * cells * width else np.linspace(low, high, cells + 1)
