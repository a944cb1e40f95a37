"""Contributions that add up, whatever the order, and are zero where nothing is said."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

import attribution as at
from attribution.analysis.shapley import contributions_per_draw
from attribution.analysis.subsets import tied_origins
from attribution.errors import UsageError
from attribution.inference.posterior import Posterior
from attribution.network.summation import log_parts

DB = 10 / np.log(10)


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")


def test_contributions_sum_to_the_log_odds_in_every_draw(posterior: Posterior) -> None:
    found = contributions_per_draw(posterior, "kataib-hezbollah", "ansar-allah-al-awfiya")
    _, parts = log_parts(posterior.program, posterior.slots)
    likelihood = parts.sum(axis=2)
    a, b = (posterior.program.factions.index(id) for id in ("kataib-hezbollah", "ansar-allah-al-awfiya"))
    expected = DB * (likelihood[:, a] - likelihood[:, b])
    assert np.abs(sum(found.values()) - expected).max() < 1e-9


def test_the_bars_sum_to_the_printed_log_odds(posterior: Posterior) -> None:
    found = at.shapley(posterior)
    bars = found.prior + sum(bar.decibans for bar in found.origins) + found.averaging
    first, second = posterior.ranking[:2]
    assert bars == pytest.approx(DB * np.log(first.probability / second.probability), abs=1e-9)
    assert found.total == pytest.approx(bars, abs=1e-9)
    assert found.to_frame().decibans.iloc[:-1].sum() == pytest.approx(found.total)


def test_the_value_is_the_mean_over_all_orders(posterior: Posterior) -> None:
    """The definition: what an origin adds when it comes, averaged over all orders of coming."""
    found = contributions_per_draw(posterior, "kataib-hezbollah", "nujaba")
    a, b = (posterior.program.factions.index(id) for id in ("kataib-hezbollah", "nujaba"))
    for part in tied_origins(posterior):
        if len(part.origins) != 3:
            continue
        for origin in part.origins:
            added = []
            for order in permutations(part.origins):
                before = frozenset(order[: order.index(origin)])
                worth = [
                    part.by_subset[kept][:, a] - part.by_subset[kept][:, b] for kept in (before, before | {origin})
                ]
                added.append(DB * (worth[1] - worth[0]))
            assert np.abs(np.mean(added, axis=0) - found[origin]).max() < 1e-9


@pytest.mark.parametrize("origin", ["charge-silent", "tufuf-denies", "iran-denies"])
def test_what_all_factions_predict_equally_contributes_nothing(posterior: Posterior, origin: str) -> None:
    found = contributions_per_draw(posterior, "kataib-hezbollah", "nujaba")
    assert np.abs(found[origin]).max() < 1e-9


def test_turning_the_question_round_turns_the_signs(posterior: Posterior) -> None:
    there = at.shapley(posterior, "nujaba", "syria-based")
    back = at.shapley(posterior, "syria-based", "nujaba")
    assert there.total == pytest.approx(-back.total)
    mirrored = {bar.id: -bar.decibans for bar in back.origins}
    assert {bar.id: bar.decibans for bar in there.origins} == pytest.approx(mirrored)


@pytest.mark.parametrize(("pair", "says"), [(("x", "nujaba"), "factions"), (("other", "nujaba"), "surprise")])
def test_what_cannot_be_decomposed(posterior: Posterior, pair: tuple[str, str], says: str) -> None:
    with pytest.raises(UsageError, match=says):
        at.shapley(posterior, *pair)


def test_the_paragraph_says_how(posterior: Posterior) -> None:
    text = str(at.shapley(posterior))
    assert "dB" in text
    assert "exactly" in text
