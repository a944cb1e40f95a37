"""Whatever is written: a table is read, or refused with file and line; nothing else happens."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attribution.archive.reading.mapping_file import parse_mapping
from attribution.archive.reading.read import Archive, read_events
from attribution.errors import InputError
from tests.archive.tables import HEADER, MAPPING, ROWS, TODAY, a_mapping

NAMES = HEADER.split(",")
DATES = st.dates(max_value=TODAY).map(str) | st.sampled_from(["", "n/a", "2020", "2020-05", "31 June 2020"])
NUMBERS = st.floats(-200, 200).map("{:g}".format) | st.sampled_from(["", "-9", "x"])
KNOWN = ("Red", "Blue", "Banner", "the reds", "Red|Blue")
WORDS = st.text(max_size=12) | st.sampled_from([*KNOWN, "Unknown", "Other", '"'])
CELLS = {"date": DATES, "lat": NUMBERS, "lon": NUMBERS, "killed": NUMBERS}
TABLES = st.lists(st.tuples(*(CELLS.get(name, WORDS) for name in NAMES)), max_size=12)
FAST = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def complaint(text: str) -> InputError | None:
    """What is wrong with a mapping."""
    try:
        parse_mapping(text, "mapping.yaml")
    except InputError as error:
        return error
    return None


def attempt(folder: Path, raw: bytes) -> Archive | InputError:
    """The archive, or the error about it."""
    path = folder / "t.csv"
    path.write_bytes(raw)
    try:
        return read_events(path, a_mapping(), today=TODAY)
    except InputError as error:
        return error


def whole_sentence(found: Archive | InputError) -> bool:
    """Whether an error says where, what, and what is allowed."""
    return isinstance(found, Archive) or bool(found.file and found.what and found.allowed)


@FAST
@given(TABLES)
def test_any_cells_are_read_or_refused(tmp_path: Path, table: list[tuple[str, ...]]) -> None:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([NAMES, *table])
    found = attempt(tmp_path, out.getvalue().encode("utf-8", errors="replace"))
    assert whole_sentence(found)
    if isinstance(found, InputError):
        assert found.line >= 2 or "mapping" in found.hint
        return
    events, tally = found.events, found.tally
    assert tally.rows == len(table)
    assert tally.events + tally.undated == tally.rows
    assert len(events) == tally.events
    # every label is one of the cell's own names, as the mapping spells them
    for at, row in enumerate(events.row.tolist()):
        cell = table[row][NAMES.index("who")]
        if events.label[at] >= 0:
            assert len(cell.strip()) > 0
        known = events.label[at] >= 0 or len(events.among[at]) > 0
        assert known or cell not in KNOWN


@FAST
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path: Path, raw: bytes) -> None:
    assert whole_sentence(attempt(tmp_path, raw))
    assert whole_sentence(attempt(tmp_path, HEADER.encode() + b"\n" + raw))


@FAST
@given(st.integers(0, len("\n".join([HEADER, *ROWS]))))
def test_a_table_cut_anywhere_is_read_or_refused_and_never_invents_an_event(tmp_path: Path, length: int) -> None:
    whole = "\n".join([HEADER, *ROWS])
    found = attempt(tmp_path, whole[:length].encode())
    assert whole_sentence(found)
    if isinstance(found, Archive):
        assert found.tally.rows <= whole[:length].count("\n")
        assert whole[length - 1] == "\n" or any(concern.topic == "cut" for concern in found.concerns)


@FAST
@given(st.text(max_size=200))
def test_any_text_is_no_mapping(text: str) -> None:
    error = complaint(text)
    assert error is not None
    assert error.file == "mapping.yaml"
    assert error.line >= 1


@FAST
@given(st.data())
def test_a_mapping_with_a_line_lost_or_garbled_is_read_or_refused(data: st.DataObject) -> None:
    lines = MAPPING.splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    change = data.draw(st.sampled_from(["drop", "double", "indent", "replace"]))
    other = data.draw(st.text(max_size=30)) if change == "replace" else ""
    lines[at : at + 1] = {"drop": [], "double": [lines[at]] * 2, "indent": ["  " + lines[at]]}.get(change, [other])
    error = complaint("\n".join(lines))
    assert error is None or (error.file == "mapping.yaml" and error.line >= 1)


@FAST
@given(st.permutations(range(len(ROWS))))
def test_the_order_of_rows_changes_no_event(tmp_path: Path, order: list[int]) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join([HEADER, *(ROWS[at] for at in order)]) + "\n", encoding="utf-8")
    events = read_events(path, a_mapping(), today=TODAY).events
    assert np.all(np.diff(events.day) >= 0)
    found = {
        id: (int(events.day[at]), events.factions[events.label[at]] if events.label[at] >= 0 else int(events.label[at]))
        for at, id in enumerate(events.id.tolist())
    }
    assert {id: who for id, (_, who) in found.items()} == {
        "e1": "Red", "e2": "Blue", "e3": -1, "e4": -1, "e5": -1, "e6": -2, "e7": -1
    }  # fmt: skip
