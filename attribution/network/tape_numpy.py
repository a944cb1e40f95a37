"""The readers of a tape that need no compiler: one NumPy call per instruction, many draws at a time.

Read plainly, a tape gives the same bits as in `tape_kernel`, so that which reader was used can never be seen in a
result. Read carefully, every value is its own logarithm: slower, and nothing can leave its range.
"""

from __future__ import annotations

import numpy as np

from attribution.network.curves import FARTHEST, LOWEST
from attribution.network.elementary import exp, log, normal_cdf, sinh
from attribution.network.program import Floats, Ints
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
    Sealed,
)

type Flags = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]

_DENSITY = 1.0 / np.sqrt(2.0 * np.pi)


def forward(tape: Sealed, x: Floats) -> tuple[Floats, Flags]:
    """All registers (register, draw) for inputs `x` (draw, input), and the draws in which a checked value left."""
    r = _registers(tape, x)
    unsafe = np.zeros(len(x), dtype=bool)
    _curves(tape, r)
    rows, o = list(r), tape.inputs
    for op, a, b, c in tape.code.tolist():
        if op == MULTIPLY_ADD:
            np.multiply(rows[a], rows[b], out=rows[o])
            np.add(rows[o], rows[c], out=rows[o])
        elif op == MULTIPLY:
            np.multiply(rows[a], rows[b], out=rows[o])
        elif op in (ADD, PLUS):
            np.add(rows[a], rows[b], out=rows[o])
        elif op == REST:
            np.subtract(1.0, rows[a], out=rows[o])
        elif op == DIVIDE:
            np.divide(rows[a], rows[b], out=rows[o])
        elif op == LOG:
            rows[o][:] = log(rows[a])
            if c:
                unsafe |= ~((rows[a] >= SMALLEST) & (rows[a] <= LARGEST))
        elif op == LOG_ADD:
            high, low = np.maximum(rows[a], rows[b]), np.minimum(rows[a], rows[b])
            rows[o][:] = np.where(low > -np.inf, high + log(1.0 + exp(low - high)), high)
        elif op == POWER:
            rows[o][:] = np.where(rows[a] > 0.0, exp(tape.numbers[b, 0] * log(rows[a])), 0.0)
        elif op == LITERAL:
            rows[o][:] = tape.numbers[b, 0]
        o += 1
    return r, unsafe


def backward(tape: Sealed, r: Floats, push: Floats) -> Floats:
    """Derivatives (register, draw) of the outputs, weighted by `push` (draw, output), by every register."""
    g = _seeded(tape, r, push)
    rows, pushes, o = list(r), list(g), len(r)
    for op, a, b, c in reversed(tape.code.tolist()):
        o -= 1
        mine = pushes[o]
        if op in (MULTIPLY, MULTIPLY_ADD):
            pushes[a] += mine * rows[b]
            pushes[b] += mine * rows[a]
            if op == MULTIPLY_ADD:
                pushes[c] += mine
        elif op in (ADD, PLUS):
            pushes[a] += mine
            pushes[b] += mine
        elif op == REST:
            pushes[a] -= mine
        elif op == DIVIDE:
            pushes[a] += mine / rows[b]
            pushes[b] -= mine * rows[o] / rows[b]
        elif op == LOG:
            pushes[a] += np.where(rows[a] > 0.0, mine / rows[a], 0.0)
        elif op == LOG_ADD:
            for term in (a, b):
                pushes[term] += np.where(rows[term] > -np.inf, mine * exp(rows[term] - rows[o]), 0.0)
        elif op == POWER:
            pushes[a] += np.where(rows[a] > 0.0, mine * tape.numbers[b, 0] * rows[o] / rows[a], 0.0)
    _curves_backward(tape, r, g, r)
    return g


def forward_carefully(tape: Sealed, x: Floats) -> Floats:
    """As `forward`, every value as its logarithm."""
    r = _registers(tape, x if tape.normals else np.log(x))
    _curves(tape, r)
    curves = tape.inputs + np.flatnonzero(np.isin(tape.code[:, 0], (PROBABILITY, RATE)))
    r[curves] = np.log(r[curves])
    rows, o = list(r), tape.inputs
    for op, a, b, c in tape.code.tolist():
        if op == MULTIPLY_ADD:
            np.logaddexp(rows[a] + rows[b], rows[c], out=rows[o])
        elif op in (MULTIPLY, PLUS):
            np.add(rows[a], rows[b], out=rows[o])
        elif op in (ADD, LOG_ADD):
            np.logaddexp(rows[a], rows[b], out=rows[o])
        elif op == REST:
            np.log(-np.expm1(np.minimum(rows[a], 0.0)), out=rows[o])
        elif op == DIVIDE:
            rows[o][:] = np.where(rows[a] > -np.inf, rows[a] - rows[b], -np.inf)
        elif op == LOG:
            rows[o][:] = rows[a]
        elif op == POWER:
            np.multiply(tape.numbers[b, 0], rows[a], out=rows[o])
        elif op == LITERAL:
            rows[o][:] = tape.numbers[b, 0] if a else np.log(tape.numbers[b, 0])
        o += 1
    return r


def backward_carefully(tape: Sealed, r: Floats, push: Floats) -> Floats:
    """Derivatives by the logarithms of registers, from logarithms: shares of sums; by standard normals as they are."""
    g = _seeded(tape, r, push)
    rows, pushes, o = list(r), list(g), len(r)
    for op, a, b, c in reversed(tape.code.tolist()):
        o -= 1
        mine = np.where(rows[o] > -np.inf, pushes[o], 0.0)
        whole = np.where(rows[o] > -np.inf, rows[o], 0.0)
        if op == MULTIPLY_ADD:
            share = mine * np.exp(rows[a] + rows[b] - whole)
            pushes[a] += share
            pushes[b] += share
            pushes[c] += mine * np.exp(rows[c] - whole)
        elif op in (MULTIPLY, PLUS):
            pushes[a] += mine
            pushes[b] += mine
        elif op in (ADD, LOG_ADD):
            pushes[a] += mine * np.exp(rows[a] - whole)
            pushes[b] += mine * np.exp(rows[b] - whole)
        elif op == REST:
            pushes[a] -= mine * np.exp(rows[a] - whole)
        elif op == DIVIDE:
            pushes[a] += mine
            pushes[b] -= mine
        elif op == POWER:
            pushes[a] += mine * tape.numbers[b, 0]
        elif op == LOG:
            pushes[a] += mine
    curves = tape.inputs + np.flatnonzero(np.isin(tape.code[:, 0], (PROBABILITY, RATE)))
    g[curves] /= np.exp(r[curves])
    plain = r.copy()
    plain[curves] = np.exp(r[curves])
    _curves_backward(tape, r, g, plain)
    return g


def _registers(tape: Sealed, x: Floats) -> Floats:
    r = np.empty((tape.inputs + len(tape.code), len(x)))
    r[tape.loads] = x.T[tape.loads]
    return r


def _seeded(tape: Sealed, r: Floats, push: Floats) -> Floats:
    g = np.zeros_like(r)
    for output, weight in zip(tape.outputs.tolist(), push.T, strict=True):
        g[output] += np.where(r[output] > -np.inf, weight, 0.0)
    return g


def _places(tape: Sealed, r: Floats) -> tuple[Ints, Floats]:
    """The instructions that are curves, and where their numbers lie on their probit or log scales: (curve, draw)."""
    which = np.flatnonzero(np.isin(tape.code[:, 0], (PROBABILITY, RATE)))
    first, second = tape.code[which, 1], tape.code[which, 3]
    level, slope, d, s, vary = (column[:, None] for column in tape.numbers[tape.code[which, 2]].T)
    place = r[first]
    bent = d[:, 0] > 0.0
    place[bent] = sinh(d[bent] * (place[bent] + s[bent]))
    place = place * slope + level
    varied = second >= 0
    place[varied] += vary[varied] * r[second[varied]]
    return which, place


def _curves(tape: Sealed, r: Floats) -> None:
    """All curves in one stroke; their inputs are standard normals."""
    which, place = _places(tape, r)
    rate = tape.code[which, 0] == RATE
    value = np.empty_like(place)
    value[~rate] = normal_cdf(np.maximum(place[~rate], LOWEST))
    value[rate] = exp(np.minimum(np.maximum(place[rate], -FARTHEST), FARTHEST))
    r[tape.inputs + which] = value


def _curves_backward(tape: Sealed, r: Floats, g: Floats, values: Floats) -> None:
    """From derivatives by the curves to those by the standard normals; `values` holds the curves as they are."""
    which, place = _places(tape, r)
    rate = (tape.code[which, 0] == RATE)[:, None]
    density = np.where(place > LOWEST, _DENSITY * exp(-0.5 * place * place), 0.0)
    slope = np.where(rate, np.where(np.abs(place) < FARTHEST, values[tape.inputs + which], 0.0), density)
    push = g[tape.inputs + which] * slope
    _, b, d, s, vary = (column[:, None] for column in tape.numbers[tape.code[which, 2]].T)
    first, second = tape.code[which, 1], tape.code[which, 3]
    e = exp(d * (r[first] + s))
    bend = np.where(d > 0.0, b * d * 0.5 * (e + 1.0 / e), b)
    for k, (into, more) in enumerate(zip(first.tolist(), second.tolist(), strict=True)):
        g[into] += push[k] * bend[k]
        if more >= 0:
            g[more] += push[k] * vary[k]
