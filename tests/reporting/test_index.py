"""The index says of each report what the report says of itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from attribution.cli import main
from attribution.reading.shipped import shipped_models
from attribution.reporting.index import index

REPORTS = Path(__file__).parent.parent.parent / "reports"
UNNAMED = {"named": False}


def a_report(case: str, model: str, leader: str, **changed: object) -> dict[str, object]:
    first = {"id": leader, "label": leader, "probability": 0.7, "low": 0.5, "high": 0.9, "words": "likely"}
    return {
        "format": "attribution-report/2",
        "case": case,
        "title": f"Title of {case}",
        "model": model,
        "model_title": model.capitalize(),
        "factions": [first],
        "level": [leader],
        "bottom_line": {"named": True},
        "sensitivity": {"confidence": {"level": "moderate"}},
        "concerns": [{"severity": "warning"}, {"severity": "warning"}, {"severity": "note"}],
        "checks_passed": True,
        **changed,
    }


def write(folder: Path, *reports: dict[str, object]) -> None:
    for one in reports:
        path = folder / str(one["case"]) / f"{one['model']}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(one))


def test_rows_are_those_of_the_reports(tmp_path: Path) -> None:
    write(
        tmp_path,
        a_report("b-case", "zeta", "Reds | <b>"),
        a_report(
            "b-case",
            "baseline",
            "Blues",
            checks_passed=False,
            sensitivity=None,
            concerns=[],
            bottom_line={"named": False},
        ),
        a_report("a-case", "baseline", "Reds"),
    )
    (tmp_path / "casebook").mkdir()
    (tmp_path / "casebook" / "index.json").write_text('{"format": "something-else/1"}')
    text = index(tmp_path)
    assert text.index("Title of a-case") < text.index("Title of b-case")
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert [line.split(" | ")[0] for line in lines if "70 %" in line] == ["| Baseline", "| Baseline", "| Zeta"]
    assert "| Baseline | Blues (not named) | 70 % (50 to 90 %) | likely | not assessed | none | not passed |" in text
    assert "| Zeta | Reds \\| \\<b> | 70 % (50 to 90 %) | likely | moderate | 2 warnings, 1 note | passed |" in text
    assert "[page](b-case/zeta.html)" in text
    assert text.count("The models disagree") == 1


def test_the_committed_index_is_made_from_the_committed_reports() -> None:
    assert (REPORTS / "README.md").read_text() == index(REPORTS)


@pytest.mark.slow
def test_the_command_writes_all_models_of_a_case_and_the_index(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reports", "tower-22", "--engine", "importance", "-o", str(tmp_path)]) == 0
    written = sorted(path.name for path in (tmp_path / "tower-22").iterdir())
    forms = [f"{model}{suffix}" for model in shipped_models("tower-22") for suffix in (".html", ".json", ".md")]
    assert written == sorted(forms) and "sceptical.html" in written
    assert (tmp_path / "README.md").read_text() == index(tmp_path)
    assert main(["reports", "tower-23", "-o", str(tmp_path)]) == 2
    assert 'did you mean "tower-22"' in capsys.readouterr().err
