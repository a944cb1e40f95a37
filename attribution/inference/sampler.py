"""The one call of nutpie: draws and what the sampler says about each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from attribution.errors import EngineError
from attribution.inference.settings import Sampling
from attribution.network.program import Floats

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
