"""What analyses of a posterior worked out, kept as long as there is room."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, cast
from weakref import WeakKeyDictionary, ref

import numpy as np

from attribution.inference.posterior import Posterior
from attribution.network.program import Program

_MOST_BYTES = 2**27  # of arrays that are kept of one network, for all its posteriors and questions together

type _Key = tuple[object, ref[Posterior], Hashable]


class _Kept:
    """Values and their bytes by cache, posterior and key, the one asked for last at the end."""

    def __init__(self) -> None:
        self.known: dict[_Key, tuple[object, int]] = {}
        self.bytes = 0

    def take(self, key: _Key) -> tuple[object, int] | None:
        found = self.known.pop(key, None)
        self.bytes -= found[1] if found else 0
        return found

    def put(self, key: _Key, value: object, size: int) -> None:
        """Keep a value; if there is no room, drop others until there is."""
        for old in [one for one, (_, of) in self.known.items() if of] if self.bytes + size > _MOST_BYTES else ():
            self.take(old)
            if self.bytes + size <= _MOST_BYTES:
                break
        self.known[key] = value, size
        self.bytes += size


_KNOWN: WeakKeyDictionary[Program, _Kept] = WeakKeyDictionary()


class AnalysisCache[K: Hashable, V]:
    """Values of one kind by posterior and key, so that the next question about the same thing is free.

    A value must not hold the posterior itself, or neither would ever be let go. All kinds share one budget of bytes:
    where it is spent, what was not asked for the longest is worked out again.
    """

    def get(self, posterior: Posterior, key: K, work_out: Callable[[], V]) -> V:
        """The value for a posterior and a key, worked out where it is asked for the first time."""
        kept = _KNOWN.setdefault(posterior.program, _Kept())
        mine = self, ref(posterior), key
        value, size = kept.take(mine) or _measured(work_out())
        kept.put(mine, value, size)  # as the last that was asked for
        return cast(V, value)


def _measured(value: object) -> tuple[object, int]:
    return value, bytes_of(value)


def bytes_of(value: Any) -> int:
    """The bytes of all arrays that a value holds: an array, or a tuple, mapping or dataclass of such values."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, Mapping):
        return sum(bytes_of(one) for one in value.values())
    if isinstance(value, tuple | list):
        return sum(bytes_of(one) for one in value)
    return sum(bytes_of(getattr(value, one.name)) for one in fields(value)) if is_dataclass(value) else 0
