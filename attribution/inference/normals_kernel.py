"""The compiled form of `attribution.inference.sobol.normals_of`: the same bits, a tenth of the time.

Quantiles near the middle of the distribution are worked out for all points of a block, those of the tails then once
more for the points that lie there, gathered: both are loops of vector instructions.
"""

from __future__ import annotations

import math

import numpy as np
from numba import carray
from numpy.typing import NDArray

from attribution._compile import kernel
from attribution.network.elementary import QUANTILE_EDGE
from attribution.network.elementary_kernel import compiled_middle_quantile, compiled_side_quantile
from attribution.network.pointers_kernel import doubles, integers, short_integers
from attribution.network.program import Floats, Ints


@kernel
def fill_normals(
    points: NDArray[np.uint32], limits: Floats, normals: Floats, centred: Floats, outer: Ints, size: Floats
) -> None:
    """Standard normals (point,) at whole numbers (point,).

    `limits` are the probability that one of these stands for, and the smallest that a point has; `centred`, `outer` and
    `size` (point of a block,) are for it to work in.
    """
    step, smallest = limits
    for begin in range(0, len(points), len(outer)):
        here = min(len(outer), len(points) - begin)
        for j in range(here):
            c = min(max(points[begin + j] * step, smallest), 1.0 - smallest) - 0.5
            centred[j] = c
            normals[begin + j] = compiled_middle_quantile(c)
        beyond = 0
        for j in range(here):
            outer[beyond] = j
            beyond += int(abs(centred[j]) > QUANTILE_EDGE)
        for k in range(beyond):
            p = min(max(points[begin + outer[k]] * step, smallest), 1.0 - smallest)
            size[k] = min(p, 1.0 - p)
        for k in range(beyond):
            size[k] = compiled_side_quantile(size[k])
        for k in range(beyond):
            normals[begin + outer[k]] = math.copysign(size[k], centred[outer[k]])


def native_normals(places: Ints, shapes: Ints) -> None:
    """`fill_normals` of arrays that lie at some places, as `Native` has it: their shapes one after another."""
    points, room = shapes[0], shapes[3]
    fill_normals(
        carray(short_integers(places[0]), (points,)),
        carray(doubles(places[1]), (2,)),
        carray(doubles(places[2]), (points,)),
        carray(doubles(places[3]), (room,)),
        carray(integers(places[4]), (room,)),
        carray(doubles(places[5]), (room,)),
    )
