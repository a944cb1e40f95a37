"""A change of one thing by an amount, and the search for the amount at which the lead passes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from attribution.analysis.bench import Bench
from attribution.domain.numbers import Number
from attribution.inference.posterior import Posterior
from attribution.network.edits import driven, shifted, with_factor
from attribution.network.program import Floats, Program

FURTHEST = 3.0  # widths of a number
FARTHEST_FACTOR = 3.0  # decades of a prior weight
NEAR = 0.2  # log-odds that the few draws of the screen may be off


@dataclass(frozen=True, slots=True)
class Move:
    """Something that can be moved by an amount; 0 is where it stands.

    `tried` gives the log-joint on a bench, `program` the network itself, `size` what the amount counts in the finding.
    """

    id: str
    tried: Callable[[Bench, float], Floats]
    program: Callable[[float], Program]
    size: Callable[[float], float]

    def margin(self, on: Bench, amount: float) -> tuple[float, int]:
        """Log-odds of the leader against its nearest rival, and who that is."""
        margins = on.margins(self.tried(on, amount))
        nearest = int(margins.argmin())
        return float(margins[nearest]), nearest


@dataclass(frozen=True, slots=True)
class Crossing:
    """The amount at which the lead passes, and to whom."""

    move: Move
    amount: float
    to: int

    @property
    def size(self) -> float:
        return self.move.size(self.amount)


def number_moves(posterior: Posterior) -> list[Move]:
    """Every uncertain number of the network, moved by widths ``H - L`` on its probit or log scale."""

    def of(position: int, id: str, width: float) -> Move:
        def tried(on: Bench, amount: float) -> Floats:
            return on.total(*on.shifted(position, amount * width))

        return Move(id, tried, lambda amount: shifted(posterior.program, position, amount * width), abs)

    return [
        of(position, coordinate.label, scale_of(coordinate.number, "high") - scale_of(coordinate.number, "low"))
        for position, coordinate in enumerate(posterior.program.coordinates)
        if len(driven(posterior.program, position))
    ]


def share_moves(posterior: Posterior) -> list[Move]:
    """The prior weight of every named faction, moved by decades; the others share what is left.

    The size is the change of its mean prior share. The share of `other` is a number of the model by itself.
    """

    def of(position: int, faction: str) -> Move:
        def tried(on: Bench, amount: float) -> Floats:
            share, open_set = np.exp(on.known.prior[:, position]), np.exp(on.known.prior[:, on.program.ints.other[0]])
            grown = (10.0**amount - 1.0) * share
            change = np.repeat(
                np.log((1.0 - open_set) / (1.0 - open_set + grown))[:, None], len(on.known.prior[0]), axis=1
            )
            change[:, on.program.ints.other[0]] = 0.0
            change[:, position] += amount * math.log(10.0)
            return on.opened(on.slots, change)

        def program(amount: float) -> Program:
            return with_factor(posterior.program, faction, 10.0**amount)

        def size(amount: float) -> float:
            return abs(share_after(posterior, position, amount) - share_after(posterior, position, 0.0))

        return Move(faction, tried, program, size)

    return [
        of(position, faction)
        for position, faction in enumerate(posterior.program.factions)
        if position != posterior.program.ints.other[0]
    ]


def share_after(posterior: Posterior, position: int, amount: float) -> float:
    """The mean prior share of a faction whose weight is multiplied by 10 to the amount."""
    share = posterior.prior_faction_draws
    open_set = share[:, posterior.program.ints.other[0]]
    more = 10.0**amount * share[:, position]
    return float(np.mean((1.0 - open_set) * more / (1.0 - open_set - share[:, position] + more)))


def scale_of(number: Number, which: str) -> float:
    """A quantile of a number on its probit or log scale."""
    from scipy.special import ndtri

    value = float(getattr(number, which))
    return math.log(value) if number.scale == "ratio" else float(ndtri(value))


def brackets(move: Move, on: Bench, grid: tuple[float, ...]) -> list[tuple[float, float]]:
    """To each side the first pair of neighbours on the grid, going outwards from 0, between which the lead passes.

    A rival that comes nearer than `NEAR` counts, since the draws of the screen are few.
    """
    found = []
    for side in (-1.0, 1.0):
        inner = 0.0
        for step in grid:
            if move.margin(on, side * step)[0] < NEAR:
                found.append((inner, side * step))
                break
            inner = side * step
    return found


def solved(move: Move, on: Bench, bracket: tuple[float, float], *, within: float = 1e-4) -> Crossing | None:
    """The amount within a bracket at which the lead passes; None where it does not."""
    if move.margin(on, bracket[0])[0] <= 0 or move.margin(on, bracket[1])[0] > 0:
        return None
    return Crossing(move, *crossing(lambda amount: move.margin(on, amount), bracket, within=within))


def crossing(
    margin: Callable[[float], tuple[float, int]], bracket: tuple[float, float], *, within: float = 1e-4
) -> tuple[float, int]:
    """Where a margin becomes 0 between its two ends, and against whom, by regula falsi (Illinois)."""
    inside, outside = bracket
    (low, _), (high, to) = margin(inside), margin(outside)
    last = 0
    for _ in range(60):
        amount = (inside * high - outside * low) / (high - low) if np.isfinite(high) else (inside + outside) / 2
        here, nearest = margin(amount)
        if abs(here) <= within:
            return amount, nearest
        if here > 0:
            inside, low, high, last = amount, here, high / 2 if last > 0 else high, 1
        else:
            outside, high, to, low, last = amount, here, nearest, low / 2 if last < 0 else low, -1
        if abs(outside - inside) <= within:
            break
    return outside, to
