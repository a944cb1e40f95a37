"""The engine of record: NUTS over z, sampled by nutpie."""

from __future__ import annotations

from typing import Any

import numpy as np

from attribution.inference.draws import Draws
from attribution.inference.sampler import run_nuts
from attribution.inference.settings import Sampling
from attribution.network.program import Program

_COMPILED: dict[int, Any] = {}


def compilations() -> int:
    """How many shapes were compiled in this process: one per padded dimension, whatever the number of cases."""
    return len(_COMPILED)


def draw(program: Program, sampling: Sampling, seed: int, *, progress: bool = False) -> Draws:
    """Draw the posterior of a network with NUTS.

    Raises
    ------
    EngineError
        The sampler gave up.
    KeyboardInterrupt
        Passed on, so that nothing half-drawn is taken for a result.
    """
    sampled = run_nuts(_compiled(program), sampling, seed, progress=progress)
    z = sampled.draws["z"][..., : program.dimension]
    z = np.ascontiguousarray(z, dtype=np.float64)
    z.flags.writeable = False
    return Draws(z=z, stats=sampled.stats)


def _compiled(program: Program) -> Any:
    """The compiled model of this padded dimension, with this network as its data."""
    import nutpie

    from attribution.modelling.graph import padded_dimension, sampling_model

    ints, floats = program.packed()
    dimension = padded_dimension(program.dimension)
    if dimension not in _COMPILED:
        _COMPILED[dimension] = nutpie.compile_pymc_model(sampling_model(dimension, ints, floats))
    return _COMPILED[dimension].with_data(ints=ints, floats=floats)
