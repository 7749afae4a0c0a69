"""Finding near names: the scan and the index against plain twins, over the whole table and over made-up ones."""

from __future__ import annotations

from functools import cache

from hypothesis import example, given, settings
from hypothesis import strategies as st

from druqa.knowledge.loading import load_synonyms
from druqa.knowledge.near import MOST, NearNames
from druqa.knowledge.sound import sound, sounds
from druqa.knowledge.spelling import key, squash
from druqa.records import How, Medication
from druqa.stages.names import brief, plain_brief, resolve

SYNONYMS = load_synonyms()
WORDS = sorted({squash(name.text) for drug in SYNONYMS.drugs for name in SYNONYMS.names_of(drug)})
LONG = [words for words in WORDS if len(words) >= 4]
INDEXED = NearNames(LONG)
INDEXED.build()


def distance(one: str, other: str) -> int:
    """Optimal string alignment, as its definition has it: slow, and plain to see."""

    @cache
    def between(i: int, j: int) -> int:
        if not i or not j:
            return i + j
        ways = [between(i - 1, j) + 1, between(i, j - 1) + 1, between(i - 1, j - 1) + (one[i - 1] != other[j - 1])]
        if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
            ways.append(between(i - 2, j - 2) + 1)
        return min(ways)

    return between(len(one), len(other))


@st.composite
def misspelt(draw):
    """A name with up to four letters struck out, put in, replaced or swapped."""
    word = draw(st.sampled_from(LONG))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, max(0, len(word) - 1)))
        letter = draw(st.sampled_from("abcdehilmnoprstxyz "))
        word = draw(
            st.sampled_from(
                [
                    word[:place] + word[place + 1 :],
                    word[:place] + letter + word[place:],
                    word[:place] + letter + word[place + 1 :],
                    word[:place] + word[place : place + 2][::-1] + word[place + 2 :],
                ]
            )
        )
    return word


few_letters = st.text("abc", max_size=9)


@settings(max_examples=200, deadline=None)
@given(st.lists(few_letters, max_size=12, unique=True), few_letters, st.integers(0, MOST))
@example(["abcabca"], "abcabac", 1)
@example(["abcabcab"], "abcabcba", 1)
def test_scan_and_index_find_what_the_definition_finds(names, word, most):
    plain = {name: distance(word, name) for name in names if distance(word, name) <= most}
    near = NearNames(names)
    assert near.scan(word, most) == plain
    near.build()
    assert near.within(word, most) == plain


@settings(max_examples=150, deadline=None)
@given(misspelt(), st.integers(1, MOST))
def test_over_the_whole_table_the_index_finds_what_the_scan_finds(word, most):
    assert INDEXED.within(word, most) == INDEXED.scan(word, most)


@settings(max_examples=200, deadline=None)
@given(misspelt())
def test_a_name_is_among_its_own_nearest(word):
    near = SYNONYMS.nearest(word)
    known = {row.drug for row in SYNONYMS.lookup(word) if row.kind not in ("class", "abbreviation")}
    if len(word) >= 4 and known and len(known) <= 8:
        assert known <= {one.row.drug for one in near}
    assert len({one.row.drug for one in near}) == len(near)


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=30))
def test_sounds_in_bulk_are_sounds_one_by_one(names):
    assert sounds(names) == [sound(name) for name in names]


texts = st.one_of(
    st.sampled_from(WORDS),
    st.sampled_from(WORDS).map(str.title),
    misspelt(),
    st.builds(
        "{} {}".format, st.sampled_from(WORDS), st.sampled_from(["5 mg", "tablet", "sodium", "/ aspirin", "b12"])
    ),
    st.text(max_size=30),
)


@settings(max_examples=300, deadline=None)
@given(texts)
@example("vitamin b12")
@example("Yaz 28")
def test_the_short_reading_is_the_long_one_in_short(text):
    medication = Medication(text=text)
    short, (long,) = brief(medication, SYNONYMS), resolve([medication], SYNONYMS)
    assert plain_brief(text, SYNONYMS) in (None, short)
    assert short.drugs == tuple(drug.id for drug in long.drugs)
    assert short.recognised == long.recognised
    assert short.doubts == long.doubts
    assert {(drug, how) for drug, how in zip(short.drugs, short.how, strict=True)} <= {
        (match.drug, match.how) for match in long.matches
    }
    assert (short.score == 0) == (not any(drug.known for drug in long.drugs))
    if any(match.how is How.FUZZY for match in long.matches):
        assert short.score in {match.score for match in long.matches}


def test_every_plain_name_is_read_as_if_it_were_taken_apart():
    plain = {words: short for words in WORDS if (short := plain_brief(words, SYNONYMS)) is not None}
    assert len(plain) > 40_000
    wrong = [words for words, short in plain.items() if short != brief(Medication(text=words), SYNONYMS)]
    assert wrong == []


def test_keys_of_the_table_are_in_key_form():
    assert [words for words in WORDS if key(words) != words] == []
