"""Draws with their numbers and sums, on which changes are tried: only what a change bears upon is summed again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property

import numpy as np

from attribution.inference.draws import Draws, smoothed
from attribution.inference.posterior import Posterior
from attribution.network.curves import Curve, bent, from_scale, with_odds
from attribution.network.edits import Expanded, Reach, ReachMap, anchored, driven, expanded
from attribution.network.program import RATIO, Floats, Ints, Program
from attribution.network.summation import Parts, keep_open, normalise, part_log_likelihood, tables

_FARTHEST_ODDS = 700.0  # log-odds beyond which a lead counts as certain, so that the root finder meets no infinity


@dataclass(frozen=True, eq=False)
class Workspace:
    """A posterior's draws to try changes on: all of them, with the weights they have, or `rows` that count equally."""

    posterior: Posterior
    rows: Ints | None = None

    @cached_property
    def program(self) -> Program:
        """The network as it is, the reference prior in slots of its own, so that moves of the prior leave it alone."""
        return self._anchored[0]

    @cached_property
    def _anchored(self) -> tuple[Program, Ints]:
        return anchored(self.posterior.program)

    def with_reference(self, slots: Ints) -> Ints:
        """Slots of the posterior's network, and those of the reference prior that hold the same numbers.

        For changes of the model itself: the reference is then the prior of the changed model.
        """
        first = len(self.posterior.program.ints.slot_kind)
        return np.concatenate([slots, first + np.flatnonzero(np.isin(self._anchored[1], slots))])

    @cached_property
    def leader(self) -> int:
        """The published leader, by position."""
        return self.program.factions.index(self.posterior.ranking[0].id)

    @cached_property
    def z(self) -> Floats:
        """Standard normals: (draw, coordinate)."""
        flat = self.posterior.draws.flat
        return flat if self.rows is None else flat[self.rows]

    @cached_property
    def known(self) -> Parts:
        """Prior and likelihood by part, without a change."""
        whole = self.posterior.parts
        if self.rows is None:
            return whole
        return Parts(whole.prior[self.rows], whole.total[self.rows], whole.parts[self.rows])

    @cached_property
    def log_weight(self) -> Floats:
        """What a draw counts, times a changed joint: (draw,)."""
        evidence = self.posterior.log_evidence
        if self.rows is not None:
            return np.asarray(-evidence[self.rows])
        return -evidence if self.posterior.draws.log_weight is None else np.zeros(len(evidence))

    @cached_property
    def expanded(self) -> Expanded:
        """The network in which every statement has a reliability of its own and every faction a factor in the prior."""
        return expanded(self.program)

    @cached_property
    def slots(self) -> Floats:
        """Values of all numbers of the network as it is: (draw, slot)."""
        slots = self.posterior.slots if self.rows is None else self.posterior.slots[self.rows]
        return np.hstack([slots, slots[:, self._anchored[1]]])

    @cached_property
    def expanded_slots(self) -> Floats:
        """Values of all numbers of the expanded network, those of the network as it is first: (draw, slot)."""
        source, item = self.program.ints.origin_source, self.program.ints.origin_item
        statements = np.flatnonzero(self.expanded.reliability >= 0)
        wide = np.ones((len(self.slots), len(self.expanded.program.ints.slot_kind)))
        wide[:, : self.slots.shape[1]] = self.slots
        wide[:, self.expanded.reliability[statements]] = (
            self.slots[:, source[statements]] * self.slots[:, item[statements]]
        )
        return wide

    @cached_property
    def reach(self) -> ReachMap:
        """What each number bears upon."""
        return ReachMap.of(self.program)

    def total(self, slots: Floats, reach: Reach) -> Floats:
        """The log-joint (draw, faction) under changed numbers that bear upon no more than `reach`.

        The numbers are those of the network as it is, or of the expanded one: their count tells which.
        """
        program = self._network(slots)
        change = np.zeros(self.known.total.shape)
        with np.errstate(invalid="ignore"):
            moved = tables(program, slots)[1] - self.known.prior if reach.prior else None
            for part in sorted(reach.parts):
                then = part_log_likelihood(program, slots, part)
                change += then - self.known.parts[:, :, part]
        return self.opened(slots, change, moved)

    def opened(self, slots: Floats, change: Floats, moved: Floats | None = None) -> Floats:
        """The log-joint after a change of log-likelihood and a move of the log prior, with the open set mixed in.

        Both are of shape (draw, faction).
        """
        impossible = ~np.isfinite(self.known.total)
        total = self.known.total + (change if moved is None else change + moved)
        return keep_open(self._network(slots), slots, np.where(impossible, -np.inf, total), moved)

    def shifted(self, coordinate: int, shift: float) -> tuple[Floats, Reach]:
        """The slots with one number moved on its probit or log scale, and what that bears upon."""
        slots, own = np.array(self.slots), driven(self.program, coordinate).tolist()
        for slot in own:
            shape = self._curve(slot)
            slots[:, slot] = self.values(slot, replace(shape, a=shape.a + shift))
        return self._followed(slots, own)

    def displaced(self, shift: Mapping[int, float]) -> tuple[Floats, Reach]:
        """The slots if some standard normals stood elsewhere, by coordinate, and what that bears upon."""
        slots, moved = np.array(self.slots), list[int]()
        for coordinate, by in shift.items():
            own = driven(self.program, coordinate).tolist()
            for slot in own:
                slots[:, slot] = self.values(slot, self._curve(slot), by)
            moved += own
        return self._followed(slots, moved)

    def _curve(self, slot: int) -> Curve:
        floats = self.program.floats
        return Curve(*(float(of[slot]) for of in (floats.curve_a, floats.curve_b, floats.curve_d, floats.curve_s)))

    def values(self, slot: int, shape: Curve, by: float = 0.0) -> Floats:
        """Values of a slot under another curve, or with its standard normal moved `by` so much."""
        ints = self.program.ints
        place = bent(shape, self.z[:, ints.slot_first[slot]] + by)
        if ints.slot_second[slot] >= 0:
            place = place + self.program.floats.curve_vary[slot] * self.z[:, ints.slot_second[slot]]
        return from_scale(place, "ratio" if ints.slot_kind[slot] == RATIO else "probability")

    def _followed(self, slots: Floats, moved: list[int]) -> tuple[Floats, Reach]:
        """With the odds that follow from what was moved, in place."""
        ints, reach = self.program.ints, self.reach.reach(moved)
        for slot in reach.following:
            slots[:, slot] = with_odds(slots[:, ints.slot_first[slot]], slots[:, ints.slot_second[slot]])
        return slots, reach

    def margins(self, log_joint: Floats) -> Floats:
        """``log P(leader) / P(h)`` for every faction, plainly weighted: (faction,); infinite for the leader itself."""
        return margins(log_mass(log_joint + self.log_weight[:, None]), self.leader)

    def _network(self, slots: Floats) -> Program:
        return self.program if slots.shape[1] == self.slots.shape[1] else self.expanded.program


def even_rows(posterior: Posterior, wanted: int) -> Ints:
    """Draws that count equally: stored ones, each taken as often as it weighs (systematic resampling)."""
    below = np.cumsum(posterior.draws.weights)
    at = (np.arange(min(wanted, len(below))) + 0.5) / min(wanted, len(below))
    return np.asarray(np.minimum(np.searchsorted(below, at * below[-1]), len(below) - 1), dtype=np.int64)


_ENOUGH, _FEWEST = 4096, 1024  # as many draws as NUTS takes by default; where a case is large
_MOST_NUMBERS = 2**25  # that a likelihood without each origin may take


def enough_draws(posterior: Posterior, most: int = _ENOUGH) -> Posterior:
    """The same posterior from at most so many points, where these are points of the instant engine.

    The first points of every scramble lie as evenly as all of them, and are weighed by themselves. What is asked of
    them are differences between answers from the same points, whose Monte Carlo errors largely cancel; who leads, and
    with what probability, stays what was published. Fewer still, down to 1,024, where factions and origins are so many
    that memory would not hold what is asked.
    """
    scrambles, points = posterior.draws.z.shape[:2]
    each = len(posterior.program.factions) * max(1, len(posterior.program.origins))
    most = min(most, max(_FEWEST, _MOST_NUMBERS // each))
    kept = 2 ** max(5, (most // scrambles).bit_length() - 1)
    if posterior.draws.log_weight is None or kept >= points:
        return posterior
    rows: Ints = (np.arange(scrambles)[:, None] * points + np.arange(kept)).ravel()
    log_joint = posterior.log_joint[rows]
    log_weight, khat = smoothed(normalise(log_joint)[1].reshape(scrambles, kept))
    sampling = replace(posterior.settings.sampling, log2_points=kept.bit_length() - 1)
    return Posterior.drawn(
        posterior.case,
        posterior.model,
        replace(posterior.settings, sampling=sampling),
        Draws(z=np.ascontiguousarray(posterior.draws.z[:, :kept]), log_weight=log_weight, khat=khat),
        program=posterior.program,
        slots=posterior.slots[rows],
        log_joint=log_joint,
        standings=posterior.standings,
        group_standings=posterior.group_standings,
    )


def log_mass(log_joint: Floats) -> Floats:
    """The logarithm of what each faction has over all draws, up to a constant: (faction,)."""
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(log_joint - log_joint.max()).sum(axis=0)))


def margins(log_mass: Floats, leader: int) -> Floats:
    """Log-odds of the leader against every faction, infinite against itself; factions stand last in `log_mass`."""
    with np.errstate(invalid="ignore"):
        against = np.asarray(log_mass[..., [leader]] - log_mass)
    against[..., leader] = np.inf
    return against


def crossing(
    margins: Callable[[float], Floats], bracket: tuple[float, float], *, within: float
) -> tuple[float, int] | None:
    """The amount at which the lead passes between two ends, by Brent's method, and the rival it passes to.

    Parameters
    ----------
    margins
        Log-odds of the leader against every faction at an amount, infinite against itself: (faction,).
    bracket
        The end at which the leader leads, and the end at which it does not.
    within
        How near the amount has to be.

    Returns
    -------
    None where the lead does not pass between the two ends.
    """
    from scipy.optimize import brentq

    @cache
    def least(amount: float) -> float:
        return float(np.clip(margins(amount).min(), -_FARTHEST_ODDS, _FARTHEST_ODDS))

    if least(bracket[0]) <= 0 or least(bracket[1]) > 0:
        return None
    amount = float(brentq(least, *bracket, xtol=within))
    return amount, int(margins(amount).argmin())
