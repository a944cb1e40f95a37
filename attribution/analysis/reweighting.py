"""The posterior of a changed network by importance sampling: Pareto-smoothed weights of the stored draws, their
effective size, one Monte Carlo error for every question, and a new fit where the draws do not reach.

Also who leads, by how much, and whether the lead can be told from a tie.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

import numpy as np

from attribution.errors import UsageError
from attribution.inference.draws import Draws, expectation, khat_threshold, level, reweighted_error, smoothed, sum_error
from attribution.inference.fit import sample
from attribution.inference.posterior import Posterior
from attribution.network.program import Floats, Program
from attribution.network.summation import log_joint_at, normalise, numbers

LOW_ESS = 400.0
NOTHING: Mapping[str, str] = MappingProxyType({})
_FRESH = 7919  # apart from the streams that draw


@dataclass(frozen=True, slots=True)
class Front:
    """The factions by position: `level` are those that lead or are level, `first` and `second` the first two.

    Whoever was ahead before stays `first` while it is level, since a tie takes no lead away; otherwise ties go in the
    order of the case.
    """

    first: int
    second: int
    level: tuple[int, ...]

    @property
    def open(self) -> bool:
        """Whether the lead is open: several are equal within 4 standard errors."""
        return len(self.level) > 1


@dataclass(frozen=True, eq=False)
class Reweighted:
    """Weighted draws that stand for a changed posterior.

    Attributes
    ----------
    draws
        The draws that are weighted: the stored ones, or those of a new fit.
    weights
        Their weights, which sum to one: (draw,).
    probability
        ``p(h | E', theta)`` in each: (draw, faction).
    ess
        Effective sample size.
    khat
        Pareto shape of the weights; None where the effective sample size is at least 400.
    refitted
        The draws are those of a new fit.
    """

    draws: Draws
    weights: Floats
    probability: Floats
    ess: float
    khat: float | None
    refitted: bool = False

    @cached_property
    def probabilities(self) -> Floats:
        """``P(h | E')``: (faction,)."""
        return expectation(self.weights, self.probability)

    @property
    def mcse(self) -> Floats:
        """Monte Carlo standard errors of `probabilities`."""
        return reweighted_error(self.draws, self.probability, self.weights)

    def front(self, before: int) -> Front:
        """Who is ahead, and of whom, where the faction at `before` was ahead without the change."""
        equal = level(self.draws, self.probability, self.weights)
        rest = [one for one in np.argsort(-self.probabilities, kind="stable").tolist() if one not in equal]
        order = [*sorted(equal, key=lambda one: one != before), *rest]
        return Front(order[0], order[1], equal)

    def log_odds(self, first: int | Floats, second: int | Floats) -> tuple[float, float]:
        """``log P(first) / P(second)`` and its Monte Carlo error, of factions by position or sets of them (0/1)."""
        sides = self._side(first), self._side(second)
        return log_odds(self.probabilities, *sides), sum_error(self.draws, self.terms(*sides))

    def terms(self, first: int | Floats, second: int | Floats) -> Floats:
        """What each draw adds to the linearised error of the log-odds: (draw,)."""
        a, b = (np.einsum("dh,h->d", self.probability, self._side(side)) for side in (first, second))
        return np.asarray(self.weights * (_over_mean(a, self.weights) - _over_mean(b, self.weights)))

    def _side(self, side: int | Floats) -> Floats:
        return np.eye(self.probability.shape[1])[side] if isinstance(side, int) else side


def log_odds(probabilities: Floats, first: Floats, second: Floats) -> float:
    """``log P(first) / P(second)`` of two sets of factions (0/1), from the probabilities of all: (faction,) each."""
    a, b = float(probabilities @ first), float(probabilities @ second)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.nan_to_num(np.log(a) - np.log(b), posinf=np.inf, neginf=-np.inf))


def _over_mean(values: Floats, weights: Floats) -> Floats:
    mean = float(np.sum(weights * values))  # no BLAS: its threads cost more than this sum
    return values / mean if mean > 0.0 else np.zeros(len(values))


def contrast(before: Reweighted, after: Reweighted, first: int | Floats, second: int | Floats) -> tuple[float, float]:
    """``log P(first) / P(second)`` before less that after, and its Monte Carlo error.

    Where both stand on the same draws their errors largely cancel, and what is left is counted.
    """
    (was, was_error), (then, then_error) = before.log_odds(first, second), after.log_odds(first, second)
    if after.draws is not before.draws:
        return was - then, float(np.hypot(was_error, then_error))
    return was - then, sum_error(before.draws, before.terms(first, second) - after.terms(first, second))


def published(posterior: Posterior) -> Reweighted:
    """The posterior itself, as something reweighted without a change."""
    weights = posterior.draws.weights
    ess = float(1.0 / np.sum(weights**2))
    return Reweighted(posterior.draws, weights, posterior.faction_draws, ess, None)


def reweight(
    posterior: Posterior, program: Program, log_joint: Floats | None = None, *, refit: bool = True
) -> Reweighted:
    """The posterior of a changed network, by importance sampling from the stored draws.

    Weights are Pareto-smoothed (Vehtari et al. 2024, arXiv:1507.02646). Where no evidence is left the answer is the
    prior, from points of its own.

    Parameters
    ----------
    program
        The changed network.
    log_joint
        ``log pi_h p(E' | h, theta)`` in the stored draws, (draw, faction); summed here where it is not given.
    refit
        Fit again, with the engine of the posterior, where k-hat is above `khat_threshold`.
    """
    if not program.floats.switch.any():
        return _prior(posterior)
    if log_joint is None:
        log_joint = log_joint_at(program, numbers(program, transferred(posterior, program)))
    probability, log_evidence = normalise(log_joint)
    weights, ess, khat = importance_weights(posterior, log_evidence)
    if refit and khat > khat_threshold(len(weights)):
        again = fit_again(posterior, program)
        own = again.draws.weights
        khat = again.draws.khat if again.draws.khat is not None else -np.inf
        ess = float(1.0 / np.sum(own**2))
        return Reweighted(again.draws, own, again.faction_draws, ess, khat if ess < LOW_ESS else None, refitted=True)
    return Reweighted(posterior.draws, weights, probability, ess, khat if ess < LOW_ESS else None)


def reweight_nearby(posterior: Posterior, log_ratio: Floats, probability: Floats | None = None) -> Reweighted:
    """A posterior not far away: every draw counts ``p(E' | theta) / p(E | theta)`` times what it counts now.

    Where the effective sample size is at least 400 the plain weights serve, and a ratio of one gives the published
    answer to the last bit, so that effects of a hundredth of a point are no noise of the smoothing. Below that they are
    those of `reweight`.

    Parameters
    ----------
    log_ratio
        The logarithm of that ratio, (draw,).
    probability
        ``p(h | E', theta)``, (draw, faction), where the change reaches the factions themselves.
    """
    base = posterior.draws.weights
    weights = base * np.exp(log_ratio - np.max(log_ratio[base > 0.0]))
    weights /= weights.sum()
    ess, khat = float(1.0 / np.sum(weights**2)), None
    if ess < LOW_ESS:
        weights, ess, khat = importance_weights(posterior, posterior.log_evidence + log_ratio)
    changed = posterior.faction_draws if probability is None else probability
    return Reweighted(posterior.draws, weights, changed, ess, khat if ess < LOW_ESS else None)


def importance_weights(posterior: Posterior, log_evidence: Floats) -> tuple[Floats, float, float]:
    """Weights of the stored draws for another ``log p(E' | theta)``, their effective sample size, and k-hat.

    Points of the importance engine are weighted by it directly; draws of NUTS by its ratio to the evidence drawn from.
    """
    plain = posterior.draws.log_weight is not None
    log_weight, khat = smoothed(log_evidence if plain else log_evidence - posterior.log_evidence)
    weights = np.exp(log_weight)
    weights /= weights.sum()
    return weights, float(1.0 / np.sum(weights**2)), khat


def transferred(posterior: Posterior, program: Program, instead: Mapping[str, str] = NOTHING) -> Floats:
    """The draws of a posterior as coordinates of another network: (draw, coordinate).

    Coordinates are matched by label, so that a column means the same number in both. A number that the posterior
    does not know takes the column of the one whose place it has (`instead`, new label to old), or else gets fresh
    standard normals, its prior: nothing was learned about it.
    """
    if program.labels == posterior.program.labels:
        return posterior.draws.flat
    flat = posterior.draws.flat
    known = {label: position for position, label in enumerate(posterior.program.labels)}
    known |= {label: known[old] for label, old in instead.items()}
    rng = np.random.default_rng((posterior.settings.random_seed, _FRESH))
    z = np.empty((len(flat), program.dimension))
    for position, label in enumerate(program.labels):
        z[:, position] = flat[:, known[label]] if label in known else rng.standard_normal(len(flat))
    return z


def _prior(posterior: Posterior) -> Reweighted:
    probability = posterior.prior_faction_draws
    scrambles, points = 8, len(probability) // 8
    even = np.full((scrambles, points), -np.log(len(probability)))
    draws = Draws(np.empty((scrambles, points, 0)), log_weight=even)
    return Reweighted(draws, draws.weights, probability, float(len(probability)), None)


def fit_again(posterior: Posterior, program: Program) -> Posterior:
    """The posterior of another network about the same case, drawn by the same engine with the same settings.

    Evidence that is switched off is data: NUTS uses its compiled model again and only samples. The answer's
    `program` is the changed one; its case and model are those of the posterior that the change was made to.
    """
    return sample(posterior.case, posterior.model, posterior.settings, program)


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
    """The published leader and runner-up; `tied` where they are level, so that neither leads."""

    leader: str
    runner_up: str
    tied: bool


def lead(posterior: Posterior) -> Lead:
    """Who leads now; a tie goes to the first in the order of the case, and is called one."""
    first, second = posterior.ranking[:2]
    return Lead(first.id, second.id, tied=len(posterior.level) > 1)


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


def disjoint_sets(posterior: Posterior, first: str, second: str) -> tuple[Floats, Floats]:
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
