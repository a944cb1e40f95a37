"""Are ranks of the truth among posteriors uniform, and do intervals hold it as often as they say?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats


def assert_calibrated(ranks: NDArray[np.float64], bins: int = 10) -> None:
    """Ranks in [0, 1]: uniform by chi-square (p > 0.001); 50, 80, 90 % intervals hold the truth within 3.3 errors."""
    count = np.histogram(ranks, bins, (0.0, 1.0))[0]
    assert stats.chisquare(count).pvalue > 0.001, count
    for level in (0.5, 0.8, 0.9):
        held = np.mean(np.abs(ranks - 0.5) < level / 2)
        error = np.sqrt(level * (1 - level) / len(ranks))
        assert abs(held - level) < 3.3 * error, (level, held)
