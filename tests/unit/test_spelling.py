from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from druqa.knowledge.spelling import key, printable, squash, suspicious, tokens


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("Warfarin", "warfarin"),
        ("  Coumadin \t 5 mg ", "coumadin 5 mg"),
        ("paracétamol", "paracetamol"),
        ("ácido acetilsalicílico", "acido acetilsalicilico"),
        ("ÁCIDO", "acido"),
        ("Tylenol®", "tylenol"),
        ("Lipitor(R) (TM)", "lipitor"),
        ("St. John\u2019s Wort", "st. john's wort"),
        ("co\u2011trimoxazole", "co-trimoxazole"),
        ("w\u0430rf\u0430rin", "warfarin"),
        ("\u0412ACTRIM", "bactrim"),
        ("war\u200bfa\u00adrin", "warfarin"),
        ("\uff37\uff21\uff32\uff26\uff21\uff32\uff29\uff2e", "warfarin"),
        ("\u03b2-estradiol", "beta-estradiol"),
        ("\u03b1 tocopherol", "alpha tocopherol"),
        ("5 \u00b5g", "5 ug"),
        ("Do\u0142uz", "doluz"),
        ("", ""),
        ("\u200b", ""),
    ],
)
def test_key(written, expected):
    assert key(written) == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("5-FU", "5 fu"),
        ("5fu", "5 fu"),
        ("vitamin B12", "vitamin b 12"),
        ("St. John's wort", "st johns wort"),
        ("TMP/SMX", "tmp smx"),
        ("2.5mg", "2 5 mg"),
    ],
)
def test_squash_leaves_words_and_numbers(written, expected):
    assert squash(key(written)) == expected
    assert " ".join(token.word for token in tokens(written)) == expected


def test_tokens_know_where_they_stand():
    text = "w\u0430rf\u0430rin\u00ae  5mg"
    assert [(token.word, text[token.start : token.end]) for token in tokens(text)] == [
        ("warfarin", "w\u0430rf\u0430rin"),
        ("5", "5"),
        ("mg", "mg"),
    ]


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("w\u0430rfarin", "Cyrillic"),
        ("war\u200bfarin", "zero-width"),
        ("warfarin\x00", "control"),
        ("\uff37arfarin", "full-width"),
    ],
)
def test_suspicious_characters_are_said(written, word):
    assert any(word in sentence for sentence in suspicious(written))


@pytest.mark.parametrize("written", ["warfarin", "paracétamol", "5 \u00b5g", "Tylenol®", "line\nbreak"])
def test_ordinary_text_is_not_suspicious(written):
    assert suspicious(written) == ()


def test_printable_escapes_what_cannot_be_seen():
    assert printable("war\u200bfarin\x07 \n x") == "war\\u200bfarin\\x07 x"


@given(st.text())
@example("k\u03a9 \u33c0")
@example("\ud800")
@example("\ufdfa")
def test_any_text_has_a_stable_key(text):
    assert key(key(text)) == key(text)
    assert " ".join(token.word for token in tokens(text)) == squash(key(text))
    assert printable(printable(text)) == printable(text)
    suspicious(text)


@given(st.text(max_size=20))
def test_tokens_stand_in_order_within_the_text(text):
    places = [(token.start, token.end) for token in tokens(text)]
    assert places == sorted(places)
    assert all(0 <= start < end <= len(text) for start, end in places)
