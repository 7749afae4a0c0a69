"""Reading names only adds: whatever stands around a known name, its drugs are found, and no line is lost."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from druqa.knowledge.loading import load_synonyms
from druqa.records import Medication
from druqa.resources import folder
from druqa.stages.names import resolve

SYNONYMS = load_synonyms()
LINES = (folder("synonym_data") / "names.tsv").read_text(encoding="utf-8").split("\n")[1:-1]
CLASSES = (folder("synonym_data") / "class_names.tsv").read_text(encoding="utf-8").split("\n")[1:-1]
NAMES = sorted({line.split("\t")[0] for line in (*LINES, *CLASSES)})
DRUGS = {name: {row.drug for row in SYNONYMS.lookup(name)} for name in NAMES}
ACCENTS = str.maketrans("aeioun", "áèîöüñ")

names = st.sampled_from(NAMES)
before = st.sampled_from(
    ["", "tab. ", "NDA020800 ", "0.3 ML ", "{7 (", "oral ", "1. ", "- ", "24 HR ", "Rx: ", "gélule ", "take "]
)
after = st.sampled_from(
    [
        "",
        " 5 mg",
        " 4 mg SL",
        " 25",
        " 1 tab PO BID",
        "5mg",
        " 20-12.5 MG Oral Tablet",
        " ER",
        " sodium",
        " HCl 10 mg/mL",
        " [brand]",
        "® 40mg",
        " 1 tab PO BID prn",
        ", 2 puffs",
    ]
)
shapes = st.sampled_from(
    [
        str.upper,
        str.title,
        str.capitalize,
        lambda s: s,
        lambda s: s.translate(ACCENTS),
        lambda s: s.replace(" ", "  "),
        lambda s: s.replace("a", "\u0430"),
        lambda s: s.replace(" ", "\u00a0"),
        "\u200b".join,
    ]
)


def read(texts):
    return resolve([Medication(text=text) for text in texts], SYNONYMS)


def ids(resolved):
    return {drug.id for drug in resolved.drugs}


@settings(max_examples=400, deadline=None)
@given(names, before, after, shapes)
def test_a_known_name_is_found_whatever_stands_around_it(name, lead, tail, shape):
    glued = name[-1].isdigit() and tail[:1].isdigit()  # "b12" and "5mg" cannot be told apart in "b125mg"
    (resolved,) = read([lead + shape(name) + " " * glued + tail])
    assert DRUGS[name] <= ids(resolved)


@settings(max_examples=200, deadline=None)
@given(names, names, st.sampled_from([" / ", "/", " + ", ", ", " and ", " with ", "; ", "\n"]))
def test_two_names_on_a_line_are_both_found(one, other, separator):
    (resolved,) = read([one + separator + other])
    assert DRUGS[one] | DRUGS[other] <= ids(resolved)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_kept_and_either_recognised_or_doubted(text):
    (resolved,) = read([text])
    assert resolved.text == text
    assert resolved.recognised or resolved.doubts
    if not resolved.drugs:
        said = " ".join(resolved.doubts)
        assert "empty" in said or "words about a person" in said


@settings(max_examples=100, deadline=None)
@given(st.lists(st.one_of(names, st.text(max_size=20)), max_size=6), names)
def test_one_more_medication_changes_no_other(lines, more):
    assert read([*lines, more])[: len(lines)] == read(lines)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), names)
def test_any_text_beside_a_known_name_takes_nothing_away(text, name):
    (resolved,) = read([f"{text} / {name}"])
    assert DRUGS[name] <= ids(resolved)
