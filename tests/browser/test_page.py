"""The page in a real browser: silent, accessible, legible at every width, in the dark, on paper, by keyboard."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import attribution as at
from attribution.analysis.sensitivity import sensitivity
from attribution.cli.inputs import rivals_of
from attribution.reporting.comparison import write_comparison
from attribution.reporting.write import prepare
from tests.browser.chromium import drive, html_errors, needs_browser, needs_packages
from tests.reporting.hostile import hostile_pair

REPORTS = Path(__file__).parent.parent.parent / "reports"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tower 22 with its rival models and the sensitivity analysis, from few points."""
    case, model = at.read_case("tower-22"), at.read_model("tower-22/baseline")
    posterior = at.fit(case, model, engine="importance", scrambles=4, log2_points=8)
    rivals = rivals_of(posterior)
    path = tmp_path_factory.mktemp("page") / "tower-22.html"
    prepare(posterior, rivals=rivals, sensitivity=sensitivity(posterior, rivals)).write(path)
    return path


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "hostile.html"
    prepare(at.fit(*hostile_pair(), engine="importance", scrambles=2, log2_points=5)).write(path)
    return path


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Path:
    case, model = at.read_case("tower-22"), at.read_model("tower-22/baseline")
    answers = [
        at.fit(case, model, engine="importance", scrambles=2, log2_points=5, as_of=day) for day in ("2024-02-01", None)
    ]
    path = tmp_path_factory.mktemp("comparison") / "comparison.html"
    write_comparison(at.compare(*answers), path)
    return path


@needs_packages
def test_the_pages_are_valid_html(page: Path, hostile: Path, comparison: Path) -> None:
    assert html_errors(page, hostile, comparison) == []


@needs_packages
def test_the_committed_pages_are_valid_html() -> None:
    pages = sorted(REPORTS.glob("*/*.html"))
    assert pages
    assert html_errors(*pages) == []


@needs_browser
@pytest.mark.parametrize(
    ("which", "dark"),
    [
        ("page", False),
        ("page", True),
        ("comparison", True),
        pytest.param("hostile", True, marks=pytest.mark.slow),  # some thirty thousand elements
    ],
)
def test_axe_finds_nothing_and_the_page_is_silent(which: str, dark: bool, request: pytest.FixtureRequest) -> None:
    driven = drive(request.getfixturevalue(which), "axe", width=360 if dark else 1280, dark=dark)
    assert driven.value == []
    assert driven.console == () and driven.requests == ()


@needs_browser
@pytest.mark.parametrize("which", ["page", "hostile", "comparison"])
def test_nothing_is_cut_at_any_width(which: str, request: pytest.FixtureRequest) -> None:
    """No sideways scrolling but inside the regions made for it, and no text under 11 pixels."""
    driven = drive(request.getfixturevalue(which), "reading", [320, 360, 768, 1280, 1600])
    for width, found in driven.value.items():
        assert found["overflow"] <= 0, width
        assert found["cut"] == [], width
        assert found["smallest"] >= 11, width


@needs_browser
def test_text_of_others_never_runs(hostile: Path) -> None:
    driven = drive(hostile, "inert")
    assert driven.value == {"dialogs": 0, "scripts": 1, "images": 0, "handlers": 0, "links": []}
    assert driven.console == () and driven.requests == ()


@needs_browser
def test_the_page_works_from_the_keyboard(page: Path) -> None:
    found = drive(page, "keyboard").value
    assert found["first"] == "To the answer"
    assert found["rival"]["before"] != found["rival"]["after"]
    assert found["rival"]["shown"] == 1
    assert found["opened"]
    assert found["unseen"] == []
    assert found["regions"] == found["reachable"]


@needs_browser
def test_dark_is_dark(page: Path) -> None:
    light, dark = (drive(page, "colours", dark=dark).value for dark in (False, True))
    assert light["paper"] > 200 and light["ink"] < 60
    assert dark["paper"] < 60 and dark["ink"] > 200


@needs_browser
def test_the_first_screen_answers_in_few_and_plain_words(page: Path) -> None:
    """Nothing is unfolded, at most 900 words; before the first fold no deciban, no id, no abbreviation of ours."""
    found = drive(page, "words").value
    assert found["open"] == 0
    assert len(found["text"].split()) <= 900
    plainly = found["first"]
    assert not re.search(r"deciban|\bdB\b|k-hat|ESS|MCSE|log-odds|\bMC\b|ICD|ENFSI|%\)|`", plainly)
    case = at.read_case("tower-22")
    ids = {*case.factions.ids, *(one.id for one in (*case.origins, *case.facts))}
    assert [id for id in ids if "-" in id and re.search(rf"(?<![\w-]){re.escape(id)}(?![\w-])", plainly)] == []
    for heading in ("What it rests on", "How it could be wrong", "Confidence: ", "What would change it"):
        assert heading in plainly
    assert "How far the checks went" in plainly and "Nobody's judgement was checked" in plainly


@needs_browser
def test_it_prints_on_one_sheet_and_what_is_unfolded_after_it(page: Path) -> None:
    """Closed, one sheet; unfolded, all of it, nothing wider than its sheet, the evidence table on sheets of its own."""
    closed = drive(page, "printing").value
    assert (closed["portrait"], closed["landscape"], closed["controls"]) == (1, 0, 0)
    found = drive(page, "printing", {"open": True}).value
    assert found["closed"] == 0
    assert found["controls"] == 0
    assert found["wide"] == []
    assert found["portrait"] > 3 and found["landscape"] >= 1


@needs_browser
def test_without_scripts_everything_is_there_but_the_what_if(page: Path) -> None:
    found = drive(page, "reading", [1280], javascript=False)
    assert found.value["1280"]["overflow"] <= 0
