"""The fast summation against the definition, on random cases that use every feature."""

from __future__ import annotations

import math
from itertools import product
from random import Random
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from attribution.domain.pairing import check_pair
from attribution.network.beliefs import log_scenarios, state_probabilities
from attribution.network.compiler import compile_network
from attribution.network.program import Program
from attribution.network.summation import log_joint, log_parts, numbers
from tests.brute_force import Enumeration
from tests.random_cases import kinds_used, random_pair

SEEDS = range(200)
DRAWS = 3
FEATURES = {"report", "act", "absence", "direct", "copies", "shared origin", "negated", "role", "joint"}

type Floats = NDArray[np.float64]


class Pair(NamedTuple):
    """What the fast summation is held against the definition on."""

    seed: int
    program: Program
    z: Floats  # (draw, dimension)
    defined: list[Enumeration]  # draw


def normals(program: Program, seed: int, draws: int = DRAWS) -> Floats:
    return np.random.default_rng(seed).standard_normal((draws, program.dimension))


@pytest.fixture(scope="module", params=SEEDS)
def pair(request: pytest.FixtureRequest) -> Pair:
    """A random pair compiled, its draws, and the definition at each of them; both tests of one seed come together."""
    seed: int = request.param
    case, model = random_pair(seed)
    program = compile_network(case, model)
    z = normals(program, seed)
    known = [dict(zip(program.labels, row.tolist(), strict=True)) for row in z]
    return Pair(seed, program, z, [Enumeration(case.as_of(), model, labelled) for labelled in known])


def test_random_pairs_fit_and_use_every_feature() -> None:
    used: set[str] = set()
    for seed in SEEDS:
        case, model = random_pair(seed)
        check_pair(case, model)
        used |= kinds_used(case)
    assert used == FEATURES


def test_summation_is_the_definition(pair: Pair) -> None:
    _, program, z, defined = pair
    slots = numbers(program, z)
    expected = np.array([list(one.joint().values()) for one in defined])
    np.testing.assert_allclose(np.exp(log_joint(program, z)), expected, rtol=1e-10, atol=0)
    facts = np.array([list(one.facts().values()) for one in defined])
    np.testing.assert_allclose(state_probabilities(program, slots), facts, rtol=1e-9, atol=1e-300)


def test_scenarios_are_the_definition_and_add_up(pair: Pair) -> None:
    """Any facts may be roles: over their states the joint adds up to that of the factions, over factions to facts."""
    seed, program, z, defined = pair
    slots = numbers(program, z)
    roles = tuple(Random(seed).sample(program.facts, k=seed % 3))
    sizes = [len(program.states[program.facts.index(role)]) for role in roles]
    found = np.exp(log_scenarios(program, slots, roles))
    by_states = [one.scenarios(roles) for one in defined]
    ordered = list(product(*(program.states[program.facts.index(role)] for role in roles)))
    expected = np.array([[list(one[states].values()) for states in ordered] for one in by_states])
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-300)
    joint = np.exp(log_joint(program, z))
    np.testing.assert_allclose(found.sum(axis=1), joint, rtol=1e-10, atol=1e-300)
    states = found.sum(axis=2).reshape(-1, *sizes) / joint.sum(axis=1).reshape(-1, *(1 for _ in sizes))
    known = state_probabilities(program, slots)
    ends = np.cumsum([0, *map(len, program.states)])
    for axis, role in enumerate(roles, 1):
        place = program.facts.index(role)
        others = tuple(one for one in range(1, states.ndim) if one != axis)
        mine = known[:, ends[place] : ends[place + 1]]
        np.testing.assert_allclose(states.sum(axis=others), mine, rtol=1e-9, atol=1e-300)


@pytest.mark.parametrize("seed", SEEDS)
def test_parts_and_the_open_set_make_up_the_joint(seed: int) -> None:
    program = compile_network(*random_pair(seed))
    z = normals(program, seed)
    slots = numbers(program, z)
    prior, parts = log_parts(program, slots)
    own = np.exp(prior + parts.sum(axis=2))
    open_set, surprise = (slots[:, slot] for slot in program.ints.surprise)
    other = program.factions.index("other")
    mixed = own.copy()
    mixed[:, other] = (1 - surprise) * own[:, other] + surprise * open_set * own.sum(axis=1)
    np.testing.assert_allclose(np.exp(log_joint(program, z)), mixed, rtol=1e-12, atol=0)
    assert math.isclose(np.exp(prior).sum(), len(z), rel_tol=1e-12)
