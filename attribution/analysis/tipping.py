"""What would change the lead: the smallest move of one grade, one number, one prior share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from attribution.analysis.perturbations import (
    FARTHEST_FACTOR,
    FURTHEST,
    Bench,
    Graded,
    Move,
    bench,
    crossing,
    even_rows,
    extreme_grades,
    gradable,
    grade_steps,
    number_moves,
    other_grades,
    program_with,
    scale_of,
    share_after,
    share_moves,
    with_grade,
)
from attribution.analysis.reweighting import lead, reweight
from attribution.domain.grades import Grade
from attribution.domain.numbers import Number
from attribution.domain.verbal import percent
from attribution.inference.posterior import Posterior
from attribution.network.program import Program

if TYPE_CHECKING:
    import pandas as pd

TipKind = Literal["grade", "number", "share"]
_UNITS: dict[TipKind, str] = {"grade": "steps", "number": "widths", "share": "of the prior"}
_FARTHEST: dict[TipKind, float] = {"grade": 8.0, "number": 3.0, "share": 1.0}
_SCREEN, _TRIAL, _SHOWN = 256, 1024, 5
_WIDTHS = (1.0, FURTHEST)
_DECADES = (0.5, FARTHEST_FACTOR)
_LEVEL = 1e-3  # log-odds, far below any Monte Carlo error
NEAR = 0.2  # log-odds that the few draws of the screen may be off


@dataclass(frozen=True, slots=True)
class Tip:
    """A single change that brings the lead to a tie (number, share) or over it (grade).

    `size` counts steps of letter and digit (grade), widths ``H - L`` on the probit or log scale (number), or the change
    of the mean prior share (share); `move` is the same with its sign, for a share the decades of its weight. `log_odds`
    is that of the leader against `to` after the change, with its Monte Carlo error; `error` is what that amounts to in
    `size`. `khat` is None where the effective sample size is at least 400.
    """

    kind: TipKind
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
        return f"{self.label} from {self.now} to {self.then} ({self.size:.3g} {_UNITS[self.kind]}), to {self.to}"


@dataclass(frozen=True, slots=True)
class Screened:
    """How many things of one kind were tried, and how many of them could change the lead."""

    kind: TipKind
    tried: int
    able: int


@dataclass(frozen=True, slots=True)
class TippingPoints:
    """The smallest changes of each kind, smallest first, at most as many as were asked for."""

    factions: tuple[str, ...]
    labels: tuple[str, ...]
    leader: str
    runner_up: str
    tied: bool
    draws: int
    screened: tuple[Screened, ...]
    grades: tuple[Tip, ...]
    numbers: tuple[Tip, ...]
    shares: tuple[Tip, ...]

    @property
    def method(self) -> str:
        """What was perturbed, and how it was computed."""
        tried = {one.kind: one.tried for one in self.screened}
        return (
            f"One change at a time: every grade of {tried.get('grade', 0)} origins, A to E and 1 to 5; "
            f"{tried.get('number', 0)} uncertain numbers moved by 1 and {FURTHEST:g} widths either way, widths kept; "
            f"{tried.get('share', 0)} prior weights, down to a thousandth and up a thousandfold. Tried on {_SCREEN} "
            f"draws; the smallest solved and checked on {self.draws} stored draws, summed exactly in each."
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per tipping point, by kind and size."""
        import pandas as pd

        columns = ("kind", "id", "now", "then", "size", "error", "to", "log_odds", "log_odds_error", "ess", "khat")
        tips = (*self.grades, *self.numbers, *self.shares)
        return pd.DataFrame([[getattr(tip, one) for one in columns] for tip in tips], columns=list(columns))

    def __str__(self) -> str:
        if self.tied:
            return f"{self.leader} and {self.runner_up} are equal within Monte Carlo error: nothing needs to move."
        told = []
        for name, tips, one in zip(
            ("grade", "number", "prior share"), (self.grades, self.numbers, self.shares), self.screened, strict=True
        ):
            smallest = f"the smallest change of a {name} is {tips[0]} ({one.able} of {one.tried} could)" if tips else ""
            told.append(smallest or f"no single {name} could, of {one.tried}")
        return f"What would end the lead of {self.leader}: {'; '.join(told)}. {self.method}"


def tipping_points(posterior: Posterior, *, shown: int = _SHOWN, refit: bool = True) -> TippingPoints:
    """The smallest single changes that change the lead.

    Every change is tried on a few hundred equal draws; of those that can change the lead the smallest are solved on a
    thousand and then pinned down on all stored draws, with a new fit where k-hat is above its threshold.
    """
    who = lead(posterior)
    found: dict[TipKind, tuple[Tip, ...]] = {"grade": (), "number": (), "share": ()}
    screened: tuple[Screened, ...] = ()
    if not who.tied:
        search = Search(
            posterior,
            bench(posterior, who.leader, even_rows(posterior, _SCREEN)),
            bench(posterior, who.leader, even_rows(posterior, _TRIAL)),
            bench(posterior, who.leader),
            shown,
            refit,
        )
        grades, able = search.grades(gradable(posterior))
        by_number, able_numbers = search.continuous("number", numbers_ := number_moves(posterior), _WIDTHS)
        by_share, able_shares = search.continuous("share", shares_ := share_moves(posterior), _DECADES)
        found = {"grade": grades, "number": by_number, "share": by_share}
        screened = (
            Screened("grade", len(gradable(posterior)), able),
            Screened("number", len(numbers_), able_numbers),
            Screened("share", len(shares_), able_shares),
        )
    return TippingPoints(
        factions=posterior.program.factions,
        labels=tuple(posterior.case.factions.label(faction) for faction in posterior.program.factions),
        leader=who.leader,
        runner_up=who.runner_up,
        tied=who.tied,
        draws=len(posterior.draws.weights),
        screened=screened,
        grades=found["grade"],
        numbers=found["number"],
        shares=found["share"],
    )


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """Three benches, from few draws to all, and how much is asked for."""

    posterior: Posterior
    small: Bench
    middle: Bench
    whole: Bench
    shown: int
    refit: bool

    def continuous(self, kind: TipKind, moves: list[Move], grid: tuple[float, ...]) -> tuple[tuple[Tip, ...], int]:
        """The smallest of the moves that change the lead, and how many do."""
        crossings = []
        for move in moves:
            both = [
                solved(move, self.small, extreme_grades, within=0.01)
                for extreme_grades in brackets(move, self.small, grid)
            ]
            crossings += [min((one for one in both if one), key=lambda one: one.size)] if any(both) else []
        crossings.sort(key=lambda one: one.size)
        nearest = [self._again(one) for one in crossings[: self.shown]]
        tips = [self._pinned(kind, one) for one in sorted((one for one in nearest if one), key=lambda one: one.size)]
        return tuple(sorted(tips, key=lambda tip: tip.size)), len(crossings)

    def _again(self, rough: Crossing) -> Crossing | None:
        """The same crossing on more draws, looked for around where it was."""
        for wider in (1.2, 2.0):
            found = solved(rough.move, self.middle, (rough.amount / wider, rough.amount * wider))
            if found:
                return found
        return solved(rough.move, self.middle, (0.0, rough.amount * 2.0))

    def _pinned(self, kind: TipKind, rough: Crossing) -> Tip:
        """On all draws: a few secant steps, then weights, errors and k-hat at the place."""
        move, to = rough.move, rough.to

        def odds(amount: float) -> float:
            return float(self.whole.margins(move.tried(self.whole, amount))[to])

        amount, before = rough.amount, 0.97 * rough.amount
        here, there = odds(amount), odds(before)
        slope = (here - there) / (amount - before)
        for _ in range(3):
            if abs(here) < _LEVEL or slope == 0.0:
                break
            before, there, amount = amount, here, amount - here / slope
            here = odds(amount)
            slope = (here - there) / (amount - before) if amount != before else slope
        there_now = reweight(self.posterior, move.program(amount), move.tried(self.whole, amount), refit=self.refit)
        log_odds, error = there_now.log_odds(self.whole.leader, to)
        now, then = _words(self.posterior, kind, move.id, amount)
        per_size = abs(slope) * abs(amount) / move.size(amount)
        return Tip(
            kind, move.id, _label(self.posterior, kind, move.id), now, then, move.size(amount), error / per_size,
            amount, self.posterior.program.factions[to], log_odds, error, there_now.ess, there_now.khat,
            there_now.refitted,
        )  # fmt: skip

    def grades(self, among: list[Graded]) -> tuple[tuple[Tip, ...], int]:
        """The smallest changes of grade that change the lead."""
        able = [one for one in among if self._can(one)]
        waiting = sorted(
            (
                (grade_steps(one, grade), self._margin(one, grade, self.middle), position, grade)
                for position, one in enumerate(able)
                for grade in other_grades(self.posterior, one)
            ),
            key=lambda found: found[:2],
        )
        tips: dict[int, Tip] = {}
        for _, margin, position, grade in waiting:
            if len(tips) == self.shown:
                break
            if margin < NEAR / 2 and position not in tips:
                tip = self._grade_tip(able[position], grade)
                if tip.log_odds <= 0:
                    tips[position] = tip
        return tuple(tips.values()), len(able)

    def _can(self, one: Graded) -> bool:
        return any(self._margin(one, end, self.small) < NEAR for end in extreme_grades(self.posterior, one))

    def _margin(self, one: Graded, grade: Grade, on: Bench) -> float:
        return float(on.margins(with_grade(self.posterior, one, grade, on)).min())

    def _grade_tip(self, one: Graded, grade: Grade) -> Tip:
        then = reweight(self.posterior, program_with(self.posterior, one.origin.id, grade), refit=self.refit)
        to = int(np.argmax(np.where(np.arange(len(then.probabilities)) == self.whole.leader, -1, then.probabilities)))
        log_odds, error = then.log_odds(self.whole.leader, to)
        size = grade_steps(one, grade)
        return Tip(
            "grade", one.origin.id, one.origin.title or one.origin.items[0].title, str(one.read), str(grade),
            float(size), 0.0, float(size), self.posterior.program.factions[to], log_odds, error, then.ess, then.khat,
            then.refitted,
        )  # fmt: skip


def _label(posterior: Posterior, kind: TipKind, id: str) -> str:
    return f"the prior share of {posterior.case.factions.label(id)}" if kind == "share" else id


def _words(posterior: Posterior, kind: TipKind, id: str, amount: float) -> tuple[str, str]:
    """The thing before and after, as an analyst would write it."""
    if kind == "share":
        position = posterior.program.factions.index(id)
        return percent(share_after(posterior, position, 0.0)), percent(share_after(posterior, position, amount))
    number = posterior.program.coordinates[posterior.program.labels.index(id)].number
    then = moved(number, amount)
    return str(number), f"[{_told(then.low)}, {_told(then.best)}, {_told(then.high)}]"


def _told(value: float) -> str:
    return f"{value:.2g}" if value < 0.95 or value > 1.05 else f"{value:.5g}"


def moved(number: Number, amount: float) -> Number:
    """A triple moved by so many widths on its probit or log scale, its width kept."""
    from scipy.special import ndtr

    low, best, high = (scale_of(number, which) for which in ("low", "best", "high"))
    places = [value + amount * (high - low) for value in (low, best, high)]
    after = (float(value) for value in (np.exp(places) if number.scale == "ratio" else ndtr(places)))
    return Number(next(after), next(after), next(after), number.scale, vary=number.vary)


def applied(posterior: Posterior, tip: Tip, *, share: float = 1.0) -> Program:
    """A network with a tipping point applied: whole, or a share of the way (1.01: just past it); a grade as a whole."""
    if tip.kind == "grade":
        return program_with(posterior, tip.id, Grade.parse(tip.then))
    moves = number_moves(posterior) if tip.kind == "number" else share_moves(posterior)
    return next(move for move in moves if move.id == tip.id).program(share * tip.move)


@dataclass(frozen=True, slots=True)
class Crossing:
    """The amount at which the lead passes, and to whom."""

    move: Move
    amount: float
    to: int

    @property
    def size(self) -> float:
        return self.move.size(self.amount)


def brackets(move: Move, on: Bench, grid: tuple[float, ...]) -> list[tuple[float, float]]:
    """To each side the first pair of neighbours on the grid, going outwards from 0, between which the lead passes.

    A rival that comes nearer than `NEAR` counts, since the draws of the screen are few.
    """
    found = []
    for side in (-1.0, 1.0):
        inner = 0.0
        for step in grid:
            if move.margin(on, side * step)[0] < NEAR:
                found.append((inner, side * step))
                break
            inner = side * step
    return found


def solved(move: Move, on: Bench, bracket: tuple[float, float], *, within: float = 1e-4) -> Crossing | None:
    """The amount within a bracket at which the lead passes; None where it does not."""
    if move.margin(on, bracket[0])[0] <= 0 or move.margin(on, bracket[1])[0] > 0:
        return None
    return Crossing(move, *crossing(lambda amount: move.margin(on, amount), bracket, within=within))
