"""CSV and TSV, long and wide: what is read, what is refused by its line, and what stops the run."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from druqa.errors import UsageError
from tests.support.read_lists import Read

HEAD = b"list_id,medication\n"


def written(tmp_path: Path, content: str | bytes, name: str = "lists.csv") -> Path:
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def read(tmp_path: Path, content: str | bytes) -> Read:
    return Read(written(tmp_path, content))


def test_a_medication_to_a_row_with_codes(tmp_path: Path) -> None:
    found = read(tmp_path, "list_id,medication,rxcui,atc,dose\n7,aspirin, 1191 ,B01AC06,x\n8, warfarin ,,,\n7,asa,,,\n")
    assert found.codes == [
        ("7", "aspirin", "1191", "B01AC06"),
        ("8", " warfarin ", None, None),
        ("7", "asa", None, None),
    ]
    assert found.lines == [2, 3, 4]
    assert found.refused == []
    assert found.notes == ["columns not read: `dose`"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_header_tells_the_delimiter_and_its_case_and_blanks_do_not_matter(tmp_path: Path, delimiter: str) -> None:
    found = read(tmp_path, f' Medication {delimiter}"LIST_ID"\n"a,b;c\td ""e"""{delimiter}1\n')
    assert found.raw == [("1", 'a,b;c\td "e"')]


def test_a_spreadsheets_own_line_about_its_delimiter_is_no_header(tmp_path: Path) -> None:
    assert read(tmp_path, "sep=;\nlist_id;medication\n1;asa\n").raw == [("1", "asa")]


@pytest.mark.parametrize(
    "header",
    ["medication_1,medication_2", "med1,MED2", "drug_1,drug_2", "medication1,medication 2", "medication,drug-2"],
)
def test_a_list_to_a_row(tmp_path: Path, header: str) -> None:
    found = read(tmp_path, f"list_id,{header}\n1,asa,warfarin\n2,,heparin\n3, ,\n")
    assert found.lists == {"3": [], "1": ["asa", "warfarin"], "2": ["heparin"]}
    assert found.empty == [("3", 4)]


def test_without_list_id_a_row_is_named_by_its_number_and_refused_rows_count(tmp_path: Path) -> None:
    found = read(tmp_path, "med1,med2\nasa,\n\na,b,c\n,\nx,y\n")
    assert found.raw == [("1", "asa"), ("4", "x"), ("4", "y")]
    assert found.empty == [("3", 5)]
    assert found.refused == [(4, None, "cells in this row: 3, in the header: 2")]


def test_a_single_column_of_medications(tmp_path: Path) -> None:
    found = read(tmp_path, b"med1\nasa\n\0\nwarfarin\n")
    assert found.raw == [("1", "asa"), ("3", "warfarin")]
    assert found.refused == [(3, None, "the line holds a NUL byte")]


def test_bad_rows_are_named_and_the_others_read(tmp_path: Path) -> None:
    found = read(tmp_path, "list_id,medication,note\n1,asa,x\n2,a,b,c\n3\n,warfarin,x\n4,,x\n,,\n5,heparin,x,,\n")
    assert found.raw == [("1", "asa"), ("4", ""), ("5", "heparin")]
    assert found.refused == [
        (3, "2", "cells in this row: 4, in the header: 3"),
        (4, "3", "cells in this row: 1, in the header: 3"),
        (5, None, "there is no list_id"),
    ]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (b'2,"asa', "a quote is opened here and not closed"),
        (b'2,"asa" 5 mg', "text follows a closed quote"),
        (b"2,a\0sa", "the line holds a NUL byte"),
        (b"2," + b"a" * 1_000_000, "the line is longer than 1 MB"),
        (b"2," + b"a" * 3_000_000, "the line is longer than 1 MB"),
        (b'2,"' + b"a" * 200_000 + b'"', "a cell is too long"),
    ],
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_a_damaged_line_spoils_itself_alone(tmp_path: Path, line: bytes, problem: str, end: bytes) -> None:
    rows = [HEAD.strip(), b"1,asa", line, *(b"%d,b" % row for row in range(3, 300))]
    found = read(tmp_path, end.join(rows))
    assert found.raw == [("1", "asa"), *((str(row), "b") for row in range(3, 300))]
    assert [(at, what) for at, _, what in found.refused] == [(3, problem)]
    assert found.lines == [2, *range(4, 301)]


def test_a_last_line_may_have_no_end_and_be_damaged(tmp_path: Path) -> None:
    found = read(tmp_path, b'list_id,medication\n1,asa\n2,"x\n3,y')
    assert found.raw == [("1", "asa"), ("3", "y")]
    assert found.refused == [(3, None, "a quote is opened here and not closed")]


def test_a_cell_in_quotes_may_hold_lines_and_is_noted(tmp_path: Path) -> None:
    found = read(tmp_path, 'list_id,medication\n1,"asa\n\n5 mg"\n2,b\n3,"x\ny"\n')
    assert found.raw == [("1", "asa\n\n5 mg"), ("2", "b"), ("3", "x\ny")]
    assert found.lines == [2, 5, 6]
    assert found.notes == ["a row that begins on line 2, and 1 more: read over several lines, for a quote"]


def test_a_row_of_several_lines_of_which_one_is_damaged_is_refused(tmp_path: Path) -> None:
    found = read(tmp_path, b'list_id,medication\n1,"asa\n\0\n5 mg"\n2,b\n')
    assert found.raw == [("2", "b")]
    assert [line for line, *_ in found.refused] == [2, 3, 4]


def test_a_record_goes_on_in_the_next_block_of_bytes(tmp_path: Path) -> None:
    rows = [f'{row},"medication\nof {row}"' for row in range(120_000)]
    found = read(tmp_path, "list_id,medication\n" + "\n".join(rows))
    assert found.rows("SELECT count(*), count(DISTINCT list_id), max(length(text)) FROM raw") == [
        (120_000, 120_000, len("medication\nof 119999"))
    ]
    assert found.refused == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_encodings_that_say_what_they_are(tmp_path: Path, encoding: str) -> None:
    found = read(tmp_path, "list_id,medication\r\n1,Paracétamol €\r\n".encode(encoding))
    assert found.raw == [("1", "Paracétamol €")]
    assert found.notes == (["the file is UTF-16 and was read as such"] if encoding == "utf-16" else [])


def test_lines_that_are_not_utf_8_are_read_as_windows_1252_one_by_one(tmp_path: Path) -> None:
    found = read(tmp_path, HEAD + b"1,caf\xe9\n2,caf\xc3\xa9\n3,\x80\n")
    assert found.raw == [("1", "café"), ("2", "café"), ("3", "€")]
    assert found.notes == ["line 2 and 1 more not in UTF-8, read as Windows-1252; look at the accented letters there"]


def test_packed_with_gzip(tmp_path: Path) -> None:
    file = written(tmp_path, gzip.compress(HEAD + b"1,asa\n") + gzip.compress(b"2,b\n"), "lists.csv.gz")
    assert Read(file).raw == [("1", "asa"), ("2", "b")]


def test_a_packed_file_whose_check_sum_is_wrong_is_read_and_named(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(HEAD + b"1,asa\n2,b\n"))
    packed[-8] ^= 1
    found = Read(written(tmp_path, bytes(packed), "lists.csv.gz"))
    assert found.raw == [("1", "asa"), ("2", "b")]
    assert [problem.partition(":")[0] for *_, problem in found.refused] == ["damaged or cut off, what follows is lost"]


@pytest.mark.parametrize("lost", [1, 8, 20])
def test_what_stands_before_the_place_where_a_packed_file_breaks_off_is_read(tmp_path: Path, lost: int) -> None:
    content = HEAD + b"".join(b"%d,medication %d\n" % (row, row * 7919) for row in range(200_000))
    found = Read(written(tmp_path, gzip.compress(content)[:-lost], "lists.csv.gz"))
    ((line, _, problem),) = found.refused
    assert line is None
    assert problem.startswith("damaged or cut off, what follows is lost: ")
    assert len(found.raw) > 199_900


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (
            "list_id,medicaton",
            "{file}, line 1: no column `medication`; found: `list_id`, `medicaton`\n"
            "  To mend: did you mean `medication` for `medicaton`? "
            "name the columns list_id and medication, or list_id, medication_1, medication_2 ...",
        ),
        (
            "patient;name",
            "{file}, line 1: no column `list_id` and no column `medication`; found: `patient`, `name`\n"
            "  To mend: name the columns list_id and medication, or list_id, medication_1, medication_2 ...",
        ),
        (
            "list_id,medication,List_ID",
            "{file}, line 1: the column `list_id` stands twice\n  To mend: give each column a name of its own",
        ),
        (
            "list_id,medication_1,nedication_2",
            "{file}, line 1: the column `nedication_2` is nearly `medication_1`, and would not be read\n"
            "  To mend: write medication_1, medication_2 ..., or give it a name that is not so near",
        ),
    ],
)
def test_a_wrong_header_stops_the_run(tmp_path: Path, header: str, message: str) -> None:
    good = written(tmp_path, HEAD + b"1,asa\n")
    file = written(tmp_path, header + "\n1,2,3\n", "wrong.csv")
    with pytest.raises(UsageError) as raised:
        Read(good, file)
    assert str(raised.value) == message.format(file=file)


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf\n \n", "the file is empty"),
        (HEAD, "the file has a header and nothing below it"),
    ],
)
def test_an_empty_file_is_a_note_beside_others_and_an_error_alone(tmp_path: Path, content: bytes, note: str) -> None:
    file = written(tmp_path, content)
    assert Read(file, written(tmp_path, HEAD + b"1,asa\n", "good.csv")).notes == [note]
    with pytest.raises(UsageError) as raised:
        Read(file)
    assert str(raised.value) == (
        f"{file}: there is no list in it: {note}\n  To mend: give a file with columns list_id and medication"
    )
