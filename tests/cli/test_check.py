"""`attribution check` leads: what is missing for an honest answer, what matters most first."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from attribution.cli import main

CASE = """\
format: attribution-case/1
id: mine
title: The attack on a depot
question: "Who led it?"
incident: {date: 2024-01-10, place: Depot}
factions: {front: {title: The Front}, league: {title: The League}, other: {}}
sources:
  ministry: {name: A ministry of somewhere, kind: government, reliability: B}
  press: {name: A newspaper, kind: media, reliability: C}
facts:
  weapon: {question: "What was the weapon?", states: [drone, rocket]}
  ground: {question: "From where?", states: [north, south]}
evidence:
  - {id: strong, kind: report, says: {weapon: drone}, source: press, published: 2024-01-11, CITED}
  - {id: weak, kind: report, says: {ground: north}, source: ministry, published: 2024-01-11, CITED}
  - {id: none, kind: absence, says: {ground: north}, detection: 0.5, searched: all of it, published: 2024-01-12}
"""
MODEL = """\
format: attribution-model/1
case: mine
title: Own
grading: standard
perpetrator: {share: {else: 1.0}, other: [0.02, 0.1, 0.2], surprise: [0.01, 0.02, 0.1], because: Nobody stands out.}
facts:
  weapon: {drone: {front: [0.8, 0.9, 0.95], else: [0.02, 0.05, 0.1]}, because: Only the Front flies them.}
  ground: {north: {front: [0.4, 0.5, 0.6], else: [0.35, 0.45, 0.55]}, because: The ground is nearly shared.}
deception: {staged: {weapon: {probability: [0.001, 0.01, 0.05], toward: front, because: Parts are for sale.}}}
"""
CITED = "citation: {url: 'https://daily.org/page', title: The page, read: original}"
GRADED = {"source: press, ": "source: press, grade: C2, ", "source: ministry, ": "source: ministry, grade: B3, "}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text(CASE.replace("CITED", CITED), encoding="utf-8")
    (tmp_path / "mine-baseline.yaml").write_text(MODEL, encoding="utf-8")
    return tmp_path


def checked(capsys: pytest.CaptureFixture[str], *flags: str) -> tuple[int, str]:
    code = main(["check", "./mine.yaml", *flags])
    return code, capsys.readouterr().out


def graded(files: Path) -> None:
    text = (files / "mine.yaml").read_text(encoding="utf-8")
    for old, new in GRADED.items():
        text = text.replace(old, new)
    (files / "mine.yaml").write_text(text, encoding="utf-8")


def test_what_weighs_most_comes_first(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = checked(capsys)
    assert code == 1
    told = " ".join(out.split())
    assert told.index('"strong" has no grade') < told.index('"weak" has no grade') < told.index("no rival model")
    assert told.index("no rival model") < told.index("implied prior")
    decibans = [float(found) for found in re.findall(r"\[stops the checks, ([\d.]+) dB\]", told)]
    assert len(decibans) == 2
    assert decibans[0] > decibans[1]
    assert out.endswith("next: begin with 1, then ask again: attribution check ./mine.yaml\n")


def test_a_usual_grade_is_offered_with_its_reason(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = " ".join(checked(capsys)[1].split())
    assert "a C3 would be usual for a report by such a source (media), because a medium relays" in told
    assert told.count("none, read as F6") == 2  # nothing was applied


def test_a_rival_beside_the_model_is_found(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graded(files)
    code, out = checked(capsys)
    assert code == 0
    assert "there is no rival model" in out
    assert out.endswith("next: attribution report ./mine.yaml\n")
    (files / "other-view.yaml").write_text(MODEL.replace("title: Own", "title: Another"), encoding="utf-8")
    assert "there is no rival model" not in checked(capsys)[1]


def test_a_rival_that_only_extends_the_model_is_found(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rival = "format: attribution-model/1\ntitle: Short\nextends: EXTENDED\ngrading: standard\n"
    (files / "stranger.yaml").write_text(MODEL.replace("case: mine", "case: another"), encoding="utf-8")
    (files / "short.yaml").write_text(rival.replace("EXTENDED", "stranger"), encoding="utf-8")
    assert "says `extends: mine-baseline` and names" in " ".join(checked(capsys)[1].split())
    (files / "short.yaml").write_text(rival.replace("EXTENDED", "mine-baseline"), encoding="utf-8")
    assert "there is no rival model" not in checked(capsys)[1]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("read: original", "read: copy"), "0 of 2 pages that are cited were read in the original"),
        (("  - {id: none", "  # - {id: none"), "nothing was looked for and not found"),
        (("[north, south]}", "[north, south]}\n  patron: {states: [yes, no]}"), "no item speaks about patron"),
    ],
)
def test_what_an_honest_answer_rests_on_is_asked_for(
    files: Path, capsys: pytest.CaptureFixture[str], change: tuple[str, str], says: str
) -> None:
    graded(files)
    assert says not in checked(capsys)[1]
    path = files / "mine.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(*change), encoding="utf-8")
    (files / "mine-baseline.yaml").write_text(
        MODEL.replace("deception:", "  patron: {yes: {else: 0.5}, because: Not known at all.}\ndeception:")
        if "patron" in says
        else MODEL,
        encoding="utf-8",
    )
    assert says in " ".join(checked(capsys)[1].split())


def test_a_model_without_deception_is_asked_about_it(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "mine-baseline.yaml").write_text(MODEL[: MODEL.index("deception:")], encoding="utf-8")
    assert "takes nothing to be staged" in checked(capsys)[1]


def test_other_programs_get_the_same_order(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = json.loads(checked(capsys, "--format", "json")[1])
    (rows,) = [rows for name, rows in tables.items() if name.startswith("concerns")]
    assert [row["severity"] for row in rows] == sorted(
        (row["severity"] for row in rows), key=["blocking", "warning", "note"].index
    )
    assert set(rows[0]) == {"severity", "what", "remedy", "means", "decibans"}


def test_a_case_without_evidence_is_told_so(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (files / "mine.yaml").write_text(CASE[: CASE.index("evidence:")] + "evidence: []\n", encoding="utf-8")
    code, out = checked(capsys)
    assert code == 0
    assert "there is no evidence" in out
