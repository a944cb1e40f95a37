"""A run on disk is the same run, or an error that says what is wrong."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

import attribution as at
from attribution.domain.model import Share
from attribution.domain.moments import Moment
from attribution.domain.numbers import Number
from attribution.errors import FormatError, OutputError, RunError
from attribution.inference.saved import _digest
from attribution.inference.sobol import normals_of, points_of
from attribution.reading import parse_case
from tests.random_cases import random_pair
from tests.reading.test_recipes import CASE, MODEL, RECIPE


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, case: at.Case, baseline: at.Model) -> Path:
    path = tmp_path_factory.mktemp("runs") / "small.nc"
    at.fit(case, baseline, engine="importance", scrambles=4, log2_points=6).save(path)
    return path


def test_a_sampled_run_comes_back_to_the_last_bit(sampled: at.Posterior, tmp_path: Path) -> None:
    path = tmp_path / "run.nc"
    sampled.save(path)
    again = at.load_posterior(path)
    assert np.array_equal(again.draws.z, sampled.draws.z)
    assert again.standings == sampled.standings
    assert again.settings == sampled.settings
    assert again.case == sampled.case
    assert again.model == sampled.model
    for name, values in sampled.draws.stats.items():
        assert np.array_equal(again.draws.stats[name], values)
    assert again.diagnostics == sampled.diagnostics


def test_a_weighted_run_comes_back_to_the_last_bit(case: at.Case, baseline: at.Model, tmp_path: Path) -> None:
    first = at.fit(
        case, baseline, engine="importance", scrambles=4, log2_points=6, as_of=dt.date(2024, 2, 1), random_seed=7
    )
    first.save(tmp_path / "run.nc")
    again = at.load_posterior(tmp_path / "run.nc")
    assert np.array_equal(again.draws.weights, first.draws.weights)
    assert again.standings == first.standings
    assert again.settings.as_of == Moment.parse("2024-02-01")
    assert again.draws.khat == first.draws.khat


def test_a_run_holds_no_pickle(run: Path) -> None:
    assert b"cpickle" not in run.read_bytes().lower()
    with h5py.File(run) as stored:
        assert stored.attrs["format"] == "attribution-run/4"
        kinds = {item.dtype.kind for item in _arrays(stored)}
    assert kinds <= set("fiubSO")


def test_a_run_holds_the_draws_and_nothing_that_follows_from_them(
    run: Path, sampled: at.Posterior, tmp_path: Path
) -> None:
    with h5py.File(run) as stored:
        assert set(stored) == {"weighted_points"}
        assert {"sobol", "log_weight"} <= set(stored["weighted_points"])
        assert "z" not in stored["weighted_points"]
    sampled.save(tmp_path / "sampled.nc")
    with h5py.File(tmp_path / "sampled.nc") as stored:
        assert set(stored) == {"posterior", "sample_stats"}
        assert "z" in stored["posterior"]
        assert "table" not in stored["posterior"]


def _arrays(group: h5py.Group) -> list[h5py.Dataset]:
    found: list[h5py.Dataset] = []
    group.visititems(lambda _, item: found.append(item) if isinstance(item, h5py.Dataset) else None)
    return found


def damaged(run: Path, tmp_path: Path) -> Path:
    path = tmp_path / "damaged.nc"
    path.write_bytes(run.read_bytes())
    return path


def refused(path: Path) -> RunError:
    with pytest.raises(RunError) as raised:
        at.load_posterior(path)
    assert raised.value.file == str(path)
    assert raised.value.exit_code == 2
    return raised.value


@pytest.mark.parametrize("keep", [0, 10, 1000, 100_000])
def test_a_truncated_run(run: Path, tmp_path: Path, keep: int) -> None:
    path = damaged(run, tmp_path)
    path.write_bytes(path.read_bytes()[:keep])
    assert "cannot be read" in refused(path).what


def test_something_else(tmp_path: Path) -> None:
    path = tmp_path / "x.nc"
    path.write_text("not a run")
    assert refused(path).hint


def test_no_such_run(tmp_path: Path) -> None:
    assert "is not there" in refused(tmp_path / "x.nc").what


def test_a_run_of_an_older_format_is_refused_by_its_name(run: Path, tmp_path: Path) -> None:
    path = damaged(run, tmp_path)
    with h5py.File(path, "r+") as stored:
        stored.attrs["format"] = "attribution-run/2"
    error = refused(path)
    assert "attribution-run/2" in error.what
    assert "fit again" in error.hint


def test_a_run_of_a_newer_program(run: Path, tmp_path: Path) -> None:
    path = damaged(run, tmp_path)
    with h5py.File(path, "r+") as stored:
        stored.attrs["format"] = "attribution-run/9"
    assert "update" in refused(path).hint


def test_a_run_whose_case_was_changed(run: Path, tmp_path: Path) -> None:
    path = damaged(run, tmp_path)
    with h5py.File(path, "r+") as stored:
        stored.attrs["case_text"] = stored.attrs["case_text"].replace("B2", "A1")
    assert "the case in the run is not the one" in refused(path).what


def test_a_run_without_its_draws(run: Path, tmp_path: Path) -> None:
    path = damaged(run, tmp_path)
    with h5py.File(path, "r+") as stored:
        del stored["weighted_points"]
    assert "cannot be read" in refused(path).what


def test_a_folder_that_cannot_be_written(instant: at.Posterior, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        instant.save(tmp_path / "file" / "run.nc")


def test_a_changed_model_is_saved_as_it_is(case: at.Case, baseline: at.Model, tmp_path: Path) -> None:
    """Not as the file that it was read from: 0.32 in memory was 0.80 on disk."""
    level = replace(baseline.perpetrator, proportional_to=(), shares=(Share("else", Number.exactly(1.0)),))
    model = replace(baseline, perpetrator=level)
    posterior = at.fit(case, model, engine="importance", scrambles=4, log2_points=6)
    posterior.save(tmp_path / "run.nc")
    again = at.load_posterior(tmp_path / "run.nc")
    assert again.model == model
    assert again.standings == posterior.standings
    assert again.standings != at.fit(case, baseline, engine="importance", scrambles=4, log2_points=6).standings
    assert model.digest != baseline.digest
    assert again.model.digest == model.digest


def test_a_changed_case_is_saved_as_it_is(case: at.Case, baseline: at.Model, tmp_path: Path) -> None:
    changed = case.with_grade("halt", "E5")
    posterior = at.fit(changed, baseline, engine="importance", scrambles=4, log2_points=6)
    posterior.save(tmp_path / "run.nc")
    again = at.load_posterior(tmp_path / "run.nc")
    assert again.case == changed
    assert again.case.digest == changed.digest != case.digest
    assert again.standings == posterior.standings


def test_a_case_and_a_model_built_in_python_are_saved_like_any_other(tmp_path: Path) -> None:
    case, model = random_pair(5)
    posterior = at.fit(case, model, engine="importance", scrambles=4, log2_points=6)
    posterior.save(tmp_path / "run.nc")
    again = at.load_posterior(tmp_path / "run.nc")
    assert (again.case, again.model) == (case, model)
    assert again.standings == posterior.standings


def test_a_case_that_no_text_can_hold_is_not_saved(tmp_path: Path) -> None:
    case, model = random_pair(5)
    posterior = at.fit(replace(case, title=" blank first"), model, engine="importance", scrambles=4, log2_points=6)
    with pytest.raises(FormatError, match="title: the case that is read again differs"):
        posterior.save(tmp_path / "run.nc")
    assert list(tmp_path.iterdir()) == []


def test_a_run_of_a_model_that_extends_another_under_a_recipe_stands_alone(tmp_path: Path) -> None:
    for name, text in (("baseline", MODEL), ("made-up", RECIPE)):
        (tmp_path / f"{name}.yaml").write_text(text.replace("recipe: made-up\n", "recipe: made-up.yaml\n"))
    other = tmp_path / "other.yaml"
    other.write_text("format: attribution-model/1\ntitle: Other\nextends: baseline\n")
    first = at.fit(parse_case(CASE), at.read_model(other), engine="importance", scrambles=4, log2_points=6)
    first.save(tmp_path / "run.nc")
    for name in ("baseline", "made-up", "other"):
        (tmp_path / f"{name}.yaml").unlink()
    again = at.load_posterior(tmp_path / "run.nc")
    assert again.standings == first.standings
    assert again.model == first.model


def rewritten(run: Path, folder: Path, change: Callable[[h5py.File], None], *, forged: bool) -> RunError:
    """The error about a run whose arrays were changed; who forges writes the digests anew."""
    path = damaged(run, folder)
    with h5py.File(path, "r+") as stored:
        change(stored)
        if forged:
            groups = [group for name in ("weighted_points", "posterior", "sample_stats") if (group := stored.get(name))]
            arrays = {
                name: np.asarray(values).astype(bool) if name in BOOLEAN else np.asarray(values)
                for group in groups
                for name, values in group.items()
                if name not in ("number", "chain", "draw", "scramble", "point")
            }
            forged_digests = {name: _digest(values) for name, values in arrays.items()}
            stored.attrs["digests"] = json.dumps(json.loads(stored.attrs["digests"]) | forged_digests)
    return refused(path)


BOOLEAN = ("diverging", "reached_max_treedepth")


def flipped(name: str, group: str) -> Callable[[h5py.File], None]:
    def flip(stored: h5py.File) -> None:
        values = stored[group][name][...]
        whole = values.view(f"u{values.dtype.itemsize}").reshape(-1)
        whole[7] ^= whole.dtype.type(1)
        stored[group][name][...] = values

    return flip


@pytest.mark.parametrize("name", ["sobol", "log_weight"])
def test_one_flipped_bit_is_noticed(name: str, run: Path, tmp_path: Path) -> None:
    error = rewritten(run, tmp_path, flipped(name, "weighted_points"), forged=False)
    assert name in error.what
    assert "fit again" in error.hint


@pytest.mark.parametrize("name", ["khat", "settings", "versions", "model_id"])
def test_a_changed_text_is_noticed(name: str, run: Path, tmp_path: Path) -> None:
    def change(stored: h5py.File) -> None:
        stored.attrs[name] = stored.attrs[name].replace("1", "2") + " "

    assert name in rewritten(run, tmp_path, change, forged=False).what


def zeroed(stored: h5py.File) -> None:
    stored["weighted_points"]["sobol"][...] = 0


def beyond_thirty_bits(stored: h5py.File) -> None:
    stored["weighted_points"]["sobol"][0, 0, 0] = 1 << 31


def one_heavy(stored: h5py.File) -> None:
    weights = np.full(stored["weighted_points"]["log_weight"].shape, -700.0)
    weights[0, 3] = 0.0
    stored["weighted_points"]["log_weight"][...] = weights


def not_a_number(stored: h5py.File) -> None:
    stored["weighted_points"]["log_weight"][0, 0] = np.nan


@pytest.mark.parametrize("change", [zeroed, beyond_thirty_bits, one_heavy, not_a_number])
def test_forged_points_are_refused_also_with_forged_digests(
    change: Callable[[h5py.File], None], run: Path, tmp_path: Path
) -> None:
    error = rewritten(run, tmp_path, change, forged=True)
    assert "densities" in error.what or "cannot be read" in error.what


def test_forged_draws_of_nuts_are_refused(sampled: at.Posterior, tmp_path: Path) -> None:
    path = tmp_path / "nuts.nc"
    sampled.save(path)

    def moved(stored: h5py.File) -> None:
        stored["posterior"]["z"][0, 0, 0] += 0.5

    (tmp_path / "changed").mkdir()
    assert "z is not what was saved" in rewritten(path, tmp_path / "changed", moved, forged=False).what
    assert "densities" in rewritten(path, tmp_path / "changed", moved, forged=True).what


def test_an_instant_run_is_small_since_sobol_points_are_written_for_their_normals(
    instant: at.Posterior, tmp_path: Path
) -> None:
    instant.save(tmp_path / "run.nc")
    assert (tmp_path / "run.nc").stat().st_size < 20e6
    assert np.array_equal(at.load_posterior(tmp_path / "run.nc").draws.z, instant.draws.z)
    moved = instant.draws.z[:, :64].copy()
    points = points_of(moved)
    assert points is not None
    assert np.array_equal(normals_of(points), moved)
    moved[1, 3, 0] += 1e-9
    assert points_of(moved) is None


def test_deleted_weights_are_noticed(run: Path, tmp_path: Path) -> None:
    path = damaged(run, tmp_path)
    with h5py.File(path, "r+") as stored:
        del stored["weighted_points"]["log_weight"]
    assert refused(path).hint
