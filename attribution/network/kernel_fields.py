"""Where the kernel finds what: one integer array with the offsets first, one float array.

The part `FIELD` of a network begins at ``n[FIELD]`` and ends before ``n[FIELD + 1]``: in ``n`` itself for the fields
of `IntArrays`, in ``x`` for those of `FloatArrays`. Passing two flat arrays costs nothing per call; a record of sixty
views costs more than the sums themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

from attribution.network.program import Ints

# fmt: off
(
    OTHER, SLOT_KIND, SLOT_FIRST, SLOT_SECOND, SURPRISE, PRIOR_START, PRIOR_SLOT, WITHIN_START, WITHIN_SLOT, BLOCK,
    ROW_START, ROW_SLOT, CONFIG_START, TABLE_ROW, STAGED_SLOT, STAGED_CONFIG, STAGED_MEMBER, ORIGIN_KIND,
    ORIGIN_SOURCE, ORIGIN_ITEM, ANYWAY_START, ANYWAY_SLOT, ANYWAY_NEGATED, DECEPTIVE, COPYING, COPY_HOLDS, FORGED,
    FORGED_NOISE, ORIGIN_LEAF, EVIDENCE_OFFSET, EVIDENCE_START, EVIDENCE_PATTERN, EVIDENCE_SHARED, SHARED_STEPS,
    STEP_SIZE, STEP_TERM, STEP_OUT, STEP_OUT_SIZE, STEP_OUT_INDEX, STEP_COMPONENT, FACTOR_START, FACTOR_OFFSET,
    FACTOR_INDEX, ENTRY, ROOT, ROOT_COMPONENT, SIZES,
) = range(47)
_END_OF_INTS = 47
(
    CURVE_A, CURVE_B, CURVE_D, CURVE_S, CURVE_VARY, PRIOR_CONSTANT, ROW_REST, STAGED_WEIGHT, TRUE_FRACTION, SWITCH,
) = range(48, 58)
# fmt: on


def kernel[F: Callable[..., Any]](function: F) -> F:
    """Compile on first use, keep the machine code on disk, follow IEEE arithmetic (no exception from a division)."""
    compiled: F = numba.njit(cache=True, error_model="numpy", nogil=True)(function)
    return compiled


@kernel
def count(n: Ints, field: int) -> int:
    """How many entries a part has."""
    return int(n[field + 1] - n[field])
