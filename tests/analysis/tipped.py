"""Networks in which a tipping point has come true."""

from __future__ import annotations

from attribution.analysis.perturbations import Variant, grades, number_shifts, prior_weights
from attribution.analysis.tipping import TippingPoint
from attribution.domain.grades import Grade
from attribution.inference.posterior import Posterior
from attribution.network.program import Program


def applied(posterior: Posterior, point: TippingPoint, *, share: float = 1.0) -> Program:
    """The change made: whole, or a share of the way (1.01: just past it); a grade as a whole."""
    variant = Variant.of(posterior)
    if point.kind == "grade":
        one = next(one for one in grades(posterior) if one.id == point.id)
        return one.apply(variant, one.grades.index(Grade.parse(point.then))).program
    changes = number_shifts(posterior) if point.kind == "number" else prior_weights(posterior)
    return next(change for change in changes if change.id == point.id).apply(variant, share * point.move).program
