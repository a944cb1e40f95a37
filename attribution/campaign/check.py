"""What could these dates show at all? Placebos and known effects, simulated on a design before anything is fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from attribution.campaign.assumptions import Assumptions, read_assumptions
from attribution.campaign.design import Design, design
from attribution.campaign.document import Tempo
from attribution.campaign.simulate import means, predict, rates
from attribution.campaign.telling import design_concerns
from attribution.domain.concern import Concern
from attribution.errors import EngineError, UsageError
from attribution.inference.tempo import laplace
from attribution.network.program import Floats

if TYPE_CHECKING:
    import pandas as pd

TRUTHS = (1.0, 0.5, 0.2)
FIERCE = (
    "Worlds have strikes on any day and bursts as the assumptions have them. Laplace's approximation holds the size of "
    "bursts at its median: where real bursts are fiercer and strikes answer them, it takes their ends for effects, so "
    "what it calls a fall is no finding. NUTS learns that size, and is still deceived by peaks more than by chance."
)
"""What a check by Laplace's approximation cannot see."""
_Z95 = 1.6448536269514722
_LEVEL = 0


@dataclass(frozen=True, slots=True)
class Power:
    """Of one intervention and one true ratio: what was estimated, and how often an effect was seen.

    `low, median, high` are the 5, 50 and 95 % quantiles of the estimates over simulations; `falls` and `rises` are the
    shares of simulations whose 90 % interval lies wholly below or above 1.
    """

    intervention: str
    truth: float
    low: float
    median: float
    high: float
    falls: float
    rises: float


@dataclass(frozen=True, slots=True)
class DesignCheck:
    """What a design can show: rows by intervention and true ratio, and what is doubtful before any fit.

    Attributes
    ----------
    series, observer : str
        Whose dates.
    simulations : int
        Worlds of each true ratio.
    rows : tuple of Power
        Estimates, and how often an effect was seen, by intervention and true ratio.
    concerns : tuple of Concern
        What is doubtful before any fit.

    Examples
    --------
    >>> import attribution as at
    >>> found = at.check_tempo(at.read_tempo("us-forces-2023-24"), simulations=5)  # doctest: +SKIP
    >>> found.power("gaza-truce", 1.0).falls  # doctest: +SKIP
    0.2
    """

    series: str
    observer: str
    simulations: int
    rows: tuple[Power, ...]
    concerns: tuple[Concern, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row for each intervention and truth."""
        import pandas as pd

        return pd.DataFrame([{name: getattr(row, name) for name in Power.__slots__} for row in self.rows])

    def power(self, intervention: str, truth: float) -> Power:
        """One row."""
        return next(row for row in self.rows if (row.intervention, row.truth) == (intervention, truth))

    def __str__(self) -> str:
        lines = [
            f"{self.simulations} simulations of each truth on the dates of {self.observer}, fitted by Laplace's "
            "approximation, each intervention for itself:"
        ]
        for id in dict.fromkeys(row.intervention for row in self.rows):
            none, strong = self.power(id, TRUTHS[0]), self.power(id, TRUTHS[-1])
            verdict = "can be seen" if strong.falls >= 0.5 else "would mostly be missed"
            lines.append(
                f"{id}: a fall to {strong.truth:g} {verdict} (seen in {strong.falls:.0%}, estimated as "
                f"{strong.median:.2f}); where nothing happened {none.falls:.0%} look like a fall, {none.rises:.0%} "
                "like a rise."
            )
        lines.append(FIERCE)
        return "\n".join(lines)


def check_tempo(
    series: Tempo,
    assumptions: Assumptions | str = "standard",
    *,
    observer: str | None = None,
    simulations: int = 20,
    random_seed: int = 1,
) -> DesignCheck:
    """Simulate placebos and known effects on a design, before any fit: what could these dates show at all?

    Worlds are drawn from the assumptions, at a level at which as many attacks are expected as were counted; in each
    all interventions have the same true ratio, 1 (a placebo), 0.5 or 0.2. Where strikes answer bursts more falls are
    seen of nothing: see the documentation for what that does.

    Parameters
    ----------
    series : Tempo
        Its dates and intervals; of its counts only the total is used.
    assumptions : Assumptions or str, default "standard"
        Priors, from which worlds are drawn.
    observer : str, optional
        Whose dates; the first observer's.
    simulations : int, default 20
        Worlds of each truth, 5 to 1,000.
    random_seed : int, default 1
        Same seed, same numbers.

    Returns
    -------
    DesignCheck
        Estimates and shares by intervention and truth.

    Raises
    ------
    UsageError
        Too few or too many simulations.

    See Also
    --------
    tempo : The answer itself.

    Examples
    --------
    >>> import attribution as at
    >>> found = at.check_tempo(at.read_tempo("us-forces-2023-24"), simulations=5)  # doctest: +SKIP
    """
    if not 5 <= simulations <= 1000:
        raise UsageError(f"simulations is {simulations}.", allowed="5 to 1,000")
    given = read_assumptions(assumptions) if isinstance(assumptions, str) else assumptions
    chosen = series.observer(observer)
    there = design(series, chosen, given, pooled=False)
    rng = np.random.default_rng(random_seed)
    rows: list[Power] = []
    for truth in TRUTHS if there.interventions else ():
        found = [_world(there, truth, rng) for _ in range(simulations)]
        estimates = np.array([each for each in found if each is not None])  # (simulation, intervention, 2)
        rows += [_power(one.id, truth, estimates[:, k]) for k, one in enumerate(there.interventions)]
    order = {one.id: k for k, one in enumerate(there.interventions)}
    rows.sort(key=lambda row: order[row.intervention])
    return DesignCheck(series.id, chosen.id, simulations, tuple(rows), tuple(design_concerns(series, chosen)))


def _power(id: str, truth: float, estimates: Floats) -> Power:
    middle, sd = estimates[:, 0], estimates[:, 1]
    low, median, high = (float(x) for x in np.exp(np.quantile(middle, (0.05, 0.5, 0.95))))
    falls, rises = float(np.mean(middle + _Z95 * sd < 0)), float(np.mean(middle - _Z95 * sd > 0))
    return Power(id, truth, low, median, high, falls, rises)


def draw_world(there: Design, truth: float, rng: np.random.Generator) -> tuple[Floats, Any]:
    """Z and counts of a world in which all effects have one ratio, and as many attacks are expected as were counted."""
    z = rng.standard_normal((1, there.size))
    spread = there.spreads(z)[0, there.packed.effects[:, 0]]
    mean = there.log_kinds(z)[0, there.packed.effects[:, 0]]
    start = there.first_effect
    z[0, start : start + len(spread)] = (np.log(truth) - mean) / spread
    for _ in range(3):
        expected = float(means(there, rates(there, z).log_with).sum())
        slope = there.packed.curves[_LEVEL, 1]
        z[0, _LEVEL] += np.log(max(there.observer.total, 1) / max(expected, 1e-6)) / slope
    return z, predict(there, z, rates(there, z).log_with, int(rng.integers(2**31)))[0]


def _world(there: Design, truth: float, rng: np.random.Generator) -> Floats | None:
    """Estimates of the log ratios and their standard deviations in one world; None if no mode was found."""
    _, counts = draw_world(there, truth, rng)
    try:
        found = laplace(there.with_counts(counts).packed)
    except EngineError:
        return None
    start = there.first_effect
    at = slice(start, start + len(there.interventions))
    spread = there.spreads(found.mode[None])[0, there.packed.effects[:, 0]]
    sd = np.sqrt(np.diag(found.covariance)[at]) * spread
    return np.column_stack([there.log_effects(found.mode[None])[0], sd])
