"""A report is written again only where it says something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from attribution.reporting.settled import ERRORS, settled

ROOT = Path(__file__).parents[2] / "reports" / "tower-22"
FORMS = {suffix: (ROOT / f"baseline{suffix}").read_text(encoding="utf-8") for suffix in (".html", ".json")}


def _moved(errors: float) -> dict[str, str]:
    """The report with the leader's probability so many combined errors away, and other last digits everywhere."""
    found = json.loads(FORMS[".json"])
    leader = found["factions"][0]
    leader["probability"] += errors * leader["mcse"] * 2**0.5
    found["first"]["how_sure"] = found["first"]["how_sure"].replace("80 %", "81 %")
    found["evidence"].reverse()
    return {**FORMS, ".json": json.dumps(found)}


def test_within_the_errors_it_is_the_same_report() -> None:
    assert settled(FORMS, FORMS)
    assert settled(FORMS, _moved(0.9 * ERRORS))


def test_a_probability_that_really_moved_is_seen() -> None:
    assert not settled(FORMS, _moved(1.1 * ERRORS))


@pytest.mark.parametrize(
    ("suffix", "old", "new"),
    [
        (".json", "No faction can be named", "One faction can be named"),
        (".json", '"seed": "1"', '"seed": "2"'),
        (".html", "style-src 'sha256-", "style-src 'sha256-x"),
        (".html", '<details class="fold">', '<details class="folds">'),
    ],
)
def test_other_words_another_run_and_another_look_are_seen(suffix: str, old: str, new: str) -> None:
    assert old in FORMS[suffix]
    assert not settled(FORMS, {**FORMS, suffix: FORMS[suffix].replace(old, new)})


def test_a_form_that_is_missing_is_written() -> None:
    assert not settled({".json": FORMS[".json"]}, FORMS)
    assert not settled({}, FORMS)


@pytest.mark.parametrize(
    "there",
    ["old", "", "[]", "3", "null", "{}", "[" * 20_000, FORMS[".json"][:5000]]
    + [json.dumps(json.loads(FORMS[".json"]) | {"factions": other}) for other in ([], [3], None, [{"id": 1}])],
)
def test_what_is_no_report_is_written_over(there: str) -> None:
    assert not settled({**FORMS, ".json": there}, FORMS)
