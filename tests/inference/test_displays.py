"""What a notebook and a prompt show: honest, short, and inert."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

import attribution as at

HOSTILE = "<script>alert(1)</script>"


def test_one_honest_line(case: at.Case, baseline: at.Model) -> None:
    for value in (case, baseline):
        assert "\n" not in repr(value)
        assert len(repr(value)) < 100
    assert repr(case).startswith(f"<Case tower-22: {len(case.factions.leaves)} factions, ")
    assert repr(baseline).startswith("<Model baseline for tower-22: ")


def test_a_notebook_shows_the_question_and_the_reasons_as_text(case: at.Case, baseline: at.Model) -> None:
    assert "<h4>" in case._repr_html_()
    assert "<td>" in baseline._repr_html_()
    shown = replace(case, title=HOSTILE)._repr_html_() + replace(baseline, title=HOSTILE)._repr_html_()
    assert HOSTILE not in shown
    assert "&lt;script&gt;" in shown


def test_a_finding_shows_its_table_and_its_method(instant: at.Posterior) -> None:
    for finding in (at.leave_out(instant), at.robust_bounds(instant), at.model_error(instant)):
        shown = finding._repr_html_()
        assert finding.title in shown
        assert "<table" in shown


def test_probabilities_print_their_numbers_at_80_columns(instant: at.Posterior) -> None:
    with pd.option_context("display.width", 80):
        heading = str(instant.probabilities()).splitlines()[0].split()
    assert heading[:2] == ["probability", "low"]
    assert heading[-1] == "words"


def test_the_what_if_panel_by_itself_is_a_page_in_a_frame(instant: at.Posterior) -> None:
    panel = at.explore(instant)
    assert panel.html.startswith("<!doctype html>")
    assert "what-if-data" in panel.html
    frame = panel._repr_html_()
    assert frame.startswith("<iframe srcdoc=")
    assert frame.count("<iframe") == frame.count("</iframe>") == 1
    assert 'sandbox="allow-scripts"' in frame
