"""The events that ship with the package."""

from __future__ import annotations

from pathlib import Path

from attribution.archive.mapping_file import shipped_mappings
from attribution.errors import UsageError
from attribution.reading.shipped import bundled

_SUFFIXES = (".csv", ".gz", ".tsv", ".txt", ".parquet", ".xlsx")


def shipped_events() -> tuple[str, ...]:
    """Names of the tables that ship."""
    return tuple(sorted(path.stem for path in (bundled("data") / "events").glob("*.csv")))


def events_path(name: str) -> Path:
    """A table by its shipped name, or the path that was named.

    Raises
    ------
    UsageError
        No such shipped table.
    """
    if name in shipped_events():
        return bundled("data") / "events" / f"{name}.csv"
    if "/" not in name and not name.endswith(_SUFFIXES):
        error = UsageError.unknown("shipped tables", name, shipped_events(), at=("events",))
        error.hint = error.hint or f"a table of your own is named by its path: ./{name[:60]}.csv"
        raise error
    return Path(name)


def mapping_name(path: Path) -> str:
    """The shipped mapping that has the name of a table.

    Raises
    ------
    UsageError
        There is none.
    """
    if path.stem in shipped_mappings():
        return path.stem
    raise UsageError(
        f"{path.name} is read by no mapping of its own name.",
        allowed="--mapping MAP: " + ", ".join(shipped_mappings()) + ", or a path ending in .yaml",
        hint="`attribution schema mapping` prints what a mapping may say; data/mappings/ has examples",
    )
