"""How well harm in a no is told, on sentences written by hand without knowledge of the detector.

`seen_*` were looked at while its words were chosen. `blind_*` were not, but for a dozen words after they had been
scored: 172 of 200 harms were found, 6 of 250 noes taken for one. What the sentences say of drugs is no fact.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from druqa.models.harm import harm_in

FOLDER = Path(__file__).parent / "harm"


def share(name: str) -> float:
    lines = (FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) >= 200
    assert len(set(lines)) == len(lines)
    return sum(bool(harm_in(line)) for line in lines) / len(lines)


@pytest.mark.parametrize("part", ["seen", "blind"])
def test_a_harm_is_mostly_found_and_a_no_seldom_doubted(part: str) -> None:
    assert share(f"{part}_contradictory") >= 0.86
    assert share(f"{part}_consistent") <= 0.025
