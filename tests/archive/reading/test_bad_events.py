"""Every mistake in a table or its mapping: where, what was found, what is allowed, the way out; exit code 2."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from attribution.archive.reading.concerns import settles
from attribution.archive.reading.mapping_file import parse_mapping, read_mapping
from attribution.archive.reading.read import check_learnable, events_path, mapping_name, read_events
from attribution.cli import main
from attribution.errors import InputError
from tests.archive.tables import HEADER, MAPPING, ROWS, TODAY, a_table, read

GOOD = "e1,2024-01-03,Iraq,Erbil,36.2,44.0,Red,0,,drone,0"


@dataclass(frozen=True)
class Mistake:
    """Rows of a table, and what the error must say."""

    name: str
    rows: tuple[str, ...]
    line: int
    says: str
    allowed: str
    hint: str = ""


def row(**changes: str) -> str:
    cells = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | changes
    return ",".join(cells.values())


MISTAKES = [
    Mistake("no dates", (row(date=""), row(date="n/a")), 2, "no row has a date: date", "one event", "`date:`"),
    Mistake("impossible day", (GOOD, row(date="2024-02-30")), 3, "column date: 2024-02-30 is a day that", "calendar"),
    Mistake("month 13", (row(date="2023-13-01"),), 2, "2023-13-01 is a day that", "calendar"),
    Mistake("no date at all", (row(date="soon"),), 2, '"soon" is not a date', "2024-01-28"),
    Mistake("no month", (row(date="3 Janubar 2020"),), 2, '"Janubar" is no month', "28 January 2024"),
    Mistake("two ways", (row(date="02/03/2004"),), 2, "can be read in two ways", "2024-01-28", "day-first"),
    Mistake("future", (GOOD, row(date="2024-06-02")), 3, "2024-06-02 lies after today, 2024", "happened", "order"),
    Mistake("latitude", (row(lat="95"),), 2, 'column lat: the latitude is "95"', "-90 to 90", "exchanged"),
    Mistake("longitude", (GOOD, row(lon="-181")), 3, 'the longitude is "-181"', "-180 to 180"),
    Mistake("no number", (row(lat="36.2N"),), 2, 'the latitude is "36.2N"', "-90 to 90", "decimal point"),
    Mistake("infinite", (row(lat="inf"),), 2, 'the latitude is "inf"', "-90 to 90"),
    Mistake("no bin", (row(killed="many"),), 2, 'column killed: "many" is not a number', "a number, or empty"),
    Mistake(
        "cut",
        (GOOD, "e2,2024-01-04,Ira"),
        3,
        "3 of 11 fields, and the file ends here",
        "11 fields",
        "cut in the middle",
    ),
    Mistake("cut in quotes", (GOOD, 'e2,2024-01-04,"Ira'), 3, "here never ends", "double", "cut in the middle"),
    Mistake("short", ("e2,2024-01-04", GOOD), 2, "the row has 2 of 11 fields.", "as in the header", "quotes around"),
    Mistake("long", (GOOD + ",more", GOOD), 2, "the row has 12 of 11 fields.", "as in the header", "quotes around"),
    Mistake("stray quote", ('e1,"20"24,,,,,,,,,',), 2, "row cannot be read", "double quotes", "a quote is missing"),
    Mistake("nothing", (), 2, "the table has no rows", "at least one event", "cut after the header"),
]


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_a_mistake_in_a_table_is_named(tmp_path: Path, mistake: Mistake) -> None:
    path = tmp_path / "events.csv"
    path.write_text("\n".join([HEADER, *mistake.rows]) + "\n", encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read(path)
    error = raised.value
    assert (error.file, error.line, error.exit_code) == (str(path), mistake.line, 2)
    assert mistake.says in error.what
    assert mistake.allowed in error.allowed
    assert mistake.hint in error.hint
    assert str(error).startswith(f"{path}:{mistake.line}: ")


def test_lines_are_counted_through_texts_with_line_ends(tmp_path: Path) -> None:
    path = a_table(tmp_path, GOOD.replace("Erbil", '"Er\nbil"'), "", row(lat="95"))
    with pytest.raises(InputError, match="latitude") as raised:
        read(path)
    assert raised.value.line == 5


@pytest.mark.parametrize("rows", [1, 2, 3, 50_000])
def test_the_line_does_not_depend_on_the_chunk(tmp_path: Path, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from attribution.archive.reading.tables import Table

    monkeypatch.setattr(Table.chunks, "__defaults__", (rows,))
    path = a_table(tmp_path, GOOD, GOOD.replace("Erbil", '"Er\nbil"'), GOOD, GOOD, row(date="2025-01-01"))
    with pytest.raises(InputError, match="after today") as raised:
        read(path)
    assert raised.value.line == 7


def test_a_missing_column_is_named_with_the_line_of_the_mapping(tmp_path: Path) -> None:
    path = a_table(tmp_path)
    with pytest.raises(InputError) as raised:
        read(path, ("weapon: weapon", "weapon: weapn"))
    error = raised.value
    assert error.file == "mapping.yaml"
    assert error.line == next(at for at, line in enumerate(MAPPING.splitlines(), 1) if "weapon: weapon" in line)
    assert '"weapn", which events.csv does not have' in error.what
    assert "killed" in error.allowed
    assert error.hint == 'did you mean "weapon"?'


def test_all_missing_columns_are_named_at_once_with_the_way_out_of_a_shipped_mapping(tmp_path: Path) -> None:
    path = tmp_path / "extract.csv"
    path.write_text("eventid;year;month;day;country_txt;gname\n1;2020;3;4;Iraq;Red\n", encoding="utf-8")
    with pytest.raises(InputError) as raised:
        read_events(path, read_mapping("gtd"))
    first, *others = raised.value.each
    assert [one.hint for one in others] == ['did you mean "month"?', 'did you mean "day"?']
    assert first.hint == 'did you mean "year"? a mapping of your own may say `extends: gtd` and what differs'
    assert {one.file for one in (first, *others)} == {"data/mappings/gtd.yaml"}
    assert "gname" in first.allowed
    own = tmp_path / "own.yaml"
    own.write_text(
        "format: attribution-mapping/1\nextends: gtd\ndate: {year: year, month: month, day: day}\n", encoding="utf-8"
    )
    assert read_events(path, read_mapping(str(own))).events.factions == ("Red",)


def test_a_wrong_separator_is_guessed(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not have") as raised:
        read(a_table(tmp_path, header=HEADER.replace(",", ";")), ("missing:", 'separator: "|"\nmissing:'))
    assert "separator" in raised.value.hint


def test_a_column_that_appears_twice(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='two columns are called "who"'):
        read(a_table(tmp_path, header=HEADER.replace("weapon", "who")))


def test_perpetrators_that_are_all_unknown_or_all_one(tmp_path: Path) -> None:
    unknown = read(a_table(tmp_path, row(who="Unknown"), row(who=""), row(who="Other")))
    with pytest.raises(InputError, match="no event has a known perpetrator: the column who") as raised:
        check_learnable(unknown)
    assert "unknown" in raised.value.hint
    one = read(a_table(tmp_path, row(who="Red"), row(who="the reds"), row(who="Unknown")))
    with pytest.raises(InputError, match='all known perpetrators are "Red"'):
        check_learnable(one)
    check_learnable(read(a_table(tmp_path)))


def test_few_labelled_events_work_with_a_concern(tmp_path: Path) -> None:
    found = read(a_table(tmp_path))
    check_learnable(found)
    assert any("only 2 events with one known perpetrator" in concern.what for concern in found.concerns)
    many = [row(id=f"e{at}", who=("Red", "Blue")[at % 2]) for at in range(50)]
    assert not any("one known" in concern.what for concern in read(a_table(tmp_path, *many)).concerns)


def test_ids_that_appear_twice_are_a_concern(tmp_path: Path) -> None:
    found = read(a_table(tmp_path, GOOD, GOOD))
    assert any("1 id of more than one event, e1 first" in concern.what for concern in found.concerns)


def test_a_file_that_ends_in_the_middle_of_its_last_field_is_a_note(tmp_path: Path) -> None:
    path = a_table(tmp_path)
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    notes = [concern.topic for concern in read(path).concerns if concern.severity == "note"]
    assert [topic for topic in notes if topic != "words"] == ["cut"]


def test_mixed_encodings_are_refused_where_they_begin(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    rows = [row(city="Bogotá").encode("utf-8"), GOOD.encode(), row(city="Bogotá").encode("latin-1")]
    path.write_bytes(b"\n".join([HEADER.encode(), *rows]) + b"\n")
    with pytest.raises(InputError) as raised:
        read(path)
    error = raised.value
    assert (error.file, error.line) == (str(path), 4)
    assert "UTF-8 on line 2, and byte 0xE1 in column 25 here is not" in error.what
    assert "one encoding" in error.allowed
    assert "encoding: latin-1" in error.hint
    found = read(path, ("missing:", "encoding: latin-1\nmissing:"))
    assert len(found.events) == 3


def test_what_is_no_table(tmp_path: Path) -> None:
    zero = tmp_path / "zero.csv"
    zero.write_bytes(b"a,b\n\0\0")
    with pytest.raises(InputError, match="binary") as raised:
        read(zero)
    assert raised.value.line == 2
    empty = tmp_path / "empty.csv"
    empty.write_text("")
    with pytest.raises(InputError, match="no header"):
        read(empty)
    with pytest.raises(InputError, match="no such table"):
        read(tmp_path / "absent.csv")
    for name in ("no.parquet", "no.xlsx"):
        (tmp_path / name).write_text("id,date\n")
        with pytest.raises(InputError, match="not a whole"):
            read(tmp_path / name)
    cut = tmp_path / "cut.csv.gz"
    cut.write_bytes(b"\x1f\x8b\x08\x00")
    with pytest.raises(InputError, match="cut or damaged"):
        read(cut)


MAPPING_MISTAKES = [
    ("columns: who", "colums: who", '"colums"', 'did you mean "columns"?'),
    ("attribution-mapping/1", "attribution-mapping/2", "attribution-mapping/2", "update"),
    ("id: id\n", "id: id\nencoding: utf8\n", '"utf8"', 'did you mean "utf-8"?'),
    ("{column: date}", "{column: date, year: y}", "both a `column` and a `year`", ""),
    ("{column: date}", "{column: date, order: day-frist}", '"day-frist"', "day-first"),
    ("  longitude: lon\n", "", "one coordinate", ""),
    ('"1": 0.6', '"1": 60', "is 60", ""),
    ("labels: 0.7", "labels: 7", "labels is 7", ""),
    ("[1, 5]", "[5, 1]", "do not increase", ""),
    ("[Red, Blue]", "[Red]", "fewer than two factions", "aliases"),
    ("weapon: weapon", "weapon: who", "which names the perpetrator", ""),
    ("weapon: weapon", "weapon: claim", "which names the perpetrator", "claim"),
    ("{nobody: none}", "{nobody: nobody}", '"nobody"', ""),
    ("title: A table\n", "", "has no `title`", ""),
    ('  Red: ["The', '  Blue: ["The Reds"]\n  Red: ["The', 'stands for "Blue" and for "Red"', ""),
]


@pytest.mark.parametrize(("old", "new", "says", "hint"), MAPPING_MISTAKES, ids=lambda text: text[:20])
def test_a_mistake_in_a_mapping_is_named(old: str, new: str, says: str, hint: str) -> None:
    assert old in MAPPING
    with pytest.raises(InputError) as raised:
        parse_mapping(MAPPING.replace(old, new, 1), "mapping.yaml")
    error = raised.value
    assert error.file == "mapping.yaml"
    assert error.line >= 1
    assert says in error.what
    assert error.allowed
    assert hint in error.hint


def test_a_lineage_in_a_circle(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="descends from itself") as raised:
        read(a_table(tmp_path), ("{Red: Axis, Blue: Axis}", "{Red: Axis, Axis: Red}"))
    assert raised.value.file == "mapping.yaml"


def test_a_table_or_mapping_that_does_not_ship() -> None:
    with pytest.raises(InputError) as raised:
        read_mapping("gdt")
    assert raised.value.hint == 'did you mean "gtd"?'
    with pytest.raises(InputError, match="shipped tables"):
        events_path("incidents")
    with pytest.raises(InputError, match="no mapping of its own name"):
        mapping_name(Path("mine.csv"))


# features that tell the answer


def many(**of: str) -> tuple[str, ...]:
    """Sixty events of three factions; texts with {who} become the faction."""
    names = ("Red", "Blue", "Green")
    return tuple(
        row(
            id=f"e{at}",
            who=names[at % 3],
            **{key: text.format(who=names[at % 3], at=at % 7) for key, text in of.items()},
        )
        for at in range(60)
    )


@pytest.mark.parametrize(
    ("column", "text", "says"),
    [
        ("weapon", "bomb of the {who} army", "holds the faction's own name in 100% of the events"),
        ("weapon", "code-{who}x", "settles the label in 100.0% of 60 events"),
    ],
)
def test_a_feature_that_names_the_perpetrator_is_a_blocking_concern(
    tmp_path: Path, column: str, text: str, says: str
) -> None:
    found = read(a_table(tmp_path, *many(**{column: text})))
    (leak,) = [concern for concern in found.concerns if concern.topic == "leak"]
    assert leak.severity == "blocking"
    assert says in leak.what


def test_an_innocent_feature_is_no_concern(tmp_path: Path) -> None:
    found = read(a_table(tmp_path, *many(weapon="bomb {at}")))
    assert not [concern for concern in found.concerns if concern.topic == "leak"]


@pytest.mark.parametrize("column", ["gsubname", "dyad_name", "side_b", "Description", "INT_IDEO", "notes", "actor2"])
def test_columns_that_are_known_to_leak_are_a_blocking_concern(tmp_path: Path, column: str) -> None:
    path = a_table(tmp_path, header=HEADER.replace("weapon", column))
    found = read(path, ("weapon: weapon", f"weapon: {column}"))
    assert [concern.severity for concern in found.concerns if concern.topic == "leak"] == ["blocking"]


def test_settles_looks_at_the_other_events_only() -> None:
    label = np.array([0, 0, 1, 1, 0])
    value = np.array([0, 0, 1, 1, 2])  # the last stands alone: nobody else says what it means
    assert settles(value, label, label >= 0) == (1.0, 4)
    six = np.array([0, 0, 1, 1, 0, 0])
    assert settles(np.zeros(6, dtype=np.int64), six, six >= 0) == (4 / 6, 6)
    tied = np.array([0, 1])  # each sees only the other, which is of the other faction
    assert settles(np.zeros(2, dtype=np.int64), tied, tied >= 0) == (0.0, 2)


# the command


def test_the_command_says_it_and_exits_with_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    path = a_table(tmp_path, row(lat="95"))
    assert main(["archive", "check", str(path), "--mapping", str(mapping)]) == 2
    said = capsys.readouterr().err
    assert f"{path}:2: column lat" in said
    assert "allowed:" in said and "hint:" in said and "Traceback" not in said
    good = a_table(tmp_path, *ROWS)
    assert main(["archive", "check", str(good), "--mapping", str(mapping)]) == 0
    assert "selected sample" in capsys.readouterr().out
    leaking = a_table(tmp_path, *many(weapon="{who} bomb"))
    assert main(["archive", "check", str(leaking), "--mapping", str(mapping), "--format", "json"]) == 1


def test_today_is_the_last_day_that_can_have_happened(tmp_path: Path) -> None:
    path = a_table(tmp_path, row(date=str(TODAY)))
    assert len(read(path).events) == 1
    assert len(read_events(path, parse_mapping(MAPPING)).events) == 1
