"""What must not change a finding: names, repetition, what says nothing, and copies of what is there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import attribution as at
from attribution.analysis.finding import as_json
from attribution.domain.evidence import Copying
from attribution.domain.facts import Fact
from attribution.domain.grades import Grade
from attribution.domain.numbers import Number
from attribution.domain.origins import OriginDeclaration
from attribution.inference.posterior import Posterior
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, says
from tests.random_cases import random_pair
from tests.rewriting import renaming, rewritten

FINDINGS: tuple[Callable[[Posterior], Any], ...] = (
    at.robust_bounds,
    at.lean,
    at.model_error,
    at.story_sweep,
    at.learning,
    at.power_scaling,
    at.dependence,
    at.next_evidence,
    at.compare_models,
)
FACTS = (Fact("x", YES_NO), Fact("y", YES_NO), Fact("even", YES_NO))
TABLES = (
    a_table("x", {"yes": {"a": (0.6, 0.8, 0.9), "else": (0.1, 0.3, 0.5)}}),
    a_table("y", {"yes": {"a": (0.3, 0.5, 0.7), "b": (0.5, 0.6, 0.8), "else": (0.2, 0.4, 0.6)}}),
    a_table("even", {"yes": {"else": 0.4}}),
)
X, Y = a_report("r", says("x", "yes")), a_report("q", says("y", "no"), source="t")


def fitted(case: at.Case, model: at.Model | None = None) -> Posterior:
    return at.fit(
        case, model or a_model(*TABLES, other=(0.01, 0.05, 0.2)), engine="importance", scrambles=4, log2_points=7
    )


def told(finding: Any) -> dict[str, Any]:
    return json.loads(json.dumps(as_json(finding)))  # type: ignore[no-any-return]


@pytest.mark.parametrize("analysis", FINDINGS)
@pytest.mark.parametrize("seed", range(900, 905))
def test_other_names_for_the_factions_rename_the_finding(seed: int, analysis: Callable[[Posterior], Any]) -> None:
    case, model = random_pair(seed)
    names = {node: node.replace("f", "g") for node in case.factions.ids if node != "other"}
    before = told(analysis(fitted(case, model)))
    after = told(analysis(fitted(rewritten(case, renaming(names)), rewritten(model, renaming(names)))))
    assert numbers_of(after) == pytest.approx(numbers_of(before), rel=1e-9, abs=1e-12, nan_ok=True)
    leader = before.get("leader") or before["verdicts"][0]["leader"]
    assert (after.get("leader") or after["verdicts"][0]["leader"]) == names.get(leader, leader)


def numbers_of(value: Any) -> list[float]:
    """All numbers of a finding, in order."""
    if isinstance(value, dict):
        return [number for inner in value.values() for number in numbers_of(inner)]
    if isinstance(value, list):
        return [number for inner in value for number in numbers_of(inner)]
    return [float(value)] if isinstance(value, int | float) else []


@pytest.mark.parametrize("analysis", FINDINGS)
def test_an_item_repeated_within_its_origin_changes_nothing(analysis: Callable[[Posterior], Any]) -> None:
    home = [OriginDeclaration("one", title="One", grade=Grade("B", "2"))]
    once = fitted(a_case(*FACTS, items=[a_report("r", says("x", "yes"), origin="one"), Y], declarations=home))
    again = [a_report(id, says("x", "yes"), origin="one") for id in ("r", "again", "and-again")]
    twice = fitted(a_case(*FACTS, items=[*again, Y], declarations=home))
    assert told(analysis(twice)) == told(analysis(once))


@pytest.mark.parametrize(
    "more",
    [
        a_report("new", says("even", "yes"), source="t"),
        replace(a_report("new", says("x", "yes"), source="t"), copies=Copying("r", Number.exactly(1.0))),
    ],
    ids=["a fact with equal rows", "a copy for certain"],
)
def test_what_says_nothing_new_changes_nothing(more: Any) -> None:
    before, after = (fitted(a_case(*FACTS, items=items)) for items in ([X, Y], [X, Y, more]))
    assert numbers_of(told(at.robust_bounds(after))) == pytest.approx(numbers_of(told(at.robust_bounds(before))))
    powers = [{one.id: one for one in at.power_scaling(posterior).components} for posterior in (before, after)]
    for id, one in powers[0].items():
        assert powers[1][id].per_doubling == pytest.approx(one.per_doubling, abs=1e-12)
    assert powers[1]["new"].per_doubling == pytest.approx(0, abs=1e-12)
    assert powers[1]["new"].sensitivity == pytest.approx(0, abs=1e-6)
    numbers = [at.dependence(posterior) for posterior in (before, after)]
    assert numbers[1].as_stated == pytest.approx(numbers[0].as_stated)
    assert numbers[1].as_stated > 1.1  # two that speak for the leader, before and after
    bits = [
        {one.id: one.certain.bits for one in at.next_evidence(posterior).prospects} for posterior in (before, after)
    ]
    assert bits[1]["new"] == pytest.approx(0, abs=1e-12)
    assert bits[1]["r"] == pytest.approx(bits[0]["r"], abs=1e-12)
    paths = [at.shortest_path(posterior) for posterior in (before, after)]
    assert numbers_of(told(paths[1])) == pytest.approx(numbers_of(told(paths[0])), abs=1e-9)
