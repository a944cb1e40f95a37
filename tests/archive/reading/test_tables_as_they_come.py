"""Every kind of table that people really have, as a small file: the right value, or a refusal that says the way out."""

from __future__ import annotations

import datetime as dt
import gzip
import json
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest

from attribution.archive.reading import tables
from attribution.archive.reading.columns import window
from attribution.archive.reading.labels import key
from attribution.archive.reading.mapping_file import parse_mapping, read_mapping
from attribution.archive.reading.read import Archive, read_events
from attribution.archive.reading.tables import Layout, open_table
from attribution.errors import AttributionError, EventError, FormatError
from tests.archive.tables import TODAY

MAPPING = """\
format: attribution-mapping/1
title: Small
date: {column: date, order: day-first}
place: {levels: {country: country}}
perpetrator: {columns: actor, unknown: [Unknown]}
features: {weapon: weapon}
"""
ROWS = (
    ("date", "country", "actor", "weapon"),
    ("2024-01-28", "Iraq", "Red", "drone"),
    ("2024-02-01", "Iraq", "Blue", "rocket"),
    ("2024-02-05", "Syria", "Unknown", "drone"),
)


def text(separator: str = ",", *above: str, rows: tuple[tuple[str, ...], ...] = ROWS) -> str:
    return "\n".join([*above, *(separator.join(row) for row in rows)]) + "\n"


def read(path: Path, mapping: str = MAPPING, until: dt.date | None = None) -> Archive:
    return read_events(path, parse_mapping(mapping), today=TODAY, until=until)


def topics(archive: Archive) -> set[str]:
    return {concern.topic for concern in archive.concerns}


def check_rows(archive: Archive) -> None:
    assert archive.events.factions == ("Red", "Blue")
    assert archive.events.label.tolist() == [0, 1, -1]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(separator: str, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(text(separator), encoding="utf-8")
    check_rows(read(path))


@pytest.mark.parametrize("line", ["sep=;", '"sep=;"', "SEP=;"])
def test_a_line_that_names_the_separator_is_no_header(line: str, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(text(";", line), encoding="utf-8")
    archive = read(path)
    check_rows(archive)
    with pytest.raises(EventError, match="is not a date") as caught:
        read(_written(path, text(";", line).replace("2024-02-01", "soon")))
    assert caught.value.line == 4


def _written(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def test_titles_above_the_header_are_told_and_then_skipped(tmp_path: Path) -> None:
    path = _written(tmp_path / "events.csv", text(",", "All attacks", ""))
    with pytest.raises(EventError, match='"date"') as caught:
        read(path)
    assert "header: 3" in str(caught.value)
    check_rows(read(path, MAPPING + "header: 3\n"))


def test_names_of_columns_may_be_in_capitals(tmp_path: Path) -> None:
    check_rows(read(_written(tmp_path / "events.csv", text(rows=(tuple(name.upper() for name in ROWS[0]), *ROWS[1:])))))


def test_two_columns_that_differ_in_case_alone_are_not_guessed(tmp_path: Path) -> None:
    rows = (("DATE", "Date", "country", "actor", "weapon"), *((row[0], *row) for row in ROWS[1:]))
    with pytest.raises(EventError, match='"date"'):
        read(_written(tmp_path / "events.csv", text(rows=rows)))


@pytest.mark.parametrize("name", ["events.CSV", "EVENTS.Csv"])
def test_the_end_of_a_name_may_be_in_capitals(name: str, tmp_path: Path) -> None:
    check_rows(read(_written(tmp_path / name, text())))


@pytest.mark.parametrize("name", ["events.csv.gz", "events.GZ", "events.csv"])
def test_packed_tables_are_known_by_their_bytes(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(text().encode()))
    check_rows(read(path))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"PK\x03\x04" + bytes(100), "zip archive is cut"),
        (b"PAR1" + bytes(100), "a Parquet file"),
        (b"\xd0\xcf\x11\xe0" + bytes(100), "an old Excel file"),
        ("\ufeff".encode("utf-16-le") + text().encode("utf-16-le"), "UTF-16"),
        (text().encode().replace(b"Red", b"R\0d"), "zero byte"),
        (text().encode("latin-1").replace(b"Red", b"R\xe9\0d"), "zero byte"),
    ],
)
def test_what_is_no_text_is_named_and_never_printed(content: bytes, told: str, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=told) as caught:
        read(path)
    assert str(caught.value).isprintable() or "\0" not in str(caught.value)


def test_a_text_called_gz_is_told(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"no \.gz file"):
        read(_written(tmp_path / "events.csv.gz", text()))


def test_a_packed_file_that_grows_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "events.csv.gz"
    with gzip.open(path, "wb", compresslevel=9) as stream:
        for _ in range(70):
            stream.write(bytes(1 << 20).replace(b"\0", b"a"))
    with pytest.raises(FormatError, match=r"times its size|longer than"):
        read(path)


def a_zip(path: Path, parts: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize("name", ["events.zip", "EVENTS.ZIP", "events.csv"])
def test_the_one_table_of_a_zip_archive_is_read(name: str, tmp_path: Path) -> None:
    check_rows(
        read(a_zip(tmp_path / name, {"readme.pdf": "-", "data/events.CSV": text(), "__MACOSX/._events.csv": "x"}))
    )


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"a.csv": text(), "b.csv": text()}, r"holds 2 tables as text: a\.csv, b\.csv"),
        ({"a.pdf": "-"}, r"holds 0 tables as text: a\.pdf"),
        ({"[Content_Types].xml": "-", "xl/workbook.xml": "-"}, "an Excel file"),
        ({"a.csv": "a" * (70 << 20)}, "times its size|longer than"),
    ],
)
def test_a_zip_archive_that_is_no_table_is_refused(parts: dict[str, str], told: str, tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=told):
        read(a_zip(tmp_path / "events.zip", parts))


def test_a_zip_archive_that_is_cut_or_none_is_told(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "events.zip", {"events.csv": text() * 1000})
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(FormatError, match="cut or damaged"):
        read(path)
    with pytest.raises(FormatError, match=r"no \.zip file"):
        read(_written(path, text()))


def test_a_packed_file_of_short_lines_that_grows_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "events.csv.gz"
    path.write_bytes(gzip.compress(text().encode() + b"a\n" * (35 << 20), compresslevel=9))
    with pytest.raises(FormatError, match="times its size"):
        read(path)


def test_a_hundred_thousand_columns_are_refused_at_once(tmp_path: Path) -> None:
    path = _written(tmp_path / "events.csv", ",".join(f"c{at}" for at in range(100_000)) + "\n")
    with pytest.raises(FormatError, match="100,000 columns"):
        open_table(path)


def test_wide_lines_are_gone_through_a_few_times_at_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(tables, "key", lambda name: asked.append(name) or key(name))
    line = ",".join(f"c{at}" for at in range(19_000)) + "\n"
    path = _written(tmp_path / "events.csv", line * 60)
    open_table(path, layout=Layout(wanted=("date", "country")))
    assert len(asked) < 10 * 19_000


def a_book(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_short_rows_of_a_sheet_end_in_empty_cells(tmp_path: Path) -> None:
    rows: list[list[object]] = [list(row) for row in ROWS]
    rows[2] = rows[2][:3]
    archive = read(a_book(tmp_path / "events.xlsx", {"Sheet1": rows}))
    check_rows(archive)
    assert archive.events.features[0].codes.tolist() == [0, -1, 0]


def test_a_sheet_and_its_header_are_told_and_then_read(tmp_path: Path) -> None:
    table: list[list[object]] = [["All attacks"], [], *[list(row) for row in ROWS]]
    path = a_book(tmp_path / "events.XLSX", {"Readme": [["Read this"]], "Data": table})
    with pytest.raises(EventError) as caught:
        read(path)
    assert "sheet: Data" in str(caught.value)
    assert "header: 3" in str(caught.value)
    check_rows(read(path, MAPPING + "header: 3\nsheet: Data\n"))
    with pytest.raises(FormatError, match="Dato"):
        read(path, MAPPING + "sheet: Dato\n")


def test_a_part_of_a_sheet_that_unpacks_to_a_lot_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "events.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts, parts.open("xl/worksheets/sheet1.xml", "w") as part:
        for _ in range(300):
            part.write(bytes(1 << 20))
    with pytest.raises(FormatError, match="unpacks to"):
        read(path)


def with_a_cell(folder: Path, text: bytes) -> Path:
    """A workbook whose first text, the name of a column that nobody reads, goes on with more."""
    path = folder / "events.xlsx"
    whole = a_book(folder / "whole.xlsx", {"Sheet1": [["notes", *row] for row in ROWS]})
    with zipfile.ZipFile(whole) as parts, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as longer:
        for name in parts.namelist():
            longer.writestr(name, parts.read(name).replace(b"</t>", text + b"</t>", 1))
    return path


CDATA = b"<![CDATA[%s]]>"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"x" * (3 << 20), "longer than a million bytes"),
        (b"x" * 1_500_000, "a cell of this row has 1,500,0"),  # less than two blocks, wherever they begin
        (b"x" * 33_000, "a cell of this row has 33,0"),
        (CDATA % (b"<t>" * 500_000), "a cell of this row has 1,500,0"),
        (CDATA % (b"<![CDATA[" * 400_000), "longer than a million bytes"),
        ((CDATA % (b"<" * 100_000)) * 40, "a cell of this row has 4,000,0"),
        (b"<!-- -->x" * 400_000, "a cell of this row has 400,0"),
    ],
    ids=[
        "three megabytes",
        "between two blocks",
        "a little",
        "signs of tags",
        "CDATA in CDATA",
        "many CDATA",
        "comments",
    ],
)
def test_a_cell_that_excel_would_not_write_is_refused(tmp_path: Path, text: bytes, says: str) -> None:
    """Within the ratio that a part may unpack to: Excel itself stops at 32,767 characters."""
    with pytest.raises(FormatError, match=says) as caught:
        read(with_a_cell(tmp_path, text))
    assert caught.value.line in (0, 1)


@pytest.mark.parametrize("text", ["é" * 32_000, "&amp;" * 32_000])
def test_a_long_cell_of_letters_that_take_several_bytes_is_read(tmp_path: Path, text: str) -> None:
    check_rows(read(with_a_cell(tmp_path, text.encode())))


def parts_of_a_book(folder: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(a_book(folder / "whole.xlsx", {"Sheet1": [list(row) for row in ROWS]})) as parts:
        return {name: parts.read(name) for name in parts.namelist()}


def a_book_of(path: Path, inside: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as parts:
        for name, part in inside.items():
            parts.writestr(name, part)
    return path


def test_a_sheet_that_ends_in_the_middle_is_refused(tmp_path: Path) -> None:
    inside = parts_of_a_book(tmp_path)
    inside["xl/worksheets/sheet1.xml"] = inside["xl/worksheets/sheet1.xml"][:-40]
    with pytest.raises(FormatError, match="not a whole Excel file"):
        read(a_book_of(tmp_path / "events.xlsx", inside))


def test_a_book_without_one_of_its_parts_is_read_or_refused(tmp_path: Path) -> None:
    whole, refused = parts_of_a_book(tmp_path), {}
    for missing in whole:
        path = a_book_of(tmp_path / "events.xlsx", {name: part for name, part in whole.items() if name != missing})
        try:
            check_rows(read(path))
        except FormatError as error:
            refused[missing] = str(error)
    assert "no sheet" in refused["xl/worksheets/sheet1.xml"]
    assert all(str(tmp_path / "events.xlsx") in error for error in refused.values())
    assert len(refused) < len(whole)


def test_a_parquet_file_with_another_byte_is_read_or_refused(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    path = tmp_path / "events.parquet"
    write_table(pa.table({name: [row[at] for row in ROWS[1:]] for at, name in enumerate(ROWS[0])}), path)
    whole, r, refused = path.read_bytes(), random.Random(1), []
    for _ in range(300):
        content = bytearray(whole)
        content[r.randrange(len(content))] ^= 1 << r.randrange(8)
        path.write_bytes(content)
        try:
            read(path)
        except AttributionError as error:
            refused.append(str(error))
    assert len(refused) > 100
    assert all(path.name in error for error in refused)


def test_lists_in_parquet_are_refused(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow.parquet import write_table

    columns = {name: [row[at] for row in ROWS[1:]] for at, name in enumerate(ROWS[0])}
    path = tmp_path / "events.parquet"
    write_table(pa.table(columns), path)
    check_rows(read(path))
    write_table(pa.table(columns | {"actor": [["Red"], ["Blue"], []]}), path)
    with pytest.raises(FormatError, match='"actor" holds list'):
        read(path)


def test_points_of_geojson_have_their_coordinates(tmp_path: Path) -> None:
    features = [
        {
            "type": "Feature",
            "properties": dict(zip(ROWS[0], row, strict=True)),
            "geometry": {"type": "Point", "coordinates": [44.0 + at, 33.0]},
        }
        for at, row in enumerate(ROWS[1:])
    ]
    path = tmp_path / "events.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    mapping = MAPPING.replace("country: country}", "country: country}, latitude: latitude, longitude: longitude")
    archive = read(path, mapping)
    check_rows(archive)
    assert archive.events.longitude.tolist() == [44.0, 45.0, 46.0]
    path.write_text('{"features": 7}', encoding="utf-8")
    with pytest.raises(FormatError, match="no GeoJSON"):
        read(path, mapping)


DAY = 19_750  # 28 January 2024


@pytest.mark.parametrize(
    ("written", "first", "more"),
    [
        ("28\u00a0January\u00a02024", DAY, 0),
        ("Sunday, 28 January 2024", DAY, 0),
        ("Sun 28 Jan 2024", DAY, 0),
        ("Sunday-January 28-2024", DAY, 0),
        ("28th January 2024", DAY, 0),
        ("January 28th, 2024", DAY, 0),
        ("January 2024", DAY - 27, 30),
        ("Jan-2024", DAY - 27, 30),
        ("2024-01-28T10:15:00Z", DAY, 0),
    ],
)
def test_dates_as_people_write_them(written: str, first: int, more: int) -> None:
    assert window(written, None, TODAY) == (first, more)


@pytest.mark.parametrize(
    ("written", "told"),
    [("45319", "Excel's number for 2024-01-28"), ("28 janvier 2024", "is no month"), ("Sunday", "is not a date")],
)
def test_dates_that_are_none_are_named(written: str, told: str) -> None:
    with pytest.raises(EventError, match=told):
        window(written, None, TODAY)


def test_a_missing_optional_column_is_a_note(tmp_path: Path) -> None:
    mapping = MAPPING.replace("weapon: weapon}", "weapon: weapon, tool: {column: tool, optional: yes}}")
    archive = read(_written(tmp_path / "events.csv", text()), mapping)
    assert [feature.name for feature in archive.events.features] == ["weapon"]
    assert any('no column "tool"' in concern.what for concern in archive.concerns)


def test_a_mapping_extends_another(tmp_path: Path) -> None:
    own = parse_mapping("format: attribution-mapping/1\nextends: acled\ntitle: Mine\n", str(tmp_path / "mine.yaml"))
    shipped = read_mapping("acled")
    assert (own.title, own.dates, own.features) == ("Mine", shipped.dates, shipped.features)
    (tmp_path / "base.yaml").write_text(MAPPING, encoding="utf-8")
    text = "format: attribution-mapping/1\nextends: base.yaml\nsheet: Data\n"
    assert parse_mapping(text, str(tmp_path / "mine.yaml")).sheet == "Data"
    (tmp_path / "round.yaml").write_text("format: attribution-mapping/1\nextends: round.yaml\n", encoding="utf-8")
    for name, told in (("round.yaml", "circle"), ("akled", "no shipped mapping")):
        with pytest.raises(AttributionError, match=told):
            parse_mapping(f"format: attribution-mapping/1\nextends: {name}\n", str(tmp_path / "mine.yaml"))


@pytest.mark.parametrize(
    ("where", "left"),
    [
        ("{weapon: DRONE}", 2),
        ('{weapon: "dr*"}', 2),
        ('{weapon: {not: "dr*"}}', 1),
        ("{date: {from: 2024-02}}", 2),
        ("{date: {from: 2024-01-29, until: 2024-02-04}}", 1),
        ("{date: {until: 2024-01}}", 1),
    ],
)
def test_rows_are_chosen_by_words_and_by_days(where: str, left: int, tmp_path: Path) -> None:
    archive = read(_written(tmp_path / "events.csv", text()), MAPPING + f"where: {where}\n")
    assert len(archive.events) == left


def test_events_after_a_day_are_left_out(tmp_path: Path) -> None:
    archive = read(_written(tmp_path / "events.csv", text()), until=dt.date(2024, 2, 1))
    assert (len(archive.events), archive.tally.filtered) == (2, 1)


def test_rows_of_one_event_are_one_of_those_they_name(tmp_path: Path) -> None:
    rows = (
        ("id", *ROWS[0]),
        ("a", "2024-01-28", "Iraq", "Red", "drone"),
        ("b", "2024-02-01", "Iraq", "Blue", "drone"),
        ("a", "2024-01-28", "Iraq", "Blue", "drone"),
        ("c", "2024-02-02", "Iraq", "Unknown", "drone"),
        ("c", "2024-02-02", "Iraq", "Red", "drone"),
    )
    mapping = MAPPING.replace("{columns: actor,", "{columns: actor, together: yes,") + "id: id\n"
    events = read(_written(tmp_path / "events.csv", text(rows=rows)), mapping).events
    assert events.id.tolist() == ["a", "b", "c"]
    assert events.label.tolist() == [-1, 1, 0]
    assert [events.among[at] for at in range(3)] == [(0, 1), (), ()]
    with pytest.raises(EventError, match="no column holds one"):
        parse_mapping(mapping.replace("id: id\n", ""))


def test_words_that_match_nothing_and_words_that_nothing_covers_are_told(tmp_path: Path) -> None:
    mapping = MAPPING.replace("order: day-first", "order: day-first, precision: {column: how, days: {about: 3}}")
    mapping += "umbrellas: {Bluo: [Red, Green]}\nclaim: {column: claimed, values: {'1': claimed, '0': none}}\n"
    ways = ("About", "approx", "approx")
    said = [(*row, how, "Yes") for row, how in zip(ROWS[1:], ways, strict=True)]
    rows = ((*ROWS[0], "how", "claimed"), *said)
    archive = read(_written(tmp_path / "events.csv", text(rows=rows)), mapping)
    told = "\n".join(f"{concern.severity} {concern.what}" for concern in archive.concerns if concern.topic == "words")
    assert '"Bluo" (is it "Blue"?)' in told
    assert '2 rows have words in how that `date: precision` does not list: "approx" (2)' in told
    assert '3 rows have words in claimed that `claim` does not list: "Yes" (3)' in told
    assert '"1", "0"' in told
    assert archive.events.precision.tolist() == [3, 0, 0]  # "About" is about, whatever its case


def test_groups_and_lifetimes_of_nobody_are_told(tmp_path: Path) -> None:
    mapping = MAPPING + "lineage: {Redd: Left, Blue: Right}\nlifetimes: {Blu: {from: 2020}}\n"
    mapping += "labelled: {Grey: [0.1, 0.2, 0.3], else: [0.4, 0.5, 0.6]}\n"
    archive = read(_written(tmp_path / "events.csv", text()), mapping)
    told = [concern.what for concern in archive.concerns if concern.topic == "words"]
    assert any("under `lineage`" in each and '"Redd" (is it "Red"?)' in each and "Blue" not in each for each in told)
    assert any("under `lifetimes`" in each and '"Blu" (is it "Blue"?)' in each for each in told)
    assert any("under `labelled`" in each and '"Grey"' in each and "else" not in each for each in told)


def test_ruin_is_told(tmp_path: Path) -> None:
    rng = random.Random(1)
    who = ["AQAP", "AQAP: Base of the Peninsula", "Shabaab", "Shabaab (Mujahideen)", "Muslim extremists", "Red"]
    rows = [("date", "country", "actor", "weapon", "lat", "lon")]
    for at in range(200):
        day = dt.date(2020, 1, 1) + dt.timedelta(days=at)
        weapon = "dorne" if at == 7 else rng.choice(["drone", "rocket", "mine", "gun"])
        rows.append((str(day), "Iraq", who[at % 6], weapon, "0", "0"))
    mapping = MAPPING.replace("country: country}", "country: country}, latitude: lat, longitude: lon")
    archive = read(_written(tmp_path / "events.csv", text(rows=tuple(rows))), mapping)
    assert {"generic labels", "spellings", "places", "words"} <= topics(archive)
    told = "\n".join(concern.what for concern in archive.concerns)
    for words in ('"Muslim extremists"', '"AQAP" and "AQAP: Base', '"Shabaab" and "Shabaab (Muj', "at 0, 0", '"dorne"'):
        assert words in told


def test_lifetimes_have_an_order_and_are_dates(tmp_path: Path) -> None:
    path = _written(tmp_path / "events.csv", text())
    events = read(path, MAPPING + "lifetimes: {red: {from: 2020, until: 2024-01}, Blue: {from: 2024-02-01}}\n").events
    assert dict(events.lifetimes)["Red"] == (DAY - 27 - 4 * 365 - 1, DAY + 3)
    for wrong, told in (("{from: 2021, until: 2020}", "ends before"), ("{from: soon}", "is not a date")):
        with pytest.raises(EventError, match=told):
            read(path, MAPPING + f"lifetimes: {{Red: {wrong}}}\n")


def test_many_rows_stay_in_order_of_time(tmp_path: Path) -> None:
    rows = tuple((f"2024-01-{1 + at % 28:02d}", "Iraq", "Red" if at % 3 else "Blue", "drone") for at in range(20_000))
    archive = read(_written(tmp_path / "events.csv", text(rows=(ROWS[0], *rows))))
    assert len(archive.events) == 20_000
    assert np.all(np.diff(archive.events.day) >= 0)
