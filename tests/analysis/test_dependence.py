"""Merging origins equals declaring them one, and brute force over the one switch."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

import attribution as at
from attribution.analysis import dependence as module
from attribution.analysis.dependence import dependence, effective_number, shared_provenance
from attribution.analysis.factors import merged_log_joint
from attribution.domain.evidence import Copying, Report, Source
from attribution.domain.facts import Fact
from attribution.domain.grades import Grade
from attribution.domain.moments import Moment
from attribution.domain.numbers import Number
from attribution.domain.origins import OriginDeclaration
from attribution.errors import UsageError
from attribution.inference.posterior import Posterior
from attribution.network.summation import normalise
from tests.analysis.equal_draws import drawn_again
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, says

FACTS = (Fact("x", YES_NO), Fact("y", YES_NO), Fact("w", YES_NO, given=("x",)))
TABLES = (
    a_table("x", {"yes": {"a": 0.8, "else": 0.3}}),
    a_table("y", {"yes": {"a": 0.6, "b": 0.2, "else": 0.5}}),
    a_table("w", {"yes": {"a": 0.7, "else": 0.4}}),
)
SAID = {"x": says("x", "yes"), "y": says("y", "yes"), "w": says("w", "no"), "z": says("x", "yes")}


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    whole = at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")
    return drawn_again(whole, draws=250)


def fitted(case: at.Case) -> Posterior:
    return at.fit(case, a_model(*TABLES), engine="importance", scrambles=2, log2_points=6)


@pytest.mark.parametrize("names", [pair for size in (2, 3, 4) for pair in combinations("xywz", size)])
def test_origins_of_one_grade_merge_into_one_declared_origin(names: tuple[str, ...]) -> None:
    """In one part of the network or in several, saying different things or the same."""
    apart = fitted(a_case(*FACTS, items=[a_report(name, SAID[name]) for name in "xywz"]))
    declared = fitted(
        a_case(
            *FACTS,
            items=[a_report(name, SAID[name], origin="one" if name in names else "") for name in "xywz"],
            declarations=[OriginDeclaration("one", grade=Grade("B", "2"))],
        )
    )
    merged = normalise(merged_log_joint(apart, names))
    expected = normalise(declared.log_joint)
    np.testing.assert_allclose(merged[0], expected[0], rtol=1e-10)
    np.testing.assert_allclose(merged[1], expected[1], rtol=1e-10)


def test_origins_of_different_grades_against_the_mean_over_the_switch() -> None:
    """Reliabilities r > s, unrelated facts: both believed with s, the better alone with r - s, none with 1 - r."""
    case = a_case(*FACTS[:2], items=[a_report("x", SAID["x"]), a_report("y", SAID["y"], grade="C3")])
    one = at.fit(case, a_model(*TABLES[:2]), engine="importance", scrambles=2, log2_points=6)
    letters, digits = one.model.grading.letters, one.model.grading.digits
    r, s = letters[1].best * digits[1].best, letters[2].best * digits[2].best
    assert r > s
    px, py = np.array([0.8, 0.3, 0.3]), np.array([0.6, 0.2, 0.5])
    mean = s * px * py + (r - s) * px / 2 + (1 - r) / 4
    prior = np.array([standing.prior for standing in one.standings])
    assert np.exp(merged_log_joint(one, ("x", "y")))[0] == pytest.approx(prior * mean)


def test_two_origins_by_the_general_way_and_by_the_short_one(posterior: Posterior) -> None:
    """A pair about different parts, and the same pair with a third that says nothing new to the question."""
    pair = ("from-syria", "state-finding")
    short = merged_log_joint(posterior, pair)
    from attribution.analysis import factors

    means = [
        (mine, factors._patterns(posterior, part, mine))
        for part, mine in (
            (int(posterior.program.ints.origin_part[posterior.program.origins.index(one)]), (one,)) for one in pair
        )
    ]
    product = factors._mixed(posterior, pair, [(mine, by_pattern) for mine, (_, by_pattern) in means])
    independent = np.ones_like(product)
    for (one,), (_, by_pattern) in means:
        rho = factors.reliability(posterior, one)[:, None]
        independent *= rho * by_pattern[frozenset({one})] + (1 - rho) * by_pattern[frozenset()]
    plain = normalise(posterior.parts.total + np.log(product / independent))[0]
    named = slice(0, 8)  # the open set is mixed in only on one side
    ratio = normalise(short)[0][:, named] / plain[:, named]
    np.testing.assert_allclose(ratio, np.broadcast_to(ratio[:, :1], ratio.shape), rtol=1e-9)


def test_merging_one_origin_changes_nothing(posterior: Posterior) -> None:
    for origin in ("from-rutba", "us-intelligence", "insider-says-ours"):
        np.testing.assert_allclose(merged_log_joint(posterior, (origin,)), posterior.log_joint, rtol=1e-9, atol=1e-9)


def test_the_effective_number() -> None:
    assert effective_number([2.0, 2.0, 2.0]) == pytest.approx(3)
    assert effective_number([5.0, 0.0, -3.0]) == pytest.approx(1)
    assert effective_number([-1.0]) == 0
    assert 1 < effective_number([9.0, 1.0]) < 1.5


def test_what_two_origins_can_share() -> None:
    base = a_report("one", says("x", "yes"))
    sources = [
        Source("ministry", "M", "government", "B", part_of="state"),
        Source("agency", "A", "government", "B", part_of="state"),
    ]

    def why(other: Report, one: Report = base) -> tuple[str, ...]:
        return shared_provenance(a_case(*FACTS, items=[one, other], sources=sources), one.id, other.id)

    far = replace(a_report("two", says("y", "yes"), source="t"), published=Moment.parse("2025-01-28"))
    assert why(far) == ()
    assert why(replace(far, source="agency"), replace(base, source="ministry")) == ("institution",)
    assert why(replace(far, via=("agency-x",)), replace(base, via=("agency-x", "other"))) == ("relay",)
    assert why(
        replace(far, title="Drone launched from Rutba by night"),
        replace(base, title="Launched from Rutba by night: drone"),
    ) == ("wording",)
    assert why(replace(far, copies=Copying("one", Number.exactly(0.5)))) == ("copy",)
    assert why(a_report("two", says("x", "no"), source="t")) == ("day",)
    assert why(a_report("two", says("y", "no"), source="t")) == ()


def test_tower_22(posterior: Posterior) -> None:
    found = dependence(posterior)
    assert {one.reasons for one in found.institutions} == {("the institution US government",)}
    assert ("banner-statement", "insider-says-ours") in [one.origins for one in found.pairs if "copy" in one.reasons]
    origins = [origin for group in found.groups for origin in group.origins]
    assert sorted(origins) == sorted(posterior.program.origins)
    assert 1 <= found.effective <= len(found.groups)
    assert len(found.warnings) == sum(abs(one.shift) >= 0.01 for one in (*found.pairs, *found.institutions))
    assert found.method in str(found)


def test_any_pair_can_be_asked_about(posterior: Posterior) -> None:
    found = dependence(posterior, pairs=[("from-rutba", "small-shahed")])
    assert ("nothing known",) in [one.reasons for one in found.pairs]
    for pair, says_ in (
        (("from-rutba", "small-shahet"), "did you mean"),
        (("halt", "halt"), "itself"),
        (("no-isis-claim", "halt"), "statement"),
    ):
        with pytest.raises(UsageError) as caught:
            dependence(posterior, pairs=[pair])
        assert says_ in str(caught.value)


def test_of_many_pairs_those_that_could_matter_most(posterior: Posterior, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = dependence(posterior)
    monkeypatch.setattr(module, "MOST_PAIRS", 5)
    asked = ("from-rutba", "us-intelligence")
    some = dependence(posterior, pairs=[asked])
    pairs = {one.origins for one in some.pairs}
    assert asked in pairs and len(pairs) <= 6
    assert len(some.pairs) + some.unmerged == len({one.origins for one in whole.pairs} | {asked})
    assert "that could matter most were merged" in some.summary
    assert "that could matter most" not in whole.summary
    assert some.effective == whole.effective

    def weaker(pair: tuple[str, ...]) -> float:
        return min(abs(module.pull_together(posterior, (origin,))) for origin in pair)

    left = [weaker(one.origins) for one in whole.pairs if one.origins not in pairs]
    assert min(weaker(pair) for pair in pairs - {asked}) >= max(left) - 1e-12
