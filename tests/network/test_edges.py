"""Zeros, ones, contradictions, and evidence heavy enough to leave the range of doubles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from attribution.domain.evidence import Absence, Copying, Direct, Report
from attribution.domain.factions import FactionTree, Node
from attribution.domain.facts import Fact
from attribution.domain.grades import Grade, Grading
from attribution.domain.model import Model
from attribution.domain.numbers import Number
from attribution.domain.origins import OriginDeclaration
from attribution.domain.tables import Entry, OddsRatio, Table, Trait
from attribution.errors import PairError, TooTiedError
from attribution.network.beliefs import state_probabilities
from attribution.network.compiler import compile_network
from attribution.network.program import Program
from attribution.network.summation import evidence_gradient, log_joint, log_parts, normalise, numbers, tables
from tests.builders import DAY, YES_NO, Stated, a_case, a_model, a_report, a_row, a_table, a_tree, posterior_of, says
from tests.random_models import CONSTANT

type Floats = NDArray[np.float64]

HEAVY = replace(Grading("heavy", "", CONSTANT, CONSTANT), letters=(Number.exactly(1.0), *CONSTANT[1:]))
FOR, AGAINST = 0.995 + 0.005 / 2, 0.005 / 2  # what an A1 report of a fact is worth under HEAVY: 399 to 1


def at_rest(program: Program) -> Floats:
    return np.zeros((1, program.dimension))


def reports(count: int, fact: str, state: str) -> list[Report]:
    """Reports of one state, graded A1, each an origin of its own."""
    return [a_report(f"{fact}-{state}-{i}", says(fact, state), grade="A1") for i in range(count)]


def heavy(*tables: Table) -> Model:
    """A graded 1, and 1 worth 0.995 even beside others."""
    digits = (CONSTANT[0], CONSTANT[0], *CONSTANT[2:])
    return replace(a_model(*tables), grading=replace(HEAVY, digits=digits))


def test_contradictory_certainties_are_impossible_and_no_exception() -> None:
    certain = Grading("certain", "", (Number.exactly(1.0),) * 6, (Number.exactly(1.0),) * 6)
    items = [*reports(1, "w", "yes"), *reports(1, "w", "no")]
    case = a_case(Fact("w", YES_NO), items=items)
    model = replace(a_model(a_table("w", {"yes": {"a": (0.2, 0.5, 0.8), "else": 0.3}}), surprise=0.1), grading=certain)
    program = compile_network(case, model)
    assert (log_joint(program, at_rest(program)) == -np.inf).all()
    slots = numbers(program, at_rest(program))
    assert (state_probabilities(program, slots) == 0).all()
    assert (normalise(log_joint(program, at_rest(program)))[0] == 0).all()
    assert (log_parts(program, slots)[1].sum(axis=2) == -np.inf).all()
    value, gradient = evidence_gradient(program, np.zeros(program.dimension))
    assert value == -np.inf
    assert (gradient == 0).all()


def test_a_case_without_facts() -> None:
    case = a_case(items=[a_report("r", says("perpetrator", "a"))])
    program = compile_network(case, a_model())
    assert posterior_of(case, a_model())["a"] > 0.9
    assert state_probabilities(program, numbers(program, at_rest(program))).shape == (1, 0)
    assert log_parts(program, numbers(program, at_rest(program)))[1].shape == (1, 3, 1)


def test_a_case_without_evidence_or_draws() -> None:
    program = compile_network(a_case(), a_model(other=0.1))
    np.testing.assert_allclose(np.exp(log_joint(program, at_rest(program)))[0], [0.45, 0.45, 0.1], rtol=1e-14)
    assert log_joint(program, np.zeros((0, 0))).shape == (0, 3)


@pytest.mark.parametrize("count", [1, 10, 60, 200])
def test_hundreds_of_items_against_hundreds_on_one_fact(count: int) -> None:
    items = [*reports(count, "w", "yes"), *reports(count, "w", "no"), a_report("last", says("w", "yes"), grade="B2")]
    table: dict[str, Stated] = {"a": 0.6, "b": 0.3, "other": 0.0}
    program = compile_network(a_case(Fact("w", YES_NO), items=items), heavy(a_table("w", {"yes": table})))
    believed = 0.97 * 0.995
    weight = count * (np.log(FOR) + np.log(AGAINST))
    last = np.array([believed + (1 - believed) / 2, (1 - believed) / 2])
    prior = np.array([0.485, 0.485, 0.03])
    yes = np.array([0.6, 0.3, 0.0])
    expected = np.log(prior) + weight + np.log(yes * last[0] + (1 - yes) * last[1])
    np.testing.assert_allclose(log_joint(program, at_rest(program))[0], expected, rtol=1e-12)


def through(count: int, pulls: Sequence[str]) -> Floats:
    """The joint where `count` reports pull each child of `w`, and a child is true exactly where `w` is."""
    children = [Fact(f"k{i}", YES_NO, given=("w",)) for i in range(len(pulls))]
    same = (a_row({"else": 1.0}, when={"w": "yes"}), a_row({"else": 0.0}))
    items = [item for child, pull in zip(children, pulls, strict=True) for item in reports(count, child.id, pull)]
    case = a_case(Fact("w", YES_NO), *children, items=items)
    model = heavy(
        a_table("w", {"yes": {"a": 0.6, "else": 0.2}}), *(a_table(child.id, {"yes": same}) for child in children)
    )
    program = compile_network(case, model)
    value, _ = evidence_gradient(program, np.zeros(0))
    joint: Floats = log_joint(program, at_rest(program))[0]
    assert value == pytest.approx(np.logaddexp.reduce(joint), rel=1e-12)
    beliefs = state_probabilities(program, numbers(program, at_rest(program)))[0].reshape(-1, 2)
    np.testing.assert_allclose(beliefs, np.broadcast_to(beliefs[0], beliefs.shape), rtol=1e-9)
    return joint


@pytest.mark.parametrize("count", [5, 38, 40, 60, 77, 80, 200])
@pytest.mark.parametrize("pulls", [("yes", "no"), ("yes", "yes", "no", "no"), ("yes", "no", "no")])
def test_hundreds_of_items_that_pull_through_several_facts(count: int, pulls: tuple[str, ...]) -> None:
    """Each message leaves the range of doubles by itself; together they cancel, or nearly."""
    yes = np.array([0.6, 0.2, 0.2])
    up, down = (count * pulls.count(state) for state in YES_NO)
    if_yes = up * np.log(FOR) + down * np.log(AGAINST)
    if_no = down * np.log(FOR) + up * np.log(AGAINST)
    expected = np.log([0.485, 0.485, 0.03]) + np.logaddexp(np.log(yes) + if_yes, np.log(1 - yes) + if_no)
    np.testing.assert_allclose(through(count, pulls), expected, rtol=1e-12)


def test_ratios_of_any_size() -> None:
    """Five hundred ratios of a million for one state, as many against it."""
    ratios = [(f"y{i}", "yes", 1e6) for i in range(500)] + [(f"n{i}", "yes", 1e-6) for i in range(500)]
    items = [
        Direct(id=id, title="", source="s", published=DAY, fact="w", ratios=((state, Number.exactly(r, "ratio")),))
        for id, state, r in ratios
    ]
    table = a_table("w", {"yes": {"a": 0.6, "else": 0.2}})
    program = compile_network(a_case(Fact("w", YES_NO), items=items), a_model(table))
    expected = np.log([0.485, 0.485, 0.03])
    np.testing.assert_allclose(log_joint(program, at_rest(program))[0], expected, rtol=1e-9)


def test_a_chain_of_forty_facts() -> None:
    """Against the product of its transition matrices."""
    length, stay = 40, {"a": (0.9, 0.3), "b": (0.6, 0.2), "other": (0.5, 0.5)}
    facts = [Fact(f"k{i}", YES_NO, given=(f"k{i - 1}",) if i else ()) for i in range(length)]
    rows = (a_row({h: p for h, (p, _) in stay.items()}), a_row({h: p for h, (_, p) in stay.items()}))
    tables = [a_table("k0", {"yes": (rows[0],)})]
    for i in range(1, length):
        given = replace(rows[0], when=((f"k{i - 1}", frozenset({"yes"})),))
        tables.append(a_table(f"k{i}", {"yes": (given, rows[1])}))
    items = [a_report(f"r{i}", says(f"k{i}", YES_NO[i % 2]), grade="B2") for i in range(0, length, 3)]
    program = compile_network(a_case(*facts, items=items), a_model(*tables))
    rho = 0.97**2
    expected = []
    for p, q in stay.values():
        message = np.array([p, 1 - p])
        for i in range(length):
            message = message @ np.array([[p, 1 - p], [q, 1 - q]]) if i else message
            if i % 3 == 0:
                message = message * (rho * np.eye(2)[i % 2] + (1 - rho) / 2)
        expected.append(message.sum())
    found = log_joint(program, at_rest(program))[0] - np.log([0.485, 0.485, 0.03])
    np.testing.assert_allclose(found, np.log(expected), rtol=1e-12)


def test_tables_are_probabilities_where_a_size_leaves_the_range_of_doubles() -> None:
    """A draw that is read in logarithms gives values all the same."""
    table = a_table("w", {"yes": {"else": 0.3}})
    program = compile_network(a_case(Fact("w", YES_NO)), a_model(table, sizes={"a": (1e-200, 1.0, 1e200)}, other=0.2))
    rows, log_prior = tables(program, numbers(program, np.array([[-3.0], [0.0], [3.0]])))
    np.testing.assert_allclose(rows, [[0.3, 0.7]] * 3, rtol=1e-15)
    np.testing.assert_allclose(np.exp(log_prior)[:, 0], [0.0, 0.4, 0.8], atol=1e-15)


def test_two_hundred_factions() -> None:
    leaves = [f"f{i}" for i in range(199)]
    sizes: dict[str, Stated] = {leaf: i + 1.0 for i, leaf in enumerate(leaves)}
    rates: dict[str, Stated] = {leaf: (i + 1) / 200 for i, leaf in enumerate(leaves)}
    case = a_case(Fact("w", YES_NO), tree=a_tree(*leaves), items=[a_report("r", says("w", "yes"), grade="B2")])
    program = compile_network(case, a_model(a_table("w", {"yes": {**rates, "other": 0.5}}), other=0.1, sizes=sizes))
    share = np.arange(1.0, 200.0)
    rho, p = 0.97**2, share / 200
    expected = 0.9 * share / share.sum() * (rho * p + (1 - rho) / 2)
    np.testing.assert_allclose(np.exp(log_joint(program, at_rest(program))[0])[:-1], expected, rtol=1e-12)


def test_zeros_and_ones_in_tables() -> None:
    """A faction that cannot have done it is out, others are not; certain rows stay rows."""
    table = a_table("w", {"x": {"a": 0.0, "b": 0.4, "other": 0.0}, "y": {"a": 0.0, "b": 0.0, "other": 0.99}})
    seen = Absence(
        id="n", title="", source="s", published=DAY, says=(says("w", "x"),), detection=Number.exactly(1.0), searched="x"
    )
    case = a_case(Fact("w", ("x", "y", "z")), items=[seen])
    program = compile_network(case, a_model(table, other=0.2))
    joint = log_joint(program, at_rest(program))[0]
    assert joint[0] == joint[2] == -np.inf
    assert np.exp(joint[1]) == pytest.approx(0.4 * 0.4, rel=1e-14)
    beliefs = state_probabilities(program, numbers(program, at_rest(program)))[0]
    np.testing.assert_allclose(beliefs, [1.0, 0.0, 0.0], atol=1e-15)


def test_odds_of_certainties() -> None:
    ratio = OddsRatio(Number(0.01, 1.0, 100.0, "ratio"))
    for rate in (0.0, 1.0):
        table = a_table("w", {"yes": {"a": ratio, "else": rate}})
        program = compile_network(a_case(Fact("w", YES_NO), items=reports(1, "w", "yes")), a_model(table))
        joint = log_joint(program, np.array([[-8.0], [0.0], [8.0]]))
        np.testing.assert_allclose(joint[:, 0], joint[:, 1], rtol=1e-12)


@pytest.mark.parametrize("other", [0.0, 1.0])
def test_a_closed_set_and_nobody_but_others(other: float) -> None:
    table = a_table("w", {"yes": {"a": 0.6, "else": 0.2}})
    case = a_case(Fact("w", YES_NO), items=reports(1, "w", "yes"))
    found = posterior_of(case, a_model(table, other=other, surprise=0.1))
    assert found["other"] == other
    assert sum(found.values()) == pytest.approx(1.0)


def test_a_prior_that_leaves_nobody_is_refused() -> None:
    trait = Trait("tempo", "behaviour", (Entry("else", Number.exactly(0.0)),))
    for model in (a_model(shares={"else": 0.0}), a_model(traits=[trait], proportional_to=("tempo",))):
        with pytest.raises(PairError, match="leaves nobody"):
            compile_network(a_case(), model)


def test_one_label_for_one_number() -> None:
    """A source and its item may have the same name, and each its own readiness to say it anyway."""
    said = replace(a_report("s", says("w", "yes")), would_say_anyway=Number(0.7, 0.8, 0.9))
    base = a_case(Fact("w", YES_NO), items=[said, a_report("r", says("w", "yes"))])
    source = replace(base.sources["s"], would_say_anyway=Number(0.1, 0.2, 0.3))
    case = replace(base, sources=type(base.sources)([source, base.sources["t"]]))
    program = compile_network(case, a_model(a_table("w", {"yes": {"else": 0.3}})))
    assert program.dimension == 2
    values = numbers(program, at_rest(program))[0]
    assert {0.2, 0.8} <= set(np.round(values, 12))


def test_a_copy_follows_from_all_that_was_said() -> None:
    """Two statements about one fact together imply what neither implies alone."""
    fact, table = Fact("w", ("x", "y", "z")), a_table("w", {"x": {"a": 0.5, "else": 0.2}, "y": {"a": 0.2, "else": 0.4}})
    told = a_report("r", says("w", "x", "y"), says("w", "y", "z"))
    copy = a_report("c", says("w", "y"), source="t", copies=Copying("r", Number.exactly(1.0)))
    alone, both = (posterior_of(a_case(fact, items=items), a_model(table)) for items in ([told], [told, copy]))
    assert both == pytest.approx(alone)


def test_a_weight_for_a_group_in_a_role() -> None:
    tree = FactionTree((Node("g", members=(Node("a"), Node("b"))), Node("other")))
    role = Fact("launcher", tree.leaves, over_factions=True)
    ratios = (("g", Number.exactly(3.0, "ratio")), ("b", Number.exactly(2.0, "ratio")))
    weighed = Direct(id="d", title="", source="s", published=DAY, fact="launcher", ratios=ratios)
    table = a_table("launcher", {"a": {"else": 0.2}, "b": {"else": 0.2}})
    program = compile_network(a_case(role, tree=tree, items=[weighed]), a_model(table))
    beliefs = state_probabilities(program, numbers(program, at_rest(program)))[0]
    np.testing.assert_allclose(beliefs, np.array([0.6, 0.4, 0.6]) / 1.6, rtol=1e-12)


def clique(size: int) -> tuple[list[Fact], list[Report]]:
    """Facts of two states of which every two are tied by a report."""
    facts = [Fact(f"k{i}", YES_NO) for i in range(size)]
    pairs = [(i, j) for i in range(size) for j in range(i)]
    return facts, [a_report(f"r{i}-{j}", says(f"k{i}", "yes"), says(f"k{j}", "yes")) for i, j in pairs]


def test_facts_tied_too_closely_are_named() -> None:
    for size, fits in ((12, True), (17, False)):
        facts, items = clique(size)
        tables = [a_table(fact.id, {"yes": {"else": 0.3}}) for fact in facts]
        if fits:
            assert compile_network(a_case(*facts, items=items), a_model(*tables)).components == (
                tuple(fact.id for fact in facts),
            )
            continue
        with pytest.raises(TooTiedError) as error:
            compile_network(a_case(*facts, items=items), a_model(*tables))
        assert set(error.value.facts) == {fact.id for fact in facts}
        assert error.value.states == 2**17


def test_ties_are_seen_before_they_are_enumerated() -> None:
    """An origin about forty facts, and a fact with forty parents: refused at once, not after 2^40 steps."""
    facts = [Fact(f"k{i}", YES_NO) for i in range(40)]
    tables = [a_table(fact.id, {"yes": {"else": 0.3}}) for fact in facts]
    story = [a_report(f"r{i}", says(fact.id, "yes"), origin="o") for i, fact in enumerate(facts)]
    home = OriginDeclaration("o", grade=Grade("B", "2"))
    with pytest.raises(TooTiedError, match="1,099,511,627,776"):
        compile_network(a_case(*facts, items=story, declarations=[home]), a_model(*tables))
    child = Fact("child", YES_NO, given=tuple(fact.id for fact in facts))
    with pytest.raises(TooTiedError):
        compile_network(a_case(*facts, child), a_model(*tables, a_table("child", {"yes": {"else": 0.3}})))


@pytest.mark.parametrize("draws", [1, 2, 5000])
@pytest.mark.parametrize("order", ["C", "F"])
def test_sums_leave_the_numbers_that_they_are_made_of(draws: int, order: Literal["C", "F"]) -> None:
    """However they lie in memory: a sum made in place once spoilt the probabilities of scenarios."""
    logs = np.array(np.random.default_rng(1).normal(-900.0, 30.0, (draws, 6)), order=order)
    logs[0, :2] = -np.inf
    before = logs.copy()
    probability, evidence = normalise(logs)
    np.testing.assert_array_equal(logs, before)
    np.testing.assert_allclose(evidence, logsumexp(before, axis=1), rtol=1e-14)
    np.testing.assert_allclose(probability, softmax(before, axis=1), rtol=1e-11)
