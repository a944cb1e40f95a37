"""The engine of record: NUTS, sampled by nutpie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from attribution.errors import EngineError
from attribution.inference.draws import Draws
from attribution.inference.settings import Sampling
from attribution.network.program import Floats, Program

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

_COMPILED: dict[int, Any] = {}


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """Draws (chain, draw, ...) by the name of the variable, and statistics (chain, draw) under ArviZ's names."""

    draws: dict[str, Floats]
    stats: dict[str, np.ndarray[Any, Any]]


def run_nuts(
    compiled: Any, sampling: Sampling, seed: int, *, target_accept: float = 0.8, depth: int = 10, progress: bool = False
) -> Sampled:
    """Run NUTS on a model that nutpie compiled.

    Steps are so long that the mean acceptance is `target_accept`; a trajectory has at most ``2^depth - 1`` of them.

    Raises
    ------
    EngineError
        The sampler gave up.
    KeyboardInterrupt
        Passed on, so that nothing half-drawn is taken for a result.
    """
    import nutpie

    try:
        trace = nutpie.sample(
            compiled,
            draws=sampling.draws,
            tune=sampling.tune,
            chains=sampling.chains,
            seed=seed,
            target_accept=target_accept,
            maxdepth=depth,
            progress_bar=progress,
            save_warmup=False,
        )
    except (RuntimeError, ValueError) as error:
        raise EngineError(f"NUTS gave up: {error}") from error
    posterior, stats = trace["posterior"], trace["sample_stats"]
    if posterior.sizes["draw"] < sampling.draws:
        raise KeyboardInterrupt
    return Sampled(
        draws={str(name): posterior[name].transpose("chain", "draw", ...).to_numpy() for name in posterior},
        stats={ours: np.asarray(stats[theirs]) for ours, theirs in _STATS.items() if theirs in stats},
    )


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
