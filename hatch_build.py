"""What hatchling asks when it builds: the documentation, if it was built before, goes into the wheel and the sdist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

BUILT = "build/docs"


class Documentation(BuildHookInterface):  # type: ignore[type-arg]
    """`make docs` writes pages into build/docs; a build without them is whole, and `attribution docs` tells the way."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add the built pages, except to an editable install, which finds them where they are."""
        if version == "editable" or not (Path(self.root) / BUILT / "index.html").is_file():
            return
        inside = "attribution/_bundled/docs" if self.target_name == "wheel" else BUILT
        build_data["force_include"][str(Path(self.root) / BUILT)] = inside
