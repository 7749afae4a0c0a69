"""The kept lines hold, and so does all that each of them found; no guidance is needed for that."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fuzz import engine, name_oracle

KEPT = engine.corpus("names")


@pytest.mark.parametrize("case", KEPT, ids=[case["name"] for case in KEPT])
def test_holds(case: dict[str, Any]) -> None:
    name_oracle.check(name_oracle.Case(case["text"], case.get("rxcui"), case.get("atc")))
