"""Tempo files: what ships is read, and every mistake is told with its line and a way out."""

from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from attribution.campaign.assumptions import assumptions_schema, parse_assumptions, read_assumptions
from attribution.campaign.reading import parse_tempo, read_tempo, shipped_tempos, tempo_schema
from attribution.campaign.telling import design_concerns
from attribution.errors import InputError, TempoError

TODAY = dt.date(2026, 1, 1)
GOOD = """\
format: attribution-tempo/1
id: made-up
title: Made-up attacks
from: 2020-01-01
to: 2020-03-31
observers:
  weekly:
    scope: attacks
    counts:
      - {first: 2020-01-01, last: 2020-01-07, count: 4}
      - {first: 2020-01-08, last: 2020-01-14, count: 0}
      - {first: 2020-01-15, last: 2020-01-21, count: 6}
      - {first: 2020-01-22, last: 2020-01-28, count: 3}
      - {first: 2020-01-29, last: 2020-02-04, count: 2}
  said:
    scope: attacks
    statements:
      - {as_of: 2020-01-05, total: 3}
      - {as_of: 2020-01-12, total: 5, published: 2020-01-13}
      - {as_of: 2020-01-20, total: 9, precision: about}
      - {as_of: 2020-02-01, total: 12, precision: at-least}
      - {as_of: 2020-02-20, total: 12, none_since: 2020-02-01}
interventions:
  - {id: hit, kind: strike, date: 2020-01-14}
  - {id: pause, kind: truce, date: 2020-02-01, ends: 2020-02-20}
"""
MISTAKES = [
    ("total: 9, precision: about", "total: 4", "the total falls: 5 as of 2020-01-12, 4 as of 2020-01-20", 20),
    ("first: 2020-01-08", "first: 2020-01-07", "overlaps", 11),
    ("published: 2020-01-13", "published: 2020-01-11", "was published on 2020-01-11", 19),
    ("kind: strike, date: 2020-01-14", "kind: strike, date: 2019-01-14", "lies outside the series", 24),
    ("ends: 2020-02-20", "ends: 2020-01-20", "before its date", 25),
    ("kind: truce", "kind: trcue", 'did you mean "truce"', 25),
    ("precision: about", "precision: abuot", 'did you mean "about"', 20),
    ("date: 2020-01-14", "date: 2046-01-14", "in the future", 24),
    ("as_of: 2020-01-05", "as_of: 2046-01-05", "in the future", 18),
    ("kind: truce, ", "kind: truce, announced: no, ", "read off the outcome", 25),
    ("kind: truce, ", "kind: truce, dated_by: outcome, ", "read off the outcome", 25),
    ("total: 3}", "total: 3, scope: rockets}", 'this statement counts "rockets"', 18),
    ("count: 4}", "count: -4}", "the count is -4", 10),
    ("count: 4}", "count: 4.5}", "no whole number", 10),
    ("last: 2020-01-07", "last: 2019-12-31", "before it begins", 10),
    ("none_since: 2020-02-01", "none_since: 2020-02-21", "none since", 22),
    ("id: pause", "id: hit", "appears twice", 25),
    ("to: 2020-03-31", "to: 2019-03-31", "before it begins", 5),
    ("to: 2020-03-31", "to: 2025-03-31", "days", 5),
    ("  said:", "  weekly:", "appears twice", 15),
    ("scope: attacks\n    counts", "scpoe: attacks\n    counts", "scpoe", 8),
]


@pytest.mark.parametrize(("good", "bad", "told", "line"), MISTAKES)
def test_every_mistake_has_its_line_and_a_way_out(good: str, bad: str, told: str, line: int) -> None:
    assert good in GOOD
    with pytest.raises(InputError) as caught:
        parse_tempo(GOOD.replace(good, bad, 1), "made-up.yaml", today=TODAY)
    message = str(caught.value)
    assert told in message
    assert message.startswith(f"made-up.yaml:{line}: "), message
    assert "allowed: " in message


def test_three_counts_are_too_few_and_only_zeros_say_nothing(tmp_path: Path) -> None:
    few = re.sub(r"      - \{first: 2020-01-(22|29).*\n", "", GOOD)
    with pytest.raises(TempoError, match=r"^made-up\.yaml:7: weekly has 3 counts"):
        parse_tempo(few, "made-up.yaml", today=TODAY)
    with pytest.raises(TempoError, match=r"^made-up\.yaml:7: weekly counts no attack at all"):
        parse_tempo(re.sub(r"count: \d", "count: 0", GOOD), "made-up.yaml", today=TODAY)
    head = GOOD[: GOOD.index("    counts:")] + "    table: counts.csv\n"
    for days, count, told in ((3, 2, "weekly has 3 counts"), (9, 0, "weekly counts no attack at all")):
        rows = "".join(f"2020-01-{day:02d},{count}\n" for day in range(1, days + 1))
        (tmp_path / "counts.csv").write_text(f"date,count\n{rows}")
        with pytest.raises(TempoError, match=rf"^made-up\.yaml:7: {told}"):
            parse_tempo(head, "made-up.yaml", tmp_path, TODAY)


def test_one_way_of_counting_for_one_observer() -> None:
    both = GOOD.replace("    statements:", "    table: counts.csv\n    statements:")
    with pytest.raises(InputError, match="`statements` and `table`"):
        parse_tempo(both, today=TODAY)


def test_what_was_written_is_what_is_read() -> None:
    read = parse_tempo(GOOD, today=TODAY)
    assert read.observer("weekly").total == 15
    assert read.observer("said").total == 12
    assert [one.may_last for one in read.interventions] == [False, True]
    with pytest.raises(TempoError, match='did you mean "said"'):
        read.observer("sadi")


def test_counts_from_a_table(tmp_path: Path) -> None:
    head = GOOD[: GOOD.index("    counts:")] + "    table: counts.csv\n"
    rows = "\n".join(f"2020-01-{day:02d},{day % 3}" for day in range(1, 20))
    (tmp_path / "counts.csv").write_text(f"date,count\n{rows}\n")
    assert len(parse_tempo(head, folder=tmp_path, today=TODAY).observers[0].counts) == 19
    for bad, told in (("2020-01-05,", "the count is"), ("2020-13-05,1", "not a day"), ("2019-12-31,1", "no interval")):
        (tmp_path / "counts.csv").write_text(f"date,count\n{rows}\n{bad}\n")
        with pytest.raises(InputError, match=told) as caught:
            parse_tempo(head, folder=tmp_path, today=TODAY)
        assert "counts.csv:21: " in str(caught.value)


@pytest.mark.parametrize("name", ["/etc/passwd", "../counts.csv", "..\\\\counts.csv"])
def test_a_table_outside_the_folder_of_the_series_is_not_read(name: str, tmp_path: Path) -> None:
    head = GOOD[: GOOD.index("    counts:")]
    for way in (
        f'table: "{name}"',
        f'events: {{table: "{name}", mapping: acled}}',
        f'events: {{table: x.csv, mapping: "{name}.yaml"}}',
    ):
        with pytest.raises(InputError, match="outside the folder of the series"):
            parse_tempo(f"{head}    {way}\n", folder=tmp_path, today=TODAY)


def test_counts_from_events_through_a_mapping(tmp_path: Path) -> None:
    head = GOOD[: GOOD.index("    counts:")]
    events = "    events: {table: events.csv, mapping: map.yaml, where: {sort: bomb}, factions: A}\n"
    mapping = "format: attribution-mapping/1\ntitle: made up\ndate: {column: day, until: until}\nperpetrator: who\n"
    (tmp_path / "map.yaml").write_text(mapping)
    rows = [f"2020-01-{1 + at % 28:02d},2020-01-{1 + at % 28:02d},{'AB'[at % 2]},bomb" for at in range(60)]
    rows += ["2020-01-01,2020-01-20,A,bomb", "2020-01-03,2020-01-03,A,knife"]
    (tmp_path / "events.csv").write_text("day,until,who,sort\n" + "\n".join(rows) + "\n")
    read = parse_tempo(head + events, folder=tmp_path, today=TODAY).observers[0]
    assert (read.total, read.dropped, len(read.counts)) == (30, 1, 91)
    with pytest.raises(TempoError, match="not among the factions"):
        parse_tempo(head + events.replace("factions: A", "factions: Q"), folder=tmp_path, today=TODAY)


@pytest.mark.parametrize(("every", "way_out"), [("day", "count by weeks"), ("week", "date them better")])
def test_events_dated_too_coarsely_are_told_with_what_can_still_be_done(
    every: str, way_out: str, tmp_path: Path
) -> None:
    head = GOOD[: GOOD.index("    counts:")]
    marks = "interventions:\n  - {id: pause, kind: truce, date: 2020-02-01}\n"
    (tmp_path / "map.yaml").write_text(
        "format: attribution-mapping/1\ntitle: made up\ndate: {column: day, until: until}\nperpetrator: who\n"
    )
    rows = [f"2020-01-{day:02d},2020-01-{day:02d},A" for day in range(1, 20)] + ["2020-01-01,2020-01-31,A"] * 9
    (tmp_path / "events.csv").write_text("day,until,who\n" + "\n".join(rows) + "\n")
    series = parse_tempo(
        f"{head}    events: {{table: events.csv, mapping: map.yaml, every: {every}}}\n{marks}",
        folder=tmp_path,
        today=TODAY,
    )
    found = {one.what: one.remedy for one in design_concerns(series, series.observers[0])}
    assert found["9 events have dates too coarse for these intervals; 19 counted"].startswith(way_out)
    assert ("pause (2020-02-01) falls inside weekly counts of weekly" in found) == (every == "week")


@pytest.mark.parametrize("name", shipped_tempos())
def test_what_ships_follows_its_schema(name: str) -> None:
    document = yaml.load(read_tempo(name).text, Loader=yaml.BaseLoader)
    text = yaml.safe_load(read_tempo(name).text)
    assert text["format"] == document["format"] == tempo_schema()["properties"]["format"]["const"]
    unknown = set(document) - set(tempo_schema()["properties"])
    assert unknown == set()
    jsonschema.Draft202012Validator.check_schema(tempo_schema())


def test_assumptions_have_reasons_and_follow_their_schema() -> None:
    read = read_assumptions()
    assert all(one.because for _, one in read.numbers)
    jsonschema.Draft202012Validator(assumptions_schema()).validate(yaml.safe_load(read.text))
    with pytest.raises(InputError, match="delay"):
        parse_assumptions(read.text.replace("value: 1\n", "value: [0.5, 1, 2]\n"), "a.yaml")


@given(st.lists(st.sampled_from(GOOD.splitlines()), max_size=25))
def test_no_mixture_of_lines_ends_in_a_traceback(lines: list[str]) -> None:
    with suppress(InputError):
        parse_tempo("\n".join(lines), today=TODAY)
