"""What analyses of a posterior worked out, kept as long as the posterior lives."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from weakref import WeakKeyDictionary

from attribution.inference.posterior import Posterior


class AnalysisCache[K: Hashable, V]:
    """Values of one kind by posterior and key, so that the next question about the same thing is free.

    A value must not hold the posterior itself, or neither would ever be let go.
    """

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Posterior, dict[K, V]] = WeakKeyDictionary()

    def get(self, posterior: Posterior, key: K, work_out: Callable[[], V]) -> V:
        """The value for a posterior and a key, worked out where it is asked for the first time."""
        known = self._known.setdefault(posterior, {})
        if key not in known:
            known[key] = work_out()
        return known[key]
