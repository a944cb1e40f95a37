"""Compiling kernels with numba, and keeping the machine code on disk."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any


def kernel[F: Callable[..., Any]](function: F) -> F:
    """Compile on first use, keep the machine code on disk, follow IEEE arithmetic (no exception from a division)."""
    return _compiled(function, forceinline=False)


def inlined[F: Callable[..., Any]](function: F) -> F:
    """As `kernel`, for a small function that is always written out where it is called, so that loops stay vectors."""
    return _compiled(function, forceinline=True)


def _compiled[F: Callable[..., Any]](function: F, *, forceinline: bool) -> F:
    import numba

    before = numba.config.CACHE_DIR
    numba.config.CACHE_DIR = _cache_folder()
    try:
        compiled: F = numba.njit(cache=True, error_model="numpy", nogil=True, forceinline=forceinline)(function)
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
    shared = [here / "network" / f"{name}.py" for name in ("program", "curves", "elementary", "tape")]
    text = b"".join(path.read_bytes() for path in sorted([*here.rglob("*kernel*.py"), *shared]))
    return hashlib.sha256(text).hexdigest()[:16]


def compiled_before(function: str) -> bool:
    """Whether the machine code of a kernel lies on disk; told without importing numba."""
    return any(Path(_cache_folder()).rglob(f"*.{function}-*.nbi"))


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
