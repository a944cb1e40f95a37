"""Did it change the tempo? The posterior of a series, and what is read off it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from attribution.campaign.assumptions import Assumptions, read_assumptions
from attribution.campaign.design import Design, design
from attribution.campaign.document import Intervention, Observer, Tempo
from attribution.campaign.findings import (
    Averted,
    Effect,
    Inseparable,
    KindEffect,
    averted_of,
    effects_of,
    inseparable_of,
    kinds_of,
)
from attribution.campaign.simulate import Rates, rates, tree_of
from attribution.domain.concern import Concern
from attribution.inference.settings import Sampling
from attribution.inference.tempo import TempoDraws, sample_tempo
from attribution.network.program import Floats

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.axes import Axes

    from attribution.campaign.breaks import BreakDate, Placebos
    from attribution.campaign.predictive import FutureScores, PowerScaling, PredictiveCheck

SAMPLING = Sampling(chains=4, draws=800, tune=500)


@dataclass(frozen=True, eq=False)
class TempoPosterior:
    """What one observer's counts say about the effects of interventions.

    `draws` pool interventions of a kind; `own` give each a wide prior of its own, so that it speaks for itself. Both
    stand side by side wherever an effect is told.

    Attributes
    ----------
    design, own_design : Design
        The arrays that were fitted, with names.
    draws, own : TempoDraws
        Draws of z by NUTS.
    sampling : Sampling
        How many draws.
    seed : int
        Same seed, same numbers.
    others : dict of str to TempoPosterior
        The other observers of the series, each fitted alone.

    Examples
    --------
    >>> import attribution as at
    >>> result = at.tempo(at.read_tempo("us-forces-2023-24"))  # doctest: +SKIP
    >>> result.effects()[["intervention", "low", "ratio", "high"]]  # doctest: +SKIP
    """

    design: Design
    own_design: Design
    draws: TempoDraws
    own: TempoDraws
    sampling: Sampling
    seed: int
    others: dict[str, TempoPosterior] = field(default_factory=dict)

    @property
    def tempo(self) -> Tempo:
        """The series."""
        return self.design.tempo

    @property
    def observer(self) -> Observer:
        """Who counted."""
        return self.design.observer

    @property
    def interventions(self) -> tuple[Intervention, ...]:
        """In the order of all arrays."""
        return self.design.interventions

    @cached_property
    def rates(self) -> Rates:
        """Rates of each draw, with and without the interventions, pooled."""
        return rates(self.design, self.draws.flat)

    @cached_property
    def told(self) -> tuple[Effect, ...]:
        """Each intervention's effect, pooled, by its own data, and of its kind."""
        return effects_of(self)

    @cached_property
    def kind_effects(self) -> tuple[KindEffect, ...]:
        """Typical effects of the kinds, pooled."""
        return kinds_of(self)

    @cached_property
    def inseparable(self) -> tuple[Inseparable, ...]:
        """Sets of interventions closer than the data can tell apart, with their joint effect."""
        return inseparable_of(self)

    def effects(self) -> pd.DataFrame:
        """Ratios of the rate with an intervention to that without: on the first day, or once it is fully felt.

        Returns
        -------
        DataFrame
            One row each: 5, 50 and 95 % quantiles ``low, ratio, high`` pooled with its kind, ``own_*`` by its own data
            alone, ``below`` the probability of a fall. No ``ratio`` where only zeros followed: then ``high`` is a
            bound. ``with_others`` names those from which it cannot be told apart: then only `separable` has a number.
        """
        import pandas as pd

        return pd.DataFrame([each.row() for each in self.told])

    def kinds(self) -> pd.DataFrame:
        """Typical ratio of each kind of intervention, and that of the next one (``next_*``)."""
        import pandas as pd

        return pd.DataFrame([each.row() for each in self.kind_effects])

    def averted(
        self, window: tuple[dt.date | str, dt.date | str] | None = None, *, interventions: Sequence[str] | None = None
    ) -> Averted:
        """Attacks that would have come without interventions, less those expected with them, within days.

        Parameters
        ----------
        window : pair of dates, optional
            First and last day; the days from the first intervention on.
        interventions : sequence of str, optional
            Without these only; all of them.

        Raises
        ------
        TempoError
            No such intervention, or a window outside the series.
        """
        return averted_of(self, window, interventions)

    def separable(self) -> pd.DataFrame:
        """Sets of interventions that the data cannot tell apart, with the ratio of all of them together."""
        import pandas as pd

        return pd.DataFrame([each.row() for each in self.inseparable])

    def break_date(self, window: tuple[dt.date | str, dt.date | str] | None = None) -> BreakDate:
        """When the tempo broke, if it broke once within days: a posterior over days that looks at no announcement."""
        from attribution.campaign.breaks import break_date_of

        return break_date_of(self, window)

    def placebo(self, dates: int = 10) -> Placebos:
        """Halts that never were, on days spread over the series: how often this series shows an effect of nothing."""
        from attribution.campaign.breaks import placebos_of

        return placebos_of(self, dates)

    @cached_property
    def predictive_check(self) -> PredictiveCheck:
        """Statistics of the counts against what the model would have made."""
        from attribution.campaign.predictive import predictive_check_of

        return predictive_check_of(self)

    @cached_property
    def power_scaling(self) -> tuple[PowerScaling, ...]:
        """How far each effect, by its own data, moves with its prior and with the likelihood."""
        from attribution.campaign.predictive import power_scaling_of

        return power_scaling_of(self)

    def forecasts(self, first: dt.date | None = None, *, sampling: Sampling | None = None) -> FutureScores:
        """One-step-ahead scores against a model without interventions: some ten more fits of each, by NUTS.

        Parameters
        ----------
        first : date, optional
            Forecast from here on; the fifth interval.
        sampling : Sampling, optional
            Size of each fit; 2 chains of 400 after 400.

        Raises
        ------
        UsageError
            Nothing is left to forecast.
        """
        from attribution.campaign.predictive import forecasts_of

        return forecasts_of(self, first, sampling)

    def concerns(self) -> tuple[Concern, ...]:
        """What is doubtful; those that block first."""
        from attribution.campaign.telling import concerns_of

        return concerns_of(self)

    @cached_property
    def tree(self) -> xr.DataTree:
        """Everything as an ArviZ DataTree, with the dimensions day, intervention, kind, statement and interval."""
        return tree_of(self)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Rate band with the marks of the interventions, over the stated counts."""
        from attribution.plots.tempo import draw_rates

        quantiles = np.exp(np.quantile(self.rates.log_with, (0.05, 0.5, 0.95), axis=0))
        marks = [(one.date, one.label, one.kind) for one in self.interventions]
        counts = [(one.first, one.last, one.count) for one in self.design.observations]
        return draw_rates([self.design.day(at) for at in range(self.tempo.days)], quantiles, marks, counts, ax)

    def __str__(self) -> str:
        from attribution.campaign.telling import paragraph

        return paragraph(self)


def tempo(
    series: Tempo,
    assumptions: Assumptions | str = "standard",
    *,
    observer: str | None = None,
    draws: int = SAMPLING.draws,
    tune: int = SAMPLING.tune,
    chains: int = SAMPLING.chains,
    random_seed: int = 1,
    compare: bool = True,
    progressbar: bool = True,
) -> TempoPosterior:
    """Ask whether the interventions on a series changed the tempo of attacks, by NUTS.

    The names are those of `pymc.sample`.

    Parameters
    ----------
    series : Tempo
        Counts or statements, and interventions.
    assumptions : Assumptions or str, default "standard"
        Priors, each with its reason; a shipped name or a path.
    observer : str, optional
        Whose counts; the first observer's.
    draws : int, default 800
        Draws kept of each chain, 50 to 1,000,000.
    tune : int, default 500
        Draws before these, in which each chain adapts, 100 to 1,000,000.
    chains : int, default 4
        Chains, 2 to 64.
    random_seed : int, default 1
        Same seed, same numbers.
    compare : bool, default True
        Fit the other observers, too, each alone.
    progressbar : bool, default True
        Show how far NUTS is.

    Returns
    -------
    TempoPosterior
        Effects, what was averted, when it broke, and what cannot be told.

    Raises
    ------
    TempoError
        No such observer.
    UsageError
        A number of draws or chains outside its range.
    EngineError
        The sampler gave up.

    See Also
    --------
    read_tempo : Read a series.
    check_tempo : What could this design show at all?

    Examples
    --------
    >>> import attribution as at
    >>> series = at.read_tempo("us-forces-2023-24")
    >>> result = at.tempo(series, observer="pentagon", random_seed=1)  # doctest: +SKIP
    """
    given = read_assumptions(assumptions) if isinstance(assumptions, str) else assumptions
    chosen = series.observer(observer)
    sampling = Sampling(chains=chains, draws=draws, tune=tune)
    found = _fitted(series, chosen, given, sampling, random_seed, progressbar)
    others = [one for one in series.observers if one.id != chosen.id] if compare else []
    return replace(
        found,
        others={one.id: _fitted(series, one, given, sampling, random_seed, progressbar) for one in others},
    )


def _fitted(
    series: Tempo, observer: Observer, assumptions: Assumptions, sampling: Sampling, seed: int, progress: bool
) -> TempoPosterior:
    """One observer's posterior, pooled and by own data."""
    pooled = design(series, observer, assumptions)
    own = design(series, observer, assumptions, pooled=False)
    return TempoPosterior(
        design=pooled,
        own_design=own,
        draws=_drawn(pooled, sampling, seed, progress),
        own=_drawn(own, sampling, seed + 1, progress),
        sampling=sampling,
        seed=seed,
    )


def _drawn(what: Design, sampling: Sampling, seed: int, progress: bool) -> TempoDraws:
    """Draws; where the chains do not agree yet, once more with twice as many."""
    found = sample_tempo(what.packed, sampling, seed, labels=what.labels, progress=progress)
    if found.agree or sampling.draws < SAMPLING.draws:
        return found
    longer = replace(sampling, draws=2 * sampling.draws, tune=2 * sampling.tune)
    return sample_tempo(what.packed, longer, seed, labels=what.labels, progress=progress)


def own_effects(posterior: TempoPosterior) -> Floats:
    """Logs of the ratios by each intervention's own data (draw, intervention)."""
    return posterior.own_design.log_effects(posterior.own.flat)
