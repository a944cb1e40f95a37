"""Versions and extracts of the coded databases, and words in tables that mean ruin: the value, or what is told."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest

from attribution.archive.reading.columns import window
from attribution.archive.reading.mapping_file import parse_mapping, read_mapping
from attribution.archive.reading.read import Archive, mapping_name, read_events
from attribution.cli import main
from attribution.errors import EventError, FormatError, UsageError
from tests.archive.reading.test_tables_as_they_come import MAPPING, ROWS, a_book, read, text
from tests.archive.tables import TODAY

ACLED_2017 = (
    "GWNO,EVENT_ID_CNTY,EVENT_ID_NO_CNTY,EVENT_DATE,YEAR,TIME_PRECISION,EVENT_TYPE,ACTOR1,ALLY_ACTOR_1,INTER1,ACTOR2,"
    "ALLY_ACTOR_2,INTER2,INTERACTION,COUNTRY,ADMIN1,ADMIN2,ADMIN3,LOCATION,LATITUDE,LONGITUDE,GEO_PRECISION,SOURCE,NOTES,FATALITIES"
)
ACLED_2019 = (
    "data_id,iso,event_id_cnty,event_id_no_cnty,event_date,year,time_precision,event_type,sub_event_type,actor1,assoc_actor_1,"
    "inter1,actor2,assoc_actor_2,inter2,interaction,region,country,admin1,admin2,admin3,location,latitude,longitude,"
    "geo_precision,source,source_scale,notes,fatalities,timestamp,iso3"
)
ACLED_2025 = (
    "event_id_cnty,event_date,year,time_precision,disorder_type,event_type,sub_event_type,actor1,assoc_actor_1,inter1,actor2,"
    "assoc_actor_2,inter2,interaction,civilian_targeting,iso,region,country,admin1,admin2,admin3,location,latitude,longitude,"
    "geo_precision,source,source_scale,notes,fatalities,tags,timestamp,population_best"
)
GED_18 = (
    "id,year,active_year,type_of_violence,conflict_new_id,conflict_name,dyad_new_id,dyad_name,side_a_new_id,gwnoa,side_a,"
    "side_b_new_id,gwnob,side_b,number_of_sources,source_article,source_office,source_date,source_headline,source_original,"
    "where_prec,where_coordinates,adm_1,adm_2,latitude,longitude,geom_wkt,priogrid_gid,country,country_id,region,"
    "event_clarity,date_prec,date_start,date_end,deaths_a,deaths_b,deaths_civilians,deaths_unknown,low,best,high"
)
GED_25 = (
    GED_18.replace("id,year,", "id,relid,year,").replace("active_year", "active_year,code_status").replace("gwnoa,", "")
)


def a_file(path: Path, header: str, *rows: dict[str, object]) -> Path:
    names = header.split(",")
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(names)
        for row in rows:
            lower = {name.lower(): value for name, value in row.items()}
            writer.writerow([lower.get(name.lower(), "") for name in names])
    return path


def of(archive: Archive) -> list[str]:
    events = archive.events
    return [events.factions[label] if label >= 0 else "unknown" for label in events.label.tolist()]


def told(archive: Archive) -> str:
    return "\n".join(f"{one.severity} {one.what} {one.remedy}" for one in archive.concerns)


@pytest.mark.parametrize(
    ("header", "date", "kind"),
    [
        (ACLED_2017, "28-January-2017", "Remote violence"),
        (ACLED_2017, "28/01/2017", "Remote violence"),
        (ACLED_2019, "28 January 2019", "Explosions/Remote violence"),
        (ACLED_2025, "2024-01-28", "Explosions/Remote violence"),
    ],
)
def test_acled_of_any_year(header: str, date: str, kind: str, tmp_path: Path) -> None:
    one = {
        "event_date": date,
        "time_precision": 1,
        "event_type": kind,
        "country": "Iraq",
        "latitude": 33,
        "longitude": 44,
    }
    path = a_file(
        tmp_path / "events.csv", header,
        one | {"event_id_cnty": "IRQ1", "actor1": "Islamic State (Iraq)"},
        one | {"event_id_cnty": "IRQ2", "actor1": "Unidentified Armed Group (Iraq)"},
        one | {"event_id_cnty": "IRQ3", "actor1": "Protesters (Iraq)", "event_type": "Riots/Protests"},
    )  # fmt: skip
    mapping = read_mapping("acled")
    if "/" in date:
        own = "format: attribution-mapping/1\nextends: acled\ndate: {column: event_date, order: day-first}\n"
        mapping = parse_mapping(own, str(tmp_path / "own.yaml"))
    archive = read_events(path, mapping, today=TODAY)
    assert of(archive) == ["Islamic State (Iraq)", "unknown"]
    assert '"Riots/Protests" (1)' in told(archive)  # what `where` leaves out is told, with how often
    with pytest.raises(UsageError, match="no mapping of its own name") as caught:
        mapping_name(path)
    assert "--mapping acled" in str(caught.value)


@pytest.mark.parametrize("header", [GED_18, GED_25])
@pytest.mark.parametrize("day", ["2018-03-01", "2018-03-01 00:00:00.000"])
def test_ged_of_any_year_and_its_candidate_events(header: str, day: str, tmp_path: Path) -> None:
    one = {"type_of_violence": 3, "date_start": day, "date_end": day, "event_clarity": 1, "country": "Nigeria"}
    one |= {"latitude": 9.0, "longitude": 8.0, "best": 3}
    path = a_file(
        tmp_path / "GEDEvent_v24_0_3.csv", header,
        one | {"id": 1, "side_a": "Jama'atu Ahlis Sunna"}, one | {"id": 2, "side_a": "XXX12"},
        one | {"id": 3, "side_a": "Government of Nigeria", "type_of_violence": 1},
    )  # fmt: skip
    archive = read_events(path, read_mapping("ucdp-ged"), today=TODAY)
    assert of(archive) == ["Jama'atu Ahlis Sunna", "unknown"]
    assert archive.events.precision.tolist() == [0, 0]


def test_an_extract_of_gtd_is_read_without_what_it_lacks(tmp_path: Path) -> None:
    one = {"iyear": 2012, "imonth": 5, "iday": 6, "country_txt": "Pakistan", "city": "Unknown"}
    path = a_file(
        tmp_path / "events.csv", "iyear,imonth,iday,country_txt,city,gname,weaptype1_txt,nkill",
        one | {"gname": "Tehrik-i-Taliban Pakistan (TTP)"}, one | {"gname": "Unknown"},
    )  # fmt: skip
    archive = read_events(path, read_mapping("gtd"), today=TODAY)
    assert of(archive) == ["Tehrik-i-Taliban Pakistan (TTP)", "unknown"]
    assert archive.events.certainty.tolist() == [0.9, 1.0]  # of labels in doubt or not, what `else` says
    assert [level.name for level in archive.events.place] == ["country", "city"]
    for column in ("gname2", "guncertain1", "claimed", "latitude"):
        assert f'"{column}"' in told(archive)
    with pytest.raises(EventError, match="gname"):  # who it was is not optional
        read_events(a_file(path, "iyear,imonth,iday,country_txt", one), read_mapping("gtd"), today=TODAY)


@pytest.mark.parametrize(
    ("written", "first", "more"),
    [
        ("28.Jan.2024", "2024-01-28", 0),
        ("2024-Jan-28", "2024-01-28", 0),
        ("01/2024", "2024-01-01", 30),
        ("2024/01", "2024-01-01", 30),
        ("1.2024", "2024-01-01", 30),
    ],
)
def test_more_dates_that_can_be_read_in_one_way(written: str, first: str, more: int) -> None:
    day = (dt.date.fromisoformat(first) - dt.date(1970, 1, 1)).days
    assert window(written, None, TODAY) == (day, more)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("28-01-2024", "is day-first"),
        ("01/28/2024", "is month-first"),
        ("03.04.2024", "two ways"),
        ("28 février 2024", "months are read in English"),
        ("NA", "add .NA. to .missing:."),
    ],
)
def test_dates_that_need_a_word_more_say_which(written: str, told: str) -> None:
    with pytest.raises(EventError) as caught:
        window(written, None, TODAY)
    assert caught.match(told)


def test_numbers_of_excel_are_days_where_the_mapping_says_so(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(text().replace("2024-01-28", "45319"), encoding="utf-8")
    with pytest.raises(EventError, match="serial: yes"):
        read(path)
    events = read(path, MAPPING.replace("order: day-first", "order: day-first, serial: yes")).events
    assert events.day.tolist()[0] == (dt.date(2024, 1, 28) - dt.date(1970, 1, 1)).days


def test_the_date_of_the_event_has_a_span_where_no_column_is_called_date(tmp_path: Path) -> None:
    rows = (
        ("year", "month", "day", "country", "actor", "weapon"),
        *((*row[0].split("-"), *row[1:]) for row in ROWS[1:]),
    )
    path = tmp_path / "events.csv"
    path.write_text(text(rows=rows), encoding="utf-8")
    mapping = MAPPING.replace("{column: date, order: day-first}", "{year: year, month: month, day: day}")
    assert len(read(path, mapping + "where: {date: {from: 2024-02, until: 2024-02-03}}\n").events) == 1
    with pytest.raises(EventError, match='"date"'):
        read(path, mapping + "where: {date: [2024]}\n")


def test_a_span_reads_days_in_the_order_of_the_mapping(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(text().replace("2024-02-01", "01/02/2024"), encoding="utf-8")
    assert len(read(path, MAPPING + "where: {date: {from: 2024-01-29}}\n").events) == 2


def test_spellings_of_places_and_values_are_one_and_commas_are_points(tmp_path: Path) -> None:
    rows = (
        ("date", "country", "actor", "weapon", "lat", "lon"),
        ("2024-01-28", "Perú", "Red", "Drone", "33,5", "44,25"),
        ("2024-01-29", "PERU", "red", "drone ", "33,5", "-4,0"),
    )
    path = tmp_path / "events.csv"
    path.write_text(text(";", rows=rows), encoding="utf-8")
    mapping = MAPPING.replace("country: country}", "country: country}, latitude: lat, longitude: lon")
    events = read(path, mapping).events
    assert (events.place[0].names, events.features[0].names, events.factions) == (("Perú",), ("Drone",), ("Red",))
    assert events.longitude.tolist() == [44.25, -4.0]


def test_names_of_columns_may_have_blanks_and_breaks_and_idle_columns_one_name(tmp_path: Path) -> None:
    header = [" Date ", "COUNTRY", "Act or", "weapon", "notes", "notes", None]
    body: list[list[object]] = [[*row, "a", "b", None] for row in ROWS[1:]]
    path = a_book(tmp_path / "events.xlsx", {"Sheet1": [header, *body]})
    assert of(read(path, MAPPING.replace("columns: actor", "columns: act  or"))) == ["Red", "Blue", "unknown"]
    with pytest.raises(FormatError, match="two columns"):
        read(path, MAPPING.replace("weapon: weapon", "weapon: notes"))


@pytest.mark.parametrize(
    ("content", "kind"), [('{"features": []}', "JSON"), ("<!DOCTYPE html><html>", "page of the web")]
)
def test_what_is_text_and_no_table_is_named(content: str, kind: str, tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FormatError, match=kind):
        read(path)


def test_aliases_may_have_a_star(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text(text().replace("Blue", "Red (Iraq)"), encoding="utf-8")
    archive = read(path, MAPPING + 'aliases: {Crimson: ["Red*"]}\n')
    assert archive.events.factions == ("Crimson",)


def test_rows_of_one_event_keep_its_claim_and_what_is_none_of_the_named(tmp_path: Path) -> None:
    rows = (
        ("id", *ROWS[0], "claim"),
        ("a", "2024-01-28", "Iraq", "Red", "drone", "no"),
        ("a", "2024-01-28", "Iraq", "Red", "drone", "Blue"),
        ("b", "2024-01-29", "Iraq", "Unknown", "drone", "no"),
        ("b", "2024-01-29", "Iraq", "Other", "drone", "no"),
        ("c", "2024-01-30", "Iraq", "Other", "drone", "no"),
        ("c", "2024-01-30", "Iraq", "Red", "drone", "no"),
        ("d", "2024-01-31", "Iraq", "Blue", "drone", "no"),
    )
    path = tmp_path / "events.csv"
    path.write_text(text(rows=rows), encoding="utf-8")
    mapping = MAPPING.replace("{columns: actor,", "{columns: actor, together: yes, residual: [Other],") + "id: id\n"
    events = read(path, mapping + "claim: {column: claim, values: {no: none}}\n").events
    assert events.id.tolist() == ["a", "b", "c", "d"]
    assert events.label.tolist() == [0, -2, -1, 1]
    assert [events.claimants[code] if code >= 0 else code for code in events.claim.tolist()] == ["Blue", -1, -1, -1]


RUIN = (
    "AQAP: Al-Qaida in the Arabian Peninsula", "Al-Qaida in the Arabian Peninsula (AQAP)", "LRA",
    "Lord's Resistance Army",
    "Red?", "Red", "Police (2003-2006)", "Police (2006-)", "Red / LRA", "Muslim extremists", "Separatists",
    "Unidentified gunmen", "Unknown armed men (Iraq)", "Islamist militants", "n/a", "Taliban",
)  # fmt: skip


def test_names_that_are_none_and_names_that_are_one_are_told(tmp_path: Path) -> None:
    rows = [("date", "country", "actor", "weapon")]
    rows += [(f"2024-01-{1 + at % 28:02d}", "Unknown", RUIN[at % len(RUIN)], "drone") for at in range(96)]
    path = tmp_path / "events.csv"
    path.write_text(text(rows=tuple(rows)), encoding="utf-8")
    said = told(read(path, MAPPING.replace("unknown: [Unknown]", "unknown: [Nobody]")))
    assert "6 names for somebody" in said
    assert '"AQAP: Al-Qaida in the Arabian Peninsula" and "Al-Qaida in the Arabian Peninsula (AQAP)"' in said
    assert '"LRA" and "Lord\'s Resistance Army"' in said
    assert '"Red?" and "Red"' in said
    assert '"Police (2003-2006)" and' not in said
    assert '"Red / LRA" (6)' in said
    assert 'a word for nothing stands as place country of 96 events: "Unknown" (96)' in said
    own = next(concern for concern in read(path, MAPPING + 'missing: ["-9"]\n').concerns if concern.topic == "missing")
    assert own.remedy.endswith('missing: ["-9", "Unknown"]')  # with what stands there already
    severities = [concern.severity for concern in read(path).concerns]
    assert severities == sorted(severities, key=("blocking", "warning", "note").index)


def test_a_name_in_parentheses_is_a_factions_and_a_place_is_not(tmp_path: Path) -> None:
    rows = [("date", "country", "actor", "weapon")]
    who = ("Houthi extremists (Ansar Allah)", "Civilians (Laos)", "Rioters (Iraq)", "Separatists (other rebels)",
           "Military Forces of Laos (north)", "Military Forces of Iraq (north)",
           "Police of Iraq", "Police of Iran")  # fmt: skip
    rows += [("2024-01-01", ("Iraq", "Laos", "Iran")[at % 3], who[at % len(who)], "drone") for at in range(24)]
    path = tmp_path / "events.csv"
    path.write_text(text(rows=tuple(rows)), encoding="utf-8")
    said = told(read(path))
    assert "3 names for somebody" in said
    assert "Houthi" not in said
    assert "spelt in two ways" not in said  # though Iraq and Iran are near


# As ACLED and GTD write them: what two names only imply, initials or what their parentheses leave, makes them no pair.
APART = (
    ("Civilians (Laos)", "Civilians (India)"),
    ("Fulani Ethnic Militia (Mali)", "Fulani Ethnic Militia (Ghana)"),
    ("Military Forces of Ukraine (2019-)", "Military Forces of Sudan (2019-)"),
    ("Police Forces of the Democratic Republic of Congo (2019-)",
     "Military Forces of the Democratic Republic of Congo (2019-)"),
    ("Chicano Liberation Front", "Catalan Liberation Front (FAC)"),
    ("Anti-Abortion extremists", "Anti-Arab extremists"),
)  # fmt: skip
ONE = (
    ("BLA: Baloch Liberation Army", "Baloch Liberation Army"),
    ("Abu Sayyaf (Philippines)", "Abu Sayyaf"),
    ("FARDC", "Forces Armees de la Republique Democratique du Congo (FARDC)"),
    ("Tehreek-i-Taliban Pakistan", "Tehrik-e-Taliban Pakistan"),
    ("Hezbollah Brigades", "Hezbolah Brigades"),
)


@pytest.mark.parametrize(("pair", "one"), [*((pair, False) for pair in APART), *((pair, True) for pair in ONE)])
def test_two_names_are_one_faction_where_they_say_so(pair: tuple[str, str], one: bool, tmp_path: Path) -> None:
    rows = [("date", "country", "actor", "weapon")]
    rows += [(f"2024-01-{1 + at % 28:02d}", "Iraq", pair[at % 2], "drone") for at in range(40)]
    path = tmp_path / "events.csv"
    path.write_text(text(rows=tuple(rows)), encoding="utf-8")
    assert ("1 pair of names that may be one faction" in told(read(path, MAPPING))) is one


@pytest.mark.parametrize("bins", ["", ", bins: [1, 2, 10]"])
def test_a_number_that_occurs_once_is_no_misspelt_word(bins: str, tmp_path: Path) -> None:
    rows = [("date", "country", "actor", "weapon", "killed")]
    rows += [(f"2024-01-{1 + at % 28:02d}", "Iraq", "Red", "drone", str(at % 4)) for at in range(199)]
    rows += [("2024-01-30", "Iraq", "Red", "drone", "12")]
    path = tmp_path / "events.csv"
    path.write_text(text(rows=tuple(rows)), encoding="utf-8")
    said = told(read(path, MAPPING.replace("features: {", f"features: {{killed: {{column: killed{bins}}}, ")))
    assert ("values of killed found only once" in said) is not bool(bins)


def test_words_of_lists_are_told_with_the_nearest_spelling(tmp_path: Path) -> None:
    rows = (("date", "country", "actor", "weapon", "sure"), *((*row, "Confirmd") for row in ROWS[1:]))
    path = tmp_path / "events.csv"
    path.write_text(text(rows=rows), encoding="utf-8")
    mapping = MAPPING.replace(
        "unknown: [Unknown]", "unknown: [Unknown], certainty: {columns: sure, values: {confirmed: 0.9}}"
    )
    said = told(read(path, mapping + "umbrellas: {Front: [Redd, Blue]}\nmissing: [none given]\n"))
    assert '"Confirmd" (3; is it "confirmed"?)' in said
    assert '"Redd" (is it "Red"?)' in said
    assert 'under `missing` never occur: "none given"' in said
    lowercase = text(rows=rows).replace("Confirmd", "CONFIRMED")
    path.write_text(lowercase, encoding="utf-8")
    assert read(path, mapping).events.certainty.tolist() == [0.9, 0.9, 1.0]


@pytest.mark.parametrize("right", [True, False])
def test_levels_of_place_in_the_wrong_order_are_told(right: bool, tmp_path: Path) -> None:
    rows = [("date", "country", "actor", "weapon", "town")]
    rows += [(f"2024-01-{1 + at % 28:02d}", f"Land {at % 3}", "Red", "drone", f"Town {at % 30}") for at in range(90)]
    path = tmp_path / "events.csv"
    path.write_text(text(rows=tuple(rows)), encoding="utf-8")
    levels = "country: country, town: town" if right else "town: town, country: country"
    said = told(read(path, MAPPING.replace("levels: {country: country}", f"levels: {{{levels}}}")))
    assert ("go from coarse to fine" in said) is not right


def test_a_mapping_is_written_once_and_never_over_one_of_your_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = tmp_path / "mine.yaml"
    assert main(["archive", "mapping", "acled", "-o", str(own)]) == 0
    assert read_mapping(str(own)).dates == read_mapping("acled").dates
    own.write_text("mine", encoding="utf-8")
    assert main(["archive", "mapping", "acled", "-o", str(own)]) == 2
    assert own.read_text(encoding="utf-8") == "mine"
    assert "is there already" in capsys.readouterr().err


def test_the_first_screen_of_check_has_what_matters(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "events.csv"
    rows = [ROWS[0]]
    rows += [(f"2024-01-{1 + at % 28:02d}", "Iraq", f"Front {at:02d}", "drone") for at in range(60)]
    path.write_text(text(rows=(*rows, rows[1])), encoding="utf-8")
    own = tmp_path / "own.yaml"
    own.write_text(MAPPING, encoding="utf-8")
    assert main(["archive", "check", str(path), "--mapping", str(own)]) == 0
    out = capsys.readouterr().out
    screen = out[: out.index("concerns (")]
    words = ("events ", "unknown ", "none of the named", "claimed", "umbrella", "dates", "places", "copies")
    assert all(word in screen for word in words)
    assert "1 alike in day" in screen  # without a column of ids
    assert "others within" not in screen
    assert len(screen.splitlines()) <= 24
    assert out.index("concerns (") < out.index("\nfactions\n")
    assert "... and 35 others" in out
