"""Changes of one thing by an amount: numbers, prior weights, grades, forgeries, tried on few draws before on all."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from attribution.analysis.reweighting import transferred
from attribution.analysis.units import standing_case
from attribution.domain.case import Case
from attribution.domain.evidence import Statement
from attribution.domain.grades import DIGITS, LETTERS, Grade
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Forged
from attribution.domain.numbers import Number
from attribution.domain.origins import Origin
from attribution.inference.posterior import Posterior
from attribution.network.compile_origins import effective_grade
from attribution.network.compiler import compile_network
from attribution.network.curves import quantile
from attribution.network.edits import Loosened, driven, loosened, shifted, with_factor
from attribution.network.program import RATIO, Floats, Ints, Program
from attribution.network.reach import Reach, ReachMap
from attribution.network.summation import Parts, keep_open, log_parts, numbers, part_log_likelihood, tables

FURTHEST = 3.0  # widths of a number
FARTHEST_FACTOR = 3.0  # decades of a prior weight
_BEST, _WORST = Grade("A", "1"), Grade("E", "5")
_JUDGED_LETTERS, _JUDGED_DIGITS = LETTERS[:-1], DIGITS[:-1]
NOISE = ""
MARK = Number.exactly(0.4142135623)  # a constant that no case states, so that its slot is its own


@dataclass(frozen=True, slots=True, eq=False)
class Bench:
    """Draws with their numbers and sums; `log_weight` (draw,) times a changed joint is what a draw counts.

    `slots` are those of the `loose` network, in which every statement has a reliability of its own and every faction a
    factor in the prior: the columns of the `program` as it is come first.
    """

    program: Program
    loose: Loosened
    map: ReachMap
    z: Floats
    slots: Floats
    known: Parts
    log_weight: Floats
    leader: int

    @property
    def own(self) -> Floats:
        """The slots of the program as it is."""
        return np.ascontiguousarray(self.slots[:, : len(self.program.ints.slot_kind)])

    def total(self, slots: Floats, reach: Reach) -> Floats:
        """The log-joint (draw, faction) under changed numbers that bear upon no more than `reach`."""
        program = self.loose.program if slots.shape[1] == self.slots.shape[1] else self.program
        change = np.zeros(self.known.total.shape)
        with np.errstate(invalid="ignore"):
            if reach.prior:
                change += tables(program, slots)[1] - self.known.prior
            for part in sorted(reach.parts):
                then = part_log_likelihood(program, slots, part)
                change += then - self.known.parts[:, :, part]
        return self.opened(slots, change)

    def opened(self, slots: Floats, change: Floats) -> Floats:
        """The log-joint after a change of its logarithm (draw, faction), with the open set mixed in."""
        program = self.loose.program if slots.shape[1] == self.slots.shape[1] else self.program
        impossible = ~np.isfinite(self.known.total)
        return keep_open(program, slots, np.where(impossible, -np.inf, self.known.total + change))

    def margins(self, log_joint: Floats) -> Floats:
        """``log P(leader) / P(h)`` for every faction, plainly weighted: (faction,); infinite for the leader itself."""
        terms = log_joint + self.log_weight[:, None]
        with np.errstate(divide="ignore"):
            mass = np.log(np.exp(terms - terms.max()).sum(axis=0))
        found = np.asarray(mass[self.leader] - mass)
        found[self.leader] = np.inf
        return found

    def shifted(self, coordinate: int, shift: float) -> tuple[Floats, Reach]:
        """The slots with one number moved on its probit or log scale, and what that bears upon."""
        own, slots = driven(self.program, coordinate), self.own
        for slot in own.tolist():
            slots[:, slot] = _value(self.program, slot, self.z, shift)
        reach = self.map.reach(own.tolist())
        for slot in reach.following:
            base, ratio = slots[:, self.program.ints.slot_first[slot]], slots[:, self.program.ints.slot_second[slot]]
            slots[:, slot] = base * ratio / (1.0 - base + base * ratio)
        return slots, reach


def bench(posterior: Posterior, leader: str, rows: Ints | None = None) -> Bench:
    """All draws, with the weights they have, or some that count equally (see `even_rows`)."""
    program = posterior.program
    loose = loosened(program)
    which = np.arange(len(posterior.slots)) if rows is None else rows
    slots = posterior.slots[which]
    source, item = program.ints.origin_source, program.ints.origin_item
    statements = np.flatnonzero(loose.reliability >= 0)
    wide = np.ones((len(which), len(loose.program.ints.slot_kind)))
    wide[:, : slots.shape[1]] = slots
    wide[:, loose.reliability[statements]] = slots[:, source[statements]] * slots[:, item[statements]]
    drawn_evenly = rows is not None or posterior.draws.log_weight is None
    return Bench(
        program=program,
        loose=loose,
        map=ReachMap.of(program),
        z=posterior.draws.flat[which],
        slots=wide,
        known=Parts(posterior.parts.prior[which], posterior.parts.total[which], posterior.parts.parts[which]),
        log_weight=-posterior.log_evidence[which] if drawn_evenly else np.zeros(len(which)),
        leader=program.factions.index(leader),
    )


def even_rows(posterior: Posterior, wanted: int) -> Ints:
    """Draws that count equally: stored ones, each taken as often as it weighs (systematic resampling)."""
    below = np.cumsum(posterior.draws.weights)
    at = (np.arange(min(wanted, len(below))) + 0.5) / min(wanted, len(below))
    return np.asarray(np.minimum(np.searchsorted(below, at * below[-1]), len(below) - 1), dtype=np.int64)


def _value(program: Program, slot: int, z: Floats, shift: float) -> Floats:
    """A number whose curve is raised by `shift`; see `attribution.network.kernel_values.slot_values`."""
    from scipy.special import ndtr

    from attribution.network.curves import FARTHEST, LOWEST

    ints, floats = program.ints, program.floats
    first, d = z[:, ints.slot_first[slot]], floats.curve_d[slot]
    bent = np.sinh(d * (first + floats.curve_s[slot])) if d > 0 else first
    on_scale = floats.curve_a[slot] + shift + floats.curve_b[slot] * bent
    if ints.slot_second[slot] >= 0:
        on_scale = on_scale + floats.curve_vary[slot] * z[:, ints.slot_second[slot]]
    if ints.slot_kind[slot] == RATIO:
        return np.asarray(np.exp(np.clip(on_scale, -FARTHEST, FARTHEST)))
    return np.asarray(ndtr(np.maximum(on_scale, LOWEST)))


@dataclass(frozen=True, slots=True)
class Move:
    """Something that can be moved by an amount; 0 is where it stands.

    `tried` gives the log-joint on a bench, `program` the network itself, `size` what the amount counts in the finding.
    """

    id: str
    tried: Callable[[Bench, float], Floats]
    program: Callable[[float], Program]
    size: Callable[[float], float]

    def margin(self, on: Bench, amount: float) -> tuple[float, int]:
        """Log-odds of the leader against its nearest rival, and who that is."""
        margins = on.margins(self.tried(on, amount))
        nearest = int(margins.argmin())
        return float(margins[nearest]), nearest


def number_moves(posterior: Posterior) -> list[Move]:
    """Every uncertain number of the network, moved by widths ``H - L`` on its probit or log scale."""

    def of(position: int, id: str, width: float) -> Move:
        def tried(on: Bench, amount: float) -> Floats:
            return on.total(*on.shifted(position, amount * width))

        return Move(id, tried, lambda amount: shifted(posterior.program, position, amount * width), abs)

    return [
        of(position, coordinate.label, scale_of(coordinate.number, "high") - scale_of(coordinate.number, "low"))
        for position, coordinate in enumerate(posterior.program.coordinates)
        if len(driven(posterior.program, position))
    ]


def share_moves(posterior: Posterior) -> list[Move]:
    """The prior weight of every named faction, moved by decades; the others share what is left.

    The size is the change of its mean prior share. The share of `other` is a number of the model by itself.
    """

    def of(position: int, faction: str) -> Move:
        def tried(on: Bench, amount: float) -> Floats:
            share, open_set = np.exp(on.known.prior[:, position]), np.exp(on.known.prior[:, on.program.ints.other[0]])
            grown = (10.0**amount - 1.0) * share
            change = np.repeat(
                np.log((1.0 - open_set) / (1.0 - open_set + grown))[:, None], len(on.known.prior[0]), axis=1
            )
            change[:, on.program.ints.other[0]] = 0.0
            change[:, position] += amount * math.log(10.0)
            return on.opened(on.slots, change)

        def program(amount: float) -> Program:
            return with_factor(posterior.program, faction, 10.0**amount)

        def size(amount: float) -> float:
            return abs(share_after(posterior, position, amount) - share_after(posterior, position, 0.0))

        return Move(faction, tried, program, size)

    return [
        of(position, faction)
        for position, faction in enumerate(posterior.program.factions)
        if position != posterior.program.ints.other[0]
    ]


def share_after(posterior: Posterior, position: int, amount: float) -> float:
    """The mean prior share of a faction whose weight is multiplied by 10 to the amount."""
    share = posterior.prior_faction_draws
    open_set = share[:, posterior.program.ints.other[0]]
    more = 10.0**amount * share[:, position]
    return float(np.mean((1.0 - open_set) * more / (1.0 - open_set - share[:, position] + more)))


def scale_of(number: Number, which: str) -> float:
    """A quantile of a number on its probit or log scale."""
    from scipy.special import ndtri

    value = float(getattr(number, which))
    return math.log(value) if number.scale == "ratio" else float(ndtri(value))


def crossing(
    margin: Callable[[float], tuple[float, int]], bracket: tuple[float, float], *, within: float = 1e-4
) -> tuple[float, int]:
    """Where a margin becomes 0 between its two ends, and against whom, by regula falsi (Illinois)."""
    inside, outside = bracket
    (low, _), (high, to) = margin(inside), margin(outside)
    last = 0
    for _ in range(60):
        amount = (inside * high - outside * low) / (high - low) if np.isfinite(high) else (inside + outside) / 2
        here, nearest = margin(amount)
        if abs(here) <= within:
            return amount, nearest
        if here > 0:
            inside, low, high, last = amount, here, high / 2 if last > 0 else high, 1
        else:
            outside, high, to, low, last = amount, here, nearest, low / 2 if last < 0 else low, -1
        if abs(outside - inside) <= within:
            break
    return outside, to


@dataclass(frozen=True, slots=True)
class Graded:
    """An origin whose grade can be moved: its place, its grade, and the same as it is read."""

    position: int
    origin: Origin
    grade: Grade
    read: Grade


def gradable(posterior: Posterior) -> list[Graded]:
    """Origins with a grade in both scales; F and 6 stand outside them, and cannot be moved by steps."""
    case = standing_case(posterior)
    found = []
    for position, id in enumerate(posterior.program.origins):
        origin = case.origins[id]
        grade = origin.grade
        if isinstance(origin.items[0], Statement) and grade and grade.letter != "F" and grade.digit != "6":
            found.append(Graded(position, origin, grade, effective_grade(case, origin)))
    return found


def grade_steps(one: Graded, to: Grade) -> int:
    """Steps of letter and digit between the grade as it is read and another."""
    letters = abs(_JUDGED_LETTERS.index(one.read.letter) - _JUDGED_LETTERS.index(to.letter))
    return letters + abs(_JUDGED_DIGITS.index(one.read.digit) - _JUDGED_DIGITS.index(to.digit))


def extreme_grades(posterior: Posterior, one: Graded) -> Iterator[Grade]:
    """The best and the worst grade it could have: the lead is a sum in which its reliability stands once."""
    yield from (grade for grade in (_as_read(posterior, one, _BEST), _WORST) if grade_steps(one, grade))


def other_grades(posterior: Posterior, one: Graded) -> list[Grade]:
    """All other grades, the fewest steps first."""
    known = dict.fromkeys(
        _as_read(posterior, one, Grade(letter, digit)) for letter in _JUDGED_LETTERS for digit in _JUDGED_DIGITS
    )
    return sorted((grade for grade in known if grade_steps(one, grade)), key=lambda grade: grade_steps(one, grade))


def with_grade(posterior: Posterior, one: Graded, grade: Grade, on: Bench) -> Floats:
    """The log-joint on a bench (draw, faction) with another grade for one origin."""
    slots = on.slots.copy()
    column = int(on.loose.reliability[one.position])
    slots[:, column] = _letter(posterior, one, grade, on) * _digit(posterior, one, grade, on)
    part = int(on.program.ints.origin_part[one.position])
    return on.total(slots, Reach(frozenset({part}), prior=False, following=()))


def program_with(posterior: Posterior, origin: str, grade: Grade) -> Program:
    """The network of the case in which the origin has another grade."""
    return compile_network(regraded(posterior.case, origin, grade), posterior.model, posterior.settings.as_of)


def regraded(case: Case, origin: str, grade: Grade) -> Case:
    """The case with another grade for one origin, on its declaration or on its only item."""
    declared = case.declarations
    if origin in declared and declared[origin].grade:
        changed = [replace(one, grade=grade) if one.id == origin else one for one in declared]
        return replace(case, declarations=Catalog(changed))
    items = [
        replace(item, grade=grade, regraded=()) if isinstance(item, Statement) and item.origin_id == origin else item
        for item in case.evidence
    ]
    return replace(case, evidence=Catalog(items))


def _as_read(posterior: Posterior, one: Graded, grade: Grade) -> Grade:
    """A digit 1 is read as 2 where another origin reports on the same fact."""
    confirmed = effective_grade(standing_case(posterior), replace(one.origin, grade=Grade(grade.letter, "1")))
    return Grade(grade.letter, "2") if grade.digit == "1" and confirmed.digit == "2" else grade


def _letter(posterior: Posterior, one: Graded, grade: Grade, on: Bench) -> Floats:
    """The source part: as it is; that which the source has elsewhere; or one of its own, of which nothing is known."""
    if grade.letter == one.read.letter:
        return on.slots[:, on.program.ints.origin_source[one.position]]
    label = f"reliability[{one.origin.source}|{grade.letter}]"
    number = posterior.model.grading.source_part(grade)
    if label in on.program.labels:
        return quantile(number, on.z[:, on.program.labels.index(label)])
    return quantile(number, np.random.default_rng(one.position).standard_normal(len(on.z)))


def _digit(posterior: Posterior, one: Graded, grade: Grade, on: Bench) -> Floats:
    """The item part, which no other origin shares."""
    if grade.digit == one.read.digit:
        return on.slots[:, on.program.ints.origin_item[one.position]]
    fresh = np.random.default_rng(1000 + one.position).standard_normal(len(on.z))
    return quantile(posterior.model.grading.item_part(grade), fresh)


def forgeable(posterior: Posterior) -> tuple[str, ...]:
    """Reports and acts that the case does not call impossible to forge."""
    return tuple(
        origin.id
        for origin in standing_case(posterior).origins
        if isinstance(origin.items[0], Statement) and origin.forgeable
    )


def doubted(posterior: Posterior, origins: tuple[str, ...]) -> tuple[str, ...]:
    """Those of some origins of which the model itself says how probable it is that they are forged."""
    named = {one.target for one in posterior.model.deception.forged}
    case = standing_case(posterior)
    return tuple(origin for origin in origins if origin in named or case.origins[origin].source in named)


def planted(posterior: Posterior, origins: tuple[str, ...], toward: str, probability: Number) -> Program:
    """The network with some origins forged with a probability; what the model says of others stays."""
    model = posterior.model
    forged = tuple(Forged(origin, probability, toward) for origin in origins)
    kept = tuple(one for one in model.deception.forged if one.target not in origins)
    deception = replace(model.deception, forged=(*forged, *kept))
    return compile_network(posterior.case, replace(model, deception=deception), posterior.settings.as_of)


def marked_slot(program: Program, origins: tuple[str, ...]) -> int:
    """Where the one probability stands with which these origins are forged."""
    return int(program.ints.forged[program.origins.index(origins[0])])


@dataclass(frozen=True, slots=True, eq=False)
class Planting:
    """Some draws under forging of many origins with one probability: at random, and toward anybody.

    Toward g, a faction outside g is judged as if every origin might have been planted, and one inside g as if none.
    Two networks, each sparing another faction, therefore hold all directions.
    """

    programs: tuple[Program, Program, Program]
    slots: tuple[Floats, Floats, Floats]
    columns: tuple[int, int, int]
    log_weight: Floats
    spared: tuple[int, int]

    @classmethod
    def of(cls, posterior: Posterior, origins: tuple[str, ...], rows: Ints) -> Planting:
        """All directions on some draws that count equally."""
        first, second = posterior.program.factions[:2]
        programs = tuple(planted(posterior, origins, toward, MARK) for toward in (NOISE, first, second))
        slots = tuple(numbers(one, np.ascontiguousarray(transferred(posterior, one)[rows])) for one in programs)
        columns = tuple(marked_slot(one, origins) for one in programs)
        a, b, c = programs
        x, y, z = slots
        return cls((a, b, c), (x, y, z), (columns[0], columns[1], columns[2]), -posterior.log_evidence[rows], (0, 1))

    def at(self, probability: float) -> tuple[Floats, Floats]:
        """The log-joint without the open set (draw, faction): all forged at random; all planted toward nobody there."""
        noise, first, second = (self._total(which, probability) for which in range(3))
        anybody = first.copy()
        anybody[:, self.spared[0]] = second[:, self.spared[0]]
        return noise, anybody

    def opened(self, total: Floats) -> Floats:
        """With the open set mixed in."""
        return keep_open(self.programs[0], self.slots[0], total)

    def _total(self, which: int, probability: float) -> Floats:
        slots = self.slots[which].copy()
        slots[:, self.columns[which]] = probability
        prior, parts = log_parts(self.programs[which], slots)
        return np.asarray(prior + parts.sum(axis=2))
