"""ARCHITECTURE.md, the layers and the public door are what they say they are."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import attribution
from benchmarks.structure import Structure

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "attribution"


def test_the_layers_of_the_page_are_the_layers_that_are_enforced() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    drawn = re.search(r"^`(errors, .* ← .*)`$", page, re.MULTILINE)
    assert drawn is not None
    contract = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]
    enforced = [name.replace("attribution.", "").replace(" | ", ", ") for name in reversed(contract["layers"])]
    assert drawn.group(1).split(" ← ") == enforced
    packages = {path.name for path in PACKAGE.iterdir() if path.is_dir() and (path / "__init__.py").exists()}
    files = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"}
    assert packages | files == {name for layer in enforced for name in layer.split(", ")}


def test_every_place_the_page_names_exists() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    rows = re.findall(r"^\| (`(?:attribution|tests)/.*?) \| .* \| (.*) \|$", page, re.MULTILINE)
    assert len(rows) >= 9
    for place, start in rows:
        folder = ROOT / re.findall(r"`([^`]+)`", place)[0]
        assert folder.exists()
        home = folder if folder.is_dir() else folder.parent
        for name in re.findall(r"`([^`]+)`", start):
            assert (home / name).exists() or (ROOT / name).exists(), f"{name} is not in {home.name}"


def test_a_stranger_can_walk_along_the_imports() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text()
    walks = re.findall(r"^\| \| file \| from \|.*\n\| -.*\n((?:\|.*\n)+)", page, re.MULTILINE)
    assert len(walks) == 2
    modules = {module.path: module for module in Structure(ROOT).modules.values()}
    for walk, most in zip(walks, (10, 8), strict=True):
        rows = re.findall(r"^\| (\d+) \| `(.*?)` \| (\d*) ?\|", walk, re.MULTILINE)
        assert [int(number) for number, _, _ in rows] == list(range(1, len(rows) + 1))
        assert len(rows) <= most
        assert [number for number, _, before in rows if not before] == ["1"]
        for _, file, before in rows[1:]:
            assert modules[ROOT / file].name in modules[ROOT / rows[int(before) - 1][1]].imports, file


def test_the_public_door_is_sorted_and_complete() -> None:
    assert list(attribution.__all__) == sorted(attribution.__all__)
    for name in attribution.__all__:
        assert getattr(attribution, name).__name__ == name
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        attribution.nonsense  # noqa: B018


def test_importing_the_package_pulls_nothing_heavy() -> None:
    heavy = ("pandas", "xarray", "scipy.stats", "arviz", "arviz_stats", "numba", "pymc", "pytensor", "matplotlib")
    code = f"import attribution, sys; print([m for m in {heavy!r} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout.strip() == "[]"


def test_help_needs_nothing_heavy() -> None:
    code = (
        "import sys\nfrom attribution.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('numpy', 'pandas', 'yaml', 'ruamel.yaml', 'numba', 'rich') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout.strip().endswith("[]")


def test_nothing_curated_is_python() -> None:
    assert [path for folder in ("models", "data") for path in (ROOT / folder).rglob("*.py")] == []
