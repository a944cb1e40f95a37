"""What each origin, source or institution contributes: the posterior without it, from the draws that are there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from attribution.errors import UsageError
from attribution.inference.draws import smoothed
from attribution.inference.posterior import Posterior
from attribution.network.program import Floats
from attribution.network.summation import normalise

if TYPE_CHECKING:
    import pandas as pd

Unit = Literal["origin", "source", "institution", "cluster"]

_DECIBANS = 10.0 / np.log(10.0)
_LOW_ESS = 400.0


@dataclass(frozen=True, slots=True)
class Removal:
    """The posterior without one unit.

    `pull` is what the unit adds to the odds of each faction against all others together, in decibans; `lead_pull` what
    it adds to the odds of the published leader against the published runner-up. `khat` is None where the effective
    sample size is at least 400.
    """

    id: str
    label: str
    origins: tuple[str, ...]
    probabilities: tuple[float, ...]
    pull: tuple[float, ...]
    lead_pull: float
    new_leader: str
    changes_lead: bool
    ess: float
    khat: float | None


@dataclass(frozen=True, slots=True)
class LeaveOut:
    """Every removal of one kind, the largest effect on leader against runner-up first."""

    by: str
    factions: tuple[str, ...]
    leader: str
    runner_up: str
    removals: tuple[Removal, ...]

    def to_frame(self) -> pd.DataFrame:
        """One row per removal: probabilities by faction, lead_pull (dB), changes_lead, ess, khat."""
        import pandas as pd

        rows = [
            {
                self.by: removal.id,
                **dict(zip(self.factions, removal.probabilities, strict=True)),
                "lead_pull": removal.lead_pull,
                "changes_lead": removal.changes_lead,
                "ess": removal.ess,
                "khat": removal.khat,
            }
            for removal in self.removals
        ]
        return pd.DataFrame(rows).set_index(self.by) if rows else pd.DataFrame()

    def __str__(self) -> str:
        turned = [removal.label for removal in self.removals if removal.changes_lead]
        first = self.removals[0] if self.removals else None
        told = f"the lead would change without: {', '.join(turned)}" if turned else "no single removal changes the lead"
        most = f"; most of it comes from {first.label} ({first.lead_pull:+.1f} dB)" if first else ""
        return f"Leaving out one {self.by} at a time ({len(self.removals)}): {told}{most}."


def units(posterior: Posterior, by: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """What can be left out together: id, label, and the origins it consists of.

    Raises
    ------
    UsageError
        Another word for `by`.
    """
    if by not in get_args(Unit):
        raise UsageError.unknown("units", by, get_args(Unit), at=("by",))
    case = posterior.case
    standing = [case.origins[id] for id in posterior.program.origins]
    if by == "cluster":
        return [(one.id, one.id.replace("-", " "), one.origins) for one in posterior.model.clusters]
    grouped: dict[str, tuple[str, list[str]]] = {}
    for origin in standing:
        source = case.sources[origin.source] if origin.source else None
        if by == "origin" or source is None:
            id, label = origin.id, origin.title or origin.items[0].title
        elif by == "source":
            id, label = source.id, source.name
        else:
            id, label = source.institution, source.institution.replace("-", " ")
        grouped.setdefault(id, (label, []))[1].append(origin.id)
    return [(id, label, tuple(origins)) for id, (label, origins) in grouped.items()]


def leave_out(posterior: Posterior, by: Unit = "origin") -> LeaveOut:
    """The posterior without each unit in turn, reweighted from the stored draws; no new fit.

    Draws get weights proportional to ``p(E without unit | theta) / p(E | theta)``, Pareto-smoothed, and
    ``p(h | E without unit, theta)`` is summed exactly in each. Origins are the natural unit: leaving out an item is
    blind where another item of its origin stands in.
    """
    ranking = posterior.ranking
    known = posterior.memory("leave_out")
    removals = []
    for id, label, origins in units(posterior, by):
        if origins not in known:
            known[origins] = _remove(posterior, origins, ranking[0].id, ranking[1].id)
        removals.append(replace(known[origins], id=id, label=label))
    removals.sort(key=lambda removal: -abs(removal.lead_pull))
    return LeaveOut(by, posterior.program.factions, ranking[0].id, ranking[1].id, tuple(removals))


def _remove(posterior: Posterior, origins: tuple[str, ...], leader: str, runner_up: str) -> Removal:
    probability, log_evidence = normalise(posterior.log_joint_without(frozenset(origins)))
    weights, ess, khat = reweigh(posterior, log_evidence)
    without = weights @ probability
    published = np.array([standing.probability for standing in posterior.standings])
    pull = _DECIBANS * (_logit(published) - _logit(without))
    factions = posterior.program.factions
    a, b = factions.index(leader), factions.index(runner_up)
    lead_pull = _DECIBANS * (np.log(published[a] / published[b]) - np.log(without[a] / without[b]))
    new = factions[int(np.argmax(without))]
    return Removal(
        id="",
        label="",
        origins=origins,
        probabilities=tuple(float(value) for value in without),
        pull=tuple(float(value) for value in pull),
        lead_pull=float(lead_pull),
        new_leader=new,
        changes_lead=new != leader,
        ess=ess,
        khat=khat if ess < _LOW_ESS else None,
    )


def reweigh(posterior: Posterior, log_evidence: Floats) -> tuple[Floats, float, float]:
    """Weights of the stored draws for another ``log p(E' | theta)``, their effective sample size, and k-hat.

    Points of the importance engine are weighted by it directly; draws of NUTS by its ratio to the evidence drawn from.
    """
    plain = posterior.draws.log_weight is not None
    log_weight, khat = smoothed(log_evidence if plain else log_evidence - posterior.log_evidence)
    weights = np.exp(log_weight)
    weights /= weights.sum()
    return weights, float(1.0 / np.sum(weights**2)), khat


def _logit(probability: Floats) -> Floats:
    clipped = np.clip(probability, 1e-300, 1.0 - 1e-16)
    return np.asarray(np.log(clipped) - np.log1p(-clipped))
