"""The report as a Word document: short, whole, inert, and the same bytes every time."""

from __future__ import annotations

import io
import re
import sys
import zipfile
from pathlib import Path
from unittest.mock import patch

import pytest
from docx import Document

from attribution.cli import main
from attribution.domain.verbal import percent
from attribution.errors import UsageError
from attribution.reporting import docx
from attribution.reporting.docx import docx_report
from tests.reporting.test_reports import EVIL, prepared


def _text(packed: bytes) -> str:
    document = Document(io.BytesIO(packed))
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def test_it_says_what_the_first_screen_says() -> None:
    whole = prepared()
    text, first = _text(docx_report(whole.content)), whole.content.first
    for sentence in (first.answer, first.how_sure, *first.rests_on, *(doubt.sentence for doubt in first.doubts)):
        assert " ".join(sentence.split()) in text
    assert first.checks in text and f"Confidence: {first.confidence}" in text
    assert all(row.title in text for row in whole.content.evidence)
    rows = [
        [cell.text for cell in row.cells[:3]] for row in Document(io.BytesIO(docx_report(whole.content))).tables[0].rows
    ]
    assert rows[1:] == [[bar.label, percent(bar.prior), percent(bar.probability)] for bar in first.bars]
    assert all(limit in text for limit in whole.content.limits)


def test_the_same_report_gives_the_same_bytes_and_no_time() -> None:
    content = prepared().content
    first = docx_report(content)
    with patch("zipfile.time.time", return_value=2e9), patch("time.time", return_value=2e9):
        assert docx_report(content) == first
    with zipfile.ZipFile(io.BytesIO(first)) as packed:
        assert {entry.date_time for entry in packed.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        years = set(re.findall(r"(\d{4})-\d\d-\d\dT", packed.read("docProps/core.xml").decode()))
    assert years == {"1980"}


@pytest.mark.parametrize("evil", [EVIL, "x" * 10_000, "=1+1 {HYPERLINK x}"])
def test_text_of_a_case_stays_text(evil: str) -> None:
    packed = docx_report(prepared(evil).content)
    with zipfile.ZipFile(io.BytesIO(packed)) as parts:
        body = parts.read("word/document.xml").decode()
        links = parts.read("word/_rels/document.xml.rels").decode()
    assert not re.search(r"<w:(hyperlink|fldSimple|instrText|fldChar|drawing|object|altChunk)", body)
    assert "TargetMode" not in links
    assert "\u202e" not in body
    assert not set("\x00\x0b\ufffe") & set(docx._text("a\x00b\x0bc\ufffe"))


def test_a_case_of_many_items_is_cut_to_those_that_weigh_most() -> None:
    with patch.object(docx, "MOST_ITEMS", 1):
        content = prepared().content
        assert (f"Of {len(content.evidence)} items the 1 that weigh most" in _text(docx_report(content))) == (
            len(content.evidence) > 1
        )


def test_without_the_library_the_way_out_is_told_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "docx", None)
    assert main(["report", "tower-22", "-o", str(tmp_path / "x.docx")]) == 2
    told = capsys.readouterr().err
    assert "attack-attribution[docx]" in told and "python-docx" in told
    assert not (tmp_path / "x.docx").exists()
    with pytest.raises(UsageError, match="python-docx"):
        docx_report(prepared().content)


def test_the_form_that_was_asked_for_and_the_file_agree(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "tower-22", "--format", "docx", "-o", "x.html"]) == 2
    assert "ending in .docx" in capsys.readouterr().err


def test_it_is_written_with_the_others_or_not_at_all(tmp_path: Path) -> None:
    whole = prepared()
    whole.write(tmp_path / "a.docx", tmp_path / "a.md")
    assert Document(str(tmp_path / "a.docx")).paragraphs[0].text == whole.content.question
    assert (tmp_path / "a.md").read_text() == whole.render(".md")
