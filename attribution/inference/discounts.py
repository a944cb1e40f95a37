"""NUTS over the discounts of an archive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from attribution.errors import EngineError
from attribution.inference.settings import Sampling
from attribution.modelling.discounts import LogitData, LogitPrior
from attribution.network.program import Floats

_COMPILED: dict[tuple[tuple[int, ...], LogitPrior], Any] = {}
_KEPT = 8


@dataclass(frozen=True, slots=True, eq=False)
class DiscountDraws:
    """Draws (chain, draw, ...) and how well the chains did."""

    beta: Floats  # (chain, draw, feature)
    delta: Floats | None  # (chain, draw, feature, class)
    intercept: Floats  # (chain, draw, class)
    divergences: int
    worst_rhat: float
    least_ess: float


def sample_discounts(
    data: LogitData, prior: LogitPrior, sampling: Sampling, seed: int, *, progress: bool = False
) -> DiscountDraws:
    """Draw the discounts; a second table of the same shape costs sampling time only.

    Raises
    ------
    EngineError
        The sampler gave up.
    """
    import nutpie

    try:
        trace = nutpie.sample(
            _compiled(data, prior),
            draws=sampling.draws,
            tune=sampling.tune,
            chains=sampling.chains,
            seed=seed,
            progress_bar=progress,
            save_warmup=False,
        )
    except (RuntimeError, ValueError) as error:
        raise EngineError(f"NUTS gave up: {error}") from error
    posterior = trace["posterior"]
    found = {name: np.asarray(posterior[name]) for name in ("beta", "intercept", "delta") if name in posterior}
    rhat, ess = _diagnostics(found["beta"])
    return DiscountDraws(
        beta=found["beta"],
        delta=found.get("delta"),
        intercept=found["intercept"],
        divergences=int(np.sum(np.asarray(trace["sample_stats"]["diverging"]))),
        worst_rhat=rhat,
        least_ess=ess,
    )


def _compiled(data: LogitData, prior: LogitPrior) -> Any:
    import nutpie

    from attribution.modelling.discounts import discount_model

    key = (data.x.shape, prior)
    if key not in _COMPILED:
        if len(_COMPILED) >= _KEPT:
            _COMPILED.clear()
        _COMPILED[key] = nutpie.compile_pymc_model(discount_model(data, prior))
    return _COMPILED[key].with_data(
        x=data.x, written=data.written, doubt=data.doubt, guess=data.guess, weight=data.weight
    )


def _diagnostics(draws: Floats) -> tuple[float, float]:
    """The worst R-hat and the least effective sample size over the discounts."""
    from arviz_stats.base import array_stats

    rhat = array_stats.rhat(draws, chain_axis=0, draw_axis=1)
    ess = array_stats.ess(draws, chain_axis=0, draw_axis=1)
    return float(np.max(rhat)), float(np.min(ess))
