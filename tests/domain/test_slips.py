"""A beginner's slips, each in a file of a few lines and the same file mended; and no false alarm in what ships."""

from __future__ import annotations

import pytest

from attribution import Case, Model, read_case, read_model
from attribution.domain.lint import case_concerns, case_lint, usual_grade
from attribution.domain.model_lint import model_lint
from attribution.reading import parse_case, shipped_cases, shipped_models
from attribution.reading.model_file import parse_model
from attribution.reading.shipped import bundled

GRADING = (bundled("models") / "grading" / "standard.yaml").read_text(encoding="utf-8")
CASE = """\
format: attribution-case/1
id: mine
title: A title
question: "Who?"
incident: {date: 2024-01-10, place: Somewhere}
factions: {front: {title: The Front}, league: {title: The League}, other: {}}
sources:
  ministry: {name: A ministry, kind: government, reliability: B}
  press: {name: A newspaper, kind: media, reliability: C}
  front: {name: The channel, kind: armed-group, reliability: C, interest: front}
  sample: {name: The sample, kind: malware, reliability: B}
facts:
  weapon: {question: "What was the weapon?", states: [drone, rocket]}
  denied: {question: "Did anybody deny it?", states: [yes, no]}
  front-claimed: {question: "Did The Front claim it?", states: [yes, no]}
  league-claimed: {question: "Did The League claim it?", states: [yes, no]}
"""
MODEL = """\
format: attribution-model/1
case: mine
title: Baseline
grading: standard
traits: {reach: {kind: capability, else: [0.2, 0.4, 0.6]}, tempo: {kind: behaviour, else: [0.2, 0.4, 0.6]}}
perpetrator: {proportional_to: [reach], other: [0.02, 0.1, 0.2], surprise: [0.01, 0.02, 0.1]}
facts:
  weapon: {drone: {front: [0.3, 0.5, 0.7], else: [0.1, 0.2, 0.4]}}
  denied: {yes: {else: [0.5, 0.7, 0.9]}}
  front-claimed: {yes: {front: 0.5, else: 0.1}}
  league-claimed: {yes: {league: 0.5, else: 0.1}}
"""
DEBRIS = "{id: debris, kind: report, says: {weapon: drone}, source: ministry, grade: B2, published: 2024-01-11}"


def a_case(*items: str, origins: str = "") -> Case:
    lines = "".join(f"  - {item}\n" for item in items)
    return parse_case(f"{CASE}{f'origins: {origins}' if origins else ''}\nevidence:\n{lines}")


def a_model(**tables: str) -> Model:
    text = MODEL
    for fact, table in tables.items():
        old = next(line for line in MODEL.splitlines() if line.startswith(f"  {fact.replace('_', '-')}:"))
        text = text.replace(old, f"  {fact.replace('_', '-')}: {table}")
    return parse_model(text, grading_text=GRADING)


def told(case: Case) -> list[str]:
    return [concern.what for concern in case_lint(case)]


def test_an_act_graded_for_what_it_claims() -> None:
    act = "{id: claim, kind: act, says: {denied: yes}, source: front, grade: GRADE, published: 2024-01-11}"
    (what,) = told(a_case(act.replace("GRADE", "C4")))
    assert what == 'the act "claim" has the grade C4, as if its content were graded'
    named = act.replace("source: front", "source: ministry").replace("GRADE", "B3")
    assert told(a_case(named)) == ['the act "claim" has the grade B3, as if its content were graded']
    assert told(a_case(act.replace("GRADE", "A1"))) == []
    assert told(a_case(act.replace("GRADE", "A3"))) == []  # on record in one place only: not the source's own letter
    assert told(a_case(act.replace("GRADE", "C4").replace("kind: act", "kind: report"))) == []


def test_an_artefact_that_others_can_check_left_at_b2() -> None:
    in_code = DEBRIS.replace("ministry", "sample")
    film = DEBRIS.replace(
        "B2", "B2, title: Footage shows a drone, citation: {url: 'https://a.org', title: x, read: READ}"
    )
    (what,) = told(a_case(in_code))
    assert what == '"debris" is something that others can check, and is left at B2'
    assert told(a_case(film.replace("READ", "original"))) == [what]
    assert told(a_case(film.replace("READ", "copy"))) == []  # nobody here has seen it
    assert told(a_case(in_code.replace("B2", "A2"))) == []
    assert told(a_case(DEBRIS)) == []


def test_an_item_published_before_the_incident_that_is_not_a_denial() -> None:
    act = "{id: before, kind: act, title: TITLE, says: {FACT: yes}, source: front, grade: A1, published: 2024-01-02}"
    claims = act.replace("TITLE", "It will strike").replace("FACT", "league-claimed")
    (what,) = told(a_case(claims))
    assert what == '"before" was published on 2 January 2024, before the incident'
    assert told(a_case(claims.replace("2024-01-02", "2024-01-10"))) == []
    assert told(a_case(act.replace("TITLE", "It denies in advance").replace("FACT", "league-claimed"))) == []
    assert told(a_case(act.replace("TITLE", "It was not us").replace("FACT", "denied"))) == []
    denial = act.replace("TITLE", "Denied").replace("FACT", "denied").replace("kind: act", "kind: report")
    assert len(told(a_case(denial.replace("A1", "A2")))) == 1  # that somebody denied is no denial of his own


def test_a_fact_asked_about_one_faction_only() -> None:
    own = "{id: own, kind: act, says: {front-claimed: no}, source: front, grade: A1, published: 2024-01-11}"
    other = (
        "{id: none, kind: absence, says: {league-claimed: no}, detection: 0.8, searched: all, published: 2024-01-12}"
    )
    (what,) = told(a_case(own))
    assert what == '1 fact asks what one faction did, and none asks it of the others: "front-claimed" (The Front)'
    assert told(a_case(own, other)) == []
    assert (
        told(a_case(own.replace("source: front", "source: press"))) == []
    )  # told by others: the table says what it means


def test_an_origin_that_is_three() -> None:
    items = [
        DEBRIS.replace("id: debris", f"id: {who}").replace("ministry", who).replace("grade: B2", "origin: all")
        for who in ("ministry", "press", "sample")
    ]
    (what,) = told(a_case(*items, origins="{all: {grade: B3, source: press}}"))
    assert what == 'the origin "all" holds items of 3 sources: ministry, press, sample'
    assert told(a_case(*items, origins="{all: {grade: B3, source: press, note: One briefing.}}")) == []
    assert told(a_case(*items[:2], origins="{all: {grade: B3, source: press}}")) == []
    late = items[1].replace("2024-01-11", "2024-03-11")
    assert len(told(a_case(items[0], late, origins="{all: {grade: B3, source: press}}"))) == 1


def test_a_table_whose_rows_say_nothing() -> None:
    def said(**tables: str) -> list[str]:
        return [concern.what for concern in model_lint(a_case(DEBRIS), a_model(**tables))]

    same = "{drone: {front: [0.3, 0.5, 0.7], league: [0.3, 0.5, 0.7], else: [0.3, 0.5, 0.7]}}"
    assert said(weapon=same) == ['the table of "weapon" names factions, and has the same numbers for all of them']
    assert said(weapon="{drone: {else: [0.3, 0.5, 0.7]}}") == []  # says that nothing tells them apart
    assert said(denied="{yes: {front: 0.5, else: 0.5}}") == []  # no item speaks about it
    assert said() == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (
            {"weapon": "{drone: {trait: tempo}}", "denied": "{yes: {trait: tempo}}"},
            ["used in the tables of denied, weapon"],
        ),
        ({"weapon": "{drone: {trait: tempo}}"}, []),
    ],
)
def test_a_trait_used_twice(change: dict[str, str], says: list[str]) -> None:
    found = [concern.what for concern in model_lint(a_case(DEBRIS), a_model(**change))]
    assert [text in what for text, what in zip(says, found, strict=True)] == [True] * len(says)


def test_a_trait_twice_in_the_prior() -> None:
    twice = parse_model(MODEL.replace("[reach]", "[reach, reach]"), grading_text=GRADING)
    assert [concern.what for concern in model_lint(a_case(DEBRIS), twice)] == [
        'the trait "reach" stands twice in the prior'
    ]


TRUE_OF_WHAT_SHIPS = {  # each was looked at: these are so
    "abqaiq-2019": ["none asks it of the others"],  # only the Houthis were asked whether they claimed
    "erbil-2021": ["none asks it of the others"],  # Asaib's denial was never looked for
    "k1-2019": ["none asks it of the others"],
    "madrid-2004": ["none asks it of the others"],
    "tower-22": ["as if its content were graded", "none asks it of the others"],  # al-Awfiya's answer, C3, is on record
}
SLIPS = ("as if its content", "left at B2", "before the incident", "asks it of the others", "holds items of", "say")


@pytest.mark.parametrize("name", shipped_cases())
def test_what_ships_raises_none_that_is_not_so(name: str) -> None:
    case = read_case(name)
    found = [what for what in told(case) if any(slip in what for slip in SLIPS)]
    expected = TRUE_OF_WHAT_SHIPS.get(name, [])
    assert len(found) == len(expected)
    assert all(text in what for text, what in zip(expected, found, strict=True))
    for model in shipped_models(name):
        assert not list(model_lint(case, read_model(f"{name}/{model}")))


def test_a_missing_grade_is_offered_with_its_reason_and_not_applied() -> None:
    case = a_case(DEBRIS.replace("grade: B2, ", "title: The debris, ").replace("grade: B2", ""))
    (concern,) = case_concerns(case)
    assert '"debris" has no grade' in concern.what
    assert "a B2 would be usual for a report by such a source (government), because" in concern.remedy
    assert "remains can be examined again" in concern.remedy
    assert case.origins["debris"].grade is None


@pytest.mark.parametrize(
    ("item", "grade"),
    [
        (DEBRIS, "B2"),  # remains can be examined again
        (DEBRIS.replace("id: debris", "id: word"), "B3"),  # a government asserts
        (DEBRIS.replace("ministry", "press"), "C3"),  # who only tells of remains cannot show them
        (DEBRIS.replace("ministry", "sample"), "B2"),
        (DEBRIS.replace("weapon: drone", "perpetrator: front").replace("ministry", "sample"), "B4"),
        (DEBRIS.replace("id: debris", "id: film, title: A video").replace("ministry", "sample"), "B3"),
        (DEBRIS.replace("kind: report", "kind: act"), "A1"),
        ("{id: none, kind: absence, says: {denied: no}, detection: 0.5, published: 2024-01-11}", None),
    ],
)
def test_usual_grades_follow_the_source_and_the_thing(item: str, grade: str | None) -> None:
    case = a_case(item)
    (only,) = case.evidence
    usual = usual_grade(case, only)
    assert (str(usual.grade) if usual else None) == grade
