"""What a mistake made on purpose is, and the text of the file that holds it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
ENUMERATION = ("tests/network/test_enumeration.py",)


@dataclass(frozen=True, slots=True)
class Mutation:
    """In `file`, the passage `old`, which occurs once, becomes `new`; some of `tests` must then fail."""

    name: str
    mistake: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = ENUMERATION


def mutated(mutation: Mutation, root: Path = ROOT) -> str:
    """The text of the file with the mistake in it."""
    text = (root / mutation.file).read_text()
    found = text.count(mutation.old)
    if found != 1:
        raise ValueError(f"{mutation.name}: its passage occurs {found} times in {mutation.file}")
    return text.replace(mutation.old, mutation.new)


def watching(mutation: Mutation, root: Path = ROOT) -> list[str]:
    """Those of its tests that are there."""
    return [test for test in mutation.tests if (root / test).exists()]
