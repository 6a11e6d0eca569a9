"""Filling a catalogue: files in, their rules and facts stored, what changed noted in the history. One writer at a time."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable
from typing import Any

import msgspec

from ..model import Rule
from .entry import Entry, FileEntry, digest
from .results import Card, SourceFacts

ENCODER = msgspec.json.Encoder()
RULES = msgspec.json.Decoder(Rule)
MUTE = ("commit", "url", "licence")  # parts of a rule whose change is none of the author's


class Writing:
    """A transaction over `connection`; made by `Catalogue.writing`, sealed when it ends."""

    def __init__(self, connection: sqlite3.Connection, now: str) -> None:
        self.connection = connection
        self.now = now
        self.changed = False
        self._predicates: dict[tuple[str, str, str], int] = {}
        rows = connection.execute("SELECT DISTINCT source FROM history.seen")
        self._old_sources = {source for (source,) in rows}

    def source(self, facts: SourceFacts, location: str = "") -> None:
        """Adds or updates what is known of a source and where its copy lies; its counts are not stored but counted."""
        self.connection.execute(
            'INSERT INTO source (name, title, location, licence, licence_url, show_bodies, repository, "commit", synced)'
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET title = excluded.title,"
            " location = excluded.location, licence = excluded.licence, licence_url = excluded.licence_url,"
            ' show_bodies = excluded.show_bodies, repository = excluded.repository, "commit" = excluded."commit",'
            " synced = excluded.synced",
            (
                facts.name, facts.title, location, facts.licence, facts.licence_url, facts.show_bodies,
                facts.repository, facts.commit, facts.synced,
            ),
        )  # fmt: skip

    def touch(self, source: str, path: str, size: int, mtime: int) -> None:
        """Notes that a file whose text is the same has another time stamp."""
        self.connection.execute(
            "UPDATE file SET size = ?, mtime = ? WHERE source = ? AND path = ?", (size, mtime, source, path)
        )

    def store(self, file: FileEntry) -> None:
        """Replaces everything known of a file."""
        self.changed = True
        old = self._drop(file.source, file.path)
        self.connection.execute(
            "INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?)",
            (file.source, file.path, file.hash, file.size, file.mtime),
        )
        self.connection.executemany(
            'INSERT INTO failure (source, path, kind, message, line, "column", rule) VALUES (?, ?, ?, ?, ?, ?, ?)',
            [(each.source, each.path, each.kind, each.message, each.line, each.column, "") for each in file.failures],
        )
        for entry in file.entries:
            self._store(entry, old.pop(entry.key, None), file.hash)
        for key, (_, rule) in old.items():
            self._note_gone(key, rule.title)

    def forget(self, source: str, paths: Iterable[str]) -> None:
        """Drops files that are no longer there; their rules stay in the history as removed."""
        for path in paths:
            self.changed = True
            for key, (_, rule) in self._drop(source, path).items():
                self._note_gone(key, rule.title)

    def _drop(self, source: str, path: str) -> dict[str, tuple[int, Rule]]:
        """Removes a file and its rules; gives what they were, by key."""
        run = self.connection.execute
        rows = run("SELECT number, key, model FROM rule WHERE source = ? AND path = ?", (source, path)).fetchall()
        for number, _, _ in rows:
            words = run(
                'SELECT title, description, body, "values", tags FROM words WHERE number = ?', (number,)
            ).fetchone()
            if words:
                run(
                    'INSERT INTO search (search, rowid, title, description, body, "values", tags)'
                    " VALUES ('delete', ?, ?, ?, ?, ?, ?)",
                    (number, *words),
                )
            for statement in (
                "DELETE FROM words WHERE number = ?", "DELETE FROM query WHERE rule = ?", "DELETE FROM indicator WHERE rule = ?",
                "DELETE FROM facet WHERE rule = ?", "DELETE FROM opaque WHERE rule = ?", "DELETE FROM rule WHERE number = ?",
            ):  # fmt: skip
                run(statement, (number,))
        run("DELETE FROM failure WHERE source = ? AND path = ?", (source, path))
        run("DELETE FROM file WHERE source = ? AND path = ?", (source, path))
        return {key: (number, RULES.decode(zlib.decompress(model))) for number, key, model in rows}

    def _store(self, entry: Entry, old: tuple[int, Rule] | None, file: bytes) -> None:
        run = self.connection.execute
        rule = entry.rule
        number = old[0] if old else None
        card = ENCODER.encode(_card(entry))
        cursor = run(
            "INSERT INTO rule (number, key, id, title, language, format, kind, severity, status, source, path, created,"
            " modified, licence, retrieved, understood, parsed, forwards, outline, likeness, confidence, card, model)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number, entry.key, rule.id, rule.title, rule.language, rule.format, rule.kind, rule.severity, rule.status,
                rule.source, rule.path, rule.created, rule.modified, rule.licence, self.now, entry.understood,
                entry.query is not None, entry.forwards, entry.outline, entry.likeness, entry.confidence, card,
                zlib.compress(ENCODER.encode(rule), 1),
            ),
        )  # fmt: skip
        number = cursor.lastrowid
        assert number is not None
        if entry.query is not None:
            run("INSERT INTO query VALUES (?, ?)", (number, zlib.compress(ENCODER.encode(entry.query), 1)))
        if entry.fault is not None:
            fault = entry.fault
            run(
                'INSERT INTO failure (source, path, kind, message, line, "column", rule) VALUES (?, ?, ?, ?, ?, ?, ?)',
                (fault.source, fault.path, fault.kind, fault.message, fault.line, fault.column, entry.key),
            )
        self._store_indicators(number, entry)
        self.connection.executemany(
            "INSERT OR IGNORE INTO facet VALUES (?, ?, ?)",
            [(kind, value, number) for kind, value in _facets(entry) if value],
        )
        times: dict[str, int] = {}
        for keyword in entry.opaque:
            times[keyword] = times.get(keyword, 0) + 1
        self.connection.executemany("INSERT INTO opaque VALUES (?, ?, ?)", [(number, *item) for item in times.items()])
        self._store_words(number, entry)
        self._note(entry, old[1] if old else None, file)

    def _store_indicators(self, number: int, entry: Entry) -> None:
        rows = []
        for position, (found, predicate) in enumerate(zip(entry.indicators, entry.predicates, strict=True)):
            key = (predicate.field, predicate.op, predicate.value)
            value: Any = found.value
            rows.append(
                (number, position, self._predicate(key), found.negated, found.field, found.op.value, value, found.cased)
            )
        self.connection.executemany("INSERT INTO indicator VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    def _predicate(self, key: tuple[str, str, str]) -> int:
        number = self._predicates.get(key)
        if number is None:
            row = self.connection.execute(
                "SELECT number FROM predicate WHERE field = ? AND op = ? AND value = ?", key
            ).fetchone()
            if row is None:
                cursor = self.connection.execute("INSERT INTO predicate (field, op, value) VALUES (?, ?, ?)", key)
                number = cursor.lastrowid
                self.connection.execute("INSERT INTO value_trigram (rowid, value) VALUES (?, ?)", (number, key[2]))
            else:
                number = row[0]
            assert number is not None
            self._predicates[key] = number
        return number

    def _store_words(self, number: int, entry: Entry) -> None:
        rule = entry.rule
        values = " ".join(dict.fromkeys(str(found.value) for found in entry.indicators if found.value is not None))
        tags = " ".join(
            [rule.id, *rule.techniques, *rule.tactics, *rule.tags, *rule.authors, *(v for _, v in entry.facets)]
        )
        words = (rule.title, rule.description, rule.text, values, tags)
        self.connection.execute("INSERT INTO words VALUES (?, ?, ?, ?, ?, ?)", (number, *words))
        self.connection.execute(
            'INSERT INTO search (rowid, title, description, body, "values", tags) VALUES (?, ?, ?, ?, ?, ?)',
            (number, *words),
        )

    # ------------------------------------------------------------ history

    def _note(self, entry: Entry, old: Rule | None, file: bytes) -> None:
        """Notes that a rule is new or was changed by its author: one of an unchanged file is only read otherwise than before."""
        run = self.connection.execute
        rule = entry.rule
        mark = digest(ENCODER.encode(msgspec.structs.replace(rule, **dict.fromkeys(MUTE, ""))).decode())
        seen = run("SELECT hash, gone, file FROM history.seen WHERE key = ?", (entry.key,)).fetchone()
        if seen is None:
            initial = rule.source not in self._old_sources
            run(
                "INSERT INTO history.seen VALUES (?, ?, ?, ?, ?, ?, ?, '', ?)",
                (entry.key, rule.title, rule.source, self.now, self.now, initial, mark, file),
            )
            run("INSERT OR IGNORE INTO history.change VALUES (?, ?, 'added', '')", (entry.key, self.now))
            return
        if seen[1]:
            run("INSERT OR IGNORE INTO history.change VALUES (?, ?, 'came back', '')", (entry.key, self.now))
        run("UPDATE history.seen SET file = ? WHERE key = ?", (file, entry.key))
        if seen[0] != mark and seen[2] != file:
            detail = ", ".join(_differences(old, rule)) if old else ""
            run("INSERT OR REPLACE INTO history.change VALUES (?, ?, 'changed', ?)", (entry.key, self.now, detail))
            run(
                "UPDATE history.seen SET hash = ?, title = ?, changed = ?, initial = 0, gone = '' WHERE key = ?",
                (mark, rule.title, self.now, entry.key),
            )
            return
        if seen[0] != mark:
            run("UPDATE history.seen SET hash = ?, title = ? WHERE key = ?", (mark, rule.title, entry.key))
        if seen[1]:
            run("UPDATE history.seen SET gone = '', changed = ?, initial = 0 WHERE key = ?", (self.now, entry.key))

    def _note_gone(self, key: str, title: str) -> None:
        run = self.connection.execute
        run("UPDATE history.seen SET gone = ? WHERE key = ?", (self.now, key))
        run("INSERT OR IGNORE INTO history.change VALUES (?, ?, 'removed', ?)", (key, self.now, title))


def _differences(old: Rule, new: Rule) -> list[str]:
    """The parts of a rule that changed, in the order of its fields."""
    skipped = (*MUTE, "line", "indent")
    names = [
        name for name in Rule.__struct_fields__ if name not in skipped and getattr(old, name) != getattr(new, name)
    ]
    return ["query" if name == "text" else name.replace("_", " ") for name in names]


def _facets(entry: Entry) -> list[tuple[str, str]]:
    rule = entry.rule
    return [
        *entry.facets,
        ("language", rule.language),
        ("source", rule.source),
        ("severity", rule.severity),
        ("status", rule.status),
        ("kind", rule.kind),
        ("format", rule.format),
        ("read", "understood" if entry.understood else "in part" if entry.query is not None else "as text"),
        *(("author", author) for author in rule.authors),
        *(("tag", tag) for tag in rule.tags),
    ]


def _card(entry: Entry) -> Card:
    rule = entry.rule

    def values(kind: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(value for each, value in entry.facets if each == kind))

    description = " ".join(rule.description.split())
    return Card(
        key=entry.key,
        id=rule.id,
        title=rule.title,
        language=rule.language,
        format=rule.format,
        source=rule.source,
        kind=rule.kind,
        severity=rule.severity,
        status=rule.status,
        description=description if len(description) <= 240 else description[:239].rsplit(" ", 1)[0] + "…",
        techniques=values("technique"),
        tactics=values("tactic"),
        tables=values("table"),
        platforms=values("platform"),
        topics=values("topic"),
        authors=rule.authors,
        created=rule.created,
        modified=rule.modified,
        understood=entry.understood,
        parsed=entry.query is not None,
        forwards=entry.forwards,
        confidence=entry.confidence,
    )
