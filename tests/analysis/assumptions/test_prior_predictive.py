"""Evidence drawn from the model is as unusual as any; evidence that contradicts itself is not; and sums by hand."""

from __future__ import annotations

import numpy as np
import pytest

import attribution as at
from attribution.analysis.assumptions import prior_predictive
from attribution.analysis.assumptions.prior_predictive import _exactly
from attribution.domain.facts import Fact
from attribution.inference.posterior import Posterior
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, a_tree, says


def fitted(case: at.Case, model: at.Model) -> Posterior:
    return at.fit(case, model, engine="importance", scrambles=2, log2_points=6)


def witnesses(said: list[bool], *, grade: str = "B2") -> Posterior:
    """Reports about one fact that are written as `yes` or as `no`: witnesses who agree, or who do not."""
    items = [a_report(f"r{k}", says("x", "yes" if yes else "no"), grade=grade) for k, yes in enumerate(said)]
    table = a_table("x", {"yes": {"a": (0.6, 0.8, 0.9), "else": (0.1, 0.2, 0.4)}})
    return fitted(a_case(Fact("x", YES_NO), items=items), a_model(table, other=0.1))


def drawn(seed: int) -> list[bool]:
    """What six witnesses of grade B2 say of a fact under the numbers of `witnesses`, drawn step by step."""
    rng = np.random.default_rng([seed, 3])
    posterior = witnesses([True])
    row = rng.integers(len(posterior.prior_slots))
    culprit = rng.choice(3, p=posterior.prior_faction_draws[row] / posterior.prior_faction_draws[row].sum())
    table = {label: k for k, label in enumerate(posterior.program.labels)}
    place = table["table[x=yes|a]" if culprit == 0 else "table[x=yes|else]"]
    slot = int(np.flatnonzero(posterior.program.ints.slot_first == place)[0])
    true = rng.random() < posterior.prior_slots[row, slot]
    believed = rng.random(6) < _reliability(posterior)
    return [bool(true) if sure else bool(rng.random() < 0.5) for sure in believed]


def _reliability(posterior: Posterior) -> float:
    source, item = posterior.program.ints.origin_source[0], posterior.program.ints.origin_item[0]
    return float(posterior.slots[0, source] * posterior.slots[0, item])


def test_evidence_drawn_from_the_model_is_as_unusual_as_any() -> None:
    """Simulation with a known truth: shares of sets of evidence drawn by another program are uniform."""
    shares = [at.prior_predictive(witnesses(drawn(seed))).share for seed in range(40)]
    assert 0.38 < np.mean(np.array(shares, dtype=float)) < 0.62
    assert np.quantile(np.array(shares, dtype=float), 0.1) > 0.01


def test_evidence_that_contradicts_itself_is_unusual() -> None:
    """Twelve good witnesses, six for and six against: if they err independently, that does not happen."""
    agreed = at.prior_predictive(witnesses([True] * 10, grade="A1"))
    torn = at.prior_predictive(witnesses([True, False] * 5, grade="A1"))
    assert agreed.share is not None
    assert torn.share is not None
    assert torn.share < 0.01
    assert agreed.share > 0.2
    (concern,) = torn.warnings
    assert concern.topic == "conflict"
    assert "hardly" in torn.summary


def test_two_reports_by_hand() -> None:
    """Constant numbers: 0.45 x 0.8 + 0.55 x 0.2 = 0.47 that it was so; two reports say so, or not."""
    table = a_table("x", {"yes": {"a": 0.8, "else": 0.2}})
    items = [a_report("r", says("x", "yes")), a_report("q", says("x", "yes"), source="t", grade="C3")]
    posterior = fitted(a_case(Fact("x", YES_NO), items=items, tree=a_tree("a", "b")), a_model(table, other=0.1))
    found = at.prior_predictive(posterior)
    source, item = posterior.program.ints.origin_source, posterior.program.ints.origin_item
    r, q = (posterior.slots[0, source] * posterior.slots[0, item]).tolist()
    both = 0.47 * (r + (1 - r) / 2) * (q + (1 - q) / 2) + 0.53 * (1 - r) / 2 * (1 - q) / 2
    each = [one * 0.47 + (1 - one) / 2 for one in (r, q)]
    p = {(1, 1): both, (1, 0): each[0] - both, (0, 1): each[1] - both}
    p[0, 0] = 1 - sum(p.values())
    alone = {outcome: np.prod([e if on else 1 - e for e, on in zip(each, outcome, strict=True)]) for outcome in p}
    ratio = {outcome: np.log(p[outcome] / alone[outcome]) for outcome in p}
    worse = sum(p[outcome] for outcome in p if ratio[outcome] < ratio[1, 1] - 1e-12)
    assert found.observed == pytest.approx(ratio[1, 1])
    assert found.share == pytest.approx(worse + both / 2, abs=4 * found.mcse)
    assert found.parts[0].probability == pytest.approx(both)
    assert found.parts[0].as_unusual == pytest.approx(worse + both)


def test_exactly_these_follows_from_at_least_these() -> None:
    rng = np.random.default_rng(1)
    exact = rng.dirichlet(np.ones(8)).reshape(8, 1, 1)
    sets = [{place for place in range(3) if outcome & (4 >> place)} for outcome in range(8)]
    at_least = np.array([sum(exact[k] for k, other in enumerate(sets) if mine <= other) for mine in sets])
    assert _exactly(at_least, 3) == pytest.approx(exact)


def test_a_copy_goes_with_what_it_copies_and_direct_items_are_left_out() -> None:
    posterior = fitted(at.read_case("tower-22"), at.read_model("tower-22/baseline"))
    found = at.prior_predictive(posterior)
    told = {o for one in found.parts for o in one.origins} | set(found.left_out)
    assert told == set(posterior.program.origins)
    assert all(0 <= one.probability <= one.as_unusual + 1e-12 <= 1 + 1e-12 for one in found.parts)


def test_too_many_tied_origins_are_said_to_be_too_many() -> None:
    found = at.prior_predictive(witnesses([True] * 12))
    assert found.share is None
    assert len(found.too_many) == 12
    assert found.unreliable()
    assert found.warnings == ()


def test_no_evidence_is_nothing_to_expect() -> None:
    posterior = witnesses([True])
    empty = at.Posterior(*(posterior.case.without("r0"), posterior.model, posterior.settings, posterior.draws))
    found = at.prior_predictive(empty)
    assert found.summary == "There is no evidence to expect."


def test_some_draws_at_a_time_give_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Outcomes are drawn by the same random numbers, whatever there is room for."""
    whole = at.prior_predictive(witnesses([True, False, True, True, False]))
    monkeypatch.setattr(prior_predictive, "_MOST_NUMBERS", 2**5 * 3 * 7)
    pieces = at.prior_predictive(witnesses([True, False, True, True, False]))
    assert pieces.share == whole.share
    assert pieces.expected == pytest.approx(whole.expected, abs=1e-12)
    assert pieces.observed == pytest.approx(whole.observed, abs=1e-12)
    assert pieces.parts[0].as_unusual == pytest.approx(whole.parts[0].as_unusual, abs=1e-12)
