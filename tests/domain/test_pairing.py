"""What a model must have to be about a case."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from attribution.domain.factions import FactionTree, Node
from attribution.domain.facts import Fact
from attribution.domain.identifiers import ELSE, Catalog
from attribution.domain.model import Cluster, Deception, Deceptive, Forged, Model, Share, Staged
from attribution.domain.numbers import Number
from attribution.domain.pairing import check_pair
from attribution.domain.tables import Entry, OddsRatio, StateRows, Table, Trait, TraitValue
from attribution.errors import InputError, ModelError, PairError
from tests.builders import YES_NO, Stated, a_case, a_model, a_report, a_row, a_table, says

TREE = FactionTree((Node("g", members=(Node("a"), Node("b"))), Node("c"), Node("other")))
FACTS = Fact("w", ("x", "y", "z")), Fact("p", YES_NO), Fact("k", YES_NO, given=("p",))
THIRD: dict[str, Stated] = {"else": 0.3}
PLAIN = a_table("w", {"x": THIRD, "y": THIRD}), a_table("p", {"yes": THIRD}), a_table("k", {"yes": THIRD})
LIKELY = Number.exactly(0.1)
CASE = a_case(*FACTS, tree=TREE, items=[replace(a_report("r", says("w", "x")), forgeable=False)])
PARTIAL = Trait("tempo", "behaviour", (Entry("g", LIKELY),))


def a_model_with(table: Table, *traits: Trait) -> Model:
    return a_model(*(table if plain.id == table.id else plain for plain in PLAIN), traits=traits)


def deceived(**kinds: object) -> Model:
    return a_model(*PLAIN, deception=Deception(**kinds))  # type: ignore[arg-type]


def with_shares(*shares: Share) -> Model:
    plain = a_model(*PLAIN)
    return replace(plain, perpetrator=replace(plain.perpetrator, shares=shares))


WRONG: dict[str, Callable[[], Model]] = {
    "another case": lambda: replace(a_model(*PLAIN), case="elsewhere"),
    "a fact without a table": lambda: a_model(*PLAIN[:2]),
    "a table without a fact": lambda: a_model(*PLAIN, a_table("nothing", {"yes": THIRD})),
    "an unknown state": lambda: a_model_with(a_table("p", {"maybe": THIRD})),
    "all states given": lambda: a_model_with(a_table("p", {"yes": THIRD, "no": THIRD})),
    "too few states given": lambda: a_model_with(a_table("w", {"x": THIRD})),
    "a state given twice": lambda: a_model_with(Table("w", (StateRows("x", (a_row(THIRD),)),) * 2)),
    "a faction without a number": lambda: a_model_with(a_table("p", {"yes": {"g": 0.3, "other": 0.1}})),
    "an unknown node": lambda: a_model_with(a_table("p", {"yes": {"h": 0.3, "else": 0.1}})),
    "bests that leave no rest": lambda: a_model_with(a_table("w", {"x": {"else": 0.6}, "y": {"else": 0.5}})),
    "bests of different nodes that leave no rest": lambda: a_model_with(
        a_table("w", {"x": {"a": 0.8, "else": 0.2}, "y": {"else": 0.3}})
    ),
    "uncertain bests that sum to 1": lambda: a_model_with(
        a_table("w", {"x": {"else": 0.3}, "y": {"else": (0.6, 0.7, 0.75)}})
    ),
    "when about a stranger": lambda: a_model_with(a_table("k", {"yes": (a_row(THIRD, when={"w": "x"}), a_row(THIRD))})),
    "when an unknown state": lambda: a_model_with(a_table("k", {"yes": (a_row(THIRD, when={"p": "x"}), a_row(THIRD))})),
    "odds without else": lambda: a_model_with(
        a_table("p", {"yes": {"g": OddsRatio(Number.exactly(2.0, "ratio")), "c": 0.1, "other": 0.1}})
    ),
    "odds of three states": lambda: a_model_with(
        a_table("w", {"x": {"a": OddsRatio(Number.exactly(2.0, "ratio")), "else": 0.1}, "y": {"a": 0.1, "else": 0.1}})
    ),
    "an unknown trait": lambda: a_model_with(a_table("p", {"yes": {"a": TraitValue("temp"), "else": 0.1}}), PARTIAL),
    "a trait with a gap": lambda: a_model_with(a_table("p", {"yes": {"else": TraitValue("tempo")}}), PARTIAL),
    "a prior trait with a gap": lambda: a_model(*PLAIN, traits=[PARTIAL], proportional_to=("tempo",)),
    "shares that leave one out": lambda: a_model(*PLAIN, shares={"g": 0.5}),
    "shares that overlap": lambda: a_model(*PLAIN, shares={"g": 0.5, "a": 0.1, "c": 0.2}),
    "a share of other": lambda: a_model(*PLAIN, shares={"g": 0.5, "c": 0.2, "other": 0.1}),
    "within that misses a member": lambda: with_shares(Share("g", LIKELY, (("a", LIKELY),)), Share("c", LIKELY)),
    "within the rest": lambda: with_shares(Share(ELSE, LIKELY, (("a", LIKELY), ("b", LIKELY), ("c", LIKELY)))),
    "nobody within": lambda: with_shares(
        Share("g", LIKELY, (("a", Number.exactly(0.0)), ("b", Number.exactly(0.0)))), Share("c", LIKELY)
    ),
    "staging an unknown fact": lambda: deceived(staged=(Staged("v", LIKELY, "g"),)),
    "staging toward nobody": lambda: deceived(staged=(Staged("w", LIKELY, "h"),)),
    "staging toward else": lambda: deceived(staged=(Staged("w", LIKELY, ELSE),)),
    "forging an unknown origin": lambda: deceived(forged=(Forged("q", LIKELY),)),
    "forging toward else": lambda: deceived(forged=(Forged("t", LIKELY, ELSE),)),
    "forging what cannot be forged": lambda: deceived(forged=(Forged("r", LIKELY),)),
    "a cluster of an unknown origin": lambda: replace(a_model(*PLAIN), clusters=Catalog([Cluster("material", ("q",))])),
    "deception by nobody": lambda: deceived(deceptive=(Deceptive("x", LIKELY),)),
}


def test_a_plain_model_fits() -> None:
    check_pair(CASE, a_model(*PLAIN))


@pytest.mark.parametrize("build", WRONG.values(), ids=list(WRONG))
def test_models_that_do_not_fit(build: Callable[[], Model]) -> None:
    with pytest.raises(InputError) as error:
        check_pair(CASE, build())
    assert isinstance(error.value, PairError | ModelError)
    assert error.value.at
    assert error.value.allowed


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("too few states given", "give all but one of y, z too"),
        ("all states given", "take out one of them, such as `no`"),
        ("a cluster of an unknown origin", 'take it out, or name an origin of the case; in Python model.without("q")'),
    ],
)
def test_the_way_out_is_told(name: str, hint: str) -> None:
    with pytest.raises(InputError) as error:
        check_pair(CASE, WRONG[name]())
    assert hint in error.value.hint


@pytest.mark.parametrize(
    "states",
    [
        {"x": {"a": 0.1, "else": 0.2}, "y": THIRD},
        {"x": {"g": 0.1, "else": 0.2}, "y": {"a": 0.3, "b": 0.4, "else": 0.1}},
        {"x": {"a": 1.0, "else": 0.2}, "y": {"a": 0.0, "else": 0.3}},
        {"x": {"else": 0.7}, "y": {"else": 0.3}},
    ],
)
def test_each_state_takes_the_most_specific_node_of_its_own_and_may_be_certain(
    states: dict[str, dict[str, Stated]],
) -> None:
    check_pair(CASE, a_model_with(a_table("w", states)))


def test_a_table_needs_a_last_row() -> None:
    with pytest.raises(ModelError, match="no row"):
        Table("w", (StateRows("x", ()),))
    with pytest.raises(ModelError, match="last row"):
        a_table("k", {"yes": (a_row(THIRD, when={"p": "yes"}),)})
    with pytest.raises(ModelError, match="after the one"):
        a_table("k", {"yes": (a_row(THIRD), a_row(THIRD))})


@pytest.mark.parametrize(
    ("sizes", "found"),
    [
        ({"c": 2.0}, 'is "c", which is not among the factions'),
        ({"other": 2.0}, 'the open faction "other" has a size of its own'),
        ({"g": 2.0}, 'the group "g" has a size of its own'),
    ],
)
def test_sizes_that_do_not_fit_are_refused(sizes: dict[str, Stated], found: str) -> None:
    tree = FactionTree((Node("g", members=(Node("a"), Node("b"))), Node("other")))
    with pytest.raises(PairError, match=found) as error:
        check_pair(a_case(tree=tree), a_model(sizes=sizes))
    assert error.value.at == ("perpetrator", "sizes", next(iter(sizes)))
