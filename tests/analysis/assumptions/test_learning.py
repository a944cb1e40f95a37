"""The cut answer is a mean over the prior: by an integral by hand, for both kinds of draws, and in the concerns."""

from __future__ import annotations

import numpy as np
import pytest

import attribution as at
from attribution.domain.facts import Fact
from attribution.domain.numbers import Number
from attribution.inference.posterior import Posterior
from attribution.network.curves import quantile
from tests.analysis.equal_draws import drawn_again
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, a_tree, says

WIDE = (0.02, 0.5, 0.98)
FACTS = tuple(Fact(f"x{k}", YES_NO) for k in range(3))


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    """Three certain acts that a wide trait of `a` explains, and that others show half of the time."""
    items = [a_report(f"r{fact.id}", says(fact.id, "yes"), grade="A1") for fact in FACTS]
    tables = [a_table(fact.id, {"yes": {"a": WIDE, "else": 0.5}}) for fact in FACTS]
    return at.fit(a_case(*FACTS, items=items, tree=a_tree("a")), a_model(*tables, other=0.5), engine="importance")


def by_hand(posterior: Posterior) -> tuple[float, float]:
    """``P(a | E)``, cut and full, with one grid for each of three numbers: the factors of three acts multiply."""
    z = np.linspace(-7, 7, 141)
    weight = np.exp(-(z**2) / 2)
    weight /= weight.sum()
    source, item = posterior.program.ints.origin_source[0], posterior.program.ints.origin_item[0]
    rho = float(posterior.slots[0, source] * posterior.slots[0, item])
    p = rho * quantile(Number(*WIDE), z) + (1 - rho) / 2
    product = p[:, None, None] * p[None, :, None] * p[None, None, :]
    density = weight[:, None, None] * weight[None, :, None] * weight[None, None, :]
    cut = float(np.sum(density * product / (product + 0.125)))
    whole = float(np.sum(density * product))
    return cut, whole / (whole + 0.125)


def test_cut_and_full_are_the_two_integrals(posterior: Posterior) -> None:
    cut, full = by_hand(posterior)
    found = at.learning(posterior)
    assert found.cut[0].probability == pytest.approx(cut, abs=4 * found.cut[0].mcse + 1e-4)
    assert found.full[0].probability == pytest.approx(full, abs=4 * found.full[0].mcse + 1e-4)
    assert abs(cut - full) > 0.03
    assert posterior.cut().loc["a", "probability"] == found.cut[0].probability


def test_draws_that_count_equally_give_the_same(posterior: Posterior) -> None:
    """As NUTS gives them: the cut answer then comes from points of the prior, never from the posterior's draws."""
    equal = drawn_again(posterior)
    ours, theirs = at.learning(equal).cut[0], at.learning(posterior).cut[0]
    assert ours.probability == pytest.approx(theirs.probability, abs=4 * np.hypot(ours.mcse, theirs.mcse))


def test_without_uncertain_numbers_there_is_nothing_to_learn() -> None:
    case = a_case(FACTS[0], items=[a_report("r", says("x0", "yes"))])
    posterior = at.fit(case, a_model(a_table("x0", {"yes": {"a": 0.8, "else": 0.2}})), engine="importance")
    found = at.learning(posterior)
    assert [one.probability for one in found.cut] == pytest.approx([one.probability for one in found.full])
    assert not [one for one in posterior.concerns() if "not learned" in one.what]


def test_another_leader_is_a_concern(posterior: Posterior) -> None:
    """Of three acts the average numbers explain an eighth, as much as chance does; learned, both are level."""
    cut, full = by_hand(posterior)
    assert cut < 0.4
    assert full > 0.499
    (concern,) = (one for one in posterior.concerns() if "not learned" in one.what)
    assert "Other leads with 66%, not A with 34%" in concern.what


def test_another_word_is_a_concern() -> None:
    posterior = at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")
    found = at.learning(posterior)
    concerns = [one for one in posterior.concerns() if "not learned" in one.what]
    assert len(concerns) == (found.changes_lead or found.changes_word)


def test_tower_22_is_as_the_independent_evaluator_found_it() -> None:
    posterior = at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")
    frame = at.learning(posterior).to_frame()
    assert frame["cut probability"].sum() == pytest.approx(1)
    assert frame.loc["kataib-hezbollah", "cut probability"] < frame.loc["kataib-hezbollah", "probability"]
