"""All findings about one posterior together: every question an opponent would ask, answered from one fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from copy import copy
from dataclasses import dataclass, fields
from functools import partial

from attribution.analysis.assumptions.lean import Lean, lean
from attribution.analysis.assumptions.learning import Learning, learning
from attribution.analysis.assumptions.model_error import ModelErrorSweep, model_error
from attribution.analysis.assumptions.prior_predictive import PriorPredictive, prior_predictive
from attribution.analysis.assumptions.stories import StorySweep, story_sweep
from attribution.analysis.comparison.record import recipe_record
from attribution.analysis.comparison.rivals import Rivals, compare_models
from attribution.analysis.confidence import Confidence, confidence
from attribution.analysis.deception import DeceptionBudget, deception_budget
from attribution.analysis.dependence import Dependence, dependence
from attribution.analysis.finding import Finding
from attribution.analysis.lattice import Lattice, affordable, lattice
from attribution.analysis.leave_out import LeaveOut, leave_out
from attribution.analysis.next_evidence import NextEvidence, next_evidence
from attribution.analysis.perturbations import forgeable
from attribution.analysis.power import PowerScaling, power_scaling
from attribution.analysis.robust import RobustBounds, robust_bounds
from attribution.analysis.shapley import Decomposition, shapley
from attribution.analysis.tipping import TippingPoints, tipping_points
from attribution.analysis.units import UnitKind, units
from attribution.analysis.workspace import enough_draws, twice_affordable
from attribution.inference.draws import khat_threshold
from attribution.inference.posterior import Posterior
from attribution.parallel import meanwhile

_FOR_POWERS = 8192  # draws: scaled priors weigh them the most unevenly


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """The findings, in the order in which a reader would ask for them; None where a finding has no meaning.

    Attributes
    ----------
    leave_out
        Each unit left out: origins, or what was asked for.
    sources
        Each source left out.
    institutions
        Each institution left out.
    decomposition
        The log-odds of leader against runner-up as a sum over origins.
    lattice
        Every subset of the evidence; None where there is none, or so much that each origin alone is all there is time
        for, which `leave_out` says.
    tipping
        The smallest changes that end the lead.
    deception
        How much forging it stands up to; None where no origin could be forged.
    robust
        Bounds under other priors.
    lean
        The numbers of each label leaning, as one analyst's judgement may.
    model_error
        The model wrong with some chance.
    learning
        The answer with the numbers not learned from this one case.
    prior_predictive
        Whether the model itself expects such evidence.
    power
        Parts of the prior and the evidence counting less or more.
    dependence
        Origins that may be one.
    stories
        Acts that may have one cause.
    next_evidence
        What is worth learning.
    rivals
        Other models beside this one.
    confidence
        Analytic confidence, which follows from the others.

    Examples
    --------
    >>> findings.leave_out.by, findings.sources.by, findings.institutions.by
    ('origin', 'source', 'institution')
    """

    leave_out: LeaveOut
    sources: LeaveOut
    institutions: LeaveOut
    decomposition: Decomposition
    lattice: Lattice | None
    tipping: TippingPoints
    deception: DeceptionBudget | None
    robust: RobustBounds
    lean: Lean
    model_error: ModelErrorSweep
    learning: Learning
    prior_predictive: PriorPredictive
    power: PowerScaling
    dependence: Dependence
    stories: StorySweep
    next_evidence: NextEvidence
    rivals: Rivals
    confidence: Confidence

    def findings(self) -> Iterator[tuple[str, Finding]]:
        """The name and value of every finding that is there."""
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None:
                yield field.name, value

    def unreliable(self) -> tuple[str, ...]:
        """What in any of them the draws cannot carry, each after the title of its finding."""
        return tuple(f"{finding.title}: {doubt}" for _, finding in self.findings() for doubt in finding.unreliable())

    def __str__(self) -> str:
        return "\n\n".join(str(finding) for _, finding in self.findings())


def _untold(_: str) -> None:
    """Progress that nobody is told of."""


def sensitivity(
    posterior: Posterior,
    rivals: tuple[Posterior, ...] = (),
    *,
    by: UnitKind = "origin",
    max_removed: int | None = None,
    refit: bool = False,
    executor: Executor | None = None,
    progress: Callable[[str], None] = _untold,
) -> Sensitivity:
    """All sensitivity findings of a posterior, from its stored draws.

    Of the points of the instant engine a quarter, or half, serve where Monte Carlo errors stay below what is printed;
    each finding says how many draws it stands on, and is worked out from all of them where fewer do not reach it, but
    all do reach the posterior itself. A large case has fewer throughout.

    Parameters
    ----------
    posterior
        The posterior in question.
    rivals
        Posteriors of the same case under other models.
    by
        What `leave_out` leaves out one by one.
    max_removed
        Look at all sets of at most so many of these units; where not given, at all sets of the declared clusters.
    refit
        Fit again, with the engine of the posterior, what the draws cannot reach.
    executor
        Any executor: what moves numbers is worked out there, beside all else here. None is all of it here; and so is a
        large case, which would be in memory twice.
    progress
        Told what is being worked out here.

    Returns
    -------
    Sensitivity
        Every finding; `str` of it is a page of paragraphs.

    Raises
    ------
    UsageError
        An unknown kind of unit, or a rival that is not about the same evidence.

    Examples
    --------
    >>> earlier = at.fit(case, model, engine="importance", as_of="2024-01-28")
    >>> at.sensitivity(earlier).confidence.level
    'low'
    """
    there = executor if twice_affordable(posterior) else None
    own = copy(posterior) if there else posterior  # what is worked out of a posterior is kept with it, for one thread
    work = partial(_moved, own, refit=refit, progress=_untold if there else progress)
    with meanwhile(work, executor=there) as moved:
        return _bundle(posterior, rivals, moved, by=by, max_removed=max_removed, refit=refit, progress=progress)


def _moved(
    posterior: Posterior, *, refit: bool, progress: Callable[[str], None]
) -> tuple[TippingPoints, Lean, PowerScaling]:
    """What other numbers would do: about half of all work, and nothing else needs what it works out on the way."""
    every = enough_draws(posterior, posterior.draws.count)
    few, many = enough_draws(every), enough_draws(every, _FOR_POWERS)
    progress("leaning")
    leaned = _or_from_all(every, many, lambda of: lean(of, refit=refit))
    progress("looking for tipping points")
    tipping = _or_from_all(every, few, lambda of: tipping_points(of, refit=refit))
    progress("scaling priors and origins")
    return tipping, leaned, _or_from_all(every, many, power_scaling)


def _bundle(
    posterior: Posterior,
    rivals: tuple[Posterior, ...],
    moved: Callable[[], tuple[TippingPoints, Lean, PowerScaling]],
    *,
    by: UnitKind,
    max_removed: int | None,
    refit: bool,
    progress: Callable[[str], None],
) -> Sensitivity:
    """All findings, those from other numbers as they are given."""

    def stage[T](step: str, work: Callable[[], T]) -> T:
        progress(step)
        return work()

    every = enough_draws(posterior, posterior.draws.count)
    few = enough_draws(every)

    def left_out(kind: UnitKind) -> LeaveOut:
        return _or_from_all(every, few, lambda of: leave_out(of, kind, refit=refit))

    sources = stage("leaving out sources", lambda: left_out("source"))
    deception = stage("forging evidence", lambda: _deception(every, refit=refit))
    bars = stage("decomposing the lead", lambda: shapley(posterior))
    learned = stage("cutting the learning", lambda: learning(posterior))
    told = stage("telling acts as one story", lambda: story_sweep(every, refit=refit))
    dependent = stage("merging origins", lambda: _or_from_all(every, few, dependence))
    found = partial(
        Sensitivity,
        leave_out=stage(f"leaving out by {by}", lambda: left_out(by)),
        sources=sources,
        institutions=stage("leaving out institutions", lambda: left_out("institution")),
        decomposition=bars,
        lattice=stage("removing every set of evidence", lambda: _lattice(every, by, max_removed)),
        deception=deception,
        robust=stage("bounding the prior", lambda: robust_bounds(posterior)),
        model_error=stage("doubting the model", lambda: model_error(posterior)),
        learning=learned,
        prior_predictive=stage("drawing evidence from the model", lambda: prior_predictive(posterior)),
        dependence=dependent,
        stories=told,
        next_evidence=stage("valuing the next evidence", lambda: next_evidence(few)),
        rivals=stage("looking for the runner-up's way", lambda: compare_models(posterior, rivals)),
    )
    tipping, leaned, power = stage("moving numbers", moved)
    graded = stage(
        "grading the confidence",
        lambda: confidence(
            posterior,
            sources=sources,
            dependence=dependent,
            deception=_withstood(deception),
            supposed=deception.supposed if deception else "",
            rivals=rivals,
            lean=leaned,
            decomposition=bars,
            learning=learned,
            stories=told,
            record=recipe_record(posterior),
        ),
    )
    return found(tipping=tipping, lean=leaned, power=power, confidence=graded)


def _or_from_all[F: Finding](every: Posterior, fewer: Posterior, work: Callable[[Posterior], F]) -> F:
    """A finding from fewer draws; from all of them where the fewer do not reach something in it.

    Where all draws do not even reach the posterior itself, none of what is near it can be had from them either.
    """
    found = work(fewer)
    khat, limit = every.draws.khat, khat_threshold(len(every.draws.weights))
    again = fewer is not every and (khat is None or khat <= limit) and found.unreliable()
    return work(every) if again else found


def _deception(posterior: Posterior, *, refit: bool) -> DeceptionBudget | None:
    return deception_budget(posterior, refit=refit) if forgeable(posterior.known_case) else None


def _withstood(budget: DeceptionBudget | None) -> float:
    """The smallest common probability of forgery, in any direction, that changes the lead."""
    flips = [one.flip for one in budget.directions if one.flip is not None] if budget else []
    return min(flips, default=float("inf"))


def _lattice(posterior: Posterior, by: UnitKind, max_removed: int | None) -> Lattice | None:
    """As asked for; else over the declared clusters or the origins, all sets of them, of many at most two at a time.

    Where they are so many that there is time for each alone, `leave_out` has said it all.
    """
    if not posterior.program.origins:
        return None
    if max_removed is not None:
        return lattice(posterior, by, max_removed=max_removed)
    kind: UnitKind = "cluster" if any(unit.origins for unit in units(posterior, "cluster")) else "origin"
    most = affordable(len(units(posterior, kind)))
    return None if most in (0, 1) else lattice(posterior, kind, max_removed=most)
