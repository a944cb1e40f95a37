"""The readers of a tape against each other and against a plain loop: ratios of processor time in one run.

python -m benchmarks.tape
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

import attribution as at
from attribution.network.compiler import compile_network
from attribution.network.emitter import Emitter
from attribution.network.reader import pull, read
from attribution.network.summation import evidence_tape, joint_tape
from attribution.network.tape_kernel import values_and_pull

DRAWS, LOOP = 2**14, 2**10


def main() -> None:
    program = compile_network(at.read_case("tower-22"), at.read_model("tower-22/baseline"))
    z = np.random.default_rng(1).standard_normal((DRAWS, program.dimension))
    joint, evidence = joint_tape(program), evidence_tape(program)
    ints, floats = joint.packed()
    none, out = np.empty(0), np.empty(len(program.factions))

    def loop() -> None:
        for draw in z[:LOOP]:
            values_and_pull(draw, ints, floats, none, out, none)

    print(f"instructions                          {len(joint.code):8d}")
    print(f"writing the tape                      {least(lambda: Emitter.from_normals(program).joint()):8.4f} s")
    plain = least(loop) * DRAWS / LOOP
    print(f"2^14 draws, a loop over draws         {plain:8.4f} s")
    for reader in ("compiled", "numpy"):
        os.environ["ATTRIBUTION_READER"] = reader
        blocks = least(lambda: read(joint, z))
        print(f"2^14 draws, {reader:<8}                  {blocks:8.4f} s   ratio {blocks / plain:.2f}")
    os.environ["ATTRIBUTION_READER"] = "compiled"
    backward = least(lambda: pull(evidence, z, np.ones((DRAWS, 1))))
    print(f"2^14 gradients                        {backward:8.4f} s   ratio {backward / plain:.2f}")
    whole, gradient = evidence.packed(), np.empty(program.dimension)

    def gradients() -> None:
        for draw in z[:LOOP]:
            values_and_pull(draw, *whole, np.ones(1), out[:1], gradient)

    single = least(gradients) / LOOP
    print(f"a gradient for NUTS                   {1e6 * single:8.1f} us  ratio {single * DRAWS / plain:.2f}")
    print(f"compiling the readers, nothing cached {compiling():8.1f} s")


def least(work: Callable[[], object], times: int = 5) -> float:
    """Processor seconds of some work, the least of some times, after a first one that compiles and fills caches."""
    work()
    found = []
    for _ in range(times):
        start = time.process_time()
        work()
        found.append(time.process_time() - start)
    return min(found)


def compiling() -> float:
    """Processor seconds until both directions have been compiled, in a process that keeps nothing on disk."""
    script = """
import time
import numba
from attribution import _compile
numba.config.CACHE_DIR = ""
before = numba.njit
numba.njit = lambda *args, **kwargs: before(*args, **{**kwargs, "cache": False})
_compile._cache_folder = lambda: ""
import numpy as np
from attribution.network.reader import pull, read
from attribution.network.tape import Tape
tape = Tape(1)
sealed = tape.sealed([tape.log(tape.rest(tape.one))])
start = time.process_time()
read(sealed, np.zeros((1, 1)))
pull(sealed, np.zeros((1, 1)), np.ones((1, 1)))
print(time.process_time() - start)
"""
    environment = {**os.environ, "ATTRIBUTION_READER": "compiled"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    return float(done.stdout)


if __name__ == "__main__":
    main()
