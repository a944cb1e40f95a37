"""Counts by time and place against plain sums, the projection against its formula, the drawings against their rules."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from attribution.archive.events import EventTable
from attribution.archive.summary.overview import OTHERS, Gathering, Grid, overview, projected
from attribution.cli import main
from attribution.reporting.figures.overview import map_figure, timeline_figure
from tests.archive.reading.test_tables_as_they_come import MAPPING, read, text

ROWS = (
    ("date", "country", "actor", "weapon", "lat", "lon"),
    ("2024-01-28", "Iraq", "Red", "drone", "33", "44"),
    ("2024-02", "Iraq", "Blue", "drone", "33", "44"),
    ("2023", "Syria", "Unknown", "drone", "35", "38"),
    ("2024-03-01", "Syria", "<Red>", "drone", "", ""),
)
PLACED = MAPPING.replace("country: country}", "country: country}, latitude: lat, longitude: lon")


@pytest.fixture
def events(tmp_path: Path) -> EventTable:
    path = tmp_path / "events.csv"
    path.write_text(text(rows=ROWS), encoding="utf-8")
    return read(path, PLACED).events


def test_a_coarse_date_counts_in_equal_parts(events: EventTable) -> None:
    found = overview(events)
    assert (found.unit, found.first[0], found.first[-1]) == ("month", dt.date(2023, 1, 1), dt.date(2024, 3, 1))
    assert np.allclose(found.unknown, [1 / 12] * 12 + [0] * 3)
    assert found.known.sum(axis=0).tolist() == [1, 1, 1, 0]
    assert found.names[-1] == OTHERS


def test_cells_hold_what_has_coordinates(events: EventTable) -> None:
    found = overview(events)
    assert found.cell_known.sum() == 2
    assert found.cell_unknown.sum() == 1
    assert {name for name, _, _ in found.places} == {"Iraq", "Syria"}


def test_posteriors_are_shared_out_by_name(events: EventTable) -> None:
    gathering = Gathering(events)
    unknown = np.flatnonzero(events.label < 0)
    gathering.add(unknown, np.array([[0.5, 0.3, 0.2]]), ("Blue", "Red", "other"))
    found = gathering.found()
    by_name = dict(zip(found.names, found.expected.sum(axis=0), strict=True))
    assert by_name == pytest.approx({"Red": 0.3, "Blue": 0.5, "<Red>": 0.0, OTHERS: 0.2})
    assert found.expected.sum(axis=1) == pytest.approx(found.unknown)
    assert found.cell_expected.sum() == pytest.approx(1.0)


def test_the_projection_keeps_areas_and_distances_at_its_parallel() -> None:
    x, y = projected(np.array([33.0, 33.0, 33.1]), np.array([44.0, 45.0, 44.0]), 33.0, 44.0)
    assert x[1] - x[0] == pytest.approx(111.195 * np.cos(np.radians(33.0)), rel=1e-3)
    assert y[2] - y[0] == pytest.approx(11.12, rel=2e-3)
    edges = np.array([0.0, 30.0, 60.0])
    high = np.diff(projected(edges, np.zeros(3), 33.0, 0.0)[1])
    assert high[0] / high[1] == pytest.approx(np.sin(np.pi / 6) / (np.sin(np.pi / 3) - np.sin(np.pi / 6)))


def test_a_map_is_not_cut_at_the_antimeridian() -> None:
    grid = Grid.of(np.array([0.0, 0.0, np.nan]), np.array([179.5, -179.5, np.nan]))
    assert grid.west == 179.5
    assert np.ptp(grid.column) * grid.km < 150
    assert grid.cell[2] == -1


def test_drawings_say_what_they_are_and_escape_names(events: EventTable) -> None:
    found = overview(events)
    for drawing in (map_figure(found), timeline_figure(found)):
        assert drawing.startswith("<svg")
        assert "<title>" in drawing
        assert "<desc>" in drawing
        assert "<Red>" not in drawing
        assert "NaN" not in drawing
        assert "nan" not in drawing
    assert "km at 34°" in map_figure(found)


def test_the_commands_write_both_into_their_pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    days = [f"2024-0{1 + at % 4}-{1 + at % 28:02d}" for at in range(80)]
    rows = [(day, "Iraq", ("Red", "Blue", "Unknown")[at % 3], "drone") for at, day in enumerate(days)]
    path, own, page = tmp_path / "events.csv", tmp_path / "own.yaml", tmp_path / "page.html"
    path.write_text(text(rows=(ROWS[0][:4], *rows)), encoding="utf-8")
    own.write_text(MAPPING, encoding="utf-8")
    typed = [str(path), "--mapping", str(own)]
    assert main(["archive", "predict", *typed, "-o", str(tmp_path / "p.csv"), "--page", str(page), "--top", "2"]) == 0
    written = page.read_text(encoding="utf-8")
    assert "Events by month" in written
    assert "expected of the unknown" in written
    assert "No event has coordinates, so there is no map." in written
    assert " km" not in written
    assert main(["archive", "predict", *typed, "--top", "0"]) == 2
    capsys.readouterr()
