"""What if the model is wrong altogether, so that the evidence says nothing? A sweep of that chance, in closed form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.analysis.finding import Finding
from attribution.domain.verbal import ICD_203, percent, probability_words
from attribution.errors import UsageError
from attribution.inference.draws import estimate, expectation
from attribution.inference.posterior import Posterior
from attribution.network.program import Floats
from attribution.network.summation import log_prior
from attribution.plots.figures import BandRow, Scale, bands
from attribution.plots.style import roles

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

ONE_IN_TEN = 0.1
_LEVELS = (0.01, 0.05, ONE_IN_TEN, 0.2, 0.5)
_DRAWN = 5  # chances that a figure tells apart


@dataclass(frozen=True, slots=True)
class AtError:
    """Every faction's probability, Monte Carlo error and range over inputs if the model is wrong with a chance."""

    chance: float
    probability: tuple[float, ...]
    mcse: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ModelErrorSweep(Finding):
    """The answer for each chance that the model is wrong: what the evidence did to each probability counts less.

    Attributes
    ----------
    factions, labels
        Ids of the factions, in the order of the case; their names for a reader.
    leader
        The most probable faction.
    levels
        The answer at each chance, the first at none: the posterior.
    loses_word_at
        The smallest chance from which on another word of ICD 203 describes the leader; None where none does.
    tipping, to
        The smallest chance at which the lead passes, and to whom; None and empty where none will do.

    Examples
    --------
    >>> found = at.model_error(posterior)
    >>> found.of("kataib-hezbollah", 0.1) < found.of("kataib-hezbollah", 0.0)
    True
    """

    factions: tuple[str, ...]
    labels: tuple[str, ...]
    leader: str
    levels: tuple[AtError, ...]
    loses_word_at: float | None
    tipping: float | None
    to: str

    @property
    def title(self) -> str:
        return "If the model were wrong"

    @property
    def method(self) -> str:
        """What was perturbed, and how it was computed."""
        return (
            "With a chance c the model is taken to be wrong so thoroughly that the evidence says nothing about who it "
            "was: each faction then has (1 - c) p(h | E) + c pi_h in every draw, whichever faction it is. Exact."
        )

    def of(self, faction: str, chance: float) -> float:
        """The probability of a faction at any chance of error from 0 to 1."""
        h, first, last = self.factions.index(faction), self.levels[0], self.levels[-1]
        return first.probability[h] + (last.probability[h] - first.probability[h]) * chance / last.chance

    def to_frame(self) -> pd.DataFrame:
        """One row per chance of error and faction: probability, mcse, low, high."""
        import pandas as pd

        index = pd.MultiIndex.from_product([[one.chance for one in self.levels], self.factions])
        index.names = ["chance", "faction"]
        columns = ("probability", "mcse", "low", "high")
        values = {column: [value for one in self.levels for value in getattr(one, column)] for column in columns}
        return pd.DataFrame(values, index=index)

    @property
    def summary(self) -> str:
        label = self.labels[self.factions.index(self.leader)]
        before, after = (self.of(self.leader, chance) for chance in (0.0, ONE_IN_TEN))
        moved = "falls" if after < before else "rises"
        change = f"{moved} from {percent(before)} to {percent(after)}"
        if percent(before) == percent(after):
            change = f"stays at {percent(before)}"
        lines = [f"At one chance in ten that the model is wrong, {label} {change}."]
        if self.loses_word_at is not None:
            lines.append(
                f'Another word than "{probability_words(before)}" describes it from {self.loses_word_at:.0%} on.'
            )
        if self.tipping is None:
            lines.append("No such chance takes the lead.")
        else:
            lines.append(f"The lead passes to {self.labels[self.factions.index(self.to)]} at {self.tipping:.0%}.")
        return " ".join(lines)

    def unreliable(self) -> tuple[str, ...]:
        """Nothing: it needs no draws beyond those of the posterior."""
        return ()

    def plot(self, ax: Axes | None = None) -> Axes:
        """A row per faction: the posterior as a mark, and how far it is drawn to its prior, the palest farthest."""
        first, wider = self.levels[0], self.levels[1:][-_DRAWN:]
        order = sorted(range(len(self.factions)), key=lambda h: -first.probability[h])
        role = dict(zip(self.factions, roles(self.factions, self.leader, self.factions[order[1]]), strict=True))
        rows = [
            BandRow(
                self.labels[h],
                tuple(_interval(first.probability[h], one.probability[h]) for one in wider),
                first.probability[h],
                role[self.factions[h]],
            )
            for h in order
        ]
        return bands(
            rows,
            Scale("probability after the evidence", "share"),
            title=self.summary,
            note=self.method,
            names=[f"wrong with a chance of {one.chance:.0%}" for one in wider],
            ax=ax,
        )


def model_error(posterior: Posterior, chances: tuple[float, ...] = _LEVELS) -> ModelErrorSweep:
    """Sweep the chance that the model is wrong, for every faction and not only for ``other``.

    In every draw ``p(h | E, theta)`` becomes ``(1 - c) p(h | E, theta) + c pi_h``.

    Parameters
    ----------
    posterior
        The posterior whose model is doubted.
    chances
        Chances of error, above 0 and up to 1.

    Returns
    -------
    ModelErrorSweep
        The answer at each, and the smallest chance at which the lead passes.

    Raises
    ------
    UsageError
        None, or one that is not above 0 and at most 1.

    Examples
    --------
    >>> at.model_error(posterior, chances=(0.5,)).to_frame().loc[0.5, "probability"].idxmax()
    'kataib-hezbollah'
    """
    if not chances:
        raise UsageError("there is no chance of error to look at.", at=("chances",), allowed="one or more")
    for chance in chances:
        if not 0 < chance <= 1:
            raise UsageError(f"a chance of error is {chance:g}.", at=("chances",), allowed="above 0, up to 1")
    prior = np.exp(posterior.numbers.each(lambda slots: log_prior(posterior.program, slots)))
    factions = posterior.program.factions
    leader = factions.index(posterior.ranking[0].id)
    means = np.array([one.probability for one in posterior.standings])
    prior_means = expectation(posterior.draws.weights, prior)
    tipping, to = _tipping(means, prior_means, leader)
    return ModelErrorSweep(
        factions,
        tuple(one.label for one in posterior.standings),
        factions[leader],
        tuple(_at(posterior, prior, chance) for chance in (0.0, *sorted(chances))),
        _word_lost(float(means[leader]), float(prior_means[leader])),
        tipping,
        factions[to] if tipping is not None else "",
    )


def _at(posterior: Posterior, prior: Floats, chance: float) -> AtError:
    found = estimate(posterior.draws, (1.0 - chance) * posterior.faction_draws + chance * prior)
    mean, mcse, low, high = (tuple(part.tolist()) for part in (found.mean, found.mcse, found.low, found.high))
    return AtError(chance, mean, mcse, low, high)


def _tipping(probability: Floats, prior: Floats, leader: int) -> tuple[float | None, int]:
    """The least chance at which somebody draws level: two straight lines cross."""
    gap, gain = probability[leader] - probability, prior - prior[leader]
    with np.errstate(divide="ignore", invalid="ignore"):
        needed = np.where(gain > 0.0, gap / (gap + gain), np.inf)
    needed[leader] = np.inf
    to = int(needed.argmin())
    return (float(needed[to]), to) if needed[to] <= 1.0 else (None, -1)


def _word_lost(probability: float, prior: float) -> float | None:
    """The least chance at which the mixture reaches the end of the word's band, on the way to the prior."""
    words = probability_words(probability)
    if probability_words(prior) == words:
        return None
    band = next(band for band in ICD_203 if words in band.terms)
    end = band.low if prior < probability else band.high
    return (end - probability) / (prior - probability)


def _interval(first: float, second: float) -> tuple[float, float]:
    return min(first, second), max(first, second)
