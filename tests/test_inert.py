"""Text of other people can do nothing but be read, in a terminal, a pipe, a spreadsheet."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from attribution.cli.output import Table, as_csv
from attribution.domain.evidence import Citation
from attribution.errors import CaseError
from attribution.inert import inert, inert_cell, inert_json

ROOT = Path(__file__).parent.parent
HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202egnp.exe\u2066\x9b31m"
OBEYED = {"\x1b", "\x07", "\x9b", "\u202e", "\u2066"}


def _shows_itself(letter: str) -> bool:
    """By Unicode alone, not by the code under test: no control, no format mark but the joiners, nothing unassigned."""
    return letter in "\u200c\u200d" or unicodedata.category(letter) not in {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}


@given(st.text())
@example(HOSTILE)
def test_no_line_carries_what_a_terminal_obeys(text: str) -> None:
    shown = inert(text)
    assert all(letter == "\n" or _shows_itself(letter) for letter in shown)
    assert shown.count("\n") == text.count("\n")


def test_no_letter_of_unicode_gets_through_that_does_not_show_itself() -> None:
    every = "".join(map(chr, range(sys.maxunicode + 1)))
    assert {letter for letter in inert(every) if not _shows_itself(letter)} == {"\n"}
    assert {letter for letter in inert_json(every) if not _shows_itself(letter)} == {"\n"}
    kept = "".join(letter for letter in every if _shows_itself(letter))
    assert inert(kept) == kept


@given(st.text())
def test_json_stays_the_same_document(text: str) -> None:
    written = inert_json(json.dumps([text], ensure_ascii=False))
    assert json.loads(written) == [text]
    assert all(_shows_itself(letter) for letter in written)


FORMULAS = ("=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\uff1d1", "\uff20SUM(A1)")


@given(st.text())
@example(FORMULAS[-1])
def test_no_cell_begins_as_a_formula(text: str) -> None:
    cell = inert_cell(text)
    if unicodedata.normalize("NFKC", cell.lstrip()[:1]) in {"=", "+", "-", "@"}:
        float(cell)


@pytest.mark.parametrize("text", FORMULAS)
def test_names_that_are_formulas_go_out_as_texts_in_every_cell(text: str) -> None:
    rows = list(csv.reader(io.StringIO(as_csv([Table(text, (text, "x"), ((text, -0.0),))]))))
    assert rows[1][2] == "0.0"
    assert all(cell.startswith("'") for cell in (rows[0][1], *rows[1][:2]))


@pytest.mark.parametrize("number", ["-0.3", "+1e5", "-inf"])
def test_numbers_stay_numbers(number: str) -> None:
    assert inert_cell(number) == number


@pytest.mark.parametrize(
    "address", ["https://reader:secret@example.org/", "https://example.org/\u202egpj", "https://exa\u200bmple.org/"]
)
def test_addresses_that_hide_something_are_refused(address: str) -> None:
    with pytest.raises(CaseError, match="not a web address"):
        Citation(url=address, title="A page")


@pytest.fixture(scope="module")
def hostile_case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile")
    ran(folder, "new", "sample")
    path = folder / "sample.yaml"
    text = path.read_text(encoding="utf-8")
    line = next(line for line in text.splitlines() if line.startswith("title:"))
    escapes = "".join(letter if " " <= letter <= "~" else f"\\u{ord(letter):04x}" for letter in HOSTILE)
    path.write_text(text.replace(line, f"title: \"=cmd|'/C calc'!A0 {escapes}\""), encoding="utf-8")
    return path


@pytest.mark.parametrize("form", ["text", "json", "csv"])
def test_a_title_from_a_file_reaches_no_terminal_as_a_command(hostile_case: Path, form: str) -> None:
    model = hostile_case.with_name("sample-baseline.yaml")
    shown = ran(hostile_case.parent, "check", str(hostile_case), "--model", str(model), "--format", form)
    assert shown.stdout
    assert not OBEYED & set(shown.stdout + shown.stderr)
    if form == "csv":
        assert not any(cell.startswith("=") for row in csv.reader(shown.stdout.splitlines()) for cell in row)


STREAMS = (
    "schema case",
    "archive check incidents-2019-2024",
    "export tower-22 -o case.xlsx",
    "sweep tower-22 --set perpetrator.other=0.02",
    "tempo check us-forces-2023-24 --simulations 5",
    "elicit tower-22/baseline -o mine.yaml </dev/null",
    "archive predict incidents-2019-2024 --least 3",
    "archive backtest incidents-2019-2024 --baselines none",
    "report tower-22 --engine importance -o report.docx",
)


@pytest.mark.parametrize("command", STREAMS)
def test_a_closed_or_full_output_is_named(command: str, tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this machine has no /dev/full")
    ways = ((">/dev/full", "no space left"), (">&-", "is closed"), ("2>&-", "is closed"))
    for redirection, words in ways if command == STREAMS[0] else ways[:1]:
        shown = shelled(f'"{sys.executable}" -m attribution {command} {redirection}', tmp_path)
        assert shown.returncode == 2
        assert words in shown.stderr + shown.stdout
        assert "fault of the program" not in shown.stderr


def test_what_was_written_before_the_output_was_full_is_named(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this machine has no /dev/full")
    shown = shelled(f'"{sys.executable}" -m attribution export tower-22 -o case.xlsx >/dev/full', tmp_path)
    assert (shown.returncode, "written before that, and whole: case.xlsx" in shown.stderr) == (2, True)
    assert (tmp_path / "case.xlsx").read_bytes()[:2] == b"PK"


def test_where_standard_error_is_full_standard_output_says_why(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this machine has no /dev/full")
    shown = shelled(f'"{sys.executable}" -m attribution check nowhere 2>/dev/full', tmp_path)
    assert shown.returncode == 2
    assert "nowhere" in shown.stdout


def test_a_reader_that_stops_reading_is_no_fault(tmp_path: Path) -> None:
    shown = shelled(f'"{sys.executable}" -m attribution schema case | head -c 1; exit ${{PIPESTATUS[0]}}', tmp_path)
    assert (shown.returncode, shown.stderr) == (0, "")


def test_a_working_folder_that_is_gone_and_no_home_are_named(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    for command in ("check ./case.yaml", "tempo fit ./series.yaml", "import ./matrix.csv --date 2024-01-28"):
        gone.mkdir()
        shown = shelled(f'rmdir "{gone}"; "{sys.executable}" -m attribution {command}', gone)
        assert shown.returncode == 2
        assert "fault of the program" not in shown.stderr
        assert "the working folder is gone" in shown.stderr
    homeless = {name: value for name, value in ENVIRONMENT.items() if name not in ("HOME", "XDG_CACHE_HOME")}
    shown = subprocess.run(
        [sys.executable, "-m", "attribution", "check", "tower-22"],
        cwd=tmp_path, env=homeless, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr


def test_outputs_that_cannot_be_written_are_refused_before_the_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    shown = ran(tmp_path, "report", "tower-22", "-o", "file/report.html")
    assert shown.returncode == 2
    assert "is a file" in shown.stderr


ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def shelled(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )


def ran(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "attribution", *arguments],
        cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
