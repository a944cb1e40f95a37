"""Every subset of the evidence equals leaving out what it lacks; smallest sets are smallest."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import attribution as at
from attribution.analysis.finding import as_json
from attribution.analysis.lattice import affordable, minimal
from attribution.analysis.leave_out import without
from attribution.analysis.reweighting import LOW_ESS, importance_weights
from attribution.analysis.units import UnitKind, together, units
from attribution.domain.identifiers import Catalog
from attribution.domain.model import Cluster
from attribution.errors import UsageError
from attribution.inference.posterior import Posterior
from attribution.network.summation import normalise


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return at.fit(at.read_case("tower-22"), at.read_model("tower-22/baseline"), engine="importance")


@pytest.fixture(scope="module")
def found(posterior: Posterior) -> at.Lattice:
    return at.lattice(posterior, draws=len(posterior.draws.weights))


def test_each_subset_is_a_removal(posterior: Posterior, found: at.Lattice) -> None:
    """Ten subsets out of 1,024, each left out by itself; plain weights here, smoothed ones there."""
    among = units(posterior, "cluster")
    for subset in np.random.default_rng(1).choice(found.subsets - 1, 10, replace=False) + 1:
        gone = together(tuple(unit for unit, kept in zip(among, found.kept[subset], strict=True) if not kept))
        probability, evidence = normalise(without(posterior, gone)[1])
        plain = np.exp(evidence - evidence.max())
        assert found.probabilities[subset] == pytest.approx(plain @ probability / plain.sum(), abs=1e-9)
        assert found.ess[subset] == pytest.approx(plain.sum() ** 2 / np.sum(plain**2), rel=1e-9)
        weights, ess, _ = importance_weights(posterior, evidence)
        error = np.sqrt(probability.mean(axis=0).max() / 4 / ess)  # smoothing moves by a small part of it
        assert found.probabilities[subset] == pytest.approx(weights @ probability, abs=max(1e-4, 0.05 * error))
        assert found.ess[subset] == pytest.approx(ess, rel=0.05)


def test_every_number_of_threads_gives_the_same_bits(posterior: Posterior, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for processors in (1, 2, 3, 8):
        monkeypatch.setattr("attribution.network.reader.threads", lambda processors=processors: processors)
        found.append(as_json(at.lattice(posterior, draws=1024)))
    assert found[1:] == found[:1] * 3


@pytest.mark.parametrize(
    ("by", "within"), [("item", "us-intelligence"), ("origin", "de-escalation"), ("item", "state-finding")]
)
def test_inside_one_cluster_all_else_is_kept(posterior: Posterior, by: UnitKind, within: str) -> None:
    """Items that share an origin too: the origin is compiled again with what is left of it."""
    found = at.lattice(posterior, by, within=within, draws=512)
    inside = {unit.id: unit for unit in units(posterior, by)}
    among = tuple(inside[id] for id in found.units)
    rows = np.arange(8)[:, None] * 2048 + np.arange(64)
    for subset in range(1, found.subsets):
        gone = together(tuple(unit for unit, kept in zip(among, found.kept[subset], strict=True) if not kept))
        probability, evidence = normalise(without(posterior, gone)[1][rows.ravel()])
        plain = np.exp(evidence - evidence.max())
        if found.ess[subset] >= LOW_ESS:
            assert found.probabilities[subset] == pytest.approx(plain @ probability / plain.sum(), abs=1e-9)
        else:
            assert found.probabilities[subset] == pytest.approx(plain @ probability / plain.sum(), abs=2e-3)
            assert np.isfinite(found.khat[subset])


def test_everything_and_nothing(posterior: Posterior, found: at.Lattice) -> None:
    assert found.kept[0].all()
    assert not found.kept[-1].any()
    mcse = np.array([one.mcse for one in posterior.standings])
    published = [one.probability for one in posterior.standings]
    assert np.all(np.abs(found.probabilities[0] - published) < np.maximum(mcse, 1e-4))
    assert found.probabilities[-1] == pytest.approx([one.prior for one in posterior.standings], abs=1e-3)
    assert sum(layer.subsets for layer in found.layers) == found.subsets == 1024


def test_few_removed_out_of_many_units(posterior: Posterior) -> None:
    some = at.lattice(posterior, "origin", max_removed=2, draws=4096)
    assert some.subsets == 1 + 26 + 325
    assert some.sustaining == ()
    assert "not visited" in str(some)
    frame = some.to_frame()
    assert (~frame[list(some.units)]).sum(axis=1).max() == 2


def test_with_k_hats_for_all(posterior: Posterior) -> None:
    some = at.lattice(posterior, "institution", draws=512, max_removed=1, khat_for_all=True)
    assert np.isfinite(some.khat).all()
    few = at.lattice(posterior, "institution", draws=512, max_removed=1)
    assert np.array_equal(np.isfinite(few.khat), few.ess < LOW_ESS)
    assert few.low_ess > 0


@given(st.integers(1, 6), st.integers(0, 2**31))
def test_smallest_sets_are_smallest(members: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sets = np.unique(rng.random((rng.integers(1, 30), members)) < 0.5, axis=0)
    found = {tuple(np.flatnonzero(one).tolist()) for one in minimal(sets)}
    all_sets = [set(np.flatnonzero(one).tolist()) for one in sets]
    expected = {tuple(sorted(one)) for one in all_sets if not any(other < one for other in all_sets)}
    assert found == expected


def test_what_breaks_the_lead_is_found(posterior: Posterior) -> None:
    """On the sceptical model the lead hangs by a thread; every smallest set is checked one smaller."""
    doubting = at.fit(posterior.case, at.read_model("tower-22/sceptical"), engine="importance")
    some = at.lattice(doubting, draws=4096)
    leads = some.probabilities.argmax(axis=1) == some.factions.index(some.leader)
    by_gone = {
        frozenset(np.array(some.units)[~kept].tolist()): bool(held) for kept, held in zip(some.kept, leads, strict=True)
    }
    assert some.breaking
    for extreme in some.breaking:
        gone = frozenset(extreme.units)
        assert not by_gone[gone]
        assert all(by_gone[frozenset(less)] for size in range(len(gone)) for less in combinations(gone, size))


def test_as_json_and_as_a_table(found: at.Lattice) -> None:
    written = json.loads(json.dumps(as_json(found), allow_nan=False))
    assert "probabilities" not in written
    assert written["subsets"] == 1024
    assert len(found.to_frame()) == 1024
    assert "effective sample size below 400 in 0 subsets" in str(found)


def test_too_many_units(posterior: Posterior) -> None:
    with pytest.raises(UsageError, match="26 origins") as raised:
        at.lattice(posterior, "origin")
    assert "institutions" in raised.value.hint
    assert "--max-removed 2" in raised.value.hint


@pytest.mark.parametrize(
    ("units", "most"), [(14, None), (15, 2), (180, 2), (181, 1), (200, 1), (16_383, 1), (16_384, 0)]
)
def test_as_many_are_removed_as_there_is_time_for(units: int, most: int | None) -> None:
    """16,384 subsets at most: 1 + n + n (n - 1) / 2 of them are pairs, units alone, and nothing removed."""
    assert affordable(units) == most


def test_no_units_or_an_unknown_cluster(posterior: Posterior) -> None:
    bare = at.fit(posterior.case, replace(posterior.model, clusters=Catalog()), engine="importance")
    with pytest.raises(UsageError, match="no cluster"):
        at.lattice(bare)
    with pytest.raises(UsageError) as raised:
        at.lattice(posterior, "origin", within="lunch")
    assert raised.value.hint == 'did you mean "launch"?'


def test_fourteen_clusters(posterior: Posterior) -> None:
    ids = posterior.program.origins
    fourteen = Catalog([Cluster(f"c{number}", ids[number::14]) for number in range(14)])
    wide = at.fit(posterior.case, replace(posterior.model, clusters=fourteen), engine="importance")
    some = at.lattice(wide)
    assert some.subsets == 2**14
    assert some.draws == 2048
    assert np.allclose(some.probabilities.sum(axis=1), 1)
