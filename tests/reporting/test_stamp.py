"""The stamp: what stops the checks from passing, one thing at a time; and that an untouched template never passes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import attribution as at
from attribution.cli import main
from attribution.domain.evidence import Citation
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Deception, Deceptive
from attribution.domain.numbers import Number
from attribution.domain.tables import Reason
from attribution.inference.concerns import self_defeating_reports
from attribution.inference.diagnostics import Diagnostics, Tails
from attribution.reading import case_template, model_template, shipped_cases, shipped_models
from attribution.reading.placeholders import placeholder_concerns
from attribution.reading.template import PLACEHOLDERS
from attribution.reporting.answer import STAMP_MEANING, Gate, gate
from tests.builders import a_case, a_model, a_report, says


def pair() -> tuple[at.Case, at.Model]:
    return at.read_case("k1-2019"), at.read_model("k1-2019/baseline")


def told(case: at.Case, model: at.Model) -> list[str]:
    return [concern.what for concern in placeholder_concerns(case, model)]


def test_every_placeholder_stands_in_the_template() -> None:
    text = case_template("mine") + model_template("mine")
    assert [word for word in PLACEHOLDERS if word not in text] == []


@pytest.mark.parametrize("case", shipped_cases())
def test_what_ships_was_filled_in(case: str) -> None:
    for model in shipped_models(case):
        assert told(at.read_case(case), at.read_model(f"{case}/{model}")) == []


def test_an_untouched_template_does_not_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It was stamped citable: it has a source, a grade, a citation and a reason wherever there must be one."""
    monkeypatch.chdir(tmp_path)
    assert main(["new", "mine"]) == 0
    typed = ["./mine.yaml", "--model", "./mine-baseline.yaml"]
    assert main(["check", *typed]) == 1
    assert "text of the template" in capsys.readouterr().out
    assert main(["report", *typed, "--engine", "importance", "-o", "mine.md"]) == 1
    shown = capsys.readouterr().err
    assert "checks not passed:" in shown
    assert "text of the template: case: title (A title in words)" in shown
    assert "an address that leads nowhere" in shown
    assert "**Checks not passed.**" in Path("mine.md").read_text()


def test_an_example_address() -> None:
    case, model = pair()
    first, *rest = case.evidence
    item = replace(first, citations=(Citation("https://www.example.org/x", "A page"),))
    found = told(replace(case, evidence=Catalog((item, *rest))), model)
    assert len(found) == 1
    assert f"evidence[{item.id}]" in found[0]
    assert "example.org/x" in found[0]


@pytest.mark.parametrize("text", ["t", "...", "see note", "TODO", "To be replaced by a count of the archive."])
def test_a_reason_that_gives_none(text: str) -> None:
    case, model = pair()
    first, *rest = model.tables
    table = replace(first, because=Reason(text))
    changed = replace(model, tables=Catalog((table, *rest)))
    assert any(f"facts.{table.fact}.because" in what for what in told(case, changed))


def test_the_same_reason_for_two_facts() -> None:
    case, model = pair()
    first, second, *rest = (replace(table, because=Reason("Somebody  like this does it.")) for table in model.tables)
    other = replace(second, because=Reason("somebody like this DOES it"))
    changed = replace(model, tables=Catalog((first, other, *rest)))
    assert any(what.startswith("the same reason for two different facts: ") for what in told(case, changed))


def test_a_report_that_speaks_against_whom_it_names() -> None:
    """Of a source that turns things round nearly always: ``(1 - d)(1 + r) / 2`` against more than ``d``."""
    case = a_case(items=(a_report("r", says("perpetrator", "a"), grade="B2", source="s"),))
    for d, speaks in ((0.1, False), (0.9, True)):
        turned = Deception(deceptive=(Deceptive("s", Number.exactly(d)),))
        posterior = at.fit(case, replace(a_model(), deception=turned), engine="importance", scrambles=2, log2_points=7)
        found = list(self_defeating_reports(posterior))
        assert len(found) == speaks
        for concern in found:
            assert concern.severity == "blocking"
            assert concern.what.startswith('"r" says "perpetrator: a", and judged alone speaks against it')


def reasons(posterior: at.Posterior, *rivals: at.Posterior) -> str:
    return "; ".join(gate(posterior, rivals, sensitivity=True).reasons)


def test_no_rival_model_and_one_in_doubt() -> None:
    case, model = pair()
    posterior, rival = (
        at.fit(case, one, engine="importance", scrambles=4, log2_points=9)
        for one in (model, at.read_model("k1-2019/sceptical"))
    )
    assert "no rival model" in reasons(posterior)
    assert "no rival model" in reasons(posterior, posterior)
    assert "rival" not in reasons(posterior, rival)
    rival.__dict__["diagnostics"] = Diagnostics("importance", 0.0, None, Tails(2.0, (("x", 2.0),), 1.0, 256), None)
    assert "the fit of the rival model" in reasons(posterior, rival)


def test_a_model_in_no_file() -> None:
    case, model = pair()
    posterior = at.fit(case, model.with_({"perpetrator.other": 0.2}), engine="importance", scrambles=2, log2_points=7)
    assert "the model was made or changed in Python" in reasons(posterior)
    assert "in Python" not in reasons(at.fit(case, model, engine="importance", scrambles=2, log2_points=7))


def test_a_file_that_is_not_the_one_of_its_name(tmp_path: Path) -> None:
    """A copy of a shipped case, changed: the command in the report would read the other one."""
    case, model = pair()
    at.write_case(case.with_({"title": "Another title"}), tmp_path / "k1.yaml")
    posterior = at.fit(at.read_case(tmp_path / "k1.yaml"), model, engine="importance", scrambles=2, log2_points=7)
    assert 'the case is not the one that ships as "k1-2019"' in reasons(posterior)


def test_the_stamp_says_what_it_does_not_say() -> None:
    assert Gate(()).stamp == "checks passed"
    assert Gate(("why",)).stamp == "checks not passed"
    assert "judgement was checked" in STAMP_MEANING
