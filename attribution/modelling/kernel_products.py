"""Products of stacked matrices with vectors, each on the one thread that asks for it."""

from __future__ import annotations

import numpy as np

from attribution._compile import kernel
from attribution.network.program import Floats

_PIECE = 4096  # numbers that stay in the nearest cache; BLAS takes a scalar product to other threads from 10,000 on


@kernel
def weighted_sums(weight: Floats, rows: Floats, out: Floats) -> None:
    """``out_bn = sum_k weight_bk rows_bkn``."""
    stacked, inner, size = rows.shape
    for b in range(stacked):
        for first in range(0, size, _PIECE):
            last = min(size, first + _PIECE)
            total = out[b, first:last]
            total[:] = 0.0
            for k in range(inner):
                row, factor = rows[b, k, first:last], weight[b, k]
                for n in range(last - first):
                    total[n] += factor * row[n]


@kernel
def scalar_products(rows: Floats, pull: Floats, out: Floats) -> None:
    """``out_bk = sum_n rows_bkn pull_bn``."""
    stacked, inner, size = rows.shape
    out[:] = 0.0
    for b in range(stacked):
        for first in range(0, size, _PIECE):
            last = min(size, first + _PIECE)
            for k in range(inner):
                out[b, k] += np.dot(rows[b, k, first:last], pull[b, first:last])
