"""Compiling kernels with numba, and keeping the machine code on disk."""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

_KERNELS_TAKE = 64 * 2**20  # bytes, with room to spare


def kernel[F: Callable[..., Any]](function: F) -> F:
    """Compile on first use, keep the machine code on disk, follow IEEE arithmetic (no exception from a division)."""
    return _compiled(function, forceinline=False)


def inlined[F: Callable[..., Any]](function: F) -> F:
    """As `kernel`, for a small function that is always written out where it is called, so that loops stay vectors."""
    return _compiled(function, forceinline=True)


def _compiled[F: Callable[..., Any]](function: F, *, forceinline: bool) -> F:
    import numba

    folder, before = _cache_folder(), numba.config.CACHE_DIR
    numba.config.CACHE_DIR = folder
    try:
        compiled: F = numba.njit(cache=bool(folder), error_model="numpy", nogil=True, forceinline=forceinline)(function)
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
    folder = _cache_folder()
    return bool(folder) and any(Path(folder).rglob(f"*.{function}-*.nbi"))


@cache
def _cache_folder() -> str:
    """Where compiled kernels are kept: beside the source, else in the user's cache, else nowhere that lasts.

    numba keeps an index that is a pickle, so whoever can write into this folder can run code: only a folder of the
    user's own, which nobody else may write into nor put another in the place of, is trusted. Where there is none, this
    process has one to itself; where there is no room, nothing is kept (an empty text).
    """
    name = f"kernel-{kernel_digest()}"
    places = [Path(__file__).parent / "__pycache__"]
    with suppress(RuntimeError):  # no home folder
        places.append(Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "attribution")
    for place in places:
        with suppress(OSError):
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _trusted(place.resolve()):
                continue
            (place / name).mkdir(mode=0o700, exist_ok=True)
            if _trusted(place / name) and _room(place):
                return str(place / name)
    with suppress(OSError):
        private = tempfile.mkdtemp(prefix="attribution-")  # mode 700
        atexit.register(shutil.rmtree, private, ignore_errors=True)
        if _room(Path(private)):
            return private
    return ""


def _trusted(folder: Path) -> bool:
    """Whether a folder is the user's own, no link to elsewhere, and nobody else may write into it."""
    if not hasattr(os, "getuid"):  # Windows keeps users apart by other means
        return os.access(folder, os.W_OK)
    status = folder.lstat()
    own = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & 0o022
    return own and os.access(folder, os.W_OK)


def _room(folder: Path) -> bool:
    return shutil.disk_usage(folder).free > _KERNELS_TAKE
