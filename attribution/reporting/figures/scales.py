"""Strips of a description: a 90 % bar and a dot. What a strip shows is told in words below it."""

from __future__ import annotations

import math

from markupsafe import Markup

from attribution.archive.summary.grid import Estimate
from attribution.archive.summary.profiles import ValueShare
from attribution.reporting.figures.marks import axis_strip, dot, line


def scale_strip(found: Estimate) -> Markup:
    """A positive number on a logarithmic axis as wide as its prior."""
    low, high = math.log(found.prior.low), math.log(found.prior.high)

    def x(value: float) -> float:
        return 100.0 * (math.log(value) - low) / (high - low)

    return axis_strip(
        line("axis", 0.0, 100.0), line("bar", x(found.low), x(found.high)), dot("dot", x(found.median), 4.5)
    )


def share_strip(share: ValueShare) -> Markup:
    """A share from 0 to 1, with a tick at what is usual."""
    return axis_strip(
        line("axis", 0.0, 100.0),
        line("usual", 100.0 * share.usual, 100.0 * share.usual, "5%", "95%"),
        line("bar", 100.0 * share.low, 100.0 * share.high),
        dot("dot", 100.0 * share.mean, 4.5),
    )
