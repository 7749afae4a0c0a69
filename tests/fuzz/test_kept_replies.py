"""The kept replies hold, and so does all that each of them found; no guidance is needed for that."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fuzz import engine, reply_oracle

KEPT = engine.corpus("replies")


@pytest.mark.parametrize("case", KEPT, ids=[case["name"] for case in KEPT])
def test_holds(case: dict[str, Any]) -> None:
    reply_oracle.check(reply_oracle.Case(**{field: case[field] for field in reply_oracle.Case._fields}))
