"""A table that a fit wrote keeps where it is from; reading it runs no fit; what does not fit together is refused."""

from __future__ import annotations

import datetime as dt

import pytest

from attribution.campaign.assumptions import read_assumptions
from attribution.campaign.bridge import Row, Stopped, computed_concerns, digest_of
from attribution.campaign.reading import read_tempo
from attribution.domain.tables import Computed
from attribution.errors import InputError
from attribution.reading import parse_model, read_model
from attribution.reading.shipped import bundled

SERIES = "us-forces-2023-24"
HEAD = """format: attribution-model/1
case: made-up
title: Made up
grading: standard
perpetrator: {share: {a: 0.5}, other: 0.1, surprise: 0.01}
facts:
"""


def a_stop(sha256: str = "") -> Stopped:
    digest = sha256 or digest_of(read_tempo(SERIES), read_assumptions())
    window = (dt.date(2024, 2, 5), dt.date(2024, 2, 18))
    computed = Computed("tempo", SERIES, "pentagon", "standard", window, (), digest, "attribution tempo prior ...")
    rows = (
        Row(True, "a", 0.1, 0.3, 0.7, 0.35), Row(True, "else", 0.1, 0.3, 0.7, 0.35),
        Row(False, "a", 0.001, 0.01, 0.1, 0.02), Row(False, "else", 0.001, 0.002, 0.01, 0.004),
    )  # fmt: skip
    return Stopped(computed, (5.0, 15.0, 40.0), rows, "Computed, and reviewed.")


def a_model(block: str) -> str:
    grading = (bundled("models") / "grading" / "standard.yaml").read_text()
    model = parse_model(HEAD + block, "made-up.yaml", grading_text=grading)
    return str(model.tables["quiet"].document())


def test_the_block_that_is_printed_is_read_back_with_its_source() -> None:
    stop = a_stop()
    grading = (bundled("models") / "grading" / "standard.yaml").read_text()
    model = parse_model(HEAD + stop.text("quiet", "pressed"), "made-up.yaml", grading_text=grading)
    table = model.tables["quiet"]
    assert table.computed is not None
    assert table.computed.given == ("pressed",)
    assert table.computed.window == stop.computed.window
    assert [len(row.entries) for row in table.states[0].rows] == [1, 2]  # equal numbers stand there once, as `else`
    assert table.document()["computed"]["sha256"] == stop.computed.sha256
    assert not list(computed_concerns(model))


def test_a_series_that_has_changed_since_is_a_concern() -> None:
    grading = (bundled("models") / "grading" / "standard.yaml").read_text()
    text = HEAD + a_stop("0" * 64).text("quiet", "pressed")
    (concern,) = computed_concerns(parse_model(text, "made-up.yaml", grading_text=grading))
    assert "have changed since" in concern.what
    gone = text.replace(f"series: {SERIES}", "series: gone")
    (concern,) = computed_concerns(parse_model(gone, "made-up.yaml", grading_text=grading))
    assert "cannot be read" in concern.what


@pytest.mark.parametrize(
    ("good", "bad", "message", "line"),
    [
        ("given: [pressed]", "given: [other-fact]", "computed given other-fact", 14),
        ("window: [2024-02-05, 2024-02-18]", "window: [2024-02-05]", "names 1 day", 13),
        ("window: [2024-02-05, 2024-02-18]", "window: [2024-02-18, 2024-02-05]", "before it begins", 9),
        ("by: tempo", "by: temop", 'did you mean "tempo"', 9),
        ("sha256: ", "sha256: x", "sha256 is", 9),
        ("observer: pentagon", "observr: pentagon", 'did you mean "observer"', 11),
    ],
)
def test_what_does_not_fit_together_is_refused_with_its_line(good: str, bad: str, message: str, line: int) -> None:
    text = a_stop().text("quiet", "pressed")
    assert good in text
    with pytest.raises(InputError) as caught:
        a_model(text.replace(good, bad, 1))
    assert message in str(caught.value)
    assert f"made-up.yaml:{line}" in str(caught.value)


def test_a_name_alone_is_told_how_to_get_the_numbers() -> None:
    with pytest.raises(InputError, match="attribution tempo prior SERIES"):
        a_model("  quiet:\n    computed: tempo\n    yes: {else: 0.5}\n")


def test_what_the_shipped_models_say_they_computed_is_of_the_series_as_it_is() -> None:
    for name in ("baseline", "sceptical", "without-state-finding"):
        model = read_model(f"tower-22/{name}")
        assert not list(computed_concerns(model))
