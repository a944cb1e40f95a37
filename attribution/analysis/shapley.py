"""What each origin contributes to the log-odds between two factions, so that the contributions add up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.analysis.lead import apart
from attribution.analysis.shapley_groups import contributions
from attribution.domain.verbal import DECIBANS
from attribution.inference.draws import expectation, weighted_quantiles
from attribution.inference.posterior import Posterior
from attribution.network.program import Floats

if TYPE_CHECKING:
    import pandas as pd

_MOST_DRAWS = 4096  # of a weighted run four times as large: the bars' own errors stay far below their ranges


@dataclass(frozen=True, slots=True)
class Bar:
    """One contribution in decibans: its mean over the posterior of the numbers, and its 5 and 95 % quantiles there.

    `error` is the Monte Carlo error of the mean from sampling orders; 0 where it is enumerated.
    """

    id: str
    label: str
    decibans: float
    low: float
    high: float
    error: float = 0.0


@dataclass(frozen=True, slots=True)
class Decomposition:
    """Log-odds of one faction or group against another as a sum of bars: the prior, every origin, what averaging adds.

    `prior` is the log-odds of the prior means, `averaging` closes the sum: the log of mean probabilities is not the
    mean of logs. ``prior + sum of origins + averaging = total``, the printed log-odds. `orders` were sampled for some
    origins, 0 where all is enumerated; bars are means over `draws` draws.
    """

    faction: str
    rival: str
    prior: float
    origins: tuple[Bar, ...]
    averaging: float
    total: float
    orders: int = 0
    draws: int = 0

    @property
    def method(self) -> str:
        """What was computed, and how."""
        return f"Shapley values in each of {self.draws:,} draws, " + (
            f"over {self.orders} random orders where members of a side differ (largest error "
            f"{max((bar.error for bar in self.origins), default=0.0):.2f} dB), else enumerated exactly."
            if self.orders
            else "enumerated exactly within facts that hang together."
        )

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
            f"most from {told}; averaging over unknown numbers {self.averaging:+.1f}. {self.method}"
        )


def shapley(posterior: Posterior, faction: str = "", rival: str = "") -> Decomposition:
    """Decompose the log-odds of `faction` against `rival` (the leader against the runner-up) over the origins.

    Both may be groups, or `other`. Per draw, ``v(A) = log p(A | faction, theta) - log p(A | rival, theta)``. Between
    two named factions it is additive over parts of the network, so Shapley values are exact by enumeration within each
    part. A group's likelihood is a mean over its members, and `other` acts like everybody with some probability; what
    does not add up there is enumerated together, or sampled over random orders, with an error.

    Raises
    ------
    UsageError
        An unknown node; the same one twice, or one that holds the other.
    """
    first, second = posterior.ranking[:2]
    faction, rival = faction or first.id, rival or (second.id if (faction or first.id) != second.id else first.id)
    found = contributions(posterior, *apart(posterior, faction, rival), most=_MOST_DRAWS)
    labels = {one.id: one.title or one.items[0].title for one in posterior.case.origins}
    bars = []
    for origin, values in found.values.items():
        low, high = weighted_quantiles(values[:, None], found.weights, (0.05, 0.95))
        mean, error = float(expectation(found.weights, values)), found.error.get(origin, 0.0)
        bars.append(Bar(origin, labels[origin], mean, float(low[0]), float(high[0]), error))
    standing = {one.id: one for one in (*posterior.standings, *posterior.group_standings)}
    prior = float(DECIBANS * np.log(standing[faction].prior / standing[rival].prior))
    total = float(DECIBANS * np.log(standing[faction].probability / standing[rival].probability))
    averaging = total - prior - sum(bar.decibans for bar in bars)
    bars.sort(key=lambda bar: -abs(bar.decibans))
    return Decomposition(faction, rival, prior, tuple(bars), averaging, total, found.orders, len(found.weights))


def contributions_per_draw(posterior: Posterior, faction: str, rival: str) -> dict[str, Floats]:
    """Shapley values of every origin in every draw, decibans: (draw,) each; they sum to the likelihood's log-odds."""
    return contributions(posterior, *apart(posterior, faction, rival)).values
