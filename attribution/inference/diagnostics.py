"""How well a posterior was drawn: convergence, effective sizes, tails, and whether the other engine agrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from attribution.inference import importance
from attribution.inference.draws import estimate, khat_threshold, smoothed
from attribution.inference.posterior_draws import PosteriorDraws
from attribution.network.beliefs import state_probabilities
from attribution.network.program import Floats
from attribution.network.summation import normalise


@dataclass(frozen=True, slots=True)
class Convergence:
    """Of the chains of NUTS: worst R-hat and effective sample sizes over z, evidence and log-joint, and where."""

    rhat: float
    rhat_where: str
    ess_bulk: float
    ess_bulk_where: str
    ess_tail: float
    ess_tail_where: str
    divergences: int
    bfmi: float
    max_depth_reached: int
    draws: int


@dataclass(frozen=True, slots=True)
class Tails:
    """Of the importance weights: k-hat in all, and for each faction's own ``pi_h p(E | h)``; effective sample size."""

    khat: float
    by_faction: tuple[tuple[str, float], ...]
    ess: float
    draws: int


@dataclass(frozen=True, slots=True)
class CrossCheck:
    """The largest difference between the two engines over factions and states, in combined standard errors.

    `worst` is over differences above 10^-4 only; below that the engines count as agreeing.
    """

    worst: float
    where: str
    difference: float
    compared: int


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """Everything that says whether the numbers can be trusted; what does not apply to an engine is None.

    `cross_check` is None for the instant engine, and where `cross_check_impossible`: an instant run whose own weights
    are unreliable is no witness about another engine. `largest_mcse` is not a number where no error is known.
    """

    engine: str
    largest_mcse: float
    convergence: Convergence | None
    tails: Tails | None
    cross_check: CrossCheck | None

    @property
    def cross_check_impossible(self) -> bool:
        """Whether there should be a second engine to agree with, and it has disqualified itself."""
        tails = self.tails
        return self.engine == "nuts" and tails is not None and not tails.khat <= khat_threshold(tails.draws)


def diagnose(posterior: PosteriorDraws) -> Diagnostics:
    """Diagnose a posterior. A NUTS posterior is compared with a fresh importance run of the same network and seed.

    Where that run's own weights cannot be trusted there is nothing to compare with.
    """
    largest = float(np.max([standing.mcse for standing in posterior.standings]))
    if posterior.settings.engine == "importance":
        tails = _tails(posterior.log_joint, posterior.program.factions, posterior.draws.khat)
        return Diagnostics("importance", largest, None, tails, None)
    sampling, seed = posterior.settings.sampling, posterior.settings.random_seed
    other = importance.draw(posterior.program, sampling, seed)
    tails = _tails(other.log_joint, posterior.program.factions, other.draws.khat)
    if other.draws.unreliable:
        return Diagnostics("nuts", largest, _convergence(posterior), tails, None)
    theirs = [estimate(other.draws, normalise(other.log_joint)[0])]
    if posterior.program.facts:
        states = other.numbers.each(lambda slots: state_probabilities(posterior.program, slots))
        theirs.append(estimate(other.draws, states))
    check = _cross_check(
        posterior,
        np.concatenate([found.mean for found in theirs]),
        np.concatenate([found.mcse for found in theirs]),
    )
    return Diagnostics("nuts", largest, _convergence(posterior), tails, check)


def _convergence(posterior: PosteriorDraws) -> Convergence | None:
    """None where nothing moves: a model without an uncertain number has nothing to converge."""
    draws = posterior.draws
    chains, count = draws.shape
    names = [*posterior.program.labels, "log evidence", *(f"log joint {h}" for h in posterior.program.factions)]
    derived = np.column_stack([posterior.log_evidence, posterior.log_joint])
    columns = np.concatenate([draws.z, derived.reshape(chains, count, -1)], axis=2)
    moving = np.isfinite(columns).all(axis=(0, 1)) & (columns.std(axis=(0, 1)) > 1e-12)
    columns, names = columns[..., moving], [name for name, moves in zip(names, moving, strict=True) if moves]
    return convergence(columns, names, draws.stats) if names else None


def convergence(columns: Floats, names: Sequence[str], stats: Mapping[str, NDArray[Any]]) -> Convergence:
    """How well chains agree on quantities (chain, draw, quantity) that all move, given the sampler's statistics."""
    from arviz_stats.base.array import array_stats

    rhat = np.asarray(array_stats.rhat(columns, chain_axis=0, draw_axis=1))
    bulk = np.asarray(array_stats.ess(columns, chain_axis=0, draw_axis=1, method="bulk"))
    tail = np.asarray(array_stats.ess(columns, chain_axis=0, draw_axis=1, method="tail", prob=(0.05, 0.95)))
    return Convergence(
        rhat=float(rhat.max()),
        rhat_where=names[int(rhat.argmax())],
        ess_bulk=float(bulk.min()),
        ess_bulk_where=names[int(bulk.argmin())],
        ess_tail=float(tail.min()),
        ess_tail_where=names[int(tail.argmin())],
        divergences=int(np.count_nonzero(stats["diverging"])),
        bfmi=float(np.min(array_stats.bfmi(np.asarray(stats["energy"], dtype=float)))),
        max_depth_reached=int(np.count_nonzero(stats["reached_max_treedepth"])),
        draws=columns.shape[0] * columns.shape[1],
    )


def _tails(log_joint: Floats, factions: tuple[str, ...], khat: float | None) -> Tails:
    log_weight, smoothed_khat = smoothed(normalise(log_joint)[1])
    weights = np.exp(log_weight)
    by_faction = tuple((faction, smoothed(log_joint[:, position])[1]) for position, faction in enumerate(factions))
    return Tails(
        khat=smoothed_khat if khat is None else khat,
        by_faction=by_faction,
        ess=float(weights.sum() ** 2 / np.sum(weights**2)),
        draws=len(log_joint),
    )


def _cross_check(posterior: PosteriorDraws, mean: Floats, error: Floats) -> CrossCheck:
    ours = (*posterior.standings, *posterior.state_standings)
    difference = np.array([standing.probability for standing in ours]) - mean
    combined = np.hypot([standing.mcse for standing in ours], error)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.where(np.abs(difference) > 1e-4, np.abs(difference) / combined, 0.0)
    worst = int(distance.argmax()) if distance.any() else int(np.abs(difference).argmax())
    return CrossCheck(float(distance[worst]), ours[worst].id, float(difference[worst]), len(ours))
