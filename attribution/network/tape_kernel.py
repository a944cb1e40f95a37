"""The compiled readers of a tape: forwards for a block of draws, backwards for derivatives, carefully for one draw.

Draws are innermost and contiguous, so every instruction is one loop of vector instructions. Elementary functions are
those of `attribution.network.elementary`, operation by operation: compiled or not, a tape gives the same bits.
"""

from __future__ import annotations

import math

import numpy as np
from numba import carray

from attribution._compile import kernel
from attribution.network.curves import FARTHEST, LOWEST
from attribution.network.elementary import ROOT_HALF
from attribution.network.elementary_kernel import (
    compiled_exp,
    compiled_log,
    compiled_log_add,
    compiled_normal_cdf,
    compiled_sinh,
)
from attribution.network.pointers_kernel import doubles, integers
from attribution.network.program import Floats, Ints
from attribution.network.registers_kernel import reuse_registers
from attribution.network.tape import (
    ADD,
    DIVIDE,
    LARGEST,
    LITERAL,
    LOG,
    LOG_ADD,
    MULTIPLY,
    MULTIPLY_ADD,
    PLUS,
    POWER,
    PROBABILITY,
    RATE,
    REST,
    SMALLEST,
)

_DENSITY = 1.0 / math.sqrt(2.0 * math.pi)


@kernel
def _power(x: float, exponent: float) -> float:
    return compiled_exp(exponent * compiled_log(x)) if x > 0.0 else 0.0


@kernel
def forward(code: Ints, writes: Ints, numbers: Floats, r: Floats, unsafe: Ints) -> None:
    """Fill the registers `r` (register, draw) that are written; `unsafe` (draw,) is 1 where a checked value left."""
    draws = r.shape[1]
    unsafe[:] = 0
    for t in range(code.shape[0]):
        op, a, b, c, o = code[t, 0], code[t, 1], code[t, 2], code[t, 3], writes[t]
        if op == MULTIPLY_ADD:
            for j in range(draws):
                r[o, j] = r[a, j] * r[b, j] + r[c, j]
        elif op == MULTIPLY:
            for j in range(draws):
                r[o, j] = r[a, j] * r[b, j]
        elif op in (ADD, PLUS):
            for j in range(draws):
                r[o, j] = r[a, j] + r[b, j]
        elif op == REST:
            for j in range(draws):
                r[o, j] = 1.0 - r[a, j]
        elif op == DIVIDE:
            for j in range(draws):
                r[o, j] = r[a, j] / r[b, j]
        elif op == LOG:
            for j in range(draws):
                r[o, j] = compiled_log(r[a, j])
            if c == 1:
                for j in range(draws):
                    unsafe[j] |= 1 - np.int64((r[a, j] >= SMALLEST) & (r[a, j] <= LARGEST))
        elif op == LOG_ADD:
            for j in range(draws):
                r[o, j] = compiled_log_add(r[a, j], r[b, j])
        elif op == POWER:
            for j in range(draws):
                r[o, j] = _power(r[a, j], numbers[b, 0])
        elif op == LITERAL:
            r[o, :] = numbers[b, 0]
        else:
            _forward_curve(op, a, numbers[b], c, o, r)


@kernel
def _forward_curve(op: int, a: int, curve: Floats, c: int, o: int, r: Floats) -> None:
    draws = r.shape[1]
    level, slope, d, s = curve[0], curve[1], curve[2], curve[3]
    if d > 0.0:
        for j in range(draws):
            r[o, j] = compiled_sinh(d * (r[a, j] + s)) * slope + level
    else:
        for j in range(draws):
            r[o, j] = r[a, j] * slope + level
    if c >= 0:
        for j in range(draws):
            r[o, j] += curve[4] * r[c, j]
    if op == PROBABILITY:
        for j in range(draws):
            r[o, j] = compiled_normal_cdf(max(r[o, j], LOWEST))
    else:
        for j in range(draws):
            r[o, j] = compiled_exp(min(max(r[o, j], -FARTHEST), FARTHEST))


@kernel
def backward(inputs: int, code: Ints, numbers: Floats, r: Floats, g: Floats) -> None:
    """Push derivatives `g` (register, draw) of the registers down to those they were made of."""
    draws = r.shape[1]
    for t in range(code.shape[0] - 1, -1, -1):
        op, a, b, c, o = code[t, 0], code[t, 1], code[t, 2], code[t, 3], inputs + t
        if op == MULTIPLY_ADD:
            for j in range(draws):
                g[a, j] += g[o, j] * r[b, j]
            for j in range(draws):
                g[b, j] += g[o, j] * r[a, j]
            for j in range(draws):
                g[c, j] += g[o, j]
        elif op == MULTIPLY:
            for j in range(draws):
                g[a, j] += g[o, j] * r[b, j]
            for j in range(draws):
                g[b, j] += g[o, j] * r[a, j]
        elif op in (ADD, PLUS):
            for j in range(draws):
                g[a, j] += g[o, j]
            for j in range(draws):
                g[b, j] += g[o, j]
        elif op == REST:
            for j in range(draws):
                g[a, j] -= g[o, j]
        elif op == DIVIDE:
            for j in range(draws):
                g[a, j] += g[o, j] / r[b, j]
            for j in range(draws):
                g[b, j] -= g[o, j] * r[o, j] / r[b, j]
        elif op == LOG:
            for j in range(draws):
                g[a, j] += g[o, j] / r[a, j] if r[a, j] > 0.0 else 0.0
        elif op == LOG_ADD:
            _share(r[a], r[o], g[o], g[a])
            _share(r[b], r[o], g[o], g[b])
        elif op == POWER:
            for j in range(draws):
                g[a, j] += g[o, j] * numbers[b, 0] * r[o, j] / r[a, j] if r[a, j] > 0.0 else 0.0
        elif op != LITERAL:
            for j in range(draws):
                slope, more = _slopes(op, r[a, j], r[c, j] if c >= 0 else 0.0, numbers[b], 0.0)
                g[a, j] += g[o, j] * slope
                if c >= 0:
                    g[c, j] += g[o, j] * more


@kernel
def _share(term: Floats, total: Floats, push: Floats, g: Floats) -> None:
    """The derivative by a term of a sum, all in logarithms."""
    for j in range(len(g)):
        g[j] += push[j] * compiled_exp(term[j] - total[j]) if term[j] > -math.inf else 0.0


@kernel
def _on_scale(first: float, second: float, curve: Floats) -> float:
    """``T`` of a curve, on its probit or log scale."""
    bent = math.sinh(curve[2] * (first + curve[3])) if curve[2] > 0.0 else first
    return curve[0] + curve[1] * bent + curve[4] * second


@kernel
def _slopes(op: int, first: float, second: float, curve: Floats, log_scale: float) -> tuple[float, float]:
    """The derivatives of a probability or a rate by its standard normals, divided by ``exp(log_scale)``."""
    bent, bend = first, curve[1]
    if curve[2] > 0.0:
        bent = math.sinh(curve[2] * (first + curve[3]))
        bend *= curve[2] * math.sqrt(1.0 + bent * bent)
    place = curve[0] + curve[1] * bent + curve[4] * second
    if op == PROBABILITY:
        slope = _DENSITY * math.exp(-0.5 * place * place - log_scale) if place > LOWEST else 0.0
    else:
        slope = math.exp(place - log_scale) if abs(place) < FARTHEST else 0.0
    return slope * bend, slope * curve[4]


@kernel
def read_draws(
    x: Floats,
    tape: tuple[Ints, Ints, Ints, Ints, Floats, Ints],
    out: Floats,
    unsafe: Ints,
    r: Floats,
    flags: Ints,
) -> None:
    """The output registers (draw, output) for inputs `x` (draw, input), as many draws at a time as `r` has columns.

    `tape` is the inputs that are read and the registers that they are put into, the code and the registers that it
    writes, the numbers, and the outputs; `r` (register, draw) and `flags` (draw,) are for it to work in.
    """
    loads, at, code, writes, numbers, outputs = tape
    width = r.shape[1]
    for begin in range(0, x.shape[0], width):
        here = min(width, x.shape[0] - begin)
        _load(x, loads, at, begin, here, r)
        forward(code, writes, numbers, r, flags)
        for j in range(here):
            for k in range(len(outputs)):
                out[begin + j, k] = r[outputs[k], j]
            unsafe[begin + j] = flags[j]


@kernel
def pull_draws(
    x: Floats,
    tape: tuple[Ints, Ints, Floats, Ints, Ints],
    push: Floats,
    out: Floats,
    unsafe: Ints,
    room: tuple[Floats, Floats, Ints, Ints],
) -> None:
    """Derivatives of the outputs, weighted by `push` (draw, output), by some registers: (draw, register).

    `tape` is the inputs that are read, the code, the numbers, the outputs, and the registers that derivatives are asked
    by; `room` is for it to work in: two tables of (register, draw), flags (draw,), and a table (instruction,).
    """
    loads, code, numbers, outputs, by = tape
    r, g, flags, writes = room
    inputs, width = x.shape[1], r.shape[1]
    for t in range(len(writes)):
        writes[t] = inputs + t
    for begin in range(0, x.shape[0], width):
        here = min(width, x.shape[0] - begin)
        _load(x, loads, loads, begin, here, r)
        forward(code, writes, numbers, r, flags)
        g[:] = 0.0
        for j in range(here):
            for k in range(len(outputs)):
                if r[outputs[k], j] > -math.inf:
                    g[outputs[k], j] += push[begin + j, k]
        backward(inputs, code, numbers, r, g)
        for j in range(here):
            unsafe[begin + j] = flags[j]
            for k in range(len(by)):
                out[begin + j, k] = g[by[k], j]
                if not math.isfinite(g[by[k], j]):
                    unsafe[begin + j] = 1


def native_read(places: Ints, shapes: Ints) -> None:
    """`read_draws` of arrays that lie at some places, as `Native` has it: their shapes one after another.

    With few registers: of the last two arrays, one has room for these, the other for the tape once more and for what
    writing it takes (`reuse_registers`).
    """
    draws, inputs, read, instructions, numbers = shapes[0], shapes[1], shapes[2], shapes[3], shapes[5]
    wanted, held, room = shapes[7], shapes[12], places[9]
    loads = carray(integers(places[1]), (read,))
    at = carray(integers(room), (read,))
    code = carray(integers(room + 8 * read), (instructions, 4))
    writes = carray(integers(room + 8 * (read + 4 * instructions)), (instructions,))
    ends = carray(integers(room + 8 * (read + 5 * instructions)), (wanted,))
    tables = carray(integers(room + 8 * (read + 5 * instructions + wanted)), (3, inputs + instructions))
    registers = reuse_registers(
        (loads, carray(integers(places[2]), (instructions, 4)), carray(integers(places[4]), (wanted,))),
        (at, code, ends, writes),
        (tables[0], tables[1], tables[2]),
    )
    fit = held // max(1, registers)
    width = max(1, min(draws, fit - fit % 8))
    read_draws(
        carray(doubles(places[0]), (draws, inputs)),
        (loads, at, code, writes, carray(doubles(places[3]), (numbers, 5)), ends),
        carray(doubles(places[5]), (draws, wanted)),
        carray(integers(places[6]), (draws,)),
        carray(doubles(places[8]), (registers, width)),
        carray(integers(places[7]), (width,)),
    )


def native_pull(places: Ints, shapes: Ints) -> None:
    """`pull_draws` in the same way."""
    draws, inputs, read, instructions, numbers = shapes[0], shapes[1], shapes[2], shapes[3], shapes[5]
    wanted, asked, registers, width = shapes[7], shapes[8], shapes[14], shapes[15]
    pull_draws(
        carray(doubles(places[0]), (draws, inputs)),
        (
            carray(integers(places[1]), (read,)),
            carray(integers(places[2]), (instructions, 4)),
            carray(doubles(places[3]), (numbers, 5)),
            carray(integers(places[4]), (wanted,)),
            carray(integers(places[5]), (asked,)),
        ),
        carray(doubles(places[6]), (draws, wanted)),
        carray(doubles(places[7]), (draws, asked)),
        carray(integers(places[8]), (draws,)),
        (
            carray(doubles(places[9]), (registers, width)),
            carray(doubles(places[10]), (registers, width)),
            carray(integers(places[11]), (width,)),
            carray(integers(places[12]), (instructions,)),
        ),
    )


@kernel
def _load(x: Floats, loads: Ints, at: Ints, begin: int, here: int, r: Floats) -> None:
    """Draws from `begin` on, the inputs that are read; what is left of the block repeats the last of them."""
    for j in range(r.shape[1]):
        row = begin + min(j, here - 1)
        for k in range(len(loads)):
            r[at[k], j] = x[row, loads[k]]


@kernel
def values_and_pull(z: Floats, ints: Ints, floats: Floats, push: Floats, out: Floats, gradient: Floats) -> None:
    """The outputs of a packed tape for one draw `z`, which may have more coordinates than the tape knows.

    And the derivative of the outputs, weighted by `push` (output,), by `z`; left out where there are no weights. Read
    plainly, and once more carefully where that left the range of doubles.
    """
    inputs, first = ints[0], 2 + ints[1]
    outputs, code, numbers = ints[2:first], ints[first:].reshape(-1, 4), floats.reshape(-1, 5)
    r, g = np.empty(inputs + code.shape[0]), np.empty(inputs + code.shape[0] if len(push) else 0)
    r[:inputs] = z[:inputs]
    safe = _forward_plainly(inputs, code, numbers, r)
    if safe and len(push):
        _begin(outputs, push, r, g)
        _backward_plainly(inputs, code, numbers, r, g)
        safe = bool(np.isfinite(g[:inputs]).all())
    if not safe:
        _forward_carefully(inputs, code, numbers, r)
        if len(push):
            _begin(outputs, push, r, g)
            _backward_carefully(inputs, code, numbers, r, g)
    for k in range(len(outputs)):
        out[k] = r[outputs[k]]
    if len(push):
        gradient[:] = 0.0
        gradient[:inputs] = g[:inputs]


@kernel
def _begin(outputs: Ints, push: Floats, r: Floats, g: Floats) -> None:
    """Derivatives `g` (register,) before anything is pushed down."""
    g[:] = 0.0
    for k in range(len(outputs)):
        if r[outputs[k]] > -math.inf:
            g[outputs[k]] += push[k]


@kernel
def _forward_plainly(inputs: int, code: Ints, numbers: Floats, r: Floats) -> bool:
    """Registers `r` (register,) of one draw; whether every value that is checked stayed in the range of doubles."""
    for t in range(code.shape[0]):
        op, a, b, c, o = code[t, 0], code[t, 1], code[t, 2], code[t, 3], inputs + t
        if op == MULTIPLY_ADD:
            r[o] = r[a] * r[b] + r[c]
        elif op == MULTIPLY:
            r[o] = r[a] * r[b]
        elif op in (ADD, PLUS):
            r[o] = r[a] + r[b]
        elif op == REST:
            r[o] = 1.0 - r[a]
        elif op == DIVIDE:
            r[o] = r[a] / r[b]
        elif op == LOG:
            if c == 1 and not SMALLEST <= r[a] <= LARGEST:
                return False
            r[o] = math.log(r[a]) if r[a] > 0.0 else -math.inf
        elif op == LOG_ADD:
            r[o] = _log_sum(r[a], r[b])
        elif op == POWER:
            r[o] = r[a] ** numbers[b, 0]
        elif op == LITERAL:
            r[o] = numbers[b, 0]
        else:
            place = _on_scale(r[a], r[c] if c >= 0 else 0.0, numbers[b])
            if op == PROBABILITY:
                r[o] = 0.5 * math.erfc(-max(place, LOWEST) * ROOT_HALF)
            else:
                r[o] = math.exp(min(max(place, -FARTHEST), FARTHEST))
    return True


@kernel
def _backward_plainly(inputs: int, code: Ints, numbers: Floats, r: Floats, g: Floats) -> None:
    """Push derivatives `g` (register,) of one draw down to its inputs."""
    for t in range(code.shape[0] - 1, -1, -1):
        op, a, b, c, push = code[t, 0], code[t, 1], code[t, 2], code[t, 3], g[inputs + t]
        if op == MULTIPLY_ADD:
            g[a] += push * r[b]
            g[b] += push * r[a]
            g[c] += push
        elif op == MULTIPLY:
            g[a] += push * r[b]
            g[b] += push * r[a]
        elif op in (ADD, PLUS):
            g[a] += push
            g[b] += push
        elif op == REST:
            g[a] -= push
        elif op == DIVIDE:
            g[a] += push / r[b]
            g[b] -= push * r[inputs + t] / r[b]
        elif op == LOG:
            g[a] += push / r[a] if r[a] > 0.0 else 0.0
        elif op == LOG_ADD:
            for term in (a, b):
                g[term] += push * math.exp(r[term] - r[inputs + t]) if r[term] > -math.inf else 0.0
        elif op == POWER:
            g[a] += push * numbers[b, 0] * r[inputs + t] / r[a] if r[a] > 0.0 else 0.0
        elif op != LITERAL:
            slope, more = _slopes(op, r[a], r[c] if c >= 0 else 0.0, numbers[b], 0.0)
            g[a] += push * slope
            if c >= 0:
                g[c] += push * more


@kernel
def _forward_carefully(inputs: int, code: Ints, numbers: Floats, r: Floats) -> None:
    """Every value as its logarithm, in registers `r` (register,) whose inputs are standard normals."""
    for t in range(code.shape[0]):
        op, a, b, c, o = code[t, 0], code[t, 1], code[t, 2], code[t, 3], inputs + t
        if op == LITERAL:
            r[o] = numbers[b, 0] if a == 1 else math.log(numbers[b, 0])
        elif op == PROBABILITY:
            r[o] = _log_cdf(_on_scale(r[a], r[c] if c >= 0 else 0.0, numbers[b]))
        elif op == RATE:
            r[o] = min(max(_on_scale(r[a], r[c] if c >= 0 else 0.0, numbers[b]), -FARTHEST), FARTHEST)
        elif op in (ADD, LOG_ADD):
            r[o] = _log_sum(r[a], r[b])
        elif op in (MULTIPLY, PLUS):
            r[o] = r[a] + r[b]
        elif op == MULTIPLY_ADD:
            r[o] = _log_sum(r[a] + r[b], r[c])
        elif op == REST:
            r[o] = math.log(-math.expm1(r[a])) if r[a] < 0.0 else -math.inf
        elif op == DIVIDE:
            r[o] = r[a] - r[b] if r[a] > -math.inf else -math.inf
        elif op == POWER:
            r[o] = numbers[b, 0] * r[a]
        else:
            r[o] = r[a]


@kernel
def _backward_carefully(inputs: int, code: Ints, numbers: Floats, r: Floats, g: Floats) -> None:
    """Derivatives by logarithms: shares of sums, none of which can leave the range of doubles."""
    for t in range(code.shape[0] - 1, -1, -1):
        op, a, b, c, o = code[t, 0], code[t, 1], code[t, 2], code[t, 3], inputs + t
        push, whole = g[o], r[o]
        if push == 0.0 or whole == -math.inf or op == LITERAL:
            continue
        if op in (PROBABILITY, RATE):
            slope, more = _slopes(op, r[a], r[c] if c >= 0 else 0.0, numbers[b], whole)
            g[a] += push * slope
            if c >= 0:
                g[c] += push * more
        elif op in (ADD, LOG_ADD):
            g[a] += push * math.exp(r[a] - whole)
            g[b] += push * math.exp(r[b] - whole)
        elif op in (MULTIPLY, PLUS):
            g[a] += push
            g[b] += push
        elif op == MULTIPLY_ADD:
            share = push * math.exp(r[a] + r[b] - whole)
            g[a] += share
            g[b] += share
            g[c] += push * math.exp(r[c] - whole)
        elif op == REST:
            g[a] -= push * math.exp(r[a] - whole)
        elif op == DIVIDE:
            g[a] += push
            g[b] -= push
        elif op == POWER:
            g[a] += push * numbers[b, 0]
        else:
            g[a] += push


@kernel
def _log_cdf(place: float) -> float:
    return math.log(0.5 * math.erfc(-max(place, LOWEST) * ROOT_HALF))


@kernel
def _log_sum(a: float, b: float) -> float:
    high, low = max(a, b), min(a, b)
    return high + math.log1p(math.exp(low - high)) if low > -math.inf else high
