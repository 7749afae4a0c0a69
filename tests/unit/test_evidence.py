"""Evidence look-ups: chains that a reader can follow, grades, and damaged tables that are refused."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from druqa.errors import DataError
from druqa.knowledge.evidence import Evidence, load_evidence
from druqa.knowledge.evidence_tables import ListedPair, Role, Rule, Tables
from druqa.records import Severity
from druqa.resources import folder

SHIPPED = folder("cascades") / "evidence"


@pytest.fixture
def small() -> Evidence:
    return Evidence(
        Tables(
            roles=(
                Role("clarithromycin", "cyp3a4_inhibitor", "strong", "fda: strong inhibitors"),
                Role("simvastatin", "cyp3a4_substrate", "sensitive", "fda: sensitive substrates"),
                Role("simvastatin", "statin", "-", "label: simvastatin"),
                Role("sotalol", "qt", "known", "label: sotalol"),
                Role("lithium", "qt", "possible", "label: lithium"),
            ),
            rules=(
                Rule(
                    "cyp3a4_inhibitor",
                    "strong",
                    "cyp3a4_substrate",
                    "sensitive",
                    Severity.MAJOR,
                    "inhibition",
                    "myopathy",
                    "Avoid.",
                    "label: simvastatin, section 4",
                ),
                Rule("qt", "known", "qt", "possible", Severity.MODERATE, "QT", "torsades", "ECG.", "e14: QT"),
                Rule("qt", "known", "qt", "known", Severity.MAJOR, "QT", "torsades", "Avoid.", "e14: QT"),
            ),
            pairs=(
                ListedPair(
                    "class:statin",
                    "gemfibrozil",
                    Severity.MAJOR,
                    "muscle",
                    "rhabdomyolysis",
                    "Avoid.",
                    "contraindicated: with kidney failure",
                    "label: gemfibrozil",
                ),
                ListedPair(
                    "gemfibrozil",
                    "simvastatin",
                    Severity.CONTRAINDICATED,
                    "muscle",
                    "rhabdomyolysis",
                    "No.",
                    "-",
                    "label: simvastatin",
                ),
            ),
            phrases={
                "cyp3a4_inhibitor": "a CYP3A4 inhibitor",
                "cyp3a4_substrate": "a CYP3A4 substrate",
                "statin": "a statin",
            },
            titles={"fda": "FDA DDI table"},
            version="1",
        )
    )


def test_the_chain_reads_from_role_to_role_to_effect(small: Evidence) -> None:
    (hit,) = small.mechanism("simvastatin", "clarithromycin")
    assert hit.chain == (
        "clarithromycin is a strong CYP3A4 inhibitor [FDA DDI table: strong inhibitors]; "
        "simvastatin is a sensitive CYP3A4 substrate [FDA DDI table: sensitive substrates]; "
        "together: myopathy [label: simvastatin, section 4]"
    )
    assert hit.source == "fda: strong inhibitors; fda: sensitive substrates; label: simvastatin, section 4"
    assert hit.severity is Severity.MAJOR


def test_a_class_and_a_drug_row_both_count_worst_first(small: Evidence) -> None:
    hits = small.listed("simvastatin", "gemfibrozil")
    assert [hit.severity for hit in hits] == [Severity.CONTRAINDICATED, Severity.MAJOR]
    assert hits[1].chain == (
        "simvastatin is a statin [label: simvastatin]; "
        "gemfibrozil with simvastatin: rhabdomyolysis [label: gemfibrozil]"
    )


def test_a_rule_about_one_role_twice_works_both_ways_and_once(small: Evidence) -> None:
    assert small.mechanism("lithium", "sotalol") == small.mechanism("sotalol", "lithium")
    assert [hit.severity for hit in small.mechanism("lithium", "sotalol")] == [Severity.MODERATE]


def test_one_drug_does_not_interact_with_itself(small: Evidence) -> None:
    assert small.mechanism("sotalol", "sotalol") == small.listed("simvastatin", "simvastatin") == ()


def test_an_unknown_drug_has_no_roles_and_no_hits(small: Evidence) -> None:
    assert small.roles_of("zzqadrine") == ()
    assert small.listed("zzqadrine", "simvastatin") == ()
    assert small.mechanism("zzqadrine", "simvastatin") == ()


@pytest.mark.parametrize(
    ("one", "other", "severity"),
    [
        ("warfarin", "sulfamethoxazole", Severity.MAJOR),
        ("simvastatin", "clarithromycin", Severity.CONTRAINDICATED),
        ("methotrexate", "trimethoprim", Severity.CONTRAINDICATED),
        ("nitroglycerin", "sildenafil", Severity.CONTRAINDICATED),
        ("phenelzine", "sertraline", Severity.CONTRAINDICATED),
        ("tizanidine", "ciprofloxacin", Severity.CONTRAINDICATED),
        ("clopidogrel", "omeprazole", Severity.MAJOR),
        ("oxycodone", "alprazolam", Severity.MAJOR),
    ],
)
def test_the_shipped_tables_flag_what_every_reference_does(one: str, other: str, severity: Severity) -> None:
    evidence = load_evidence()
    hits = evidence.listed(one, other) + evidence.mechanism(one, other)
    assert Severity.worst(hit.severity for hit in hits) is severity


def test_grades_follow_strength_and_index() -> None:
    """A strong inhibitor of a narrow-index drug is worse than a weak one, and than one of a less sensitive drug."""
    evidence = load_evidence()

    def grade(inhibitor: str, substrate: str) -> int:
        hits = evidence.mechanism(inhibitor, substrate)
        return Severity.worst(h.severity for h in hits if h.mechanism.startswith("CYP3A4 inhibition")).rank

    assert grade("ketoconazole", "tacrolimus") < grade("isoniazid", "tacrolimus")
    assert grade("ketoconazole", "tacrolimus") < grade("ketoconazole", "amlodipine")
    assert grade("ketoconazole", "amlodipine") < grade("fluconazole", "amlodipine")


def test_two_possible_roles_alone_are_no_more_than_minor() -> None:
    assert {hit.severity for hit in load_evidence().mechanism("tamoxifen", "famotidine")} == {Severity.MINOR}


def test_is_read_once_and_names_its_version() -> None:
    assert load_evidence() is load_evidence()
    assert load_evidence().version.partition("+")[2]


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SHIPPED, tmp_path / "evidence"))


def damage(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new", "complaint"),
    [
        ("roles.tsv", "drug\trole", "drug\troll", "roles.tsv, line 1: the header"),
        ("roles.tsv", "\tstrong\t", "\t", "expected 4 filled fields"),
        ("roles.tsv", "\tstrong\t", "\t\t", "expected 4 filled fields"),
        ("roles.tsv", "\tlabel: ", "\trumour: ", "unknown source 'rumour: "),
        ("rules.tsv", "\tmajor\t", "\tbad\t", "unknown severity 'bad'"),
        ("pairs.tsv", "\tmajor\t", "\tunknown\t", "unknown severity 'unknown'"),
        ("sources.toml", "version = ", "vversion = ", "'version'"),
        ("sources.toml", "[source.acip]", "[source.acip", "not valid TOML"),
    ],
)
def test_a_damaged_table_is_refused_with_its_place(copied: Path, name: str, old: str, new: str, complaint: str) -> None:
    damage(copied / name, old, new)
    with pytest.raises(DataError) as caught:
        load_evidence(copied)
    assert complaint in str(caught.value)
    assert name in caught.value.where
    assert caught.value.mend


def test_a_cut_off_table_is_refused(copied: Path) -> None:
    file = copied / "pairs.tsv"
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(DataError, match="cut off"):
        load_evidence(copied)


def test_a_table_in_another_encoding_is_refused(copied: Path) -> None:
    (copied / "pairs.tsv").write_bytes(b"side_a\xff\n")
    with pytest.raises(DataError, match="UTF-8"):
        load_evidence(copied)


def test_a_missing_table_is_refused(copied: Path) -> None:
    (copied / "rules.tsv").unlink()
    with pytest.raises(DataError, match="cannot be read"):
        load_evidence(copied)
