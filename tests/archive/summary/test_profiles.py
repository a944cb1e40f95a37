"""What candidates are known for: closed forms, brute force, and calibration of shares and concentrations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import special, stats

from attribution.archive.codes import Coding
from attribution.archive.model.classes import Classes, sure_labels
from attribution.archive.summary.profiles import (
    REST,
    ROOT_PRIOR,
    VALUES,
    ProfileTree,
    draw_shares,
    few_values,
    fit_profiles,
    kappa_grid,
)
from tests.archive.simulated import simulated_archive
from tests.archive.summary.ranks import assert_calibrated

# all; a group; two factions in it; two factions beside it; the last in two places
PARENT = np.array([-1, 0, 1, 1, 0, 0, 5, 5])
LEVEL = np.array([-1, 2, 1, 1, 1, 1, 0, 0])


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def assert_quantiles(draws: np.ndarray, law) -> None:
    """Shares of draws below the true quantiles are right within 4 errors; here, draws are independent."""
    for share in (0.05, 0.5, 0.95):
        below = np.mean(draws < law.ppf(share))
        assert abs(below - share) < 4 * np.sqrt(share * (1 - share) / len(draws)), share


def test_one_node_is_a_beta() -> None:
    counts = np.array([[7.0, 0.0, 2.0]])
    found = draw_shares(np.array([-1]), np.array([-1]), counts, rng(), draws=20_000)
    for v in range(3):
        a, rest = ROOT_PRIOR + counts[0, v], 3 * ROOT_PRIOR + 9
        assert_quantiles(found.shares[:, 0, v], stats.beta(a, rest - a))


def test_one_level_under_a_known_base_and_concentration_is_a_beta() -> None:
    base, n = np.array([0.5, 0.3, 0.2]), np.array([1.0, 6.0, 0.0])
    counts = np.stack([base * 1e8, n])  # so many events of its own that the base is known
    found = draw_shares(np.array([-1, 0]), np.array([-1, 0]), counts, rng(), kappa=np.array([4.0]), draws=20_000)
    for v in range(3):
        a = 4.0 * base[v] + n[v]
        assert_quantiles(found.shares[:, 1, v], stats.beta(a, 4.0 + n.sum() - a))


def test_two_levels_are_what_integration_says() -> None:
    counts = np.array([[0.0, 0.0], [9.0, 1.0], [3.0, 4.0], [0.0, 2.0]])
    kappa = kappa_grid(cells=8)
    found = draw_shares(
        np.array([-1, 0, 0, 0]), np.array([-1, 0, 0, 0]), counts, rng(), kappa=kappa, draws=40_000, warm_up=500
    )
    edges = stats.beta(0.5, 0.5).ppf(np.linspace(0, 1, 4001))  # equally probable cells of the share among all
    base = 0.5 * (edges[1:] + edges[:-1])
    a, b = kappa[:, None] * base, kappa[:, None] * (1 - base)
    told = sum(special.betaln(a + n[0], b + n[1]) - special.betaln(a, b) for n in counts[1:])
    p = np.exp(told - told.max())
    p /= p.sum()
    assert found.mass[0] == pytest.approx(p.sum(axis=1), abs=0.01)
    assert found.shares[:, 0, 0].mean() == pytest.approx(np.sum(p * base), abs=0.01)
    for node in (1, 2, 3):
        mean = np.sum(p * (a + counts[node, 0]) / (kappa[:, None] + counts[node].sum()))
        assert found.shares[:, node, 0].mean() == pytest.approx(mean, abs=0.01)


def test_other_names_for_values_and_nodes_rename_the_answer() -> None:
    counts = rng(2).integers(0, 12, (8, 3)).astype(float)
    counts[[0, 1]] = 0.0
    nodes, values = np.array([0, 1, 3, 2, 4, 5, 7, 6]), np.array([2, 0, 1])
    told = draw_shares(PARENT, LEVEL, counts, rng(), draws=8000)
    renamed = draw_shares(PARENT, LEVEL, counts[nodes][:, values], rng(9), draws=8000)
    assert renamed.shares.mean(axis=0) == pytest.approx(told.shares.mean(axis=0)[nodes][:, values], abs=0.02)
    assert renamed.mass == pytest.approx(told.mass, abs=0.03)


def simulate(seed: int, kappa: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Concentrations (level; cell of the grid), shares (node, value) and counts drawn from the priors."""
    r = rng(seed)
    cell = r.integers(0, len(kappa), 3)
    theta = np.empty((8, 3))
    theta[0] = r.dirichlet(np.full(3, ROOT_PRIOR))
    for node in range(1, 8):
        gamma = r.standard_gamma(kappa[cell[LEVEL[node]]] * theta[PARENT[node]] + 1e-300) + 1e-300
        theta[node] = gamma / gamma.sum()
    events = np.where(LEVEL >= 0, r.integers(0, 60, 8), 0)
    events[1] = 0
    counts = np.stack([r.multinomial(n, share / share.sum()) for n, share in zip(events, theta, strict=True)])
    return cell, theta, counts.astype(float)


def ranks_of(simulations: int, *, cells: int, draws: int) -> np.ndarray:
    """Ranks of three concentrations, and of a share each of: all, the group, a faction, a faction in a place."""
    out, kappa = np.empty((simulations, 7)), kappa_grid(cells=cells)
    for at in range(simulations):
        cell, theta, counts = simulate(500 + at, kappa)
        found = draw_shares(PARENT, LEVEL, counts, rng([3, at]), kappa=kappa, draws=draws)
        u = rng([4, at]).random(7)
        for level in range(3):
            out[at, level] = found.mass[level, : cell[level]].sum() + u[level] * found.mass[level, cell[level]]
        for k, node in enumerate((0, 1, 3, 7)):
            drawn, true = found.shares[::5, node, at % 3], np.float32(theta[node, at % 3])
            ties = np.sum(drawn == true)  # shares too small for a number are all 0
            out[at, 3 + k] = (np.sum(drawn < true) + u[3 + k] * (1 + ties)) / (len(drawn) + 1)
    return out


def test_shares_and_concentrations_are_calibrated() -> None:
    for ranks in ranks_of(200, cells=10, draws=1000).T:
        assert_calibrated(ranks)


@pytest.mark.slow
def test_shares_and_concentrations_are_calibrated_over_many_archives() -> None:
    for ranks in ranks_of(1200, cells=32, draws=2000).T:
        assert_calibrated(ranks, 20)


def test_the_tree_has_groups_where_branches_meet_and_a_group_for_a_faction_above_others() -> None:
    events = replace(
        simulated_archive(200, seed=3, factions=6),
        groups=("axis", "lone", "world"),
        parent=np.array([6, 6, 7, 0, -1, -1, 8, 8, -1]),  # F0, F1 in axis, F2 in lone, F3 under F0, axis, lone in world
    )
    classes = Classes(("F0", "F1", "F2", "F3", "F4", "other"), np.array([0, 1, 2, 3, 4, 5]))
    tree = ProfileTree.of(sure_labels(events, classes), classes)
    assert tree.levels == ("faction", "group, step 3", "group, step 2", "group, step 1")
    above = {
        (tree.names[n], int(tree.level[n])): tree.names[tree.parent[n]] for n in range(1, len(tree.names))
    }  # fmt: skip
    assert above == {
        ("world", 3): "all", ("axis", 2): "world", ("F0", 1): "axis", ("F0", 0): "F0", ("F3", 0): "F0",
        ("F1", 0): "axis", ("F2", 0): "world", ("F4", 0): "all", ("other", 0): "all",
    }  # fmt: skip
    names = [tree.names[node] for node in tree.of_event]
    assert names == [classes.names[code] for code in sure_labels(events, classes).label]


def test_profiles_find_the_habits_and_count_the_events() -> None:
    events = simulated_archive(600, seed=4)
    classes = Classes.learned(events, np.ones(600, dtype=bool))
    found = fit_profiles(sure_labels(events, classes), classes)
    assert found == fit_profiles(sure_labels(events, classes), classes)
    overall = [one for one in found.profiles if not one.place]
    assert {(one.candidate, one.feature) for one in overall} >= {("F0", "habit0"), ("F3", "habit1")}
    for profile in found.profiles:
        code = events.factions.index(profile.candidate)
        here = events.label == code
        if profile.place:
            here &= events.place[0].codes == events.place[0].names.index(profile.place)
        feature = next(one for one in events.features if one.name == profile.feature)
        assert profile.events == here.sum() >= (30 if profile.place else 1)
        assert sum(one.mean for one in profile.shares) == pytest.approx(1.0, abs=1e-5)
        for one in profile.shares:
            assert one.events == np.sum(here & (feature.codes == feature.names.index(one.value)))
            assert one.low <= one.mean <= one.high
        assert all(not 0.05 < one.higher < 0.95 for one in profile.distinctive)
    assert any(one.distinctive for one in overall)
    assert {one.level for one in found.pooling} >= {"faction"}


def test_rare_values_become_one_and_absent_ones_none() -> None:
    codes = np.concatenate([np.arange(60), np.arange(30), [-1]])
    many = few_values(Coding("f", codes, tuple(f"v{code}" for code in range(70))))
    assert len(many.names) == VALUES + 1
    assert many.names[-1] == REST
    assert (many.codes == VALUES).sum() == 20
    assert many.codes[-1] == -1
    few = few_values(Coding("f", np.array([2, 2, 0, -1]), ("a", "b", "c")))
    assert few.names == ("c", "a")
    assert few.codes.tolist() == [0, 0, 1, -1]
