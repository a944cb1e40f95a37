"""Settings of all tests: compiling takes its time, and a failure found once is found again; executors are shared."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor

import pytest
from hypothesis import settings

from attribution.parallel import processes

settings.register_profile("ours", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("ours")


@pytest.fixture(scope="session")
def pool() -> Iterator[Executor]:
    """Two processes for all tests: starting them costs more than what most tests ask of them."""
    with processes(2) as executor:
        assert executor is not None
        yield executor
