"""The classifiers of scikit-learn, each at the settings among which the training part chooses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from attribution.archive.codes import Floats, Ints
from attribution.archive.design import Design
from attribution.errors import UsageError

_BINS = 12
_MOST_CATEGORIES = 250


@dataclass(frozen=True, slots=True)
class Learner:
    """One classifier at one setting."""

    setting: str
    make: Callable[[int], Any]  # seed -> an unfitted classifier
    view: str  # how it sees events: trees, one-hot or bins

    def predict(self, design: Design, label: Ints, past: Ints, now: Ints, classes: int, seed: int) -> Floats:
        """Probabilities (row of `now`, class) after learning from the rows of `past`."""
        seen = np.unique(label[past])
        out = np.zeros((len(now), classes))
        if len(seen) == 1:
            out[:, seen[0]] = 1.0
            return out
        learn, ask = _views(self.view, design, past, now)
        fitted = _quietly(self.make(seed), learn, label[past])
        out[:, fitted.classes_] = fitted.predict_proba(ask)
        return out


def _quietly(classifier: Any, x: Any, y: Ints) -> Any:
    """Fit; a solver that stops at its limit of steps is good enough for a baseline and says so to nobody."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return classifier.fit(x, y)


def _views(view: str, design: Design, past: Ints, now: Ints) -> tuple[Any, Any]:
    if view == "trees":
        return design.for_trees(past), design.for_trees(now)
    if view == "one-hot":
        return design.one_hot(past, past), design.one_hot(past, now)
    edges = [np.nanquantile(column[past], np.linspace(0, 1, _BINS + 1)[1:-1]) for column in _known(design.numbers).T]
    return _binned(design, past, past, edges), _binned(design, past, now, edges)


def _known(numbers: Floats) -> Floats:
    return np.nan_to_num(numbers, nan=-999.0)


def _binned(design: Design, past: Ints, rows: Ints, edges: list[Floats]) -> Ints:
    """Numbers in bins of equal counts, codes as they are; values not seen before count as unknown."""
    numbers = _known(design.numbers)
    bins = [np.searchsorted(edge, numbers[rows, at], side="right") for at, edge in enumerate(edges)]
    codes = []
    for column in design.codes.T:
        seen = np.zeros(int(column.max(initial=0)) + 2, dtype=np.int64)
        values = np.unique(column[past] + 1)
        seen[values] = np.arange(len(values)) + 1
        codes.append(seen[column[rows] + 1])
    return np.column_stack([*bins, *codes]).astype(np.int64)


def _sklearn(module: str, name: str) -> Any:
    from importlib import import_module

    try:
        return getattr(import_module(f"sklearn.{module}"), name)
    except ImportError as error:
        raise UsageError(
            "this baseline needs scikit-learn, which is not installed.",
            allowed="pip install 'attribution[archive]'",
            hint="or leave it out with --baselines",
        ) from error


def _bayes(alpha: float) -> Callable[[int], Any]:
    # unseen codes are mapped to 0 before, and every later code was seen: so sizes are known when it is fitted
    return lambda seed: _sklearn("naive_bayes", "CategoricalNB")(alpha=alpha, min_categories=None)


def _logistic(c: float) -> Callable[[int], Any]:
    return lambda seed: _sklearn("linear_model", "LogisticRegression")(C=c, max_iter=300)


def _forest(leaf: int, share: float | str) -> Callable[[int], Any]:
    return lambda seed: _sklearn("ensemble", "RandomForestClassifier")(
        300, min_samples_leaf=leaf, max_features=share, random_state=seed, n_jobs=2
    )


def _boosted(rate: float, rounds: int, leaves: int, ridge: float) -> Callable[[int], Any]:
    return lambda seed: _sklearn("ensemble", "HistGradientBoostingClassifier")(
        learning_rate=rate, max_iter=rounds, max_leaf_nodes=leaves, l2_regularization=ridge, early_stopping=False,
        random_state=seed,
    )  # fmt: skip


_BOOSTED = ((0.1, 40, 6, 5.0), (0.05, 60, 8, 1.0), (0.05, 100, 15, 1.0), (0.05, 200, 15, 5.0))

LEARNERS: dict[str, tuple[Learner, ...]] = {
    "naive-bayes": tuple(Learner(f"smoothing {alpha:g}", _bayes(alpha), "bins") for alpha in (0.1, 1.0, 5.0)),
    "logistic-regression": tuple(Learner(f"C {c:g}", _logistic(c), "one-hot") for c in (0.1, 1.0, 10.0)),
    "random-forest": tuple(
        Learner(f"leaves of {leaf}, features {share}", _forest(leaf, share), "trees")
        for leaf in (1, 3, 10)
        for share in ("sqrt", 0.5, 1.0)
    ),
    "gradient-boosting": tuple(
        Learner(f"rate {rate:g}, {rounds} rounds, {leaves} leaves, ridge {l2:g}", _boosted(rate, rounds, leaves, l2),
                "trees")
        for rate, rounds, leaves, l2 in _BOOSTED
    ),
}  # fmt: skip
