"""What a long run has finished, a line each, so that a run that was killed goes on from there."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parent.parent


class Ledger:
    """Finished pieces by key. A line that was cut by a kill is ignored, and its piece done again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.known: dict[str, Any] = {}
        lines = path.read_bytes().split(b"\n") if path.exists() else []
        for line in lines:
            try:
                key, value = json.loads(line)
            except ValueError:
                continue
            self.known[key] = value

    def add(self, key: str, value: Any) -> None:
        """Write a piece down. It begins with a line end, so that a line cut before it spoils nothing."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab") as out:
            out.write(b"\n" + json.dumps([key, value]).encode())
        self.known[key] = value


def code_digest(*folders: str) -> str:
    """A digest of all Python code in some folders: what other code has finished is not finished."""
    found = hashlib.sha256()
    for folder in folders:
        for path in sorted((_ROOT / folder).rglob("*.py")):
            found.update(path.relative_to(_ROOT).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:16]
