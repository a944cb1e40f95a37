"""A description of an archive as a page and as JSON: memory, reach, and what each candidate is known for."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Any

from attribution.analysis.finding import as_json, plain
from attribution.archive.summary.describe import Description, Known
from attribution.atomic import write_text
from attribution.domain.concern import Concern
from attribution.reporting.archive_report import check_suffix
from attribution.reporting.figures.scales import scale_strip, share_strip

DESCRIPTION_FORMAT = "attribution-description/1"
STYLES = ("report.css", "archive.css", "print.css")


def write_description(
    found: Description, concerns: tuple[Concern, ...], path: Path, *, title: str, source: str, sha256: str
) -> None:
    """Write a description; `concerns` are those of the table and of what was found.

    Raises
    ------
    UsageError
        A suffix other than ``.html`` or ``.json``.
    """
    check_suffix(path, "a description")
    about = {"title": title, "source": source, "sha256": sha256}
    write_text(path, (_html if path.suffix == ".html" else description_json)(found, concerns, about))


def description_json(found: Description, concerns: tuple[Concern, ...], about: dict[str, str]) -> str:
    """Everything that was found; days, kilometres, events and fractions."""
    told: dict[str, Any] = {"format": DESCRIPTION_FORMAT, **about, **as_json(found)}
    told |= {"first": str(found.first), "last": str(found.last), "concerns": plain(concerns)}
    return json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _html(found: Description, concerns: tuple[Concern, ...], about: dict[str, str]) -> str:
    from attribution.reporting.html import page

    return page(
        "description.html.j2",
        STYLES,
        found=found,
        concerns=concerns,
        about=about,
        known=_by_candidate(found.known_for(8)),
        apart=_by_candidate(found.apart_in_places()),
        memories=(found.memory, *found.memories),
        scale_strip=scale_strip,
        share_strip=share_strip,
    )


def _by_candidate(known: tuple[Known, ...]) -> list[tuple[str, tuple[Known, ...]]]:
    return [(name, tuple(rows)) for name, rows in groupby(known, lambda one: one.candidate)]
