"""The shipped recipes: of each pair one is made from the other by a rule, and says so."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from attribution.reading.shipped import bundled
from attribution.reading.yaml_nodes import Listing, Mapping, Node, Scalar, parse, read_text

HISTORY = ("recent-series", "older-series", "capable", "unseen")
PAIRS = [("standard", "sceptical"), ("cyber", "cyber-sceptical")]
RECIPES = [name for pair in PAIRS for name in pair]
type Triples = list[tuple[float, ...]]


def document(name: str) -> Mapping:
    path = bundled("models") / "recipes" / f"{name}.yaml"
    found = parse(read_text(path), str(path))
    assert isinstance(found, Mapping)
    return found


def under(node: Node, key: str) -> Mapping:
    assert isinstance(node, Mapping)
    found = next(value for name, value in node.entries if name.text == key)
    assert isinstance(found, Mapping)
    return found


def triples(node: Node) -> Triples:
    """All `[low, best, high]` below a node, in the order of the file."""
    if isinstance(node, Mapping):
        return [triple for _, value in node.entries for triple in triples(value)]
    if isinstance(node, Listing):
        if len(node.items) == 3 and all(isinstance(one, Scalar) and one.text[0] in "01" for one in node.items):
            return [tuple(float(one.text) for one in node.items if isinstance(one, Scalar))]
        return [triple for one in node.items for triple in triples(one)]
    return []


def rows(recipe: Mapping) -> Iterator[tuple[str, Triples]]:
    """Numbers that move towards a common mean: a row, or the numbers that stand alone in their rows."""
    for name, table in under(recipe, "tables").entries:
        for state, given in under(table, "rows").entries:
            several = [triples(one) for one in (given.items if isinstance(given, Listing) else (given,))]
            label = f"{name.text}: {state.text}"
            yield label, [row[0] for row in several if len(row) == 1]
            yield from ((label, row) for row in several if len(row) > 1)
    numbers = under(recipe, "numbers")
    yield "history", [triple for name in HISTORY for triple in triples(under(numbers, name))]


def moved(row: Triples) -> np.ndarray:
    """Half-way to the mean of the row in probits, and a quarter probit wider on each side."""
    z = ndtri(np.array(row))
    shift = (z[:, 1].mean() - z[:, 1]) / 2
    return np.asarray(ndtr(z + shift[:, None] + np.array([-0.25, 0.0, 0.25])))


@pytest.mark.parametrize(("plain", "doubting"), PAIRS)
def test_the_sceptical_recipe_follows_its_rule(plain: str, doubting: str) -> None:
    for (name, before), (same, after) in zip(rows(document(plain)), rows(document(doubting)), strict=True):
        assert name == same
        if before:
            np.testing.assert_allclose(np.array(after), moved(before), atol=0.0051, err_msg=name)


@pytest.mark.parametrize("pair", PAIRS)
def test_open_set_and_forgeries_are_doubled(pair: tuple[str, str]) -> None:
    standard, sceptical = (under(document(name), "numbers") for name in pair)
    for key, value in standard.entries:
        if key.text not in HISTORY:
            doubled = np.minimum(0.95, 2 * np.array(triples(value)))
            np.testing.assert_allclose(triples(under(sceptical, key.text)), doubled, rtol=1e-9, err_msg=key.text)


COPIED = ("code-tool-public", "language-traces", "ways-alike", "infrastructure-style", "working-hours")
STOLEN = ("code-reuse", "infrastructure-reuse", "access-held-before")


def test_traces_of_the_cyber_recipe_weigh_what_it_says_of_them() -> None:
    tables = under(document("cyber"), "tables")

    def odds(name: str) -> float:
        ((_, given),) = under(under(tables, name), "rows").entries
        row = triples(given)
        return row[0][1] / row[-1][1]

    assert all(1.5 <= odds(name) <= 4 for name in COPIED)
    assert all(10 <= odds(name) <= 30 for name in STOLEN)
    assert odds("operator-mistake") > max(odds(name) for name in STOLEN)  # the strongest trace there is


@pytest.mark.parametrize("name", RECIPES)
def test_every_entry_has_its_reason(name: str) -> None:
    recipe = document(name)
    for part in ("numbers", "tables"):
        for key, entry in under(recipe, part).entries:
            assert isinstance(entry, Mapping)
            assert "because" in {inner.text for inner, _ in entry.entries}, key.text


@pytest.mark.parametrize("pair", PAIRS)
def test_the_two_differ_in_numbers_only(pair: tuple[str, str]) -> None:
    """Tables, roles, states and reasons are the same."""
    told = [read_text(bundled("models") / "recipes" / f"{name}.yaml") for name in pair]
    words = [[line.split("[0")[0] for line in text[text.index("numbers:") :].splitlines()] for text in told]
    assert words[0] == words[1]
