"""What the next piece of evidence is worth: expected bits about the perpetrator, and the chance of another lead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from attribution.analysis.factors import factor_values, log_joint_with, reliability
from attribution.analysis.finding import Finding
from attribution.analysis.reweighting import jackknife, lead
from attribution.analysis.units import units
from attribution.domain.grades import Grade
from attribution.domain.verbal import percent
from attribution.inference.posterior import Posterior
from attribution.network.beliefs import joint_states
from attribution.network.curves import mean
from attribution.network.program import STATEMENT, Floats
from attribution.plots.figures import BarRow, Key, Scale, bars

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

Kind = Literal["fact", "origin"]

SETTLED = 0.95  # a fact whose most probable state has more than this is not worth asking about
REPORT = Grade("B", "2")
DRAWN = 12  # rows of a figure


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that might be learned: how probable that is, and who would then lead with what probability."""

    state: str
    probability: float
    leader: str
    leader_probability: float


@dataclass(frozen=True, slots=True)
class Worth:
    """Expected bits about the perpetrator (mutual information), and the probability that the lead changes."""

    bits: float
    bits_mcse: float
    changes_lead: float
    changes_lead_mcse: float
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Prospect:
    """Something that could be learned: a fact, or whether an origin can be believed.

    `certain` is what learning it for sure is worth; `report` what a report graded B2 is worth, for facts only.
    """

    id: str
    kind: Kind
    label: str
    certain: Worth
    report: Worth | None


@dataclass(frozen=True, slots=True)
class NextEvidence(Finding):
    """What is worth learning, most bits first.

    Attributes
    ----------
    leader
        The most probable faction.
    leader_label
        Its name for a reader.
    tied
        The lead is open within 4 Monte Carlo standard errors: the chance that it changes then says little.
    uncertainty
        The entropy of the perpetrator now, in bits: nothing can be worth more.
    reliability
        The reliability of the B2 report whose worth is given, from 0 to 1.
    settled
        Facts that are not worth asking about.
    prospects
        For each open fact and each origin the expected bits and the probability that the lead changes.

    Examples
    --------
    >>> best = findings.next_evidence.prospects[0]
    >>> bool(0 <= best.certain.bits <= findings.next_evidence.uncertainty)
    True
    """

    leader: str
    leader_label: str
    tied: bool
    uncertainty: float
    reliability: float
    settled: tuple[str, ...]
    prospects: tuple[Prospect, ...]

    @property
    def title(self) -> str:
        return "What to look for next"

    @property
    def method(self) -> str:
        """What was perturbed, and how it was computed."""
        return (
            "Each answer is supposed in turn and the posterior over factions and unknown numbers conditioned on it, "
            "exactly in every draw; an answer counts as often as it is expected now. A B2 report names the true "
            f"state if it can be believed (mean {self.reliability:.2f}), otherwise any state. Re-grading: learning "
            "whether an origin can be believed at all."
        )

    def to_frame(self) -> pd.DataFrame:
        """One row per prospect: bits and chance of changing the lead, for certain and as a report, with errors."""
        import pandas as pd

        rows = []
        for one in self.prospects:
            row: dict[str, object] = {"prospect": one.id, "kind": one.kind}
            for name, worth in (("", one.certain), ("report_", one.report)):
                for column in ("bits", "bits_mcse", "changes_lead", "changes_lead_mcse"):
                    row[name + column] = getattr(worth, column) if worth else None
            rows.append(row)
        return pd.DataFrame(rows).set_index("prospect") if rows else pd.DataFrame()

    @property
    def summary(self) -> str:
        if not self.prospects:
            return "Every fact is settled and no origin can be graded anew."
        phrases = "; ".join(_phrase(one) for one in self.prospects[:3])
        turning = max(self.prospects, key=lambda one: one.certain.changes_lead)
        most = turning.certain.changes_lead
        turned = (
            "almost any may decide who leads, since the lead is a tie as it is"
            if self.tied
            else f"those to {turning.label} can best change the lead ({percent(most)})"
            if most > 0
            else f"none would take the lead from {self.leader_label}"
        )
        return (
            f"{self.uncertainty:.2f} bits are open about the perpetrator. Worth most to learn: {phrases}. "
            f"Of all answers, {turned}."
        )

    def unreliable(self) -> tuple[str, ...]:
        """Nothing: it needs no draws beyond those of the posterior."""
        return ()

    def plot(self, ax: Axes | None = None) -> Axes:
        """A bar per prospect in bits, its error as a whisker, a square for a report, and the chance of another lead."""
        rows = [
            BarRow(
                one.label,
                one.certain.bits,
                "lead" if one.kind == "fact" else "rest",
                (one.certain.bits - one.certain.bits_mcse, one.certain.bits + one.certain.bits_mcse),
                one.report.bits if one.report else None,
                f"lead changes: {percent(one.certain.changes_lead)}" if one.certain.changes_lead > 0 else "",
            )
            for one in self.prospects[:DRAWN]
        ]
        keys = (
            Key("a fact, learned for certain", "lead", "bar"),
            Key(f"the same as a {REPORT} report", "lead", "square"),
            Key("whether an origin can be believed", "rest", "bar"),
        )
        return bars(
            rows,
            Scale("expected bits about the perpetrator"),
            title=f"What the next answer would tell ({self.uncertainty:.2f} bits are open)",
            note=self.method,
            keys=keys,
            ax=ax,
        )


def _phrase(one: Prospect) -> str:
    report = f", {one.report.bits:.3f} as a {REPORT} report" if one.report else ""
    what = one.label if one.kind == "fact" else f'whether "{one.label}" can be believed'
    return f"{what} ({one.certain.bits:.3f} bits, error {one.certain.bits_mcse:.3f}{report})"


def next_evidence(posterior: Posterior) -> NextEvidence:
    """What each fact that is not settled is worth learning, and each origin worth grading anew.

    The mutual information of perpetrator and answer under the current posterior, unknown numbers averaged over: zero
    where every faction predicts the same, never more than the entropy of the perpetrator.

    Parameters
    ----------
    posterior
        The posterior as it stands.

    Returns
    -------
    NextEvidence
        Prospects, those worth most bits first.

    Examples
    --------
    >>> at.next_evidence(posterior).to_frame().index[0]
    'from-rutba'
    """
    first = posterior.ranking[0]
    now = np.array([standing.probability for standing in posterior.standings])
    held = now[now > 0]
    grading = posterior.model.grading
    believed = mean(grading.source_part(REPORT)) * mean(grading.item_part(REPORT))
    facts, settled = _facts(posterior, believed)
    prospects = [*facts, *_origins(posterior)]
    prospects.sort(key=lambda one: -one.certain.bits)
    return NextEvidence(
        leader=first.id,
        leader_label=first.label,
        tied=lead(posterior).tied,
        uncertainty=float(-np.sum(held * np.log2(held))),
        reliability=believed,
        settled=settled,
        prospects=tuple(prospects),
    )


def _facts(posterior: Posterior, believed: float) -> tuple[list[Prospect], tuple[str, ...]]:
    """Prospects of the open facts, and the ids of those that are settled."""
    program, chains = posterior.program, posterior.draws.shape[0]
    if not program.facts:
        return [], ()
    by_chain = joint_states(program, posterior.slots, posterior.draws.weights.reshape(chains, -1))
    found, settled, begin = [], [], 0
    for fact, states in zip(program.facts, program.states, strict=True):
        joint = by_chain[:, :, begin : begin + len(states)]
        begin += len(states)
        if joint.sum(axis=(0, 1)).max() > SETTLED:
            settled.append(fact)
            continue
        noise = np.full((len(states), len(states)), (1.0 - believed) / len(states))
        channel = noise + believed * np.eye(len(states))
        certain, report = (worth(posterior, one, states) for one in (joint, np.einsum("chs,st->cht", joint, channel)))
        found.append(Prospect(fact, "fact", posterior.case.facts[fact].label, certain, report))
    return found, tuple(settled)


def _origins(posterior: Posterior) -> list[Prospect]:
    """Prospects of learning whether each origin that states something can be believed."""
    program, chains = posterior.program, posterior.draws.shape[0]
    by_chain = posterior.draws.weights.reshape(chains, -1)
    found = []
    for position, unit in enumerate(units(posterior, "origin")):
        if program.ints.origin_kind[position] != STATEMENT:
            continue
        trusted = believed_draws(posterior, unit.id)
        joint = np.stack(
            [
                np.einsum("cd,cdh->ch", by_chain, values.reshape(chains, -1, len(program.factions)))
                for values in (trusted, np.maximum(posterior.faction_draws - trusted, 0.0))
            ],
            axis=2,
        )
        answers = ("can be believed", "cannot be believed")
        found.append(Prospect(unit.id, "origin", unit.label, worth(posterior, joint, answers), None))
    return found


def believed_draws(posterior: Posterior, origin: str) -> Floats:
    """``p(h, the origin can be believed | E, theta)`` in every draw: (draw, faction)."""
    false, true = factor_values(posterior, origin, believed=True)
    rho = reliability(posterior, origin)[:, None]
    joint = log_joint_with(posterior, origin, rho * false, rho * true)
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.exp(joint - posterior.log_evidence[:, None]))


def worth(posterior: Posterior, joint: Floats, answers: tuple[str, ...]) -> Worth:
    """The worth of an answer from its joint distribution with the perpetrator: (chain, faction, answer), summed."""
    chains = len(joint)
    leader = posterior.program.factions.index(posterior.ranking[0].id)

    def both(weights: Floats) -> Floats:
        table = np.tensordot(weights, joint, axes=1)
        return np.array([information(table), _turning(table, leader)])

    (bits, turning), (bits_error, turning_error) = jackknife(both, np.full(chains, 1.0 / chains), chains)
    table = joint.sum(axis=0) / joint.sum()
    outcomes = []
    for place, answer in enumerate(answers):
        total = float(table[:, place].sum())
        after = table[:, place] / total if total > 0 else np.full(len(table), np.nan)
        best = int(np.argmax(after)) if total > 0 else leader
        share = float(after[best]) if total > 0 else 0.0
        outcomes.append(Outcome(answer, total, posterior.program.factions[best], share))
    return Worth(float(bits), float(bits_error), float(turning), float(turning_error), tuple(outcomes))


def information(table: Floats) -> float:
    """Mutual information of rows and columns of a table of non-negative numbers, in bits."""
    joint = table / table.sum()
    apart = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    held = joint > 0.0
    return max(0.0, float(np.sum(joint[held] * np.log2(joint[held] / apart[held]))))  # rounding may leave -1e-17


def _turning(table: Floats, leader: int) -> float:
    """The probability of an answer under which somebody else has more than the leader."""
    ahead = table.max(axis=0) > table[leader] * (1.0 + 1e-12)
    return float(table[:, ahead].sum() / table.sum())
