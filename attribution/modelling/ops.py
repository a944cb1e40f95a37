"""Tapes as PyTensor operations, read forwards and backwards by the compiled reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_and_cache_key

from attribution._compile import kernel_digest
from attribution.network.tape_kernel import values_and_pull


class Evidence(Op):
    """The one output of a tape, ``log p(E | theta(z))``, and its gradient by z, in one pass.

    Inputs are z and a packed tape: structure is data, so that one compilation serves every case.
    """

    __props__ = ()

    def make_node(self, z: Any, ints: Any, floats: Any) -> Apply:
        inputs = [pt.as_tensor(z), pt.as_tensor(ints), pt.as_tensor(floats)]
        return Apply(self, inputs, [pt.dscalar("log_evidence"), pt.dvector("gradient")])

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True, True], [False, False], [False, False]]

    def perform(self, node: Apply, inputs: list[Any], outputs: list[list[Any]]) -> None:
        z, ints, floats = inputs
        value, gradient = np.empty(1), np.empty(len(z))
        values_and_pull(z, ints, floats, np.ones(1), value, gradient)
        outputs[0][0] = np.asarray(value[0])
        outputs[1][0] = gradient

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        return [cotangents[0] * outputs[1], *_no_gradient(inputs[1:])]


class Outputs(Op):
    """The outputs of a tape for one draw; inputs are z and a packed tape."""

    __props__ = ("count",)

    def __init__(self, count: int) -> None:
        self.count = count

    def make_node(self, z: Any, ints: Any, floats: Any) -> Apply:
        inputs = [pt.as_tensor(z), pt.as_tensor(ints), pt.as_tensor(floats)]
        return Apply(self, inputs, [pt.tensor("outputs", dtype="float64", shape=(self.count,))])

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [False], [False]]

    def perform(self, node: Apply, inputs: list[Any], outputs: list[list[Any]]) -> None:
        z, ints, floats = inputs
        out, none = np.empty(self.count), np.empty(0)
        values_and_pull(z, ints, floats, none, out, none)
        outputs[0][0] = out

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        return [Pullback()(*inputs, cotangents[0]), *_no_gradient(inputs[1:])]


class Pullback(Op):
    """The derivative by z of a tape's outputs, weighted."""

    __props__ = ()

    def make_node(self, z: Any, ints: Any, floats: Any, weight: Any) -> Apply:
        inputs = [pt.as_tensor(value) for value in (z, ints, floats, weight)]
        return Apply(self, inputs, [pt.dvector("gradient")])

    def perform(self, node: Apply, inputs: list[Any], outputs: list[list[Any]]) -> None:
        z, ints, floats, weight = inputs
        gradient = np.empty(len(z))
        values_and_pull(z, ints, floats, weight, np.empty(len(weight)), gradient)
        outputs[0][0] = gradient


def _no_gradient(inputs: list[Variable]) -> list[Any]:
    from pytensor.gradient import disconnected_type

    return [disconnected_type() for _ in inputs]


@register_funcify_and_cache_key(Evidence)
def _evidence(op: Evidence, **_: Any) -> tuple[Callable[..., Any], str]:
    @numba_njit
    def evidence(z: Any, ints: Any, floats: Any) -> Any:
        value, gradient = np.empty(1), np.empty(len(z))
        values_and_pull(np.ascontiguousarray(z), ints, floats, np.ones(1), value, gradient)
        return np.asarray(value[0]), gradient

    return evidence, _key("evidence")


@register_funcify_and_cache_key(Outputs)
def _outputs(op: Outputs, **_: Any) -> tuple[Callable[..., Any], str]:
    count = op.count

    @numba_njit
    def outputs(z: Any, ints: Any, floats: Any) -> Any:
        out, none = np.empty(count), np.empty(0)
        values_and_pull(np.ascontiguousarray(z), ints, floats, none, out, none)
        return out

    return outputs, _key(f"outputs-{count}")


@register_funcify_and_cache_key(Pullback)
def _pullback(op: Pullback, **_: Any) -> tuple[Callable[..., Any], str]:
    @numba_njit
    def pullback(z: Any, ints: Any, floats: Any, weight: Any) -> Any:
        gradient = np.empty(len(z))
        out = np.empty(len(weight))
        values_and_pull(np.ascontiguousarray(z), ints, floats, np.ascontiguousarray(weight), out, gradient)
        return gradient

    return pullback, _key("pullback")


def _key(name: str) -> str:
    """The key of compiled code on disk; the text of the kernel is part of it, since PyTensor cannot see it change."""
    return f"attribution-{name}-{kernel_digest()}"
