"""The flagship case and its models, as they ship."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

import attribution as at
from attribution.domain.evidence import Act, Report
from attribution.inference.concerns import fit_concerns
from attribution.reading import shipped_models

CANDIDATES = {
    "kataib-hezbollah", "nujaba", "sayyid-al-shuhada", "ansar-allah-al-awfiya", "asaib-ahl-al-haq", "other-iri",
    "quds-force", "syria-based", "other",
}  # fmt: skip


@cache
def instant(model: str) -> at.Posterior:
    return at.fit(at.read_case("tower-22"), at.read_model(f"tower-22/{model}"), engine="importance")


def test_all_candidates_and_all_items_are_there() -> None:
    case = at.read_case("tower-22")
    assert set(case.factions.leaves) == CANDIDATES
    noted = " ".join(item.note for item in case.evidence)
    for number in ("01", "02", "03", "03b", "04", "05", "06", "07", "08", "09", *range(10, 19), *range(21, 25), 29):
        assert f"E{number}" in noted or str(number) == "15", number
    assert "E15a" in noted
    assert "E15b" in noted


def test_most_items_are_acts_and_every_statement_is_graded_and_cited() -> None:
    case = at.read_case("tower-22")
    acts = [item for item in case.evidence if isinstance(item, Act)]
    reports = [item for item in case.evidence if isinstance(item, Report)]
    assert len(acts) > len(reports)
    for item in (*acts, *reports):
        assert case.origins[item.origin_id].grade is not None
        assert item.citations


@pytest.mark.parametrize("model", ["baseline", "sceptical", "without-state-finding"])
def test_every_number_has_its_reason_and_no_concern_blocks(model: str) -> None:
    posterior = instant(model)
    assert [concern.what for concern in posterior.concerns() if concern.severity == "blocking"] == []
    assert list(fit_concerns(posterior.diagnostics, 4)) == []


def test_three_models_ship() -> None:
    assert shipped_models("tower-22") == ("baseline", "archive-prior", "sceptical", "without-state-finding")


def test_without_the_state_finding_is_the_baseline_but_for_one_table() -> None:
    baseline, without = (at.read_model(f"tower-22/{name}") for name in ("baseline", "without-state-finding"))
    tables = [table for table in baseline.tables if table.fact != "awfiya-involved"]
    assert [table for table in without.tables if table.fact != "awfiya-involved"] == tables
    for part in ("traits", "perpetrator", "deception", "clusters", "grading"):
        assert getattr(without, part) == getattr(baseline, part)


def test_without_the_state_finding_the_finding_weighs_nothing() -> None:
    case, model = at.read_case("tower-22"), at.read_model("tower-22/without-state-finding")
    posterior = at.fit(case, model, engine="importance", log2_points=13)  # at 11 the noise of refitting is 0.07 dB
    removed = {removal.id: removal for removal in at.leave_out(posterior).removals}
    pull = removed["state-finding"].pull
    assert max(abs(value) for value in pull) < 0.05


def test_the_sources_of_the_united_states_are_one_institution() -> None:
    case = at.read_case("tower-22")
    assert {case.sources[id].institution for id in case.sources.ids if id.startswith("us-")} == {"us-government"}


def test_tempo_rests_on_the_officials_whose_words_are_evidence() -> None:
    concerns = instant("baseline").concerns()
    assert any('"tempo" rests on the origin "us-intelligence"' in concern.what for concern in concerns)


@pytest.mark.parametrize("origin", ["strikes", "commander-killed", "charge-silent", "tufuf-denies"])
def test_what_follows_the_accusation_says_nothing_new_about_who_did_it(origin: str) -> None:
    """Given what officials said, retaliation has equal rows: with the words known for certain it weighs nothing."""
    case = at.read_case("tower-22")
    table = at.read_model("tower-22/baseline").tables[case.origins[origin].items[0].propositions[0].fact]
    for given in table.states:
        for row in given.rows:
            assert [entry.node for entry in row.entries] == ["else"]


def test_known_on_the_day_less_was_known() -> None:
    import datetime as dt

    case, model = at.read_case("tower-22"), at.read_model("tower-22/baseline")
    early = at.fit(case, model, engine="importance", as_of=dt.date(2024, 1, 30))
    assert "state-finding" not in early.program.origins
    assert "taken-for-own" in early.program.origins  # withdrawn only later
    late = at.fit(case, model, engine="importance")
    assert "taken-for-own" not in late.program.origins


def test_a_text_that_is_not_the_file_is_another_case() -> None:
    case = at.read_case("tower-22")
    assert replace(case, title="x") != case
    assert case.text.startswith("# Evidence")
