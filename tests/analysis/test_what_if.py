"""What-if answers against what is known: the published answer, leave-one-out, arithmetic of odds, and new fits."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

import attribution as at
from attribution.analysis import reweighting
from attribution.analysis.leave_out import leave_out
from attribution.analysis.what_if import Changes, Planted, WhatIf, what_if
from attribution.domain.evidence import Statement
from attribution.domain.grades import Grade
from attribution.domain.identifiers import Catalog
from attribution.domain.verbal import percent
from attribution.errors import InputError, UsageError
from attribution.inference.posterior import Posterior
from attribution.reading.shipped import shipped_cases, shipped_models


@cache
def published() -> Posterior:
    return at.fit(
        at.read_case("tower-22"),
        at.read_model("tower-22/baseline"),
        engine="importance",
        random_seed=1,
        scrambles=8,
        log2_points=9,
    )


def probability(found: WhatIf, faction: str) -> float:
    return found.probabilities[found.factions.index(faction)]


def test_with_nothing_changed_it_is_the_published_answer() -> None:
    found = what_if(published(), Changes())
    np.testing.assert_allclose(found.probabilities, [one.probability for one in published().standings], rtol=1e-12)
    assert found.ess == pytest.approx(1 / np.sum(published().draws.weights ** 2)) and found.trustworthy


@pytest.mark.parametrize("by", ["origin", "item"])
def test_what_is_off_is_what_leave_one_out_leaves_out(by: str) -> None:
    removals = leave_out(published(), by).removals
    case = published().case.as_of()
    for removal in removals[:6]:
        items = [item.id for item in case.evidence if removal.id in (item.id, item.origin_id)]
        found = what_if(published(), Changes(off=frozenset(items)))
        np.testing.assert_allclose(found.probabilities, removal.probabilities, rtol=1e-12)
        np.testing.assert_allclose(found.mcse, removal.mcse, rtol=1e-12)


def test_everything_off_is_the_prior() -> None:
    case = published().case.as_of()
    found = what_if(published(), Changes(off=frozenset(item.id for item in case.evidence)))
    prior = np.array([one.prior for one in published().standings])
    assert np.all(np.abs(np.array(found.probabilities) - prior) < 4 * np.array(found.mcse) + 1e-3)


def test_a_shift_of_the_prior_moves_the_odds_by_as_much() -> None:
    """Where one number is everywhere the same for all draws, decibans add up: here for each draw, and so on average."""
    before, after = what_if(published(), Changes()), what_if(published(), Changes(prior=(("nujaba", 6.0),)))
    rivals = ("kataib-hezbollah", "sayyid-al-shuhada")
    ratios = [probability(found, rivals[0]) / probability(found, rivals[1]) for found in (before, after)]
    moved = [probability(found, "nujaba") / probability(found, rivals[0]) for found in (before, after)]
    assert ratios[1] == pytest.approx(ratios[0], rel=0.1)  # their own odds move by reweighting alone
    assert 10 * np.log10(moved[1] / moved[0]) == pytest.approx(6.0, abs=0.5)


def test_planted_at_random_for_certain_says_nothing() -> None:
    """An origin that was surely forged at random has one probability whatever is true: as good as off."""
    case = published().case.as_of()
    forgeable = {origin.id for origin in case.origins if origin.forgeable and isinstance(origin.items[0], Statement)}
    off = frozenset(item.id for item in case.evidence if item.origin_id in forgeable)
    planted = what_if(published(), Changes(planted=Planted(1.0)))
    silent = what_if(published(), Changes(off=off))
    np.testing.assert_allclose(planted.probabilities, silent.probabilities, rtol=0.15, atol=2e-3)


def test_planted_toward_a_faction_weakens_what_speaks_for_it() -> None:
    """A forger imitates: the surer it is, the less is left, down to silence; least where he imitates who it names."""
    case = published().case.as_of()
    forgeable = {origin.id for origin in case.origins if origin.forgeable and isinstance(origin.items[0], Statement)}
    off = frozenset(item.id for item in case.evidence if item.origin_id in forgeable)
    leader = published().ranking[0]
    silent = probability(what_if(published(), Changes(off=off)), leader.id)
    weaker = [
        probability(what_if(published(), Changes(planted=Planted(chance, leader.id))), leader.id)
        for chance in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    assert np.all(np.diff(weaker) < -0.01)
    assert weaker[-1] == pytest.approx(silent, abs=0.03)
    at_random, toward_another = (
        probability(what_if(published(), Changes(planted=planted)), leader.id)
        for planted in (Planted(0.5), Planted(0.5, "nujaba"))
    )
    assert silent < weaker[2] < at_random < toward_another < leader.probability


@pytest.mark.parametrize("grade", ["C3", "E4"])
def test_another_grade_is_what_a_new_fit_of_the_changed_file_says(grade: str) -> None:
    case = published().case
    changed = replace(
        case,
        evidence=Catalog(
            replace(item, grade=Grade.parse(grade)) if item.id == "from-rutba" else item for item in case.evidence
        ),
    )
    found = what_if(published(), Changes(grades=(("from-rutba", Grade.parse(grade)),)))
    fitted = at.fit(changed, published().model, engine="importance", random_seed=2, scrambles=8, log2_points=9)
    for position, standing in enumerate(fitted.standings):
        apart = abs(found.probabilities[position] - standing.probability)
        assert apart < 4 * np.hypot(found.mcse[position], standing.mcse) + 1e-4


def test_the_grade_it_has_changes_nothing() -> None:
    case = published().case.as_of()
    same = tuple((origin.id, origin.grade) for origin in case.origins if origin.grade)
    found = what_if(published(), Changes(grades=same))
    np.testing.assert_allclose(found.probabilities, what_if(published(), Changes()).probabilities, rtol=1e-12)


@pytest.mark.parametrize(
    "changes",
    [
        Changes(off=frozenset({"halts"})),
        Changes(grades=(("no-denial-found", Grade.parse("B2")),)),
        Changes(prior=(("nobody", 3.0),)),
        Changes(planted=Planted(0.1, "nobody")),
    ],
)
def test_a_change_to_what_is_not_there_is_refused(changes: Changes) -> None:
    with pytest.raises(UsageError):
        what_if(published(), changes)


def test_a_probability_beyond_one_is_refused() -> None:
    with pytest.raises(UsageError, match="0 to 1"):
        Planted(1.5)


def test_it_prints_as_a_sentence_and_a_table() -> None:
    found = what_if(published(), Changes(off=frozenset({"halt"})))
    assert str(found).startswith("Under these changes kataib-hezbollah has ")
    assert f"published {percent(published().ranking[0].probability)}" in str(found)
    frame = found.to_frame()
    assert list(frame.columns) == ["published", "probability", "mcse"]
    assert frame["probability"].sum() == pytest.approx(1.0)
    assert "change the files" in str(replace(found, khat=1.2))
    assert "Fitted again" in str(replace(found, refitted=True))
    assert "could not have come about" in str(replace(found, ess=0.0))


PAIRS = [(case, model) for case in shipped_cases() for model in shipped_models(case)]


@pytest.mark.parametrize(("case", "model"), PAIRS)
def test_an_item_off_is_the_item_left_out_to_the_last_bit_of_the_error(case: str, model: str) -> None:
    """Every item of every shipped case; the second question takes the long way, on which all is compiled and summed."""
    posterior = at.fit(
        at.read_case(case), at.read_model(f"{case}/{model}"), engine="importance", scrambles=4, log2_points=6
    )
    removals = leave_out(posterior, "item", refit=False).removals
    assert {removal.id for removal in removals} == set(posterior.case.as_of().evidence.ids)
    for removal in removals:
        off = frozenset({removal.id})
        same = what_if(posterior, Changes(off=off), refit=False)
        assert (same.probabilities, same.mcse) == (removal.probabilities, removal.mcse)
        assert (same.ess, same.khat, same.refitted) == (removal.ess, removal.khat, removal.refitted)
        long = what_if(posterior, Changes(off=off, prior=((posterior.program.factions[0], 0.0),)), refit=False)
        np.testing.assert_allclose(long.probabilities, removal.probabilities, rtol=1e-7, atol=1e-12)
        np.testing.assert_allclose(long.mcse, removal.mcse, rtol=1e-5, atol=1e-10)


def test_what_draws_cannot_reach_is_fitted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    changes = Changes(prior=(("nujaba", 6.0),))
    plain = what_if(published(), changes, refit=False)
    monkeypatch.setattr(reweighting, "khat_threshold", lambda draws: float("-inf"))
    again = what_if(published(), changes)
    assert again.refitted and not plain.refitted
    assert "Fitted again" in str(again)
    apart = np.abs(np.array(again.probabilities) - np.array(plain.probabilities))
    assert np.all(apart <= 4 * np.hypot(again.mcse, plain.mcse) + 1e-4)


def test_changes_are_what_a_person_types() -> None:
    plain = Changes(
        off=frozenset({"halt"}),
        grades=(("from-rutba", Grade("D", "4")),),
        prior=(("nujaba", 3.0),),
        planted=Planted(0.1),
    )
    assert Changes(off="halt", grades={"from-rutba": "D4"}, prior={"nujaba": 3}, planted=0.1) == plain
    assert Changes(off=["halt"], grades=[("from-rutba", "D4")], prior=[("nujaba", 3.0)], planted=Planted(0.1)) == plain
    assert (
        Changes.of({"off": ["halt"], "grades": {"from-rutba": "D4"}, "prior": {"nujaba": 3}, "planted": 0.1}) == plain
    )
    assert replace(plain, off=frozenset()) == Changes(grades={"from-rutba": "D4"}, prior={"nujaba": 3}, planted=0.1)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"of": ["halt"]}, 'did you mean "off"'),
        ({"off": ["hlt"]}, 'did you mean "halt"'),
        ({"grades": {"from-rutb": "D4"}}, 'did you mean "from-rutba"'),
        ({"grades": {"from-rutba": "X4"}}, "X4"),
        ({"grades": {"from-rutba": 4}}, 'grades such as "B3"'),
        ({"grades": "from-rutba"}, "a dict, or pairs"),
        ({"prior": {"nujabaa": 1}}, 'did you mean "nujaba"'),
        ({"prior": {"nujaba": "3"}}, "a number"),
        ({"prior": 3}, "a dict, or pairs"),
        ({"off": [4]}, "ids of items"),
        ({"off": 4}, "ids of items"),
        ({"planted": 1.5}, "0 to 1"),
        ({"planted": "yes"}, "a number"),
        (4, "a dict"),
    ],
)
def test_changes_that_cannot_be_say_what_can(changes: Any, says: str) -> None:
    with pytest.raises(InputError) as refused:
        what_if(published(), changes)
    assert says in str(refused.value)


def test_a_list_of_changes_is_a_table() -> None:
    frame = what_if(published(), [{}, Changes(off="halt"), {"off": ["hlt"]}])
    assert len(frame) == 3 * len(published().standings)
    one = what_if(published(), Changes(off="halt"))
    np.testing.assert_allclose(frame.loc[frame["setting"] == 1, "probability"], one.probabilities)
    wrong = frame[frame["setting"] == 2]
    assert wrong["probability"].isna().all() and wrong["error"].str.contains("halt").all()
    assert frame.loc[frame["setting"] < 2, "reliable"].all()


@pytest.mark.parametrize("changes", ["off", []])
def test_a_list_that_is_none_is_refused(changes: Any) -> None:
    with pytest.raises(UsageError):
        what_if(published(), changes)
