"""Spoilt files end in an answer or in an error with file and line; `make fuzz` tries many more."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attribution.errors import InputError
from tests.trust import hostile
from tests.trust.fuzz import TEXTS, attempt
from tests.trust.hostile import judge, judged, seeds_of, spoilt
from tests.trust.hostile_files import attempt_run
from tests.trust.hostile_output import attempt_output, seeds_hold_marks


@pytest.mark.parametrize("kind", TEXTS)
def test_the_seeds_are_good(kind: str) -> None:
    for text in seeds_of(kind)[:2]:
        hostile._take(kind, text)


@pytest.mark.parametrize("kind", TEXTS)
@given(r=st.randoms(use_true_random=False), data=st.data())
@settings(max_examples=60)
def test_a_spoilt_file_is_read_or_refused(kind: str, r: object, data: st.DataObject) -> None:
    seeds = seeds_of(kind)
    other = data.draw(st.sampled_from(seeds))
    assert judge(kind, spoilt(r, seeds[0], other)) == ""  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", TEXTS)
@given(text=st.text(max_size=400))
@settings(max_examples=40)
def test_any_text_at_all(kind: str, text: str) -> None:
    assert judge(kind, text) == ""


@pytest.mark.parametrize(
    ("kind", "inputs"), [("document", 150), ("frames", 30), ("workbook", 6), ("table", 6), ("cache", 40)]
)
def test_what_is_no_text_is_taken_or_refused(kind: str, inputs: int) -> None:
    assert {number: why for number in range(inputs) if (why := attempt(kind, number)[0])} == {}


def test_a_changed_run_says_the_same_or_is_refused() -> None:
    found = {number: attempt_run(Random(number), "importance") for number in range(24)}
    assert {number: each for number, each in found.items() if each[0]} == {}


def test_no_command_prints_what_a_terminal_obeys() -> None:
    assert seeds_hold_marks()
    found = {number: attempt_output(Random(number), slow=False) for number in range(12)}
    assert {number: each for number, each in found.items() if each[0]} == {}


def test_the_judge_sees_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(kind: str, text: str) -> None:
        raise KeyError(text)

    monkeypatch.setattr(hostile, "_take", fail)
    assert judge("case", "x") == "KeyError: 'x'"
    monkeypatch.setattr(hostile, "_take", lambda kind, text: None)
    monkeypatch.setattr(hostile, "SLOWEST", -1.0)
    assert "it took" in judge("case", "x")
    monkeypatch.undo()

    def placeless() -> None:
        raise InputError("something is wrong", hint="mend it")

    assert "without a place" in judged(placeless)
