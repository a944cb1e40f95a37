"""The search for tipping points: from few draws to all of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.analysis import grade_moves
from attribution.analysis.bench import Bench
from attribution.analysis.grade_moves import Graded
from attribution.analysis.moves import (
    NEAR,
    Crossing,
    Move,
    brackets,
    number_moves,
    scale_of,
    share_after,
    share_moves,
    solved,
)
from attribution.analysis.reaching import Reached, reached
from attribution.analysis.tip import Tip, TipKind
from attribution.domain.grades import Grade
from attribution.domain.numbers import Number
from attribution.domain.verbal import percent
from attribution.inference.carrying import carried
from attribution.inference.posterior import Posterior
from attribution.network.program import Program
from attribution.network.summation import log_joint_at, numbers

_LEVEL = 1e-3  # log-odds, far below any Monte Carlo error


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
            both = [solved(move, self.small, ends, within=0.01) for ends in brackets(move, self.small, grid)]
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
        one, other = (np.eye(len(self.posterior.program.factions))[h] for h in (self.whole.leader, to))

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
        there_now = reached(self.posterior, move.program(amount), move.tried(self.whole, amount), refit=self.refit)
        log_odds, error = there_now.log_odds(one, other)
        now, then = _words(self.posterior, kind, move.id, amount)
        per_size = abs(slope) * abs(amount) / move.size(amount)
        return Tip(
            kind, move.id, _label(self.posterior, kind, move.id), now, then, move.size(amount), error / per_size,
            amount, self.posterior.program.factions[to], log_odds, error, there_now.ess, there_now.khat,
            there_now.refitted,
        )  # fmt: skip

    def _reached(self, program: Program) -> Reached:
        slots = numbers(program, carried(self.posterior, program))
        return reached(self.posterior, program, log_joint_at(program, slots), refit=self.refit)

    def grades(self, among: list[Graded]) -> tuple[tuple[Tip, ...], int]:
        """The smallest changes of grade that change the lead."""
        able = [one for one in among if self._can(one)]
        waiting = sorted(
            (
                (grade_moves.steps(one, grade), self._margin(one, grade, self.middle), position, grade)
                for position, one in enumerate(able)
                for grade in grade_moves.others(self.posterior, one)
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
        return any(self._margin(one, end, self.small) < NEAR for end in grade_moves.ends(self.posterior, one))

    def _margin(self, one: Graded, grade: Grade, on: Bench) -> float:
        return float(on.margins(grade_moves.tried(self.posterior, one, grade, on)).min())

    def _grade_tip(self, one: Graded, grade: Grade) -> Tip:
        then = self._reached(grade_moves.program_with(self.posterior, one.origin.id, grade))
        to = int(np.argmax(np.where(np.arange(len(then.probabilities)) == self.whole.leader, -1, then.probabilities)))
        unit = np.eye(len(self.posterior.program.factions))
        log_odds, error = then.log_odds(unit[self.whole.leader], unit[to])
        size = grade_moves.steps(one, grade)
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
        return grade_moves.program_with(posterior, tip.id, Grade.parse(tip.then))
    moves = number_moves(posterior) if tip.kind == "number" else share_moves(posterior)
    return next(move for move in moves if move.id == tip.id).program(share * tip.move)
