"""A prior learned from past events: read with file and line, held to its case, and the same numbers by another road."""

from __future__ import annotations

import jsonschema
import numpy as np
import pytest
import yaml
from numpy.typing import NDArray

from attribution.domain.model import History, Model
from attribution.domain.model_lint import model_concerns
from attribution.domain.pairing import check_pair
from attribution.errors import InputError
from attribution.network.compiler import compile_network
from attribution.network.summation import numbers, tables
from attribution.reading import case_template, parse_case, parse_history, parse_model, read_pair_errors, schema
from attribution.reading.model_parts import Part
from attribution.reading.shipped import bundled
from tests.reading.test_files import _Texts

type Floats = NDArray[np.float64]

GRADING = (bundled("models") / "grading" / "standard.yaml").read_text()
CASE = parse_case(
    case_template("my-case").replace("faction-two: {", "faction-two: {members: {cell-a: {}, cell-b: {}}, ", 1)
)
PRIOR = """\
format: attribution-prior/1
case: my-case
title: From events
made_by: attribution archive prior my-case events.csv
table: {file: events.csv, sha256: "00"}
before: 2024-01-01
used: {events: 90, labelled: 60}
factions:
  faction-one: {weight: [1, 2, 4], share: 0.5, label: One, because: The same.}
  faction-two: {weight: 1, share: 0.4, label: Two, because: Both.}
other: [0.02, 0.1, 0.3]
limits: [A selected sample.]
"""
MODEL = """\
format: attribution-model/1
case: my-case
title: By history
grading: standard
perpetrator: {archive: events, surprise: 0.01, sizes: {cell-a: 3, because: Three of them.}}
"""


def history(text: str = PRIOR) -> Part:
    return Part("events", text, "priors/events.yaml")


def a_model(text: str = MODEL, prior: str = PRIOR) -> Model:
    return parse_model(text, "m.yaml", grading_text=GRADING, history=history(prior))


def test_it_is_read() -> None:
    found = parse_history(PRIOR)
    assert isinstance(found, History)
    assert (found.events, found.labelled, str(found.before)) == (90, 60, "2024-01-01")
    assert [one.node for one in found.weights] == ["faction-one", "faction-two"]
    assert found.weights[0].weight.scale == "ratio"
    jsonschema.validate(yaml.load(PRIOR, _Texts), schema("prior"))
    jsonschema.Draft202012Validator.check_schema(schema("prior"))


def test_a_model_takes_other_from_it_unless_it_says_otherwise() -> None:
    assert str(a_model().perpetrator.other) == "[0.02, 0.1, 0.3]"
    own = a_model(MODEL.replace("surprise: 0.01", "surprise: 0.01, other: 0.2"))
    assert str(own.perpetrator.other) == "0.2"


def test_the_text_of_the_model_stands_alone() -> None:
    model = a_model()
    again = parse_model(model.text, grading_text=GRADING)
    assert again == model
    assert again.text == model.text


def test_a_model_that_extends_takes_the_prior_along() -> None:
    text = "format: attribution-model/1\ntitle: Mine\nextends: base\n"
    model = parse_model(text, grading_text=GRADING, base=Part("base", MODEL, "base.yaml"), history=history())
    assert model.perpetrator.archive == a_model().perpetrator.archive
    assert parse_model(model.text, grading_text=GRADING) == model


def priors(z: Floats) -> Floats:
    """exp(log prior) of the factions of the template case under the model by history."""
    program = compile_network(CASE, a_model(_tables()))
    order = [program.labels.index(name) for name in ("history[faction-one]", "prior[other]")]
    full = np.zeros((len(z), program.dimension))
    full[:, order] = z
    return np.exp(tables(program, numbers(program, full))[1])


def _tables() -> str:
    lines = []
    for fact in CASE.facts:
        given = ", ".join(f"{state}: {{else: 0.3}}" for state in fact.states[:-1])
        lines.append(f"  {fact.id}: {{{given}, because: x}}\n")
    return f"{MODEL}facts:\n{''.join(lines)}"


def test_the_prior_is_other_first_and_the_rest_in_proportion_to_the_weights() -> None:
    leaves = CASE.factions.leaves
    at_best = dict(zip(leaves, priors(np.zeros((1, 2)))[0], strict=True))
    assert at_best["other"] == pytest.approx(0.1)
    assert at_best["faction-one"] == pytest.approx(0.9 * 2 / 3)
    assert at_best["cell-a"] == pytest.approx(0.9 * 1 / 3 * 3 / 4)  # a weight of a group is shared by size
    assert at_best["cell-b"] == pytest.approx(0.9 * 1 / 3 * 1 / 4)


@pytest.mark.parametrize(("z", "weight"), [(-1.6448536, 1.0), (0.0, 2.0), (1.6448536, 4.0)])
def test_the_triple_s_quantiles_are_those_of_the_weight(z: float, weight: float) -> None:
    found = priors(np.array([[z, 0.0]]))[0]
    assert found[CASE.factions.leaves.index("faction-one")] == pytest.approx(0.9 * weight / (weight + 1), rel=1e-6)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("case: my-case", "case: your-case", 'is about the case "your-case"'),
        ("before: 2024-01-01", "before: 2034-01-02", "after the incident began"),
        ("faction-one:", "faction-on:", '"faction-on"'),
        ("  faction-two: {weight: 1, share: 0.4, label: Two, because: Both.}\n", "", "no weight for cell-a, cell-b"),
        ("  faction-two:", "  other: {weight: 1, share: 0, because: x}\n  faction-two:", "has a weight for `other`"),
    ],
)
def test_a_prior_that_does_not_fit_its_case_is_refused(old: str, new: str, says: str) -> None:
    assert old in PRIOR
    with pytest.raises(InputError) as raised:
        read_pair_errors(CASE, a_model(_tables(), PRIOR.replace(old, new, 1)), "m.yaml")
    assert says in raised.value.what
    assert (raised.value.file, raised.value.line) == ("m.yaml", 5)
    assert raised.value.allowed


@pytest.mark.parametrize(
    ("old", "new", "says", "line"),
    [
        ("[1, 2, 4]", "[4, 2, 1]", "does not increase", 9),
        ("share: 0.5", "share: 5", "is 5", 9),
        ("weight: 1,", "", "has no `weight`", 10),
        ("other: [0.02, 0.1, 0.3]", "other: 3", "not a probability", 11),
        ("labelled: 60", "labelled: 99", "99 of 90", 7),
        ("attribution-prior/1", "attribution-prior/2", "attribution-prior/2", 1),
    ],
)
def test_a_mistake_in_the_file_is_named(old: str, new: str, says: str, line: int) -> None:
    with pytest.raises(InputError) as raised:
        a_model(prior=PRIOR.replace(old, new, 1))
    assert says in raised.value.what
    assert (raised.value.file, raised.value.line) == ("priors/events.yaml", line)


def test_a_prior_that_is_not_at_hand_and_a_prior_too_many() -> None:
    with pytest.raises(InputError, match="not at hand") as raised:
        parse_model(MODEL, "m.yaml", grading_text=GRADING)
    assert "archive prior" in raised.value.hint
    with pytest.raises(InputError, match="several of"):
        a_model(MODEL.replace("archive: events", "archive: events, share: {else: 1}"))


def test_few_labels_are_a_concern_and_history_is_a_reason() -> None:
    fits = a_model(_tables())
    check_pair(CASE, fits)
    assert [concern.what for concern in model_concerns(CASE, fits) if "prior" in concern.what] == []
    thin = a_model(_tables(), PRIOR.replace("labelled: 60", "labelled: 14"))
    assert any("rests on 14 events" in concern.what for concern in model_concerns(CASE, thin))


def test_a_weight_without_a_label_is_that_of_each_organisation() -> None:
    prior = PRIOR.replace(", label: Two, because: Both.", ", because: Not in the archive.")
    program = compile_network(CASE, a_model(_tables(), prior))
    found = np.exp(tables(program, numbers(program, np.zeros((1, program.dimension))))[1])[0]
    at_best = dict(zip(program.factions, found, strict=True))
    assert at_best["cell-a"] == pytest.approx(0.9 * 3 / 6)
    assert at_best["cell-b"] == pytest.approx(0.9 * 1 / 6)
