"""What others wrote is shown as what it is."""

from __future__ import annotations

import unicodedata
from typing import get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.analysis.comparison.rivals import Rivals
from attribution.analysis.sensitivity import Sensitivity
from attribution.inert import legible
from attribution.reporting.layout import _LAYOUTS
from attribution.reporting.text import LONGEST, brief


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("حركة أنصار الله", "حركة أنصار الله"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\u202egnp.exe\u202c", "a\ufffdgnp.exe\ufffd"),
        ("zero\u200bwidth\u2060here\ufeff", "zero\ufffdwidth\ufffdhere\ufffd"),
        ("line\u2028break\nand\ttab\x00", "line break and tab "),
        ("é ß 漢字 😀", "é ß 漢字 😀"),
    ],
)
def test_unseen_marks_are_seen_and_letters_stay(text: str, shown: str) -> None:
    assert legible(text) == shown


@given(st.text())
def test_nothing_unseen_is_left_and_no_letter_is_lost(text: str) -> None:
    shown = legible(text)
    assert len(shown) == len(text)
    assert not any(unicodedata.category(letter) in ("Cc", "Cs", "Cn", "Zl", "Zp") for letter in shown)
    for before, after in zip(text, shown, strict=True):
        if unicodedata.category(before)[0] in "LMNPS":
            assert before == after


def test_what_is_cut_says_so() -> None:
    assert brief("x" * LONGEST) == "x" * LONGEST
    assert brief("x" * 10_000) == "x" * (LONGEST - 1) + "…"


def test_every_table_is_of_a_finding_that_there_is() -> None:
    """Tables go by the name of a class: one renamed would be told in its own words, without a table."""
    hints = [*get_type_hints(Sensitivity).values(), *get_type_hints(Rivals).values()]
    kinds = {getattr(kind, "__name__", "") for hint in hints for kind in (hint, *get_args(hint))}
    assert set(_LAYOUTS) <= kinds
