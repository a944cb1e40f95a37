"""The answer in a sentence, and what it owes to the prior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.domain.verbal import percent, probability_words
from attribution.inference.posterior import Posterior, Standing

NAMING_LIMIT = 0.55
NOT_ASSESSED = (
    "Analytic confidence: not assessed, since the full sensitivity analysis it is derived from is not part of this "
    "report."
)
_DECIBANS = 10.0 / np.log(10.0)


@dataclass(frozen=True, slots=True)
class BottomLine:
    """`headline` answers the question, `sentences` say what it rests on; `confidence` stands apart from probability."""

    headline: str
    sentences: tuple[str, ...]
    confidence: str
    named: bool

    @property
    def text(self) -> str:
        return " ".join((self.headline, *self.sentences))


def bottom_line(posterior: Posterior, rivals: tuple[Posterior, ...] = ()) -> BottomLine:
    """The bottom line of a posterior, beside those of rival models on the same case."""
    first, second = posterior.ranking[:2]
    leaders = {model.model.id: model.ranking[0] for model in (posterior, *rivals)}
    disagree = len({leader.id for leader in leaders.values()}) > 1
    low_lead = first.probability < NAMING_LIMIT
    return BottomLine(
        headline=_headline(first, leaders, disagree, low_lead),
        sentences=(_leader(posterior, first), _runner_up(second), prior_sentence(posterior, first, second)),
        confidence=NOT_ASSESSED,
        named=not (disagree or low_lead),
    )


def _headline(first: Standing, leaders: dict[str, Standing], disagree: bool, low_lead: bool) -> str:
    if disagree:
        told = "; ".join(f"{model}: {leader.label}, {percent(leader.probability)}" for model, leader in leaders.items())
        return f"No faction can be named: the models disagree on who leads ({told})."
    if low_lead:
        return f"No faction can be named: the most probable, {first.label}, has {percent(first.probability)}."
    return f"On these assumptions it was {band_words(first)} {first.label}: {percent(first.probability)}."


def band_words(standing: Standing) -> str:
    """The word for a probability; both words where its range over inputs spans more than one band."""
    low, middle, high = (probability_words(p) for p in (standing.low, standing.probability, standing.high))
    if low == high:
        return middle
    return f"{low} to {high}" if middle in (low, high) else f"{middle} ({low} to {high})"


def _leader(posterior: Posterior, first: Standing) -> str:
    return (
        f"Under {posterior.model.title} the probability of {first.label} is {percent(first.probability)}, and "
        f"{percent(first.low)} to {percent(first.high)} over numbers nobody knows exactly."
    )


def _runner_up(second: Standing) -> str:
    return (
        f"The next candidate is {second.label} with {percent(second.probability)} "
        f"({percent(second.low)} to {percent(second.high)})."
    )


@dataclass(frozen=True, slots=True)
class Parts:
    """Log-odds of leader against runner-up in decibans: before the evidence, added by it, and in all."""

    prior: float
    evidence: float
    total: float


def log_odds_parts(posterior: Posterior, first: Standing, second: Standing) -> Parts:
    """What the prior says and what the evidence adds, from mean probabilities before and after."""
    prior = float(_DECIBANS * np.log(first.prior / second.prior))
    total = float(_DECIBANS * np.log(first.probability / second.probability))
    return Parts(prior, total - prior, total)


def prior_sentence(posterior: Posterior, first: Standing, second: Standing) -> str:
    """What part of the log-odds of leader against runner-up comes from the prior."""
    parts = log_odds_parts(posterior, first, second)
    odds = 10 ** (parts.total / 10)
    prior = 10 ** (abs(parts.prior) / 10)
    side = first.label if parts.prior >= 0 else second.label
    return (
        f"Of the {parts.total:+.1f} dB by which {first.label} leads {second.label} (odds {odds:.1f} to 1), "
        f"{parts.prior:+.1f} dB come from the prior (odds {prior:.1f} to 1 for {side}) and "
        f"{parts.evidence:+.1f} dB from the evidence."
    )
