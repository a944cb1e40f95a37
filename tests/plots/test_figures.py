"""Figures draw what the finding says, say how it was computed, and take no word of a case for an instruction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes

import attribution as at
from attribution.analysis.confidence import confidence
from attribution.inference.posterior import Posterior
from attribution.plots import style
from attribution.plots.deception import plot_deception_budget
from attribution.plots.dependence import plot_dependence
from attribution.plots.lattice import plot_lattice
from attribution.plots.leave_out import plot_leave_out
from attribution.plots.next_evidence import plot_next_evidence
from attribution.plots.power import plot_power_scaling
from attribution.plots.rivals import plot_confidence, plot_rivals, plot_shortest_path
from attribution.plots.robust import plot_robust_bounds
from attribution.plots.shapley import plot_shapley
from attribution.plots.tipping import plot_tipping_points


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    few = at.Sampling(scrambles=4, log2_points=8)
    return at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance", sampling=few)


@pytest.fixture(autouse=True)
def _no_figure_is_left() -> Iterator[None]:
    yield
    pyplot.close("all")


def words(ax: Axes) -> str:
    """All text of an SVG, as a reader sees it."""
    root = ElementTree.fromstring(style.svg(ax))
    return " ".join(" ".join(text for text in root.itertext()).split())


def _confidence(posterior: Posterior) -> at.Confidence:
    sources = at.leave_out(posterior, by="source", refit=False)
    return confidence(posterior, sources=sources, dependence=at.dependence(posterior))


FIGURES: list[tuple[Callable[[Posterior], Any], Callable[..., Axes]]] = [
    (at.robust_bounds, plot_robust_bounds),
    (at.power_scaling, plot_power_scaling),
    (at.next_evidence, plot_next_evidence),
    (at.dependence, plot_dependence),
    (at.compare_models, plot_rivals),
    (at.shortest_path, plot_shortest_path),
    (_confidence, plot_confidence),
    (at.leave_out, plot_leave_out),
    (at.lattice, plot_lattice),
    (at.shapley, plot_shapley),
    (at.tipping_points, plot_tipping_points),
    (at.deception_budget, plot_deception_budget),
]


@pytest.mark.parametrize(("analysis", "plot"), FIGURES)
def test_a_figure_says_what_was_perturbed_and_how(
    posterior: Posterior, analysis: Callable[[Posterior], Any], plot: Callable[..., Axes]
) -> None:
    finding = analysis(posterior)
    shown = words(plot(finding))
    assert " ".join(finding.method.split()[:4]) in shown
    assert finding.method.split()[-1] in shown


@pytest.mark.parametrize(("analysis", "plot"), FIGURES)
def test_a_figure_uses_the_axes_it_is_given(
    posterior: Posterior, analysis: Callable[[Posterior], Any], plot: Callable[..., Axes]
) -> None:
    _, ax = pyplot.subplots()
    assert plot(analysis(posterior), ax) is ax


def test_the_bounds_are_drawn_where_they_are(posterior: Posterior) -> None:
    finding = at.robust_bounds(posterior)
    ax = plot_robust_bounds(finding)
    widest = max((patch for patch in ax.patches), key=lambda patch: patch.get_width())
    assert widest.get_x() == pytest.approx(finding.bounds[-1].low[0])
    assert widest.get_x() + widest.get_width() == pytest.approx(finding.bounds[-1].high[0])
    assert [line.get_xdata()[0] for line in ax.lines] == pytest.approx(list(finding.bounds[0].low))


def test_words_of_a_case_are_only_words(posterior: Posterior) -> None:
    hostile = r"$\frac{1}{0}$ <script>alert(1)</script> \$5 & more"
    finding = at.robust_bounds(posterior)
    finding = replace(finding, labels=(hostile, "cost $5 to $6", *finding.labels[2:]))
    ax = plot_robust_bounds(finding)
    text = style.svg(ax)
    assert "<script>" not in text
    root = ElementTree.fromstring(text)
    shown = "".join(root.itertext())
    assert r"$\frac{1}{0}$ <script>" in shown
    assert "cost $5 to $6" in shown


def test_the_same_finding_gives_the_same_bytes(posterior: Posterior) -> None:
    finding = at.robust_bounds(posterior)
    assert style.svg(plot_robust_bounds(finding)) == style.svg(plot_robust_bounds(finding))


def test_invisible_letters_are_not_drawn() -> None:
    assert style.plain("a\u200bb\u202ec\nd") == "abcd"
    assert len(style.shortened("x" * 400)) == 44
