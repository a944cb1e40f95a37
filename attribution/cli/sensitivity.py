"""`attribution sensitivity | compare`: what an answer rests on, and what sets two answers apart."""

from __future__ import annotations

import argparse
import json
import math
import sys
from typing import TYPE_CHECKING

from attribution.atomic import write_text
from attribution.cli.inputs import model_name, posterior_of, rivals_of
from attribution.cli.output import Table, as_csv, show, stepping, working
from attribution.errors import CaseError, PairError, RunError, UsageError
from attribution.parallel import another

if TYPE_CHECKING:
    from attribution.analysis.comparison.compare import Comparison
    from attribution.analysis.sensitivity import Sensitivity
    from attribution.domain.moments import Moment
    from attribution.inference.posterior import Posterior

_FORMS = {".json": "json", ".csv": "csv", ".md": "markdown"}


def sensitivity(arguments: argparse.Namespace) -> int:
    """Print the whole analysis, write it where asked; exit code 1 where the fit or an answer cannot be trusted."""
    from attribution.analysis.sensitivity import sensitivity as analyse

    with another("attribution.analysis.sensitivity") as executor:
        posterior = posterior_of(arguments)
        if arguments.case.endswith(".nc") and not arguments.as_saved:
            _check_unchanged(arguments.case, posterior)
        with stepping(f"sensitivity of {posterior.case.id} under {posterior.model.id}") as progress:
            progress("fitting rival models")
            rivals = _rivals(posterior, arguments)
            analysis = analyse(
                posterior,
                rivals,
                by=arguments.by,
                max_removed=arguments.max_removed,
                refit=arguments.refit,
                executor=executor,
                progress=progress,
            )
    sys.stdout.write(_render(posterior, analysis, arguments.format))
    if arguments.output:
        write_text(arguments.output, _render(posterior, analysis, _FORMS[arguments.output.suffix]))
        print(f"written: {arguments.output}", file=sys.stderr)
    doubts = analysis.unreliable()
    if doubts:
        print("not to be trusted without a new fit (--refit):", file=sys.stderr)
        print(*(f"  - {doubt}" for doubt in doubts), sep="\n", file=sys.stderr)
    if not posterior.trustworthy:
        print("the fit itself is not to be trusted: attribution fit says why", file=sys.stderr)
    return 0 if posterior.trustworthy and not doubts else 1


def compare(arguments: argparse.Namespace) -> int:
    """Split the differences of two answers; exit code 1 where the split cannot be trusted."""
    from attribution.analysis.comparison.compare import compare as work_out

    first = _answer(arguments.first, arguments.model, arguments)
    second = _answer(arguments.second, arguments.model_b or arguments.model, arguments)
    with working("comparing"):
        comparison = work_out(first, second)
    if arguments.output:
        from attribution.reporting.comparison import write_comparison

        write_comparison(comparison, arguments.output)
        print(f"written: {arguments.output}", file=sys.stderr)
    show(_comparison_tables(comparison), arguments.format)
    if arguments.format == "text":
        print(f"\n{comparison}")
    return 0 if comparison.trustworthy else 1


def parse_side(typed: str) -> tuple[str, str, Moment | None]:
    """``tower-22/baseline@2024-02-01`` as case, model and moment; what is not said is empty.

    Raises
    ------
    UsageError
        A date that is none.
    """
    from attribution.domain.moments import Moment

    head, at, tail = typed.rpartition("@")
    moment = None
    if at:
        try:
            moment = Moment.parse(tail)
        except CaseError as error:
            raise UsageError(error.what, allowed=error.allowed, hint="CASE/MODEL@2024-02-01") from None
    case = head if at else typed
    if case.endswith(".yaml") or case.startswith((".", "/")):
        return case, "", moment
    case, _, model = case.partition("/")
    return case, model, moment


def _render(posterior: Posterior, analysis: Sensitivity, form: str) -> str:
    from attribution.reporting.layout import sensitivity_json, sensitivity_page

    if form == "json":
        return json.dumps(sensitivity_json(posterior, analysis), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if form == "csv":
        return as_csv(_finding_tables(analysis))
    page = sensitivity_page(posterior, analysis)
    return page.markdown() if form == "markdown" else page.text()


def _finding_tables(analysis: Sensitivity) -> list[Table]:
    """Every finding's whole table."""
    tables = []
    for name, finding in analysis.findings():
        frame = finding.to_frame().reset_index()
        rows = tuple(tuple(_cell(value) for value in row) for row in frame.itertuples(index=False, name=None))
        tables.append(Table(name, tuple(str(column) for column in frame.columns), rows))
    return tables


def _cell(value: object) -> str | float:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return value if isinstance(value, int | float) else str(value)


def _rivals(posterior: Posterior, arguments: argparse.Namespace) -> tuple[Posterior, ...]:
    """Other models; of those that were not named, none where they do not fit the case as it was saved."""
    try:
        return rivals_of(posterior, arguments)
    except PairError as error:
        if arguments.rival:
            raise
        print(f"rival models are left out, since they do not fit this case: {error.what}", file=sys.stderr)
        return ()


def _check_unchanged(run: str, posterior: Posterior) -> None:
    """Refuse a run whose shipped case, model or grading reads otherwise now.

    A run stands alone; but who asks about a shipped case by its run should know when the file has moved on.
    """
    from attribution.reading import read_case, read_model, shipped_cases, shipped_models

    case, model = posterior.case, posterior.model
    if case.id not in shipped_cases():
        return
    changed = [] if read_case(case.id) == case else ["the case"]
    if model.id in shipped_models(case.id):
        now = read_model(f"{case.id}/{model.id}")
        changed += [] if now.digest == model.digest else [f'the model "{model.id}"']
        changed += [] if now.grading.digest == model.grading.digest else [f'the grading "{now.grading.id}"']
    if changed:
        raise RunError(
            f"{' and '.join(changed)} changed since this run was fitted.",
            allowed="a run of the files as they are now",
            hint="fit again, or add --as-saved to analyse the run as it stands",
            file=run,
        )


def _answer(typed: str, model: str, arguments: argparse.Namespace) -> Posterior:
    """A saved run, or a fit of what was named."""
    if typed.endswith(".nc"):
        from attribution.inference.posterior import load_posterior

        return load_posterior(typed)
    from attribution.inference.fit import fit
    from attribution.reading import read_case, read_model, read_pair_errors

    named, own_model, moment = parse_side(typed)
    case = read_case(named)
    assumed = read_model(model_name(case.id, own_model or model))
    read_pair_errors(case, assumed)
    with working(f"fitting {case.id} under {assumed.id} ({arguments.engine})"):
        return fit(case, assumed, engine=arguments.engine, random_seed=arguments.seed, as_of=moment, progressbar=False)


def _comparison_tables(comparison: Comparison) -> list[Table]:
    columns = ("faction", "before", *comparison.groups, "engine", "after")
    rows: tuple[tuple[str | float, ...], ...] = tuple(
        (each.id, each.before, *each.parts, each.engine, each.after) for each in comparison.changes
    )
    what: tuple[tuple[str | float, ...], ...] = tuple(
        (each.group, what) for each in comparison.differences for what in each.what
    )
    return [Table("changes", columns, rows), Table("differences", ("group", "what"), what)]
