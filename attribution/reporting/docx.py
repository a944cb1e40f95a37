"""The report as a Word document of one to three pages, for offices that pass such documents on.

The first screen, the evidence, the grounds of confidence and what was assumed; the rest is in the page. Every text of a
case is a run of characters: no link, no field, no picture comes of it. The same report gives the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from attribution.domain.verbal import decibans, percent
from attribution.errors import UsageError
from attribution.inert import legible
from attribution.reporting.content import Content
from attribution.reporting.text import brief

if TYPE_CHECKING:
    from docx.document import Document
    from docx.table import _Cell

MOST_ITEMS = 20
_THEN = (1980, 1, 1, 0, 0, 0)  # the earliest moment that a zip file can hold
_BODY, _SMALL = 9.5, 8.0  # points
_MARGIN = 18  # millimetres
_INK, _SOFT = "1D1F21", "565B60"


def require_docx() -> Any:
    """python-docx, which is an extra.

    Raises
    ------
    UsageError
        It is not installed; the message says how to get it.
    """
    try:
        import docx
    except ImportError:
        raise UsageError(
            "a report in .docx needs python-docx, which is not installed.",
            allowed='pip install "attack-attribution[docx]"',
            hint="or write .html, .md or .json, which need nothing more",
        ) from None
    return docx


def docx_report(content: Content) -> bytes:
    """The document as it is written to disk."""
    document: Document = require_docx().Document()
    _set_up(document, content)
    _first_screen(document, content)
    _evidence(document, content)
    _confidence(document, content)
    _assumptions(document, content)
    whole = io.BytesIO()
    document.save(whole)
    return _timeless(whole.getvalue())


def _timeless(packed: bytes) -> bytes:
    """The same parts, none of which says when it was packed."""
    again = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed)) as old, zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(old.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            new.writestr(zipfile.ZipInfo(name, _THEN), old.read(name), zipfile.ZIP_DEFLATED)
    return again.getvalue()


def _set_up(document: Document, content: Content) -> None:
    """A4, narrow margins, one typeface, headings in ink; no name of whoever wrote it, and no time."""
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt, RGBColor

    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(_MARGIN)
    for name, size in (("Normal", _BODY), ("Title", 18.0), ("Heading 1", 12.0), ("List Bullet", _BODY)):
        style: Any = document.styles[name]
        style.font.name, style.font.size = "Calibri", Pt(size)
        style.font.color.rgb = RGBColor.from_string(_INK)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(qn(f"w:{theme}"), None)
        style.paragraph_format.space_after = Pt(3)
        style.paragraph_format.space_before = Pt(8 if name == "Heading 1" else 0)
    properties = document.core_properties
    properties.title, properties.author = _text(content.question, 240), "attribution"
    properties.last_modified_by, properties.comments, properties.revision = "", "", 1
    properties.created = properties.modified = datetime(*_THEN)


def _text(text: str, most: int = 900) -> str:
    """Characters that show themselves, on one line."""
    return brief(" ".join(legible(text).split()), most)


def _paragraph(document: Document, text: str, *, bold: str = "", style: str | None = None, soft: bool = False) -> None:
    from docx.shared import Pt, RGBColor

    paragraph = document.add_paragraph(style=style)
    if bold:
        paragraph.add_run(_text(bold)).bold = True
        paragraph.add_run(" ")
    run = paragraph.add_run(_text(text))
    if soft:
        run.font.size, run.font.color.rgb = Pt(_SMALL), RGBColor.from_string(_SOFT)


def _table(document: Document, head: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]) -> None:
    """A table whose head comes again on every page; widths in millimetres, numbers at their right edge."""
    from docx.oxml import OxmlElement
    from docx.shared import Mm

    table = document.add_table(rows=1, cols=len(head), style="Table Grid")
    table.autofit = False
    for cell, text in zip(table.rows[0].cells, head, strict=True):
        _fill(cell, text, bold=True, right=False)
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    for row in rows:
        for position, (cell, text) in enumerate(zip(table.add_row().cells, row, strict=True)):
            _fill(cell, text, right=position > 0 and text[:1] in "+−<>0123456789", bold=False)
    for column, width in zip(table.columns, widths, strict=True):
        for cell in column.cells:
            cell.width = Mm(width)
    document.add_paragraph()


def _fill(cell: _Cell, text: str, *, bold: bool, right: bool) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph = cell.paragraphs[0]
    run = paragraph.add_run(_text(text, 300))
    run.bold, run.font.size = bold, Pt(_SMALL)
    paragraph.paragraph_format.space_after = Pt(0)
    if right:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT


def _first_screen(document: Document, content: Content) -> None:
    first = content.first
    document.add_paragraph(_text(content.question, 400), style="Title")
    _paragraph(document, f"{content.title} · {content.incident} · evidence up to {content.as_of}", soft=True)
    _paragraph(document, f"({content.gate.stamp})", bold=first.answer)
    _paragraph(document, first.how_sure)
    rows = [(bar.label, percent(bar.prior), percent(bar.probability), bar.ranges) for bar in first.bars]
    _table(document, ("", "before", "after", "range"), rows, (56, 18, 18, 82))
    document.add_heading("What it rests on", 1)
    for sentence in first.rests_on:
        _paragraph(document, sentence, style="List Bullet")
    document.add_heading("How it could be wrong", 1)
    for doubt in first.doubts:
        _paragraph(document, doubt.sentence, bold=f"{doubt.title}.", style="List Bullet")
    document.add_heading("What would change it", 1)
    _paragraph(document, " ".join(first.would_change))
    if first.scenarios:
        document.add_heading("Who did what", 1)
        told = [(one.label, percent(one.probability)) for one in first.scenarios]
        _table(document, ("scenario", "probability"), told, (146, 28))
    document.add_heading("How far the checks went", 1)
    _paragraph(document, f"{first.checks} {first.checks_mean}")


def _evidence(document: Document, content: Content) -> None:
    """The items whose origins weigh most, in the order of the case."""
    leader = content.faction_labels.index(content.factions[0].label)
    weights = {row.id: max(abs(row.lead_pull), abs(row.pull[leader])) for row in content.evidence}
    kept = sorted(weights, key=lambda item: -weights[item])[:MOST_ITEMS]
    document.add_heading("The evidence", 1)
    cut = f" Of {len(weights)} items the {len(kept)} that weigh most." if len(kept) < len(weights) else ""
    _paragraph(
        document,
        f"What the origin of an item adds to the odds of {content.factions[0].label}, in decibans (ten make odds ten "
        f"times longer): against the next, and against everybody else. Items of one origin count once.{cut}",
        soft=True,
    )
    rows = [
        (row.title, row.source, row.grade or "none", decibans(row.lead_pull), decibans(row.pull[leader]))
        for row in content.evidence
        if row.id in kept
    ]
    _table(document, ("item", "source", "grade", "against next", "against all"), rows, (88, 40, 14, 16, 16))


def _confidence(document: Document, content: Content) -> None:
    document.add_heading(_text(f"Confidence: {content.first.confidence}"), 1)
    if content.sensitivity is None:
        _paragraph(document, content.first.because)
        return
    for reason in content.sensitivity.confidence.reasons:
        _paragraph(document, reason, style="List Bullet")


def _assumptions(document: Document, content: Content) -> None:
    count = sum(len(block.numbers) for block in content.assumptions)
    document.add_heading("Assumptions and limits", 1)
    _paragraph(
        document,
        f"{content.model_summary} The {count} numbers behind it, each with its reason, are in the page (.html).",
    )
    for limit in content.limits:
        _paragraph(document, limit, style="List Bullet")
    made = dict(content.provenance)
    _paragraph(document, f"Made by: {made['command']} (version {made['version of attribution']}).", soft=True)
