"""Reading a tape for many draws: which reader, how many draws at a time, on how many threads, and how carefully.

Draws do not depend on one another and both readers give the same bits, so nothing of this can be seen in a result.

NumPy reads until compiling pays (`Native.rather`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from attribution._compile import Native
from attribution.network import tape_numpy
from attribution.network.program import Floats, Ints
from attribution.network.tape import LITERAL, LOG, LOG_ADD, PLUS, POWER, PROBABILITY, RATE, Sealed
from attribution.parallel import threads

_CALL, _NUMBER = 1e-6, 1e-9  # seconds of NumPy per pass over some draws, and per draw in it
_PASSES = np.full(LOG_ADD + 1, 2)  # of each kind of instruction
_PASSES[[PROBABILITY, RATE, POWER, LOG, LOG_ADD]] = 110, 80, 90, 45, 90
_HELD, _BLOCK, _NUMPY_BLOCK = 2**16, 2**17, 2**19  # numbers that registers hold at a time
_MOST_TOGETHER = 2**13  # instructions of versions that are read together: more would leave too few draws to a block


def _kernels() -> ModuleType:
    from attribution.network import tape_kernel

    return tape_kernel


_READ = Native("read", "dqqdqdqqdq", lambda: _kernels().native_read)
_PULL = Native("pull", "dqqdqqddqddqq", lambda: _kernels().native_pull)


def read(tape: Sealed, x: Floats) -> Floats:
    """The outputs of a tape: (draw, output), for inputs `x` (draw, input)."""
    out = np.empty((len(x), len(tape.outputs)))

    def careful(some: Floats) -> Floats:
        values = _values(tape)
        found = tape_numpy.forward_carefully(tape, some)[tape.outputs].T
        return np.asarray(np.where(values, np.exp(np.where(values, found, 0.0)), found))

    def plain(rows: slice) -> None:
        if _READ.rather(_by_numpy(tape, rows.stop - rows.start)):
            unsafe, room = np.zeros(rows.stop - rows.start, dtype=np.int64), _few_registers(tape, rows)
            _READ(_doubles(x[rows]), tape.loads, tape.code, tape.numbers, tape.outputs, out[rows], unsafe, *room)
            _again(careful, (x[rows],), out[rows], unsafe == 1, _width(tape, rows, _NUMPY_BLOCK))
            return
        for some in _blocks(rows, _width(tape, rows, _NUMPY_BLOCK)):
            registers, flags = tape_numpy.forward(tape, x[some])
            out[some] = registers[tape.outputs].T
            _again(careful, (x[some],), out[some], flags, len(flags))

    _in_parts(plain, tape, len(x))
    return out


def read_under(tape: Sealed, x: Floats, changes: Sequence[Mapping[int, Floats]]) -> Iterator[tuple[list[int], Floats]]:
    """The outputs (draw, output) of a tape under each of several changes of its inputs, in an order of their own.

    Parameters
    ----------
    tape
        The tape.
    x
        Its inputs, (draw, input).
    changes
        The inputs that have other values, (draw,) each. What is the same under some changes is worked out once; an
        array counts as the same where it is the same object.

    Yields
    ------
    The positions of changes that come to the same, and the outputs under them.
    """
    place: dict[int, int] = {}
    inputs = list(x.T)
    columns = np.tile(np.arange(tape.inputs), (len(changes), 1))
    for version, change in zip(columns, changes, strict=True):
        for column, other in change.items():
            if id(other) not in place:
                place[id(other)] = len(inputs)
                inputs.append(other)
            version[column] = place[id(other)]
    wide = np.stack(inputs, axis=1) if inputs else x
    distinct, which = np.unique(columns, axis=0, return_inverse=True)
    positions: list[list[int]] = [[] for _ in distinct]
    for position, one in enumerate(which.ravel().tolist()):
        positions[one].append(position)
    coming = iter(positions)
    for several in tape.versions(distinct, wide.shape[1], _MOST_TOGETHER):
        out = read(several, wide)
        for first in range(0, out.shape[1], len(tape.outputs)):
            yield next(coming), out[:, first : first + len(tape.outputs)]


def _values(tape: Sealed) -> NDArray[np.bool_]:
    """Which outputs are values: what reads carefully has their logarithms."""
    op, first = tape.code[:, 0], tape.code[:, 1]
    logs = np.isin(op, (LOG, PLUS, LOG_ADD)) | ((op == LITERAL) & (first == 1))
    return ~np.concatenate([np.zeros(tape.inputs, dtype=bool), logs])[tape.outputs]


def pull(tape: Sealed, x: Floats, push: Floats) -> Floats:
    """Derivatives of the outputs, weighted by `push` (draw, output), by the registers asked for: (draw, register)."""
    out = np.empty((len(x), len(tape.by)))

    def careful(some: Floats, weight: Floats) -> Floats:
        registers = tape_numpy.forward_carefully(tape, some)
        return np.asarray(tape_numpy.backward_carefully(tape, registers, weight)[tape.by].T)

    def plain(rows: slice) -> None:
        if _PULL.rather(_by_numpy(tape, 3 * (rows.stop - rows.start))):
            unsafe, room = np.zeros(rows.stop - rows.start, dtype=np.int64), _room(tape, rows, _BLOCK // 2)
            parts = tape.loads, tape.code, tape.numbers, tape.outputs, tape.by
            _PULL(_doubles(x[rows]), *parts, _doubles(push[rows]), out[rows], unsafe, *room)
            _again(careful, (x[rows], push[rows]), out[rows], unsafe == 1, _width(tape, rows, _NUMPY_BLOCK // 2))
            return
        for some in _blocks(rows, _width(tape, rows, _NUMPY_BLOCK // 2)):
            registers, flags = tape_numpy.forward(tape, x[some])
            out[some] = tape_numpy.backward(tape, registers, push[some])[tape.by].T
            flags |= ~np.isfinite(out[some]).all(axis=1)
            _again(careful, (x[some], push[some]), out[some], flags, len(flags))

    _in_parts(plain, tape, len(x))
    return out


def each_part(work: Callable[[slice], None], draws: int, *, least: int = 64) -> None:
    """Do the work on consecutive parts of the draws, one thread each (for at least so many draws)."""
    count = min(threads(), max(1, draws // least))
    edges: NDArray[np.int64] = np.linspace(0, draws, count + 1).astype(np.int64)
    parts = [slice(int(start), int(stop)) for start, stop in pairwise(edges)]
    if count == 1:
        work(parts[0])
        return
    work_first, *rest = parts
    with ThreadPoolExecutor(count - 1) as pool:
        waiting = [pool.submit(work, part) for part in rest]
        work(work_first)
        for future in waiting:
            future.result()


def _in_parts(work: Callable[[slice], None], tape: Sealed, draws: int) -> None:
    """On all processors where there is enough to do; a thread costs about as much as a million numbers."""
    with np.errstate(all="ignore"):
        each_part(_quietly(work), draws, least=max(64, 2**20 // max(1, len(tape.code))))


def _quietly(work: Callable[[slice], None]) -> Callable[[slice], None]:
    def quiet(rows: slice) -> None:
        with np.errstate(all="ignore"):  # of this thread
            work(rows)

    return quiet


def _again(
    careful: Callable[..., Floats], given: tuple[Floats, ...], out: Floats, unsafe: NDArray[np.bool_], width: int
) -> None:
    """Read the draws that left the range of doubles once more, carefully."""
    which = np.flatnonzero(unsafe)
    for some in _blocks(slice(0, len(which)), width):
        out[which[some]] = careful(*(np.ascontiguousarray(each[which[some]]) for each in given))


def _by_numpy(tape: Sealed, draws: int) -> float:
    """Seconds that NumPy would read, about."""
    blocks = max(1.0, draws * len(tape.code) / _NUMPY_BLOCK)
    return int(_PASSES[tape.code[:, 0]].sum()) * (blocks * _CALL + draws * _NUMBER)


def _width(tape: Sealed, rows: slice, numbers: int) -> int:
    """How many draws at a time: as many as keep the registers near the processor, in whole vectors."""
    fit = numbers // (tape.inputs + len(tape.code) + 1)
    return int(max(1, min(rows.stop - rows.start, max(8, fit - fit % 8))))


def _blocks(rows: slice, width: int) -> list[slice]:
    return [slice(start, min(start + width, rows.stop)) for start in range(rows.start, rows.stop, width)]


def _few_registers(tape: Sealed, rows: slice) -> tuple[Ints, Floats, Ints]:
    """What reading forwards works in: a flag for each of some draws, their registers, and the tape once more."""
    read, instructions = len(tape.loads), len(tape.code)
    flags, held = np.zeros(rows.stop - rows.start, dtype=np.int64), np.empty(max(_HELD, 8 * (read + instructions)))
    brief = read + 5 * instructions + len(tape.outputs) + 3 * (tape.inputs + instructions)
    return flags, held, np.empty(brief, dtype=np.int64)


def _room(tape: Sealed, rows: slice, numbers: int) -> tuple[Floats, Floats, Ints, Ints]:
    """What reading backwards works in: registers of some draws and their derivatives, flags, and what is written."""
    width, registers = _width(tape, rows, numbers), tape.inputs + len(tape.code)
    tables = np.empty((registers, width)), np.empty((registers, width))
    return *tables, np.zeros(width, dtype=np.int64), np.empty(len(tape.code), dtype=np.int64)


def _doubles(x: Floats) -> Floats:
    return np.ascontiguousarray(x, dtype=np.float64)
