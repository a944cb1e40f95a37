"""The command line: `attribution new | check | fit | report | sensitivity | compare | casebook | archive | ...`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from attribution.errors import AttributionError

FINE, NOT_TRUSTWORTHY, BAD_INPUT, INTERNAL, INTERRUPTED = 0, 1, 2, 3, 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code says how it went (0 fine, 1 not trustworthy, 2 bad input, 3 ours, 130 stopped)."""
    from attribution.cli.parser import parse

    try:
        chosen = parse(arguments)
        return int(chosen.run(chosen))
    except AttributionError as error:
        print(f"attribution: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("\nattribution: interrupted; nothing was written.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FINE
    except Exception as error:
        if os.environ.get("ATTRIBUTION_DEBUG"):
            raise
        print(
            f"attribution: internal error: {type(error).__name__}: {error}\n"
            "  this is a fault of the program, not of your input; nothing was half-written\n"
            "  hint: ATTRIBUTION_DEBUG=1 shows where, for a bug report",
            file=sys.stderr,
        )
        return INTERNAL
