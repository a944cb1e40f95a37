"""The posterior binds what stands below it: the same functions, asked once."""

from __future__ import annotations

import numpy as np
import pytest

import attribution as at
from attribution.errors import UsageError
from attribution.inference.diagnostics import diagnose
from attribution.inference.posterior_draws import PosteriorDraws
from attribution.inference.tree import attributes


def test_methods_are_the_functions_below(instant: at.Posterior) -> None:
    assert isinstance(instant, PosteriorDraws)
    assert diagnose(instant) == instant.diagnostics
    assert instant.tree.attrs == attributes(instant)
    assert instant.tree is instant.tree
    assert instant.trustworthy is not any(
        concern.severity == "blocking" and concern.topic == "fit" for concern in instant.concerns()
    )


def test_what_was_computed_while_drawing_is_what_would_be_computed(instant: at.Posterior) -> None:
    bare = at.Posterior(instant.case, instant.model, instant.settings, instant.draws)
    assert "log_joint" in vars(instant) and "log_joint" not in vars(bare)
    assert bare.standings == instant.standings
    assert bare.program.labels == instant.program.labels
    assert repr(bare) == repr(instant)


def test_scenarios_add_up_to_factions_and_to_roles(instant: at.Posterior) -> None:
    frame = instant.scenarios(top=100)
    led = frame.groupby(frame.index.str.split(", ").str[0])["probability"].sum()
    np.testing.assert_allclose(led, instant.probabilities()["probability"][led.index], rtol=1e-10)
    played = frame.groupby(frame.index.str.split("=").str[1])["probability"].sum()
    np.testing.assert_allclose(played, instant.facts().loc["awfiya-involved", "probability"][played.index], rtol=1e-10)
    before = frame.groupby(frame.index.str.split(", ").str[0])["prior"].sum()
    np.testing.assert_allclose(before, instant.probabilities()["prior"][before.index], rtol=1e-10)
    assert "ansar-allah-al-awfiya, awfiya-involved=no" not in frame.index  # who led was involved


def test_the_likeliest_scenarios_and_the_rest(instant: at.Posterior) -> None:
    frame, whole = instant.scenarios(), instant.scenarios(top=100)
    assert list(frame.index[:10]) == list(whole.index[:10]) and list(frame.index[10:]) == ["rest"]
    assert frame["probability"].sum() == pytest.approx(1, abs=1e-12)
    assert frame["prior"].sum() == pytest.approx(1, abs=1e-12)
    assert frame.loc["rest", "label"] == f"All others ({len(whole) - 10})"
    assert frame["probability"].iloc[:10].is_monotonic_decreasing
    assert (frame["low"] <= frame["probability"]).all() and (frame["probability"] <= frame["high"]).all()
    with pytest.raises(UsageError, match="top is 0"):
        instant.scenarios(top=0)


def test_without_roles_scenarios_are_the_factions() -> None:
    posterior = at.fit(at.read_case("k1-2019"), at.read_model("k1-2019/baseline"), engine="importance")
    expected = posterior.probabilities().sort_values("probability", ascending=False, kind="stable")
    frame = posterior.scenarios()
    assert list(frame.index) == list(expected.index)
    assert list(frame["label"]) == [posterior.case.factions.label(faction) for faction in expected.index]
    for column in ("prior", "probability", "mcse", "low", "high"):
        np.testing.assert_allclose(frame[column], expected[column], rtol=1e-9)


def test_the_ends_of_the_range_have_the_errors_that_other_seeds_show(case: at.Case, baseline: at.Model) -> None:
    """Twelve seeds: the spread of both ends is that of the stated errors, within what twelve can tell."""
    fits = [at.fit(case, baseline, engine="importance", random_seed=seed) for seed in range(12)]
    for end, error in (("low", "low_mcse"), ("high", "high_mcse")):
        spread = np.std([getattr(fit.ranking[0], end) for fit in fits], ddof=1)
        stated = np.mean([getattr(fit.ranking[0], error) for fit in fits])
        assert 0.4 < spread / stated < 2.2  # chi over 11 degrees, and eight scrambles for each stated error


def test_the_ends_of_the_range_of_sampled_draws_have_errors(sampled: at.Posterior) -> None:
    leader = sampled.ranking[0]
    assert 0.0 < leader.low_mcse < 0.05
    assert 0.0 < leader.high_mcse < 0.05
