"""A book of one small case, whose every number is known."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from attribution.analysis.comparison.casebook import BEFORE, LATEST, Casebook, casebook, moments
from attribution.domain.case import Case, Outcome
from attribution.domain.moments import Moment
from tests.analysis.test_scores import MODEL, a_case_of, settled
from tests.builders import DAY, posterior_of


def dated(days: int) -> Outcome:
    return replace(settled("b", "other"), date=DAY.days_later(days))


def a_book(*outcomes: Outcome, late: int = 10) -> Casebook:
    return casebook([(a_case_of(*outcomes, late=late), MODEL)])


@pytest.fixture(scope="module")
def book() -> Casebook:
    return a_book(dated(20), late=25)


def labels(case: Case) -> list[str]:
    return [label for label, _ in moments(case)]


def test_a_case_is_looked_at_on_chosen_days_and_before_what_it_could_not_foresee() -> None:
    assert labels(a_case_of()) == ["+1 day", "+7 days", "+30 days", LATEST]
    assert labels(a_case_of(dated(40))) == ["+1 day", "+7 days", "+30 days", LATEST]
    assert labels(a_case_of(dated(20), late=25)) == ["+1 day", "+7 days", BEFORE, "+30 days", LATEST]
    assert labels(a_case_of(replace(dated(20), settled="partial"), late=25))[2] == "+30 days"


def test_where_minutes_are_known_a_case_is_looked_at_by_the_minute() -> None:
    case = a_case_of()
    item = replace(next(iter(case.evidence)), published=Moment.parse("2024-01-28T13:30"))
    timed = replace(case, evidence=type(case.evidence)([item, *list(case.evidence)[1:]]))
    assert labels(timed)[:2] == ["28 January 2024, 13:30", "+1 day"]


def test_each_glance_knows_what_was_public_then(book: Casebook) -> None:
    (study,) = book.studies
    case = a_case_of(late=25)
    assert [glance.items for glance in study.glances] == [1, 1, 1, 2, 2]
    for glance in study.glances:
        known = case.as_of(Moment.parse(glance.as_of) if glance.as_of else None)
        assert dict(zip(study.factions, glance.probabilities, strict=True)) == pytest.approx(posterior_of(known, MODEL))
        assert glance.leader == "a"
    assert study.latest.label == LATEST
    assert study.prior == pytest.approx((0.45, 0.45, 0.1))


def test_only_glances_before_the_outcome_are_scored(book: Casebook) -> None:
    (study,) = book.studies
    assert [bool(glance.scores) for glance in study.glances] == [True, True, True, False, False]
    scored = study.glances[0].scores[0]
    assert scored.probability == pytest.approx(1 - study.glances[0].probabilities[0])
    tallies = {tally.label: tally for tally in book.tallies}
    assert set(tallies) == {"+1 day", "+7 days", BEFORE}
    assert tallies[BEFORE].log_score == pytest.approx(scored.log_score)
    assert (tallies[BEFORE].outcomes, tallies[BEFORE].first) == (1, 0)


def test_counting_two_reports_of_one_fact_as_two_traces_says_more(book: Casebook) -> None:
    (study,) = book.studies
    assert study.witnesses[0] > study.latest.probabilities[0] + 0.01


def test_the_book_says_what_it_cannot_show(book: Casebook) -> None:
    told = str(book)
    assert told.startswith("1 case, 1 study; 1 outcome could be scored.")
    assert "not that it is calibrated" in told
    assert len(book.to_frame()) == 5
    assert book.unreliable() == ()


def test_an_executor_changes_nothing(book: Casebook) -> None:
    with ThreadPoolExecutor(2) as executor:
        again = casebook([(a_case_of(dated(20), late=25), MODEL)], executor=executor)
    assert again == book


def test_an_outcome_moves_no_number_of_the_book(book: Casebook) -> None:
    (study,) = book.studies
    (without,) = a_book(late=25).studies
    assert without.latest.probabilities == study.latest.probabilities
    assert without.evidence_hash == study.evidence_hash
