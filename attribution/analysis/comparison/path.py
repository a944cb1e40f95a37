"""The shortest way found by which the runner-up would win: a few uncertain numbers, moved within their own ranges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.analysis.finding import Finding
from attribution.analysis.naming import number_name
from attribution.analysis.workspace import crossing
from attribution.domain.verbal import DECIBANS, percent
from attribution.errors import UsageError
from attribution.inference.draws import expectation, smoothed
from attribution.inference.posterior import Posterior
from attribution.inference.sobol import sobol_normals
from attribution.network.curves import quantile
from attribution.network.program import Floats
from attribution.network.summation import log_joint, normalise
from attribution.plots.figures import DotRow, Scale, dots

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

FARTHEST = 1.6448536269514722  # standard deviations: the middle of a number goes at most to its 5 or 95 % quantile
MOST_STEPS = 12
_LOG2_POINTS = 9  # of each scramble
_WITHIN = 1e-6  # standard deviations within which the place of a tie is solved for


@dataclass(frozen=True, slots=True)
class Step:
    """One number whose middle moves from `best` to `to`, `deviations` of its own standard deviations away.

    `lead` is the log-odds of leader against rival after this step, in decibans.
    """

    number: str
    label: str
    best: float
    to: float
    deviations: float
    lead: float


@dataclass(frozen=True, slots=True)
class ShortestPath(Finding):
    """Steps that together put a rival ahead of the leader.

    Attributes
    ----------
    leader
        The most probable faction.
    leader_label
        Its name for a reader.
    rival
        The faction that overtakes it.
    rival_label
        Its name for a reader.
    lead
        The log-odds of leader against rival before the first step, in decibans.
    steps
        One number each: from its `best` to where, how many of its standard deviations that is, and the lead after it.
    reached
        The rival draws level; False where no 12 steps do it.
    lead_error
        The Monte Carlo error of the lead at the end, in decibans.
    rival_probability
        The rival's probability at the end, from 0 to 1.
    ess
        The effective sample size there.

    Examples
    --------
    >>> path = findings.rivals.path
    >>> bool(abs(path.size**2 - sum(step.deviations**2 for step in path.steps)) < 1e-9)
    True
    """

    leader: str
    leader_label: str
    rival: str
    rival_label: str
    lead: float
    steps: tuple[Step, ...]
    reached: bool
    lead_error: float
    rival_probability: float
    ess: float

    @property
    def size(self) -> float:
        return float(np.sqrt(sum(step.deviations**2 for step in self.steps)))

    @property
    def title(self) -> str:
        return "The shortest way to another leader"

    @property
    def method(self) -> str:
        """What was perturbed, and how it was computed."""
        return (
            "Step by step, the number that does most for the rival moves its middle, at most to its own 5 or 95 % "
            "quantile, its width kept; the posterior is computed anew at each step. A greedy search: there may be a "
            "shorter way."
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per step: best, to, deviations, and the lead in decibans after it."""
        import pandas as pd

        rows = [
            {"number": s.number, "best": s.best, "to": s.to, "deviations": s.deviations, "lead": s.lead}
            for s in self.steps
        ]
        columns = ["number", "best", "to", "deviations", "lead"]
        return pd.DataFrame(rows, columns=columns).set_index("number")

    @property
    def summary(self) -> str:
        if not self.steps:
            return f"No uncertain number stands between {self.leader_label} and {self.rival_label}."
        if not self.reached:
            return (
                f"Even {len(self.steps)} numbers at the ends of their ranges leave {self.leader_label} ahead of "
                f"{self.rival_label} ({self.lead:.1f} dB now)."
            )
        phrases = "; ".join(f"{step.label} from {step.best:.3g} to {step.to:.3g}" for step in self.steps)
        return (
            f"{self.rival_label} would draw level with {self.leader_label}, at {percent(self.rival_probability)}, with "
            f"{_counted(len(self.steps))} moved ({self.size:.1f} standard deviations together; error of the end "
            f"{self.lead_error:.2f} dB): {phrases}."
        )

    def unreliable(self) -> tuple[str, ...]:
        """Nothing: it needs no draws beyond those of the posterior."""
        return ()

    def plot(self, ax: Axes | None = None) -> Axes:
        """The lead in decibans as one number after another is moved, until the rival draws level."""
        rows = [
            DotRow("as it stands", self.lead),
            *(DotRow(f"{step.label}: {step.best:.3g} to {step.to:.3g}", step.lead) for step in self.steps),
        ]
        phrases = "draws level with" if self.reached else "does not reach"
        return dots(
            rows,
            Scale(f"lead of {self.leader_label}, decibans", "decibans"),
            title=f"How {self.rival_label} {phrases} {self.leader_label}",
            note=self.method,
            joined=True,
            ax=ax,
        )


def _counted(steps: int) -> str:
    return "one number" if steps == 1 else f"{steps} numbers"


def shortest_path(posterior: Posterior, rival: str = "") -> ShortestPath:
    """The shortest way found by which a rival overtakes the leader.

    Moving the middle of a number by s of its standard deviations is a prior ``N(s, 1)`` on its coordinate. The
    derivative of the rival's log-odds by s is the difference of the coordinate's posterior means given the two.

    Parameters
    ----------
    posterior
        The posterior whose numbers are moved.
    rival
        A faction; the runner-up where empty.

    Returns
    -------
    ShortestPath
        At most 12 steps.

    Raises
    ------
    UsageError
        An unknown faction, or the leader itself.

    Examples
    --------
    >>> at.shortest_path(posterior, "nujaba").rival_label
    'Harakat Hezbollah al-Nujaba'
    """
    first, second = posterior.ranking[:2]
    rival = rival or second.id
    if rival not in posterior.program.factions:
        raise UsageError.unknown("factions", rival, posterior.program.factions, at=("rival",))
    if rival == first.id:
        raise UsageError(f'"{rival}" leads already.', at=("rival",), allowed="another faction")
    factions = posterior.program.factions
    walk = _Walk.between(posterior, factions.index(first.id), factions.index(rival))
    start = walk.look(np.zeros(posterior.program.dimension))
    shift, seen, moved = np.zeros(posterior.program.dimension), start, list[tuple[int, float, float]]()
    while seen.lead > 0 and len(moved) < min(MOST_STEPS, posterior.program.dimension):
        slope = np.where(shift == 0, seen.slope, 0.0)
        at = int(np.argmax(np.abs(slope)))
        if slope[at] == 0:
            break
        seen, shift = walk.step(seen, shift, at, float(np.sign(slope[at])))
        moved.append((at, float(shift[at]), seen.lead))
    coordinates = posterior.program.coordinates
    steps = tuple(
        Step(
            coordinates[at].label,
            number_name(posterior.case, coordinates[at].label),
            coordinates[at].number.best,
            float(quantile(coordinates[at].number, np.array(deviations))),
            deviations,
            lead,
        )
        for at, deviations, lead in moved
    )
    label = posterior.case.factions.label
    return ShortestPath(
        leader=first.id,
        leader_label=first.label,
        rival=rival,
        rival_label=label(rival),
        lead=start.lead,
        steps=steps,
        reached=seen.lead <= 0,
        lead_error=seen.error,
        rival_probability=seen.rival,
        ess=seen.ess,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """The posterior at one place: lead in decibans and its error, the rival's slope by every coordinate, ESS."""

    lead: float
    error: float
    rival: float
    slope: Floats
    ess: float


@dataclass(frozen=True, slots=True, eq=False)
class _Walk:
    """Points of the prior, at which the network is summed anew wherever the middles of its numbers are put."""

    posterior: Posterior
    leader: int
    rival: int
    z: Floats
    scrambles: int

    @classmethod
    def between(cls, posterior: Posterior, leader: int, rival: int) -> _Walk:
        sampling, dimension = posterior.settings.sampling, posterior.program.dimension
        log2_points = min(sampling.log2_points, _LOG2_POINTS)
        points = sobol_normals(dimension, sampling.scrambles, log2_points, posterior.settings.random_seed)
        z = points.reshape(points.shape[0] * points.shape[1], dimension)
        return cls(posterior, leader, rival, z, len(points))

    def look(self, shift: Floats) -> _Seen:
        """The posterior with the middles of all numbers shifted, from points of its own."""
        probability, log_evidence = normalise(log_joint(self.posterior.program, self.z + shift))
        weights = np.exp(smoothed(log_evidence)[0])
        weights /= weights.sum()
        a, b = (weights * probability[:, place] for place in (self.leader, self.rival))
        tiny = 1e-300
        slope = expectation(b / max(b.sum(), tiny) - a / max(a.sum(), tiny), self.z)
        lead = DECIBANS * (np.log(max(a.sum(), tiny)) - np.log(max(b.sum(), tiny)))
        by_scramble = (b / max(b.sum(), tiny) - a / max(a.sum(), tiny)).reshape(self.scrambles, -1).sum(axis=1)
        error = DECIBANS * by_scramble.std(ddof=1) * np.sqrt(self.scrambles)
        return _Seen(float(lead), float(error), float(b.sum()), slope, float(1.0 / np.sum(weights**2)))

    def step(self, before: _Seen, shift: Floats, at: int, sign: float) -> tuple[_Seen, Floats]:
        """Move one number as far as it takes, at most to the end of its range; what is seen there."""
        end = shift.copy()
        end[at] = sign * FARTHEST
        seen = self.look(end)
        if seen.lead > 0:
            return seen, end

        known = {0.0: before.lead, FARTHEST: seen.lead}

        def lead(amount: float) -> Floats:
            shift_there = shift.copy()
            shift_there[at] = sign * amount
            return np.array([known[amount] if amount in known else self.look(shift_there).lead])

        level = crossing(lead, (0.0, FARTHEST), within=_WITHIN)
        assert level, "the rival leads at the far end, and does not yet where the number stands"
        there = shift.copy()
        there[at] = sign * min(level[0] + 2.0 * _WITHIN, FARTHEST)  # just past the tie
        passed = self.look(there)
        return (passed, there) if passed.lead <= 0 else (seen, end)
