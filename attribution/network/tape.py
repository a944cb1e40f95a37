"""A network as a tape: a list of vector instructions, each value written once, equal expressions only once.

The emitter says *what* is computed, in plain Python, as the formulas stand on paper; the readers (`tape_kernel`,
`tape_numpy`) say *how*: forwards for many draws at a time, backwards for derivatives, by one local rule per kind of
instruction. A *register* holds one number per draw: the inputs first, then one register per instruction.

Values are numbers that cannot be negative (probabilities, ratios, and what sums and products make of them) until `LOG`
turns one into a logarithm; from there on only `PLUS` and `LOGADD` follow. So a tape can be read in two ways. Plainly,
values are doubles, which is fast. In logarithms, every value is the logarithm of itself, which is slow and cannot leave
any range: that is the *careful* reading, for the draws whose values might have.

Which those are is found out by bounds. Every register has a floor and a ceiling, in powers of two: whatever the draw,
its value is 0 or lies between. And it has a bound on what underflow may have taken from it, or from what it was made
of. Where bounds stay well inside the range of doubles nothing is checked; elsewhere `LOG` checks its argument in every
draw, and so is, before it is multiplied by something large or divided, a value from which underflow may have taken
something that would then matter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from attribution.network.curves import FARTHEST, Curve
from attribution.network.program import Floats, Ints

# What an instruction (op, a, b, c) writes; a, b, c are registers unless said otherwise.
LITERAL = 0  # a number; b its place among the numbers; a = 1 where it is a logarithm already
PROBABILITY = 1  # Phi(T), T the curve b of the standard normals a and c (-1: none)
RATE = 2  # exp(T)
ADD = 3  # a + b
MULTIPLY = 4  # a b
MULTIPLY_ADD = 5  # a b + c
REST = 6  # 1 - a
DIVIDE = 7  # a / b
POWER = 8  # a to the power b, the place of a number
LOG = 9  # log a; c = 1 where a may have left the range of doubles
PLUS = 10  # a + b, of logarithms
LOG_ADD = 11  # log(exp a + exp b)

_READS_SECOND, _READS_THIRD = np.zeros((2, LOG_ADD + 1), dtype=np.bool_)  # registers, by the kind of instruction
_READS_SECOND[[ADD, MULTIPLY, MULTIPLY_ADD, DIVIDE, PLUS, LOG_ADD]] = True
_READS_THIRD[[PROBABILITY, RATE, MULTIPLY_ADD]] = True

SMALLEST, LARGEST = 2.0**-960, 2.0**960  # a checked value outside is read again, in logarithms
_SAFE = 960.0  # and with such bounds (powers of two) it need not be checked
_UNDERFLOW, _LOST = -1022.0, -1074.0  # a product below the first may be wrong by the second
_MOST_LOST = -1020.0  # what a checked value may have lost: less than rounding takes from it
_FINEST = -53.0  # 1 - a is 0 or at least 2^-53
_NOTHING = -math.inf


class Bounds(NamedTuple):
    """Powers of two: a value is 0, or from `floor` to `ceiling`; underflow may have taken `lost` from it.

    `lost` is -inf where there was none, and inf where something may have overflowed.
    """

    floor: float
    ceiling: float
    lost: float = _NOTHING

    @property
    def safe(self) -> bool:
        return self.floor > -_SAFE and self.ceiling < _SAFE and self.lost == _NOTHING

    def plus(self, other: Bounds) -> Bounds:
        """Bounds of a sum."""
        lost = _log2_sum(self.lost, other.lost)
        return Bounds(min(self.floor, other.floor), _log2_sum(self.ceiling, other.ceiling), lost)

    def times(self, other: Bounds) -> Bounds:
        """Bounds of a product."""
        lost = _log2_sum(self.lost + other.ceiling, other.lost + self.ceiling)
        return _bounded(self.floor + other.floor, self.ceiling + other.ceiling, lost)


def _bounded(floor: float, ceiling: float, lost: float = _NOTHING) -> Bounds:
    """Bounds of a result that may itself have left the range of doubles."""
    if ceiling > _SAFE:
        return Bounds(floor, ceiling, math.inf)
    return Bounds(floor, ceiling, _log2_sum(lost, _LOST) if floor < _UNDERFLOW else lost)


UNIT = Bounds(-333.0, 0.0)  # a probability: 0, or from 1e-100 to 1
ANY_RATIO = Bounds(-FARTHEST * math.log2(math.e), FARTHEST * math.log2(math.e))
_LOGARITHM = Bounds(0.0, 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Sealed:
    """A finished tape: what readers take."""

    inputs: int
    loads: Ints  # the inputs that it reads
    normals: bool  # inputs are standard normals; else values
    code: Ints  # (instruction, 4): op, a, b, c
    numbers: Floats  # (number, 5): a literal or an exponent first; or a curve: a, b, d, s, and the scale of c
    outputs: Ints  # registers that are read off
    by: Ints  # registers that derivatives are asked by

    def packed(self) -> tuple[Ints, Floats]:
        """All integers and all numbers in one array each, for PyTensor: inputs, outputs, then the instructions."""
        header = np.array([self.inputs, len(self.outputs)], dtype=np.int64)
        return np.concatenate([header, self.outputs, self.code.ravel()]), self.numbers.ravel()

    def narrowed(self) -> Sealed:
        """The same tape with no inputs but those that it reads, `loads`."""
        place = np.full(self.inputs + len(self.code), -1, dtype=np.int64)
        place[self.loads] = np.arange(len(self.loads))
        place[self.inputs :] = len(self.loads) + np.arange(len(self.code))
        code = self.code.copy()
        for column, (some, registers) in enumerate(_read_by(code), 1):
            code[some, column] = place[registers[some]]
        by = place[self.by]
        loads = np.arange(len(self.loads))
        return replace(self, inputs=len(loads), loads=loads, code=code, outputs=place[self.outputs], by=by[by >= 0])

    def versions(self, columns: Ints, inputs: int, most: int) -> Iterator[Sealed]:
        """The tape for several versions of what it reads, with what is the same in some of them there once.

        `columns` (version, input) says which of so many `inputs` each version reads as each of its own. As many
        consecutive versions are on one tape as make no more than about `most` instructions; their outputs stand version
        after version. Nothing is asked for derivatives.
        """
        follows, partitions = self._partitions(columns)
        classes = np.array([int(classes.max()) + 1 for classes in partitions])
        pieces = max(1, min(len(columns), -(-int(classes[follows[self.inputs :]].sum()) // most)))
        for some in np.array_split(np.arange(len(columns)), pieces):
            yield self._several(columns[some], inputs, follows, [_classes(classes[some]) for classes in partitions])

    def _several(self, columns: Ints, inputs: int, follows: Ints, partitions: list[Ints]) -> Sealed:
        """Each instruction once for every class of its partition of the versions, one after another."""
        firsts = [np.flatnonzero(np.diff(np.maximum.accumulate(one), prepend=-1)) for one in partitions]
        follows = follows[self.inputs :]
        count = np.array([len(first) for first in firsts])[follows]
        start = inputs + np.cumsum(count) - count
        place = np.concatenate([columns.T, start[:, None] + np.stack(partitions)[follows]])
        instruction = np.repeat(np.arange(len(follows)), count)
        version = np.concatenate([firsts[one] for one in follows.tolist()])
        code = self.code[instruction]
        for column, (some, registers) in enumerate(_read_by(self.code), 1):
            reads = some[instruction]
            code[reads, column] = place[registers[instruction[reads]], version[reads]]
        return replace(
            self,
            inputs=inputs,
            loads=np.unique(columns[:, self.loads]),
            code=code,
            outputs=place[self.outputs].T.ravel(),
            by=np.zeros(0, dtype=np.int64),
        )

    def _partitions(self, columns: Ints) -> tuple[Ints, list[Ints]]:
        """Partitions of the versions into classes, (version,) each, and which of them each register follows.

        Versions of one class give a register the same value. The first partition has one class, that of all.
        """
        versions = len(columns)
        partitions: list[Ints] = []
        known: dict[bytes, int] = {}

        def numbered(values: Ints) -> int:
            classes = _classes(values)
            number = known.setdefault(classes.tobytes(), len(partitions))
            if number == len(partitions):
                partitions.append(classes)
            return number

        joint = {frozenset[int](): numbered(np.zeros(versions, dtype=np.int64))}
        differ = (columns != columns[0]).any(axis=0).tolist()
        follows = [numbered(column) if differs else 0 for column, differs in zip(columns.T, differ, strict=True)]
        read = (np.where(some, registers, -1).tolist() for some, registers in _read_by(self.code))
        for registers in zip(*read, strict=True):
            several = frozenset([follows[one] for one in registers if one >= 0 and follows[one]])
            if several not in joint:
                values = partitions[0]
                for one in several:
                    values = partitions[numbered(values * versions + partitions[one])]
                joint[several] = numbered(values)
            follows.append(joint[several])
        return np.array(follows, dtype=np.int64), partitions


def _classes(values: Ints) -> Ints:
    """Classes of equal values, numbered as they come: (value,)."""
    known: dict[int, int] = {}
    return np.array([known.setdefault(value, len(known)) for value in values.tolist()], dtype=np.int64)


def _read_by(code: Ints) -> tuple[tuple[NDArray[np.bool_], Ints], ...]:
    """Of each place of an instruction, where it holds a register, and which: (instruction,) each."""
    op, first, second, third = code.T
    return (op != LITERAL, first), (_READS_SECOND[op], second), (_READS_THIRD[op] & (third >= 0), third)


class Tape:
    """A tape being written. `bounds` are those of its inputs where these are values; else they are standard normals.

    Every method returns the register of a value. Equal expressions have one register; what is multiplied by 0 or 1 is
    not written at all.
    """

    def __init__(self, inputs: int, bounds: list[Bounds] | None = None) -> None:
        self.inputs = inputs
        self._normals = bounds is None
        self._bounds = [_LOGARITHM] * inputs if bounds is None else list(bounds)
        self._code: list[tuple[int, int, int, int]] = []
        self._known: dict[tuple[int, int, int, int], int] = {}
        self._numbers: list[tuple[float, float, float, float, float]] = []
        self._places: dict[tuple[float, float, float, float, float], int] = {}
        self._value: dict[int, float] = {}  # of literals
        self.zero, self.one = self.literal(0.0), self.literal(1.0)
        self.impossible, self.certain = self._log_literal(-math.inf), self._log_literal(0.0)

    def __len__(self) -> int:
        return len(self._code)

    def literal(self, value: float) -> int:
        """A number that is the same in every draw."""
        power = math.log2(value) if value > 0 else 0.0
        register = self._emit(Bounds(power, power), LITERAL, 0, self._place(value))
        self._value[register] = value
        return register

    def indicator(self) -> int:
        """A one of its own, to ask for the derivative by it."""
        self._bounds.append(Bounds(0.0, 0.0))
        self._code.append((LITERAL, 0, self._place(1.0), 0))
        return len(self._bounds) - 1

    def curve(self, op: int, first: int, second: int, shape: Curve, vary: float) -> int:
        """A probability or rate from one standard normal, or from two."""
        place = self._place(shape.a, shape.b, shape.d, shape.s, vary)
        return self._emit(ANY_RATIO if op == RATE else UNIT, op, first, place, second)

    def add(self, a: int, b: int) -> int:
        if self.zero in (a, b):
            return b if a == self.zero else a
        key = (ADD, a, b, 0) if a < b else (ADD, b, a, 0)
        if key in self._known:
            return self._known[key]
        if a in self._value and b in self._value:
            return self.literal(self._value[a] + self._value[b])
        return self._write(key, self._bounds[a].plus(self._bounds[b]))

    def multiply(self, a: int, b: int) -> int:
        if self.zero in (a, b):
            return self.zero
        if self.one in (a, b):
            return b if a == self.one else a
        key = (MULTIPLY, a, b, 0) if a < b else (MULTIPLY, b, a, 0)
        if key in self._known:
            return self._known[key]
        bounds = self._product(a, b)
        if a in self._value and b in self._value and bounds.safe:
            return self.literal(self._value[a] * self._value[b])
        return self._write(key, bounds)

    def multiply_add(self, a: int, b: int, c: int) -> int:
        """``a b + c``, in one instruction."""
        trivial = (self.zero, self.one)
        if c == self.zero or a in trivial or b in trivial or (a in self._value and b in self._value):
            return self.add(self.multiply(a, b), c)
        key = (MULTIPLY_ADD, a, b, c) if a < b else (MULTIPLY_ADD, b, a, c)
        if key in self._known:
            return self._known[key]
        return self._write(key, self._product(a, b).plus(self._bounds[c]))

    def rest(self, a: int) -> int:
        """``1 - a`` of a probability."""
        if a in self._value:
            return self.literal(1.0 - self._value[a])
        return self._emit(Bounds(_FINEST, 0.0, self._bounds[a].lost), REST, a)

    def mix(self, share: int, a: int, b: int) -> int:
        """``(1 - share) a + share b``."""
        return self.multiply_add(share, b, self.multiply(self.rest(share), a))

    def divide(self, a: int, b: int) -> int:
        """``a / b``, for an `a` that is a part of `b`."""
        if b == self.one or a == self.zero:
            return a
        if a in self._value and b in self._value:
            return self.literal(self._value[a] / self._value[b])
        self._check(a)
        self._check(b)
        return self._emit(_bounded(self._bounds[a].floor - self._bounds[b].ceiling, 0.0), DIVIDE, a, b)

    def power(self, a: int, exponent: float) -> int:
        if exponent == 1.0 or a == self.one:
            return a
        if exponent == 0.0:
            return self.one
        self._check(a)
        floor, ceiling = (exponent * bound for bound in self._bounds[a][:2])
        return self._emit(_bounded(floor, ceiling), POWER, a, self._place(exponent))

    def log(self, a: int) -> int:
        """The logarithm of a value: from here on `plus` and `log_add`."""
        if a in (self.zero, self.one):
            return self.impossible if a == self.zero else self.certain
        return self._emit(_LOGARITHM, LOG, a, 0, int(not self._bounds[a].safe))

    def plus(self, a: int, b: int) -> int:
        if self.impossible in (a, b):
            return self.impossible
        if self.certain in (a, b):
            return b if a == self.certain else a
        return self._emit(_LOGARITHM, PLUS, *_ordered(a, b))

    def log_add(self, a: int, b: int) -> int:
        if self.impossible in (a, b):
            return b if a == self.impossible else a
        return self._emit(_LOGARITHM, LOG_ADD, *_ordered(a, b))

    def log_sum(self, logs: list[int]) -> int:
        """``log sum exp``."""
        total = logs[0]
        for log in logs[1:]:
            total = self.log_add(total, log)
        return total

    def sealed(self, outputs: list[int], by: list[int] | None = None) -> Sealed:
        """The tape as arrays, nothing to be added; derivatives by the inputs unless other registers are named."""
        registers = list(range(self.inputs)) if by is None else by
        code = np.array(self._code, dtype=np.int64).reshape(-1, 4)
        read = np.concatenate([outputs, *(of[some] for some, of in _read_by(code))])
        return Sealed(
            inputs=self.inputs,
            loads=np.unique(read[read < self.inputs]).astype(np.int64),
            normals=self._normals,
            code=code,
            numbers=np.array(self._numbers, dtype=np.float64).reshape(-1, 5),
            outputs=np.array(outputs, dtype=np.int64),
            by=np.array(registers, dtype=np.int64),
        )

    def _log_literal(self, value: float) -> int:
        return self._emit(_LOGARITHM, LITERAL, 1, self._place(value))

    def _place(self, *numbers: float) -> int:
        first, second, third, fourth, fifth = (*numbers, 0.0, 0.0, 0.0, 0.0)[:5]
        key = (first, second, third, fourth, fifth)
        place = self._places.get(key)
        if place is None:
            place = self._places[key] = len(self._numbers)
            self._numbers.append(key)
        return place

    def _emit(self, bounds: Bounds, op: int, a: int, b: int = 0, c: int = 0) -> int:
        key = (op, a, b, c)
        return self._known[key] if key in self._known else self._write(key, bounds)

    def _write(self, key: tuple[int, int, int, int], bounds: Bounds) -> int:
        register = self._known[key] = len(self._bounds)
        self._bounds.append(bounds)
        self._code.append(key)
        return register

    def _product(self, a: int, b: int) -> Bounds:
        """Bounds of a product; where what underflow took would matter in it, factors are checked first."""
        bounds = self._bounds[a].times(self._bounds[b])
        if _MOST_LOST < bounds.lost < math.inf:
            self._check(a)
            self._check(b)
            bounds = self._bounds[a].times(self._bounds[b])
        return bounds

    def _check(self, a: int) -> None:
        """Have a value checked, by a logarithm that nobody reads."""
        if not self._bounds[a].safe:
            self.log(a)
            floor, ceiling, _ = self._bounds[a]
            self._bounds[a] = Bounds(max(floor, -_SAFE), min(ceiling, _SAFE))


def _ordered(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a < b else (b, a)


def _log2_sum(a: float, b: float) -> float:
    high, low = (a, b) if a > b else (b, a)
    return high + math.log2(1.0 + 2.0 ** (low - high)) if low > high - 60.0 else high
