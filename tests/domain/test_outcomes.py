"""What was settled later: read, checked, and never part of what a fit sees."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

import attribution as at
from attribution.domain.moments import Moment
from attribution.errors import InputError
from attribution.inference.tree import attributes
from attribution.network.compiler import compile_network
from attribution.reading import case_template, model_template, parse_case, parse_model, schema
from attribution.reading.shipped import bundled
from tests.reading.test_files import as_an_editor_sees

GRADING = (bundled("models") / "grading" / "standard.yaml").read_text()
CASE = case_template("my-case")
SETTLED = "source: ministry, grade: A2, date: 2025-01-01, settled: court"
OUTCOME = """\
outcome:
  - {true: [faction-one, other], source: ministry, grade: A2, date: 2025-01-01, settled: court}
  - false: {weapon: rocket}
    source: ministry
    grade: B2
    date: 2024-06-01T12:00

    # a comment
    settled: partial
    note: Not by all.
    citation: {url: "https://example.org/panel", title: The panel}
"""


def with_outcome(text: str = OUTCOME) -> str:
    return CASE + text


def test_outcomes_are_sets_that_are_true_or_excluded() -> None:
    case = parse_case(with_outcome())
    first, second = case.outcomes
    assert case.meaning(first.proposition) == {"faction-one", "other"}
    assert case.meaning(second.proposition) == {"drone", "something-else"}
    assert (first.scored, second.scored) == (True, False)
    assert second.date == Moment.parse("2024-06-01T12:00")
    assert second.citations[0].title == "The panel"
    jsonschema.validate(as_an_editor_sees(with_outcome()), schema("case"))


@pytest.mark.parametrize(
    "text",
    [
        CASE + OUTCOME,
        CASE.replace("limits:\n", OUTCOME + "limits:\n"),
        OUTCOME + CASE,
        CASE + f'"outcome":\n- true: [faction-one]\n  {SETTLED.replace(", ", chr(10) + "  ")}\n',
        CASE + f"outcome: [\n  {{true: [faction-one], {SETTLED}}},\n]\n",
    ],
)
def test_the_hash_of_what_a_fit_reads_is_that_of_the_case_before(text: str) -> None:
    case = parse_case(text)
    assert case.outcomes
    assert case.digest == parse_case(CASE).digest
    assert case.content != parse_case(CASE).content


def test_any_other_change_has_a_hash_of_its_own() -> None:
    assert parse_case(CASE.replace("grade: B2", "grade: B3", 1)).digest != parse_case(CASE).digest
    assert parse_case("# a comment\n" + CASE).digest == parse_case(CASE).digest


def test_an_outcome_changes_no_number_and_no_hash_of_a_fit() -> None:
    model = parse_model(model_template("my-case"), grading_text=GRADING)
    plain, settled, otherwise = (
        at.fit(parse_case(text), model, engine="importance", scrambles=4, log2_points=6)
        for text in (CASE, with_outcome(), with_outcome(OUTCOME.replace("[faction-one, other]", "faction-two")))
    )
    assert plain.standings == settled.standings == otherwise.standings
    assert attributes(plain)["hashes"] == attributes(settled)["hashes"] == attributes(otherwise)["hashes"]
    assert settled.case.outcomes != otherwise.case.outcomes


def test_what_is_computed_from_has_no_outcome() -> None:
    case = parse_case(with_outcome())
    assert case.as_of().outcomes == ()
    assert case.as_of(Moment.parse("2030-01-01")).outcomes == ()
    assert compile_network(case, parse_model(model_template("my-case"), grading_text=GRADING)).dimension > 0


def test_a_run_with_an_outcome_comes_back(tmp_path: Path) -> None:
    model = parse_model(model_template("my-case"), grading_text=GRADING)
    first = at.fit(parse_case(with_outcome()), model, engine="importance", scrambles=4, log2_points=6)
    first.save(tmp_path / "run.nc")
    again = at.load_posterior(tmp_path / "run.nc")
    assert again.case == first.case
    assert again.case.outcomes == first.case.outcomes


@pytest.mark.parametrize(
    ("old", "new", "says", "allowed"),
    [
        ("{true: [faction-one, other],", "{true: [faction-on],", '"faction-on"', "faction-one"),
        ("{true: [faction-one, other],", "{", "both `true` and `false`, or neither", "some-faction"),
        ("{true: [faction-one, other],", "{true: other, false: faction-one,", "both `true`", "some-faction"),
        ("false: {weapon: rocket}", "false: {wepon: rocket}", '"wepon"', "weapon"),
        ("false: {weapon: rocket}", "false: {weapon: [drone, rocket, something-else]}", "never true", "some states"),
        ("false: {weapon: rocket}", "false: {weapon: rocket, one-denied: yes}", "about 2 facts", "one fact"),
        ("settled: court", "settled: curt", '"curt"', "court, official, consensus, partial"),
        ("source: ministry, grade: A2", "source: minstry, grade: A2", '"minstry"', "ministry"),
        ("date: 2025-01-01", "date: 2023-12-31", "before the incident", "settled"),
        (", settled: court", "", "has no `settled`", "required"),
    ],
)
def test_a_mistake_in_an_outcome(old: str, new: str, says: str, allowed: str) -> None:
    text = with_outcome()
    assert old in text
    with pytest.raises(InputError) as raised:
        parse_case(text.replace(old, new, 1), "c.yaml")
    assert says in raised.value.what
    assert allowed in raised.value.allowed
    assert raised.value.file == "c.yaml"
    assert raised.value.line > CASE.count("\n")
