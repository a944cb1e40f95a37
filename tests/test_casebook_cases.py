"""The cases of the casebook and their models, as they ship."""

from __future__ import annotations

from functools import cache

import pytest

import attribution as at
from attribution.domain.evidence import Act, Report
from attribution.reading import shipped_models

CASES = ("abqaiq-2019", "erbil-2021", "erbil-2023", "green-village-2022", "k1-2019", "madrid-2004")
MODELS = [f"{case}/{model}" for case in CASES for model in shipped_models(case)]
# numbers of the notes about each case that some item answers for; the README of a case says why others are left out
NOTED = {
    "abqaiq-2019": ("A", {2, 3, 4, 5, 6, 7, 8, 10, 11, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 24, 25, 26, 27, 29, 30}),
    "erbil-2021": ("C", {1, 2, 3, 5, 6, 7, 8, 9, 10, 12, 13, 14, 16, 18, 19, 20, 21, 22, 23, 25}),
    "erbil-2023": ("ER", {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17}),
    "green-village-2022": ("GV", set(range(1, 20))),
    "k1-2019": ("B", {1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 23}),
    "madrid-2004": ("MA", set(range(1, 30)) - {6}),
}


@cache
def case(name: str) -> at.Case:
    return at.read_case(name)


def test_the_six_cases_ship_with_two_models_by_one_recipe() -> None:
    for name in CASES:
        models = shipped_models(name)
        assert {"baseline", "sceptical"} <= set(models)
        assert at.read_model(f"{name}/baseline").recipe == "standard"
        assert at.read_model(f"{name}/sceptical").recipe == "sceptical"


@pytest.mark.parametrize("name", CASES)
def test_every_statement_is_graded_and_cited_and_traced_to_the_notes(name: str) -> None:
    for item in case(name).evidence:
        assert item.citations, item.id
        if isinstance(item, Act | Report):
            assert case(name).origins[item.origin_id].grade is not None, item.id
    letter, numbers = NOTED[name]
    notes = " ".join(item.note for item in case(name).evidence)
    assert [number for number in sorted(numbers) if f"{letter}{number:02d}" not in notes] == []


@pytest.mark.parametrize("name", MODELS)
def test_no_model_of_the_casebook_has_a_number_of_its_own(name: str) -> None:
    """Every table, weight and chance says which entry of which recipe it is."""
    model = at.read_model(name)
    told = f"(Recipe {model.recipe}: "
    for table in model.tables:
        assert table.because, table.fact
        assert told in table.because.text, table.fact
    for trait in model.traits:
        for entry in trait.entries:
            assert entry.because, entry.node
            assert told in entry.because.text, entry.node
    assert model.perpetrator.because
    assert told in model.perpetrator.because.text
    for chance in (*model.deception.staged, *model.deception.forged):
        assert chance.because
        assert told in chance.because.text


@pytest.mark.parametrize("name", CASES)
def test_the_sceptical_model_differs_by_recipe_and_grading_only(name: str) -> None:
    baseline, sceptical = (at.read_model(f"{name}/{model}") for model in ("baseline", "sceptical"))
    assert baseline.tables.ids == sceptical.tables.ids
    assert baseline.clusters == sceptical.clusters
    for ours, theirs in zip(baseline.tables, sceptical.tables, strict=True):
        for given, other in zip(ours.states, theirs.states, strict=True):
            assert [[entry.node for entry in row.entries] for row in given.rows] == [
                [entry.node for entry in row.entries] for row in other.rows
            ]
