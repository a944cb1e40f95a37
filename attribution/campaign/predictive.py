"""Does the model fit, does it forecast, and what do its priors do: checks of a tempo posterior."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.campaign.design import Design
from attribution.campaign.simulate import means, predict, rates
from attribution.domain.concern import Concern
from attribution.errors import UsageError
from attribution.inference.draws import khat_threshold, smoothed
from attribution.inference.settings import Sampling
from attribution.inference.tempo import sample_tempo
from attribution.network.program import Floats, Ints

if TYPE_CHECKING:
    import pandas as pd

    from attribution.campaign.posterior import TempoPosterior

EXTREME = 0.01  # a tail of the posterior predictive in which a statistic of the data is a concern
SENSITIVE = 0.05  # of power-scaling: Kallioinen et al. 2024, the threshold that ArviZ uses too
_SHORT = Sampling(chains=2, draws=400, tune=400)
_LEAST = 4  # observations before the first forecast


@dataclass(frozen=True, slots=True)
class Statistic:
    """One statistic of the counts beside what the model would have made: its quantiles, and how often it is larger.

    `exceeded` is the share of replications at least as large, ties counted half; near 0 or 1 the model does not make
    such data.
    """

    name: str
    observed: float
    low: float
    median: float
    high: float
    exceeded: float

    @property
    def extreme(self) -> bool:
        """Whether the data lie in a tail of one in a hundred."""
        return min(self.exceeded, 1.0 - self.exceeded) < EXTREME


@dataclass(frozen=True, slots=True)
class PredictiveCheck:
    """Statistics of the stated counts against replications from the posterior."""

    statistics: tuple[Statistic, ...]
    inside: float  # share of intervals whose count lies in its 90 % predictive interval

    def to_frame(self) -> pd.DataFrame:
        """A row for each statistic."""
        import pandas as pd

        return pd.DataFrame([asdict(one) for one in self.statistics])

    def concerns(self) -> tuple[Concern, ...]:
        """Statistics that the model hardly ever makes."""
        return tuple(
            Concern(
                f"{one.name}: {one.observed:.3g}, where the model makes {one.low:.3g} to {one.high:.3g}",
                "the counts are of another kind than the model's, and its intervals may be too narrow or too wide",
                "look at the intervals that stand out; widen what the assumptions say of bursts or of statements",
                "warning",
                "fit",
            )
            for one in self.statistics
            if one.extreme
        )

    def __str__(self) -> str:
        odd = [one.name for one in self.statistics if one.extreme]
        verdict = f"Not made by the model: {', '.join(odd)}." if odd else "The model makes such counts."
        return f"{self.inside:.0%} of the counts lie in their 90 % predictive intervals. {verdict}"


@dataclass(frozen=True, slots=True)
class FutureScores:
    """One-step-ahead log scores of the model and of one without interventions, each knowing only what was before.

    Attributes
    ----------
    labels : tuple of str
        The intervals forecast.
    with_interventions, without : tuple of float
        Log predictive densities, natural logs.
    difference, error : float
        Their sum of differences, and its standard error (paired).
    fits : int
        How many times both were fitted; between fits draws are reweighted while k-hat allows it.
    """

    labels: tuple[str, ...]
    with_interventions: tuple[float, ...]
    without: tuple[float, ...]
    difference: float
    error: float
    fits: int

    def to_frame(self) -> pd.DataFrame:
        """A row for each interval."""
        import pandas as pd

        return pd.DataFrame(
            {"interval": self.labels, "with_interventions": self.with_interventions, "without": self.without}
        )

    def __str__(self) -> str:
        better = "better" if self.difference > 0 else "worse"
        sure = "more" if abs(self.difference) > 2 * self.error else "less"
        return (
            f"Forecasting {len(self.labels)} intervals one at a time, knowing the interventions is {better} by "
            f"{abs(self.difference):.1f} nats (standard error {self.error:.1f}; {sure} than two of them): "
            f"{sum(self.with_interventions):.1f} against {sum(self.without):.1f}."
        )


@dataclass(frozen=True, slots=True)
class PowerScaling:
    """How far an effect moves when its prior, or the likelihood, counts a little more or less.

    ArviZ's measure: the derivative of the distance between distributions by log2 of the power. Above 0.05 it matters.
    """

    intervention: str
    prior: float
    likelihood: float

    @property
    def verdict(self) -> str:
        """What Kallioinen et al. (2024, doi:10.1007/s11222-023-10366-5) conclude from the two."""
        if self.prior < SENSITIVE:
            return "the data decide" if self.likelihood >= SENSITIVE else "neither moves it"
        return "both matter" if self.likelihood >= SENSITIVE else "the prior decides"


def predictive_check_of(posterior: TempoPosterior) -> PredictiveCheck:
    """Dispersion, largest rise, intervals without an attack, and runs, of data and of replications."""
    design, z = posterior.design, posterior.draws.flat
    replicated = predict(design, z, posterior.rates.log_with, posterior.seed)
    observed = np.asarray(design.packed.counted)
    expected = means(design, posterior.rates.log_with)
    found = []
    stated = _statistics(np.broadcast_to(observed, replicated.shape), expected)
    made = _statistics(replicated, expected)
    for name, ours in stated.items():
        theirs = made[name]
        low, median, high = (float(x) for x in np.quantile(theirs, (0.05, 0.5, 0.95)))
        exceeded = float(np.mean(theirs > ours) + 0.5 * np.mean(theirs == ours))
        found.append(Statistic(name, float(np.mean(ours)), low, median, high, exceeded))
    bounds = np.quantile(replicated, (0.05, 0.95), axis=0)
    inside = float(np.mean((observed >= bounds[0]) & (observed <= bounds[1])))
    return PredictiveCheck(tuple(found), inside)


def _statistics(counts: Ints, expected: Floats) -> Mapping[str, Floats]:
    """By name, of each draw (draw,); residuals are scaled by the root of the mean."""
    residual = (counts - expected) / np.sqrt(np.maximum(expected, 0.1))
    return {
        "sum of squared residuals": (residual**2).sum(axis=1),
        "largest count of an interval": counts.max(axis=1).astype(np.float64),
        "intervals without an attack": (counts <= 0).sum(axis=1).astype(np.float64),
        "neighbours alike": (residual[:, 1:] * residual[:, :-1]).mean(axis=1),
    }


def power_scaling_of(posterior: TempoPosterior) -> tuple[PowerScaling, ...]:
    """Of each effect by its own data: its prior scaled, the likelihood scaled, by ArviZ's `psense`."""
    import xarray as xr
    from arviz_stats import psense

    design, draws = posterior.own_design, posterior.own
    chains, many = draws.z.shape[:2]
    term = rates(design, draws.flat).term.sum(axis=1).reshape(chains, many)
    effects = design.log_effects(draws.flat).reshape(chains, many, -1)
    start = design.first_effect
    found = []
    for k, one in enumerate(posterior.interventions):
        lead = ("chain", "draw")
        prior = -0.5 * draws.z[..., start + k] ** 2
        tree = xr.DataTree.from_dict(
            {
                "posterior": xr.Dataset({"effect": (lead, effects[..., k])}),
                "log_prior": xr.Dataset({"effect": (lead, prior)}),
                "log_likelihood": xr.Dataset({"counts": (lead, term)}),
            }
        )
        moved = {group: float(psense(tree, group=group)["effect"]) for group in ("prior", "likelihood")}
        found.append(PowerScaling(one.id, moved["prior"], moved["likelihood"]))
    return tuple(found)


def forecasts_of(posterior: TempoPosterior, first: dt.date | None, sampling: Sampling | None) -> FutureScores:
    """Leave-future-out by NUTS, draws reweighted between fits (Buerkner, Gabry and Vehtari 2020)."""
    design = posterior.design
    order = list(range(len(design.observations)))
    begin = _LEAST
    if first is not None:
        begin = max(begin, sum(one.last < first for one in design.observations))
    if begin >= len(order):
        raise UsageError(f"no interval is left to forecast after {first}.", allowed="an earlier day")
    size = sampling or _SHORT
    named, fits = _one_ahead(design, begin, size, posterior.seed)
    bare, _ = _one_ahead(design.with_interventions(()), begin, size, posterior.seed)
    apart = named - bare
    return FutureScores(
        labels=tuple(design.observations[at].label for at in order[begin:]),
        with_interventions=tuple(float(x) for x in named),
        without=tuple(float(x) for x in bare),
        difference=float(apart.sum()),
        error=float(np.sqrt(len(apart)) * apart.std(ddof=1)) if len(apart) > 1 else float("nan"),
        fits=fits,
    )


def _one_ahead(design: Design, begin: int, sampling: Sampling, seed: int) -> tuple[Floats, int]:
    """``log p(y_j | y_before j)`` of each observation from `begin` on, and how many fits that took.

    Interventions after the last day that is known belong to the future: they stand in the design and cannot move the
    past, so the same coordinates serve every fit.
    """
    many = len(design.observations)
    score = np.empty(many - begin)
    term = np.empty((0, many))
    known, fits = -1, 0
    for j in range(begin, many):
        log_weight = term[:, known:j].sum(axis=1) if known >= 0 else np.empty(0)
        smooth, khat = smoothed(log_weight) if known >= 0 and j > known else (np.empty(0), np.inf)
        if known < 0 or not khat <= khat_threshold(len(term)):
            drawn = sample_tempo(design.until(j).packed, sampling, seed + j, labels=design.labels)
            term, known, fits = rates(design, drawn.flat).term, j, fits + 1
            smooth = np.full(len(term), -np.log(len(term)))
        top = smooth + term[:, j]
        score[j - begin] = float(np.logaddexp.reduce(top) - np.logaddexp.reduce(smooth))
    return score, fits
