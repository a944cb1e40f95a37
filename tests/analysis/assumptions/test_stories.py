"""A story between no strength and full: the answer is a mixture that can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

import attribution as at
from attribution.analysis.dependence import effective_number, pull_together
from attribution.domain.facts import Fact
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Story
from attribution.domain.numbers import Number
from attribution.errors import UsageError
from attribution.inference.posterior import Posterior
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, says

NAMES = ("x", "y", "z")
CASE = a_case(
    *(Fact(name, YES_NO) for name in NAMES),
    items=[a_report(f"saw-{name}", says(name, "yes"), grade="A1") for name in NAMES],
)
PLAIN = a_model(*(a_table(name, {"yes": {"a": (0.7, 0.8, 0.9), "else": 0.3}}) for name in NAMES))


def told(strength: float) -> Posterior:
    story = Story("one-cause", ("x", "y", "z"), Number.exactly(strength))
    return at.fit(CASE, replace(PLAIN, stories=Catalog([story])), engine="importance")


@pytest.fixture(scope="module")
def half() -> Posterior:
    return told(0.5)


def test_at_every_strength_it_is_the_answer_of_that_model(half: Posterior) -> None:
    found = at.story_sweep(half, strengths=(0.0, 0.5, 1.0))
    for one in found.tellings:
        fitted = [standing.probability for standing in told(one.strength).standings]
        assert one.probabilities == pytest.approx(fitted, abs=0.002)
    assert found.of("a", "one-cause", 0.0) > found.of("a", "one-cause", 0.5) > found.of("a", "one-cause", 1.0)
    stated = [standing.probability for standing in half.standings]
    assert found.tellings[1].probabilities == pytest.approx(stated, abs=1e-12)


def test_three_acts_are_one_story(half: Posterior) -> None:
    found = at.story_sweep(half)
    assert found.effective == 1.0
    alone = [pull_together(half, (origin,)) for origin in half.program.origins]
    assert found.effective_origins == pytest.approx(effective_number(alone))
    assert len(found.to_frame()) == 5 * len(found.factions)


def test_a_model_without_stories_says_so() -> None:
    found = at.story_sweep(at.fit(CASE, PLAIN, engine="importance"))
    assert found.tellings == ()
    assert "tells no story" in found.summary
    assert found.effective == found.effective_origins


def test_strengths_and_stories_that_are_not_there(half: Posterior) -> None:
    with pytest.raises(UsageError, match=r"a strength is 1\.5"):
        at.story_sweep(half, strengths=(1.5,))
    with pytest.raises(UsageError, match=r"nothing at 0\.3"):
        at.story_sweep(half).of("a", "nothing", 0.3)
