"""`attribution new`."""

from __future__ import annotations

import argparse
from pathlib import Path

from attribution.atomic import write_text
from attribution.errors import OutputError


def new(arguments: argparse.Namespace) -> int:
    """Write a commented case and a model for it; never over a file that is there."""
    from attribution.reading import case_template, model_template

    folder = Path(arguments.output)
    files = {
        folder / f"{arguments.id}.yaml": case_template(arguments.id),
        folder / f"{arguments.id}-baseline.yaml": model_template(arguments.id),
    }
    for path in files:
        if path.exists():
            raise OutputError(
                f"{path} is there already.\n  allowed: a new file\n  hint: choose another id, or another folder with -o"
            )
    for path, text in files.items():
        write_text(path, text)
    case, model = files
    print(f"{case}\n{model}\nnext: attribution check {_shown(case)} --model {_shown(model)}")
    return 0


def _shown(path: Path) -> str:
    text = str(path)
    return text if "/" in text else f"./{text}"
