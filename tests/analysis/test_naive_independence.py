"""Every item its own witness: what naive multiplication would give, against cases in which it can be written down."""

from __future__ import annotations

from dataclasses import replace

import pytest

import attribution as at
from attribution.analysis.comparison.casebook import naive_independence
from attribution.domain.case import Case
from attribution.domain.evidence import Act, Copying
from attribution.domain.facts import Fact
from attribution.domain.grades import Grade
from attribution.domain.model import Deception, Forged, Model
from attribution.domain.numbers import Number
from attribution.domain.origins import OriginDeclaration
from attribution.domain.pairing import check_pair
from tests.builders import DAY, YES_NO, a_case, a_model, a_report, a_row, a_table, posterior_of, says

F, G = Fact("f", YES_NO), Fact("g", YES_NO)
TABLE_F = a_table("f", {"yes": {"a": 0.8, "else": 0.2}})
TABLE_G = a_table("g", {"yes": {"a": 0.6, "else": 0.3}})


def an_act(id: str, fact: str, state: str = "yes") -> Act:
    """Something that certainly happened: its grade hardly matters in what follows."""
    return Act(id=id, title="", source="s", published=DAY, says=(says(fact, state),), grade=Grade("A", "1"))


def counted(case: Case, model: Model) -> dict[str, float]:
    split, assumed = naive_independence(case, model)
    check_pair(split, assumed)
    return posterior_of(split, assumed)


def test_items_of_one_origin_become_origins_with_its_grade() -> None:
    items = [a_report("r", says("f", "yes"), origin="o"), a_report("q", says("g", "yes"), origin="o")]
    case = a_case(F, G, items=items, declarations=[OriginDeclaration("o", grade=Grade("C", "3"))])
    alone = a_case(F, G, items=[a_report(id, says(id_of, "yes"), grade="C3") for id, id_of in (("r", "f"), ("q", "g"))])
    model = a_model(TABLE_F, TABLE_G)
    assert counted(case, model) == pytest.approx(posterior_of(alone, model))
    assert counted(case, model)["a"] > posterior_of(case, model)["a"]


def test_several_items_about_one_fact_multiply() -> None:
    voices = [an_act(f"v{number}", "f") for number in range(3)]
    case, model = a_case(F, items=voices), a_model(TABLE_F)
    facts = [Fact(f"x{number}", YES_NO) for number in range(3)]
    apart = a_case(*facts, items=[an_act(f"v{number}", f"x{number}") for number in range(3)])
    tables = [replace(TABLE_F, fact=fact.id) for fact in facts]
    assert counted(case, model) == pytest.approx(posterior_of(apart, a_model(*tables)))


def test_a_copy_becomes_a_statement_of_its_own() -> None:
    first = a_report("r", says("f", "yes"))
    copy = a_report("q", says("g", "yes"), copies=Copying("r", Number.exactly(0.9)))
    case, model = a_case(F, G, items=[first, copy]), a_model(TABLE_F, TABLE_G)
    alone = a_case(F, G, items=[first, replace(copy, copies=None)])
    assert counted(case, model) == pytest.approx(posterior_of(alone, model))


def test_an_echo_is_taken_to_know_for_itself() -> None:
    """The echo's states are named otherwise; what was done there stands for what was done first."""
    echo = Fact("echo", ("repeats", "does-not"), given=("f",))
    rows = (a_row({"else": 0.9}, when={"f": "yes"}), a_row({"else": 0.1}))
    case = a_case(F, echo, items=[an_act("first", "f"), an_act("second", "echo", "repeats")])
    model = a_model(TABLE_F, a_table("echo", {"repeats": rows}))
    once = posterior_of(a_case(F, items=[an_act("first", "f")]), a_model(TABLE_F))
    assert posterior_of(case, model)["a"] == pytest.approx(once["a"], abs=0.01)  # as it is: it adds nothing
    twice = a_case(F, G, items=[an_act("first", "f"), an_act("second", "g")])
    assert counted(case, model) == pytest.approx(posterior_of(twice, a_model(TABLE_F, replace(TABLE_F, fact="g"))))


def test_a_fact_that_depends_on_who_did_it_is_no_echo() -> None:
    halt = Fact("halt", YES_NO, given=("f",))
    rows = (a_row({"a": 0.9, "else": 0.4}, when={"f": "yes"}), a_row({"else": 0.1}))
    case = a_case(F, halt, items=[an_act("first", "f"), an_act("second", "halt")])
    model = a_model(TABLE_F, a_table("halt", {"yes": rows}))
    assert counted(case, model) == posterior_of(case, model)


def test_what_was_forged_as_one_may_be_forged_item_by_item() -> None:
    items = [a_report("r", says("f", "yes"), origin="o"), a_report("q", says("g", "yes"), origin="o")]
    case = a_case(F, G, items=items, declarations=[OriginDeclaration("o", grade=Grade("B", "2"))])
    forged = Deception(forged=(Forged("o", Number.exactly(0.2), "a"), Forged("s", Number.exactly(0.1))))
    _, assumed = naive_independence(case, a_model(TABLE_F, TABLE_G, deception=forged))
    assert [one.target for one in assumed.deception.forged] == ["r", "q", "s"]


@pytest.mark.parametrize("name", ["tower-22", "green-village-2022", "madrid-2004"])
def test_shipped_cases_can_be_counted_so(name: str) -> None:
    split, assumed = naive_independence(at.read_case(name), at.read_model(f"{name}/baseline"))
    check_pair(split, assumed)
    assert all(len(origin.items) == 1 for origin in split.origins)
