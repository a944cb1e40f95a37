"""What analyses of a posterior worked out, kept as long as the posterior lives."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from weakref import WeakKeyDictionary

from attribution.inference.posterior import Posterior


class AnalysisCache[K: Hashable, V]:
    """Values of one kind by posterior and key, so that the next question about the same thing is free.

    A value must not hold the posterior itself, or neither would ever be let go. Of a posterior at most `most` values
    are kept where they are large; those that were not asked for the longest are worked out again.
    """

    def __init__(self, most: int | None = None) -> None:
        self._most = most
        self._known: WeakKeyDictionary[Posterior, dict[K, V]] = WeakKeyDictionary()

    def get(self, posterior: Posterior, key: K, work_out: Callable[[], V]) -> V:
        """The value for a posterior and a key, worked out where it is asked for the first time."""
        known = self._known.setdefault(posterior, {})
        value = known.pop(key) if key in known else work_out()
        known[key] = value  # as the last that was asked for
        if self._most is not None and len(known) > self._most:
            del known[next(iter(known))]
        return value
