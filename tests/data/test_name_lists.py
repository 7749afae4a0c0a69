"""Lists of names as people write them, written blind, are read at least this well: floors, not figures."""

from __future__ import annotations

import pytest

from tests.support.name_lists import merges, score

PARTS = ("dev", "final")


@pytest.mark.parametrize("part", PARTS)
def test_misspellings_have_the_right_drug_among_the_candidates_and_mostly_first(part):
    result = score(part, "misspelt")
    assert result.lines > 150
    assert result.found >= 0.98 * result.lines, result.missed
    assert result.first >= 0.93 * result.lines


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize(("kind", "floor"), [("everyday", 0.99), ("ehr", 0.99), ("foreign", 0.97)])
def test_written_names_are_read_with_all_their_ingredients(part, kind, floor):
    result = score(part, kind)
    assert result.lines > 100
    assert result.found >= floor * result.lines, result.missed


@pytest.mark.parametrize("part", PARTS)
def test_no_two_look_alikes_are_merged(part):
    assert merges(part) == []
