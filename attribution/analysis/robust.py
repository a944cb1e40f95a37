"""How wrong may the prior be? Bounds over all priors near the stated one, and the least error that changes the lead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.analysis.finding import Finding
from attribution.analysis.reweighting import jackknife
from attribution.domain.verbal import percent
from attribution.errors import UsageError
from attribution.inference.draws import expectation
from attribution.inference.posterior import Posterior
from attribution.inference.posterior_draws import PRIOR_SCRAMBLES
from attribution.network.program import Floats
from attribution.plots.figures import BandRow, Scale, bands
from attribution.plots.style import roles

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_LEVELS = (0.05, 0.1, 0.2, 0.3)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Lowest and highest probability of each faction when a share `epsilon` of the prior may be anything."""

    epsilon: float
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class RobustBounds(Finding):
    """Bounds on each probability at several contaminations of the prior over factions.

    Attributes
    ----------
    factions
        Ids of the factions, in the order of the case.
    labels
        Their names for a reader.
    leader
        The most probable faction.
    bounds
        The lowest and highest probability of each faction at each contamination; the first is the posterior itself.
    tipping
        The least contamination, from 0 to 1, that can change the lead; None where none can.
    tipping_mcse
        Its Monte Carlo standard error.
    to
        Who would gain the lead; empty where nobody can.

    Examples
    --------
    >>> widest = findings.robust.bounds[-1]
    >>> all(low <= high for low, high in zip(widest.low, widest.high))
    True
    """

    factions: tuple[str, ...]
    labels: tuple[str, ...]
    leader: str
    bounds: tuple[Bounds, ...]
    tipping: float | None
    tipping_mcse: float
    to: str

    @property
    def title(self) -> str:
        return "If the prior were wrong"

    @property
    def method(self) -> str:
        """What was perturbed, and how it was computed."""
        return (
            "The prior over factions is replaced by (1 - e) of itself and e of anything; what the evidence says of "
            "each faction, averaged over the unknown numbers, is held. Exact: the extremes put all of e on one faction."
        )

    def label(self, faction: str) -> str:
        return self.labels[self.factions.index(faction)]

    def to_frame(self) -> pd.DataFrame:
        """Indexed by faction; a pair of columns, low and high, per contamination."""
        import pandas as pd

        columns = {}
        for bound in self.bounds:
            columns[f"low {bound.epsilon:g}"] = bound.low
            columns[f"high {bound.epsilon:g}"] = bound.high
        return pd.DataFrame(columns, index=pd.Index(self.factions, name="faction"))

    @property
    def summary(self) -> str:
        if self.tipping is None:
            return f"No contamination of the prior over factions takes the lead from {self.label(self.leader)}."
        widest = self.bounds[-1]
        place = self.factions.index(self.leader)
        return (
            f"The lead passes from {self.label(self.leader)} to {self.label(self.to)} if {self.tipping:.1%} "
            f"(Monte Carlo error {self.tipping_mcse:.1%}) of the prior over factions was put in the wrong place. With "
            f"{widest.epsilon:.0%} of it anywhere, the probability of {self.label(self.leader)} lies between "
            f"{percent(widest.low[place])} and {percent(widest.high[place])}."
        )

    def unreliable(self) -> tuple[str, ...]:
        """Nothing: it needs no draws beyond those of the posterior."""
        return ()

    def plot(self, ax: Axes | None = None) -> Axes:
        """A row per faction: the posterior as a mark, and a band per contamination, the palest the widest."""
        phrases = f"The lead changes at {self.tipping:.1%}" if self.tipping is not None else "The lead never changes"
        wider = self.bounds[1:]
        rows = [
            BandRow(label, tuple((bound.low[h], bound.high[h]) for bound in wider), self.bounds[0].low[h], role)
            for h, (label, role) in enumerate(zip(self.labels, roles(self.factions, self.leader, self.to), strict=True))
        ]
        return bands(
            rows,
            Scale("probability after the evidence", "share"),
            title=f"How far each probability can move if part of the prior is wrong. {phrases}.",
            note=self.method,
            names=[f"up to {bound.epsilon:.0%} of the prior anywhere" for bound in wider],
            ax=ax,
        )


def robust_bounds(posterior: Posterior, levels: tuple[float, ...] = _LEVELS) -> RobustBounds:
    """Bounds on each probability when the prior may be ``(1 - epsilon) pi + epsilon * anything``.

    With mean likelihoods ``L_h = E[pi_h p(E | h)] / E[pi_h]`` the posterior is linear-fractional in the prior, and its
    extremes put all the contamination on one faction (Berger 1990, doi:10.1016/0378-3758(90)90079-A).

    Parameters
    ----------
    posterior
        The posterior whose prior is doubted.
    levels
        Contaminations, from 0 to below 1.

    Returns
    -------
    RobustBounds
        Bounds at each level, and the least contamination that can change the lead.

    Raises
    ------
    UsageError
        A level that is not a share of the prior: below 0, or 1 and more.

    Examples
    --------
    >>> at.robust_bounds(posterior, levels=(0.2,)).to_frame().columns.tolist()
    ['low 0', 'high 0', 'low 0.2', 'high 0.2']
    """
    for level in levels:
        if not 0 <= level < 1:
            raise UsageError(f"a contamination is {level:g}.", at=("levels",), allowed="0 to less than 1")
    prior, likelihood = mean_likelihoods(posterior)
    bounds = tuple(_bounds(prior, likelihood, epsilon) for epsilon in (0.0, *levels))
    factions = posterior.program.factions
    leader = posterior.ranking[0].id
    tipping, to = _tipping(prior, likelihood, factions.index(leader))
    labels = tuple(standing.label for standing in posterior.standings)
    return RobustBounds(
        factions, labels, leader, bounds, tipping, _error(posterior, prior), factions[to] if to >= 0 else ""
    )


def _error(posterior: Posterior, prior: Floats) -> float:
    """The Monte Carlo error of the tipping point: from the draws after the evidence, and from those before it."""
    leader = posterior.program.factions.index(posterior.ranking[0].id)

    def after(weights: Floats) -> Floats:
        return _needed(prior, expectation(weights, posterior.faction_draws) / prior, leader)

    mean = expectation(posterior.draws.weights, posterior.faction_draws)

    def before(weights: Floats) -> Floats:
        drawn = expectation(weights, posterior.prior_faction_draws)
        return _needed(drawn, mean / drawn, leader)

    count = len(posterior.prior_faction_draws)
    _, error = jackknife(after, posterior.draws.weights, posterior.draws.shape[0])
    _, prior_error = jackknife(before, np.full(count, 1.0 / count), PRIOR_SCRAMBLES)
    return float(np.hypot(error, prior_error))


def mean_likelihoods(posterior: Posterior) -> tuple[Floats, Floats]:
    """Prior means, and likelihoods relative to the largest such that prior times likelihood is the posterior."""
    prior = posterior.prior_faction_draws.mean(axis=0)
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


def _tipping(prior: Floats, likelihood: Floats, leader: int) -> tuple[float | None, int]:
    """The least contamination that changes the lead, and the position of who gains it; None and -1 where none does."""
    needed = _by_rival(prior, likelihood, leader)
    best = int(needed.argmin())
    return (float(needed[best]), best) if needed[best] < 1 else (None, -1)


def _needed(prior: Floats, likelihood: Floats, leader: int) -> Floats:
    return np.asarray(_by_rival(prior, likelihood, leader).min())


def _by_rival(prior: Floats, likelihood: Floats, leader: int) -> Floats:
    """Solve ``(1 - e) m_leader = (1 - e) m_h + e L_h`` for every rival h; 1 for the leader and where none will do."""
    mass = prior * likelihood
    gap = np.maximum(mass[leader] - mass, 0.0)
    possible = likelihood > 0
    needed = np.where(possible, gap / np.where(possible, gap + likelihood, 1.0), 1.0)
    needed[leader] = 1.0
    return np.asarray(needed)
