"""Fit a model to a case; refuse evidence that cannot all be true before anything is drawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from attribution.domain.case import Case
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Model
from attribution.domain.moments import Moment
from attribution.errors import PairError, listed
from attribution.inference import importance, nuts
from attribution.inference.draws import flat
from attribution.inference.posterior import Posterior
from attribution.inference.settings import Engine, Sampling, Settings
from attribution.inference.sobol import sobol_normals
from attribution.network.compiler import compile_network
from attribution.network.program import Floats, Program
from attribution.network.summation import log_joint_at, numbers

if TYPE_CHECKING:
    import pymc as pm

_SCRAMBLES, _LOG2_POINTS = 2, 5


def fit(
    case: Case,
    model: Model,
    *,
    engine: Engine = "nuts",
    draws: int = 1000,
    tune: int = 1000,
    chains: int = 4,
    random_seed: int = 1,
    as_of: Moment | dt.date | str | None = None,
    progressbar: bool = True,
    nuts_sampler_kwargs: Mapping[str, float] | None = None,
    scrambles: int = 8,
    log2_points: int = 11,
) -> Posterior:
    """Compute the posterior over the factions of a case under a model.

    The discrete unknowns are summed out exactly, by variable elimination; only the uncertain numbers are drawn. The
    names are those of `pymc.sample`.

    Parameters
    ----------
    case : Case
        The evidence, from `read_case`.
    model : Model
        The assumptions, from `read_model`.
    engine : {"nuts", "importance"}, default "nuts"
        ``nuts``: the engine of record, Hamiltonian Monte Carlo, seconds. ``importance``: importance sampling with
        Sobol points from the prior, a fraction of a second, for exploring and as the cross-check.
    draws : int, default 1000
        Draws of NUTS kept of each chain, 50 to 1,000,000.
    tune : int, default 1000
        Draws of NUTS before these, in which each chain adapts, 100 to 1,000,000.
    chains : int, default 4
        Chains of NUTS, 2 to 64; from fewer than two no error could be estimated.
    random_seed : int, default 1
        From 0 to 2^63 - 1. Same seed, same inputs, same versions: same draws.
    as_of : Moment, date or str, optional
        Use only what was published by this minute (``"2004-03-11T13:30"``), or by the end of this day.
    progressbar : bool, default True
        Show how far NUTS is.
    nuts_sampler_kwargs : mapping, optional
        ``target_accept`` (0.5 to 0.999, default 0.8) and ``maxdepth`` (3 to 15, default 10) of nutpie. They are part of
        the settings, and so of a saved run; other keys are refused.
    scrambles : int, default 8
        Independent scrambles of the Sobol sequence of the instant engine, 2 to 64; the Monte Carlo error is their
        spread.
    log2_points : int, default 11
        Each scramble has ``2 ** log2_points`` points, 5 to 20.

    Returns
    -------
    Posterior
        The draws, and everything that follows from them, computed when it is first asked for.

    Raises
    ------
    PairError
        The model does not fit the case, or the evidence is impossible under it.
    TooTiedError
        Facts are tied together past what can be summed exactly.
    UsageError
        A number out of its range, or a key of `nuts_sampler_kwargs` that is not let through.

    Examples
    --------
    >>> import attribution as at
    >>> posterior = at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")
    >>> posterior.ranking[0].id, posterior.ranking[0].words
    ('kataib-hezbollah', 'likely')
    >>> round(float(posterior.probabilities().probability.sum()), 6)
    1.0
    """
    settings = Settings.of(
        engine,
        draws=draws,
        tune=tune,
        chains=chains,
        random_seed=random_seed,
        as_of=as_of,
        nuts_sampler_kwargs=nuts_sampler_kwargs,
        scrambles=scrambles,
        log2_points=log2_points,
    )
    return fit_under(case, model, settings, progressbar=progressbar)


def fit_under(case: Case, model: Model, settings: Settings, *, progressbar: bool = False) -> Posterior:
    """What `fit` does, with settings as a value."""
    program = compile_network(case, model, settings.as_of)
    if settings.engine == "nuts":  # which would look for a place to begin in vain
        refuse_contradiction(case, program)
    posterior = sample(case, model, settings, program, progressbar=progressbar)
    if settings.engine == "importance" and not np.isfinite(posterior.log_joint).any():
        refuse_contradiction(case, program)
    return posterior


def sample(case: Case, model: Model, settings: Settings, program: Program, *, progressbar: bool = False) -> Posterior:
    """Draw the posterior of a compiled network, by the engine of the settings; `program` may differ from the model's.

    Evidence that is switched off is data: NUTS uses its compiled model again and only samples.
    """
    if settings.engine == "importance":
        weighed = importance.draw(program, settings.sampling, settings.random_seed)
        return Posterior.drawn(
            case, model, settings, weighed.draws, program=program, numbers=weighed.numbers, log_joint=weighed.log_joint
        )
    draws = nuts.draw(program, settings.sampling, settings.random_seed, progressbar=progressbar)
    return Posterior.drawn(case, model, settings, draws, program=program)


def prior(case: Case, model: Model, *, sampling: Sampling | None = None) -> Posterior:
    """The prior that a model implies, as a posterior given nothing: the instant engine with every origin left out."""
    silent = replace(case, evidence=Catalog(), declarations=Catalog())
    return fit_under(silent, _unforged(model), Settings(engine="importance", sampling=sampling or Sampling()))


def _unforged(model: Model) -> Model:
    """The model without what it says about origins, which are not there."""
    return replace(model, deception=replace(model.deception, forged=()), clusters=Catalog())


def build(case: Case, model: Model) -> pm.Model:
    """Build the `pm.Model` itself, for those who extend it in PyMC.

    Parameters
    ----------
    case : Case
        The evidence.
    model : Model
        The assumptions.

    Returns
    -------
    pymc.Model
        One standard normal vector `z` over `number`: each uncertain number is a function of its coordinates, so that
        this is the whole prior. Deterministics `value` (number), `trait` (trait_name, faction), `reliability` (origin),
        `prior_probability`, `log_joint` and `probability` (faction): the factions before the evidence and after it.
        Data `asserted` (asserted_fact): which state the evidence asserts of a fact, by its place; -1 where it asserts
        no single one. The Potential `evidence` is ``log p(E | z)``. All are differentiable functions of `z`, the only
        quantity for which `pymc.do` means something.

    Raises
    ------
    PairError
        The model does not fit the case.
    TooTiedError
        Facts are tied together past what can be summed exactly.

    Examples
    --------
    >>> import attribution as at
    >>> built = at.build(at.read_case("k1-2019"), at.read_model("k1-2019/baseline"))
    >>> [variable.name for variable in built.free_RVs]
    ['z']
    """
    from attribution.inference.tree import asserted_states
    from attribution.modelling.graph import named_model

    program = compile_network(case, model)
    return named_model(program, asserted_states(case, program))


def refuse_contradiction(case: Case, program: Program) -> None:
    """Raise where no faction can have left the evidence, whatever the numbers.

    Only certainties contradict: a table entry of 0 or 1, a reliability of 1, a search that misses nothing.

    Raises
    ------
    PairError
        The smallest set of items found that cannot all be true under the model (one such set; there may be others).
    """
    z = sobol_normals(program.dimension, _SCRAMBLES, _LOG2_POINTS, seed=0)
    slots = numbers(program, flat(z))
    if _possible(program, slots):
        return
    blamed = _contradictory(program, slots)
    items = [item.id for origin in blamed for item in case.origins[origin].items]
    claim = f"{listed(items)} cannot {'all ' if len(items) > 2 else 'both ' if len(items) == 2 else ''}be true"
    raise PairError(
        f"the evidence is impossible under this model: {claim}, whoever did it.",
        allowed="evidence that some faction can have left",
        hint="soften a certainty: an entry of 0 or 1, a reliability of 1, a detection of 1, or `surprise`",
    )


def _possible(program: Program, slots: Floats) -> bool:
    return bool(np.isfinite(log_joint_at(program, slots)).any())


def _contradictory(program: Program, slots: Floats) -> list[str]:
    """Origins none of which can be spared: without any of them the rest would be possible."""
    dropped: set[str] = set()
    for origin in program.origins:
        if not _possible(program.without(frozenset({*dropped, origin})), slots):
            dropped.add(origin)
    return [origin for origin in program.origins if origin not in dropped]
