"""The functions of `attribution.network.elementary` for compiled code, operation by operation: the same bits.

Each is written out where it is called, without a branch or a call, so that loops over them are vectors.
"""

from __future__ import annotations

import math
from typing import Any

from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

from attribution._compile import inlined
from attribution.network.elementary import (
    ARTANH,
    EXP_HIGHEST,
    EXP_LOWEST,
    EXPM1,
    LN2_HIGH,
    LN2_LOW,
    LOG2_E,
    MIDDLE,
    PHI,
    PHI_CENTRE,
    PHI_FARTHEST,
    PHI_HALF,
    QUANTILE_EDGE,
    ROOT_HALF,
    ROUNDING,
    SIDE,
    SQRT_HALF_BITS,
)

# A compiler sees constants, not tuples.
# fmt: off
(
    _PHI0, _PHI1, _PHI2, _PHI3, _PHI4, _PHI5, _PHI6, _PHI7, _PHI8, _PHI9, _PHI10, _PHI11, _PHI12, _PHI13, _PHI14,
    _PHI15, _PHI16, _PHI17, _PHI18, _PHI19, _PHI20, _PHI21, _PHI22,
) = PHI
(
    _EXPM10, _EXPM11, _EXPM12, _EXPM13, _EXPM14, _EXPM15, _EXPM16, _EXPM17, _EXPM18, _EXPM19, _EXPM110, _EXPM111,
) = EXPM1
(
    _ARTANH0, _ARTANH1, _ARTANH2, _ARTANH3, _ARTANH4, _ARTANH5, _ARTANH6, _ARTANH7, _ARTANH8, _ARTANH9,
) = ARTANH
(_UP0, _UP1, _UP2, _UP3, _UP4, _UP5, _UP6, _UP7), (
    _DOWN0, _DOWN1, _DOWN2, _DOWN3, _DOWN4, _DOWN5, _DOWN6, _DOWN7,
) = MIDDLE
(_SIDE_UP0, _SIDE_UP1, _SIDE_UP2, _SIDE_UP3, _SIDE_UP4, _SIDE_UP5, _SIDE_UP6, _SIDE_UP7), (
    _SIDE_DOWN0, _SIDE_DOWN1, _SIDE_DOWN2, _SIDE_DOWN3, _SIDE_DOWN4, _SIDE_DOWN5, _SIDE_DOWN6, _SIDE_DOWN7,
) = SIDE
# fmt: on


@intrinsic
def _bits(_context: Any, _value: Any) -> Any:
    """The 64 bits of a double as an integer."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), build


@intrinsic
def _double(_context: Any, _bits: Any) -> Any:
    """The double that has these 64 bits."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.DoubleType())

    return types.float64(types.int64), build


@intrinsic
def _shifted(_context: Any, _bits: Any, _by: Any) -> Any:
    """Bits moved to the right, zeros moving in: unlike the shift of a signed integer it exists for vectors."""

    def build(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.lshr(arguments[0], arguments[1])

    return types.int64(types.int64, types.int64), build


@inlined
def _small_expm1(r: float) -> float:
    """``exp(r) - 1`` for ``|r| <= log(2) / 2``."""
    p = _EXPM10
    p = p * r + _EXPM11
    p = p * r + _EXPM12
    p = p * r + _EXPM13
    p = p * r + _EXPM14
    p = p * r + _EXPM15
    p = p * r + _EXPM16
    p = p * r + _EXPM17
    p = p * r + _EXPM18
    p = p * r + _EXPM19
    p = p * r + _EXPM110
    p = p * r + _EXPM111
    return r + r * r * p


@inlined
def compiled_exp(x: float) -> float:
    """``e**x`` for -708 <= x <= 709; outside as at the ends."""
    x = min(max(x, EXP_LOWEST), EXP_HIGHEST)
    shifted = x * LOG2_E + ROUNDING
    k = shifted - ROUNDING
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    scale = _double((_bits(shifted) + 1023) << 52)
    return scale + scale * _small_expm1(r)


@inlined
def compiled_sinh(x: float) -> float:
    """The hyperbolic sine; at most that of 709."""
    a = min(abs(x), EXP_HIGHEST)
    shifted = a * LOG2_E + ROUNDING
    k = shifted - ROUNDING
    r = (a - k * LN2_HIGH) - k * LN2_LOW
    scale = _double((_bits(shifted) + 1023) << 52)
    t = scale * _small_expm1(r) + (scale - 1.0)
    return math.copysign(0.5 * (t + t / (t + 1.0)), x)


@inlined
def compiled_normal_cdf(t: float) -> float:
    """The standard normal distribution function."""
    t = min(max(t, -PHI_FARTHEST), PHI_FARTHEST)
    x = abs(t) * ROOT_HALF
    u = ((x - 3.75) / (x + 3.75) - PHI_CENTRE) * (1.0 / PHI_HALF)
    p = _PHI22
    p = p * u + _PHI21
    p = p * u + _PHI20
    p = p * u + _PHI19
    p = p * u + _PHI18
    p = p * u + _PHI17
    p = p * u + _PHI16
    p = p * u + _PHI15
    p = p * u + _PHI14
    p = p * u + _PHI13
    p = p * u + _PHI12
    p = p * u + _PHI11
    p = p * u + _PHI10
    p = p * u + _PHI9
    p = p * u + _PHI8
    p = p * u + _PHI7
    p = p * u + _PHI6
    p = p * u + _PHI5
    p = p * u + _PHI4
    p = p * u + _PHI3
    p = p * u + _PHI2
    p = p * u + _PHI1
    p = p * u + _PHI0
    tail = 0.5 * p / (1.0 + 2.0 * x) * compiled_exp(-0.5 * t * t)
    return tail if t < 0.0 else 1.0 - tail


@inlined
def compiled_log(x: float) -> float:
    """The natural logarithm of a normal number above 0; -inf for 0."""
    e = _shifted(_bits(x) - SQRT_HALF_BITS + (1024 << 52), 52)
    m = _double(_bits(x) - ((e - 1024) << 52))
    power = _double(e | 0x4330000000000000) - 4503599627371520.0  # 2^52 + 1024
    s = (m - 1.0) / (m + 1.0)
    q = s * s
    p = _ARTANH0
    p = p * q + _ARTANH1
    p = p * q + _ARTANH2
    p = p * q + _ARTANH3
    p = p * q + _ARTANH4
    p = p * q + _ARTANH5
    p = p * q + _ARTANH6
    p = p * q + _ARTANH7
    p = p * q + _ARTANH8
    p = p * q + _ARTANH9
    value = power * LN2_HIGH + (2.0 * s + (2.0 * s * q * p + power * LN2_LOW))
    return value if x > 0.0 else -math.inf


@inlined
def compiled_log_add(a: float, b: float) -> float:
    """``log(exp a + exp b)``."""
    high, low = max(a, b), min(a, b)
    return high + compiled_log(1.0 + compiled_exp(low - high)) if low > -math.inf else high


@inlined
def compiled_middle_quantile(centred: float) -> float:
    """A standard normal quantile, of a probability less one half, that is at most 0.425 away."""
    r = QUANTILE_EDGE**2 - centred * centred
    above = _UP0
    above = above * r + _UP1
    above = above * r + _UP2
    above = above * r + _UP3
    above = above * r + _UP4
    above = above * r + _UP5
    above = above * r + _UP6
    above = above * r + _UP7
    below = _DOWN0
    below = below * r + _DOWN1
    below = below * r + _DOWN2
    below = below * r + _DOWN3
    below = below * r + _DOWN4
    below = below * r + _DOWN5
    below = below * r + _DOWN6
    below = below * r + _DOWN7
    return centred * (above / below)


@inlined
def compiled_side_quantile(p: float) -> float:
    """The size of a standard normal quantile, of a probability of 1e-11 to 0.075."""
    r = math.sqrt(-compiled_log(p)) - 1.6
    above = _SIDE_UP0
    above = above * r + _SIDE_UP1
    above = above * r + _SIDE_UP2
    above = above * r + _SIDE_UP3
    above = above * r + _SIDE_UP4
    above = above * r + _SIDE_UP5
    above = above * r + _SIDE_UP6
    above = above * r + _SIDE_UP7
    below = _SIDE_DOWN0
    below = below * r + _SIDE_DOWN1
    below = below * r + _SIDE_DOWN2
    below = below * r + _SIDE_DOWN3
    below = below * r + _SIDE_DOWN4
    below = below * r + _SIDE_DOWN5
    below = below * r + _SIDE_DOWN6
    below = below * r + _SIDE_DOWN7
    return above / below
