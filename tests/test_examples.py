"""Every example runs, says something, and is on the page of examples."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

import attribution as at

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
SAYS = {
    "archive_backtest": "log loss",
    "case_in_python": "very likely",
    "extend_in_pymc": "observed: tips",
    "fifty_fits_on_dask": "A1",
    "from_workbook": "GRU unit 74455",
    "olympic_destroyer": "GRU unit 74455",
    "prior_from_history": "kataib-hezbollah",
    "recipe_alone": "2020-10-20        0.98",
}  # the others are about Tower 22


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Examples may write files, and one uses the case of another."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(ROOT / "examples"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
@pytest.mark.filterwarnings("default")
def test_an_example(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(path), run_name="__main__")
    sys.modules.pop(path.stem, None)
    assert SAYS.get(path.stem, "Kataib Hezbollah") in capsys.readouterr().out


def test_the_page_of_examples_shows_all_of_them_as_they_are() -> None:
    page = (ROOT / "docs" / "examples.md").read_text(encoding="utf-8")
    for path in EXAMPLES:
        text = path.read_text(encoding="utf-8")
        assert f"(../examples/{path.name})" in page and text.split('"""')[1].split("\n")[0] in page
        assert text.count("\n") > 60 or text in page


def test_short_examples_are_short() -> None:
    lengths = {path.stem: path.read_text(encoding="utf-8").count("\n") for path in EXAMPLES}
    long = [name for name, lines in lengths.items() if lines > 60]
    assert len(EXAMPLES) >= 12 and long == ["olympic_destroyer"]


def test_the_workbook_says_what_the_script_says() -> None:
    script = runpy.run_path(str(ROOT / "examples" / "olympic_destroyer.py"))
    case = at.read_workbook(ROOT / "examples" / "olympic_destroyer.xlsx")
    assert case == at.Case.from_dict(script["CASE"]) and len(case.evidence) >= 12
