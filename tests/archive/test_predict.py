"""Predictions: for whom, from what, held to which sets; the same from a kept model, in any chunk, in either form."""

from __future__ import annotations

import csv
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from attribution.archive import predictions as predicting
from attribution.archive.events import LIMITS
from attribution.archive.model.fitted import Fitted, fit_archive, load_fitted
from attribution.archive.model.posterior import SlopeDraws
from attribution.archive.predictions import Predictions, held_to_sets, predict, write_predictions
from attribution.archive.reading.read import Archive
from attribution.cli import main
from attribution.errors import EventError, RunError, UsageError
from tests.archive.tables import MAPPING, a_table, read


def rows(count: int = 240, *, seed: int = 3) -> list[str]:
    """Red in Iraq with drones, Blue in Syria with rockets, mostly; a fifth unknown, a tenth claimed by their banner."""
    rng = np.random.default_rng(seed)
    out = []
    for at in range(count):
        red = rng.random() < 0.5
        typical = rng.random() < 0.9
        country, weapon = ("Iraq", "drone") if red == typical else ("Syria", "rocket")
        who = "Unknown" if at % 5 == 0 else "Red" if red else "Blue"
        if at % 40 == 1:
            who = "Green"
        claim = "Banner" if at % 10 == 0 else ""
        day = np.datetime64("2020-01-01") + np.timedelta64(at * 3, "D")
        out.append(f"e{at},{day},{country},,,,{who},0,{claim},{weapon},{at % 7}")
    return out


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    return read(a_table(tmp_path_factory.mktemp("predict"), *rows()))


@pytest.fixture(scope="module", params=[False, True], ids=["both sides", "past only"])
def fitted(archive: Archive, request: pytest.FixtureRequest) -> Fitted:
    return fit_archive(archive, least=5, draws=40, past_only=request.param)


@pytest.fixture(scope="module")
def past_only(archive: Archive) -> Fitted:
    return fit_archive(archive, least=5, draws=40, past_only=True)


def gathered(archive: Archive, fitted: Fitted) -> Predictions:
    parts = [part for _, part in predict(archive.events, fitted)]
    names = ("event", "probability", "low", "high", "leader", "runner_up", "pull")
    return Predictions(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@pytest.fixture(scope="module")
def found(archive: Archive, fitted: Fitted) -> Predictions:
    return gathered(archive, fitted)


def test_each_event_of_unknown_hand_once_and_no_other(archive: Archive, found: Predictions) -> None:
    assert archive.events.id[found.event].tolist() == [f"e{at}" for at in range(0, 240, 5)]
    assert found.probability.sum(axis=1) == pytest.approx(np.ones(48))
    inside = (found.low <= found.probability + 1e-9) & (found.probability <= found.high + 1e-9)
    assert inside[np.arange(48), found.leader].all()


def test_a_model_of_several_countries_serves_a_table_of_one(archive: Archive, fitted: Fitted) -> None:
    country = archive.events.place[0]
    iraq = archive.events.take(np.flatnonzero(country.codes == country.names.index("Iraq")))
    assert fitted.region == "country"
    found = [part for _, part in predict(iraq, fitted)]
    assert sum(len(part.event) for part in found) == np.sum(iraq.label == -1) > 0


def test_place_and_weapon_tell_red_from_blue(archive: Archive, fitted: Fitted, found: Predictions) -> None:
    country = archive.events.place[0]
    iraq = country.codes[found.event] == country.names.index("Iraq")
    late = found.event > 100
    red, blue = fitted.classes.index("Red"), fitted.classes.index("Blue")
    assert found.probability[late & iraq, red].mean() > 0.6
    assert found.probability[late & ~iraq, blue].mean() > 0.6


def test_pulls_sum_to_the_log_odds_at_the_most_probable_coefficients(archive: Archive, fitted: Fitted) -> None:
    alone = replace(fitted, draws=fitted.mode)
    found = gathered(archive, alone)
    free = ~archive.events.among.partial[found.event]
    at = np.arange(len(found.event))
    odds = np.log10(found.probability[at, found.leader] / found.probability[at, found.runner_up])
    assert found.pull.sum(axis=1)[free] == pytest.approx(10 * odds[free], abs=1e-3)


def test_what_is_told_is_what_the_mean_coefficients_say(archive: Archive, fitted: Fitted, found: Predictions) -> None:
    """Logs of shares of exponentials are linear in the coefficients, but for what all classes share."""
    draws = fitted.draws
    mean = SlopeDraws(draws.slope.mean(axis=0)[None], draws.intercept.mean(axis=0)[None])
    at_mean = gathered(archive, replace(fitted, draws=mean))
    free = ~archive.events.among.partial[found.event]
    assert found.probability[free] == pytest.approx(at_mean.probability[free], abs=1e-9)


def test_an_event_claimed_by_an_umbrella_is_held_to_it(archive: Archive, fitted: Fitted) -> None:
    events, classes = archive.events, fitted.classes_of(archive.events)
    event = np.array([0, 5])  # e0 is claimed by the banner of Red and Blue with certainty 0.7, e5 by nobody
    free = np.full((1, 2, len(classes)), 1 / len(classes))
    held = held_to_sets(free, events, classes, event)[0]
    inside = [classes.names.index(name) for name in ("Red", "Blue")]
    assert held[0, inside] == pytest.approx(0.7 / 2 + 0.3 / len(classes))
    assert held[1] == pytest.approx(free[0, 1])


def test_what_came_later_changes_no_earlier_prediction_from_the_past(archive: Archive, past_only: Fitted) -> None:
    events, fitted = archive.events, past_only
    label = events.label.copy()
    label[120:] = np.where(label[120:] >= 0, (label[120:] + 1) % 2, label[120:])
    changed = gathered(replace(archive, events=replace(events, label=label)), fitted)
    before = gathered(archive, fitted)
    early = before.event <= 120
    assert np.array_equal(before.probability[early], changed.probability[early])
    assert not np.array_equal(before.probability[~early], changed.probability[~early])


def test_the_size_of_a_chunk_changes_nothing(
    archive: Archive, fitted: Fitted, found: Predictions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predicting, "_CHUNK", 7)
    assert gathered(archive, fitted).probability == pytest.approx(found.probability, abs=1e-12)


def test_a_kept_model_predicts_the_same(archive: Archive, fitted: Fitted, found: Predictions, tmp_path: Path) -> None:
    fitted.save(tmp_path / "m.json")
    again = load_fitted(tmp_path / "m.json")
    assert (again.classes, again.features, again.shrinkage) == (fitted.classes, fitted.features, fitted.shrinkage)
    assert again.coefficients == fitted.coefficients
    assert again.coefficients.way == "normal"
    assert gathered(archive, again).probability == pytest.approx(found.probability, abs=1e-4)
    assert json.loads((tmp_path / "m.json").read_text())["limits"] == list(LIMITS)


def test_a_model_of_another_layout_or_a_damaged_one_is_refused(
    archive: Archive, fitted: Fitted, tmp_path: Path
) -> None:
    other = replace(fitted, features=("something", *fitted.features[1:]))
    with pytest.raises(EventError, match="other features"):
        list(predict(archive.events, other))
    path = tmp_path / "m.json"
    with pytest.raises(RunError, match="no such model"):
        load_fitted(path)
    fitted.save(path)
    text = path.read_text()
    for broken in (text[:500], "[]", text.replace('"classes": ["', '"classes": ["More", "'), "{}"):
        path.write_text(broken)
        with pytest.raises(RunError, match="cannot be read"):
            load_fitted(path)
    path.write_text(text.replace("attribution-archive/3", "attribution-archive/9"))
    with pytest.raises(RunError, match="the format is"):
        load_fitted(path)


def test_csv_and_parquet_hold_the_same_and_say_what_they_are(archive: Archive, fitted: Fitted, tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")
    told: list[int] = []
    assert write_predictions(archive, fitted, tmp_path / "p.csv", told.append).events == 48
    assert write_predictions(archive, fitted, tmp_path / "p.parquet", told.append).events == 48
    assert told[-1] == 240
    with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as stream:
        texts = list(csv.DictReader(stream))
    typed = parquet.read_table(tmp_path / "p.parquet")
    assert typed.column_names == list(texts[0])
    assert typed.schema.metadata[b"limits"].decode() == "\n".join(LIMITS)
    assert [float(row["probability"]) for row in texts] == pytest.approx(typed["probability"].to_pylist(), rel=1e-4)
    assert texts[0]["one_of"] == "Red, Blue"
    assert all(limit in (tmp_path / "p.about.txt").read_text() for limit in LIMITS)
    with pytest.raises(UsageError, match="predictions cannot be written to"):
        write_predictions(archive, fitted, tmp_path / "p.txt", told.append)


def test_the_first_few_by_name_and_totals(archive: Archive, fitted: Fitted, tmp_path: Path) -> None:
    written = write_predictions(archive, fitted, tmp_path / "p.csv", lambda done: None, top=2)
    with (tmp_path / "p.csv").open(encoding="utf-8", newline="") as stream:
        texts = list(csv.DictReader(stream))
    assert list(texts[0])[-4:] == ["candidate 1", "probability 1", "candidate 2", "probability 2"]
    assert all(row["candidate 1"] == row["leader"] for row in texts)
    assert sum(one.events for one in written.totals) == pytest.approx(48)
    for one in written.totals:
        assert one.readily <= one.events <= one.seldom
    assert f"- {written.totals[0].faction}: {written.totals[0].events:.0f} (" in (tmp_path / "p.about.txt").read_text()


def test_what_was_ready_is_kept_when_it_is_stopped(archive: Archive, fitted: Fitted, tmp_path: Path) -> None:
    def stop(done: int) -> None:
        if done > 100:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predicting, "_CHUNK", 7)
        written = write_predictions(archive, fitted, tmp_path / "p.csv", stop)
    assert written.stopped
    assert 0 < written.events < 48
    assert len((tmp_path / "p.csv").read_text().splitlines()) == written.events + 1
    assert "Stopped before the end" in (tmp_path / "p.about.txt").read_text()


def test_the_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    table = a_table(tmp_path, *rows())
    model, out = tmp_path / "m.json", tmp_path / "p.csv"
    named = [str(table), "--mapping", str(mapping)]
    assert main(["archive", "fit", *named, "-o", str(model), "--least", "5"]) == 0
    assert main(["archive", "predict", *named, "--archive-model", str(model), "-o", str(out)]) == 0
    said = capsys.readouterr()
    assert "48 events of unknown hand" in said.out
    assert all(limit in said.out for limit in LIMITS)
    kept = out.read_text()
    assert main(["archive", "predict", *named, "--least", "5", "-o", str(out)]) == 0
    assert len(out.read_text().splitlines()) == len(kept.splitlines()) == 49
    nobody = a_table(tmp_path, *(re.sub("Red|Blue|Green|Banner", "Unknown", row) for row in rows()))
    assert main(["archive", "fit", str(nobody), "--mapping", str(mapping)]) == 2
    assert main(["archive", "fit", *named, "-o", "m.nc"]) == 2
