"""The mistakes that `make mutate` makes on purpose fit the code as it stands today."""

from __future__ import annotations

import ast

import pytest

from tests.trust.mutations import MUTATIONS
from tests.trust.mutations.mutation import Mutation, mutated, watching


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_can_still_be_made(mutation: Mutation) -> None:
    ast.parse(mutated(mutation))
    assert watching(mutation)


def test_there_are_enough_of_them() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS) >= 12
