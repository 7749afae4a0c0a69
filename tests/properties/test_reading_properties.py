"""Many lists written in each form are read back the same; damage to a file is never damage to other lists unnamed."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from druqa.errors import UsageError
from tests.support.read_lists import Read

# No NUL, which is refused, and no CR, which is a line end like any other in CSV.
letters = st.characters(codec="utf-8", exclude_characters="\0\r")
ids = st.text(letters, min_size=1, max_size=6).map(str.strip).filter(bool)
medications = st.text(letters, min_size=1, max_size=12).filter(lambda text: text.strip())
Lists = dict[str, list[str]]
lists = st.dictionaries(ids, st.lists(medications, max_size=4), min_size=1, max_size=6)
plain = st.text("abcdefgh 0123456789", min_size=1, max_size=9).filter(lambda text: text.strip())
plain_lists = st.lists(st.lists(plain, min_size=1, max_size=3), min_size=2, max_size=6).map(
    lambda given: {f"patient{at}": texts for at, texts in enumerate(given)}
)


def long_rows(given: Lists) -> list[list[str]]:
    return [["list_id", "medication"], *([list_id, text] for list_id, texts in given.items() for text in texts)]


def wide_rows(given: Lists) -> list[list[str]]:
    width = max(1, *map(len, given.values())) if given else 1
    header = ["list_id", *(f"medication_{at + 1}" for at in range(width))]
    return [header, *([list_id, *texts, *[""] * (width - len(texts))] for list_id, texts in given.items())]


def as_csv(rows: list[list[str]], delimiter: str = ",") -> bytes:
    stream = io.StringIO()
    csv.writer(stream, delimiter=delimiter).writerows(rows)
    return stream.getvalue().encode()


def as_lines(records: list[object]) -> bytes:
    return "\n".join(map(json.dumps, records)).encode()


def as_jsonl(given: Lists) -> bytes:
    return as_lines([{"list_id": list_id, "medications": texts} for list_id, texts in given.items()])


def as_long_jsonl(given: Lists) -> bytes:
    return as_lines([{"list_id": list_id, "medication": text} for list_id, text in long_rows(given)[1:]])


def read_bytes(content: bytes, name: str) -> Read:
    with TemporaryDirectory() as folder:
        file = Path(folder) / name
        file.write_bytes(content)
        return Read(file)


def read_back(found: Read, given: Lists, *, with_empty: bool) -> None:
    """The same lists in the same order, each with its medications in their order."""
    assert found.refused == []
    assert found.raw == [(list_id, text) for list_id, texts in given.items() for text in texts]
    assert [list_id for list_id, _ in found.empty] == [key for key, texts in given.items() if with_empty and not texts]


@given(lists, st.sampled_from(",;\t"))
def test_csv_is_read_back_as_it_was_written(given: Lists, delimiter: str) -> None:
    if any(given.values()):
        read_back(read_bytes(as_csv(long_rows(given), delimiter), "a.csv"), given, with_empty=False)
    read_back(read_bytes(as_csv(wide_rows(given), delimiter), "a.csv"), given, with_empty=True)


@given(lists)
def test_json_is_read_back_as_it_was_written(given: Lists) -> None:
    read_back(read_bytes(as_jsonl(given), "a.jsonl"), given, with_empty=True)
    if any(given.values()):
        read_back(read_bytes(as_long_jsonl(given), "a.jsonl"), given, with_empty=False)


@given(lists)
@settings(max_examples=20)
def test_frames_and_parquet_are_read_back_as_they_were_written(given: Lists) -> None:
    frames = [pd.DataFrame(rows[1:], columns=rows[0], dtype=object) for rows in (long_rows(given), wide_rows(given))]
    frames.append(pd.DataFrame({"list_id": list(given), "medications": list(given.values())}))
    for frame in frames:
        with_empty = "medication" not in frame
        if not with_empty and not len(frame):
            continue
        read_back(Read(frame=frame), given, with_empty=with_empty)
        with TemporaryDirectory() as folder, duckdb.connect() as db:
            file = Path(folder) / "a.parquet"
            db.from_df(frame).write_parquet(str(file))
            if any(given.values()):
                read_back(Read(file), given, with_empty=with_empty)


@pytest.mark.parametrize("form", ["long", "wide", "jsonl", "long_jsonl"])
@given(given=plain_lists, data=st.data())
@settings(max_examples=60)
def test_a_changed_byte_loses_nothing_of_another_list_unnamed(form: str, given: Lists, data: st.DataObject) -> None:
    content = bytearray(
        {
            "long": lambda: as_csv(long_rows(given)),
            "wide": lambda: as_csv(wide_rows(given)),
            "jsonl": lambda: as_jsonl(given),
            "long_jsonl": lambda: as_long_jsonl(given),
        }[form]()
    )
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    try:
        found = read_bytes(bytes(content), "a.jsonl" if form.endswith("jsonl") else "a.csv")
    except UsageError:
        return
    # A changed id moves a row from one list to another: only the list whose row it was may lose anything.
    lost = [list_id for list_id, texts in given.items() if Counter(texts) - Counter(found.lists.get(list_id, []))]
    assert len(lost) <= 1 or found.refused or found.notes


@given(plain_lists, st.data())
def test_a_file_cut_in_two_is_read_as_one(given: Lists, data: st.DataObject) -> None:
    rows = long_rows(given)
    place = data.draw(st.integers(1, len(rows)))
    with TemporaryDirectory() as folder:
        for name, part in (("a.csv", rows[:place]), ("b.csv", [rows[0], *rows[place:]])):
            (Path(folder) / name).write_bytes(as_csv(part))
        found = Read(folder)
    assert found.lists == given
    halves = any("stand" in note and "more than one file" in note for note in found.notes)
    assert halves == (1 < place < len(rows) and rows[place - 1][0] == rows[place][0])
