"""Writing files so that there is only ever the old one or the new one, and several of them together or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from functools import partial
from glob import escape
from pathlib import Path

from attribution.errors import OutputError, UsageError

_ABANDONED = 3600.0  # seconds: nobody writes one file for so long
_written: list[Path] = []


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


def check_writable(path: Path, what: str) -> None:
    """Refuse, before any work, a place that nothing can be written to.

    Raises
    ------
    UsageError
        A folder that may not be written into, or a file that may not be replaced.
    """
    folder = _target(path).parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        tempfile.TemporaryFile(dir=folder).close()  # some folders say of themselves that they can be written into
    except NotADirectoryError:
        reason = "is a file"
    except OSError:
        reason = "may not be written into"
    else:
        return
    raise UsageError(
        f'{what} cannot be written to "{path}": {folder} {reason}.',
        allowed="a file in a folder that exists, or can be made, and that you may write to",
        hint="name another place",
    )


def write_atomically(path: Path, write: Callable[[Path], None]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in its place in one step.

    Raises
    ------
    OutputError
        The folder or the file cannot be written; nothing has changed.
    """
    write_together({path: write})


def write_together(files: Mapping[Path, Callable[[Path], None]]) -> None:
    """Fill a temporary file beside each path; when all are whole, put them in their places.

    A path that is a symbolic link stays one: what it leads to is replaced.

    Raises
    ------
    OutputError
        One of them cannot be written; none has changed.
    """
    with ExitStack() as parts:
        filled = [(path, *_filled(path, write, parts)) for path, write in files.items()]
        with ExitStack() as undo:
            for path, target, part in filled:
                try:
                    if len(filled) > 1:
                        undo.callback(_undone, target, _kept(target, parts))
                    part.replace(target)
                except OSError as error:
                    raise _refused(path, error) from error
            undo.pop_all()
        _written.extend(files)


def _kept(target: Path, parts: ExitStack) -> Path | None:
    """The old file under another name, until all of the new ones are in their places."""
    if not target.exists():
        return None
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", suffix=".part", dir=target.parent)
    os.close(handle)
    old = Path(name)
    parts.callback(old.unlink, missing_ok=True)
    shutil.copy2(target, old)
    return old


def _undone(target: Path, old: Path | None) -> None:
    if old is None:
        target.unlink(missing_ok=True)
    else:
        old.replace(target)


def _filled(path: Path, write: Callable[[Path], None], parts: ExitStack) -> tuple[Path, Path]:
    """The file that a path stands for, and a whole one beside it that will take its place."""
    target = _target(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}.", suffix=".part", dir=target.parent)
        os.close(handle)
        part = Path(name)
        parts.callback(part.unlink, missing_ok=True)
        write(part)
        _settle(part)
        part.chmod(_mode(target))
    except OSError as error:
        raise _refused(path, error) from error
    return target, part


def _target(path: Path) -> Path:
    """Where the bytes go: what a link leads to, else the path itself."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def written() -> tuple[Path, ...]:
    """The files that this process has put in their places, in order, to be named when it is interrupted."""
    return tuple(_written)


def _sweep(path: Path) -> None:
    """Remove what runs that were killed long ago left behind while writing this very file."""
    for part in path.parent.glob(f".{escape(path.name[:40])}.*.part"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > _ABANDONED:
                part.unlink()


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text with Unix line ends, atomically."""
    write_texts({path: text})


def write_texts(texts: Mapping[Path, str]) -> None:
    """Write several texts, as UTF-8 with Unix line ends: all of them or none."""
    write_contents({path: text.encode("utf-8") for path, text in texts.items()})


def write_contents(contents: Mapping[Path, bytes | memoryview]) -> None:
    """Write several files that were made in memory: all of them or none."""
    write_together({path: partial(_put, content=content) for path, content in contents.items()})


def _put(part: Path, content: bytes | memoryview) -> None:
    part.write_bytes(content)


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
