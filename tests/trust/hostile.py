"""Texts that are almost files of ours, and texts that want to do harm; and the judge of what becomes of them."""

from __future__ import annotations

import datetime as dt
import re
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

import numpy as np

from attribution.archive.reading.mapping_file import parse_mapping, read_mapping
from attribution.archive.reading.read import read_events
from attribution.campaign.assumptions import read_assumptions
from attribution.campaign.design import design
from attribution.campaign.reading import parse_tempo, read_tempo, shipped_tempos
from attribution.errors import InputError, TooTiedError
from attribution.network.compiler import compile_network
from attribution.network.summation import log_joint
from attribution.reading import (
    Case,
    Model,
    case_template,
    model_template,
    parse_case,
    parse_grading,
    parse_model,
    parse_recipe,
    read_ach,
    read_case,
    read_model,
    read_pair_errors,
    shipped_cases,
)

ROOT = Path(__file__).parents[2]
SLOWEST = 5.0  # seconds that any one text may take

NASTY = (
    *(
        "",
        "~",
        "null",
        "yes",
        "no",
        "-",
        "?",
        ":",
        "[",
        "]",
        "{",
        "}",
        "[]",
        "{}",
        "[,]",
        "- -",
        ", ",
        "#",
        "'",
        '"',
        "|",
        ">",
    ),
    *(
        "0",
        "-1",
        "1",
        "1.0",
        "0.0",
        "1e-320",
        "1e309",
        "-inf",
        "inf",
        "nan",
        "0x10",
        "1_000",
        "٣",
        "1e",
        ".5.",
        "9" * 400,
    ),
    *("2024-02-30", "0000-00-00", "9999-12-31", "24-1-1", "2024-01-28T25:00", "yesterday"),
    *(
        "!!python/object/apply:os.system [true]",
        "!!binary aGk=",
        "&a [*a]",
        "*a",
        "<<: *a",
        "!custom x",
        "%YAML 9.9",
        "---",
        "...",
    ),
    *(
        "<script>alert(1)</script>",
        "javascript:alert(1)",
        "{{ 7 * 7 }}",
        "{% raw %}",
        "$x$",
        "`id`",
        "../../etc/passwd",
    ),
    *("\u202egnol", "\u200b", "\ufeff", "\x00", "\x1b[2J", "é" * 300, "a" * 20_000, "\t", "\r", "\u2028", "🙂"),
    *(
        "other",
        "else",
        "perpetrator",
        "factions",
        "A1",
        "F6",
        "G9",
        "[0.1, 0.2, 0.3]",
        "[0.3, 0.2, 0.1]",
        "[0, 0.5, 1]",
        "{yes: 3, of: 2}",
    ),
    *("[0.1, 0.1, 0.1]", "[1e-300, 1e-200, 0.5]", "{lr: [0.1, 1, 10]}", "{trait: x}", "likely", "{not: yes}"),
)
_TEMPO = """format: attribution-tempo/1
id: made-up
title: A made-up series
from: 2020-01-01
to: 2020-02-20
observers:
  weekly:
    scope: "attacks on the road"
    counts:
      - {first: 2020-01-01, last: 2020-01-07, count: 4}
      - {first: 2020-01-08, last: 2020-01-14, count: 0}
      - {first: 2020-01-15, last: 2020-01-21, count: 3}
      - {first: 2020-01-22, last: 2020-01-28, count: 2}
      - {first: 2020-01-29, last: 2020-02-04, count: 5}
      - {first: 2020-02-05, last: 2020-02-11, count: 1}
  said:
    scope: "attacks on the road, as stated"
    statements:
      - {as_of: 2020-01-05, total: 3}
      - {as_of: 2020-01-12, total: 4, precision: about}
      - {as_of: 2020-01-20, total: 6, source: "a briefing", published: 2020-01-21}
      - {as_of: 2020-01-30, total: 9, none_since: 2020-01-25}
      - {as_of: 2020-02-10, total: 12, precision: at-least}
interventions:
  - {id: first-strike, kind: strike, date: 2020-01-10, title: "A strike", by: A, on: B}
  - {id: the-truce, kind: truce, date: 2020-01-25, ends: 2020-02-09, dated_by: announcement}
"""
_MATRIX = """id,evidence,Faction One,Faction Two,grade,source,published,url
claim,"They claim it, at once",CC,II,B2,Agency,2024-01-29,https://example.org/claim
drone,A drone of theirs was used,C,I,,,,
denial,Two denied it,N,,A1,Agency,2024-02-01,
"""
_TOKEN = re.compile(r"[^\s,\[\]{}:]+")


@cache
def small_pair() -> tuple[Case, Model]:
    """The templates as a case and a model."""
    grading = (ROOT / "models" / "grading" / "standard.yaml").read_text()
    return parse_case(case_template("small")), parse_model(model_template("small"), grading_text=grading)


@cache
def seeds_of(kind: str) -> list[str]:
    """Good files of one kind, the small ones first."""
    if kind == "case":
        return [case_template("small"), *(read_case(name).text for name in shipped_cases())]
    if kind == "model":
        return [model_template("small"), read_model("tower-22/baseline").text]
    if kind == "events":
        lines = (ROOT / "data" / "events" / "incidents-2019-2024.csv").read_text().splitlines(keepends=True)
        return ["".join(lines[:12]), "".join(lines)]
    if kind == "tempo":
        return [_TEMPO, read_tempo(shipped_tempos()[0]).text]
    if kind == "matrix":
        return [_MATRIX]
    folder = {"grading": "models/grading", "recipe": "models/recipes", "mapping": "data/mappings"}[kind]
    return [path.read_text() for path in sorted((ROOT / folder).glob("*.yaml"))]


def spoilt(r: Random, text: str, other: str) -> str:
    """The text with one to four things wrong with it, most often words from elsewhere in it or from another file."""
    for _ in range(r.choice((1, 1, 1, 2, 2, 4))):
        text = r.choice(_SPOILERS)(r, text, other)
    return text


def _word(r: Random, text: str, other: str) -> str:
    words = list(_TOKEN.finditer(text))
    if not words:
        return text
    found = r.choice(words)
    new = r.choice(NASTY) if r.random() < 0.6 else r.choice([*_TOKEN.findall(other), ""])
    return text[: found.start()] + new + text[found.end() :]


def _line(r: Random, text: str, other: str) -> str:
    lines = text.splitlines(keepends=True) or [""]
    at = r.randrange(len(lines))
    kind = r.randrange(6)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        lines.insert(r.randrange(len(lines) + 1), lines[at])
    elif kind == 2:
        to = r.randrange(len(lines))
        lines[at], lines[to] = lines[to], lines[at]
    elif kind == 3:
        lines[at] = " " * r.randrange(9) + lines[at].lstrip()
    elif kind == 4:
        lines[at] = lines[at].rstrip("\n")
    else:
        lines.insert(at, r.choice(other.splitlines(keepends=True) or [""]))
    return "".join(lines)


def _character(r: Random, text: str, other: str) -> str:
    del other
    at = r.randrange(len(text) + 1)
    return text[:at] + r.choice(("", chr(r.randrange(1, 0x500)), *NASTY[:22])) + text[at + r.randrange(2) :]


def _cut(r: Random, text: str, other: str) -> str:
    at = r.randrange(len(text) + 1)
    return text[:at] if r.random() < 0.7 else text[:at] + other[r.randrange(len(other) + 1) :]


def _bomb(r: Random, text: str, other: str) -> str:
    del other
    deep = r.choice((3, 39, 41, 1000, 20_000))
    bomb = r.choice(("[" * deep, "{a: " * deep, "- " * deep, "a:\n" * deep, "x: &a [*a, *a]\n" * 5))
    at = r.choice((0, len(text), text.find("\n") + 1))
    return text[:at] + bomb + "\n" + text[at:]


_SPOILERS: tuple[Callable[[Random, str, str], str], ...] = (
    *(_word,) * 8,
    *(_line,) * 5,
    *(_character,) * 3,
    _cut,
    _bomb,
)


def judge(kind: str, text: str) -> str:
    """What is wrong with how a text was taken; empty where it was read, or refused with file and line, in time."""
    return judged(lambda: _take(kind, text), line=True)


def judged(take: Callable[[], object], *, line: bool = False) -> str:
    """What is wrong with how something was taken; empty where it was, or was refused with its place and a way out."""
    started = time.process_time()  # whatever else the machine is doing
    try:
        take()
    except InputError as error:
        if line and not (error.file and error.line):
            return f"an error without file and line: {error}"
        if not (error.file or error.at or error.allowed):
            return f"an error without a place: {error}"
        if not error.allowed and not error.hint:
            return f"an error without a way out: {error}"
    except TooTiedError:
        pass
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    took = time.process_time() - started
    return f"it took {took:.1f} s" if took > SLOWEST else ""


def _take(kind: str, text: str) -> None:
    """Read; what can be read is worked with: a case under a model of nothing but its words, a model with its case."""
    if kind == "case":
        case = parse_case(text, "fuzz.yaml")
        _ = [str(one) for item in case.evidence for one in item.propositions], case.as_of(case.incident.date)
    elif kind == "grading":
        parse_grading(text, "fuzz.yaml", id="fuzz")
    elif kind == "recipe":
        parse_recipe(text, "fuzz.yaml", id="fuzz")
    elif kind == "mapping":
        parse_mapping(text, "fuzz.yaml")
    elif kind == "events":
        _events(text)
    elif kind == "tempo":
        _tempo(text)
    elif kind == "matrix":
        _matrix(text)
    else:
        _model(text)


def _model(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzz.yaml"
        path.write_text(text, errors="surrogatepass")
        model = read_model(str(path))
    case = parse_case(case_template("small")) if model.case == "small" else read_case("tower-22")
    read_pair_errors(case, model)
    program = compile_network(case, model)
    z = np.random.default_rng(0).standard_normal((8, program.dimension))
    if np.isnan(log_joint(program, z)).any():
        raise ArithmeticError("the summation is not a number")


def _tempo(text: str) -> None:
    """A spoilt series; what can be read is laid out for its model."""
    with tempfile.TemporaryDirectory() as folder:
        series = parse_tempo(text, "fuzz.yaml", Path(folder), today=dt.date(2026, 1, 1))
    for observer in series.observers:
        design(series, observer, read_assumptions(), pooled=False)


def _matrix(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzz.csv"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        read_pair_errors(*read_ach(path, date="2024-01-28"))


def _events(text: str) -> None:
    """A spoilt table of events; lone surrogates become bytes that are no UTF-8."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzz.csv"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        read_events(path, read_mapping("incidents-2019-2024"), today=dt.date(2026, 1, 1))
