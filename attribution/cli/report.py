"""`attribution report`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.cli.inputs import posterior_of, rivals_of
from attribution.cli.progress import working

if TYPE_CHECKING:
    from attribution.inference.posterior import Posterior
    from attribution.reporting.write import Prepared

SUFFIXES = (".html", ".json", ".md")


def prepared_report(posterior: Posterior, sensitivity: bool | None) -> Prepared:
    """What the report of a posterior says, beside the other shipped models of its case.

    `sensitivity` asks for the sensitivity analysis or does without; where None, it is worked out only where the report
    could be citable with it.
    """
    from attribution.reporting.write import prepare

    rivals = rivals_of(posterior)
    wanted = posterior.settings.engine == "nuts" if sensitivity is None else sensitivity
    if not wanted:
        return prepare(posterior, rivals=rivals)
    from attribution.analysis.sensitivity import sensitivity as work_out

    with working("sensitivity"):
        return prepare(posterior, rivals=rivals, sensitivity=work_out(posterior, rivals))


def report(arguments: argparse.Namespace) -> int:
    """Write the report and print its bottom line; exit code 1 where it is not citable."""
    posterior = posterior_of(arguments)
    prepared = prepared_report(posterior, arguments.sensitivity)
    base = Path("reports") / posterior.case.id / posterior.model.id
    paths = [Path(arguments.output)] if arguments.output else [base.with_suffix(suffix) for suffix in SUFFIXES]
    for path in paths:
        prepared.write(path)
    print(prepared.bottom_line)
    for path in paths:
        print(f"written: {path}")
    if prepared.gate.citable:
        return 0
    print("not citable:", *(f"  - {reason}" for reason in prepared.gate.reasons), sep="\n", file=sys.stderr)
    return 1
