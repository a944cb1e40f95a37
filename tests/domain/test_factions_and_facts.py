"""The tree of factions, and facts in causal order."""

from __future__ import annotations

from itertools import pairwise, permutations

import pytest

from attribution.domain.factions import FactionTree, Node
from attribution.domain.facts import Fact, in_causal_order
from attribution.errors import CaseError

OTHER = Node("other")
TREE = FactionTree(
    (
        Node("axis", members=(Node("banner", banner=True, members=(Node("a"), Node("b"))), Node("c"))),
        Node("d"),
        OTHER,
    )
)


def test_leaves_and_groups_in_the_order_of_the_file() -> None:
    assert TREE.leaves == ("a", "b", "c", "d", "other")
    assert TREE.groups == ("axis", "banner")
    assert TREE.ids == ("axis", "banner", "a", "b", "c", "d", "other")


def test_under_and_upward() -> None:
    assert TREE.under("axis") == {"a", "b", "c"}
    assert TREE.under("banner") == {"a", "b"}
    assert TREE.under("d") == {"d"}
    assert TREE.upward("a") == ("a", "banner", "axis")
    assert [TREE.depth(node) for node in ("axis", "banner", "a", "d")] == [0, 1, 2, 0]
    assert "banner" in TREE
    assert "nobody" not in TREE
    assert TREE["banner"].banner
    assert TREE.label("a") == "A"


def test_equal_trees_are_equal() -> None:
    assert FactionTree(TREE.roots) == TREE
    assert hash(FactionTree(TREE.roots)) == hash(TREE)


@pytest.mark.parametrize(
    "roots",
    [
        (Node("a"), Node("b")),  # nobody keeps the set open
        (OTHER,),
        (Node("a"), Node("other", members=(Node("b"),))),
        (Node("a", members=(OTHER,)), Node("b")),
        (Node("a"), Node("b", members=(Node("a"),)), OTHER),
    ],
)
def test_trees_that_cannot_be(roots: tuple[Node, ...]) -> None:
    with pytest.raises(CaseError) as error:
        FactionTree(roots)
    assert error.value.at[0] == "factions"


def test_a_name_that_appears_twice_is_found_where_it_stands() -> None:
    with pytest.raises(CaseError) as error:
        FactionTree((Node("a"), Node("g", members=(Node("a"),)), OTHER))
    assert error.value.at == ("factions", "g", "members", "a")


@pytest.mark.parametrize("name", ["else", "when", "perpetrator", "Big", "a b", "", "-a", "a_b", "a" * 65])
def test_names_that_cannot_be(name: str) -> None:
    with pytest.raises(CaseError):
        Node(name)


def a_fact(id: str, *given: str) -> Fact:
    return Fact(id, ("yes", "no"), given=given)


def test_parents_come_first_whatever_the_order() -> None:
    facts = [a_fact("a"), a_fact("b", "a"), a_fact("c", "a", "b"), a_fact("d")]
    for order in permutations(facts):
        placed = [fact.id for fact in in_causal_order(order)]
        assert sorted(placed) == ["a", "b", "c", "d"]
        for fact in facts:
            assert all(placed.index(parent) < placed.index(fact.id) for parent in fact.given)


@pytest.mark.parametrize(
    "facts",
    [
        [a_fact("a", "a")],
        [a_fact("a", "b"), a_fact("b", "a")],
        [a_fact("z"), a_fact("a", "c"), a_fact("b", "a"), a_fact("c", "b"), a_fact("below", "c")],
    ],
)
def test_circles_are_named(facts: list[Fact]) -> None:
    with pytest.raises(CaseError, match="circle") as error:
        in_causal_order(facts)
    named = error.value.what.split(": ")[1].rstrip(".").split(" -> ")
    given = {fact.id: fact.given for fact in facts}
    assert named[0] == named[-1]
    assert all(parent in given[child] for parent, child in pairwise(named))


def test_parents_must_be_declared() -> None:
    with pytest.raises(CaseError) as error:
        in_causal_order([a_fact("weapon"), a_fact("a", "weapn")])
    assert error.value.at == ("facts", "a", "given", 0)
    assert "weapon" in error.value.hint


def test_facts_that_cannot_be() -> None:
    for states in (("yes",), ("yes", "yes"), ("yes", "Maybe")):
        with pytest.raises(CaseError):
            Fact("a", states)
    with pytest.raises(CaseError):
        Fact("a", ("yes", "no"), given=("b", "b"))


def with_joint(*parties: str, inside: str = "") -> FactionTree:
    members = (Node(inside),) if inside else ()
    return FactionTree((*TREE.roots, Node("joint", joint_of=parties, members=members)))


def test_what_is_said_of_a_party_holds_for_what_it_did_with_others() -> None:
    tree = with_joint("a", "d")
    assert tree.named("a") == {"a", "joint"}
    assert tree.named("axis") == {"a", "b", "c", "joint"}  # the group of a party
    assert tree.named("b") == {"b"}
    assert tree.named("joint") == {"joint"}  # said of the joint operation, not of one party alone
    assert tree.under("a") == {"a"}


@pytest.mark.parametrize(
    ("parties", "inside", "says"),
    [
        (("a",), "", "joint of a"),
        (("a", "a"), "", "joint of a, a"),
        (("a", "banner"), "", '"banner"'),
        (("a", "other"), "", '"other"'),
        (("a", "joint"), "", '"joint"'),
        (("a", "dd"), "", 'did you mean "d"'),
        (("a", "b"), "e", "has members"),
    ],
)
def test_joint_leaves_that_cannot_be(parties: tuple[str, ...], inside: str, says: str) -> None:
    with pytest.raises(CaseError, match=says) as error:
        with_joint(*parties, inside=inside)
    assert error.value.at == ("factions", "joint", "joint_of")


def test_the_open_faction_is_not_joint() -> None:
    with pytest.raises(CaseError, match="is the open faction"):
        FactionTree((Node("a"), Node("b"), Node("other", joint_of=("a", "b"))))
