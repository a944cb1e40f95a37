"""A new fit of a changed network, where the stored draws cannot reach it."""

from __future__ import annotations

from attribution.inference.posterior import Posterior
from attribution.network.program import Program


def refit(posterior: Posterior, program: Program) -> Posterior:
    """The posterior of another network about the same case, drawn by the same engine with the same settings.

    Evidence that is switched off is data: NUTS uses its compiled model again and only samples. The answer's
    `program` is the changed one; its case and model are those of the posterior that the change was made to.
    """
    settings = posterior.settings
    if settings.engine == "importance":
        from attribution.inference import importance

        found = importance.draw(program, settings.sampling, settings.seed)
        again = Posterior(posterior.case, posterior.model, settings, found.draws)
        return again.remember(program=program, slots=found.slots, log_joint=found.log_joint)
    from attribution.inference import nuts

    draws = nuts.draw(program, settings.sampling, settings.seed)
    return Posterior(posterior.case, posterior.model, settings, draws).remember(program=program)
