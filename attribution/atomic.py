"""Writing a file so that there is only ever the old one or the new one."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from glob import escape
from pathlib import Path

from attribution.errors import OutputError, UsageError

_ABANDONED = 3600.0  # seconds: nobody writes one file for so long


def check_suffix(path: Path, what: str, allowed: Sequence[str]) -> None:
    """Refuse a form that is not written: the suffix of a file says its form.

    Raises
    ------
    UsageError
        A suffix that is not among those allowed.
    """
    if path.suffix not in allowed:
        raise UsageError(
            f'{what} cannot be written to "{path}".',
            allowed=f"a file ending in {' or '.join(allowed)}",
            hint=f"{path.with_suffix(allowed[0]).name} would do" if path.name else "",
        )


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in its place in one step.

    Raises
    ------
    OutputError
        The folder or the file cannot be written; nothing has changed.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}.", suffix=".part", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise _refused(path, error) from error
    part = Path(name)
    try:
        write(part)
        _settle(part)
        part.chmod(_mode(path))
        part.replace(path)
    except OSError as error:
        raise _refused(path, error) from error
    finally:
        with suppress(FileNotFoundError):
            part.unlink()


def _sweep(path: Path) -> None:
    """Remove what runs that were killed long ago left behind while writing this very file."""
    for part in path.parent.glob(f".{escape(path.name[:40])}.*.part"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > _ABANDONED:
                part.unlink()


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with Unix line ends, atomically."""
    write_atomically(path, lambda part: _put(part, text))


def _put(part: Path, text: str) -> None:
    part.write_bytes(text.encode("utf-8"))


def _settle(part: Path) -> None:
    """Ask the disk to hold the bytes before the name points to them."""
    with part.open("rb") as stream:
        os.fsync(stream.fileno())


def _mode(path: Path) -> int:
    """The old file's permissions, or what a new file gets."""
    if path.exists():
        return path.stat().st_mode & 0o777
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _refused(path: Path, error: OSError) -> OutputError:
    reason = (error.strerror or str(error)).lower()
    return OutputError(
        f"{path} cannot be written: {reason}.\n"
        "  allowed: a file in a folder that exists, or can be made, and that you may write to\n"
        "  hint: name another place with -o FILE"
    )
