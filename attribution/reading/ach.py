"""Matrices of competing hypotheses: evidence in rows, hypotheses in columns, a mark in each cell; in and out.

Heuer (1999, Psychology of Intelligence Analysis, chapter 8) has an analyst mark how far each piece of evidence is
consistent with each hypothesis. The marks say nothing of how much. Here each mark is one declared number, a trait of
the model that all factions share, so that changing what ``I`` is worth is changing one line.
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attribution.atomic import write_text
from attribution.domain.case import Case
from attribution.domain.document import CASE_FORMAT, MODEL_FORMAT, Document
from attribution.domain.identifiers import OTHER, as_id
from attribution.domain.model import Model
from attribution.domain.tables import TraitValue, most_specific
from attribution.errors import FormatError, InputError, UsageError, did_you_mean, listed
from attribution.inert import inert_cell
from attribution.reading.yaml_nodes import read_text

MARKS = ("CC", "C", "N", "I", "II")
NEUTRAL = 0.2  # what a faction of which nothing is said leaves such evidence with; only ratios to it count
WORTH: Mapping[str, Any] = {
    "CC": [0.6, 0.8, 0.95],
    "C": [0.25, 0.4, 0.6],
    "N": NEUTRAL,
    "I": [0.05, 0.1, 0.16],
    "II": [0.01, 0.04, 0.1],
}
_OWN = ("id", "evidence", "grade", "source", "published", "url")
_SOURCE = "matrix"
_MEANS = {
    "CC": "very consistent with the hypothesis",
    "C": "consistent with it",
    "N": "of no bearing on it",
    "I": "inconsistent with it",
    "II": "very inconsistent with it",
}
_WHY = "{} stands for evidence {}. Heuer gives the marks no numbers: this one is declared here, only ratios to N count."


def read_ach(
    path: str | os.PathLike[str],
    *,
    date: str,
    id: str = "",
    title: str = "",
    place: str = "Not stated",
) -> tuple[Case, Model]:
    r"""Read a matrix of competing hypotheses (CSV) as a case and a model.

    Each row is a fact that is known to be true, each mark the probability of it under a hypothesis; the marks are
    traits of the model, to be edited.

    Parameters
    ----------
    path
        A CSV file. Its first row names the columns: `evidence`, and if wanted `id`, `grade`, `source`, `published` and
        `url`; every other column is a hypothesis, with CC, C, N, I or II in each row. Empty is N.
    date
        Day of the incident; also when a row was published that does not say.
    id, title
        Of the case; by default the name of the file.
    place
        Where it happened.

    Returns
    -------
    tuple of Case and Model
        Their factions are the hypotheses, and `other`, for whom nothing is marked.

    Raises
    ------
    FormatError, CaseError
        It cannot be read; file and line are named.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("matrix.csv").write_text("evidence,Faction One,Faction Two\nThey claim it,C,II\n")
    >>> case, model = at.read_ach("matrix.csv", date="2024-01-28")
    >>> case.factions.leaves, model.traits.ids
    (('faction-one', 'faction-two', 'other'), ('cc', 'c', 'n', 'i', 'ii'))
    """
    home = Path(path)
    rows, hypotheses = _matrix(read_text(home), str(path))
    name = as_id(id or home.stem)
    factions = {as_id(hypothesis): {"title": hypothesis} for hypothesis in hypotheses}
    if len(factions) < len(hypotheses) or OTHER in factions:
        raise FormatError(
            "two hypotheses have one name, or one is called other.",
            file=str(path),
            line=1,
            allowed="names that differ in letters or digits; `other` is added",
        )
    lines: dict[tuple[str | int, ...], int] = {}
    facts: Document = {}
    evidence: list[Document] = []
    tables: Document = {}
    for position, (line, row) in enumerate(rows):
        fact = as_id(row.get("id") or row["evidence"])[:60].strip("-")
        if fact in facts:
            raise FormatError(f'the row "{fact}" is there twice.', file=str(path), line=line, allowed="each row once")
        facts[fact] = {"question": row["evidence"], "states": ["yes", "no"]}
        lines["evidence", position] = line
        evidence.append(_item(fact, row, date))
        marks = {who: row[label].upper() or "N" for who, label in zip(factions, hypotheses, strict=True)}
        tables[fact] = {
            "yes": {**{who: {"trait": mark.lower()} for who, mark in marks.items()}, "else": {"trait": "n"}},
            "because": f'Marks of "{row["evidence"]}": {", ".join(" ".join(pair) for pair in marks.items())}.',
        }
    named = {as_id(row["source"]): row["source"] for _, row in rows if row.get("source")}
    document = {
        "format": CASE_FORMAT,
        "id": name,
        "title": title or home.stem,
        "question": "Which hypothesis holds?",
        "incident": {"date": date, "place": place},
        "factions": {**factions, OTHER: {"title": "None of these"}},
        "sources": {
            **({} if named and all(row.get("source") for _, row in rows) else {_SOURCE: _source("The matrix")}),
            **{one: _source(label) for one, label in named.items()},
        },
        "facts": facts,
        "evidence": evidence,
        "limits": ["Made from a matrix of competing hypotheses; every row is taken as true."],
    }
    try:
        return Case.from_dict(document), Model.from_dict(_model(name, tables))
    except InputError as error:
        raise error.located(str(path), lines.get(error.at[:2], 1)) from None


def _source(label: str) -> Document:
    return {"name": label, "kind": "other", "reliability": "A", "interest": "unknown"}


def _item(fact: str, row: Mapping[str, str], date: str) -> Document:
    item = {
        "id": fact,
        "kind": "act",
        "title": row["evidence"],
        "says": {fact: "yes"},
        "source": as_id(row["source"]) if row.get("source") else _SOURCE,
        "grade": row.get("grade") or "A1",
        "published": row.get("published") or date,
    }
    return {**item, "citation": {"url": row["url"], "title": row["evidence"]}} if row.get("url") else item


def _model(case: str, tables: Document) -> Document:
    return {
        "format": MODEL_FORMAT,
        "id": "baseline",
        "case": case,
        "title": "Marks of the matrix",
        "grading": "standard",
        "traits": {
            mark.lower(): {"kind": "behaviour", "else": worth, "because": _WHY.format(mark, _MEANS[mark])}
            for mark, worth in WORTH.items()
        },
        "perpetrator": {
            "share": {"else": 1},
            "other": [0.02, 0.05, 0.15],
            "surprise": [0.001, 0.01, 0.05],
            "because": "All hypotheses of the matrix alike; that it is none of them, a starting point to be replaced.",
        },
        "facts": tables,
    }


def _matrix(text: str, file: str) -> tuple[list[tuple[int, dict[str, str]]], list[str]]:
    """The rows with their lines, and the hypotheses."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        read = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise FormatError(f"this is not CSV: {error}.", file=file, line=reader.line_num, allowed="a CSV file") from None
    header = [_text(name) for name in (read[0][1] if read else [])]
    if "evidence" not in header:
        raise FormatError(
            "there is no column `evidence`.",
            file=file,
            line=1,
            allowed=f"{listed(_OWN)}; every other column is a hypothesis",
            hint=did_you_mean("evidence", header),
        )
    hypotheses = [name for name in header if name not in _OWN]
    if len(hypotheses) < 2 or "" in header or len(set(header)) < len(header):
        raise FormatError(
            f"the columns are {listed(header)}.",
            file=file,
            line=1,
            allowed="`evidence`, and two hypotheses or more, each with a name of its own",
        )
    rows = []
    for line, cells in read[1:]:
        if not any(cell.strip() for cell in cells):
            continue
        row = dict(zip(header, map(_text, cells), strict=False))
        if len(cells) != len(header) or not row["evidence"]:
            raise FormatError(
                f"the row has {len(cells)} cells." if row.get("evidence") else "`evidence` is empty.",
                file=file,
                line=line,
                allowed=f"{len(header)} cells, of which `evidence` says what is known",
            )
        for hypothesis in hypotheses:
            if row[hypothesis].upper() not in (*MARKS, ""):
                raise FormatError(
                    f'{hypothesis} has "{row[hypothesis][:20]}".',
                    file=file,
                    line=line,
                    allowed="CC, C, N, I, II, or nothing, which is N",
                )
        rows.append((line, row))
    if not rows:
        raise FormatError("the matrix has no rows.", file=file, line=1, allowed="a row for each piece of evidence")
    return rows, hypotheses


def _text(cell: str) -> str:
    """A cell without the apostrophe that keeps it from being a formula."""
    text = cell.strip()
    return text[1:] if text.startswith("'") and inert_cell(text[1:]) == text else text


def write_ach(case: Case, model: Model, path: str | os.PathLike[str]) -> None:
    r"""Write a case and a model as a matrix of competing hypotheses (CSV), atomically.

    Parameters
    ----------
    case, model
        As `read_ach` gives them, with whatever was changed of their numbers: each fact has two states, its table names
        the traits cc, c, n, i and ii, and one item says that it is true.
    path
        A name that ends in ``.csv``.

    Raises
    ------
    UsageError
        Another ending, or a table that has more to say than marks.
    OutputError
        The file cannot be written.

    Examples
    --------
    >>> from pathlib import Path
    >>> _ = Path("matrix.csv").write_text("evidence,Faction One,Faction Two\nThey claim it,C,II\n")
    >>> at.write_ach(*at.read_ach("matrix.csv", date="2024-01-28"), "again.csv")
    >>> at.read_ach("again.csv", date="2024-01-28", id="matrix")[1] == at.read_ach("matrix.csv", date="2024-01-28")[1]
    True
    """
    home = Path(path)
    if home.suffix != ".csv":
        raise UsageError(f'"{home.name}" does not end in .csv.', allowed="a name that ends in .csv")
    hypotheses = [leaf for leaf in case.factions.leaves if leaf != OTHER]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow((*_OWN, *(inert_cell(case.factions.label(one)) for one in hypotheses)))
    for item in case.evidence:
        says = item.propositions
        if len(says) != 1 or says[0].fact not in case.facts or str(says[0]) != f"{says[0].fact}: yes":
            raise _no_matrix(f'"{item.id}" says {listed(map(str, says))}')
        marks = [_mark(case, model, says[0].fact, one) for one in hypotheses]
        source = "" if item.source == _SOURCE else case.sources[item.source].name
        url = item.citations[0].url if item.citations else ""
        grade = getattr(item, "grade", None)
        texts = (inert_cell(text) for text in (item.id, item.title, str(grade or ""), source, str(item.published), url))
        writer.writerow((*texts, *marks))
    write_text(home, out.getvalue())


def _mark(case: Case, model: Model, fact: str, faction: str) -> str:
    rows = model.tables[fact].states
    entry = most_specific(rows[0].rows[0].entries, faction, case.factions) if len(rows) == 1 else None
    if entry and rows[0].state == "yes" and isinstance(entry.cell, TraitValue) and entry.cell.trait.upper() in MARKS:
        return entry.cell.trait.upper()
    raise _no_matrix(f'the table of "{fact}" is more than marks')


def _no_matrix(why: str) -> UsageError:
    return UsageError(
        f"this is no matrix of competing hypotheses: {why}.",
        allowed="a case and a model as `read_ach` gives them",
        hint="a workbook holds any case: .xlsx",
    )
