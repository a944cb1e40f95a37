"""A description as a page, as JSON, and as a command."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from attribution.archive.events import LIMITS
from attribution.archive.summary.describe import Description, describe
from attribution.archive.summary.overview import overview
from attribution.cli import main
from attribution.domain.concern import Concern
from attribution.errors import UsageError
from attribution.reporting.archive import write_description
from tests.archive.simulated import simulated_archive

ABOUT = {"title": "<script>alert(1)</script>", "source": 'a"b.csv', "sha256": "0" * 64}
DOUBT = (Concern("a <doubt>", "it means", "a remedy"),)


@pytest.fixture(scope="module")
def found() -> Description:
    return describe(simulated_archive(300, seed=2))


def test_the_page_is_whole_and_inert(found: Description, tmp_path: Path) -> None:
    path = tmp_path / "description.html"
    write_description(found, overview(simulated_archive(300, seed=2)), DOUBT, path, **ABOUT)
    page = path.read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "a &lt;doubt&gt;" in page
    assert "http" not in page.replace("http-equiv", "")
    assert "default-src 'none'" in page
    assert all(text.replace("'", "&#39;") in page for text in (*LIMITS, str(found)))
    done = [one for one in (*found.known_for(8), *found.apart_in_places()) if one.share.events > 0]
    strips = 1 + len(found.decay_times) + 1 + len(done)
    assert page.count("<svg") == 2 + strips + len(found.profiles.pooling)
    assert " style=" not in page
    known = page[page.index('id="known"') :]
    assert '<td class="n">0</td>' not in known


def test_the_page_says_why_there_is_no_length_scale(tmp_path: Path) -> None:
    bare = describe(simulated_archive(60, seed=2, features=0, coordinates=False))
    path = tmp_path / "description.html"
    write_description(bare, overview(simulated_archive(60, seed=2, features=0, coordinates=False)), (), path, **ABOUT)
    page = path.read_text(encoding="utf-8")
    assert bare.no_length_scale in page
    assert "No share surely differs" in page


def test_the_json_holds_every_number(found: Description, tmp_path: Path) -> None:
    path = tmp_path / "description.json"
    write_description(found, overview(simulated_archive(300, seed=2)), DOUBT, path, **ABOUT)
    told = json.loads(path.read_text(encoding="utf-8"))
    assert told["format"] == "attribution-description/2"
    assert told["decay_time"]["days"]["median"] == found.decay_time.days.median
    assert told["decay_time"]["days"]["prior"] == {"low": 1.0, "high": 36525.0}
    assert told["length_scale"]["km"]["low"] == found.length_scale.km.low
    assert len(told["profiles"]["profiles"]) == len(found.profiles.profiles)
    assert told["concerns"][0]["what"] == "a <doubt>"
    assert told["limits"] == list(found.limits)
    assert told["first"] == str(found.first)


def test_the_command_describes_the_shipped_events(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    typed = ["archive", "describe", "incidents-2019-2024", "--least", "5"]
    page, told = tmp_path / "d.html", tmp_path / "d.json"
    assert main([*typed, "-o", str(page), "-o", str(told)]) == 0
    printed = capsys.readouterr().out
    assert all(limit in printed for limit in LIMITS)
    assert "how long the past counts" in printed
    assert "No length scale is estimated: 15 events" in printed
    assert json.loads(told.read_text())["length_scale"] is None
    assert "incidents-2019-2024" in page.read_text()
    assert main([*typed, "--format", "json"]) == 0
    tables = json.loads(capsys.readouterr().out)
    assert tables["decay time and length scale"][0]["unit"] == "days"
    assert main([*typed, "--format", "csv"]) == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert ["known for"] in [row[:1] for row in rows]


def test_other_forms_are_refused_before_anything_is_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["archive", "describe", "no-such-table", "-o", "d.docx"]) == 2
    assert "d.docx" in capsys.readouterr().err
    events = simulated_archive(60, seed=2)
    with pytest.raises(UsageError, match=r"\.docx"):
        write_description(describe(events), overview(events), (), Path("d.docx"), **ABOUT)
