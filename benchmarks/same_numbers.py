"""Did a change of the code change a number? Two folders of results, compared number by number.

    python -m benchmarks.same_numbers BEFORE AFTER                       # exact to the last printed digit
    python -m benchmarks.same_numbers BEFORE AFTER --tolerance 1e-9      # relative, or absolute below 1
    python -m benchmarks.same_numbers BEFORE AFTER --renamed habits=feature_shares --except '*what_if*mcse*'

Compared are JSON by the path of keys, CSV by row and column, saved runs (`.nc`) by array, and Markdown and HTML by the
order of the numbers in the text that a reader sees. Numbers inside sentences count as well; words do not. Exit code 1
where a number, a key or a file differs.
"""

from __future__ import annotations

import argparse
import csv
import fnmatch
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_NUMBER = re.compile(r"(?<![\w.])[-+−]?\d+(?:[.,:]\d+)*(?:[eE][-+]?\d+)?(?![\w])")
_UNSEEN = re.compile(r"<(style|script)\b.*?</\1>|<[^>]*>", re.DOTALL)
_DATA = re.compile(r'<script[^>]*type="application/json"[^>]*>(.*?)</script>', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Difference:
    """What stands at a key before and after; empty where the key is not there."""

    file: str
    key: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key}: {self.before or 'nothing'} -> {self.after or 'nothing'}"


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences, and out of how many numbers in how many files."""

    files: int
    numbers: int
    differences: tuple[Difference, ...]

    def __str__(self) -> str:
        return f"{self.numbers:,} numbers in {self.files} files, {len(self.differences)} differences"


def compare(
    before: Path,
    after: Path,
    *,
    tolerance: float = 0.0,
    renamed: dict[str, str] | None = None,
    excepted: tuple[str, ...] = (),
) -> Comparison:
    """Compare two folders (or two files) of results.

    `renamed` maps names of keys, columns and files before to those after; a key `file: path` that matches a pattern of
    `excepted` is left out.
    """
    names = renamed or {}
    old = {names.get(name, name): path for name, path in _files(before).items()}
    new = _files(after)
    differences: list[Difference] = []
    numbers = 0
    for file in sorted(old.keys() | new.keys()):
        if file not in old or file not in new:
            differences.append(Difference(file, "the file", "there" * (file in old), "there" * (file in new)))
            continue
        first = {_translated(key, names): value for key, value in read(old[file]).items()}
        second = read(new[file])
        for key in [*first, *(key for key in second if key not in first)]:
            if any(fnmatch.fnmatch(f"{file}: {key}", pattern) for pattern in excepted):
                continue
            numbers += 1
            was, now = first.get(key, ""), second.get(key, "")
            if was != now and not _near(was, now, tolerance):
                differences.append(Difference(file, key, was, now))
    return Comparison(len(old.keys() & new.keys()), numbers, tuple(differences))


def _files(place: Path) -> dict[str, Path]:
    if place.is_file():
        return {place.suffix: place}
    if not place.is_dir():
        raise SystemExit(f"{place} is neither a folder nor a file")
    known = _READERS.keys()
    return {path.relative_to(place).as_posix(): path for path in sorted(place.rglob("*")) if path.suffix in known}


def read(path: Path) -> dict[str, str]:
    """The numbers of a file by key, as they are printed."""
    return dict(_READERS[path.suffix](path))


def _read_json(path: Path) -> Iterator[tuple[str, str]]:
    return _flat(json.loads(path.read_text(encoding="utf-8"), parse_float=_Printed, parse_int=_Printed), "")


class _Printed(str):
    """A number of a JSON text, with the digits that stand there."""

    __slots__ = ()


def _flat(value: object, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flat(inner, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list):
        yield f"{key}.length", str(len(value))
        for place, inner in enumerate(value):
            yield from _flat(inner, f"{key}[{place}]")
    elif isinstance(value, _Printed | bool):
        yield key, str(value)
    elif isinstance(value, float):  # JSON's own parser makes NaN and Infinity
        yield key, repr(value)
    elif isinstance(value, str):
        yield from _in_text(value, key)


def _in_text(text: str, key: str) -> Iterator[tuple[str, str]]:
    for place, number in enumerate(_NUMBER.findall(text)):
        yield f"{key}, number {place + 1}", number.replace("−", "-")


def _read_csv(path: Path) -> Iterator[tuple[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        for row, cells in enumerate(csv.DictReader(lines), start=1):
            for column, cell in cells.items():
                yield from _in_text(str(cell), f"row {row}.{column}")


def _read_text(path: Path) -> Iterator[tuple[str, str]]:
    return _in_text(path.read_text(encoding="utf-8"), "text")


def _read_page(path: Path) -> Iterator[tuple[str, str]]:
    page = path.read_text(encoding="utf-8")
    yield from _in_text(_UNSEEN.sub(" ", page), "text")
    for place, data in enumerate(_DATA.findall(page), start=1):
        yield from _flat(json.loads(data, parse_float=_Printed, parse_int=_Printed), f"data {place}")


def _read_run(path: Path) -> Iterator[tuple[str, str]]:
    import h5py
    import numpy as np

    found: list[tuple[str, str]] = []

    def take(name: str, item: object) -> None:
        if isinstance(item, h5py.Dataset) and item.dtype.kind in "iuf":
            values = np.asarray(item).ravel().tolist()
            found.extend((f"{name}[{place}]", repr(value)) for place, value in enumerate(values))

    with h5py.File(path) as run:
        run.visititems(take)
    return iter(found)


_READERS = {
    ".json": _read_json,
    ".csv": _read_csv,
    ".md": _read_text,
    ".txt": _read_text,
    ".html": _read_page,
    ".nc": _read_run,
}


def _translated(key: str, names: dict[str, str]) -> str:
    """A key with its parts renamed; parts are what dots, brackets and commas leave."""
    return re.sub(r"[^.\[\],]+", lambda part: names.get(part.group(), part.group()), key) if names else key


def _near(first: str, second: str, tolerance: float) -> bool:
    try:
        a, b = float(first), float(second)
    except ValueError:
        return False
    return tolerance > 0 and abs(a - b) <= tolerance * max(1.0, abs(a), abs(b))


def _pair(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not (old and equals and new):
        raise argparse.ArgumentTypeError(f'"{text}" is not of the form old=new')
    return old, new


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--tolerance", type=float, default=0.0, help="default: the same printed digits")
    parser.add_argument("--renamed", type=_pair, action="append", default=[], metavar="OLD=NEW")
    parser.add_argument("--except", dest="excepted", action="append", default=[], metavar="PATTERN")
    parser.add_argument("--most", type=int, default=40, help="differences shown (default: 40)")
    chosen = parser.parse_args(arguments)
    outcome = compare(
        chosen.before,
        chosen.after,
        tolerance=chosen.tolerance,
        renamed=dict(chosen.renamed),
        excepted=tuple(chosen.excepted),
    )
    for difference in outcome.differences[: chosen.most]:
        print(difference)
    if len(outcome.differences) > chosen.most:
        print(f"... and {len(outcome.differences) - chosen.most} more")
    print(outcome)
    return 1 if outcome.differences else 0


if __name__ == "__main__":
    sys.exit(main())
