"""Tables that somebody keeps by hand: a mapping reads them as they are, or the refusal says what to write in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attribution.archive.reading.columns import sexagesimal
from attribution.archive.reading.read import Archive
from attribution.cli import main
from attribution.errors import EventError, FormatError
from tests.archive.reading.test_tables_as_they_come import MAPPING, ROWS, a_book, read

WIDE = """\
format: attribution-mapping/1
title: Wide
date: {column: Day, order: day-first}
perpetrator: {columns: [Red Front, Blue, Not known], unknown: [Not known], marks: [x]}
"""
WIDE_ROWS = ("Day;Red Front;Blue;Not known", "01.02.2020;X;;", "02.02.2020;;x;", "03.02.2020;x; x ;", "04.02.2020;;;x")


def a_table(folder: Path, *lines: str) -> Path:
    path = folder / "events.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def who(archive: Archive) -> list[set[str]]:
    events = archive.events
    sets = [{events.factions[code] for code in events.among[at]} for at in range(len(events))]
    return [
        sets[at] or ({events.factions[code]} if code >= 0 else set()) for at, code in enumerate(events.label.tolist())
    ]


def told(archive: Archive) -> str:
    return "\n".join(f"{one.severity}: {one.what}; {one.remedy}" for one in archive.concerns)


# a column for each faction


def test_a_mark_stands_for_the_name_of_its_column(tmp_path: Path) -> None:
    archive = read(a_table(tmp_path, *WIDE_ROWS), WIDE)
    assert who(archive) == [{"Red Front"}, {"Blue"}, {"Red Front", "Blue"}, set()]
    assert not [one for one in archive.concerns if one.topic in ("words", "marks")]


def test_marks_that_are_read_as_names_stop_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, mapping = a_table(tmp_path, *WIDE_ROWS), tmp_path / "m.yaml"
    mapping.write_text(WIDE.replace(", marks: [x]", ""), encoding="utf-8")
    assert 'blocking: "X" is read as a perpetrator\'s name' in told(read(path, mapping.read_text()))
    assert main(["archive", "check", str(path), "--mapping", str(mapping)]) == 1
    assert 'marks: ["X"]' in capsys.readouterr().out


def test_words_that_are_no_marks_and_columns_without_one_are_told(tmp_path: Path) -> None:
    rows = (*WIDE_ROWS[:3], "05.02.2020;perhaps;;")
    said = told(read(a_table(tmp_path, *rows), WIDE))
    assert (
        '1 rows have words in Red Front or Blue or Not known that `perpetrator: marks` does not list: "perhaps" (1)'
        in said
    )
    assert 'under `perpetrator: marks` never occur in Red Front or Blue or Not known: "Not known"' in said


# totals and notes below the table


NOTES = ("Total;2;2;1", "", "* as of June", "Source: own notes")


def test_notes_below_the_table_are_told_and_then_not_read(tmp_path: Path) -> None:
    path = a_table(tmp_path, *WIDE_ROWS, *NOTES)
    with pytest.raises(FormatError) as caught:
        read(path, WIDE.replace("marks: [x]", 'marks: [x, "2", "1"]'))
    assert (caught.value.line, caught.value.what) == (8, "the row has 1 of 4 fields.")
    assert "`last: 7`" in caught.value.hint
    assert who(read(path, WIDE + "last: 5\n")) == [{"Red Front"}, {"Blue"}, {"Red Front", "Blue"}, set()]
    with pytest.raises(EventError, match='"Total" is not a date'):
        read(path, WIDE + "last: 7\n")


def test_a_row_of_totals_without_a_date_is_left_out_and_told(tmp_path: Path) -> None:
    archive = read(a_table(tmp_path, *WIDE_ROWS, ";2;2;1"), WIDE)
    assert len(archive.events) == 4
    assert "left out, since they have no date: 1 of 5 rows" in told(archive)


def test_the_last_row_of_a_sheet_is_told_too(tmp_path: Path) -> None:
    path = a_book(tmp_path / "events.xlsx", {"Sheet1": [*[list(row) for row in ROWS], [], ["Source: own notes"]]})
    with pytest.raises(EventError, match='"Source: own notes" is not a date'):
        read(path)
    assert len(read(path, MAPPING + "last: 4\n").events) == 3


@pytest.mark.parametrize("last", ["0", "1.5", "-3"])
def test_a_last_line_is_a_line(tmp_path: Path, last: str) -> None:
    with pytest.raises(FormatError, match="this is no line"):
        read(a_table(tmp_path, *WIDE_ROWS), WIDE + f"last: {last}\n")


# several lines of names, several names in a cell, dates in pieces


@pytest.mark.parametrize("separator", [" / ", "; ", " & "])
def test_two_lines_of_names_and_several_names_in_a_cell(tmp_path: Path, separator: str) -> None:
    mapping = """\
format: attribution-mapping/1
title: Two lines
header: 2
date: {year: Year, month: Month, day: Day}
perpetrator: {columns: Suspect}
"""
    lines = [
        "When\t\t\tWho\tWho", "Day\tMonth\tYear\tSuspect\tClaim", "1\tFebruary\t2020\tRed\t", "2\tfeb.\t2020\tBlue\t",
        f"3\t02\t2020\tRed{separator}Blue\t",
    ]  # fmt: skip
    path = a_table(tmp_path, *lines)
    archive = read(path, mapping)
    assert f'say `separator: "{separator}"`' in told(archive)
    archive = read(path, mapping.replace("Suspect}", f'Suspect, separator: "{separator.strip()}"}}'))
    assert who(archive) == [{"Red"}, {"Blue"}, {"Red", "Blue"}]
    assert np.diff(archive.events.day).tolist() == [1, 1]


TWO_LINES = [
    ["", "Where", "", "Who", ""],
    ["Date", "Country", "Town", "", "Weapon"],
    *[[date, country, "T", actor, weapon] for date, country, actor, weapon in ROWS[1:]],
]
OVER_BOTH = MAPPING.replace("date,", "Date,").replace("country: country", "c: Where Country, t: Town")
OVER_BOTH = OVER_BOTH.replace("actor", "Who").replace("weapon: weapon", "weapon: Weapon")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_names_that_begin_on_the_line_above_are_read_from_both(tmp_path: Path, form: str) -> None:
    if form == "csv":
        path = a_table(tmp_path, "All attacks", *(",".join(row) for row in TWO_LINES))
    else:
        path = a_book(tmp_path / "events.xlsx", {"Sheet1": [["All attacks"], *[[*row] for row in TWO_LINES]]})
    with pytest.raises(EventError, match="does not have") as caught:
        read(path, OVER_BOTH)
    assert "`header: [2, 3]`" in caught.value.hint
    with pytest.raises(EventError, match='"Where Country"') as caught:
        read(path, OVER_BOTH + "header: 3\n")
    assert "`header: [2, 3]`" in caught.value.hint
    assert caught.value.allowed == "Date, Country, Town, Weapon"
    archive = read(path, OVER_BOTH + "header: [2, 3]\n")
    assert who(archive) == [{"Red"}, {"Blue"}, set()]
    assert [level.names for level in archive.events.place] == [("Iraq", "Syria"), ("Iraq / T", "Syria / T")]


@pytest.mark.parametrize("header", ["[2, 4]", "[3, 2]", "[1, 2, 3]", "0", "[]"])
def test_a_header_is_one_line_or_two_that_follow(tmp_path: Path, header: str) -> None:
    with pytest.raises(FormatError):
        read(a_table(tmp_path, *WIDE_ROWS), WIDE + f"header: {header}\n")


def test_a_month_that_is_none_is_told_with_its_line(tmp_path: Path) -> None:
    mapping = WIDE.replace("{column: Day, order: day-first}", "{year: Year, month: Month}")
    path = a_table(tmp_path, "Year;Month;Red Front;Blue;Not known", "2020;May;x;;", "2020;Mai;x;;")
    with pytest.raises(EventError, match='"Mai" is no month') as caught:
        read(path, mapping)
    assert caught.value.line == 3


def test_a_name_that_stands_over_two_columns_is_refused_where_it_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match='two columns are called "Blue"') as caught:
        read(a_table(tmp_path, "Day;Red Front;Blue;Blue;Not known", "01.02.2020;x;;;"), WIDE)
    assert "rename one of them" in caught.value.hint


@pytest.mark.parametrize(
    "written",
    [
        "2024-01-28T04:15:00.000+03:00",
        "2024-01-28 04:15Z",
        "28.01.2024 04:15 +0300",
        "2024-01-28 04:15 UTC+3",
        "28 Jan 2024 4:15 am EET",
    ],
)
def test_the_day_is_as_it_is_written_whatever_the_time_zone(tmp_path: Path, written: str) -> None:
    rows = (ROWS[0], (written, "Iraq", "Red", "drone"), *ROWS[2:])
    archive = read(a_table(tmp_path, *(",".join(row) for row in rows)))
    assert archive.events.day[0] == (np.datetime64("2024-01-28") - np.datetime64("1970-01-01")).astype(int)


# degrees as maps write them


PLACES = MAPPING.replace("{levels: {country: country}}", "{latitude: lat, longitude: lon}")


@pytest.mark.parametrize(
    ("latitude", "longitude", "found"),
    [
        ("33°18'36\"N", "44°21'36\"E", (33.31, 44.36)),
        ("33° 18' S", "44° 21.6' W", (-33.3, -44.36)),
        ("33°18′36″n", "44º21’36”e", (33.31, 44.36)),
        ('"33,31"', '"44,36"', (33.31, 44.36)),
    ],
)
def test_degrees_as_maps_write_them(tmp_path: Path, latitude: str, longitude: str, found: tuple[float, float]) -> None:
    row = f"2024-01-28;{latitude};{longitude};Red;drone"
    archive = read(a_table(tmp_path, "date;lat;lon;actor;weapon", row), PLACES)
    assert (archive.events.latitude[0], archive.events.longitude[0]) == pytest.approx(found)


@pytest.mark.parametrize("wrong", ["33°18'36\"E", "33°61'N", "95°N", "33 18 36", "33°18'36\""])
def test_degrees_that_can_mean_something_else_are_refused(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(EventError, match="the latitude is") as caught:
        read(a_table(tmp_path, "date;lat;lon;actor;weapon", f"2024-01-28;{wrong};44.3;Red;drone"), PLACES)
    assert caught.value.line == 2
    assert "33°18'36\"N" in caught.value.hint or "exchanged" in caught.value.hint


@given(seconds=st.integers(0, 90 * 3600), south=st.booleans())
def test_degrees_minutes_and_seconds_are_one_number(seconds: int, south: bool) -> None:
    degrees, rest = divmod(seconds, 3600)
    written = f"{degrees}°{rest // 60:02d}'{rest % 60:02d}\"{'S' if south else 'N'}"
    assert sexagesimal(written, 90.0) == pytest.approx(seconds / 3600 * (-1 if south else 1), abs=1e-12)


# lineage


LINEAGE = MAPPING + "aliases: {Red: [Reds]}\n"


def tree(archive: Archive) -> dict[str, str]:
    nodes = archive.events.nodes
    return {nodes[at]: nodes[parent] for at, parent in enumerate(archive.events.parent.tolist()) if parent >= 0}


def test_lone_factions_chains_and_renamed_groups_hang_where_they_are_said_to(tmp_path: Path) -> None:
    lines = [",".join(row) for row in ROWS] + ["2024-03-01,Iraq,Green,drone"]
    lineage = "lineage: {reds: House, House: Empire, Old House: Empire, Green: Blue, Grey: Empire}\n"
    archive = read(a_table(tmp_path, *lines), LINEAGE + lineage)
    assert tree(archive) == {"Red": "House", "House": "Empire", "Green": "Blue"}
    said = told(archive)
    assert "2 of 3 words under `lineage` never occur" in said and '"Old House", "Grey"' in said


@pytest.mark.parametrize(
    ("lineage", "says"),
    [
        ("{Red: House, Reds: Empire}", '"Reds" is "Red", which has two parents: House and Empire'),
        ("{Red: Reds}", '"Red" descends from itself'),
        ("{Red: House, House: Empire, Empire: Red}", '"Red" descends from itself'),
    ],
)
def test_a_lineage_that_is_no_tree_is_refused_where_it_stands(tmp_path: Path, lineage: str, says: str) -> None:
    with pytest.raises(EventError, match=says) as caught:
        read(a_table(tmp_path, *(",".join(row) for row in ROWS)), LINEAGE + f"lineage: {lineage}\n")
    assert caught.value.line == 8
