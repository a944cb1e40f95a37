"""The kernel against SciPy, brute force and finite differences; as a `pm.Model` it says the same."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from scipy import stats

from attribution.campaign.assumptions import read_assumptions
from attribution.campaign.design import Design, design
from attribution.campaign.document import Count, Intervention, Observer, Statement, Tempo
from attribution.modelling.tempo import evaluate, log_posterior, size_of, tempo_model
from attribution.modelling.tempo_kernel import LATE, OVER
from tests.campaign.plain import totals

FIRST = dt.date(2020, 1, 1)


def day(at: int) -> dt.date:
    return FIRST + dt.timedelta(days=at)


def a_series(observer: Observer, days: int = 40) -> Tempo:
    strike = Intervention("hit", "strike", day(8))
    truce = Intervention("pause", "truce", day(20), ends=day(30), may_last=True)
    halt = Intervention("halt", "halt", day(33), may_last=True)
    return Tempo("made-up", "Made up", FIRST, day(days - 1), (observer,), (strike, truce, halt))


def a_design(*, stated: bool, pooled: bool = True) -> Design:
    days = [3, 7, 8, 12, 19, 25, 39]
    if stated:
        said = zip(days, [4, 9, 8, 12, 20, 20, 31], strict=True)
        kinds = ["exact", "exact", "about", "exact", "at-least", "exact", "exact"]
        statements = [
            Statement(day(at), total, kind)  # type: ignore[arg-type]
            for (at, total), kind in zip(said, kinds, strict=True)
        ]
        statements.insert(6, Statement(day(28), 20, none_since=day(25)))
        observer = Observer("said", "attacks", FIRST, statements=tuple(statements))
    else:
        starts = [0, *(at + 1 for at in days[:-1])]
        counts = [Count(day(a), day(b), (3 * a + b) % 70) for a, b in zip(starts, days, strict=True)]
        observer = Observer("counted", "attacks", FIRST, counts=tuple(counts))
    series = a_series(observer)
    return design(series, observer, read_assumptions(), pooled=pooled)


@pytest.mark.parametrize("stated", [True, False])
@pytest.mark.parametrize("pooled", [True, False])
def test_the_gradient_is_that_of_finite_differences(stated: bool, pooled: bool) -> None:
    data = a_design(stated=stated, pooled=pooled).packed
    rng = np.random.default_rng(3)
    for scale in (0.3, 1.0):
        z = scale * rng.standard_normal(size_of(data))
        step = 1e-5
        rows = step * np.eye(len(z))
        plain = [(evaluate(z + row, data).value - evaluate(z - row, data).value) / (2 * step) for row in rows]
        np.testing.assert_allclose(evaluate(z, data).gradient, plain, rtol=2e-5, atol=2e-5)


def test_counts_are_negative_binomial_whose_sums_are_of_the_same_law() -> None:
    there = a_design(stated=False)
    z = 0.4 * np.random.default_rng(1).standard_normal(there.size)
    found = evaluate(z, there.packed)
    burst = float(np.exp(there.scalar(z[None], 5))[0])
    rate = np.exp(found.log_rate)
    for j, one in enumerate(there.observations):
        days = slice(there.index(one.first), there.index(one.last) + 1)
        law = stats.nbinom(rate[days].sum() / burst, 1.0 / (1.0 + burst))
        assert found.term[j] == pytest.approx(law.logpmf(one.count), abs=1e-8)
    assert found.value == pytest.approx(found.term.sum())
    two = np.convolve(*(stats.nbinom.pmf(np.arange(60), mean / burst, 1 / (1 + burst)) for mean in (2.0, 3.0)))[:60]
    np.testing.assert_allclose(two, stats.nbinom.pmf(np.arange(60), 5.0 / burst, 1 / (1 + burst)), atol=1e-10)


def test_totals_are_summed_over_every_error() -> None:
    statements = tuple(Statement(day(at), total) for at, total in ((5, 3), (11, 5), (39, 6)))
    observer = Observer("said", "attacks", FIRST, statements=statements)
    series = object.__new__(Tempo)  # three totals are too few for a series, and enough for a sum
    for name, value in {
        "id": "x", "title": "x", "first": FIRST, "last": day(39), "observers": (observer,), "interventions": (),
        "question": "", "source": "", "text": "",
    }.items():  # fmt: skip
        object.__setattr__(series, name, value)
    there = design(series, observer, read_assumptions())
    z = 0.3 * np.random.default_rng(5).standard_normal(there.size)
    found = evaluate(z, there.packed)
    rate = np.exp(found.log_rate)
    packed = there.packed
    means = [
        float(packed.weight[a:b] @ rate[packed.day[a:b]])
        for a, b in zip(packed.start[:-1], packed.start[1:], strict=True)
    ]
    burst, late, over = (float(np.exp(there.scalar(z[None], at))[0]) for at in (5, 8, 9))
    plain = totals([3, 2, 1], means, burst, [(late, over)] * 3, (LATE, OVER))
    assert found.value == pytest.approx(np.log(plain), abs=1e-9)


def test_the_pymc_model_has_the_density_that_is_sampled() -> None:
    data = a_design(stated=True).packed
    model = tempo_model(data)
    z = 0.5 * np.random.default_rng(2).standard_normal(size_of(data))
    value, gradient = log_posterior(z, data)
    constant = 0.5 * len(z) * np.log(2 * np.pi)
    logp = model.compile_logp(jacobian=False, mode="FAST_COMPILE")
    assert float(logp({"z": z})) + constant == pytest.approx(value, abs=1e-9)
    found = model.compile_dlogp(jacobian=False, mode="FAST_COMPILE")({"z": z})
    np.testing.assert_allclose(found, gradient, atol=1e-9)


def test_effects_are_felt_when_they_should_be() -> None:
    there = a_design(stated=False)
    z = np.zeros((1, there.size))
    shares = there.shares(z)[0]
    strike, truce, halt = shares
    assert strike[8] == 0.0
    assert strike[9] == 1.0
    assert strike[10] == pytest.approx(np.exp(-1 / np.exp(there.scalar(z, 6)[0])))
    assert truce[19] == 0.0 and truce[20] > 0.0 and truce[30] > 0.99 and truce[31] == 0.0
    assert halt[39] > 0.99
    zero, none = evaluate(z[0], there.packed).log_rate, there.log_effects(z)[0]
    for k, share in enumerate(shares):  # the kernel of the sampler counts them day by day, in its own way
        moved = z.copy()
        moved[0, there.first_effect + k] = 1.0
        effect = there.log_effects(moved)[0, k] - none[k]
        assert abs(effect) > 0.01
        np.testing.assert_allclose(evaluate(moved[0], there.packed).log_rate - zero, effect * share, atol=1e-12)
