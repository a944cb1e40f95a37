"""Prior from judgement beside prior from history: two models that differ in who it was before the evidence."""

from __future__ import annotations

from dataclasses import dataclass

from attribution.inference.posterior import Posterior


@dataclass(frozen=True, slots=True)
class BesideRow:
    """A faction before and after the evidence, by judgement and by history."""

    label: str
    judged_before: float
    history_before: float
    judged_after: float
    history_after: float


@dataclass(frozen=True, slots=True)
class JudgementAndHistory:
    """The two priors side by side; `told` says what the history is, and what it cannot say."""

    judged: str  # titles of the models
    history: str
    rows: tuple[BesideRow, ...]
    told: tuple[str, ...]


def judgement_and_history(posterior: Posterior, rivals: tuple[Posterior, ...]) -> JudgementAndHistory | None:
    """The report's own model beside the first rival whose prior is of the other kind; None where there is none."""
    own = posterior.model.perpetrator.archive is not None
    other = next((one for one in rivals if (one.model.perpetrator.archive is not None) != own), None)
    if other is None:
        return None
    judged, learned = (other, posterior) if own else (posterior, other)
    history = learned.model.perpetrator.archive
    assert history is not None
    by_history = {standing.id: standing for standing in learned.standings}
    rows = tuple(
        BesideRow(one.label, one.prior, by_history[one.id].prior, one.probability, by_history[one.id].probability)
        for one in sorted(judged.standings, key=lambda standing: -standing.prior)
    )
    used = (
        f"History is {history.table}: {history.events} events that were over before {history.before}, of which "
        f"{history.labelled} have one known perpetrator."
    )
    return JudgementAndHistory(judged.model.title, learned.model.title, rows, (used, *history.limits))
