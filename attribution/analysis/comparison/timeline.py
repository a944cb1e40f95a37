"""How the posterior moved as the evidence came in: at each turn, what was known by then and nothing later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.analysis.finding import Finding, beyond_reach
from attribution.domain.case import Case
from attribution.domain.evidence import Item, Statement
from attribution.inference.draws import Draws, estimate, flat, level, smoothed
from attribution.inference.fit import refuse_contradiction
from attribution.inference.posterior import Posterior
from attribution.inference.settings import Sampling
from attribution.inference.sobol import sobol_normals
from attribution.network.compile_origins import effective_grade
from attribution.network.compiler import compile_network
from attribution.network.program import Floats
from attribution.network.summation import log_joint_each, normalise, numbers, switched_off
from attribution.plots.figures import Line, Scale, lines
from attribution.plots.style import Role

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

    from attribution.domain.moments import Moment

MOST_TURNS = 30
_SAMPLING = Sampling(scrambles=8, log2_points=7)


@dataclass(frozen=True, slots=True)
class Turn:
    """What became known up to a moment since the turn before, and the probabilities then, in the order of factions.

    `level` are all that lead then, several where they are equal within 4 Monte Carlo errors; `leader` is the first of
    them in the order of the case. `khat` is the Pareto shape of the weights of that fit.
    """

    moment: str
    news: tuple[str, ...]
    probabilities: tuple[float, ...]
    mcse: tuple[float, ...]
    leader: str
    level: tuple[str, ...]
    khat: float


@dataclass(frozen=True, slots=True)
class Timeline(Finding):
    """The prior, and the posterior at every turn, each from what was public by then and nothing later.

    Attributes
    ----------
    factions
        Ids of the factions, in the order of the case.
    prior
        The prior probability of each, from 0 to 1.
    turns
        For each moment at which the public learned something: what, the probabilities then with their errors, who
        leads, and the Pareto shape of the fit.
    draws
        How many points each fit has.
    merged
        There were more turns than shown, so that some shown ones hold the news of several days.

    Examples
    --------
    >>> at.timeline(at.fit(case, model, engine="importance", as_of="2024-01-29")).to_frame().index.tolist()
    ['2024-01-28', '2024-01-29']
    """

    factions: tuple[str, ...]
    prior: tuple[float, ...]
    turns: tuple[Turn, ...]
    draws: int
    merged: bool

    @property
    def title(self) -> str:
        return "As the evidence came in"

    @property
    def method(self) -> str:
        """How each turn was computed."""
        error = max((max(turn.mcse) for turn in self.turns), default=0.0)
        return (
            f"Each turn fitted again by the instant engine ({self.draws} points, standard errors up to {error:.3f}), "
            "knowing only what was public by then."
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per turn, indexed by moment; probabilities by faction, leader, khat."""
        import pandas as pd

        rows = [
            {**dict(zip(self.factions, turn.probabilities, strict=True)), "leader": turn.leader, "khat": turn.khat}
            for turn in self.turns
        ]
        return pd.DataFrame(rows, index=pd.Index([turn.moment for turn in self.turns], name="moment"))

    @property
    def changes(self) -> tuple[Turn, ...]:
        """The turns at which the lead passed to another faction than before; the first counts against the prior.

        A tie takes no lead away: while the faction that led is level with others, nothing has passed.
        """
        before = self.factions[int(np.argmax(self.prior))]
        found = []
        for turn in self.turns:
            if before not in turn.level:
                found.append(turn)
                before = turn.leader
        return tuple(found)

    @property
    def summary(self) -> str:
        changed = "; ".join(f"on {turn.moment} to {turn.leader}" for turn in self.changes)
        return f"{len(self.turns)} turns: the lead {f'passed {changed}' if changed else 'never changed'}."

    def unreliable(self) -> tuple[str, ...]:
        """Turns whose fit has weights with a tail too heavy to trust."""
        return beyond_reach(((f"The turn of {turn.moment}", turn) for turn in self.turns), self.draws)

    def plot(self, ax: Axes | None = None) -> Axes:
        """A line per faction that ever led or ends among the first three; each stays until the next turn."""
        last = self.turns[-1].probabilities if self.turns else self.prior
        ranking = sorted(range(len(self.factions)), key=lambda position: -last[position])
        ever = {self.factions.index(turn.leader) for turn in self.turns}
        shown = [position for rank, position in enumerate(ranking) if rank < 3 or position in ever]
        drawn = []
        for rank, position in enumerate(shown):
            role: Role = ("lead", "rival")[rank] if rank < 2 else "rest"
            heights = (self.prior[position], *(turn.probabilities[position] for turn in self.turns))
            times = tuple(float(turn) for turn in range(len(heights)))
            drawn.append(Line(self.factions[position], times, heights, role, steps=True))
        ticks = ((0.0, "prior"), *((float(at), turn.moment) for at, turn in enumerate(self.turns, 1)))
        return lines(
            drawn,
            Scale("what was public by then", ticks=ticks),
            Scale("probability", "share"),
            title=self.summary,
            note=self.method,
            ax=ax,
        )


def timeline(posterior: Posterior) -> Timeline:
    """The posterior at each moment at which the public learned something, up to that of the posterior itself.

    Withdrawals and later grades are turns too. Past 30 turns, neighbours are taken together. Always by the instant
    engine, so that the last turn may differ from a posterior by NUTS within the errors of both.

    Parameters
    ----------
    posterior
        The posterior that the timeline leads up to.

    Returns
    -------
    Timeline
        A turn for each moment.

    Examples
    --------
    >>> early = at.fit(case, model, engine="importance", as_of="2024-01-29")
    >>> at.timeline(early).turns[0].moment
    '2024-01-28'
    """
    case, last = posterior.case, posterior.settings.as_of
    moments = [moment for moment in case.update_times if last is None or moment <= last]
    shown = _evenly(moments, MOST_TURNS)
    known = [case.as_of(moment) for moment in shown]
    turns: dict[int, Turn] = {}
    for group in _heard_together(known):
        moved = _fitted(posterior, [shown[place] for place in group], [known[place] for place in group])
        for place, fitted in zip(group, moved, strict=True):
            turns[place] = _turn(posterior, shown[place], shown[place - 1] if place else None, fitted)
    return Timeline(
        factions=posterior.program.factions,
        prior=tuple(standing.prior for standing in posterior.standings),
        turns=tuple(turns[place] for place in range(len(shown))),
        draws=_SAMPLING.scrambles * 2**_SAMPLING.log2_points,
        merged=len(shown) < len(moments),
    )


def _evenly(moments: list[Moment], most: int) -> list[Moment]:
    """At most so many of them, evenly spread, the last among them."""
    if len(moments) <= most:
        return moments
    positions = np.linspace(0, len(moments) - 1, most).round().astype(int)
    return [moments[position] for position in sorted(set(positions.tolist()))]


def _heard_together(known: list[Case]) -> list[list[int]]:
    """Places of turns that one network has, from the last on: of its origins each turn has heard some, as they stand.

    An origin that said less then, that had another grade, or a 1 that nobody else confirmed yet, begins another group.
    """
    groups: list[list[int]] = []
    for place in reversed(range(len(known))):
        if groups and _within(known[place], known[groups[-1][0]]):
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups


def _within(earlier: Case, later: Case) -> bool:
    return all(
        one.id in later.origins.ids
        and later.origins[one.id] == one
        and effective_grade(later, one) == effective_grade(earlier, one)
        for one in earlier.origins
    )


def _fitted(posterior: Posterior, moments: list[Moment], known: list[Case]) -> list[tuple[Draws, Floats]]:
    """Weighted points, and ``p(h | E, theta)`` in each (draw, faction), at turns the first of which has heard most.

    The points are the same for all of them: numbers of origins that nobody has heard yet change nothing.
    """
    case, model, seed = posterior.case, posterior.model, posterior.settings.random_seed
    now = known[0] == posterior.known_case
    program = posterior.program if now else compile_network(case, model, moments[0])
    z = sobol_normals(program.dimension, _SAMPLING.scrambles, _SAMPLING.log2_points, seed)
    silent = [frozenset(program.origins) - frozenset(one.origins.ids) for one in known]
    switches = [switched_off(program, origins) for origins in silent]
    found = []
    for origins, joint in zip(silent, log_joint_each(program, numbers(program, flat(z)), switches), strict=True):
        if not np.isfinite(joint).any():
            refuse_contradiction(case, program.without(origins))
        probability, evidence = normalise(joint)
        log_weight, khat = smoothed(evidence.reshape(z.shape[:2]))
        found.append((Draws(z, log_weight=log_weight, khat=khat), probability))
    return found


def _turn(posterior: Posterior, moment: Moment, before: Moment | None, fitted: tuple[Draws, Floats]) -> Turn:
    draws, probability = fitted
    found, first = estimate(draws, probability), level(draws, probability, draws.weights)
    return Turn(
        moment=moment.isoformat(),
        news=tuple(_news(posterior.case, moment, before)),
        probabilities=tuple(found.mean.tolist()),
        mcse=tuple(found.mcse.tolist()),
        leader=posterior.program.factions[first[0]],
        level=tuple(posterior.program.factions[one] for one in first),
        khat=float("-inf") if draws.khat is None else draws.khat,
    )


def _news(case: Case, moment: Moment, before: Moment | None) -> list[str]:
    """What became known after `before` and up to `moment`, in words."""

    def fresh(when: Moment | None) -> bool:
        return when is not None and when <= moment and (before is None or when > before)

    found = [item.title for item in _in_order(case) if fresh(item.published)]
    found += [f"Withdrawn: {item.title}" for item in _in_order(case) if fresh(item.withdrawn)]
    for item in _in_order(case):
        if isinstance(item, Statement):
            found += [f"Graded {step.grade}: {item.title}" for step in item.regraded if fresh(step.date)]
    return found


def _in_order(case: Case) -> list[Item]:
    return sorted(case.evidence, key=lambda item: (item.published, item.id))
