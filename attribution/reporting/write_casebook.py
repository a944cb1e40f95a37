"""A casebook as a page, as Markdown and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from attribution.analysis.casebook import Casebook
from attribution.analysis.finding import as_json
from attribution.atomic import write_text
from attribution.reporting.casebook import CAVEATS, Line, Pages, pages
from attribution.reporting.figures.movement import movement
from attribution.reporting.html import page
from attribution.reporting.markdown import plain, table
from attribution.reporting.schemas import Schema, schema_of

CASEBOOK_FORMAT = "attribution-casebook/1"
STYLES = ("report.css", "figures.css", "casebook.css", "print.css")


def write_casebook(book: Casebook, folder: Path) -> tuple[Path, ...]:
    """Write ``index.html``, ``index.json`` and ``index.md``, each atomically."""
    found = pages(book)
    forms = {
        "index.html": casebook_html(found),
        "index.json": casebook_json(book),
        "index.md": casebook_markdown(found),
    }
    for name, text in forms.items():
        write_text(folder / name, text)
    return tuple(folder / name for name in forms)


def casebook_json(book: Casebook) -> str:
    """Probabilities are fractions, log scores bits."""
    tallies = [as_json(tally) for tally in book.tallies]
    told = {"format": CASEBOOK_FORMAT, "caveats": list(CAVEATS), **as_json(book), "tallies": tallies}
    return json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def casebook_schema() -> Schema:
    """The schema (draft 2020-12) of a casebook."""
    from attribution.analysis.casebook import Tally

    found = schema_of(Casebook)
    own = {
        "format": {"const": CASEBOOK_FORMAT},
        "caveats": schema_of(list[str]),
        "tallies": {"type": "array", "items": schema_of(Tally)},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"{CASEBOOK_FORMAT}: probabilities are fractions, log scores bits",
        **found,
        "properties": {**own, **found["properties"]},
        "required": [*own, *found["required"]],
    }


def casebook_html(found: Pages) -> str:
    """One page that opens from disk and asks nothing of anybody."""
    drawn = {
        (words.study.case, words.study.model): movement(words.study) for case in found.cases for words in case.studies
    }
    return page("casebook.html.j2", STYLES, found=found, caveats=CAVEATS, drawn=drawn)


def casebook_markdown(found: Pages) -> str:
    """The same as tables."""
    parts = ["# Casebook", plain(found.headline), "\n".join(f"- {plain(caveat)}" for caveat in CAVEATS)]
    parts += ["## Against what was settled", _table("case, model", found.score_columns, found.scores)]
    parts += ["## Mean scores", _table("model, as of", found.tally_columns, found.tallies)]
    for case in found.cases:
        parts += [f"## {plain(case.title)}", plain(case.when)]
        parts.append("\n".join(f"- {plain(one)}" for one in case.settled) or "Nothing is settled: not scored.")
        for words in case.studies:
            parts += [f"### {plain(words.study.model_title)}", plain(words.study.summary), plain(words.told)]
            parts.append(_table("as of", words.columns, words.lines))
    parts += ["## Doubts", "\n".join(f"- {plain(doubt)}" for doubt in found.doubts)] if found.doubts else []
    parts += ["## Provenance", "\n".join(f"- {plain(name)}: {plain(value)}" for name, value in found.provenance)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(first: str, columns: tuple[str, ...], lines: tuple[Line, ...]) -> str:
    rows = (
        [plain(f"{line.label} ({line.under})" if line.under else line.label), *(plain(cell) for cell in line.cells)]
        for line in lines
    )
    return table((first, *(plain(column) for column in columns)), rows) if lines else "None."
