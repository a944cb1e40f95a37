"""The summation as PyTensor operations with hand-written gradients, run by the one kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply, Variable
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch.basic import numba_njit, register_funcify_and_cache_key

from attribution._compile import kernel_digest
from attribution.network.kernel_gradient import evidence_and_gradient, log_joint_one, log_joint_pullback


class Evidence(Op):
    """``log p(E | theta(z))`` and its gradient by z, in one pass; inputs z, and a program's packed arrays."""

    __props__ = ()

    def make_node(self, z: Any, ints: Any, floats: Any) -> Apply:
        inputs = [pt.as_tensor(z), pt.as_tensor(ints), pt.as_tensor(floats)]
        return Apply(self, inputs, [pt.dscalar("log_evidence"), pt.dvector("gradient")])

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True, True], [False, False], [False, False]]

    def perform(self, node: Apply, inputs: list[Any], outputs: list[list[Any]]) -> None:
        z, ints, floats = inputs
        gradient = np.empty(len(z))
        outputs[0][0] = np.asarray(evidence_and_gradient(z, ints, floats, gradient))
        outputs[1][0] = gradient

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        return [cotangents[0] * outputs[1], *_no_gradient(inputs[1:])]


class LogJoint(Op):
    """``log pi_h p(E | h, theta(z))`` over factions; inputs z, and a program's packed arrays."""

    __props__ = ("factions",)

    def __init__(self, factions: int) -> None:
        self.factions = factions

    def make_node(self, z: Any, ints: Any, floats: Any) -> Apply:
        inputs = [pt.as_tensor(z), pt.as_tensor(ints), pt.as_tensor(floats)]
        return Apply(self, inputs, [pt.tensor("log_joint", dtype="float64", shape=(self.factions,))])

    def connection_pattern(self, node: Apply) -> list[list[bool]]:
        return [[True], [False], [False]]

    def perform(self, node: Apply, inputs: list[Any], outputs: list[list[Any]]) -> None:
        out = np.empty(self.factions)
        z, ints, floats = inputs
        log_joint_one(z, ints, floats, out)
        outputs[0][0] = out

    def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
        return [LogJointPullback()(*inputs, cotangents[0]), *_no_gradient(inputs[1:])]


class LogJointPullback(Op):
    """The derivative of ``sum_h weight_h log_joint_h`` by z."""

    __props__ = ()

    def make_node(self, z: Any, ints: Any, floats: Any, weight: Any) -> Apply:
        inputs = [pt.as_tensor(value) for value in (z, ints, floats, weight)]
        return Apply(self, inputs, [pt.dvector("gradient")])

    def perform(self, node: Apply, inputs: list[Any], outputs: list[list[Any]]) -> None:
        z, ints, floats, weight = inputs
        gradient = np.empty(len(z))
        log_joint_pullback(z, ints, floats, weight, gradient)
        outputs[0][0] = gradient


def _no_gradient(inputs: list[Variable]) -> list[Any]:
    from pytensor.gradient import disconnected_type

    return [disconnected_type() for _ in inputs]


@register_funcify_and_cache_key(Evidence)
def _evidence(op: Evidence, **_: Any) -> tuple[Callable[..., Any], str]:
    @numba_njit
    def evidence(z: Any, ints: Any, floats: Any) -> Any:
        gradient = np.empty(len(z))
        value = evidence_and_gradient(np.ascontiguousarray(z), ints, floats, gradient)
        return np.asarray(value), gradient

    return evidence, _key("evidence")


@register_funcify_and_cache_key(LogJoint)
def _log_joint(op: LogJoint, **_: Any) -> tuple[Callable[..., Any], str]:
    factions = op.factions

    @numba_njit
    def joint(z: Any, ints: Any, floats: Any) -> Any:
        out = np.empty(factions)
        log_joint_one(np.ascontiguousarray(z), ints, floats, out)
        return out

    return joint, _key(f"log-joint-{factions}")


@register_funcify_and_cache_key(LogJointPullback)
def _pullback(op: LogJointPullback, **_: Any) -> tuple[Callable[..., Any], str]:
    @numba_njit
    def pullback(z: Any, ints: Any, floats: Any, weight: Any) -> Any:
        gradient = np.empty(len(z))
        log_joint_pullback(np.ascontiguousarray(z), ints, floats, np.ascontiguousarray(weight), gradient)
        return gradient

    return pullback, _key("pullback")


def _key(name: str) -> str:
    """The key of compiled code on disk; the text of the kernel is part of it, since PyTensor cannot see it change."""
    return f"attribution-{name}-{kernel_digest()}"
