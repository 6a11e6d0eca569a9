-- What cannot be derived again: when a rule was first seen, how it changed, what was proven of it. Kept in its own file.

CREATE TABLE IF NOT EXISTS history.seen (
    key TEXT PRIMARY KEY, title TEXT NOT NULL, source TEXT NOT NULL, first TEXT NOT NULL, changed TEXT NOT NULL,
    initial INTEGER NOT NULL, hash BLOB NOT NULL, gone TEXT NOT NULL DEFAULT '', file BLOB NOT NULL DEFAULT x''
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS history.change (
    key TEXT NOT NULL, time TEXT NOT NULL, what TEXT NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (key, time, what)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS history.translation (
    key TEXT NOT NULL, target TEXT NOT NULL, schema TEXT NOT NULL, hash BLOB NOT NULL, time TEXT NOT NULL, verdict TEXT NOT NULL,
    model BLOB NOT NULL, PRIMARY KEY (key, target, schema)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS history.evidence (
    key TEXT NOT NULL, log TEXT NOT NULL, hash BLOB NOT NULL, time TEXT NOT NULL, kind TEXT NOT NULL, events INTEGER NOT NULL,
    expected INTEGER, detail TEXT NOT NULL, PRIMARY KEY (key, log, kind)
) WITHOUT ROWID;
