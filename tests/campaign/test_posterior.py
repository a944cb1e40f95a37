"""One small fit of a series with a truth: what is read off it hangs together, and an impossible question is refused."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from attribution.campaign.answers import answers
from attribution.campaign.bridge import halt_clock, stopped
from attribution.campaign.check import check_tempo
from attribution.campaign.document import Count, Intervention, Observer, Tempo
from attribution.campaign.posterior import TempoPosterior, tempo
from attribution.domain.numbers import Number
from attribution.errors import TempoError, UsageError
from attribution.reporting.tempo import write_tempo

FIRST = dt.date(2020, 1, 1)
HALT = 45


def day(at: int) -> dt.date:
    return FIRST + dt.timedelta(days=at)


def a_series(after: float) -> Tempo:
    """Three attacks a day for 45 days, then so many."""
    rng = np.random.default_rng(4)
    counts = rng.poisson(np.where(np.arange(90) < HALT, 3.0, after))
    seen = tuple(Count(day(at), day(at), int(many)) for at, many in enumerate(counts))
    days = tuple(day(at) for at, many in enumerate(counts) if many)
    observer = Observer("daily", "attacks", FIRST, counts=seen, by_faction=(("A", days),))
    halt = Intervention("halt", "halt", day(HALT), may_last=True)
    return Tempo("made-up", "Made up", FIRST, day(89), (observer,), (halt,))


@cache
def fitted() -> TempoPosterior:
    return tempo(a_series(0.3), chains=2, draws=150, tune=200, random_seed=3, progressbar=False)


def test_a_halt_that_was_kept_is_found_and_its_day_too() -> None:
    found = fitted()
    (effect,) = found.told
    assert effect.own_high < 0.5
    assert effect.own_low > 0.02
    assert found.effects().loc[0, "intervention"] == "halt"
    broke = found.break_date((day(HALT - 8), day(HALT + 8)))
    assert abs((broke.days[int(np.argmax(broke.probability))] - day(HALT)).days) <= 2
    assert sum(broke.probability) == pytest.approx(1.0)
    assert broke.between(broke.days[0], broke.days[-1]) == pytest.approx(1.0)


def test_the_questions_of_an_analyst_are_answered_in_sentences() -> None:
    found = {each.question: each.answer for each in answers(fitted(), None)}
    assert "the rate fell to" in found["halt: was it kept?"]
    assert "attacks were averted" in found["How many attacks were averted?"]


def test_averted_is_the_difference_of_two_sums() -> None:
    found = fitted()
    averted = found.averted((day(HALT), day(HALT + 9)))
    assert averted.low <= averted.median <= averted.high
    assert 5 < averted.without_median - averted.with_median < 80
    assert found.averted((day(2), day(9))).median == pytest.approx(0.0, abs=1e-9)
    with pytest.raises(TempoError, match="does not lie in the series"):
        found.averted(("2019-01-01", "2019-02-01"))
    with pytest.raises(TempoError, match='did you mean "halt"'):
        found.averted(interventions=["hatl"])


def test_the_tree_names_its_dimensions() -> None:
    tree = fitted().tree
    assert dict(tree["posterior"].sizes)["day"] == 90
    assert set(tree.children) >= {
        "posterior", "counterfactual", "posterior_predictive", "log_likelihood", "log_prior", "observed_data",
        "constant_data", "sample_stats",
    }  # fmt: skip
    share = (tree["posterior_predictive"]["count"] <= tree["observed_data"]["count"]).mean()
    assert 0.3 < float(share) < 0.9


def test_a_stop_speaks_of_pressure_and_hardly_of_who_led() -> None:
    shares = {"a": Number(0.3, 0.45, 0.65), "b": Number(0.1, 0.2, 0.3)}
    found = stopped(fitted(), (day(60), day(70)), shares, halted=["a"])
    assert found.for_pressure > 50
    assert found.ratio(True) < 3 < found.for_pressure / 20
    assert "when: {pressed: yes}" in found.text("quiet", "pressed")
    assert all(0 < row.low < row.best < row.high < 1 for row in found.rows)
    with pytest.raises(UsageError):
        stopped(fitted(), (day(60), day(70)), shares, halted=["c"])


def test_the_halt_clock_counts_by_faction() -> None:
    series = a_series(0.0)
    clock = halt_clock(series, series.observers[0])
    assert clock.loc[0, "kept"]
    assert clock.loc[0, "before"] > 20
    series = a_series(3.0)
    assert not halt_clock(series, series.observers[0]).loc[0, "kept"]


def test_the_report_has_its_three_forms_and_escapes(tmp_path: Path) -> None:
    outputs = [tmp_path / f"r{suffix}" for suffix in (".html", ".md", ".json")]
    write_tempo(fitted(), outputs)
    page = outputs[0].read_text()
    assert "<script" not in page and "What cannot be told" in page
    assert json.loads(outputs[2].read_text())["format"] == "attribution-tempo-report/1"
    with pytest.raises(UsageError):
        write_tempo(fitted(), [tmp_path / "r.pdf"])


def test_a_check_knows_what_dates_can_show_before_any_fit() -> None:
    found = check_tempo(a_series(3.0), simulations=8)
    assert found.power("halt", 0.2).falls >= 0.5
    assert found.power("halt", 0.2).median < found.power("halt", 1.0).median
    with pytest.raises(UsageError):
        check_tempo(a_series(3.0), simulations=1)
