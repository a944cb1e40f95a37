"""The archive's own L-BFGS beside SciPy's, on the same coefficients: seconds, evaluations, and the posterior reached.

    python -m benchmarks.minimisers [EVENTS]

SciPy is held to one thread by threadpoolctl, since threads of the linear algebra library are what it is slow by.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from attribution.archive.codes import Floats
from attribution.archive.model.classes import Classes
from attribution.archive.model.coefficients import Coefficients, Examples, log_posterior, minimise, weigh
from attribution.archive.model.features import PrequentialFilter
from attribution.archive.model.forecast import Store
from attribution.archive.model.settings import Shrinkage
from benchmarks.archive import synthetic

_TIMES = 5


def examples_of(events: int) -> tuple[Examples, Shrinkage, int]:
    table = synthetic(events)
    classes = Classes.learned(table, np.ones(events, dtype=np.bool_))
    prequential = PrequentialFilter(table, classes)
    size = (len(prequential.names), len(classes))
    store = Store(prequential, events, size)
    store.advance(events, Coefficients.prior(*size, prequential.shrinkage), 1 << 40)
    return store.examples(), prequential.shrinkage, int(table.day[-1]) + 1


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("events", nargs="?", type=float, default=2e4)
    examples, shrinkage, now = examples_of(int(parser.parse_args().events))
    rows, weight = weigh(examples, now, shrinkage.half_life)
    _, features, classes = examples.x.shape
    guess, scale = examples.guess(rows), shrinkage.spread(features, classes)
    start = np.concatenate([shrinkage.means(features), np.zeros(classes + features * classes)])
    asked = [0]

    def negative(theta: Floats) -> tuple[float, Floats]:
        asked[0] += 1
        beta, intercept, delta = np.split(theta, [features, features + classes])
        at = Coefficients(beta, delta.reshape(features, classes), intercept)
        value, gradient = log_posterior(examples, rows, weight, guess, shrinkage, at)
        return -value, -gradient

    def scaled(z: Floats) -> tuple[float, Floats]:
        value, gradient = negative(z * scale)
        return value, gradient * scale

    def ours() -> Floats:
        return minimise(negative, start, scale, steps=100, tolerance=1e-2)

    def scipys(tolerance: float) -> Floats:
        options = {"maxcor": 12, "maxiter": 100, "ftol": tolerance / abs(negative(start)[0]), "gtol": 0.0}
        return np.asarray(minimize(scaled, start / scale, jac=True, method="L-BFGS-B", options=options).x * scale)

    ways = {"ours": ours, "scipy, 1e-2": lambda: scipys(1e-2), "scipy, 1e-3": lambda: scipys(1e-3)}
    best = -negative(minimise(negative, start, scale, steps=1000, tolerance=1e-8))[0]
    print(f"{len(rows):,} rows, {len(start):,} numbers")
    with threadpool_limits(1):
        for name, way in ways.items():
            seconds, worked = [], []
            for _ in range(_TIMES):
                asked[0], began, worked_before = 0, time.perf_counter(), time.process_time()
                found = way()
                seconds.append(time.perf_counter() - began)
                worked.append(time.process_time() - worked_before)
            evaluations, short = asked[0], best + negative(found)[0]
            print(
                f"{name:12} {np.median(seconds):6.2f} s ({np.median(worked):.2f} s of processor)",
                f"{evaluations:4} evaluations, {short:.4f} nats below the mode",
            )


if __name__ == "__main__":
    main()
