"""Fit a model to a case."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

from attribution.domain.case import Case
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Model
from attribution.domain.moments import Moment
from attribution.inference.contradiction import refuse_contradiction
from attribution.inference.posterior import Posterior
from attribution.inference.settings import Engine, Sampling, Settings
from attribution.network.compiler import compile_network

if TYPE_CHECKING:
    import pymc as pm


def fit(
    case: Case,
    model: Model,
    *,
    engine: Engine = "nuts",
    seed: int = 1,
    as_of: Moment | dt.date | str | None = None,
    sampling: Sampling | None = None,
    progress: bool = False,
) -> Posterior:
    """The posterior over the factions of a case under a model.

    Parameters
    ----------
    engine
        ``nuts``: the engine of record, seconds. ``importance``: milliseconds, for exploring and as the cross-check.
    seed
        Same seed, same inputs, same versions: same draws.
    as_of
        Use only what was published by this minute (``"2004-03-11T13:30"``), or by the end of this day.

    Raises
    ------
    PairError
        The model does not fit the case, or the evidence is impossible under it.
    TooTiedError
        Facts are tied together past what can be summed exactly.

    Examples
    --------
    >>> import attribution as at
    >>> posterior = at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")
    >>> round(float(posterior.probabilities().probability.sum()), 6)
    1.0
    """
    moment = Moment.of(as_of) if as_of else None
    settings = Settings(engine=engine, seed=seed, as_of=moment, sampling=sampling or Sampling())
    program = compile_network(case, model, moment)
    refuse_contradiction(case, program)
    if engine == "importance":
        from attribution.inference import importance

        found = importance.draw(program, settings.sampling, seed)
        posterior = Posterior(case, model, settings, found.draws)
        return posterior.remember(program=program, slots=found.slots, log_joint=found.log_joint)
    from attribution.inference import nuts

    draws = nuts.draw(program, settings.sampling, seed, progress=progress)
    return Posterior(case, model, settings, draws).remember(program=program)


def prior(case: Case, model: Model, *, seed: int = 1) -> Posterior:
    """The prior that a model implies, as a posterior given nothing: the instant engine with every origin left out."""
    return fit(
        replace(case, evidence=Catalog(), declarations=Catalog()), _unforged(model), engine="importance", seed=seed
    )


def _unforged(model: Model) -> Model:
    """The model without what it says about origins, which are not there."""
    return replace(model, deception=replace(model.deception, forged=()), clusters=Catalog())


def build(case: Case, model: Model) -> pm.Model:
    """The `pm.Model` itself, with its named quantities as Deterministics, for those who extend it in PyMC."""
    from attribution.modelling.graph import named_model

    return named_model(compile_network(case, model))
