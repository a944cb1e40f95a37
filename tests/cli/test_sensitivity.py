"""`attribution sensitivity` as it is typed: the page, the files, the refusals, the exit codes."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from attribution.cli import main
from attribution.reading import case_template, model_template

QUICK = ("--engine", "importance")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(case_template("mine"))
    (tmp_path / "model.yaml").write_text(model_template("mine"))
    return tmp_path


PAIR = ("./mine.yaml", "--model", "model.yaml")
TITLES = (
    "The smallest change that ends the lead",
    "Other models, and the shortest way to another leader",
    "What to look for next",
    "Without each origin",
    "Without each source",
    "Every subset of the evidence",
    "If two origins were one",
    "If the prior were wrong",
    "If a part counted more, or less",
    "Analytic confidence",
)


@pytest.mark.slow
def test_the_page_of_tower_22_is_short(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sensitivity", "tower-22", *QUICK, "-o", "t22.md"]) == 0
    shown = capsys.readouterr().out
    for title in TITLES:
        assert title in shown
    answers = shown.split("What was perturbed, and how")[0]
    assert len(answers.split()) < 100 * (answers.count("\n---") + 1)  # of each, and of the head of the page
    assert max(len(line) for line in shown.splitlines()) <= 130
    assert "\x1b[" not in shown
    written = (folder / "t22.md").read_text()
    assert written.startswith("# Sensitivity of Drone attack on Tower 22")
    assert written.count("\n## ") >= len(TITLES)


def test_the_page_has_an_answer_to_every_question(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sensitivity", *PAIR, *QUICK, "-o", "mine.md"]) == 0
    shown = capsys.readouterr().out
    written = (folder / "mine.md").read_text()
    for title in TITLES:
        assert f"\n{title}\n" in shown
        assert f"\n## {title}\n" in written
    assert "Analytic confidence: " in shown
    answers, methods = shown.split("What was perturbed, and how it was computed")
    assert "summed exactly" not in answers
    assert "summed exactly" in methods


def test_json_and_csv_hold_every_finding(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sensitivity", *PAIR, *QUICK, "--format", "json", "-o", "mine.csv", "--by", "item"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["format"] == "attribution-sensitivity/1"
    assert found["findings"]["leave_out"]["by"] == "item"
    for name, finding in found["findings"].items():
        assert len(finding["says"]) > 20, name
    rows = list(csv.reader(io.StringIO((folder / "mine.csv").read_text())))
    assert {row[0] for row in rows if row[0] != "table"} >= {"leave_out", "robust", "power", "next_evidence", "rivals"}
    assert main(["sensitivity", *PAIR, *QUICK, "--format", "csv"]) == 0
    assert capsys.readouterr().out.startswith("table,")


def test_same_seed_same_page(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pages = []
    for _ in range(2):
        assert main(["sensitivity", *PAIR, *QUICK]) == 0
        pages.append(capsys.readouterr().out)
    assert pages[0] == pages[1]


def test_a_saved_run_stands_alone_unless_the_shipped_file_moved_on(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from attribution.reading import shipped

    assert main(["fit", *PAIR, *QUICK, "-o", "mine.nc"]) == 0
    real = shipped.bundled
    homes = {"case": folder / "data" / "cases" / "mine" / "case.yaml", "model": folder / "models/mine/model.yaml"}
    for name, home in homes.items():
        home.parent.mkdir(parents=True)
        home.write_text((folder / {"case": "mine.yaml", "model": "model.yaml"}[name]).read_text())
    (folder / "models" / "grading").symlink_to(real("models") / "grading")
    monkeypatch.setattr(shipped, "bundled", lambda name: folder / name)
    assert main(["sensitivity", "mine.nc"]) == 0
    for name, home in homes.items():
        before = home.read_text()
        home.write_text(before.replace("title: ", "title: Another ", 1))
        capsys.readouterr()
        assert main(["sensitivity", "mine.nc"]) == 2
        told = capsys.readouterr().err
        assert told.startswith(f"attribution: mine.nc: the {name}")
        assert "changed since this run was fitted" in told
        assert "--as-saved" in told
        home.write_text(before)
    homes["case"].write_text(homes["case"].read_text() + "# a comment changes nothing\n")
    assert main(["sensitivity", "mine.nc"]) == 0
    homes["case"].write_text(homes["case"].read_text().replace("title: ", "title: Another ", 1))
    assert main(["sensitivity", "mine.nc", "--as-saved"]) == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["tower-22", "-o", "x.txt"], 'an analysis cannot be written to "x.txt"'),
        (["tower-22", "--by", "sauce"], "invalid choice"),
        (["tower-2"], 'did you mean "tower-22"'),
        (["nowhere.nc"], "is not there"),
        (["tower-22", "--max-removed", "20"], "subsets"),
        (["tower-22", "--max-removed", "0"], "1 or more"),
    ],
)
def test_bad_input(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sensitivity", *arguments, *QUICK]) == 2
    assert says in capsys.readouterr().err


def test_without_any_evidence_it_says_so(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sensitivity", *PAIR, *QUICK, "--as-of", "2000-01-01"]) in (0, 1)
    assert "There is no evidence: everything here is the prior." in " ".join(capsys.readouterr().out.split())
