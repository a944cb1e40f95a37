"""The pages of the documentation do what they say: their code runs, and their parts of files are checked."""

from __future__ import annotations

import sys
from importlib import util
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
_SPEC = util.spec_from_file_location("make_site", ROOT / "docs" / "make_site.py")
assert _SPEC is not None and _SPEC.loader is not None
site = util.module_from_spec(_SPEC)
sys.modules["make_site"] = site
_SPEC.loader.exec_module(site)

PAGES = sorted(page for page in (ROOT / "docs").rglob("*.md") if page.name not in site.MADE)
RUN = [page for page in PAGES if any(block.word in ("python", "console") for block in site.blocks(page.read_text()))]
LONG = [page for page in RUN if page.parent.name == "analyses" or page.name in ("cluster.md", "rival-models.md")]


@pytest.mark.parametrize("page", [page for page in RUN if page not in LONG], ids=lambda page: page.stem)
def test_the_code_of_a_page_runs(page: Path) -> None:
    assert "```" in site.completed(page)


@pytest.mark.slow
@pytest.mark.parametrize("page", LONG, ids=lambda page: page.stem)
def test_the_code_of_a_long_page_runs(page: Path) -> None:
    assert "```" in site.completed(page)


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "formats").glob("*.md")), ids=lambda page: page.stem)
def test_parts_of_files_are_those_of_a_pair_that_fits(page: Path) -> None:
    site.check_parts(page.read_text(), page.name)


def test_a_part_that_does_not_fit_is_found() -> None:
    with pytest.raises(site.PageError, match="weapons"):
        site.check_parts("## Wrong\n\n```yaml\n# case\nweapons: {}\n```\n", "a page")


def test_code_that_fails_is_found_with_its_page_and_line(tmp_path: Path) -> None:
    block = site.Block("python", "x = 1\n1 / 0\n", 12)
    with pytest.raises(site.PageError, match=r"a page:12: (.|\n)*line 14"):
        site.ran(block, "a page", {})


def test_every_key_of_a_schema_is_on_its_page() -> None:
    from attribution.cli.case import schema_of

    for what in ("case", "model"):
        schema = schema_of(what)
        page = site.keys_page(what, schema)
        assert all(f"| `{key}`" in page for key in schema["properties"])
        assert page.count("\n## ") > 8
