"""The first screen says what would follow: without the evidence, under another model, if it was forged."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import pytest

import attribution as at
from attribution.analysis.sensitivity import sensitivity
from attribution.domain.verbal import percent
from attribution.reporting.content import content
from attribution.reporting.first_screen import FirstScreen
from tests.builders import a_case, a_model, a_report, a_tree, says

FIRST, SECOND = 0.4, 0.5  # shares: the report alone puts A before B


@cache
def screens() -> tuple[FirstScreen, FirstScreen]:
    """One report that names A, who has less of the prior than B; without and with a sensitivity analysis."""
    case = a_case(items=(a_report("r", says("perpetrator", "a"), grade="B2"),), tree=a_tree("a", "b"))
    posterior = at.fit(case, a_model(shares={"a": FIRST, "b": SECOND}), engine="importance", scrambles=4, log2_points=7)
    assert posterior.ranking[0].id == "a"
    rival = at.fit(case, a_model(shares={"a": 0.01, "b": 0.99}), engine="importance", scrambles=4, log2_points=7)
    found = sensitivity(posterior, (rival,))
    return content(posterior).first, content(posterior, (rival,), found).first


def test_it_rests_on_the_report_without_which_the_other_leads() -> None:
    for screen in screens():
        (sentence,) = screen.rests_on
        prior = screen.bars[0].prior
        assert sentence.endswith(f"without it A would have {percent(prior)}, and B would lead.")


def test_the_range_with_a_lean_holds_the_range_over_inputs() -> None:
    without, with_lean = screens()
    assert {bar.lean_low for bar in without.bars} == {None}
    for bar in with_lean.bars:
        assert bar.lean_low is not None and bar.lean_high is not None
        ends = (bar.lean_low, bar.low, bar.probability, bar.high, bar.lean_high)
        assert all(b - a > -1e-9 for a, b in pairwise(ends))
    assert "if the analyst leans" in with_lean.how_sure and "if the analyst leans" not in without.how_sure


def test_of_wrong_models_the_one_that_takes_the_lead_is_told() -> None:
    _, screen = screens()
    forged, wrong, together = screen.doubts
    assert "and B leads with" in wrong.sentence
    assert forged.sentence.startswith("Suppose that the one origin that sets A apart from B was forged")
    assert together.title == "The judgements hang together"
    assert screen.confidence == "low"


def test_what_was_not_worked_out_is_said_to_be_missing() -> None:
    screen, _ = screens()
    missing = "This was not worked out: the report has no sensitivity analysis."
    assert [screen.doubts[0].sentence, screen.doubts[2].sentence, screen.because] == [missing] * 3
    assert screen.confidence == "not assessed"


@pytest.mark.parametrize("which", [0, 1])
def test_the_checks_are_told_with_what_they_do_not_say(which: int) -> None:
    screen = screens()[which]
    assert screen.checks.startswith("Not passed: ")
    assert "Nobody's judgement was checked" in screen.checks_mean
