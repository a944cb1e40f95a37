"""A single change that changes the lead, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TipKind = Literal["grade", "number", "share"]

_UNITS: dict[TipKind, str] = {"grade": "steps", "number": "widths", "share": "of the prior"}
_FARTHEST: dict[TipKind, float] = {"grade": 8.0, "number": 3.0, "share": 1.0}


@dataclass(frozen=True, slots=True)
class Tip:
    """A single change that brings the lead to a tie (number, share) or over it (grade).

    `size` counts steps of letter and digit (grade), widths ``H - L`` on the probit or log scale (number), or the change
    of the mean prior share (share); `move` is the same with its sign, for a share the decades of its weight. `log_odds`
    is that of the leader against `to` after the change, with its Monte Carlo error; `error` is what that amounts to in
    `size`. `khat` is None where the effective sample size is at least 400.
    """

    kind: TipKind
    id: str
    label: str
    now: str
    then: str
    size: float
    error: float
    move: float
    to: str
    log_odds: float
    log_odds_error: float
    ess: float
    khat: float | None
    refitted: bool

    @property
    def extent(self) -> float:
        """How far it has to go, as a share of the farthest that is tried."""
        return min(self.size / _FARTHEST[self.kind], 1.0)

    def __str__(self) -> str:
        return f"{self.label} from {self.now} to {self.then} ({self.size:.3g} {_UNITS[self.kind]}), to {self.to}"


@dataclass(frozen=True, slots=True)
class Screened:
    """How many things of one kind were tried, and how many of them could change the lead."""

    kind: TipKind
    tried: int
    able: int
