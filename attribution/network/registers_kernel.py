"""A tape written once more so that registers are used again as soon as nobody reads them.

However long a tape is, few of its values are wanted at any time: with as few registers the draws that are read together
stay near the processor, and are many enough for vectors.
"""

from __future__ import annotations

from attribution._compile import kernel
from attribution.network.program import Ints
from attribution.network.tape import (
    ADD,
    DIVIDE,
    LITERAL,
    LOG_ADD,
    MULTIPLY,
    MULTIPLY_ADD,
    PLUS,
    PROBABILITY,
    RATE,
)


@kernel
def reuse_registers(
    tape: tuple[Ints, Ints, Ints], short: tuple[Ints, Ints, Ints, Ints], room: tuple[Ints, Ints, Ints]
) -> int:
    """How many registers there are then.

    `tape` is the inputs that are read, the code and the outputs; `short` takes the same three with registers of their
    own, and last the register that each instruction writes, which is none of those it reads. `room` are three tables
    (register,) to work in.
    """
    (loads, code, outputs), (at, brief, ends, writes), (last, place, spare) = tape, short, room
    inputs = len(last) - len(code)
    _last_reads(code, outputs, last)
    count, left = len(loads), 0
    for k in range(count):
        at[k] = place[loads[k]] = k
    for t in range(len(code)):
        if left > 0:
            left -= 1
            place[inputs + t] = spare[left]
        else:
            place[inputs + t] = count
            count += 1
        writes[t] = place[inputs + t]
        brief[t, 0] = code[t, 0]
        for column in range(1, 4):
            register = brief[t, column] = code[t, column]
            if _reads(code[t, 0], column, register):
                brief[t, column] = place[register]
                if last[register] == t:
                    last[register] = -1  # once, also where it is read twice
                    spare[left] = place[register]
                    left += 1
        if last[inputs + t] < 0:  # a check that nobody reads
            spare[left] = writes[t]
            left += 1
    for k in range(len(outputs)):
        ends[k] = place[outputs[k]]
    return count


@kernel
def _last_reads(code: Ints, outputs: Ints, last: Ints) -> None:
    """The last instruction that reads each register, -1 for none; outputs are read after all of them."""
    last[:] = -1
    for t in range(len(code)):
        for column in range(1, 4):
            if _reads(code[t, 0], column, code[t, column]):
                last[code[t, column]] = t
    for output in outputs:
        last[output] = len(code)


@kernel
def _reads(op: int, column: int, register: int) -> bool:
    """Whether what stands in a column of an instruction is a register that it reads."""
    if column == 1:
        return op != LITERAL
    if column == 2:
        return op in (ADD, MULTIPLY, MULTIPLY_ADD, DIVIDE, PLUS, LOG_ADD)
    return op == MULTIPLY_ADD or (op in (PROBABILITY, RATE) and register >= 0)
