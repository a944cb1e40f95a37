"""The what-if section: the page's own modules answer as Python does, on the same draws, whatever is changed."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import pytest

import attribution as at
from attribution.analysis.what_if import Changes, PageAnswer, PageDraws, page_answer
from attribution.inference.draws import Draws
from attribution.inference.posterior import Posterior
from attribution.reporting import whatif
from attribution.reporting.whatif import BUDGET, DRAWS, MODULES, thinned, what_if_section, whatif_script
from attribution.reporting.whatif_network import network_json
from tests.browser.chromium import needs_node
from tests.random_cases import kinds_used, random_pair
from tests.reporting.whatif_settings import link, random_changes

HERE = Path(__file__).parent / "whatif"
SEEDS = range(14)


@cache
def tower_22() -> Posterior:
    return at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance", random_seed=1)


@cache
def a_random_posterior(seed: int) -> Posterior:
    return at.fit(*random_pair(seed), engine="importance", scrambles=4, log2_points=6)


def node_answers(posterior: Posterior, embedded: PageDraws, links: list[str]) -> list[dict[str, object]]:
    given = json.dumps({"data": network_json(embedded, posterior.program), "links": links})
    done = subprocess.run(
        ["node", HERE / "answers.mjs"], input=given, capture_output=True, text=True, check=True, timeout=120
    )
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


def assert_same(found: dict[str, object], expected: PageAnswer, draws: int) -> None:
    assert found["ignored"] == 0
    if expected.ess == 0:
        assert found["ess"] == 0
        return
    for name, values in (("probabilities", expected.probabilities), ("errors", expected.mcse)):
        np.testing.assert_allclose(found[name], values, rtol=0, atol=1e-9)
    assert found["ess"] == pytest.approx(expected.ess, abs=1e-9 * draws)


def compare(posterior: Posterior, seed: int, settings: int) -> None:
    embedded = thinned(posterior)
    r, case = Random(seed), posterior.case.as_of(posterior.settings.as_of)
    asked = [Changes(), *(random_changes(r, case) for _ in range(settings))]
    for changes, found in zip(asked, node_answers(posterior, embedded, [link(one) for one in asked]), strict=True):
        assert_same(found, page_answer(embedded, changes), len(embedded.z))


@needs_node
def test_node_runs_the_tests_of_the_modules() -> None:
    tests = sorted(HERE.glob("*.test.mjs"))
    assert tests
    done = subprocess.run(["node", "--test", *tests], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout


@needs_node
def test_the_page_answers_as_python_on_tower_22() -> None:
    compare(tower_22(), seed=22, settings=25)  # the real browser answers a hundred, in tests/browser


@needs_node
@pytest.mark.parametrize("seed", SEEDS)
def test_the_page_answers_as_python_on_random_cases(seed: int) -> None:
    compare(a_random_posterior(seed), seed, settings=10)


def test_the_random_cases_use_every_feature() -> None:
    posteriors = [a_random_posterior(seed) for seed in SEEDS]
    used = set().union(*(kinds_used(one.case) for one in posteriors))
    assert used == {"report", "act", "absence", "direct", "copies", "shared origin", "negated", "role", "joint"}
    deception = [one.model.deception for one in posteriors]
    assert any(one.staged for one in deception) and any(one.deceptive for one in deception)
    assert {bool(forged.toward) for one in deception for forged in one.forged} == {True, False}


def test_few_draws_give_nearly_the_published_answer() -> None:
    embedded = thinned(tower_22())
    published = np.array([standing.probability for standing in tower_22().standings])
    rest = page_answer(embedded, Changes())
    assert len(embedded.z) <= DRAWS and embedded.weights.sum() == pytest.approx(1.0)
    leader = int(np.argmax(published))
    assert abs(rest.probabilities[leader] - published[leader]) < 0.2 * rest.mcse[leader]  # thanks to the order
    assert np.all(np.abs(np.array(rest.probabilities) - published) < 4 * np.array(rest.mcse))


def test_a_point_met_twice_is_kept_once_with_twice_the_weight() -> None:
    posterior = a_random_posterior(1)  # 256 weighted points
    embedded = thinned(posterior)
    assert len(np.unique(embedded.z, axis=0)) == len(embedded.z) < DRAWS
    times = embedded.weights * DRAWS
    np.testing.assert_allclose(times, np.round(times), atol=1e-9)
    assert page_answer(embedded, Changes()).ess == pytest.approx(1 / np.sum(embedded.weights**2))


def test_draws_that_count_equally_are_taken_once_each() -> None:
    weighted = tower_22()
    equal = Posterior(weighted.case, weighted.model, weighted.settings, Draws(weighted.draws.z))
    embedded = thinned(equal)
    assert len(embedded.z) == DRAWS and np.all(embedded.weights == 1 / DRAWS)


def test_the_section_keeps_within_its_budget_and_cannot_be_broken_out_of() -> None:
    data = what_if_section(tower_22()).data
    assert len(data) < BUDGET
    assert not set("<>&\u2028\u2029") & set(data)
    assert json.loads(data)["draws"] == DRAWS


def test_a_large_case_gets_fewer_draws_and_too_large_a_one_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = what_if_section(tower_22())
    monkeypatch.setattr(whatif, "BUDGET", len(whole.data) - 50_000)
    fewer = what_if_section(tower_22())
    assert whatif.FEWEST < fewer.draws < DRAWS and len(fewer.data) <= whatif.BUDGET
    monkeypatch.setattr(whatif, "BUDGET", 1000)
    assert what_if_section(tower_22()).draws == whatif.FEWEST
    for limit in ("LIMIT", "MOST_TERMS"):
        with monkeypatch.context() as smaller:
            smaller.setattr(whatif, limit, 1000)
            refused = what_if_section(tower_22())
            assert refused.data == "" and "too large" in refused.reason and "at.what_if" in refused.reason


def test_the_script_is_one_closure_that_evaluates_nothing() -> None:
    script = whatif_script()
    lines = script.splitlines()
    assert not [line for line in lines if line.startswith(("import ", "export "))]
    for word in ("eval(", "new Function", "innerHTML", "insertAdjacentHTML", "document.write", "fetch(", "</script"):
        assert word not in script
    folder = Path(at.__file__).parent / "reporting" / "templates" / "whatif"
    assert {path.stem for path in folder.glob("*.mjs")} == set(MODULES)
    longest = max(len(path.read_text().splitlines()) for path in folder.glob("*.mjs"))
    assert longest <= 220
