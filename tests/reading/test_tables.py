"""Cases through tables, workbooks and matrices and back, and everything a spreadsheet can do to them."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import attribution as at
from attribution.cli import main
from attribution.domain.case import Case
from attribution.domain.evidence import Citation
from attribution.errors import FormatError, InputError, UsageError
from attribution.reading import parse_case, shipped_cases
from attribution.reading.template import case_template
from tests.random_cases import random_pair

MATRIX = "evidence,grade,Faction One,Faction Two\nThey claim it,,C,II\nThe debris is theirs,B2,CC,I\nRain,,,n\n"


@pytest.fixture
def case() -> Case:
    return parse_case(case_template("a-case"))


@pytest.mark.parametrize("name", shipped_cases())
def test_a_shipped_case_comes_back_from_tables_and_from_a_workbook(name: str, tmp_path: Path) -> None:
    case = at.read_case(name)
    assert at.Case.from_frames(**case.to_frames()) == case
    at.write_workbook(case, tmp_path / "case.xlsx")
    assert at.read_workbook(tmp_path / "case.xlsx") == case == at.read_case(tmp_path / "case.xlsx")


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6))
def test_random_cases_come_back_from_tables(seed: int) -> None:
    case = random_pair(seed)[0]
    assert at.Case.from_frames(**case.to_frames()) == case


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), st.text("; [],'\"", min_size=1))
def test_any_text_comes_back_from_tables(one: str, two: str) -> None:
    case = parse_case(case_template("a-case"))
    texts = (f"a{one}a", f"a{two}a", f"[{two}a")
    item = case.evidence["debris"]
    changed = replace(
        case.with_items(replace(item, title=texts[0], note=texts[1], via=texts)), title=texts[1], limits=texts
    )
    assert at.Case.from_frames(**changed.to_frames()) == changed


def test_several_citations_have_a_sheet_of_their_own(case: Case, tmp_path: Path) -> None:
    pages = tuple(Citation(f"https://example.org/{n}", f"Page {n}", note="seen") for n in range(3))
    changed = case.with_items(replace(case.evidence["debris"], citations=pages))
    at.write_workbook(changed, tmp_path / "case.xlsx")
    assert at.read_workbook(tmp_path / "case.xlsx").evidence["debris"].citations == pages
    assert len(changed.to_frames()["citations"]) == 3


def test_what_a_person_types_is_understood() -> None:
    """Lists of dicts, NaN for nothing, real dates, triples side by side, a banner that is True."""
    case = at.Case.from_frames(
        case={"id": "a-case", "title": "A case", "question": "Who?", "date": dt.date(2024, 1, 28), "place": "Here"},
        factions=[{"id": "one", "parent": "both"}, {"id": "both", "banner": "yes"}, {"id": "other"}],
        sources=pd.DataFrame([{"name": "A", "kind": "media", "reliability": "B"}], index=pd.Index(["a"], name="id")),
        facts=[{"id": "weapon", "states": "drone; rocket", "given": float("nan")}],
        evidence=[
            {"id": "x", "kind": "report", "says": "weapon: drone; perpetrator: one", "source": "a", "grade": "B2",
             "published": pd.Timestamp("2024-01-29"), "url": "https://example.org/x"},
            {"id": "y", "kind": "absence", "says": "weapon: {not: rocket}", "detection": "0.4, 0.7, 0.9",
             "published": dt.datetime(2024, 1, 30, 13, 30), "source": None, "url": np.nan},
        ],
    )  # fmt: skip
    assert case.factions.leaves == ("one", "other") and len(case.evidence["x"].propositions) == 2
    assert str(case.evidence["y"].published) == "2024-01-30T13:30" and case.evidence["y"].detection.best == 0.7  # type: ignore[union-attr]
    assert case.evidence["x"].citations[0].url == "https://example.org/x"


def set_cell(sheet: str, cell: str, value: object) -> Callable[[openpyxl.Workbook], object]:
    return lambda book: setattr(book[sheet][cell], "value", value)


def renamed(old: str, new: str) -> Callable[[openpyxl.Workbook], object]:
    return lambda book: setattr(book[old], "title", new)


def emptied(sheet: str) -> Callable[[openpyxl.Workbook], object]:
    return lambda book: book[sheet].delete_rows(1, 100)


BROKEN: list[tuple[Callable[[openpyxl.Workbook], object], tuple[str, ...]]] = [
    (renamed("evidence", "evidense"), ('"evidense"', 'did you mean "evidence"')),
    (renamed("evidence", "#evidence"), ("no sheet `evidence`",)),
    (renamed("case", "#case"), ("no sheet `case`",)),
    (emptied("sources"), ("sheet sources", "empty")),
    (set_cell("evidence", "A1", "ids"), ("sheet evidence", '"ids"', 'did you mean "id"')),
    (set_cell("evidence", "A1", None), ("column 1 has no name",)),
    (set_cell("evidence", "A1", "kind"), ("there twice",)),
    (set_cell("evidence", "A3", "debris"), ("sheet evidence, row 3", "debris", "twice")),
    (set_cell("sources", "A3", "ministry"), ("sheet sources, row 3", "twice")),
    (set_cell("sources", "A3", None), ("sheet sources, row 3", "`id` is empty")),
    (set_cell("sources", "C2", "goverment"), ("sheet sources, row 2", 'did you mean "government"')),
    (set_cell("factions", "B3", "some-sponsr"), ("sheet factions, row 3", 'did you mean "some-sponsor"')),
    (set_cell("factions", "B2", "faction-one"), ("circle",)),
    (set_cell("case", "A2", "idd"), ("sheet case, row 2", 'did you mean "id"')),
    (set_cell("case", "B5", "yesterday"), ("sheet case, row 5", "yesterday")),
    (lambda book: book["evidence"].merge_cells("A2:A3"), ("sheet evidence", "A2:A3", "merged")),
    (set_cell("evidence", "AN2", "lost"), ("sheet evidence, row 2", "column without a name")),
    (set_cell("evidence", "A2", "=A3"), ("row 2", "formula")),
    (lambda book: setattr(book["case"]["B3"], "_value", "x" * 32_768), ("row 3", "32,768 characters")),
]  # fmt: skip


@pytest.mark.parametrize(("broken", "says"), BROKEN, ids=[says[0] for _, says in BROKEN])
def test_a_broken_workbook_is_told_by_sheet_and_row(
    broken: Callable[[openpyxl.Workbook], object], says: tuple[str, ...], case: Case, tmp_path: Path
) -> None:
    path = tmp_path / "case.xlsx"
    at.write_workbook(case, path)
    book = openpyxl.load_workbook(path)
    broken(book)
    book.save(path)
    with pytest.raises(InputError) as refused:
        at.read_workbook(path)
    for words in says:
        assert words in str(refused.value)


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("grade", "Z9", "Z9"),
        ("grade", dt.datetime(2024, 2, 1), "format the column grade as text"),
        ("published", "30 January", "30 January"),
        ("published", 45321, "45321"),
        ("published", None, "published"),
        ("source", None, "source"),
        ("source", float("nan"), "source"),
        ("source", ["ministry", "faction-one"], "a list"),
        ("source", "ministri", 'did you mean "ministry"'),
        ("says", "weapon: dron", 'did you mean "drone"'),
        ("says", "weapon drone", "says"),
        ("says", "weapon: [drone", "cannot be read"),
        ("kind", "raport", 'did you mean "report"'),
        ("url", "example.org", "web address"),
        ("would_say_anyway", "0,7", "would_say_anyway"),
        ("would_say_anyway", 1.5, "1.5"),
    ],
)
def test_a_bad_cell_is_told_by_table_and_row(column: str, value: Any, says: str, case: Case) -> None:
    rows = [
        dict(zip(frame.columns, row, strict=True)) for frame in [case.to_frames()["evidence"]] for row in frame.values
    ]
    rows[0][column] = value
    with pytest.raises(InputError) as refused:
        at.Case.from_frames(**{**case.to_frames(), "evidence": rows})
    assert "table evidence, row 1" in str(refused.value) and says in str(refused.value)


@pytest.mark.parametrize(
    "value", [np.array([0.1, 0.2]), np.array([]), {1, 2}, object()], ids=["two", "none", "set", "other"]
)
def test_no_cell_of_a_case_holds_what_no_file_holds(value: object, case: Case) -> None:
    for number, row in enumerate(rows := case.to_frames()["case"].to_dict("records")):
        cells = [*rows[:number], {**row, "value": value}, *rows[number + 1 :]]
        with pytest.raises(InputError, match=f"table case, row {number + 1}"):
            at.Case.from_frames(**{**case.to_frames(), "case": cells})


@pytest.mark.parametrize("table", [4, "rows", [4], None])
def test_what_is_no_table_is_refused(table: Any, case: Case) -> None:
    with pytest.raises(InputError):
        at.Case.from_frames(**{**case.to_frames(), "evidence": table})


def test_a_number_that_is_a_text_is_the_number(case: Case) -> None:
    frames = case.to_frames()
    about = [{"key": "latitude", "value": " 33.31 "}, {"key": "longitude", "value": 38.7}]
    read = at.Case.from_frames(**{**frames, "case": [*frames["case"].to_dict("records"), *about]})
    assert (read.incident.latitude, read.incident.longitude) == (33.31, 38.7)


def test_what_is_no_workbook_is_refused(tmp_path: Path, case: Case) -> None:
    (tmp_path / "case.xlsx").write_text("not a workbook")
    with pytest.raises(FormatError, match="not a whole workbook"):
        at.read_workbook(tmp_path / "case.xlsx")
    with pytest.raises(UsageError, match=r"cannot be read"):
        at.read_workbook(tmp_path / "other.xlsx")
    with pytest.raises(UsageError, match=r"does not end in \.xlsx"):
        at.write_workbook(case, tmp_path / "case.xls")


@pytest.mark.parametrize("text", ["=1+1", "+1", "@sum", "01.02.2024", "1e5", "TRUE"])
def test_a_text_in_a_workbook_stays_a_text(text: str, case: Case, tmp_path: Path) -> None:
    changed = replace(case, title=text)
    at.write_workbook(changed, tmp_path / "case.xlsx")
    assert at.read_workbook(tmp_path / "case.xlsx").title == text
    cells = openpyxl.load_workbook(tmp_path / "case.xlsx")["case"]["B"]
    assert all(cell.data_type != "f" for cell in cells)


@pytest.mark.parametrize("text", ["a\x07b", "x" * 40_000, "a_x0041_b"])
def test_a_text_that_no_cell_can_hold_is_refused_and_nothing_is_written(text: str, case: Case, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="sheet case"):
        at.write_workbook(replace(case, title=text), tmp_path / "case.xlsx")
    assert not list(tmp_path.iterdir())


def matrix(folder: Path, text: str = MATRIX) -> Path:
    (folder / "marks.csv").write_text(text)
    return folder / "marks.csv"


def test_a_matrix_is_a_case_and_a_model_with_declared_ratios(tmp_path: Path) -> None:
    case, model = at.read_ach(matrix(tmp_path), date="2024-01-28")
    assert case.factions.leaves == ("faction-one", "faction-two", "other") and len(case.evidence) == 3
    posterior = at.fit(case, model, engine="importance")
    ratio = posterior.standings[0].probability / posterior.standings[1].probability
    assert ratio == pytest.approx((0.4 / 0.04) * (0.8 / 0.1), rel=0.7) and ratio > 20
    louder = model.with_({"traits.ii.else": 0.2, "traits.i.else": 0.2, "traits.c.else": 0.2, "traits.cc.else": 0.2})
    level = at.fit(case, louder, engine="importance").standings
    assert level[0].probability == pytest.approx(level[1].probability, rel=1e-9)


def test_a_matrix_comes_back(tmp_path: Path) -> None:
    case, model = at.read_ach(matrix(tmp_path), date="2024-01-28")
    at.write_ach(case, model, tmp_path / "again.csv")
    again = at.read_ach(tmp_path / "again.csv", date="2024-01-28", id="marks", title="marks")
    assert again == (case, model)
    with pytest.raises(UsageError, match="no matrix"):
        at.write_ach(at.read_case("tower-22"), at.read_model("tower-22/baseline"), tmp_path / "tower.csv")
    with pytest.raises(UsageError, match=r"\.csv"):
        at.write_ach(case, model, tmp_path / "again.txt")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from(["CC", "C", "N", "I", "II", "", "cc"]), min_size=3, max_size=3), min_size=1))
def test_any_marks_come_back(rows: list[list[str]]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        text = "evidence,A,B,C\n" + "".join(f"Item {n},{','.join(row)}\n" for n, row in enumerate(rows))
        pair = at.read_ach(matrix(folder, text), date="2024-01-28")
        at.write_ach(*pair, folder / "again.csv")
        again = at.read_ach(folder / "again.csv", date="2024-01-28", id="marks", title="marks")
    assert again == pair


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no column `evidence`"),
        ("evidense,A,B\n", 'did you mean "evidense"'),
        ("evidence,A\nx,C\n", "two hypotheses or more"),
        ("evidence,A,A\nx,C,C\n", "two hypotheses or more"),
        ("evidence,A,a\nx,C,C\n", "one name"),
        ("evidence,A,Other\nx,C,C\n", "called other"),
        ("evidence,A,B\n", "no rows"),
        ("evidence,A,B\nx,C\n", "marks.csv:2"),
        ("evidence,A,B\nx,C,C\n,C,C\n", "marks.csv:3"),
        ("evidence,A,B\nx,C,X\n", 'B has "X"'),
        ("evidence,A,B\nx,C,C\nx,C,I\n", "marks.csv:3"),
        ("evidence,grade,A,B\nx,Z9,C,C\n", "marks.csv:2"),
        ('evidence,A,B\n"x,C,C\n', "not CSV"),
    ],
)
def test_a_matrix_that_is_none_is_told_by_line(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        at.read_ach(matrix(tmp_path, text), date="2024-01-28")
    assert says in str(refused.value)


def test_commands_import_export_and_begin_a_workbook(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new", "a-case", "--workbook"]) == 0
    assert main(["import", "a-case.xlsx"]) == 0
    assert at.read_case("./a-case.yaml") == at.read_workbook("a-case.xlsx")
    assert main(["import", "a-case.xlsx"]) == 2 and "is there already" in capsys.readouterr().err
    assert main(["export", "tower-22", "-o", "tower-22.xlsx"]) == 0
    assert at.read_workbook("tower-22.xlsx") == at.read_case("tower-22")
    matrix(tmp_path)
    assert main(["import", "marks.csv"]) == 2 and "--date" in capsys.readouterr().err
    assert main(["import", "marks.csv", "--date", "2024-01-28"]) == 0
    assert main(["export", "./marks.yaml", "--model", "./marks-baseline.yaml", "-o", "again.csv"]) == 0
    assert main(["import", "a-case.yaml"]) == 2 and "neither" in capsys.readouterr().err
    assert main(["export", "tower-22", "-o", "tower-22.txt"]) == 2


def test_a_model_for_another_case_is_refused(case: Case) -> None:
    read = at.Case.from_frames(**case.to_frames())
    with pytest.raises(InputError, match="tower-22"):
        at.fit(read, at.read_model("tower-22/baseline"), engine="importance")


def test_a_workbook_does_not_say_when_it_was_written(tmp_path: Path) -> None:
    at.write_workbook(at.read_case("tower-22"), tmp_path / "case.xlsx")
    with zipfile.ZipFile(tmp_path / "case.xlsx") as parts:
        assert {part.date_time for part in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"created" not in parts.read("docProps/core.xml")
        assert b"modified" not in parts.read("docProps/core.xml")
