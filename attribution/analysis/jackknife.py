"""Monte Carlo errors of anything computed from weighted draws: leave one chain (or scramble) out at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attribution.network.program import Floats


def jackknife(statistic: Callable[[Floats], Floats], weights: Floats, chains: int) -> tuple[Floats, Floats]:
    """The statistic under `weights` (draw,), and the standard error of each of its entries.

    Chains of NUTS and scrambles of the importance engine are independent of one another, draws within them are not; so
    the error is that of the delete-one jackknife over chains: the root of ``(n - 1) / n`` times the sum of squares
    of what each deletion changes.
    """
    whole = np.asarray(statistic(weights))
    parts = weights.reshape(chains, -1)
    without = []
    for chain in range(chains):
        kept = parts.copy()
        kept[chain] = 0.0
        without.append(np.asarray(statistic((kept / kept.sum()).ravel())))
    spread = np.stack(without)
    error = np.sqrt((chains - 1) / chains * np.sum((spread - spread.mean(axis=0)) ** 2, axis=0))
    return whole, error
