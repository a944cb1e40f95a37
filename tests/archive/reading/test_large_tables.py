"""A large table is read a chunk at a time: memory grows with the events alone, time in proportion to them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

MAPPING = """\
format: attribution-mapping/1
title: Large
id: id
date: date
place: {levels: {country: country, city: city}, latitude: lat, longitude: lon}
perpetrator: {columns: who, unknown: [Unknown]}
features: {weapon: weapon, killed: {column: killed, bins: [1, 2, 5]}, a: a, b: b}
"""
CODE = """
import resource, sys, time
from attribution.archive.reading.mapping_file import read_mapping
from attribution.archive.reading.read import read_events
start = time.process_time()
found = read_events(sys.argv[1], read_mapping(sys.argv[2]))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
print(len(found.events), time.process_time() - start, peak)
"""


def written(path: Path, rows: int) -> Path:
    rng = np.random.default_rng(1)
    with path.open("w", encoding="utf-8") as stream:
        stream.write("id,date,country,city,lat,lon,who,weapon,killed,a,b,notes\n")
        day = (np.datetime64("1970-01-01") + rng.integers(0, 19_000, rows).astype("timedelta64[D]")).astype(str)
        code = rng.integers(0, 40, (rows, 6))
        for at in range(rows):
            place, city, who, weapon, a, b = code[at].tolist()
            name = "Unknown" if who < 5 else f"faction {who}"
            stream.write(
                f"E{at:08d},{day[at]},country {place},city {city},{place}.{at % 997},{city}.{at % 991},{name},"
                f"weapon {weapon},{a % 9},a{a},b{b},words that nobody reads {at}\n"
            )
    return path


def measured(folder: Path, rows: int) -> tuple[int, float, float]:
    """Events, seconds of work, peak memory in GB."""
    (folder / "m.yaml").write_text(MAPPING)
    table = written(folder / f"{rows}.csv", rows)
    command = [sys.executable, "-c", CODE, str(table), str(folder / "m.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    events, seconds, peak = done.stdout.split()
    return int(events), float(seconds), float(peak)


@pytest.mark.slow
def test_ten_million_rows_would_fit(tmp_path: Path) -> None:
    few, few_seconds, few_peak = measured(tmp_path, 100_000)
    many, many_seconds, many_peak = measured(tmp_path, 1_000_000)
    assert (few, many) == (100_000, 1_000_000)
    assert many_seconds < 15 * few_seconds
    per_million = (many_peak - few_peak) / 0.9
    assert few_peak + 10 * per_million < 24.0  # GB, in proportion
    assert many_peak < 2.0
