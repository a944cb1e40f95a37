"""What a grade is worth: the caps of the standard table, on paper and through the tape."""

from __future__ import annotations

import numpy as np
import pytest

from attribution.domain.facts import Fact
from attribution.domain.grades import Grade, Grading
from attribution.network.compiler import compile_network
from attribution.network.program import Program
from attribution.network.summation import log_joint, numbers, tables
from tests.builders import YES_NO, Stated, a_case, a_model, a_report, a_table, says
from tests.random_cases import random_pair
from tests.random_models import CERTAIN, UNCERTAIN

CAPS = {"A1": 200, "A2": 56, "B2": 33, "B3": 10, "C3": 6, "D3": 2.5, "F6": 1.2, "E5": 1.0}
DECIMALS = {"D3": 1, "F6": 1, "E5": 1}

# a is certain to leave the fact, b certain not to: the evidence's likelihood ratio is that of the report
APART: dict[str, Stated] = {"a": 1.0, "b": 0.0, "other": 0.5}


def ratio(grade: str, *, second: str = "") -> float:
    """The likelihood ratio that a report so graded carries, alone or beside a second one on the same fact."""
    items = [a_report("r", says("w", "yes"), grade=grade)]
    items += [a_report("q", says("w", "yes"), source="t", grade=second)] if second else []
    program = compile_network(a_case(Fact("w", YES_NO), items=items), a_model(a_table("w", {"yes": APART})))
    joint = log_joint(program.without(frozenset({"q"})), np.zeros((1, program.dimension)))[0]
    return float(np.exp(joint[0] - joint[1]))


@pytest.mark.parametrize("grading", [CERTAIN, UNCERTAIN], ids=["certain", "uncertain"])
def test_caps_of_the_standard_table(grading: Grading) -> None:
    """As printed in the design, rounded as there."""
    rounded = {grade: round(grading.cap(Grade.parse(grade)), DECIMALS.get(grade, 0)) for grade in CAPS}
    assert rounded == CAPS


@pytest.mark.parametrize("grade", [letter + digit for letter in "ABCDEF" for digit in "123456"])
def test_the_tape_carries_the_cap(grade: str) -> None:
    assert ratio(grade) == pytest.approx(CERTAIN.cap(Grade.parse(grade)), rel=1e-12)


def test_better_grades_are_worth_more() -> None:
    for digit in "123456":
        falling = [ratio(letter + digit) for letter in "ABCDE"]
        assert falling == sorted(falling, reverse=True)
    for letter in "ABCDEF":
        falling = [ratio(letter + digit) for digit in "12345"]
        assert falling == sorted(falling, reverse=True)


def test_a_digit_1_is_read_as_2_beside_another_report() -> None:
    assert ratio("A1", second="B2") == pytest.approx(ratio("A2"))
    assert ratio("A2", second="B2") == pytest.approx(ratio("A2"))


def test_no_grade_is_f6() -> None:
    assert ratio("") == pytest.approx(ratio("F6"))


def test_would_say_anyway_moves_the_cap() -> None:
    assert CERTAIN.cap(Grade("B", "2"), 0.1) > CERTAIN.cap(Grade("B", "2")) > CERTAIN.cap(Grade("B", "2"), 0.9)


def row_sums(program: Program, draws: int, scale: float) -> tuple[np.ndarray, np.ndarray]:
    z = scale * np.random.default_rng(1).standard_normal((draws, program.dimension))
    rows, log_prior = tables(program, numbers(program, z))
    assert (rows >= 0).all()
    return np.add.reduceat(rows, program.ints.row_start[:-1], axis=1), np.exp(log_prior).sum(axis=1)


@pytest.mark.parametrize("seed", range(300, 340))
def test_rows_and_priors_are_distributions_in_every_draw(seed: int) -> None:
    program = compile_network(*random_pair(seed))
    for scale in (1.0, 3.0):
        sums, prior = row_sums(program, 50, scale)
        np.testing.assert_allclose(sums, 1.0, rtol=0, atol=1e-12)
        np.testing.assert_allclose(prior, 1.0, rtol=0, atol=1e-12)
