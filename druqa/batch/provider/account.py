"""The account of an import: what became of every id that was ever exported, and of every line that came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from druqa.batch.provider.results import State
from druqa.errors import EXIT_NOT_CHECKED, EXIT_OK
from druqa.records import Record

if TYPE_CHECKING:
    import duckdb

_SHOWN = 1_000
_REASONS = 50
FATES = (*(str(state) for state in State), "missing", "asked_again")


class RequestFile(Record):
    """The questions of one file of requests; each counts as one of the fates."""

    round: int
    file: str
    model: str
    questions: int
    succeeded: int
    """Those that have a reply, whichever file brought it."""
    errored: int
    expired: int
    canceled: int
    missing: int
    """No result has come yet."""
    asked_again: int
    """They have no reply and stand in a file of a later export too, where they are counted."""


class ResultFile(Record):
    """The lines of one file of results; each counts as one of what follows."""

    file: str
    lines: int
    succeeded: int
    duplicated: int
    """A reply to a question that an earlier line had answered; the earlier one stands."""
    errored: int
    expired: int
    canceled: int
    unknown: int
    """Of ids that are in no export into the folder."""
    unreadable: int
    differing: int
    """Those of the duplicated that say something else than the reply that stands."""


class Unreadable(Record):
    """A line, or without one a file, that could not be read."""

    file: str
    line: int | None
    problem: str


class Account(Record):
    """What an import came to, and how it stands with every question of the folder."""

    questions: int
    """Of all exports, each once."""
    answered: int
    new: int
    """Replies that this import brought into the journal."""
    requests: tuple[RequestFile, ...]
    results: tuple[ResultFile, ...]
    errors: dict[str, int]
    """Reason to how many questions without a reply have it; the most frequent ones."""
    unreadable: tuple[Unreadable, ...]
    """The first of them; `results` counts all."""

    @property
    def exit_code(self) -> int:
        """0 if every question has a reply, else 4."""
        return EXIT_OK if self.answered == self.questions else EXIT_NOT_CHECKED


def account(db: duckdb.DuckDBPyConnection, new: int) -> Account:
    """The account, from what an import left in its working database.

    Reads `came(place, file, custom_id, state, reason, digest)`, a row for each line that was read,
    `unreadable(place, file, line, problem)` with line 0 for a whole file, `result_files(file, path)`, and `kept(key)`,
    the keys that have a reply.
    """
    db.execute("""
        CREATE TABLE fates AS
        SELECT round, file, model, custom_id, reason,
            CASE
                WHEN kept.key IS NOT NULL THEN 'succeeded'
                WHEN round < max(round) OVER (PARTITION BY custom_id) THEN 'asked_again'
                ELSE coalesce(failed.state, 'missing')
            END AS fate
        FROM idx.asked LEFT JOIN kept USING (key) LEFT JOIN idx.failed USING (custom_id)
    """)
    ((questions, answered),) = db.execute(
        "SELECT count(DISTINCT custom_id), count(DISTINCT custom_id) FILTER (WHERE fate = 'succeeded') FROM fates"
    ).fetchall()
    counts = ", ".join(f"count(*) FILTER (WHERE fate = '{fate}') AS {fate}" for fate in FATES)
    requests = f"SELECT round, file, model, count(*) AS questions, {counts} FROM fates GROUP BY ALL ORDER BY ALL"
    errors = f"""
        SELECT reason, count(*) AS questions FROM fates WHERE fate = 'errored'
        GROUP BY reason ORDER BY questions DESC, reason LIMIT {_REASONS}
    """
    unreadable = f"""
        SELECT path AS file, nullif(line, 0) AS line, problem FROM unreadable JOIN result_files USING (file)
        ORDER BY place LIMIT {_SHOWN}
    """
    return Account(
        questions=questions,
        answered=answered,
        new=new,
        requests=tuple(RequestFile(**row) for row in _rows(db, requests)),
        results=tuple(ResultFile(**row) for row in _rows(db, _RESULTS)),
        errors={row["reason"]: row["questions"] for row in _rows(db, errors)},
        unreadable=tuple(Unreadable(**row) for row in _rows(db, unreadable)),
    )


_RESULTS = """
    WITH lines AS (
        SELECT file, digest,
            CASE WHEN state = 'succeeded' AND row_number() OVER same > 1 THEN 'duplicated' ELSE state END AS state,
            first_value(digest) OVER same AS first
        FROM came WINDOW same AS (PARTITION BY custom_id, state ORDER BY place)
        UNION ALL SELECT file, NULL, 'unreadable', NULL FROM unreadable
    )
    SELECT path AS file, count(state) AS lines,
        count(*) FILTER (WHERE state = 'succeeded') AS succeeded,
        count(*) FILTER (WHERE state = 'duplicated') AS duplicated,
        count(*) FILTER (WHERE state = 'errored') AS errored,
        count(*) FILTER (WHERE state = 'expired') AS expired,
        count(*) FILTER (WHERE state = 'canceled') AS canceled,
        count(*) FILTER (WHERE state = 'unknown') AS unknown,
        count(*) FILTER (WHERE state = 'unreadable') AS unreadable,
        count(*) FILTER (WHERE state = 'duplicated' AND digest <> first) AS differing
    FROM result_files LEFT JOIN lines USING (file) GROUP BY file, path ORDER BY file
"""


def _rows(db: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found = db.execute(query)
    columns = [name for name, *_ in found.description or ()]
    return [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
