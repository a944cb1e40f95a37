"""Where the kernel finds what: one integer array with the offsets first, one float array.

The part `FIELD` of a network begins at ``n[FIELD]`` and ends before ``n[FIELD + 1]``: in ``n`` itself for the fields
of `IntArrays`, in ``x`` for those of `FloatArrays`. Passing two flat arrays costs nothing per call; a record of sixty
views costs more than the sums themselves.
"""

from __future__ import annotations

from attribution._compile import kernel
from attribution.network.program import Ints

# fmt: off
(
    OTHER, SLOT_KIND, SLOT_FIRST, SLOT_SECOND, SURPRISE, PRIOR_START, PRIOR_SLOT, WITHIN_START, WITHIN_SLOT, BLOCK,
    ROW_START, ROW_SLOT, CONFIG_START, TABLE_ROW, STAGED_SLOT, CONFIG_STAGED, STAGED_MEMBER, ORIGIN_KIND,
    ORIGIN_SOURCE, ORIGIN_ITEM, ANYWAY_START, ANYWAY_SLOT, ANYWAY_NEGATED, DECEPTIVE, COPYING, COPY_HOLDS, FORGED,
    FORGED_NOISE, ORIGIN_PART, ORIGIN_LEAF, EVIDENCE_OFFSET, EVIDENCE_START, EVIDENCE_PATTERN, EVIDENCE_SHARED,
    STEP_SIZE, STEP_TERM, STEP_OUT, STEP_OUT_SIZE, STEP_OUT_INDEX, STEP_PART, FACTOR_START, FACTOR_OFFSET,
    FACTOR_INDEX, ENTRY, PART_STEP, PART_CONFIG_START, PART_CONFIG, PART_ORIGIN_START, PART_ORIGIN,
    PART_ROOT_START, PART_ROOT, CLASS_START, CLASS_LEAF, CLASS_OF, CLASS_ROW, PART_STATES, PART_FACTOR, SIZES,
) = range(58)
(
    CURVE_A, CURVE_B, CURVE_D, CURVE_S, CURVE_VARY, PRIOR_CONSTANT, ROW_REST, STAGED_WEIGHT, TRUE_FRACTION, SWITCH,
) = range(59, 69)
# fmt: on


@kernel
def count(n: Ints, field: int) -> int:
    """How many entries a part has."""
    return int(n[field + 1] - n[field])
