"""Elementary functions without a branch, a table or a call: polynomials that vector instructions can work out.

These are NumPy's versions; `tape_kernel` has the same ones for compiled code, operation by operation, so that both
readers of a tape give the same bits, on every machine: only additions, products, quotients and comparisons of doubles
are used, which IEEE 754 leaves no freedom.
"""

from __future__ import annotations

import numpy as np

from attribution.network.program import Floats

# (1 + 2x) erfcx(x) as a polynomial of u, where (x - 3.75) / (x + 3.75) = PHI_CENTRE + u PHI_HALF: Chebyshev's, of
# degree 22, for 0 <= x <= 15.05. Its relative error is below 1e-15; after J. L. Schonfelder, Math. Comp. 32 (1978).
PHI_CENTRE, PHI_HALF = -0.19946808510638298, 0.800531914893617
PHI = (
    1.264770366319239,
    -0.1021005097337042,
    -0.05161985799987369,
    0.11126559971894208,
    -0.10058414089243654,
    0.06276119589284834,
    -0.028998743728513326,
    0.009689501385448763,
    -0.0020177799304727426,
    6.435854631760689e-05,
    0.00010796420117107429,
    -2.731858605961691e-05,
    -2.7334829916024102e-06,
    2.3830185237254438e-06,
    -4.8888736941563807e-08,
    -1.86235414337222e-07,
    1.384411659381456e-08,
    1.5430173360323612e-08,
    -1.3094425278812377e-09,
    -1.3100457702171802e-09,
    7.910202538157074e-11,
    8.206362538757883e-11,
    -2.0676239522189725e-12,
)
# expm1(r) = r + r^2 (1/2 + r/6 + ...) for |r| <= log(2) / 2, highest power first
EXPM1 = tuple(1.0 / factorial for factorial in (6227020800.0, 479001600.0, 39916800.0, 3628800.0, 362880.0, 40320.0))
EXPM1 += tuple(1.0 / factorial for factorial in (5040.0, 720.0, 120.0, 24.0, 6.0, 2.0))
# log(m) = 2 artanh(s), s = (m - 1) / (m + 1), for sqrt(1/2) <= m <= sqrt(2), highest power first
ARTANH = tuple(1.0 / odd for odd in (21.0, 19.0, 17.0, 15.0, 13.0, 11.0, 9.0, 7.0, 5.0, 3.0))

LOG2_E, ROUNDING = 1.4426950408889634, 6755399441055744.0  # adding 1.5 2^52 rounds to a whole number
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
ROOT_HALF = 0.7071067811865476
SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
EXP_LOWEST, EXP_HIGHEST = -708.0, 709.0
PHI_FARTHEST = 21.28  # beyond it the normal distribution function is 0 or 1 as far as anybody asks here
# Coefficients of AS 241 (PPND16): numerators and denominators of three rational functions, the highest power first.
MIDDLE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852545925, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
SIDE = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177, 1.27045825245236838258,
     3.64784832476320460504, 5.7694972214606914055, 4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966, 0.14810397642748007459,
     0.68976733498510000455, 1.6763848301838038494, 2.05319162663775882187, 1.0),
)  # fmt: skip
FAR = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386, 0.026532189526576123093,
     0.29656057182850489123, 1.7848265399172913358, 5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5, 7.868691311456132591e-4,
     0.0148753612908506148525, 0.13692988092273580531, 0.59983220655588793769, 1.0),
)  # fmt: skip
QUANTILE_EDGE = 0.425  # how far from one half the first of them reaches


def normal_cdf(t: Floats) -> Floats:
    """The standard normal distribution function, to a relative error of 1e-13 down to 1e-100."""
    t = np.minimum(np.maximum(t, -PHI_FARTHEST), PHI_FARTHEST)
    x = np.abs(t) * ROOT_HALF
    u = ((x - 3.75) / (x + 3.75) - PHI_CENTRE) * (1.0 / PHI_HALF)
    tail = 0.5 * _polynomial(PHI[::-1], u) / (1.0 + 2.0 * x) * exp(-0.5 * t * t)
    return np.where(t < 0.0, tail, 1.0 - tail)


def normal_quantile(p: Floats) -> Floats:
    """The standard normal quantile of a probability strictly between 0 and 1 (point,), to about 1e-15 relative.

    By Wichura's algorithm AS 241 (1988, Applied Statistics 37, 477-484).
    """
    centred = p - 0.5
    quantile = centred * _ratio(MIDDLE, QUANTILE_EDGE**2 - centred * centred)
    outer = np.flatnonzero(np.abs(centred) > QUANTILE_EDGE)
    far = p[outer]
    r = np.sqrt(-log(np.minimum(far, 1.0 - far)))
    size = _ratio(SIDE, r - 1.6)
    beyond = np.flatnonzero(r > 5.0)
    size[beyond] = _ratio(FAR, r[beyond] - 5.0)
    quantile[outer] = np.copysign(size, centred[outer])
    return np.asarray(quantile)


def exp(x: Floats) -> Floats:
    """``e**x`` for -708 <= x <= 709; outside as at the ends."""
    x = np.minimum(np.maximum(x, EXP_LOWEST), EXP_HIGHEST)
    scale, small = _reduced(x)
    return np.asarray(scale + scale * small)


def sinh(x: Floats) -> Floats:
    """The hyperbolic sine, as exact near 0 as far from it; at most that of 709."""
    scale, small = _reduced(np.minimum(np.abs(x), EXP_HIGHEST))
    t = scale * small + (scale - 1.0)
    return np.asarray(np.copysign(0.5 * (t + t / (t + 1.0)), x))


def log(x: Floats) -> Floats:
    """The natural logarithm of a normal number above 0; -inf for 0."""
    bits = np.ascontiguousarray(x).view(np.int64)
    power = ((bits - SQRT_HALF_BITS + (1024 << 52)) >> 52) - 1024
    s = (bits - (power << 52)).view(np.float64)
    s = (s - 1.0) / (s + 1.0)
    q = s * s
    whole = power.astype(np.float64)
    value = whole * LN2_HIGH + (2.0 * s + (2.0 * s * q * _polynomial(ARTANH, q) + whole * LN2_LOW))
    return np.where(x > 0.0, value, -np.inf)


def _reduced(x: Floats) -> tuple[Floats, Floats]:
    """``2**k`` and ``expm1(x - k log 2)``, k the nearest whole number."""
    shifted = x * LOG2_E + ROUNDING
    k = shifted - ROUNDING
    r = (x - k * LN2_HIGH) - k * LN2_LOW
    scale = ((shifted.view(np.int64) + 1023) << 52).view(np.float64)
    return scale, np.asarray(r + r * r * _polynomial(EXPM1, r))


def _polynomial(coefficients: tuple[float, ...], x: Floats) -> Floats:
    """Horner's rule, the highest power first."""
    value = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value *= x
        value += coefficient
    return value


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Floats) -> Floats:
    above, below = (_polynomial(each, x) for each in coefficients)
    return np.divide(above, below, out=above)
