"""Paths, patterns, folders and standard input: which files are read, in which order, and what is said of each."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from druqa.errors import UsageError
from tests.support.read_lists import Read

SCRIPT = """
import sys
from tests.support.read_lists import Read

found = Read(sys.argv[1])
print(found.raw, found.rows('SELECT path, bytes FROM files'))
"""
CSV = "list_id,medication\n"


def write(folder: Path, **files: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        stem, _, ending = name.rpartition("_")
        (folder / f"{stem}.{ending}").write_text(content)


def test_a_folder_holds_any_mix_and_says_what_was_not_read(tmp_path: Path) -> None:
    write(tmp_path, b_csv=CSV + "1,asa\n", c_jsonl='{"list_id": 2, "medication": "b"}\n', readme_md="x", z_txt="y")
    write(tmp_path / "a", d_json=json.dumps({"resourceType": "Bundle", "id": "3"}))
    found = Read(tmp_path)
    assert found.raw == [("1", "asa"), ("2", "b")]
    assert found.empty == [("3", 1)]
    paths = ["a/d.json", "b.csv", "c.jsonl"]
    assert found.rows("SELECT file, path FROM files ORDER BY file") == [
        (at, str(tmp_path / path)) for at, path in enumerate(paths)
    ]
    assert found.notes == [f"not read from the folder {tmp_path}: readme.md, z.txt", "a Bundle has no entry"]


def test_the_size_and_the_digest_are_those_of_the_whole_file(tmp_path: Path) -> None:
    content = (CSV + "1,asa\n" * 300_000).encode()
    (tmp_path / "a.csv").write_bytes(content)
    (tmp_path / "b.json").write_bytes(b" " * 5_000_000 + b"nothing")
    found = Read(tmp_path)
    assert found.rows("SELECT bytes, sha256 FROM files ORDER BY file") == [
        (len(data), hashlib.sha256(data).hexdigest()) for data in (content, b" " * 5_000_000 + b"nothing")
    ]


def test_patterns_are_taken_in_order_and_a_file_is_read_once(tmp_path: Path) -> None:
    write(tmp_path / "x" / "y", b_csv=CSV + "2,b\n")
    write(tmp_path / "x", a_csv=CSV + "1,a\n")
    (tmp_path / "[1].csv").write_text(CSV + "3,c\n")
    assert Read(tmp_path / "**" / "*.csv").raw == [("3", "c"), ("1", "a"), ("2", "b")]
    found = Read(tmp_path / "[1].csv", tmp_path / "x" / "y" / "b.csv", tmp_path / "**")
    assert found.raw == [("3", "c"), ("2", "b"), ("1", "a")]
    assert found.notes == ["was given more than once, and was read once"] * 2


def test_halves_of_a_list_in_two_files_are_one_list(tmp_path: Path) -> None:
    write(tmp_path, a_csv=CSV + "p7,asa\np8,x\n", b_jsonl='{"list_id": "p7 ", "medication": "warfarin"}')
    found = Read(tmp_path)
    assert found.lists == {"p7": ["asa", "warfarin"], "p8": ["x"]}
    assert found.notes == ["1 list stands in more than one file, read as one list each: such as 'p7'"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("none.csv", "none.csv: does not exist"),
        ("no*.csv", "no*.csv: no file matches the pattern"),
    ],
)
def test_an_input_that_is_not_there_stops_the_run(given: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        Read(given)
    mend = "look at the path; a pattern stands in quotes, such as 'lists/**/*.csv'"
    assert str(raised.value) == f"{message}\n  To mend: {mend}"


def test_no_input_is_an_error() -> None:
    with pytest.raises(UsageError, match="no input was given"):
        Read()


def test_a_folder_without_lists_is_refused_beside_others_and_an_error_alone(tmp_path: Path) -> None:
    write(tmp_path / "empty", x_txt="")
    write(tmp_path, a_csv=CSV + "1,asa\n")
    found = Read(tmp_path / "empty", tmp_path / "a.csv")
    assert found.refused == [(None, None, "no file in the folder has a known ending")]
    assert found.rows("FROM files WHERE file = 0") == [(0, f"{tmp_path}/empty", None, None)]
    with pytest.raises(UsageError, match="empty: no file in the folder has a known ending"):
        Read(tmp_path / "empty")


def test_a_file_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    write(tmp_path, a_csv=CSV + "1,asa\n")
    (tmp_path / "b.csv").symlink_to("nowhere")
    found = Read(tmp_path)
    assert found.raw == [("1", "asa")]
    assert found.refused == [(None, None, "cannot be read: No such file or directory")]


def test_names_of_files_that_are_not_utf_8(tmp_path: Path) -> None:
    with duckdb.connect() as db:
        db.sql("SELECT '1' AS list_id, 'asa' AS medication").write_parquet(str(tmp_path / "x"))
    (tmp_path / "x").rename(tmp_path / os.fsdecode(b"a\xff.parquet"))
    (tmp_path / os.fsdecode(b"b\xff.csv")).write_text(CSV + "2,b\n")
    (tmp_path / os.fsdecode(b"c\xff")).touch()
    found = Read(tmp_path)
    assert found.raw == [("1", "asa"), ("2", "b")]
    assert found.rows("SELECT path FROM files") == [
        (f"{tmp_path}/{name}",) for name in ("a\\udcff.parquet", "b\\udcff.csv")
    ]
    assert found.notes == [f"not read from the folder {tmp_path}: c\\udcff"]


def test_an_error_counts_the_other_files(tmp_path: Path) -> None:
    write(tmp_path, a_csv=CSV, b_jsonl="nope\n")
    with pytest.raises(UsageError) as raised:
        Read(tmp_path)
    assert raised.value.where == f"{tmp_path}/b.jsonl, line 1"
    assert raised.value.what.endswith("; 1 more files were read, and none has a list")


@pytest.mark.parametrize("through", ["pipe", "named"])
@pytest.mark.parametrize("kind", ["csv", "jsonl", "json", "parquet", "gzip"])
def test_standard_input_and_unknown_endings_are_told_by_their_content(tmp_path: Path, kind: str, through: str) -> None:
    file = tmp_path / "lists.data"
    if kind == "parquet":
        duckdb.sql("SELECT '1' AS list_id, 'asa' AS medication").write_parquet(str(file))
    else:
        line = '{"list_id": 1, "medication": "asa"}'
        content = {"csv": CSV + "1,asa\n", "jsonl": f" \n{line}\n{{\n", "json": f"[\n{line}]", "gzip": CSV + "1,asa\n"}[
            kind
        ]
        file.write_bytes(gzip.compress(content.encode()) if kind == "gzip" else content.encode())
    given = "-" if through == "pipe" else str(file)
    root = Path(__file__).parents[3]
    with file.open("rb") as stream:
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, given],
            stdin=stream,
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(root)},
        )
    assert done.stdout == f"[('1', 'asa')] [('{given}', {file.stat().st_size})]\n"
