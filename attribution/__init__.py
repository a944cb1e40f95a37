"""Bayesian attribution: who probably did it, how sure are we, what does it rest on, what would change our mind?

    import attribution as at

    case = at.read_case("tower-22")
    model = at.read_model("tower-22/baseline")
    posterior = at.fit(case, model, random_seed=1)
    posterior.probabilities()

Names are loaded when first used, so that importing the package costs next to nothing. In the examples of these names
``posterior`` is that of Tower 22 under its baseline, ``case`` and ``model`` what it is of, and ``findings`` is
``at.sensitivity(posterior)``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from attribution._version import __version__ as __version__

if TYPE_CHECKING:
    from attribution.analysis.assumptions.expected import Expected, expected
    from attribution.analysis.assumptions.lean import Lean, lean
    from attribution.analysis.assumptions.learning import Learning, learning
    from attribution.analysis.assumptions.model_error import ModelErrorSweep, model_error
    from attribution.analysis.assumptions.prior_predictive import PriorPredictive, prior_predictive
    from attribution.analysis.assumptions.stories import StorySweep, story_sweep
    from attribution.analysis.assumptions.sweep import sweep
    from attribution.analysis.comparison.casebook import Casebook, casebook
    from attribution.analysis.comparison.compare import Comparison, compare
    from attribution.analysis.comparison.path import ShortestPath, shortest_path
    from attribution.analysis.comparison.rivals import Rivals, compare_models
    from attribution.analysis.comparison.timeline import Timeline, timeline
    from attribution.analysis.confidence import Confidence, confidence
    from attribution.analysis.deception import DeceptionBudget, deception_budget
    from attribution.analysis.dependence import Dependence, dependence
    from attribution.analysis.lattice import Lattice, lattice
    from attribution.analysis.leave_out import LeaveOut, leave_out
    from attribution.analysis.next_evidence import NextEvidence, next_evidence
    from attribution.analysis.power import PowerScaling, power_scaling
    from attribution.analysis.robust import RobustBounds, robust_bounds
    from attribution.analysis.sensitivity import Sensitivity, sensitivity
    from attribution.analysis.shapley import Decomposition, shapley
    from attribution.analysis.tipping import TippingPoints, tipping_points
    from attribution.analysis.what_if import Changes, Planted, WhatIf, what_if
    from attribution.archive.evaluation.backtest import Backtest, backtest
    from attribution.campaign.check import DesignCheck, check_tempo
    from attribution.campaign.document import Tempo
    from attribution.campaign.posterior import TempoPosterior, tempo
    from attribution.campaign.reading import read_tempo
    from attribution.domain.concern import Concern
    from attribution.errors import AttributionError, PoolError
    from attribution.inference.fit import build, fit
    from attribution.inference.many import fit_many
    from attribution.inference.posterior import Posterior, load_posterior
    from attribution.inference.settings import Sampling, Settings
    from attribution.reading import (
        Case,
        Grading,
        Model,
        read_ach,
        read_case,
        read_model,
        read_workbook,
        write_ach,
        write_case,
        write_model,
        write_workbook,
    )
    from attribution.reporting.explore import Explorer, explore
    from attribution.reporting.figures.network import Network, draw
    from attribution.reporting.write import write_report

__all__ = [
    "AttributionError",
    "Backtest",
    "Case",
    "Casebook",
    "Changes",
    "Comparison",
    "Concern",
    "Confidence",
    "DeceptionBudget",
    "Decomposition",
    "Dependence",
    "DesignCheck",
    "Expected",
    "Explorer",
    "Grading",
    "Lattice",
    "Lean",
    "Learning",
    "LeaveOut",
    "Model",
    "ModelErrorSweep",
    "Network",
    "NextEvidence",
    "Planted",
    "PoolError",
    "Posterior",
    "PowerScaling",
    "PriorPredictive",
    "Rivals",
    "RobustBounds",
    "Sampling",
    "Sensitivity",
    "Settings",
    "ShortestPath",
    "StorySweep",
    "Tempo",
    "TempoPosterior",
    "Timeline",
    "TippingPoints",
    "WhatIf",
    "backtest",
    "build",
    "casebook",
    "check_tempo",
    "compare",
    "compare_models",
    "confidence",
    "deception_budget",
    "dependence",
    "draw",
    "expected",
    "explore",
    "fit",
    "fit_many",
    "lattice",
    "lean",
    "learning",
    "leave_out",
    "load_posterior",
    "model_error",
    "next_evidence",
    "power_scaling",
    "prior_predictive",
    "read_ach",
    "read_case",
    "read_model",
    "read_tempo",
    "read_workbook",
    "robust_bounds",
    "sensitivity",
    "shapley",
    "shortest_path",
    "story_sweep",
    "sweep",
    "tempo",
    "timeline",
    "tipping_points",
    "what_if",
    "write_ach",
    "write_case",
    "write_model",
    "write_report",
    "write_workbook",
]

_HOMES = {
    "Explorer": "reporting.explore",
    "explore": "reporting.explore",
    "AttributionError": "errors",
    "Backtest": "archive.evaluation.backtest",
    "Case": "reading",
    "Casebook": "analysis.comparison.casebook",
    "Changes": "analysis.what_if",
    "Comparison": "analysis.comparison.compare",
    "Concern": "domain.concern",
    "Confidence": "analysis.confidence",
    "DeceptionBudget": "analysis.deception",
    "Expected": "analysis.assumptions.expected",
    "Decomposition": "analysis.shapley",
    "Dependence": "analysis.dependence",
    "Grading": "reading",
    "Lattice": "analysis.lattice",
    "Lean": "analysis.assumptions.lean",
    "Learning": "analysis.assumptions.learning",
    "LeaveOut": "analysis.leave_out",
    "Model": "reading",
    "ModelErrorSweep": "analysis.assumptions.model_error",
    "Network": "reporting.figures.network",
    "NextEvidence": "analysis.next_evidence",
    "Planted": "analysis.what_if",
    "Posterior": "inference.posterior",
    "PoolError": "errors",
    "PowerScaling": "analysis.power",
    "PriorPredictive": "analysis.assumptions.prior_predictive",
    "Rivals": "analysis.comparison.rivals",
    "RobustBounds": "analysis.robust",
    "Sampling": "inference.settings",
    "Sensitivity": "analysis.sensitivity",
    "Settings": "inference.settings",
    "ShortestPath": "analysis.comparison.path",
    "StorySweep": "analysis.assumptions.stories",
    "Timeline": "analysis.comparison.timeline",
    "TippingPoints": "analysis.tipping",
    "WhatIf": "analysis.what_if",
    "backtest": "archive.evaluation.backtest",
    "build": "inference.fit",
    "casebook": "analysis.comparison.casebook",
    "compare": "analysis.comparison.compare",
    "compare_models": "analysis.comparison.rivals",
    "confidence": "analysis.confidence",
    "deception_budget": "analysis.deception",
    "dependence": "analysis.dependence",
    "draw": "reporting.figures.network",
    "expected": "analysis.assumptions.expected",
    "fit": "inference.fit",
    "fit_many": "inference.many",
    "lattice": "analysis.lattice",
    "lean": "analysis.assumptions.lean",
    "learning": "analysis.assumptions.learning",
    "leave_out": "analysis.leave_out",
    "load_posterior": "inference.posterior",
    "model_error": "analysis.assumptions.model_error",
    "next_evidence": "analysis.next_evidence",
    "power_scaling": "analysis.power",
    "prior_predictive": "analysis.assumptions.prior_predictive",
    "read_ach": "reading",
    "read_case": "reading",
    "read_workbook": "reading",
    "read_model": "reading",
    "robust_bounds": "analysis.robust",
    "sensitivity": "analysis.sensitivity",
    "shapley": "analysis.shapley",
    "shortest_path": "analysis.comparison.path",
    "story_sweep": "analysis.assumptions.stories",
    "sweep": "analysis.assumptions.sweep",
    "timeline": "analysis.comparison.timeline",
    "tipping_points": "analysis.tipping",
    "what_if": "analysis.what_if",
    "write_ach": "reading",
    "write_case": "reading",
    "write_workbook": "reading",
    "write_model": "reading",
    "write_report": "reporting.write",
    "DesignCheck": "campaign.check",
    "Tempo": "campaign.document",
    "TempoPosterior": "campaign.posterior",
    "check_tempo": "campaign.check",
    "read_tempo": "campaign.reading",
    "tempo": "campaign.posterior",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
