"""Good files: templates, forms of numbers, the blocks of the design, schemas."""

from __future__ import annotations

import re
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from attribution.domain.case import Case
from attribution.domain.evidence import Proposition
from attribution.domain.numbers import Number
from attribution.domain.tables import OddsRatio, Reason, TraitValue
from attribution.errors import InputError
from attribution.reading import (
    case_template,
    model_template,
    parse_case,
    parse_model,
    read_case,
    read_model,
    read_pair_errors,
    schema,
    shipped_cases,
    shipped_models,
)
from attribution.reading.fields import Field
from attribution.reading.quantities import cell, quantity
from attribution.reading.shipped import bundled
from attribution.reading.yaml_nodes import parse

ROOT = Path(__file__).parent.parent.parent
DESIGN = ROOT.parent / "shared" / "design.md"
GRADING = (bundled("models") / "grading" / "standard.yaml").read_text()


def field(text: str) -> Field:
    return Field(parse(f"x: {text}\n", "t.yaml"), (), "t.yaml").entries()["x"]


def test_the_templates_are_good_files_that_fit() -> None:
    case = parse_case(case_template("some-case"))
    model = parse_model(model_template("some-case"), grading_text=GRADING)
    read_pair_errors(case, model)
    assert case.factions.leaves == ("faction-one", "faction-two", "other")


@pytest.mark.parametrize(("written", "role"), [(", role: yes", True), (", role: no", False), ("", False)])
def test_a_fact_may_be_a_role(written: str, role: bool) -> None:
    text = case_template("some-case").replace("states: [yes, no]}", f"states: [yes, no]{written}}}")
    jsonschema.validate(yaml.load(text, _Texts), schema("case"))
    assert [fact.id for fact in parse_case(text).roles] == ["one-denied"] * role


def test_a_leaf_may_be_joint_of_others() -> None:
    leaf = "  joint-cell: {title: Both together, joint_of: [faction-one, faction-two]}\n  other: {title: Anyone else}"
    text = case_template("some-case").replace("  other: {title: Anyone else}", leaf)
    jsonschema.validate(yaml.load(text, _Texts), schema("case"))
    case = parse_case(text)
    assert case.factions.named("faction-two") == {"faction-two", "joint-cell"}
    assert case.meaning(Proposition("perpetrator", frozenset({"faction-two"}), negated=True)) == {
        "faction-one",
        "other",
    }
    assert Case.from_dict(case.to_dict()).factions == case.factions
    assert Case.from_frames(**case.to_frames()).factions == case.factions
    wrong = text.replace("[faction-one, faction-two]", "[faction-one, faction-tow]")
    with pytest.raises(InputError) as raised:
        parse_case(wrong, "t.yaml")
    line = next(number for number, one in enumerate(wrong.splitlines(), 1) if "faction-tow" in one)
    assert str(raised.value).startswith(f"t.yaml:{line}: ")
    assert 'did you mean "faction-two"' in str(raised.value)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0.4", Number.exactly(0.4)),
        ("1", Number.exactly(1.0)),
        ("1e-3", Number.exactly(0.001)),
        ("[0.2, 0.4, 0.6]", Number(0.2, 0.4, 0.6)),
        ("{value: [0.2, 0.4, 0.6], vary: 0.3}", Number(0.2, 0.4, 0.6, vary=0.3)),
        ("very unlikely", Number(0.05, 0.125, 0.2, stated="very unlikely")),
        ("Highly improbable", Number(0.05, 0.125, 0.2, stated="highly improbable")),
    ],
)
def test_forms_of_numbers(text: str, number: Number) -> None:
    assert quantity(field(text)) == number


def test_counts_are_quantiles_of_the_jeffreys_posterior() -> None:
    from scipy.stats import beta

    number = quantity(field("{yes: 3, of: 20}"))
    expected = beta.ppf([0.05, 0.5, 0.95], 3.5, 17.5)
    assert (number.low, number.best, number.high) == pytest.approx(tuple(expected), abs=1e-10)


def test_cells_of_a_table() -> None:
    assert cell(field("{trait: tempo}"))[0] == TraitValue("tempo")
    assert cell(field("{lr: [1, 2, 5]}"))[0] == OddsRatio(Number(1, 2, 5, "ratio"))
    found, why = cell(field("{value: 0.3, because: {reason: so it is, rests_on: [a]}}"))
    assert found == Number.exactly(0.3)
    assert why == Reason("so it is", ("a",))


triples = st.lists(st.integers(1, 9999), min_size=3, max_size=3, unique=True).map(sorted)


@given(triples)
def test_every_triple_is_read_back(parts: list[int]) -> None:
    low, best, high = (part / 10_000 for part in parts)
    assert quantity(field(f"[{low}, {best}, {high}]")) == Number(low, best, high)


lines = case_template("my-case").splitlines()


@given(st.integers(0, len(lines) - 1), st.text(max_size=30), st.integers(0, 60))
@example(3, "\x85", 0)
def test_a_damaged_file_is_an_error_with_file_and_line_or_still_good(line: int, junk: str, column: int) -> None:
    damaged = list(lines)
    damaged[line] = damaged[line][:column] + junk + damaged[line][column:]
    error = complaint("\n".join(damaged))
    assert error is None or (error.file == "c.yaml" and error.line >= 1 and error.what and error.allowed)


def complaint(text: str) -> InputError | None:
    try:
        parse_case(text, "c.yaml")
    except InputError as error:
        return error
    return None


@given(st.text(max_size=200))
def test_any_text_is_an_error_with_file_and_line(text: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_case(text, "c.yaml")
    assert raised.value.file == "c.yaml"
    assert raised.value.line >= 1


@pytest.mark.skipif(not DESIGN.exists(), reason="needs ../shared/design.md")
def test_the_blocks_of_the_design_are_good_files() -> None:
    case_block, model_block = re.findall(r"```yaml\n(.*?)```", DESIGN.read_text(), re.DOTALL)[:2]
    # the drawing abbreviates: a citation, one source, one fact, and what the clusters hold
    case_block = case_block.replace("{...}", '{url: "https://example.org/x", title: x}')
    case_block = case_block.replace(
        "facts:\n",
        "  us-officials: {name: US officials, kind: government, reliability: B}\n"
        "facts:\n  launch-area: {states: [iraq, syria]}\n",
        1,
    )
    case = parse_case(case_block, "design.md")
    assert case.origins["rutba"].items[0].propositions[1].fact == "perpetrator"
    assert [role.id for role in case.roles] == ["awfiya-involved"]
    model = parse_model(re.sub(r"clusters:.*", "", model_block), "design.md", grading_text=GRADING)
    assert model.perpetrator.proportional_to == ("tempo", "reach")
    assert model.deception.forged[0].toward == "kataib-hezbollah"


@pytest.mark.parametrize("case", shipped_cases())
def test_every_shipped_file_is_read_and_fits_its_schema(case: str) -> None:
    found = read_case(case)
    jsonschema.validate(plain(bundled("data") / "cases" / case / "case.yaml"), schema("case"))
    assert shipped_models(case)[0] == "baseline"
    for name in shipped_models(case):
        model = read_model(f"{case}/{name}")
        read_pair_errors(found, model)
        jsonschema.validate(plain(bundled("models") / case / f"{name}.yaml"), schema("model"))


def test_the_templates_and_gradings_fit_their_schemas() -> None:
    jsonschema.validate(yaml.load(case_template("a"), _Texts), schema("case"))
    jsonschema.validate(yaml.load(model_template("a"), _Texts), schema("model"))
    for path in (bundled("models") / "grading").glob("*.yaml"):
        jsonschema.validate(plain(path), schema("grading"))


@pytest.mark.parametrize("what", ["case", "model", "grading", "recipe"])
def test_the_schemas_are_schemas(what: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(what))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"format": "other/1"}, schema(what))


class _Texts(yaml.SafeLoader):
    """YAML as an editor sees it, except that dates stay text and yes and no stay words."""


_Texts.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag.endswith((":int", ":float", ":null"))]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def as_an_editor_sees(text: str) -> object:
    return yaml.load(text, _Texts)


def plain(path: Path) -> object:
    document = yaml.load(path.read_text(), _Texts)
    if "digits" in document:
        document["digits"] = {str(key): value for key, value in document["digits"].items()}
    return document
