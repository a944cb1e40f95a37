"""The casebook in a real browser: nothing asked of anybody, readable for everybody, and no wider than a phone."""

from __future__ import annotations

from pathlib import Path

import pytest

from attribution.analysis.comparison.casebook import casebook
from attribution.reporting.casebook import write_casebook
from tests.analysis.comparison.test_casebook import dated
from tests.analysis.test_scores import MODEL, a_case_of
from tests.browser.chromium import drive, html_errors, needs_browser, needs_packages


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("book")
    return write_casebook(casebook([(a_case_of(dated(20), late=25), MODEL)]), folder)[0]


@needs_browser
@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_and_nothing_is_asked(page: Path, dark: bool) -> None:
    driven = drive(page, "axe", dark=dark)
    assert driven.value == []
    assert driven.console == () and driven.requests == ()


@needs_browser
@pytest.mark.parametrize("width", [360, 1600])
def test_it_is_as_wide_as_its_window(page: Path, width: int) -> None:
    found = drive(page, "width", width=width).value
    assert found["page"] <= found["window"] == width


@needs_packages
def test_the_html_is_valid(page: Path) -> None:
    assert html_errors(page) == []
