"""How much deception it takes: all forgeable origins fabricated with one probability, and the fewest that suffice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from attribution.analysis.perturbations import (
    MARK,
    NOISE,
    Planting,
    crossing,
    doubted,
    even_rows,
    forgeable,
    marked_slot,
    planted,
)
from attribution.analysis.reweighting import Lead, Reweighted, lead, reweight, transferred
from attribution.analysis.subsets import Block, Blocks, blocks
from attribution.analysis.units import chosen, units
from attribution.domain.identifiers import OTHER
from attribution.domain.numbers import Number
from attribution.domain.verbal import percent
from attribution.errors import UsageError, listed
from attribution.inference.posterior import Posterior
from attribution.network.edits import with_constant
from attribution.network.program import Floats, Ints
from attribution.network.subset_sums import products, subset_sums
from attribution.network.summation import log_joint_at, numbers

if TYPE_CHECKING:
    import pandas as pd

_GRID = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_DRAWS = 512
_SET_DRAWS = 256
_MOST_SETS = 2**13


@dataclass(frozen=True, slots=True)
class Direction:
    """Deception at random (`toward` is empty), or toward one faction.

    `flip` is the smallest common probability at which the lead passes, to `to`; None where it never does. `log_odds` is
    that of the leader against `to` there, 0 within 4 Monte Carlo errors; `error` is what that amounts to in `flip`.
    `curve` holds the probabilities of all factions at each of the finding's `levels`. `fewest` is the smallest set of
    origins that suffices if surely forged, the others as in the model.
    """

    toward: str
    label: str
    flip: float | None
    error: float
    to: str
    log_odds: float
    log_odds_error: float
    ess: float
    khat: float | None
    refitted: bool
    curve: tuple[tuple[float, ...], ...]
    fewest: FewestPlanted | None


@dataclass(frozen=True, slots=True)
class DeceptionBudget:
    """The directions: at random first, then toward each faction in the order of the case.

    `forgeable` are the origins that are moved together. Of those `as_in_model` the model itself says how probable it is
    that they are forged; they stay so, and at a probability of 0 all is as published. Where that would be all of them,
    they are moved instead.
    """

    factions: tuple[str, ...]
    labels: tuple[str, ...]
    leader: str
    runner_up: str
    tied: bool
    forgeable: tuple[str, ...]
    as_in_model: tuple[str, ...]
    draws: int
    levels: tuple[float, ...]
    directions: tuple[Direction, ...]

    @property
    def method(self) -> str:
        """What was perturbed, and how it was computed."""
        kept = f"; {len(self.as_in_model)} that the model itself doubts stay as they are" if self.as_in_model else ""
        return (
            f"{len(self.forgeable)} origins that could be forged are taken to be fabricated with one common probability"
            f"{kept}: at random, or planted to point to one faction. What is planted is taken to say just what it "
            f"says, so this is the least that a deceiver could need. Curves from {_DRAWS} equal draws, changes of lead "
            f"from {self.draws} stored draws, summed exactly in each."
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per direction and level: probabilities by faction."""
        import pandas as pd

        rows = [
            [direction.toward or "noise", level, *probabilities]
            for direction in self.directions
            for level, probabilities in zip(self.levels, direction.curve, strict=True)
        ]
        return pd.DataFrame(rows, columns=["toward", "probability", *self.factions]).set_index(
            ["toward", "probability"]
        )

    def __str__(self) -> str:
        if self.tied:
            return f"{self.leader} and {self.runner_up} are equal within Monte Carlo error: no deception is needed."
        told = [_told(one) for one in self.directions if one.flip is not None]
        never = [one.label for one in self.directions if one.flip is None]
        lines = [f"The lead of {self.leader} passes {text}." for text in told]
        if never:
            lines.append(f"However probable, these do not change it: {listed(never)}.")
        return " ".join([*lines, self.method])


def _told(one: Direction) -> str:
    assert one.flip is not None
    few = ""
    if one.fewest is not None:
        bound = "" if one.fewest.exact else "at most "
        few = f"; if surely forged, {bound}{len(one.fewest.origins)} suffice: {listed(one.fewest.origins)}"
    return f"to {one.to} if all were forged {one.label} with probability {percent(one.flip)}{few}"


def deception_budget(posterior: Posterior, *, refit: bool = True) -> DeceptionBudget:
    """How much forging changes the lead, in which direction, and who would gain.

    Raises
    ------
    UsageError
        No origin could be forged.
    """
    origins = forgeable(posterior)
    if not origins:
        raise UsageError("no origin of this case could be forged.", allowed="an origin that is not `forgeable: no`")
    own = doubted(posterior, origins)
    moved = tuple(origin for origin in origins if origin not in own) or origins
    who = lead(posterior)
    planting = Planting.of(posterior, moved, even_rows(posterior, _DRAWS))
    clean = planting.at(0.0)[0]
    curves: dict[str, list[Floats]] = {toward: [] for toward in (NOISE, *posterior.program.factions)}
    for level in _GRID:
        totals = planting.at(level)
        for toward, curve in curves.items():
            curve.append(_mass(planting, _toward(posterior, clean, totals, toward)))
    directions = []
    for toward, curve in curves.items():
        directions.append(
            _direction(posterior, planting, clean, (moved, origins), toward, np.array(curve), who, refit=refit)
        )
    return DeceptionBudget(
        factions=posterior.program.factions,
        labels=tuple(posterior.case.factions.label(one) for one in posterior.program.factions),
        leader=who.leader,
        runner_up=who.runner_up,
        tied=who.tied,
        forgeable=moved,
        as_in_model=own if len(own) < len(origins) else (),
        draws=len(posterior.draws.weights),
        levels=_GRID,
        directions=tuple(directions),
    )


def _toward(posterior: Posterior, clean: Floats, totals: tuple[Floats, Floats], toward: str) -> Floats:
    noise, anybody = totals
    if toward == NOISE:
        return noise
    spared = posterior.program.factions.index(toward)
    total = anybody.copy()
    total[:, spared] = clean[:, spared]
    return total


def _mass(planting: Planting, total: Floats) -> Floats:
    """Probabilities of all factions: (faction,)."""
    terms = planting.opened(total) + planting.log_weight[:, None]
    mass = np.exp(terms - terms.max()).sum(axis=0)
    return np.asarray(mass / mass.sum())


def _direction(
    posterior: Posterior,
    planting: Planting,
    clean: Floats,
    origins: tuple[tuple[str, ...], tuple[str, ...]],
    toward: str,
    curve: Floats,
    who: Lead,
    *,
    refit: bool,
) -> Direction:
    leader = posterior.program.factions.index(who.leader)
    label = f"to point to {posterior.case.factions.label(toward)}" if toward else "at random"
    table = tuple(tuple(row.tolist()) for row in curve)
    margins = _margins(curve, leader)
    passed = np.flatnonzero(margins <= 0)
    if who.tied or not len(passed):
        return Direction(toward, label, None, 0.0, "", 0.0, 0.0, 0.0, None, False, table, None)

    def margin(level: float) -> tuple[float, int]:
        mass = _mass(planting, _toward(posterior, clean, planting.at(level), toward))
        return float(_margins(mass[None], leader)[0]), _nearest(mass, leader)

    first = int(passed[0])
    rough, to = (0.0, _nearest(curve[0], leader)) if first == 0 else crossing(margin, (_GRID[first - 1], _GRID[first]))
    flip, slope, then = _pinned(posterior, origins[0], toward, rough, leader, to, refit=refit)
    log_odds, error = then.log_odds(leader, to)
    return Direction(
        toward=toward,
        label=label,
        flip=flip,
        error=error / slope if slope else 0.0,
        to=posterior.program.factions[to],
        log_odds=log_odds,
        log_odds_error=error,
        ess=then.ess,
        khat=then.khat,
        refitted=then.refitted,
        curve=table,
        fewest=fewest(posterior, origins[1], toward, leader),
    )


def _pinned(
    posterior: Posterior, origins: tuple[str, ...], toward: str, rough: float, leader: int, to: int, *, refit: bool
) -> tuple[float, float, Reweighted]:
    """On all draws: the probability at which leader and rival are level, how fast that changes, and the draws there."""
    weight = -posterior.log_evidence if posterior.draws.log_weight is None else np.zeros(len(posterior.slots))
    marked = planted(posterior, origins, toward, MARK)
    column = marked_slot(marked, origins)
    slots = numbers(marked, transferred(posterior, marked))

    def at_level(level: float) -> tuple[float, Floats]:
        slots[:, column] = level
        joint = log_joint_at(marked, slots)
        terms = joint + weight[:, None]
        mass = np.exp(terms - terms.max()).sum(axis=0)
        return float(np.log(mass[leader] / mass[to])), joint

    level, before = rough, 0.97 * rough if rough > 0 else 0.01
    there, (here, joint) = at_level(before)[0], at_level(level)
    slope = (here - there) / (level - before)
    for _ in range(2):
        if rough == 0.0 or abs(here) < 1e-3 or slope >= 0:
            break
        before, there, level = level, here, min(max(level - here / slope, 0.0), 1.0)
        here, joint = at_level(level)
        slope = (here - there) / (level - before) if level != before else slope
    return level, abs(slope), reweight(posterior, with_constant(marked, column, level), joint, refit=refit)


def _margins(curve: Floats, leader: int) -> Floats:
    """Log-odds of the leader against its nearest rival: (level,)."""
    with np.errstate(divide="ignore"):
        logs = np.log(curve)
    others = np.delete(logs, leader, axis=1)
    return np.asarray(logs[:, leader] - others.max(axis=1))


def _nearest(mass: Floats, leader: int) -> int:
    return int(np.where(np.arange(len(mass)) == leader, -1.0, mass).argmax())


@dataclass(frozen=True, slots=True)
class FewestPlanted:
    """The smallest set found, and who leads when it is forged; `exact`: every smaller one was looked at.

    `sets` is the number of sets of that size that would do. `open`: leader and runner-up are then equal within 4
    standard errors.
    """

    origins: tuple[str, ...]
    exact: bool
    sets: int
    leader: str
    probability: float
    mcse: float
    open: bool


def fewest(posterior: Posterior, origins: tuple[str, ...], toward: str, leader: int) -> FewestPlanted | None:
    """The fewest of some origins that change the lead when forged with certainty, all others as in the model.

    What is forged at random says nothing, as if it were left out; what is planted toward somebody says nothing about
    all others, and what it said about him. So the likelihoods of all subsets hold all answers. Sizes are tried one
    after another, every set of a size; where sets become too many the best one is made larger, origin by origin.
    """
    rows = even_rows(posterior, _SET_DRAWS)
    known = blocks(posterior, chosen(units(posterior, "origin"), "origin", origins), rows)
    if toward != NOISE:
        known = _spared(known, posterior.program.factions.index(toward))
    margins = _set_margins(posterior, known, len(origins), leader)
    best: tuple[int, ...] = ()
    for size in range(1, len(origins) + 1):
        if comb(len(origins), size) > _MOST_SETS:
            return _greedy(posterior, origins, toward, best, margins)
        sets = list(combinations(range(len(origins)), size))
        found = margins(sets)
        best = sets[int(found.argmin())]
        if found.min() <= 0:
            return _looked_at(posterior, origins, toward, best, int((found <= 0).sum()), exact=True)
    return None


def _set_margins(
    posterior: Posterior, known: Blocks, count: int, leader: int
) -> Callable[[Sequence[tuple[int, ...]]], Floats]:
    """A function from sets of origins that are gone to the leader's log-odds against its nearest rival."""
    program = posterior.program
    opening = known.slots[:, [program.ints.surprise[1], program.ints.surprise[0]]]
    base = known.base - posterior.log_evidence[known.rows, None]
    given = products(
        base, tuple(block.log_likelihood for block in known.blocks), opening, program.factions.index(OTHER)
    )

    def margins(sets: Sequence[tuple[int, ...]]) -> Floats:
        kept = np.ones((len(sets), count), dtype=np.int64)
        for position, one in enumerate(sets):
            kept[position, list(one)] = 0
        pattern: Ints = np.zeros((len(sets), len(known.blocks)), dtype=np.int64)
        for position, block in enumerate(known.blocks):
            for bit, unit in enumerate(block.units):
                pattern[:, position] |= kept[:, unit] << bit
        with np.errstate(divide="ignore"):
            logs = np.log(subset_sums(given, pattern)[0])
        return np.asarray(logs[:, leader] - np.delete(logs, leader, axis=1).max(axis=1))

    return margins


def _spared(known: Blocks, faction: int) -> Blocks:
    """The same blocks, in which one faction is judged by everything whatever is gone."""
    changed = []
    for block in known.blocks:
        table = block.log_likelihood.copy()
        table[:, :, faction] = table[-1, :, faction]
        changed.append(Block(block.units, table))
    return Blocks(known.base, tuple(changed), known.slots, known.rows)


def _greedy(
    posterior: Posterior,
    origins: tuple[str, ...],
    toward: str,
    best: tuple[int, ...],
    margins: Callable[[Sequence[tuple[int, ...]]], Floats],
) -> FewestPlanted | None:
    while len(best) < len(origins):
        sets = [(*best, other) for other in range(len(origins)) if other not in best]
        found = margins(sets)
        best = sets[int(found.argmin())]
        if found.min() <= 0:
            return _looked_at(posterior, origins, toward, best, int((found <= 0).sum()), exact=False)
    return None


def _looked_at(
    posterior: Posterior, origins: tuple[str, ...], toward: str, best: tuple[int, ...], sets: int, *, exact: bool
) -> FewestPlanted:
    """With all draws, in the network in which just these are forged."""
    names = tuple(origins[position] for position in sorted(best))
    program = planted(posterior, names, toward, Number.exactly(1.0))
    then = reweight(posterior, program)
    front = then.front
    return FewestPlanted(
        origins=names,
        exact=exact,
        sets=sets,
        leader=posterior.program.factions[front.first],
        probability=float(then.probabilities[front.first]),
        mcse=float(then.mcse[front.first]),
        open=front.open,
    )
