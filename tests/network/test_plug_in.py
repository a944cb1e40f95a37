"""Averaging over numbers that enter once is the same as putting their means in their place.

A forger imitates by the tables, which then enter twice: in what is imitated, and in what else speaks of those facts. So
the theorem holds where the part of the network that a forged origin belongs to carries no other origin, or has no facts
while the prior is fixed; with another origin there, the average is off by what the numbers vary.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import norm, qmc

from attribution.domain.case import Case
from attribution.domain.evidence import Absence, Direct, Source
from attribution.domain.facts import Fact
from attribution.domain.model import Deception, Deceptive, Forged, Model, Staged
from attribution.domain.numbers import Number
from attribution.network.compiler import compile_network
from attribution.network.curves import mean, quantile
from attribution.network.summation import log_joint
from tests.builders import DAY, YES_NO, a_case, a_model, a_report, a_table, says
from tests.random_models import BESTS, UNCERTAIN
from tests.rewriting import rewritten, with_numbers

type Floats = NDArray[np.float64]

SCRAMBLES, POINTS = 16, 12


def a_linear_pair() -> tuple[Case, Model]:
    """Fixed shares, no surprise, each reliability used once, each number at most once for each faction.

    The forged `r1` has the part of `weapon` for itself; the forged `r3` imitates by the prior, which is fixed.
    """
    sources = [
        Source(name, name.upper(), "media", "B", would_say_anyway=Number(0.2, 0.4, 0.7)) for name in ("u", "v", "w")
    ]
    items = (
        a_report("r1", says("weapon", "yes"), source="u", grade="B2"),
        a_report("r2", says("area", "yes"), source="v", grade="C3"),
        a_report("r3", says("perpetrator", "a"), source="w", grade="D3"),
        Absence(
            id="n",
            title="",
            source="s",
            published=DAY,
            says=(says("denial", "no"),),
            detection=Number(0.4, 0.7, 0.9),
            searched="x",
        ),
        Direct(
            id="d",
            title="",
            source="s",
            published=DAY,
            fact="perpetrator",
            ratios=(("b", Number(1.0, 2.0, 4.0, "ratio")),),
        ),
    )
    case = a_case(
        Fact("weapon", YES_NO),
        Fact("area", YES_NO, given=("denial",)),
        Fact("denial", YES_NO),
        items=items,
        sources=sources,
    )
    model = a_model(
        a_table("weapon", {"yes": {"a": (0.3, 0.6, 0.8), "else": (0.1, 0.3, 0.5)}}),
        a_table("area", {"yes": {"a": (0.2, 0.4, 0.65), "b": (0.3, 0.5, 0.6), "else": 0.3}}),
        a_table("denial", {"yes": {"a": (0.5, 0.7, 0.95), "else": (0.05, 0.1, 0.3)}}),
        shares={"a": 0.6, "b": 0.3},
        other=0.1,
        deception=Deception(
            (Staged("denial", Number(0.01, 0.1, 0.3), "a"),),
            (Forged("r1", Number(0.02, 0.1, 0.4), "a"), Forged("r3", Number(0.02, 0.12, 0.4))),
            (Deceptive("v", Number(0.01, 0.05, 0.3)),),
        ),
    )
    return case, replace(model, grading=UNCERTAIN)


def with_means(case: Case, model: Model) -> Floats:
    """``pi_h p(E | h)`` with every uncertain number at its mean."""

    def known(number: Number) -> Number:
        return number if number.constant else Number.exactly(mean(number), number.scale)

    program = compile_network(rewritten(case, with_numbers(known)), rewritten(model, with_numbers(known)))
    assert program.dimension == 0
    return np.asarray(np.exp(log_joint(program, np.zeros((1, 0)))[0]))


def sobol(dimension: int) -> Iterator[Floats]:
    for seed in range(SCRAMBLES):
        yield norm.ppf(qmc.Sobol(dimension, rng=np.random.default_rng(seed)).random_base2(POINTS))


def test_the_average_over_draws_is_the_plug_in_where_a_forged_origin_stands_alone() -> None:
    case, model = a_linear_pair()
    program = compile_network(case, model)
    assert program.dimension > 15
    averages = np.array([np.exp(log_joint(program, z)).mean(axis=0) for z in sobol(program.dimension)])
    expected = with_means(case, model)
    error = averages.std(axis=0, ddof=1) / np.sqrt(SCRAMBLES)
    assert (error / expected < 2e-3).all()
    assert (np.abs(averages.mean(axis=0) - expected) < 4 * error + 1e-12).all()
    posterior = averages / averages.sum(axis=1, keepdims=True)
    error = posterior.std(axis=0, ddof=1) / np.sqrt(SCRAMBLES)
    assert (np.abs(posterior.mean(axis=0) - expected / expected.sum()) < 4 * error + 1e-12).all()


KEPT = [
    {"table[weapon=yes|a]", "detection[n]"},
    {"deceptive[v]", "table[area=yes|b]", "ratio[d|b]"},
    {"forged[r1]", "staged[denial]", "table[denial=yes|else]"},
    {"forged[r3]", "table[weapon=yes|else]", "table[area=yes|a]"},
]


@pytest.mark.parametrize("kept", KEPT, ids=lambda kept: " ".join(sorted(kept)))
def test_quadrature_gives_the_plug_in_exactly_where_a_forged_origin_stands_alone(kept: set[str]) -> None:
    """All numbers but two or three known; a tensor of Gauss-Hermite nodes integrates over those exactly."""
    case, model = a_linear_pair()
    left = {c.number for c in compile_network(case, model).coordinates if c.label in kept}

    def others_known(number: Number) -> Number:
        return number if number in left else Number.exactly(number.best, number.scale)

    case, model = rewritten(case, with_numbers(others_known)), rewritten(model, with_numbers(others_known))
    program = compile_network(case, model)
    assert set(program.labels) == kept
    nodes, weights = np.polynomial.hermite_e.hermegauss(64)
    weight = weights / weights.sum()
    grid = np.array(list(product(nodes, repeat=len(kept))))
    shares = np.prod(np.array(list(product(weight, repeat=len(kept)))), axis=1)
    np.testing.assert_allclose(shares @ np.exp(log_joint(program, grid)), with_means(case, model), rtol=1e-8)


@pytest.mark.parametrize("second", [False, True])
def test_with_another_origin_beside_a_forged_one_the_average_is_off_by_a_variance(second: bool) -> None:
    """`r` and `s` report the state of one fact; ``p(o | x) = u + rho x``, and a forged `r` has ``u + rho w`` for a.

    So the one term with two factors of w is ``d rho_r rho_s w^2``, and the average is off by ``d rho_r rho_s Var(w)``.
    """
    w, d = Number(0.3, 0.6, 0.8), 0.4
    items = [a_report("r", says("x", "yes"), source="s"), a_report("s", says("x", "yes"), source="t", grade="C3")]
    case = a_case(Fact("x", YES_NO), items=items[: 1 + second])
    table = a_table("x", {"yes": {"a": w, "else": 0.1}})
    model = a_model(table, shares={"a": 0.6, "b": 0.3}, other=0.1)
    model = replace(model, deception=Deception(forged=(Forged("r", Number.exactly(d), "a"),)))
    program = compile_network(case, model)
    assert program.dimension == 1
    nodes, weights = np.polynomial.hermite_e.hermegauss(64)
    weights = weights / weights.sum()
    joint = np.exp(log_joint(program, nodes[:, None]))
    values = quantile(w, nodes)
    variance = weights @ values**2 - (weights @ values) ** 2
    rho_r, rho_s = BESTS[1] * BESTS[1], BESTS[2] * BESTS[2]  # B2 and C3
    expected = 0.6 * d * rho_r * rho_s * variance * second
    off = weights @ joint - with_means(case, model)
    np.testing.assert_allclose(off[0], expected, rtol=1e-6, atol=1e-9)
