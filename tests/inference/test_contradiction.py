"""Evidence that cannot all be true is refused before anything is drawn, and the items are named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import attribution as at
from attribution.domain.evidence import Absence
from attribution.domain.facts import Fact
from attribution.domain.grades import Grading
from attribution.domain.numbers import Number
from attribution.errors import PairError
from attribution.inference.settings import Engine
from tests.builders import DAY, YES_NO, a_case, a_model, a_report, a_table, says

SURE = Grading("sure", "", (Number.exactly(1.0),) * 6, (Number.exactly(1.0),) * 6)


def searched(id: str, state: str) -> Absence:
    """A search that misses nothing and did not find the opposite of `state`."""
    return Absence(
        id=id,
        title="",
        source="s",
        published=DAY,
        says=(says("x", state),),
        detection=Number.exactly(1.0),
        searched="everywhere",
    )


def model(**changes: object) -> at.Model:
    return replace(a_model(a_table("x", {"yes": {"a": 0.3, "else": (0.1, 0.2, 0.4)}})), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("engine", ["nuts", "importance"])
def test_two_searches_that_exclude_one_another(engine: Engine) -> None:
    case = a_case(
        Fact("x", YES_NO),
        items=[searched("found-no", "yes"), searched("found-yes", "no"), a_report("idle", says("x", "yes"))],
    )
    with pytest.raises(PairError) as raised:
        at.fit(case, model(), engine=engine)
    assert "found-no, found-yes cannot both be true, whoever did it" in raised.value.what
    assert "idle" not in raised.value.what
    assert "soften a certainty" in raised.value.hint


def test_three_reports_only_together() -> None:
    """Each pair leaves a faction; all three leave nobody."""
    items = [a_report(f"not-{h}", says("perpetrator", h, negated=True)) for h in ("a", "b", "other")]
    with pytest.raises(PairError, match="not-a, not-b, not-other cannot all be true"):
        at.fit(a_case(Fact("x", YES_NO), items=items), model(grading=SURE), engine="importance")
    found = at.fit(a_case(Fact("x", YES_NO), items=items[:2]), model(grading=SURE), engine="importance")
    assert [one.probability for one in found.standings] == pytest.approx([0, 0, 1])


def test_a_table_that_rules_out_what_was_seen() -> None:
    case = a_case(Fact("x", YES_NO), items=[a_report("seen", says("x", "yes"))])
    never = replace(a_model(a_table("x", {"yes": {"else": 0.0}})), grading=SURE)
    with pytest.raises(PairError, match="seen cannot be true"):
        at.fit(case, never, engine="importance")


def test_draws_in_which_nothing_is_possible_do_not_count() -> None:
    """A number that reaches 0 in the outermost draws leaves probabilities numbers, not NaN."""
    case = a_case(Fact("x", YES_NO), items=[a_report("seen", says("x", "no"))])
    steep = replace(a_model(a_table("x", {"yes": {"else": (0.5, 1 - 1e-9, 1 - 1e-15)}})), grading=SURE)
    found = at.fit(case, steep, engine="importance")
    assert np.isneginf(found.log_evidence).any()
    assert sum(one.probability for one in found.standings) == pytest.approx(1)
    assert found.facts().probability.to_numpy() == pytest.approx([0, 1])


@pytest.mark.parametrize("grade", ["A1", "D3"])
def test_what_cannot_be_believed_is_a_warning(grade: str) -> None:
    """A state that nobody can bring about, or nobody can avoid: the item is read as false for sure, and says so."""
    items = [a_report("seen", says("x", "yes"), grade=grade), a_report("heard", says("y", "yes", negated=True))]
    facts = Fact("x", YES_NO), Fact("y", YES_NO), Fact("z", YES_NO)
    never = a_model(
        a_table("x", {"yes": {"else": 0.0}}), a_table("y", {"yes": {"else": 1.0}}), a_table("z", {"yes": {"else": 0.0}})
    )
    found = at.fit(a_case(*facts, items=items), never, engine="importance")
    warned = [one for one in found.concerns() if "impossible" in one.what]
    assert [one.what.partition(" says")[0] for one in warned] == [f'"seen" (grade {grade})', '"heard" (grade B2)']
    assert {one.severity for one in warned} == {"warning"}
    assert 'give "x" a number above 0' in warned[0].remedy


def test_what_one_faction_may_do_can_be_believed() -> None:
    case = a_case(Fact("x", YES_NO), items=[a_report("seen", says("x", "yes"))])
    rare = a_model(a_table("x", {"yes": {"a": (0.001, 0.002, 0.003), "else": 0.0}}))
    assert not [one for one in at.fit(case, rare, engine="importance").concerns() if "impossible" in one.what]
