"""What the stored draws say about a changed network: weights, their effective size, and a new fit where they fail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.analysis.refit import refit as fitted_again
from attribution.inference.draws import Draws, expectation, khat_threshold, reweighted_error, smoothed, sum_error
from attribution.inference.posterior import Posterior
from attribution.network.program import Floats, Program
from attribution.network.summation import normalise

LOW_ESS = 400.0
EQUAL = 4.0  # standard errors within which two probabilities count as equal


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """Weighted draws that stand for a changed posterior.

    `weights` (draw,) sum to one, `probability` is ``p(h | E', theta)`` (draw, faction). `khat` is None where the
    effective sample size is at least 400. `refitted` says that the draws are those of a new fit.
    """

    draws: Draws
    weights: Floats
    probability: Floats
    ess: float
    khat: float | None
    refitted: bool = False

    @property
    def probabilities(self) -> Floats:
        """``P(h | E')``: (faction,)."""
        return expectation(self.weights, self.probability)

    @property
    def mcse(self) -> Floats:
        """Monte Carlo standard errors of `probabilities`."""
        return reweighted_error(self.draws, self.probability, self.weights)

    def log_odds(self, first: Floats, second: Floats) -> tuple[float, float]:
        """``log P(first) / P(second)`` and its Monte Carlo error; both are 0/1 over factions."""
        a, b = float(self.probabilities @ first), float(self.probabilities @ second)
        with np.errstate(divide="ignore", invalid="ignore"):
            log_odds = float(np.nan_to_num(np.log(a) - np.log(b), posinf=np.inf, neginf=-np.inf))
        return log_odds, sum_error(self.draws, self.weights * self.relative(first, second))

    def relative(self, first: Floats, second: Floats) -> Floats:
        """In each draw, by how much of itself one probability is above its mean, less the same of the other."""
        a, b = (np.einsum("dh,h->d", self.probability, side) for side in (first, second))
        return np.asarray(_over_mean(a, self.weights) - _over_mean(b, self.weights))


def _over_mean(values: Floats, weights: Floats) -> Floats:
    mean = float(np.sum(weights * values))  # no BLAS: its threads cost more than this sum
    return values / mean if mean > 0.0 else np.zeros(len(values))


def change(before: Reached, after: Reached, first: Floats, second: Floats) -> tuple[float, float]:
    """``log P(first) / P(second)`` before less that after, and its Monte Carlo error.

    Where both stand on the same draws their errors largely cancel, and what is left is counted.
    """
    (was, was_error), (then, then_error) = before.log_odds(first, second), after.log_odds(first, second)
    if after.draws is not before.draws:
        return was - then, float(np.hypot(was_error, then_error))
    terms = [one.weights * one.relative(first, second) for one in (before, after)]
    return was - then, sum_error(before.draws, terms[0] - terms[1])


def reached(posterior: Posterior, program: Program, log_joint: Floats, *, refit: bool = True) -> Reached:
    """The posterior of a changed network, from the log-joint that it has in the stored draws (draw, faction).

    Where no evidence is left it is the prior, from points of its own. Where k-hat is above `khat_threshold` the
    network is fitted again, unless `refit` is off.
    """
    if not program.floats.switch.any():
        return _prior(posterior)
    probability, log_evidence = normalise(log_joint)
    weights, ess, khat = reweigh(posterior, log_evidence)
    if refit and khat > khat_threshold(len(weights)):
        again = fitted_again(posterior, program)
        own = again.draws.weights
        khat = again.draws.khat if again.draws.khat is not None else -np.inf
        ess = float(1.0 / np.sum(own**2))
        return Reached(again.draws, own, again.faction_draws, ess, khat if ess < LOW_ESS else None, refitted=True)
    return Reached(posterior.draws, weights, probability, ess, khat if ess < LOW_ESS else None)


def reweigh(posterior: Posterior, log_evidence: Floats) -> tuple[Floats, float, float]:
    """Weights of the stored draws for another ``log p(E' | theta)``, their effective sample size, and k-hat.

    Points of the importance engine are weighted by it directly; draws of NUTS by its ratio to the evidence drawn from.
    """
    plain = posterior.draws.log_weight is not None
    log_weight, khat = smoothed(log_evidence if plain else log_evidence - posterior.log_evidence)
    weights = np.exp(log_weight)
    weights /= weights.sum()
    return weights, float(1.0 / np.sum(weights**2)), khat


def _prior(posterior: Posterior) -> Reached:
    probability = posterior.prior_faction_draws
    scrambles, points = 8, len(probability) // 8
    even = np.full((scrambles, points), -np.log(len(probability)))
    draws = Draws(z=np.empty((scrambles, points, 0)), log_weight=even)
    return Reached(draws, draws.weights, probability, float(len(probability)), None)
