"""A case whose names are Arabic, Cyrillic, Chinese and accented goes the whole way, to a report and back."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from attribution import Case, fit, load_posterior, read_case, read_model, write_case, write_report
from attribution.cli import main

CASE = """\
format: attribution-case/1
id: قضية-١
title: الهجوم على المحطة
question: "من قاد الهجوم؟"
incident: {date: 2024-01-02, place: Место}
factions:
  كتائب: {title: كتائب}
  группа: {title: Группа}
  真主旅: {title: 真主旅}
  other: {title: Anyone else}
sources: {وكالة: {name: وكالة, kind: media, reliability: B}}
facts:
  оружие: {question: "Что это было?", states: [дрон, 火箭, brûlé]}
  démenti: {question: "Y a-t-il eu un démenti ?", states: [oui, non]}
evidence:
  - {id: حطام, kind: report, says: {оружие: дрон}, source: وكالة, grade: B2, published: 2024-01-03}
  - {id: отрицание, kind: act, says: {démenti: oui}, source: وكالة, grade: A1, published: 2024-01-03}
"""
MODEL = """\
format: attribution-model/1
case: قضية-١
title: Baseline
grading: standard
traits:
  охват: {kind: capability, كتائب: [0.4, 0.6, 0.8], else: [0.1, 0.2, 0.4]}
perpetrator: {proportional_to: [охват], other: [0.02, 0.1, 0.2], surprise: [0.01, 0.02, 0.1]}
facts:
  оружие: {дрон: {كتائب: 1.0, 真主旅: 0.0, else: 0.3}, 火箭: {كتائب: 0.0, 真主旅: 1.0, else: 0.3}}
  démenti: {oui: {группа: [0.2, 0.4, 0.6], else: [0.3, 0.5, 0.7]}}
clusters: {голоса: [حطام, отрицание]}
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """As another machine would write them: letters and accents apart (NFD)."""
    for name, text in (("قضية.yaml", CASE), ("قضية-baseline.yaml", MODEL)):
        (tmp_path / name).write_text(unicodedata.normalize("NFD", text), encoding="utf-8")
    return tmp_path


def test_names_in_any_script_go_the_whole_way(files: Path) -> None:
    case, model = read_case(files / "قضية.yaml"), read_model(files / "قضية-baseline.yaml")
    assert case.factions.leaves == ("كتائب", "группа", "真主旅", "other")
    assert case.facts["démenti"].states == ("oui", "non")
    posterior = fit(case, model, engine="importance")
    assert posterior.probabilities()["probability"]["真主旅"] < 0.05  # what it would have left was not found
    posterior.save(files / "run.nc")
    assert load_posterior(files / "run.nc").probabilities().equals(posterior.probabilities())
    for form in ("html", "md", "json"):
        write_report(posterior, files / f"отчёт.{form}")
    assert "真主旅" in (files / "отчёт.html").read_text(encoding="utf-8")
    assert "группа" in json.dumps(json.loads((files / "отчёт.json").read_text(encoding="utf-8")), ensure_ascii=False)


def test_they_are_written_as_they_are_read(files: Path) -> None:
    case = read_case(files / "قضية.yaml")
    write_case(case, files / "again.yaml")
    assert read_case(files / "again.yaml") == case == Case.from_dict(case.to_dict())


def test_the_command_takes_them(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(files / "قضية.yaml")]) == 1  # nothing is cited, and nothing has a reason
    assert "真主旅" in capsys.readouterr().out
