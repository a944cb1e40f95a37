"""A prior from history: nothing of the incident's day or after reaches it; its numbers are the archive's."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import numpy as np
import pytest

from attribution.archive.case_prior import CasePrior, before_and_incident, case_prior, independent_logs, prior_text
from attribution.archive.codes import Coding, LabelSets
from attribution.archive.events import UNKNOWN, EventTable
from attribution.archive.model.settings import cautious
from attribution.archive.reading.mapping import CaseLink
from attribution.archive.reading.mapping_file import read_mapping
from attribution.archive.reading.read import events_path, read_events
from attribution.domain.case import Case
from attribution.errors import EventError
from attribution.reading import parse_history, read_case, read_model
from attribution.reading.shipped import bundled
from tests.builders import DAY, a_case, a_tree

TODAY = DAY.day.toordinal() - 719_163
CASE = a_case(tree=a_tree("a", "b", "c"))
LINK = CaseLink("small", (("a", "Red", "same"), ("b", "Blue", "same"), ("c", "Green", "same")), (("country", "X"),))
NAME = "incidents-2019-2024"


def some_events(label: list[int], day: list[int], *, sets: list[tuple[int, ...]] | None = None) -> EventTable:
    """Events of Red, Blue, Green and Grey at one place, days counted back from the incident."""
    size = len(label)
    return EventTable(
        id=np.array([f"e{at}" for at in range(size)], dtype=np.dtypes.StringDType()),
        row=np.arange(size),
        day=TODAY + np.array(day),
        precision=np.zeros(size),
        latitude=np.full(size, np.nan),
        longitude=np.full(size, np.nan),
        place=(Coding("country", np.zeros(size, dtype=np.int64), ("X",)),),
        features=(),
        factions=("Red", "Blue", "Green", "Grey"),
        label=np.array(label),
        among=LabelSets.of(sets or [()] * size),
        certainty=np.ones(size),
        claimants=(),
        claim=np.full(size, -2),
    )


def shares(prior: CasePrior) -> dict[str, float]:
    return {one.node: one.share for one in prior.weights} | {"other": prior.other_share}


def test_only_what_was_over_before_the_day_is_used() -> None:
    events = some_events([0, 1, 0, 1, 1], [-400, -300, -3, 0, 5])
    coarse = replace(events, precision=np.array([0, 0, 3, 0, 0]))
    assert before_and_incident(events, CASE.incident, LINK).id.tolist() == ["e0", "e1", "e2", "the incident"]
    assert before_and_incident(coarse, CASE.incident, LINK).id.tolist() == ["e0", "e1", "the incident"]
    with pytest.raises(EventError, match="no event was over before"):
        before_and_incident(events.take(slice(3, 5)), CASE.incident, LINK)


def test_the_incident_and_what_came_later_change_nothing() -> None:
    label, day = [0, 1, 0, 0, 2, 1, 0, 1], [-900, -800, -500, -200, -90, -20, 0, 30]
    one = case_prior(some_events(label, day), CASE, LINK, replicates=10)
    other = case_prior(some_events([*label[:6], 3, 2], [*day[:6], 0, 40]), CASE, LINK, replicates=10)
    assert one.weights == other.weights
    assert one.other == other.other
    assert len(one.used) == 6


def test_more_often_is_more_likely_and_rare_is_wide() -> None:
    rng = np.random.default_rng(5)
    label = rng.choice([0, 1, 2], 90, p=[0.6, 0.3, 0.1]).tolist()
    found = case_prior(some_events(label, sorted(rng.integers(-700, -1, 90).tolist())), CASE, LINK, replicates=60)
    share = shares(found)
    assert share["a"] > share["b"] > share["c"] > share["other"] > 0
    assert share["a"] == pytest.approx(0.6, abs=0.12)
    assert sum(share.values()) == pytest.approx(1.0)
    widths = {one.node: np.log(one.weight[2] / one.weight[0]) for one in found.weights}
    assert widths["c"] > widths["a"]


def test_who_is_only_ever_one_of_several_is_not_forgotten() -> None:
    sets: list[tuple[int, ...]] = [(), (), (1, 2), (1, 2), (1, 2), (1, 2)]
    events = some_events([0, 0, *[UNKNOWN] * 4], [-300, -250, -200, -150, -100, -50], sets=sets)
    share = shares(case_prior(events, CASE, LINK, replicates=40))
    assert share["b"] == pytest.approx(share["c"], abs=0.1)  # nothing tells them apart
    assert share["b"] + share["c"] > share["other"]


def test_a_faction_without_a_link_shares_what_unknown_groups_get() -> None:
    link = replace(LINK, factions=LINK.factions[:2])
    events = some_events([0, 1, 0, 1, 0], [-300, -250, -200, -150, -100])
    case: Case = a_case(tree=a_tree("a", "b", "c"))
    found = case_prior(events, case, link, replicates=20)
    assert [one.node for one in found.weights] == ["a", "b", "c"]
    assert shares(found)["c"] == pytest.approx(shares(found)["other"])
    assert "Not in the archive" in found.weights[2].because


def test_a_link_to_nobody_is_named() -> None:
    link = replace(LINK, factions=(("a", "Rad", "same"),))
    with pytest.raises(EventError, match='"Rad"') as raised:
        case_prior(some_events([0, 1], [-3, -2]), CASE, link)
    assert raised.value.hint == 'did you mean "Red"?'


def test_independent_weights_are_exact_for_a_dirichlet() -> None:
    shape = np.array([9.0, 4.0, 2.0, 16.0])
    rng = np.random.default_rng(1)
    middle, deviation = independent_logs(rng.dirichlet(shape, 40_000))
    from scipy.special import polygamma

    assert deviation**2 == pytest.approx(polygamma(1, shape), rel=0.04)
    alone = np.log(rng.gamma(shape, size=(40_000, 4)))
    expected = np.median(alone - alone.mean(axis=1, keepdims=True), axis=0)
    assert middle == pytest.approx(expected, abs=0.02)


def test_few_events_do_not_multiply_features_that_repeat_one_another() -> None:
    assert cautious(24).coefficient * 24 == pytest.approx(1.0)


# the prior that ships


def test_the_shipped_prior_is_what_the_shipped_events_say() -> None:
    """If this fails, the events, their mapping or the archive's model changed: write the prior again (`made_by:`)."""
    kept = (bundled("models") / "tower-22" / "priors" / f"{NAME}.yaml").read_text(encoding="utf-8")
    history = parse_history(kept)
    mapping, case = read_mapping(NAME), read_case("tower-22")
    archive = read_events(events_path(NAME), mapping, case="tower-22")
    assert history.sha256 == archive.sha256 == hashlib.sha256(events_path(NAME).read_bytes()).hexdigest()
    link = mapping.link_to("tower-22")
    found = case_prior(archive.events, case, link)
    again = parse_history(prior_text(found, archive, case, link, history.made_by))
    for one, new in zip(history.weights, again.weights, strict=True):
        assert (one.node, one.label, one.because) == (new.node, new.label, new.because)
        for quantile in ("low", "best", "high"):
            assert getattr(one.weight, quantile) == pytest.approx(getattr(new.weight, quantile), rel=0.03)
        assert one.share == pytest.approx(new.share, abs=0.003)
    assert replace(again, weights=history.weights, other=history.other) == history
    assert history.other.best == pytest.approx(again.other.best, rel=0.05)


def test_the_shipped_prior_knows_nothing_of_its_own_case() -> None:
    mapping, case = read_mapping(NAME), read_case("tower-22")
    archive = read_events(events_path(NAME), mapping, case="tower-22")
    used = before_and_incident(archive.events, case.incident, mapping.link_to("tower-22"))
    assert used.id.tolist()[-1] == "the incident"
    assert not mapping.excluded("tower-22") & set(used.id.tolist())
    assert used.last_day[:-1].max() < used.day[-1]
    weapon = next(feature for feature in used.features if feature.name == "weapon")
    assert weapon.codes[-1] == -1  # evidence of the case, not of its prior
    assert used.claim[-1] == -2


def test_the_model_by_history_differs_from_the_baseline_in_its_prior_alone() -> None:
    model, baseline = read_model("tower-22/archive-prior"), read_model("tower-22/baseline")
    assert model.tables == baseline.tables
    assert model.deception == baseline.deception
    assert model.grading == baseline.grading
    assert model.perpetrator.archive is not None
    assert model.perpetrator.archive.id == NAME
