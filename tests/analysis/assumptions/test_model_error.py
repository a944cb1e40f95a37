"""Mixing with the prior is linear: what that says of every chance, of the lead, and of the word."""

from __future__ import annotations

import numpy as np
import pytest

import attribution as at
from attribution.analysis.assumptions.model_error import ModelErrorSweep, _tipping
from attribution.domain.facts import Fact
from attribution.domain.verbal import probability_words
from attribution.errors import UsageError
from attribution.inference.posterior import Posterior
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, a_tree, says

PRIOR = (0.25, 0.6, 0.15)


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    """Shares 0.25, 0.6 and 0.15 before; a certain report that `a` makes 9 times as probable: 0.75 after it."""
    case = a_case(Fact("x", YES_NO), items=[a_report("r", says("x", "yes"), grade="A1")], tree=a_tree("a", "b"))
    table = a_table("x", {"yes": {"a": 0.9, "else": 0.05}})
    model = a_model(table, shares={"a": 0.25 / 0.85, "b": 0.6 / 0.85}, other=0.15)
    return at.fit(case, model, engine="importance")


@pytest.fixture(scope="module")
def found(posterior: Posterior) -> ModelErrorSweep:
    return at.model_error(posterior)


def test_each_chance_mixes_with_the_prior(posterior: Posterior, found: ModelErrorSweep) -> None:
    after = np.array([one.probability for one in posterior.standings])
    assert found.levels[0].probability == pytest.approx(after)
    for level in found.levels:
        expected = (1 - level.chance) * after + level.chance * np.array(PRIOR)
        assert level.probability == pytest.approx(expected)
        assert sum(level.probability) == pytest.approx(1)
        for faction, p in zip(found.factions, level.probability, strict=True):
            assert found.of(faction, level.chance) == pytest.approx(p)
    assert found.of("a", 1.0) == pytest.approx(0.25)


def test_the_lead_passes_where_the_lines_cross(found: ModelErrorSweep) -> None:
    assert found.leader == "a"
    assert found.to == "b"
    assert found.tipping is not None
    a, b = (found.of(faction, found.tipping) for faction in "ab")
    assert a == pytest.approx(b)


def test_the_word_changes_where_it_is_said_to(found: ModelErrorSweep) -> None:
    assert found.loses_word_at is not None
    words = [probability_words(found.of("a", found.loses_word_at + step)) for step in (-1e-6, 1e-6)]
    assert words[0] == probability_words(found.levels[0].probability[0]) != words[1]


@pytest.mark.parametrize("seed", range(20))
def test_nobody_leads_before_the_crossing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    after, before = rng.dirichlet(np.ones(4)), rng.dirichlet(np.ones(4))
    leader = int(after.argmax())
    chance, to = _tipping(after, before, leader)
    for step in np.linspace(0, 1, 401):
        mixed = (1 - step) * after + step * before
        assert (int(mixed.argmax()) == leader) == (chance is None or bool(step < chance))
    assert (chance is None) is (int(before.argmax()) == leader)
    assert to != leader


def test_uncertain_priors_are_mixed_in_the_same_draw() -> None:
    case = a_case(Fact("x", YES_NO), items=[a_report("r", says("x", "yes"))])
    table = a_table("x", {"yes": {"a": (0.6, 0.8, 0.9), "else": 0.3}})
    posterior = at.fit(case, a_model(table, shares={"a": (0.3, 0.5, 0.8), "b": 0.4}, other=0.1), engine="importance")
    whole = at.model_error(posterior, chances=(1.0,)).levels[-1]
    prior = np.exp(posterior.parts.prior)
    assert whole.probability == pytest.approx(posterior.draws.weights @ prior)
    assert whole.low[0] < whole.probability[0] < whole.high[0]


def test_at_one_in_ten_abqaiq_falls_as_the_first_reckoning_said() -> None:
    posterior = at.fit(at.read_case("abqaiq-2019"), at.read_model("abqaiq-2019/baseline"), engine="importance")
    found = at.model_error(posterior)
    leader = posterior.ranking[0]
    prior = at.model_error(posterior, chances=(1.0,)).of(leader.id, 1.0)
    assert found.of(leader.id, 0.1) == pytest.approx(0.9 * leader.probability + 0.1 * prior)
    assert "At one chance in ten" in found.summary


@pytest.mark.parametrize("chances", [(), (0.0,), (1.1,)])
def test_a_chance_of_error_is_one(posterior: Posterior, chances: tuple[float, ...]) -> None:
    with pytest.raises(UsageError, match="chance of error"):
        at.model_error(posterior, chances)
