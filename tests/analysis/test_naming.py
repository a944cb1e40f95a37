"""Ids are told to a reader by what they stand for, and no two numbers are told alike."""

from __future__ import annotations

import pytest

import attribution as at
from attribution.analysis.naming import institution_name, number_name, outlet_name, readable, state_name
from attribution.domain.concern import Concern
from attribution.network.compiler import compile_network
from attribution.reporting.naming import Names

CASE = at.read_case("tower-22")
NAMES = Names(CASE, at.read_model("tower-22/baseline"))


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("trait[tempo|nujaba]", "tempo of Harakat Hezbollah al-Nujaba"),
        ("table[kh-denied=yes|else]", "“Did Kataib Hezbollah deny it?” yes for everyone else"),
        (
            "table[kh-denied=yes|other|kh-halt=no]~other",
            "“Did Kataib Hezbollah deny it?” yes for Anyone else, given “Did Kataib Hezbollah announce a halt within "
            "days?” no, deviation of Anyone else",
        ),
        ("prior[other]", "prior of anybody not named"),
        ("share[quds-force]", "prior share of Quds Force directly"),
        ("reliability[us-state|B]", "reliability of United States Department of State (B)"),
        ("credibility[state-finding|2]", "credibility of “State's finding on al-Awfiya” (2)"),
        ("surprise", "surprise"),
        ("new[x]", "new of x"),
    ],
)
def test_numbers(label: str, name: str) -> None:
    assert number_name(CASE, label) == name


@pytest.mark.parametrize("model", ["baseline", "sceptical"])
def test_no_two_numbers_of_a_model_have_one_name(model: str) -> None:
    labels = compile_network(CASE, at.read_model(f"tower-22/{model}")).labels
    assert len({number_name(CASE, label) for label in labels}) == len(labels)


def test_what_has_no_title_is_its_id_in_words() -> None:
    assert readable("us-government") == "US government"
    assert institution_name(CASE, "us-government") == "US government"
    assert institution_name(CASE, "us-state") == "United States Department of State"
    assert outlet_name(CASE, "washington-post") == "Washington Post"
    assert state_name(CASE, "perpetrator", "nujaba") == "Harakat Hezbollah al-Nujaba"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('the trait "tempo" is used', "the trait “tempo” is used"),
        ('"halt" says "kh-halt: not yes"', None),
        ("weapon=iranian-one-way-drone", "“What was the weapon?” iranian one way drone"),
        ("a word with-hyphens stays, so does tempo", "a word with-hyphens stays, so does tempo"),
        ("to point to quds-force", "to point to Quds Force directly"),
        ('"nobody knows this"', '"nobody knows this"'),
        ("R-hat of trait[reach|nujaba] is 1.02", "R-hat of reach of Harakat Hezbollah al-Nujaba is 1.02"),
    ],
)
def test_sentences(text: str, told: str | None) -> None:
    expected = (
        told or f"“{CASE.evidence['halt'].title}” says “Did Kataib Hezbollah announce a halt within days?” not yes"
    )
    assert NAMES.told(text) == expected


def test_doubts_about_the_fit_name_factions_by_single_words() -> None:
    doubt = Concern("the engines differ on nujaba by +0.01, k-hat of log joint other 0.9", "-", "-", topic="fit")
    assert NAMES.concern(doubt).what == (
        "the engines differ on Harakat Hezbollah al-Nujaba by +0.01, k-hat of log joint Anyone else 0.9"
    )
    assert NAMES.place("log joint other") == "log joint probability of Anyone else"
