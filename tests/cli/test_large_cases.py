"""The commands themselves on large cases: every one ends, in the memory that is promised for it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


def memory(size: str, commands: tuple[str, ...], folder: Path) -> dict[str, float]:
    """The largest resident size of each command, MiB.

    A process of its own starts them: what a process took before it became another counts as its own.
    """
    words = ["--only", size, "--commands", *commands, "--cold", "--results", str(folder)]
    shown = subprocess.run(
        [sys.executable, "-m", "benchmarks.scale", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert shown.returncode == 0, shown.stderr
    return {row["command"]: row["memory"] for row in json.loads((folder / "scale.json").read_text())["rows"]}


def test_commands_on_a_small_case(tmp_path: Path) -> None:
    found = memory("10-10-50", ("check", "save"), tmp_path)
    assert list(found) == ["check", "save"]
    assert {command: size for command, size in found.items() if size > 512} == {}
    assert "| 10 | 10 | 50 | " in (tmp_path / "scale.md").read_text()


@pytest.mark.slow
def test_commands_on_a_large_case(tmp_path: Path) -> None:
    """Every command keeps to the gigabyte that is promised, though as doubles the draws alone would take half of it."""
    bounds = {"check": 640, "fit": 840, "save": 840, "report": 1000}
    found = memory("200-60-500", tuple(bounds), tmp_path)
    assert {command: size for command, size in found.items() if size > bounds[command]} == {}
