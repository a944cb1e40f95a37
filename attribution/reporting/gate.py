"""The publication gate: may this be cited?"""

from __future__ import annotations

from dataclasses import dataclass

from attribution.inference.posterior import Posterior


@dataclass(frozen=True, slots=True)
class Gate:
    """Citable, or not with the reasons. A report that is not citable is still written, and stamped."""

    reasons: tuple[str, ...]

    @property
    def citable(self) -> bool:
        return not self.reasons

    @property
    def stamp(self) -> str:
        return "citable" if self.citable else "not citable"


def gate(posterior: Posterior, *, sensitivity: bool) -> Gate:
    """Citable only if items and numbers have what they need, the fit is sound, engines agree, sensitivity is there."""
    reasons = [concern.what for concern in posterior.concerns() if concern.severity == "blocking"]
    if posterior.settings.engine != "nuts":
        reasons.append("the posterior is from the instant engine alone: there is no second engine to agree with")
    if not sensitivity:
        reasons.append("the report has no full sensitivity section")
    return Gate(tuple(reasons))
