"""The way back against finite differences, in the middle and at the ends."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from attribution.domain.evidence import Direct
from attribution.domain.facts import Fact
from attribution.domain.model import Deception, Deceptive, Forged, Staged
from attribution.domain.numbers import Number
from attribution.domain.tables import Entry, OddsRatio, Trait
from attribution.network.compiler import compile_network
from attribution.network.program import Program
from attribution.network.summation import evidence_gradient, evidence_tape, joint_tape, log_joint
from attribution.network.tape import Sealed
from tests.builders import DAY, YES_NO, a_case, a_model, a_report, a_row, a_table, says
from tests.random_cases import random_pair

type Floats = NDArray[np.float64]

STEP = 2e-3
STENCIL = np.array([-2.0, -1.0, 1.0, 2.0]) * STEP
WEIGHTS = np.array([1.0, -8.0, 8.0, -1.0]) / (12.0 * STEP)


def differences(function: Callable[[Floats], Floats], z: Floats) -> Floats:
    """Central differences of fourth order; `function` takes many points at once."""
    points = z + (STENCIL[:, None, None] * np.eye(len(z))).reshape(-1, len(z))
    return np.asarray(WEIGHTS @ function(points).reshape(4, len(z)))


def by_the_sampler(tape: Sealed, z: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Outputs of a tape and the gradient of their weighted sum, as NUTS gets them."""
    from attribution.network.tape_kernel import values_and_pull

    value, gradient = np.empty(len(tape.outputs)), np.empty(len(z))
    values_and_pull(z, *tape.packed(), weight, value, gradient)
    return value, gradient


def check_the_sampler(program: Program, z: Floats, value: float, gradient: Floats) -> None:
    """It gets the same, whether its one draw could be read plainly or not."""
    sampled, slope = by_the_sampler(evidence_tape(program), z, np.ones(1))
    assert sampled[0] == pytest.approx(value, rel=1e-13)
    np.testing.assert_allclose(slope, gradient, rtol=1e-9, atol=1e-12)


def log_evidence(program: Program, z: Floats) -> Floats:
    return np.asarray(np.logaddexp.reduce(log_joint(program, z), axis=1))


@pytest.mark.parametrize("seed", range(500, 540))
def test_gradient_of_the_evidence(seed: int) -> None:
    program = compile_network(*random_pair(seed))
    z = np.random.default_rng(seed).standard_normal(program.dimension)
    value, gradient = evidence_gradient(program, z)
    assert value == pytest.approx(log_evidence(program, z[None])[0], rel=1e-13)
    np.testing.assert_allclose(
        gradient, differences(lambda points: log_evidence(program, points), z), rtol=1e-5, atol=1e-9
    )
    check_the_sampler(program, z, value, gradient)


@pytest.mark.parametrize("seed", range(540, 560))
def test_gradient_of_any_weighting_of_the_joint(seed: int) -> None:
    program = compile_network(*random_pair(seed))
    rng = np.random.default_rng(seed)
    z, weight = rng.standard_normal(program.dimension), rng.standard_normal(len(program.factions))
    value, gradient = by_the_sampler(joint_tape(program), z, weight)
    np.testing.assert_allclose(value, log_joint(program, z[None])[0], rtol=1e-13)
    np.testing.assert_allclose(
        gradient, differences(lambda points: log_joint(program, points) @ weight, z), rtol=1e-5, atol=1e-9
    )


@pytest.mark.parametrize("seed", range(500, 530))
@pytest.mark.parametrize("end", [-6.0, -3.0, 3.0, 6.0])
def test_gradient_is_finite_at_the_ends(seed: int, end: float) -> None:
    """At six standard deviations a skewed number is 1 to the last bit, and evidence may be impossible: slope 0."""
    program = compile_network(*random_pair(seed))
    value, gradient = evidence_gradient(program, np.full(program.dimension, end))
    assert np.isfinite(value) or (abs(end) == 6.0 and value == -np.inf and not gradient.any())
    assert np.isfinite(gradient).all()
    check_the_sampler(program, np.full(program.dimension, end), value, gradient)


@pytest.mark.parametrize("end", [-6.0, -3.0, 3.0, 6.0])
@pytest.mark.parametrize("skew", [Number(0.001, 0.9, 0.901), Number(0.1, 0.101, 0.99), Number(1e-6, 2e-6, 0.5)])
def test_gradient_is_finite_for_extreme_numbers(skew: Number, end: float) -> None:
    """Numbers that reach 0 or 1 in double precision, and ratios that would leave its range."""
    ratio = Number(1.0, 1.01, 1000.0, "ratio")
    trait = Trait("tempo", "behaviour", (Entry("a", skew), Entry("else", Number(0.1, 0.2, 0.3))))
    weighed = Direct(id="d", title="", source="s", published=DAY, fact="perpetrator", ratios=(("a", ratio),))
    case = a_case(
        Fact("w", YES_NO),
        Fact("k", YES_NO),
        items=[a_report("r", says("w", "yes")), a_report("q", says("k", "no")), weighed],
    )
    odds = a_table("w", {"yes": {"a": OddsRatio(ratio), "else": skew}})
    deception = Deception((Staged("w", skew, "b"),), (Forged("r", skew, "a"),), (Deceptive("t", skew),))
    model = a_model(
        odds,
        a_table("k", {"yes": (a_row({"else": skew}),)}),
        traits=[trait],
        proportional_to=("tempo",),
        other=skew,
        surprise=(0.01, 0.02, 0.9),
        deception=deception,
    )
    program = compile_network(case, model)
    value, gradient = evidence_gradient(program, np.full(program.dimension, end))
    assert not np.isnan(value)
    assert np.isfinite(gradient).all()
    check_the_sampler(program, np.full(program.dimension, end), value, gradient)
    assert not np.isnan(log_joint(program, np.full((1, program.dimension), end))).any()


def test_impossible_evidence_has_no_slope() -> None:
    certain = a_table("w", {"yes": {"else": 0.0}})
    seen = Direct(
        id="d", title="", source="s", published=DAY, fact="w", ratios=(("yes", Number.exactly(2.0, "ratio")),)
    )
    case = a_case(Fact("w", YES_NO), items=[seen])
    program = compile_network(case, a_model(certain, other=(0.01, 0.03, 0.1)))
    value, gradient = evidence_gradient(program, np.zeros(program.dimension))
    assert value == pytest.approx(0.0, abs=1e-14)
    np.testing.assert_allclose(gradient, 0.0, atol=1e-12)
