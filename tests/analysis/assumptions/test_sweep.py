"""Sweeps against fits of the same settings, the same question asked by what-if, and everything that can be mistyped."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

import attribution as at
from attribution.analysis.assumptions.answering import Answer, Answering, varied
from attribution.analysis.assumptions.sweep import rows_of
from attribution.domain.case import Case
from attribution.domain.model import Model
from attribution.errors import UsageError
from attribution.inference.draws import Estimate
from attribution.inference.fit import sample
from attribution.inference.settings import Sampling, Settings

QUICK = Sampling(scrambles=4, log2_points=8)
SETTINGS = Settings(engine="importance", sampling=QUICK)


@cache
def pair() -> tuple[Case, Model]:
    return at.read_case("tower-22"), at.read_model("tower-22/baseline")


def swept(settings: Any, **options: Any) -> pd.DataFrame:
    return at.sweep(*pair(), settings, scrambles=4, log2_points=8, **options)


def alone(setting: dict[str, Any]) -> np.ndarray:
    """What a fit of files that say so gives."""
    variant = varied(*pair(), None, setting)
    posterior = sample(variant.case, variant.model, SETTINGS, variant.program)
    return np.array([one.probability for one in posterior.standings])


@pytest.mark.parametrize(
    "setting",
    [
        {"perpetrator.other": [0.02, 0.1, 0.4]},
        {"perpetrator.surprise": [0.01, 0.05, 0.2], "traits.tempo.nujaba": [0.3, 0.5, 0.8]},
        {"evidence.from-rutba.grade": "C4"},
        {"evidence.halt.grade": "off", "traits.reach.kataib-hezbollah": [0.2, 0.5, 0.8]},
        {"evidence.halt": "off", "evidence.from-rutba": "off"},
        {"facts.kh-halt.yes.0.kataib-hezbollah": [0.2, 0.5, 0.8]},
        {"origins.state-finding.grade": "E5"},
    ],
    ids=lambda setting: next(iter(setting)),
)
def test_a_setting_is_what_a_fit_of_it_gives(setting: dict[str, Any]) -> None:
    """The draws are the same, number for number, as long as no number comes or goes: so are the answers."""
    np.testing.assert_allclose(swept([setting])["probability"], alone(setting), rtol=1e-9)


@pytest.mark.parametrize(
    "setting", [{"perpetrator.other": 0.2}, {"traits.tempo.nujaba": 0.5}, {"evidence.halt.grade": "D4"}]
)
def test_where_a_number_comes_or_goes_the_answer_is_the_same_within_its_error(setting: dict[str, Any]) -> None:
    """A coordinate less, or one more: the fit draws other points, and the sweep does not.

    Eight scrambles and more points: an error estimated from four is itself known to a factor of two.
    """
    frame = at.sweep(*pair(), [setting], scrambles=8, log2_points=10)
    variant = varied(*pair(), None, setting)
    settings = Settings(engine="importance", sampling=Sampling(scrambles=8, log2_points=10))
    fitted = sample(variant.case, variant.model, settings, variant.program).standings
    difference = np.abs(frame["probability"] - [one.probability for one in fitted])
    assert np.all(difference < 5 * np.hypot(frame["mcse"], [one.mcse for one in fitted]) + 1e-4)


def test_the_two_ways_of_answering_agree() -> None:
    """Changed parts summed again on one tape, or everything compiled anew: the same draws, the same sums."""
    answering = Answering(*pair(), SETTINGS)
    for setting in (
        {"perpetrator.other": 0.2, "evidence.halt.grade": "C3", "traits.tempo.nujaba": [0.1, 0.2, 0.3]},
        {"evidence.from-rutba": "off", "facts.kh-halt.yes.1.else": 0.3},
    ):
        edited = answering._edited(setting)
        assert edited is not None
        for again, anew in zip(
            answering._again(edited, answering._summed([edited])), answering._anew(setting), strict=True
        ):
            np.testing.assert_allclose(again, anew, rtol=1e-9, atol=1e-9)


def test_every_uncertain_number_of_the_model_can_be_swept() -> None:
    """By the path where it stands; whichever way it is answered, as a fit would."""
    answering = Answering(*pair(), SETTINGS)
    paths = [".".join(key) for key in answering._coordinates]
    assert len(paths) > 60
    for path in paths[::17]:
        setting = {path: [0.2, 0.4, 0.6]}
        np.testing.assert_allclose(swept([setting])["probability"], alone(setting), rtol=1e-9, err_msg=path)


def test_what_is_not_changed_changes_nothing() -> None:
    own = pair()[1].to_dict()["perpetrator"]["other"]
    published = at.fit(*pair(), engine="importance", scrambles=4, log2_points=8)
    np.testing.assert_allclose(
        swept({"perpetrator.other": [own]})["probability"],
        [one.probability for one in published.standings],
        rtol=1e-12,
    )


def test_off_is_what_leave_out_leaves_out() -> None:
    published = at.fit(*pair(), engine="importance", scrambles=4, log2_points=8)
    answer = at.what_if(published, at.Changes(off="halt"), refit=False)
    np.testing.assert_allclose(swept({"evidence.halt": ["off"]})["probability"], answer.probabilities, rtol=1e-9)


def test_a_grid_is_every_combination_in_order() -> None:
    frame = swept({"perpetrator.other": [0.1, 0.2], "evidence.halt.grade": ["A1", "off", "E5"]})
    first = frame.drop_duplicates("setting")
    assert first["perpetrator.other"].tolist() == [0.1] * 3 + [0.2] * 3
    assert first["evidence.halt.grade"].tolist() == ["A1", "off", "E5"] * 2
    assert np.allclose(frame.groupby("setting")["probability"].sum(), 1.0)
    assert frame.columns.tolist() == [
        "setting", "perpetrator.other", "evidence.halt.grade", "faction", "probability", "mcse", "low", "high",
        "verdict", "khat", "reliable", "error",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("probabilities", "verdict"),
    [((0.2, 0.8), "two: likely"), ((0.9, 0.1), "one: very likely"), ((0.5, 0.5), "nobody can be named")],
)
def test_the_verdict_names_the_leader_or_nobody(probabilities: tuple[float, ...], verdict: str) -> None:
    column = np.array(probabilities)
    rows = list(rows_of(("one", "two"), Answer(Estimate(column, column, column, column), khat=0.1), 0.7))
    assert [row["verdict"] for row in rows] == [verdict] * 2 and all(row["reliable"] for row in rows)


def test_weights_that_do_not_reach_are_not_reliable() -> None:
    column = np.array([0.2, 0.8])
    (row, _) = rows_of(("one", "two"), Answer(Estimate(column, column, column, column), khat=0.9), 0.7)
    assert not row["reliable"]


def test_random_settings_follow_their_ranges() -> None:
    ranges = {"perpetrator.other": [0.01, 0.05, 0.2], "traits.tempo.nujaba": None, "evidence.halt.grade": ["A1", "off"]}
    first = swept(ranges, n=64, random_seed=3).drop_duplicates("setting")
    quantiles = first["perpetrator.other"].astype(float).quantile([0.05, 0.5, 0.95])
    np.testing.assert_allclose(quantiles, [0.01, 0.05, 0.2], rtol=0.3)
    own = pair()[1].traits["tempo"].entries
    best = next(entry.cell.best for entry in own if entry.node == "nujaba")  # type: ignore[union-attr]
    assert first["traits.tempo.nujaba"].astype(float).median() == pytest.approx(best, rel=0.1)
    assert first["evidence.halt.grade"].value_counts().tolist() == [32, 32]


def test_two_numbers_are_a_range() -> None:
    first = swept({"perpetrator.other": (0.1, 0.3)}, n=16).drop_duplicates("setting")
    values = first["perpetrator.other"].astype(float)
    assert values.between(0.1, 0.3).all() and values.mean() == pytest.approx(0.2, abs=0.02)


def test_same_seed_same_settings() -> None:
    one, two = (swept({"perpetrator.other": (0.1, 0.3)}, n=3, random_seed=5) for _ in range(2))
    pd.testing.assert_frame_equal(one, two)


def test_whoever_works_the_answers_are_the_same() -> None:
    grid = {"perpetrator.other": [0.05 * k for k in range(1, 19)]}
    with ThreadPoolExecutor(2) as executor:
        pd.testing.assert_frame_equal(swept(grid, executor=executor), swept(grid))


def test_however_many_are_worked_out_together_and_on_however_many_threads_the_answers_are_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """To the last bit: settings on one tape share instructions, and each gets what it would get by itself."""
    grid = {
        "perpetrator.other": [0.02, [0.1, 0.2, 0.3]],
        "evidence.halt.grade": ["A1", "off"],
        "traits.tempo.nujaba": [0.2, [0.3, 0.5, 0.8]],
        "evidence.from-rutba": ["off"],
    }
    together = swept(grid)
    for threads, numbers in ((1, 1), (3, 2**15)):
        monkeypatch.setattr("attribution.network.reader.threads", lambda threads=threads: threads)
        monkeypatch.setattr("attribution.analysis.assumptions.answering._TOGETHER", numbers)
        pd.testing.assert_frame_equal(swept(grid), together, check_exact=True)


def test_a_setting_that_cannot_be_says_so_and_the_others_are_computed() -> None:
    frame = swept(
        {"perpetrator.other": [0.1, 1.5, [0.3, 0.2, 0.1], "quite likly"], "evidence.halt.grade": ["A1", "Z9"]}
    )
    errors = frame.groupby("setting")["error"].first().tolist()
    assert [bool(error) for error in errors] == [False] + [True] * 7
    assert "1.5 is not a probability" in errors[2] and "does not increase" in errors[4]
    assert frame.loc[frame["setting"] > 0, "probability"].isna().all() and not frame["reliable"].iloc[-1]
    assert frame.loc[frame["setting"] == 0, "probability"].sum() == pytest.approx(1.0)


def test_several_settings_of_their_own_paths() -> None:
    frame = swept([{"perpetrator.other": 0.1}, {"evidence.halt": "off"}]).drop_duplicates("setting")
    assert frame["perpetrator.other"].tolist()[0] == 0.1 and frame["evidence.halt"].tolist()[1] == "off"


@pytest.mark.parametrize(
    ("settings", "options", "says"),
    [
        ({"perpetrator.othr": [0.1]}, {}, 'did you mean "other"'),
        ({"perpetratr.other": [0.1]}, {}, 'did you mean "perpetrator"'),
        ({"evidence.hlt.grade": ["A1"]}, {}, 'did you mean "halt"'),
        ({"evidence.halt.grad": ["A1"]}, {}, 'did you mean "grade"'),
        ({"traits.tempo.nujabaa": [0.1]}, {}, 'did you mean "nujaba"'),
        ({"traits.temp.nujaba": [0.1]}, {}, 'did you mean "tempo"'),
        ({"sources.us-dodd.reliability": ["A"]}, {}, "sources"),
        ({"evidence.earmarks.grade": ["A1"]}, {}, "origins.us-intelligence.grade"),
        ({"perpetrator.other": []}, {}, "no values"),
        ({"perpetrator.other": 0.1}, {}, "instead of values"),
        ({"perpetrator.other": "0.1"}, {}, "instead of values"),
        ({"perpetrator.other": None}, {}, "instead of values"),
        ({}, {}, "nothing to sweep"),
        ([], {}, "no settings"),
        ("perpetrator.other", {}, "neither a grid nor a list"),
        ([{"perpetrator.other": 0.1}], {"n": 5}, "neither a grid nor a list"),
        ({"perpetrator.other": [0.1, 0.2]}, {"n": 0}, "n is 0"),
        ({"evidence.halt.grade": None}, {"n": 4}, "no number with a range of its own"),
        ({"perpetrator.other": list(range(1000)), "traits.tempo.else": list(range(1000))}, {}, "1,000,000 settings"),
    ],
)
def test_what_leads_nowhere_is_refused(settings: Any, options: dict[str, Any], says: str) -> None:
    with pytest.raises(UsageError) as refused:
        swept(settings, **options)
    assert says in str(refused.value)


def test_nuts_samples_every_setting() -> None:
    frame = at.sweep(
        *pair(), {"perpetrator.other": [[0.01, 0.03, 0.1], 1.5]}, engine="nuts", chains=2, draws=100, tune=150
    )
    first = frame[frame["setting"] == 0]
    assert first["probability"].sum() == pytest.approx(1.0) and first["khat"].isna().all()
    assert first.loc[first["faction"] == "kataib-hezbollah", "probability"].item() > 0.6
    assert frame.loc[frame["setting"] == 1, "error"].str.contains("1.5 is not a probability").all()
