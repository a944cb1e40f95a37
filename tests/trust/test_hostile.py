"""Spoilt files end in an answer or in an error with file and line; `make fuzz` tries many more."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trust import hostile
from tests.trust.fuzz import KINDS
from tests.trust.hostile import judge, seeds_of, spoilt


@pytest.mark.parametrize("kind", KINDS)
def test_the_seeds_are_good(kind: str) -> None:
    for text in seeds_of(kind)[:2]:
        hostile._take(kind, text)


@pytest.mark.parametrize("kind", KINDS)
@given(r=st.randoms(use_true_random=False), data=st.data())
@settings(max_examples=60)
def test_a_spoilt_file_is_read_or_refused(kind: str, r: object, data: st.DataObject) -> None:
    seeds = seeds_of(kind)
    other = data.draw(st.sampled_from(seeds))
    assert judge(kind, spoilt(r, seeds[0], other)) == ""  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
@given(text=st.text(max_size=400))
@settings(max_examples=40)
def test_any_text_at_all(kind: str, text: str) -> None:
    assert judge(kind, text) == ""


def test_the_judge_sees_what_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(kind: str, text: str) -> None:
        raise KeyError(text)

    monkeypatch.setattr(hostile, "_take", fail)
    assert judge("case", "x") == "KeyError: 'x'"
    monkeypatch.setattr(hostile, "_take", lambda kind, text: None)
    monkeypatch.setattr(hostile, "SLOWEST", -1.0)
    assert "it took" in judge("case", "x")
