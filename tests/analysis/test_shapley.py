"""Contributions that add up, whatever the order, and are zero where nothing is said."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

import attribution as at
from attribution.analysis import shapley
from attribution.analysis.reweighting import disjoint_sets
from attribution.analysis.shapley import contributions
from attribution.analysis.subsets import tied_origins
from attribution.analysis.workspace import even_rows
from attribution.domain.factions import FactionTree, Node
from attribution.domain.facts import Fact
from attribution.errors import UsageError
from attribution.inference.posterior import Posterior
from attribution.network.summation import log_parts
from tests.builders import a_case, a_model, a_report, a_table, says

DB = 10 / np.log(10)


def contributions_per_draw(posterior: Posterior, faction: str, rival: str) -> dict[str, np.ndarray]:
    """Shapley values of every origin in every draw, decibans: (draw,) each; they sum to the likelihood's log-odds."""
    return contributions(posterior, *disjoint_sets(posterior, faction, rival)).values


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
                    part.by_subset[kept][:, part.of_faction[a]] - part.by_subset[kept][:, part.of_faction[b]]
                    for kept in (before, before | {origin})
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


@pytest.mark.parametrize("pair", [("x", "nujaba"), ("iran-aligned", "nujaba"), ("other", "other")])
def test_what_cannot_be_decomposed(posterior: Posterior, pair: tuple[str, str]) -> None:
    with pytest.raises(UsageError):
        at.shapley(posterior, *pair)


@pytest.mark.parametrize(
    "pair", [("iran-aligned", "other"), ("islamic-resistance-in-iraq", "quds-force"), ("kataib-hezbollah", "other")]
)
def test_groups_sum_to_their_log_odds_in_every_draw(posterior: Posterior, pair: tuple[str, str]) -> None:
    """The same posterior odds as the printed ones, less the prior's, in each draw that was used."""
    found = contributions(posterior, *disjoint_sets(posterior, *pair))
    rows = even_rows(posterior, 1024) if found.orders else np.arange(len(posterior.slots))
    sides = disjoint_sets(posterior, *pair)
    prior = np.exp(posterior.parts.prior[rows])
    after = posterior.faction_draws[rows]
    expected = DB * (np.log(after @ sides[0]) - np.log(after @ sides[1]))
    expected -= DB * (np.log(prior @ sides[0]) - np.log(prior @ sides[1]))
    assert np.abs(sum(found.values.values()) - expected).max() < 1e-9
    shown = at.shapley(posterior, *pair)
    assert shown.prior + sum(bar.decibans for bar in shown.origins) + shown.averaging == pytest.approx(shown.total)
    assert abs(shown.averaging) < 6  # what closes the sum is no hiding-place


def test_idle_items_contribute_nothing_to_groups_either(posterior: Posterior) -> None:
    found = contributions(posterior, *disjoint_sets(posterior, "iran-aligned", "other"))
    for origin in ("charge-silent", "tufuf-denies", "taken-for-own"):
        if origin in found.values:
            assert np.abs(found.values[origin]).max() < 1e-9


def a_grouped_posterior(order: tuple[int, ...] = (0, 1, 2, 3)) -> Posterior:
    """Four facts on which the members of a group differ."""
    facts = [Fact(name, ("yes", "no")) for name in "tuvw"]
    items = [a_report(f"r-{name}", says(name, "yes"), grade="B2") for name in "tuvw"]
    rates = [(0.7, 0.2, 0.3), (0.2, 0.6, 0.3), (0.5, 0.5, 0.1), (0.3, 0.3, 0.3)]
    tables = [
        a_table(name, {"yes": {"a": (a * 0.8, a, a * 1.2), "b": b, "else": rest}})
        for name, (a, b, rest) in zip("tuvw", rates, strict=True)
    ]
    tree = FactionTree((Node("g", members=(Node("a"), Node("b"))), Node("c"), Node("other")))
    case = a_case(*facts, items=[items[position] for position in order], tree=tree)
    return at.fit(case, a_model(*tables, surprise=0.05), engine="importance", log2_points=8)


def test_groups_by_the_definition() -> None:
    """Averages over all orders of coming, of likelihoods that are means over members, written out plainly."""
    posterior = a_grouped_posterior()
    found = contributions(posterior, *disjoint_sets(posterior, "g", "other"))
    assert found.orders == 0
    prior, surprise = np.exp(posterior.parts.prior), 0.05
    names = posterior.program.factions
    a, b, other = (names.index(name) for name in ("a", "b", "other"))

    def worth(kept: frozenset[str]) -> np.ndarray:
        less = posterior.program.without(frozenset(posterior.program.origins) - kept)
        p = np.exp(log_parts(less, posterior.slots)[1].sum(axis=2))
        group = (prior[:, a] * p[:, a] + prior[:, b] * p[:, b]) / (prior[:, a] + prior[:, b])
        return DB * (np.log(group) - np.log((1 - surprise) * p[:, other] + surprise * (prior * p).sum(axis=1)))

    for origin in posterior.program.origins:
        added = []
        for order in permutations(posterior.program.origins):
            before = frozenset(order[: order.index(origin)])
            added.append(worth(before | {origin}) - worth(before))
        assert np.abs(np.mean(added, axis=0) - found.values[origin]).max() < 1e-9


def test_the_errors_that_are_told_are_those_between_seeds() -> None:
    """Root mean square, over all bars, of their spread between eight seeds over the error that they tell."""
    case, model = at.read_case("tower-22"), at.read_model("tower-22/baseline")
    found = []
    for seed in range(1, 9):
        posterior = at.fit(case, model, engine="importance", random_seed=seed)
        bars = at.shapley(posterior, "kataib-hezbollah", "nujaba").origins
        found.append({bar.id: (bar.decibans, bar.error) for bar in bars})
    told = {origin: np.mean([each[origin][1] for each in found]) for origin in found[0]}
    ratios = [
        np.std([each[origin][0] for each in found], ddof=1) / error for origin, error in told.items() if error > 1e-6
    ]
    assert len(ratios) > 10
    assert 0.4 < np.sqrt(np.mean(np.square(ratios))) < 1.3


def test_sampled_orders_agree_with_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    posterior = a_grouped_posterior()
    sides = disjoint_sets(posterior, "g", "other")
    exact = contributions(posterior, *sides)
    monkeypatch.setattr(shapley, "MOST_TOGETHER", 1)
    sampled = contributions(posterior, *sides)
    assert sampled.orders == 64
    rows = even_rows(posterior, 1024)
    for origin, values in exact.values.items():
        error = sampled.error.get(origin, 0.0)
        assert abs(values[rows].mean() - sampled.values[origin].mean()) <= 4 * error + 1e-9


@pytest.mark.parametrize("together", [10, 1])
def test_the_order_of_the_file_does_not_matter(together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapley, "MOST_TOGETHER", together)
    there = {bar.id: bar.decibans for bar in at.shapley(a_grouped_posterior(), "g", "c").origins}
    back = {bar.id: bar.decibans for bar in at.shapley(a_grouped_posterior((2, 0, 3, 1)), "g", "c").origins}
    assert there == pytest.approx(back, abs=2e-2 if together == 1 else 1e-2)  # other points, the same orders


def test_the_paragraph_says_how(posterior: Posterior) -> None:
    text = str(at.shapley(posterior))
    assert "dB" in text
    assert "exactly" in text
