"""`attribution new` and `attribution recipes`: what a person starts from can be read as it stands, and shows all."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from attribution import read_case, read_model
from attribution.cli import main
from attribution.domain.case import Case
from attribution.domain.evidence import Absence, Act, Report, Statement
from attribution.domain.lint import case_concerns, case_lint
from attribution.domain.model import Model
from attribution.domain.model_lint import model_concerns
from attribution.reading import read_pair_errors, shipped_recipes
from attribution.reading.placeholders import placeholder_concerns
from attribution.reading.template import KINDS, case_template, placeholders

PAIRS = [(incident, recipe) for incident, kind in KINDS.items() for recipe in kind.recipes]


class Terminal(io.StringIO):
    """Somebody who types these lines."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return tmp_path


def written(incident: str, recipe: str) -> tuple[Case, Model]:
    assert main(["new", "mine", "--incident", incident, "--recipe", recipe]) == 0
    case, model = read_case("./mine.yaml"), read_model("./mine-baseline.yaml")
    read_pair_errors(case, model)
    return case, model


@pytest.mark.parametrize(("incident", "recipe"), PAIRS)
def test_a_pair_is_written_that_can_be_read_and_is_not_filled_in(here: Path, incident: str, recipe: str) -> None:
    case, model = written(incident, recipe)
    assert model.recipe == recipe
    assert not [*case_concerns(case), *case_lint(case), *model_concerns(case, model)]
    left = list(placeholder_concerns(case, model))
    assert [concern.what.split(":")[0] for concern in left] == ["text of the template", "an address that leads nowhere"]
    assert all(concern.severity == "blocking" for concern in left)


@pytest.mark.parametrize("incident", ["drone", "cyber"])
def test_every_kind_of_item_stands_in_it(here: Path, incident: str) -> None:
    case, model = written(incident, "")
    items = list(case.evidence)
    assert {type(item) for item in items} == {Report, Act, Absence}
    assert {"claim", "denial"} <= set(case.evidence.ids)
    assert any(isinstance(item, Absence) and item.searched for item in items)
    assert any(isinstance(item, Statement) and item.copies for item in items)
    assert any(isinstance(item, Statement) and item.would_say_anyway for item in items)
    assert model.deception.staged
    assert model.deception.forged
    assert any(row.when for table in model.tables for given in table.states for row in given.rows)
    assert "kind: direct" in case_template("mine", incident)
    assert "stories:" in Path("mine-baseline.yaml").read_text(encoding="utf-8")


def test_what_is_left_of_the_template_is_told_in_the_reasons_of_a_recipe_too(here: Path) -> None:
    case, model = written("cyber", "cyber")
    reason = model.tables["servers-known"].because
    assert reason is not None
    left = "how long lay between the two operations, and who else rented there."
    assert left in placeholders()
    assert reason.text.casefold().startswith(f"{left} ")
    own = {"facts.servers-known.because": "Seven years lay between the two. (Recipe cyber: infrastructure-reuse.)"}
    counts = [next(placeholder_concerns(case, one)).what.rsplit(" and ", 1)[1] for one in (model, model.with_(own))]
    assert int(counts[0].split()[0]) == int(counts[1].split()[0]) + 1


@pytest.mark.parametrize(
    ("typed", "incident", "recipe"),
    [
        ("\n\n", "drone", "standard"),
        ("4\n2\n", "cyber", "cyber-sceptical"),
        ("bom\nbombing\nsceptical\n", "bombing", "sceptical"),
    ],
)
def test_it_asks_at_a_terminal(
    here: Path, monkeypatch: pytest.MonkeyPatch, typed: str, incident: str, recipe: str
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    assert main(["new", "mine"]) == 0
    assert Path("mine.yaml").read_text(encoding="utf-8") == case_template("mine", incident)
    assert read_model("./mine-baseline.yaml").recipe == recipe


def test_nothing_is_written_when_no_answer_comes(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("1\n"))
    assert main(["new", "mine"]) == 2
    assert "--incident NAME --recipe NAME" in capsys.readouterr().err
    assert not list(here.iterdir())


def test_without_a_terminal_nothing_is_asked(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "mine"]) == 0
    assert Path("mine.yaml").read_text(encoding="utf-8") == case_template("mine")
    assert "--incident drone" in capsys.readouterr().out


def test_it_can_be_a_workbook(here: Path) -> None:
    assert main(["new", "mine", "--incident", "cyber", "--workbook"]) == 0
    assert read_case("mine.xlsx").evidence.ids == read_case_of("cyber").evidence.ids


def read_case_of(incident: str) -> Case:
    Path("again.yaml").write_text(case_template("mine", incident), encoding="utf-8")
    return read_case("./again.yaml")


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        (["--incident", "drone", "--recipe", "cyber"], 'hint: --incident cyber has it'),
        (["--incident", "drohne"], 'did you mean "drone"?'),
        (["--recipe", "standard"], "needs a kind of incident"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str], flags: list[str], says: str
) -> None:
    assert main(["new", "mine", *flags]) == 2
    assert says in capsys.readouterr().err
    assert not list(here.iterdir())


def test_recipes_are_listed_with_what_each_entry_means(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes"]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for name, recipe in shipped_recipes().items():
        assert f"{name}: {recipe.title}." in shown
        assert all(f"{table.id} {table.about}" in shown for table in recipe.tables)


def test_one_recipe_is_printed_with_its_numbers_and_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes", "cyber", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    recipe = shipped_recipes()["cyber"]
    assert set(told) == {*recipe.tables.ids, *recipe.numbers.ids}
    assert told["indictment"]["because"] == recipe.tables["indictment"].because.text
    assert "charged [0.05, 0.14, 0.3]" in told["indictment"]["chance of charged"]
    assert main(["recipes", "cyber", "repeats-first-word"]) == 0
    shown = capsys.readouterr().out
    assert "if first is said: else [0.8, 0.93, 0.98]; else [0.03, 0.1, 0.25]" in shown
    assert "working-hours" not in shown


def test_the_printed_line_takes_the_entry(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Written into a model with the blanks filled, the line is a table that fits a case."""
    case, _ = written("cyber", "cyber")
    capsys.readouterr()
    home = here / "mine-baseline.yaml"
    text = home.read_text(encoding="utf-8")
    old = text[text.index("  hours:\n") : text.index("  money-asked:\n")]
    assert main(["recipes", "cyber", "working-hours"]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "in a model: " in line]
    filled = line.split("in a model: ")[1].replace("FACT:", "  hours:").replace("FACTION", "some-state")
    for state in case.facts["hours"].states:
        filled = filled.replace("STATE", state, 1)
    home.write_text(text.replace(old, filled + "\n"), encoding="utf-8")
    model = read_model("./mine-baseline.yaml")
    read_pair_errors(case, model)
    assert "working-hours" in model.tables["hours"].because.text


@pytest.mark.parametrize(("typed", "meant"), [(["cybre"], "cyber"), (["cyber", "inditement"], "indictment")])
def test_a_slip_is_answered(typed: list[str], meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes", *typed]) == 2
    assert f'did you mean "{meant}"?' in capsys.readouterr().err
