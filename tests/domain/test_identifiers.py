"""Names in any script, and no name that a reader could take for another."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.domain.factions import FactionTree, Node
from attribution.domain.facts import Fact
from attribution.domain.identifiers import Catalog, as_id, check_id, check_unlike
from attribution.errors import CaseError
from attribution.inert import legible

WRITTEN = [
    "unit-74455",
    "كتائب-حزب-الله",
    "группа-1",
    "真主旅",
    "カタイブ",
    "카타이브",
    "brûlé",
    "łódź",
    "חזבאללה",
    "दल-२",
    "apt28-группа",
]
REFUSED = {
    "Unit": "cannot be used",
    "two words": "cannot be used",
    "Группа": "cannot be used",
    "-dash": "cannot be used",
    "a\u200db": "cannot be used",  # a joiner is not there to be seen
    "a\u202eb": "cannot be used",  # nor is an override of direction
    "ab\ufe0f": "cannot be used",  # nor a variation selector, which counts as a mark
    "a\u3164b": "cannot be used",  # nor a Hangul filler, which counts as a letter
    "cafe\u0301": "cannot be used",  # decomposed: the reader composes what files say
    "ｆｕｌｌ": "cannot be used",
    "mіnistry": "mixes the scripts cyrillic and latin",
    "perpetrator": "word of the file format",
    "": "cannot be used",
    "x" * 65: "cannot be used",
}


@pytest.mark.parametrize("id", WRITTEN)
def test_letters_of_any_script_make_a_name(id: str) -> None:
    check_id(id, "faction")


@pytest.mark.parametrize(("id", "why"), REFUSED.items(), ids=ascii)
def test_what_cannot_be_read_in_one_way_is_refused(id: str, why: str) -> None:
    with pytest.raises(CaseError, match=why):
        check_id(id, "faction")


@given(st.text(max_size=70))
def test_a_name_is_composed_and_shows_all_that_it_is(id: str) -> None:
    try:
        check_id(id, "faction")
    except CaseError:
        return
    assert unicodedata.normalize("NFKC", id) == id == legible(id)
    assert not any(letter.isspace() or letter.isupper() for letter in id)


@given(st.text(max_size=70))
def test_the_name_that_is_offered_stays_what_it_is(text: str) -> None:
    assert as_id(as_id(text)) == as_id(text)


@pytest.mark.parametrize(("text", "offered"), [("Hezbollah (Iraq)", "hezbollah-iraq"), ("Группа 1", "группа-1")])
def test_a_text_has_a_nearest_name(text: str, offered: str) -> None:
    assert as_id(text) == offered


LOOK_ALIKE = [("аре", "ape"), ("scope", "ѕсоре"), ("unit-3", "unit-٣"), ("علی", "علي"), ("ロ", "口")]


@pytest.mark.parametrize(("one", "other"), LOOK_ALIKE)
def test_names_that_look_alike_are_refused_together(one: str, other: str) -> None:
    check_id(one, "faction")
    check_id(other, "faction")
    with pytest.raises(CaseError, match="look alike"):
        check_unlike((one, other), "faction")
    with pytest.raises(CaseError, match="look alike"):
        FactionTree((Node(one), Node(other), Node("other")))
    with pytest.raises(CaseError, match="look alike"):
        Fact("weapon", (one, other))
    with pytest.raises(CaseError, match="look alike"):
        Catalog([Fact(one, ("yes", "no")), Fact(other, ("yes", "no"))], kind="fact")


def test_names_that_differ_by_an_accent_are_two() -> None:
    assert Fact("arme", ("brule", "brûlé")).states == ("brule", "brûlé")
