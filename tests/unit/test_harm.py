"""A no that names a harm is told from one that takes it back. On unseen sentences: tests/data/test_harm_words."""

from __future__ import annotations

import pytest

from druqa.models.harm import harm_in


@pytest.mark.parametrize(
    "text",
    [
        "May cause severe bleeding.",
        "Avoid the combination.",
        "No direct interaction, but bleeding risk is increased.",
        "Although there is no CYP interaction, both prolong the QT interval.",
        "Monitor INR closely",
        "Puede aumentar el riesgo de hemorragia.",
        "They should not be used together.",
    ],
)
def test_finds_a_harm(text: str) -> None:
    assert harm_in(text)
    assert harm_in(text) in text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "none known",
        "No increased risk of bleeding is expected.",
        "Warfarin carries a bleeding risk, but cetirizine does not add to it.",
        "Although fluconazole inhibits CYP2C19, metformin is not metabolised.",
        "No effect on QT, e.g. torsade, arrhythmia or death.",
        "Neither drug lowers the seizure threshold.",
        "Aucune interaction, pas de risque de saignement.",
    ],
)
def test_takes_a_no_at_its_word(text: str) -> None:
    assert harm_in(text) == ""


def test_shows_no_more_than_a_line() -> None:
    assert len(harm_in("bleeding " * 500)) < 100
