"""Takes the results of a provider's batches into the journal: in any order of files and lines, each once or twice."""

from __future__ import annotations

import hashlib
import json
import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from druqa.batch.provider.account import Account, account
from druqa.batch.provider.index import FILE, append, opened
from druqa.batch.provider.models import Exportable
from druqa.batch.provider.result_lines import LONGEST, numbered_lines
from druqa.batch.provider.results import NoResultError, Result, State, read_result
from druqa.batch.reading.places import Place, places
from druqa.batch.reading.streams import opened as opened_file
from druqa.errors import UsageError
from druqa.models.base import ModelFailure, Reply
from druqa.models.hush import hushed
from druqa.models.journal import Journal
from druqa.scrubbing import conceal, scrub
from druqa.settings import journal_path

if TYPE_CHECKING:
    import duckdb

_LINES = 5_000
_BYTES = 32_000_000
"""So much is taken at once, whichever comes first."""
_KEYS = 20_000
_OURS = re.compile(r"[A-Za-z0-9_-]{1,64}")
_NOTHING = (None, "stop", "missing")
"""Why a reply without text ended, where it says no more than that nothing came; a refusal is a reply."""
_UNKNOWN = "unknown"


def import_files(inputs: Sequence[str], folder: Path, model: Callable[[str], Exportable]) -> Account:
    """Read results, keep the replies in them, and account for every question that was exported into the folder.

    A bad line ends nothing: it is counted, and named by file and line. The reply that came first stands.

    Args:
        inputs: paths, patterns, folders, or `-` for standard input.
        folder: where the requests were exported to.
        model: gives the model of a name, ready to read its results.

    Raises:
        DruqaError: if there is no index in the folder, an input does not exist, results of a model cannot be read, or
            replies cannot be kept.

    """
    if not (folder / FILE).is_file():
        raise UsageError(
            f"there is no {FILE}, so nothing was exported to it", where=f"--to {folder}", mend="give the export's DIR"
        )
    found = places(inputs)
    with opened(folder) as (db, _):
        names = [name for (name,) in db.execute("SELECT DISTINCT model FROM idx.asked ORDER BY model").fetchall()]
        models = {name: model(name) for name in names}
        requests = {
            str((folder / file).resolve()) for (file,) in db.execute("SELECT DISTINCT file FROM idx.asked").fetchall()
        }
        with Journal(journal_path()) as journal:
            importing = _Import(db, journal, models)
            for place in found:
                if str(Path(place.path).resolve()) not in requests:
                    importing.read(place)
            importing.end()
        return account(db, importing.new)


class _Came(NamedTuple):
    """A line that is a result, as the account counts it."""

    place: int
    file: int
    custom_id: str
    state: str
    reason: str = ""
    digest: str = ""
    """Tells whether two replies say the same."""


class _Import:
    """Fills the working tables of an import as `druqa.batch.provider.account` reads them, and the journal."""

    def __init__(self, db: duckdb.DuckDBPyConnection, journal: Journal, models: Mapping[str, Exportable]) -> None:
        self._db, self._journal, self._models = db, journal, models
        self._file = self._place = self._size = 0
        self._held: list[tuple[int, Result]] = []
        self._refused: list[tuple[int, int, int, str]] = []
        self.new = 0
        db.execute("CREATE TABLE ids AS SELECT DISTINCT custom_id, key, model FROM idx.asked")
        db.execute("CREATE TABLE result_files(file INTEGER, path VARCHAR)")
        db.execute(
            "CREATE TABLE came"
            "(place BIGINT, file INTEGER, custom_id VARCHAR, state VARCHAR, reason VARCHAR, digest VARCHAR)"
        )
        db.execute("CREATE TABLE unreadable(place BIGINT, file INTEGER, line BIGINT, problem VARCHAR)")

    def read(self, place: Place) -> None:
        """Read a file to its end, or to where it is damaged."""
        self._file += 1
        path = place.path.encode("utf-8", "backslashreplace").decode()
        self._db.execute("INSERT INTO result_files VALUES (?, ?)", [self._file, path])
        try:
            if place.problem:
                self._refuse(0, place.problem)
            else:
                with opened_file(place.path) as (_, blocks):
                    for number, line in numbered_lines(blocks):
                        self._read_line(number, line)
        except (OSError, EOFError, zlib.error) as error:
            self._refuse(0, f"damaged or cut off, what follows is lost: {scrub(str(error))}")
        self._settle()

    def _read_line(self, number: int, line: bytes | None) -> None:
        self._place += 1
        if line is None:
            self._refuse(number, f"it is longer than {LONGEST // 1_000_000} MB")
        elif line.strip():
            try:
                self._held.append((self._place, read_result(line)))
            except NoResultError as error:
                self._refuse(number, str(error))
            self._size += len(line)
        if len(self._held) + len(self._refused) >= _LINES or self._size >= _BYTES:
            self._settle()

    def _refuse(self, number: int, problem: str) -> None:
        self._refused.append((self._place, self._file, number, problem))

    def _settle(self) -> None:
        """Take what was read so far: first the replies into the journal, then what is to be told of each line."""
        wanted = self._wanted()
        came: list[_Came] = []
        replies: list[tuple[str, Reply]] = []
        with hushed():
            for place, result in self._held:
                if result.custom_id not in wanted:
                    came.append(_Came(place, self._file, "", _UNKNOWN))
                    continue
                key, model = wanted[result.custom_id]
                state, reason, reply = str(result.state), result.reason, None
                if result.state is State.SUCCEEDED:
                    reply, reason = _read(self._models[model], result.body)
                    state = state if reply else State.ERRORED
                if reply:
                    replies.append((key, reply))
                came.append(_Came(place, self._file, result.custom_id, str(state), reason, _digest(reply)))
        self.new += self._journal.put_many(replies)
        append(self._db, "came", came)
        append(self._db, "unreadable", self._refused)
        self._held, self._refused, self._size = [], [], 0

    def _wanted(self) -> dict[str, tuple[str, str]]:
        """Key and model of the ids that were read, for those that were ever exported."""
        # What cannot be an id of ours may not even be text that a database takes.
        given = {(r.custom_id,) for _, r in self._held if _OURS.fullmatch(r.custom_id)}
        self._db.execute("CREATE OR REPLACE TEMP TABLE given(custom_id VARCHAR)")
        append(self._db, "given", sorted(given))
        rows = self._db.execute("SELECT custom_id, key, model FROM ids JOIN given USING (custom_id)").fetchall()
        return {custom_id: (key, model) for custom_id, key, model in rows}

    def end(self) -> None:
        """See which questions have a reply now, and remember the last word on those that came without one."""
        self._db.execute("CREATE TABLE kept(key VARCHAR)")
        (count,) = self._db.execute("SELECT count(*) FROM ids").fetchall()[0]
        for start in range(0, count, _KEYS):
            some = "SELECT key FROM ids WHERE rowid >= ? AND rowid < ?"
            keys = [key for (key,) in self._db.execute(some, [start, start + _KEYS]).fetchall()]
            append(self._db, "kept", [(key,) for key in sorted(self._journal.known(keys))])
        self._db.execute("""
            INSERT OR REPLACE INTO idx.failed
            SELECT custom_id, arg_max(state, place), arg_max(reason, place)
            FROM came WHERE state IN ('errored', 'expired', 'canceled') GROUP BY custom_id
        """)


def _read(model: Exportable, body: Any) -> tuple[Reply | None, str]:
    """The reply in a provider's answer, treated as one that was bought directly; or why there is none."""
    try:
        reply = model.read_response(json.dumps(body).encode())
    except ModelFailure as failure:
        return None, failure.reason
    except Exception as error:  # noqa: BLE001 - whatever a body is made of, the other lines are read
        return None, scrub(f"{type(error).__name__}: {error}")
    if not (reply.text or "").strip() and reply.finish_reason in _NOTHING:
        return None, "a response without a reply in it"
    return reply.model_copy(update={"text": conceal(reply.text)}) if reply.text else reply, ""


def _digest(reply: Reply | None) -> str:
    said = repr((reply.text, reply.finish_reason)) if reply else ""
    return hashlib.sha256(said.encode("utf-8", "backslashreplace")).hexdigest()[:16]
