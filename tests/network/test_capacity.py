"""How big a case may be: 200 factions, 60 facts, 500 items, thousands of draws, within a gigabyte."""

from __future__ import annotations

import resource
from random import Random

import numpy as np
import pytest

from attribution.domain.case import Case
from attribution.domain.evidence import Report
from attribution.domain.facts import Fact
from attribution.domain.model import Model
from attribution.network.beliefs import state_probabilities
from attribution.network.compiler import compile_network
from attribution.network.summation import evidence_gradient, log_joint_at, numbers
from tests.builders import YES_NO, Stated, a_case, a_model, a_report, a_row, a_table, a_tree, says

FACTIONS, FACTS, ITEMS, DRAWS = 200, 60, 500, 2**11


def a_large_pair() -> tuple[Case, Model]:
    """Every fact hangs on the one before; items speak about one fact, some about two that are neighbours."""
    r = Random(1)
    leaves = [f"f{i}" for i in range(FACTIONS - 1)]
    facts = [Fact(f"k{i}", YES_NO, given=(f"k{i - 1}",) if i % 4 else ()) for i in range(FACTS)]
    tables = []
    for fact in facts:
        cells: dict[str, Stated] = {leaf: (0.1, r.uniform(0.2, 0.7), 0.8) for leaf in r.sample(leaves, 20)}
        cells["else"] = (0.05, r.uniform(0.1, 0.5), 0.7)
        row = a_row({"else": (0.2, 0.5, 0.9)}, when=dict.fromkeys(fact.given, "yes"))
        tables.append(a_table(fact.id, {"yes": (row, a_row(cells)) if fact.given else (a_row(cells),)}))
    items: list[Report] = []
    for number in range(ITEMS):
        first = r.randrange(FACTS)
        about = {first, first - 1} if first % 4 and r.random() < 0.3 else {first}
        said = [says(f"k{fact}", r.choice(YES_NO)) for fact in sorted(about)]
        items.append(a_report(f"r{number}", *said, grade=r.choice(("B2", "C3", "D4", "F6"))))
    return a_case(*facts, items=items, tree=a_tree(*leaves)), a_model(*tables, other=(0.01, 0.03, 0.1))


def peak() -> float:
    """The largest resident size so far, in GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


@pytest.mark.slow
def test_a_large_case_fits_in_memory() -> None:
    case, model = a_large_pair()
    warm = compile_network(a_case(), a_model())
    evidence_gradient(warm, np.zeros(0))
    before = peak()
    program = compile_network(case, model)
    z = np.random.default_rng(1).standard_normal((DRAWS, program.dimension))
    slots = numbers(program, z)
    joint = log_joint_at(program, slots)
    assert joint.shape == (DRAWS, FACTIONS)
    assert np.isfinite(joint).all()
    beliefs = state_probabilities(program, slots).reshape(DRAWS, FACTS, 2)
    np.testing.assert_allclose(beliefs.sum(axis=2), 1.0, rtol=1e-9)
    value, gradient = evidence_gradient(program, z[0])
    assert value == pytest.approx(np.logaddexp.reduce(joint[0]), rel=1e-12)
    assert np.isfinite(gradient).all()
    assert peak() - before < 1.0
