from __future__ import annotations

import shutil

import pytest

from druqa.errors import DataError
from druqa.knowledge.loading import load_synonyms
from druqa.knowledge.rows import NameRow
from druqa.knowledge.spelling import key, squash, squash_all
from druqa.records import Drug, NameKind
from druqa.resources import folder

SYNONYMS = load_synonyms()
TABLES = ["names.tsv", "drugs.tsv", "not_names.tsv", "confusable.tsv", "class_names.tsv", "class_members.tsv"]


def drugs_of(name):
    return {row.drug for row in SYNONYMS.lookup(key(name))}


@pytest.fixture
def tables(tmp_path):
    for name in TABLES:
        shutil.copy(folder("synonym_data") / name, tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "drugs"),
    [
        ("Coumadin", {"warfarin"}),
        ("paracetamol", {"acetaminophen"}),
        ("ASA", {"aspirin"}),
        ("5-FU", {"fluorouracil"}),
        ("5 fu", {"fluorouracil"}),
        ("Percocet", {"acetaminophen", "oxycodone"}),
        ("Symtuza", {"cobicistat", "darunavir", "emtricitabine", "tenofovir"}),
        ("Flomax", {"morniflumate", "tamsulosin"}),
        ("divalproex sodium", {"valproic acid"}),
        ("estradiol valerate", {"estradiol"}),
        ("zzqadrine", set()),
        ("", set()),
    ],
)
def test_lookup(name, drugs):
    assert drugs_of(name) == drugs


def test_names_come_by_importance():
    kinds = [name.kind.value for name in SYNONYMS.names_of("warfarin")]
    assert kinds[0] == "generic"
    texts = [name.text for name in SYNONYMS.names_of("warfarin")]
    assert texts.index("coumadin") < 6
    assert [name.text for name in SYNONYMS.names_of("acetaminophen")][1] in {
        "paracetamol",
        "acetaminofen",
        "paracetamole",
    }
    assert all(name.drug == "warfarin" for name in SYNONYMS.names_of("warfarin"))


def test_every_name_of_a_drug_leads_back_to_it():
    for drug in ("warfarin", "insulin human", "st. john's wort", "potassium"):
        assert all(drug in drugs_of(name.text) for name in SYNONYMS.names_of(drug))


def test_an_unknown_drug_has_no_names():
    assert SYNONYMS.names_of("zzqadrine") == ()
    with pytest.raises(KeyError):
        SYNONYMS.drug("zzqadrine")


def test_codes():
    coded = next(drug for drug in map(SYNONYMS.drug, SYNONYMS.drugs) if drug.rxcui)
    assert coded in SYNONYMS.by_code(rxcui=coded.rxcui)
    assert SYNONYMS.by_code(rxcui="no such code", atc="X") == ()


@pytest.mark.parametrize(
    ("written", "drug"),
    [
        ("simvistattin", "simvastatin"),
        ("warfrin", "warfarin"),
        ("hydralizine", "hydralazine"),
        ("metfromin", "metformin"),
    ],
)
def test_the_nearest_name_is_the_right_drug(written, drug):
    near = SYNONYMS.nearest(written)
    assert near[0].row.drug == drug
    assert all(one.distance <= near[0].distance + 1 for one in near)


@pytest.mark.parametrize("written", ["", "a", "abc", "zzqadrine", "\u85ac"])
def test_nothing_is_near(written):
    assert SYNONYMS.nearest(written) == ()


def test_loading_twice_reads_once():
    assert load_synonyms() is load_synonyms()


def test_the_version_changes_with_the_tables(tables):
    assert load_synonyms(tables).version == SYNONYMS.version
    other = tables / "other"
    shutil.copytree(tables, other, ignore=shutil.ignore_patterns("other"))
    with (other / "not_names.tsv").open("a") as file:
        file.write("zzz\tdose form\ttest\n")
    assert load_synonyms(other).version != SYNONYMS.version


@pytest.mark.parametrize("name", TABLES)
def test_a_missing_table_is_named(tables, name):
    (tables / name).unlink()
    with pytest.raises(DataError, match="missing") as error:
        load_synonyms(tables)
    assert name in error.value.where


@pytest.mark.parametrize(
    ("damage", "line"),
    [
        (lambda text: text.replace("\t", ";", 1), 1),
        (lambda text: text.replace("\nabacavir\t", "\nabacavir", 1), None),
        (lambda text: text[:-20], None),
        (lambda text: "", 1),
    ],
)
def test_a_damaged_table_is_named_with_its_line(tables, damage, line):
    file = tables / "names.tsv"
    file.write_text(damage(file.read_text()))
    with pytest.raises(DataError) as error:
        load_synonyms(tables)
    where, _, number = error.value.where.rpartition(":")
    assert where == str(file)
    assert int(number) == line if line else int(number) >= 1


def test_a_table_that_is_no_text_is_named(tables):
    (tables / "drugs.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="cannot be read"):
        load_synonyms(tables)


def test_a_row_with_an_unknown_drug_is_named(tables):
    file = tables / "names.tsv"
    file.write_text(file.read_text().replace("coumadin\twarfarin\t", "coumadin\twarfarine\t"))
    with pytest.raises(DataError, match="coumadin"):
        load_synonyms(tables).lookup("coumadin")


def test_squashing_in_bulk_is_squashing_one_by_one():
    names = ["5-fu", "st. john's wort", "vitamin b12", "a/b+c", "warfarin", "x1y2", "tylenol #3", "alpha (beta), gamma"]
    assert squash_all(names) == [squash(name) for name in names]


def test_an_extension_adds_meanings_codes_and_drugs_and_replaces_none():
    row = NameRow("coumadin", "aspirin", "brand", "somebody's list", 0)
    new = Drug(id="zorbutinib", name="zorbutinib", rxcui="990001")
    extended = SYNONYMS.extended(
        [row, NameRow("zorbutinib", "zorbutinib", "generic", "x", 0)], [new], {"B01AA03": ("warfarin",)}, "mine"
    )
    assert {found.drug for found in extended.lookup("coumadin")} == {"warfarin", "aspirin"}
    assert drugs_of("coumadin") == {"warfarin"}
    assert extended.drug("zorbutinib") == new
    assert [drug.id for drug in extended.by_code(atc="B01AA03")] == ["warfarin"]
    assert [drug.id for drug in extended.by_code(rxcui="990001")] == ["zorbutinib"]
    assert extended.version == f"{SYNONYMS.version}+mine"
    assert {found.drug for found in extended.lookup("statin")} == {found.drug for found in SYNONYMS.lookup("statin")}
    again = extended.extended([], [], {"B01AA03": ("aspirin",)}, "more")
    assert {drug.id for drug in again.by_code(atc="B01AA03")} == {"warfarin", "aspirin"}


def test_a_class_is_looked_up_but_never_guessed():
    assert {row.kind for row in SYNONYMS.lookup("statins")} == {"class"}
    assert "class" not in {near.row.kind for near in SYNONYMS.nearest("statinss")}
    assert NameKind.CLASS in {name.kind for name in SYNONYMS.names_of("simvastatin")}
