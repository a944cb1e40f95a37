"""Roles that the perpetrator may play as well, and operations of several: by hand; no move of the prior matters."""

from __future__ import annotations

from dataclasses import replace

import jsonschema
import numpy as np
import pytest
import yaml

import attribution as at
from attribution.analysis.assumptions.lean import leaning_numbers
from attribution.analysis.perturbations import Variant, number_shifts, prior_weights
from attribution.analysis.reweighting import transferred
from attribution.analysis.workspace import Workspace
from attribution.domain.case import Case
from attribution.domain.factions import FactionTree, Node
from attribution.domain.facts import Fact
from attribution.domain.model import Model
from attribution.domain.numbers import Number
from attribution.domain.pairing import check_pair
from attribution.errors import CaseError, PairError
from attribution.network.beliefs import state_probabilities
from attribution.network.compiler import compile_network
from attribution.network.edits import shifted, with_factor
from attribution.network.summation import log_joint, log_parts, numbers, tables
from attribution.reading import parse_model, schema
from attribution.reading.shipped import bundled
from tests.builders import YES_NO, Stated, a_case, a_model, a_report, a_table, a_tree, says
from tests.random_models import UNCERTAIN

LEAVES = ("a", "b", "other")
PRIOR = np.array([0.485, 0.485, 0.03])
LAUNCHED = Fact("launched", LEAVES, over_factions=True, role=True)
GRADING = (bundled("models") / "grading" / "standard.yaml").read_text()
SURE = replace(UNCERTAIN, letters=(Number.exactly(1.0),) * 6, digits=(Number.exactly(1.0),) * 6)


def launched_by(who: str) -> Case:
    return a_case(LAUNCHED, items=[a_report("seen", says("launched", who))])


def played(same: Stated, **changes: object) -> Model:
    return replace(a_model(a_table("launched", {"same": {"else": same}})), **changes)  # type: ignore[arg-type]


def test_the_rest_is_split_among_the_others_by_the_prior() -> None:
    case, model = launched_by("b"), played(0.7, grading=SURE)
    program = compile_network(case, model)
    found = np.exp(log_joint(program, np.zeros((1, program.dimension)))[0])
    likelihood = [0.3 * PRIOR[1] / (1 - PRIOR[0]), 0.7, 0.3 * PRIOR[1] / (1 - PRIOR[2])]
    np.testing.assert_allclose(found, PRIOR * likelihood, rtol=1e-13)


def test_with_nothing_heard_the_role_is_the_mixture_by_hand() -> None:
    program = compile_network(a_case(LAUNCHED), played(0.7))
    found = state_probabilities(program, numbers(program, np.zeros((1, program.dimension))))[0]
    others = np.array([[0.7 if h == x else 0.3 * PRIOR[x] / (1 - PRIOR[h]) for x in range(3)] for h in range(3)])
    np.testing.assert_allclose(found, PRIOR @ others, rtol=1e-13)


@pytest.mark.parametrize("other", [1e-20, 1.0 - 2.0**-53, 1.0])
@pytest.mark.parametrize("b", [1e-18, 0.5, 1.0])
def test_the_rest_is_whole_where_one_has_nearly_the_whole_prior(b: float, other: float) -> None:
    """Of 1 less such a share nothing is left but rounding, or nothing at all; of the shares of the others all is."""
    table = a_table("launched", {"same": {"else": 0.7}})
    shares = {"a": (0.3, 0.6, 0.8), "b": (0.2, 0.3, 0.5)}
    program = compile_network(launched_by("b"), a_model(table, shares=shares, other=(0.01, 0.03, 0.1)))
    slots = numbers(program, np.zeros((1, program.dimension)))
    slots[:, [*program.ints.reference_slot, program.ints.reference_other[0]]] = [1.0, b, other]
    rows = dict(zip(LEAVES, tables(program, slots)[0].reshape(-1, 3)[program.ints.table_row], strict=True))
    named = (1.0 - other) / (1.0 + b)
    weights = {"a": [0.0, named * b, other], "b": [named, 0.0, other], "other": [1.0, b, 0.0]}
    for leaf, weight in weights.items():
        expected = 0.3 * np.array(weight) / sum(weight) + 0.7 * (np.array(LEAVES) == leaf)
        np.testing.assert_allclose(rows[leaf], expected, rtol=1e-14)


@pytest.mark.parametrize("move", ["factor", "share", "other"])
def test_moves_of_the_prior_leave_likelihoods_alone(move: str) -> None:
    shares = {"a": (0.3, 0.6, 0.8), "b": (0.2, 0.3, 0.5)}
    table = a_table("launched", {"same": {"a": (0.6, 0.8, 0.9), "else": (0.4, 0.7, 0.9)}})
    program = compile_network(launched_by("b"), a_model(table, shares=shares, other=(0.01, 0.03, 0.1)))
    moved = (
        with_factor(with_factor(program, "a", 5.0), "other", 3.0)
        if move == "factor"
        else shifted(program, program.labels.index({"share": "share[a]", "other": "prior[other]"}[move]), 1.3)
    )
    z = np.random.default_rng(1).standard_normal((4, program.dimension))
    before, after = (log_parts(one, numbers(one, z))[1] for one in (program, moved))
    np.testing.assert_allclose(after, before, rtol=1e-12)
    assert np.abs(log_joint(moved, z) - log_joint(program, z)).max() > 0.05


def test_what_is_previewed_is_what_is_applied() -> None:
    shares = {"a": (0.3, 0.6, 0.8), "b": (0.2, 0.3, 0.5)}
    table = a_table("launched", {"same": {"a": (0.6, 0.8, 0.9), "else": (0.4, 0.7, 0.9)}})
    model = a_model(table, shares=shares, other=(0.01, 0.03, 0.1), sizes={"b": (1.0, 2.0, 4.0)}, surprise=0.1)
    posterior = at.fit(launched_by("b"), model, engine="importance", scrambles=4, log2_points=6)
    on = Workspace(posterior, None)
    for change in (*number_shifts(posterior), *prior_weights(posterior)):
        program = change.apply(Variant.of(posterior), 0.3).program
        expected = log_joint(program, transferred(posterior, program))
        np.testing.assert_allclose(change.preview(on, 0.3), expected, rtol=1e-9)


def test_a_number_leans_where_the_role_is_asserted_of_all_under_its_label() -> None:
    table = a_table("launched", {"same": {"b": (0.6, 0.8, 0.9), "a": (0.5, 0.7, 0.9), "else": (0.4, 0.7, 0.9)}})
    case = launched_by("b")
    program = compile_network(case, a_model(table))
    found = {label: set(by.values()) for label, by in leaning_numbers(case, program).items()}
    assert found == {"b": {1}, "a": {-1}}


def test_the_model_file_takes_a_number_rows_or_nodes() -> None:
    def table(same: str) -> Model:
        text = (
            "format: attribution-model/1\ncase: small\ntitle: T\ngrading: standard\n"
            "perpetrator: {share: {a: 0.5, b: 0.5}, other: 0.03, surprise: 0.01}\n"
            f"facts:\n  launched: {{same: {same}}}\n"
        )
        jsonschema.validate(yaml.safe_load(text), schema("model"))
        return parse_model(text, grading_text=GRADING)

    short, long = table("[0.6, 0.8, 0.9]"), table("{else: [0.6, 0.8, 0.9]}")
    assert short.tables == long.tables
    assert at.Model.from_dict(short.to_dict()) == short
    check_pair(launched_by("b"), short)
    check_pair(launched_by("b"), table("{a: {lr: 2.0}, else: 0.4}"))


NO_OTHER = played(0.7, perpetrator=replace(played(0.7).perpetrator, other=Number.exactly(0.0)))


@pytest.mark.parametrize(
    ("fact", "model", "says"),
    [
        (Fact("launched", YES_NO), played(0.7), "gives `same`"),
        (LAUNCHED, a_model(a_table("launched", {"same": {"else": 0.5}, "a": {"else": 0.1}})), "`same` beside states"),
        (LAUNCHED, a_model(a_table("launched", {"same": {"a": 0.5}})), 'no number for "b"'),
        (LAUNCHED, NO_OTHER, "`other` is 0"),
    ],
)
def test_tables_of_roles_that_do_not_fit(fact: Fact, model: Model, says: str) -> None:
    with pytest.raises(PairError, match=says) as raised:
        check_pair(a_case(fact), model)
    assert raised.value.allowed


def test_no_faction_of_a_role_is_called_same() -> None:
    with pytest.raises(CaseError, match='a faction is called "same"'):
        Fact("launched", ("same", "b", "other"), over_factions=True)


def test_a_report_about_a_party_holds_for_the_joint_operation() -> None:
    """By hand: told of a for certain, a and what a did with b stay as they were to one another; b alone is out."""
    tree = FactionTree((*a_tree("a", "b").roots, Node("both", joint_of=("a", "b"))))
    case = a_case(tree=tree, items=[a_report("named", says("perpetrator", "a"))])
    program = compile_network(case, replace(a_model(), grading=SURE))
    found = dict(zip(program.factions, np.exp(log_joint(program, np.zeros((1, 0)))[0]).tolist(), strict=True))
    assert found == pytest.approx({"a": 0.97 / 3, "b": 0, "other": 0, "both": 0.97 / 3})
    cleared = a_case(tree=tree, items=[a_report("named", says("perpetrator", "a", negated=True))])
    program = compile_network(cleared, replace(a_model(), grading=SURE))
    found = dict(zip(program.factions, np.exp(log_joint(program, np.zeros((1, 0)))[0]).tolist(), strict=True))
    assert found == pytest.approx({"a": 0, "b": 0.97 / 3, "other": 0.03, "both": 0})
