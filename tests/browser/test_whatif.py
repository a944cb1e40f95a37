"""The what-if section in a real browser: every control, the link, the keyboard, a phone; and Python's own answers."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from random import Random

import numpy as np
import pytest

import attribution as at
from attribution.analysis.what_if import LEAST_ESS, Changes, page_answer
from attribution.inference.posterior import Posterior
from attribution.reporting.whatif import thinned
from attribution.reporting.write import prepare
from tests.browser.chromium import drive, needs_browser
from tests.random_cases import random_pair
from tests.reporting.whatif_settings import link, random_changes

SETTINGS = 100

pytestmark = needs_browser


@cache
def tower_22() -> Posterior:
    return at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance", random_seed=1)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "tower-22.html"
    prepare(tower_22()).write(path)
    return path


def test_the_changed_section_is_accessible_and_asks_nobody(page: Path) -> None:
    fragment = "what-if:off=halt&grade=from-rutba:A2&prior=nujaba:7&planted=0.2:nujaba"
    driven = drive(page, "axe", {"within": "#what-if"}, fragment=fragment, dark=True)
    assert driven.value == [] and driven.console == () and driven.requests == ()


def test_a_hundred_settings_give_the_answers_of_python(page: Path) -> None:
    r, case = Random(4), tower_22().case.as_of()
    asked = [random_changes(r, case) for _ in range(SETTINGS)]
    driven = drive(page, "whatif_links", [link(changes) for changes in asked])
    embedded = thinned(tower_22())
    for changes, found in zip(asked, driven.value, strict=True):
        expected = page_answer(embedded, changes)
        assert not found["ignored"]
        np.testing.assert_allclose(found["probabilities"], expected.probabilities, rtol=0, atol=1e-9)
        assert found["ess"] == pytest.approx(expected.ess, abs=1e-6)
    assert driven.console == () and driven.requests == ()


def test_every_control_moves_the_answer_and_the_link(page: Path) -> None:
    seen = drive(page, "whatif_controls").value
    rest = seen["rest"]["now"]
    for control in ("item", "institution", "letter", "digit", "prior", "planted"):
        assert seen[control]["now"] != rest, control
    assert seen["reset"]["now"] == rest and seen["reset"]["hash"] == "#what-if"
    assert seen["item"]["hash"].startswith("#what-if:off=")
    assert seen["below"] and seen["half"]
    assert ":E" in seen["letter"]["hash"] and seen["digit"]["hash"].endswith(":E5")
    assert seen["prior"]["hash"].endswith(":5") and "+5 dB" in seen["priorTold"]
    assert "&" not in seen["planted"]["hash"] and "planted=1:" in seen["planted"]["hash"]
    assert seen["copied"] and seen["clipboard"].endswith(seen["planted"]["hash"])
    assert seen["told"] == "Link copied." or "published" in seen["told"]
    assert seen["reloaded"] == seen["planted"]


def test_everything_can_be_reached_and_seen_with_the_keyboard(page: Path) -> None:
    found = drive(page, "whatif_keyboard", fragment="what-if:planted=0.1").value
    assert len(found["met"]) == found["there"]
    assert all(one["seen"] for one in found["met"])


@pytest.mark.parametrize("width", [360, 800, 1600])
def test_nothing_is_cut_on_a_narrow_or_a_wide_screen(page: Path, width: int) -> None:
    found = drive(page, "width", width=width).value
    assert found["page"] <= found["window"]


def test_a_hostile_link_does_nothing(page: Path) -> None:
    asked = ["off=<img src=x onerror=alert(1)>,halt", "planted=0.1:</script><script>alert(1)</script>", "%F0%9F&off=%"]
    driven = drive(page, "whatif_links", asked)
    expected = page_answer(thinned(tower_22()), Changes(off=frozenset({"halt"}))).probabilities
    np.testing.assert_allclose(driven.value[0]["probabilities"], expected, rtol=0, atol=1e-9)
    assert all(found["ignored"] for found in driven.value)
    assert driven.console == () and driven.requests == ()


def test_draws_that_no_longer_carry_the_question_are_not_passed_over(page: Path, tmp_path: Path) -> None:
    script = tmp_path / "warning.mjs"
    script.write_text(
        "export default ({ page }) => page.locator('#what-if .warning')"
        ".evaluate((one) => [one.hidden, one.textContent]);"
    )
    assert drive(page, script).value == [True, ""]
    thin = at.fit(*random_pair(58), engine="importance", scrambles=4, log2_points=6)
    ess = page_answer(thinned(thin), Changes()).ess
    assert ess < LEAST_ESS
    path = tmp_path / "thin.html"
    prepare(thin).write(path)
    hidden, words = drive(path, script).value
    assert not hidden and f"{ess:.0f}, fewer than" in words


def test_without_scripts_the_page_says_what_it_lacks(page: Path, tmp_path: Path) -> None:
    script = tmp_path / "shown.mjs"
    script.write_text(
        "export default async ({ page }) => { await page.locator('#what-if-title').click(); "
        "return page.locator('#what-if').innerText(); };"
    )
    shown = drive(page, script, javascript=False).value
    assert "needs JavaScript" in shown and "Reset" not in shown
