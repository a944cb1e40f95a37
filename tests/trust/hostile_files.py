"""Files and folders that want to do harm: runs with flipped bits, huge or packed tables, folders that others filled."""

from __future__ import annotations

import gzip
import io
import json
import os
import stat
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from random import Random
from unittest.mock import patch

import h5py
import numpy as np

import attribution as at
from attribution import _compile
from attribution.archive.reading.mapping_file import read_mapping
from attribution.archive.reading.read import read_events
from tests.trust.hostile import ROOT, judged, small_pair

_EVENTS = "incidents-2019-2024"


def attempt_run(r: Random, engine: str = "") -> tuple[str, str]:
    """A saved run of either engine with other bits, attributes or bytes: refused by name, or the same verdict."""
    engine = engine or ("nuts" if r.random() < 0.3 else "importance")
    content, verdict = _saved(engine)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.nc"
        path.write_bytes(content)
        told = r.choice((_flip_array, _flip_array, _flip_array, _change_attribute, _remove, _flip_bytes))(r, path)

        def load() -> None:
            found = _verdict(at.load_posterior(path))
            if found != verdict:
                raise AssertionError(f"a changed run was taken, and says something else ({told})")

        return judged(load), f"{engine}: {told}"


def attempt_table(r: Random) -> tuple[str, str]:
    """Tables of events that are wide, long, packed, binary or of another kind: read or refused, in time."""
    with tempfile.TemporaryDirectory() as folder:
        path, told = r.choice(_TABLES)(r, Path(folder))
        return judged(lambda: read_events(path, read_mapping(_EVENTS))), told


def attempt_cache(r: Random) -> tuple[str, str]:
    """Places for compiled kernels that somebody else may have prepared: only a folder of one's own is ever used."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        package, home, shared = base / "package", base / "home", base / "shared"
        for each in (package, home, shared):
            each.mkdir()
        name = f"kernel-{'0' * 16}"
        told = [_planted(r, package / "__pycache__", name, base), _planted(r, home / "attribution", name, base)]
        shared.chmod(0o1777)

        def find() -> None:
            with (
                patch.object(_compile, "__file__", str(package / "_compile.py")),
                patch.object(_compile, "kernel_digest", lambda: "0" * 16),
                patch.dict(os.environ, {"XDG_CACHE_HOME": str(home)}),
                patch.object(tempfile, "tempdir", str(shared)),
            ):
                _own(Path(_compile._cache_folder.__wrapped__()))

        return judged(find), "; ".join(told)


def _own(folder: Path) -> None:
    """Fails where a folder, or the one that it lies in, is somebody else's to write into, or a link."""
    for place in (folder, folder.parent.resolve()):
        status = place.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
            raise AssertionError(f"{place.name} is no folder of this user's")
        if status.st_mode & 0o022 and not status.st_mode & stat.S_ISVTX:
            raise AssertionError(f"{place.name} can be written into by others")


def _planted(r: Random, place: Path, name: str, base: Path) -> str:
    """Something where the kernels are to be kept; what it was."""
    kinds = ("nothing", "folder", "link", "dangling", "file", "folder of another")
    outer, inner = r.choice(kinds), r.choice(kinds)
    modes = r.choice((0o700, 0o755, 0o775, 0o777, 0o1777, 0o770, 0o500)), r.choice((0o700, 0o750, 0o770, 0o777, 0o702))
    _plant(outer, place, base, modes[0])
    if place.is_dir():
        with suppress(OSError):
            _plant(inner, place / name, base, modes[1])
    return f"{outer} {modes[0]:o}, in it {inner} {modes[1]:o}"


def _plant(kind: str, path: Path, base: Path, mode: int) -> None:
    if kind == "file":
        path.write_text("not a folder")
    elif kind in ("link", "dangling"):
        target = Path(tempfile.mkdtemp(dir=base))
        path.symlink_to(target if kind == "link" else target / "none")
    elif kind != "nothing":
        path.mkdir()
        path.chmod(mode)
        if kind == "folder of another" and os.getuid() == 0:
            os.chown(path, 12345, 12345)


@lru_cache
def _saved(engine: str) -> tuple[bytes, str]:
    """A small run as bytes, and what it says."""
    if engine == "nuts":
        posterior = at.fit(*small_pair(), draws=50, tune=100, chains=2, progressbar=False)
    else:
        posterior = at.fit(*small_pair(), engine="importance", scrambles=2, log2_points=5)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.nc"
        posterior.save(path)
        return path.read_bytes(), _verdict(at.load_posterior(path))


def _verdict(posterior: at.Posterior) -> str:
    """All that a run says: who, how sure, from which settings, and whether it is to be trusted."""
    concerns = [str(each) for each in posterior.concerns()]
    return repr(
        (posterior.standings, posterior.settings, posterior.draws.khat, posterior.case, posterior.model, concerns)
    )


def _arrays(stored: h5py.File) -> list[str]:
    found: list[str] = []
    stored.visititems(lambda name, item: found.append(name) if isinstance(item, h5py.Dataset) else None)
    return sorted(found)


def _flip_array(r: Random, path: Path) -> str:
    """One to three bits of any array."""
    with h5py.File(path, "r+") as stored:
        name = r.choice(_arrays(stored))
        values = np.ascontiguousarray(stored[name][...])
        if values.dtype.kind == "O":  # texts
            stored[name][r.randrange(values.size)] = r.choice(("", "x", "reliability:elsewhere"))
            return f"a text of {name}"
        raw = values.view(np.uint8).reshape(-1)
        for _ in range(r.choice((1, 1, 3))):
            raw[r.randrange(raw.size)] ^= np.uint8(1 << r.randrange(8))
        stored[name][...] = values
    return f"bits of {name}"


def _change_attribute(r: Random, path: Path) -> str:
    """A letter of any text of the run, or its value as a whole."""
    with h5py.File(path, "r+") as stored:
        name = r.choice(sorted(name for name in stored.attrs if not name.startswith("_")))
        text = str(stored.attrs[name])
        at_ = r.randrange(len(text) + 1)
        stored.attrs[name] = r.choice(
            (
                "", "nan", "-1", "{}", "[]", json.dumps({"a": 1}),
                *(text[:at_] + r.choice("0189ax .,-") + text[at_ + 1 :],) * 10,
            )
        )  # fmt: skip
    return f"attribute {name}"


def _remove(r: Random, path: Path) -> str:
    with h5py.File(path, "r+") as stored:
        if r.random() < 0.5:
            name = r.choice(_arrays(stored))
            del stored[name]
        else:
            name = r.choice(sorted(stored.attrs))
            del stored.attrs[name]
    return f"without {name}"


def _flip_bytes(r: Random, path: Path) -> str:
    content = bytearray(path.read_bytes())
    at_ = r.randrange(len(content))
    content[at_] ^= 1 << r.randrange(8)
    path.write_bytes(content[: r.randrange(len(content))] if r.random() < 0.2 else content)
    return f"byte {at_}"


@cache
def _rows() -> list[str]:
    return (ROOT / "data" / "events" / f"{_EVENTS}.csv").read_text().splitlines()


def _wide(r: Random, folder: Path) -> tuple[Path, str]:
    """Many columns, each once or some twice."""
    many, path = r.choice((100, 19_990, 100_000)), folder / "wide.csv"
    extra = ",".join(f"c{at if r.random() < 0.9999 else 0}" for at in range(many))
    path.write_text(f"{_rows()[0]},{extra}\n" + f"{_rows()[1]}{',' * many}\n" * r.choice((0, 1, 20)))
    return path, f"{many} more columns"


def _long(r: Random, folder: Path) -> tuple[Path, str]:
    """A line, a field, or a quotation without an end."""
    path, kind = folder / "long.csv", r.randrange(4)
    filler = r.choice(("x", ",", '"', ";", "é", "\t", "\\")) * r.choice((1000, 1 << 21, 1 << 25))
    lines = [*_rows()[:9]]
    lines[r.choice((0, 4))] += (filler, f',"{filler}', f',"{filler}"', f"\n{filler}")[kind]
    path.write_text("\n".join(lines))
    return path, f"{len(filler)} times {filler[:1]!r}"


def _packed(r: Random, folder: Path) -> tuple[Path, str]:
    """A small .gz file that unpacks to much, is cut, or is none."""
    path, kind = folder / "packed.csv.gz", r.randrange(4)
    text = "\n".join(_rows()[:9]).encode()
    if kind == 0:
        out = io.BytesIO()
        with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=6) as packed:
            packed.write(text + b"\n")
            line = r.choice((b"\0", b"a", b"a\n", b",", text.splitlines()[1] + b"\n"))
            block = line * ((1 << 20) // len(line))
            for _ in range(20 if line.count(b",") > 1 else r.choice((70, 200))):  # good rows take their time
                packed.write(block)
        path.write_bytes(out.getvalue())
    else:
        content = gzip.compress(text * r.choice((1, 1000)))
        path.write_bytes((content[: r.randrange(len(content))], text, content + content, content + b"trailing")[kind])
    return path, f"packed, kind {kind}"


def _encoded(r: Random, folder: Path) -> tuple[Path, str]:
    """Zero bytes, byte-order marks and encodings that do not fit."""
    path, codec = folder / "encoded.csv", r.choice(("utf-16", "utf-32", "utf-16-le", "cp1252", "utf-7", "utf-8"))
    content = bytearray("\n".join(_rows()[:40]).encode(codec, "replace"))
    for _ in range(r.randrange(4)):
        content[r.randrange(len(content))] = r.choice((0, 0xFF, 0xE9, 0x0D, 0x1A, 0x22))
    path.write_bytes(content)
    return path, codec


def _geojson(r: Random, folder: Path) -> tuple[Path, str]:
    path, deep = folder / "points.geojson", r.choice((3, 900, 100_000))
    point = {"type": "Feature", "properties": {"date": "2020-01-01"}, "geometry": {"type": "Point", "coordinates": []}}
    good = json.dumps({"type": "FeatureCollection", "features": [point] * 3})
    path.write_text(
        r.choice((good, "[" * deep, '{"a":' * deep, '{"features": 3}', good.replace("[]", "[1e999, NaN]"), good[:-9]))
    )
    return path, f"GeoJSON, depth {deep}"


_LONG_CELL = b'<row r="6"><c r="A6" t="inlineStr"><is><t>' + b"x" * (3 << 20) + b"</t></is></c></row>"


def _workbook(r: Random, folder: Path) -> tuple[Path, str]:
    """An .xlsx that says more than it holds, or holds more than it says."""
    import zipfile

    import openpyxl

    path = folder / "table.xlsx"
    book = openpyxl.Workbook()
    for line in _rows()[:5]:
        book.active.append(line.split(","))
    book.save(path)
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    sheet, kind = "xl/worksheets/sheet1.xml", r.randrange(6)
    if kind == 1:
        parts[sheet] = parts[sheet].replace(b'r="2"', b'r="1048576"')
    elif kind == 2:
        parts[sheet] = parts[sheet].replace(b"A1:", b"A1:XFD1048576;", 1)
    elif kind == 3:
        parts[sheet] = parts[sheet][: r.randrange(len(parts[sheet]))]
    elif kind == 4:
        parts[sheet] = parts[sheet].replace(b"</sheetData>", _LONG_CELL + b"</sheetData>")
    elif kind == 5:
        del parts[r.choice(sorted(parts))]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, part in parts.items():
            with packed.open(name, "w") as out:
                rows = part.find(b"<row") if kind == 0 and name == sheet else 0
                out.write(part[:rows])
                for _ in range(300 if rows else 0):  # piece by piece: the memory of the reader is what is judged
                    out.write(b" " * (1 << 20))
                out.write(part[rows:])
    return path, f"xlsx, kind {kind}"


def _parquet(r: Random, folder: Path) -> tuple[Path, str]:
    import pyarrow as pa
    from pyarrow import parquet

    path = folder / "table.parquet"
    header, *body = (line.split(",") for line in _rows()[:5])
    columns = {name: pa.array([row[at] if at < len(row) else "" for row in body]) for at, name in enumerate(header)}
    other = r.choice(
        (pa.array([[1]] * 4), pa.array([{"a": 1}] * 4), pa.array([b"\xff"] * 4), pa.array([None] * 4),
         pa.array([1.5, None, 2.0, 3.0]), pa.array(["a", None, "b", "c"]).dictionary_encode())
    )  # fmt: skip
    columns[r.choice(header)] = other
    parquet.write_table(pa.table(columns), path)
    if r.random() < 0.5:
        content = bytearray(path.read_bytes())
        content[r.randrange(len(content))] ^= 1 << r.randrange(8)
        path.write_bytes(content[: r.randrange(len(content))] if r.random() < 0.3 else content)
    return path, f"Parquet with {other.type}"


def _folder(r: Random, folder: Path) -> tuple[Path, str]:
    path = folder / r.choice(("events.csv", "events.parquet", "events.xlsx", "events.csv.gz"))
    kind = r.randrange(3)
    if kind == 0:
        path.mkdir()
    elif kind == 1:
        path.write_bytes(b"")
    else:
        path.symlink_to(folder / "nowhere")
    return path, f"{path.name}, kind {kind}"


_TABLES: tuple[Callable[[Random, Path], tuple[Path, str]], ...] = (
    _wide, _long, _packed, _encoded, _geojson, _workbook, _parquet, _folder,
)  # fmt: skip
