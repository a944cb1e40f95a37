"""How sure we are of the coefficients: a normal distribution around the mode, at once, or NUTS, within a minute."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from attribution.archive.codes import Floats, Ints, frozen_floats
from attribution.archive.model.coefficients import Coefficients, Examples, fit_coefficients, weigh
from attribution.archive.model.settings import Shrinkage
from attribution.domain.concern import Concern
from attribution.inference.coefficients import CoefficientDraws, sample_coefficients
from attribution.inference.concerns import convergence_concerns
from attribution.inference.diagnostics import Convergence
from attribution.inference.settings import Sampling
from attribution.modelling.logit import Coordinates, LogitData, LogitPrior
from attribution.parallel import one_thread

Way = Literal["normal", "nuts"]
MOST_DEVIATIONS = 1600  # features x classes: with more, a step of NUTS is longer than a minute allows
LEAST_ESS = 400.0
_MOST_TERMS = 1_500_000  # events x features x classes that NUTS goes through: a millisecond or two per step
_FEWEST = 500
_COSTLY = 2_000_000  # work of a step, see `_sampling`, from which fewer draws must do
_EXPONENTIAL = 15  # log-features that take as long as the exponential and the sums of a class
_SAMPLING = Sampling(draws=1500, tune=150, chains=2)
_SHORTER = Sampling(draws=800, tune=150, chains=2)
_KEPT = 100
_TOGETHER = 128  # events whose log-features stay near the processor while they are weighed
_Z95 = 1.6448536269514722
_TIED = 1e-3  # standard deviation of deviations that are all but left out
_REMEDY = "try another --seed; where it stays, use the normal distribution, without --nuts"


@dataclass(frozen=True, slots=True)
class Coefficient:
    """What is known about one coefficient: mean, standard deviation, 5 and 95 % quantiles."""

    feature: str
    mean: float
    sd: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CoefficientPosterior:
    """All coefficients as of a day, with what must be known to trust them.

    From a sample of the past the intervals are valid and wider than need be: `widening` is about how much wider than
    from all of it. Without `deviations` every faction has the same coefficients.
    """

    way: Way
    by_feature: tuple[Coefficient, ...]
    events: int  # that were gone through
    widening: float
    deviations: bool
    convergence: Convergence | None  # of the chains of NUTS, over the coefficients

    @property
    def concerns(self) -> tuple[Concern, ...]:
        """What forbids to rely on the chains."""
        found = () if self.convergence is None else convergence_concerns(self.convergence, LEAST_ESS, _REMEDY)
        return tuple(concern for concern in found if concern.severity == "blocking")

    def __str__(self) -> str:
        how = "by NUTS" if self.way == "nuts" else "normal distribution around the most probable"
        parts = [f"Coefficients from {self.events:,} events, {how}"]
        if self.widening > 1.05:
            parts.append(f"intervals about {self.widening:.1f} times as wide as from all events")
        if not self.deviations:
            parts.append(f"the same for every faction, since deviations would be more than {MOST_DEVIATIONS:,} numbers")
        if (found := self.convergence) is not None:
            parts.append(
                f"R-hat at most {found.rhat:.3f}, effective draws at least {min(found.ess_bulk, found.ess_tail):.0f}, "
                f"{found.divergences} divergences"
            )
        return "; ".join(parts) + "."


def normal_posterior(
    examples: Examples,
    features: tuple[str, ...],
    now: int,
    shrinkage: Shrinkage,
    mode: Coefficients,
    *,
    kept: int = _KEPT,
    seed: int = 1,
    calibration: float = 1.0,
) -> tuple[CoefficientPosterior, SlopeDraws]:
    """The coefficients from what was over before day `now`, normal around their mode; and draws from it.

    All are multiplied by `calibration`, see `calibration_slope`.
    """
    rows, weight = weigh(examples, now, shrinkage.half_life)
    sd = np.linalg.norm(scale_of_coefficients(examples, rows, weight, shrinkage, mode)[: len(features)], axis=1)
    found = CoefficientPosterior(
        way="normal",
        by_feature=_by_feature(features, calibration, mode.beta, sd, mode.beta - _Z95 * sd, mode.beta + _Z95 * sd),
        events=len(rows),
        widening=_widening(examples, weight),
        deviations=True,
        convergence=None,
    )
    rng = np.random.default_rng(seed)
    return found, draw_coefficients(examples, rows, weight, shrinkage, mode, kept, rng).times(calibration)


def nuts_posterior(
    examples: Examples,
    features: tuple[str, ...],
    now: int,
    shrinkage: Shrinkage,
    mode: Coefficients,
    *,
    kept: int = _KEPT,
    seed: int = 1,
    calibration: float = 1.0,
    sampling: Sampling | None = None,
) -> tuple[CoefficientPosterior, SlopeDraws]:
    """The same by NUTS, from no more events than a minute allows; the search for its coordinates begins at `mode`.

    Raises
    ------
    EngineError
        The sampler gave up.
    """
    most = max(_FEWEST, _MOST_TERMS // mode.delta.size)
    rows, weight = weigh(examples, now, shrinkage.half_life, most=most)
    deviations = mode.delta.size <= MOST_DEVIATIONS
    at = coordinates(examples, rows, weight, shrinkage, mode, deviations=deviations)
    data = logit_data(examples, rows, once(weight), shrinkage)
    drawn = sample_coefficients(
        data, logit_prior(shrinkage, len(features)), at, sampling or _sampling(data, at), seed, features=features
    )
    beta = drawn.beta.reshape(-1, len(features))
    low, high = np.quantile(beta, (0.05, 0.95), axis=0)
    found = CoefficientPosterior(
        way="nuts",
        by_feature=_by_feature(features, calibration, beta.mean(axis=0), beta.std(axis=0), low, high),
        events=len(rows),
        widening=_widening(examples, weight),
        deviations=deviations,
        convergence=drawn.convergence,
    )
    return found, _thinned(drawn, kept).times(calibration)


def coordinates(
    examples: Examples,
    rows: Ints,
    weight: Floats,
    shrinkage: Shrinkage,
    start: Coefficients,
    *,
    deviations: bool = True,
) -> Coordinates:
    """Those in which the posterior of the coefficients is nearly standard normal; `start` is near its mode."""
    prior = shrinkage if deviations else replace(shrinkage, faction_sd=_TIED)
    mode = fit_coefficients(examples, rows, once(weight), prior, start)
    centre = np.concatenate([mode.beta, mode.intercept, mode.delta.ravel() if deviations else ()])
    return Coordinates(centre, scale_of_coefficients(examples, rows, weight, prior, mode, deviations=deviations))


def logit_data(examples: Examples, rows: Ints, weight: Floats, shrinkage: Shrinkage) -> LogitData:
    """The rows as the model in PyMC wants them."""
    written = np.zeros((len(rows), examples.x.shape[2]))
    size = np.diff(examples.start)[rows]
    shift = np.repeat(examples.start[:-1][rows] - np.concatenate([[0], np.cumsum(size)[:-1]]), size)
    written[np.repeat(np.arange(len(rows)), size), examples.member[np.arange(size.sum()) + shift]] = 1.0
    return LogitData(
        x=examples.x[rows].astype(np.float64),
        written=written,
        label_noise=examples.label_noise[rows] * shrinkage.noise_share,
        guess=examples.guess(rows),
        weight=weight,
    )


def logit_prior(shrinkage: Shrinkage, features: int) -> LogitPrior:
    """The prior as the model in PyMC wants it."""
    return LogitPrior(
        shrinkage.means(features), shrinkage.deviations(features), shrinkage.faction_sd, shrinkage.intercept_sd
    )


def read_posterior(document: dict[str, Any]) -> CoefficientPosterior:
    """What `dataclasses.asdict` made of a posterior.

    Raises
    ------
    KeyError, TypeError, ValueError
        It is something else.
    """
    found = CoefficientPosterior(
        **document
        | {"by_feature": tuple(Coefficient(**one) for one in document["by_feature"])}
        | {"convergence": None if document["convergence"] is None else Convergence(**document["convergence"])}
    )
    if found.way not in get_args(Way):
        raise ValueError(found.way)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class SlopeDraws:
    """Draws of ``slope = beta_k + delta_kc`` and of the intercepts."""

    slope: Floats  # (draw, feature, class)
    intercept: Floats  # (draw, class)

    def __post_init__(self) -> None:
        object.__setattr__(self, "slope", frozen_floats(self.slope))
        object.__setattr__(self, "intercept", frozen_floats(self.intercept))

    def times(self, factor: float) -> SlopeDraws:
        """All of them multiplied."""
        return SlopeDraws(factor * self.slope, factor * self.intercept)

    def probability(self, x: NDArray[np.float32]) -> Floats:
        """Probabilities (draw, event, class) of events with log-features (event, feature, class)."""
        out = np.empty((len(self.slope), len(x), x.shape[2]))
        slope = self.slope.transpose(2, 0, 1)
        for at in range(0, len(x), _TOGETHER):
            part = x[at : at + _TOGETHER].astype(np.float64).transpose(2, 1, 0)  # (class, feature, event)
            logit = np.matmul(slope, part).transpose(1, 2, 0) + self.intercept[:, None, :]
            logit -= logit.max(axis=2, keepdims=True)
            weight = np.exp(logit)
            out[:, at : at + _TOGETHER] = weight / weight.sum(axis=2, keepdims=True)
        return out


def draw_coefficients(
    examples: Examples,
    rows: Ints,
    weight: Floats,
    shrinkage: Shrinkage,
    mode: Coefficients,
    count: int,
    rng: np.random.Generator,
) -> SlopeDraws:
    """Draws around the mode: normal, with the inverse of the curvature of the log posterior as covariance.

    The curvature is that of the conditional logit, less what the members of a set cannot tell apart; a doubtful label
    counts by the chance that it is right.
    """
    features, classes = mode.slope.shape
    centre = np.concatenate([mode.slope, mode.intercept[None]]).ravel()
    with one_thread():
        bend = _curvature(examples, rows, once(weight), shrinkage, mode)
        bend += _prior_precision(features, classes, shrinkage)
        drawn = centre + np.linalg.solve(_root(bend).T, rng.standard_normal((len(centre), count))).T
    together = drawn.reshape(count, features + 1, classes)
    return SlopeDraws(together[:, :-1], together[:, -1])


def once(weight: Floats) -> Floats:
    """No event speaks for more than itself where it is asked how sure we are, though a drawn one stands for several."""
    return np.minimum(weight, 1.0)


def scale_of_coefficients(
    examples: Examples, rows: Ints, weight: Floats, shrinkage: Shrinkage, mode: Coefficients, *, deviations: bool = True
) -> Floats:
    """A root S of the covariance ``S S'`` of (beta, intercept, delta) in the normal distribution around the mode.

    Without `deviations`, of (beta, intercept) where all delta are nought.
    """
    features, classes = mode.slope.shape
    edge = features + classes
    size = edge + (features * classes if deviations else 0)
    precision = shrinkage.spread(features, classes)[:size] ** -2
    by = np.zeros((features + 1, classes, len(precision)))  # how slopes and intercepts move with each coordinate
    by[np.arange(features), :, np.arange(features)] = 1.0
    by[features, :, features:edge] = np.eye(classes)
    if deviations:
        by[:features, :, edge:] = np.eye(features * classes).reshape(features, classes, -1)
    moves = by.reshape(-1, len(precision))
    with one_thread():
        bend = moves.T @ _curvature(examples, rows, once(weight), shrinkage, mode) @ moves + np.diag(precision)
        return np.asarray(np.linalg.inv(_root(bend)).T)


def _sampling(data: LogitData, at: Coordinates) -> Sampling:
    """As many draws as a minute on two cores allows: a step goes through all events and through the scale."""
    events, features, classes = data.x.shape
    work = events * classes * (features + _EXPONENTIAL) + len(at.centre) ** 2
    return _SAMPLING if work < _COSTLY else _SHORTER


def _widening(examples: Examples, weight: Floats) -> float:
    """Standard deviations go by the root of what the events count in all; of long archives a share alone is stored."""
    return math.sqrt(max(1.0, float(weight.sum()) / examples.share / float(once(weight).sum()))) if len(weight) else 1.0


def _thinned(drawn: CoefficientDraws, kept: int) -> SlopeDraws:
    """So many draws, evenly over the chains one after another."""
    slope = (drawn.beta[..., None] + drawn.delta).reshape(-1, *drawn.delta.shape[2:])
    at = np.floor((np.arange(kept) + 0.5) * len(slope) / kept).astype(np.int64)
    return SlopeDraws(slope[at], drawn.intercept.reshape(len(slope), -1)[at])


def _by_feature(features: tuple[str, ...], calibration: float, *columns: Floats) -> tuple[Coefficient, ...]:
    table = zip(features, *(calibration * column for column in columns), strict=True)
    return tuple(Coefficient(name, *(float(number) for number in numbers)) for name, *numbers in table)


def _root(bend: Floats) -> Floats:
    """The Cholesky root of a curvature; directions in which sets leave it none are given a little."""
    try:
        return np.linalg.cholesky(bend)
    except np.linalg.LinAlgError:
        values, vectors = np.linalg.eigh(bend)
        lifted = (vectors * np.maximum(values, 1e-3 * values.max())) @ vectors.T
        return np.linalg.cholesky(lifted)


def _curvature(examples: Examples, rows: Ints, weight: Floats, shrinkage: Shrinkage, mode: Coefficients) -> Floats:
    """Minus the second derivative of the log likelihood by (slope, intercept), features first."""
    x = examples.x[rows].astype(np.float64)
    x = np.concatenate([x, np.ones((len(rows), 1, x.shape[2]))], axis=1)
    slope = np.concatenate([mode.slope, mode.intercept[None]])
    logit = np.einsum("nkc,kc->nc", x, slope)
    p = np.exp(logit - logit.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    inside = np.zeros_like(p)
    size = np.diff(examples.start)[rows]
    first = np.repeat(examples.start[:-1][rows] - np.concatenate([[0], np.cumsum(size)[:-1]]), size)
    inside[np.repeat(np.arange(len(rows)), size), examples.member[first + np.arange(size.sum())]] = 1.0
    reach = np.maximum((p * inside).sum(axis=1), 1e-300)
    label_noise = np.minimum(examples.label_noise[rows] * shrinkage.noise_share, 1.0)
    guessed = inside @ examples.guess(rows)
    right = (1.0 - label_noise) * reach / ((1.0 - label_noise) * reach + label_noise * guessed)
    counts = weight * right
    within = p * inside / reach[:, None]
    several = size > 1
    return _fisher(x, p, counts) - _fisher(x[several], within[several], counts[several])


def _fisher(x: Floats, p: Floats, weight: Floats) -> Floats:
    """``sum_n w_n x_n' (diag p_n - p_n p_n') x_n`` over (feature, class), flattened."""
    _, features, classes = x.shape
    mean = (x * p[:, None, :]).reshape(len(x), features * classes)
    out = -(mean * weight[:, None]).T @ mean
    blocks = out.reshape(features, classes, features, classes)
    for code in range(classes):
        column = x[:, :, code]
        blocks[:, code, :, code] += (column * (weight * p[:, code])[:, None]).T @ column
    return out


def _prior_precision(features: int, classes: int, shrinkage: Shrinkage) -> Floats:
    """Slopes of one feature share their beta; intercepts are alone."""
    own = shrinkage.faction_sd**2 * np.eye(classes)
    out = np.zeros((features + 1, classes, features + 1, classes))
    for k, sd in enumerate(shrinkage.deviations(features).tolist()):
        out[k, :, k, :] = np.linalg.inv(own + sd**2)
    out[features, :, features, :] = np.eye(classes) / shrinkage.intercept_sd**2
    return out.reshape((features + 1) * classes, (features + 1) * classes)
