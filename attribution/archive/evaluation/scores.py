"""How good forecasts were, the log score first; against what coders wrote."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attribution.archive.codes import Floats, Ints

BINS = 15
LEAST_BLOCKS = 12  # of fewer, drawn anew, the quantiles are those of a handful of sums: no interval
MOST_EXCESS = 0.01  # of the calibration error, over what chance alone would show
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores of a set of forecasts; smaller is better but for `top1` and `top3`."""

    events: int
    log_loss: float  # nats per event
    brier: float  # sum over classes of squared errors, 0 to 2
    ece: float  # expected calibration error of the likeliest class, 15 equal bins
    ece_chance: float  # what it would be on average, were every forecast as sure as it should be, errors coming in runs
    top1: float  # share of events whose class was the likeliest
    top3: float  # ... among the three likeliest
    cllr: float  # bits per event with every class equally likely beforehand; log2(classes) tells nothing
    cllr_min: float  # the same after the best scale and offsets in hindsight: what better calibration could reach

    @property
    def ece_excess(self) -> float:
        """How far the calibration error lies above what chance alone would show: what calibration is judged by."""
        return self.ece - self.ece_chance


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Forecasts of about the same strength for the likeliest class, and how often it was that class."""

    forecast: float
    right: float
    low: float | None  # 90 % band from drawing months anew; None: too few months for one
    high: float | None
    events: int


def log_losses(probability: Floats, label: Ints) -> Floats:
    """``-log p`` of the class that was written, event by event."""
    return np.asarray(-np.log(np.maximum(probability[np.arange(len(label)), label], _TINY)))


def score(probability: Floats, label: Ints, prior: Floats, block: Ints) -> Scores:
    """All scores of forecasts (event, class) for events whose class is known.

    `prior` (class,) are the base rates by which forecasts are divided to get the likelihood ratios that Cllr is about;
    events of one `block` (event,), a month or that of a place, may be hit and missed together.
    """
    top = probability.argmax(axis=1)
    hit = top == label
    true = np.zeros_like(probability)
    true[np.arange(len(label)), label] = 1.0
    rank = (probability > probability[np.arange(len(label)), label][:, None]).sum(axis=1)
    ratio = np.log(np.maximum(probability, _TINY)) - np.log(prior)
    top_probability = probability.max(axis=1)
    return Scores(
        events=len(label),
        log_loss=float(log_losses(probability, label).mean()),
        brier=float(((probability - true) ** 2).sum(axis=1).mean()),
        ece=expected_calibration_error(top_probability, hit),
        ece_chance=calibration_error_by_chance(top_probability, hit, block),
        top1=float(hit.mean()),
        top3=float((rank < 3).mean()),
        cllr=cllr(ratio, label),
        cllr_min=cllr_min(ratio, label),
    )


def expected_calibration_error(forecast: Floats, hit: NDArray[np.bool_]) -> float:
    """Mean distance of forecast and share of hits over equal bins, weighted by their events."""
    where = _bin(forecast)
    gap = np.bincount(where, weights=hit - forecast, minlength=BINS)
    return float(np.abs(gap).sum() / len(forecast))


def calibration_error_by_chance(forecast: Floats, hit: NDArray[np.bool_], block: Ints) -> float:
    """The mean calibration error of forecasts that are exactly right; the fewer the events and blocks, the larger.

    In each bin the hits then differ from the forecasts by about a normal number, whose mean size is the root of 2 / pi
    times its standard deviation. Its variance is ``sum s_i s_j r_ij`` over the events of the bin, where ``s_i`` is
    ``sqrt(f_i (1 - f_i))`` and ``r_ij`` is 1 for an event and itself, nought for events of two blocks, and one number
    for any two of one block: how far they are hit and missed together (`run_correlation`).
    """
    spread = np.sqrt(forecast * (1.0 - forecast))
    where = _bin(forecast)
    own = np.bincount(where, weights=spread**2, minlength=BINS)
    together = run_correlation(forecast, hit, block)
    cell, number = np.unique(block * BINS + where, return_inverse=True)
    alike = np.bincount(cell % BINS, weights=np.bincount(number, weights=spread) ** 2, minlength=BINS)
    variance = (1.0 - together) * own + together * alike
    return float(math.sqrt(2.0 / math.pi) * np.sqrt(variance).sum() / len(forecast))


def run_correlation(forecast: Floats, hit: NDArray[np.bool_], block: Ints) -> float:
    """Correlation of what two events of one block differ from their forecasts by, 0 to 1.

    The mean product over all pairs of one block, by that of the sizes which forecasts that are right would have. Each
    bin's own mean is taken away first: forecasts that are too sure are no run.
    """
    where = _bin(forecast)
    count = np.bincount(where, minlength=BINS)
    off = hit - forecast
    off -= (np.bincount(where, weights=off, minlength=BINS) / np.maximum(count, 1))[where]
    spread = np.sqrt(forecast * (1.0 - forecast))
    block = np.unique(block, return_inverse=True)[1]
    alike, most = (float((np.bincount(block, weights=one) ** 2).sum() - (one**2).sum()) for one in (off, spread))
    return min(max(alike / most, 0.0), 1.0) if most > _TINY else 0.0


def calibration(forecast: Floats, hit: NDArray[np.bool_], month: Ints, draws: int, seed: int) -> list[CalibrationBin]:
    """The calibration curve of the likeliest class. Months, or those of a place, are drawn anew: errors come in runs.

    Fewer than `LEAST_BLOCKS` months give no band.
    """
    where = _bin(forecast)
    month = np.unique(month, return_inverse=True)[1]
    cells = int(month.max()) + 1, BINS
    flat = month * BINS + where
    count = np.bincount(flat, minlength=cells[0] * BINS).reshape(cells)
    right = np.bincount(flat, weights=hit, minlength=cells[0] * BINS).reshape(cells)
    drawn = _redrawn(cells[0], draws, seed)
    with np.errstate(invalid="ignore"):
        share = (drawn @ right) / (drawn @ count)
    out = []
    for at in np.unique(where):
        here = where == at
        seen = share[:, at][~np.isnan(share[:, at])]
        low, high = (float(end) for end in (np.quantile(seen, (0.05, 0.95)) if len(seen) else (0.0, 1.0)))
        few = cells[0] < LEAST_BLOCKS
        means = float(forecast[here].mean()), float(hit[here].mean())
        out.append(CalibrationBin(*means, None if few else low, None if few else high, int(here.sum())))
    return out


def cllr(log_ratio: Floats, label: Ints) -> float:
    """Multi-class Cllr (Brummer and du Preez 2006): mean over classes of the mean cost of their events, flat prior.

    Classes of which no event is there are left out of the mean, not of the alternatives.
    """
    log_post = log_ratio - _log_sum(log_ratio)
    cost = -log_post[np.arange(len(label)), label] / math.log(2.0)
    count = np.bincount(label, minlength=log_ratio.shape[1])
    total = np.bincount(label, weights=cost, minlength=log_ratio.shape[1])
    seen = count > 0
    return float((total[seen] / count[seen]).mean())


def cllr_min(log_ratio: Floats, label: Ints) -> float:
    """Cllr after the best common scale and the best offset of each class, found on these very events."""
    from scipy.optimize import minimize

    classes = log_ratio.shape[1]
    count = np.bincount(label, minlength=classes)
    weight = 1.0 / (count[label] * np.sum(count > 0))

    def cost(theta: Floats) -> tuple[float, Floats]:
        z = theta[0] * log_ratio + theta[1:]
        log_post = z - _log_sum(z)
        pull = np.exp(log_post)
        pull[np.arange(len(label)), label] -= 1.0
        pull *= weight[:, None]
        value = -float(np.sum(weight * log_post[np.arange(len(label)), label]))
        ridge = 1e-6 * theta[1:]
        return value + 0.5 * float(ridge @ theta[1:]), np.array([np.sum(pull * log_ratio), *(pull.sum(axis=0) + ridge)])

    start = np.array([1.0, *np.zeros(classes)])
    best = minimize(cost, start, jac=True, method="L-BFGS-B", bounds=[(0.0, 10.0)] + [(-20.0, 20.0)] * classes)
    return min(cllr(log_ratio, label), cllr(best.x[0] * log_ratio + best.x[1:], label))


@dataclass(frozen=True, slots=True)
class Difference:
    """A rival's log loss less the model's, with 90 % intervals from drawing blocks anew; positive: the model leads.

    A block is a month, or whatever was hidden together. Of fewer than `LEAST_BLOCKS` there is no interval (None): one
    month drawn a thousand times is always itself.
    """

    nats: float
    low: float | None
    high: float | None
    reduction: float  # of the rival's log loss
    reduction_low: float | None
    reduction_high: float | None
    blocks: int

    @property
    def interval(self) -> str:
        """The interval of the reduction in words."""
        return self._interval(1.0)

    @property
    def told(self) -> str:
        """How much lower the model's log loss is than the rival's, or higher, with its interval."""
        return f"{lower_or_higher(self.reduction)} ({self._interval(1.0 if self.reduction >= 0.0 else -1.0)})"

    def _interval(self, sign: float) -> str:
        if self.reduction_low is None or self.reduction_high is None:
            return f"no interval: {self.blocks} of the {LEAST_BLOCKS} blocks that one needs"
        low, high = sorted((sign * self.reduction_low, sign * self.reduction_high))
        return f"90 % interval {percent(low)} to {percent(high)}"


def percent(share: float) -> str:
    """A share in percent with one digit; nought has no sign."""
    return f"{round(share, 3) + 0.0:.1%}"


def lower_or_higher(reduction: float) -> str:
    """By how much of another's a log loss is lower, or higher where the reduction is negative."""
    return f"{percent(abs(reduction))} {'lower' if reduction >= 0.0 else 'higher'}"


def difference(model: Floats, rival: Floats, block: Ints, draws: int, seed: int) -> Difference:
    """Paired by event: the same blocks are drawn for both."""
    block = np.unique(block, return_inverse=True)[1]
    blocks = int(block.max()) + 1
    nats, reduction = float((rival - model).mean()), float(1.0 - model.sum() / max(rival.sum(), _TINY))
    if blocks < LEAST_BLOCKS:
        return Difference(nats, None, None, reduction, None, None, blocks)
    drawn = _redrawn(blocks, draws, seed)
    ours, theirs = drawn @ np.bincount(block, weights=model), drawn @ np.bincount(block, weights=rival)
    low, high = np.quantile((theirs - ours) / (drawn @ np.bincount(block)), (0.05, 0.95))
    share_low, share_high = np.quantile(1.0 - ours / np.maximum(theirs, _TINY), (0.05, 0.95))
    return Difference(nats, float(low), float(high), reduction, float(share_low), float(share_high), blocks)


def _redrawn(months: int, draws: int, seed: int) -> Floats:
    """How often each month is drawn: (draw, month)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(months, np.full(months, 1.0 / months), size=draws).astype(np.float64)


def _bin(forecast: Floats) -> Ints:
    return np.minimum((forecast * BINS).astype(np.int64), BINS - 1)


def _log_sum(z: Floats) -> Floats:
    top = z.max(axis=1, keepdims=True)
    return np.asarray(top + np.log(np.exp(z - top).sum(axis=1, keepdims=True)))
