"""The page and the JSON of a backtest: whole, inert, escaped, and saying what scores are against."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from attribution.archive.backtest import Backtest, backtest
from attribution.archive.statements import LIMITS
from attribution.cli import main
from attribution.errors import UsageError
from attribution.reporting.archive_report import write_backtest
from tests.archive.simulated import simulated_archive

ABOUT = {"title": "<script>alert(1)</script>", "source": 'a"b.csv', "sha256": "0" * 64}


@pytest.fixture(scope="module")
def found() -> Backtest:
    return backtest(simulated_archive(400, seed=2), baselines=("base-rate", "recency"))


def test_the_page_is_whole_and_inert(found: Backtest, tmp_path: Path) -> None:
    path = tmp_path / "backtest.html"
    write_backtest(found, path, **ABOUT)
    page = path.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "default-src 'none'" in page
    for text in (*LIMITS, str(found), "Calibration: ", "within 50 km, 200 days", "recency"):
        assert text.replace("'", "&#39;") in page
    assert page.count("<circle") == len(found.curve) + 2


def test_the_json_holds_every_number_and_no_clock(found: Backtest, tmp_path: Path) -> None:
    path = tmp_path / "backtest.json"
    write_backtest(found, path, **ABOUT)
    told = json.loads(path.read_text(encoding="utf-8"))
    assert told["format"] == "attribution-backtest/1"
    assert told["forecasters"][0]["scores"]["log_loss"] == found.model.scores.log_loss
    assert told["forecasters"][1]["lead"]["reduction"] == found.best_baseline.lead.reduction
    assert told["limits"] == list(LIMITS)
    assert "seconds" not in path.read_text(encoding="utf-8")
    assert sum(one["events"] for one in told["curve"]) == found.scored


def test_without_baselines_nothing_is_compared(tmp_path: Path) -> None:
    alone = backtest(simulated_archive(150, seed=2))
    path = tmp_path / "alone.html"
    write_backtest(alone, path, **ABOUT)
    assert "nothing to compare" in path.read_text(encoding="utf-8")
    write_backtest(alone, path.with_suffix(".json"), **ABOUT)
    assert json.loads(path.with_suffix(".json").read_text())["groups"][0]["rival_log_loss"] is None


def test_other_forms_are_refused(found: Backtest) -> None:
    with pytest.raises(UsageError, match=r"\.docx"):
        write_backtest(found, Path("backtest.docx"), **ABOUT)


def test_the_command_scores_the_shipped_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "incidents.json"
    typed = ["archive", "backtest", "incidents-2019-2024", "--least", "5", "--from", "2022-01-01", "-o", str(out)]
    assert main(typed) in {0, 1}
    printed = capsys.readouterr().out
    assert all(limit in printed for limit in LIMITS)
    assert "best baseline" in printed
    assert json.loads(out.read_text(encoding="utf-8"))["since"] >= "2022-01-01"


@pytest.mark.parametrize(
    ("typed", "told"),
    [(["--from", "soon"], "is no date"), (["--baselines", "random-forrest"], 'did you mean "random-forest"')],
)
def test_mistakes_are_told(typed: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["archive", "backtest", "incidents-2019-2024", *typed]) == 2
    assert told in capsys.readouterr().err
