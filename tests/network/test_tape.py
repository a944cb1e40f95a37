"""A tape is read the same way by every reader, and leaves the range of doubles without loss."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

import attribution as at
from attribution.errors import UsageError
from attribution.network import summation, tape_numpy
from attribution.network.beliefs import state_probabilities
from attribution.network.compiler import compile_network
from attribution.network.emitter import Emitter, Switch
from attribution.network.program import Program
from attribution.network.reader import pull, read
from attribution.network.summation import (
    evidence_tape,
    joint_tape,
    log_evidence_without_each,
    log_joint_at,
    log_joint_each,
    normalise,
    numbers,
    part_log_likelihood,
    part_log_likelihoods,
    switched_off,
)
from attribution.network.tape import ANY_RATIO, UNIT, Sealed, Tape, _read_by
from tests.random_cases import random_pair

type Floats = NDArray[np.float64]
type Reading = Callable[[], Floats]


def by(reader: str, monkeypatch: pytest.MonkeyPatch, work: Reading) -> Floats:
    monkeypatch.setenv("ATTRIBUTION_READER", reader)
    return work()


def drawn(program: Program, draws: int, scale: float = 1.0) -> Floats:
    return scale * np.random.default_rng(1).standard_normal((draws, program.dimension))


def tower_22() -> Program:
    return compile_network(at.read_case("tower-22"), at.read_model("tower-22/baseline"))


@pytest.mark.parametrize("seed", range(700, 730))
def test_readers_give_the_same_bits(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    program = compile_network(*random_pair(seed))
    z = drawn(program, 70, 2.0)
    slots = by("numpy", monkeypatch, lambda: numbers(program, z))

    def everything() -> Floats:
        beliefs = state_probabilities(program, slots)
        return np.concatenate([numbers(program, z), read(joint_tape(program), z), beliefs], axis=1)

    compiled, plain = (by(reader, monkeypatch, everything) for reader in ("compiled", "numpy"))
    np.testing.assert_array_equal(compiled, plain)


def test_readers_give_the_same_bits_on_tower_22(monkeypatch: pytest.MonkeyPatch) -> None:
    program = tower_22()
    z = drawn(program, 300)
    compiled, plain = (
        by(reader, monkeypatch, lambda: read(joint_tape(program), z)) for reader in ("compiled", "numpy")
    )
    np.testing.assert_array_equal(compiled, plain)


@pytest.mark.parametrize("reader", ["compiled", "numpy"])
def test_one_thread_or_two_give_the_same_bits(reader: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tower_22()
    z = drawn(program, 4096)
    found = []
    for processors in (1, 2, 3):
        monkeypatch.setattr("attribution.network.reader.threads", lambda processors=processors: processors)
        found.append(by(reader, monkeypatch, lambda: read(joint_tape(program), z)))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


@pytest.mark.parametrize("seed", range(730, 760))
def test_read_carefully_a_tape_says_the_same(seed: int) -> None:
    program = compile_network(*random_pair(seed))
    tape, z = evidence_tape(program), drawn(program, 20)
    with np.errstate(all="ignore"):
        registers = tape_numpy.forward_carefully(tape, z)
        careful = tape_numpy.backward_carefully(tape, registers, np.ones((20, 1)))
    np.testing.assert_allclose(registers[tape.outputs].T, read(tape, z), rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(careful[tape.by].T, pull(tape, z, np.ones((20, 1))), rtol=1e-9, atol=1e-12)


def product(powers: list[int], last: float) -> Sealed:
    """The logarithm of a product of given values to some powers, in this order, plus a little."""
    tape = Tape(len(powers), [ANY_RATIO] * len(powers))
    total = tape.one
    for register, power in enumerate(powers):
        for _ in range(power):
            total = tape.multiply(total, register)
    return tape.sealed([tape.log(tape.add(total, tape.literal(last)))])


@pytest.mark.parametrize("reader", ["compiled", "numpy"])
@pytest.mark.parametrize(("first", "second"), [(1e-90, 1e90), (1e90, 1e-90), (1e-70, 1e83)])
@pytest.mark.parametrize("times", [3, 4, 12])
def test_what_underflows_on_the_way_is_not_lost(
    reader: str, first: float, second: float, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The end of the product lies in the range of doubles, or not; its beginning does not."""
    tape = product([times, times], 0.0)
    found = by(reader, monkeypatch, lambda: read(tape, np.array([[first, second]])))
    assert found[0, 0] == pytest.approx(times * (math.log(first) + math.log(second)), rel=1e-13, abs=1e-11)


def test_underflow_beside_something_larger_costs_nothing() -> None:
    tape = product([12, 0], 0.25)
    _, unsafe = tape_numpy.forward(tape, np.array([[1e-90, 1.0]]))
    assert not unsafe.any()


def test_equal_expressions_are_written_once() -> None:
    tape = Tape(2, [UNIT, UNIT])
    first = tape.multiply_add(0, 1, tape.rest(0))
    length = len(tape)
    assert tape.multiply_add(1, 0, tape.rest(0)) == first
    assert len(tape) == length
    assert tape.multiply(0, tape.zero) == tape.zero
    assert tape.multiply(0, tape.one) == 0
    assert tape.multiply_add(0, tape.one, tape.zero) == 0
    assert tape.log(tape.one) == tape.certain
    assert tape.log(tape.zero) == tape.impossible
    assert tape.log_add(tape.impossible, 1) == 1
    assert tape.indicator() != tape.indicator()
    assert len(tape) == length + 2


@pytest.mark.parametrize("seed", range(760, 780))
def test_leaving_each_origin_out_is_leaving_it_out(seed: int) -> None:
    program = compile_network(*random_pair(seed))
    slots = numbers(program, drawn(program, 5))
    found = log_evidence_without_each(program, slots)
    for origin, column in zip(program.origins, found.T, strict=True):
        expected = normalise(log_joint_at(program.without(frozenset({origin})), slots))[1]
        np.testing.assert_allclose(column, expected, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("seed", range(760, 770))
def test_several_questions_about_one_part(seed: int) -> None:
    program = compile_network(*random_pair(seed))
    slots = numbers(program, drawn(program, 5))
    subsets = [frozenset(program.origins[:size]) for size in range(len(program.origins) + 1)]
    for part in range(len(program.components) + 1):
        together = part_log_likelihoods(program, slots, part, [switched_off(program, gone) for gone in subsets])
        for gone, alone in zip(subsets, together, strict=True):
            np.testing.assert_array_equal(alone, part_log_likelihood(program.without(gone), slots, part))


def test_questions_share_what_they_have_in_common() -> None:
    """Each origin of Tower 22 is left out at two thirds of its cost alone at most; all of them at two log-joints."""
    program = tower_22()

    def added(emitter: Emitter, origin: int) -> int:
        before = len(emitter.tape)
        switch = switched_off(program, frozenset({program.origins[origin]}))
        emitter.likelihood(int(program.ints.origin_part[origin]), switch)
        return len(emitter.tape) - before

    def fresh() -> Emitter:
        return Emitter.from_slots(program, len(program.ints.slot_kind), [])

    emitter = fresh()
    emitter.joint()
    once = len(emitter.tape)
    beside = [added(emitter, origin) for origin in range(len(program.origins))]
    alone = [added(fresh(), origin) for origin in range(len(program.origins))]
    assert all(3 * more <= 2 * by_itself for more, by_itself in zip(beside, alone, strict=True))
    assert sum(beside) < 2 * once


def test_many_ways_to_switch_origins_are_outputs_of_one_tape() -> None:
    """As each by itself, whether one tape holds all of them or several do, one after another."""
    program = tower_22()
    slots = numbers(program, drawn(program, 16))
    gone = [frozenset(program.origins[:count]) for count in (0, 1, 5, 5, len(program.origins))]
    switches = [switched_off(program, origins) for origins in gone]
    for found in (log_joint_each(program, slots, switches), in_several(program, slots, switches)):
        assert len(found) == len(gone)
        for origins, logs in zip(gone, found, strict=True):
            np.testing.assert_allclose(logs, log_joint_at(program.without(origins), slots), atol=1e-12)


def in_several(program: Program, slots: Floats, switches: list[Switch]) -> list[Floats]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(summation, "_LARGEST_TAPE", 1)
        return log_joint_each(program, slots, switches)


def test_registers_are_used_again_only_after_their_last_reader() -> None:
    """Played instruction by instruction: every place holds what is expected of it, and no instruction reads its own."""
    from attribution.network.registers_kernel import reuse_registers

    program = tower_22()
    for tape in (joint_tape(program), product([1, 2], 0.0), Tape(3).sealed([0, 2])):
        read, written, ends = len(tape.loads), len(tape.code), len(tape.outputs)
        short = tuple(np.empty(shape, dtype=np.int64) for shape in (read, (written, 4), ends, written))
        room = tuple(np.empty(tape.inputs + written, dtype=np.int64) for _ in range(3))
        count = reuse_registers((tape.loads, tape.code, tape.outputs), short, room)
        at, brief, last, writes = short
        assert count <= read + written
        holds = dict(zip(at.tolist(), tape.loads.tolist(), strict=True))
        for t, (whole, few) in enumerate(zip(tape.code, brief, strict=True)):
            for (reads, register), (_, place) in zip(_read_by(whole[None]), _read_by(few[None]), strict=True):
                if reads[0]:
                    assert holds[int(place[0])] == register[0]
                    assert place[0] != writes[t]
            holds[int(writes[t])] = tape.inputs + t
        assert [holds[place] for place in last.tolist()] == tape.outputs.tolist()
    assert count == 3  # of the last: two inputs are read, and what nobody reads is written in one place


def test_an_unknown_reader_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    tape = product([1], 0.0)
    with pytest.raises(UsageError, match="ATTRIBUTION_READER"):
        by("quick", monkeypatch, lambda: read(tape, np.ones((1, 1))))


def test_the_compiled_reader_has_kept_its_vectors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many draws at a time cost less than a third, a draw, of the same instructions in a plain loop over draws."""
    from attribution.network.tape_kernel import values_and_pull

    program = tower_22()
    tape, z = joint_tape(program), drawn(program, 1024)
    out, none = np.empty((len(z), len(program.factions))), np.empty(0)
    monkeypatch.setenv("ATTRIBUTION_READER", "compiled")

    def vectors() -> None:
        read(tape, z)

    ints, floats = tape.packed()

    def loop() -> None:
        for draw in range(len(z)):
            values_and_pull(z[draw], ints, floats, none, out[draw], none)

    assert least(vectors) < least(loop) / 3


def least(work: Callable[[], None]) -> float:
    """Processor seconds of some work, the least of five, after a first time that compiles."""
    work()
    found = []
    for _ in range(5):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)
