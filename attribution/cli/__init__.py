"""The command line: `attribution new | check | fit | report | sensitivity | compare | casebook | archive | ...`."""

from __future__ import annotations

import errno
import gc
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress

from attribution.atomic import written
from attribution.errors import AttributionError

_SELDOM = 100_000, 20, 20  # what a command makes lives to its end: looking for circles in it took a twentieth of it

FINE, NOT_TRUSTWORTHY, BAD_INPUT, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code says how it went (0 fine, 1 not trustworthy, 2 bad input, 3 ours, 130 stopped)."""
    gc.set_threshold(*_SELDOM)
    from attribution.cli.output import Inert

    if sys.stdout is None or sys.stderr is None:  # closed by whoever started this
        return _fail(
            "attribution: standard output or standard error is closed: there is nowhere to write to", BAD_INPUT
        )
    with redirect_stdout(Inert(sys.stdout)), redirect_stderr(Inert(sys.stderr)):
        try:
            code = _run(arguments)
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return FINE
        except OSError as error:
            return _fail(_cannot(error), BAD_INPUT)
        return code


def _run(arguments: Sequence[str] | None) -> int:
    from attribution.cli.parser import parse

    try:
        chosen = parse(arguments)
        return int(chosen.run(chosen))
    except AttributionError as error:
        return _fail(f"attribution: {error}{_gone()}", error.exit_code)
    except KeyboardInterrupt:
        return _fail(f"\nattribution: interrupted; {_done()}.", INTERRUPTED)
    except OSError:  # of the machine, not of the program: said above
        raise
    except Exception as error:
        if os.environ.get("ATTRIBUTION_DEBUG"):
            raise
        return _fail(
            f"attribution: internal error: {type(error).__name__}: {error}\n"
            "  this is a fault of the program, not of your input; nothing was half-written\n"
            "  hint: ATTRIBUTION_DEBUG=1 shows where, for a bug report",
            INTERNAL,
        )


def _fail(message: str, code: int) -> int:
    """Say why on standard error, or, where that takes nothing, on standard output."""
    for stream in filter(None, (sys.stderr, sys.stdout)):
        with suppress(OSError):
            print(message, file=stream, flush=True)
            break
    return code


def _done() -> str:
    names = ", ".join(str(path) for path in written())
    return f"written before that, and whole: {names}" if names else "nothing was written"


def _gone() -> str:
    """A line about the working folder, where somebody deleted it: what was not found may not be what is wrong."""
    try:
        os.getcwd()
    except OSError:
        return "\n  the working folder is gone: whatever is named from it is not there"
    return ""


def _cannot(error: OSError) -> str:
    """What the machine refused, by its own words: a full disk, a folder that is gone, a stream that is closed."""
    reason = (error.strerror or str(error)).lower()
    what = error.filename or ("the working folder" if error.errno == errno.ENOENT else "standard output")
    return (
        f"attribution: {what} cannot be used: {reason}.\n"
        "  allowed: a folder that exists, files that can be read, and room for what is written\n"
        f"  hint: {_done()}; mend it and run the command again"
    )
