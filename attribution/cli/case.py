"""`attribution import | export | check | schema`: other forms of a case, what a case and a model imply."""

from __future__ import annotations

import argparse
from typing import Any

from attribution.cli.inputs import read_pair, refuse_to_overwrite, shown
from attribution.cli.output import Table, concerns_table, print_json, show
from attribution.domain.case import Case
from attribution.domain.concern import Concern
from attribution.domain.lint import case_concerns, case_lint
from attribution.domain.model import Model
from attribution.domain.model_lint import model_concerns
from attribution.errors import UsageError
from attribution.reading.placeholders import placeholder_concerns

_LOG2_POINTS, _PRIOR_LOG2_POINTS = 6, 9  # of each of 8 scrambles


def import_case(arguments: argparse.Namespace) -> int:
    """Write the YAML of a workbook, or of a matrix of competing hypotheses with its model; never over a file."""
    from attribution.reading import read_ach, read_workbook, write_case, write_model

    folder, model = arguments.output, None
    if arguments.file.suffix == ".csv":
        if not arguments.date:
            raise UsageError("a matrix does not say when the incident was.", allowed="--date 2024-01-28")
        case, model = read_ach(arguments.file, date=arguments.date)
    elif arguments.file.suffix == ".xlsx":
        case = read_workbook(arguments.file)
    else:
        raise UsageError(f'"{arguments.file}" is neither.', allowed="a workbook (.xlsx), or a matrix (.csv)")
    home, beside = folder / f"{case.id}.yaml", folder / f"{case.id}-baseline.yaml"
    refuse_to_overwrite(home, *([beside] if model else []))
    write_case(case, home)
    print(home)
    if model:
        write_model(model, beside)
        print(f"{beside}\nnext: attribution check {shown(home)} --model {shown(beside)}")
    return 0


def export_case(arguments: argparse.Namespace) -> int:
    """Write a case as a workbook, or, with its model, as a matrix of competing hypotheses."""
    from attribution.reading import write_ach, write_workbook

    if arguments.output.suffix == ".csv":
        write_ach(*read_pair(arguments), arguments.output)
    else:
        from attribution.reading import read_case

        write_workbook(read_case(arguments.case), arguments.output)
    print(f"written: {arguments.output}")
    return 0


def check(arguments: argparse.Namespace) -> int:
    """Read a case and a model, print what they imply, and the doubts that they raise by themselves."""
    case, model = read_pair(arguments)
    concerns = (
        *case_concerns(case),
        *case_lint(case),
        *model_concerns(case, model),
        *placeholder_concerns(case, model),
        *_of_few_points(case, model),
    )
    tables = [_prior(case, model), _origins(case, model), concerns_table(concerns)]
    if arguments.format == "text":
        print(_summary(case, model) + "\n")
    show(tables, arguments.format)
    return 1 if any(concern.severity == "blocking" for concern in concerns) else 0


def schema(arguments: argparse.Namespace) -> int:
    """Print a JSON Schema."""
    print_json(schema_of(arguments.what))
    return 0


def schema_of(what: str) -> dict[str, Any]:
    """The schema of a file format, by its word."""
    if what == "report":
        from attribution.reporting.json import report_schema

        return report_schema()
    if what == "comparison":
        from attribution.reporting.comparison import comparison_schema

        return comparison_schema()
    if what == "casebook":
        from attribution.reporting.casebook import casebook_schema

        return casebook_schema()
    if what == "mapping":
        from attribution.archive.reading.mapping_file import mapping_schema

        return mapping_schema()
    if what == "tempo":
        from attribution.campaign.reading import tempo_schema

        return tempo_schema()
    if what == "tempo-model":
        from attribution.campaign.assumptions import assumptions_schema

        return assumptions_schema()
    from attribution.reading import schema as file_schema

    return file_schema(what)


def _of_few_points(case: Case, model: Model) -> tuple[Concern, ...]:
    """What cannot be believed, and which way the rest points: few points tell, their error is far below a direction."""
    from attribution.analysis.leave_out import direction_concerns
    from attribution.inference.concerns import impossible_evidence
    from attribution.inference.fit import fit_under
    from attribution.inference.settings import Sampling, Settings

    few = Settings(engine="importance", sampling=Sampling(log2_points=_LOG2_POINTS))
    posterior = fit_under(case, model, few)
    return (*impossible_evidence(posterior), *direction_concerns(posterior))


def _summary(case: Case, model: Model) -> str:
    return (
        f"{case.title}: {len(case.factions.leaves)} factions, {len(case.facts)} facts, {len(case.evidence)} items "
        f"from {len(case.origins)} origins.\n{model.title}: the model fits the case."
    )


def _prior(case: Case, model: Model) -> Table:
    """The prior that the assumptions imply: means, and the range over inputs."""
    from attribution.inference.fit import prior
    from attribution.inference.settings import Sampling

    implied = prior(case, model, sampling=Sampling(log2_points=_PRIOR_LOG2_POINTS)).standings
    rows = tuple((standing.id, standing.probability, standing.low, standing.high) for standing in implied)
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
