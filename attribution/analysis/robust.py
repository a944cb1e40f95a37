"""How wrong may the prior be? Bounds over all priors near the stated one, and the least error that changes the lead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.inference.posterior import Posterior
from attribution.network.program import Floats
from attribution.network.summation import tables

if TYPE_CHECKING:
    import pandas as pd

_LEVELS = (0.05, 0.1, 0.2, 0.3)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Lowest and highest probability of each faction when a share `epsilon` of the prior may be anything."""

    epsilon: float
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class RobustBounds:
    """Bounds at several contaminations; `tipping` is the least that can change the lead (None: none can), `to` whom."""

    factions: tuple[str, ...]
    bounds: tuple[Bounds, ...]
    tipping: float | None
    to: str

    def to_frame(self) -> pd.DataFrame:
        """Indexed by faction; a pair of columns, low and high, per contamination."""
        import pandas as pd

        columns = {}
        for bound in self.bounds:
            columns[f"low {bound.epsilon:g}"] = bound.low
            columns[f"high {bound.epsilon:g}"] = bound.high
        return pd.DataFrame(columns, index=pd.Index(self.factions, name="faction"))

    def __str__(self) -> str:
        if self.tipping is None:
            return "No contamination of the prior over factions changes the lead."
        return (
            f"The lead can pass to {self.to} if {self.tipping:.0%} of the prior over factions is put elsewhere "
            "(epsilon-contamination, mean likelihoods held)."
        )


def robust_bounds(posterior: Posterior, levels: tuple[float, ...] = _LEVELS) -> RobustBounds:
    """Bounds on each probability when the prior may be ``(1 - epsilon) pi + epsilon * anything``.

    With mean likelihoods ``L_h = E[pi_h p(E | h)] / E[pi_h]`` the posterior is linear-fractional in the prior, and its
    extremes put all the contamination on one faction (Berger 1990, doi:10.1016/0378-3758(90)90079-A).
    """
    prior, likelihood = mean_likelihoods(posterior)
    bounds = tuple(_bounds(prior, likelihood, epsilon) for epsilon in (0.0, *levels))
    tipping, to = _tipping(prior, likelihood)
    factions = posterior.program.factions
    return RobustBounds(factions, bounds, tipping, factions[to] if to >= 0 else "")


def mean_likelihoods(posterior: Posterior) -> tuple[Floats, Floats]:
    """Prior means, and likelihoods relative to the largest such that prior times likelihood is the posterior."""
    prior = np.exp(tables(posterior.program, posterior.prior_slots)[1]).mean(axis=0)
    published = np.array([standing.probability for standing in posterior.standings])
    likelihood = published / prior
    return prior, likelihood / likelihood.max()


def _bounds(prior: Floats, likelihood: Floats, epsilon: float) -> Bounds:
    kept = (1.0 - epsilon) * prior * likelihood
    total = kept.sum()
    high = (kept + epsilon * likelihood) / (total + epsilon * likelihood)
    low = np.empty(len(prior))
    for h in range(len(prior)):
        low[h] = kept[h] / (total + epsilon * np.delete(likelihood, h).max())
    return Bounds(epsilon, tuple(low.tolist()), tuple(high.tolist()))


def _tipping(prior: Floats, likelihood: Floats) -> tuple[float | None, int]:
    """Solve ``(1 - e) m_leader = (1 - e) m_h + e L_h`` for every rival; the smallest e, and whose it is."""
    mass = prior * likelihood
    leader = int(mass.argmax())
    gap = mass[leader] - mass
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.where(likelihood + gap > 0, gap / (gap + likelihood), np.inf)
    needed[leader] = np.inf
    best = int(needed.argmin())
    return (float(needed[best]), best) if np.isfinite(needed[best]) and needed[best] < 1 else (None, -1)
