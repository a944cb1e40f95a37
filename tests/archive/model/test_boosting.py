"""Boosting against scikit-learn's: tree by tree where nothing is drawn, by log loss where columns are."""

from __future__ import annotations

import numpy as np
import pytest

from attribution.archive.codes import Floats, Ints
from attribution.archive.model.boosting_kernel import Boosting, bin_edges, binned, boost, shares
from attribution.archive.model.two_sided import side_by_side

CLASSES = 5


def events(count: int, seed: int) -> tuple[Floats, Ints]:
    """Numbers and codes, and a class that depends on some of both."""
    rng = np.random.default_rng(seed)
    numbers, codes = rng.normal(size=(count, 3)).round(1), rng.integers(0, 7, (count, 5))
    pull = np.stack(
        [numbers[:, 0] + codes[:, 0] / 3, numbers[:, 1] ** 2, codes[:, 1] % 3, np.ones(count), -numbers[:, 0]]
    )
    label = (pull + rng.gumbel(size=pull.shape)).argmax(axis=0)
    label[:CLASSES] = np.arange(CLASSES)
    return np.concatenate([numbers, codes.astype(np.float64)], axis=1), label


def ours(values: Floats, label: Ints, asked: Floats, settings: Boosting, seed: int = 0) -> Floats:
    between = bin_edges(values)
    boosted = boost(binned(values, between), label, int(label.max()) + 1, settings, seed)
    return shares(binned(asked, between), boosted).T


def theirs(values: Floats, label: Ints, asked: Floats, settings: Boosting, seed: int = 0) -> Floats:
    from sklearn.ensemble import HistGradientBoostingClassifier

    boosted = HistGradientBoostingClassifier(
        learning_rate=settings.rate, max_iter=settings.rounds, max_leaf_nodes=settings.leaves,
        max_features=settings.columns / values.shape[1], min_samples_leaf=settings.leaf,
        l2_regularization=settings.ridge, early_stopping=False, random_state=seed,
    )  # fmt: skip
    return np.asarray(boosted.fit(values, label).predict_proba(asked))


def log_loss(said: Floats, label: Ints) -> float:
    return float(-np.log(said[np.arange(len(label)), label]).mean())


@pytest.mark.parametrize(("rounds", "leaves"), [(1, 2), (1, 8), (10, 8)])
def test_without_draws_every_tree_is_that_of_scikit_learn(rounds: int, leaves: int) -> None:
    """To the precision of its gradients, which are single; quantiles of many values are its versions' own."""
    (values, label), (asked, _) = events(900, seed=1), events(200, seed=2)
    settings = Boosting(rounds, 0.2, leaves, columns=values.shape[1], leaf=20, ridge=1.0)
    given = values, label, asked, settings
    assert ours(*given) == pytest.approx(theirs(*given), abs=2e-6)


def test_with_columns_drawn_it_knows_as_much_of_other_events() -> None:
    """Columns are drawn for a tree here, for a node there; the mean of ten, as it is heard."""
    (values, label), (asked, truth) = events(1500, seed=3), events(4000, seed=4)
    settings = Boosting(30, 0.1, 8, columns=4, leaf=20, ridge=1.0)
    said = [
        np.mean([one(values, label, asked, settings, seed) for seed in range(10)], axis=0) for one in (ours, theirs)
    ]
    mine, other = (log_loss(each, truth) for each in said)
    assert mine == pytest.approx(other, rel=0.01)
    assert mine < 0.9 * log_loss(np.tile(np.bincount(label) / len(label), (len(truth), 1)), truth)


def test_a_seed_draws_the_same_on_any_thread() -> None:
    values, label = events(400, seed=5)
    settings = Boosting(5, 0.2, 8, columns=3, leaf=20, ridge=1.0)
    alone = [ours(values, label, values, settings, seed) for seed in range(4)]
    beside = side_by_side(lambda seed: ours(values, label, values, settings, seed), range(4))
    assert np.array_equal(alone, beside)
    assert not np.array_equal(alone[0], alone[1])


def test_no_leaf_has_fewer_events_than_asked() -> None:
    values, label = events(300, seed=6)
    bins = binned(values, bin_edges(values))
    boosted = boost(bins, label, CLASSES, Boosting(3, 0.2, 8, columns=8, leaf=30, ridge=0.0), 0)
    for tree in range(3 * CLASSES):
        at = np.zeros(len(bins), dtype=np.int64)
        for _ in range(7):
            column, cut = boosted.column[tree, at], boosted.cut[tree, at]
            at = boosted.left[tree, at] + (bins[np.arange(len(bins)), column] > cut)
        assert min(np.bincount(at)[np.unique(at)]) >= 30


def test_of_one_class_it_is_sure_and_of_none_it_says_nothing() -> None:
    values, _ = events(50, seed=7)
    settings = Boosting(3, 0.2, 8, columns=8, leaf=20, ridge=1.0)
    bins = binned(values, bin_edges(values))
    assert np.all(shares(bins, boost(bins, np.zeros(50, dtype=np.int64), 1, settings, 0)) == 1.0)
    nobody = boost(bins[:0], np.zeros(0, dtype=np.int64), 0, settings, 0)
    assert shares(bins, nobody).shape == (0, 50)


def test_bins_are_between_values_where_these_are_few_and_hold_alike_many_where_not() -> None:
    few, many = np.repeat([1.0, 2.0, 4.0], 300), np.random.default_rng(8).permutation(900).astype(np.float64)
    bins = binned(np.stack([few, many], axis=1), bin_edges(np.stack([few, many], axis=1)))
    assert bin_edges(few[:, None])[0].tolist() == [1.5, 3.0]
    assert np.bincount(bins[:, 0]).tolist() == [300, 300, 300]
    assert len(np.unique(bins[:, 1])) == 255
    assert set(np.bincount(bins[:, 1]).tolist()) <= {3, 4}
