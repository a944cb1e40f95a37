"""ArviZ works on the tree as it is."""

from __future__ import annotations

import json

import arviz as az
import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attribution as at
from attribution.errors import UsageError
from attribution.inference.draws import systematic_resampling
from attribution.inference.tree import NO_LOO

mpl.use("Agg")


def test_the_groups_and_their_dimensions(sampled: at.Posterior) -> None:
    tree = sampled.tree
    assert set(tree.children) == {
        "posterior", "tables", "observed_data", "sample_stats", "log_likelihood", "log_prior", "origin_conditional",
        "posterior_predictive", "prior", "prior_predictive",
    }  # fmt: skip
    assert tree["posterior"]["log_joint"].dims == ("chain", "draw", "faction")
    assert tree["tables"]["table"].dims == ("chain", "draw", "faction", "cell")
    assert tree["log_prior"]["z"].dims == ("chain", "draw", "number")
    assert list(tree["log_likelihood"].data_vars) == ["evidence", NO_LOO]
    assert all(tree[name].attrs["meaning"] for name in tree.children)
    assert tree["log_likelihood"]["evidence"].dims == ("chain", "draw")
    assert tree["origin_conditional"]["log_conditional"].dims == ("chain", "draw", "origin")


def test_the_attributes_say_how_it_was_made(sampled: at.Posterior) -> None:
    attributes = sampled.tree.attrs
    assert json.loads(attributes["settings"])["random_seed"] == 1
    assert {"pymc", "nutpie", "attribution"} <= set(json.loads(attributes["versions"]))
    assert all(len(value) == 64 for value in json.loads(attributes["hashes"]).values())


def test_weighted_points_are_no_posterior(instant: at.Posterior) -> None:
    """The means that ArviZ gives are those of the posterior, not of the points, and it offers no R-hat."""
    tree = instant.tree
    assert tree["weighted_points"]["z"].dims == ("scramble", "point", "number")
    assert tree["weighted_points"]["log_weight"].dims == ("scramble", "point")
    assert "sample_stats" not in tree.children
    summary = az.summary(tree, var_names=["probability"], round_to="none")
    for row, ours in zip(summary.itertuples(), instant.standings, strict=True):
        assert abs(row.mean - ours.probability) < 4 * np.hypot(row.mcse_mean, ours.mcse), ours.id
        assert np.isnan(row.r_hat)
    points = instant.faction_draws.mean(axis=0)  # what it gave before: 0.80 for 0.83
    assert abs(summary["mean"].iloc[0] - points[0]) > 10 * summary["mcse_mean"].iloc[0]


def test_the_number_of_equal_draws_is_the_effective_one(instant: at.Posterior) -> None:
    """So that ArviZ's own errors are not too small."""
    group = instant.tree["posterior"]
    assert group.sizes["chain"] == 1
    assert group.sizes["draw"] == round(float(group.attrs["ess"])) == round(instant.draws.ess)
    assert float(group.attrs["khat"]) == instant.draws.khat
    assert int(group.attrs["points"]) == len(instant.draws.weights)


@given(st.lists(st.floats(0.0, 1.0), min_size=1, max_size=40).filter(lambda found: sum(found) > 0), st.integers(1, 60))
def test_systematic_resampling_picks_each_as_often_as_it_weighs(weights: list[float], count: int) -> None:
    share = np.array(weights) / sum(weights)
    picked = systematic_resampling(share, count, np.random.default_rng(1))
    times = np.bincount(picked, minlength=len(share))
    assert times.sum() == count
    assert (times >= np.floor(count * share - 1e-6)).all()
    assert (times <= np.ceil(count * share + 1e-6)).all()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # cells that are constants have no variance between chains
def test_summaries_and_plots(sampled: at.Posterior) -> None:
    summary = az.summary(sampled.tree, var_names=["probability"])
    assert len(summary) == 9
    assert float(az.rhat(sampled.tree, var_names=["log_joint"])["log_joint"].max()) < 1.01
    assert float(az.ess(sampled.tree, var_names=["log_joint"])["log_joint"].min()) > 400
    for plot in (az.plot_trace, az.plot_forest, az.plot_rank):
        assert plot(sampled.tree, var_names=["probability"], backend="matplotlib") is not None
    mpl.pyplot.close("all")


def test_power_scaling_runs_as_it_is(sampled: at.Posterior) -> None:
    found = az.psense_summary(sampled.tree, var_names=["reliability"])
    assert np.isfinite(found[["prior", "likelihood"]].dropna().to_numpy(dtype=float)).all()


def test_leave_one_out_is_over_origins(sampled: at.Posterior, instant: at.Posterior) -> None:
    assert sampled.loo().n_data_points == len(sampled.program.origins)  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match="weighted"):
        instant.loo()


def test_the_conditional_of_an_origin_is_what_it_adds(sampled: at.Posterior) -> None:
    from attribution.network.summation import log_joint_at

    origin = "state-finding"
    without = log_joint_at(sampled.program.without(frozenset({origin})), sampled.slots)
    expected = sampled.log_evidence - np.logaddexp.reduce(without, axis=1)
    found = sampled.tree["origin_conditional"]["log_conditional"].sel(origin=origin).to_numpy().ravel()
    assert found == pytest.approx(expected, abs=1e-10)


def test_predicted_states_have_the_predicted_frequencies(sampled: at.Posterior) -> None:
    """Drawn states against exact sums, within 4.5 binomial standard errors."""
    drawn = sampled.tree["prior_predictive"]
    expected = sampled.prior_state_draws.mean(axis=0)
    column = 0
    for fact, states in zip(sampled.program.facts, sampled.program.states, strict=True):
        for position in range(len(states)):
            if fact in drawn:
                values = drawn[fact].to_numpy()
                error = max(np.sqrt(expected[column] * (1 - expected[column]) / values.size), 1e-3)
                assert abs((values == position).mean() - expected[column]) < 4.5 * error, fact
            column += 1


PROBABILITY = {"var_names": ["probability"]}
WORKS: dict[str, dict[str, object]] = {
    **dict.fromkeys(("summary", "ess", "mcse", "mean", "median", "mode", "std", "var", "mad", "iqr"), PROBABILITY),
    **dict.fromkeys(("hdi", "eti", "rhat", "extract", "kde", "qds", "histogram", "thin"), PROBABILITY),
    "psense": {"var_names": ["probability"], "group": "likelihood"},
    "psense_summary": PROBABILITY,
}
PLOTS = ("plot_dist", "plot_forest", "plot_ridge", "plot_ess", "plot_mcse", "plot_autocorr", "plot_prior_posterior")


@pytest.fixture(params=["instant", "sampled"])
def run(request: pytest.FixtureRequest) -> at.Posterior:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, at.Posterior)
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", WORKS)
def test_functions_of_arviz_work_on_the_tree(run: at.Posterior, name: str) -> None:
    assert getattr(az, name)(run.tree, **WORKS[name]) is not None


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", PLOTS)
def test_plots_of_arviz_work_on_the_tree(run: at.Posterior, name: str) -> None:
    one = {"coords": {"faction": ["kataib-hezbollah"]}, "backend": "matplotlib", **PROBABILITY}
    assert getattr(az, name)(run.tree, **one) is not None
    mpl.pyplot.close("all")


def test_where_leave_one_out_would_mean_nothing_the_error_names_the_way_out(instant: at.Posterior) -> None:
    with pytest.raises(TypeError, match="use_posterior_loo"):
        az.loo(instant.tree)
    with pytest.raises(Exception, match="trying to compute ELPD") as found:
        az.compare({"baseline": instant.tree, "again": instant.tree})
    assert "use_posterior_loo" in str(found.value.__cause__)


def test_what_is_observed_is_what_the_evidence_asserts(instant: at.Posterior) -> None:
    observed = instant.tree["observed_data"]
    assert set(observed.data_vars) <= set(instant.tree["posterior_predictive"].data_vars)
    halt = observed["kh-halt"]
    assert halt.attrs["states"].split(", ")[int(halt)] == "yes"
