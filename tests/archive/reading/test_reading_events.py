"""Tables become events: when, where, who, claims and features, from CSV, Parquet and Excel alike."""

from __future__ import annotations

import datetime as dt
import gzip
from pathlib import Path

import numpy as np
import pytest

from attribution.archive.events import NOT_CLAIMED, NOT_RECORDED, RESIDUAL, UNKNOWN, EventTable
from attribution.archive.reading.columns import window
from attribution.archive.reading.mapping_file import parse_mapping
from attribution.archive.reading.read import read_events
from attribution.archive.reading.tables import Table
from attribution.errors import EventError
from tests.archive.tables import HEADER, ROWS, TODAY, a_table, read


def day(text: str) -> int:
    return (dt.date.fromisoformat(text) - dt.date(1970, 1, 1)).days


def windows(events: EventTable) -> dict[str, tuple[int, int]]:
    return {id: (int(events.day[at]), int(events.precision[at])) for at, id in enumerate(events.id.tolist())}


def by_id(events: EventTable, id: str) -> int:
    return events.id.tolist().index(id)


@pytest.fixture
def events(tmp_path: Path) -> EventTable:
    return read(a_table(tmp_path)).events


def test_events_stand_in_order_of_time_and_ties_in_that_of_the_table(events: EventTable) -> None:
    assert events.id.tolist() == ["e4", "e2", "e3", "e1", "e5", "e6", "e7"]
    assert events.row.tolist() == [3, 1, 2, 0, 4, 5, 6]


def test_coarse_dates_are_windows(events: EventTable) -> None:
    found = windows(events)
    assert found["e1"] == (day("2024-01-03"), 0)
    assert found["e3"] == (day("2024-01-01"), 30)
    assert found["e4"] == (day("2023-01-01"), 364)


def test_places_nest(events: EventTable) -> None:
    country, city = events.place
    assert country.names == ("Iraq", "Syria")
    assert city.names == ("Iraq / Erbil", "Iraq / Basra", "Syria / Erbil", "? / Erbil")
    assert city.codes[by_id(events, "e3")] == -1
    assert country.codes[by_id(events, "e5")] == -1
    assert np.isnan(events.latitude[by_id(events, "e3")])
    assert events.longitude[by_id(events, "e2")] == 47.8


def test_labels(events: EventTable) -> None:
    red, blue = events.factions.index("Red"), events.factions.index("Blue")
    label = dict(zip(events.id.tolist(), events.label.tolist(), strict=True))
    among = {id: events.among[at] for at, id in enumerate(events.id.tolist())}
    assert label == {
        "e1": red, "e2": blue, "e3": UNKNOWN, "e4": UNKNOWN, "e5": UNKNOWN, "e6": RESIDUAL, "e7": UNKNOWN
    }  # fmt: skip
    both = tuple(sorted((red, blue)))
    assert among == {"e1": (), "e2": (), "e3": both, "e4": both, "e5": (), "e6": (), "e7": both}


def test_certainty_is_of_the_label_or_of_the_claim_that_stands_for_it(events: EventTable) -> None:
    certain = dict(zip(events.id.tolist(), events.certainty.tolist(), strict=True))
    assert certain == {"e1": 0.9, "e2": 0.6, "e3": 0.9, "e4": 0.7, "e5": 1.0, "e6": 0.9, "e7": 0.6}


def test_claims(events: EventTable) -> None:
    claim = dict(zip(events.id.tolist(), events.claim.tolist(), strict=True))
    banner, green = events.claimants.index("Banner"), events.claimants.index("Green")
    assert claim == {
        "e1": banner, "e2": NOT_RECORDED, "e3": NOT_CLAIMED, "e4": banner, "e5": green, "e6": NOT_CLAIMED, "e7": banner
    }  # fmt: skip


def test_features_are_words_or_bins(events: EventTable) -> None:
    weapon, killed = events.features
    assert [weapon.names[code] if code >= 0 else "" for code in weapon.codes] == [
        "drone", "rocket", "", "drone", "drone", "drone", "drone"
    ]  # fmt: skip
    assert killed.names == ("< 1", "1 to < 5", ">= 5")
    assert killed.codes.tolist() == [1, 2, -1, 0, 1, 2, -1]


def test_factions_hang_on_their_lineage(events: EventTable) -> None:
    assert events.groups == ("Axis",)
    assert [events.nodes[code] if code >= 0 else "" for code in events.parent] == ["Axis", "Axis", ""]


def test_the_flag_that_somebody_claimed_names_nobody(tmp_path: Path) -> None:
    found = read(a_table(tmp_path), ("{nobody: none}", "{Banner: claimed, nobody: none, Green: not-recorded}")).events
    assert found.claimants == ("somebody (no name recorded)",)
    assert found.claim.tolist() == [0, -2, -1, 0, -2, -1, 0]


def test_where_keeps_and_exclude_drops(tmp_path: Path) -> None:
    path = a_table(tmp_path)
    where = ("missing:", "where: {weapon: drone, country: {not: Syria}}\nmissing:")
    drop = ("missing:", "exclude: [{ids: [e1], because: x}, {ids: [e6, e9], case: my-case, because: x}]\nmissing:")
    assert read(path, where).events.id.tolist() == ["e1", "e5", "e6", "e7"]
    assert read(path, where).tally.filtered == 3
    assert read(path, drop).events.id.tolist() == ["e4", "e2", "e3", "e5", "e6", "e7"]
    mine = read(path, drop, case="my-case")
    assert mine.events.id.tolist() == ["e4", "e2", "e3", "e5", "e7"]
    assert mine.tally.excluded == 2


def test_an_excluded_id_that_is_not_there_is_a_concern(tmp_path: Path) -> None:
    found = read(a_table(tmp_path), ("missing:", "exclude: [{ids: [e99], because: x}]\nmissing:"))
    assert any("e99" in concern.what for concern in found.concerns)


def same(one: EventTable, other: EventTable) -> bool:
    arrays = ("id", "row", "day", "precision", "label", "certainty", "claim", "parent")
    coded = zip((*one.place, *one.features), (*other.place, *other.features), strict=True)
    return (
        all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays)
        and np.array_equal(one.latitude, other.latitude, equal_nan=True)
        and all(np.array_equal(a.codes, b.codes) and a.names == b.names for a, b in coded)
        and (one.factions, one.claimants, one.groups) == (other.factions, other.claimants, other.groups)
        and np.array_equal(one.among.member, other.among.member)
    )


def typed_cells() -> list[dict[str, object]]:
    """The rows as typed tables hold them: numbers, days, and nothing where a cell is empty."""

    def typed(name: str, text: str) -> object:
        if not text:
            return None
        if name in ("lat", "lon", "killed"):
            return float(text) if text != "n/a" else -9.0
        return int(text) if name == "doubt" else text

    names = HEADER.split(",")
    return [{name: typed(name, text) for name, text in zip(names, row.split(","), strict=True)} for row in ROWS]


def test_parquet_excel_and_packed_tables_say_the_same(tmp_path: Path, events: EventTable) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="Parquet needs pyarrow")
    openpyxl = pytest.importorskip("openpyxl", reason="Excel needs openpyxl")
    from pyarrow import parquet

    cells = typed_cells()
    parquet.write_table(pyarrow.Table.from_pylist(cells), tmp_path / "e.parquet")
    book = openpyxl.Workbook()
    book.active.append(HEADER.split(","))
    for row in cells:
        book.active.append(list(row.values()))
    book.save(tmp_path / "e.xlsx")
    packed = tmp_path / "e.csv.gz"
    packed.write_bytes(gzip.compress(a_table(tmp_path).read_bytes()))
    tabbed = tmp_path / "e.tsv"
    tabbed.write_text(a_table(tmp_path).read_text().replace(",", "\t"))
    for path in (tmp_path / "e.parquet", tmp_path / "e.xlsx", packed, tabbed):
        assert same(read(path).events, events), path.name


def test_the_size_of_a_chunk_changes_nothing(
    tmp_path: Path, events: EventTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Table.chunks, "__defaults__", (2,))
    assert same(read(a_table(tmp_path)).events, events)


def test_days_before_and_after(tmp_path: Path) -> None:
    path = a_table(tmp_path, "e1,2024-01-10,x,x,,,Red,2,,,", "e2,2024-01-10,x,x,,,Blue,3,,,")
    spread = ("{column: date}", '{column: date, precision: {column: doubt, days: {"2": [3, 4], "3": 30}}}')
    found = read(path, spread).events
    assert list(zip(found.day - day("2024-01-10"), found.precision, strict=True)) == [(-3, 7), (0, 30)]


def test_year_month_day_with_zeros(tmp_path: Path) -> None:
    header = "id,y,m,d,who"
    path = a_table(tmp_path, "a,2001,9,11,Red", "b,2001.0,9,0,Blue", "c,2001,0,0,Red", "d,0,0,0,Red", header=header)
    text = "format: attribution-mapping/1\ntitle: t\nid: id\ndate: {year: y, month: m, day: d}\nperpetrator: who\n"
    found = read_events(path, parse_mapping(text), today=TODAY)
    window = dict(
        zip(found.events.id.tolist(), zip(found.events.day, found.events.precision, strict=True), strict=True)
    )
    assert window == {"a": (day("2001-09-11"), 0), "b": (day("2001-09-01"), 29), "c": (day("2001-01-01"), 364)}
    assert found.tally.undated == 1
    assert any("no date" in concern.what for concern in found.concerns)


def test_an_event_that_lasts(tmp_path: Path) -> None:
    path = a_table(tmp_path, "a,2024-01-05,2024-01-09,Red", "b,2024-01-07,,Blue", header="id,from,to,who")
    text = "format: attribution-mapping/1\ntitle: t\nid: id\ndate: {column: from, until: to}\nperpetrator: who\n"
    found = read_events(path, parse_mapping(text), today=TODAY).events
    assert found.precision.tolist() == [4, 0]
    assert found.last_day.tolist() == [day("2024-01-09"), day("2024-01-07")]


@pytest.mark.parametrize(
    ("text", "first", "more"),
    [
        ("2024-01-28", "2024-01-28", 0),
        ("2024-01-28T05:53:00Z", "2024-01-28", 0),
        ("2024-01-28 05:53", "2024-01-28", 0),
        ("20240128", "2024-01-28", 0),
        ("28 January 2024", "2024-01-28", 0),
        ("28-Jan-24", "2024-01-28", 0),
        ("9-Feb-68", "1968-02-09", 0),
        ("January 28, 2024", "2024-01-28", 0),
        ("2024/01/28", "2024-01-28", 0),
        ("2024-02", "2024-02-01", 28),
        ("2023", "2023-01-01", 364),
    ],
)
def test_dates_as_tables_write_them(text: str, first: str, more: int) -> None:
    assert window(text, None, TODAY) == (day(first), more)


def test_the_order_of_a_date_is_said_not_guessed() -> None:
    assert window("02/03/2004", "day-first", TODAY) == (day("2004-03-02"), 0)
    assert window("02/03/2004", "month-first", TODAY) == (day("2004-02-03"), 0)
    with pytest.raises(EventError, match="two ways"):
        window("02/03/2004", None, TODAY)


@pytest.mark.parametrize(
    ("encoding", "name", "guessed"),
    [
        ("utf-8", "UTF-8", False),
        ("utf-8-sig", "UTF-8 with a byte-order mark", False),
        ("latin-1", "Latin-1", True),
        ("mac_roman", "Mac Roman", True),
    ],
)
def test_encodings_are_found_and_said(tmp_path: Path, encoding: str, name: str, guessed: bool) -> None:
    path = tmp_path / "e.csv"
    rows = ("e1,2024-01-03,México,Bogotá,,,Red,,,,", "e2,2024-01-03,Côte d’Ivoire,São Tomé,,,Blue,,,,")
    text = "\n".join([HEADER, *rows]) + "\n"
    path.write_bytes(text.replace("’", "'" if encoding == "latin-1" else "’").encode(encoding))
    found = read(path)
    assert found.written.name == name
    assert found.events.place[1].names[0] == "México / Bogotá"
    assert found.events.id.tolist() == ["e1", "e2"]
    assert any("guess" in concern.what for concern in found.concerns) == guessed


def test_two_spellings_are_noticed_and_an_alias_settles_it(tmp_path: Path) -> None:
    path = a_table(tmp_path, "a,2024-01-01,x,,,,Hezbollah Brigades,,,,", "b,2024-01-02,x,,,,Hezbolah Brigades,,,,")
    assert any("spelt in two ways" in concern.what for concern in read(path).concerns)
    found = read(path, ('["The Reds", "Rèd  party"]', "[]\n  Hezbollah Brigades: Hezbolah Brigades"))
    assert found.events.factions == ("Hezbollah Brigades",)


def test_names_that_differ_in_a_number_are_two(tmp_path: Path) -> None:
    path = a_table(tmp_path, "a,2024-01-01,x,,,,Brigade of March 15,,,,", "b,2024-01-02,x,,,,Brigade of March 19,,,,")
    assert not any("spelt in two ways" in concern.what for concern in read(path).concerns)
