"""Standard normals from scrambled Sobol points, without the seconds that importing `scipy.stats` takes.

The points are those of `scipy.stats.qmc.Sobol` with scrambling, bit for bit (a test holds them together): the direction
numbers of Joe and Kuo (2008, SIAM J. Sci. Comput. 30, 2635-2654), a random lower triangular matrix and a digital shift
per coordinate (Matousek 1998, J. Complexity 14, 527-556). `sobol_directions.bin` holds them for 4,096 coordinates;
beyond that SciPy is asked. Normals are quantiles by Wichura's algorithm AS 241.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from attribution._compile import Native
from attribution.network.elementary import normal_cdf, normal_quantile
from attribution.network.program import Floats, Ints
from attribution.network.reader import each_part

MOST_NORMALS = 2**23  # that are held as they are, and of one size kept for the next model
_BITS = 30
_SHIPPED = 4096  # coordinates
_STEP = 64  # models of about one size share their points
_MOST_SIZES = 4  # of which normals are kept
_BLOCK = 16384  # values at a time, so that intermediate ones stay near the processor
_SMALLEST = 2.0**-32  # no point is nearer to 0 or 1
_BY_NUMPY = 5e-8  # seconds that NumPy takes for a normal
_FEWEST_OF_A_THREAD, _ROOM = 2**18, 512


def _kernels() -> ModuleType:
    from attribution.inference import normals_kernel

    return normals_kernel


_NORMALS = Native("normals", "Idddqd", lambda: _kernels().native_normals)


@dataclass(frozen=True, slots=True, eq=False)
class SobolPoints:
    """Points (scramble, point, coordinate), whole numbers of 30 bits, in place of the normals that are their quantiles.

    They take half the memory of these, and these are what a large case would take most of its memory for.
    """

    whole: NDArray[np.uint32]

    @property
    def shape(self) -> tuple[int, ...]:
        return self.whole.shape

    def __getitem__(self, some: tuple[slice, ...]) -> SobolPoints:
        """Some of them, as of an array: a window, not a copy."""
        return SobolPoints(self.whole[some])

    @property
    def normals(self) -> Floats:
        """All of them: (scramble, point, coordinate)."""
        return normals_of(self.whole)

    def rows(self, rows: slice | Ints) -> Floats:
        """The normals of some points, counted over all scrambles: (point, coordinate)."""
        scrambles, points, dimension = self.whole.shape
        return normals_of(self.whole.reshape(scrambles * points, dimension)[rows])

    @classmethod
    def or_normals(cls, whole: NDArray[np.uint32]) -> Floats | SobolPoints:
        """The points if they are many, else the normals that they stand for; neither can be written to.

        Raises
        ------
        ValueError
            They are no whole numbers of 30 bits.
        """
        if whole.dtype != np.uint32 or (whole.size and whole.max() >= 1 << _BITS):
            raise ValueError
        whole.flags.writeable = False
        if whole.size > MOST_NORMALS:
            return cls(whole)
        normals = normals_of(whole)
        normals.flags.writeable = False
        return normals


def sobol_normals(dimension: int, scrambles: int, log2_points: int, seed: int) -> Floats:
    """Standard normals from independent scrambles of a Sobol sequence: shape (scramble, point, coordinate).

    They are those of the next multiple of 64 coordinates. Few of them are kept, so that models of about one size share
    them; many are made each time, since two copies of them would be what a large case takes most of its memory for.
    """
    if scrambles * dimension << log2_points > MOST_NORMALS:
        return normals_of(_drawn(dimension, scrambles, log2_points, seed))
    return np.ascontiguousarray(_normals(_padded(dimension), scrambles, log2_points, seed)[..., :dimension])


def shared_normals(dimension: int, scrambles: int, log2_points: int, seed: int) -> Floats | SobolPoints:
    """The same as a window on what is kept: many posteriors of about one size then hold one array, but no row alone.

    Of many the points.
    """
    if scrambles * dimension << log2_points > MOST_NORMALS:
        return SobolPoints(_drawn(dimension, scrambles, log2_points, seed))
    return _normals(_padded(dimension), scrambles, log2_points, seed)[..., :dimension]


def _padded(dimension: int) -> int:
    return max(_STEP, -(-dimension // _STEP) * _STEP)


_kept: dict[tuple[int, int, int], Floats] = {}  # by dimension, scrambles and seed; the one asked for last at the end


def _normals(dimension: int, scrambles: int, log2_points: int, seed: int) -> Floats:
    """Few are kept: the first points of a longer sequence are those of a shorter one."""
    key = dimension, scrambles, seed
    normals = _kept.pop(key, None)
    if normals is None or normals.shape[1] < 2**log2_points:
        normals = normals_of(_drawn(dimension, scrambles, log2_points, seed))
        normals.flags.writeable = False
    _kept[key] = normals
    for old in list(_kept)[:-_MOST_SIZES]:
        _kept.pop(old, None)
    return normals[:, : 2**log2_points]


def _drawn(dimension: int, scrambles: int, log2_points: int, seed: int) -> NDArray[np.uint32]:
    """The first coordinates of as many as are a multiple of 64: (scramble, point, coordinate)."""
    streams = np.random.SeedSequence(seed).spawn(scrambles)
    points = np.empty((scrambles, 2**log2_points, dimension), dtype=np.uint32)
    for own, stream in zip(points, streams, strict=True):
        _fill(own, _padded(dimension), np.random.default_rng(stream))
    return points


def sobol_points(dimension: int, log2_points: int, rng: np.random.Generator) -> Floats:
    """The first ``2 ** log2_points`` points of a scrambled Sobol sequence in [0, 1): (point, coordinate)."""
    points = np.empty((2**log2_points, dimension), dtype=np.uint32)
    _fill(points, dimension, rng)
    return np.asarray(points * 2.0**-_BITS)


def _fill(points: NDArray[np.uint32], dimension: int, rng: np.random.Generator) -> None:
    """Write the same, in whole numbers of 30 bits: the first coordinates of so many, (point, coordinate)."""
    count, columns = points.shape
    log2_points = count.bit_length() - 1
    if dimension > _SHIPPED:
        from scipy.stats import qmc

        points[:] = (qmc.Sobol(dimension, bits=_BITS, rng=rng).random_base2(log2_points) * 2.0**_BITS)[:, :columns]
        return
    (rng,) = rng.spawn(1)  # as SciPy does, so that the same generator gives the same points
    shift = rng.integers(2, size=(dimension, _BITS), dtype=np.uint32) @ (1 << np.arange(_BITS, dtype=np.uint32))
    scramble = np.tril(rng.integers(2, size=(dimension, _BITS, _BITS), dtype=np.uint32)).astype(np.float32)
    scramble[:, range(_BITS), range(_BITS)] = 1.0
    mixed = np.matmul(scramble[:columns], _direction_bits(dimension)[:columns, :, :log2_points])
    values = 1 << np.arange(_BITS - 1, -1, -1, dtype=np.uint32)
    directions = np.einsum("dik,i->kd", mixed.astype(np.uint32) & 1, values)
    points[0] = shift[:columns]
    for k, direction in enumerate(directions.astype(np.uint32)):
        # in the order of the Gray code the second half is the first, backwards, one bit apart
        np.bitwise_xor(points[: 2**k][::-1], direction, out=points[2**k : 2 ** (k + 1)])


def normals_of(points: NDArray[np.uint32]) -> Floats:
    """Standard normals at Sobol points, which are whole numbers of 30 bits; any shape."""
    normals = np.empty(points.shape)
    flat, found = points.reshape(-1), normals.reshape(-1)
    if _NORMALS.rather(points.size * _BY_NUMPY):
        each_part(lambda part: _compiled_normals(flat[part], found[part]), points.size, least=_FEWEST_OF_A_THREAD)
        return normals
    for begin in range(0, points.size, _BLOCK):
        block = slice(begin, begin + _BLOCK)
        found[block] = normal_quantile(_inside(flat[block]))
    return normals


def _compiled_normals(points: NDArray[np.uint32], normals: Floats) -> None:
    limits, room = np.array([2.0**-_BITS, _SMALLEST]), np.empty((2, _ROOM))
    _NORMALS(np.ascontiguousarray(points), limits, normals, room[0], np.empty(_ROOM, dtype=np.int64), room[1])


def points_of(normals: Floats) -> NDArray[np.uint32] | None:
    """The Sobol points that standard normals were made from, None where any of them was made from another number."""
    points = np.empty(normals.shape, dtype=np.uint32)
    flat, found = normals.reshape(-1), points.reshape(-1)
    for begin in range(0, flat.size, _BLOCK):
        block = slice(begin, begin + _BLOCK)
        found[block] = np.rint(normal_cdf(flat[block]) * 2.0**_BITS)
        if found[block].max() >= 1 << _BITS:
            return None
        if not np.array_equal(normals_of(found[block]), flat[block]):
            return None
    return points


def _inside(points: NDArray[np.uint32]) -> Floats:
    """Points as probabilities strictly between 0 and 1."""
    return np.asarray(np.clip(points * 2.0**-_BITS, _SMALLEST, 1.0 - _SMALLEST), dtype=np.float64)


@cache
def _direction_bits(dimension: int) -> NDArray[np.float32]:
    """The direction numbers as 0 and 1, the highest bit first: (coordinate, bit, number)."""
    shipped = zlib.decompress(Path(__file__).with_name("sobol_directions.bin").read_bytes())
    polynomial = np.frombuffer(shipped, "<u4", _SHIPPED)[:dimension].astype(np.int64)
    initial = np.frombuffer(shipped, "<u2", offset=4 * _SHIPPED).reshape(_SHIPPED, -1)[:dimension].astype(np.int64)
    numbers = np.zeros((dimension, _BITS), dtype=np.int64)
    numbers[0] = 1
    degree = np.frexp(polynomial)[1] - 1
    for m in np.unique(degree[1:]).tolist():
        rows = np.flatnonzero(degree == m)
        rows = rows[rows > 0]
        own = np.zeros((len(rows), _BITS), dtype=np.int64)
        own[:, :m] = initial[rows, :m]
        coefficient = (polynomial[rows, None] >> np.arange(m - 1, -1, -1)) & 1
        for j in range(m, _BITS):
            own[:, j] = own[:, j - m]
            for k in range(m):
                own[:, j] ^= coefficient[:, k] * own[:, j - k - 1] << (k + 1)
        numbers[rows] = own
    numbers <<= np.arange(_BITS - 1, -1, -1)
    bits: NDArray[np.float32] = ((numbers[:, None, :] >> np.arange(_BITS - 1, -1, -1)[None, :, None]) & 1).astype(
        np.float32
    )
    return bits


def normal_quantiles(p: Floats) -> Floats:
    """Standard normal quantiles of probabilities strictly between 0 and 1, to about 1e-15 relative; any shape."""
    flat, quantile = np.ravel(p), np.empty(p.size)
    for begin in range(0, p.size, _BLOCK):
        block = slice(begin, begin + _BLOCK)
        quantile[block] = normal_quantile(flat[block])
    return quantile.reshape(p.shape)
