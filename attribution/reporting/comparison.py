"""A comparison as a page, as Markdown and as JSON."""

from __future__ import annotations

import json
from pathlib import Path

from attribution.analysis.comparison.compare import Change, Comparison, name
from attribution.analysis.finding import as_json
from attribution.atomic import check_suffix, write_text
from attribution.domain.verbal import percent, signed
from attribution.reading.json_schema import Schema, result_schema
from attribution.reporting import REPORT_SUFFIXES
from attribution.reporting.figures.marks import Figure, Row, dot, line, place, probability_axis, strip, word_bands
from attribution.reporting.html import page
from attribution.reporting.text import markdown_table, plain

COMPARISON_FORMAT = "attribution-comparison/1"
STYLES = ("report.css", "figures.css", "print.css")


def write_comparison(found: Comparison, path: Path) -> None:
    """Write a comparison as ``.html``, ``.json`` or ``.md``, atomically.

    Raises
    ------
    UsageError
        Another suffix.
    """
    forms = {".html": comparison_html, ".json": comparison_json, ".md": comparison_markdown}
    check_suffix(path, "a comparison", REPORT_SUFFIXES)
    write_text(path, forms[path.suffix](found))


def comparison_json(found: Comparison) -> str:
    """Probabilities and their parts are fractions."""
    told = {"format": COMPARISON_FORMAT, "trustworthy": found.trustworthy, **as_json(found)}
    return json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def comparison_schema() -> Schema:
    """The schema (draft 2020-12) of a comparison."""
    note = "probabilities and their parts are fractions"
    return result_schema(COMPARISON_FORMAT, note, Comparison, {"trustworthy": {"type": "boolean"}})


def comparison_html(found: Comparison) -> str:
    """One page that opens from disk and asks nothing of anybody."""
    return page(
        "comparison.html.j2",
        STYLES,
        {
            "found": found,
            "first": name(found.first),
            "second": name(found.second),
            "figure": _figure(found),
            "sentence": str(found),
            "doubt": " ".join(found.unreliable()),
            "rows": ordered(found),
            "points": points,
        },
    )


def comparison_markdown(found: Comparison) -> str:
    """The same as tables."""
    rows = (
        [
            plain(one.label),
            percent(one.before),
            *(points(part) for part in one.parts),
            points(one.engine),
            percent(one.after),
        ]
        for one in ordered(found)
    )
    parts = [
        f"# From {plain(name(found.first))} to {plain(name(found.second))}",
        plain(str(found)),
        plain(" ".join(found.unreliable())),
        markdown_table(("faction or group", "before", *found.groups, "engine", "after"), rows),
        "Parts are percentage points; before and all parts sum to after.",
    ]
    for one in found.differences:
        told = "\n".join(f"- {plain(what)}" for what in one.what) or "Nothing."
        parts += [f"## What differs: {one.group}", told]
    return "\n\n".join(part for part in parts if part) + "\n"


def points(part: float) -> str:
    """A part of a probability in percentage points; a dot where it rounds to nothing."""
    return "·" if abs(part) < 5e-4 else signed(100 * part)


def ordered(found: Comparison) -> list[Change]:
    """Factions by their larger probability, then groups as they come."""
    factions = [one for one in found.changes if not one.is_group]
    groups = [one for one in found.changes if one.is_group]
    return [*sorted(factions, key=lambda one: -max(one.before, one.after)), *groups]


def _figure(found: Comparison) -> Figure:
    rows = []
    leader = max((one for one in found.changes if not one.is_group), key=lambda one: one.after)
    for one in ordered(found):
        old, new = place(one.before), place(one.after)
        told = f"{one.label}: from {percent(one.before)} to {percent(one.after)}"
        marks = (word_bands(), line("range", old, new), dot("before", old, 5), dot("after", new, 6.5))
        role = "group" if one.is_group else "lead" if one is leader else "rest"
        rows.append(Row(one.label, strip(told, *marks), percent(one.after), role, f"before {percent(one.before)}"))
    return Figure(probability_axis(), tuple(rows))
