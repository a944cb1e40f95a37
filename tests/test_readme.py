"""The README stays short, and what it shows works."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
LONGEST = 120


def test_it_fits_on_a_page() -> None:
    assert len(README.splitlines()) <= LONGEST


def test_its_picture_is_there_and_small() -> None:
    (picture,) = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert 10_000 < (ROOT / picture).stat().st_size < 200_000


def test_every_link_leads_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?://)([^)#]+)", README):
        assert (ROOT / target).exists(), target


def test_its_python_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    assert len([line for line in code.splitlines() if line]) <= 5
    with contextlib.chdir(tmp_path):
        exec(compile(code, "README.md", "exec"), {})
    assert (tmp_path / "tower-22.html").stat().st_size > 100_000
    assert "Kataib Hezbollah" in capsys.readouterr().out


def test_its_commands_exist() -> None:
    from attribution.cli.parser import parse

    typed = re.findall(r"^attribution (.*?)(?:\s{2,}#.*)?$", README, re.MULTILINE)
    assert len(typed) >= 4
    for line in typed:
        assert callable(parse(line.split()).run)
