"""What the facts would look like if it happened again: draws of states under prior or posterior."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution.network.program import Floats, Ints, Program
from attribution.network.summation import tables

type States = NDArray[np.int64]


def predict(program: Program, slots: Floats, faction_probability: Floats, seed: int) -> States:
    """One state per fact and draw: shape (draw, fact).

    A perpetrator is drawn from `faction_probability` (draw, faction), then the facts in causal order. Where `other`
    acts like a named faction (surprise), and where a scene is staged, the numbers of the faction imitated are used.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, 0x9E3779B9]))
    rows, log_prior = tables(program, slots)
    culprit = _choose(faction_probability, rng)
    other, surprise = program.ints.other[0], program.ints.surprise[1]
    imitates = (culprit == other) & (rng.random(len(slots)) < slots[:, surprise])
    culprit = np.where(imitates, _choose(np.exp(log_prior), rng), culprit)
    states = np.zeros((len(slots), len(program.facts)), dtype=np.int64)
    for fact in _causal_order(program):
        seen_as = _staged(program, slots, fact, culprit, rng)
        config = _configuration(program, fact, states)
        width = len(program.states[fact])
        row = program.ints.table_row[seen_as * _configs(program) + config]
        first = program.ints.row_start[row]
        states[:, fact] = _choose(np.take_along_axis(rows, first[:, None] + np.arange(width), axis=1), rng)
    return states


def _configs(program: Program) -> int:
    return len(program.ints.config_start) - 1


def _choose(probability: Floats, rng: np.random.Generator) -> States:
    """One column per row, with these probabilities."""
    below = np.cumsum(probability, axis=1)
    level = rng.random(len(probability))[:, None] * below[:, -1:]
    return np.asarray(np.argmax(below > level, axis=1), dtype=np.int64)


def _causal_order(program: Program) -> list[int]:
    waiting, order = list(range(len(program.facts))), list[int]()
    while waiting:
        ready = [fact for fact in waiting if all(parent in order for parent in program.parents[fact])]
        order += ready
        waiting = [fact for fact in waiting if fact not in ready]
    return order


def _configuration(program: Program, fact: int, states: States) -> States:
    """Which configuration of its parents each draw is in, counted over all facts."""
    config = np.zeros(len(states), dtype=np.int64)
    for parent in program.parents[fact]:
        config = config * len(program.states[parent]) + states[:, parent]
    return np.asarray(program.fact_config[fact] + config)


def _staged(program: Program, slots: Floats, fact: int, culprit: States, rng: np.random.Generator) -> Ints:
    """Whose numbers hold for a fact: the culprit's, or those of somebody the scene was arranged to point to."""
    ints, factions = program.ints, len(program.factions)
    t = ints.config_staged[program.fact_config[fact]]
    if t < 0:
        return culprit
    outside = ints.staged_member[t * factions : (t + 1) * factions][culprit] == 0
    arranged = outside & (rng.random(len(culprit)) < slots[:, ints.staged_slot[t]])
    weight = program.floats.staged_weight[t * factions : (t + 1) * factions]
    return np.where(arranged, rng.choice(factions, size=len(culprit), p=weight), culprit)
