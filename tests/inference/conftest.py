"""One sampled posterior for the whole session: sampling costs seconds, looking at it nothing."""

from __future__ import annotations

import pytest

import attribution as at


@pytest.fixture(scope="session")
def case() -> at.Case:
    return at.read_case("tower-22")


@pytest.fixture(scope="session")
def baseline() -> at.Model:
    return at.read_model("tower-22/baseline")


@pytest.fixture(scope="session")
def sampled(case: at.Case, baseline: at.Model) -> at.Posterior:
    return at.fit(case, baseline)


@pytest.fixture(scope="session")
def instant(case: at.Case, baseline: at.Model) -> at.Posterior:
    return at.fit(case, baseline, engine="importance")
