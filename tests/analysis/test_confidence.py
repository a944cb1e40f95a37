"""Analytic confidence follows its rule, and never shares a sentence with a word of probability."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pytest

import attribution as at
from attribution.analysis.comparison.record import Record, recipe_record
from attribution.analysis.confidence import Ground, Level, confidence, level_of
from attribution.analysis.dependence import dependence
from attribution.analysis.leave_out import leave_out
from attribution.domain.evidence import Citation
from attribution.domain.facts import Fact
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Story
from attribution.domain.numbers import Number
from attribution.domain.verbal import ICD_203
from attribution.inference.posterior import Posterior
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, says

GROUNDS = (
    "origins",
    "sources",
    "deception",
    "prior",
    "engines",
    "models",
    "range",
    "read",
    "learning",
    "stories",
    "record",
)


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
        now = dict(zip((*GROUNDS[:5], "read"), combination, strict=True))
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
    one = at.fit(at.read_case("tower-22"), model, engine="importance", scrambles=8, log2_points=8)
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


def ground(found: at.Confidence, id: str) -> Ground:
    return next(one for one in found.grounds if one.id == id)


def plainly(posterior: Posterior, **more: object) -> at.Confidence:
    sources, origins = leave_out(posterior, "source", refit=False), dependence(posterior)
    return confidence(posterior, sources=sources, dependence=origins, **more)  # type: ignore[arg-type]


def two_reports(*reads: str, low: float = 0.6, high: float = 0.8) -> Posterior:
    """Two facts that speak for `a` alike, each reported once, with pages that were read so."""
    cited = [Citation("https://example.org/x", "Page", read=read) for read in reads]  # type: ignore[arg-type]
    items = [
        replace(a_report(f"r{k}", says(f"x{k}", "yes"), source="st"[k]), citations=(page,))
        for k, page in enumerate(cited)
    ]
    facts = [Fact(f"x{k}", YES_NO) for k in range(2)]
    tables = [a_table(fact.id, {"yes": {"a": (low, (low + high) / 2, high), "else": 0.2}}) for fact in facts]
    return at.fit(a_case(*facts, items=items), a_model(*tables), engine="importance")


@pytest.mark.parametrize(
    ("reads", "level"),
    [(("original", "original"), "high"), (("relay", "copy"), "low"), (("original", "excerpt"), "moderate")],
)
def test_what_was_read_in_the_original_counts_by_its_decibans(reads: tuple[str, str], level: str) -> None:
    """Grades B and C: of two reports that say as much the better source adds somewhat more than half."""
    posterior = two_reports(*reads)
    found = plainly(posterior, decomposition=at.shapley(posterior))
    assert ground(found, "read").level == level
    assert ground(plainly(posterior), "read").level is None


def test_a_range_across_many_words_is_not_high() -> None:
    narrow, wide = two_reports("copy", "copy", low=0.699, high=0.701), two_reports("copy", "copy", low=0.02, high=0.98)
    assert ground(plainly(narrow), "range").level == "high"
    assert ground(plainly(wide), "range").level == "moderate"
    leaned = replace(at.lean(narrow), low=(0.1,) * 3, high=(0.99,) * 3)
    assert ground(plainly(narrow, lean=leaned), "range").level == "low"
    assert "touches 6 of 7" in ground(plainly(narrow, lean=leaned), "range").reason


def test_another_leader_without_learning_is_low() -> None:
    posterior = at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")
    found = at.learning(posterior)
    levels = {"changes_lead": "low", "changes_word": "moderate"}
    expected = next((level for name, level in levels.items() if getattr(found, name)), "high")
    assert ground(plainly(posterior, learning=found), "learning").level == expected
    other = next(one.id for one in found.cut if one.id != found.leader)
    assert ground(plainly(posterior, learning=replace(found, cut_leader=other)), "learning").level == "low"


def test_a_story_at_full_strength_is_a_ground() -> None:
    """Two acts that `a` does with 0.8, others with 0.3, are very likely its own apart, and likely if one act."""
    items = [a_report(f"r{k}", says(f"x{k}", "yes"), grade="A1") for k in range(2)]
    facts = [Fact(f"x{k}", YES_NO) for k in range(2)]
    case = a_case(*facts, items=items)
    plain = a_model(*(a_table(fact.id, {"yes": {"a": 0.8, "else": 0.3}}) for fact in facts))
    both = Story("both", ("x0", "x1"), Number.exactly(0.0))
    posterior = at.fit(case, replace(plain, stories=Catalog([both])), engine="importance")
    swept = at.story_sweep(posterior, refit=False)
    assert posterior.ranking[0].words == "very likely"
    assert ground(plainly(posterior, stories=swept), "stories").level == "moderate"
    assert ground(plainly(posterior), "stories").level is None
    whole, close = swept.tellings[-1], swept.tellings[0]
    levels = {}
    for name, told in {
        "same": replace(close, strength=1.0),
        "open": replace(close, strength=1.0, lead_open=True),
        "lost": replace(whole, leader="b"),
    }.items():
        found = plainly(posterior, stories=replace(swept, tellings=(*swept.tellings[:-1], told)))
        levels[name] = ground(found, "stories").level
    assert levels == {"same": "high", "open": "moderate", "lost": "low"}


def test_a_model_without_stories_was_not_asked() -> None:
    posterior = two_reports("copy", "copy")
    found = plainly(posterior, stories=at.story_sweep(posterior, refit=False))
    assert ground(found, "stories").level is None


@pytest.mark.parametrize(
    ("record", "level"),
    [
        (None, None),
        (Record("", 0, 0.0), None),
        (Record("standard", 4, 1.0), None),
        (Record("standard", 2, -0.5), "low"),
        (Record("standard", 6, 1.0), "moderate"),
        (Record("standard", 30, 1.0), "high"),
    ],
)
def test_few_settled_cases_are_no_record(record: Record | None, level: Level | None) -> None:
    assert ground(plainly(two_reports("copy", "copy"), record=record), "record").level == level


def test_the_record_of_a_recipe_leaves_its_own_case_out() -> None:
    """Settled and scored are Madrid and whichever others say so; a case is never its own witness."""
    counts = {}
    for name in ("madrid-2004", "k1-2019"):
        posterior = at.fit(at.read_case(name), at.read_model(f"{name}/baseline"), engine="importance")
        counts[name] = recipe_record(posterior).outcomes
    assert counts["k1-2019"] == counts["madrid-2004"] + sum(one.scored for one in at.read_case("madrid-2004").outcomes)
    own = at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")
    assert recipe_record(own) == Record("", 0, 0.0)


def test_abqaiq_is_not_moderate() -> None:
    """Its origins are few, and none of what decides was read in the original."""
    posterior = at.fit(at.read_case("abqaiq-2019"), at.read_model("abqaiq-2019/baseline"), engine="importance")
    found = plainly(posterior, decomposition=at.shapley(posterior), lean=at.lean(posterior, refit=False))
    assert ground(found, "read").level == "low"
    assert ground(found, "range").level != "high"
    assert found.level == "low"
