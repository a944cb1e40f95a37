"""Eliciting by lines from a pipe: what is shown, asked again, saved, gone on with; and what answers propose."""

from __future__ import annotations

import io
import json
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attribution as at
from attribution.analysis.assumptions.walk import answered, in_cases, meaning_of, place_of, question_of, steps_in_order
from attribution.cli import main
from attribution.cli.asking import number_from
from attribution.cli.checklist import OF_FORGER, OF_ORIGIN, proposed, with_deception
from attribution.domain.document import entry_at
from attribution.domain.numbers import Number
from attribution.errors import AttributionError
from attribution.inference.fit import fit_under
from attribution.inference.settings import Sampling, Settings

FEW = Settings(engine="importance", sampling=Sampling(log2_points=6))


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mine.yaml"
    at.write_model(replace(at.read_model("k1-2019/baseline"), id="mine"), file)
    return file


def elicit(monkeypatch: pytest.MonkeyPatch, lines: str, *more: str) -> int:
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    return main(["elicit", "mine.yaml", *more])


def test_a_number_is_changed_where_it_stands_and_all_else_kept(
    mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = mine.read_text()
    first = steps_in_order(fit_under(at.read_case("k1-2019"), at.read_model(mine), FEW))[0]
    assert elicit(monkeypatch, "0.31 0.52 0.73\nSeen three times since.\ns\n") == 0
    shown = capsys.readouterr().out
    assert "[0.31, 0.52, 0.73]: you " in shown
    assert "Before: " in shown
    assert "what you would expect to see, by who did it" in shown
    assert "attribution elicit mine.yaml" in shown
    after = mine.read_text()
    new = [line for line in after.splitlines() if line not in before.splitlines()]
    assert len(new) == 1
    assert "Seen three times since." in new[0]
    assert [line for line in after.splitlines() if line.startswith("#")] == [
        line for line in before.splitlines() if line.startswith("#")
    ]
    written = entry_at(at.read_model(mine).to_dict(), place_of(at.read_model(mine).to_dict(), first.at))
    assert written == {"value": [0.31, 0.52, 0.73], "because": "Seen three times since."}


def test_bad_input_is_asked_again_with_what_is_allowed(
    mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = mine.read_text()
    assert elicit(monkeypatch, "foo\n0.5 0.4 0.6\n1 2\n1.5\n0.2 0.2 0.2\n?\n0.4 0.5 0.6\n.\n") == 0
    shown = capsys.readouterr().out
    assert "low best high" in shown
    assert "does not increase" in shown
    assert "did you mean 0.015" in shown
    assert "5, 50 and 95 % quantiles" in shown
    assert "without a reason" in shown
    assert "the input has ended" in shown
    assert mine.read_text() == before  # the input ended before there was a reason
    assert not mine.with_suffix(".elicit.json").exists()


def test_it_goes_on_where_it_stopped_and_asks_again_what_was_changed_elsewhere(
    mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert elicit(monkeypatch, "\n\n\ns\n") == 0
    first = capsys.readouterr().out
    assert "3 of " in first
    kept = json.loads(mine.with_suffix(".elicit.json").read_text())["walked"]
    assert len(kept) == 3
    assert elicit(monkeypatch, "") == 0
    again = capsys.readouterr().out
    assert "3 of them before now" in again
    assert "The answer is as it was" in again
    step = next(
        one for one in steps_in_order(fit_under(at.read_case("k1-2019"), at.read_model(mine), FEW)) if one.label in kept
    )
    at.write_model(answered(at.read_model(mine), step.at, Number(0.011, 0.021, 0.031), "Another day."), mine)
    assert elicit(monkeypatch, "") == 0
    assert "2 of them before now" in capsys.readouterr().out


def test_back_asks_the_one_before_again(
    mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert elicit(monkeypatch, "0.31 0.52 0.73\nFirst thought.\nb\n0.32 0.53 0.74\nSecond thought.\ns\n") == 0
    assert capsys.readouterr().out.count("\n1 of ") == 2
    assert "Second thought." in mine.read_text()
    assert "First thought." not in mine.read_text()


def test_a_shipped_model_is_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["elicit", "k1-2019/baseline"]) == 2
    assert "-o mine.yaml" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(["elicit", "k1-2019/baseline", "-o", "new.yaml"]) == 0
    assert at.read_model("new.yaml") == replace(at.read_model("k1-2019/baseline"), id="new")
    assert main(["elicit", "k1-2019/baseline", "-o", "new.yaml"]) == 2
    assert main(["elicit", "new.yaml", "k1-2019"]) == 0
    assert "To go on: attribution elicit new.yaml k1-2019\n" in capsys.readouterr().out
    Path("new.elicit.json").write_text("[]")
    assert main(["elicit", "new.yaml"]) == 2
    assert "delete it to begin anew" in capsys.readouterr().err


def test_the_checklist_writes_what_is_accepted_with_every_answer(
    mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = at.read_model(mine)
    lines = "nobody\n\ny\nperhaps\nn\n\n" + "y\n\nn\ny\n\n" + "n\nn\ny\nn\nn\n" + "y\ny\nn\ny\n0.1 0.2 0.3\n"
    assert elicit(monkeypatch, lines, "--deception") == 0
    shown = capsys.readouterr().out
    assert "is no answer" in shown
    assert "among the factions and groups" in shown
    assert "2 numbers written" in shown
    after = at.read_model(mine)
    new = [one for one in after.deception.forged if one not in before.deception.forged]
    assert len(new) == 2
    assert new[0].because is not None and new[1].because is not None
    assert "had the means: no; has done so before: unknown" in new[0].because.text
    assert new[1].probability == Number(0.1, 0.2, 0.3)
    assert new[1].because.text.endswith("The number is the analyst's own.")
    assert {one.target for one in before.deception.forged} <= {one.target for one in after.deception.forged}


def test_scenes_are_asked_about_too(
    mine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    case = at.read_case("k1-2019")
    asked = sum(origin.forgeable and origin.items[0].kind in ("report", "act") for origin in case.origins)
    none = "\ny\ny\ny\n" + "\n\n\n\nn\n" * asked
    assert elicit(monkeypatch, f"{none}?\nwrong\nlauncher\ny\ny\nn\ny\n\n", "--deception") == 0
    assert "these are the facts" in capsys.readouterr().out
    (staged,) = at.read_model(mine).deception.staged
    assert staged.fact == "launcher"
    assert staged.probability.best == pytest.approx(0.5, abs=0.3)


@given(st.lists(st.sampled_from(["yes", "no", "unknown"]), min_size=7, max_size=7))
def test_answers_that_speak_for_deception_never_propose_less(answers: list[str]) -> None:
    """Each triple is legal, and an answer worth more odds gives a best that is no smaller."""
    questions = (*OF_FORGER, *OF_ORIGIN)
    told = dict(zip(questions, answers, strict=True))
    number = proposed(told)  # type: ignore[arg-type]
    assert 0.00005 < number.low < number.best < number.high < 0.999
    for question in questions:
        worth = {"yes": question.yes, "no": question.no, "unknown": 1.0}
        most = max(worth, key=lambda answer: worth[answer])
        assert proposed(told | {question: most}).best >= number.best  # type: ignore[arg-type]


def test_nothing_known_is_one_in_a_hundred_and_wide() -> None:
    nothing = proposed(dict.fromkeys((*OF_FORGER, *OF_ORIGIN), "unknown"))
    assert nothing.best == pytest.approx(0.01)
    assert nothing.high / nothing.best > 10
    model = with_deception(at.read_model("k1-2019/baseline"), "staged", "launcher", "is", nothing, {})
    assert model.deception.staged[0].toward == "is"


def test_the_order_is_that_of_how_far_the_answer_moves() -> None:
    """A number nobody's answer hangs on comes last; the largest move is what a fit of the moved model gives."""
    case, model = at.read_case("k1-2019"), at.read_model("k1-2019/baseline")
    posterior = at.fit(case, model, engine="importance")
    steps = steps_in_order(posterior)
    moves = [step.influence for step in steps]
    assert moves == sorted(moves, reverse=True)
    assert all(step.label.split("[")[0] not in ("reliability", "credibility", "detection") for step in steps)
    first = steps[0]
    from attribution.analysis.tipping import moved

    found = []
    for side in (-1.0, 1.0):
        then = at.fit(case, answered(model, first.at, moved(first.number, side), "Moved."), engine="importance")
        here = np.array([one.probability for one in then.standings])
        found.append(np.abs(here - [one.probability for one in posterior.standings]).max())
    assert max(found) == pytest.approx(first.influence, abs=0.04)


@pytest.mark.parametrize("name", ["tower-22/baseline", "abqaiq-2019/baseline", "madrid-2004/sceptical"])
def test_every_number_can_be_asked_about_and_answered(name: str) -> None:
    """Each stands where its place says, has a question and a meaning, and takes another value that is read again."""
    case, model = at.read_case(name.partition("/")[0]), at.read_model(name)
    for step in steps_in_order(fit_under(case, model, FEW)):
        assert question_of(case, model, step.at)
        meaning = meaning_of(case, model, step.at, step.number)
        assert "expect" in meaning or "only how it compares" in meaning
        new = replace(step.number, low=step.number.low * 0.9, stated="")
        then = answered(model, step.at, new, "Because of a test.")
        assert then != model
        assert "Because of a test." in json.dumps(then.to_dict())
        again = type(then).from_dict(then.to_dict())
        assert again == then


def test_a_trait_of_the_prior_is_a_weight_and_one_of_a_table_a_chance() -> None:
    case, model = at.read_case("tower-22"), at.read_model("tower-22/baseline")
    at_tempo, number = ("traits", "tempo", "nujaba"), Number(0.1, 0.22, 0.4)
    assert "only how it compares with the others counts" in meaning_of(case, model, at_tempo, number)
    tables = model.with_({"facts.weapon.iranian-one-way-drone": {"trait": "tempo"}})
    assert "22 of 100 such cases" in meaning_of(case, tables, at_tempo, number)


@given(st.floats(1e-4, 1 - 1e-4))
def test_frequencies_in_words_are_near(probability: float) -> None:
    words = in_cases(probability).replace(",", "")
    count, _, out_of = words.partition(" of ")
    value = int(count) / int(out_of) if out_of else float(words)
    assert abs(value - probability) <= 0.0401 * min(probability, 1 - probability)


@given(st.text(max_size=30))
def test_whatever_is_typed_is_a_number_or_refused(line: str) -> None:
    number = None
    with suppress(AttributionError):
        number = number_from(line)
    assert number is None or 0 <= number.low <= number.best <= number.high <= 1
