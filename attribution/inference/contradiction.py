"""Evidence that cannot all be true: said before anything is drawn, with the items that contradict one another."""

from __future__ import annotations

import numpy as np

from attribution.domain.case import Case
from attribution.errors import PairError, listed
from attribution.inference.draws import flat
from attribution.inference.importance import sobol_normals
from attribution.network.program import Floats, Program
from attribution.network.summation import log_joint_at, numbers

_SCRAMBLES, _LOG2_POINTS = 2, 5


def refuse_contradiction(case: Case, program: Program) -> None:
    """Raise where no faction can have left the evidence, whatever the numbers.

    Only certainties contradict: a table entry of 0 or 1, a reliability of 1, a search that misses nothing.

    Raises
    ------
    PairError
        The smallest set of items found that cannot all be true under the model (one such set; there may be others).
    """
    z = sobol_normals(program.dimension, _SCRAMBLES, _LOG2_POINTS, seed=0)
    slots = numbers(program, flat(z))
    if _possible(program, slots):
        return
    blamed = _contradictory(program, slots)
    items = [item.id for origin in blamed for item in case.origins[origin].items]
    told = f"{listed(items)} cannot {'all ' if len(items) > 2 else 'both ' if len(items) == 2 else ''}be true"
    raise PairError(
        f"the evidence is impossible under this model: {told}, whoever did it.",
        allowed="evidence that some faction can have left",
        hint="soften a certainty: an entry of 0 or 1, a reliability of 1, a detection of 1, or `surprise`",
    )


def _possible(program: Program, slots: Floats) -> bool:
    return bool(np.isfinite(log_joint_at(program, slots)).any())


def _contradictory(program: Program, slots: Floats) -> list[str]:
    """Origins none of which can be spared: without any of them the rest would be possible."""
    dropped: set[str] = set()
    for origin in program.origins:
        if not _possible(program.without(frozenset({*dropped, origin})), slots):
            dropped.add(origin)
    return [origin for origin in program.origins if origin not in dropped]
