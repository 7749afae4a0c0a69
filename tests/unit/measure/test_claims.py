"""What `tests.simulation.claims` holds against planted truth at length holds in a few worlds too."""

from __future__ import annotations

import pytest

from tests.simulation.claims import CLAIMS

FEW = {"recall": 60, "compare": 200, "names": 12, "independence": 8, "rival": 20, "flips": 15, "calibrate": 8}


@pytest.mark.parametrize("name", CLAIMS)
def test_the_claim_holds(name: str) -> None:
    claim, _ = CLAIMS[name]
    made = claim(FEW[name])
    assert made
    for one in made:
        assert one.holds, str(one)
