"""Rates from draws, counts and totals as the model would have them, and all of it as an ArviZ DataTree."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from attribution.campaign.assumptions import PARAMETERS
from attribution.campaign.design import Design
from attribution.network.program import Floats, Ints

if TYPE_CHECKING:
    import xarray as xr

    from attribution.campaign.posterior import TempoPosterior

_HIGHEST = 1e9  # of a mean: a draw of the prior may be absurd, and still has to be drawn from


@dataclass(frozen=True, slots=True, eq=False)
class Rates:
    """Attacks a day with the interventions as they were, and without any (draw, day)."""

    log_with: Floats
    log_without: Floats
    term: Floats  # (draw, observation) log p(this | those before it)


def rates(design: Design, z: Floats) -> Rates:
    """Rates and likelihood terms of draws of z (draw, size)."""
    from attribution.modelling.tempo import evaluate

    found = [evaluate(each, design.packed) for each in z]
    log_with = np.array([each.log_rate for each in found])
    return Rates(log_with, log_with - felt(design, z), np.array([each.term for each in found]))


def felt(design: Design, z: Floats, which: tuple[int, ...] | None = None) -> Floats:
    """The sum of the effects on the log rate (draw, day), of all interventions or of some."""
    effects = design.log_effects(z)
    shares = design.shares(z)
    chosen = list(range(effects.shape[1])) if which is None else list(which)
    return np.asarray(np.einsum("dk,dkt->dt", effects[:, chosen], shares[:, chosen]))


def means(design: Design, log_rate: Floats) -> Floats:
    """Expected attacks of each observation, from log rates (draw, day)."""
    packed = design.packed
    of = np.repeat(np.arange(len(packed.counted)), np.diff(packed.start))
    share = np.minimum(np.exp(log_rate[:, packed.day]), _HIGHEST) * packed.weight
    out = np.zeros((len(log_rate), len(packed.counted)))
    for draw, each in enumerate(share):
        out[draw] = np.bincount(of, each, minlength=len(packed.counted))
    return out


def predict(design: Design, z: Floats, log_rate: Floats, seed: int) -> Ints:
    """Counts, and steps between totals, drawn from the model (draw, observation)."""
    rng = np.random.default_rng(seed)
    burst = np.exp(design.scalar(z, 5))[:, None]
    mean = np.maximum(means(design, log_rate), 1e-12)
    true = rng.poisson(rng.gamma(mean / burst, burst))
    return with_errors(design, z, true, rng)


def with_errors(design: Design, z: Floats, true: Ints, rng: np.random.Generator) -> Ints:
    """True steps as they are stated: each total errs by a number of its own, the step by the difference of two."""
    from attribution.modelling.tempo_kernel import LATE, OVER

    packed = design.packed
    late, over = np.exp(design.scalar(z, 8)), np.exp(design.scalar(z, 9))
    possible = np.arange(-LATE, OVER + 1)
    out, before = np.array(true, dtype=np.int64), np.zeros(len(z), dtype=np.int64)
    for j in np.flatnonzero(packed.kind == 1):
        lateness, excess = late * packed.error[j, 0], over * packed.error[j, 1]
        weight = np.exp(np.where(possible < 0, possible / lateness[:, None], -possible / excess[:, None]))
        chance = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)
        error = possible[np.minimum((chance < rng.random(len(z))[:, None]).sum(axis=1), len(possible) - 1)]
        out[:, j] += error - before
        before = error
    return out


def tree_of(posterior: TempoPosterior) -> xr.DataTree:
    """Draws, rates with and without, predictions, likelihood and prior terms, what was observed and given.

    Intervals are those of counts and steps between totals; of a step, the statement at its end is a coordinate.
    """
    import xarray as xr

    design = posterior.design
    z = posterior.draws.z
    chains, draws = z.shape[:2]
    lead = ("chain", "draw")
    flat = posterior.draws.flat

    def shaped(values: Floats | Ints, *dims: str) -> tuple[tuple[str, ...], Any]:
        return (*lead, *dims), np.reshape(values, (chains, draws, *values.shape[1:]))

    coordinates: dict[str, Any] = {
        "day": np.array([design.day(at) for at in range(design.tempo.days)], dtype="datetime64[ns]"),
        "intervention": [one.id for one in design.interventions],
        "kind": [group.name for group in design.groups],
        "interval": [one.label for one in design.observations],
        "number": list(design.labels),
    }
    if len(set(coordinates["interval"])) < len(coordinates["interval"]):
        coordinates["interval"] = [f"{at} {one.label}" for at, one in enumerate(design.observations)]
    stated = [at for at, one in enumerate(design.observations) if one.total >= 0]
    predicted = predict(design, flat, posterior.rates.log_with, posterior.seed)
    groups: dict[str, dict[str, Any]] = {
        "posterior": {
            "z": shaped(flat, "number"),
            "log_rate": shaped(posterior.rates.log_with, "day"),
            "log_effect": shaped(design.log_effects(flat), "intervention"),
            "log_kind": shaped(design.log_kinds(flat), "kind"),
            "own_log_effect": shaped(posterior.own_design.log_effects(posterior.own.flat), "intervention"),
            **{name: shaped(np.exp(design.scalar(flat, at))) for at, name in enumerate(PARAMETERS)},
        },
        "counterfactual": {"log_rate": shaped(posterior.rates.log_without, "day")},
        "posterior_predictive": {"count": shaped(predicted, "interval")},
        "log_likelihood": {"count": shaped(posterior.rates.term, "interval")},
        "log_prior": {"z": shaped(-0.5 * flat**2 - 0.5 * np.log(2 * np.pi), "number")},
        "sample_stats": {name: (lead, values) for name, values in posterior.draws.stats.items()},
        "observed_data": {"count": (("interval",), np.array([one.count for one in design.observations]))},
        "constant_data": {
            "first": (("interval",), np.array([one.first for one in design.observations], dtype="datetime64[ns]")),
            "last": (("interval",), np.array([one.last for one in design.observations], dtype="datetime64[ns]")),
            "intervention_date": (
                ("intervention",), np.array([one.date for one in design.interventions], dtype="datetime64[ns]"),
            ),
        },
    }  # fmt: skip
    if stated:
        coordinates["statement"] = [design.observations[at].label for at in stated]
        totals = np.cumsum(predicted[:, stated], axis=1)
        groups["posterior_predictive"]["total"] = shaped(totals, "statement")
        said = np.array([design.observations[at].total for at in stated])
        groups["observed_data"]["total"] = (("statement",), said)
    data = {name: xr.Dataset(group).assign_coords(_known(group, coordinates)) for name, group in groups.items()}
    tree = xr.DataTree.from_dict(data)
    tree.attrs.update(
        series=design.tempo.id, observer=design.observer.id, seed=posterior.seed,
        assumptions=design.assumptions.id, sampling=json.dumps([chains, draws]),
    )  # fmt: skip
    return tree


def _known(group: dict[str, Any], coordinates: dict[str, Any]) -> dict[str, Any]:
    used = {dim for dims, _ in group.values() for dim in dims}
    return {dim: labels for dim, labels in coordinates.items() if dim in used}
