"""Everything a report says, as one frozen value: its three forms only lay it out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from attribution._version import __version__
from attribution.analysis.comparison.timeline import Timeline, timeline
from attribution.analysis.leave_out import leave_out
from attribution.analysis.shapley import Decomposition
from attribution.analysis.workspace import enough_draws
from attribution.domain.case import Case
from attribution.domain.concern import Concern
from attribution.domain.model import Model
from attribution.inference.posterior import Posterior
from attribution.inference.posterior_draws import Standing
from attribution.inference.settings import Sampling, versions
from attribution.reading.shipped import shipped_cases, shipped_models
from attribution.reporting.answer import (
    BottomLine,
    Gate,
    JudgementAndHistory,
    Parts,
    RunnerUp,
    bottom_line,
    gate,
    judgement_and_history,
    log_odds_parts,
    runner_up,
    scenarios,
    waterfalls,
)
from attribution.reporting.diagnostics import Chains, Check, chains, checks, expected_evidence
from attribution.reporting.figures.network import Network, network
from attribution.reporting.first_screen import FirstScreen, first_screen
from attribution.reporting.inputs import AssumptionBlock, EvidenceRow, assumption_blocks, evidence_rows
from attribution.reporting.layout import Section, report_sections, section
from attribution.reporting.naming import Names

if TYPE_CHECKING:
    from attribution.analysis.sensitivity import Sensitivity

GENERAL_LIMITS = (
    "Every probability is conditional on the stated evidence and assumptions; other evidence or other assumptions give "
    "another answer.",
    "This is retrospective research on public sources. It recommends action against nobody.",
    "A range over inputs says how far a probability moves over numbers that nobody knows exactly; it does not cover "
    "what the model leaves out.",
)


@dataclass(frozen=True, slots=True)
class FactRows:
    """A fact with its states."""

    question: str
    note: str
    states: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class ModelRow:
    """What one model says about the case: leader before and after the evidence, and what the evidence added.

    `evidence_db` is in decibans, the model's own leader against its own runner-up. `level`: the two are
    equal within 4 Monte Carlo errors, so that neither leads.
    """

    id: str
    title: str
    prior_leader: Standing
    leader: Standing
    runner_up: Standing
    level: bool
    prior_db: float
    evidence_db: float
    own: bool


@dataclass(frozen=True, slots=True)
class Content:
    """A report. `level` are the ids of all that lead: several where they are equal within 4 Monte Carlo errors."""

    case: str
    title: str
    question: str
    incident: str
    as_of: str
    model: str
    model_title: str
    model_summary: str
    first: FirstScreen
    bottom_line: BottomLine
    gate: Gate
    weight: Parts
    level: tuple[str, ...]
    factions: tuple[Standing, ...]
    groups: tuple[Standing, ...]
    scenarios: tuple[Standing, ...]
    facts: tuple[FactRows, ...]
    models: tuple[ModelRow, ...]
    priors: JudgementAndHistory | None
    evidence: tuple[EvidenceRow, ...]
    faction_labels: tuple[str, ...]
    waterfalls: tuple[Decomposition, ...]
    waterfall_notes: tuple[str, ...]
    network: Network
    findings: tuple[Section, ...]
    runner_up: RunnerUp
    sensitivity: Sensitivity | None
    timeline: Timeline
    checks: tuple[Check, ...]
    chains: Chains | None
    concerns: tuple[Concern, ...]
    assumptions: tuple[AssumptionBlock, ...]
    limits: tuple[str, ...]
    provenance: tuple[tuple[str, str], ...]

    @property
    def labels(self) -> dict[str, str]:
        """What factions and groups are called."""
        return {standing.id: standing.label for standing in (*self.factions, *self.groups)}


def content(
    posterior: Posterior,
    rivals: tuple[Posterior, ...] = (),
    sensitivity: Sensitivity | None = None,
    command: str = "",
) -> Content:
    """Everything there is to say about a posterior, beside rival models of the same case.

    Without a sensitivity analysis the report says what it rests on by leaving out origins, and its checks do not pass.
    """
    case, model = posterior.case, posterior.model
    removed = sensitivity.leave_out if sensitivity else leave_out(enough_draws(posterior), "origin", refit=False)
    day = posterior.settings.as_of
    falls, notes = waterfalls(posterior)
    moved = timeline(posterior)
    names = Names.of(posterior)
    told = report_sections(posterior, sensitivity) if sensitivity else (section("leave_out", removed, names),)
    second, ranked = posterior.ranking[1].id, scenarios(posterior)
    line = bottom_line(posterior, rivals, sensitivity.confidence if sensitivity else None, ranked)
    stamped = gate(posterior, rivals, sensitivity=sensitivity is not None)
    weighed = next((one for one in falls if one.rival == second), None)
    return Content(
        case=case.id,
        title=case.title,
        question=case.question,
        incident=_incident(posterior),
        as_of=day.isoformat() if day else _latest(posterior),
        model=model.id,
        model_title=model.title,
        model_summary=model.summary,
        first=first_screen(posterior, rivals, sensitivity, removed, line, stamped, ranked),
        bottom_line=line,
        gate=stamped,
        weight=log_odds_parts(posterior, *posterior.ranking[:2]),
        level=tuple(one.id for one in posterior.level),
        factions=posterior.ranking,
        groups=posterior.group_standings,
        scenarios=ranked,
        facts=_facts(posterior),
        models=tuple(_model_row(one, own=one is posterior) for one in (posterior, *rivals)),
        priors=judgement_and_history(posterior, rivals),
        evidence=evidence_rows(posterior, removed),
        faction_labels=tuple(case.factions.label(leaf) for leaf in posterior.program.factions),
        waterfalls=falls,
        waterfall_notes=notes,
        network=network(posterior.known_case, model, weighed),
        findings=told,
        runner_up=runner_up(posterior, rivals, weighed, moved),
        sensitivity=sensitivity,
        timeline=moved,
        checks=(*checks(posterior), *((expected_evidence(sensitivity.prior_predictive),) if sensitivity else ())),
        chains=chains(posterior),
        concerns=tuple(
            names.concern(one) for one in (*posterior.concerns(), *(_of_findings(sensitivity) if sensitivity else ()))
        ),
        assumptions=assumption_blocks(case, model),
        limits=(*GENERAL_LIMITS, *case.limits),
        provenance=_provenance(posterior, command),
    )


def _of_findings(sensitivity: Sensitivity) -> tuple[Concern, ...]:
    """Doubts that only the analysis shows."""
    return (*sensitivity.dependence.warnings, *sensitivity.prior_predictive.warnings)


def _incident(posterior: Posterior) -> str:
    incident = posterior.case.incident
    parts = (incident.place, incident.country, incident.date.in_words())
    return ", ".join(part for part in parts if part)


def _latest(posterior: Posterior) -> str:
    """The moment of the latest item: the report knows what was published by then."""
    return max((item.published for item in posterior.case.evidence), default=posterior.case.incident.date).isoformat()


def _facts(posterior: Posterior) -> tuple[FactRows, ...]:
    rows = []
    standings = list(posterior.state_standings)
    for fact in posterior.case.facts:
        mine = standings[: len(fact.states)]
        del standings[: len(fact.states)]
        told = (replace(one, label=one.label[:1].upper() + one.label[1:]) for one in mine)
        rows.append(FactRows(fact.label, fact.note, tuple(told)))
    return tuple(rows)


def _model_row(posterior: Posterior, *, own: bool) -> ModelRow:
    first, second = posterior.ranking[:2]
    parts = log_odds_parts(posterior, first, second)
    before = max(posterior.standings, key=lambda standing: standing.prior)
    return ModelRow(
        id=posterior.model.id,
        title=posterior.model.title,
        prior_leader=before,
        leader=first,
        runner_up=second,
        level=len(posterior.level) > 1,
        prior_db=parts.prior,
        evidence_db=parts.evidence,
        own=own,
    )


def _provenance(posterior: Posterior, command: str) -> tuple[tuple[str, str], ...]:
    settings, sampling = posterior.settings, posterior.settings.sampling
    usual = Sampling()
    own = "" if sampling.target_accept == usual.target_accept else f", target_accept {sampling.target_accept:g}"
    own += "" if sampling.maxdepth == usual.maxdepth else f", maxdepth {sampling.maxdepth}"
    size = (
        f"{sampling.chains} chains x {sampling.draws} draws after {sampling.tune} of tuning{own}"
        if settings.engine == "nuts"
        else f"{sampling.scrambles} scrambles x {2**sampling.log2_points} points"
    )
    case, model = posterior.case, posterior.model
    hashes = (("evidence", case.digest), ("assumptions", model.digest), ("grading", model.grading.digest))
    return (
        ("engine", f"{settings.engine}: {size}"),
        ("seed", str(settings.random_seed)),
        *((f"SHA-256 of the {name}", digest) for name, digest in hashes),
        *(
            (f"version of {name}", version)
            for name, version in versions(settings.engine).items()
            if name != "attribution"
        ),
        ("version of attribution", __version__),
        ("command", command or _command(posterior)),
    )


def _command(posterior: Posterior) -> str:
    """What gives this report again, as far as names tell."""
    case, model, settings = posterior.case, posterior.model, posterior.settings
    shipped = case.unchanged and case.id in shipped_cases()
    own = model.unchanged and shipped and model.id in shipped_models(case.id)
    as_of = f" --as-of {settings.as_of}" if settings.as_of else ""
    return (
        f"attribution report {case.id if shipped else f'./{case.id}.yaml'} "
        f"--model {model.id if own else f'./{model.id}.yaml'} --engine {settings.engine} "
        f"--seed {settings.random_seed}{as_of}{_to_be_written(case, model)}"
    )


def _to_be_written(case: Case, model: Model) -> str:
    made = [f"at.write_{kind}" for kind, value in (("case", case), ("model", model)) if not value.unchanged]
    return f" (made or changed in Python: {' and '.join(made)} write the files)" if made else ""
