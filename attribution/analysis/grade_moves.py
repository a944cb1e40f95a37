"""Other grades for one origin: every letter and digit, in steps from the grade it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from attribution.analysis.bench import Bench
from attribution.analysis.units import standing_case
from attribution.domain.case import Case
from attribution.domain.evidence import Statement
from attribution.domain.grades import DIGITS, LETTERS, Grade
from attribution.domain.identifiers import Catalog
from attribution.domain.origins import Origin
from attribution.inference.posterior import Posterior
from attribution.network.compile_origins import effective_grade
from attribution.network.compiler import compile_network
from attribution.network.curves import quantile
from attribution.network.program import Floats, Program
from attribution.network.reach import Reach

_BEST, _WORST = Grade("A", "1"), Grade("E", "5")
_JUDGED_LETTERS, _JUDGED_DIGITS = LETTERS[:-1], DIGITS[:-1]


@dataclass(frozen=True, slots=True)
class Graded:
    """An origin whose grade can be moved: its place, its grade, and the same as it is read."""

    position: int
    origin: Origin
    grade: Grade
    read: Grade


def graded(posterior: Posterior) -> list[Graded]:
    """Origins with a grade in both scales; F and 6 stand outside them, and cannot be moved by steps."""
    case = standing_case(posterior)
    found = []
    for position, id in enumerate(posterior.program.origins):
        origin = case.origins[id]
        grade = origin.grade
        if isinstance(origin.items[0], Statement) and grade and grade.letter != "F" and grade.digit != "6":
            found.append(Graded(position, origin, grade, effective_grade(case, origin)))
    return found


def steps(one: Graded, to: Grade) -> int:
    """Steps of letter and digit between the grade as it is read and another."""
    letters = abs(_JUDGED_LETTERS.index(one.read.letter) - _JUDGED_LETTERS.index(to.letter))
    return letters + abs(_JUDGED_DIGITS.index(one.read.digit) - _JUDGED_DIGITS.index(to.digit))


def ends(posterior: Posterior, one: Graded) -> Iterator[Grade]:
    """The best and the worst grade it could have: the lead is a sum in which its reliability stands once."""
    yield from (grade for grade in (_as_read(posterior, one, _BEST), _WORST) if steps(one, grade))


def others(posterior: Posterior, one: Graded) -> list[Grade]:
    """All other grades, the fewest steps first."""
    known = dict.fromkeys(
        _as_read(posterior, one, Grade(letter, digit)) for letter in _JUDGED_LETTERS for digit in _JUDGED_DIGITS
    )
    return sorted((grade for grade in known if steps(one, grade)), key=lambda grade: steps(one, grade))


def tried(posterior: Posterior, one: Graded, grade: Grade, on: Bench) -> Floats:
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
