"""How the file of paid replies is laid out: its tables, how it is opened, and which files are refused."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from time import monotonic, sleep

LAYOUT = 1
_COLUMNS = {"key", "reply", "sha256"}
_PATIENCE_S = 30
"""How long another process's lock is waited for."""
_PAUSE_S = 0.01


def open_to_write(path: Path) -> sqlite3.Connection:
    """Open or create the file.

    Raises:
        OSError, sqlite3.Error: if it cannot be written, is no journal, or is of another layout.

    """
    path.parent.mkdir(parents=True, exist_ok=True)
    until = monotonic() + _PATIENCE_S
    while True:
        db = _connect(f"{path.absolute().as_uri()}?mode=rwc")
        try:
            _prepare(db)
        except sqlite3.OperationalError as error:
            db.close()
            if not _is_busy(error) or monotonic() > until:
                raise
            sleep(_PAUSE_S)
        else:
            return db


def _prepare(db: sqlite3.Connection) -> None:
    layout = _layout_of(db)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=NORMAL")
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    if layout != LAYOUT or not {"replies", "claims"} <= tables:
        _create_tables(db)


def _is_busy(error: sqlite3.OperationalError) -> bool:
    """Whether another process has just created the file, or closes it: SQLite does not wait for that by itself."""
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


def open_to_read(path: Path) -> sqlite3.Connection:
    """Open the file so that nothing can be written to it. One that is not there, or still empty, holds nothing.

    Raises:
        sqlite3.Error: if it cannot be read, is no journal, or is of another layout.

    """
    db = _connect(f"{path.absolute().as_uri()}?mode=rw") if path.exists() else None
    if db is None or _layout_of(db) != LAYOUT:
        db = _connect(":memory:")
        _create_tables(db)
    db.execute("PRAGMA query_only=ON")
    return db


def _connect(address: str) -> sqlite3.Connection:
    db = sqlite3.connect(address, timeout=_PATIENCE_S, isolation_level=None, check_same_thread=False, uri=True)
    # A flipped byte that leaves no UTF-8 must reach the checksum.
    db.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return db


def _layout_of(db: sqlite3.Connection) -> int:
    layout: int = db.execute("PRAGMA user_version").fetchone()[0]
    columns = {name for _, name, *_ in db.execute("PRAGMA table_info(replies)")}
    if layout not in (0, LAYOUT) or columns not in (set(), _COLUMNS):
        said = f"its layout is {layout}" if layout not in (0, LAYOUT) else f"it holds {sorted(columns)}"
        raise sqlite3.DatabaseError(f"{said}, this druqa writes {LAYOUT}: move the file away")
    return layout


def _create_tables(db: sqlite3.Connection) -> None:
    # Rows in the order in which they came, and an index by key. A table WITHOUT ROWID, as older journals have and keep,
    # holds whole replies in the inner nodes of its tree: there a write takes three times as long.
    db.execute("CREATE TABLE IF NOT EXISTS replies(key TEXT PRIMARY KEY, reply TEXT NOT NULL, sha256 TEXT NOT NULL)")
    db.execute("CREATE TABLE IF NOT EXISTS claims(key TEXT PRIMARY KEY, owner TEXT NOT NULL) WITHOUT ROWID")
    db.execute(f"PRAGMA user_version={LAYOUT}")
