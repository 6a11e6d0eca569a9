"""Words near a mistyped one: candidates by shared trigrams, the nearest by edit distance."""

from __future__ import annotations

import sqlite3


def suggest(connection: sqlite3.Connection, word: str) -> str:
    """The most used word within two edits of `word` (one for short words); "" when there is none."""
    low = "".join(letter for letter in word.lower() if letter.isalnum())
    if not 4 <= len(low) <= 30:
        return ""
    trigrams = " OR ".join(f'"{low[start : start + 3]}"' for start in range(len(low) - 2))
    rows = connection.execute(
        "WITH near AS MATERIALIZED (SELECT rowid AS number, rank FROM term_trigram WHERE term_trigram MATCH ?"
        " ORDER BY rank LIMIT 300) SELECT term, rules FROM near JOIN term USING (number)",
        (trigrams,),
    ).fetchall()
    most = 1 if len(low) < 6 else 2
    scored = [(distance(low, term, most), -rules, term) for term, rules in rows]
    best = min((item for item in scored if 0 < item[0] <= most), default=None)
    return best[2] if best else ""


def distance(one: str, other: str, most: int) -> int:
    """Edits (insert, delete, replace, swap neighbours) between two words; `most + 1` when more than `most`."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        above, row_before = row, before
        row = [i]
        for j, b in enumerate(other, 1):
            best = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a != b))
            if row_before and i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                best = min(best, row_before[j - 2] + 1)
            row.append(best)
        if min(row) > most:
            return most + 1
        before = above
    return row[-1]
