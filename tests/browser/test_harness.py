"""The harness sees what it is there to see."""

from __future__ import annotations

from pathlib import Path

from tests.browser.chromium import drive, html_errors, needs_browser, needs_packages

SOUND = '<!DOCTYPE html><html lang="en"><head><title>t</title></head><body><main><h1>Hello</h1></main></body></html>\n'
NOISY = SOUND.replace(
    "<h1>",
    '<script>console.error("no"); fetch("http://127.0.0.1:9/x").catch(() => 0); throw Error("ouch")</script><h1>',
)
COUNT = 'export default async ({ page, args }) => (await page.locator("h1").count()) + args;'


def write(folder: Path, text: str, name: str = "page.html") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@needs_browser
def test_a_script_acts_on_the_page_and_returns_a_value(tmp_path: Path) -> None:
    driven = drive(write(tmp_path, SOUND), write(tmp_path, COUNT, "count.mjs"), 41)
    assert driven.value == 42
    assert driven.console == () and driven.requests == ()


@needs_browser
def test_errors_and_requests_are_heard(tmp_path: Path) -> None:
    driven = drive(write(tmp_path, NOISY), write(tmp_path, COUNT, "count.mjs"), 0)
    assert "error: no" in driven.console and "thrown: ouch" in driven.console
    assert driven.requests == ("http://127.0.0.1:9/x",)


@needs_browser
def test_axe_finds_a_picture_without_words(tmp_path: Path) -> None:
    assert drive(write(tmp_path, SOUND), "axe").value == []
    bad = SOUND.replace("<h1>", '<img src="data:image/gif;base64,R0lGODlhAQABAAAAACw="><h1>')
    (found,) = drive(write(tmp_path, bad), "axe").value
    assert found.startswith("image-alt")


@needs_packages
def test_html_validate_finds_a_tag_left_open(tmp_path: Path) -> None:
    assert html_errors(write(tmp_path, SOUND)) == []
    assert any("close-order" in error for error in html_errors(write(tmp_path, SOUND.replace("</h1>", ""))))
