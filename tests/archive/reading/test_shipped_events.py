"""The mappings that ship read the layouts they are for; the events that ship are what their README says."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from attribution.archive.events import NOT_CLAIMED, NOT_RECORDED, RESIDUAL, UNKNOWN, EventTable
from attribution.archive.reading.concerns import NAMING
from attribution.archive.reading.mapping_file import mapping_schema, read_mapping, shipped_mappings
from attribution.archive.reading.read import Archive, events_path, read_events, shipped_events
from attribution.reading.shipped import bundled
from tests.archive.tables import MAPPING
from tests.reading.test_files import plain

GED = Path(__file__).parents[4] / "shared" / "data" / "ucdp_ged_iraq_nigeria.csv.gz"
SHIPPED = "incidents-2019-2024"


def written(folder: Path, mapping: str, *rows: dict[str, Any], extra: str = "") -> Archive:
    """A table with all columns that a shipped mapping needs, some filled, others empty."""
    names = [column for column, _ in read_mapping(mapping).columns] + extra.split()
    path = folder / f"{mapping}.csv"
    with path.open("w", encoding="latin-1", newline="") as stream:
        writer = csv.DictWriter(stream, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    return read_events(path, read_mapping(mapping))


def labels(events: EventTable) -> list[str]:
    words = {UNKNOWN: "unknown", RESIDUAL: "residual"}
    return [words.get(code, "") or events.factions[code] for code in events.label.tolist()]


def windows(events: EventTable) -> list[tuple[str, int]]:
    first = [str(dt.date(1970, 1, 1) + dt.timedelta(days=day)) for day in events.day.tolist()]
    return list(zip(first, events.precision.tolist(), strict=True))


@pytest.mark.parametrize("name", shipped_mappings())
def test_a_shipped_mapping_fits_the_schema_and_leaks_nothing(name: str) -> None:
    jsonschema.validate(plain(bundled("data") / "mappings" / f"{name}.yaml"), mapping_schema())
    mapping = read_mapping(name)
    assert mapping.source
    assert not {feature.column.casefold() for feature in mapping.features} & set(NAMING)


def test_the_mapping_schema_is_one(tmp_path: Path) -> None:
    jsonschema.Draft202012Validator.check_schema(mapping_schema())
    path = tmp_path / "m.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    jsonschema.validate(plain(path), mapping_schema())
    path.write_text(MAPPING.replace("columns: who", "colums: who"), encoding="utf-8")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain(path), mapping_schema())


def test_gtd(tmp_path: Path) -> None:
    day = {"iyear": 1994, "imonth": 3, "iday": 4, "country_txt": "Perú", "guncertain1": 0, "claimed": 1}
    found = written(
        tmp_path,
        "gtd",
        day | {"eventid": 1, "gname": "Shining Path (SL)", "weaptype1_txt": "Unknown", "nkill": "3.0"},
        day | {"eventid": 2, "gname": "Unknown", "iday": 0, "claimed": -9, "nkill": -99},
        day
        | {"eventid": 3, "gname": "MRTA", "gname2": "Shining Path (SL)", "guncertain1": 1, "claimed": 0, "imonth": 0},
        day | {"eventid": 4, "gname": "Unaffiliated Individual(s)", "latitude": -9.19, "longitude": -75.0},
        day | {"eventid": 5, "gname": "MRTA", "latitude": -99, "longitude": -99},
        extra="gsubname summary",
    )
    events = found.events
    assert events.id.tolist() == ["3", "2", "1", "4", "5"]
    assert labels(events) == ["unknown", "unknown", "Shining Path (SL)", "residual", "MRTA"]
    assert [events.factions[code] for code in events.among[0]] == ["Shining Path (SL)", "MRTA"]
    assert windows(events)[:3] == [("1994-01-01", 364), ("1994-03-01", 30), ("1994-03-04", 0)]
    assert events.certainty[0] == 0.6
    assert events.claim[:3].tolist() == [NOT_CLAIMED, NOT_RECORDED, 0]
    assert events.latitude.tolist()[3] == -9.19
    assert events.latitude[4] != events.latitude[4]
    killed = next(feature for feature in events.features if feature.name == "killed")
    assert [killed.names[code] if code >= 0 else "" for code in killed.codes] == ["", "", "2 to < 5", "", ""]
    assert found.written.name == "Latin-1"


def test_ucdp_ged(tmp_path: Path) -> None:
    one = {"type_of_violence": 3, "date_start": "2014-01-24", "date_end": "2014-01-25", "event_clarity": "1.0"}
    found = written(
        tmp_path,
        "ucdp-ged",
        one | {"id": 1, "side_a": "IS", "best": "8"},
        one | {"id": 2, "side_a": "IS", "type_of_violence": "1.0"},
        one | {"id": 3, "side_a": "Unknown", "type_of_violence": "3.0"},
        extra="dyad_name side_b",
    )
    assert labels(found.events) == ["IS", "unknown"]
    assert windows(found.events) == [("2014-01-24", 1)] * 2
    assert found.tally.filtered == 1


def test_acled(tmp_path: Path) -> None:
    one = {"event_type": "Explosions/Remote violence", "event_date": "28 January 2024", "time_precision": 1}
    found = written(
        tmp_path,
        "acled",
        one | {"event_id_cnty": "IRQ1", "actor1": "Islamic State (Iraq)"},
        one | {"event_id_cnty": "IRQ2", "actor1": "Unidentified Armed Group (Iraq)", "time_precision": 2},
        one | {"event_id_cnty": "IRQ3", "actor1": "Protesters (Iraq)", "event_type": "Protests"},
        extra="actor2 notes",
    )
    assert sorted(labels(found.events)) == ["Islamic State (Iraq)", "unknown"]
    assert sorted(windows(found.events)) == [("2024-01-22", 12), ("2024-01-28", 0)]


def test_rand(tmp_path: Path) -> None:
    found = written(
        tmp_path,
        "rand",
        {"Date": "9-Feb-68", "Perpetrator": "Unknown", "Weapon": "Explosives", "Fatalities": "0"},
        {"Date": "31-Dec-09", "Perpetrator": "Other", "Weapon": "Unknown"},
        {"Date": "2/9/1999", "Perpetrator": "Hezbollah", "Country": "Lebanon", "City": "Unknown"},
        extra="Description",
    )
    assert labels(found.events) == ["unknown", "Hezbollah", "residual"]
    assert [day for day, _ in windows(found.events)] == ["1968-02-09", "1999-02-09", "2009-12-31"]
    assert found.events.place[1].codes.tolist() == [-1, -1, -1]


@pytest.mark.skipif(not GED.exists(), reason="needs ../shared/data/ucdp_ged_iraq_nigeria.csv.gz")
def test_the_real_layout_of_ged() -> None:
    found = read_events(GED, read_mapping("ucdp-ged"))
    assert (found.tally.rows, found.tally.events) == (12_076, 2_898)
    assert found.events.labelled.all()
    assert Counter(labels(found.events)).most_common(1) == [("IS", 1_609)]
    assert not [concern for concern in found.concerns if concern.severity == "blocking"]


# the events that ship


def rows() -> list[dict[str, str]]:
    with events_path(SHIPPED).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_shipped_table_is_plain() -> None:
    raw = events_path(SHIPPED).read_bytes()
    assert shipped_events() == (SHIPPED,)
    assert b"\r" not in raw
    assert raw.endswith(b"\n")
    assert [row["incident_id"] for row in rows()] == [f"I{number:03d}" for number in range(1, 101)]
    readme = (bundled("data") / "events" / "README.md").read_text(encoding="utf-8")
    for column in rows()[0]:
        assert f"`{column}`" in readme


def test_every_row_has_a_source_and_closed_words() -> None:
    for row in rows():
        assert row["source_url"].startswith(("https://", "http://")), row["incident_id"]
        assert row["label_certainty"] in ("", "high", "moderate", "low")
        assert bool(row["label"]) == bool(row["label_certainty"]) == bool(row["label_basis"])
        assert bool(row["latitude"]) == bool(row["longitude"]) == bool(row["location"])
        assert row["date_precision"] in ("day", "two days", "week")
        assert not row["label"] or row["attributed_to"]


def test_tower_22_and_the_rows_of_its_claim_are_marked_and_left_out() -> None:
    marked = {row["incident_id"] for row in rows() if row["case"] == "tower-22"}
    assert marked == {"I077", "I078", "I079", "I080", "I081", "I082", "I083"}
    mapping = read_mapping(SHIPPED)
    assert mapping.excluded("tower-22") == marked
    assert mapping.excluded() == frozenset()
    assert {row["label"] for row in rows() if row["incident_id"] in marked} == {""}
    found = read_events(events_path(SHIPPED), mapping, case="tower-22")
    assert found.tally.excluded == 7
    assert not marked & set(found.events.id.tolist())
    assert [one.topic for one in found.concerns if one.topic != "words"] == ["few labels"]


def test_labels_and_umbrellas_of_the_shipped_table() -> None:
    events = read_events(events_path(SHIPPED), read_mapping(SHIPPED)).events
    at = {id: place for place, id in enumerate(events.id.tolist())}
    assert labels(events)[at["I071"]] == "Kataib Hezbollah"
    assert {events.factions[code] for code in events.among[at["I017"]]} == {
        "Kataib Hezbollah",
        "Kataib Sayyid al-Shuhada",
    }
    assert len(events.among[at["I073"]]) == 6  # claimed by the banner, nobody named
    assert len(events.among[at["I043"]]) == 0  # a charge that failed: nobody
    assert events.certainty[at["I073"]] == 0.8
    assert windows(events)[at["I045"]] == ("2022-05-15", 14)
