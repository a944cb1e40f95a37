"""What must not change a finding: other names, the same item again, idle talk, a mere copy; and the smallest cases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

import attribution as at
from attribution.analysis.finding import as_json
from attribution.domain.case import Case
from attribution.domain.evidence import Copying, Source
from attribution.domain.facts import Fact
from attribution.domain.grades import Grade
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Cluster, Model
from attribution.domain.numbers import Number
from attribution.domain.origins import OriginDeclaration
from tests.builders import a_case, a_model, a_report, a_table, a_tree, says
from tests.rewriting import renaming, rewritten

FINDINGS: dict[str, Callable[[at.Posterior], Any]] = {
    "leave_out": at.leave_out,
    "by_fact": lambda posterior: at.leave_out(posterior, "fact"),
    "lattice": at.lattice,
    "shapley": at.shapley,
    "tipping": at.tipping_points,
    "deception": at.deception_budget,
}

type Pair = tuple[Case, Model]


def a_pair(*, tree: tuple[str, ...] = ("a", "b", "c")) -> Pair:
    facts = [Fact(name, ("yes", "no")) for name in ("u", "v", "w")]
    home = OriginDeclaration("r-u", grade=Grade("B", "2"))
    items = [
        a_report("r-u", says("u", "yes"), origin="r-u"),
        a_report("r-v", says("v", "yes"), grade="C3", source="t"),
        a_report("r-w", says("w", "yes"), grade="B3", source="t"),
    ]
    tables = [
        a_table("u", {"yes": {"a": (0.4, 0.6, 0.8), "else": (0.1, 0.2, 0.4)}}),
        a_table("v", {"yes": {"a": (0.3, 0.5, 0.6), "else": 0.2}}),
        a_table("w", {"yes": {tree[-1]: (0.3, 0.5, 0.7), "else": 0.3}}),
    ]
    model = replace(
        a_model(*tables, other=(0.01, 0.03, 0.1), surprise=0.02),
        clusters=Catalog([Cluster("x", ("r-u",)), Cluster("y", ("r-v", "r-w"))]),
    )
    return a_case(*facts, items=items, declarations=(home,), tree=a_tree(*tree)), model


def found(pair: Pair, name: str) -> dict[str, Any]:
    posterior = at.fit(*pair, engine="importance", scrambles=4, log2_points=7)
    return as_json(FINDINGS[name](posterior))


def assert_same(one: Any, other: Any, where: str = "") -> None:
    """Equal up to rounding, however deep."""
    if isinstance(one, dict):
        assert one.keys() == other.keys(), where
        for key in one:
            assert_same(one[key], other[key], f"{where}.{key}")
    elif isinstance(one, list):
        assert len(one) == len(other), where
        for position, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            assert_same(mine, theirs, f"{where}[{position}]")
    elif isinstance(one, float):
        assert other == pytest.approx(one, rel=1e-6, abs=1e-7), where
    else:
        assert one == other, where


@pytest.mark.parametrize("name", FINDINGS)
def test_other_names(name: str) -> None:
    case, model = a_pair()
    names = {"a": "p", "b": "q", "c": "z"}
    before = rewritten_json(found((case, model), name), names)
    after = found((rewritten(case, renaming(names)), rewritten(model, renaming(names))), name)
    assert_same(before, after)


def rewritten_json(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: rewritten_json(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [rewritten_json(inner, names) for inner in value]
    if not isinstance(value, str):
        return value
    for old, new in names.items():
        value = value.replace(f"|{old}]", f"|{new}]")
        value = {old: new, old.upper(): new.upper()}.get(value, value)
        value = value.replace(f"yes for {old.upper()}", f"yes for {new.upper()}")
        value = value.replace(f"point to {old.upper()}", f"point to {new.upper()}")
        value = value.replace(f"prior share of {old.upper()}", f"prior share of {new.upper()}")
    return value


@pytest.mark.parametrize("name", FINDINGS)
def test_the_same_item_again(name: str) -> None:
    case, model = a_pair()
    again = a_report("r-u-again", says("u", "yes"), origin="r-u")
    assert_same(
        found((case, model), name), found((replace(case, evidence=Catalog([*case.evidence, again])), model), name)
    )


@pytest.mark.parametrize("name", ["leave_out", "shapley"])
def test_idle_talk_says_nothing(name: str) -> None:
    """A source of its own on a fact with equal rows."""
    case, model = a_pair()
    talk = a_report("talk", says("idle", "yes"), source="gossip")
    case_then = replace(
        case,
        sources=Catalog([*case.sources, Source("gossip", "G", "media", "B")]),
        facts=Catalog([*case.facts, Fact("idle", ("yes", "no"))]),
        evidence=Catalog([*case.evidence, talk]),
    )
    model_then = replace(model, tables=Catalog([*model.tables, a_table("idle", {"yes": {"else": 0.3}})]))
    before, after = found((case, model), name), found((case_then, model_then), name)
    parts = "removals" if name == "leave_out" else "origins"
    silent = next(one for one in after[parts] if one["id"] == "talk")
    assert silent["lead_pull" if name == "leave_out" else "decibans"] == pytest.approx(0, abs=1e-9)
    after[parts].remove(silent)
    assert_same(before[parts], after[parts])


def copied() -> Case:
    """A copy, for certain and of the same grade, of what another says."""
    case, _ = a_pair()
    talk = a_report("talk", says("v", "yes"), grade="C3", source="t")
    return replace(case, evidence=Catalog([*case.evidence, replace(talk, copies=Copying("r-v", Number.exactly(1.0)))]))


def test_a_mere_copy_left_out_changes_nothing_and_stands_in_for_its_original() -> None:
    case, model = a_pair()
    before, after = (
        {one["id"]: one for one in found((one, model), "leave_out")["removals"]} for one in (case, copied())
    )
    assert after["talk"]["lead_pull"] == pytest.approx(0, abs=1e-9)
    for id in ("r-u", "r-w"):
        assert_same(before[id], after[id])
    posterior = at.fit(copied(), model, engine="importance", scrambles=4, log2_points=7)
    both = at.leave_out(posterior, only=("r-v", "talk"), at_once=True).removals[0]
    assert both.probabilities == pytest.approx(before["r-v"]["probabilities"], rel=1e-6, abs=1e-7)
    items = [one for one in copied().evidence if one.id != "r-v"]
    speaking = replace(case, evidence=Catalog([*items[:-1], replace(items[-1], copies=None)]))
    stands_in = at.fit(speaking, replace(model, clusters=Catalog()), engine="importance", scrambles=4, log2_points=7)
    assert after["r-v"]["probabilities"] == pytest.approx(
        [one.probability for one in stands_in.standings], rel=1e-6, abs=1e-7
    )


def test_a_mere_copy_takes_half_of_what_its_original_added() -> None:
    """By symmetry: whichever of the two comes first says it all, and the second nothing."""
    case, model = a_pair()
    before, after = (found((one, model), "shapley") for one in (case, copied()))
    assert after["total"] == pytest.approx(before["total"], abs=1e-9)
    bars, then = ({one["id"]: one["decibans"] for one in finding["origins"]} for finding in (before, after))
    assert then["talk"] == pytest.approx(then["r-v"], abs=1e-9)
    assert then["talk"] + then["r-v"] == pytest.approx(bars["r-v"], abs=1e-9)
    assert abs(bars["r-v"]) > 1.0
    for id in ("r-u", "r-w"):
        assert then[id] == pytest.approx(bars[id], abs=1e-9)


@pytest.mark.parametrize("name", FINDINGS)
def test_two_factions(name: str) -> None:
    """One named, and everybody else: the smallest case there is."""
    posterior = at.fit(*a_pair(tree=("a",)), engine="importance", scrambles=4, log2_points=7)
    finding = FINDINGS[name](posterior)
    assert "a" in str(finding)
    assert len(finding.to_frame()) > 0
