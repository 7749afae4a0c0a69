"""The tables of names are facts under test: sorted, unique, sourced, and none of them contradicting another."""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict

import pytest

from druqa.knowledge.spelling import key, squash, squash_all
from druqa.knowledge.synonyms import LONGEST
from druqa.resources import folder

FOLDER = folder("synonym_data")


def table(name):
    header, *lines = (FOLDER / name).read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    return [dict(zip(header.split("\t"), line.split("\t"), strict=True)) for line in lines]


NAMES, DRUGS = table("names.tsv"), table("drugs.tsv")
CLASS_NAMES, CLASS_MEMBERS = table("class_names.tsv"), table("class_members.tsv")
NOT_NAMES, CONFUSABLE, OWN, BLOCKED = (
    table("not_names.tsv"),
    table("confusable.tsv"),
    table("own.tsv"),
    table("blocked.tsv"),
)
SOURCES = tomllib.loads((FOLDER / "sources.toml").read_text(encoding="utf-8"))
IDS = {row["drug"] for row in DRUGS}
MEANINGS = defaultdict(set)
for row in NAMES:
    MEANINGS[squash(row["name"])].add(row["drug"])
KINDS = {"generic", "synonym", "brand", "abbreviation", "salt", "combination", "class", "misspelling"}


@pytest.mark.parametrize(
    "name",
    [
        "names.tsv",
        "drugs.tsv",
        "not_names.tsv",
        "confusable.tsv",
        "own.tsv",
        "blocked.tsv",
        "class_names.tsv",
        "class_members.tsv",
    ],
)
def test_sorted_unique_and_sourced(name):
    lines = (FOLDER / name).read_text(encoding="utf-8").split("\n")[1:-1]
    keys = [tuple(line.split("\t")[: 1 if name in {"drugs.tsv", "not_names.tsv"} else 2]) for line in lines]
    assert keys == sorted(keys)
    assert len(keys) == len(set(keys))
    assert all(row["source"].strip() for row in table(name))
    assert "\r" not in (FOLDER / name).read_bytes().decode()


def test_size():
    assert len(DRUGS) >= 2_000
    assert len(MEANINGS) >= 35_000


def test_every_source_is_declared_and_large_enough():
    rows = Counter(row["source"] for row in NAMES)
    for name, source in SOURCES.items():
        assert {"title", "licence", "version", "retrieved", "min_rows", "marker"} <= set(source), name
        assert sum(n for text, n in rows.items() if text.startswith(source["marker"])) >= source["min_rows"], name
    markers = tuple(source["marker"] for source in SOURCES.values())
    assert all(text.startswith(markers) for text in rows)


def test_names_are_in_key_form():
    assert [row["name"] for row in NAMES if key(row["name"]) != row["name"]] == []
    assert [row["drug"] for row in DRUGS if key(row["drug"]) != row["drug"]] == []
    names = [row["name"] for row in NAMES]
    assert squash_all(names) == [squash(name) for name in names]
    assert max(squash(name).count(" ") for name in names) < LONGEST
    assert all(len(squash(name).replace(" ", "")) >= 3 for name in names)


def test_one_word_sequence_is_written_in_one_way():
    written = defaultdict(set)
    for row in NAMES:
        written[squash(row["name"])].add(row["name"])
    assert {words: names for words, names in written.items() if len(names) > 1} == {}


def test_ids_are_known_and_every_drug_is_a_name_of_itself():
    assert {row["drug"] for row in NAMES} == IDS
    assert {row["kind"] for row in NAMES} <= KINDS
    assert all(row["products"].isdigit() and int(row["sources"]) >= 1 for row in NAMES)
    generic = {row["drug"] for row in NAMES if row["kind"] == "generic" and row["name"] == row["drug"]}
    assert generic == IDS


def test_no_id_is_the_other_name_of_another_drug():
    """One ingredient has one id: a name that is an id means that drug, and no other."""
    assert {drug: MEANINGS[squash(drug)] for drug in IDS if MEANINGS[squash(drug)] != {drug}} == {}


def test_no_name_is_also_a_not_name():
    words = {row["word"] for row in NOT_NAMES}
    assert words.isdisjoint(MEANINGS)
    assert all(squash(key(word)) == word and " " not in word for word in words)


def test_combinations_have_at_least_two_ingredients():
    parts = Counter(row["name"] for row in NAMES if row["kind"] == "combination")
    assert {name for name, count in parts.items() if count < 2} == set()


def test_classes_have_one_meaning_a_spelling_and_at_least_two_members():
    members = defaultdict(set)
    for row in CLASS_MEMBERS:
        members[row["class"]].add(row["drug"])
    spellings = [squash(row["name"]) for row in CLASS_NAMES]
    assert len(spellings) == len(set(spellings))
    assert {row["class"] for row in CLASS_NAMES} == set(members)
    assert set(members) <= {row["name"] for row in CLASS_NAMES}
    assert {name for name, drugs in members.items() if len(drugs) < 2} == set()
    assert {row["drug"] for row in CLASS_MEMBERS} <= IDS
    assert [row["name"] for row in CLASS_NAMES if key(row["name"]) != row["name"]] == []
    assert {row["word"] for row in NOT_NAMES}.isdisjoint(spellings)
    assert "class" not in {row["kind"] for row in NAMES}


def test_confusable_names_are_known_and_share_no_drug():
    for row in CONFUSABLE:
        one, other = MEANINGS[squash(row["name_a"])], MEANINGS[squash(row["name_b"])]
        assert one, row
        assert other, row
        assert one.isdisjoint(other), row


def test_our_own_rows_are_all_kept():
    kept = {(squash(row["name"]), row["drug"]) for row in NAMES}
    assert [row for row in OWN if (squash(row["name"]), row["drug"]) not in kept] == []


def test_blocked_names_are_gone():
    ours = {(squash(row["name"]), row["drug"]) for row in OWN}
    found = {(squash(row["name"]), row["drug"]) for row in NAMES} - ours
    blocked = {(squash(row["name"]), row["drug"]) for row in BLOCKED}
    assert found.isdisjoint(blocked)
    assert {name for name, _ in found}.isdisjoint({name for name, drug in blocked if drug == "*"})


def test_codes_belong_to_one_drug():
    codes = Counter(row["rxcui"] for row in DRUGS if row["rxcui"])
    assert all(code.isdigit() for code in codes)
    assert codes
    assert max(codes.values()) == 1


EVERYDAY = """
percocet: acetaminophen, oxycodone | augmentin: amoxicillin, clavulanic acid | bactrim: sulfamethoxazole, trimethoprim
zestoretic: hydrochlorothiazide, lisinopril | caduet: amlodipine, atorvastatin
excedrin: acetaminophen, aspirin, caffeine
vicodin: acetaminophen, hydrocodone | advair: fluticasone, salmeterol | entresto: sacubitril, valsartan
harvoni: ledipasvir, sofosbuvir | biktarvy: bictegravir, emtricitabine, tenofovir | suboxone: buprenorphine, naloxone
lasix: furosemide | eltroxin: levothyroxine | ventolin: albuterol | salbutamol: albuterol | adrenaline: epinephrine
frusemide: furosemide | pethidine: meperidine | glyceryl trinitrate: nitroglycerin | ciclosporin: cyclosporine
rifampicin: rifampin | lignocaine: lidocaine | mtx: methotrexate | apap: acetaminophen | hctz: hydrochlorothiazide
ntg: nitroglycerin | isdn: isosorbide dinitrate | mmf: mycophenolate mofetil | 6-mp: mercaptopurine | cbz: carbamazepine
vpa: valproic acid | pht: phenytoin | sodium valproate: valproic acid | divalproex: valproic acid | ozempic: semaglutide
eliquis: apixaban | xarelto: rivaroxaban | plavix: clopidogrel | lipitor: atorvastatin | prozac: fluoxetine
ginkgo: ginkgo biloba | fish oil: omega-3 fatty acids | vitamin d3: vitamin d | alcohol: ethanol
leafy greens: phytonadione
""".replace("\n", " | ")


@pytest.mark.parametrize("entry", [entry.strip() for entry in EVERYDAY.split("|") if entry.strip()])
def test_everyday_names(entry):
    name, _, drugs = entry.partition(":")
    assert MEANINGS[squash(key(name))] == {drug.strip() for drug in drugs.split(",")}
