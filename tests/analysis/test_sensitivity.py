"""The bundle holds every finding, for odd cases too."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

import attribution as at
from attribution.analysis.finding import as_json
from attribution.analysis.sensitivity import Sensitivity
from attribution.domain.facts import Fact
from attribution.inference.posterior import Posterior
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, a_tree, says


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return at.fit(
        at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance", scrambles=4, log2_points=8
    )


@pytest.fixture(scope="module")
def alone(posterior: Posterior) -> tuple[Sensitivity, list[str]]:
    """The findings, worked out one after another, and what was told meanwhile."""
    steps = list[str]()
    return at.sensitivity(posterior, progress=steps.append), steps


def test_every_finding_is_there_and_can_be_told(alone: tuple[Sensitivity, list[str]]) -> None:
    found, steps = alone
    assert len(steps) >= 6
    for name, finding in found.findings():
        assert len(str(finding)) > 40, name
        assert len(finding.to_frame()) > 0, name
        json.dumps(as_json(finding), allow_nan=False)
    assert str(found).count("\n\n") >= 5


def test_what_moves_numbers_may_be_worked_out_elsewhere(
    posterior: Posterior, alone: tuple[Sensitivity, list[str]]
) -> None:
    """The same findings, and nothing that is worked out there is worked out here as well."""
    found, steps = alone
    told = list[str]()
    with ThreadPoolExecutor(1) as executor:
        beside = at.sensitivity(posterior, executor=executor, progress=told.append)
    assert [as_json(one) for _, one in beside.findings()] == [as_json(one) for _, one in found.findings()]
    moving = steps.index("moving numbers")
    assert steps[moving + 1 : -1] == ["leaning", "looking for tipping points", "scaling priors and origins"]
    assert told == [*steps[: moving + 1], steps[-1]]


def test_what_is_too_large_to_be_there_twice_stays_here(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = list[str]()
    monkeypatch.setattr("attribution.analysis.workspace._MOST_OF_NETWORK", 1000)
    with ThreadPoolExecutor(1) as executor:
        at.sensitivity(odd_cases()["two factions"], executor=executor, progress=steps.append)
    assert "leaning" in steps


def odd_cases() -> dict[str, Posterior]:
    fact = Fact("x", YES_NO)
    report = [a_report("r", says("x", "yes"))]
    table = a_table("x", {"yes": {"a": (0.6, 0.8, 0.9), "else": (0.1, 0.2, 0.4)}})
    even = a_table("x", {"yes": {"else": (0.1, 0.2, 0.4)}})
    cases = {
        "two factions": (a_case(fact, items=report, tree=a_tree("a")), a_model(table, other=0.4)),
        "a tied lead": (a_case(fact, items=report), a_model(even)),
        "no evidence": (a_case(fact), a_model(table)),
        "no facts": (a_case(), a_model(other=(0.01, 0.1, 0.3))),
        "nothing uncertain": (a_case(fact, items=report), a_model(a_table("x", {"yes": {"a": 0.8, "else": 0.2}}))),
    }
    return {
        name: at.fit(case, model, engine="importance", scrambles=4, log2_points=8)
        for name, (case, model) in cases.items()
    }


@pytest.mark.parametrize("name", ["two factions", "a tied lead", "no evidence", "no facts", "nothing uncertain"])
def test_odd_cases(name: str) -> None:
    found = at.sensitivity(odd_cases()[name])
    for _, finding in found.findings():
        assert "nan" not in str(finding).lower()
        finding.to_frame()
        json.dumps(as_json(finding), allow_nan=False)
