"""What each origin contributes to the log-odds between two factions, so that the contributions add up."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import TYPE_CHECKING

import numpy as np

from attribution.analysis.subsets import TiedOrigins, tied_origins
from attribution.domain.identifiers import OTHER
from attribution.errors import UsageError
from attribution.inference.draws import expectation, weighted_quantiles
from attribution.inference.posterior import Posterior
from attribution.network.program import Floats

if TYPE_CHECKING:
    import pandas as pd

_DECIBANS = 10.0 / np.log(10.0)


@dataclass(frozen=True, slots=True)
class Bar:
    """One contribution in decibans: its mean over the posterior of the numbers, and its 5 and 95 % quantiles there."""

    id: str
    label: str
    decibans: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Log-odds of one faction against another as a sum of bars: the prior, every origin, and what averaging adds.

    `prior` is the log-odds of the prior means, `averaging` closes the sum: the log of mean probabilities is not the
    mean of logs. ``prior + sum of origins + averaging = total``, the printed log-odds.
    """

    faction: str
    rival: str
    prior: float
    origins: tuple[Bar, ...]
    averaging: float
    total: float

    def to_frame(self) -> pd.DataFrame:
        """One row per bar, decibans: mean, low, high; prior first, averaging and total last."""
        import pandas as pd

        rows = [
            ("prior", self.prior, None, None),
            *((bar.id, bar.decibans, bar.low, bar.high) for bar in self.origins),
            ("averaging over unknown numbers", self.averaging, None, None),
            ("total", self.total, None, None),
        ]
        return pd.DataFrame(rows, columns=["bar", "decibans", "low", "high"]).set_index("bar")

    def __str__(self) -> str:
        strongest = sorted(self.origins, key=lambda bar: -abs(bar.decibans))[:3]
        told = ", ".join(f"{bar.label} {bar.decibans:+.1f}" for bar in strongest)
        return (
            f"{self.faction} against {self.rival}: {self.total:+.1f} dB, of which the prior {self.prior:+.1f}; "
            f"most from {told}; averaging over unknown numbers {self.averaging:+.1f}. Shapley values per draw, "
            "enumerated exactly within facts that hang together."
        )


def shapley(posterior: Posterior, faction: str = "", rival: str = "") -> Decomposition:
    """Decompose the log-odds of `faction` against `rival` (the leader against the runner-up) over the origins.

    Per draw, ``v(A) = log p(A | faction, theta) - log p(A | rival, theta)`` is additive over parts of the network, so
    Shapley values are exact by enumeration within each part.

    Raises
    ------
    UsageError
        An unknown faction; the same one twice; `other`, whose likelihood is mixed with everybody's (surprise) and does
        not add up.
    """
    first, second = posterior.ranking[:2]
    faction, rival = faction or first.id, rival or (second.id if (faction or first.id) != second.id else first.id)
    for name in (faction, rival):
        _check(posterior, name)
    if faction == rival:
        raise UsageError(f'"{faction}" is compared with itself.', allowed="two factions")
    contributions = contributions_per_draw(posterior, faction, rival)
    weights = posterior.draws.weights
    labels = {one.id: one.title or one.items[0].title for one in posterior.case.origins}
    bars = []
    for origin, values in contributions.items():
        low, high = weighted_quantiles(values[:, None], weights, (0.05, 0.95))
        bars.append(Bar(origin, labels[origin], float(expectation(weights, values)), float(low[0]), float(high[0])))
    standing = {one.id: one for one in posterior.standings}
    prior = float(_DECIBANS * np.log(standing[faction].prior / standing[rival].prior))
    total = float(_DECIBANS * np.log(standing[faction].probability / standing[rival].probability))
    averaging = total - prior - sum(bar.decibans for bar in bars)
    bars.sort(key=lambda bar: -abs(bar.decibans))
    return Decomposition(faction, rival, prior, tuple(bars), averaging, total)


def contributions_per_draw(posterior: Posterior, faction: str, rival: str) -> dict[str, Floats]:
    """Shapley values of every origin in every draw, decibans: (draw,) each; they sum to the likelihood's log-odds."""
    a, b = (posterior.program.factions.index(name) for name in (faction, rival))
    found: dict[str, Floats] = {}
    for part in tied_origins(posterior):
        worth = {kept: _DECIBANS * (values[:, a] - values[:, b]) for kept, values in part.by_subset.items()}
        found |= {origin: _shapley_value(part, worth, origin) for origin in part.origins}
    return found


def _shapley_value(part: TiedOrigins, worth: dict[frozenset[str], Floats], origin: str) -> Floats:
    others = [one for one in part.origins if one != origin]
    count = len(part.origins)
    total = np.zeros(next(iter(worth.values())).shape)
    for size in range(count):
        weight = factorial(size) * factorial(count - size - 1) / factorial(count)
        for before in combinations(others, size):
            kept = frozenset(before)
            total += weight * (worth[kept | {origin}] - worth[kept])
    return total


def _check(posterior: Posterior, name: str) -> None:
    if name not in posterior.program.factions:
        raise UsageError.unknown("factions", name, posterior.program.factions, at=("faction",))
    if name == OTHER:
        raise UsageError(
            "`other` acts like everybody with some probability (surprise), so its log-odds are no sum.",
            allowed="two named factions",
            hint="leave_out(posterior) gives the pull of each origin on `other`",
        )
