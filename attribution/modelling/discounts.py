"""The conditional logit of an archive as a `pm.Model`: discounts, deviations of factions, intercepts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attribution.network.program import Floats

if TYPE_CHECKING:
    import pymc as pm


@dataclass(frozen=True, slots=True, eq=False)
class LogitData:
    """What coders wrote about some events, and how much each event counts."""

    x: Floats  # (event, feature, class) log-features
    written: Floats  # (event, class) 1 for the classes that the label allows, else 0
    doubt: Floats  # (event,) chance that the label is wrong
    guess: Floats  # (class,) what a wrong label would be
    weight: Floats  # (event,)


@dataclass(frozen=True, slots=True)
class LogitPrior:
    """Normal priors; a `faction_sd` of 0 leaves the deviations out."""

    discount: float
    discount_sd: float
    faction_sd: float
    intercept_sd: float


def discount_model(data: LogitData, prior: LogitPrior) -> pm.Model:
    """``p(c | i) ~ exp(intercept_c + sum_k (beta_k + delta_kc) x_ikc)``; labels that allow several classes are summed.

    Everything is sampled on standard normal scales. The data are `pm.Data`, so that one compilation serves all tables
    of a shape.
    """
    import pymc as pm
    import pytensor.tensor as pt

    _, features, classes = data.x.shape
    with pm.Model() as model:
        x, written = pm.Data("x", data.x), pm.Data("written", data.written)
        doubt, guess, weight = (
            pm.Data("doubt", data.doubt),
            pm.Data("guess", data.guess),
            pm.Data("weight", data.weight),
        )
        beta_z = pm.Normal("beta_z", 0.0, 1.0, shape=features)
        intercept_z = pm.Normal("intercept_z", 0.0, 1.0, shape=classes)
        beta = pm.Deterministic("beta", prior.discount + prior.discount_sd * beta_z)
        intercept = pm.Deterministic("intercept", prior.intercept_sd * intercept_z)
        slope = beta[:, None]
        if prior.faction_sd > 0.0:
            delta_z = pm.Normal("delta_z", 0.0, 1.0, shape=(features, classes))
            slope = slope + pm.Deterministic("delta", prior.faction_sd * delta_z)
        logit = intercept + pt.sum(x * slope[None], axis=1)
        weighed = pt.exp(logit - pt.max(logit, axis=1, keepdims=True))
        inside = pt.sum(weighed * written, axis=1) / pt.sum(weighed, axis=1)
        wrong = pt.sum(written * guess, axis=1)
        pm.Potential("labels", pt.sum(weight * pt.log((1.0 - doubt) * inside + doubt * wrong + 1e-300)))
    return model
