"""Which past events the discounts are learned from, and how strongly they are shrunk: decided within the past alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from attribution.archive.codes import Floats, Ints
from attribution.archive.discounts import Discounts, Examples, fit_discounts
from attribution.archive.settings import Shrinkage

_MOST_TERMS = 6_000_000  # rows x features x classes in one fit: some milliseconds per pass over them
_DOUBTS = (0.1, 0.3, 1.0)
_BAR = 3.0


def sample_rate(events: int, features: int, classes: int) -> float:
    """Share of the events whose features are stored: all, until four times what one fit takes."""
    return min(1.0, 4.0 * most_rows(features, classes) / max(1, events))


def most_rows(features: int, classes: int) -> int:
    """How many events one fit of the discounts takes."""
    return max(2000, _MOST_TERMS // (features * classes))


def weigh(examples: Examples, now: int, half_life: float, *, most: int | None = None) -> tuple[Ints, Floats]:
    """Rows that were over before day `now`, and how much each says today.

    Where there are more than `most` (default: what one fit takes), a systematic sample in order of time is drawn with
    chances proportional to the weights, each drawn row standing for as many; the discounts then have the sampling error
    of so many rows.
    """
    rows = np.flatnonzero(examples.last_day < now)
    weight = 0.5 ** ((now - examples.last_day[rows]) / half_life)
    most = most or most_rows(examples.x.shape[1], examples.x.shape[2])
    if len(rows) > most:
        chance = np.cumsum(weight) * (most / weight.sum())
        drawn = np.searchsorted(chance, np.arange(most) + 0.5)
        rows, weight = rows[drawn], np.full(most, weight.sum() / most)
    return rows, weight


def learn(examples: Examples, now: int, shrinkage: Shrinkage, start: Discounts) -> Discounts:
    """The discounts as of a day."""
    rows, weight = weigh(examples, now, shrinkage.half_life)
    return fit_discounts(examples, rows, weight, shrinkage, start)


def choose_shrinkage(examples: Examples, now: int, default: Shrinkage | None = None, *, folds: int = 3) -> Shrinkage:
    """The default, with as much of the stated doubt about labels as the past before day `now` bears out.

    The last 40 % of the past are forecast in as many blocks as `folds`, each from what was before it. Doubt is let in
    only where it scores better on the same events by three standard errors of the difference. Choosing the scales of
    shrinkage in this way was tried and dropped: actors change, and what was best in the training part made later
    forecasts worse on each of three tables.
    """
    past = np.flatnonzero(examples.last_day < now)
    default = default or Shrinkage()
    if len(past) < 100 or not np.any(examples.doubt[past] > 0.0):
        return default
    edges = [int(day) for day in np.quantile(examples.day[past], np.linspace(0.6, 1.0, folds + 1))]
    standard = _forward_scores(examples, past, edges, default)
    best, most = default, 0.0
    for doubt in _DOUBTS:
        candidate = replace(default, doubt=doubt)
        gain = _forward_scores(examples, past, edges, candidate) - standard
        bar = _BAR * float(gain.std()) * np.sqrt(len(gain))
        if gain.sum() > max(bar, most):
            best, most = candidate, float(gain.sum())
    return best


def _forward_scores(examples: Examples, past: Ints, edges: list[int], shrinkage: Shrinkage) -> Floats:
    """Log scores of the rows of the last part of the past, each block forecast from what was before it."""
    from attribution.archive.kernel_likelihood import log_likelihoods

    discounts = Discounts.prior(examples.x.shape[1], examples.x.shape[2], shrinkage)
    parts = [np.empty(0)]
    for first, stop in pairwise(edges):
        discounts = learn(examples, first, shrinkage, discounts)
        rows = past[(examples.day[past] >= first) & (examples.day[past] < stop)]
        out = np.empty(len(rows))
        log_likelihoods(
            examples.x, rows, examples.start, examples.member, examples.doubt * shrinkage.doubt, examples.guess(past),
            discounts.slope, discounts.intercept, out,
        )  # fmt: skip
        parts.append(out)
    return np.concatenate(parts)
