"""A user's formulary: CSV files as people and spreadsheets write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from druqa.errors import DataError
from druqa.knowledge.formulary import read_formulary
from druqa.knowledge.loading import load_synonyms
from druqa.knowledge.spelling import key, squash

KNOWN = load_synonyms()


@pytest.fixture
def read(tmp_path):
    def read_text(text, encoding="utf-8"):
        file = tmp_path / "ours.csv"
        file.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return read_formulary(file, KNOWN)

    return read_text


def kinds(addition, name):
    return {row.drug: row.kind for row in addition.names if row.name == key(name)}


PLAIN = "name,drug,rxcui,atc\nWarfazorb,warfarin,11289,B01AA03\nDolozorb,paracetamol + Oxycodone,,\n"


def test_names_codes_and_sources(read):
    addition = read(PLAIN)
    assert kinds(addition, "Warfazorb") == {"warfarin": "synonym"}
    assert kinds(addition, "dolozorb") == {"acetaminophen": "combination", "oxycodone": "combination"}
    assert addition.codes == {"11289": ("warfarin",), "B01AA03": ("warfarin",)}
    assert addition.drugs == ()
    assert addition.notes == ()
    assert {row.source for row in addition.names if row.drug == "warfarin"} == {
        "formulary, user's copy (ours.csv, line 2)"
    }
    assert list(addition.names) == sorted(addition.names)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_as_spreadsheets_write_it(read, delimiter, line_end, encoding):
    text = PLAIN.replace(",", delimiter).replace("\n", line_end)
    assert read(text, encoding)[:3] == read(PLAIN)[:3]


def test_columns_in_any_order_and_case_and_others_beside(read):
    addition = read('Ward;DRUG;"ATC";Name \n3B;"warfarin";b01aa03;"Warfa;zorb"\n')
    assert kinds(addition, "warfa;zorb") == {}
    assert kinds(addition, "warfa zorb") == {"warfarin": "synonym"}
    assert addition.codes == {"B01AA03": ("warfarin",)}


@pytest.mark.parametrize(
    ("drug", "meant"),
    [
        ("Coumadin", {"warfarin": "synonym"}),
        ("ASA", {"aspirin": "synonym"}),
        ("Percocet", {"acetaminophen": "combination", "oxycodone": "combination"}),
        ("aspirin|warfarin", {"aspirin": "combination", "warfarin": "combination"}),
        ("aspirin + aspirin", {"aspirin": "synonym"}),
        ("aspirin 100 mg tablet", {"aspirin": "synonym"}),
        ("amoxicillin/clavulanate", {"amoxicillin": "combination", "clavulanic acid": "combination"}),
        ("Flomax", {"tamsulosin": "synonym", "morniflumate": "synonym"}),
        ("zorbutinib", {"zorbutinib": "synonym"}),
        ("warfarin zorbutinib", {"warfarin": "combination", "warfarin zorbutinib": "combination"}),
        ("Flomax + aspirin", dict.fromkeys(("tamsulosin", "morniflumate", "aspirin"), "combination")),
    ],
)
def test_a_drug_may_be_any_known_name_or_a_new_one(read, drug, meant):
    assert kinds(read(f"name,drug\nOurname,{drug}\n"), "ourname") == meant


def test_a_class_stays_a_class(read):
    addition = read("name,drug\nOurstatin,statins\n")
    assert set(kinds(addition, "ourstatin").values()) == {"class"}
    assert {"simvastatin", "atorvastatin"} <= set(kinds(addition, "ourstatin"))
    assert addition.notes == ("drugs that may mean several, read as each of them: 1 (line 2)",)


def test_an_unknown_drug_is_a_new_drug_and_said(read):
    addition = read("name,drug\nZorbixa,Zorbutinib\nZorbixa Forte,zorbutinib + aspirin\n")
    assert [(drug.id, drug.name, drug.known) for drug in addition.drugs] == [("zorbutinib", "zorbutinib", True)]
    assert kinds(addition, "zorbutinib") == {"zorbutinib": "generic"}
    assert addition.notes == ("drugs that are not known here, taken as new: 1 (zorbutinib in line 2)",)


def test_names_of_two_letters_are_abbreviations(read):
    assert kinds(read("name,drug\nZQ,warfarin\n"), "zq") == {"warfarin": "abbreviation"}


def test_an_addition_only_adds(read):
    addition = read("name,drug\nCoumadin,aspirin\nwarfarin,warfarin\nCoumadin Zorb,aspirin\n")
    assert kinds(addition, "coumadin") == {"aspirin": "synonym"}
    assert kinds(addition, "warfarin") == {}
    assert kinds(addition, "coumadin zorb") == {"aspirin": "synonym", "warfarin": "synonym"}
    assert addition.notes == (
        "names that the table has for another drug as well, read as either: 1 (line 2)",
        "names that hold the name of a drug they do not mean, read as either: 1 (line 4)",
    )


def test_one_name_in_two_rows(read):
    addition = read("name,drug\nOurname,aspirin\nour-name,warfarin\nOURNAME,warfarin\nOurname,aspirin\n")
    assert kinds(addition, "ourname") == {"aspirin": "synonym", "warfarin": "synonym"}
    assert len(addition.notes) == 1
    assert addition.notes[0].startswith("names with another drug in an earlier row")
    assert addition.notes[0].endswith("1 (line 4)")


def test_codes(read):
    addition = read(
        "name,drug,rxcui,atc\n"
        "Oura,aspirin,1191,B01AC06\n"
        "Ourb,aspirin+warfarin,1191,B01\n"
        "Ourc,warfarin,11289.0,B01AA03\n"
        "Ourd,aspirin,11289,\n"
    )
    assert addition.codes == {
        "1191": ("aspirin", "warfarin"),
        "11289": ("aspirin",),
        "B01AA03": ("warfarin",),
        "B01AC06": ("aspirin",),
    }
    assert addition.notes == (
        "cells of `atc` that hold no such code, not used: 1 (line 3)",
        "cells of `rxcui` that hold no such code, not used: 1 (line 4)",
        "codes that the table has for another drug as well, read as all of them: 1 (line 5)",
    )
    assert kinds(addition, "ourc") == {"warfarin": "synonym"}


def test_bad_rows_are_kept_out_each_named_by_its_line(read):
    addition = read(
        "name,drug\n"
        "Goodname,aspirin\n"
        ",aspirin\n"
        "Nodrug,\n"
        "Nodrugtoo\n"
        "\n"
        "Halfdrug,aspirin +\n"
        "One,two,three\n"
        '"Open quote,aspirin\n'
        "Lost \N{REPLACEMENT CHARACTER},aspirin\n"
        "Tablet,aspirin\n"
        "100 mg,aspirin\n"
        "x,aspirin\n"
        "One two three four five six seven eight nine,aspirin\n"
        "Notadrug,tablet\n"
        "Lastname,aspirin,,\n"
    )
    assert {row.name for row in addition.names} == {"goodname", "lastname"}
    assert addition.drugs == ()
    assert set(addition.notes) == {
        "rows kept out, names of fewer than 2 letters: 2 (line 3, line 13)",
        "rows kept out, a drug is missing: 3 (line 4, line 5, line 7)",
        "rows kept out, more cells than the header: 1 (line 8)",
        "rows kept out, a character or a quote cannot be read: 2 (line 9, line 10)",
        "rows kept out, names that hold only doses, forms or other words that are never a drug: 2 (line 11, line 12)",
        "rows kept out, names of more than 8 words: 1 (line 14)",
        "rows kept out, drugs that hold only doses, forms or other words that are never a drug: 1 (line 15)",
    }


def test_a_quoted_line_end_takes_no_half_of_a_name(read):
    addition = read('name,drug\n"Our\nForte",aspirin\nNextum,warfarin\n')
    assert {row.name for row in addition.names} == {"nextum"}
    assert addition.notes == ("rows kept out, a character or a quote cannot be read: 2 (line 2, line 3)",)


def test_windows_1252_is_read_and_said(read):
    addition = read("name,drug\nPlainol,aspirin\nZörbé,warfarin\n", "cp1252")
    assert kinds(addition, "zorbe") == {"warfarin": "synonym"}
    assert addition.notes == (
        "the file is not UTF-8 and was read as Windows-1252; look at its accented letters: 1 (line 3)",
    )


def test_a_byte_that_is_in_neither_code_page_spoils_its_row_only(read):
    addition = read(b"name,drug\nGood,aspirin\nB\x81d,warfarin\nAlso good,warfarin\n")
    assert {row.name for row in addition.names} == {"good", "also good"}
    assert "rows kept out, a character or a quote cannot be read: 1 (line 3)" in addition.notes


def test_a_header_without_rows_adds_nothing(read):
    assert read("name,drug\n")[:3] == ((), (), {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "is empty"),
        (b" \r\n\r\n", "is empty"),
        ("name,drug\nZorb,aspirin\n".encode("utf-16"), "UTF-16"),
        (b"PK\x03\x04\x14\x00\x06\x00", "no plain text"),
        (
            b"name,medicine\nZorb,aspirin\n",
            "line 1: the header needs the columns `name` and `drug`; it is: name,medicine",
        ),
        (b"\n\nZorb;aspirin\n", "line 3: the header needs"),
        (b"name|drug\nZorb|aspirin\n", "commas, semicolons or tabs"),
        (b"name,drug,Name\nZorb,aspirin,x\n", "the column 'name' stands twice"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused(read, text, said):
    with pytest.raises(DataError) as refused:
        read(text)
    assert said in str(refused.value)
    assert "ours.csv" in refused.value.where
    assert refused.value.mend


@pytest.mark.parametrize("name", ["absent.csv", "."])
def test_no_file_and_a_folder_are_refused(tmp_path, name):
    with pytest.raises(DataError, match="cannot be read"):
        read_formulary(tmp_path / name, KNOWN)


def test_the_version_names_the_file_and_its_content(read):
    first = read(PLAIN).version
    assert first.startswith("formulary ours.csv sha256:")
    assert read(PLAIN + "More,aspirin\n").version != first


@given(st.binary(max_size=200))
def test_any_bytes_give_rows_or_an_error_for_people(tmp_path_factory, blob):
    file = tmp_path_factory.mktemp("any") / "any.csv"
    file.write_bytes(b"name,drug,atc\n" + blob)
    try:
        addition = read_formulary(file, KNOWN)
    except DataError:
        assert b"\0" in blob
    else:
        known = {*KNOWN.drugs, *(drug.id for drug in addition.drugs)}
        assert {row.drug for row in addition.names} <= known
        assert set().union(*addition.codes.values()) <= known


cells = st.text(st.characters(codec="utf-8", exclude_characters='\r\n",+|\0\N{REPLACEMENT CHARACTER}'), max_size=30)


@given(st.lists(st.tuples(cells, cells), min_size=1, max_size=6))
def test_every_row_is_taken_or_named(tmp_path_factory, rows):
    file = tmp_path_factory.mktemp("rows") / "rows.csv"
    file.write_bytes(b"name,drug\n" + "".join(f"{name},{drug}\n" for name, drug in rows).encode())
    addition = read_formulary(file, KNOWN)
    said = " ".join(addition.notes)
    for line, (name, drug) in enumerate(rows, start=2):
        taken = squash(key(name)) in {squash(row.name) for row in addition.names}
        as_known = bool(KNOWN.lookup(key(name)))
        empty = not name.strip() and not drug.strip()
        assert taken or as_known or empty or f"line {line}" in said
