"""The engine of record: NUTS, sampled by nutpie."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from attribution.errors import EngineError
from attribution.inference.draws import Draws
from attribution.inference.settings import Sampling
from attribution.network.program import Floats, Program
from attribution.network.summation import evidence_tape

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


def run_nuts(compiled: Any, sampling: Sampling, seed: int, *, progressbar: bool = False) -> Sampled:
    """Run NUTS on a model that nutpie compiled.

    Raises
    ------
    EngineError
        The sampler gave up.
    KeyboardInterrupt
        Passed on, so that nothing half-drawn is taken for a result.
    """
    import nutpie

    try:
        sampler = nutpie.sample(
            compiled,
            draws=sampling.draws,
            tune=sampling.tune,
            chains=sampling.chains,
            seed=seed,
            target_accept=sampling.target_accept,
            maxdepth=sampling.maxdepth,
            progress_bar=progressbar,
            save_warmup=False,
            blocking=False,  # waiting is ours: nutpie would ask an interrupted sampler for results it need not have
        )
        try:
            trace = sampler.wait()
        except BaseException:
            with suppress(RuntimeError):  # there is nothing to stop
                sampler.cancel()
            raise
    except (RuntimeError, ValueError) as error:
        raise EngineError(f"NUTS gave up: {error}") from error
    posterior, stats = trace["posterior"], trace["sample_stats"]
    return Sampled(
        draws={str(name): posterior[name].transpose("chain", "draw", ...).to_numpy() for name in posterior},
        stats={ours: np.asarray(stats[theirs]) for ours, theirs in _STATS.items() if theirs in stats},
    )


def compilations() -> int:
    """How many densities were compiled in this process: one at most, whatever the number and size of cases."""
    return _density.cache_info().currsize


def draw(program: Program, sampling: Sampling, seed: int, *, progressbar: bool = False) -> Draws:
    """Draw the posterior of a network with NUTS.

    Raises
    ------
    EngineError
        The sampler gave up.
    KeyboardInterrupt
        Passed on, so that nothing half-drawn is taken for a result.
    """
    sampled = run_nuts(_sampled_model(program), sampling, seed, progressbar=progressbar)
    z = np.ascontiguousarray(sampled.draws["z"][..., : program.dimension], dtype=np.float64)
    z.flags.writeable = False
    return Draws(z, stats=sampled.stats)


def model_of(
    density: Callable[[Floats], tuple[float, Floats]], length: int, start: Callable[[np.random.Generator], Floats]
) -> Any:
    """A density of z and its gradient as nutpie takes them: a function, so that it has nothing to compile."""
    from nutpie.compiled_pyfunc import from_pyfunc

    return from_pyfunc(
        length,
        lambda: density,
        lambda seed, chain_seed, chain: lambda z: {"z": z},
        ["float64"],
        [(length,)],
        ["z"],
        make_initial_point_fn=lambda seed: start(np.random.default_rng(seed)),
    )


def _sampled_model(program: Program) -> Any:
    """The density of a network."""
    density = _density()(*evidence_tape(program).packed())
    length = max(1, program.dimension)  # a model without uncertain numbers still has something to sample

    def at(z: Floats) -> tuple[float, Floats]:
        value, gradient = density(z)
        return float(value), gradient

    return model_of(at, length, lambda rng: rng.uniform(-1.0, 1.0, length))


@cache
def _density() -> Any:
    """The density of `sampling_model`, compiled for any network: only the types of its data matter."""
    from attribution.modelling.graph import compiled_density, sampling_model

    return compiled_density(sampling_model(1, np.zeros(1, dtype=np.int64), np.zeros(1)))
