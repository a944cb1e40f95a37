"""The same evidence under every model, side by side, and the way by which the runner-up would win."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.analysis.comparison.path import ShortestPath, shortest_path
from attribution.analysis.finding import Finding
from attribution.domain.verbal import DECIBANS, percent
from attribution.errors import UsageError
from attribution.inference.posterior import Posterior
from attribution.plots.figures import Scale, Series, series

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


@dataclass(frozen=True, slots=True)
class ModelVerdict:
    """What one model makes of the evidence; `prior_db` and `evidence_db` of its own leader against its runner-up.

    `level` are the ids of all that lead, several where they are equal within 4 Monte Carlo errors. `distance` is the
    largest difference between its probability of any set of factions and that of the first model.
    """

    model: str
    title: str
    engine: str
    leader: str
    leader_label: str
    level: tuple[str, ...]
    runner_up: str
    probabilities: tuple[float, ...]
    mcse: tuple[float, ...]
    prior_db: float
    evidence_db: float
    distance: float


@dataclass(frozen=True, slots=True)
class Rivals(Finding):
    """Models of one case side by side, the one in question first.

    Attributes
    ----------
    factions
        Ids of the factions, in the order of the case.
    labels
        Their names for a reader.
    verdicts
        What each model makes of the evidence: probabilities with their errors, its leader, the decibans of prior and
        evidence, and its distance from the first (total variation, from 0 to 1).
    path
        The shortest way found by which the runner-up of the first model wins.

    Examples
    --------
    >>> findings.rivals.agree
    True
    """

    factions: tuple[str, ...]
    labels: tuple[str, ...]
    verdicts: tuple[ModelVerdict, ...]
    path: ShortestPath

    @property
    def agree(self) -> bool:
        """Whether all models name the same leader, and none of them has a tie."""
        return {one.level for one in self.verdicts} == {(self.verdicts[0].leader,)}

    @property
    def title(self) -> str:
        return "Other models, and the shortest way to another leader"

    @property
    def method(self) -> str:
        """What was perturbed, and how it was computed."""
        return f"The same evidence under each model. {self.path.method}"

    def to_frame(self) -> pd.DataFrame:
        """One row per model: probability by faction, leader, prior and evidence in decibans, distance."""
        import pandas as pd

        rows = [
            {
                "model": one.model,
                **dict(zip(self.factions, one.probabilities, strict=True)),
                "leader": one.leader,
                "prior_db": one.prior_db,
                "evidence_db": one.evidence_db,
                "distance": one.distance,
            }
            for one in self.verdicts
        ]
        return pd.DataFrame(rows).set_index("model")

    @property
    def summary(self) -> str:
        phrases = "; ".join(f"{one.title}: {self._ahead(one)}" for one in self.verdicts)
        if len(self.verdicts) == 1:
            return f"No other model of the case was compared. {self.path.summary}"
        verdict = "agree on who leads" if self.agree else "do not agree on who leads"
        return f"{len(self.verdicts)} models of the same evidence {verdict} ({phrases}). {self.path.summary}"

    def _ahead(self, verdict: ModelVerdict) -> str:
        names = dict(zip(self.factions, self.labels, strict=True))
        chance = dict(zip(self.factions, verdict.probabilities, strict=True))
        phrase = " and ".join(f"{names[one]} {percent(chance[one])}" for one in verdict.level)
        return f"{phrase}, which are level" if len(verdict.level) > 1 else phrase

    def unreliable(self) -> tuple[str, ...]:
        """What in it the draws do not reach, one sentence each."""
        return self.path.unreliable()

    def plot(self, ax: Axes | None = None) -> Axes:
        """A row per faction, a mark of its own shape per model."""
        many = len(self.verdicts) > 1
        verdict = "agree" if self.agree else "do not agree"
        return series(
            self.labels,
            [Series(one.title, one.probabilities) for one in self.verdicts],
            Scale("probability after the evidence", "share"),
            title=f"The same evidence under {len(self.verdicts)} models, which {verdict} on who leads"
            if many
            else "One model alone",
            note=self.method,
            ax=ax,
        )


def compare_models(posterior: Posterior, rivals: tuple[Posterior, ...] = ()) -> Rivals:
    """A posterior beside those of other models of the same case, and its shortest path to another leader.

    Parameters
    ----------
    posterior
        The posterior in question.
    rivals
        Posteriors of the same evidence, as of the same moment, under other models.

    Returns
    -------
    Rivals
        A verdict for each model, and the path.

    Raises
    ------
    UsageError
        A posterior of another case, of other evidence, or of another day.

    Examples
    --------
    >>> sceptical = at.fit(case, at.read_model("tower-22/sceptical"), engine="importance")
    >>> at.compare_models(posterior, (sceptical,)).to_frame().index.tolist()
    ['baseline', 'sceptical']
    """
    for rival in rivals:
        if rival.program.factions != posterior.program.factions or rival.case != posterior.case:
            raise UsageError(
                f'"{rival.model.id}" is about other evidence than "{posterior.model.id}".',
                allowed="posteriors of one case file",
                hint="attribution compare says what changed between two cases",
            )
        if rival.settings.as_of != posterior.settings.as_of:
            raise UsageError(f'"{rival.model.id}" knows the evidence of another day.', allowed="one --as-of for all")
    verdicts = tuple(_verdict(one, posterior) for one in (posterior, *rivals))
    labels = tuple(standing.label for standing in posterior.standings)
    return Rivals(posterior.program.factions, labels, verdicts, shortest_path(posterior))


def _verdict(posterior: Posterior, own: Posterior) -> ModelVerdict:
    first, second = posterior.ranking[:2]
    probabilities, mine = (np.array([one.probability for one in each.standings]) for each in (posterior, own))
    tiny = 1e-300
    before = DECIBANS * float(np.log(max(first.prior, tiny)) - np.log(max(second.prior, tiny)))
    after = DECIBANS * float(np.log(max(first.probability, tiny)) - np.log(max(second.probability, tiny)))
    return ModelVerdict(
        model=posterior.model.id,
        title=posterior.model.title,
        engine=posterior.settings.engine,
        leader=first.id,
        leader_label=first.label,
        level=tuple(one.id for one in posterior.level),
        runner_up=second.id,
        probabilities=tuple(probabilities.tolist()),
        mcse=tuple(one.mcse for one in posterior.standings),
        prior_db=before,
        evidence_db=after - before,
        distance=float(np.abs(probabilities - mine).sum() / 2),
    )
