"""Titles that a terminal would obey, through every command that prints: what comes out can only be read."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import tempfile
import unicodedata
from contextlib import chdir, redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from random import Random
from unittest.mock import patch

from attribution.cli import main
from attribution.inert import legible
from attribution.reading import case_template, model_template, parse_case
from tests.trust.hostile import ROOT, seeds_of

MARKS = ("\x1b]0;owned\x07", "\x1b[2J", "\x9b31m", "\u202e", "\u2066", "\u200b", "\ufeff", "\x08", "\x7f", "\x85",
         "\u2028", "\x00", "\r", "\U000e0041", "=cmd|'/C calc'!A0", "@SUM(A1)", "-2+3", "[bold]x[/bold]", "[/]",
         "مرحبا", "\u200c", "é", "🙂")  # fmt: skip
_TEXT = re.compile(r'(?<=: )(?:"[^"\n]*"|[A-Z][a-z ][^\n{}\[\]:#,"]*)(?=[,}\n])')
_CASE, _MODEL, _EVENTS, _TEMPO = "case.yaml", "model.yaml", "events.csv", "tempo.yaml"
_PAIR = (f"./{_CASE}", "--model", _MODEL)
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("check", *_PAIR),
    ("check", *_PAIR, "--format", "json"),
    ("check", *_PAIR, "--format", "csv"),
    ("fit", *_PAIR, "--engine", "importance"),
    ("fit", *_PAIR, "--engine", "importance", "--format", "csv"),
    ("fit", *_PAIR, "--engine", "importance", "--format", "json", "-o", "run.nc"),
    ("report", *_PAIR, "--engine", "importance", "-o", "report.html"),
    ("sensitivity", *_PAIR, "--engine", "importance", "-o", "found.csv"),
    ("sensitivity", *_PAIR, "--engine", "importance", "--format", "json"),
    ("sweep", *_PAIR, "--set", "perpetrator.other=0.01,0.1", "-o", "swept.csv"),
    ("compare", f"./{_CASE}", f"./{_CASE}", "--model", _MODEL, "-o", "compared.md"),
    ("export", f"./{_CASE}", "-o", "case.xlsx"),
    ("import", "matrix.csv", "--date", "2024-01-28"),
    ("archive", "check", f"./{_EVENTS}", "--mapping", "incidents-2019-2024"),
    ("archive", "describe", f"./{_EVENTS}", "--mapping", "incidents-2019-2024", "-o", "described.json"),
    ("archive", "backtest", f"./{_EVENTS}", "--mapping", "incidents-2019-2024", "--baselines", "none"),
    ("archive", "predict", f"./{_EVENTS}", "--mapping", "incidents-2019-2024", "--least", "3", "-o", "predicted.csv"),
    ("archive", "check", f"./{_EVENTS}", "--mapping", "incidents-2019-2024", "--format", "csv"),
    ("tempo", "check", f"./{_TEMPO}", "--simulations", "5"),
    ("schema", "case"),
    ("new", "again"),
)
"""What is run; a mark may also stand in any argument."""
SLOW = {"report", "sensitivity", "tempo", "backtest", "predict", "describe"}
_NAMES_FILES = {"sweep": "swept.csv", "predict": "predicted.csv", "compare": "compared.md"}


def attempt_output(r: Random, *, slow: bool = True) -> tuple[str, str]:
    """A command on files whose texts carry marks, or with a mark in an argument: only letters come out."""
    chosen = [each for each in COMMANDS if slow or not SLOW & set(each)]
    command = list(r.choice(chosen))
    if r.random() < 0.25:
        at_ = r.randrange(1, len(command))
        command[at_] = _marked(r, command[at_]).replace("\0", "")
    with tempfile.TemporaryDirectory() as folder:
        _files(r, Path(folder))
        code, out, err = _run(command, Path(folder))
        told = f"{command}\n{out[-3000:]}\n{err[-3000:]}"
        return _wrong(code, out, err, command, Path(folder)), told.encode("unicode_escape").decode()


def _run(command: list[str], folder: Path) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with chdir(folder), redirect_stdout(out), redirect_stderr(err), patch.dict(os.environ, {"COLUMNS": "120"}):
        try:
            code = main(command)
        except SystemExit as stop:  # --help and --version
            code = int(stop.code or 0)
    return code, out.getvalue(), err.getvalue()


def _wrong(code: int, out: str, err: str, command: list[str], folder: Path) -> str:
    """What is wrong with what came out; empty where nothing is."""
    if code not in (0, 1, 2):
        return f"exit code {code}: {err.splitlines()[0] if err else ''}"
    if code == 2 and not err:
        return "refused without a word"
    form = command[command.index("--format") + 1] if "--format" in command[:-1] else ""
    if form == "json" and code < 2:
        json.loads(out)
    texts = {"standard output": out, "standard error": err}
    for word, name in _NAMES_FILES.items():
        if word in command and (folder / name).exists():
            texts[name] = (folder / name).read_text(encoding="utf-8")
    for name, text in texts.items():
        if bad := sorted({letter for letter in text if letter not in "\r\n" and _is_unseen(letter)}):
            return f"{name} carries {bad!a}"
    if "\r" in out + err:
        return "a carriage return came out"
    tables = [text for name, text in texts.items() if name.endswith(".csv")] + [out] * (form == "csv")
    cells = [cell for table in tables for row in csv.reader(io.StringIO(table, newline="")) for cell in row]
    return next((f"a cell is a formula: {cell[:40]!r}" for cell in cells if _is_formula(cell)), "")


def _is_unseen(letter: str) -> bool:
    """By Unicode alone, not by the code under test."""
    return unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"} and letter not in "\u200c\u200d"


def _is_formula(cell: str) -> bool:
    return cell.lstrip()[:1] in ("=", "@") or (cell[:1] in ("+", "-") and not _is_number(cell))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return len(text) == 1
    return True


def _marked(r: Random, text: str) -> str:
    at_ = r.choice((0, len(text), r.randrange(len(text) + 1)))
    return text[:at_] + "".join(r.choices(MARKS, k=r.choice((1, 2)))) + text[at_:]


def _quoted(text: str) -> str:
    """A YAML text in which what is not plain is an escape."""
    inner = "".join(
        letter if " " <= letter <= "~" and letter not in '"\\' else f"\\U{ord(letter):08x}" for letter in text
    )
    return f'"{inner}"'


def _spoilt_texts(r: Random, text: str) -> str:
    """The texts of a file with marks in them: each with even chances."""

    def marked(found: re.Match[str]) -> str:
        words = found.group().strip('"')
        marks = r.random() < 0.5 and not words.startswith("http")  # an address with marks is refused: another test
        return _quoted(_marked(r, words)) if marks else found.group()

    return _TEXT.sub(marked, text)


def _files(r: Random, folder: Path) -> None:
    (folder / _CASE).write_text(_spoilt_texts(r, case_template("small")))
    (folder / _MODEL).write_text(_spoilt_texts(r, model_template("small")))
    (folder / _TEMPO).write_text(_spoilt_texts(r, seeds_of("tempo")[0]))
    rows = list(csv.reader(seeds_of("matrix")[0].splitlines()))
    for row, column in ((0, 2), (1, 1)):
        rows[row][column] = _marked(r, rows[row][column]).replace("\0", "")
    _write_rows(folder / "matrix.csv", rows)
    events = [list(row) for row in _events()]
    for _ in range(r.choice((0, 3, 30))):
        row = r.choice(events[1:])
        column = r.randrange(len(row))
        row[column] = _marked(r, row[column]).replace("\0", "")
    _write_rows(folder / _EVENTS, events)


def _write_rows(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8", errors="surrogatepass") as stream:
        csv.writer(stream).writerows(rows)


@cache
def _events() -> tuple[tuple[str, ...], ...]:
    text = (ROOT / "data" / "events" / "incidents-2019-2024.csv").read_text()
    return tuple(tuple(row) for row in csv.reader(io.StringIO(text)))


def seeds_hold_marks() -> bool:
    """Whether files with marks in their texts still are files that are read."""
    cases = [parse_case(_spoilt_texts(Random(seed), case_template("small"))) for seed in range(9)]
    return any(legible(case.title) != case.title for case in cases)
