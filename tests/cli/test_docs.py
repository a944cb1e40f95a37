"""The documentation opens from disk; where it is not, the way to it is told."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import pytest

from attribution.cli import docs, main
from attribution.errors import UsageError


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    """A checkout whose pages were built."""
    built = tmp_path / "build" / "docs"
    built.mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html>")
    return tmp_path


def test_pages_in_the_package_come_first(pages: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert docs.found_pages(pages) == pages / "build" / "docs"
    inside = pages / "inside"
    inside.mkdir()
    (inside / "index.html").write_text("")
    monkeypatch.setattr(docs, "bundled", lambda _: inside)
    assert docs.found_pages(pages) == inside


def test_without_pages_or_sources_the_way_out_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="came without the documentation") as caught:
        docs.found_pages(tmp_path)
    assert "make docs" in str(caught.value)


def test_pages_are_built_from_a_checkout(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docs").mkdir()
    script = tmp_path / "docs" / "make_site.py"
    script.write_text(
        "import pathlib, sys\nout = pathlib.Path(sys.argv[1])\nout.mkdir(parents=True)\n"
        "(out / 'index.html').write_text('built')\n"
    )
    assert (docs.found_pages(tmp_path) / "index.html").read_text() == "built"
    assert "once" in capfd.readouterr().err
    (tmp_path / "build" / "docs" / "index.html").unlink()
    script.write_text("raise SystemExit('a page is broken')")
    with pytest.raises(UsageError, match="could not be built"):
        docs.found_pages(tmp_path)


@pytest.mark.parametrize("there", [True, False])
def test_the_path_is_printed_whether_or_not_there_is_a_browser(
    there: bool, pages: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(docs, "found_pages", lambda _: pages / "build" / "docs")
    monkeypatch.setattr(webbrowser, "open", lambda url: bool(asked.append(url)) or there)
    assert main(["docs"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(str(pages / "build" / "docs" / "index.html"))
    assert ("no browser" in out) is not there
    assert asked[0].startswith("file://")
    assert main(["docs", "--no-open"]) == 0
    assert len(asked) == 1
