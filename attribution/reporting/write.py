"""Writing reports: the suffix says the form, the old file stays until the new one is whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from attribution.atomic import check_suffix, write_contents
from attribution.inference.posterior import Posterior
from attribution.reporting import REPORT_FORMS, REPORT_SUFFIXES
from attribution.reporting.answer import Gate
from attribution.reporting.content import Content, content
from attribution.reporting.docx import require_docx
from attribution.reporting.whatif import WhatIfSection, what_if_section

if TYPE_CHECKING:
    from attribution.analysis.sensitivity import Sensitivity


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
        """The report as text of one form; a document is no text, and has `bytes_of`.

        Raises
        ------
        UsageError
            A suffix other than ``.html``, ``.json`` or ``.md``.
        """
        check_suffix(Path(f"report{suffix}"), "a report", REPORT_SUFFIXES)
        if suffix == ".html":
            from attribution.reporting.html import html

            return html(self.content, self.what_if)
        if suffix == ".json":
            from attribution.reporting.json import json_report

            return json_report(self.content)
        from attribution.reporting.markdown import markdown

        return markdown(self.content)

    def texts(self) -> dict[str, str]:
        """Its three forms that are text, by suffix."""
        return {suffix: self.render(suffix) for suffix in REPORT_SUFFIXES}

    def write(self, *paths: Path) -> None:
        """Write one form or several, all of them or none."""
        write_contents({path: self.bytes_of(path.suffix) for path in paths})

    def bytes_of(self, suffix: str) -> bytes:
        """One form as it is written to disk.

        Raises
        ------
        UsageError
            An unknown suffix, or ``.docx`` without python-docx.
        """
        if suffix == ".docx":
            from attribution.reporting.docx import docx_report

            return docx_report(self.content)
        return self.render(suffix).encode("utf-8")


def prepare(
    posterior: Posterior,
    *,
    rivals: tuple[Posterior, ...] = (),
    sensitivity: Sensitivity | None = None,
    command: str = "",
) -> Prepared:
    """Work out what the report of a posterior says; `rivals` are other models of the same case.

    `command` is what gives the same report again; where it is empty, it is told from the names of case and model.
    """
    return Prepared(content(posterior, rivals, sensitivity, command), what_if_section(posterior))


def write_report(
    posterior: Posterior,
    path: str | Path,
    *,
    rivals: tuple[Posterior, ...] = (),
    sensitivity: Sensitivity | None = None,
) -> Gate:
    """Write the report of a posterior as ``.html``, ``.json``, ``.md`` or ``.docx``, by the suffix of the path.

    Parameters
    ----------
    posterior
        The posterior to report.
    path
        Where to write; what stands there is replaced in one step.
    rivals
        Posteriors of the same case under other models, to stand beside it.
    sensitivity
        What ``at.sensitivity(posterior)`` found. Where it is not given it is worked out for a posterior of record
        (`nuts`); a report of the instant engine, whose checks cannot pass, goes without.

    Returns
    -------
    Gate
        Whether its checks passed, with the reasons where they did not.

    Raises
    ------
    UsageError
        Another suffix, or ``.docx`` without python-docx (``pip install "attack-attribution[docx]"``).
    OutputError
        The file cannot be written; what stood there is untouched.

    Examples
    --------
    >>> gate = at.write_report(posterior, "report.md")
    >>> gate.passed
    False
    """
    path = Path(path)
    check_suffix(path, "a report", REPORT_FORMS)
    if path.suffix == ".docx":
        require_docx()
    if sensitivity is None and posterior.settings.engine == "nuts":
        from attribution.analysis.sensitivity import sensitivity as work_out

        sensitivity = work_out(posterior, rivals)
    prepared = prepare(posterior, rivals=rivals, sensitivity=sensitivity)
    prepared.write(path)
    return prepared.gate
