"""The reasoning as a picture: every origin and fact once, edges that carry what the decomposition says."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

import attribution as at
from attribution.domain.facts import Fact
from attribution.errors import UsageError
from attribution.reporting.text import brief
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, a_tree, says
from tests.reporting.hostile import hostile_pair


def a_posterior() -> at.Posterior:
    """One report names a; another says yes to a fact that only c makes probable."""
    items = (a_report("r", says("perpetrator", "a"), grade="B2"), a_report("t", says("t", "yes"), grade="B2"))
    case = a_case(Fact("t", YES_NO), items=items, tree=a_tree("a", "b", "c"))
    model = a_model(a_table("t", {"yes": {"c": 0.9, "else": 0.1}}), shares={"a": 0.4, "b": 0.3, "c": 0.3})
    return at.fit(case, model, engine="importance", scrambles=2, log2_points=5)


def test_edges_carry_the_decibans_of_the_decomposition() -> None:
    posterior = a_posterior()
    first, second = posterior.ranking[:2]
    bars = {bar.id: bar.decibans for bar in at.shapley(posterior, first.id, second.id).origins}
    found = at.draw(posterior)
    assert (found.leader, found.rival) == (first.label, second.label)
    weights = {(edge.start, edge.end): edge.weight for edge in found.edges}
    assert weights == {
        ("origin:r", "perpetrator"): bars["r"],
        ("origin:t", "fact:t"): bars["t"],
        ("fact:t", "perpetrator"): bars["t"],
    }


def test_without_a_posterior_nothing_is_weighed() -> None:
    posterior = a_posterior()
    found = at.draw(posterior.case, posterior.model)
    assert found.leader == "" and {edge.weight for edge in found.edges} == {None}
    assert [node.kind for node in found.nodes] == ["origin", "origin", "fact", "perpetrator"]
    with pytest.raises(UsageError, match="drawn with its model"):
        at.draw(posterior.case)
    with pytest.raises(UsageError, match="a model of its own"):
        at.draw(posterior, posterior.model)


def test_three_languages_tell_the_same_edges() -> None:
    found = at.draw(a_posterior())
    picture = ElementTree.fromstring(found.svg())
    paths = [one for one in picture.iter() if one.tag.endswith("path")]
    assert len(paths) == len(found.edges)
    assert len(re.findall(r"^  n\d+ -> n\d+ ", found.dot(), re.MULTILINE)) == len(found.edges)
    assert len(re.findall(r"^  n\d+ --", found.mermaid(), re.MULTILINE)) == len(found.edges)
    widths = {one.get("class", "").split()[1]: float(one.get("stroke-width", "0")) for one in paths}
    assert widths["says"] >= 1.0


def test_hostile_titles_stay_text_in_every_language() -> None:
    found = at.draw(*hostile_pair())
    ElementTree.fromstring(found.svg())
    assert "<script" not in found.svg()
    for line in found.dot().splitlines()[2:-1]:
        assert re.fullmatch(r'  n\d+ (\[label="([^"\\]|\\.)*" shape=\w+\]|-> n\d+ \[[\w=. ]+\]);', line), brief(line)
    for line in found.mermaid().splitlines()[1:]:
        assert re.fullmatch(r'  n\d+([\[({]+"[^"<>&]*"[\])}]+| (-->|-\.->|-\.-) n\d+)', line), brief(line)
