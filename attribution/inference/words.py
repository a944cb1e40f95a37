"""A posterior as a short honest paragraph."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from attribution.domain.verbal import percent
from attribution.inference.concerns import fit_concerns

if TYPE_CHECKING:
    from attribution.inference.posterior import Posterior, Standing


def paragraph(posterior: Posterior) -> str:
    """Size of the problem, the first two with range and error, the verdict on the fit, and the next step."""
    program, settings = posterior.program, posterior.settings
    first, second = posterior.ranking[:2]
    blocking = [
        concern
        for concern in fit_concerns(posterior.diagnostics, settings.sampling.chains)
        if concern.severity == "blocking"
    ]
    lines = [
        f"Posterior of {posterior.case.id} under {posterior.model.id} ({settings.engine}, seed {settings.seed}): "
        f"{len(program.factions)} factions, {len(program.facts)} facts, {len(program.origins)} origins, "
        f"{program.dimension} uncertain numbers.",
        f"Ahead: {_named(first)}. Next: {_named(second)}.",
        f"Largest Monte Carlo error {posterior.diagnostics.largest_mcse:.4f}. {_verdict(posterior)}",
    ]
    if blocking:
        lines += [f"Not to be trusted: {concern.what}. Remedy: {concern.remedy}." for concern in blocking]
    else:
        lines.append("Next: attribution report, or leave_out(posterior) to see what it rests on.")
    return "\n".join(lines)


def _named(standing: Standing) -> str:
    return (
        f"{standing.label} {percent(standing.probability)} "
        f"({percent(standing.low)} to {percent(standing.high)} over the inputs), {standing.words}"
    )


def _verdict(posterior: Posterior) -> str:
    found = posterior.diagnostics
    if found.convergence and found.cross_check:
        chains = found.convergence
        ess = min(chains.ess_bulk, chains.ess_tail)
        return (
            f"R-hat at most {chains.rhat:.3f}, effective sample size at least {ess:.0f}, "
            f"{chains.divergences} divergences; "
            f"the engines differ by at most {found.cross_check.worst:.1f} standard errors."
        )
    assert found.tails is not None
    why = "R-hat and traces do not apply to weighted points"
    if posterior.settings.engine == "nuts":
        why = "R-hat does not apply, since no number is uncertain"
    return f"k-hat {found.tails.khat:.2f}, effective sample size {found.tails.ess:.0f}; {why}."


def notebook(posterior: Posterior) -> str:
    """The paragraph and the table of factions as HTML, every text escaped."""
    lines = "".join(f"<p>{escape(line)}</p>" for line in paragraph(posterior).splitlines())
    rows = "".join(
        f"<tr><th>{escape(one.label)}</th><td>{percent(one.prior)}</td><td><b>{percent(one.probability)}</b></td>"
        f"<td>{percent(one.low)} to {percent(one.high)}</td><td>{one.words}</td></tr>".replace("< ", "&lt; ")
        for one in posterior.ranking
    )
    head = "<tr><th>faction</th><th>before</th><th>after</th><th>range over inputs</th><th>in words</th></tr>"
    return f"{lines}<table>{head}{rows}</table>"
