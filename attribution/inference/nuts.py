"""The engine of record: NUTS over z, sampled by nutpie."""

from __future__ import annotations

from typing import Any

import numpy as np

from attribution.errors import EngineError
from attribution.inference.draws import Draws
from attribution.inference.settings import Sampling
from attribution.network.program import Program

_COMPILED: dict[int, Any] = {}
_STATS = {
    "diverging": "diverging",
    "energy": "energy",
    "tree_depth": "depth",
    "reached_max_treedepth": "maxdepth_reached",
    "n_steps": "n_steps",
    "step_size": "step_size",
    "acceptance_rate": "mean_tree_accept",
    "lp": "logp",
}


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
    import nutpie

    compiled = _compiled(program)
    try:
        trace = nutpie.sample(
            compiled,
            draws=sampling.draws,
            tune=sampling.tune,
            chains=sampling.chains,
            seed=seed,
            progress_bar=progress,
            save_warmup=False,
        )
    except (RuntimeError, ValueError) as error:
        raise EngineError(f"NUTS gave up: {error}") from error
    if trace["posterior"].sizes["draw"] < sampling.draws:
        raise KeyboardInterrupt
    z = trace["posterior"]["z"].transpose("chain", "draw", ...).to_numpy()[..., : program.dimension]
    stats = trace["sample_stats"]
    kept = {ours: np.asarray(stats[theirs]) for ours, theirs in _STATS.items() if theirs in stats}
    z = np.ascontiguousarray(z, dtype=np.float64)
    z.flags.writeable = False
    return Draws(z=z, stats=kept)


def _compiled(program: Program) -> Any:
    """The compiled model of this padded dimension, with this network as its data."""
    import nutpie

    from attribution.modelling.graph import padded_dimension, sampling_model

    ints, floats = program.packed()
    dimension = padded_dimension(program.dimension)
    if dimension not in _COMPILED:
        _COMPILED[dimension] = nutpie.compile_pymc_model(sampling_model(dimension, ints, floats))
    return _COMPILED[dimension].with_data(ints=ints, floats=floats)
