"""Whether quotes stand in a CSV where they may, as strictly as Python's own reader takes it: six states."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from attribution._compile import kernel
from attribution.archive.codes import Ints

BEGIN, PLAIN, QUOTED, CLOSED, ENDING, WRONG = range(6)
_OTHER, _QUOTE, _SEPARATOR, _LINE, _RETURN, _ZERO = range(6)
NEXT = np.array([  # by state; then by sign: other, quote, separator, line end, carriage return, zero byte
    [PLAIN, QUOTED, BEGIN, BEGIN, ENDING, WRONG],  # at the beginning of a field
    [PLAIN, PLAIN, BEGIN, BEGIN, ENDING, WRONG],
    [QUOTED, CLOSED, QUOTED, WRONG, WRONG, WRONG],  # a line end within quotes is allowed, but lines are counted by it
    [WRONG, QUOTED, BEGIN, BEGIN, ENDING, WRONG],  # after a quote that closes, or is the first of two
    [WRONG, WRONG, WRONG, BEGIN, WRONG, WRONG],  # after a carriage return
    [WRONG] * 6,
])  # fmt: skip


def signs(separator: str) -> Ints:
    """What each byte is to the machine, (256,)."""
    out = np.full(256, _OTHER)
    out[[ord('"'), ord(separator), ord("\n"), ord("\r"), 0]] = [_QUOTE, _SEPARATOR, _LINE, _RETURN, _ZERO]
    return out


@kernel
def follow(data: NDArray[np.uint8], sign: Ints, following: Ints, state: int, longest: int) -> int:
    """Go through some whole lines: in which state they end; `WRONG`, which is final, also where a field is too long."""
    began = 0
    for at in range(len(data)):
        state = following[state, sign[data[at]]]
        if state == BEGIN:
            began = at
        if state == WRONG or at - began > longest:
            return WRONG
    return state
