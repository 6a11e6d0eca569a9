"""What is computed once all files are stored: counts, sets for filters, families of near-copies, words for suggestions."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from itertools import groupby

from .bits import bits_of, packed

WORD = re.compile(r"[a-z][a-z0-9]{3,29}")


def seal(connection: sqlite3.Connection) -> None:
    """Brings everything derived up to date with the rules stored."""
    _times(connection)
    _prune(connection)
    _verdicts(connection)
    _counts(connection)
    _column_counts(connection)
    _families(connection)
    _postings(connection)
    _terms(connection)
    connection.execute("UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE name = 'generation'")


def _times(connection: sqlite3.Connection) -> None:
    """A rule that came with its source has its author's date; one that came or changed later, the time we saw that."""
    connection.execute(
        "UPDATE rule SET time = coalesce((SELECT CASE WHEN seen.initial THEN '' ELSE seen.changed END FROM history.seen"
        " WHERE seen.key = rule.key), '')"
    )
    connection.execute("UPDATE rule SET time = CASE WHEN modified != '' THEN modified ELSE created END WHERE time = ''")
    connection.execute(
        "UPDATE rule SET retrieved = coalesce((SELECT first FROM history.seen WHERE seen.key = rule.key), retrieved)"
    )


def _prune(connection: sqlite3.Connection) -> None:
    orphans = connection.execute(
        "SELECT number, value FROM predicate WHERE NOT EXISTS"
        " (SELECT 1 FROM indicator WHERE indicator.predicate = predicate.number)"
    ).fetchall()
    connection.executemany("INSERT INTO value_trigram (value_trigram, rowid, value) VALUES ('delete', ?, ?)", orphans)
    connection.executemany("DELETE FROM predicate WHERE number = ?", [(number,) for number, _ in orphans])


def _verdicts(connection: sqlite3.Connection) -> None:
    """What was proven of a rule, when it was proven of its present text: of several translations the worst that was tested."""
    connection.execute(
        "UPDATE rule SET verdict = '', fires = '', tested = 0 WHERE verdict != '' OR fires != '' OR tested"
    )
    rows = connection.execute(
        "SELECT translation.key, translation.verdict FROM history.translation JOIN history.seen USING (key)"
        " WHERE translation.hash = seen.hash ORDER BY CASE translation.verdict WHEN 'untested' THEN 0 WHEN 'equal' THEN 1"
        " WHEN 'narrower' THEN 2 WHEN 'wider' THEN 3 WHEN 'differs' THEN 4 ELSE 5 END"
    )
    connection.executemany(
        "UPDATE rule SET verdict = ? WHERE key = ?", [(verdict, key) for key, verdict in rows.fetchall()]
    )
    rows = connection.execute(
        "SELECT evidence.key, max(evidence.kind = 'fired' AND coalesce(evidence.expected, 1) > 0),"
        " max(coalesce(evidence.expected, 0) > 0) FROM history.evidence"
        " JOIN history.seen USING (key) WHERE evidence.hash = seen.hash AND evidence.kind != 'not-run' GROUP BY evidence.key"
    )
    connection.executemany(
        "UPDATE rule SET fires = ?, tested = ? WHERE key = ?",
        [("fires" if fired else "silent", tested, key) for key, fired, tested in rows.fetchall()],
    )
    connection.execute(
        "UPDATE rule SET fires = 'impossible' WHERE number IN (SELECT rule FROM facet WHERE kind = 'finding' AND value = 'impossible')"
    )


def _counts(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM predicate_count")
    connection.execute(
        "INSERT INTO predicate_count SELECT indicator.predicate, indicator.negated, rule.language, count(DISTINCT rule.number)"
        " FROM indicator JOIN rule ON rule.number = indicator.rule GROUP BY 1, 2, 3"
    )


def _column_counts(connection: sqlite3.Connection) -> None:
    """Per table and column as rules write it (of a path its first part), how many rules of the table test it."""
    connection.execute("DELETE FROM column_count")
    connection.execute(
        "INSERT INTO column_count SELECT facet.value, CASE WHEN instr(indicator.field, '.') > 1"
        " THEN substr(indicator.field, 1, instr(indicator.field, '.') - 1) ELSE indicator.field END AS head,"
        " count(DISTINCT indicator.rule) FROM facet JOIN rule ON rule.number = facet.rule AND NOT rule.forwards"
        " JOIN indicator ON indicator.rule = facet.rule WHERE facet.kind = 'table' GROUP BY facet.value, head"
    )


def _families(connection: sqlite3.Connection) -> None:
    """Near-copies: rules that test the same things, under titles that share most of their words or with equal text."""
    connection.execute("UPDATE rule SET family = number, alike = 0")
    rows = connection.execute(
        "SELECT likeness, number, title, outline FROM rule WHERE likeness != x'' AND likeness IN"
        " (SELECT likeness FROM rule WHERE likeness != x'' GROUP BY likeness HAVING count(*) > 1) ORDER BY likeness, number"
    ).fetchall()
    changes: list[tuple[int, int, int]] = []
    for _, group in groupby(rows, key=lambda row: row[0]):
        for members in _alike([(number, title, outline) for _, number, title, outline in group]):
            if len(members) > 1:
                changes.extend((members[0], len(members) - 1, number) for number in members)
    connection.executemany("UPDATE rule SET family = ?, alike = ? WHERE number = ?", changes)


def _alike(rules: list[tuple[int, str, bytes]]) -> Iterator[list[int]]:
    heads: list[tuple[set[str], bytes, list[int]]] = []
    for number, title, outline in rules:
        words = set(re.findall(r"[a-z0-9]+", title.lower()))
        for known, form, members in heads:
            shared = len(words & known) / (len(words | known) or 1)
            if shared >= 0.6 or (outline and outline == form):
                members.append(number)
                break
        else:
            heads.append((words, outline, [number]))
    return (members for _, _, members in heads)


def _postings(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM posting")
    rows = connection.execute("SELECT kind, value, rule FROM facet ORDER BY kind, value")
    stored = []
    for (kind, value), group in groupby(rows, key=lambda row: (row[0], row[1])):
        numbers = [number for _, _, number in group]
        stored.append((kind, value, len(numbers), packed(bits_of(numbers))))
    for kind, statement in (
        ("all", "SELECT number FROM rule"),
        ("forwards", "SELECT number FROM rule WHERE forwards"),
        ("copies", "SELECT number FROM rule WHERE alike > 0"),
    ):
        numbers = [number for (number,) in connection.execute(statement)]
        stored.append((kind, "yes", len(numbers), packed(bits_of(numbers))))
    for kind, statement in (
        ("verdict", "SELECT coalesce(nullif(verdict, ''), 'untested') AS found, number FROM rule ORDER BY found"),
        ("fires", "SELECT coalesce(nullif(fires, ''), 'untested') AS found, number FROM rule ORDER BY found"),
    ):
        for value, group in groupby(connection.execute(statement), key=lambda row: row[0]):
            numbers = [number for _, number in group]
            stored.append((kind, value, len(numbers), packed(bits_of(numbers))))
    tested = [number for (number,) in connection.execute("SELECT number FROM rule WHERE tested")]
    if tested:
        stored.append(("test", "yes", len(tested), packed(bits_of(tested))))
    connection.executemany("INSERT INTO posting VALUES (?, ?, ?, ?)", stored)


def _terms(connection: sqlite3.Connection) -> None:
    """Words that stand in two rules or more, for suggestions."""
    connection.execute("INSERT INTO term_trigram (term_trigram) VALUES ('delete-all')")
    connection.execute("DELETE FROM term")
    rows = connection.execute("SELECT term, doc FROM vocabulary WHERE doc > 1")
    words = [(term, doc) for term, doc in rows if WORD.fullmatch(term) and not re.fullmatch(r"[0-9a-f]{8,}", term)]
    connection.executemany("INSERT INTO term (term, rules) VALUES (?, ?)", words)
    connection.execute("INSERT INTO term_trigram (term_trigram) VALUES ('rebuild')")
