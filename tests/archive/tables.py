"""Small tables and mappings for tests, and mistakes in them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from attribution.archive.reading.mapping import EventMapping
from attribution.archive.reading.mapping_file import parse_mapping
from attribution.archive.reading.read import Archive, read_events

TODAY = dt.date(2024, 6, 1)

MAPPING = """\
format: attribution-mapping/1
title: A table
id: id
date: {column: date}
place:
  levels: {country: country, city: city}
  latitude: lat
  longitude: lon
perpetrator:
  columns: who
  separator: "|"
  unknown: ["Unknown", "Unidentified Armed Group*"]
  residual: ["Other"]
  certainty: {columns: [doubt], values: {"1": 0.6}, else: 0.9}
claim: {column: claim, values: {nobody: none}, labels: 0.7}
umbrellas: {Banner: [Red, Blue]}
aliases:
  Red: ["The Reds", "Rèd  party"]
lineage: {Red: Axis, Blue: Axis}
features:
  weapon: weapon
  killed: {column: killed, bins: [1, 5]}
missing: ["-9", "n/a"]
"""

HEADER = "id,date,country,city,lat,lon,who,doubt,claim,weapon,killed"
ROWS = (
    "e1,2024-01-03,Iraq,Erbil,36.2,44.0,the reds,0,Banner,drone,0",
    "e2,2024-01-01,Iraq,Basra,30.5,47.8,Blue,1,,rocket,7",
    "e3,2024-01,Syria,,,,Red|Blue,0,nobody,-9,n/a",
    "e4,2023,Syria,Erbil,35.0,40.5,Unknown,0,Banner,drone,1",
    "e5,2024-01-03,n/a,Erbil,35.0,40.5,Unidentified Armed Group (Iraq),0,Green,drone,4.0",
    "e6,2024-02-01,Iraq,Erbil,36.2,44.0,Other,0,nobody,drone,5",
    "e7,2024-02-02,Iraq,Erbil,36.2,44.0,Banner,1,Banner,drone,",
)


def a_table(folder: Path, *rows: str, header: str = HEADER, name: str = "events.csv") -> Path:
    """A CSV of some rows (default: seven good ones)."""
    path = folder / name
    path.write_text("\n".join([header, *(rows or ROWS)]) + "\n", encoding="utf-8")
    return path


def a_mapping(*changes: tuple[str, str]) -> EventMapping:
    """The mapping above, with texts replaced."""
    text = MAPPING
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return parse_mapping(text, "mapping.yaml")


def read(path: Path, *changes: tuple[str, str], case: str = "") -> Archive:
    """A table under that mapping, as if it were June 2024."""
    return read_events(path, a_mapping(*changes), today=TODAY, case=case)
