"""Facts that hang together: what one of them says when all have one cause."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution.domain.facts import Fact
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Model, Story
from attribution.domain.numbers import Number
from attribution.domain.pairing import check_pair
from attribution.errors import ModelError, PairError, TooTiedError
from attribution.inference.tree import predict
from attribution.network.beliefs import state_probabilities
from attribution.network.compiler import compile_network
from attribution.network.summation import log_joint, numbers, tables
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, posterior_of, posteriors, says

NAMES = ("x", "y", "z")
FACTS = tuple(Fact(name, YES_NO) for name in NAMES)
TABLES = tuple(a_table(name, {"yes": {"a": 0.8, "b": 0.3, "other": 0.5}}) for name in NAMES)
SEEN = tuple(a_report(f"saw-{name}", says(name, "yes"), grade="A1") for name in NAMES)


def told(strength: float, *facts: str, model: Model | None = None) -> Model:
    story = Story("one-cause", facts or NAMES, Number.exactly(strength))
    return replace(model or a_model(*TABLES), stories=Catalog([story]))


def certain(model: Model) -> Model:
    """Grades that leave no doubt, so that a report is the fact itself."""
    sure = tuple(Number.exactly(1.0) for _ in range(6))
    return replace(model, grading=replace(model.grading, letters=sure, digits=sure))


def test_without_strength_nothing_changes() -> None:
    case = a_case(*FACTS, items=SEEN)
    assert posterior_of(case, told(0.0)) == pytest.approx(posterior_of(case, a_model(*TABLES)), abs=1e-15)


def test_at_full_strength_equal_acts_weigh_as_one() -> None:
    """Three acts with the same table, all seen: the answer is that of one of them alone."""
    three = posterior_of(a_case(*FACTS, items=SEEN), certain(told(1.0)))
    one = posterior_of(a_case(FACTS[0], items=SEEN[:1]), certain(a_model(TABLES[0])))
    assert three == pytest.approx(one, abs=1e-14)


def test_half_way_it_is_the_mixture_by_hand() -> None:
    """``(1 - s) p^3 + s p m^2``, the mean m over all factions by the prior."""
    p, prior = np.array([0.8, 0.3, 0.5]), np.array([0.485, 0.485, 0.03])
    mean = prior @ p
    program = compile_network(a_case(*FACTS, items=SEEN), certain(told(0.5)))
    found = np.exp(log_joint(program, np.zeros((1, program.dimension)))[0])
    np.testing.assert_allclose(found, prior * (0.5 * p**3 + 0.5 * p * mean**2), rtol=1e-13)


def test_a_move_of_the_strength_is_other_data_of_the_same_structure() -> None:
    case = a_case(*FACTS, items=SEEN)
    moved = compile_network(case, told(0.2)).told("one-cause", 0.9)
    np.testing.assert_allclose(posteriors(moved), posteriors(compile_network(case, told(0.9))), rtol=1e-15)


def test_facts_stay_distributions() -> None:
    program = compile_network(a_case(*FACTS, items=SEEN), told(0.7))
    beliefs = state_probabilities(program, numbers(program, np.zeros((1, program.dimension))))[0]
    np.testing.assert_allclose(beliefs.reshape(3, 2).sum(axis=1), 1.0, rtol=1e-13)


def test_simulated_facts_follow_the_story() -> None:
    """At full strength, and given who did it, two facts agree with anybody's table, but for the one that speaks."""
    program = compile_network(a_case(*FACTS), told(1.0))
    draws = 40_000
    slots = np.repeat(numbers(program, np.zeros((1, program.dimension))), draws, axis=0)
    culprit = np.tile([1.0, 0.0, 0.0], (draws, 1))
    states = predict(program, slots, culprit, seed=1)
    prior = np.exp(tables(program, slots[:1])[1])[0]
    expected = (0.8 + 2 * (prior @ [0.8, 0.3, 0.5])) / 3
    np.testing.assert_allclose((states == 0).mean(axis=0), expected, atol=4 * 0.5 / np.sqrt(draws))


def test_a_story_that_ties_too_much_is_refused_before_any_work() -> None:
    many = [Fact(f"f{i}", tuple(f"s{k}" for k in range(25))) for i in range(3)]
    wide = Fact("w", tuple(f"s{k}" for k in range(30)), given=("f0", "f1"))
    rates = {f"s{k}": {"else": 0.01} for k in range(24)}
    plain = [a_table(fact.id, rates) for fact in many]
    tied = a_model(*plain, a_table("w", {f"s{k}": {"else": 0.01} for k in range(29)}))
    with pytest.raises(TooTiedError, match="story"):
        check_pair(a_case(*many, wide), told(0.5, "w", "f2", "f1", model=tied))


@pytest.mark.parametrize(
    ("facts", "strength", "found"),
    [
        (("x",), Number.exactly(0.5), "is told by x"),
        (("x", "x"), Number.exactly(0.5), "is told by"),
        (("x", "y"), Number(0.1, 0.5, 0.9), "strength"),
        (("x", "y"), Number.exactly(2.0, "ratio"), "strength"),
    ],
)
def test_stories_that_cannot_be(facts: tuple[str, ...], strength: Number, found: str) -> None:
    with pytest.raises(ModelError, match=found) as error:
        Story("one-cause", facts, strength)
    assert error.value.at[:2] == ("stories", "one-cause")


def test_a_fact_in_two_stories_is_refused() -> None:
    stories = Catalog([Story("s", ("x", "y"), Number.exactly(0.5)), Story("t", ("y", "z"), Number.exactly(0.5))])
    with pytest.raises(ModelError, match='"y" is in the stories "s" and "t"'):
        replace(a_model(*TABLES), stories=stories)


def test_a_story_about_nothing_is_named() -> None:
    with pytest.raises(PairError, match='"nothing", which is not among the facts') as error:
        check_pair(a_case(*FACTS), told(0.5, "x", "nothing"))
    assert error.value.at == ("stories", "one-cause", "facts")
