"""Limited-memory BFGS on plain arrays.

scipy's is as good, but hands vectors of a few hundred numbers to threads of the linear algebra library; where other
work runs on the same cores, thousands of such calls take ten times as long as the sums that they serve.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from attribution.archive.codes import Floats

_MEMORY = 12
_ENOUGH_DECREASE, _SHORTEST = 1e-4, 1e-10


def minimise(
    function: Callable[[Floats], tuple[float, Floats]], start: Floats, scale: Floats, *, steps: int, tolerance: float
) -> Floats:
    """A minimum of a smooth function, from its value and gradient.

    `scale` are standard deviations by which the coordinates differ in size; the search stops where a step would gain
    less than `tolerance`, or after so many `steps`.
    """
    past: deque[tuple[Floats, Floats, float]] = deque(maxlen=_MEMORY)
    x, (value, gradient) = start, function(start)
    for _ in range(steps):
        direction = _direction(gradient, past, scale)
        fall = -float(np.sum(direction * gradient))
        if fall < 2.0 * tolerance:
            break
        step = 1.0
        while True:
            there = x + step * direction
            new, new_gradient = function(there)
            if new <= value - _ENOUGH_DECREASE * step * fall or step < _SHORTEST:
                break
            step *= 0.5
        moved, turned = there - x, new_gradient - gradient
        bend = float(np.sum(moved * turned))
        if bend > 1e-14:
            past.append((moved, turned, 1.0 / bend))
        x, value, gradient = there, new, new_gradient
    return x


def _direction(gradient: Floats, past: deque[tuple[Floats, Floats, float]], scale: Floats) -> Floats:
    """The two loops of Nocedal: minus the inverse curvature, as far as it is known, times the gradient."""
    q = -gradient
    pulls = []
    for moved, turned, inverse in reversed(past):
        pull = inverse * float(np.sum(moved * q))
        pulls.append(pull)
        q = q - pull * turned
    if past:
        moved, turned, inverse = past[-1]
        q = q * scale**2 / (inverse * float(np.sum(turned * scale**2 * turned)))
    else:
        q = q * scale**2 / max(1.0, float(np.sqrt(np.sum((gradient * scale) ** 2))))
    for (moved, turned, inverse), pull in zip(past, reversed(pulls), strict=True):
        q = q + moved * (pull - inverse * float(np.sum(turned * q)))
    return np.asarray(q)
