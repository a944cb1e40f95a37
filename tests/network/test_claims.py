"""What is left of the likelihood without each origin, from one pass backwards, is what a sum without it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import attribution as at
from attribution.domain.facts import Fact
from attribution.inference.draws import Draws
from attribution.inference.posterior import Posterior
from attribution.inference.settings import Settings
from attribution.network import reader
from attribution.network.beliefs import joint_states
from attribution.network.claims import beliefs, claims
from attribution.network.compiler import compile_network
from attribution.network.program import DIRECT
from attribution.network.summation import part_log_likelihood
from benchmarks.large import write_pair
from tests.builders import a_case, a_model, a_report, a_table, says
from tests.random_cases import random_pair

DRAWS = 40


def drawn(case: at.Case, model: at.Model, seed: int = 1) -> Posterior:
    dimension = compile_network(case, model).dimension
    z = np.random.default_rng(seed).standard_normal((4, DRAWS // 4, dimension))
    return Posterior(case, model, Settings("nuts", 1), Draws(z))


@pytest.mark.parametrize("seed", range(120))
def test_without_each_origin_of_random_cases(seed: int) -> None:
    """Copies and what they copy, negations, several facts, named perpetrators, absences and weights among them."""
    posterior = drawn(*random_pair(seed), seed)
    program = posterior.program
    for origin, part in zip(program.origins, program.ints.origin_part.tolist(), strict=True):
        gone = frozenset({origin})
        for ours, less in (
            (posterior.part_without(origin), program.without(gone)),
            (posterior.part_unheard(origin), program.unheard(gone)),
        ):
            np.testing.assert_allclose(ours, part_log_likelihood(less, posterior.slots, part), rtol=0, atol=2e-12)


def test_beliefs_are_the_states_of_facts_given_who_did_it() -> None:
    """Against another sum: of one fact, the joint probability of faction and state."""
    items = [a_report("r", says("seen", "yes")), a_report("s", says("seen", "no"))]
    case = a_case(Fact("seen", ("yes", "no")), items=items)
    posterior = drawn(case, a_model(a_table("seen", {"yes": {"a": 0.7, "else": 0.2}})))
    found = beliefs(posterior.program, posterior.slots, 0)
    np.testing.assert_allclose(found.values.sum(axis=1), 1.0, rtol=1e-14)
    joint = joint_states(posterior.program, posterior.slots[:1], np.ones((1, 1)))
    named = [h for h, id in enumerate(posterior.program.factions) if id != "other"]
    given = joint[0][named] / joint[0][named].sum(axis=1, keepdims=True)
    (claim,) = found.claims
    ours = found.values[found.of_faction[named], :, 0][:, claim.cell]
    np.testing.assert_allclose(ours, given, rtol=1e-12)


def test_what_is_impossible_with_an_origin_may_be_possible_without() -> None:
    """A table that rules out what a search must have found: nothing to divide by, so the part is summed again."""
    items = [a_report("r", says("seen", "yes")), a_report("s", says("seen", "yes"))]
    case = a_case(Fact("seen", ("yes", "no")), items=items)
    posterior = drawn(case, a_model(a_table("seen", {"yes": {"a": 0.0, "else": 1.0}})))
    program = posterior.program
    for origin in program.origins:
        less = part_log_likelihood(program.without(frozenset({origin})), posterior.slots, 0)
        np.testing.assert_allclose(posterior.part_without(origin), less, rtol=0, atol=1e-12)


def test_items_that_only_weigh_are_no_claims() -> None:
    for seed in range(40):
        program = compile_network(*random_pair(seed))
        for part in range(len(program.ints.part_step) - 1):
            mine = np.flatnonzero((program.ints.origin_part == part) & (program.ints.origin_kind != DIRECT))
            spoken = [origin for one in claims(program, part) for origin in one.holds]
            assert sorted(spoken) == mine.tolist()


def test_a_part_is_read_backwards_once_however_many_speak_about_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work of leaving out each of n origins: a few readings per part of the network, not one for each origin."""
    case, model = write_pair(tmp_path, 5, 4, 120)
    posterior = drawn(at.read_case(case), at.read_model(model))
    assert posterior.parts is not None
    readings = []
    monkeypatch.setattr(
        reader, "_in_parts", lambda work, tape, draws: (readings.append(len(tape.code)), work(slice(0, draws)))
    )
    for origin in posterior.program.origins:
        posterior.part_without(origin)
    parts = len(set(posterior.program.ints.origin_part.tolist()))
    assert len(posterior.program.origins) == 120
    assert len(readings) <= 3 * parts  # what is believed, what origins say, and what forgers do
