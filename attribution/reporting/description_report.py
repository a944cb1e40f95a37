"""A description of an archive as a page and as JSON: memory, reach, and what each candidate is known for."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Any

from markupsafe import Markup

from attribution.analysis.finding import as_json, plain
from attribution.archive.describe import Description, Known
from attribution.atomic import write_text
from attribution.domain.concern import Concern
from attribution.errors import UsageError
from attribution.reporting.figures.scales import scale_strip, share_strip

DESCRIPTION_FORMAT = "attribution-description/1"
SUFFIXES = (".html", ".json")
STYLES = ("report.css", "archive.css", "print.css")


def check_suffix(path: Path) -> None:
    """Refuse a form that is not written, before anything is worked out.

    Raises
    ------
    UsageError
        A suffix other than ``.html`` or ``.json``.
    """
    if path.suffix not in SUFFIXES:
        raise UsageError(f'a description cannot be written to "{path}".', allowed=", ".join(SUFFIXES))


def write_description(
    found: Description, concerns: tuple[Concern, ...], path: Path, *, title: str, source: str, sha256: str
) -> None:
    """Write a description; `concerns` are those of the table and of what was found.

    Raises
    ------
    UsageError
        A suffix other than ``.html`` or ``.json``.
    """
    check_suffix(path)
    about = {"title": title, "source": source, "sha256": sha256}
    write_text(path, (_html if path.suffix == ".html" else description_json)(found, concerns, about))


def description_json(found: Description, concerns: tuple[Concern, ...], about: dict[str, str]) -> str:
    """Everything that was found; days, kilometres, events and fractions."""
    told: dict[str, Any] = {"format": DESCRIPTION_FORMAT, **about, **as_json(found)}
    told |= {"first": str(found.first), "last": str(found.last), "concerns": plain(concerns)}
    return json.dumps(told, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _html(found: Description, concerns: tuple[Concern, ...], about: dict[str, str]) -> str:
    from attribution.reporting.html import environment, inline, policy

    style = inline(STYLES)
    page = environment().get_template("description.html.j2")
    return (
        page.render(
            found=found,
            concerns=concerns,
            about=about,
            known=_by_candidate(found.known_for(8)),
            apart=_by_candidate(found.apart_in_places()),
            memories=(found.memory, *found.memories),
            scale_strip=scale_strip,
            share_strip=share_strip,
            policy=Markup(policy(style, "")),
            style=Markup(style),
        )
        + "\n"
    )


def _by_candidate(known: tuple[Known, ...]) -> list[tuple[str, tuple[Known, ...]]]:
    return [(name, tuple(rows)) for name, rows in groupby(known, lambda one: one.candidate)]
