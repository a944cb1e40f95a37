"""Every perturbation: an amount of 0 changes nothing, and what is previewed is what is applied."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest

import attribution as at
from attribution.analysis.perturbations import (
    Perturbation,
    Regrade,
    Silence,
    Variant,
    forgeable,
    forgeries,
    grades,
    margins_under,
    number_shifts,
    prior_weights,
    weighted,
)
from attribution.analysis.power import OriginPower
from attribution.analysis.reweighting import transferred
from attribution.analysis.units import units
from attribution.analysis.workspace import Workspace, crossing, crossings, even_rows
from attribution.inference.posterior import Posterior
from attribution.network.summation import log_joint

KINDS = ("number", "prior", "grade", "forgery", "origin", "item", "power")


@cache
def posterior() -> Posterior:
    return at.fit(
        at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance", scrambles=4, log2_points=6
    )


def some(kind: str) -> Iterator[Perturbation]:
    case = posterior().known_case
    match kind:
        case "number":
            yield from number_shifts(posterior())[::9]
        case "prior":
            yield from prior_weights(posterior())
        case "grade":
            yield from grades(posterior())[::4]
        case "forgery":
            yield from forgeries(posterior(), forgeable(case))[:4]
        case "power":
            yield from (OriginPower(origin) for origin in posterior().program.origins[::5])
        case "origin" | "item":
            yield from (Silence.of(case, unit) for unit in units(posterior(), kind)[::5])


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "forgery"])
@pytest.mark.parametrize("rows", [False, True])
def test_an_amount_of_nothing_changes_nothing(kind: str, *, rows: bool) -> None:
    on = Workspace(posterior(), even_rows(posterior(), 30) if rows else None)
    for change in some(kind):
        expected = log_joint(posterior().program, on.z)
        np.testing.assert_allclose(change.preview(on, 0.0), expected, rtol=1e-11)
        program = change.apply(Variant.of(posterior()), 0.0).program
        np.testing.assert_allclose(log_joint(program, on.z), expected, rtol=1e-11)
        assert change.size(0.0) == 0.0


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "grade"])  # a grade's fresh numbers differ
@pytest.mark.parametrize("rows", [False, True])
def test_what_is_previewed_is_what_is_applied(kind: str, *, rows: bool) -> None:
    on = Workspace(posterior(), even_rows(posterior(), 30) if rows else None)
    amount = 1.0 if kind in ("origin", "item") else 0.3
    for change in some(kind):
        program = change.apply(Variant.of(posterior()), amount).program
        z = transferred(posterior(), program)
        expected = log_joint(program, z if on.rows is None else np.ascontiguousarray(z[on.rows]))
        np.testing.assert_allclose(change.preview(on, amount), expected, rtol=1e-9)
        assert change.size(amount) > 0.0


def test_applied_they_compose_in_any_order() -> None:
    changes = [
        (next(some(kind)), 1.0 if kind == "origin" else 0.4) for kind in ("number", "prior", "origin", "forgery")
    ]
    programs = []
    for order in (changes, changes[::-1]):
        variant = Variant.of(posterior())
        for change, amount in order:
            variant = change.apply(variant, amount)
        programs.append(variant.program)
    one, other = (log_joint(program, transferred(posterior(), program)) for program in programs)
    np.testing.assert_allclose(one, other, rtol=1e-9)


def test_the_odds_of_the_open_set_are_multiplied() -> None:
    """By hand: a share s becomes 2 s / (1 - s + 2 s), and all others keep their proportions in what is left."""
    before = posterior()
    program = weighted(Variant.of(before), "other", 2.0).program
    prior = np.exp(Workspace(before).known.prior)
    from attribution.network.summation import numbers, tables

    after = np.exp(tables(program, numbers(program, before.draws.flat))[1])
    other = int(program.ints.other[0])
    share = prior[:, other]
    np.testing.assert_allclose(after[:, other], 2 * share / (1 + share), rtol=1e-12)
    left = np.delete(after, other, axis=1) / np.delete(prior, other, axis=1)
    np.testing.assert_allclose(left, np.repeat(((1 - after[:, other]) / (1 - share))[:, None], left.shape[1], 1))


def test_a_crossing_is_found_to_the_digit_asked_for_and_names_who_gains() -> None:
    def margins(amount: float) -> np.ndarray:
        return np.array([np.inf, 2.0 - amount**3, 5.0 - amount])

    found = crossing(margins, (0.0, 3.0), within=1e-10)
    assert found is not None
    assert found == (pytest.approx(2.0 ** (1 / 3), abs=1e-9), 1)
    assert crossing(margins, (0.0, 1.0), within=1e-10) is None
    assert crossing(lambda amount: np.array([np.inf, -np.inf if amount > 0.5 else 1.0]), (0.0, 1.0), within=1e-6)


def test_crossings_solved_together_are_those_solved_one_by_one() -> None:
    """Powers, a jump, a straight line, one that never passes and one with its ends the other way round: by hand."""
    curves = (
        lambda x: 2.0 - x**3,
        lambda x: 1.0 - 2.0 * (x > 0.5),
        lambda x: 0.7 - x,
        lambda x: 1.0 + x,
        lambda x: 1.0 + x,
        lambda x: np.exp(-40.0 * x) - 1e-9,
    )
    brackets = np.array([(0.0, 3.0), (0.0, 1.0), (0.0, 0.7), (0.0, 3.0), (0.0, -3.0), (0.0, 3.0)])

    def margins(which: np.ndarray, amounts: np.ndarray) -> np.ndarray:
        return np.array([(np.inf, 9.0, curves[place](x)) for place, x in zip(which, amounts, strict=True)])

    amounts, rivals = crossings(margins, brackets, within=1e-9)
    expected = [2.0 ** (1 / 3), 0.5, 0.7, np.nan, -1.0, np.log(1e9) / 40.0]
    np.testing.assert_allclose(amounts, expected, rtol=0, atol=1e-9)
    assert rivals[np.isfinite(amounts)].tolist() == [2] * 5
    for place, (bracket, amount) in enumerate(zip(brackets, amounts, strict=True)):
        alone = crossing(lambda x, place=place: np.array([np.inf, 9.0, curves[place](x)]), tuple(bracket), within=1e-9)
        assert alone == (None if np.isnan(amount) else (amount, 2))
    nothing = crossings(margins, np.empty((0, 2)), within=1e-9)
    assert [len(of) for of in nothing] == [0, 0]


def test_changes_summed_together_are_changes_summed_one_by_one() -> None:
    on = Workspace(posterior(), even_rows(posterior(), 40))
    changes = [*number_shifts(on.posterior), *prior_weights(on.posterior), *grades(on.posterior)]
    amounts = [1 if isinstance(change, Regrade) else -0.7 for change in changes]
    one_by_one = [on.margins(change.preview(on, amount)) for change, amount in zip(changes, amounts, strict=True)]
    np.testing.assert_allclose(margins_under(on, changes, amounts), one_by_one, rtol=1e-12)
