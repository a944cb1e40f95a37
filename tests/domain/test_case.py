"""What must hold between the parts of a case, and the case as it was known on a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from attribution.domain.case import Case
from attribution.domain.evidence import Absence, Copying, Direct, Item, Regrade, Report, Source
from attribution.domain.factions import FactionTree, Node
from attribution.domain.facts import Fact
from attribution.domain.grades import Grade
from attribution.domain.numbers import Number
from attribution.domain.origins import OriginDeclaration
from attribution.errors import CaseError
from tests.builders import DAY, YES_NO, a_case, a_report, says

WEAPON, CLAIM = Fact("weapon", ("drone", "rocket", "mortar")), Fact("claim", YES_NO)
TREE = FactionTree((Node("g", members=(Node("a"), Node("b"))), Node("c"), Node("other")))
LAUNCHER = Fact("launcher", TREE.leaves, over_factions=True)
LATER = DAY.days_later(10)


def case_of(*items: Item, declarations: tuple[OriginDeclaration, ...] = (), sources: tuple[Source, ...] = ()) -> Case:
    return a_case(WEAPON, CLAIM, LAUNCHER, items=items, tree=TREE, declarations=declarations, sources=sources)


def copying(id: str, of: str, *, origin: str = "") -> Report:
    return a_report(id, says("weapon", "drone"), origin=origin, copies=Copying(of, Number.exactly(0.5)))


def test_meanings_open_groups_and_carry_out_not() -> None:
    case = case_of()
    assert case.meaning(says("weapon", "drone", negated=True)) == {"rocket", "mortar"}
    assert case.meaning(says("perpetrator", "g", "other")) == {"a", "b", "other"}
    assert case.meaning(says("perpetrator", "g", negated=True)) == {"c", "other"}
    assert case.meaning(says("launcher", "g")) == {"a", "b"}


NOTHING_LEFT: dict[str, Callable[[], Case]] = {
    "unknown fact": lambda: case_of(a_report("r", says("wepon", "drone"))),
    "unknown state": lambda: case_of(a_report("r", says("weapon", "dron"))),
    "unknown faction": lambda: case_of(a_report("r", says("perpetrator", "x"))),
    "unknown source": lambda: case_of(a_report("r", says("weapon", "drone"), source="x")),
    "says nothing": lambda: case_of(a_report("r")),
    "always true": lambda: case_of(a_report("r", says("weapon", "drone", "rocket", "mortar"))),
    "never true": lambda: case_of(a_report("r", says("perpetrator", "g", "c", "other", negated=True))),
    "two items, one id": lambda: case_of(a_report("r", says("claim", "yes")), a_report("r", says("claim", "yes"))),
    "unknown interest": lambda: case_of(sources=(Source("x", "X", "media", "B", interest="nobody"),)),
    "copies nobody": lambda: case_of(copying("r", "x")),
    "copies itself": lambda: case_of(copying("r", "r")),
    "copies in a circle": lambda: case_of(copying("p", "q"), copying("q", "r"), copying("r", "p")),
    "ratio for nobody": lambda: case_of(direct("perpetrator", "x", "ratio")),
    "ratio that is a probability": lambda: case_of(direct("claim", "yes", "probability")),
    "role over other states": lambda: a_case(Fact("launcher", ("a", "b"), over_factions=True), tree=TREE),
}


def direct(fact: str, state: str, scale: str) -> Direct:
    number = Number.exactly(0.5, "ratio" if scale == "ratio" else "probability")
    return Direct(id="d", title="", source="s", published=DAY, fact=fact, ratios=((state, number),))


def absence(**changes: object) -> Absence:
    plain = Absence(
        id="n",
        title="",
        source="s",
        published=DAY,
        says=(says("claim", "no"),),
        detection=Number.exactly(0.5),
        searched="x",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_roles_are_as_many_as_can_be_read() -> None:
    roles = [Fact(f"role-{number}", ("yes", "no"), role=True) for number in range(7)]
    assert a_case(*roles[:6], Fact("plain", ("yes", "no"))).roles == tuple(roles[:6])
    with pytest.raises(CaseError, match="have 128 joint states") as error:
        a_case(*roles)
    assert error.value.at == ("facts", "role-6", "role")
    assert "role-6" in error.value.hint


@pytest.mark.parametrize("build", NOTHING_LEFT.values(), ids=list(NOTHING_LEFT))
def test_cases_that_cannot_be(build: Callable[[], Case]) -> None:
    with pytest.raises(CaseError) as error:
        build()
    assert error.value.at or error.value.allowed


def test_a_name_nearly_right_is_guessed() -> None:
    with pytest.raises(CaseError) as error:
        case_of(a_report("q", says("claim", "yes")), a_report("r", says("weapon", "roket")))
    assert error.value.at[:2] == ("evidence", 1)
    assert "rocket" in error.value.hint


def home(*, source: str = "", grade: str = "B2") -> tuple[OriginDeclaration, ...]:
    return (OriginDeclaration("o", grade=Grade.parse(grade) if grade else None, source=source),)


def test_one_origin_tells_one_story() -> None:
    told = a_report("r", says("weapon", "drone", "rocket"), origin="o")
    second = a_report("q", says("weapon", "rocket", "mortar"), origin="o")
    third = a_report("p", says("weapon", "drone"), origin="o")
    assert len(case_of(told, second, declarations=home()).origins["o"].items) == 2
    with pytest.raises(CaseError, match="cannot both be true") as error:
        case_of(told, second, third, declarations=home())
    assert error.value.at == ("evidence", 2, "says", "weapon")


def test_one_item_may_not_contradict_itself() -> None:
    with pytest.raises(CaseError, match="cannot both be true"):
        case_of(a_report("r", says("perpetrator", "g"), says("perpetrator", "a", "b", negated=True)))


def test_an_origin_with_several_items_is_declared() -> None:
    items = a_report("r", says("claim", "yes"), origin="o"), a_report("q", says("claim", "yes"), origin="o")
    with pytest.raises(CaseError, match="not declared"):
        case_of(*items)
    origin = case_of(*items, declarations=home()).origins["o"]
    assert (origin.grade, origin.source, origin.forgeable) == (Grade("B", "2"), "s", True)


def test_an_origin_of_two_sources_says_which_answers() -> None:
    items = a_report("r", says("claim", "yes"), origin="o"), a_report("q", says("claim", "yes"), origin="o", source="t")
    with pytest.raises(CaseError, match="several sources"):
        case_of(*items, declarations=home())
    assert case_of(*items, declarations=home(source="t")).origins["o"].source == "t"
    with pytest.raises(CaseError, match="among the sources"):
        case_of(*items, declarations=home(source="x"))


def test_a_grade_stands_in_one_place() -> None:
    graded = replace(a_report("r", says("claim", "yes"), origin="o"), grade=Grade("A", "1"))
    with pytest.raises(CaseError, match="has a grade"):
        case_of(graded, declarations=home())
    assert case_of(graded, declarations=home(grade="")).origins["o"].grade == Grade("A", "1")


def test_a_later_grade_too() -> None:
    regraded = replace(a_report("r", says("claim", "yes"), origin="o"), regraded=(Regrade(LATER, Grade("A", "1")),))
    with pytest.raises(CaseError, match="a later one"):
        case_of(regraded, a_report("q", says("claim", "yes"), origin="o"), declarations=home())


def test_absences_and_weights_have_origins_of_their_own() -> None:
    with pytest.raises(CaseError, match="absence"):
        case_of(a_report("r", says("claim", "no"), origin="o"), absence(origin="o"), declarations=home())


def test_a_copy_has_an_origin_of_its_own() -> None:
    first = a_report("q", says("weapon", "drone"), origin="o")
    with pytest.raises(CaseError, match="shares an origin"):
        case_of(first, copying("r", "q", origin="o"), declarations=home())


def test_a_withdrawal_comes_after_publication() -> None:
    with pytest.raises(CaseError, match="withdrawn"):
        replace(a_report("r", says("claim", "yes")), withdrawn=DAY.days_later(-1))


def test_as_of_a_day() -> None:
    early = replace(a_report("early", says("claim", "yes"), grade="B2"), withdrawn=LATER)
    late = a_report("late", says("claim", "yes"), published=LATER)
    copy = copying("copy", "early")
    case = case_of(early, late, copy)
    assert case.as_of(DAY).evidence.ids == ("early", "copy")
    assert case.as_of(DAY.days_later(-1)).evidence.ids == ()
    assert case.as_of(LATER.days_later(-1)).evidence.ids == ("early", "copy")
    now = case.as_of(LATER)
    assert now.evidence.ids == ("late", "copy")
    assert case.as_of() == now
    left = now.evidence["copy"]
    assert isinstance(left, Report)
    assert left.copies is None  # a copy of an item that is not there speaks for itself


def test_grades_as_of_a_day() -> None:
    steps = (Regrade(LATER, Grade("D", "4")), Regrade(DAY.days_later(5), Grade("A", "1")))
    case = case_of(replace(a_report("r", says("claim", "yes"), grade="C3"), regraded=steps))
    known = [str(case.as_of(DAY.days_later(days)).origins["r"].grade) for days in (0, 4, 5, 9, 10, 99)]
    assert known == ["C3", "C3", "A1", "A1", "D4", "D4"]
    assert str(case.origins["r"].grade) == "C3"


def test_a_shared_origin_loses_items_one_by_one() -> None:
    items = (
        a_report("r", says("claim", "yes"), origin="o"),
        a_report("q", says("weapon", "drone"), origin="o", published=LATER),
    )
    case = case_of(*items, declarations=home())
    assert [item.id for item in case.as_of(DAY).origins["o"].items] == ["r"]
    assert len(case.as_of(DAY.days_later(-1)).origins) == 0
