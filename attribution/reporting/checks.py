"""The diagnostics as a table: what was measured, what is allowed, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass

from attribution.inference.concerns import (
    BFMI_LIMIT,
    CROSS_CHECK_LIMIT,
    ESS_PER_CHAIN,
    MCSE_LIMIT,
    RHAT_LIMIT,
)
from attribution.inference.draws import khat_threshold
from attribution.inference.posterior import Posterior


@dataclass(frozen=True, slots=True)
class Check:
    """One diagnostic; `verdict` is passed, failed, or not applicable."""

    name: str
    value: str
    allowed: str
    verdict: str
    where: str = ""


def checks(posterior: Posterior) -> tuple[Check, ...]:
    """All diagnostics of a posterior; what does not apply to its engine is listed as such, never as passed."""
    return (*_convergence(posterior), *_tails(posterior), *_agreement(posterior), _mcse(posterior))


def _verdict(holds: bool) -> str:
    return "passed" if holds else "failed"


def _convergence(posterior: Posterior) -> list[Check]:
    found = posterior.diagnostics.convergence
    if found is None:
        names = ("R-hat", "bulk effective sample size", "tail effective sample size", "divergences", "energy (BFMI)")
        return [Check(name, "", "", "not applicable") for name in (*names, "largest tree depth")]
    ess = ESS_PER_CHAIN * posterior.settings.sampling.chains
    return [
        Check("R-hat", f"{found.rhat:.4f}", f"< {RHAT_LIMIT}", _verdict(found.rhat < RHAT_LIMIT), found.rhat_where),
        Check(
            "bulk effective sample size",
            f"{found.ess_bulk:.0f}",
            f"≥ {ess}",
            _verdict(found.ess_bulk >= ess),
            found.ess_bulk_where,
        ),
        Check(
            "tail effective sample size",
            f"{found.ess_tail:.0f}",
            f"≥ {ess}",
            _verdict(found.ess_tail >= ess),
            found.ess_tail_where,
        ),
        Check("divergences", str(found.divergences), "0", _verdict(found.divergences == 0)),
        Check("energy (BFMI)", f"{found.bfmi:.2f}", f"≥ {BFMI_LIMIT}", _verdict(found.bfmi >= BFMI_LIMIT)),
        Check(
            "draws at the largest tree depth",
            str(found.max_depth_reached),
            "0",
            _verdict(found.max_depth_reached == 0),
        ),
    ]


def _tails(posterior: Posterior) -> list[Check]:
    found = posterior.diagnostics.tails
    assert found is not None
    limit = khat_threshold(found.draws)
    which = "" if posterior.settings.engine == "importance" else " of the cross-check"
    faction, khat = max(found.by_faction, key=lambda pair: pair[1])
    return [
        Check(f"k-hat of the weights{which}", f"{found.khat:.2f}", f"≤ {limit:.2f}", _verdict(found.khat <= limit)),
        Check(f"k-hat of a faction{which}", f"{khat:.2f}", f"≤ {limit:.2f}", _verdict(khat <= limit), faction),
        Check(f"effective sample size{which}", f"{found.ess:.0f}", "≥ 400", _verdict(found.ess >= 400)),
    ]


def _agreement(posterior: Posterior) -> list[Check]:
    found = posterior.diagnostics.cross_check
    name = "largest difference between engines, standard errors"
    if found is None:
        return [Check(name, "", "", "not applicable")]
    return [
        Check(
            name,
            f"{found.worst:.2f}",
            f"≤ {CROSS_CHECK_LIMIT:g}",
            _verdict(found.worst <= CROSS_CHECK_LIMIT),
            f"{found.where} ({found.difference:+.5f}, of {found.compared} compared)",
        )
    ]


def _mcse(posterior: Posterior) -> Check:
    found = posterior.diagnostics.largest_mcse
    return Check("Monte Carlo error of a probability", f"{found:.5f}", f"≤ {MCSE_LIMIT}", _verdict(found <= MCSE_LIMIT))
