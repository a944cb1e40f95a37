"""Scores against what was settled: closed forms, and nothing scored that could know the ending."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

import attribution as at
from attribution.analysis.comparison.casebook import foreseen, scores
from attribution.domain.case import Case, Outcome, Settled
from attribution.domain.evidence import Citation, Proposition
from attribution.domain.facts import Fact
from attribution.domain.grades import Grade
from tests.builders import DAY, YES_NO, a_case, a_model, a_report, a_table, says

SEEN = Fact("seen", YES_NO)
TABLE = a_table("seen", {"yes": {"a": 0.9, "b": 0.2, "other": 0.2}})
MODEL = a_model(TABLE, shares={"a": 0.5, "b": 0.5}, other=0.1)


def settled(*states: str, fact: str = "perpetrator", negated: bool = False, how: Settled = "court") -> Outcome:
    proposition = Proposition(fact, frozenset(states), negated)
    return Outcome(proposition, "s", Grade("A", "2"), DAY.days_later(100), how)


def scored(*outcomes: Outcome, days: int | None = 50, late: int = 10):  # type: ignore[no-untyped-def]
    posterior = at.fit(
        a_case_of(*outcomes, late=late),
        MODEL,
        engine="importance",
        scrambles=2,
        log2_points=5,
        as_of=None if days is None else DAY.days_later(days),
    )
    return posterior, scores(posterior)


def a_case_of(*outcomes: Outcome, late: int = 10) -> Case:
    items = [
        a_report("r", says("seen", "yes")),
        a_report("later", says("seen", "yes"), published=DAY.days_later(late), source="t"),
    ]
    return replace(a_case(SEEN, items=items), outcomes=outcomes)


def test_a_set_is_scored_by_what_the_posterior_gave_to_it() -> None:
    posterior, (one,) = scored(settled("b", "other"))
    a, b, other = (standing.probability for standing in posterior.standings)
    assert one.probability == pytest.approx(b + other)
    assert one.prior == pytest.approx(0.9 * 0.5 + 0.1)
    assert one.log_score == pytest.approx(math.log2(b + other))
    assert one.gain == pytest.approx(math.log2((b + other) / 0.55))
    assert one.brier == pytest.approx(a**2)
    assert one.rank == 2
    assert one.mcse == pytest.approx(0.0, abs=1e-12)  # all numbers are constants


def test_what_is_excluded_is_scored_by_the_rest() -> None:
    _, (true,) = scored(settled("a"))
    _, (excluded,) = scored(settled("b", "other", negated=True))
    assert true == excluded
    assert true.rank == 1


def test_states_of_a_fact_are_scored_like_factions() -> None:
    posterior, (one,) = scored(settled("no", fact="seen"))
    chance = next(standing for standing in posterior.state_standings if standing.id == "seen=no")
    assert one.probability == pytest.approx(chance.probability)
    assert one.prior == pytest.approx(chance.prior)
    assert one.rank == 2


def test_only_what_is_settled_is_scored() -> None:
    _, found = scored(settled("a", how="partial"), settled("b", how="consensus"))
    assert [one.outcome for one in found] == [1]


def test_nothing_is_scored_that_could_know_the_ending() -> None:
    assert scored(settled("a"), days=99)[1]
    assert scored(settled("a"), days=None)[1]  # all evidence is older than the outcome
    assert scored(settled("a"), days=150)[1]
    assert scored(settled("a"), days=None, late=100)[1] == ()
    assert scored(settled("a"), days=150, late=120)[1] == ()
    assert scored(settled("a"), days=99, late=120)[1]


def test_evidence_from_the_page_of_the_outcome_is_hindsight_whatever_its_date() -> None:
    page = Citation("https://example.org/verdict", "The verdict")
    outcome = replace(settled("a"), citations=(page,))
    case = a_case_of(outcome)
    cited = replace(case, evidence=type(case.evidence)(replace(item, citations=(page,)) for item in case.evidence))
    assert foreseen(case, outcome, None)
    assert not foreseen(cited, outcome, None)
