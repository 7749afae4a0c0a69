"""What is still to be asked: kept on disk as it comes, given out in one fixed order, each question under an id."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from druqa.batch.provider.index import append
from druqa.models.collector import Wanted
from druqa.prompts import PromptText

if TYPE_CHECKING:
    import duckdb

_BLOCK = 10_000
_ID = re.compile(r'"(q[0-9a-f]{16})"')
"""The id of a question as `druqa.records.question_id` makes it, in the data slot of a prompt."""


class Request(NamedTuple):
    """A question with its id in the files."""

    no: int
    """Its place in the order of all, from 1."""
    custom_id: str
    model: str
    prompt: PromptText
    schema: dict[str, Any]


class Wants:
    """The questions of one export, in the working database."""

    def __init__(self, db: duckdb.DuckDBPyConnection) -> None:
        self._db = db
        self._rows: list[tuple[str, str, str, int, str]] = []
        self._forms: dict[tuple[str, str], int] = {}
        self._schemas: list[tuple[str, dict[str, Any]]] = []
        self.count = 0
        db.execute("CREATE TABLE wanted(key VARCHAR, model VARCHAR, question VARCHAR, form INTEGER, data VARCHAR)")

    def add(self, wanted: Wanted) -> None:
        """Take one more."""
        self.count += 1
        found = _ID.search(wanted.prompt.data)
        form = self._form(wanted)
        self._rows.append(
            (wanted.key, wanted.model.name, found[1] if found else wanted.key[:32], form, wanted.prompt.data)
        )
        if len(self._rows) >= _BLOCK:
            self._flush()

    def _form(self, wanted: Wanted) -> int:
        """The number of an instruction and the form of its reply: the same few for millions of questions."""
        key = wanted.prompt.instruction, wanted.schema["name"]
        if key not in self._forms:
            self._forms[key] = len(self._schemas)
            self._schemas.append((wanted.prompt.instruction, dict(wanted.schema)))
        return self._forms[key]

    def _flush(self) -> None:
        append(self._db, "wanted", self._rows)
        self._rows.clear()

    def number(self) -> None:
        """Give each question its id and its place: the table `numbered(no, custom_id, key, model, form, data, before)`.

        An id is the question's, and sixteen digits of the key that its reply is kept under: it stands for one prompt,
        to one model, wherever and whenever it was exported, so that no result can be put to another.
        The order is by model, instruction and key: who serves a model reads the common beginning of prompts once.
        """
        self._flush()
        instructions = [(form, instruction) for form, (instruction, _) in enumerate(self._schemas)]
        self._db.execute("CREATE TABLE forms(form INTEGER, instruction VARCHAR)")
        append(self._db, "forms", instructions)
        self._db.execute("""
            CREATE TABLE numbered AS
            SELECT
                row_number() OVER (ORDER BY model, instruction, key) AS no,
                question || '-' || left(key, 16) AS custom_id,
                key, model, form, data, key IN (SELECT key FROM idx.asked) AS before
            FROM wanted JOIN forms USING (form)
            ORDER BY no
        """)

    def requests(self) -> Iterator[Request]:
        """Every numbered question in its order, without holding all of them."""
        for start in range(1, self.count + 1, _BLOCK):
            rows = self._db.execute(
                "SELECT no, custom_id, model, form, data FROM numbered WHERE no >= ? AND no < ? ORDER BY no",
                [start, start + _BLOCK],
            ).fetchall()
            for no, custom_id, model, form, data in rows:
                instruction, schema = self._schemas[form]
                yield Request(no, custom_id, model, PromptText(instruction=instruction, data=data), schema)

    def counts(self) -> list[tuple[str, str, int]]:
        """How many questions there are of each model and instruction."""
        return self._db.execute(
            "SELECT model, instruction, count(*) FROM wanted JOIN forms USING (form) GROUP BY ALL ORDER BY ALL"
        ).fetchall()
