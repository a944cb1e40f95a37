"""Cases and models as documents: what is written reads as exactly what it was, whoever made it."""

from __future__ import annotations

import datetime as dt
import difflib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import attribution as at
from attribution.domain.document import Document, canonical
from attribution.domain.model import Share
from attribution.domain.numbers import Number
from attribution.errors import CaseError, FormatError, InputError, ModelError, UsageError
from attribution.reading import (
    case_template,
    check_exact,
    model_template,
    parse_case,
    parse_grading,
    parse_model,
    schema,
    shipped_cases,
    shipped_models,
)
from tests.random_cases import random_pair
from tests.reading.test_recipes import MODEL, RECIPE

MODELS = [f"{case}/{model}" for case in shipped_cases() for model in shipped_models(case)]
LEVEL = {"perpetrator.proportional_to": None, "perpetrator.share": {"else": 1}}


@pytest.mark.parametrize("name", shipped_cases())
def test_a_shipped_case_is_its_document(name: str, tmp_path: Path) -> None:
    case = at.read_case(name)
    document = case.to_dict()
    jsonschema.validate(document, schema("case"))
    assert at.Case.from_dict(document) == case
    assert at.Case.from_dict(json.loads(json.dumps(document))) == case
    bare = replace(case, written=None)
    assert parse_case(bare.text) == case
    assert bare.digest == case.digest
    at.write_case(bare, tmp_path / "case.yaml")
    assert at.read_case(tmp_path / "case.yaml") == case


@pytest.mark.parametrize("name", MODELS)
def test_a_shipped_model_is_its_document(name: str, tmp_path: Path) -> None:
    model = at.read_model(name)
    document = model.to_dict()
    jsonschema.validate(document, schema("model"))
    assert at.Model.from_dict(document) == model
    assert at.Grading.from_dict(model.grading.to_dict()) == model.grading
    bare = replace(model, written=None)
    assert parse_model(bare.text, grading_text="") == model
    assert parse_grading(replace(model.grading, written=None).text) == model.grading
    assert bare.digest == model.digest
    at.write_model(bare, tmp_path / "other-name.yaml")
    assert at.read_model(tmp_path / "other-name.yaml") == model


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_random_cases_and_models_are_their_documents_and_their_texts(seed: int) -> None:
    case, model = random_pair(seed)
    assert at.Case.from_dict(case.to_dict()) == case
    assert at.Model.from_dict(model.to_dict()) == model
    for value in (case, model, model.grading):
        check_exact(value)
        assert not value.unchanged
    jsonschema.validate(case.to_dict(), schema("case"))
    jsonschema.validate(model.to_dict(), schema("model"))


@pytest.mark.parametrize("seed", range(25))
def test_random_cases_and_models_come_back_from_yaml(seed: int, tmp_path: Path) -> None:
    case, model = random_pair(seed)
    at.write_case(case, tmp_path / "case.yaml")
    at.write_model(model, tmp_path / "model.yaml")
    assert at.read_case(tmp_path / "case.yaml") == case
    assert at.read_model(tmp_path / "model.yaml") == model


words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).filter(
    lambda text: text == text.strip()
)


@settings(max_examples=60)
@given(title=words, note=words)
def test_any_text_comes_back_from_its_text_and_from_yaml(
    title: str, note: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    case, _ = random_pair(7)
    first = next(iter(case.evidence))
    case = replace(case.with_items(replace(first, note=note)), title=title)
    try:
        check_exact(case)
    except FormatError:
        assert not (title.isprintable() and note.isprintable())  # a letter that YAML has no way to write
        return
    path = tmp_path_factory.mktemp("text") / "case.yaml"
    at.write_case(case, path)
    assert at.read_case(path) == case


def test_a_document_may_come_from_any_yaml_library() -> None:
    """With dates, numbers and booleans instead of the words of the file."""
    text = case_template("my-case")
    assert at.Case.from_dict(yaml.safe_load(text)) == parse_case(text)
    document = parse_case(text).to_dict()
    document["incident"]["date"] = dt.date(2024, 1, 28)
    document["incident"]["latitude"] = np.float64(33.5)
    assert at.Case.from_dict(document).incident.latitude == 33.5


def _at(document: Document, *steps: str | int, value: Any) -> Document:
    here: Any = document
    for step in steps[:-1]:
        here = here[step]
    here[steps[-1]] = value
    return document


@pytest.mark.parametrize(
    ("steps", "value", "says", "hint"),
    [
        (("evidence", 1, "grade"), "B9", 'evidence[1].grade: "B9" is not an Admiralty grade', ""),
        (("evidence", 1, "grad"), "B2", 'evidence[1] has the key "grad"', 'did you mean "grade"?'),
        (("evidence", 0, "source"), "minstry", 'evidence[0].source is "minstry"', 'did you mean "ministry"?'),
        (("incident", "latitude"), "north", 'incident.latitude is "north", which is not a number', ""),
        (("incident", "latitude"), float("nan"), 'incident.latitude is "nan", which is not a number', ""),
        (("incident",), {1.5, 2.5}, "incident is a value of the type set", ""),
        (("factions", "other", "members"), ["x"], "factions.other.members is a list", ""),
        (("sources", "ministry", "kind"), None, "sources.ministry.kind is empty", ""),
        (("limits",), "one", 'limits is "one"', ""),
    ],
)
def test_an_error_in_a_document_names_the_path(steps: tuple[str | int, ...], value: Any, says: str, hint: str) -> None:
    document = _at(parse_case(case_template("my-case")).to_dict(), *steps, value=value)
    with pytest.raises(InputError) as raised:
        at.Case.from_dict(document)
    assert says in str(raised.value)
    assert hint in raised.value.hint
    assert raised.value.file == ""


def test_what_is_no_document() -> None:
    with pytest.raises(FormatError, match="type list"):
        at.Case.from_dict([1, 2])  # type: ignore[arg-type]
    endless: Document = {"format": "attribution-case/1"}
    endless["again"] = endless
    with pytest.raises(FormatError, match="nested more than"):
        at.Case.from_dict(endless)
    with pytest.raises(FormatError, match="appears twice"):
        at.Case.from_dict({"yes": 1, True: 2})  # type: ignore[dict-item]
    with pytest.raises(FormatError, match="half a character"):
        at.Case.from_dict({"format": "\ud800"})
    with pytest.raises(FormatError, match="attribution-model/1"):
        at.Model.from_dict(parse_case(case_template("x")).to_dict())


def test_a_document_names_shipped_files_by_themselves_and_others_with_their_folder(tmp_path: Path) -> None:
    document = at.read_model("tower-22/baseline").to_dict()
    document["grading"] = "standard"
    assert replace(at.Model.from_dict(document), id="baseline") == at.read_model("tower-22/baseline")
    document["grading"] = "standrd"
    with pytest.raises(InputError, match='did you mean "standard"'):
        at.Model.from_dict(document)
    (tmp_path / "baseline.yaml").write_text(MODEL.replace("recipe: made-up\n", "recipe: made-up.yaml\n"))
    (tmp_path / "made-up.yaml").write_text(RECIPE)
    other: Document = {"format": "attribution-model/1", "title": "Other", "extends": "baseline"}
    with pytest.raises(FormatError, match="folder="):
        at.Model.from_dict(other)
    found = at.Model.from_dict(other, folder=tmp_path)
    assert found == replace(at.read_model(tmp_path / "baseline.yaml"), id="model", title="Other")


def test_the_text_of_a_file_holds_for_its_own_content_only() -> None:
    model = at.read_model("tower-22/baseline")
    assert model.unchanged
    assert model.text.startswith("#")
    moved = replace(model, perpetrator=replace(model.perpetrator, other=Number.exactly(0.05)))
    assert not moved.unchanged
    assert moved.text == canonical(moved.to_dict())
    assert replace(moved, perpetrator=model.perpetrator).text == model.text
    assert len({model.digest, moved.digest}) == 2


def test_comments_and_layout_do_not_count() -> None:
    text = case_template("my-case")
    case = parse_case(text)
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    bare = parse_case("\n".join(lines) + "\n")
    assert bare.text != case.text
    assert bare.digest == case.digest
    assert bare.content == case.content


def lines_changed(before: str, after: str) -> tuple[list[str], list[str]]:
    """Lines that went, and lines that came."""
    steps = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    return [step[2:] for step in steps if step[0] == "-"], [step[2:] for step in steps if step[0] == "+"]


def test_every_line_that_did_not_change_stays(tmp_path: Path) -> None:
    case = at.read_case("tower-22")
    at.write_case(case, tmp_path / "same.yaml")
    assert (tmp_path / "same.yaml").read_text() == case.text
    again = replace(case.evidence["halt"], id="halt-again", citations=(), note="")
    changed = case.without("halt").with_grade("charge-silent", "C3").with_items(again)
    at.write_case(changed, tmp_path / "case.yaml")
    assert at.read_case(tmp_path / "case.yaml") == changed
    went, came = lines_changed(case.text, (tmp_path / "case.yaml").read_text())
    block = case.text[case.text.index("  - id: halt\n") :]
    halt = block[: block.index("\n  - id: ", 1)].splitlines()
    assert [line for line in went if line.strip() and line not in halt] == ["    grade: A2"]
    assert came[0] == "    grade: C3"
    assert came[1] == "  - id: halt-again"


def test_a_number_inside_brackets_and_a_block_through_a_recipe(tmp_path: Path) -> None:
    case = at.read_case("tower-22").with_({"sources.us-state.reliability": "C"})
    at.write_case(case, tmp_path / "case.yaml")
    went, came = lines_changed(at.read_case("tower-22").text, (tmp_path / "case.yaml").read_text())
    assert [line.replace("reliability: B", "reliability: C") for line in went] == came
    model = at.read_model("madrid-2004/baseline")
    changed = model.with_({"perpetrator.other": [0.1, 0.2, 0.3]})
    at.write_model(changed, tmp_path / "baseline.yaml")
    assert at.read_model(tmp_path / "baseline.yaml") == changed
    assert "recipe: standard" in (tmp_path / "baseline.yaml").read_text()
    assert len(lines_changed(model.text, (tmp_path / "baseline.yaml").read_text())[1]) < 8


@settings(max_examples=40)
@given(seed=st.integers(0, 2**32), data=st.data())
def test_random_changes_onto_a_file(seed: int, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A file with a comment on every line, another random case or model of it written there."""
    folder = tmp_path_factory.mktemp("onto")
    case, model = random_pair(seed)
    at.write_case(case, folder / "case.yaml")
    at.write_model(model, folder / "model.yaml")
    for name in ("case.yaml", "model.yaml"):
        text = (folder / name).read_text()
        (folder / name).write_text(
            text.replace("evidence:\n", "# items\nevidence:\n").replace("facts:\n", "facts: # all\n")
        )
    read = at.read_case(folder / "case.yaml")
    left = data.draw(st.sets(st.sampled_from(read.evidence.ids), max_size=2))
    read = read.without(*left) if len(left) < len(read.evidence) else read
    read = replace(read, title="Another", limits=("One.",))
    at.write_case(read, folder / "case.yaml")
    assert at.read_case(folder / "case.yaml") == read
    assert "# items" in (folder / "case.yaml").read_text()
    other = replace(random_pair(seed + 1)[1], id="model", case=case.id)
    mixed = replace(
        at.read_model(folder / "model.yaml"), traits=other.traits, perpetrator=other.perpetrator, tables=other.tables
    )
    at.write_model(mixed, folder / "model.yaml")
    assert at.read_model(folder / "model.yaml") == mixed


def test_a_recipe_and_a_model_below_stay_where_they_are_not_what_changed(tmp_path: Path) -> None:
    (tmp_path / "baseline.yaml").write_text(MODEL.replace("recipe: made-up\n", "recipe: made-up.yaml\n"))
    (tmp_path / "made-up.yaml").write_text(RECIPE)
    (tmp_path / "other.yaml").write_text("format: attribution-model/1\ntitle: Other\nextends: baseline\n")
    model = at.read_model(tmp_path / "other.yaml").with_({"title": "Another"})
    at.write_model(model, tmp_path / "other.yaml")
    assert "extends: baseline" in (tmp_path / "other.yaml").read_text()
    assert at.read_model(tmp_path / "other.yaml") == model
    at.write_model(model, tmp_path / "elsewhere" / "other.yaml")
    assert "extends" not in (tmp_path / "elsewhere" / "other.yaml").read_text()
    assert at.read_model(tmp_path / "elsewhere" / "other.yaml") == model


def test_what_no_file_can_hold_is_not_written(tmp_path: Path) -> None:
    case, model = random_pair(3)
    with pytest.raises(FormatError, match="question: the case that is read again differs"):
        at.write_case(replace(case, question="Who? "), tmp_path / "case.yaml")
    twice = replace(model.perpetrator, proportional_to=(), shares=(Share("f0", Number.exactly(0.5)),) * 2)
    with pytest.raises(FormatError, match="appears twice"):
        replace(model, perpetrator=twice).to_dict()
    with pytest.raises(UsageError, match=r"does not end in \.yaml"):
        at.write_model(model, tmp_path / "model.txt")
    assert list(tmp_path.iterdir()) == []


def test_changes_by_path() -> None:
    model = at.read_model("tower-22/baseline")
    level = model.with_(LEVEL)
    assert level.perpetrator.shares == (Share("else", Number.exactly(1.0)),)
    assert level.perpetrator.because == model.perpetrator.because
    case = at.read_case("tower-22")
    assert case.with_({"evidence.halt.grade": "B3"}) == case.with_grade("halt", "B3")
    assert case.with_({"evidence[0].title": "New"}).evidence[case.evidence.ids[0]].title == "New"
    assert case.with_({}) == case
    assert case.with_({}).unchanged


@pytest.mark.parametrize(
    ("path", "value", "says", "hint"),
    [
        ("perpetratr.other", 0.1, '"perpetratr"', 'did you mean "perpetrator"?'),
        ("perpetrator.othr", 0.1, 'has the key "othr"', 'did you mean "other"?'),
        ("traits.temp.nujaba", 0.1, '"temp"', 'did you mean "tempo"?'),
        ("traits.tempo.nujaba", 1.5, "1.5 is not a probability", ""),
        ("title.short", "x", "which has no entry", ""),
        ("perpetrator.archiv", None, '"archiv"', ""),
        ("", 1, "is no path", ""),
    ],
)
def test_a_change_that_leads_nowhere(path: str, value: object, says: str, hint: str) -> None:
    with pytest.raises(InputError) as raised:
        at.read_model("tower-22/baseline").with_({path: value})
    assert says in str(raised.value)
    assert hint in raised.value.hint


def test_changes_of_a_case_by_name() -> None:
    case = at.read_case("tower-22")
    assert "halt" not in case.without("halt").origins
    assert case.without("state-finding").declarations.ids == tuple(
        id for id in case.declarations.ids if id != "state-finding"
    )
    with pytest.raises(UsageError, match='did you mean "halt"'):
        case.without("hallt")
    with pytest.raises(UsageError, match='did you mean "halt"'):
        case.with_grade("hallt", "B3")
    with pytest.raises(CaseError, match="B33"):
        case.with_grade("halt", "B33")
    item = case.evidence["halt"]
    assert case.without("halt").with_items(item).evidence["halt"] == item
    assert case.with_grade("halt", None).origins["halt"].grade is None


def test_a_model_without_an_origin_fits_the_case_without_it() -> None:
    case, model = at.read_case("tower-22"), at.read_model("tower-22/baseline")
    name = next(iter(model.clusters)).origins[0]
    less = model.without(name)
    assert name not in {origin for cluster in less.clusters for origin in cluster.origins}
    from attribution.domain.pairing import check_pair

    check_pair(case.without(name), less)
    with pytest.raises(UsageError, match="origins and sources that the model names"):
        model.without("nobody-at-all")


def test_a_template_is_its_document() -> None:
    grading = Path(at.__file__).parent.parent / "models" / "grading" / "standard.yaml"
    model = parse_model(model_template("my-case"), grading_text=grading.read_text())
    assert at.Model.from_dict(model.to_dict()) == model
    with pytest.raises(ModelError, match=r"perpetrator\.other"):
        at.Model.from_dict(_at(model.to_dict(), "perpetrator", "other", value=[0.3, 0.2, 0.1]))
