"""One analyst judged all the numbers: what if that judgement leans towards a faction?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.analysis.finding import Finding, beyond_reach
from attribution.analysis.naming import thing_name
from attribution.analysis.reweighting import reweight
from attribution.analysis.workspace import Workspace
from attribution.domain.case import Case
from attribution.domain.identifiers import ELSE
from attribution.domain.tables import SAME
from attribution.domain.verbal import percent, percents
from attribution.errors import UsageError
from attribution.inference.draws import weighted_quantiles
from attribution.inference.posterior import Posterior
from attribution.network.edits import displaced, driven
from attribution.network.program import Program
from attribution.plots.figures import BandRow, Scale, bands
from attribution.plots.style import roles

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

CORRELATION = 0.1
DEVIATIONS = 1.64  # the 5 and 95 % quantiles of a lean
MOST_CORRELATED = 0.3
_QUANTILES = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class Leaning:
    """The answer if the numbers of one label lean one way.

    Attributes
    ----------
    label
        The node of the tree whose numbers lean, or ``else``.
    title
        Its name for a reader.
    size
        The lean, in standard deviations; above 0 it makes what the evidence asserts more probable under the label.
    numbers
        How many uncertain numbers lean.
    probabilities, low, high
        Of every faction: its probability, and its 5 and 95 % quantiles over the inputs.
    leader
        Who leads then.
    changes_lead, lead_open
        Whether that is somebody else than before; whether the first two are equal within 4 standard errors.
    ess, khat, refitted
        Effective draws; their Pareto shape where these are few; whether it is a new fit.
    """

    label: str
    title: str
    size: float
    numbers: int
    probabilities: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    leader: str
    changes_lead: bool
    lead_open: bool
    ess: float
    khat: float | None
    refitted: bool


@dataclass(frozen=True, slots=True)
class Lean(Finding):
    """Each label's numbers leaning in turn, towards what the evidence asserts and away from it.

    Attributes
    ----------
    factions, labels
        Ids of the factions, in the order of the case; their names for a reader.
    leader
        The most probable faction.
    correlation
        Of the errors of one label's numbers: the share of their variance that is the analyst's lean.
    probabilities, low, high
        Without a lean: the posterior and its range over inputs.
    leanings
        The answer under each lean, two for every label that has numbers to lean.
    draws
        How many draws stand behind it.

    Examples
    --------
    >>> found = at.lean(posterior)
    >>> low, high = found.range_of("kataib-hezbollah")
    >>> low <= found.low[found.factions.index("kataib-hezbollah")]
    True
    """

    factions: tuple[str, ...]
    labels: tuple[str, ...]
    leader: str
    correlation: float
    probabilities: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    leanings: tuple[Leaning, ...]
    draws: int

    @property
    def title(self) -> str:
        return "If the analyst leaned"

    @property
    def method(self) -> str:
        """What was perturbed, and how it was computed."""
        shift = math.sqrt(self.correlation) * DEVIATIONS
        return (
            f"Numbers judged by one person err together. In turn the numbers of each label in the tables move by "
            f"{shift:.2f} standard deviations, towards the states that the evidence asserts and away from others, or "
            f"the other way round: a lean of {DEVIATIONS} at a correlation of {self.correlation:g}. Each answer is "
            f"that of the model so changed, from the same {self.draws} draws; how probable a lean makes the evidence "
            "counts for nothing, since whoever is named most often would then be leaned towards. The range with a lean "
            "runs from the lowest to the highest end of all these ranges."
        )

    def range_of(self, faction: str) -> tuple[float, float]:
        """The lowest 5 % and the highest 95 % quantile of a faction's probability, without a lean and under each."""
        h = self.factions.index(faction)
        low, high = [one.low[h] for one in self.leanings], [one.high[h] for one in self.leanings]
        return min([self.low[h], *low]), max([self.high[h], *high])

    def to_frame(self) -> pd.DataFrame:
        """One row per lean: a column per faction, numbers, leader, changes_lead, lead_open, ess, khat, refitted."""
        import pandas as pd

        columns = ("numbers", "leader", "changes_lead", "lead_open", "ess", "khat", "refitted")
        rows = [
            {
                "label": one.label,
                "size": one.size,
                **dict(zip(self.factions, one.probabilities, strict=True)),
                **{column: getattr(one, column) for column in columns},
            }
            for one in self.leanings
        ]
        index = ["label", "size"]
        return pd.DataFrame(rows, columns=[*index, *self.factions, *columns]).set_index(index)

    @property
    def summary(self) -> str:
        h = self.factions.index(self.leader)
        if not self.leanings:
            return "No number of a table can lean: none bears on what the evidence asserts."
        low, high = self.range_of(self.leader)
        least = min(self.leanings, key=lambda one: one.probabilities[h])
        most = max(self.leanings, key=lambda one: one.probabilities[h])
        lines = [
            f"With a leaning analyst (correlation {self.correlation:g}) the range of {self.labels[h]} over inputs, "
            f"{percents(self.low[h], self.high[h])}, becomes {percents(low, high)}; its probability of "
            f"{percent(self.probabilities[h])} becomes {percent(least.probabilities[h])} at the lowest (the numbers of "
            f"{least.title}) and {percent(most.probabilities[h])} at the highest (those of "
            f"{most.title})."
        ]
        lost = dict.fromkeys(one.leader for one in self.leanings if one.changes_lead and not one.lead_open)
        opened = any(one.lead_open for one in self.leanings)
        if lost:
            lines.append(f"The lead can pass to {' or '.join(self.labels[self.factions.index(one)] for one in lost)}.")
        elif opened:
            lines.append("The lead can become open.")
        else:
            lines.append("No lean of one label takes the lead.")
        return " ".join(lines)

    def unreliable(self) -> tuple[str, ...]:
        """Leans that the draws do not reach and that were not fitted again."""
        parts = ((f"the numbers of {one.title} leaning by {one.size:+zg}", one) for one in self.leanings)
        return beyond_reach(parts, self.draws)

    def plot(self, ax: Axes | None = None) -> Axes:
        """A row per faction: its probability as a mark, the range over inputs, and, paler, the range with a lean."""
        order = sorted(range(len(self.factions)), key=lambda h: -self.probabilities[h])
        second = self.factions[order[1]]
        role = dict(zip(self.factions, roles(self.factions, self.leader, second), strict=True))
        rows = [
            BandRow(
                self.labels[h],
                ((self.low[h], self.high[h]), self.range_of(self.factions[h])),
                self.probabilities[h],
                role[self.factions[h]],
            )
            for h in order
        ]
        low, high = self.range_of(self.leader)
        return bands(
            rows,
            Scale("probability after the evidence", "share"),
            title=f"With a leaning analyst {self.labels[order[0]]} has {percents(low, high)}",
            note=self.method,
            names=["range over inputs", "with an analyst's lean"],
            ax=ax,
        )


def lean(posterior: Posterior, *, correlation: float = CORRELATION, refit: bool = True) -> Lean:
    """Sweep the lean of an analyst over every label of the tables.

    Every label in a row of a table, ``else`` included, has a lean: its numbers for states that the evidence asserts
    move up by ``sqrt(correlation) * 1.64`` on their standard normals, those for other states down, and the other way
    round. Facts without an asserted state, or with contradictory ones, do not lean, nor do numbers that quote a trait.

    Parameters
    ----------
    posterior
        The posterior whose numbers one person judged.
    correlation
        Of the errors of one label's numbers, 0 to 0.3.
    refit
        Fit again, with the engine of the posterior, what the draws cannot reach.

    Returns
    -------
    Lean
        The answer under each lean, and the range of every faction over all of them.

    Raises
    ------
    UsageError
        A correlation outside 0 to 0.3.

    Examples
    --------
    >>> at.lean(posterior, correlation=0.3).to_frame().loc[("kataib-hezbollah", -1.64), "leader"]
    'kataib-hezbollah'
    """
    if not 0 <= correlation <= MOST_CORRELATED:
        raise UsageError(f"a correlation is {correlation:g}.", at=("correlation",), allowed=f"0 to {MOST_CORRELATED:g}")
    space = Workspace(posterior)
    leanings = []
    for label, signs in leaning_numbers(posterior.known_case, posterior.program).items():
        for size in (-DEVIATIONS, DEVIATIONS):
            shift = {coordinate: math.sqrt(correlation) * size * sign for coordinate, sign in signs.items()}
            leanings.append(_leaning(space, label, size, shift, refit=refit))
    standings = posterior.standings
    return Lean(
        factions=posterior.program.factions,
        labels=tuple(one.label for one in standings),
        leader=posterior.ranking[0].id,
        correlation=correlation,
        probabilities=tuple(one.probability for one in standings),
        low=tuple(one.low for one in standings),
        high=tuple(one.high for one in standings),
        leanings=tuple(leanings),
        draws=len(posterior.draws.weights),
    )


def leaning_numbers(case: Case, program: Program) -> dict[str, dict[int, int]]:
    """By label, the coordinates of its numbers: 1 where the evidence asserts their state, -1 where it does not."""
    asserted, found = asserted_states(case), dict[str, dict[int, int]]()
    for position, coordinate in enumerate(program.coordinates):
        if coordinate.block != "table" or coordinate.at[0] != "facts" or not driven(program, position).size:
            continue
        _, fact, state, _, label = coordinate.at
        if fact in asserted and (sign := _sign(case, asserted[str(fact)], str(state), str(label))):
            found.setdefault(str(label), {})[position] = sign
    return found


def _sign(case: Case, asserted: frozenset[str], state: str, label: str) -> int:
    """Which way a number leans: that a role was played by whoever did it leans as one asserts it of all of a label."""
    if state != SAME or state in asserted:
        return 1 if state in asserted else -1
    factions = frozenset(case.factions.leaves) if label == ELSE else case.factions.under(label)
    return 1 if factions <= asserted else 0 if factions & asserted else -1


def asserted_states(case: Case) -> dict[str, frozenset[str]]:
    """Of each fact, the states that all items about it allow; where they say nothing, or differ, it is absent."""
    found: dict[str, frozenset[str]] = {}
    for item in case.evidence:
        for said in item.propositions:
            if said.fact in case.facts:
                every = frozenset(case.states(said.fact))
                found[said.fact] = found.get(said.fact, every) & case.meaning(said)
    return {fact: states for fact, states in found.items() if states and states != frozenset(case.states(fact))}


def _leaning(space: Workspace, label: str, size: float, shift: dict[int, float], *, refit: bool) -> Leaning:
    """The model with some numbers elsewhere, by the same standard normals: each is then its old place and the shift."""
    posterior = space.posterior
    columns, reach = space.displaced(shift)
    log_joint = space.total(columns, reach)
    found = reweight(posterior, displaced(posterior.program, shift), log_joint, refit=refit)
    low, high = weighted_quantiles(found.probability, found.weights, _QUANTILES)
    front = found.front(posterior.program.factions.index(posterior.ranking[0].id))
    leader = posterior.program.factions[front.first]
    return Leaning(
        label=label,
        title=thing_name(posterior.case, label),
        size=size,
        numbers=len(shift),
        probabilities=tuple(found.probabilities.tolist()),
        low=tuple(np.asarray(low).tolist()),
        high=tuple(np.asarray(high).tolist()),
        leader=leader,
        changes_lead=leader != posterior.ranking[0].id,
        lead_open=front.open,
        ess=found.ess,
        khat=found.khat,
        refitted=found.refitted,
    )
