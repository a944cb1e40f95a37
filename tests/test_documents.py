"""What the pages say of the project is so: paths, links, records, versions, and what is run before a commit."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import attribution

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
RECORDS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_path_and_link_leads_somewhere(page: Path) -> None:
    text = page.read_text()
    paths = re.findall(r"`((?:attribution|tests|benchmarks|examples|models|data|docs|reports)/[\w./-]*)`", text)
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    links = [link for link in links if "generated/" not in link]  # made with the site, which checks them
    gone = [path for path in paths if not (ROOT / path).exists()]
    assert gone + [link for link in links if link and not (page.parent / link).exists()] == []


def test_the_records_are_numbered_and_have_their_four_parts() -> None:
    numbers = [int(record.name[:3]) for record in RECORDS]
    assert numbers == list(range(1, len(numbers) + 1))
    for number, record in enumerate(RECORDS, start=1):
        text = record.read_text()
        assert text.startswith(f"# {number:03d}. ")
        parts = re.findall(r"^## (.*)$", text, re.MULTILINE)
        assert parts == ["Context", "Decision", "What was measured", "Rejected"], record.name
        assert re.search(r"^Decided \d{4}-\d\d-\d\d\b.*\. Where: `", text, re.MULTILINE), record.name


def test_the_index_of_the_records_is_complete() -> None:
    rows = re.findall(
        r"^\| \[(\d+)\]\((.*?)\) \| (.*) \|$", (ROOT / "docs/decisions/README.md").read_text(), re.MULTILINE
    )
    titles = [record.read_text().splitlines()[0].partition(". ")[2] for record in RECORDS]
    assert rows == [(record.name[:3], record.name, title) for record, title in zip(RECORDS, titles, strict=True)]


def test_every_word_of_the_glossary_has_its_file() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    words = [row for row in rows if not row.endswith("| file |")]
    assert len(words) > 25
    for row in words:
        assert re.search(r"\| `attribution/[\w/]+\.py` \|$", row), row


def test_the_version_is_the_same_wherever_it_stands() -> None:
    sections = re.findall(
        r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d\d-\d\d)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE
    )
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert sections[0] == (attribution.__version__, str(citation["date-released"]))
    assert citation["version"] == attribution.__version__
    versions = [tuple(map(int, version.split("."))) for version, _ in sections]
    assert versions == sorted(versions, reverse=True)
    assert [date for _, date in sections] == sorted((date for _, date in sections), reverse=True)


def test_the_authors_are_those_of_the_licence() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert [author["name"] for author in citation["authors"]] == ["The attribution authors"]
    assert "Copyright (c) 2026 The attribution authors" in (ROOT / "LICENSE").read_text()
    assert citation["license"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"]


def test_before_a_commit_runs_what_make_check_runs() -> None:
    makefile = (ROOT / "Makefile").read_text()
    steps = re.search(r"^check: ([a-z ]+?) *##", makefile, re.MULTILINE)
    assert steps is not None
    recipes = [re.search(rf"^{step}:.*\n((?:\t.*\n)+)", makefile, re.MULTILINE) for step in steps.group(1).split()]
    commands = [line for recipe in recipes if recipe for line in recipe.group(1).split("\n") if line]
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert [hook["entry"] for hook in hooks] == [line.strip().replace("$(BIN)", ".venv/bin") for line in commands]
