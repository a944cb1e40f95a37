"""What to expect had a faction done it: sums by hand, brute force over all worlds, and the average over factions."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

import attribution as at
from attribution.analysis.assumptions import expected as subject
from attribution.analysis.assumptions.expected import Expectation, Expected, of_each
from attribution.analysis.finding import Finding, as_json
from attribution.domain.evidence import Absence, Direct, Item, Statement
from attribution.domain.facts import Fact
from attribution.domain.identifiers import Catalog
from attribution.errors import UsageError
from attribution.inference.draws import flat
from attribution.inference.posterior import Posterior
from attribution.inference.sobol import sobol_normals
from tests.brute_force import Enumeration
from tests.brute_origins import WHO
from tests.builders import DAY, YES_NO, a_case, a_model, a_number, a_report, a_table, says
from tests.random_cases import random_pair


def fitted(case: at.Case, model: at.Model) -> Posterior:
    return at.fit(case, model, engine="importance", scrambles=2, log2_points=5)


def by_id(found: Expected) -> dict[tuple[str, str], Expectation]:
    return {(one.id, one.state): one for one in (*found.facts, *found.items)}


def test_by_hand() -> None:
    """Constants: 0.8 if it was a, 0.2 if it was b, 0.3 if it was other; shares 0.45, 0.45, 0.1; d = 0.6."""
    table = a_table("x", {"yes": {"a": 0.8, "b": 0.2, "else": 0.3}})
    search = Absence(
        id="gone", title="", source="s", published=DAY, searched="all", says=(says("x", "no"),), detection=a_number(0.6)
    )
    case = a_case(Fact("x", YES_NO), items=[a_report("r", says("x", "yes")), search])
    posterior = fitted(case, a_model(table, other=0.1))
    found = at.expected(posterior, "a")
    told = by_id(found)
    assert told["x", "yes"].probability == pytest.approx(0.8, abs=1e-12)
    assert told["x", "no"].probability == pytest.approx(0.2, abs=1e-12)
    assert told["x", "yes"].anybody == pytest.approx(0.45 * 0.8 + 0.45 * 0.2 + 0.1 * 0.3, abs=1e-12)
    rho = float(np.prod([posterior.slots[0, of[0]] for of in _reliability(posterior)]))
    assert told["r", ""].probability == pytest.approx(rho * 0.8 + (1 - rho) / 2, abs=1e-12)
    assert told["gone", ""].probability == pytest.approx(1 - 0.6 * 0.8, abs=1e-12)
    assert told["x", "yes"].there
    assert found.share == pytest.approx(0.45)
    assert "no, 20 % where it is 52 % on average" in found.summary


def _reliability(posterior: Posterior) -> tuple[np.ndarray, np.ndarray]:
    ints = posterior.program.ints
    return ints.origin_source, ints.origin_item


def test_the_open_set_acts_like_anybody_now_and_then() -> None:
    """Surprise 0.5: other is half itself, half what all do on average."""
    table = a_table("x", {"yes": {"a": 0.8, "b": 0.2, "else": 0.3}})
    posterior = fitted(
        a_case(Fact("x", YES_NO), items=[a_report("r", says("x", "yes"))]), a_model(table, other=0.1, surprise=0.5)
    )
    mean = 0.45 * 0.8 + 0.45 * 0.2 + 0.1 * 0.3
    assert by_id(at.expected(posterior, "other"))["x", "yes"].probability == pytest.approx(0.15 + mean / 2, abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_against_brute_force(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Random cases: P(x, h) and P(item, h) over all worlds, draw by draw, for every faction and group at once."""
    monkeypatch.setattr(subject, "_SCRAMBLES", 2)
    monkeypatch.setattr(subject, "_LOG2_POINTS", 0)
    case, model = random_pair(seed)
    posterior = fitted(case, model)
    z = flat(sobol_normals(posterior.program.dimension, 2, 0, 1))
    worlds = [dict(zip(posterior.program.labels, row, strict=True)) for row in z.tolist()]
    nodes = (*case.factions.leaves, *case.factions.groups)
    states = {
        (fact.id, state): by_faction(case, model, worlds, fact.id, state)
        for fact in case.facts
        for state in fact.states
    }
    shares = by_faction(case, model, worlds)
    items = {
        (item.id, ""): alone(case, model, worlds, item)
        for item in case.as_of().evidence
        if not isinstance(item, Direct)
    }
    for node, found in zip(nodes, of_each(posterior, nodes), strict=True):
        under = case.factions.under(node)
        told = by_id(found)
        assert told.keys() == {*states, *items}
        assert found.share == pytest.approx(sum(shares[leaf] for leaf in under) / len(worlds), abs=1e-10)
        for key, joint in (states | items).items():
            mine = sum(joint[leaf] for leaf in under) / sum(shares[leaf] for leaf in under)
            assert told[key].probability == pytest.approx(mine, abs=1e-9), (node, key)
            assert told[key].anybody == pytest.approx(sum(joint.values()) / len(worlds), abs=1e-9)


type Summed = dict[str, float]


def by_faction(
    case: at.Case, model: at.Model, worlds: list[dict[str, float]], fact: str = "", state: str = ""
) -> Summed:
    """``pi_h p(x | h)``, or ``pi_h``, added up over draws."""
    silent = replace(case.as_of(), evidence=Catalog(), declarations=Catalog())
    total: Summed = dict.fromkeys(case.factions.leaves, 0.0)
    for z in worlds:
        one = Enumeration(silent, model, z)
        for leaf, value in (one.scenarios((fact,))[state,] if fact else one.joint()).items():
            total[leaf] += value
    return total


def alone(case: at.Case, model: at.Model, worlds: list[dict[str, float]], item: Item) -> Summed:
    """``pi_h p(item | h)``, nothing else there and nothing copied, added up over draws."""
    heard = replace(item, copies=None) if isinstance(item, Statement) else item
    origin = replace(case.as_of().origins[item.origin_id], items=(heard,))
    total: Summed = dict.fromkeys(case.factions.leaves, 0.0)
    for z in worlds:
        one = Enumeration(case.as_of(), model, z)
        prior = one.prior()
        own = {
            leaf: prior[leaf]
            * math.fsum(one.facts_of(x, leaf) * one.origin(origin, {**x, WHO: leaf}) for x in one.worlds())
            for leaf in prior
        }
        for leaf, value in one._mixed(own).items():
            total[leaf] += value
    return total


def test_the_average_over_factions_is_the_average(tower: Posterior) -> None:
    """Shares times expectations add up to what is expected of anybody, as probabilities do."""
    every = of_each(tower, tower.program.factions)
    for told in zip(*((*one.facts, *one.items) for one in every), strict=True):
        total = sum(one.share * each.probability for one, each in zip(every, told, strict=True))
        assert total == pytest.approx(told[0].anybody, abs=1e-12)
        assert all(each.low <= each.probability <= each.high or each.low == each.high for each in told)


@pytest.fixture(scope="module")
def tower() -> Posterior:
    return at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance", log2_points=5)


def test_no_such_faction(tower: Posterior) -> None:
    with pytest.raises(UsageError, match="did you mean"):
        at.expected(tower, "nujabaa")


def test_it_shows_itself(tower: Posterior) -> None:
    found = at.expected(tower, "nujaba")
    assert isinstance(found, Finding)
    assert "Nujaba" in found.title
    assert "Nujaba" in found.summary
    assert "<table" in found._repr_html_()
    assert len(found.to_frame()) == len(found.facts) + len(found.items)
    assert "Nujaba" in found.plot().get_xlabel()
    assert json.dumps(as_json(found), allow_nan=False)
