"""Analytic confidence follows its rule, and never shares a sentence with a word of probability."""

from __future__ import annotations

import itertools
import re

import pytest

import attribution as at
from attribution.analysis.confidence import Ground, Level, confidence, level_of
from attribution.analysis.dependence import dependence
from attribution.analysis.leave_out import leave_out
from attribution.domain.facts import Fact
from attribution.domain.verbal import ICD_203
from attribution.inference.posterior import Posterior
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, says

GROUNDS = ("origins", "sources", "deception", "prior", "engines", "models")


def grounds(**levels: Level | None) -> tuple[Ground, ...]:
    return tuple(Ground(id, levels.get(id, "high"), "") for id in GROUNDS)


def test_the_rule() -> None:
    assert level_of(grounds(), tied=False) == "high"
    assert level_of(grounds(), tied=True) == "low"
    assert level_of(grounds(origins="moderate"), tied=False) == "moderate"
    assert level_of(grounds(deception=None), tied=False) == "moderate"
    assert level_of(grounds(prior="low"), tied=False) == "moderate"
    assert level_of(grounds(prior="low", sources="low"), tied=False) == "low"
    for decisive in ("engines", "models"):
        assert level_of(grounds(**{decisive: "low"}), tied=False) == "low"


def test_more_on_one_ground_never_lowers_confidence() -> None:
    levels: tuple[Level, ...] = ("low", "moderate", "high")
    for combination in itertools.product(levels, repeat=6):
        now = dict(zip(GROUNDS, combination, strict=True))
        for id, level in now.items():
            if level != "high":
                better = grounds(**{**now, id: levels[levels.index(level) + 1]})
                before, after = level_of(grounds(**now), tied=False), level_of(better, tied=False)
                assert levels.index(after) >= levels.index(before)


def stated(posterior: Posterior, deception: float | None, rivals: tuple[Posterior, ...] = ()) -> at.Confidence:
    return confidence(
        posterior,
        sources=leave_out(posterior, "source", refit=False),
        dependence=dependence(posterior),
        deception=deception,
        rivals=rivals,
    )


@pytest.mark.parametrize("deception", [None, 0.05, 0.2, 0.5, float("inf")])
def test_no_sentence_has_a_word_of_probability(deception: float | None) -> None:
    model = at.read_model("tower-22/baseline")
    one = at.fit(at.read_case("tower-22"), model, engine="importance", sampling=at.Sampling(scrambles=8, log2_points=8))
    other = at.fit(one.case, at.read_model("tower-22/sceptical"), engine="importance")
    for rivals in ((), (one,), (other,)):
        text = f"{stated(one, deception, rivals)}"
        words = {term for band in ICD_203 for term in band.terms} | {"chance", "probab", "likel"}
        for sentence in re.split(r"(?<=\.)\s", text):
            assert not [word for word in words if word in sentence.lower()], sentence


def test_models_that_disagree_leave_low_confidence() -> None:
    one = at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")
    other = at.fit(one.case, at.read_model("tower-22/sceptical"), engine="importance")
    found = stated(one, 0.5, (other,))
    assert found.level == "low"
    assert "do not name the same leader" in found.statement
    assert found.statement.startswith("Analytic confidence: low. ")


def test_a_tied_lead_is_low() -> None:
    fact, table = Fact("x", YES_NO), a_table("x", {"yes": {"else": (0.1, 0.2, 0.4)}})
    tied = at.fit(a_case(fact, items=[a_report("r", says("x", "yes"))]), a_model(table), engine="importance")
    found = stated(tied, None)
    assert found.tied
    assert found.level == "low"
    assert "no more than Monte Carlo error" in str(found)


def test_the_frame_has_every_ground() -> None:
    one = at.fit(a_case(), a_model(other=0.1), engine="importance")
    assert list(stated(one, None).to_frame().index) == list(GROUNDS)
