"""The posterior of a changed network from stored draws: importance weights, their errors, a new fit where they fail.

Also who leads, by how much, and whether the lead can be told from a tie.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from attribution.errors import UsageError
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
        again = fit_again(posterior, program)
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


def nearby(posterior: Posterior, log_ratio: Floats) -> tuple[Floats, float, float]:
    """Weights of the draws for a posterior not far away, their effective sample size, and k-hat.

    Where the effective sample size is at least 400 the plain weights serve, and a ratio of one gives the published
    answer to the last bit; below that they are Pareto-smoothed, and k-hat says whether they can be trusted.
    """
    base = posterior.draws.weights
    weights = base * np.exp(log_ratio - np.max(log_ratio[base > 0.0]))
    weights /= weights.sum()
    ess = float(1.0 / np.sum(weights**2))
    if ess >= LOW_ESS:
        return weights, ess, float("-inf")
    return reweigh(posterior, posterior.log_evidence + log_ratio)


def fit_again(posterior: Posterior, program: Program) -> Posterior:
    """The posterior of another network about the same case, drawn by the same engine with the same settings.

    Evidence that is switched off is data: NUTS uses its compiled model again and only samples. The answer's
    `program` is the changed one; its case and model are those of the posterior that the change was made to.
    """
    settings = posterior.settings
    if settings.engine == "importance":
        from attribution.inference import importance

        found = importance.draw(program, settings.sampling, settings.seed)
        again = Posterior(posterior.case, posterior.model, settings, found.draws)
        return again.remember(program=program, slots=found.slots, log_joint=found.log_joint)
    from attribution.inference import nuts

    draws = nuts.draw(program, settings.sampling, settings.seed)
    return Posterior(posterior.case, posterior.model, settings, draws).remember(program=program)


def jackknife(statistic: Callable[[Floats], Floats], weights: Floats, chains: int) -> tuple[Floats, Floats]:
    """The statistic under `weights` (draw,), and the standard error of each of its entries.

    Chains of NUTS and scrambles of the importance engine are independent of one another, draws within them are not; so
    the error is that of the delete-one jackknife over chains: the root of ``(n - 1) / n`` times the sum of squares
    of what each deletion changes.
    """
    whole = np.asarray(statistic(weights))
    parts = weights.reshape(chains, -1)
    without = []
    for chain in range(chains):
        kept = parts.copy()
        kept[chain] = 0.0
        without.append(np.asarray(statistic((kept / kept.sum()).ravel())))
    spread = np.stack(without)
    error = np.sqrt((chains - 1) / chains * np.sum((spread - spread.mean(axis=0)) ** 2, axis=0))
    return whole, error


@dataclass(frozen=True, slots=True)
class Lead:
    """The published leader and runner-up; `tied` where they are equal within 4 standard errors."""

    leader: str
    runner_up: str
    tied: bool


def published(posterior: Posterior) -> Reached:
    """The posterior itself, as something reached without a change."""
    weights = posterior.draws.weights
    ess = float(1.0 / np.sum(weights**2))
    return Reached(posterior.draws, weights, posterior.faction_draws, ess, None)


def lead(posterior: Posterior) -> Lead:
    """Who leads now; a tie goes to the first in the order of the case, and is called one."""
    first, second = posterior.ranking[:2]
    log_odds, error = published(posterior).log_odds(
        members(posterior, first.id, "leader"), members(posterior, second.id, "runner-up")
    )
    return Lead(first.id, second.id, abs(log_odds) <= EQUAL * error or first.probability == second.probability)


def members(posterior: Posterior, node: str, name: str) -> Floats:
    """1 for each faction at or below a node of the tree, 0 for all others: (faction,).

    Raises
    ------
    UsageError
        A name that is not in the tree.
    """
    tree = posterior.case.factions
    if node not in tree:
        raise UsageError.unknown("factions and groups", node, tree.ids, at=(name,))
    below = tree.under(node)
    return np.array([float(leaf in below) for leaf in posterior.program.factions])


def apart(posterior: Posterior, first: str, second: str) -> tuple[Floats, Floats]:
    """Two nodes as sets of factions.

    Raises
    ------
    UsageError
        An unknown node, the same one twice, or one that holds the other.
    """
    a, b = members(posterior, first, "first"), members(posterior, second, "second")
    if np.any(a * b > 0):
        raise UsageError(
            f'"{first}" is compared with itself.'
            if first == second
            else f'"{first}" and "{second}" have factions in common.',
            allowed="two nodes of the tree of factions, neither inside the other",
        )
    return a, b
