"""The diagnostics: what was measured against what is allowed, and what the chains did."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from attribution.inference.concerns import BFMI_LIMIT, CROSS_CHECK_LIMIT, ESS_PER_CHAIN, MCSE_LIMIT, RHAT_LIMIT
from attribution.inference.draws import khat_threshold
from attribution.inference.posterior import Posterior
from attribution.network.program import Floats
from attribution.reporting.naming import Names

if TYPE_CHECKING:
    from attribution.analysis.assumptions.prior_predictive import PriorPredictive

RANK_BINS = 20
ENERGY_BINS = 32
_POINTS = 125


@dataclass(frozen=True, slots=True)
class Check:
    """One diagnostic; `verdict` is passed, failed, not applicable, or not possible."""

    name: str
    value: str
    allowed: str
    verdict: str
    where: str = ""


def checks(posterior: Posterior) -> tuple[Check, ...]:
    """All diagnostics of a posterior; what does not apply to its engine is listed as such, never as passed."""
    place = Names.of(posterior).place
    found = (*_convergence(posterior), *_tails(posterior), *_agreement(posterior, place), _mcse(posterior))
    return tuple(replace(one, where=place(one.where)) for one in found)


@dataclass(frozen=True, slots=True)
class Trace:
    """One quantity: every chain thinned to 125 points, and how many of its ranks among all draws fall in each bin.

    `ranks` (chain, bin) are about equal in every bin where the chains agree (Vehtari et al. 2021, arXiv:1903.08008).
    """

    name: str
    lines: tuple[tuple[float, ...], ...] = field(metadata={"json": False})
    ranks: tuple[tuple[int, ...], ...]
    expected: float


@dataclass(frozen=True, slots=True)
class Energy:
    """Densities over common bins of the energy about its mean, and of its change from draw to draw.

    Where the second is much narrower than the first, the sampler moves slowly between regions of low and high density.
    """

    low: float
    high: float
    marginal: tuple[float, ...]
    transition: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Chains:
    """Traces and energies of a run of NUTS."""

    chains: int
    draws: int
    traces: tuple[Trace, ...]
    energy: Energy


def chains(posterior: Posterior) -> Chains | None:
    """The evidence, the log-odds of leader against runner-up, and whatever has the worst R-hat; None without chains."""
    found = posterior.diagnostics.convergence
    if found is None:
        return None
    first, second = (posterior.program.factions.index(one.id) for one in posterior.ranking[:2])
    joint = posterior.log_joint
    quantities = {
        "log evidence": posterior.log_evidence,
        "log-odds of the leader against the runner-up": joint[:, first] - joint[:, second],
        f"worst R-hat: {Names.of(posterior).place(found.rhat_where)}": _named(posterior, found.rhat_where),
    }
    count, draws = posterior.draws.shape
    return Chains(
        chains=count,
        draws=draws,
        traces=tuple(
            _trace(name, values.reshape(count, draws))
            for name, values in quantities.items()
            if np.isfinite(values).all()
        ),
        energy=_energy(np.asarray(posterior.draws.stats["energy"], dtype=float)),
    )


def expected_evidence(found: PriorPredictive) -> Check:
    """Whether the model itself expects such evidence: a check of the assumptions, beside those of the draws."""
    from attribution.analysis.assumptions.prior_predictive import UNEXPECTED

    name, allowed = "simulated evidence that goes together as badly", f"≥ {UNEXPECTED:g}"
    if found.share is None:
        return Check(name, "", allowed, "not possible")
    if not found.parts:
        return Check(name, "", allowed, "not applicable")
    return Check(name, f"{found.share:.3f} ± {found.mcse:.3f}", allowed, _verdict(found.share >= UNEXPECTED))


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
    possible = not posterior.diagnostics.cross_check_impossible
    which = "" if posterior.settings.engine == "importance" else " of the cross-check"
    faction, khat = max(found.by_faction, key=lambda pair: pair[1])
    return [
        Check(name, shown, allowed, _verdict(holds) if holds or possible else "not possible", where)
        for name, shown, allowed, holds, where in (
            (f"k-hat of the weights{which}", f"{found.khat:.2f}", f"≤ {limit:.2f}", found.khat <= limit, ""),
            (f"k-hat of a faction{which}", f"{khat:.2f}", f"≤ {limit:.2f}", khat <= limit, faction),
            (f"effective sample size{which}", f"{found.ess:.0f}", "≥ 400", found.ess >= 400, ""),
        )
    ]


def _agreement(posterior: Posterior, place: Callable[[str], str]) -> list[Check]:
    found = posterior.diagnostics.cross_check
    name = "largest difference between engines, standard errors"
    if found is None:
        impossible = posterior.diagnostics.cross_check_impossible
        return [Check(name, "", "", "not possible" if impossible else "not applicable")]
    return [
        Check(
            name,
            f"{found.worst:.2f}",
            f"≤ {CROSS_CHECK_LIMIT:g}",
            _verdict(found.worst <= CROSS_CHECK_LIMIT),
            f"{place(found.where)} ({found.difference:+z.5f}, of {found.compared} compared)",
        )
    ]


def _mcse(posterior: Posterior) -> Check:
    found = posterior.diagnostics.largest_mcse
    shown = "not known" if np.isnan(found) else f"{found:.5f}"
    return Check("Monte Carlo error of a probability", shown, f"≤ {MCSE_LIMIT}", _verdict(found <= MCSE_LIMIT))


def _named(posterior: Posterior, name: str) -> Floats:
    """A quantity by the name that the diagnostics give it."""
    if name == "log evidence":
        return posterior.log_evidence
    joint = {f"log joint {id}": column for column, id in enumerate(posterior.program.factions)}
    if name in joint:
        return posterior.log_joint[:, joint[name]]
    return posterior.draws.flat[:, posterior.program.labels.index(name)]


def _trace(name: str, values: Floats) -> Trace:
    from scipy.stats import rankdata

    chains, draws = values.shape
    ranks = rankdata(values).reshape(chains, draws)
    edges = np.linspace(0.5, values.size + 0.5, RANK_BINS + 1)
    step = max(1, draws // _POINTS)
    return Trace(
        name=name,
        lines=tuple(tuple(line.tolist()) for line in values[:, ::step]),
        ranks=tuple(tuple(np.histogram(chain, edges)[0].tolist()) for chain in ranks),
        expected=draws / RANK_BINS,
    )


def _energy(energy: Floats) -> Energy:
    marginal = (energy - energy.mean()).ravel()
    transition = np.diff(energy, axis=1).ravel()
    low, high = (float(value) for value in np.quantile(np.concatenate([marginal, transition]), (0.001, 0.999)))
    edges = np.linspace(low, max(high, low + 1e-9), ENERGY_BINS + 1)
    marginal_density, transition_density = (
        np.histogram(np.clip(values, low, high), edges, density=True)[0] for values in (marginal, transition)
    )
    return Energy(low, high, tuple(marginal_density.tolist()), tuple(transition_density.tolist()))
