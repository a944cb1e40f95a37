"""What if acts that hang together were independent after all, or one? Every story swept from no strength to full."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from attribution.analysis.dependence import effective_number, pull_together
from attribution.analysis.finding import Finding, beyond_reach
from attribution.analysis.reweighting import reweight
from attribution.analysis.workspace import enough_draws
from attribution.domain.model import Story
from attribution.domain.verbal import conjoined, percent
from attribution.errors import UsageError
from attribution.inference.draws import weighted_quantiles
from attribution.inference.posterior import Posterior
from attribution.network.summation import part_log_likelihood, with_part
from attribution.plots.figures import BandRow, Scale, bands

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
_QUANTILES = (0.05, 0.95)


@dataclass(frozen=True, slots=True)
class Telling:
    """The answer with one story at one strength: every faction's probability and range over inputs.

    `khat` is None where the effective sample size is at least 400.
    """

    story: str
    strength: float
    probabilities: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    leader: str
    lead_open: bool
    ess: float
    khat: float | None
    refitted: bool


@dataclass(frozen=True, slots=True)
class StorySweep(Finding):
    """The answer as the facts of each story are taken for independent, for one, and for all between.

    Attributes
    ----------
    factions, labels
        Ids of the factions, in the order of the case; their names for a reader.
    leader
        The most probable faction.
    stories
        Id, facts and stated strength of each story.
    questions
        For each story what its facts ask, for a reader.
    tellings
        The answer for each story and strength; the other stories keep theirs.
    effective, effective_origins
        Effective number of independent stories behind the lead, all that speaks about the facts of one story taken for
        one; and of independent origins.
    draws
        How many draws were reweighted.
    draws_of_effective
        How many of them the effective numbers stand on.

    Examples
    --------
    >>> found = at.story_sweep(posterior)
    >>> found.of("kataib-hezbollah", "lying-low", 1.0) < found.of("kataib-hezbollah", "lying-low", 0.0)
    True
    """

    factions: tuple[str, ...]
    labels: tuple[str, ...]
    leader: str
    stories: tuple[tuple[str, tuple[str, ...], float], ...]
    questions: tuple[tuple[str, ...], ...]
    tellings: tuple[Telling, ...]
    effective: float
    effective_origins: float
    draws: int
    draws_of_effective: int = field(metadata={"json": False})

    @property
    def title(self) -> str:
        return "If acts had one cause"

    @property
    def method(self) -> str:
        """What was perturbed, and how it was computed."""
        if not self.stories:
            return ""
        return (
            "At strength s one of the n facts of a story speaks for all, with s / n each, and the others follow the "
            "mean of their tables over all factions by the prior; with 1 - s they are independent. Summed exactly in "
            f"each of {self.draws} draws, reweighted; effective numbers from {self.draws_of_effective}."
        )

    def of(self, faction: str, story: str, strength: float) -> float:
        """The probability of a faction with a story at one of the strengths that were looked at.

        Raises
        ------
        UsageError
            A story or a strength that is not there.
        """
        for one in self.tellings:
            if (one.story, one.strength) == (story, strength):
                return one.probabilities[self.factions.index(faction)]
        known = [f"{one.story} at {one.strength:g}" for one in self.tellings]
        raise UsageError.unknown("stories and strengths", f"{story} at {strength:g}", known, at=("story",))

    def to_frame(self) -> pd.DataFrame:
        """One row per story, strength and faction: probability, low, high, ess, khat."""
        import pandas as pd

        index = pd.MultiIndex.from_tuples(
            [(one.story, one.strength, faction) for one in self.tellings for faction in self.factions],
            names=["story", "strength", "faction"],
        )
        rows = [
            (p, low, high, one.ess, one.khat)
            for one in self.tellings
            for p, low, high in zip(one.probabilities, one.low, one.high, strict=True)
        ]
        return pd.DataFrame(rows, index=index, columns=["probability", "low", "high", "ess", "khat"])

    @property
    def summary(self) -> str:
        if not self.stories:
            return "The model tells no story: all facts are taken for independent, given who led and their parents."
        h = self.factions.index(self.leader)
        lines = []
        for (story, _, strength), questions in zip(self.stories, self.questions, strict=True):
            mine = [one for one in self.tellings if one.story == story]
            none, full = mine[0].probabilities[h], mine[-1].probabilities[h]
            named = conjoined(f"“{question}”" for question in questions)
            lines.append(
                f"With {named} taken for independent {self.labels[h]} has {percent(none)}, taken for one story "
                f"{percent(full)} (the model: {strength:g})."
            )
            others = [one for one in mine if one.leader != self.leader]
            if others:
                lines.append(f"At {others[0].strength:g} {self.labels[self.factions.index(others[0].leader)]} leads.")
        lines.append(
            f"Effective number of independent stories behind the lead: {self.effective:.1f}, of origins: "
            f"{self.effective_origins:.1f}."
        )
        return " ".join(lines)

    def unreliable(self) -> tuple[str, ...]:
        """Tellings that the draws do not reach."""
        return beyond_reach(((f"{one.story} at {one.strength:g}", one) for one in self.tellings), self.draws)

    def plot(self, ax: Axes | None = None) -> Axes:
        """A row per story and strength: the leader's probability as a mark, its range over inputs as a band."""
        h = self.factions.index(self.leader)
        rows = [
            BandRow(
                f"{one.story.replace('-', ' ')} at {one.strength:g}",
                ((one.low[h], one.high[h]),),
                one.probabilities[h],
                "lead",
            )
            for one in self.tellings
        ]
        return bands(
            rows,
            Scale(f"probability of {self.labels[h]}", "share"),
            title=self.summary,
            note=self.method,
            names=["range over inputs"],
            ax=ax,
        )


def story_sweep(posterior: Posterior, *, strengths: tuple[float, ...] = _STRENGTHS, refit: bool = True) -> StorySweep:
    """Sweep the strength of every story of the model, one after another.

    Parameters
    ----------
    posterior
        The posterior whose stories are doubted.
    strengths
        From 0, facts independent, to 1, one speaks for all.
    refit
        Fit again, with the engine of the posterior, what the draws cannot reach.

    Returns
    -------
    StorySweep
        The answer at each, with no rows for a model without stories, and how many stories carry the lead.

    Raises
    ------
    UsageError
        A strength outside 0 to 1.

    Examples
    --------
    >>> at.story_sweep(posterior).stories[0][0]
    'lying-low'
    """
    for strength in strengths:
        if not 0 <= strength <= 1:
            raise UsageError(f"a strength is {strength:g}.", at=("strengths",), allowed="0 to 1")
    stories = posterior.model.stories
    told = [
        _telling(posterior, story, strength, refit=refit) for story in stories for strength in sorted(set(strengths))
    ]
    few = enough_draws(posterior)
    alone, together = _pulls(few)
    return StorySweep(
        factions=posterior.program.factions,
        labels=tuple(one.label for one in posterior.standings),
        leader=posterior.ranking[0].id,
        stories=tuple((story.id, story.facts, story.strength.best) for story in stories),
        questions=tuple(tuple(posterior.case.facts[fact].label for fact in story.facts) for story in stories),
        tellings=tuple(told),
        effective=effective_number(together),
        effective_origins=effective_number(alone),
        draws=len(posterior.draws.weights),
        draws_of_effective=len(few.draws.weights),
    )


def _telling(posterior: Posterior, story: Story, strength: float, *, refit: bool) -> Telling:
    program = posterior.program.told(story.id, strength)
    part = next(part for part, facts in enumerate(program.components) if story.facts[0] in facts)
    changed = part_log_likelihood(program, posterior.slots, part)  # its facts hang together, and are one part
    log_joint = with_part(program, posterior.slots, posterior.parts, part, changed)
    found = reweight(posterior, program, log_joint, refit=refit)
    low, high = weighted_quantiles(found.probability, found.weights, _QUANTILES)
    front = found.front(posterior.program.factions.index(posterior.ranking[0].id))
    return Telling(
        story=story.id,
        strength=strength,
        probabilities=tuple(found.probabilities.tolist()),
        low=tuple(np.asarray(low).tolist()),
        high=tuple(np.asarray(high).tolist()),
        leader=posterior.program.factions[front.first],
        lead_open=front.open,
        ess=found.ess,
        khat=found.khat,
        refitted=found.refitted,
    )


def _pulls(posterior: Posterior) -> tuple[list[float], list[float]]:
    """Decibans of the origins one by one; and of those together that speak about the facts of one story."""
    case, home = posterior.known_case, dict[str, str]()
    for story in posterior.model.stories:
        for origin in case.origins:
            said = {said.fact for item in origin.items for said in item.propositions}
            if said & set(story.facts):
                home.setdefault(origin.id, story.id)
    groups: dict[str, list[str]] = {}
    for id in posterior.program.origins:
        groups.setdefault(f"story {home[id]}" if id in home else id, []).append(id)
    alone = [pull_together(posterior, (id,)) for id in posterior.program.origins]
    return alone, [pull_together(posterior, tuple(group)) for group in groups.values()]
