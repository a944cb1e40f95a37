"""The forger imitates: a forgery weakens towards nothing, turns no pair round, and no move of the prior touches it."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from random import Random

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import attribution as at
from attribution.domain.case import Case
from attribution.domain.evidence import Copying, Report, Statement
from attribution.domain.facts import Fact
from attribution.domain.identifiers import PERPETRATOR, Catalog
from attribution.domain.model import Deception, Forged, Model
from attribution.domain.numbers import Number
from attribution.domain.tables import Entry, Trait
from attribution.network.beliefs import state_probabilities
from attribution.network.compiler import compile_network
from attribution.network.edits import shifted, with_factor
from attribution.network.summation import log_joint, log_parts, numbers, tables
from attribution.reading import shipped_cases, shipped_models
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, says
from tests.random_cases import random_pair

type Floats = NDArray[np.float64]

seeds = st.integers(20_000, 1_000_000)
quick = settings(max_examples=30)


def forged(model: Model, target: str, probability: float, toward: str = "") -> Model:
    """The model in which that origin alone is forged."""
    deception = replace(model.deception, forged=(Forged(target, Number.exactly(probability), toward),))
    return replace(model, deception=deception)


def log_likelihood(case: Case, model: Model, z: Floats | None = None, without: str = "") -> Floats:
    """``log p(E | h)`` before the open set is mixed in: (draw, faction)."""
    program = compile_network(case, model)
    z = np.zeros((1, program.dimension)) if z is None else z
    program = program.without(frozenset({without}) if without else frozenset())
    return np.asarray(log_parts(program, numbers(program, z))[1].sum(axis=2))


def ratios(logs: Floats) -> Floats:
    """Log-odds of every pair: (draw, pair)."""
    return np.stack([logs[:, a] - logs[:, b] for a, b in combinations(range(logs.shape[1]), 2)], axis=1)


def some_forgeable(seed: int) -> tuple[Case, Model, str, str]:
    """A random case, an origin that can be forged, and a direction."""
    case, model = random_pair(seed)
    r = Random(seed)
    can = [origin.id for origin in case.origins if origin.forgeable and isinstance(origin.items[0], Statement)]
    assume(can)
    return case, model, r.choice(can), r.choice(("", *case.factions.ids))


@quick
@given(seeds)
def test_surely_forged_an_origin_says_nothing_whatever_else_is_known(seed: int) -> None:
    case, model, origin, toward = some_forgeable(seed)
    assume(not any(isinstance(item, Statement) and item.copies for item in case.evidence))
    model = forged(model, origin, 1.0, toward)
    program = compile_network(case, model)
    z = np.random.default_rng(seed).standard_normal((3, program.dimension))
    silent = program.without(frozenset({origin}))
    said, unsaid = (log_parts(one, numbers(one, z))[1].sum(axis=2) for one in (program, silent))
    possible = np.isfinite(unsaid).all(axis=1) & np.isfinite(said).all(axis=1)
    np.testing.assert_allclose(ratios(said[possible]), ratios(unsaid[possible]), atol=1e-9)
    beliefs = [state_probabilities(one, numbers(one, z))[possible] for one in (program, silent)]
    np.testing.assert_allclose(beliefs[0], beliefs[1], atol=1e-9)


@quick
@given(seeds, st.floats(0.01, 0.99))
def test_a_forgery_weakens_towards_nothing_and_turns_no_pair_round(seed: int, d: float) -> None:
    """Between what all says without the forgery and what it says without the origin, for every pair of factions."""
    case, model, origin, toward = some_forgeable(seed)
    assume(not any(isinstance(item, Statement) and item.copies for item in case.evidence))
    believed, doubted = forged(model, origin, 0.0, toward), forged(model, origin, d, toward)
    z = np.random.default_rng(seed).standard_normal((3, compile_network(case, believed).dimension))
    full, part = log_likelihood(case, believed, z), log_likelihood(case, doubted, z)
    none = log_likelihood(case, believed, z, without=origin)
    possible = np.isfinite(full).all(axis=1) & np.isfinite(none).all(axis=1)
    full, part, none = (ratios(one[possible]) for one in (full, part, none))
    low, high = np.minimum(full, none) - 1e-9, np.maximum(full, none) + 1e-9
    assert ((low <= part) & (part <= high)).all()


@quick
@given(seeds, st.floats(0.02, 0.9))
def test_of_an_origin_alone_no_ratio_for_one_framed_leaf_exceeds_one_in_d(seed: int, d: float) -> None:
    case, model, origin, _ = some_forgeable(seed)
    r = Random(seed)
    leaf = r.choice(case.factions.leaves)
    alone = [item for item in case.evidence if item.origin_id == origin]
    alone = [replace(item, copies=None) if isinstance(item, Statement) else item for item in alone]
    here = {item.origin_id for item in alone}
    kept = Catalog(one for one in case.declarations if one.id in here)
    case = replace(case, evidence=Catalog(alone), declarations=kept)
    model = forged(model, origin, d, leaf)
    logs = log_likelihood(case, replace(model, clusters=Catalog()))[0]
    own = logs[case.factions.leaves.index(leaf)]
    assert (own - logs <= -np.log(d) + 1e-9).all()


REACH = Trait("reach", "capability", (Entry("a", Number(0.3, 0.5, 0.7)), Entry("else", Number(0.1, 0.2, 0.4))))


@pytest.mark.parametrize("toward", ["", "a"])
@pytest.mark.parametrize("move", ["factor", "shift", "size"])
def test_moves_of_the_prior_leave_likelihoods_alone(toward: str, move: str) -> None:
    """What a forger imitates, and whom the open set may act like, are as before anybody moved the prior."""
    case = a_case(
        Fact("w", YES_NO), items=[a_report("r", says("w", "yes")), a_report("q", says(PERPETRATOR, "b"), source="t")]
    )
    table = a_table("w", {"yes": {"a": (0.5, 0.7, 0.9), "else": (0.1, 0.2, 0.4)}})
    targets = tuple(Forged(origin, Number(0.05, 0.2, 0.5), toward) for origin in ("r", "q"))
    deception = Deception(forged=targets)
    if move == "size":
        traits, sizes = (REACH,), {"b": (1.0, 2.0, 5.0)}
        model = a_model(
            table, surprise=0.3, deception=deception, traits=traits, proportional_to=("reach",), sizes=sizes
        )
    else:
        shares = {"a": (0.3, 0.5, 0.7), "b": (0.2, 0.4, 0.5)}
        model = a_model(table, surprise=0.3, deception=deception, shares=shares)
    program = compile_network(case, model)
    if move == "factor":
        moved = with_factor(with_factor(program, "a", 5.0), "other", 3.0)
    else:
        first, second = ("size[b]", "trait[reach|a]") if move == "size" else ("share[a]", "share[a]")
        moved = shifted(program, program.labels.index(first), 1.3)
        moved = shifted(moved, moved.labels.index(second), 0.4)
    z = np.random.default_rng(1).standard_normal((4, program.dimension))
    before, after = (log_joint(one, z) - tables(one, numbers(one, z))[1] for one in (program, moved))
    np.testing.assert_allclose(after, before, rtol=1e-12)
    priors = [tables(one, numbers(one, z))[1] for one in (program, moved)]
    assert np.abs(priors[0] - priors[1]).max() > 0.1


def test_a_copy_about_another_fact_says_nothing_where_it_is_one_for_certain() -> None:
    """``c + (1 - c) p(j | x)``: at 1 it repeats what it says whatever is true; without its original it is a report."""
    facts = [Fact("u", YES_NO), Fact("w", YES_NO)]
    told, copy = a_report("r", says("u", "yes")), a_report("k", says("w", "yes"), source="t")
    model = a_model(a_table("u", {"yes": {"a": 0.7, "else": 0.2}}), a_table("w", {"yes": {"a": 0.6, "else": 0.1}}))

    def case(probability: float | None) -> Case:
        copies = None if probability is None else Copying("r", Number.exactly(probability))
        return a_case(*facts, items=[told, replace(copy, copies=copies)])

    alone = log_likelihood(a_case(*facts, items=[told]), model)
    np.testing.assert_allclose(ratios(log_likelihood(case(1.0), model)), ratios(alone), atol=1e-12)
    plain, half = log_likelihood(case(None), model), log_likelihood(case(0.5), model)
    np.testing.assert_allclose(np.exp(half), np.exp(alone) * (0.5 + 0.5 * np.exp(plain - alone)), rtol=1e-12)
    freed = log_likelihood(case(0.5), model, without="r")
    np.testing.assert_allclose(freed, log_likelihood(case(None), model, without="r"), rtol=1e-12)


MODELS = [f"{case}/{model}" for case in shipped_cases() for model in shipped_models(case)]


@pytest.mark.parametrize("name", MODELS)
def test_no_report_that_names_a_faction_lowers_it_when_judged_alone(name: str) -> None:
    """In any shipped model: the ratio of those named against each other one is at least 1."""
    model = at.read_model(name)
    case = at.read_case(model.case)
    program = compile_network(case, model)
    z = np.random.default_rng(0).standard_normal((64, program.dimension))
    slots = numbers(program, z)
    for origin in case.as_of().origins:
        said = [p for item in origin.items for p in item.propositions if p.fact == PERPETRATOR and not p.negated]
        if not said or not isinstance(origin.items[0], Report):
            continue
        named = frozenset.intersection(*(case.meaning(p) for p in said))
        others = frozenset(program.origins) - {origin.id}
        alone = program.without(others)
        logs = log_parts(alone, slots)[1].sum(axis=2)
        only_who = all(p.fact == PERPETRATOR for item in origin.items for p in item.propositions)
        inside = [program.factions.index(leaf) for leaf in named]
        outside = [h for h in range(len(program.factions)) if h not in inside]
        gain = logs[:, inside].min(axis=1)[:, None] - logs[:, outside]
        assert (gain.mean(axis=0) >= 0).all(), origin.id
        if only_who:
            assert (gain >= -1e-12).all(), origin.id
