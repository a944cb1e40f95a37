"""The lowest versions that pyproject.toml allows, as constraints for pip.

python -m tests.trust.floors > lowest.txt
pip install -c lowest.txt 'attack-attribution[archive]'
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FLOOR = re.compile(r"([A-Za-z0-9._-]+)>=([0-9.]+)")


def floors() -> list[str]:
    """`name==lowest` for all that the package needs to run; what is not of the form `name>=lowest` is an error."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    named = [*project["dependencies"], *(each for name in sorted(extras) if name != "dev" for each in extras[name])]
    pins = []
    for requirement in named:
        floor = _FLOOR.fullmatch(requirement)
        if floor is None:
            raise ValueError(f"{requirement} names no lowest version")
        pins.append(f"{floor.group(1)}=={floor.group(2)}")
    return sorted(set(pins))


if __name__ == "__main__":
    print(*floors(), sep="\n")
