"""Figures put marks where the numbers say, and say in words what they draw."""

from __future__ import annotations

import re

import pytest

from attribution.analysis.shapley import Bar, Decomposition
from attribution.domain.verbal import ICD_203
from attribution.inference.posterior_draws import Standing
from attribution.reporting.figures.marks import place, strip
from attribution.reporting.figures.report import MOST_BARS, standings_figure, waterfall_figure


def test_the_axis_of_probabilities_is_symmetric_and_held_at_its_ends() -> None:
    assert place(0.5) == pytest.approx(50)
    assert place(0.001) == place(0.0) == place(1e-9) == pytest.approx(0)
    assert place(0.999) == place(1.0) == pytest.approx(100)
    for p in (0.01, 0.2, 0.37):
        assert place(p) + place(1 - p) == pytest.approx(100)
    edges = [place(band.low) for band in ICD_203]
    assert edges == sorted(edges)


def test_a_standing_is_drawn_and_told() -> None:
    reds = Standing("reds", "Reds <b>", 0.5, 0.8, 0.001, 0.2, 0.95)
    figure = standings_figure((reds, Standing("blues", "Blues", 0.5, 0.2, 0.001, 0.05, 0.8)), ())
    first = figure.rows[0]
    assert (first.role, first.value, first.note) == ("lead", "80 %", "20 to 95 %")
    assert f'class="after" cx="{place(0.8):.2f}%"' in first.strip
    assert f'x1="{place(0.2):.2f}%" x2="{place(0.95):.2f}%"' in first.strip
    assert "Reds &lt;b&gt;: 80 %, range over inputs 20 to 95 %, before the evidence 50 %" in first.strip
    assert figure.rows[1].role == "rival"


def boxes(text: str) -> list[tuple[float, float]]:
    return [
        (float(x), float(w))
        for x, w in re.findall(r'<rect class="(?:step|sum)[^"]*" x="([-\d.]+)%" width="([\d.]+)%"', text)
    ]


def test_a_waterfall_starts_at_nothing_and_each_bar_begins_where_the_last_ended() -> None:
    bars = (Bar("a", "A", 5.0, 4.0, 6.0), Bar("b", "B", -2.0, -3.0, -1.0))
    figure = waterfall_figure(Decomposition("x", "y", 3.0, bars, 0.5, 6.5))
    (prior, first, second, closing, total) = (boxes(row.strip)[0] for row in figure.rows)
    assert first[0] == pytest.approx(prior[0] + prior[1], abs=0.02)
    assert second[0] + second[1] == pytest.approx(first[0] + first[1], abs=0.02)
    assert closing[0] == pytest.approx(second[0], abs=0.02)
    assert total[0] + total[1] == pytest.approx(closing[0] + closing[1], abs=0.02)
    assert total[0] == pytest.approx(prior[0], abs=0.02)
    assert [row.value for row in figure.rows] == ["+3.0 dB", "+5.0 dB", "−2.0 dB", "+0.5 dB", "+6.5 dB"]
    assert figure.rows[-1].note == "odds 4.5 to 1"


def test_weak_origins_share_a_bar_and_nothing_is_lost() -> None:
    bars = (*(Bar(str(n), f"Origin {n}", 1.0, 0.5, 1.5) for n in range(40)), Bar("z", "Weak", 0.01, 0.0, 0.02))
    figure = waterfall_figure(Decomposition("x", "y", 0.0, bars, 0.0, 40.01))
    assert len(figure.rows) == 1 + MOST_BARS + 3
    assert figure.rows[-3].label == "The other origins together (17)"
    assert figure.rows[-3].value == "+16.0 dB"


def test_what_a_strip_says_is_text() -> None:
    assert '"><script' not in strip('"><script>alert(1)</script>')


def test_no_mark_has_a_style_of_its_own_which_the_policy_would_drop() -> None:
    from attribution.reporting.html import STYLES, inline

    reds = Standing("reds", "Reds", 0.5, 0.8, 0.001, 0.2, 0.95)
    figure = standings_figure((reds, reds), (reds,))
    assert all(" style=" not in row.strip for row in figure.rows)
    assert ".choice input:checked+label+.panel{display:block}" in inline(STYLES)
