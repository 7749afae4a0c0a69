"""Lines of JSON, and documents of records."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from druqa.errors import UsageError
from tests.support.read_lists import Read

TWICE = '{"list_id": 1, "medication": "a", "medication": "b"}'
NEITHER = "there is neither `medication` nor `medications`; did you mean `medication` where `medicaton` stands?"
GOOD = '{"list_id": "1", "medication": "asa"}'


def read(tmp_path: Path, *lines: str, name: str = "lists.jsonl") -> Read:
    file = tmp_path / name
    file.write_text("\n".join(lines), encoding="utf-8")
    return Read(file)


def test_a_medication_or_a_list_to_a_line(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        '{"list_id": 7, "medication": "asa", "rxcui": 1191, "note": "x"}',
        "",
        '{"list_id": "8", "medications": ["w", {"text": "b", "rxcui": " 2 ", "atc": "C"}, {"atc": "D"}, "", null]}',
        '{" List_ID ": 7.0, "medications": []}',
        '{"list_id": "9", "medications": null}',
        '{"list_id": 1.5, "medication": null, "Note": 1, "note": 2}',
    )
    assert found.codes == [
        ("7", "asa", "1191", None),
        ("8", "w", None, None),
        ("8", "b", "2", "C"),
        ("8", "", None, "D"),
        ("8", "", None, None),
        ("8", "", None, None),
        ("1.5", "", None, None),
    ]
    assert found.lines == [1, 3, 3, 3, 3, 3, 6]
    assert found.empty == [("9", 5)]  # 7 has a medication elsewhere
    assert found.notes == ["keys not read: `note`"]


@pytest.mark.parametrize(
    ("line", "list_id", "problem"),
    [
        ("asa", None, "the line cannot be read as JSON: Expecting value, at character 1"),
        (GOOD + GOOD, None, "the line cannot be read as JSON: Extra data, at character 38"),
        ("[" * 100_000, None, "the line cannot be read as JSON: it is nested too deeply"),
        (TWICE, None, "the line cannot be read as JSON: a key stands twice in one object"),
        ('{"list_id": 1, "medication": "a", "Medication": "b"}', None, "the line has `medication` twice"),
        ('["asa"]', None, "the line is a list, and no object"),
        ('"asa"', None, "the line is a text, and no object"),
        ('{"medication": "asa"}', None, "there is no list_id"),
        ('{"list_id": " ", "medication": "asa"}', None, "there is no list_id"),
        ('{"list_id": NaN, "medication": "asa"}', None, "there is no list_id"),
        ('{"list_id": true, "medication": "asa"}', None, "`list_id` is true or false"),
        ('{"list_id": {}, "medication": "asa"}', None, "`list_id` is an object"),
        ('{"list_id": 1, "medication": 5}', "1", "a number stands where the text of a medication is due"),
        ('{"list_id": 1, "medication": ["asa"]}', "1", "a list stands where the text of a medication is due"),
        ('{"list_id": 1, "medication": "a\\u0000"}', "1", "a NUL character stands in it"),
        ('{"list_id": 1, "medications": "asa"}', "1", "`medications` is a text, and no list"),
        ('{"list_id": 1, "medications": [{}]}', "1", "medication 1: it has neither text nor a code"),
        ('{"list_id": 1, "medications": [{"name": "asa"}]}', "1", "medication 1: it has neither text nor a code"),
        ('{"list_id": 1, "medications": [{"text": "a", "rxcui": []}]}', "1", "medication 1: `rxcui` is a list"),
        ('{"list_id": 1, "medicaton": "a"}', "1", NEITHER),
    ],
)  # fmt: skip
def test_a_line_of_a_wrong_shape_is_refused_alone(tmp_path: Path, line: str, list_id: str, problem: str) -> None:
    found = read(tmp_path, GOOD, line, GOOD)
    assert found.raw == [("1", "asa")] * 2
    assert found.refused == [(2, list_id, problem)]


def test_a_medication_of_a_wrong_shape_leaves_the_others_of_its_list(tmp_path: Path) -> None:
    found = read(tmp_path, '{"list_id": 1, "medications": ["asa", 5, "warfarin"]}')
    assert found.raw == [("1", "asa"), ("1", "warfarin")]
    assert found.refused == [(1, "1", "medication 2: a number stands where the text of a medication is due")]


def test_lone_surrogates_are_kept_as_escapes(tmp_path: Path) -> None:
    assert read(tmp_path, '{"list_id": "\\udc00", "medication": "a\\ud800"}').raw == [("\\udc00", "a\\ud800")]


def test_a_document_of_records(tmp_path: Path) -> None:
    records = [{"list_id": 1, "medication": "asa"}, 5, {"list_id": 2, "medications": ["b"]}]
    found = read(tmp_path, json.dumps(records, indent=1), name="lists.json")
    assert found.raw == [("1", "asa"), ("2", "b")]
    assert found.lines == [1, 3]
    assert found.refused == [(2, None, "the line is a number, and no object")]


def test_a_file_called_json_may_have_lines_of_which_the_first_is_damaged(tmp_path: Path) -> None:
    found = read(tmp_path, "{nope", GOOD, GOOD, name="lists.json")
    assert found.raw == [("1", "asa")] * 2
    assert [line for line, *_ in found.refused] == [1]


def test_a_damaged_document_is_refused_as_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as raised:
        read(tmp_path, "{", '"resourceType": "Bundle",', '"entry" []}', name="bundle.json")
    assert str(raised.value) == (
        f"{tmp_path}/bundle.json, line 3: the file cannot be read as JSON: Expecting ':' delimiter, at character 9\n"
        "  To mend: give one object to a line, or one document to a file"
    )
