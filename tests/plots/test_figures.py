"""Figures draw what the finding says, say how it was computed, and take no word of a case for an instruction."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from xml.etree import ElementTree

import pytest
from matplotlib import pyplot
from matplotlib.axes import Axes

import attribution as at
from attribution.analysis.confidence import confidence
from attribution.analysis.finding import Finding
from attribution.errors import UsageError
from attribution.inference.fit import fit_under
from attribution.inference.posterior import Posterior
from attribution.plots import style


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return at.fit(
        at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance", scrambles=4, log2_points=8
    )


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


def _what_if(posterior: Posterior) -> at.WhatIf:
    return at.what_if(posterior, at.Changes(off=frozenset({"halt"})))


def _comparison(posterior: Posterior) -> at.Comparison:
    other = at.read_model("tower-22/sceptical")
    return at.compare(posterior, fit_under(posterior.case, other, posterior.settings))


def _expected(posterior: Posterior) -> at.Expected:
    return at.expected(posterior, posterior.ranking[1].id)


def _casebook(posterior: Posterior) -> at.Casebook:
    return at.casebook([(posterior.case, posterior.model)])


FINDINGS: list[Callable[[Posterior], Finding]] = [
    at.robust_bounds,
    at.lean,
    at.model_error,
    at.story_sweep,
    at.learning,
    at.prior_predictive,
    at.power_scaling,
    at.next_evidence,
    at.dependence,
    at.compare_models,
    at.shortest_path,
    _confidence,
    at.leave_out,
    at.lattice,
    at.shapley,
    at.tipping_points,
    at.deception_budget,
    at.timeline,
    _expected,
    _what_if,
    _comparison,
    _casebook,
]


@pytest.fixture(scope="module", params=FINDINGS, ids=lambda analysis: analysis.__name__.strip("_"))
def finding(request: pytest.FixtureRequest, posterior: Posterior) -> Finding:
    found: Finding = request.param(posterior)
    return found


def test_a_figure_says_what_was_perturbed_and_how(finding: Finding) -> None:
    shown = words(finding.plot())
    assert " ".join(finding.method.split()[:4]) in shown
    assert finding.method.split()[-1] in shown


def test_a_figure_uses_the_axes_it_is_given(finding: Finding) -> None:
    _, ax = pyplot.subplots()
    assert finding.plot(ax) is ax


def test_every_finding_says_what_it_is_and_what_in_it_is_doubtful(finding: Finding) -> None:
    assert isinstance(finding, Finding)
    assert finding.title[0].isupper() and not finding.title.endswith(".")
    assert finding.method.endswith(".") and finding.summary.rstrip().endswith((".", ")", "%"))
    assert finding.method not in finding.summary and "greedy" not in finding.summary
    assert str(finding) == f"{finding.summary} {finding.method}"
    assert len(finding.to_frame()) > 0
    assert all(doubt.endswith((".", "%")) or "k-hat" in doubt for doubt in finding.unreliable())


def test_every_public_result_of_an_analysis_is_a_finding() -> None:
    public = {name: getattr(at, name) for name in at.__all__}
    tabled = {name for name, found in public.items() if isinstance(found, type) and hasattr(found, "to_frame")}
    named = {name for name in tabled if Finding in public[name].__mro__}
    assert tabled - named <= {"Backtest", "DesignCheck"}  # of many events, of a design: no findings about one posterior
    assert len(named) == len(FINDINGS)


def test_the_posterior_is_drawn_with_its_range_and_its_prior(posterior: Posterior) -> None:
    ax = posterior.plot()
    filled = [
        line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 1 and line.get_color() != style.PAPER
    ]
    assert filled[: len(posterior.ranking)] == pytest.approx([one.probability for one in posterior.ranking])
    assert posterior.ranking[0].words in words(ax)


def test_without_matplotlib_the_way_out_is_named(posterior: Posterior, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UsageError, match="matplotlib") as raised:
        posterior.plot()
    assert raised.value.hint == 'pip install "attack-attribution[plots]"'


def test_the_bounds_are_drawn_where_they_are(posterior: Posterior) -> None:
    finding = at.robust_bounds(posterior)
    ax = finding.plot()
    widest = max((patch for patch in ax.patches), key=lambda patch: patch.get_width())
    assert widest.get_x() == pytest.approx(finding.bounds[-1].low[0])
    assert widest.get_x() + widest.get_width() == pytest.approx(finding.bounds[-1].high[0])
    assert [line.get_xdata()[0] for line in ax.lines] == pytest.approx(list(finding.bounds[0].low))


def test_words_of_a_case_are_only_words(posterior: Posterior) -> None:
    hostile = r"$\frac{1}{0}$ <script>alert(1)</script> \$5 & more"
    finding = at.robust_bounds(posterior)
    finding = replace(finding, labels=(hostile, "cost $5 to $6", *finding.labels[2:]))
    ax = finding.plot()
    text = style.svg(ax)
    assert "<script>" not in text
    root = ElementTree.fromstring(text)
    shown = "".join(root.itertext())
    assert r"$\frac{1}{0}$ <script>" in shown
    assert "cost $5 to $6" in shown


def test_the_same_finding_gives_the_same_bytes(posterior: Posterior) -> None:
    finding = at.robust_bounds(posterior)
    assert style.svg(finding.plot()) == style.svg(finding.plot())


def test_invisible_letters_are_not_drawn() -> None:
    assert style.plain("a\u200bb\u202ec\nd") == "abcd"
    assert len(style.shortened("x" * 400)) == 44
