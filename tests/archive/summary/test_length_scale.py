"""How far an attack says who is around: the grid is the plain double loop, and its posterior is calibrated."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution.archive.summary.scales import (
    LENGTH_KM,
    LOOKED_AT,
    WEIGHT_EVENTS,
    fit_length_scale,
    length_likelihood,
    located,
)
from tests.archive.summary.ranks import assert_calibrated
from tests.archive.summary.urns import a_neighbourhood, bare, near_share, urn_share

KM, WEIGHT = np.array([2.0, 60.0, 2000.0]), np.array([0.05, 1.0, 200.0])
KNOWN = {"tau": 60.0, "base_weight": 2.0}


def plain(labelled, own, km: float, weight: float, first: int, most: int) -> float:
    """The log-probability of the labels by a double loop; only the own class of `base` matters for it."""
    events = labelled.events
    place = list(zip(events.latitude, events.longitude, strict=True))
    total = 0.0
    for i in range(first, len(labelled)):
        base = urn_share(i, events.day, events.last_day, labelled.label, 3, KNOWN["tau"], KNOWN["base_weight"])
        assert own[i] == pytest.approx(base[labelled.label[i]], abs=1e-12)
        share = near_share(i, events.day, events.last_day, labelled.label, base, place, km, weight, most)
        assert sum(share) == pytest.approx(1.0)
        total += np.log(share[labelled.label[i]])
    return total


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("first", [0, 30])
def test_the_grid_is_the_plain_double_loop(seed: int, first: int) -> None:
    labelled, own = a_neighbourhood(seed, events=60, km=50.0, weight=1.0, **KNOWN)
    told = length_likelihood(labelled, own, KM, WEIGHT, first)
    for h, km in enumerate(KM):
        for w, weight in enumerate(WEIGHT):
            assert told[h, w] == pytest.approx(plain(labelled, own, km, weight, first, LOOKED_AT), abs=1e-10, rel=1e-10)


def test_only_the_most_recent_events_are_looked_at() -> None:
    labelled, own = a_neighbourhood(3, events=LOOKED_AT + 60, km=50.0, weight=1.0, **KNOWN)
    first = len(labelled) - 5
    told = length_likelihood(labelled, own, KM, WEIGHT, first)
    assert told[1, 1] == pytest.approx(plain(labelled, own, 60.0, 1.0, first, LOOKED_AT), abs=1e-10)
    assert told[1, 1] != pytest.approx(plain(labelled, own, 60.0, 1.0, first, 10_000), abs=1e-6)


def test_other_names_for_the_classes_change_nothing() -> None:
    labelled, own = a_neighbourhood(4, km=50.0, weight=1.0, **KNOWN)
    renamed = replace(labelled, label=np.array([2, 0, 1])[labelled.label])
    told = length_likelihood(labelled, own, KM, WEIGHT)
    assert length_likelihood(renamed, own, KM, WEIGHT) == pytest.approx(told, abs=1e-9)


def test_a_label_on_the_same_day_or_later_says_nothing() -> None:
    labelled, own = a_neighbourhood(5, km=50.0, weight=1.0, **KNOWN)
    events, number = labelled.events, np.arange(len(labelled))

    def of_one(changed: np.ndarray, event: int) -> np.ndarray:
        table = replace(labelled, label=changed)
        return length_likelihood(table, own, KM, WEIGHT, event) - length_likelihood(table, own, KM, WEIGHT, event + 1)

    for event in (10, 30, 50, 70):
        known = events.last_day < events.day[event]
        told = of_one(labelled.label, event)
        others = (labelled.label + 1) % 3
        unknown_changed = np.where(known | (number == event), labelled.label, others)
        known_changed = np.where(known, others, labelled.label)
        assert of_one(unknown_changed, event) == pytest.approx(told, abs=1e-10)
        assert of_one(known_changed, event) != pytest.approx(told, abs=1e-3)


def ranks_of(simulations: int) -> np.ndarray:
    """Ranks (simulation, number) of the true length scale and weight."""
    rng = np.random.default_rng(6)
    out = np.empty((simulations, 2))
    for at in range(simulations):
        km, weight = float(LENGTH_KM.quantile(rng.random())), float(WEIGHT_EVENTS.quantile(rng.random()))
        labelled, own = a_neighbourhood(2000 + at, events=80 if at % 4 else 300, km=km, weight=weight, **KNOWN)
        grid = fit_length_scale(labelled, own)[1]
        out[at] = grid.cdf(0, km), grid.cdf(1, weight)
    return out


def test_length_scale_and_weight_are_calibrated() -> None:
    for ranks in ranks_of(240).T:
        assert_calibrated(ranks)


@pytest.mark.slow
def test_length_scale_and_weight_are_calibrated_over_many_archives() -> None:
    for ranks in ranks_of(1500).T:
        assert_calibrated(ranks, 20)


def test_events_without_coordinates_are_not_located() -> None:
    north = np.array([33.0, np.nan, 34.0])
    labelled = bare(np.arange(3), np.zeros(3, dtype=np.int64), 1, latitude=north, longitude=np.full(3, 44.0))
    assert located(labelled).tolist() == [0, 2]


def test_events_all_on_one_spot_leave_the_length_scale_as_it_was_believed() -> None:
    labelled, own = a_neighbourhood(7, km=50.0, weight=1.0, **KNOWN)
    events = replace(labelled.events, latitude=np.full(len(labelled), 33.0), longitude=np.full(len(labelled), 44.0))
    scale, grid = fit_length_scale(replace(labelled, events=events), own)
    for share in (0.05, 0.5, 0.95):
        assert grid.quantile(0, share) == pytest.approx(float(LENGTH_KM.quantile(share)))
    assert "is hardly known" in scale.concerns()[0].what
