"""Whether files were filled in: words of the template, example addresses, reasons that give none, one reason for two.

A file that nobody has filled in has the form of one that somebody has. These are the marks by which the two can be told
apart without judging what was written.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from attribution.domain.case import Case
from attribution.domain.concern import Concern
from attribution.domain.model import Model
from attribution.errors import listed
from attribution.reading.template import placeholders

FEWEST_WORDS = 3  # of a reason
_MOST_TOLD = 6
_LEFT_OPEN = re.compile(
    r"\b(?:TO-?DO|TBD|TBA|FIXME|XXX+)\b"
    r"|(?i:\blorem ipsum\b|\bto be (?:replaced|filled in|written|added)\b|\bfill this in\b|\breplace (?:me|this)\b)"
)
_EXAMPLES = re.compile(r"(?:^|\.)(?:example(?:\.(?:com|net|org|edu))?|test|invalid|localhost|local)$")
_FROM_RECIPE = "(Recipe "  # the reason of a recipe is about a mechanism, and the same wherever that is at work

type Texts = Iterator[tuple[str, str]]


def placeholder_concerns(case: Case, model: Model) -> Iterator[Concern]:
    """What in a case and a model was not filled in; each of these stops the checks from passing."""
    documents = {"case": case.to_dict(), "model": model.to_dict(), "grading": model.grading.to_dict()}
    texts = [(f"{name}: {place}", text) for name, document in documents.items() for place, text in _texts(document, "")]
    reasons = [(place, text) for place, text in texts if place.endswith(("because", "because.reason"))]
    yield from _told(
        "text of the template",
        [f"{place} ({_own(text)})" for place, text in texts if _is_template(text)],
        "nobody has said what this case is about, or why its numbers are what they are",
        "write what is so in this case, or take it out",
    )
    yield from _told(
        "an address that leads nowhere",
        [f"{place} ({text})" for place, text in texts if _is_example(text)],
        "a reader who follows it finds nothing",
        "cite the page where it can be read",
    )
    yield from _told(
        "a reason that gives none",
        [f'{place} ("{text}")' for place, text in reasons if len(re.findall(r"[^\W\d_]{2,}", text)) < FEWEST_WORDS],
        "a reader cannot tell a considered number from a guess",
        "say in a sentence what the number rests on",
    )
    yield from _told(
        "the same reason for two different facts",
        _repeated(model.to_dict().get("facts", {})),
        "a reason that holds for anything explains nothing",
        "say of each what its own numbers rest on",
    )


def _told(kind: str, places: list[str], means: str, remedy: str) -> Iterator[Concern]:
    if not places:
        return
    more = f" and {len(places) - _MOST_TOLD} more" if len(places) > _MOST_TOLD else ""
    yield Concern(
        what=f"{kind}: {'; '.join(places[:_MOST_TOLD])}{more}",
        means=means,
        remedy=remedy,
        severity="blocking",
        topic="form",
    )


def _texts(value: Any, place: str) -> Texts:
    """Every text of a document with the path to it; entries of lists by their id where they have one."""
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, f"{place}.{key}" if place else str(key))
    elif isinstance(value, list):
        for position, inner in enumerate(value):
            name = inner.get("id", position) if isinstance(inner, dict) else position
            yield from _texts(inner, f"{place}[{name}]")


def _is_template(text: str) -> bool:
    own = text.strip().casefold()
    if _FROM_RECIPE in text:  # the reason of the case stands before that of the recipe
        return any(own.startswith(f"{left} ") for left in placeholders()) or _LEFT_OPEN.search(text) is not None
    return own in placeholders() or _LEFT_OPEN.search(text) is not None


def _own(text: str) -> str:
    """What stands in a file, of a reason to which a recipe adds its own."""
    if _FROM_RECIPE not in text:
        return text
    return max(
        (text[: len(left)] for left in placeholders() if text.casefold().startswith(left)), key=len, default=text
    )


def _is_example(text: str) -> bool:
    if not text.startswith(("http://", "https://")):
        return False
    return _EXAMPLES.search((urlsplit(text).hostname or "").rstrip(".")) is not None


def _repeated(facts: dict[str, Any]) -> list[str]:
    """Facts of a model that share a reason, as told; reasons that a recipe gives are left out."""
    by_reason: dict[str, set[str]] = {}
    for fact, table in facts.items():
        for place, text in _texts(table, ""):
            if place.endswith(("because", "because.reason")) and _FROM_RECIPE not in text:
                by_reason.setdefault(" ".join(re.findall(r"\w+", text.casefold())), set()).add(fact)
    return [listed(sorted(those)) for those in by_reason.values() if len(those) > 1]
