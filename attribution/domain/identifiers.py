"""What a name may look like, everywhere."""

from __future__ import annotations

import re

from attribution.errors import CaseError, Path

PERPETRATOR = "perpetrator"
OTHER = "other"
ELSE = "else"

_PATTERN = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_RESERVED = frozenset({ELSE, "because", "when", "trait", "lr", "value", "vary", "of", "recipe", PERPETRATOR})


def check_id(id: str, kind: str, *, at: Path = ()) -> None:
    """Refuse a name that could be mistaken for a word of the file formats, or read in two ways."""
    if id in _RESERVED:
        raise CaseError(
            f'{kind} id "{id}" is a word of the file format.',
            at=at,
            allowed="any other name",
            hint=f'call it "{id}-1" or say what it is',
        )
    if not _PATTERN.fullmatch(id):
        raise CaseError(
            f'{kind} id "{id[:80]}" cannot be used as a name.',
            at=at,
            allowed="small letters, digits and hyphens, at most 64, starting with a letter or digit",
            hint=f'try "{_repaired(id)}"' if _repaired(id) else "",
        )


def _repaired(id: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", id.lower()).strip("-")[:64]
