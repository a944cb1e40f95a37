"""Admiralty grades and what they are worth."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attribution.domain.grades import DIGITS, LETTERS, Grade, Grading, numbers_in_order
from attribution.domain.numbers import Number
from attribution.errors import CaseError, ModelError
from tests.random_models import CERTAIN, UNCERTAIN


@pytest.mark.parametrize("text", [letter + digit for letter in LETTERS for digit in DIGITS])
def test_every_grade_reads_back(text: str) -> None:
    assert str(Grade.parse(text)) == text


@pytest.mark.parametrize("text", ["", "B", "2B", "G1", "A7", "b2", "B22", "B0", " B2"])
def test_grades_that_are_none(text: str) -> None:
    with pytest.raises(CaseError, match="not an Admiralty grade"):
        Grade.parse(text)


def test_a_near_miss_is_guessed() -> None:
    with pytest.raises(CaseError) as error:
        Grade.parse("b2")
    assert '"B2"' in error.value.hint


def test_parts_belong_to_their_names() -> None:
    assert UNCERTAIN.source_part(Grade("C", "1")).best == 0.85
    assert UNCERTAIN.item_part(Grade("A", "5")).best == 0.1
    assert UNCERTAIN.source_part(Grade("F", "1")) == UNCERTAIN.item_part(Grade("A", "6"))


@pytest.mark.parametrize("block", ["letters", "digits"])
@pytest.mark.parametrize("position", [0, 1, 2, 3])
def test_a_better_grade_is_never_worth_less(block: str, position: int) -> None:
    numbers = list(getattr(CERTAIN, block))
    numbers[position], numbers[position + 1] = numbers[position + 1], numbers[position]
    with pytest.raises(ModelError, match="worth more") as error:
        replace(CERTAIN, **{block: tuple(numbers)})  # type: ignore[arg-type]
    assert error.value.at[0] == block


def test_low_and_high_must_fall_too() -> None:
    wide = (*UNCERTAIN.letters[:2], Number(0.1, 0.85, 0.999), *UNCERTAIN.letters[3:])
    with pytest.raises(ModelError):
        replace(UNCERTAIN, letters=wide)


def test_f_and_6_stand_apart() -> None:
    best = (*CERTAIN.letters[:5], Number.exactly(1.0))
    assert replace(CERTAIN, letters=best).source_part(Grade("F", "1")).best == 1.0


def test_a_certain_grade_has_no_cap() -> None:
    certain = Grading("c", "", (Number.exactly(1.0),) * 6, (Number.exactly(1.0),) * 6)
    assert certain.cap(Grade("A", "1")) == float("inf")
    assert certain.cap(Grade("A", "1"), 0.0) == float("inf")


def test_all_names_of_a_block_once() -> None:
    stated = dict(zip(LETTERS, CERTAIN.letters, strict=True))
    shuffled = dict(sorted(stated.items(), reverse=True))
    assert numbers_in_order("letters", LETTERS, shuffled) == CERTAIN.letters
    with pytest.raises(ModelError, match="no F"):
        numbers_in_order("letters", LETTERS, {name: number for name, number in stated.items() if name != "F"})
    with pytest.raises(ModelError):
        numbers_in_order("letters", LETTERS, {**stated, "G": Number.exactly(0.5)})
    with pytest.raises(ModelError, match="5 of 6"):
        replace(CERTAIN, letters=CERTAIN.letters[:5])
