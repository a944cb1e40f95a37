"""A doubt about a case, a model or a result, as a value with a remedy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["note", "warning", "blocking"]


@dataclass(frozen=True, slots=True)
class Concern:
    """What is doubtful, what that means for the reader, and what to do about it.

    Attributes
    ----------
    what : str
        What was found, with its numbers and the limit that they pass.
    means : str
        What a reader must take from it.
    remedy : str
        What to do about it.
    severity : {"note", "warning", "blocking"}
        A ``blocking`` concern stops publication: the result is written, stamped *checks not passed*, and exits with 1.
    topic : str
        What it is about, such as ``"evidence"``, ``"assumptions"`` or ``"fit"``.

    Examples
    --------
    >>> import attribution as at
    >>> print(at.Concern("k-hat is 0.83 (limit 0.70)", "the weights cannot be relied on", "fit again by NUTS"))
    k-hat is 0.83 (limit 0.70)
      means: the weights cannot be relied on
      remedy: fit again by NUTS
    """

    what: str
    means: str
    remedy: str
    severity: Severity = "warning"
    topic: str = ""

    def __str__(self) -> str:
        return f"{self.what}\n  means: {self.means}\n  remedy: {self.remedy}"
