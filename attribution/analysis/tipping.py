"""What would change the lead: the smallest move of one grade, one number, one prior share."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress, pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from attribution.analysis.finding import Finding, beyond_reach
from attribution.analysis.naming import number_name
from attribution.analysis.perturbations import (
    FARTHEST_FACTOR,
    FARTHEST_SHIFT,
    NumberShift,
    PriorWeight,
    Regrade,
    Variant,
    grades,
    margins_under,
    number_shifts,
    perturbed,
    prior_weights,
)
from attribution.analysis.reweighting import lead, reweight
from attribution.analysis.workspace import Workspace, crossings, even_rows
from attribution.domain.numbers import Number
from attribution.domain.verbal import percent
from attribution.inference.posterior import Posterior
from attribution.network.curves import from_scale, to_scale
from attribution.network.program import Floats, Ints
from attribution.plots.figures import DotRow, Key, Scale, dots
from attribution.plots.style import Role

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

ChangeKind = Literal["grade", "number", "share"]

_UNITS: dict[ChangeKind, str] = {"grade": "steps", "number": "widths", "share": "of the prior"}
_FARTHEST: dict[ChangeKind, float] = {"grade": 8.0, "number": FARTHEST_SHIFT, "share": 1.0}
_SCREEN, _LEAST_SCREEN, _TRIAL, _SHOWN = 256, 64, 4, 5
_SCREENED = 2**25  # numbers (draw, faction, change) of the screen: with more changes it has fewer draws
_WIDTHS = (1.0, FARTHEST_SHIFT)
_DECADES = (0.5, FARTHEST_FACTOR)
_SOLVED = 4  # brackets are solved for each change that is shown; of more, the farther ones are left out by halving
_NEAR = 0.2  # log-odds that the few draws of the screen may be off
_WITHIN = (1e-3, 1e-5, 1e-7)  # how near amounts are solved for: on few draws, on more, on all
_ROLES: dict[ChangeKind, Role] = {"grade": "lead", "number": "rival", "share": "rest"}
_KINDS: dict[ChangeKind, str] = {"grade": "a grade", "number": "an uncertain number", "share": "a prior share"}


@dataclass(frozen=True, slots=True)
class TippingPoint:
    """A single change that brings the lead to a tie (number, share) or over it (grade).

    `size` counts steps of letter and digit (grade), widths ``H - L`` on the probit or log scale (number), or the change
    of the mean prior share (share); `move` is the same with its sign, for a share the decades of its weight. `log_odds`
    is that of the leader against `to` after the change, with its Monte Carlo error; `error` is what that amounts to in
    `size`. `khat` is None where the effective sample size is at least 400.
    """

    kind: ChangeKind
    id: str
    label: str
    now: str
    then: str
    size: float
    error: float
    move: float
    to: str
    log_odds: float
    log_odds_error: float
    ess: float
    khat: float | None
    refitted: bool

    @property
    def extent(self) -> float:
        """How far it has to go, as a share of the farthest that is tried."""
        return min(self.size / _FARTHEST[self.kind], 1.0)

    def __str__(self) -> str:
        return self.told({})

    def told(self, labels: Mapping[str, str]) -> str:
        """The change in words, with names for the factions that have some."""
        passes = labels.get(self.to, self.to)
        return f"{self.label} from {self.now} to {self.then} ({self.size:.3g} {_UNITS[self.kind]}), to {passes}"


@dataclass(frozen=True, slots=True)
class Screened:
    """How many things of one kind were tried, and how many of them could change the lead."""

    kind: ChangeKind
    tried: int
    able: int


@dataclass(frozen=True, slots=True)
class TippingPoints(Finding):
    """The smallest single changes that end the lead, of each kind, smallest first.

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
    draws
        How many stored draws the changes were confirmed on.
    screen_draws
        How many equal draws each change was tried on first.
    screened
        How many things of each kind were tried, and how many of them could change the lead.
    grades
        Changes of one grade; sizes are steps of letter and digit.
    numbers
        Shifts of one uncertain number; sizes are widths ``H - L`` on the probit scale, on the log scale for ratios.
    shares
        Changes of one prior share; sizes are changes of its mean, from 0 to 1.

    Examples
    --------
    >>> sizes = [tip.size for tip in findings.tipping.numbers]
    >>> sizes == sorted(sizes)
    True
    """

    factions: tuple[str, ...]
    labels: tuple[str, ...]
    leader: str
    runner_up: str
    tied: bool
    draws: int
    screen_draws: int
    screened: tuple[Screened, ...]
    grades: tuple[TippingPoint, ...]
    numbers: tuple[TippingPoint, ...]
    shares: tuple[TippingPoint, ...]

    @property
    def title(self) -> str:
        return "The smallest change that ends the lead"

    @property
    def method(self) -> str:
        """What was perturbed, and how it was computed."""
        tried = {one.kind: one.tried for one in self.screened}
        return (
            f"One change at a time: every grade of {tried.get('grade', 0)} origins, A to E and 1 to 5; "
            f"{tried.get('number', 0)} uncertain numbers moved by 1 and {FARTHEST_SHIFT:g} widths either way, "
            f"widths kept; {tried.get('share', 0)} prior weights, down to a thousandth and up a thousandfold. Tried "
            f"on {self.screen_draws} draws; the smallest solved and checked on {self.draws} stored draws, summed "
            "exactly in each."
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per tipping point, by kind and size."""
        import pandas as pd

        columns = ("kind", "id", "now", "then", "size", "error", "to", "log_odds", "log_odds_error", "ess", "khat")
        points = (*self.grades, *self.numbers, *self.shares)
        return pd.DataFrame([[getattr(point, column) for column in columns] for point in points], columns=list(columns))

    @property
    def summary(self) -> str:
        if self.tied:
            first, second = (self.labels[self.factions.index(id)] for id in (self.leader, self.runner_up))
            return f"{first} and {second} are equal within Monte Carlo error: nothing needs to move."
        smallest, label = [], dict(zip(self.factions, self.labels, strict=True))
        for name, points, screened in zip(
            ("grade", "number", "prior share"), (self.grades, self.numbers, self.shares), self.screened, strict=True
        ):
            smallest.append(
                f"the smallest change of a {name} is {points[0].told(label)} "
                f"({screened.able} of {screened.tried} could)"
                if points
                else f"no single {name} could, of {screened.tried}"
            )
        return f"What would end the lead of {label[self.leader]}: {'; '.join(smallest)}."

    def unreliable(self) -> tuple[str, ...]:
        """What in it the draws do not reach, one sentence each."""
        tips = (*self.grades, *self.numbers, *self.shares)
        return beyond_reach(((f"The tipping point of {one.label}", one) for one in tips), self.draws)

    def plot(self, ax: Axes | None = None) -> Axes:
        """A row per change, by kind: how far of what was tried it has to go, and who would then lead."""
        shown = (*self.grades, *self.numbers, *self.shares)
        phrases = "nothing needs to move: the lead is tied" if self.tied else "no single change does"
        rows = [
            DotRow(
                tip.label,
                tip.extent,
                _ROLES[tip.kind],
                line=(0.0, tip.extent),
                remark=f"{tip.now} to {tip.then}: {tip.to}",
            )
            for tip in shown
        ]
        keys = [Key(_KINDS[kind], role) for kind, role in _ROLES.items() if any(tip.kind == kind for tip in shown)]
        return dots(
            rows,
            Scale("of the way to the farthest that was tried (8 steps, 3 widths, all of the prior)", "share"),
            title=f"What would end the lead of {self.leader}{'' if shown else f': {phrases}'}",
            note=self.method,
            keys=keys,
            ax=ax,
        )


def tipping_points(posterior: Posterior, *, shown: int = _SHOWN, refit: bool = True) -> TippingPoints:
    """The smallest single changes that change the lead.

    Every change is tried on a few hundred equal draws; of those that can change the lead the smallest are solved on a
    thousand and then confirmed on all stored draws, with a new fit where k-hat is above its threshold.

    Parameters
    ----------
    posterior
        The posterior whose lead is tried.
    shown
        At most so many changes of each kind.
    refit
        Fit again, with the engine of the posterior, what the draws cannot reach.

    Returns
    -------
    TippingPoints
        Changes of grades, numbers and prior shares, the smallest of each kind first.

    Examples
    --------
    >>> at.tipping_points(posterior, shown=1).numbers[0].id
    'trait[reach|kataib-hezbollah]'
    """
    who = lead(posterior)
    found: dict[ChangeKind, tuple[TippingPoint, ...]] = {"grade": (), "number": (), "share": ()}
    screened: tuple[Screened, ...] = ()
    screen = _SCREEN
    if not who.tied:
        regrades, shifts, weights = grades(posterior), number_shifts(posterior), prior_weights(posterior)
        changes = (len(regrades) + len(shifts) + len(weights)) * len(posterior.program.factions)
        screen = min(_SCREEN, max(_LEAST_SCREEN, _SCREENED // max(changes, 1)))
        search = _Search(
            Workspace(posterior, even_rows(posterior, screen)),
            Workspace(posterior, even_rows(posterior, _TRIAL * screen)),
            Workspace(posterior),
            shown,
            refit,
        )
        found["grade"], able_grades = search.grades(regrades)
        found["number"], able_numbers = search.continuous("number", shifts, _WIDTHS)
        found["share"], able_shares = search.continuous("share", weights, _DECADES)
        screened = (
            Screened("grade", len(regrades), able_grades),
            Screened("number", len(shifts), able_numbers),
            Screened("share", len(weights), able_shares),
        )
    return TippingPoints(
        factions=posterior.program.factions,
        labels=tuple(posterior.case.factions.label(faction) for faction in posterior.program.factions),
        leader=who.leader,
        runner_up=who.runner_up,
        tied=who.tied,
        draws=len(posterior.draws.weights),
        screen_draws=screen,
        screened=screened,
        grades=found["grade"],
        numbers=found["number"],
        shares=found["share"],
    )


type Continuous = NumberShift | PriorWeight


@dataclass(frozen=True, slots=True)
class _Bracket:
    """Two amounts of a change, between which the lead passes: at the inner one the leader leads."""

    change: Continuous
    inner: float
    outer: float


@dataclass(frozen=True, slots=True)
class _Threshold:
    """The amount of a change at which the lead passes, and to whom."""

    change: Continuous
    amount: float
    to: int

    @property
    def size(self) -> float:
        return self.change.size(self.amount)


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """Three workspaces, from few draws to all, and how much is asked for."""

    small: Workspace
    middle: Workspace
    whole: Workspace
    shown: int
    refit: bool

    def continuous(
        self, kind: ChangeKind, changes: Sequence[Continuous], grid: tuple[float, ...]
    ) -> tuple[tuple[TippingPoint, ...], int]:
        """The smallest of the changes that change the lead, and how many can."""
        brackets = _brackets(self.small, changes, grid)
        rough = self._nearest(_nearer(self.small, brackets, self.shown))
        near = _solved(self.middle, rough[: self.shown], (1.2, 2.0), _WITHIN[1])
        exact = _solved(self.whole, near, (1.02, 1.2, 2.0), _WITHIN[2])
        points = [self._confirmed(kind, one) for one in exact]
        return tuple(sorted(points, key=lambda point: point.size)), len({one.change.id for one in brackets})

    def _nearest(self, brackets: Sequence[_Bracket]) -> list[_Threshold]:
        """Of every change the nearer place at which the lead passes, on the few draws of the screen, nearest first."""
        places = [(one.inner, one.outer) for one in brackets]
        solved = _thresholds(self.small, [one.change for one in brackets], places, _WITHIN[0])
        nearest: dict[str, _Threshold] = {}
        for one in sorted(filter(None, solved), key=lambda threshold: threshold.size):
            nearest.setdefault(one.change.id, one)
        return list(nearest.values())

    def _confirmed(self, kind: ChangeKind, exact: _Threshold) -> TippingPoint:
        """Weights, errors and k-hat at the place, on all draws."""
        posterior, change, amount = self.whole.posterior, exact.change, exact.amount
        then = perturbed(self.whole, change, amount, refit=self.refit)
        log_odds, error = then.log_odds(self.whole.leader, exact.to)
        now, after = _words(posterior, change, amount)
        return TippingPoint(
            kind=kind,
            id=change.id,
            label=f"the prior share of {posterior.case.factions.label(change.id)}"
            if kind == "share"
            else number_name(posterior.case, change.id),
            now=now,
            then=after,
            size=exact.size,
            error=error / self._steepness(exact),
            move=amount,
            to=posterior.program.factions[exact.to],
            log_odds=log_odds,
            log_odds_error=error,
            ess=then.ess,
            khat=then.khat,
            refitted=then.refitted,
        )

    def _steepness(self, at: _Threshold) -> float:
        """How fast the log-odds against the rival change by the size of the change, just before the lead passes."""
        before = 0.97 * at.amount
        here, there = margins_under(self.whole, [at.change] * 2, (at.amount, before))[:, at.to]
        slope = abs(float(here - there) / (at.amount - before))
        return slope * abs(at.amount) / at.size

    def grades(self, among: list[Regrade]) -> tuple[tuple[TippingPoint, ...], int]:
        """The smallest changes of grade that change the lead, and how many origins have one."""
        ends = [(one, end) for one in among for end in one.ends]
        near = {one.id for (one, _), least in zip(ends, self._least(self.small, ends), strict=True) if least < _NEAR}
        able = [one for one in among if one.id in near]
        by_size: dict[float, list[tuple[int, int]]] = {}
        for position, one in enumerate(able):
            for place in range(1, len(one.grades)):
                by_size.setdefault(one.size(place), []).append((position, place))
        points: dict[int, TippingPoint] = {}
        for size in sorted(by_size):
            if len(points) == self.shown:
                break  # what goes farther is not looked at
            places = [(position, place) for position, place in by_size[size] if position not in points]
            margins = self._least(self.middle, [(able[position], place) for position, place in places])
            for margin, (position, place) in sorted(zip(margins, places, strict=True)):
                if margin < _NEAR / 2 and position not in points and len(points) < self.shown:
                    point = self._regraded(able[position], place)
                    if point.log_odds <= 0:
                        points[position] = point
        return tuple(points.values()), len(able)

    def _least(self, on: Workspace, regrades: Sequence[tuple[Regrade, int]]) -> list[float]:
        """What is left of the lead under each other grade: log-odds against whoever comes nearest."""
        changes, places = [one for one, _ in regrades], [place for _, place in regrades]
        return [float(least) for least in margins_under(on, changes, places).min(axis=1)]

    def _regraded(self, one: Regrade, place: int) -> TippingPoint:
        posterior = self.whole.posterior
        then = reweight(posterior, one.apply(Variant.of(posterior), place).program, refit=self.refit)
        to = int(np.argmax(np.where(np.arange(len(then.probabilities)) == self.whole.leader, -1, then.probabilities)))
        log_odds, error = then.log_odds(self.whole.leader, to)
        return TippingPoint(
            kind="grade",
            id=one.id,
            label=one.origin.label,
            now=str(one.now),
            then=str(one.grades[place]),
            size=one.size(place),
            error=0.0,
            move=one.size(place),
            to=posterior.program.factions[to],
            log_odds=log_odds,
            log_odds_error=error,
            ess=then.ess,
            khat=then.khat,
            refitted=then.refitted,
        )


def _brackets(on: Workspace, changes: Sequence[Continuous], grid: tuple[float, ...]) -> list[_Bracket]:
    """To each side of each change the first neighbours on the grid, going outwards, between which the lead passes."""
    left = [(change, side) for change in changes for side in (-1.0, 1.0)]
    found: list[_Bracket] = []
    for inner, outer in pairwise((0.0, *grid)):
        tried = [_Bracket(change, side * inner, side * outer) for change, side in left]
        passes = _passes(on, tried, [one.outer for one in tried])
        found += compress(tried, passes)
        left = [one for one, passed in zip(left, passes, strict=True) if not passed]
    return found


def _nearer(on: Workspace, brackets: list[_Bracket], shown: int) -> list[_Bracket]:
    """The brackets in which the smallest changes lie: halved, and left out where enough others are smaller for sure."""
    while len(brackets) > _SOLVED * shown:
        middles = [(one.inner + one.outer) / 2.0 for one in brackets]
        halved = [
            replace(one, outer=middle) if passes else replace(one, inner=middle)
            for one, middle, passes in zip(brackets, middles, _passes(on, brackets, middles), strict=True)
        ]
        most: dict[str, float] = {}
        for one in halved:
            most[one.change.id] = min(one.change.size(one.outer), most.get(one.change.id, math.inf))
        enough = sorted(most.values())[:shown][-1]
        kept = [one for one in halved if one.change.size(one.inner) < enough]
        if 2 * len(kept) > len(brackets):
            return kept  # they lie close together
        brackets = kept
    return brackets


def _passes(on: Workspace, brackets: Sequence[_Bracket], amounts: Sequence[float]) -> list[bool]:
    """Whether somebody else leads under the change of each bracket by an amount."""
    margins = margins_under(on, [one.change for one in brackets], amounts)
    return [bool(least <= 0.0) for least in margins.min(axis=1)]


def _thresholds(
    on: Workspace, changes: Sequence[Continuous], brackets: Sequence[tuple[float, float]], within: float
) -> list[_Threshold | None]:
    """The amount in each bracket at which the lead passes; None where it does not."""

    def margins(which: Ints, amounts: Floats) -> Floats:
        return margins_under(on, [changes[place] for place in which.tolist()], amounts)

    amounts, rivals = crossings(margins, np.array(brackets), within=within)
    return [
        None if np.isnan(amount) else _Threshold(change, amount, to)
        for change, amount, to in zip(changes, amounts.tolist(), rivals.tolist(), strict=True)
    ]


def _solved(on: Workspace, rough: list[_Threshold], wider: tuple[float, ...], within: float) -> list[_Threshold]:
    """The same thresholds on more draws, looked for around where they were, wider and wider."""
    found: dict[int, _Threshold] = {}
    for inner, outer in (*((1.0 / factor, factor) for factor in wider), (0.0, wider[-1])):
        left = [place for place in range(len(rough)) if place not in found]
        brackets = [(rough[place].amount * inner, rough[place].amount * outer) for place in left]
        solved = _thresholds(on, [rough[place].change for place in left], brackets, within)
        found |= {place: one for place, one in zip(left, solved, strict=True) if one}
    return [found[place] for place in sorted(found)]


def _words(posterior: Posterior, change: Continuous, amount: float) -> tuple[str, str]:
    """The thing before and after, as an analyst would write it."""
    if isinstance(change, PriorWeight):
        return percent(change.share(0.0)), percent(change.share(amount))
    number = posterior.program.coordinates[change.coordinate].number
    then = moved(number, amount)
    return str(number), f"[{_figure(then.low)}, {_figure(then.best)}, {_figure(then.high)}]"


def _figure(value: float) -> str:
    return f"{value:.2g}" if value < 0.95 or value > 1.05 else f"{value:.5g}"


def moved(number: Number, amount: float) -> Number:
    """A triple moved by so many widths on its probit or log scale, its width kept."""
    low, best, high = (to_scale(value, number.scale) for value in (number.low, number.best, number.high))
    places = np.array([low, best, high]) + amount * (high - low)
    low, best, high = from_scale(places, number.scale).tolist()
    return Number(low, best, high, number.scale, vary=number.vary)
