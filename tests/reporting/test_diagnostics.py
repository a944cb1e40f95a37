"""Figures of chains: ranks that sum up, a chain apart that is seen to be apart, energies on common bins."""

from __future__ import annotations

import numpy as np
import pytest

import attribution as at
from attribution.reporting.diagnostics import RANK_BINS, Chains, _energy, _trace, chains
from attribution.reporting.figures.report import panels


def test_ranks_count_every_draw_once_and_show_a_chain_apart() -> None:
    values = np.random.default_rng(1).normal(size=(4, 1000))
    even = _trace("x", values)
    assert [sum(chain) for chain in even.ranks] == [1000] * 4
    assert np.sum(even.ranks, axis=0) == pytest.approx(4 * even.expected)
    apart = _trace("x", values + np.array([[0], [0], [0], [5]]))
    assert sum(apart.ranks[3][: RANK_BINS // 2]) == 0
    assert max(abs(count - even.expected) for chain in even.ranks for count in chain) < 0.6 * even.expected


def test_energies_are_densities_on_common_bins() -> None:
    still = np.cumsum(np.random.default_rng(2).normal(size=(4, 2000)), axis=1)
    found = _energy(still)
    width = (found.high - found.low) / len(found.marginal)
    assert sum(found.marginal) * width == pytest.approx(1)
    assert sum(found.transition) * width == pytest.approx(1)
    assert max(found.transition) > 3 * max(found.marginal)  # a slow walk: steps far narrower than the whole


def test_panels_say_what_they_draw() -> None:
    values = np.random.default_rng(3).normal(size=(4, 200))
    drawn = panels(Chains(4, 200, (_trace("evidence <b>", values),), _energy(values)))
    assert [panel.caption.split(" ")[0] for panel in drawn] == ["Trace", "Ranks", "Energy"]
    assert all('role="img"' in panel.drawing and "aria-label" in panel.drawing for panel in drawn)
    assert "<b>" not in drawn[0].drawing


def test_weighted_points_have_no_chains() -> None:
    case, model = at.read_case("tower-22"), at.read_model("tower-22/baseline")
    assert chains(at.fit(case, model, engine="importance", scrambles=2, log2_points=5)) is None
