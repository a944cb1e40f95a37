"""The conditional logit of an archive as a `pm.Model`: coefficients, deviations of factions, intercepts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from attribution.network.program import Floats

if TYPE_CHECKING:
    import pymc as pm


@dataclass(frozen=True, slots=True, eq=False)
class LogitData:
    """What coders wrote about some events, and how much each event counts."""

    x: Floats  # (event, feature, class) log-features
    written: Floats  # (event, class) 1 for the classes that the label allows, else 0
    label_noise: Floats  # (event,) chance that the label is wrong
    guess: Floats  # (class,) what a wrong label would be
    weight: Floats  # (event,)


@dataclass(frozen=True, slots=True, eq=False)
class LogitPrior:
    """Normal priors: of the coefficients, of the deviations of factions from them, of the intercepts."""

    coefficient: Floats  # (feature,)
    coefficient_sd: Floats  # (feature,)
    faction_sd: float
    intercept_sd: float


@dataclass(frozen=True, slots=True, eq=False)
class Coordinates:
    """Where NUTS walks: ``theta = centre + scale @ z``, theta being beta, intercept and delta one after another.

    Any centre and any regular scale give the same posterior of theta; near its mode, and with the root of its inverse
    curvature, z is nearly standard normal, and steps can be long. A theta without delta leaves the deviations out.
    """

    centre: Floats  # (size,)
    scale: Floats  # (size, size)


def model_data(data: LogitData, prior: LogitPrior, at: Coordinates) -> dict[str, Floats]:
    """All numbers that `logit_model` works on, by name; events come last, so that its sums run along memory."""
    return {
        "x": np.ascontiguousarray(data.x.transpose(2, 1, 0)),
        "written": np.ascontiguousarray(data.written.T),
        "right": 1.0 - data.label_noise,
        "wrong": data.label_noise * (data.written @ data.guess),
        "weight": data.weight,
        "coefficient": prior.coefficient,
        "coefficient_sd": prior.coefficient_sd,
        "spread": np.array([prior.faction_sd, prior.intercept_sd]),
        "centre": at.centre,
        "scale": np.ascontiguousarray(at.scale.T)[None],
    }


def logit_model(data: LogitData, prior: LogitPrior, at: Coordinates) -> pm.Model:
    """``p(c | i) ~ exp(intercept_c + sum_k (beta_k + delta_kc) x_ikc)``; labels that allow several classes are summed.

    What is sampled is z (see `Coordinates`), whose density is that of prior and likelihood at theta. All numbers are
    `pm.Data`, so that one compilation serves all tables with so many features and classes.
    """
    import pymc as pm
    import pytensor.tensor as pt

    from attribution.modelling.products_kernel import WeightedSums

    _, features, classes = data.x.shape
    size, edge = len(at.centre), features + classes
    with pm.Model() as model:
        given = {name: pm.Data(name, values) for name, values in model_data(data, prior, at).items()}
        faction_sd, intercept_sd = (given["spread"][position] for position in range(2))
        z = pm.Flat("z", shape=size)
        theta = given["centre"] + WeightedSums()(z[None], given["scale"])[0]
        beta = pm.Deterministic("beta", theta[:features])
        intercept = pm.Deterministic("intercept", theta[features:edge])
        pm.Potential(
            "prior of beta", pt.sum(pm.logp(pm.Normal.dist(given["coefficient"], given["coefficient_sd"]), beta))
        )
        pm.Potential("prior of intercept", pt.sum(pm.logp(pm.Normal.dist(0.0, intercept_sd), intercept)))
        slope = pt.repeat(beta[:, None], classes, axis=1)
        if size > edge:
            delta = pm.Deterministic("delta", theta[edge:].reshape((features, classes)))
            pm.Potential("prior of delta", pt.sum(pm.logp(pm.Normal.dist(0.0, faction_sd), delta)))
            slope = slope + delta
        logit = WeightedSums()(slope.T, given["x"]) + intercept[:, None]
        weighed = pt.exp(logit - pt.max(logit, axis=0))
        inside = pt.sum(weighed * given["written"], axis=0) / pt.sum(weighed, axis=0)
        log_written = pt.log(given["right"] * inside + given["wrong"] + 1e-300)
        pm.Potential("labels", pt.sum(given["weight"] * log_written))
    return model
