"""What a careful reader would ask of a case: each question, and the case in which nobody needs to ask it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attribution.domain.case import Case, Outcome
from attribution.domain.evidence import Absence, Act, Citation, Item, Proposition, Source
from attribution.domain.factions import FactionTree, Node
from attribution.domain.facts import Fact
from attribution.domain.grades import Grade
from attribution.domain.lint import case_concerns, case_lint
from attribution.domain.moments import Moment
from attribution.domain.numbers import Number
from tests.builders import DAY, YES_NO, a_case, a_report, says

WEAPON = Fact("weapon", ("drone", "rocket"))
DENIED = Fact("a-denied", YES_NO, question="Did A deny it?")
CLAIMED = Fact("claimed", YES_NO, question="Did anybody claim it?")
PAGE = Citation("https://example.org/panel", "The panel")
HOUSE = (Source("x", "X", "government", "B", part_of="state"), Source("y", "Y", "military", "B", part_of="state"))
SETTLED = Outcome(Proposition("perpetrator", frozenset({"b"})), "s", Grade("A", "2"), DAY.days_later(50), "court")


def a_case_of(*items: Item, outcomes: tuple[Outcome, ...] = ()) -> Case:
    return replace(a_case(WEAPON, DENIED, CLAIMED, items=items, sources=HOUSE), outcomes=outcomes)


def asked(*items: Item, outcomes: tuple[Outcome, ...] = ()) -> list[str]:
    return [concern.what for concern in case_lint(a_case_of(*items, outcomes=outcomes))]


def nothing_found(fact: str, searched: str = "press in three languages") -> Absence:
    return Absence(
        id="search", title="", source="", published=DAY, says=(says(fact, "no"),), detection=Number.exactly(0.5),
        searched=searched,
    )  # fmt: skip


def test_a_digit_one_needs_a_second_origin_on_the_same_fact() -> None:
    lone = a_report("lab", says("weapon", "drone"), grade="A1")
    (what,) = asked(lone)
    assert what == '"lab" has the digit 1 (confirmed), and no other origin speaks about weapon'
    assert asked(lone, a_report("talk", says("weapon", "rocket"), source="t")) == []
    assert asked(replace(lone, grade=Grade("A", "2"))) == []


def test_a_digit_one_of_an_act_only_says_that_it_happened() -> None:
    assert asked(
        Act(id="no", title="", source="s", published=DAY, says=(says("claimed", "yes"),), grade=Grade("A", "1"))
    ) == []  # fmt: skip


def test_hindsight_is_evidence_from_the_day_of_the_outcome_on_or_from_its_own_page() -> None:
    early = a_report("early", says("weapon", "drone"))
    late = a_report("late", says("weapon", "drone"), published=DAY.days_later(50))
    (what,) = asked(early, late, outcomes=(SETTLED,))
    assert what == '"late" was published on 18 March 2024, not before the outcome of 18 March 2024'
    same_page = replace(early, citations=(PAGE,))
    (what,) = asked(same_page, outcomes=(replace(SETTLED, citations=(PAGE,)),))
    assert what == '"early" cites https://example.org/panel, as the outcome does'
    assert asked(early, late) == []
    assert asked(early, late, outcomes=(replace(SETTLED, settled="partial"),)) == []  # nothing is scored against it


def test_evidence_older_than_the_incident() -> None:
    old = a_report("old", says("weapon", "drone"), published=DAY.days_later(-1))
    (what,) = asked(old)
    assert what == '"old" was published on 27 January 2024, before the incident'
    assert asked(replace(old, published=DAY)) == []


def test_evidence_of_the_same_day_is_older_only_if_its_minute_is() -> None:
    case = a_case_of(a_report("r", says("weapon", "drone"), published=Moment.parse("2024-01-28T05:00")))
    for when, concerns in (("2024-01-28", 0), ("2024-01-28T04:59", 0), ("2024-01-28T05:01", 1)):
        moved = replace(case, incident=replace(case.incident, date=Moment.parse(when)))
        assert len(list(case_lint(moved))) == concerns


@pytest.mark.parametrize(
    ("fact", "searched", "sided"),
    [
        ("claimed", "statements of a, in Arabic", False),  # a single letter is no name
        ("claimed", "press in three languages", False),
        ("claimed", "the channel of group one", True),
        ("claimed", "the channels of group one and group two", False),
        ("claimed", "the channel of group one, and all factions by name", False),
    ],
)
def test_a_search_about_one_suspect_only(fact: str, searched: str, sided: bool) -> None:
    from tests.builders import a_tree

    facts = (Fact("claimed", YES_NO), Fact("one-denied", YES_NO, question="Did group one deny it?"))
    case = a_case(*facts, items=[nothing_found(fact, searched)], tree=a_tree("group-one", "group-two"))
    found = [concern.what for concern in case_lint(case)]
    assert found == (['"search" looked at Group one only'] if sided else [])


@pytest.mark.parametrize("searched", ["press in three languages", "denials by all factions, in all languages"])
def test_a_question_about_one_suspect_only_whatever_the_text_says(searched: str) -> None:
    from tests.builders import a_tree

    one, two = (Fact(f"{id}-denied", YES_NO, question=f"Did group {id} deny it?") for id in ("one", "two"))
    tree, search = a_tree("group-one", "group-two"), nothing_found("one-denied", searched)
    (concern,) = case_lint(a_case(one, two, items=[search], tree=tree))
    assert concern.what == '"search" looked for what concerns Group one only'
    assert "about Group two" in concern.means
    same = replace(nothing_found("two-denied", searched), id="same")
    assert list(case_lint(a_case(one, two, items=[search, same], tree=tree))) == []
    said = replace(a_report("said", says("two-denied", "yes")), citations=(PAGE,))
    assert list(case_lint(a_case(one, two, items=[search, said], tree=tree))) == []


def test_the_same_question_about_a_group_covers_its_members() -> None:
    """With or without an article."""
    allies = Node("the-allies", title="Allied bands", members=(Node("first-band"), Node("second-band")))
    tree = FactionTree((Node("red-side"), allies, Node("other")))
    one = Fact("red-claimed", YES_NO, question="Did the red side claim it?")
    two = Fact("allies-claimed", YES_NO, question="Did allied bands claim it?")
    items = [nothing_found("red-claimed", "all factions"), replace(nothing_found("allies-claimed", "it"), id="same")]
    assert [one.what for one in case_lint(a_case(one, two, items=items[:1], tree=tree))]
    assert list(case_lint(a_case(one, two, items=items, tree=tree))) == []


def test_many_voices_of_one_institution() -> None:
    voices = [
        a_report("one", says("weapon", "drone"), source="x"),
        a_report("two", says("a-denied", "yes"), source="y"),
        a_report("three", says("claimed", "yes"), source="y"),
    ]
    assert asked(*voices[:2]) == []
    (concern,) = case_lint(a_case_of(*voices))
    assert concern.what == '3 of 3 origins are voices of "state"'
    assert concern.severity == "note"
    (concern,) = case_lint(a_case_of(*voices, a_report("four", says("weapon", "rocket"), source="y")))
    assert concern.what == '4 of 4 origins are voices of "state"; about the same fact: weapon (one, four)'
    assert concern.severity == "warning"


def test_an_item_without_a_page_to_read_stops_publication() -> None:
    (concern,) = case_concerns(a_case_of(a_report("r", says("weapon", "drone"))))
    assert "no citation" in concern.what
    assert concern.severity == "blocking"
    cited = replace(a_report("r", says("weapon", "drone")), citations=(PAGE,))
    assert list(case_concerns(a_case_of(cited))) == []


def test_every_question_has_a_remedy() -> None:
    case = a_case_of(
        a_report("old", says("weapon", "drone"), grade="A1", published=DAY.days_later(-1), source="x"),
        a_report("late", says("a-denied", "yes"), source="y", published=DAY.days_later(60)),
        a_report("more", says("claimed", "yes"), source="y"),
        outcomes=(SETTLED,),
    )
    concerns = list(case_lint(case))
    assert len(concerns) == 4
    assert all(concern.means and concern.remedy and concern.topic == "evidence" for concern in concerns)
