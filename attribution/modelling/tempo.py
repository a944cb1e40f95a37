"""The tempo of attacks as a `pm.Model` of one vector and one operation, and as a plain density for a sampler."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from attribution.modelling.tempo_kernel import Packed, log_density, log_likelihood
from attribution.network.program import Floats

if TYPE_CHECKING:
    import pymc as pm


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """What the kernel says at one z."""

    value: float  # log likelihood
    gradient: Floats  # (size,) of the log likelihood
    log_rate: Floats  # (day,)
    term: Floats  # (observation,) log p(this | those before it)


def size_of(data: Packed) -> int:
    """How many coordinates z has."""
    return len(data.curves) + len(data.effects) + len(data.frequency)


def evaluate(z: Floats, data: Packed) -> Evaluated:
    """The log likelihood at z, its gradient, rates and terms."""
    gradient = np.empty(len(z))
    log_rate, term = np.empty(len(data.basis)), np.empty(len(data.counted))
    value = log_likelihood(np.ascontiguousarray(z, dtype=np.float64), data, gradient, log_rate, term)
    return Evaluated(float(value), gradient, log_rate, term)


def log_posterior(z: Floats, data: Packed) -> tuple[float, Floats]:
    """The log of prior and likelihood up to a constant, and its gradient: what a sampler asks for."""
    value, gradient = log_density(z, data)
    return value, gradient


def tempo_model(data: Packed) -> pm.Model:
    """The model in PyMC: ``z ~ N(0, I)``, and the likelihood as one operation with its own gradient."""
    import pymc as pm
    import pytensor.tensor as pt
    from pytensor.graph.basic import Apply
    from pytensor.graph.op import Op

    class Likelihood(Op):
        """``log p(counts, totals | z)`` and its gradient."""

        def make_node(self, z: Any) -> Apply:
            return Apply(self, [pt.as_tensor(z)], [pt.dscalar("log_likelihood"), pt.dvector("gradient")])

        def perform(self, node: Apply, inputs: list[Any], outputs: list[list[Any]]) -> None:
            found = evaluate(inputs[0], data)
            outputs[0][0], outputs[1][0] = np.asarray(found.value), found.gradient

        def pullback(self, inputs: Any, outputs: Any, cotangents: Any) -> list[Any]:
            return [cotangents[0] * outputs[1]]

    with pm.Model() as model:
        z = pm.Normal("z", shape=size_of(data))
        pm.Potential("log_likelihood", Likelihood()(z)[0])
    return model
