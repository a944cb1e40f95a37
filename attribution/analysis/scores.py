"""How a posterior did against what was settled later; only against what was settled, and only by what came before."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from attribution.domain.case import Case, Outcome
from attribution.domain.identifiers import PERPETRATOR
from attribution.domain.moments import Moment
from attribution.inference.draws import estimate
from attribution.inference.posterior import Posterior
from attribution.network.program import Floats

_LEAST = 1e-12


@dataclass(frozen=True, slots=True)
class Score:
    """A posterior against one outcome: the probability it gave to the settled set, and what that is worth.

    `log_score` is log2 of `probability`, in bits: 0 at best, -1 for an even chance. `gain` is how much better that is
    than the prior's. `brier` is ``(1 - probability)^2``. `rank` is that of the best member of the set among all
    candidates, 1 at best.
    """

    outcome: int
    probability: float
    mcse: float
    prior: float
    log_score: float
    gain: float
    brier: float
    rank: int


def scores(posterior: Posterior) -> tuple[Score, ...]:
    """Scores of a posterior, one for each outcome that is settled and was not yet settled as of the posterior.

    Without a day, a posterior knows all evidence there is: then an outcome counts only if no item is as late as it.
    """
    case = posterior.case
    return tuple(
        _score(posterior, position, outcome)
        for position, outcome in enumerate(case.outcomes)
        if outcome.scored and foreseen(case, outcome, posterior.settings.as_of)
    )


def foreseen(case: Case, outcome: Outcome, as_of: Moment | None) -> bool:
    """Whether what is known as of a moment was all known before the outcome."""
    if as_of is not None and as_of < outcome.date:
        return True
    known = case.as_of(as_of).evidence
    told = {citation.url for citation in outcome.citations}
    return all(
        item.published < outcome.date and not told.intersection(citation.url for citation in item.citations)
        for item in known
    )


def _score(posterior: Posterior, position: int, outcome: Outcome) -> Score:
    draws, prior = _states(posterior, outcome.proposition.fact)
    states = posterior.case.states(outcome.proposition.fact)
    settled = np.array([state in posterior.case.meaning(outcome.proposition) for state in states])
    found = estimate(posterior.draws, np.column_stack([draws, draws @ settled.astype(float)]))
    means, probability, before = found.mean[:-1], float(found.mean[-1]), float(prior @ settled)
    log_score = math.log2(max(probability, _LEAST))
    return Score(
        outcome=position,
        probability=probability,
        mcse=float(found.mcse[-1]),
        prior=before,
        log_score=log_score,
        gain=log_score - math.log2(max(before, _LEAST)),
        brier=(1.0 - probability) ** 2,
        rank=1 + int(np.sum(means > means[settled].max())),
    )


def _states(posterior: Posterior, fact: str) -> tuple[Floats, Floats]:
    """Draws of the probabilities of a fact's states (draw, state), and their means before the evidence."""
    if fact == PERPETRATOR:
        return posterior.faction_draws, posterior.prior_faction_draws.mean(axis=0)
    start = 0
    for name, states in zip(posterior.program.facts, posterior.program.states, strict=True):
        if name == fact:
            columns = slice(start, start + len(states))
            return posterior.state_draws[:, columns], posterior.prior_state_draws.mean(axis=0)[columns]
        start += len(states)
    raise KeyError(fact)
