"""A user's copy of RxNorm: made-up releases in the real layout, small enough to follow by hand."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from druqa.errors import DataError
from druqa.knowledge.addition import Addition
from druqa.knowledge.loading import load_synonyms
from druqa.knowledge.rxnorm import read_rxnorm
from druqa.knowledge.spelling import key

KNOWN = load_synonyms()
RXAUI = count(1000)


def conso(rxcui, tty, text, *, sab="RXNORM", code=None, suppress="N"):
    atom = next(RXAUI)
    return f"{rxcui}|ENG||||||{atom}|{atom}|{rxcui}||{sab}|{tty}|{code or rxcui}|{text}||{suppress}|4096|"


def row(rxcui1, rela, rxcui2, sab="RXNORM"):
    return f"{rxcui1}||CUI|RO|{rxcui2}||CUI|{rela}|||{sab}|{sab}||||4096|"


INVERSE = {
    "has_ingredient": "ingredient_of",
    "has_ingredients": "ingredients_of",
    "has_precise_ingredient": "precise_ingredient_of",
    "has_part": "part_of",
    "form_of": "has_form",
    "tradename_of": "has_tradename",
    "consists_of": "constitutes",
    "contains": "contained_in",
    "isa": "inverse_isa",
    "quantified_form_of": "has_quantified_form",
    "has_dose_form": "dose_form_of",
    "reformulated_to": "reformulation_of",
}


def says(subject, rela, *objects):
    """`subject rela object` as RxNorm writes it: the subject in RXCUI2, and the inverse in a row of its own."""
    rows = [(row(thing, rela, subject), row(subject, INVERSE[rela], thing)) for thing in objects]
    return [line for pair in rows for line in pair]


CONCEPTS = [
    conso(161, "IN", "acetaminophen"),
    conso(7804, "IN", "oxycodone"),
    conso(82063, "PIN", "oxycodone hydrochloride"),
    conso(214183, "MIN", "acetaminophen / oxycodone"),
    conso(42844, "BN", "Percocet"),
    conso(315266, "SCDC", "acetaminophen 325 MG"),
    conso(1049618, "SCDC", "oxycodone hydrochloride 5 MG"),
    conso(370705, "SCDF", "acetaminophen / oxycodone Oral Tablet"),
    conso(1049621, "SCD", "acetaminophen 325 MG / oxycodone hydrochloride 5 MG Oral Tablet"),
    conso(1049621, "PSN", "oxycodone HCl 5 MG / acetaminophen 325 MG Oral Tablet"),
    conso(1049640, "SBD", "acetaminophen 325 MG / oxycodone hydrochloride 5 MG Oral Tablet [Percocet]"),
    conso(1049640, "SY", "Percocet 5/325 Oral Tablet"),
    conso(317541, "DF", "Oral Tablet"),
    conso(11289, "IN", "warfarin"),
    conso(114194, "PIN", "warfarin sodium"),
    conso(114194, "TMSY", "WARFarin sodium"),
    conso(855332, "SCD", "warfarin sodium 5 MG Oral Tablet"),
    conso(855330, "SCDC", "warfarin sodium 5 MG"),
    conso(990001, "IN", "zorbutinib"),
    conso(990001, "SY", "ZB-101 compound"),
    conso(990002, "PIN", "zorbutinib mesylate"),
    conso(990003, "BN", "Zorbixa"),
    conso(990004, "SCDC", "zorbutinib 50 MG"),
    conso(990005, "SCD", "zorbutinib 50 MG Oral Capsule"),
    conso(990006, "SBD", "zorbutinib 50 MG Oral Capsule [Zorbixa]"),
    conso(990010, "GPCK", "{7 (warfarin sodium 5 MG Oral Tablet) / 7 (zorbutinib 50 MG Oral Capsule) } Pack"),
    conso(990011, "BPCK", "{7 (warfarin ...) / 7 (zorbutinib ...) } Pack [Warzorb Starter]"),
    conso(990012, "BN", "Warzorb"),
    conso(11289, "IN", "warfarin", sab="ATC", code="B01AA03"),
    conso(214183, "PT", "oxycodone and paracetamol", sab="ATC", code="N02AJ17"),
    conso(990001, "IN", "zorbutinib", sab="ATC", code="L01EX99"),
    conso(990099, "PT", "Vitamin K antagonists", sab="ATC", code="B01AA"),
    conso(990001, "FN", "Zorbutinib (substance)", sab="MTHSPL"),
]
RELATIONS = [
    *says(82063, "form_of", 7804),
    *says(214183, "has_part", 161, 7804),
    *says(42844, "tradename_of", 161, 7804),
    *says(315266, "has_ingredient", 161),
    *says(1049618, "has_ingredient", 7804),
    *says(1049618, "has_precise_ingredient", 82063),
    *says(370705, "has_ingredient", 161, 7804),
    *says(1049621, "consists_of", 315266, 1049618),
    *says(1049621, "isa", 370705),
    *says(1049621, "has_ingredients", 214183),
    *says(1049621, "has_dose_form", 317541),
    *says(1049640, "tradename_of", 1049621),
    *says(1049640, "has_ingredient", 42844),
    *says(114194, "form_of", 11289),
    *says(855330, "has_precise_ingredient", 114194),
    *says(855332, "consists_of", 855330),
    *says(990002, "form_of", 990001),
    *says(990004, "has_ingredient", 990001),
    *says(990005, "consists_of", 990004),
    *says(990006, "tradename_of", 990005),
    *says(990006, "has_ingredient", 990003),
    *says(990010, "contains", 855332, 990005),
    *says(990011, "contains", 855332, 990006),
    *says(990011, "tradename_of", 990010),
    *says(990011, "has_ingredient", 990012),
]


def write(folder: Path, concepts=CONCEPTS, relations=RELATIONS) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "RXNCONSO.RRF").write_text("".join(f"{line}\n" for line in concepts), encoding="utf-8")
    (folder / "RXNREL.RRF").write_text("".join(f"{line}\n" for line in relations), encoding="utf-8")
    return folder


def added(folder: Path, concepts=(), relations=()) -> Addition:
    """What the made-up release adds, with these rows besides."""
    return read_rxnorm(write(folder, [*CONCEPTS, *concepts], [*RELATIONS, *relations]), KNOWN)


def kinds(addition: Addition, name: str) -> dict[str, str]:
    return {row.drug: row.kind for row in addition.names if row.name == key(name)}


def note(addition: Addition, start: str) -> str:
    found = [text for text in addition.notes if text.startswith(start)]
    assert len(found) == 1, addition.notes
    return found[0]


@pytest.fixture(scope="module")
def release(tmp_path_factory) -> Addition:
    return added(tmp_path_factory.mktemp("rxnorm"))


@pytest.mark.parametrize(
    ("code", "drugs"),
    [
        ("161", ("acetaminophen",)),
        ("82063", ("oxycodone",)),
        ("214183", ("acetaminophen", "oxycodone")),
        ("42844", ("acetaminophen", "oxycodone")),
        ("315266", ("acetaminophen",)),
        ("370705", ("acetaminophen", "oxycodone")),
        ("1049621", ("acetaminophen", "oxycodone")),
        ("1049640", ("acetaminophen", "oxycodone")),
        ("855332", ("warfarin",)),
        ("990006", ("zorbutinib",)),
        ("990003", ("zorbutinib",)),
        ("990010", ("warfarin", "zorbutinib")),
        ("990011", ("warfarin", "zorbutinib")),
        ("990012", ("warfarin", "zorbutinib")),
        ("B01AA03", ("warfarin",)),
        ("N02AJ17", ("acetaminophen", "oxycodone")),
        ("L01EX99", ("zorbutinib",)),
    ],
)
def test_every_code_means_all_its_ingredients(release, code, drugs):
    assert release.codes[code] == drugs


def test_what_holds_no_drug_has_no_code(release):
    assert not {"317541", "990099", "B01AA"} & set(release.codes)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("zorbutinib", {"zorbutinib": "generic"}),
        ("zb-101 compound", {"zorbutinib": "synonym"}),
        ("zorbutinib mesylate", {"zorbutinib": "salt"}),
        ("Zorbixa", {"zorbutinib": "brand"}),
        ("acetaminophen / oxycodone", {"acetaminophen": "combination", "oxycodone": "combination"}),
        ("Warzorb", {"warfarin": "combination", "zorbutinib": "combination"}),
        ("zorbutinib 50 MG Oral Capsule", {}),
        ("Percocet 5/325 Oral Tablet", {}),
    ],
)
def test_names_are_those_of_ingredients_and_brands(release, name, meant):
    assert kinds(release, name) == meant


def test_names_are_sorted_unique_and_say_where_they_come_from(release):
    assert list(release.names) == sorted({(row.name, row.drug): row for row in release.names}.values())
    assert {row.source for row in release.names} == {
        f"RxNorm, user's copy (RXNCONSO, TTY={tty})" for tty in ("IN", "PIN", "MIN", "BN", "SY")
    }


def test_a_name_that_the_table_has_is_not_said_again(release):
    assert KNOWN.lookup("percocet")
    assert not {row.name for row in release.names} & {"percocet", "warfarin", "warfarin sodium", "acetaminophen"}


def test_an_ingredient_that_the_table_does_not_know_is_a_new_drug(release):
    assert [(drug.id, drug.rxcui, drug.known) for drug in release.drugs] == [("zorbutinib", "990001", True)]
    assert note(release, "ingredients that the table does not know").endswith("(zorbutinib at RXNCONSO.RRF:19)")


def test_an_ingredient_without_a_known_rxcui_is_found_by_its_name(tmp_path):
    # The table knows paracetamol as one drug, under another name.
    addition = added(tmp_path, [conso(990020, "IN", "Paracetamol"), conso(990021, "IN", "ASA")])
    assert addition.codes["990020"] == ("acetaminophen",)
    assert "paracetamol" not in {drug.id for drug in addition.drugs}
    # An abbreviation is too short to tell what an ingredient is.
    assert addition.codes["990021"] == ("asa",)
    assert kinds(addition, "asa") == {"asa": "generic"}


def test_where_rxcui_and_name_disagree_both_are_meant(tmp_path):
    addition = added(tmp_path, [conso(1191, "IN", "sotalol")])
    assert [drug.id for drug in KNOWN.by_code(rxcui="1191")] == ["aspirin"]
    assert addition.codes["1191"] == ("aspirin", "sotalol")
    assert kinds(addition, "sotalol") == {"aspirin": "synonym"}
    assert "sotalol at RXNCONSO.RRF:34" in note(addition, "ingredients whose RxCUI and name mean different drugs")


def test_a_name_of_another_drug_gets_a_further_meaning(tmp_path):
    addition = added(tmp_path, [conso(990030, "BN", "Coumadin")], says(990030, "tradename_of", 990001))
    assert kinds(addition, "coumadin") == {"zorbutinib": "brand"}
    assert {row.drug for row in KNOWN.lookup("coumadin")} == {"warfarin"}


def test_a_longer_name_hides_no_drug_that_was_read_in_it_before(tmp_path):
    concepts = [conso(990035, "IN", "adalimumab-zzzz"), conso(990036, "BN", "Coumadin Plus Zorb")]
    addition = added(tmp_path, concepts, says(990036, "tradename_of", 990001))
    assert kinds(addition, "adalimumab-zzzz") == {"adalimumab-zzzz": "generic", "adalimumab": "synonym"}
    assert kinds(addition, "coumadin plus zorb") == {"zorbutinib": "brand", "warfarin": "synonym"}
    assert addition.codes["990035"] == ("adalimumab-zzzz",)
    assert note(addition, "names that hold the name of a drug").endswith("2 (RXNCONSO.RRF:34, RXNCONSO.RRF:35)")


def test_drugs_that_the_table_has_as_alternatives_are_taken_together_in_a_combination(tmp_path):
    tamsulosin, morniflumate = conso(990031, "IN", "tamsulosin"), conso(990032, "IN", "morniflumate")
    brand = says(990033, "tradename_of", 990031, 990032)
    addition = added(tmp_path, [tamsulosin, morniflumate, conso(990033, "BN", "Flomax")], brand)
    assert {row.kind for row in KNOWN.lookup("flomax")} == {"brand"}
    assert kinds(addition, "flomax") == {"morniflumate": "combination", "tamsulosin": "combination"}


def test_a_member_of_a_class_may_bear_its_name(tmp_path):
    members = {row.drug for row in KNOWN.lookup("statins") if row.kind == "class"}
    assert "simvastatin" in members
    addition = added(
        tmp_path,
        [conso(36567, "IN", "simvastatin"), conso(990034, "BN", "Statins")],
        says(990034, "tradename_of", 36567),
    )
    assert kinds(addition, "statins") == {"simvastatin": "brand"}


def test_suppressed_rows(tmp_path):
    addition = added(
        tmp_path,
        [
            conso(990040, "BN", "Oldzorb", suppress="O"),
            conso(990041, "SCD", "zorbutinib 9 MG", suppress="E"),
            conso(990042, "BN", "Wrongzorb", suppress="Y"),
            conso(990001, "IN", "zorbutynib", suppress="O"),
        ],
        [
            *says(990040, "tradename_of", 990001),
            *says(990041, "consists_of", 990004),
            *says(990042, "tradename_of", 990001),
        ],
    )
    assert kinds(addition, "oldzorb") == {"zorbutinib": "brand"}
    assert kinds(addition, "zorbutynib") == {"zorbutinib": "synonym"}
    assert addition.codes["990041"] == ("zorbutinib",)
    assert "990042" not in addition.codes
    assert not kinds(addition, "wrongzorb")
    assert note(addition, "rows that RxNorm's editors suppressed").endswith(
        "1 (1 of RXNORM BN, the first in RXNCONSO.RRF:36)"
    )


@pytest.mark.parametrize("kept", ["one direction", "the other", "swapped", "twice"])
def test_either_direction_is_enough(tmp_path, release, kept):
    swapped = [row(line.split("|")[4], line.split("|")[7], line.split("|")[0]) for line in RELATIONS]
    relations = {
        "one direction": RELATIONS[::2],
        "the other": RELATIONS[1::2],
        "swapped": swapped,
        "twice": [*RELATIONS, *swapped],
    }[kept]
    addition = read_rxnorm(write(tmp_path, relations=relations), KNOWN)
    assert addition.codes == release.codes
    assert addition.names == release.names


def test_products_of_other_quantities_and_reformulated_brands(tmp_path):
    addition = added(
        tmp_path,
        [conso(990050, "SCD", "10 ML zorbutinib 5 MG/ML Injection"), conso(990051, "BN", "Newzorb")],
        [
            *says(990050, "quantified_form_of", 990005),
            *says(990051, "tradename_of", 11289),
            *says(990003, "reformulated_to", 990051),
        ],
    )
    assert addition.codes["990050"] == ("zorbutinib",)
    assert addition.codes["990051"] == ("warfarin",)
    assert addition.codes["990003"] == ("zorbutinib",)


def test_a_brand_has_what_its_products_have(tmp_path):
    rows = [*says(990006, "consists_of", 315266), *says(990003, "tradename_of", 990001)]
    addition = added(tmp_path, (), rows)
    assert addition.codes["990006"] == addition.codes["990003"] == ("acetaminophen", "zorbutinib")
    assert set(kinds(addition, "zorbixa").values()) == {"combination"}


@pytest.mark.parametrize("missing", ["no row", "suppressed", "leads nowhere"])
def test_half_a_combination_is_left_out_whole(tmp_path, missing):
    part = {
        "no row": [],
        "suppressed": [conso(990060, "SCDC", "mysterin 1 MG", suppress="Y")],
        "leads nowhere": [conso(990060, "SCDC", "mysterin 1 MG")],
    }[missing]
    addition = added(
        tmp_path,
        [
            conso(990061, "SCD", "acetaminophen 325 MG / mysterin 1 MG Oral Tablet"),
            conso(990062, "SBD", "acetaminophen 325 MG / mysterin 1 MG Oral Tablet [Halfacet]"),
            conso(990063, "BN", "Halfacet"),
            *part,
        ],
        [
            *says(990061, "consists_of", 315266, 990060),
            *says(990062, "tradename_of", 990061),
            *says(990062, "has_ingredient", 990063),
        ],
    )
    assert not {"990061", "990062", "990063"} & set(addition.codes)
    assert not kinds(addition, "halfacet")
    assert addition.codes["1049640"] == ("acetaminophen", "oxycodone")
    assert ": 3 (SCD 990061 at RXNCONSO.RRF:34, " in note(addition, "concepts of which a part leads to no ingredient")


@pytest.mark.parametrize("part", [[], [conso(990064, "PIN", "mysterin mesylate")]], ids=["no row", "leads nowhere"])
def test_a_brand_of_an_unknown_ingredient_is_left_out_whole(tmp_path, part):
    concepts = [conso(990065, "BN", "Halfacet"), *part]
    addition = added(tmp_path, concepts, says(990065, "tradename_of", 161, 990064))
    assert "990065" not in addition.codes
    assert not kinds(addition, "halfacet")


def test_a_brand_that_says_what_it_has_outlives_a_product_that_does_not(tmp_path):
    rows = [*says(990066, "consists_of", 315266, 990067), *says(990066, "has_ingredient", 990003)]
    addition = added(
        tmp_path, [conso(990066, "SBD", "half known [Zorbixa]")], [*rows, *says(990003, "tradename_of", 990001)]
    )
    assert "990066" not in addition.codes
    assert addition.codes["990003"] == ("acetaminophen", "zorbutinib")


def test_a_concept_is_what_its_current_row_says(tmp_path):
    # Once an ingredient of its own, now a salt: an old row must not make it one again.
    addition = added(tmp_path, [conso(990002, "IN", "zorbutinib mesilate", suppress="O")])
    assert addition.codes["990002"] == ("zorbutinib",)
    assert kinds(addition, "zorbutinib mesilate") == {"zorbutinib": "salt"}
    assert [drug.id for drug in addition.drugs] == ["zorbutinib"]


def test_no_mark_of_suppression_is_none(tmp_path, release):
    addition = read_rxnorm(write(tmp_path, [line.replace("|N|", "||") for line in CONCEPTS]), KNOWN)
    assert addition[:3] == release[:3]


def test_a_name_of_one_drug_and_of_a_combination_is_a_combination(tmp_path):
    concepts = [conso(990068, "BN", "Zorbduo"), conso(990069, "BN", "Zorb-Duo")]
    rows = [*says(990068, "tradename_of", 990001), *says(990069, "tradename_of", 161, 990001)]
    addition = added(tmp_path, concepts, rows)
    assert {row.drug: row.kind for row in addition.names if row.name == "zorbduo"} == {"zorbutinib": "brand"}
    concepts = [conso(990068, "BN", "Zorbduo"), conso(990069, "BN", "ZORBDUO")]
    assert kinds(added(tmp_path, concepts, rows), "zorbduo") == {
        "acetaminophen": "combination",
        "zorbutinib": "combination",
    }


def test_what_leads_nowhere_is_noted(tmp_path):
    addition = added(tmp_path, [conso(990070, "BN", "Nowherol"), conso(990071, "SCD", "nothing 1 MG")])
    assert not {"990070", "990071"} & set(addition.codes)
    assert note(addition, "concepts that lead to no ingredient").endswith(
        "2 (BN 990070 at RXNCONSO.RRF:34, SCD 990071 at RXNCONSO.RRF:35)"
    )


def test_names_that_cannot_be_read_are_counted(tmp_path):
    long = "live attenuated zorbutinib virus of the second kind strain B"
    concepts = [
        conso(990080, "BN", "Zb"),
        conso(990081, "BN", "Tablet"),
        conso(990082, "BN", "100 mg"),
        conso(990083, "IN", long),
    ]
    addition = added(
        tmp_path, concepts, [line for c in (990080, 990081, 990082) for line in says(c, "tradename_of", 161)]
    )
    assert not {"zb", "tablet", "100 mg", key(long)} & {row.name for row in addition.names}
    assert note(addition, "names of fewer than 3 letters").endswith("2 (RXNCONSO.RRF:34, RXNCONSO.RRF:36)")
    assert note(addition, "names that hold only doses").endswith("1 (RXNCONSO.RRF:35)")
    assert note(addition, "names of more than 8 words").endswith("1 (RXNCONSO.RRF:37)")
    assert addition.codes["990083"] == (key(long),)


def test_other_vocabularies_and_dose_forms_are_counted(release):
    assert note(release, "rows of other vocabularies").endswith("1 (1 of MTHSPL FN, the first in RXNCONSO.RRF:33)")
    assert note(release, "rows of term types that hold no drug").endswith(
        "1 (1 of RXNORM DF, the first in RXNCONSO.RRF:13)"
    )
    assert note(release, "ATC rows that lead to no drug").endswith("1 (B01AA at RXNCONSO.RRF:32)")


def test_relations_of_other_vocabularies_and_of_atoms_are_not_followed(tmp_path):
    atoms = "|1000|AUI|RO||1001|AUI|has_ingredient|||RXNORM|RXNORM||||4096|"
    addition = added(tmp_path, (), [row(11289, "has_ingredient", 315266, sab="VANDF"), atoms])
    assert addition.codes["315266"] == ("acetaminophen",)


def test_quotes_marks_and_punctuation_are_letters_of_a_name(tmp_path):
    concepts = [conso(990090, "BN", '"Zorb" \\ [Ultra]; 50%'), conso(990091, "BN", "Zörbé's®")]
    addition = added(tmp_path, concepts, [*says(990090, "tradename_of", 990001), *says(990091, "tradename_of", 990001)])
    assert kinds(addition, "zorb ultra 50") == {"zorbutinib": "brand"}
    assert kinds(addition, "zorbe's") == {"zorbutinib": "brand"}


def test_the_tables_may_be_in_the_rrf_folder_and_the_folder_may_have_any_name(tmp_path, release):
    folder = tmp_path / "Peter's [24] *copy?"
    write(folder / "rrf")
    write(tmp_path / "Peter's 2 copyX" / "rrf", CONCEPTS[:1])
    (folder / "RXNREL.RRF").write_text("a table of another release")
    assert read_rxnorm(folder, KNOWN).codes == release.codes


def test_windows_line_ends(tmp_path, release):
    write(tmp_path)
    for name in ("RXNCONSO.RRF", "RXNREL.RRF"):
        file = tmp_path / name
        file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert read_rxnorm(tmp_path, KNOWN).codes == release.codes


def test_the_version_names_the_files(tmp_path):
    first = added(tmp_path).version
    assert added(tmp_path / "again", [conso(990095, "BN", "Zorbmore")]).version != first
    assert first.startswith("RxNorm sha256:")
    assert len(first) < 60


def test_reading_leaves_nothing_behind(tmp_path):
    added(tmp_path / "release")
    assert {path.name for path in tmp_path.iterdir()} == {"release"}


@pytest.mark.parametrize("name", ["RXNCONSO.RRF", "RXNREL.RRF"])
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("missing", "No such file"),
        ("folder", "s a directory"),
        ("empty", "is empty"),
        ("cut off", "damaged or cut off"),
        ("field too few", "line 2: the row has"),
        ("field too many", "line 2: the row has"),
        ("one too many, one too few", "line 2: the row has"),
        ("blank line", "line 2: the row has 0 fields"),
        ("latin-1", "line 2: the row is not UTF-8"),
        ("half a letter", "not UTF-8"),
    ],
)
def test_a_damaged_table_is_refused_with_its_place(tmp_path, name, damage, said):
    write(tmp_path)
    file = tmp_path / name
    whole = file.read_bytes()
    first, second, rest = whole.split(b"\n", 2)
    file.unlink()
    if damage == "folder":
        file.mkdir()
    elif damage != "missing":
        file.write_bytes(
            {
                "empty": b"",
                "cut off": whole[:-9],
                "field too few": b"\n".join([first, second.replace(b"|", b"", 1), rest]),
                "field too many": b"\n".join([first, second + b"|", rest]),
                "one too many, one too few": b"\n".join([first, second + b"|", rest.replace(b"|", b"", 1)]),
                "blank line": b"\n".join([first, b"", second, rest]),
                "latin-1": b"\n".join([first, second.replace(b"||", b"|\xe9|", 1), rest]),
                "half a letter": whole[:-1] + b"\xc3",
            }[damage]
        )
    with pytest.raises(DataError) as refused:
        read_rxnorm(tmp_path, KNOWN)
    assert said in str(refused.value)
    assert name in refused.value.where
    assert "unpacked" in refused.value.mend


def test_a_file_instead_of_the_folder_is_refused(tmp_path):
    file = write(tmp_path) / "RXNCONSO.RRF"
    with pytest.raises(DataError, match="To mend: give the folder"):
        read_rxnorm(file, KNOWN)


RANKS = ["IN", "PIN", "MIN", "BN", "SCDC", "SCD", "SBD", "BPCK"]
INGREDIENTS = ["warfarin", "acetaminophen", "oxycodone"]
PARTS = {"has_ingredient", "has_part", "consists_of", "contains"}


def twin(types: dict[int, str], relations: set[tuple[int, str, int]]) -> dict[str, tuple[str, ...]]:
    """The drugs of every concept, by walking down from each: plain and slow."""
    lower = {(up, low, rela) for up, rela, low in relations if RANKS.index(types[up]) > RANKS.index(types[low])}
    lower |= {(low, up, rela) for up, rela, low in relations if RANKS.index(types[up]) < RANKS.index(types[low])}

    def walk(concept: int) -> tuple[set[str], bool]:
        """Its ingredients without what a brand learns from its products, and whether a part of it leads nowhere."""
        if types[concept] == "IN":
            return {INGREDIENTS[concept]}, False
        found, hole = set[str](), False
        for low, rela in {(low, rela) for up, low, rela in lower if up == concept}:
            below, hole_below = walk(low)
            found |= below
            if types[low] != "BN":
                part = rela in PARTS or types[concept] == "BN"
                hole |= hole_below or (part and not below)
        return found, hole

    codes = {}
    for concept, type_ in types.items():
        found, hole = walk(concept)
        if type_ == "BN":
            products = [walk(up) for up, low, _ in lower if low == concept]
            hole |= not found and any(hole_above for _, hole_above in products)
            found = found.union(*(above for above, _ in products))
        if found and not hole:
            codes[str(concept + 1)] = tuple(sorted(found))
    return codes


@st.composite
def releases(draw):
    types = dict(enumerate(["IN"] * 3 + draw(st.lists(st.sampled_from(RANKS[1:]), min_size=1, max_size=8))))
    concept = st.sampled_from(sorted(types))
    rela = st.sampled_from(sorted(PARTS | {"tradename_of", "form_of", "isa"}))
    relations = draw(st.sets(st.tuples(concept, rela, concept), max_size=20))
    # Two of one type lead to each other only where they are the same product; that has a test of its own.
    return types, {(up, rela, low) for up, rela, low in relations if types[up] != types[low]}


@settings(max_examples=25)
@given(release=releases())
def test_the_same_as_walking_down_from_each_concept(tmp_path_factory, release):
    types, relations = release
    names = dict(enumerate(INGREDIENTS))
    concepts = [conso(concept + 1, type_, names.get(concept, f"concept {concept}")) for concept, type_ in types.items()]
    rows = [line for up, rela, low in relations for line in says(up + 1, rela, low + 1)]
    rows = rows or [row(1, "has_dose_form", 1)]
    addition = read_rxnorm(write(tmp_path_factory.mktemp("random"), concepts, rows), KNOWN)
    assert addition.codes == twin(types, relations)
