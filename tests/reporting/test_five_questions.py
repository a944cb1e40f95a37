"""Five questions of a reader are answered on the first screen of every shipped report, each by its own sentence."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
REPORTS = sorted(
    path for path in (ROOT / "reports").glob("*/*.json") if path.parent.name not in ("casebook", "calibration", "tempo")
)
PERCENT = r"(?:[<>] )?\d+(?:\.\d)? %"


def _words(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def _screen(report: Path) -> tuple[dict[str, Any], str, str]:
    """What the JSON has of it, and what a page and a note show before anything unfolds."""
    page = report.with_suffix(".html").read_text(encoding="utf-8")
    note = report.with_suffix(".md").read_text(encoding="utf-8").split("\n## ")[0]
    body = page[page.index("<main>") : page.index('<details class="fold">')]
    return json.loads(report.read_text(encoding="utf-8")), _words(body), re.sub(r"\\(.)", r"\1", " ".join(note.split()))


@pytest.mark.parametrize("report", REPORTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_each_has_its_sentence_on_the_first_screen(report: Path) -> None:
    found, page, note = _screen(report)
    first, leader = found["first"], found["factions"][0]["label"]
    answers = {
        "who": ((first["answer"],), rf"^No faction can be named: .+\.$|^On these assumptions it was .+: {PERCENT}\.$"),
        "how sure": ((first["how_sure"],), rf"{re.escape(leader)} has {PERCENT}: .+ over numbers nobody knows exactly"),
        "resting on what": (first["rests_on"], r"without (it|any one of them) .+ (would|has) .+\."),
        "what would change it": (first["would_change"][:1], r"(believed|lead|without|change).+\."),
        "how far the checks went": (
            (first["checks"],),
            r"^(All checks of form and computation passed|Not passed: .+)\.$",
        ),
    }
    for question, (sentences, form) in answers.items():
        assert sentences, question
        for sentence in sentences:
            assert re.search(form, sentence), (question, sentence)
            assert " ".join(sentence.split()) in page, (question, sentence)
            assert " ".join(sentence.split()) in note, (question, sentence)


@pytest.mark.parametrize("report", REPORTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_it_needs_no_deciban_and_no_abbreviation(report: Path) -> None:
    _, page, _ = _screen(report)
    assert not re.search(r"\bdB\b|deciban|k-hat|\bESS\b|R-hat|\bMC\b|Shapley|posterior", page)
    assert len(page.split()) <= 900
