"""An instant run whose weights have collapsed onto one point: it knows no error, and bears witness against nobody."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

import attribution as at
from attribution.cli import main
from attribution.reporting.diagnostics import checks

FACTS = range(60)
ITEM = "  - {{id: e{0}, kind: act, says: {{f{0}: yes}}, source: lab, grade: A1, published: 2024-01-05}}\n"
CASE = f"""
format: attribution-case/1
id: many
title: Sixty rare things
question: "Who did it?"
incident: {{date: 2024-01-01, place: Here}}
factions: {{a: {{title: Alpha}}, b: {{title: Beta}}, other: {{title: Anyone else}}}}
sources:
  lab: {{name: Lab, kind: expert, reliability: B, interest: none}}
facts:
{"".join(f'  f{n}: {{question: "Q?", states: [yes, no]}}{chr(10)}' for n in FACTS)}
evidence:
{"".join(ITEM.format(n) for n in FACTS)}
"""
MODEL = f"""
format: attribution-model/1
case: many
title: Baseline
grading: standard
perpetrator: {{share: {{a: 1, b: 1}}, other: [0.02, 0.05, 0.15], surprise: [0.001, 0.01, 0.05], because: t}}
facts:
{"".join(f"  f{n}: {{because: t, yes: {{a: 0.02, b: 0.01, else: 0.005}}}}{chr(10)}" for n in FACTS)}
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[at.Case, at.Model]:
    folder = tmp_path_factory.mktemp("many")
    (folder / "many.yaml").write_text(CASE)
    (folder / "model.yaml").write_text(MODEL)
    return at.read_case(folder / "many.yaml"), at.read_model(folder / "model.yaml")


@pytest.fixture(scope="module")
def collapsed(pair: tuple[at.Case, at.Model]) -> at.Posterior:
    return at.fit(*pair, engine="importance")


def test_its_error_is_not_a_number(collapsed: at.Posterior) -> None:
    """It was 1e-7, since all scrambles rest on the same point."""
    assert collapsed.draws.khat is not None
    assert collapsed.draws.khat > 1
    assert not collapsed.trustworthy
    assert all(np.isnan(one.mcse) for one in (*collapsed.standings, *collapsed.state_standings))
    assert np.isnan(collapsed.diagnostics.largest_mcse)
    assert "error not known" in repr(collapsed)
    assert {check.value: check.verdict for check in checks(collapsed)}["not known"] == "failed"


def test_its_tree_holds_hardly_a_draw(collapsed: at.Posterior) -> None:
    assert collapsed.tree["posterior"].sizes["draw"] < 10


def test_it_is_no_witness_against_sound_chains(pair: tuple[at.Case, at.Model]) -> None:
    """1,613 standard errors apart, which is to be reported as a fault of the program: so it was said of a good run."""
    sampled = at.fit(*pair)
    found = sampled.diagnostics
    assert found.cross_check is None
    assert found.cross_check_impossible
    assert sampled.trustworthy
    (doubt,) = (one for one in sampled.concerns() if one.topic == "fit")
    assert doubt.severity == "warning"
    assert "not possible" in doubt.what
    assert "fault" not in doubt.remedy
    assert "cross-check is not possible" in repr(sampled)
    verdicts = {check.name: check.verdict for check in checks(sampled)}
    assert verdicts["largest difference between engines, standard errors"] == "not possible"
    assert "failed" not in verdicts.values()


@pytest.mark.parametrize("form", ["text", "json", "csv"])
def test_every_form_carries_the_verdict(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "many.yaml").write_text(CASE)
    (tmp_path / "many-baseline.yaml").write_text(MODEL)
    typed = ["fit", "./many.yaml", "--model", "./many-baseline.yaml", "--engine", "importance", "--format", form]
    assert main(typed) == 1
    out, err = capsys.readouterr()
    assert err.startswith("not to be trusted: k-hat of the importance weights is ")
    if form == "text":
        assert "not known" in out
    elif form == "json":
        found = json.loads(out, parse_constant=lambda word: pytest.fail(f"{word} is no JSON"))
        assert {(row["mcse"], row["fit"]) for row in found["factions"]} == {(None, "not to be trusted")}
        assert "k-hat" in found["not to be trusted"][0]["what"]
    else:
        rows = [row for row in csv.DictReader(io.StringIO(out)) if row["table"] == "factions"]
        assert {(row["mcse"], row["fit"]) for row in rows} == {("nan", "not to be trusted")}
