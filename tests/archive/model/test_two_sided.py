"""Both sides of an event: sums against plain ones, its own label and its block never, and truths known beforehand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attribution.archive.codes import Ints
from attribution.archive.evaluation.backtest import backtest
from attribution.archive.evaluation.masked import BY, hide
from attribution.archive.events import EventTable
from attribution.archive.model.attribute import learn_two_sided, parts
from attribution.archive.model.classes import Classes, within_lifetimes
from attribution.archive.model.coefficients import weigh
from attribution.archive.model.posterior import SlopeDraws, normal_posterior
from attribution.archive.model.settings import TwoSidedResolutions
from attribution.archive.model.two_sided import Blocks, TwoSided
from attribution.archive.selection import Propensity, Totals, implied_by_claims
from attribution.domain.numbers import Number
from attribution.errors import UsageError
from tests.archive.random_events import relabelled
from tests.archive.simulated import simulated_archive


@pytest.fixture(scope="module")
def events() -> EventTable:
    return simulated_archive(300, seed=8)


def ground(events: EventTable, known: np.ndarray | None = None) -> TwoSided:
    known = np.ones(len(events), dtype=np.bool_) if known is None else known
    return TwoSided(events, Classes.learned(events, known, 5), known)


def seen(events: EventTable, asked: Ints, *, apart: bool = False, known: np.ndarray | None = None) -> np.ndarray:
    return ground(events, known).features(asked, np.full(len(asked), apart))


def plain_share(events: EventTable, i: int, days: float, others: Ints) -> np.ndarray:
    """``log`` of the share of each class around event `i`, one event of a flat prior, by loops."""
    counts = np.full(len(events.factions), 1.0 / (len(events.factions) + 1))
    counts = np.append(counts, 1.0 / (len(events.factions) + 1))
    for j in others.tolist():
        if j != i:
            counts[events.label[j]] += np.exp(-abs(int(events.day[i]) - int(events.day[j])) / days)
    return np.log(counts / counts.sum())


def test_shares_at_large_are_those_of_plain_sums(events: EventTable) -> None:
    asked = np.array([0, 5, 150, 299])
    x = seen(events, asked)
    for row, i in enumerate(asked.tolist()):
        everything = np.arange(len(events))
        assert x[row, 0] == pytest.approx(plain_share(events, i, 1e5, everything), abs=1e-4)


def test_the_block_is_taken_out_as_if_it_had_no_labels(events: EventTable) -> None:
    i = 150
    blocks = Blocks.of_events(events)
    known = (blocks.of != blocks.of[i]) | (np.arange(len(events)) == i)
    assert not known.all()
    apart = seen(events, np.array([i]), apart=True)
    hidden = seen(events, np.array([i]), known=known)
    experts = len(ground(events).experts)
    assert apart[:, :-experts] == pytest.approx(hidden[:, :-experts], abs=2e-3)


@pytest.mark.parametrize("apart", [False, True])
def test_an_event_never_sees_its_own_label(events: EventTable, apart: bool) -> None:
    asked = np.array([10])
    blocks = Blocks.of_events(events).of
    changed = blocks == blocks[10] if apart else np.arange(len(events)) == 10
    other = relabelled(events, np.where(changed, (events.label + 1) % len(events.factions), events.label))
    experts = len(ground(events).experts)  # into what they say the rate at large is mixed
    before, after = (seen(table, asked, apart=apart)[:, :-experts] for table in (events, other))
    assert before == pytest.approx(after, abs=2e-3)


def test_past_and_future_count_alike(events: EventTable) -> None:
    """Turned round in time, every event sees the same."""
    events = events.take(slice(0, 100))  # so few that every event looks at all others
    back = _turned(events)
    asked = np.arange(0, len(events), 17)
    experts = len(ground(events).experts)
    here = seen(events, asked)[:, :-experts]
    there = seen(back, (len(events) - 1 - asked)[::-1].copy())[::-1, :-experts]
    order = _same_order(ground(events).classes.names, ground(back).classes.names)
    assert here == pytest.approx(there[:, :, order], abs=2e-3)


def _turned(events: EventTable) -> EventTable:
    order = np.arange(len(events))[::-1].copy()
    columns = {name: getattr(events, name) for name in EventTable.__slots__}
    last = int(events.day.max() + events.day.min())
    for name in ("id", "row", "precision", "latitude", "longitude", "label", "certainty", "claim"):
        columns[name] = columns[name][order]
    columns["day"] = last - events.day[order]
    for name in ("place", "features"):
        columns[name] = tuple(one.take(order) for one in columns[name])
    columns["among"] = events.among.take(order)
    return EventTable(**columns)


def _same_order(names: tuple[str, ...], others: tuple[str, ...]) -> list[int]:
    return [others.index(name) for name in names]


def test_hidden_labels_change_nothing(events: EventTable) -> None:
    asked = np.arange(20, 300, 9)
    known = np.ones(len(events), dtype=np.bool_)
    known[asked] = False
    classes = Classes.learned(events, known, 5)
    other = relabelled(events, np.where(known, events.label, (events.label + 1) % len(events.factions)))
    said = [_said(table, classes, known, asked) for table in (events, other)]
    assert np.array_equal(*said)


def _said(events: EventTable, classes: Classes, known: np.ndarray, asked: Ints) -> np.ndarray:
    learned = learn_two_sided(events, classes, known, asked)
    return np.concatenate([learned.mode.probability(x)[0] for _, x in parts(learned.ground, asked)])


def test_every_label_counts_as_one_and_all_that_is_told_is_calibrated_alike(events: EventTable) -> None:
    """Seen from the end of time nothing has aged; the most probable coefficients and their draws are shrunk alike."""
    known = np.arange(len(events)) % 5 > 0
    classes = Classes.learned(events, known, 5)
    learned = learn_two_sided(events, classes, known, np.flatnonzero(~known))
    _, weight = weigh(learned.examples, 1 << 40, learned.shrinkage.half_life)
    assert np.all(weight == 1.0)
    assert 0.6 < learned.calibration < 1.1
    assert learned.mode.slope[0] == pytest.approx(learned.calibration * learned.coefficients.slope)
    given = learned.examples, learned.ground.names, 1 << 40, learned.shrinkage, learned.coefficients
    (plain, drawn), (shrunk, calibrated) = (normal_posterior(*given, calibration=by) for by in (1.0, 0.5))
    assert calibrated.slope == pytest.approx(0.5 * drawn.slope)
    assert calibrated.intercept == pytest.approx(0.5 * drawn.intercept)
    for one, half in zip(plain.by_feature, shrunk.by_feature, strict=True):
        assert (half.mean, half.sd, half.high) == pytest.approx((0.5 * one.mean, 0.5 * one.sd, 0.5 * one.high))


@pytest.mark.parametrize("by", BY)
def test_what_is_hidden_is_hidden_whole(events: EventTable, by: str) -> None:
    hidden = hide(events, by, 0.25, seed=3)
    inside = np.isin(np.arange(len(events)), hidden.events)
    for unit in np.unique(hidden.unit[hidden.events]).tolist():
        assert inside[hidden.unit == unit].all()
    assert 0.1 <= len(hidden.events) / len(events) <= 0.32
    assert np.array_equal(hidden.events, hide(events, by, 0.25, seed=3).events)


def test_a_share_of_nothing_or_of_all_is_refused(events: EventTable) -> None:
    for share in (0.0, 1.0, float("nan")):
        with pytest.raises(UsageError, match="share"):
            hide(events, "event", share, 1)


def test_both_sides_beat_what_knows_nothing_and_come_near_the_truth() -> None:
    events = simulated_archive(600, seed=4)
    found = backtest(events, protocol="masked", by="event", share=0.2, baselines=("base-rate", "place-table"))
    assert found.since is None
    assert found.model.scores.log_loss < 0.9 * found.best_baseline.scores.log_loss
    assert found.training + found.forecasts == len(events)
    assert found.freshness == ()
    assert "hidden" in str(found)


def test_nobody_acts_outside_his_lifetime(events: EventTable) -> None:
    classes = Classes.learned(events, np.ones(len(events), dtype=np.bool_), 5)
    middle = int(events.day[150])
    living = replace(events, lifetimes=(("F0", (middle, middle + 10**6)), ("nobody", (0, 1))))
    even = np.full((1, len(events), len(classes)), 1.0 / len(classes))
    held = within_lifetimes(even, living, classes, np.arange(len(events)))[0]
    code = classes.names.index("F0")
    assert np.all(held[events.day < middle, code] == 0.0)
    assert held[events.day >= middle, code] == pytest.approx(1.0 / len(classes))
    assert held.sum(axis=1) == pytest.approx(1.0)


def test_totals_with_the_true_propensity_are_the_true_totals() -> None:
    """Nine in ten attacks of F0 get a label, three of the others: those without are mostly theirs."""
    stated = Propensity((("F0", Number(0.85, 0.9, 0.94)), ("else", Number(0.25, 0.3, 0.35))), 0.5)
    corrected, naive = 0.0, 0.0
    for seed in (6, 7, 8, 9):
        events = simulated_archive(900, seed=seed)
        known = np.random.default_rng(seed).random(len(events)) < np.where(events.label == 0, 0.9, 0.3)
        table = relabelled(events, np.where(known, events.label, -1))
        classes = Classes.learned(table, known, 5)
        asked = np.flatnonzero(~known)
        said = _said(table, classes, known, asked)
        first = classes.names.index("F0")
        truth = int(np.sum(events.label[asked] == 0))
        totals = stated.unlabelled(np.repeat(said[None], 200, axis=0), classes)[:, :, first].sum(axis=1)
        assert abs(totals.mean() - truth) < 3 * np.sqrt(truth) + 1  # three binomial deviations of who got a label
        corrected += abs(totals.mean() - truth)
        naive += abs(said[:, first].sum() - truth)
    assert corrected < 0.5 * naive


def test_claims_bound_how_readily_labels_are_given() -> None:
    """F0 claims nine in ten attacks, the others one; a claim brings a label nearly always, silence seldom."""
    events = simulated_archive(4000, seed=5, factions=3)
    rng = np.random.default_rng(5)
    claims = rng.random(len(events)) < np.where(events.label == 0, 0.9, 0.1)
    known = rng.random(len(events)) < np.where(claims, 0.95, 0.3)
    table = replace(
        relabelled(events, np.where(known, events.label, -1)),
        claimants=events.factions, claim=np.where(claims, events.label, -1),
    )  # fmt: skip
    implied = implied_by_claims(table, Classes.learned(table, known, 5))
    for code, one in enumerate(implied):
        own = events.label == code
        truth = float(np.mean(known[own]))
        assert one.low <= truth <= one.high
        assert one.best == pytest.approx(truth, abs=4 * np.sqrt(0.25 / own.sum()))
    assert implied[0].low > implied[1].best  # even at the worst F0 is labelled more readily
    assert implied_by_claims(events, Classes.learned(events, known, 5)) == ()


def test_the_sweep_brackets_what_is_given() -> None:
    totals = Totals.of(("A", "other"))
    totals.add(np.array([[0.5, 0.5], [0.9, 0.1]]))
    first = totals.rows()[0]
    assert (first.faction, first.events) == ("A", pytest.approx(1.4))
    assert first.readily == pytest.approx(0.25 + 0.75)
    assert first.seldom == pytest.approx(0.75 + 27 / 28)


def test_equal_propensities_change_nothing() -> None:
    classes = Classes(("A", "B", "other"), np.array([0, 1]))
    even = Propensity((("else", Number(0.5, 0.5, 0.5)),), 0.5)
    p = np.array([[[0.2, 0.3, 0.5]]])
    assert even.unlabelled(p, classes) == pytest.approx(p)


def test_matrix_products_are_the_sums_that_they_stand_for() -> None:
    rng = np.random.default_rng(0)
    draws = SlopeDraws(rng.normal(size=(3, 4, 2)), rng.normal(size=(3, 2)))
    x = rng.normal(size=(5, 4, 2)).astype(np.float32)
    logit = np.einsum("dkc,nkc->dnc", draws.slope, x) + draws.intercept[:, None]
    weight = np.exp(logit)
    assert draws.probability(x) == pytest.approx(weight / weight.sum(axis=2, keepdims=True))


def test_where_many_ask_each_hears_one_of_the_ten_whose_mean_is_heard_otherwise(events: EventTable) -> None:
    """The mean of ten probabilities lies between the ten; and one of ten still knows more than the base rate."""
    asked = np.arange(0, 300, 3)
    known = np.ones(len(events), dtype=np.bool_)
    known[asked] = False
    classes, apart = Classes.learned(events, known, 5), np.zeros(len(asked), dtype=np.bool_)
    label = classes.labels(events)[asked]
    by_one = [
        TwoSided(events, classes, known, resolutions=TwoSidedResolutions(heard_by_all=10))
        .said(np.roll(asked, shift), apart)[:, -1]
        for shift in range(10)
    ]  # fmt: skip
    ten = np.exp(np.stack([np.roll(each, -shift, axis=0) for shift, each in enumerate(by_one)]))
    mean = np.exp(TwoSided(events, classes, known).said(asked, apart)[:, -1])
    assert ten.mean(axis=0) == pytest.approx(mean, abs=1e-5)
    alone = -np.log(np.bincount(label, minlength=len(classes)) / len(label) + 1e-9)[label].mean()
    for each in ten:
        assert -np.log(each[np.arange(len(asked)), label]).mean() < alone
