"""Why two answers differ: exact splits whose truth is known, from closed forms and from fits of the pieces."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import permutations
from pathlib import Path

import jsonschema
import numpy as np
import pytest

import attribution as at
from attribution.analysis.comparison.compare import GROUPS, Change, Group, Side, hybrid, name
from attribution.domain.case import Case
from attribution.domain.evidence import Item
from attribution.domain.facts import Fact
from attribution.domain.grades import Grade
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Model
from attribution.domain.moments import Moment
from attribution.errors import UsageError
from attribution.inference.posterior import Posterior
from attribution.reporting.comparison import comparison_schema, write_comparison
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, a_tree, says
from tests.random_cases import random_pair

X, Y = Fact("x", YES_NO), Fact("y", YES_NO)
FIRST = a_report("first", says("x", "yes"), grade="C3")
SECOND = a_report("second", says("y", "yes"), grade="B2", published=Moment.parse("2024-03-01"))


def case_of(*items: Item) -> Case:
    return a_case(X, Y, items=items, tree=a_tree("reds", "blues"))


def model_of(x: float = 0.9, reds: float = 0.3) -> Model:
    tables = (a_table("x", {"yes": {"reds": x, "else": 0.2}}), a_table("y", {"yes": {"reds": 0.7, "else": 0.4}}))
    return a_model(*tables, shares={"reds": reds, "else": 0.5})


def fitted(case: Case, model: Model, as_of: str = "") -> Posterior:
    moment = Moment.parse(as_of) if as_of else None
    return at.fit(case, model, engine="importance", scrambles=4, log2_points=7, as_of=moment)


def row(found: at.Comparison, id: str) -> Change:
    return next(one for one in found.changes if one.id == id)


def probability(case: Case, model: Model) -> float:
    return next(one.probability for one in fitted(case, model).standings if one.id == "reds")


A = fitted(case_of(FIRST), model_of())


@pytest.mark.parametrize(
    ("group", "other"),
    [
        ("evidence", (case_of(FIRST, SECOND), model_of())),
        ("grades", (case_of(replace(FIRST, grade=Grade.parse("A1"))), model_of())),
        ("tables", (case_of(FIRST), model_of(x=0.5))),
        ("priors", (case_of(FIRST), model_of(reds=0.1))),
    ],
)
def test_a_single_change_is_all_of_the_difference(group: Group, other: tuple[Case, Model]) -> None:
    found = at.compare(A, fitted(*other))
    for change in found.changes:
        assert change.parts[GROUPS.index(group)] == pytest.approx(change.after - change.before, abs=1e-12)
        assert sum(abs(part) for part in change.parts) == pytest.approx(abs(change.after - change.before), abs=1e-12)
        assert change.engine == pytest.approx(0, abs=1e-12)
    assert [one.group for one in found.differences if one.what] == [group]
    assert found.fits == 2


def test_all_four_changes_at_once_are_means_over_all_orders() -> None:
    """Shapley by its definition: walk every order in which the four changes can be made, one fit per step."""
    grade = Grade.parse("A1")
    after_case, after_model = case_of(replace(FIRST, grade=grade), SECOND), model_of(x=0.5, reds=0.1)
    found = row(at.compare(A, fitted(after_case, after_model)), "reds")

    def made(done: frozenset[str]) -> float:
        first = replace(FIRST, grade=grade) if "grades" in done else FIRST
        items = (first, SECOND) if "evidence" in done else (first,)
        model = model_of(x=0.5 if "tables" in done else 0.9, reds=0.1 if "priors" in done else 0.3)
        return probability(case_of(*items), model)

    worth = {kept: made(kept) for kept in {frozenset(o[:n]) for o in permutations(GROUPS) for n in range(5)}}
    for position, group in enumerate(GROUPS):
        steps = []
        for order in permutations(GROUPS):
            before = frozenset(order[: order.index(group)])
            steps.append(worth[before | {group}] - worth[before])
        assert found.parts[position] == pytest.approx(np.mean(steps), abs=1e-12), group
    assert sum(found.parts) == pytest.approx(found.after - found.before, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_parts_sum_and_turn_round(seed: int) -> None:
    case, model = random_pair(seed)
    items = case.evidence.ids
    fewer = case.without(*items[max(1, len(items) // 2) :])
    fewer = replace(fewer, declarations=Catalog(one for one in case.declarations if one.id in fewer.origins))
    other = replace(
        model,
        perpetrator=random_pair(seed, surprise=False)[1].perpetrator,
        deception=replace(model.deception, forged=(), deceptive=()),
        clusters=Catalog(),
    )
    whole, part = fitted(case, model), fitted(fewer, other)
    there, back = at.compare(whole, part), at.compare(part, whole)
    for one, two in zip(there.changes, back.changes, strict=True):
        assert one.before + sum(one.parts) + one.engine == pytest.approx(one.after, abs=1e-12)
        assert one.engine == pytest.approx(0, abs=1e-9)
        assert one.parts == pytest.approx(tuple(-value for value in two.parts), abs=1e-9)
    factions = [one for one in there.changes if not one.is_group]
    assert np.sum([one.parts for one in factions], axis=0) == pytest.approx(0, abs=1e-9)


def test_hybrids_of_nothing_and_of_everything_are_the_two_sides() -> None:
    case, model = case_of(FIRST, SECOND), model_of(x=0.5, reds=0.1)
    a, b = Side(A.case, A.model), Side(case, model)
    for kept, (theirs, assumed) in ((frozenset[Group](), (A.case, A.model)), (frozenset(GROUPS), (case, model))):
        side = hybrid(a, b, kept)
        assert probability(side.case, side.model) == pytest.approx(probability(theirs, assumed), abs=1e-12)


def test_two_dates_of_one_case() -> None:
    case, model = case_of(FIRST, SECOND), model_of()
    found = at.compare(fitted(case, model, "2024-02-01"), fitted(case, model))
    assert name(found.first) == "small/small as of 2024-02-01"
    assert [one.what for one in found.differences] == [("new: Second",), (), (), ()]
    change = row(found, "reds")
    assert change.parts[0] == pytest.approx(change.after - change.before, abs=1e-12)


def test_nothing_changed_is_nothing() -> None:
    found = at.compare(A, A)
    assert found.fits == 1
    assert all(change.parts == (0.0, 0.0, 0.0, 0.0) for change in found.changes)
    assert "stays ahead" in str(found) and "by nothing" in str(found)


def test_other_factions_or_other_states_cannot_be_compared() -> None:
    greens = a_case(X, Y, items=[FIRST], tree=a_tree("reds", "greens"))
    with pytest.raises(UsageError, match="same factions: blues, greens"):
        at.compare(A, fitted(greens, model_of()))
    third = a_case(Fact("x", ("yes", "no", "maybe")), Y, items=[FIRST], tree=a_tree("reds", "blues"))
    model = replace(
        model_of(),
        tables=Catalog([a_table("x", {"yes": {"else": 0.2}, "no": {"else": 0.2}}), model_of().tables["y"]]),
    )
    with pytest.raises(UsageError, match="other states"):
        at.compare(A, fitted(third, model))


def test_errors_cover_what_other_scrambles_give() -> None:
    """On uncertain numbers: the split by one seed and by another agree within their errors."""
    case, base, other = (at.read_case("tower-22"), *(at.read_model(f"tower-22/{m}") for m in ("baseline", "sceptical")))
    found = []
    for seed in (1, 2):
        pair = [at.fit(case, model, engine="importance", log2_points=9, random_seed=seed) for model in (base, other)]
        found.append(at.compare(*pair))
    for one, two in zip(found[0].changes, found[1].changes, strict=True):
        for mine, theirs, e1, e2 in zip(one.parts, two.parts, one.mcse, two.mcse, strict=True):
            assert abs(mine - theirs) <= max(6 * np.hypot(e1, e2), 1e-4)


@pytest.mark.parametrize("suffix", [".html", ".md", ".json"])
def test_it_is_written_in_three_forms(tmp_path: Path, suffix: str) -> None:
    evil = "<script>alert(1)</script>|"
    second = fitted(replace(case_of(FIRST, replace(SECOND, title=evil)), title=evil), model_of(reds=0.1))
    found = at.compare(A, second)
    path = tmp_path / f"c{suffix}"
    write_comparison(found, path)
    text = path.read_text()
    if suffix == ".json":
        jsonschema.validate(json.loads(text), comparison_schema())
    else:
        assert "<script" not in text.replace("\\<script", "")
    with pytest.raises(UsageError):
        write_comparison(found, tmp_path / "c.pdf")
