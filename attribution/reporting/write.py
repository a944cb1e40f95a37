"""Writing reports: the suffix says the form, the old file stays until the new one is whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from attribution.atomic import write_text
from attribution.errors import UsageError
from attribution.inference.posterior import Posterior
from attribution.reporting.content import Content, content
from attribution.reporting.gate import Gate
from attribution.reporting.whatif import WhatIfSection, what_if_section

SUFFIXES = (".html", ".json", ".md")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A report, worked out once, to be written in any form; only a page can answer what-if questions."""

    content: Content
    what_if: WhatIfSection

    @property
    def gate(self) -> Gate:
        return self.content.gate

    @property
    def bottom_line(self) -> str:
        return self.content.bottom_line.text

    def render(self, suffix: str) -> str:
        """The report as text of one form.

        Raises
        ------
        UsageError
            A suffix other than ``.html``, ``.json`` or ``.md``.
        """
        if suffix == ".html":
            from attribution.reporting.html import html

            return html(self.content, self.what_if)
        if suffix == ".json":
            from attribution.reporting.json_report import json_report

            return json_report(self.content)
        if suffix == ".md":
            from attribution.reporting.markdown import markdown

            return markdown(self.content)
        raise UsageError(f'a report cannot be written as "{suffix}".', allowed=", ".join(SUFFIXES))

    def write(self, path: Path) -> None:
        """Write one form, atomically."""
        write_text(path, self.render(path.suffix))


def prepare(posterior: Posterior, *, rivals: tuple[Posterior, ...] = ()) -> Prepared:
    """Work out what the report of a posterior says; `rivals` are other models of the same case."""
    return Prepared(content(posterior, rivals), what_if_section(posterior))


def write_report(posterior: Posterior, path: str | Path, *, rivals: tuple[Posterior, ...] = ()) -> Gate:
    """Write the report of a posterior as ``.html``, ``.json`` or ``.md``; says whether it is citable.

    Raises
    ------
    UsageError
        Another suffix.
    OutputError
        The file cannot be written; what stood there is untouched.
    """
    path = Path(path)
    if path.suffix not in SUFFIXES:
        raise UsageError(f'a report cannot be written as "{path.suffix}".', allowed=", ".join(SUFFIXES))
    prepared = prepare(posterior, rivals=rivals)
    prepared.write(path)
    return prepared.gate
