"""Prior from judgement beside prior from history, in all three forms of a report."""

from __future__ import annotations

import json

import jsonschema
import pytest

import attribution as at
from attribution.inference.posterior import Posterior
from attribution.reporting.answer import judgement_and_history
from attribution.reporting.content import content
from attribution.reporting.html import html
from attribution.reporting.json import json_report, report_schema
from attribution.reporting.markdown import markdown
from attribution.reporting.whatif import what_if_section


def fitted(name: str) -> Posterior:
    case = at.read_case("tower-22")
    return at.fit(case, at.read_model(f"tower-22/{name}"), engine="importance", scrambles=4, log2_points=7)


@pytest.fixture(scope="module")
def both() -> tuple[Posterior, Posterior]:
    return fitted("baseline"), fitted("archive-prior")


def test_the_two_priors_stand_side_by_side_from_either_report(both: tuple[Posterior, Posterior]) -> None:
    judged, history = both
    found = judgement_and_history(judged, (history,))
    assert found is not None
    assert found == judgement_and_history(history, (judged,))
    assert (found.judged, found.history) == ("Baseline", "Prior from history")
    before = {row.label: (row.judged_before, row.history_before) for row in found.rows}
    for standing in judged.standings:
        assert before[standing.label][0] == standing.prior
    for standing in history.standings:
        assert before[standing.label][1] == standing.prior
    assert sum(row.history_before for row in found.rows) == pytest.approx(1.0)
    assert "14 have one known perpetrator" in found.told[0]
    assert any("selected sample" in line for line in found.told)


def test_models_of_one_kind_have_nothing_to_set_beside(both: tuple[Posterior, Posterior]) -> None:
    assert judgement_and_history(both[0], (both[0],)) is None
    assert judgement_and_history(both[1], ()) is None


def test_every_form_tells_it(both: tuple[Posterior, Posterior]) -> None:
    told = content(both[1], (both[0],))
    for text in (html(told, what_if_section(both[1])), markdown(told)):
        assert "Prior from judgement, prior from history" in text
        assert "selected sample" in text
    document = json.loads(json_report(told))
    jsonschema.validate(document, report_schema())
    assert document["priors"]["history"] == "Prior from history"
    weights = next(block for block in document["assumptions"] if block["title"] == "Prior over factions")
    assert "As past events say" in weights["because"]
    assert any("as IRGC in the archive" in number["label"] for number in weights["numbers"])
