"""How a recipe fared on cases that were settled since: its record, which a new case inherits for what it is worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attribution.analysis.comparison.casebook import moments, scores
from attribution.domain.case import Case
from attribution.domain.model import Model
from attribution.inference.fit import fit
from attribution.inference.posterior import Posterior
from attribution.reading import read_case, read_model, shipped_cases, shipped_models


@dataclass(frozen=True, slots=True)
class Record:
    """Of a recipe on other shipped cases: how many settled outcomes it was scored on, and how it did.

    Attributes
    ----------
    recipe
        Its name; empty for a model whose numbers are of its own case alone.
    outcomes
        How many outcomes of other cases could be scored, each by the last posterior that did not know of it.
    gain
        By how many bits on average it gave the settled answer more than its prior did; 0 where there is none.
    """

    recipe: str
    outcomes: int
    gain: float


def recipe_record(posterior: Posterior) -> Record:
    """The record of the recipe that the model of a posterior takes its numbers from, the case itself left out."""
    recipe = posterior.model.recipe
    if not recipe:
        return Record("", 0, 0.0)
    gains = [
        gain
        for name in shipped_cases()
        if name != posterior.case.id
        for gain in _gains(read_case(name), recipe, posterior.settings.random_seed)
    ]
    return Record(recipe, len(gains), float(np.mean(gains)) if gains else 0.0)


def _gains(case: Case, recipe: str, random_seed: int) -> list[float]:
    """What the recipe gained on the settled outcomes of a case, under the first of its models that uses it."""
    if not any(outcome.scored for outcome in case.outcomes):
        return []
    model = _using(case, recipe)
    found: dict[int, float] = {}
    for _, moment in reversed(list(moments(case)) if model else []):
        if model and len(found) < sum(outcome.scored for outcome in case.outcomes):
            posterior = fit(case, model, engine="importance", random_seed=random_seed, as_of=moment)
            found = {one.outcome: one.gain for one in scores(posterior)} | found
    return list(found.values())


def _using(case: Case, recipe: str) -> Model | None:
    models = (read_model(f"{case.id}/{name}") for name in shipped_models(case.id))
    return next((model for model in models if model.recipe == recipe), None)
