"""What analyses worked out is there again while there is room, and room is counted in bytes over all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

import attribution as at
from attribution.analysis import cache
from attribution.analysis.cache import AnalysisCache, bytes_of
from attribution.analysis.workspace import enough_draws
from attribution.domain.facts import Fact
from attribution.inference.posterior import Posterior
from attribution.network.program import Floats
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, says


@pytest.fixture(scope="module")
def instant() -> Posterior:
    case = a_case(Fact("x", YES_NO), items=[a_report("r", says("x", "yes"))])
    return at.fit(
        case, a_model(a_table("x", {"yes": {"a": (0.5, 0.7, 0.9), "else": (0.1, 0.3, 0.6)}})), engine="importance"
    )


@dataclass(frozen=True)
class Pair:
    first: Floats
    others: tuple[Floats, ...]


def test_bytes_of_all_arrays_in_a_value() -> None:
    one = np.zeros(10)
    assert bytes_of(one) == 80
    assert bytes_of({"a": Pair(one, (one, one)), "b": [one]}) == 320
    assert bytes_of(0.5) == bytes_of("name") == bytes_of(None) == 0


def test_what_was_not_asked_for_the_longest_makes_room(instant: Posterior, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_MOST_BYTES", 200)
    monkeypatch.setattr(cache, "_KNOWN", type(cache._KNOWN)())
    large, small = AnalysisCache[str, Floats](), AnalysisCache[str, float]()
    made: list[str] = []

    def making[V](name: str, value: V) -> Callable[[], V]:
        def make() -> V:
            made.append(name)
            return value

        return make

    for name in ("a", "b", "a", "c", "a", "b"):  # two fit: c takes the place of b, which is made again
        large.get(instant, name, making(name, np.zeros(10)))
        small.get(instant, name, making(f"small {name}", 1.0))
    assert made == ["a", "small a", "b", "small b", "c", "small c", "b"]
    fewer = enough_draws(instant, 1024)
    assert fewer is not instant
    large.get(fewer, "a", making("a of fewer draws", np.zeros(10)))  # an answer of its own, in the same room
    large.get(instant, "b", making("b again", np.zeros(10)))
    large.get(instant, "a", making("a again", np.zeros(10)))
    assert made[-2:] == ["a of fewer draws", "a again"]


def test_a_value_that_is_larger_than_all_room_is_kept_until_the_next(
    instant: Posterior, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_MOST_BYTES", 8)
    monkeypatch.setattr(cache, "_KNOWN", type(cache._KNOWN)())
    of = AnalysisCache[str, Floats]()
    first = of.get(instant, "a", lambda: np.zeros(10))
    assert of.get(instant, "a", lambda: np.ones(10)) is first
    of.get(instant, "b", lambda: np.zeros(10))
    assert of.get(instant, "a", lambda: np.ones(10)) is not first
