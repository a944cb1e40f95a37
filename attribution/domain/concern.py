"""A doubt about a case, a model or a result, as a value with a remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["note", "warning", "blocking"]


@dataclass(frozen=True, slots=True)
class Concern:
    """What is doubtful, what that means for the reader, and what to do about it.

    A ``blocking`` concern stops publication: the result is written, stamped *not citable*, and the exit code is 1.
    """

    what: str
    means: str
    remedy: str
    severity: Severity = "warning"
    topic: str = ""

    def __str__(self) -> str:
        return f"{self.what}\n  means: {self.means}\n  remedy: {self.remedy}"
