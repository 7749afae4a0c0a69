"""Gold is read in every layout, row by row; what it contradicts itself about is left out and said."""

from __future__ import annotations

from pathlib import Path

import pytest

from druqa.errors import DataError
from druqa.measure.gold import gathered, read_gold
from druqa.records import Severity


def written(folder: Path, name: str, *lines: str) -> Path:
    file = folder / name
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def test_a_plain_file_gives_pairs_in_the_order_of_the_alphabet(tmp_path: Path) -> None:
    file = written(tmp_path, "g.csv", "drug_a,drug_b,severity", "Warfarin,Aspirin,Major", "b,a,")
    first, second = read_gold(file).pairs
    assert (first.drugs, first.severity, first.interacts, first.form) == (
        ("aspirin", "warfarin"),
        "major",
        True,
        "generic",
    )
    assert (second.drugs, second.severity, second.sources) == (("a", "b"), Severity.UNKNOWN, ())


def test_a_row_that_cannot_be_used_is_named_and_the_rest_kept(tmp_path: Path) -> None:
    file = written(tmp_path, "g.tsv", "drug_a\tdrug_b\tinteracts", "a\t\tyes", "a\ta\tyes", "a\tb\tperhaps", "a\tb\tno")
    gold = read_gold(file)
    assert [pair.interacts for pair in gold.pairs] == [False]
    assert any("a drug is missing or both are the same: 2 (line 2, line 3)" in note for note in gold.notes)
    assert any("neither yes nor no: 1 (line 4)" in note for note in gold.notes)


def test_a_grade_that_is_not_known_is_unknown_and_named(tmp_path: Path) -> None:
    gold = read_gold(written(tmp_path, "g.csv", "drug_a,drug_b,severity", "a,b,awful"))
    assert gold.pairs[0].severity is Severity.UNKNOWN
    assert "'awful'" not in gold.notes[0]
    assert "awful in line 2" in gold.notes[0]


def test_ddinter_downloads(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "ddinter_downloads_code_B.csv",
        "DDInterID_A,Drug_A,DDInterID_B,Drug_B,Level",
        "DDInter1,Abacavir,DDInter2,Methadone,Moderate",
        "DDInter3,Naltrexone,DDInter4,Abacavir,Unknown",
    )
    first, second = read_gold(file).pairs
    assert (first.severity, first.sources) == (Severity.MODERATE, ("ddinter",))
    assert second.severity is Severity.UNKNOWN


def test_crescenddi_positives_and_negatives(tmp_path: Path) -> None:
    positives = written(
        tmp_path,
        "positive.csv",
        "DRUG_1_CONCEPT_NAME,DRUG_2_CONCEPT_NAME,EVENT_CONCEPT_NAME,BNF_SEV_LEVEL,MICROMEDEX_SEV_LEVEL,ANSM_SEV_LEVEL",
        "Warfarin,Fluconazole,Haemorrhage,Severe,Major,",
    )
    negatives = written(
        tmp_path, "negative.csv", "DRUG_1_CONCEPT_NAME,DRUG_2_CONCEPT_NAME,EVENT_CONCEPT_NAME", "Warfarin,Biotin,Rash"
    )
    (pair,) = read_gold(positives).pairs
    assert (pair.drugs, pair.severity) == (("fluconazole", "warfarin"), Severity.MAJOR)
    assert pair.sources == ("bnf", "crescenddi", "micromedex")
    (quiet,) = read_gold(negatives).pairs
    assert (quiet.interacts, quiet.severity, quiet.sources) == (False, None, ("crescenddi",))


def test_a_merged_set_takes_the_grade_that_half_of_its_sources_reach(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "gold_high.csv",
        "drug_a,drug_b,lvl_BNF,lvl_ANSM,lvl_VA,tier",
        "a,b,major,contraindicated,contraindicated,A",
        "a,c,major,,contraindicated,B",
        "a,d,moderate,,major,B",
        "a,e,listed,,,B",
    )
    pairs = read_gold(file).pairs
    assert [str(pair.severity) for pair in pairs] == ["contraindicated", "contraindicated", "major", "unknown"]
    assert [pair.sources for pair in pairs] == [("ansm", "bnf", "va"), ("bnf", "va"), ("bnf", "va"), ("bnf",)]
    assert pairs[0].groups == ("tier A",)


def test_an_alias_stands_as_it_is_written_and_learns_from_the_generic_pair(tmp_path: Path) -> None:
    alias = written(
        tmp_path,
        "alias.csv",
        "alias_a,alias_b,kind_a,kind_b,drug_a,drug_b",
        "Nardil,tofranil,brand,brand,phenelzine,imipramine",
    )
    generic = written(tmp_path, "high.csv", "drug_a,drug_b,lvl_BNF", "imipramine,phenelzine,major")
    pairs, notes = gathered([read_gold(alias), read_gold(generic)])
    spelled = next(pair for pair in pairs if pair.form == "brand")
    assert (spelled.drugs, spelled.written) == (("imipramine", "phenelzine"), ("tofranil", "Nardil"))
    assert (spelled.severity, spelled.sources) == (Severity.MAJOR, ("bnf",))
    assert notes == ()


def test_what_two_files_disagree_about_is_left_out_and_counted(tmp_path: Path) -> None:
    yes = written(tmp_path, "yes.csv", "drug_a,drug_b", "a,b", "a,c")
    no = written(tmp_path, "no.csv", "drug_a,drug_b,neg_type", "b,a,documented")
    pairs, notes = gathered([read_gold(yes), read_gold(no)])
    assert [pair.drugs for pair in pairs] == [("a", "c")]
    assert notes == ("pairs that one file says interact and another says do not, left out: 1 (a + b)",)


def test_two_files_that_list_a_pair_are_two_sources_of_it(tmp_path: Path) -> None:
    one = written(tmp_path, "one.csv", "drug_a,drug_b,severity,source", "a,b,minor,x: 1")
    two = written(tmp_path, "two.csv", "drug_a,drug_b,severity,source", "b,a,major,y: 2")
    ((pair,), _) = gathered([read_gold(one), read_gold(two)])
    assert (pair.severity, pair.sources) == (Severity.MAJOR, ("x: 1", "y: 2"))


def test_a_file_without_the_columns_is_refused_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="drug_a"):
        read_gold(written(tmp_path, "g.csv", "first,second", "a,b"))


def test_an_alias_without_a_kind_is_not_generic(tmp_path: Path) -> None:
    file = written(tmp_path, "a.csv", "alias_a,alias_b,drug_a,drug_b", "Coumadin,Diflucan,warfarin,fluconazole")
    (pair,) = read_gold(file).pairs
    assert (pair.form, pair.written) == ("as given", ("Diflucan", "Coumadin"))
