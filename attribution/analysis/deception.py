"""How much deception it takes: all forgeable origins fabricated with one probability, and the fewest that suffice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property, partial
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from attribution.analysis.finding import Finding, beyond_reach
from attribution.analysis.leave_out import WEIGHS, leave_out
from attribution.analysis.perturbations import (
    AT_RANDOM,
    Forgery,
    Variant,
    doubted,
    forgeable,
    forgeries,
    perturbed,
)
from attribution.analysis.reweighting import Reweighted, lead, reweight
from attribution.analysis.subsets import Block, Blocks, Flags, UnitSubsets
from attribution.analysis.units import chosen, units
from attribution.analysis.workspace import Workspace, crossing, even_rows, margins, numbers_of_a_draw
from attribution.domain.identifiers import OTHER
from attribution.domain.verbal import percent
from attribution.errors import UsageError, listed
from attribution.inference.posterior import Posterior
from attribution.network.program import Floats, Ints
from attribution.network.subset_sums import products, subset_sums
from attribution.plots.figures import Line, Scale, lines
from attribution.plots.style import Role

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_GRID = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
_DRAWS, _FEWEST_OF_CURVES, _CURVE_NUMBERS = 512, 128, 2**24
_SET_DRAWS, _FEWEST_DRAWS, _SET_NUMBERS = 256, 64, 2**14
_MOST_SETS = 2**13
_MOST_TOWARD, _TOWARD_NUMBERS = 24, 2**18  # a forger points to somebody who may be believed to have done it


@dataclass(frozen=True, slots=True)
class FewestForged:
    """The smallest set found, and who leads when it is forged; `exact`: every smaller one was looked at.

    `sets` is the number of sets of that size that would do. `open`: leader and runner-up are then equal within 4
    standard errors.
    """

    origins: tuple[str, ...]
    labels: tuple[str, ...]
    exact: bool
    sets: int
    leader: str
    probability: float
    mcse: float
    open: bool


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
    fewest: FewestForged | None


@dataclass(frozen=True, slots=True)
class DeceptionBudget(Finding):
    """How much forging the lead stands up to: at random first, then toward each faction in the order of the case.

    Attributes
    ----------
    factions
        Ids of the factions, in the order of the case.
    labels
        Their names for a reader.
    leader, runner_up
        The two most probable factions.
    tied
        The two are equal within 4 Monte Carlo standard errors.
    forgeable
        The origins that are moved together.
    as_in_model
        Those of them of which the model itself says how probable it is that they are forged; they stay so, and at a
        probability of 0 all is as published. Where that would be all of them, they are moved instead.
    separating
        Those whose report separates the leader from whoever gains the lead first: without the origin the odds of these
        two move by at least half a deciban. No other counts towards what a deceiver must reach.
    draws
        How many stored draws were reweighted.
    draws_of_curves
        How many draws the curves stand on.
    levels
        The common probabilities of forging, from 0 to 1, at which curves are given.
    directions
        At random, then toward each faction, of many the most probable ones, at most 24. For each direction the smallest
        probability at which the lead passes, its error, the curve of all probabilities,
        and the smallest set of origins that suffices if surely forged.

    Examples
    --------
    >>> findings.deception.to_frame().index.names
    FrozenList(['toward', 'probability'])
    """

    factions: tuple[str, ...]
    labels: tuple[str, ...]
    leader: str
    runner_up: str
    tied: bool
    forgeable: tuple[str, ...]
    as_in_model: tuple[str, ...]
    separating: tuple[str, ...]
    draws: int
    draws_of_curves: int = field(metadata={"json": False})
    levels: tuple[float, ...]
    directions: tuple[Direction, ...]

    @property
    def title(self) -> str:
        return "How much deception it would take"

    @property
    def method(self) -> str:
        """What was perturbed, and how it was computed."""
        kept = f"; {len(self.as_in_model)} that the model itself doubts stay as they are" if self.as_in_model else ""
        toward = sum(bool(one.toward) for one in self.directions)
        few = "" if toward == len(self.factions) else f" of the {toward} most probable of {len(self.factions)}"
        return (
            f"{len(self.forgeable)} origins that could be forged are taken to be fabricated with one common probability"
            f"{kept}: at random, or toward one faction{few}. A forger imitates: what is forged says what it would say "
            f"by itself had that faction done it, or anybody by the prior, so at the worst it says nothing. Curves "
            f"from {self.draws_of_curves} equal draws, changes of lead from {self.draws} stored draws, "
            "summed exactly in each."
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

    @property
    def summary(self) -> str:
        if self.tied:
            first, second = (self.labels[self.factions.index(id)] for id in (self.leader, self.runner_up))
            return f"{first} and {second} are equal within Monte Carlo error: no deception is needed."
        label = dict(zip(self.factions, self.labels, strict=True))
        phrases = [_phrase(one, label) for one in self.directions if one.flip is not None]
        never = [one.label for one in self.directions if one.flip is None]
        lines = [f"The lead of {label[self.leader]} passes {text}." for text in phrases]
        if never:
            lines.append(f"However probable, these do not change it: {listed(never)}.")
        return " ".join(lines)

    @property
    def weakest(self) -> Direction | None:
        """The direction in which the least forging changes the lead; None where none does."""
        return _weakest(self.directions)

    @property
    def supposed(self) -> str:
        """What was supposed, and what it would take, in a sentence for somebody who reads nothing else."""
        weakest, names = self.weakest, dict(zip(self.factions, self.labels, strict=True))
        if weakest is None or weakest.flip is None:
            return "However high the rate of forgery is supposed to be, it does not change who leads."
        count = len(self.separating)
        many = f"each of the {count} origins that set" if count > 1 else "the one origin that sets"
        return (
            f"Suppose that {many} {names[self.leader]} apart from {names[weakest.to]} was forged at one common rate "
            f"{weakest.label}, so as to say just what it says: from a rate of {percent(weakest.flip)} on "
            f"{names[weakest.to]} would lead."
        )

    def unreliable(self) -> tuple[str, ...]:
        """What in it the draws do not reach, one sentence each."""
        return beyond_reach(((f"Deception {one.label}", one) for one in self.directions), self.draws)

    def plot(self, ax: Axes | None = None) -> Axes:
        """A line per direction; an upright one, and a name, where the lead passes."""
        place = self.factions.index(self.leader)
        drawn, turns, named = [], [], set()
        for one in self.directions:
            role: Role = "lead" if one.toward == self.leader else "rest" if one.toward else "rival"
            name = "to point to one of the others" if role == "rest" else one.label
            drawn.append(Line("" if name in named else name, self.levels, tuple(row[place] for row in one.curve), role))
            named.add(name)
            if one.flip is not None:
                turns.append((one.flip, f"{self.labels[self.factions.index(one.to)]} leads from {one.flip:.0%}", role))
        return lines(
            drawn,
            Scale("probability with which each origin was forged", "share"),
            Scale(f"probability of {self.labels[place]}", "share"),
            title=f"Probability of {self.labels[place]} if the evidence may have been forged",
            note=self.method,
            turns=turns,
            ax=ax,
        )


def _phrase(one: Direction, label: dict[str, str]) -> str:
    assert one.flip is not None
    few = ""
    if one.fewest is not None:
        bound = "" if one.fewest.exact else "at most "
        few = f"; if surely forged, {bound}{len(one.fewest.origins)} suffice: {listed(one.fewest.labels)}"
    return f"to {label[one.to]} if all were forged {one.label} with probability {percent(one.flip)}{few}"


def deception_budget(posterior: Posterior, *, refit: bool = True) -> DeceptionBudget:
    """How much forging changes the lead, in which direction, and who would gain.

    Parameters
    ----------
    posterior
        The posterior whose lead is attacked.
    refit
        Fit again, with the engine of the posterior, what the draws cannot reach (k-hat above its threshold).

    Returns
    -------
    DeceptionBudget
        At random, and toward each faction.

    Raises
    ------
    UsageError
        No origin could be forged.

    Examples
    --------
    >>> budget = at.deception_budget(posterior)
    >>> [direction.label for direction in budget.directions if direction.flip is not None]
    []
    """
    origins = forgeable(posterior.known_case)
    if not origins:
        raise UsageError("no origin of this case could be forged.", allowed="an origin that is not `forgeable: no`")
    own = doubted(posterior, origins)
    moved = tuple(origin for origin in origins if origin not in own) or origins
    who = lead(posterior)
    rows = _curve_rows(posterior)
    among = ForgedSets(posterior, origins)
    search = _Search(Workspace(posterior, rows), Workspace(posterior), among, tied=who.tied, refit=refit)
    toward = _directions(posterior)
    directions = tuple(search.direction(forgery) for forgery in forgeries(posterior, moved) if forgery.id in toward)
    gains = _weakest(directions)
    return DeceptionBudget(
        factions=posterior.program.factions,
        labels=tuple(posterior.case.factions.label(one) for one in posterior.program.factions),
        leader=who.leader,
        runner_up=who.runner_up,
        tied=who.tied,
        forgeable=moved,
        as_in_model=own if len(own) < len(origins) else (),
        separating=_separating(posterior, moved, gains.to) if gains else (),
        draws=len(posterior.draws.weights),
        draws_of_curves=len(rows),
        levels=_GRID,
        directions=directions,
    )


def _curve_rows(posterior: Posterior) -> Ints:
    """Draws that count equally, fewer where factions and origins are many."""
    return even_rows(posterior, min(_DRAWS, max(_FEWEST_OF_CURVES, _CURVE_NUMBERS // numbers_of_a_draw(posterior))))


def _directions(posterior: Posterior) -> tuple[str, ...]:
    """At random, and toward each faction in the order of the case; of many, toward the most probable ones.

    Toward fewer of them where origins are many too, at least toward leader and runner-up.
    """
    most = min(_MOST_TOWARD, max(2, _TOWARD_NUMBERS // numbers_of_a_draw(posterior)))
    likeliest = {one.id for one in posterior.ranking[:most]}
    return (AT_RANDOM, *(id for id in posterior.program.factions if id in likeliest))


def _weakest(directions: tuple[Direction, ...]) -> Direction | None:
    return min((one for one in directions if one.flip is not None), key=lambda one: one.flip or 0.0, default=None)


def _separating(posterior: Posterior, origins: tuple[str, ...], rival: str) -> tuple[str, ...]:
    """Of these origins, those without which the odds of the leader against a rival would be others."""
    leader = posterior.ranking[0].id
    if rival == leader:
        return ()
    found = leave_out(posterior, "origin", only=origins, between=(leader, rival), refit=False)
    weighs = {removal.id for removal in found.removals if abs(removal.between_pull) >= WEIGHS}
    return tuple(origin for origin in origins if origin in weighs)


class _Levels:
    """The draws of a workspace while a forgery has one probability or another; each is worked out once."""

    def __init__(self, on: Workspace, forgery: Forgery) -> None:
        log_joint = cache(partial(forgery.preview, on))  # not through `self`: a circle would outlive its direction
        self.log_joint = log_joint  # (draw, faction)
        self.margins = cache(lambda level: on.margins(log_joint(level)))  # (faction,)
        self._log_weight = on.log_weight

    def shares(self, level: float) -> Floats:
        """Probabilities of all factions: (faction,)."""
        terms = self.log_joint(level) + self._log_weight[:, None]
        mass = np.exp(terms - terms.max()).sum(axis=0)
        return np.asarray(mass / mass.sum())


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """Some draws for the curves, all of them for changes of lead; the origins among which a smallest set is sought."""

    some: Workspace
    whole: Workspace
    among: ForgedSets
    tied: bool
    refit: bool

    def direction(self, forgery: Forgery) -> Direction:
        """The curve over all levels, and where on it the lead passes."""
        posterior, leader = self.whole.posterior, self.whole.leader
        label = f"to point to {posterior.case.factions.label(forgery.id)}" if forgery.id else "at random"
        some, whole = _Levels(self.some, forgery), _Levels(self.whole, forgery)
        curve = np.array([some.shares(level) for level in _GRID])
        table = tuple(tuple(row.tolist()) for row in curve)
        with np.errstate(divide="ignore"):
            passed = np.flatnonzero(margins(np.log(curve), leader).min(axis=1) <= 0)
        if self.tied or not len(passed):
            return Direction(
                toward=forgery.id,
                label=label,
                flip=None,
                error=0.0,
                to="",
                log_odds=0.0,
                log_odds_error=0.0,
                ess=0.0,
                khat=None,
                refitted=False,
                curve=table,
                fewest=None,
            )
        flip, to = _flip(some, whole, int(passed[0]))
        then = self._forged(forgery, flip, whole.log_joint(flip))
        log_odds, error = then.log_odds(leader, to)
        steepness = _steepness(whole, flip, to)
        return Direction(
            toward=forgery.id,
            label=label,
            flip=flip,
            error=error / steepness if steepness else 0.0,
            to=posterior.program.factions[to],
            log_odds=log_odds,
            log_odds_error=error,
            ess=then.ess,
            khat=then.khat,
            refitted=then.refitted,
            curve=table,
            fewest=fewest(self.among, forgery.id, leader),
        )

    def _forged(self, forgery: Forgery, level: float, log_joint: Floats) -> Reweighted:
        """The posterior then; the network is compiled with the forgery in it only where it may be fitted again."""
        posterior = self.whole.posterior
        program = forgery.apply(Variant.of(posterior), level).program if self.refit else posterior.program
        return reweight(posterior, program, log_joint, refit=self.refit)


def _flip(some: _Levels, whole: _Levels, first: int) -> tuple[float, int]:
    """The smallest probability at which the lead passes, and to whom: near where it does on some draws, on all."""
    if first == 0:
        return 0.0, int(some.margins(0.0).argmin())
    rough = crossing(some.margins, (_GRID[first - 1], _GRID[first]), within=1e-4)
    assert rough, "the curve crosses between these levels"
    for wider in (1.05, 1.3, 2.0):
        exact = crossing(whole.margins, (rough[0] / wider, min(rough[0] * wider, 1.0)), within=1e-7)
        if exact:
            return exact
    return crossing(whole.margins, (0.0, 1.0), within=1e-7) or rough


def _steepness(whole: _Levels, flip: float, to: int) -> float:
    """How fast the log-odds against the rival change with the probability, just before the lead passes."""
    before = 0.97 * flip if flip > 0 else 0.01
    here, there = (whole.margins(level)[to] for level in (flip, before))
    return abs(float(here - there) / (flip - before))


@dataclass(frozen=True, eq=False)
class ForgedSets:
    """Some origins, and what is known of sets of them that are surely forged, whatever the direction."""

    posterior: Posterior
    origins: tuple[str, ...]

    @cached_property
    def silent(self) -> UnitSubsets:
        """The sums without them."""
        among = chosen(units(self.posterior, "origin"), "origin", self.origins)
        return UnitSubsets(self.posterior, among, self._rows)

    @cached_property
    def imitated(self) -> dict[str, Floats]:
        """In each direction what each origin says when it is forged: (origin, draw)."""
        sums, on = forgeries(self.posterior, self.origins)[0].sums, Workspace(self.posterior, self._rows)
        return {toward: sums.imitated(on, toward) for toward in _directions(self.posterior)}

    @property
    def _rows(self) -> Ints:
        wanted = min(_SET_DRAWS, max(_FEWEST_DRAWS, _SET_NUMBERS // len(self.posterior.program.factions)))
        return even_rows(self.posterior, wanted)

    def lead(self, toward: str, leader: int, sets: Sequence[tuple[int, ...]]) -> Floats:
        """The leader's log-odds against its nearest rival where each of some sets is forged: (set,)."""
        program = self.posterior.program
        kept = np.ones((len(sets), len(self.origins)), dtype=bool)
        for position, one in enumerate(sets):
            kept[position, list(one)] = False
        found = _imitating(self.silent.blocks(kept), kept, self.imitated[toward])
        opening = found.slots[:, [program.ints.surprise[1], program.ints.surprise[0]]]
        base = found.base - self.posterior.log_evidence[found.rows, None]
        tables = tuple(block.log_likelihood for block in found.blocks)
        given = products(base, tables, opening, program.factions.index(OTHER))
        with np.errstate(divide="ignore"):
            logs = np.log(subset_sums(given, found.pattern)[0])
        return np.asarray(margins(logs, leader).min(axis=1))


def fewest(among: ForgedSets, toward: str, leader: int) -> FewestForged | None:
    """The fewest of some origins that change the lead when forged with certainty, all others as in the model.

    What is forged says what the forger makes it say, whoever did it and whatever else is known. So the likelihoods of
    all subsets, times what those say that are left out, hold all answers. Sizes are tried one after another, every set
    of a size; where sets become too many the best one is made larger, origin by origin.
    """
    count, exact = len(among.origins), True
    best: tuple[int, ...] = ()
    for size in range(1, count + 1):
        exact = exact and comb(count, size) <= _MOST_SETS
        larger = ((*best, other) for other in range(count) if other not in best)
        sets = list(combinations(range(count), size) if exact else larger)
        left = among.lead(toward, leader, sets)
        best = sets[int(left.argmin())]
        if left.min() <= 0:
            return _looked_at(among, toward, best, int((left <= 0).sum()), exact=exact)
    return None


def _imitating(known: Blocks, kept: Flags, imitated: Floats) -> Blocks:
    """The same blocks, in which what is not kept (subset, unit) says what a forger makes it say: (unit, draw)."""
    with np.errstate(divide="ignore"):
        logs = np.log(imitated)
    changed = []
    for place, block in enumerate(known.blocks):
        table = block.log_likelihood.copy()
        for row in range(len(table)):
            subset = int((known.pattern[:, place] == row).argmax())
            gone = [unit for unit in block.units if not kept[subset, unit]]
            table[row] += logs[gone].sum(axis=0)[:, None]
        changed.append(Block(block.units, table))
    return replace(known, blocks=tuple(changed))


def _looked_at(among: ForgedSets, toward: str, best: tuple[int, ...], sets: int, *, exact: bool) -> FewestForged:
    """With all draws, in the network in which just these are forged."""
    posterior, names = among.posterior, tuple(among.origins[position] for position in sorted(best))
    forgery = next(one for one in forgeries(posterior, names) if one.id == toward)
    then = perturbed(Workspace(posterior), forgery, 1.0)
    front = then.front(posterior.program.factions.index(posterior.ranking[0].id))
    return FewestForged(
        origins=names,
        labels=tuple(posterior.case.origins[name].label for name in names),
        exact=exact,
        sets=sets,
        leader=posterior.program.factions[front.first],
        probability=float(then.probabilities[front.first]),
        mcse=float(then.mcse[front.first]),
        open=front.open,
    )
