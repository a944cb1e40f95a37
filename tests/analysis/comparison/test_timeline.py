"""How the posterior moved: each turn is a fit of what was known, in order, and nothing of what came later."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

import attribution as at
from attribution.analysis.comparison import timeline as module
from attribution.domain.case import Case
from attribution.domain.evidence import Regrade
from attribution.domain.facts import Fact
from attribution.domain.grades import Grade
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Model
from attribution.domain.moments import Moment
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, a_tree, says


def pair(*, withdrawn: str = "", regraded: str = "") -> tuple[Case, Model]:
    """Two factions; a report for one on the 1st, for the other on the 3rd, with constants only."""
    first = a_report("first", says("x", "yes"), published=Moment.parse("2024-01-01"))
    second = a_report("second", says("x", "no"), published=Moment.parse("2024-01-03"))
    if withdrawn:
        first = dataclasses.replace(first, withdrawn=Moment.parse(withdrawn))
    if regraded:
        first = dataclasses.replace(first, regraded=(Regrade(Moment.parse(regraded), Grade.parse("E5")),))
    case = a_case(Fact("x", YES_NO), items=[first, second], tree=a_tree("reds", "blues"))
    return case, a_model(a_table("x", {"yes": {"reds": 0.9, "else": 0.1}}))


def moved(case: Case, model: Model) -> at.Timeline:
    return at.timeline(at.fit(case, model, engine="importance"))


def test_each_turn_is_the_fit_as_of_then() -> None:
    case, model = pair()
    found = moved(case, model)
    assert [turn.moment for turn in found.turns] == ["2024-01-01", "2024-01-03"]
    assert found.turns[0].news == (case.evidence["first"].title,)
    for turn in found.turns:
        alone = at.fit(case, model, engine="importance", as_of=Moment.parse(turn.moment))
        assert turn.probabilities == pytest.approx([one.probability for one in alone.standings], abs=1e-12)
    whole = at.fit(case, model, engine="importance")
    assert found.turns[-1].probabilities == pytest.approx([one.probability for one in whole.standings], abs=1e-12)
    assert found.turns[0].probabilities[0] > found.prior[0]


def test_what_comes_later_changes_no_earlier_turn() -> None:
    case, model = pair()
    early = dataclasses.replace(case, evidence=Catalog([case.evidence["first"]], kind="item"))
    assert moved(early, model).turns[0].probabilities == moved(case, model).turns[0].probabilities


def test_a_withdrawal_and_a_later_grade_are_turns() -> None:
    case, model = pair(withdrawn="2024-01-05")
    found = moved(case, model)
    assert [turn.moment for turn in found.turns] == ["2024-01-01", "2024-01-03", "2024-01-05"]
    assert found.turns[-1].news == (f"Withdrawn: {case.evidence['first'].title}",)
    assert found.turns[-1].probabilities[0] < found.prior[0]
    case, model = pair(regraded="2024-01-04")
    found = moved(case, model)
    assert found.turns[-1].news[0].startswith("Graded E5: ")
    assert found.turns[-1].probabilities[0] < found.turns[-2].probabilities[0]


def test_a_posterior_as_of_a_day_ends_that_day() -> None:
    case, model = pair()
    posterior = at.fit(case, model, engine="importance", as_of=Moment.parse("2024-01-02"))
    assert [turn.moment for turn in at.timeline(posterior).turns] == ["2024-01-01"]


def test_changes_of_the_lead_count_from_the_prior() -> None:
    turn = module.Turn("d", (), (0.4, 0.6), (0.0, 0.0), "b", ("b",), 0.0)
    back = dataclasses.replace(turn, moment="e", probabilities=(0.6, 0.4), leader="a", level=("a",))
    found = module.Timeline(("a", "b"), (0.7, 0.3), (turn, turn, back), 1, merged=False)
    assert [one.moment for one in found.changes] == ["d", "e"]
    assert "passed on d to b; on e to a" in str(found)
    assert list(found.to_frame().leader) == ["b", "b", "a"]
    tie = dataclasses.replace(back, leader="a", level=("a", "b"))
    assert not module.Timeline(("a", "b"), (0.3, 0.7), (tie, turn), 1, merged=False).changes
    never = module.Timeline(("a", "b"), (0.7, 0.3), (back,), 1, merged=False)
    assert "never changed" in str(never)


def test_many_turns_are_taken_together_and_no_news_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_TURNS", 2)
    reports = [a_report(f"r{n}", says("x", "yes"), published=Moment.parse(f"2024-01-0{n}")) for n in range(1, 8)]
    reports = [dataclasses.replace(one, title=one.id) for one in reports]
    case = a_case(Fact("x", YES_NO), items=reports, tree=a_tree("reds", "blues"))
    found = moved(case, a_model(a_table("x", {"yes": {"reds": 0.9, "else": 0.1}})))
    assert found.merged
    assert [turn.moment for turn in found.turns] == ["2024-01-01", "2024-01-07"]
    assert sorted(news for turn in found.turns for news in turn.news) == [one.id for one in reports]
    assert np.isclose(sum(found.turns[-1].probabilities), 1)
