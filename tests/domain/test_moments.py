"""Days and minutes: what was known when, and nothing known too early."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.domain.case import Case
from attribution.domain.evidence import Regrade
from attribution.domain.grades import Grade
from attribution.domain.moments import Moment
from attribution.errors import CaseError
from tests.builders import a_report, says
from tests.domain.test_case import case_of

DAY = Moment.parse("2004-03-11")
NOON = Moment.parse("2004-03-11T12:00")
EVENING = Moment.parse("2004-03-11T20:20")
instants = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2100, 1, 1))
minutes = instants.map(lambda at: at.replace(second=0, microsecond=0))
moments = st.one_of(minutes.map(Moment.of), st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)).map(Moment.of))


@given(moments)
def test_every_moment_is_read_back(moment: Moment) -> None:
    assert Moment.parse(moment.isoformat()) == moment == Moment.of(str(moment))


@given(moments, moments)
def test_moments_are_in_a_total_order_that_agrees_with_equality(one: Moment, other: Moment) -> None:
    assert (one < other) + (one == other) + (one > other) == 1
    assert (one <= other) == (other >= one) == (not one > other)
    assert one.start <= one.end


@given(minutes)
def test_a_day_comes_after_each_of_its_minutes_and_before_those_of_the_next(at: dt.datetime) -> None:
    minute, day = Moment.of(at), Moment.of(at.date())
    assert minute < day < day.days_later(1)
    assert day < Moment(day.days_later(1).day, dt.time.min)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2004-3-11", "is not a date"),
        ("2004-03-11 13:30", "is not a date"),
        ("2004-03-11T13:30Z", "is not a date"),
        ("2004-03-11T13:30:00", "is not a date"),
        ("2004-02-30", "a day that does not exist"),
        ("2004-02-30T13:30", "a day that does not exist"),
        ("2004-03-11T24:00", "a minute that does not exist"),
        ("20040311", "is not a date"),
        ("", "is not a date"),
    ],
)
def test_what_is_no_moment(text: str, says: str) -> None:
    with pytest.raises(CaseError, match=says):
        Moment.parse(text)


def test_a_moment_has_no_seconds_and_no_zone() -> None:
    for at in (dt.datetime(2004, 3, 11, 13, 30, 1), dt.datetime(2004, 3, 11, 13, 30, tzinfo=dt.UTC)):
        with pytest.raises(CaseError, match="seconds or a time zone"):
            Moment.of(at)
    with pytest.raises(CaseError, match="is an instant"):
        Moment(dt.datetime(2004, 3, 11, 13, 30))


def test_in_words() -> None:
    assert DAY.in_words() == "11 March 2004"
    assert Moment.parse("2004-03-01T07:05").in_words() == "1 March 2004, 07:05"


def test_as_of_a_minute_knows_what_had_come_by_then_and_nothing_dated_by_that_day_only() -> None:
    case = a_case_of_a_day()
    assert known(case, "2004-03-11T11:59") == ()
    assert known(case, "2004-03-11T12:00") == ("noon",)
    assert known(case, "2004-03-11T20:20") == ("noon", "evening")
    assert known(case, "2004-03-11T23:59") == ("noon", "evening")
    assert known(case, "2004-03-11") == ("noon", "evening", "some-time")
    assert known(case, "2004-03-12T00:00") == ("noon", "evening", "some-time")


def test_withdrawals_and_grades_have_their_minute_too() -> None:
    item = replace(
        a_report("r", says("claim", "yes"), grade="C3", published=NOON),
        withdrawn=Moment.parse("2004-03-12"),
        regraded=(Regrade(EVENING, Grade("A", "1")),),
    )
    case = case_of(item)
    assert case.update_times == (NOON, EVENING, Moment.parse("2004-03-12"))
    assert str(case.as_of(Moment.parse("2004-03-11T20:19")).origins["r"].grade) == "C3"
    assert str(case.as_of(EVENING).origins["r"].grade) == "A1"
    assert known(case, "2004-03-12T09:00") == ("r",)
    assert known(case, "2004-03-12") == ()


def a_case_of_a_day() -> Case:
    items = [
        a_report("noon", says("claim", "yes"), published=NOON),
        a_report("evening", says("claim", "yes"), published=EVENING),
        a_report("some-time", says("claim", "yes"), published=DAY),
    ]
    return case_of(*items)


def known(case: Case, when: str) -> tuple[str, ...]:
    return case.as_of(Moment.parse(when)).evidence.ids
