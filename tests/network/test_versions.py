"""A tape read under several changes of its inputs at once: what each reading by itself gives, bit for bit."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from attribution.network import reader
from attribution.network.compiler import compile_network
from attribution.network.program import CONSTANT, Program
from attribution.network.reader import read, read_under
from attribution.network.summation import (
    Change,
    joint_tape,
    keep_open,
    log_joint_at,
    log_prior,
    log_prior_under,
    normalise,
    numbers,
    opened,
    part_log_likelihood,
    part_under,
)
from attribution.network.tape import ANY_RATIO, UNIT, Tape
from tests.random_cases import random_pair

type Floats = NDArray[np.float64]


def with_slots(program: Program, seed: int, draws: int) -> Floats:
    return numbers(program, np.random.default_rng(seed).normal(size=(draws, program.dimension)))


def some_changes(program: Program, slots: Floats, seed: int) -> list[Change]:
    """Three values of two numbers each, in all combinations, two of them with an origin that says nothing."""
    rng = np.random.default_rng(seed)
    free = np.flatnonzero(program.ints.slot_kind != CONSTANT)
    first, second = (int(slot) for slot in rng.choice(free, 2, replace=False))
    values = {slot: [rng.permutation(slots[:, slot]) for _ in range(3)] for slot in (first, second)}
    changes = [Change({first: one, second: other}) for one in values[first] for other in values[second]]
    return [*changes, Change(), Change(changes[0].columns, frozenset({0})), Change({}, frozenset({0}))]


@pytest.mark.parametrize("which", ["compiled", "numpy"])
@pytest.mark.parametrize("most", [1, 500, 2**13])
def test_every_version_has_the_bits_of_its_own_reading(which: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTRIBUTION_READER", which)
    monkeypatch.setattr(reader, "_MOST_TOGETHER", most)
    program = compile_network(*random_pair(731))
    tape, rng = joint_tape(program), np.random.default_rng(2)
    z = rng.normal(size=(70, program.dimension))
    other = rng.normal(size=(3, 70))
    changes = [{0: a, 1: b} for a in other for b in other] + [{}, {program.dimension - 1: other[0]}]
    seen = []
    for positions, found in read_under(tape, z, changes):
        for position in positions:
            changed = z.copy()
            for column, values in changes[position].items():
                changed[:, column] = values
            np.testing.assert_array_equal(found, read(tape, changed))
        seen += positions
    assert sorted(seen) == list(range(len(changes)))


def test_what_versions_have_in_common_is_there_once() -> None:
    tape = Tape(2, [UNIT, UNIT])
    shared = tape.multiply(0, 0)
    sealed = tape.sealed([tape.log(tape.multiply(shared, 1)), tape.log(shared)])
    constants = len(sealed.code) - 4
    (several,) = sealed.versions(np.array([[0, 1], [0, 2], [0, 3]]), 4, 100)
    assert len(several.code) == constants + 2 + 3 * 2
    assert len(several.outputs) == 6 and len(set(several.outputs[1::2].tolist())) == 1


def test_changes_that_come_to_the_same_are_read_together() -> None:
    tape = Tape(2, [UNIT, UNIT])
    sealed = tape.sealed([tape.multiply(0, 1)])
    x, other = np.array([[0.5, 0.25]]), np.array([0.125])
    found = {tuple(some): out.item() for some, out in read_under(sealed, x, [{0: other}, {}, {0: other}])}
    assert found == {(0, 2): 0.03125, (1,): 0.125}


@pytest.mark.parametrize("which", ["compiled", "numpy"])
def test_a_version_that_leaves_the_range_of_doubles_is_read_carefully(
    which: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTRIBUTION_READER", which)
    tape = Tape(2, [ANY_RATIO] * 2)
    total = tape.one
    for register in (0, 0, 0, 0, 1, 1, 1, 1):
        total = tape.multiply(total, register)
    sealed = tape.sealed([tape.log(total)])
    x, changes = np.array([[1e-90, 1e90], [0.5, 0.5]]), [{}, {1: np.array([1e88, 2.0])}]
    found = {some[0]: out[:, 0] for some, out in read_under(sealed, x, changes)}
    np.testing.assert_allclose(found[0], [0.0, np.log(0.5) * 8], atol=1e-11)
    np.testing.assert_allclose(found[1], [-8 * np.log(10), 0.0], atol=1e-11)


@pytest.mark.parametrize("seed", range(780, 800))
def test_a_part_under_changes_is_the_part_of_the_changed_network(seed: int) -> None:
    program = compile_network(*random_pair(seed))
    slots = with_slots(program, seed, 9)
    changes = some_changes(program, slots, seed)
    silent = program.without(frozenset(program.origins[:1]))
    for part in range(len(program.components) + 1):
        for positions, logs in part_under(program, slots, part, changes):
            for position in positions:
                changed = slots.copy()
                for column, values in changes[position].columns.items():
                    changed[:, column] = values
                of = silent if changes[position].silent else program
                expected = part_log_likelihood(of, changed, part)
                first, factions = program.ints.class_start[part], len(program.factions)
                classes = program.ints.class_of[part * factions : (part + 1) * factions] - first
                np.testing.assert_allclose(logs[:, classes], expected, rtol=1e-12, atol=1e-13)
    for positions, logs in log_prior_under(program, slots, changes[:9]):
        for position in positions:
            changed = slots.copy()
            for column, values in changes[position].columns.items():
                changed[:, column] = values
            np.testing.assert_allclose(logs, log_prior(program, changed), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("seed", range(780, 785))
def test_the_open_set_in_one_stroke(seed: int) -> None:
    """As mixed in logarithms and then normalised; where nothing is possible there is nothing."""
    program = compile_network(*random_pair(seed))
    slots = with_slots(program, seed, 40)
    log_joint = np.random.default_rng(seed).normal(size=(40, len(program.factions))) * 300.0
    log_joint[:3] = -np.inf
    log_joint[5, 0] = -np.inf
    expected, evidence = normalise(keep_open(program, slots, log_joint))
    open_set, surprise = (slots[:, slot] for slot in program.ints.surprise.tolist())
    found, total = opened(program, (open_set, surprise), log_joint.T.copy())
    np.testing.assert_allclose(found.T, expected, rtol=1e-11, atol=1e-300)
    np.testing.assert_allclose(total, evidence, rtol=1e-12)
    assert log_joint_at(program, slots).shape == found.T.shape
