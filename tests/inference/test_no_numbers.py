"""A model in which nothing is uncertain is a model all the same."""

from __future__ import annotations

import pytest

import attribution as at
from attribution.domain.facts import Fact
from tests.builders import YES_NO, a_case, a_model, a_report, a_table, says


def test_a_model_of_constants_has_the_posterior_of_arithmetic() -> None:
    case = a_case(Fact("x", YES_NO), items=[a_report("r", says("x", "yes"))])
    model = a_model(a_table("x", {"yes": {"a": 0.8, "else": 0.2}}), shares={"a": 0.3, "b": 0.6}, other=0.1)
    posterior = at.fit(case, model, engine="importance")
    odds = posterior.standings[0].probability / posterior.standings[1].probability
    reliability = model.grading.letters[1].best * model.grading.digits[1].best
    says_yes = [p * reliability + (1 - reliability) / 2 for p in (0.8, 0.2)]
    assert odds == pytest.approx(0.3 / 0.6 * says_yes[0] / says_yes[1])
    assert all(standing.mcse < 1e-12 for standing in posterior.standings)
    assert str(at.robust_bounds(posterior))
