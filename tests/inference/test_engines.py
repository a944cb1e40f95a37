"""Two engines, one answer; one compilation for all cases of a size."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import attribution as at
from attribution.domain.numbers import Number
from attribution.errors import EngineError, UsageError
from attribution.inference import nuts
from attribution.inference.concerns import fit_concerns
from attribution.inference.draws import Draws, estimate, flat, khat_threshold, smoothed, weighted_quantiles
from attribution.inference.fit import fit_under
from attribution.inference.settings import Sampling, Settings
from attribution.inference.sobol import sobol_normals
from attribution.inference.tree import asserted_states
from attribution.modelling.graph import compiled_density, sampling_model
from attribution.network.summation import evidence_tape, log_joint, normalise, numbers


def agree(posterior: at.Posterior) -> None:
    found = posterior.diagnostics
    assert found.cross_check is not None
    assert found.convergence is not None
    assert found.tails is not None
    assert found.cross_check.compared == 9 + sum(len(states) for states in posterior.program.states)
    assert found.cross_check.worst <= 4
    assert found.convergence.rhat < 1.01
    assert found.convergence.divergences == 0
    assert found.tails.khat < 0.7
    assert max(khat for _, khat in found.tails.by_faction) < 0.7
    assert list(fit_concerns(found, 4)) == []


def test_the_engines_agree_on_every_faction_and_state(sampled: at.Posterior) -> None:
    agree(sampled)


@pytest.mark.slow
@pytest.mark.parametrize("model", ["sceptical", "without-state-finding"])
def test_the_engines_agree_under_the_other_models(case: at.Case, model: str) -> None:
    agree(at.fit(case, at.read_model(f"tower-22/{model}")))


def test_another_model_of_the_same_size_compiles_nothing(sampled: at.Posterior, case: at.Case) -> None:
    del sampled
    before = nuts.compilations()
    at.fit(case, at.read_model("tower-22/sceptical"), chains=2, draws=60, tune=100)
    at.fit(case, at.read_model("tower-22/without-state-finding"), chains=2, draws=60, tune=100)
    assert nuts.compilations() == before


def test_a_case_of_another_size_compiles_nothing_either(sampled: at.Posterior) -> None:
    del sampled
    before = nuts.compilations()
    at.fit(at.read_case("k1-2019"), at.read_model("k1-2019/baseline"), chains=2, draws=60, tune=100)
    assert nuts.compilations() == before == 1


def test_what_is_sampled_is_the_density_of_the_pymc_model(sampled: at.Posterior) -> None:
    program = sampled.program
    z = np.random.default_rng(5).normal(size=program.dimension)
    model = sampling_model(program.dimension, *evidence_tape(program).packed())
    value, gradient = compiled_density(model)(*evidence_tape(program).packed())(z)
    prior = -0.5 * np.sum(z**2) - 0.5 * len(z) * np.log(2 * np.pi)
    assert float(value) == pytest.approx(prior + normalise(log_joint(program, z[None]))[1][0], rel=1e-12)
    theirs = model.compile_dlogp()({"z": z})
    assert gradient == pytest.approx(theirs, rel=1e-10, abs=1e-12)
    assert float(value) == pytest.approx(float(model.compile_logp()({"z": z})), rel=1e-12)


def test_the_same_seed_gives_the_same_draws(case: at.Case, baseline: at.Model) -> None:
    first, again, other = (
        at.fit(case, baseline, chains=2, draws=60, tune=100, random_seed=seed).draws.z for seed in (3, 3, 4)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_same_seed_gives_the_same_weights(case: at.Case, baseline: at.Model, instant: at.Posterior) -> None:
    again = at.fit(case, baseline, engine="importance")
    assert np.array_equal(again.draws.weights, instant.draws.weights)
    assert again.standings == instant.standings


def test_probabilities_sum_to_one(sampled: at.Posterior, instant: at.Posterior) -> None:
    for posterior in (sampled, instant):
        assert sum(standing.probability for standing in posterior.standings) == pytest.approx(1)
        assert posterior.probabilities().prior.sum() == pytest.approx(1)
        facts = posterior.facts().groupby(level="fact").probability.sum()
        assert facts.to_numpy() == pytest.approx(1)


def test_groups_are_sums_of_their_members(instant: at.Posterior) -> None:
    banner = instant.groups().loc["islamic-resistance-in-iraq"]
    members = instant.case.factions.under("islamic-resistance-in-iraq")
    assert banner.probability == pytest.approx(instant.probabilities().loc[list(members)].probability.sum())


def test_weighted_quantiles_are_quantiles_of_the_repeated_values() -> None:
    values = np.array([[3.0], [1.0], [2.0], [4.0]])
    weights = np.array([0.2, 0.4, 0.3, 0.1])
    repeated = np.repeat(values[:, 0], [2, 4, 3, 1])
    for level in (0.05, 0.3, 0.5, 0.9, 0.95):
        found = weighted_quantiles(values, weights, (level,))[0]
        assert found[0] == np.quantile(repeated, level, method="inverted_cdf")


@pytest.mark.parametrize("shape", ["even", "skew", "narrow", "ties", "constant", "one far away", "infinite"])
def test_quantiles_of_many_values_are_those_of_the_sorted_ones(shape: str) -> None:
    """Few of many values are looked at twice: whatever their distribution, the quantile is the same value."""
    rng = np.random.default_rng(4)
    values = {
        "even": rng.random(20_000),
        "skew": np.exp(12.0 * rng.normal(size=20_000)),
        "narrow": 1.0 - 1e-9 * rng.random(20_000),
        "ties": rng.integers(0, 3, 20_000).astype(float),
        "constant": np.full(20_000, 0.3),
        "one far away": np.append(rng.random(19_999), 1e12),
        "infinite": np.append(rng.random(19_999), -np.inf),
    }[shape]
    weights = rng.gamma(0.3, size=20_000)
    weights /= weights.sum()
    levels = (0.0, 0.05, 0.5, 0.95, 1.0)
    order = np.argsort(values)
    reached = np.searchsorted(np.cumsum(weights[order]), np.subtract(levels, 1e-12))
    expected = values[order][np.minimum(reached, len(values) - 1)]
    np.testing.assert_array_equal(np.ravel(weighted_quantiles(values[:, None], weights, levels)), expected)


@pytest.mark.parametrize("scrambles", [8, 4])
def test_values_before_the_evidence_are_at_the_same_points_whoever_drew_them(
    case: at.Case, baseline: at.Model, scrambles: int
) -> None:
    """Where the engine's own points begin with them they are not worked out again; else they are."""
    sampling = Sampling(scrambles=scrambles, log2_points=9)
    posterior = fit_under(case, baseline, Settings(engine="importance", sampling=sampling))
    z = flat(sobol_normals(posterior.program.dimension, 8, 8, posterior.settings.random_seed))
    np.testing.assert_array_equal(posterior.prior_slots, numbers(posterior.program, z))


def test_the_error_of_equal_weights_is_the_spread_of_the_scrambles() -> None:
    rng = np.random.default_rng(0)
    z = rng.normal(size=(8, 512, 1))
    draws = Draws(z, log_weight=np.full((8, 512), -np.log(8 * 512)), khat=0.0)
    found = estimate(draws, z.reshape(-1, 1))
    assert found.mcse[0] == pytest.approx(z[..., 0].mean(axis=1).std(ddof=1) / np.sqrt(8))


def test_weights_without_a_tail() -> None:
    same, khat = smoothed(np.zeros(100))
    assert np.exp(same) == pytest.approx(0.01)
    assert khat == -np.inf
    none, khat = smoothed(np.full(100, -np.inf))
    assert np.exp(none).sum() == pytest.approx(1)
    assert khat == np.inf


def test_a_tail_too_heavy_is_told() -> None:
    rng = np.random.default_rng(1)
    assert smoothed(1.5 * rng.exponential(size=10_000))[1] > khat_threshold(10_000)
    hopeless, khat = smoothed(rng.pareto(0.8, 10_000))
    assert khat == np.inf
    assert np.exp(hopeless).sum() == pytest.approx(1)
    assert smoothed(np.log(rng.uniform(1, 2, 10_000)))[1] < 0.3


@pytest.mark.parametrize("wrong", [{"chains": 1}, {"draws": 0}, {"scrambles": 1}, {"log2_points": 40}])
def test_sizes_that_cannot_be(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        Sampling(**wrong)


def test_settings_that_cannot_be() -> None:
    with pytest.raises(UsageError, match="engines"):
        Settings(engine="vi")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="random_seed is -1"):
        Settings(random_seed=-1)


@pytest.mark.parametrize(("raised", "known_as"), [(KeyboardInterrupt, KeyboardInterrupt), (RuntimeError, EngineError)])
def test_a_sampler_that_has_nothing_yet_can_be_interrupted(
    raised: type[BaseException], known_as: type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for results too early nutpie has an error of its own, which must not hide who stopped it."""
    import nutpie

    class Started:
        def wait(self) -> None:
            raise raised("first")

        def cancel(self) -> None:
            raise RuntimeError("Sampler has no results to take")

    monkeypatch.setattr(nutpie, "sample", lambda *_, **__: Started())
    with pytest.raises(known_as, match="first"):
        nuts.run_nuts(None, Sampling(), 1)


def test_what_goes_to_nutpie_is_part_of_the_settings(case: at.Case, baseline: at.Model, tmp_path: Path) -> None:
    careful = {"target_accept": 0.95, "maxdepth": 6}
    posterior = at.fit(
        case, baseline, chains=2, draws=60, tune=100, random_seed=3, progressbar=False, nuts_sampler_kwargs=careful
    )
    sampling = posterior.settings.sampling
    assert (sampling.target_accept, sampling.maxdepth) == (0.95, 6)
    assert posterior.draws.stats["n_steps"].max() <= 2**6 - 1
    posterior.save(tmp_path / "run.nc")
    assert at.load_posterior(tmp_path / "run.nc").settings == posterior.settings


def test_what_does_not_go_to_nutpie_is_refused_by_name(case: at.Case, baseline: at.Model) -> None:
    with pytest.raises(UsageError, match="target_accept"):
        at.fit(case, baseline, nuts_sampler_kwargs={"target_acept": 0.9})
    with pytest.raises(UsageError, match=r"0\.5 to 0\.999"):
        at.fit(case, baseline, nuts_sampler_kwargs={"target_accept": 1.0})


def test_what_the_sums_do_not_read_cannot_be_replaced() -> None:
    import pymc as pm

    case, model = at.read_case("k1-2019"), at.read_model("k1-2019/baseline")
    built = at.build(case, model)
    numbers = len(built.coords["number"])
    fixed = pm.do(built, {"z": np.zeros(numbers)})
    probability = fixed["probability"].eval(mode="FAST_COMPILE")
    program = at.fit(case, model, engine="importance", log2_points=5).program
    assert probability == pytest.approx(normalise(log_joint(program, np.zeros((1, numbers))))[0][0], rel=1e-9)
    moved = pm.do(built, {"value": np.full(numbers, 0.5)})
    with pytest.raises(UsageError, match=r"at\.what_if"):
        moved["probability"].eval({moved["z"]: np.zeros(numbers)}, mode="FAST_COMPILE")


def test_the_named_model_is_the_same_model(case: at.Case, baseline: at.Model, instant: at.Posterior) -> None:
    model = at.build(case, baseline)
    names = {variable.name for variable in model.deterministics}
    assert {"value", "trait", "reliability", "log_joint", "probability"} <= names
    compiled = model.compile_fn(
        [model["log_joint"], model["value"]], inputs=[model["z"]], mode="FAST_COMPILE", point_fn=False
    )
    z = np.random.default_rng(2).normal(size=instant.program.dimension)
    log_joint, value = compiled(z)
    assert list(model.coords["asserted_fact"]) == list(asserted_states(case, instant.program))
    from attribution.network.summation import log_joint as ours

    assert log_joint == pytest.approx(ours(instant.program, z[None])[0])
    slots = numbers(instant.program, z[None])[0]
    driven = [position for position, one in enumerate(instant.program.coordinates) if isinstance(one.number, Number)]
    assert all(np.isclose(value[position], slots).any() for position in driven)
