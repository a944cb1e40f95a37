"""A lean is the model with some numbers moved: signs, exceptions, integrals by hand, and a new fit."""

from __future__ import annotations

import math

import numpy as np
import pytest

import attribution as at
from attribution.analysis.assumptions.lean import DEVIATIONS, Leaning, asserted_states, leaning_numbers
from attribution.domain.facts import Fact
from attribution.domain.numbers import Number
from attribution.domain.tables import Entry, Trait, TraitValue
from attribution.errors import UsageError
from attribution.inference.fit import sample
from attribution.inference.posterior import Posterior
from attribution.network.compiler import compile_network
from attribution.network.curves import quantile
from attribution.network.edits import displaced
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, a_tree, says
from tests.random_cases import random_pair

SKEWED = (0.3, 0.6, 0.7)
SURE = "A1"


def one_fact(state: str = "yes", stated: tuple[float, float, float] = SKEWED) -> Posterior:
    """Two factions at 0.45 each, one uncertain number of `a`, one report of grade A1 (certain in this grading)."""
    case = a_case(Fact("x", YES_NO), items=[a_report("r", says("x", state), grade=SURE)], tree=a_tree("a", "b"))
    table = a_table("x", {"yes": {"a": stated, "else": 0.4}})
    return at.fit(case, a_model(table, other=0.1), engine="importance")


def by_hand(posterior: Posterior, shift: float, state: str) -> float:
    """``P(a | E)`` by a sum over a fine grid of the one standard normal, from the likelihoods at its places."""
    z = np.linspace(-8, 8, 20_001)
    weight = np.exp(-(z**2) / 2)
    (number,) = (each.number for each in posterior.program.coordinates if each.block == "table")
    assert isinstance(number, Number)
    p = quantile(number, z + shift)
    said = p if state == "yes" else 1 - p
    rest = 0.4 if state == "yes" else 0.6
    # grade A1 as a probability of being believed, whatever the grading makes of it, from the compiled network itself
    rho = float(posterior.slots[0, posterior.program.ints.origin_source[0]]) * float(
        posterior.slots[0, posterior.program.ints.origin_item[0]]
    )
    a, others = (0.45 * np.sum(weight * (rho * v + (1 - rho) / 2)) for v in (said, np.full(z.shape, rest)))
    return float(a / (a + others / 0.45 * 0.55))


def of(found: at.Lean, label: str, sign: int) -> Leaning:
    return next(one for one in found.leanings if one.label == label and one.size == sign * DEVIATIONS)


@pytest.mark.parametrize("state", YES_NO)
@pytest.mark.parametrize("sign", [-1, 1])
def test_a_lean_is_the_integral_over_the_number_elsewhere(state: str, sign: int) -> None:
    posterior = one_fact(state)
    found = at.lean(posterior, correlation=0.2)
    towards = 1 if state == "yes" else -1
    expected = by_hand(posterior, towards * sign * DEVIATIONS * math.sqrt(0.2), state)
    ours = of(found, "a", sign).probabilities[0]
    assert ours == pytest.approx(expected, abs=2e-4)
    assert (ours > found.probabilities[0]) is (sign > 0)


def test_a_symmetric_number_that_leans_is_one_stated_elsewhere() -> None:
    """On the probit scale a symmetric triple moved by its lean is again a triple: the model may be written anew."""
    number, shift = Number(0.2, 0.5, 0.8), DEVIATIONS * math.sqrt(0.1)
    z = np.array([-1.6448536269514722, 0.0, 1.6448536269514722])
    low, best, high = quantile(number, z + shift).tolist()
    leaned = of(at.lean(one_fact(stated=(0.2, 0.5, 0.8))), "a", 1)
    anew = one_fact(stated=(low, best, high)).standings
    assert leaned.probabilities == pytest.approx([one.probability for one in anew], abs=1e-9)
    assert leaned.high == pytest.approx([one.high for one in anew], abs=1e-9)


def test_no_correlation_is_the_posterior() -> None:
    posterior = one_fact()
    found = at.lean(posterior, correlation=0.0)
    for one in found.leanings:
        assert one.probabilities == pytest.approx(found.probabilities, abs=1e-12)
    for faction, standing in zip(found.factions, posterior.standings, strict=True):
        assert found.range_of(faction) == pytest.approx((standing.low, standing.high), abs=1e-12)


@pytest.mark.parametrize("seed", range(40, 52))
def test_every_lean_of_a_random_case_is_that_of_a_new_fit(seed: int) -> None:
    """The same points under the changed network: odds, deviations of members and skewed numbers among them."""
    case, model = random_pair(seed)
    posterior = at.fit(case, model, engine="importance", scrambles=4, log2_points=7)
    found = at.lean(posterior, refit=False)
    for label, signs in leaning_numbers(posterior.known_case, posterior.program).items():
        for sign in (-1, 1):
            shift = {k: sign * DEVIATIONS * math.sqrt(0.1) * one for k, one in signs.items()}
            anew = sample(case, model, posterior.settings, displaced(posterior.program, shift))
            ours = of(found, label, sign)
            theirs = [one.probability for one in anew.standings]
            assert ours.probabilities == pytest.approx(theirs, rel=1e-8, abs=1e-10)


def test_who_leans_and_which_way() -> None:
    """Asserted states up, others down; nothing said, contradiction, quoted traits and constants stay where they are."""
    facts = [Fact(id, YES_NO) for id in ("said", "denied", "unsaid", "disputed", "quoted")] + [
        Fact("three", ("one", "two", "more"))
    ]
    items = [
        a_report("r1", says("said", "yes")),
        a_report("r2", says("denied", "yes", negated=True)),
        a_report("r3", says("disputed", "yes")),
        a_report("r4", says("disputed", "no")),
        a_report("r5", says("quoted", "yes")),
        a_report("r6", says("three", "one", "two")),
        a_report("r7", says("three", "two", "more")),
        a_report("r8", says("perpetrator", "a")),
    ]
    cell = (0.1, 0.3, 0.6)
    plain = [a_table(id, {"yes": {"a": cell, "else": cell}}) for id in ("said", "denied", "unsaid", "disputed")]
    quoted = a_table("quoted", {"yes": {"a": TraitValue("t"), "else": 0.2}})
    three = a_table("three", {"one": {"a": cell, "else": cell}, "two": {"a": (0.1, 0.2, 0.3), "else": 0.3}})
    trait = Trait("t", "capability", (Entry("a", Number(*cell)), Entry("else", Number(*cell))))
    case, model = a_case(*facts, items=items), a_model(*plain, quoted, three, traits=[trait])
    program = compile_network(case, model)
    told = {
        label: {program.labels[k]: sign for k, sign in signs.items()}
        for label, signs in leaning_numbers(case, program).items()
    }
    assert asserted_states(case)["three"] == {"two"}
    assert "disputed" not in asserted_states(case)
    assert told == {
        "a": {
            "table[said=yes|a]": 1,
            "table[denied=yes|a]": -1,
            "table[three=one|a]": -1,
            "table[three=two|a]": 1,
        },
        "else": {"table[said=yes|else]": 1, "table[denied=yes|else]": -1, "table[three=one|else]": -1},
    }


def test_what_was_published_later_asserts_nothing_yet() -> None:
    posterior = at.fit(
        at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance", scrambles=4, log2_points=7
    )
    earlier = at.fit(
        posterior.case, posterior.model, engine="importance", scrambles=4, log2_points=7, as_of="2024-01-29"
    )
    now, then = (sum(one.numbers for one in at.lean(each).leanings) for each in (posterior, earlier))
    assert then < now


def test_the_range_holds_the_range_over_inputs_and_every_lean() -> None:
    posterior = one_fact()
    found = at.lean(posterior)
    low, high = found.range_of("a")
    assert low == min(found.low[0], *(one.low[0] for one in found.leanings)) < found.low[0]
    assert high == max(found.high[0], *(one.high[0] for one in found.leanings)) > found.high[0]
    assert found.to_frame().shape == (len(found.leanings), len(found.factions) + 7)


@pytest.mark.parametrize("correlation", [-0.1, 0.31])
def test_a_correlation_is_small_and_not_negative(correlation: float) -> None:
    with pytest.raises(UsageError, match="correlation"):
        at.lean(one_fact(), correlation=correlation)
