"""What the table of single changes undoes is undone, and nothing else."""

from __future__ import annotations

import attribution as at
from attribution.domain.evidence import Statement
from benchmarks.meaning import EDITS, as_markdown, of_one_size, together, uncopied, unforged, untold

CASE, MODEL = at.read_case("tower-22"), at.read_model("tower-22/baseline")


def test_each_edit_changes_its_own_and_nothing_else() -> None:
    assert unforged(CASE, MODEL)[0] == untold(CASE, MODEL)[0] == of_one_size(CASE, MODEL)[0] == CASE
    assert not unforged(CASE, MODEL)[1].deception.forged
    assert unforged(CASE, MODEL)[1].deception.staged == MODEL.deception.staged
    assert all(story.strength.best == 0.0 for story in untold(CASE, MODEL)[1].stories)
    assert not of_one_size(CASE, MODEL)[1].perpetrator.sizes.entries
    copied = [item.id for item in CASE.evidence if isinstance(item, Statement) and item.copies]
    case, model = uncopied(CASE, MODEL)
    assert copied
    assert model == MODEL
    assert not [item for item in case.evidence if isinstance(item, Statement) and item.copies]


def test_what_is_not_there_is_not_undone_and_all_is_undone_once() -> None:
    case, model = together(CASE, MODEL)
    assert all(edit(case, model) == (case, model) for edit in EDITS.values())


def test_a_cell_says_who_leads_instead() -> None:
    table = as_markdown({"m": {"now": ["a", 0.6, 0.4, 0.8, 0.6], "x": ["b", 0.5, 0.3, 0.7, 0.45], "y": None}})
    assert "| m | a | 60.0 (40–80) | 45.0 (30–70) → b |  |" in table
