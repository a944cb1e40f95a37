"""`attribution report`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.cli.inputs import posterior_of, rivals_of

if TYPE_CHECKING:
    from attribution.analysis.sensitivity import Sensitivity
    from attribution.inference.posterior import Posterior

_SUFFIXES = (".html", ".json", ".md")


def _sensitivity(
    arguments: argparse.Namespace, posterior: Posterior, rivals: tuple[Posterior, ...]
) -> Sensitivity | None:
    """The sensitivity analysis where it was asked for; else only where the report could be citable with it."""
    wanted = posterior.settings.engine == "nuts" if arguments.sensitivity is None else arguments.sensitivity
    if not wanted:
        return None
    from attribution.analysis.sensitivity import sensitivity
    from attribution.cli.progress import working

    with working("sensitivity"):
        return sensitivity(posterior, rivals)


def report(arguments: argparse.Namespace) -> int:
    """Write the report and print its bottom line; exit code 1 where it is not citable."""
    from attribution.reporting.write import Prepared, prepare

    posterior = posterior_of(arguments)
    rivals = rivals_of(posterior)
    prepared: Prepared = prepare(posterior, rivals=rivals, sensitivity=_sensitivity(arguments, posterior, rivals))
    base = Path("reports") / posterior.case.id / posterior.model.id
    paths = [Path(arguments.output)] if arguments.output else [base.with_suffix(suffix) for suffix in _SUFFIXES]
    for path in paths:
        prepared.write(path)
    print(prepared.bottom_line)
    for path in paths:
        print(f"written: {path}")
    if prepared.gate.citable:
        return 0
    print("not citable:", *(f"  - {reason}" for reason in prepared.gate.reasons), sep="\n", file=sys.stderr)
    return 1
