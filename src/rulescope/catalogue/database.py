"""The SQLite files of a catalogue: opening, making, rebuilding, a connection per thread. Only the catalogue speaks SQL."""

from __future__ import annotations

import sqlite3
import threading
from importlib.resources import files
from pathlib import Path

from ..errors import CatalogueError
from ..model import MODEL_VERSION

LAYOUT = 3
"""Raised when tables.sql changes; together with MODEL_VERSION it decides whether a catalogue is rebuilt."""
VERSION = f"{LAYOUT}.{MODEL_VERSION}"


class Database:
    """One catalogue file and its history beside it: `x.db` and `x.history.db`."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.history = self.path.with_name(f"{self.path.stem}.history{self.path.suffix or '.db'}")
        self.lock = threading.RLock()
        self._threads = threading.local()
        self.rebuilt = self._prepare()
        self._writer: sqlite3.Connection | None = None

    @property
    def reader(self) -> sqlite3.Connection:
        """This thread's connection for reading."""
        found = getattr(self._threads, "connection", None)
        if found is None:
            found = self._connect()
            found.execute("PRAGMA query_only = ON")
            self._threads.connection = found
        assert isinstance(found, sqlite3.Connection)
        return found

    @property
    def writer(self) -> sqlite3.Connection:
        """The one connection for writing; hold `lock` while using it."""
        if self._writer is None:
            self._writer = self._connect()
        return self._writer

    def close(self) -> None:
        for connection in (self._writer, getattr(self._threads, "connection", None)):
            if connection is not None:
                connection.close()
        self._writer = None
        self._threads = threading.local()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, check_same_thread=False, timeout=30, isolation_level=None)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA cache_size = -40000")
        connection.execute("PRAGMA mmap_size = 1000000000")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("ATTACH DATABASE ? AS history", (str(self.history),))
        return connection

    def _prepare(self) -> bool:
        """Makes the files, or empties a catalogue of another version; True when it has to be filled anew."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = self._connect()
            try:
                connection.execute("PRAGMA main.journal_mode = WAL")
                connection.execute("PRAGMA history.journal_mode = WAL")
                version = _version(connection)
                if version != VERSION:
                    _rebuild(connection)
                connection.executescript(_sql("history.sql"))
                _complete_history(connection)
                return version != VERSION
            finally:
                connection.close()
        except (sqlite3.DatabaseError, OSError) as error:
            raise CatalogueError(f"{self.path}: {error}") from error


def _sql(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _version(connection: sqlite3.Connection) -> str:
    names = {name for (name,) in connection.execute("SELECT name FROM main.sqlite_master WHERE type = 'table'")}
    if not names:
        return ""
    if "meta" not in names or "rule" not in names:
        raise CatalogueError("an SQLite file of something else, not a catalogue")
    row = connection.execute("SELECT value FROM meta WHERE name = 'version'").fetchone()
    return row[0] if row else "unknown"


def _complete_history(connection: sqlite3.Connection) -> None:
    """Gives a history of an older version what it lacks: the hash of the file a rule was read from."""
    columns = {row[1] for row in connection.execute("PRAGMA history.table_info(seen)")}
    if "file" not in columns:
        connection.execute("ALTER TABLE history.seen ADD COLUMN file BLOB NOT NULL DEFAULT x''")


def _rebuild(connection: sqlite3.Connection) -> None:
    rows = connection.execute(
        "SELECT type, name FROM main.sqlite_master WHERE name NOT LIKE 'sqlite_%' AND type IN ('table', 'view')"
        " ORDER BY sql LIKE 'CREATE VIRTUAL%' DESC"
    ).fetchall()
    names = {name for _, name in rows}
    for kind, name in rows:
        if any(
            name.startswith(f"{owner}_") and name != owner
            for owner in names
            if owner in ("search", "term_trigram", "value_trigram")
        ):
            continue  # shadow tables go with their virtual table
        connection.execute(f'DROP {"VIEW" if kind == "view" else "TABLE"} IF EXISTS "{name}"')
    connection.executescript(_sql("tables.sql"))
    connection.execute("INSERT INTO meta VALUES ('version', ?)", (VERSION,))
    connection.execute("INSERT INTO meta VALUES ('generation', '0')")
