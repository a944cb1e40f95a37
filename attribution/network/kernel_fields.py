"""Where the kernel finds what: one integer array with the offsets first, one float array.

The part `FIELD` of a network begins at ``n[FIELD]`` and ends before ``n[FIELD + 1]``: in ``n`` itself for the fields
of `IntArrays`, in ``x`` for those of `FloatArrays`. Passing two flat arrays costs nothing per call; a record of sixty
views costs more than the sums themselves.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numba

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


def kernel[F: Callable[..., Any]](function: F) -> F:
    """Compile on first use, keep the machine code on disk, follow IEEE arithmetic (no exception from a division)."""
    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = _cache_folder()
    try:
        compiled: F = numba.njit(cache=True, error_model="numpy", nogil=True)(function)
    finally:
        numba.config.CACHE_DIR = before
    return compiled


@cache
def kernel_digest() -> str:
    """A digest of the text of all kernels, to know compiled code that is still theirs.

    numba looks only at the file of the function itself: without this, a change in one kernel file would leave stale
    machine code of another in use, and with it wrong numbers.
    """
    here = Path(__file__).parent
    text = b"".join(
        path.read_bytes()
        for path in sorted([*here.parent.glob("*/kernel*.py"), here / "program.py", here / "curves.py"])
    )
    return hashlib.sha256(text).hexdigest()[:16]


@cache
def _cache_folder() -> str:
    """Where compiled kernels are kept: beside the source, else in the user's cache, else in a temporary folder."""
    name = f"kernel-{kernel_digest()}"
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    beside = Path(__file__).parent / "__pycache__"
    for folder in (beside / name, home / "attribution" / name, Path(tempfile.gettempdir()) / name):
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                return str(folder)
    return ""


@kernel
def count(n: Ints, field: int) -> int:
    """How many entries a part has."""
    return int(n[field + 1] - n[field])
