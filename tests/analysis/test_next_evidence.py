"""Expected information against closed forms, a Monte Carlo estimate, and evidence that really comes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attribution as at
from attribution.analysis.next_evidence import NextEvidence, believed_draws, information, next_evidence
from attribution.domain.evidence import Direct
from attribution.domain.facts import Fact
from attribution.domain.identifiers import Catalog
from attribution.domain.numbers import Number
from attribution.inference.posterior import Posterior
from attribution.network.beliefs import joint_states
from attribution.network.curves import mean
from tests.builders import DAY, YES_NO, a_case, a_model, a_report, a_table, says
from tests.random_cases import random_pair


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")


@pytest.fixture(scope="module")
def found(posterior: Posterior) -> NextEvidence:
    return next_evidence(posterior)


@pytest.mark.parametrize("seed", range(700, 715))
def test_joint_beliefs_have_the_marginals_of_the_posterior(seed: int) -> None:
    """Summed over states the factions, summed over factions the states: with surprise, staging, forging and all."""
    case, model = random_pair(seed)
    one = at.fit(case, model, engine="importance", scrambles=4, log2_points=9)
    joint = joint_states(one.program, one.slots, one.draws.weights.reshape(4, -1)).sum(axis=0)
    factions, begin = one.draws.weights @ one.faction_draws, 0
    assert joint.sum(axis=0) == pytest.approx(one.draws.weights @ one.state_draws, abs=1e-9)
    for states in one.program.states:
        assert joint[:, begin : begin + len(states)].sum(axis=1) == pytest.approx(factions, abs=1e-9)
        begin += len(states)


def test_a_fact_in_closed_form() -> None:
    """P(a) = 0.6, P(b) = 0.3, P(other) = 0.1; yes with 0.9, 0.2, 0.2: everything by hand."""
    case = a_case(Fact("x", YES_NO))
    model = a_model(a_table("x", {"yes": {"a": 0.9, "else": 0.2}}), shares={"a": 0.6, "b": 0.3}, other=0.1)
    found = next_evidence(at.fit(case, model, engine="importance", scrambles=4, log2_points=9))
    joint = np.array([[0.54, 0.06], [0.06, 0.24], [0.02, 0.08]])
    by_hand = np.sum(joint * np.log2(joint / np.outer(joint.sum(axis=1), joint.sum(axis=0))))
    (one,) = found.prospects
    assert one.certain.bits == pytest.approx(by_hand)
    assert one.certain.changes_lead == pytest.approx(0.38)  # at "no" b leads with 0.24 of 0.38
    assert one.certain.outcomes[1].leader == "b"
    assert one.certain.outcomes[1].leader_probability == pytest.approx(0.24 / 0.38)
    believed = mean(model.grading.letters[1]) * mean(model.grading.digits[1])
    told = joint @ (believed * np.eye(2) + (1 - believed) / 2)
    report = np.sum(told * np.log2(told / np.outer(told.sum(axis=1), told.sum(axis=0))))
    assert one.report is not None
    assert one.report.bits == pytest.approx(report)
    assert one.report.bits < one.certain.bits < found.uncertainty


def test_whether_an_origin_can_be_believed_in_closed_form() -> None:
    """A report of reliability r about a fact with p(yes | h): believed with r p / (r p + (1 - r) / 2) given h."""
    case = a_case(Fact("x", ("yes", "no")), items=[a_report("q", says("x", "yes"))])
    model = a_model(a_table("x", {"yes": {"a": 0.9, "else": 0.2}}), shares={"a": 0.6, "b": 0.3}, other=0.1)
    one = at.fit(case, model, engine="importance", scrambles=4, log2_points=9)
    r = model.grading.letters[1].best * model.grading.digits[1].best
    prior, p = np.array([0.6, 0.3, 0.1]), np.array([0.9, 0.2, 0.2])
    joint = prior[:, None] * np.column_stack([r * p, np.full(3, (1 - r) / 2)])
    joint /= joint.sum()
    assert believed_draws(one, "q")[0] == pytest.approx(joint[:, 0])
    origin = next(one for one in next_evidence(one).prospects if one.kind == "origin")
    assert origin.certain.bits == pytest.approx(information(joint))


def test_expected_bits_equal_a_simulation(posterior: Posterior, found: NextEvidence) -> None:
    """Draw numbers, a perpetrator and the latent fact nobody reports on; estimate the information from the pairs."""
    rng, count = np.random.default_rng(5), 400_000
    weights = posterior.draws.weights
    picked = rng.choice(len(weights), size=count, p=weights)
    culprits = (posterior.faction_draws[picked].cumsum(axis=1) < rng.random((count, 1))).sum(axis=1)
    chance = np.empty((len(weights), 9))
    by_label = {label: place for place, label in enumerate(posterior.program.labels)}
    first = posterior.program.ints.slot_first
    groups = {"quds-force": "quds-force", "other": "other"}
    for place, leaf in enumerate(posterior.program.factions):
        label = f"table[directed-by-tehran=yes|{groups.get(leaf, 'iran-aligned')}]"
        chance[:, place] = posterior.slots[:, np.flatnonzero(first == by_label[label])[0]]
    yes = rng.random(count) < chance[picked, culprits]
    table = np.zeros((9, 2))
    np.add.at(table, (culprits, (~yes).astype(int)), 1)
    joint = table / count
    ratio = np.log2(joint / np.outer(joint.sum(axis=1), joint.sum(axis=0)), where=joint > 0, out=np.zeros((9, 2)))
    simulated = float(np.sum(joint * ratio)) - 8 / (2 * count * np.log(2))  # less the bias of a table estimate
    error = np.sqrt(float(np.sum(joint * ratio**2)) - simulated**2) / np.sqrt(count)
    stated = next(one for one in found.prospects if one.id == "directed-by-tehran").certain
    assert abs(simulated - stated.bits) < 4 * np.hypot(error, stated.bits_mcse) + 5e-5  # `other` may act like others


def test_an_answer_that_comes_has_the_effect_that_was_expected(posterior: Posterior, found: NextEvidence) -> None:
    """The case with the answer in it, fitted again on other points."""
    one = next(one for one in found.prospects if one.id == "launch-area")
    for outcome in one.certain.outcomes[:2]:
        never = tuple(
            (state, Number.exactly(1e-12, "ratio"))
            for state in posterior.case.facts["launch-area"].states
            if state != outcome.state
        )
        item = Direct(id="answer", title="", source="our-search", published=DAY, fact="launch-area", ratios=never)
        case = replace(posterior.case, evidence=Catalog((*posterior.case.evidence, item)))
        again = at.fit(case, posterior.model, engine="importance", random_seed=5)
        leader = again.ranking[0]
        assert leader.id == outcome.leader
        assert abs(leader.probability - outcome.leader_probability) < 4 * 1.5 * max(leader.mcse, 2e-4)


def test_what_every_faction_predicts_equally_is_worth_nothing(found: NextEvidence) -> None:
    worth = {one.id: one for one in found.prospects}
    assert worth["mistaken-for-own"].certain.bits < 1e-5
    assert worth["mistaken-for-own"].certain.changes_lead == 0


def test_nothing_is_worth_more_than_what_is_open_and_a_report_less_than_the_truth(found: NextEvidence) -> None:
    for one in found.prospects:
        assert 0 <= one.certain.bits <= found.uncertainty
        assert sum(outcome.probability for outcome in one.certain.outcomes) == pytest.approx(1)
        if one.report:
            assert one.report.bits <= one.certain.bits + 1e-12
    assert [one.certain.bits for one in found.prospects] == sorted(
        (p.certain.bits for p in found.prospects), reverse=True
    )


@given(st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=2, max_size=5))
def test_information_is_never_negative(rows: list[list[float]]) -> None:
    table = np.array(rows) + 1e-9
    assert 0 <= information(table) <= np.log2(3) + 1e-9
    assert information(np.outer(table[:, 0], table[0])) == pytest.approx(0, abs=1e-9)


def test_a_tie_is_called_one() -> None:
    tied = at.fit(
        a_case(Fact("x", YES_NO)), a_model(a_table("x", {"yes": {"a": 0.6, "else": 0.4}})), engine="importance"
    )
    found = next_evidence(tied)
    assert found.tied
    assert "a tie as it is" in str(found)


def test_the_paragraph_says_what_is_open(found: NextEvidence) -> None:
    assert "bits are open" in str(found)
    assert found.method in str(found)
    assert "weapon" in found.settled
