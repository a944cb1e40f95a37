"""The page and the JSON of a backtest: whole, inert, escaped, and saying what scores are against."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from attribution.archive.evaluation.backtest import Backtest, backtest
from attribution.archive.events import LIMITS
from attribution.archive.model.posterior import Coefficient
from attribution.cli import main
from attribution.cli.archive import _tables
from attribution.cli.output import show
from attribution.errors import UsageError
from attribution.inference.diagnostics import Convergence
from attribution.reporting.archive import coefficient_figure, write_backtest
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
    assert page.count("<circle") == len(found.curve) + 2 + len(found.coefficients.by_feature)
    for one in found.coefficients.by_feature:
        assert f"{one.feature}: {one.mean:.2f}, 90 % interval {one.low:.2f} to {one.high:.2f}" in page
    assert "normal distribution around the most probable" in page


def test_the_json_holds_every_number_and_no_clock(found: Backtest, tmp_path: Path) -> None:
    path = tmp_path / "backtest.json"
    write_backtest(found, path, **ABOUT)
    told = json.loads(path.read_text(encoding="utf-8"))
    assert told["format"] == "attribution-backtest/3"
    assert told["forecasters"][0]["scores"]["log_loss"] == found.model.scores.log_loss
    assert told["forecasters"][1]["lead"]["reduction"] == found.best_baseline.lead.reduction
    assert told["limits"] == list(LIMITS)
    assert told["coefficients"]["way"] == "normal"
    for ours, theirs in zip(told["coefficients"]["by_feature"], found.coefficients.by_feature, strict=True):
        assert (ours["feature"], ours["low"], ours["high"]) == (theirs.feature, theirs.low, theirs.high)
        assert ours["low"] < ours["mean"] < ours["high"]
    assert "seconds" not in path.read_text(encoding="utf-8")
    assert sum(one["events"] for one in told["curve"]) == found.scored


def test_without_baselines_nothing_is_compared(tmp_path: Path) -> None:
    alone = backtest(simulated_archive(150, seed=2))
    path = tmp_path / "alone.html"
    write_backtest(alone, path, **ABOUT)
    assert "nothing to compare" in path.read_text(encoding="utf-8")
    write_backtest(alone, path.with_suffix(".json"), **ABOUT)
    assert json.loads(path.with_suffix(".json").read_text())["groups"][0]["rival_log_loss"] is None


def test_hidden_labels_have_a_page_of_their_own(tmp_path: Path) -> None:
    masked = backtest(simulated_archive(150, seed=2), protocol="masked", by="event", baselines=("base-rate",))
    path = tmp_path / "masked.html"
    write_backtest(masked, path, **ABOUT)
    page = path.read_text(encoding="utf-8")
    assert "Labels of single events hidden (20%)" in page
    assert "months of a place drawn anew" in page
    assert "None" not in page
    write_backtest(masked, path.with_suffix(".json"), **ABOUT)
    told = json.loads(path.with_suffix(".json").read_text())
    assert (told["since"], told["protocol"], told["freshness"]) == (None, "masked", [])


def test_the_page_says_what_fresh_labels_are_worth(found: Backtest, tmp_path: Path) -> None:
    path = tmp_path / "backtest.html"
    write_backtest(found, path, **ABOUT)
    page = path.read_text(encoding="utf-8")
    assert [one.name for one in found.freshness] == ["model", "base-rate", "recency"]
    for one in found.freshness:
        assert None not in (one.static, one.rolling, one.daily)
        assert f"{one.static:.3f}" in page
    assert found.freshness[0].rolling == found.model.scores.log_loss


def test_doubtful_chains_are_told_on_the_page(found: Backtest, tmp_path: Path) -> None:
    chains = Convergence(1.2, "newcomers", 30.0, "newcomers", 500.0, "newcomers", 0, 0.9, 0, 1500)
    coefficients = replace(found.coefficients, way="nuts", convergence=chains)
    path = tmp_path / "doubtful.html"
    write_backtest(replace(found, coefficients=coefficients, concerns=coefficients.concerns), path, **ABOUT)
    page = path.read_text(encoding="utf-8")
    for text in ("by NUTS; R-hat at most 1.200", "R-hat of newcomers is 1.200 (limit 1.01)", "without --nuts"):
        assert text in page


def test_a_coefficient_below_nought_or_above_one_has_its_place() -> None:
    figure = coefficient_figure((Coefficient("a", -0.2, 0.1, -0.6, -0.001), Coefficient("b", 1.4, 0.1, 1.2, 1.7)))
    places = [float(x) for row in figure.rows for x in re.findall(r'(?:x1|x2|cx)="([-\d.]+)%', row.strip)]
    assert 0 < min(places) < max(places) < 100
    assert (figure.rows[0].value, figure.rows[0].note) == ("−0.20", "−0.60 to 0.00")
    assert "−0.5<" in figure.axis


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
    assert "tuned classifiers are harder to beat: --baselines all" in printed
    assert main(["archive", "check", "incidents-2019-2024", "--format", "json"]) == 0
    checked = json.loads(capsys.readouterr().out)
    (doubts,) = (rows for title, rows in checked.items() if title.startswith("concerns"))
    notes = [row["what"] for row in doubts if row["severity"] == "note"]
    assert f"\n{len(notes)} notes on the table: attribution archive check\n" in printed
    assert not any(note in printed for note in notes)
    assert json.loads(out.read_text(encoding="utf-8"))["since"] >= "2022-01-01"


def test_what_no_baseline_was_asked_for_is_not_printed_as_a_number(
    found: Backtest, capsys: pytest.CaptureFixture[str]
) -> None:
    alone = replace(found, groups=tuple(replace(one, rival_log_loss=float("nan")) for one in found.groups))
    show(_tables(alone, None), "text")
    assert not re.search(r"\bnan\b", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        (["--from", "soon"], "is no date"),
        (["--baselines", "random-forrest"], 'did you mean "random-forest"'),
        (["-o", "backtest.docx"], 'a backtest cannot be written to "backtest.docx"'),
    ],
)
def test_mistakes_are_told(typed: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["archive", "backtest", "incidents-2019-2024", *typed]) == 2
    assert told in capsys.readouterr().err
