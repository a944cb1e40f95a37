"""Forecasts forward in time beat what knows nothing, and cannot see what they must not."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from attribution.archive.evaluation.backtest import STOPPED, backtest
from attribution.archive.evaluation.baselines import LEARNERS, NAMES, run_baseline
from attribution.archive.events import EventTable
from attribution.archive.model.classes import Classes
from attribution.archive.model.features import PrequentialFilter
from attribution.archive.model.forecast import (
    Store,
    as_date,
    forecast,
    pooled,
    training_size,
)
from attribution.archive.model.settings import Shrinkage
from attribution.errors import EventError, UsageError
from tests.archive.random_events import relabelled
from tests.archive.simulated import simulated_archive


@pytest.fixture(scope="module")
def archive() -> EventTable:
    return simulated_archive(700, seed=3)


def setting(events: EventTable) -> tuple[int, Classes]:
    first = training_size(events)
    return first, Classes.learned(events, np.arange(len(events)) < first)


def scrambled(events: EventTable, late: np.ndarray) -> EventTable:
    """Other labels for some events."""
    return relabelled(events, np.where(late, (events.label + 1) % len(events.factions), events.label))


def test_the_model_finds_what_there_is_to_find(archive: EventTable) -> None:
    result = backtest(archive, baselines=("base-rate", "recency", "place-table"))
    assert result.model.scores.log_loss < 0.8 * result.best_baseline.scores.log_loss
    assert result.best_baseline.lead.nats > 0
    base_rate = next(one for one in result.forecasters if one.name == "base-rate")
    assert base_rate.lead.low > 0  # 211 events tell the model from the weakest for certain, not from the next best
    assert result.model.scores.ece < 0.1
    assert result.model.scores.cllr_min <= result.model.scores.cllr
    assert [one.scores.log_loss for one in result.forecasters[1:]] == sorted(
        one.scores.log_loss for one in result.forecasters[1:]
    )
    assert sum(group.events for group in result.groups if group.kind == "year") == result.scored
    assert "likeliest right in" in str(result)
    assert len(result.limits) == 3


@pytest.mark.parametrize("protocol", ["rolling", "static"])
@pytest.mark.parametrize("name", ["model", *NAMES])
def test_no_forecaster_sees_a_later_label(name: str, protocol: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if name in LEARNERS:  # one setting: there is nothing to choose, and less to wait for
        monkeypatch.setitem(LEARNERS, name, LEARNERS[name][:1])
    part = simulated_archive(330, seed=4, days=0.7)
    first, classes = setting(part)
    day = int(part.day[first + 30])
    late = part.day >= (day if protocol == "rolling" else part.day[first])
    here = part.day[first:] <= day

    def said(events: EventTable) -> np.ndarray:
        if name == "model":
            return forecast(events, classes, first, protocol=protocol, shrinkage=Shrinkage()).probability
        learner = run_baseline(name, events, classes, first, protocol=protocol)
        return learner.probability

    plain, other = said(part), said(scrambled(part, late))
    assert np.array_equal(plain[here], other[here])
    if protocol == "static":
        assert np.array_equal(plain, other)


def test_the_choice_of_shrinkage_does_not_see_the_forecast_part(archive: EventTable) -> None:
    first, classes = setting(archive)
    late = archive.day >= archive.day[first]
    assert forecast(archive, classes, first).shrinkage == forecast(scrambled(archive, late), classes, first).shrinkage


def test_a_group_never_seen_before_raises_other() -> None:
    events = simulated_archive(600, seed=5)
    first, classes = setting(events)
    strange = np.arange(len(events)) >= first + 40
    new = EventTable(
        **{
            **{name: getattr(events, name) for name in EventTable.__slots__},
            "factions": (*events.factions, "newcomer"),
            "label": np.where(strange & (np.arange(len(events)) % 2 == 0), len(events.factions), events.label),
            "latitude": np.where(strange & (np.arange(len(events)) % 2 == 0), 60.0, events.latitude),
            "parent": np.array([], dtype=np.int64),
        }
    )
    classes = Classes((*classes.names,), np.append(classes.of_faction, classes.other))
    probability = forecast(new, classes, first, shrinkage=Shrinkage()).probability
    arrived = np.flatnonzero(strange & (np.arange(len(events)) % 2 == 0)) - first
    before = probability[:40, classes.other].mean()
    assert probability[arrived[0], classes.other] > before  # nobody was ever active there
    assert probability[arrived[-20:], classes.other].mean() > 0.5 > 3 * before


def test_the_same_seed_gives_the_same_answer(archive: EventTable) -> None:
    part = archive.take(slice(0, 300))
    assert str(backtest(part, baselines=("recency",))) == str(backtest(part, baselines=("recency",)))


def test_few_events_work_and_say_so() -> None:
    events = simulated_archive(45, seed=1)
    result = backtest(events, since=as_date(int(events.day[30])))
    assert {"scored", "learn"} <= {word for concern in result.concerns for word in concern.what.split()}
    assert np.isfinite(result.model.scores.log_loss)


def test_a_date_with_nothing_on_one_side_is_refused(archive: EventTable) -> None:
    for since in (dt.date(1900, 1, 1), dt.date(2100, 1, 1)):
        with pytest.raises(UsageError, match="events lie before"):
            backtest(archive, since=since)


def test_unknown_labels_alone_are_refused(archive: EventTable) -> None:
    with pytest.raises(EventError, match="known faction"):
        backtest(relabelled(archive, np.full(len(archive), -1)))


def test_it_is_told_what_is_done_meanwhile_settings_that_are_tried_included(archive: EventTable) -> None:
    told: list[tuple[str, int, int]] = []
    backtest(
        archive.take(slice(0, 200)),
        baselines=("nearest",),
        progress=lambda name, done, total: told.append((name, done, total)),
    )
    names = list(dict.fromkeys(name for name, _, _ in told))
    ages = [name.partition(",")[0] for name in names]
    assert ages == sorted(ages, key=["rolling", "static", "daily"].index)
    tried = [(done, total) for name, done, total in told if name == "static, nearest settings"]
    assert tried == [(done, 21) for done in range(2, 22)]
    assert {"rolling, model", "rolling, nearest", "daily, model settings"} <= set(names)


@pytest.mark.parametrize("protocol", ["rolling", "masked"])
def test_a_misspelt_baseline_gets_a_hint(archive: EventTable, protocol: str) -> None:
    with pytest.raises(UsageError, match="random-forest"):
        backtest(archive.take(slice(0, 200)), protocol=protocol, baselines=("random-forrest",))


def test_without_scikit_learn_a_classifier_is_refused_before_anything_is_learned(
    archive: EventTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("attribution.archive.evaluation.baselines.find_spec", lambda name: None)
    monkeypatch.setattr(
        "attribution.archive.evaluation.backtest.attribute_all", lambda *_, **__: pytest.fail("learned")
    )
    with pytest.raises(UsageError, match="gradient-boosting needs scikit-learn") as caught:
        backtest(archive, protocol="masked", baselines=("nearest", "gradient-boosting"))
    assert "attack-attribution[archive]" in caught.value.allowed


def test_a_masked_run_that_is_interrupted_keeps_what_was_ready(archive: EventTable) -> None:
    def stop(name: str, done: int, total: int) -> None:
        assert 1 <= done <= total == 1 + 1 + 4 + 12
        if name == "recency" and done == 4:
            raise KeyboardInterrupt

    names = ("base-rate", "recency", "place-table")
    found = backtest(archive, protocol="masked", baselines=names, progress=stop)
    assert [one.name for one in found.forecasters] == ["model", "base-rate"]
    assert found.concerns[-1].topic == STOPPED
    assert "14 settings of baselines were not tried; recency, place-table left out" in found.concerns[-1].what


def test_a_mean_of_logs_hears_all_alike_and_nobody_rules_out_alone() -> None:
    rng = np.random.default_rng(1)
    said = rng.dirichlet(np.ones(4), (3, 20))
    roots = said.prod(axis=0) ** (1 / 3)
    assert pooled(said) == pytest.approx(roots / roots.sum(axis=1, keepdims=True))
    assert pooled([said[0], said[0]]) == pytest.approx(said[0])
    certain, open_minded = np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]])
    assert pooled([certain, open_minded])[0, 1] == pytest.approx(0.01 / 1.01)  # as if by one in ten thousand


def test_strangers_of_a_block_are_examples_of_other(archive: EventTable) -> None:
    first, classes = setting(archive)
    prequential = PrequentialFilter(archive, classes)
    store = Store(prequential, len(archive), (len(prequential.names), len(classes)))
    written, spans = store.member.copy(), [(0, 50), (50, first)]
    store.name_strangers(spans)
    label, seen = classes.labels(archive), {}
    for at, (event, code) in enumerate(zip(np.repeat(store.kept, np.diff(store.start)), written, strict=True)):
        begin = next((start for start, stop in spans if start <= event < stop), None)
        if begin is not None:
            early = {*label[archive.last_day < archive.day[begin]].tolist()}
            seen[begin] = early
            assert store.member[at] == (code if code in early else classes.other)
        else:
            assert store.member[at] == code
    assert not seen[0] - {-1}
    assert len(seen[50]) > 1


def test_forecasts_without_fresh_labels_are_a_mean_and_never_look_ahead(archive: EventTable) -> None:
    first, classes = setting(archive)
    found = forecast(archive, classes, first, protocol="static")
    *alike, at_large = (weight for _, weight in found.pooled)
    assert alike == pytest.approx([(1.0 - at_large) / 5] * 5)
    assert 0.0 < at_large < 0.5
    label = archive.label.copy()
    label[first:] = (label[first:] + 1) % len(archive.factions)
    other = forecast(relabelled(archive, label), classes, first, protocol="static")
    assert found.probability == pytest.approx(other.probability)
