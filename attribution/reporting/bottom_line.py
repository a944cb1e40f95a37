"""The answer in a sentence, and what it owes to the prior."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.analysis.confidence import Confidence
from attribution.domain.verbal import DECIBANS, decibans, odds, percent, percents, probability_words
from attribution.inference.posterior import Posterior, Standing

NAMING_LIMIT = 0.55
NOT_ASSESSED = (
    "Analytic confidence: not assessed, since the full sensitivity analysis it is derived from is not part of this "
    "report."
)


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


def bottom_line(
    posterior: Posterior, rivals: tuple[Posterior, ...] = (), confidence: Confidence | None = None
) -> BottomLine:
    """The bottom line of a posterior, beside those of rival models on the same case, with its analytic confidence."""
    first, second = posterior.ranking[:2]
    disagree = len({model.ranking[0].id for model in (posterior, *rivals)}) > 1
    low_lead = first.probability < NAMING_LIMIT
    return BottomLine(
        headline=_headline(first, disagree, low_lead),
        sentences=(
            *((_models(posterior, rivals, disagree),) if rivals else ()),
            _leader(posterior, first),
            _runner_up(second),
            prior_sentence(posterior, first, second),
        ),
        confidence=confidence.statement if confidence else NOT_ASSESSED,
        named=not (disagree or low_lead),
    )


def _headline(first: Standing, disagree: bool, low_lead: bool) -> str:
    if disagree:
        return "No faction can be named: the models disagree on who leads."
    if low_lead:
        return f"No faction can be named: the most probable, {first.label}, has {percent(first.probability)}."
    return f"On these assumptions it was {band_words(first)} {first.label}: {percent(first.probability)}."


def _models(posterior: Posterior, rivals: tuple[Posterior, ...], disagree: bool) -> str:
    """Who leads under each model."""
    told = "; ".join(
        f"{one.model.title}: {one.ranking[0].label}, {percent(one.ranking[0].probability)}"
        for one in (posterior, *rivals)
    )
    return f"{'Leaders by model' if disagree else 'The models agree on the leader'} ({told})."


def band_words(standing: Standing) -> str:
    """The word for a probability; both words where its range over inputs spans more than one band."""
    low, middle, high = (probability_words(p) for p in (standing.low, standing.probability, standing.high))
    if low == high:
        return middle
    return f"{low} to {high}" if middle in (low, high) else f"{middle} ({low} to {high})"


def _leader(posterior: Posterior, first: Standing) -> str:
    return (
        f"Under {posterior.model.title} the probability of {first.label} is {percent(first.probability)}, in words "
        f"{band_words(first)}; over numbers nobody knows exactly it ranges from {percents(first.low, first.high)}."
    )


def _runner_up(second: Standing) -> str:
    return (
        f"The next candidate is {second.label} with {percent(second.probability)} "
        f"({percents(second.low, second.high)})."
    )


@dataclass(frozen=True, slots=True)
class Parts:
    """Log-odds of leader against runner-up in decibans: before the evidence, added by it, and in all."""

    prior: float
    evidence: float
    total: float


def log_odds_parts(posterior: Posterior, first: Standing, second: Standing) -> Parts:
    """What the prior says and what the evidence adds, from mean probabilities before and after."""
    prior = float(DECIBANS * np.log(first.prior / second.prior))
    total = float(DECIBANS * np.log(first.probability / second.probability))
    return Parts(prior, total - prior, total)


def prior_sentence(posterior: Posterior, first: Standing, second: Standing) -> str:
    """What part of the log-odds of leader against runner-up comes from the prior."""
    parts = log_odds_parts(posterior, first, second)
    side = first.label if parts.prior >= 0 else second.label
    return (
        f"Of the {decibans(parts.total)} dB by which {first.label} leads {second.label} (odds {odds(parts.total)}), "
        f"{decibans(parts.prior)} dB come from the prior (odds {odds(abs(parts.prior))} for {side}) and "
        f"{decibans(parts.evidence)} dB from the evidence."
    )
