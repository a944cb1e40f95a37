"""Draws with their numbers and sums, on which changes are tried: only what a change bears upon is summed again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from weakref import WeakKeyDictionary

import numpy as np

from attribution.inference.draws import Draws, Numbers, smoothed
from attribution.inference.posterior import Posterior
from attribution.network.curves import Curve, bent, from_scale, with_odds
from attribution.network.edits import Expanded, Reach, ReachMap, anchored, driven, expanded
from attribution.network.program import RATIO, Floats, Ints, Program
from attribution.network.summation import (
    Change,
    Parts,
    Surprise,
    classes_of,
    kept_open,
    log_prior_under,
    normalise,
    opened,
    part_under,
)

type Columns = dict[int, Floats]  # other values of some slots, (draw,) each

_FARTHEST_ODDS = 700.0  # log-odds beyond which a lead counts as certain, so that the root finder meets no infinity


@dataclass(frozen=True, eq=False)
class _Network:
    """What workspaces of one network have in common: with the network, its tapes.

    `anchor` are the slots whose copies the reference prior has, by copy.
    """

    program: Program
    anchor: Ints

    @cached_property
    def expanded(self) -> Expanded:
        return expanded(self.program)

    @cached_property
    def reach(self) -> ReachMap:
        """What each number bears upon."""
        return ReachMap.of(self.program)

    @cached_property
    def _moved_by(self) -> dict[int, tuple[list[int], Reach]]:
        return {}

    def moved_by(self, coordinate: int) -> tuple[list[int], Reach]:
        if coordinate not in self._moved_by:
            own = driven(self.program, coordinate).tolist()
            self._moved_by[coordinate] = own, self.reach.reach(own)
        return self._moved_by[coordinate]


_networks: WeakKeyDictionary[Program, _Network] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True, eq=False)
class Changed:
    """Log-joints under some changes, before the open set is mixed in: (faction, change, draw).

    `moved` is how far the log prior in them is from that of the reference; `surprise` is (change, draw) each.
    """

    total: Floats
    moved: Floats | None
    surprise: Surprise

    def log_joint(self, program: Program) -> Floats:
        """The log-joint under the only change: (draw, faction)."""
        moved = None if self.moved is None else self.moved[:, 0].T
        return kept_open(program, (self.surprise[0][0], self.surprise[1][0]), self.total[:, 0].T, moved)

    def opened(self, program: Program) -> tuple[Floats, Floats]:
        """``p(h | E)`` (faction, change, draw) and ``log p(E)`` (change, draw)."""
        factions, shape = len(self.total), self.surprise[0].shape
        moved = None if self.moved is None else self.moved.reshape(factions, -1)
        surprise = self.surprise[0].ravel(), self.surprise[1].ravel()
        probability, evidence = opened(program, surprise, self.total.reshape(factions, -1).copy(), moved)
        return probability.reshape(factions, *shape), evidence.reshape(shape)


@dataclass(frozen=True, eq=False)
class Workspace:
    """A posterior's draws to try changes on: all of them, with the weights they have, or `rows` that count equally."""

    posterior: Posterior
    rows: Ints | None = None

    @cached_property
    def _network(self) -> _Network:
        program = self.posterior.program
        return _networks.get(program) or _networks.setdefault(program, _Network(*anchored(program)))

    @property
    def program(self) -> Program:
        """The network as it is, the reference prior in slots of its own, so that moves of the prior leave it alone."""
        return self._network.program

    def with_reference(self, slots: Ints) -> Ints:
        """Slots of the posterior's network, and those of the reference prior that hold the same numbers.

        For changes of the model itself: the reference is then the prior of the changed model.
        """
        first = len(self.posterior.program.ints.slot_kind)
        return np.concatenate([slots, first + np.flatnonzero(np.isin(self._network.anchor, slots))])

    @cached_property
    def leader(self) -> int:
        """The published leader, by position."""
        return self.program.factions.index(self.posterior.ranking[0].id)

    @cached_property
    def z(self) -> Floats:
        """Standard normals: (draw, coordinate)."""
        return self.posterior.draws.rows(self.rows)

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

    @property
    def expanded(self) -> Expanded:
        """The network in which every statement has a reliability of its own and every faction a factor in the prior."""
        return self._network.expanded

    @cached_property
    def slots(self) -> Floats:
        """Values of all numbers of the network as it is: (draw, slot), those of one slot side by side."""
        of_slot = self.posterior.numbers.rows(self.rows).T
        return np.concatenate([of_slot, of_slot[self._network.anchor]]).T

    @cached_property
    def expanded_slots(self) -> Floats:
        """Values of all numbers of the expanded network, those of the network as it is first: (draw, slot)."""
        source, item = self.program.ints.origin_source, self.program.ints.origin_item
        statements = np.flatnonzero(self.expanded.reliability >= 0)
        wide = np.ones((len(self.expanded.program.ints.slot_kind), len(self.slots))).T
        wide[:, : self.slots.shape[1]] = self.slots
        wide[:, self.expanded.reliability[statements]] = (
            self.slots[:, source[statements]] * self.slots[:, item[statements]]
        )
        return wide

    def total(self, columns: Columns, reach: Reach) -> Floats:
        """The log-joint (draw, faction) under a change of numbers that bear upon no more than `reach`."""
        return self.changed([(columns, reach)]).log_joint(self.program)

    def changed(self, changes: Sequence[tuple[Columns, Reach]]) -> Changed:
        """The log-joint under each of some changes of numbers that bear upon no more than what each of them reaches.

        What is the same under some of them is summed once.
        """
        wide = any(slot >= self.slots.shape[1] for columns, _ in changes for slot in columns)
        slots, program = (self.expanded_slots, self.expanded.program) if wide else (self.slots, self.program)
        under = [Change(columns) for columns, _ in changes]
        shape = (len(program.factions), len(changes), len(slots))
        change, moved = np.zeros(shape), np.zeros(shape)
        for part in sorted({part for _, reach in changes for part in reach.parts}):
            mine = np.array([place for place, (_, reach) in enumerate(changes) if part in reach.parts])
            known = self.known.parts[:, :, part].T
            for some, logs in part_under(program, slots, part, [under[place] for place in mine]):
                with np.errstate(invalid="ignore"):
                    change[:, mine[some]] += (logs.T[classes_of(program, part)] - known)[:, None]
        prior = np.array([place for place, (_, reach) in enumerate(changes) if reach.prior], dtype=np.int64)
        for some, logs in log_prior_under(program, slots, [under[place] for place in prior]) if len(prior) else ():
            with np.errstate(invalid="ignore"):
                moved[:, prior[some]] = (logs.T - self.known.prior.T)[:, None]
        own = [[one.columns.get(slot, slots[:, slot]) for one in under] for slot in program.ints.surprise.tolist()]
        return self.with_change((np.stack(own[0]), np.stack(own[1])), change, moved if len(prior) else None)

    def with_change(self, surprise: Surprise, change: Floats | None, moved: Floats | None) -> Changed:
        """The log-joint after a change of log-likelihood and a move of the log prior: (faction, change, draw) each."""
        known = self.known.total.T[:, None]
        total = known + sum(one for one in (change, moved) if one is not None)
        return Changed(np.where(np.isfinite(known), total, -np.inf), moved, surprise)

    def moved_by(self, coordinate: int) -> tuple[list[int], Reach]:
        """The slots that an uncertain number stands in, and what these bear upon."""
        return self._network.moved_by(coordinate)

    def shifted(self, coordinate: int, shift: float) -> Columns:
        """Values of the slots that change where one number is moved on its probit or log scale, by slot."""
        own, reach = self.moved_by(coordinate)
        columns = {}
        for slot in own:
            shape = self._curve(slot)
            columns[slot] = self.values(slot, replace(shape, a=shape.a + shift))
        return self._followed(columns, reach)

    def displaced(self, shift: Mapping[int, float]) -> tuple[Columns, Reach]:
        """The same if some standard normals stood elsewhere, by coordinate; and what that bears upon."""
        columns = {
            slot: self.values(slot, self._curve(slot), by)
            for coordinate, by in shift.items()
            for slot in self.moved_by(coordinate)[0]
        }
        reach = self._network.reach.reach(columns)
        return self._followed(columns, reach), reach

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

    def _followed(self, columns: Columns, reach: Reach) -> Columns:
        """With the odds that follow from what was moved."""
        ints = self.program.ints
        for slot in reach.following:
            of = (int(ints.slot_first[slot]), int(ints.slot_second[slot]))
            columns[slot] = with_odds(*(columns[one] if one in columns else self.slots[:, one] for one in of))
        return columns

    def margins(self, log_joint: Floats) -> Floats:
        """``log P(leader) / P(h)`` for every faction, plainly weighted; infinite for the leader itself: (faction,).

        Of a log-joint (draw, faction).
        """
        return margins(log_mass(log_joint + self.log_weight[:, None]), self.leader)

    def margins_under(self, changed: Changed) -> Floats:
        """The same under each change, from one exponential of each number: (change, faction)."""
        probability, evidence = changed.opened(self.program)
        log_weight = evidence + self.log_weight
        weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
        with np.errstate(divide="ignore"):
            return margins(np.log(np.einsum("hcd,cd->ch", probability, weight)), self.leader)


def even_rows(posterior: Posterior, wanted: int) -> Ints:
    """Draws that count equally: stored ones, each taken as often as it weighs (systematic resampling)."""
    below = np.cumsum(posterior.draws.weights)
    at = (np.arange(min(wanted, len(below))) + 0.5) / min(wanted, len(below))
    return np.asarray(np.minimum(np.searchsorted(below, at * below[-1]), len(below) - 1), dtype=np.int64)


_ENOUGH, _FEWEST = 4096, 1024  # as many draws as NUTS takes by default; where a case is large
_MOST_NUMBERS = 2**25  # that a likelihood without each origin may take
_MOST_OF_NETWORK, _OF_LARGE = 2**23, 8192  # numbers of a network that are held of all points; else of so many


_FEWER: WeakKeyDictionary[Posterior, dict[int, Posterior]] = WeakKeyDictionary()


def enough_draws(posterior: Posterior, most: int = _ENOUGH) -> Posterior:
    """The same posterior from at most so many points, where these are points of the instant engine.

    The first points of every scramble lie as evenly as all of them, and are weighed by themselves. What is asked of
    them are differences between answers from the same points, whose Monte Carlo errors largely cancel; who leads, and
    with what probability, stays what was published. At most 8,192 where the network's numbers in all points are many,
    and fewer still, down to 1,024, where factions and origins are so many that memory would not hold what is asked.
    Worked out once: what one question found in them another need not.
    """
    scrambles, points = posterior.draws.shape
    most = min(most, max(_FEWEST, _MOST_NUMBERS // numbers_of_a_draw(posterior)))
    if posterior.draws.count * len(posterior.program.ints.slot_kind) > _MOST_OF_NETWORK:
        most = min(most, _OF_LARGE)
    kept = 2 ** max(5, (most // scrambles).bit_length() - 1)
    if posterior.draws.log_weight is None or kept >= points:
        return posterior
    known = _FEWER.setdefault(posterior, {})
    if kept not in known:
        known[kept] = _first_points(posterior, kept)
    return known[kept]


def twice_affordable(posterior: Posterior) -> bool:
    """Whether two processes may ask it at once: each of them has half of what one may hold of all points."""
    numbers = max(len(posterior.program.ints.slot_kind), numbers_of_a_draw(posterior))
    return 2 * posterior.draws.count * numbers <= _MOST_OF_NETWORK


def numbers_of_a_draw(posterior: Posterior) -> int:
    """How many a likelihood without each origin has, of every faction."""
    return len(posterior.program.factions) * max(1, len(posterior.program.origins))


def _first_points(posterior: Posterior, kept: int) -> Posterior:
    """The same posterior from so many points of every scramble."""
    scrambles, points = posterior.draws.shape
    rows: Ints = (np.arange(scrambles)[:, None] * points + np.arange(kept)).ravel()
    log_joint = posterior.log_joint[rows]
    log_weight, khat = smoothed(normalise(log_joint)[1].reshape(scrambles, kept))
    sampling = replace(posterior.settings.sampling, log2_points=kept.bit_length() - 1)
    fewer = Draws(posterior.draws.normals[:, :kept], log_weight=log_weight, khat=khat)
    return Posterior.drawn(
        posterior.case,
        posterior.model,
        replace(posterior.settings, sampling=sampling),
        fewer,
        program=posterior.program,
        numbers=Numbers(posterior.program, fewer, posterior.numbers.rows(rows)),
        log_joint=log_joint,
        standings=posterior.standings,
        group_standings=posterior.group_standings,
    )


def log_mass(log_joint: Floats) -> Floats:
    """The logarithm of what each faction has over all draws, the axis before the last, up to a constant."""
    top = log_joint.max(axis=(-2, -1), keepdims=True)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(np.exp(log_joint - top).sum(axis=-2)))


def margins(log_mass: Floats, leader: int) -> Floats:
    """Log-odds of the leader against every faction, infinite against itself; factions stand last in `log_mass`."""
    with np.errstate(invalid="ignore"):
        against = np.asarray(log_mass[..., [leader]] - log_mass)
    against[..., leader] = np.inf
    return against


def crossing(
    margins: Callable[[float], Floats], bracket: tuple[float, float], *, within: float
) -> tuple[float, int] | None:
    """The amount at which the lead passes between two ends, and the rival it passes to; None where it does not.

    As `crossings`, of one bracket: `margins` is (faction,) at an amount, and asked for no amount twice.
    """
    known = cache(margins)
    amounts, rivals = crossings(
        lambda _, amounts: np.stack([known(amount) for amount in amounts.tolist()]), np.array([bracket]), within=within
    )
    return None if np.isnan(amounts[0]) else (float(amounts[0]), int(rivals[0]))


def crossings(margins: Callable[[Ints, Floats], Floats], brackets: Floats, *, within: float) -> tuple[Floats, Ints]:
    """Where the lead passes in each of some brackets, all of them solved at once (Chandrupatla 1997).

    Each step is an inverse quadratic interpolation through the last three points where these are nearly a straight
    line, and halves the bracket elsewhere (doi:10.1016/S0965-9978(96)00051-8).

    Parameters
    ----------
    margins
        Log-odds of the leader against every faction, infinite against itself, in the brackets at some positions at an
        amount each: (position, faction).
    brackets
        The end at which the leader leads, and the end at which it does not: (bracket, 2).
    within
        How near amounts have to be.

    Returns
    -------
    The amount for each bracket, nan where the lead does not pass between its ends; and the position of the rival to
    which it passes.
    """
    amount, rival = np.full(len(brackets), np.nan), np.zeros(len(brackets), dtype=np.int64)

    def least(which: Ints, at: Floats) -> Floats:
        return np.clip(margins(which, at).min(axis=1), -_FARTHEST_ODDS, _FARTHEST_ODDS)

    left: Ints = np.arange(len(brackets))
    if not len(left):
        return amount, rival
    x1, x2 = np.array(brackets, dtype=np.float64).T
    f1, f2 = least(left, x1), least(left, x2)
    passes = (f1 > 0) & (f2 <= 0)
    left, (x1, x2, f1, f2) = left[passes], (of[passes] for of in (x1, x2, f1, f2))
    share = np.full(len(left), 0.5)
    while len(left):
        x = x1 + share * (x2 - x1)
        f = least(left, x)
        same = (f > 0) == (f1 > 0)
        x3, f3 = np.where(same, x1, x2), np.where(same, f1, f2)
        x2, f2 = np.where(same, x2, x1), np.where(same, f2, f1)
        x1, f1 = x, f
        amount[left] = np.where(np.abs(f1) < np.abs(f2), x1, x2)
        open_still = (np.abs(x2 - x1) >= within) & (f1 != 0)
        left, (x1, x2, x3, f1, f2, f3) = left[open_still], (of[open_still] for of in (x1, x2, x3, f1, f2, f3))
        least_share = 0.5 * within / np.abs(x2 - x1)
        share = np.clip(_interpolated((x1, x2, x3), (f1, f2, f3)), least_share, 1.0 - least_share)
    passed: Ints = np.flatnonzero(np.isfinite(amount))
    if len(passed):
        rival[passed] = margins(passed, amount[passed]).argmin(axis=1)
    return amount, rival


def _interpolated(x: tuple[Floats, Floats, Floats], f: tuple[Floats, Floats, Floats]) -> Floats:
    """Where between the first point and the second the root is by inverse quadratic interpolation, else halfway."""
    (x1, x2, x3), (f1, f2, f3) = x, f
    with np.errstate(divide="ignore", invalid="ignore"):
        along, up = (x1 - x2) / (x3 - x2), (f1 - f2) / (f3 - f2)
        straight = (up**2 < along) & ((1.0 - up) ** 2 < 1.0 - along)
        beyond = (x3 - x1) / (x2 - x1)
        root = f1 / (f1 - f2) * f3 / (f3 - f2) - beyond * f1 / (f3 - f1) * f2 / (f2 - f3)
    return np.where(straight, root, 0.5)
