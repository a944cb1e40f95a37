"""`attribution compare`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.cli.inputs import model_name
from attribution.cli.tables import Table, show
from attribution.errors import CaseError, UsageError

if TYPE_CHECKING:
    from attribution.analysis.compare import Comparison
    from attribution.domain.moments import Moment
    from attribution.inference.posterior import Posterior


def compare(arguments: argparse.Namespace) -> int:
    """Split the differences of two answers; exit code 1 where the split cannot be trusted."""
    from attribution.analysis.compare import compare as work_out
    from attribution.cli.progress import working

    if arguments.output and Path(arguments.output).suffix not in (".html", ".json", ".md"):
        raise UsageError(f'a comparison cannot be written to "{arguments.output}".', allowed=".html, .json, .md")
    first = _answer(arguments.first, arguments.model, arguments)
    second = _answer(arguments.second, arguments.model_b or arguments.model, arguments)
    with working("comparing"):
        found = work_out(first, second)
    if arguments.output:
        from attribution.reporting.comparison import write_comparison

        write_comparison(found, Path(arguments.output))
        print(f"written: {arguments.output}", file=sys.stderr)
    show(_tables(found), arguments.format)
    if arguments.format == "text":
        print(f"\n{found}")
    return 0 if found.trustworthy else 1


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


def _answer(typed: str, model: str, arguments: argparse.Namespace) -> Posterior:
    """A saved run, or a fit of what was named."""
    if typed.endswith(".nc"):
        from attribution.inference.saved import load_posterior

        return load_posterior(typed)
    from attribution.cli.progress import working
    from attribution.inference.fit import fit
    from attribution.reading import read_case, read_model, read_pair_errors

    named, own_model, moment = parse_side(typed)
    case = read_case(named)
    assumed = read_model(model_name(case.id, own_model or model))
    read_pair_errors(case, assumed)
    with working(f"fitting {case.id} under {assumed.id} ({arguments.engine})"):
        return fit(case, assumed, engine=arguments.engine, seed=arguments.seed, as_of=moment)


def _tables(found: Comparison) -> list[Table]:
    columns = ("faction", "before", *found.groups, "engine", "after")
    rows: tuple[tuple[str | float, ...], ...] = tuple(
        (one.id, one.before, *one.parts, one.engine, one.after) for one in found.changes
    )
    what: tuple[tuple[str | float, ...], ...] = tuple(
        (one.group, what) for one in found.differences for what in one.what
    )
    return [Table("changes", columns, rows), Table("differences", ("group", "what"), what)]
