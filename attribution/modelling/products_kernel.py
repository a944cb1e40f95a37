"""Stacked matrices times vectors, as PyTensor operations, each on the one thread that asks for it.

PyTensor's own product asks BLAS, which spreads it over all cores. Chains already use them, and threads that wait for
each other there make sampling ten times as slow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.gradient import disconnected_type
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_and_cache_key

from attribution._compile import kernel, kernel_digest
from attribution.network.program import Floats

_PIECE = 4096  # numbers that stay in the nearest cache; BLAS takes a scalar product to other threads from 10,000 on


class WeightedSums(Op):
    """``out_bn = sum_k weight_bk rows_bkn``; the gradient is by the weights alone, since the rows are data."""

    __props__ = ()

    def make_node(self, weight: Any, rows: Any) -> Apply:
        return Apply(self, [pt.as_tensor(weight), pt.as_tensor(rows)], [pt.dmatrix("sums")])

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [False]]

    def perform(self, node: Apply, inputs: list[Any], outputs: list[list[Any]]) -> None:
        weight, rows = inputs
        out = np.empty((rows.shape[0], rows.shape[2]))
        weighted_sums(np.ascontiguousarray(weight), rows, out)
        outputs[0][0] = out

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        return [ScalarProducts()(inputs[1], cotangents[0]), disconnected_type()]


class ScalarProducts(Op):
    """``out_bk = sum_n rows_bkn pull_bn``."""

    __props__ = ()

    def make_node(self, rows: Any, pull: Any) -> Apply:
        return Apply(self, [pt.as_tensor(rows), pt.as_tensor(pull)], [pt.dmatrix("products")])

    def perform(self, node: Apply, inputs: list[Any], outputs: list[list[Any]]) -> None:
        rows, pull = inputs
        out = np.empty(rows.shape[:2])
        scalar_products(rows, np.ascontiguousarray(pull), out)
        outputs[0][0] = out


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


@register_funcify_and_cache_key(WeightedSums)
def _weighted_sums(op: WeightedSums, **_: Any) -> tuple[Callable[..., Any], str]:
    @numba_njit
    def sums(weight: Any, rows: Any) -> Any:
        out = np.empty((rows.shape[0], rows.shape[2]))
        weighted_sums(np.ascontiguousarray(weight), np.ascontiguousarray(rows), out)
        return out

    return sums, f"attribution-weighted-sums-{kernel_digest()}"


@register_funcify_and_cache_key(ScalarProducts)
def _scalar_products(op: ScalarProducts, **_: Any) -> tuple[Callable[..., Any], str]:
    @numba_njit
    def products(rows: Any, pull: Any) -> Any:
        out = np.empty(rows.shape[:2])
        scalar_products(np.ascontiguousarray(rows), np.ascontiguousarray(pull), out)
        return out

    return products, f"attribution-scalar-products-{kernel_digest()}"
