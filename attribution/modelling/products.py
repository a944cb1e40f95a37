"""Stacked matrices times vectors, as PyTensor operations.

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

from attribution._compile import kernel_digest
from attribution.modelling.kernel_products import scalar_products, weighted_sums


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
