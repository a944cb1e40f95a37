"""Tables read by columns are those read a row at a time: the same values, lines and errors."""

from __future__ import annotations

import gzip
import string
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attribution.archive.reading import columnar, read
from attribution.archive.reading.columnar import Coded, Texts, together
from attribution.archive.reading.columns import Rows
from attribution.archive.reading.mapping_file import parse_mapping
from attribution.archive.reading.tables import open_table
from attribution.errors import FormatError, InputError
from tests.archive.reading.test_bad_events import MISTAKES
from tests.archive.reading.test_reading_events import same
from tests.archive.tables import HEADER, MAPPING, ROWS, TODAY, a_table

pytest.importorskip("pyarrow", reason="reading by columns needs pyarrow")
READING = parse_mapping(MAPPING)


@pytest.fixture
def small_too() -> Iterator[None]:
    """Small tables are read by columns, too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columnar, "LEAST_BYTES", 0)
        yield


def both_ways(path: Path) -> tuple[read.Archive, read.Archive]:
    by_columns = read.read_events(path, READING, today=TODAY)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columnar, "LEAST_BYTES", 1 << 40)
        return by_columns, read.read_events(path, READING, today=TODAY)


@pytest.mark.parametrize("block", [60, 1 << 20])
def test_events_are_the_same(tmp_path: Path, block: int, small_too: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columnar, "_BLOCK", max(block, 1 + max(map(len, (HEADER, *ROWS)))))
    path = a_table(tmp_path)
    assert open_table(path).by_columns
    fast, slow = both_ways(path)
    assert same(fast.events, slow.events)
    assert fast.concerns == slow.concerns
    assert fast.tally == slow.tally
    packed = tmp_path / "e.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert same(both_ways(packed)[0].events, slow.events)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_mistakes_are_told_with_their_lines(tmp_path: Path, mistake: object, small_too: None) -> None:
    path = tmp_path / "events.csv"
    path.write_text("\n".join([HEADER, *mistake.rows]) + "\n", encoding="utf-8")  # type: ignore[attr-defined]
    with pytest.raises(InputError) as caught:
        read.read_events(path, READING, today=TODAY)
    assert caught.value.line == mistake.line  # type: ignore[attr-defined]
    assert mistake.says in caught.value.what  # type: ignore[attr-defined]


signs = st.sampled_from('ab",\n\r ;é')
cells = st.text(st.sampled_from(string.ascii_letters + '", é'), max_size=5)
rows = st.lists(st.tuples(cells, cells), min_size=1, max_size=6)


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if set(cell) & set('",') else cell


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.one_of(
        st.text(signs, max_size=30), rows.map(lambda rows: "\n".join(",".join(map(quoted, r)) for r in rows))
    )
)
def test_whatever_is_read_by_columns_is_read_by_rows(text: str, tmp_path: Path, small_too: None) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(f"x,y\n{text}\n".encode())
    table = open_table(path)
    if not table.by_columns:
        return
    try:
        chunks = list(table.coded(("y", "x")))
    except FormatError:
        return
    slow = list(table.chunks(("y", "x")))
    for name in ("x", "y"):
        assert [t for one in chunks for t in one.columns[name]] == [t for one in slow for t in one.columns[name]]
    assert [line for one in chunks for line in one.lines] == [line for one in slow for line in one.lines]


@given(rows=rows)
def test_well_written_rows_are_read_by_columns(
    rows: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("t") / "t.csv"
    path.write_text("x,y\n" + "".join(f"{quoted(a)},{quoted(b)}\n" for a, b in rows), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(columnar, "LEAST_BYTES", 0)
        table = open_table(path)
        assert table.by_columns
        assert [t for one in table.coded(("x", "y")) for t in zip(*one.columns.values(), strict=True)] == rows


def test_combinations_come_in_the_order_in_which_they_occur() -> None:
    left, right = Coded(np.array([2, 0, 2, 0]), ["a", "b", "c"]), Coded(np.array([1, 1, 1, 0]), ["x", "y"])
    which, cells = together([left, right])
    assert cells == [("c", "y"), ("a", "y"), ("a", "x")]
    assert which.tolist() == [0, 1, 0, 2]
    assert list(left.where(np.array([True, False, True, False]))) == ["c", "c"]
    assert left[1:3].__class__ is Coded
    with pytest.raises(ValueError, match="one length"):
        together([left, Coded(np.array([0]), ["a"])])


blanks = st.sampled_from(["", " ", "\t", "\u00a0", "\u2003"])
numerals = st.sampled_from(
    ["", "1", "-2.5", "+3", "1e2", ".5", "7.", "1_000", "nan", "inf", "-99", "3,5", "x", "0x1p3", "é"]
)
texts = st.lists(st.tuples(blanks, numerals, blanks).map("".join), max_size=8)


def same_numbers(left: object, right: object) -> bool:
    return np.array_equal(np.asarray(left), np.asarray(right), equal_nan=True)


@given(texts=texts, data=st.data())
def test_texts_that_arrow_holds_are_what_a_list_of_them_is(texts: list[str], data: st.DataObject) -> None:
    import pyarrow

    held = Texts(pyarrow.array(["before", *texts], type=pyarrow.string())[1:])  # a part of a larger one
    plain = [text.strip() for text in texts]
    stripped = held.stripped()
    assert list(held) == texts
    assert list(stripped) == plain
    assert [stripped[at] for at in range(len(texts))] == plain
    assert list(stripped[1:3]) == plain[1:3]
    assert stripped.among(["-99", "", "y"]) == {"-99", "", "y"} & set(plain)
    lines = range(2, 2 + len(texts))
    assert same_numbers(Rows({"x": stripped}, lines, "t").numbers("x"), Rows({"x": plain}, lines, "t").numbers("x"))
    keep = np.array(data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts))), dtype=np.bool_)
    fewer = Rows({"x": stripped}, lines, "t").where(keep)
    assert list(fewer.columns["x"]) == [text for text, kept in zip(plain, keep, strict=True) if kept]
    assert same_numbers(fewer.numbers("x"), Rows({"x": list(fewer.columns["x"])}, fewer.lines, "t").numbers("x"))


@given(words=st.lists(st.sampled_from("abcab"), max_size=9))
def test_words_are_counted_in_the_order_in_which_they_occur(words: list[str]) -> None:
    codes = np.array(["zcbaA".index(word) for word in words], dtype=np.int64)
    assert list(Coded(codes, list("zcbaA")).counts().items()) == list(Counter(words).items())
    folded = Coded(codes, ["z", "c", "a", "a", "A"])  # two words that became one when they were cleaned
    assert folded.counts() == Counter(list(folded))
