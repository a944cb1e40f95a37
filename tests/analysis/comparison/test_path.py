"""Numbers named for a reader."""

from __future__ import annotations

import pytest

import attribution as at
from attribution.analysis.comparison.path import number_name
from attribution.network.compiler import compile_network


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("trait[tempo|nujaba]", "tempo of nujaba"),
        ("table[x=yes|else]", "x=yes for everyone else"),
        ("table[x=yes|a|y=no]~b", "x=yes for a, given y=no, deviation of b"),
        ("prior[other]", "prior of other"),
        ("share[a|b]", "prior share of a (b)"),
        ("reliability[s|B]", "reliability of s (B)"),
        ("surprise", "surprise"),
        ("new[x]", "new of x"),
    ],
)
def test_names(label: str, name: str) -> None:
    assert number_name(label) == name


def test_no_two_numbers_of_a_model_have_one_name() -> None:
    for model in ("baseline", "sceptical"):
        labels = compile_network(at.read_case("tower-22"), at.read_model(f"tower-22/{model}")).labels
        assert len({number_name(label) for label in labels}) == len(labels)
