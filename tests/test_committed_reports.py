"""The committed reports are what the code says today."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema
import pytest

import attribution as at
from attribution.reading import shipped_models
from attribution.reporting.json import report_schema
from tests.browser.chromium import drive, needs_browser

REPORTS = Path(__file__).parent.parent / "reports" / "tower-22"
MODELS = shipped_models("tower-22")


@pytest.mark.parametrize("model", MODELS)
def test_a_report_is_of_the_files_that_ship(model: str) -> None:
    """Evidence or assumptions changed without `make reports`: the hashes tell."""
    found = json.loads((REPORTS / f"{model}.json").read_text())
    jsonschema.validate(found, report_schema())
    case, assumed = at.read_case("tower-22"), at.read_model(f"tower-22/{model}")
    assert found["provenance"]["SHA-256 of the evidence"] == case.digest
    assert found["provenance"]["SHA-256 of the assumptions"] == assumed.digest
    assert found["provenance"]["SHA-256 of the grading"] == assumed.grading.digest


@pytest.mark.parametrize("model", MODELS)
def test_the_three_forms_say_the_same(model: str) -> None:
    found = json.loads((REPORTS / f"{model}.json").read_text())
    page = (REPORTS / f"{model}.html").read_text()
    note = (REPORTS / f"{model}.md").read_text()
    assert found["bottom_line"]["headline"] in page.replace("&#39;", "'")
    assert found["bottom_line"]["headline"] in re.sub(r"\\(.)", r"\1", note)


@pytest.mark.parametrize("model", MODELS)
def test_no_clock_time(model: str) -> None:
    for suffix in ("html", "json", "md"):
        assert not re.search(r"\b\d{1,2}:\d{2}:\d{2}\b", (REPORTS / f"{model}.{suffix}").read_text())


@pytest.mark.slow
@pytest.mark.parametrize("model", MODELS)
def test_the_numbers_come_out_again(model: str) -> None:
    found = {row["id"]: row for row in json.loads((REPORTS / f"{model}.json").read_text())["factions"]}
    posterior = at.fit(at.read_case("tower-22"), at.read_model(f"tower-22/{model}"), random_seed=2)
    for standing in posterior.standings:
        row = found[standing.id]
        error = (row["mcse"] ** 2 + standing.mcse**2) ** 0.5
        assert abs(row["probability"] - standing.probability) <= max(4 * error, 1e-4), standing.id
        assert abs(row["prior"] - standing.prior) < 0.01


@pytest.mark.parametrize(
    "report", sorted(REPORTS.parent.glob("*-*/*.md")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_no_id_is_shown_to_a_reader(report: Path) -> None:
    """Ids with a hyphen, which no word of a language looks like, in all that unfolds; links and the command aside."""
    case = at.read_case(report.parent.name)
    named = (case.factions.ids, case.sources.ids, case.origins.ids, case.evidence.ids, case.facts.ids)
    ids = {id for some in named for id in some if "-" in id} | {
        state for fact in case.facts for state in fact.states if "-" in state
    }
    model = at.read_model(f"{report.parent.name}/{report.stem}")
    reasons = (
        table.because.text for table in model.tables if table.because
    )  # the author's own words, and where a recipe's stand
    titled = " ".join((*map(case.factions.label, case.factions.ids), *(one.title for one in case.evidence), *reasons))
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(ids, key=len, reverse=True)))})(?![\w-])")
    page = report.with_suffix(".html").read_text()
    body = re.sub(r"<(script|svg).*?</\1>|<[^>]+>", " ", page[page.index("<main>") :], flags=re.DOTALL)
    for text in (body, re.sub(r"\(<[^>]*>\)", "", report.read_text())):
        shown = {id for id in pattern.findall(text.split("attribution report ")[0]) if id not in titled}
        assert shown == set(), shown


@needs_browser
@pytest.mark.parametrize(
    "page", sorted(REPORTS.parent.glob("*-*/*.html")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_the_first_screen_prints_on_one_sheet(page: Path) -> None:
    assert drive(page, "printing").value["portrait"] == 1
