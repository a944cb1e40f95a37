"""`attribution check`."""

from __future__ import annotations

import argparse

from attribution.cli.inputs import read_pair
from attribution.cli.tables import Table, show
from attribution.domain.case import Case
from attribution.domain.concern import Concern
from attribution.domain.lint import case_concerns, case_lint, model_concerns
from attribution.domain.model import Model


def check(arguments: argparse.Namespace) -> int:
    """Read a case and a model, print what they imply, and the doubts that they raise by themselves."""
    case, model = read_pair(arguments)
    concerns = (*case_concerns(case), *case_lint(case), *model_concerns(case, model), *_directions(case, model))
    tables = [_prior(case, model), _origins(case, model), _concerns(concerns)]
    if arguments.format == "text":
        print(_summary(case, model) + "\n")
    show(tables, arguments.format)
    return 1 if any(concern.severity == "blocking" for concern in concerns) else 0


def _directions(case: Case, model: Model) -> tuple[Concern, ...]:
    """Which way the evidence points, as far as an instant fit can tell."""
    from attribution.analysis.leave_out import direction_concerns
    from attribution.inference.fit import fit

    return tuple(direction_concerns(fit(case, model, engine="importance")))


def _summary(case: Case, model: Model) -> str:
    return (
        f"{case.title}: {len(case.factions.leaves)} factions, {len(case.facts)} facts, {len(case.evidence)} items "
        f"from {len(case.origins)} origins.\n{model.title}: the model fits the case."
    )


def _prior(case: Case, model: Model) -> Table:
    """The prior that the assumptions imply: means, and the range over inputs."""
    from attribution.inference.fit import prior

    rows = tuple(
        (standing.id, standing.probability, standing.low, standing.high) for standing in prior(case, model).standings
    )
    return Table("implied prior", ("faction", "mean", "low", "high"), rows)


def _origins(case: Case, model: Model) -> Table:
    """What each origin says at most: its grade as it is used, and the largest likelihood ratio that can carry."""
    from attribution.domain.evidence import Statement
    from attribution.network.compile_origins import effective_grade

    rows = []
    for origin in case.origins:
        graded = isinstance(origin.items[0], Statement)
        used = effective_grade(case, origin)
        stated = str(origin.grade) if origin.grade else "none"
        grade = stated if stated == str(used) else f"{stated}, read as {used}"
        cap = f"{model.grading.cap(used):.3g}" if graded else ""
        rows.append((origin.id, str(len(origin.items)), grade if graded else origin.items[0].kind, cap))
    return Table("origins", ("origin", "items", "grade", "cap"), tuple(rows))


def _concerns(concerns: tuple[Concern, ...]) -> Table:
    rows = tuple((concern.severity, concern.what, concern.remedy) for concern in concerns)
    return Table(f"concerns ({len(rows)})", ("severity", "what", "remedy"), rows)
