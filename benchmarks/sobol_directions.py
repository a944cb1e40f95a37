"""Make `attribution/inference/sobol_directions.bin`: primitive polynomials and initial direction numbers.

They are the first 4,096 dimensions of new-joe-kuo-6.21201 (Joe and Kuo 2008, "Constructing Sobol sequences with better
two-dimensional projections", SIAM J. Sci. Comput. 30, 2635-2654), taken from SciPy, which ships the whole set.

    python -m benchmarks.sobol_directions
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np
import scipy

DIMENSIONS = 4096


def main() -> None:
    shipped = np.load(Path(scipy.__file__).parent / "stats" / "_sobol_direction_numbers.npz")
    degree = int(shipped["poly"][:DIMENSIONS].max()).bit_length() - 1
    target = Path(__file__).parent.parent / "attribution" / "inference" / "sobol_directions.bin"
    polynomials = shipped["poly"][:DIMENSIONS].astype("<u4").tobytes()
    target.write_bytes(zlib.compress(polynomials + shipped["vinit"][:DIMENSIONS, :degree].astype("<u2").tobytes(), 9))


if __name__ == "__main__":
    main()
