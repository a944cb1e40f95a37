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

import numba


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
    shared = [here / "network" / "program.py", here / "network" / "curves.py"]
    text = b"".join(path.read_bytes() for path in sorted([*here.rglob("*kernel*.py"), *shared]))
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
