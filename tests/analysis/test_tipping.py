"""A tipping point applied and fitted again is a tie; the smallest is the smallest."""

from __future__ import annotations

import math

import numpy as np
import pytest

import attribution as at
from attribution.analysis.perturbations import (
    Variant,
    grades,
    margins_under,
    number_shifts,
    prior_weights,
    regraded,
)
from attribution.analysis.reweighting import reweight
from attribution.analysis.tipping import TippingPoint, moved
from attribution.analysis.workspace import Workspace, crossing, even_rows
from attribution.domain.facts import Fact
from attribution.domain.grades import Grade
from attribution.domain.model import Model
from attribution.inference.posterior import Posterior
from attribution.inference.sobol import sobol_normals
from attribution.network.compiler import compile_network
from attribution.network.edits import with_factor
from attribution.network.program import Program
from attribution.network.summation import log_joint, log_joint_at, normalise, numbers
from tests.analysis.tipped import applied
from tests.builders import a_case, a_model, a_report, a_table, a_tree, says
from tests.rewriting import renaming, rewritten, with_numbers


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")


@pytest.fixture(scope="module")
def found(posterior: Posterior) -> at.TippingPoints:
    return at.tipping_points(posterior)


def log_odds(program: Program, leader: str, rival: str) -> tuple[float, float]:
    """From points of other scrambles, weighted by the evidence of the changed network, with an error."""
    z = sobol_normals(program.dimension, 8, 11, 99).reshape(-1, program.dimension)
    joint = np.exp(log_joint_at(program, numbers(program, z)))
    a, b = (joint[:, program.factions.index(id)].reshape(8, -1).sum(axis=1) for id in (leader, rival))
    spread = (a / a.mean() - b / b.mean()).std(ddof=1) / math.sqrt(8)
    return float(np.log(a.sum() / b.sum())), float(spread)


def assert_tied(program: Program, leader: str, tip: TippingPoint) -> None:
    value, error = log_odds(program, leader, tip.to)
    assert abs(value - tip.log_odds) <= 4 * math.hypot(error, tip.log_odds_error)


def test_a_number_moved_in_the_model_file_brings_a_tie(posterior: Posterior, found: at.TippingPoints) -> None:
    """The triple is written into the model as the finding words it, and everything is compiled and drawn afresh."""
    tip = next(tip for tip in found.numbers if tip.id.startswith("trait[reach|kataib-hezbollah]"))
    number = posterior.program.coordinates[posterior.program.labels.index(tip.id)].number
    after = moved(number, tip.move)
    model: Model = rewritten(posterior.model, with_numbers(lambda one: after if one == number else one))
    program = compile_network(posterior.case, model)
    assert (
        sum(a.number != b.number for a, b in zip(program.coordinates, posterior.program.coordinates, strict=True)) == 1
    )
    assert_tied(program, found.leader, tip)


def test_numbers_and_shares_are_ties_where_they_are_solved(posterior: Posterior, found: at.TippingPoints) -> None:
    for tip in (*found.numbers[:3], *found.shares[:3]):
        assert abs(tip.log_odds) <= 4 * tip.log_odds_error + 2e-3
        assert_tied(applied(posterior, tip), found.leader, tip)
        assert log_odds(applied(posterior, tip, share=1.05), found.leader, tip.to)[0] < 0
        assert log_odds(applied(posterior, tip, share=0.95), found.leader, tip.to)[0] > 0


def test_a_prior_share_in_closed_form() -> None:
    """With nothing uncertain, the weight that ties two factions is their odds."""
    posterior = at.fit(
        a_case(Fact("w", ("yes", "no")), items=[a_report("r", says("w", "yes"))], tree=a_tree("a", "b", "c")),
        a_model(a_table("w", {"yes": {"a": 0.6, "b": 0.3, "else": 0.1}}), other=0.05),
        engine="importance",
    )
    probability = {one.id: one.probability for one in posterior.standings}
    shares = {tip.id: tip for tip in at.tipping_points(posterior).shares}
    assert shares["b"].move == pytest.approx(math.log10(probability["a"] / probability["b"]), abs=1e-3)
    factor = probability["a"] / probability["b"]
    assert shares["b"].size == pytest.approx(0.95 * (factor / (2 + factor) - 1 / 3), abs=1e-3)
    assert shares["a"].move == pytest.approx(-math.log10(factor), abs=1e-3)
    assert shares["a"].to == "b"


def test_the_smallest_change_of_a_grade_is_the_smallest() -> None:
    """Every grade of every origin, each compiled and drawn for itself."""
    case = a_case(
        Fact("w", ("yes", "no")),
        Fact("v", ("yes", "no")),
        items=[a_report("r", says("w", "yes"), grade="B2"), a_report("t", says("v", "yes"), grade="C3", source="t")],
    )
    tables = a_table("w", {"yes": {"a": (0.5, 0.6, 0.7), "else": 0.2}}), a_table("v", {"yes": {"b": 0.5, "else": 0.2}})
    model = a_model(*tables, other=0.02)
    posterior = at.fit(case, model, engine="importance")
    tips = at.tipping_points(posterior).grades
    leader = posterior.ranking[0].id
    changed = []
    for one in grades(posterior):
        for place, grade in enumerate(one.grades[1:], start=1):
            program = compile_network(regraded(case, {one.id: grade}), model)
            joint = normalise(
                log_joint(program, sobol_normals(program.dimension, 8, 9, 5).reshape(-1, program.dimension))
            )
            mean = np.exp(joint[1]) @ joint[0]
            if program.factions[int(mean.argmax())] != leader:
                changed.append((one.size(place), one.id))
    assert (int(tips[0].size), tips[0].id) == min(changed)
    assert {tip.id for tip in tips} == {origin for _, origin in changed}
    assert all(tip.log_odds <= 0 for tip in tips)


@pytest.mark.parametrize("name", ["k1-2019/baseline", "madrid-2004/sceptical"])
def test_every_number_is_tried_and_the_smallest_changes_are_the_smallest(name: str) -> None:
    """Each number moved and solved for itself, without leaving out what lies farther."""
    posterior = at.fit(at.read_case(name.split("/", maxsplit=1)[0]), at.read_model(name), engine="importance")
    found = at.tipping_points(posterior, refit=False)
    on = Workspace(posterior, even_rows(posterior, found.screen_draws))
    sizes: dict[str, float] = {}
    for shift in number_shifts(posterior):
        for side in (-1.0, 1.0):
            before = 0.0
            for end in (1.0, 3.0):
                place = crossing(
                    lambda x, one=shift: margins_under(on, [one], [x])[0], (before, side * end), within=1e-4
                )
                if place:
                    sizes[shift.id] = min(abs(place[0]), sizes.get(shift.id, math.inf))
                    break
                before = side * end
    screened = {one.kind: one for one in found.screened}["number"]
    assert screened.able == len(sizes)
    assert {tip.id for tip in found.numbers} <= set(sorted(sizes, key=sizes.__getitem__)[:8])
    assert len(found.numbers) == min(5, len(sizes))


def test_trying_a_change_is_making_it(posterior: Posterior) -> None:
    """In a workspace only what a change bears upon is summed again."""
    on = Workspace(posterior, even_rows(posterior, 40))
    for change in (*number_shifts(posterior), *prior_weights(posterior)):
        expected = log_joint(change.apply(Variant.of(posterior), 0.4).program, on.z)
        np.testing.assert_allclose(change.preview(on, 0.4), expected, rtol=1e-11)
    for position, faction in enumerate(posterior.program.factions[:3]):
        slots = on.expanded_slots.copy()
        slots[:, on.expanded.factor[position]] = 3.0
        expected = log_joint(with_factor(posterior.program, faction, 3.0), on.z)
        np.testing.assert_allclose(log_joint_at(on.expanded.program, slots), expected, rtol=1e-11)


def test_a_grade_tried_is_a_grade_written_into_the_case(posterior: Posterior) -> None:
    on = Workspace(posterior)
    for one in grades(posterior)[:4]:
        program = compile_network(regraded(posterior.case, {one.id: Grade("D", "4")}), posterior.model)
        value, error = log_odds(program, "kataib-hezbollah", "nujaba")
        weights = np.exp(one.preview(on, one.grades.index(Grade("D", "4"))))
        a, b = (weights[:, on.program.factions.index(id)] for id in ("kataib-hezbollah", "nujaba"))
        assert np.log(a.sum() / b.sum()) == pytest.approx(value, abs=6 * error + 5e-3)


def test_other_names_change_the_names_only(posterior: Posterior, found: at.TippingPoints) -> None:
    names = {"kataib-hezbollah": "kh", "nujaba": "nj"}
    renamed = at.fit(
        rewritten(posterior.case, renaming(names)), rewritten(posterior.model, renaming(names)), engine="importance"
    )
    again = at.tipping_points(renamed)
    assert [names.get(tip.id, tip.id) for tip in found.shares] == [tip.id for tip in again.shares]
    assert [tip.size for tip in again.shares] == pytest.approx([tip.size for tip in found.shares], rel=1e-6)


def test_a_lead_that_is_tied_needs_no_move() -> None:
    tied = at.fit(
        a_case(Fact("w", ("yes", "no")), items=[a_report("r", says("w", "yes"))], tree=a_tree("a")),
        a_model(a_table("w", {"yes": {"else": 0.3}}), other=0.5),
        engine="importance",
    )
    found = at.tipping_points(tied)
    assert found.tied
    assert "nothing needs to move" in str(found)
    assert found.to_frame().empty


def test_what_draws_cannot_reach_is_fitted_again(posterior: Posterior, found: at.TippingPoints) -> None:
    tip = found.numbers[0]
    program = applied(posterior, tip)
    again = reweight(posterior, program, log_joint(program, posterior.draws.flat))
    assert again.ess == pytest.approx(tip.ess, rel=0.01)


def test_the_paragraph_says_how_many_were_tried(posterior: Posterior, found: at.TippingPoints) -> None:
    text = str(found)
    assert f"of {len(posterior.program.labels)} could" in text
    assert "3 widths either way" in text
    assert set(found.to_frame().kind) <= {"grade", "number", "share"}


def test_a_model_may_name_an_origin_that_was_withdrawn_since() -> None:
    """Found by fitting Green Village: its first word was taken back, and a cluster still names it."""
    case = at.read_case("green-village-2022")
    posterior = at.fit(case, at.read_model("green-village-2022/baseline"), engine="importance", log2_points=7)
    withdrawn = {item.id for item in case.evidence if item.withdrawn}
    assert withdrawn
    assert any("us-first-report" in cluster.origins for cluster in posterior.model.clusters)
    assert at.tipping_points(posterior).leader == posterior.ranking[0].id


def test_how_many_organisations_a_faction_stands_for_can_tip_the_lead() -> None:
    """Equal shares by size, 1 against [0.4, 0.8, 1.6]: level where the median is 1, ln 1.25 / ln 4 widths away."""
    table = a_table("x", {"yes": {"else": (0.3, 0.5, 0.7)}})
    case = a_case(Fact("x", ("yes", "no")), items=[a_report("r", says("x", "yes"))])
    found = at.tipping_points(at.fit(case, a_model(table, sizes={"b": (0.4, 0.8, 1.6)}), engine="importance"))
    (tip,) = found.numbers
    assert (tip.id, tip.to) == ("size[b]", "b")
    assert tip.size == pytest.approx(math.log(1.25) / math.log(4.0), abs=0.002)
    assert tip.then == "[0.5, 1, 2]"


def test_the_size_that_ships_is_among_what_is_tried(posterior: Posterior) -> None:
    assert "size[other-iri]" in {shift.id for shift in number_shifts(posterior)}
