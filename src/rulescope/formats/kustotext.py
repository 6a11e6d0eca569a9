"""Kusto as plain text: is this a query at all, and where one query of a file ends and the next begins.

Only what stands outside strings and comments counts; a blank line ends a query in Kusto's own editors, but inside a file
authors also use blank lines within one, so a new query needs a line that cannot continue the one before.
"""

from __future__ import annotations

import re

PIPE = re.compile(
    r"\|\s*(?:where|extend|project|project-\w+|summarize|join|union|take|limit|sort|order|top|top-nested|distinct|count"
    r"|parse|parse-\w+|mv-\w+|mvexpand|evaluate|invoke|lookup|make-series|render|serialize|search|as|filter|getschema"
    r"|sample|sample-distinct|partition|scan|fork|facet|reduce)\b",
    re.IGNORECASE,
)
OPENING = re.compile(
    r"(?:let\s+\w+\s*=|set\s+\w+|declare\s+|union\s|search\s|find\s|print\s|datatable\s*\(|externaldata\s*\(|range\s+\w+\s+from"
    r"|workspace\s*\(|cluster\s*\(|materialize\s*\()",
    re.IGNORECASE,
)
TABLE = re.compile(r"[A-Za-z_]\w*(?:\s*\([^()\n]*\))?\s*(?:\||$)")
CONTINUES = frozenset(
    [
        "and",
        "or",
        "by",
        "on",
        "with",
        "kind",
        "in",
        "has",
        "contains",
        "startswith",
        "endswith",
        "between",
        "asc",
        "desc",
        "nulls",
        "from",
        "to",
        "step",
        "of",
        "where",
        "then",
        "else",
    ]
)
WAITS = CONTINUES - {"asc", "desc"}  # words no query ends with
LEXED = re.compile(r"""//[^\n]*|@?'(?:[^'\\\n]|\\.|'')*'|@?"(?:[^"\\\n]|\\.|"")*"|```.*?```|~~~.*?~~~""", re.DOTALL)


def looks_like_kusto(text: str) -> bool:
    """Whether `text` can be a Kusto query: it has a piped operator, or opens as only a query does."""
    code = _code(text).strip()
    if not code or code[0] in "{[<#":
        return False
    if PIPE.search(code):
        return True
    first = code.split("\n", 1)[0].strip()
    if OPENING.match(first):
        return True
    return re.fullmatch(r"[A-Za-z_]\w*(?:\s*\([^{}]*\))?;?", code) is not None and ("(" in code or code[0].isupper())


def split_queries(text: str) -> list[tuple[int, str]]:
    """The queries of `text` as (line from 0, text), comments staying with the query below them; at least one."""
    code = _code(text).split("\n")
    lines = text.split("\n")
    starts = [0]
    depth = 0
    last = ""  # the last line with code
    gap = 0  # line after the last code, where a next query would start
    blank = False
    for number, line in enumerate(code):
        stripped = line.strip()
        if not stripped:
            blank = blank or not lines[number].strip()
            continue
        if blank and depth <= 0 and last and _ends(last) and _begins(stripped):
            starts.append(gap)
        depth += sum(map(line.count, "([{")) - sum(map(line.count, ")]}"))
        last, gap, blank = stripped, number + 1, False
    ends = [*starts[1:], len(lines)]
    parts = [(start, "\n".join(lines[start:end])) for start, end in zip(starts, ends, strict=True)]
    return [_trimmed(start, part) for start, part in parts]


def _trimmed(start: int, part: str) -> tuple[int, str]:
    lines = part.split("\n")
    while len(lines) > 1 and not lines[0].strip():
        lines.pop(0)
        start += 1
    return start, "\n".join(lines).rstrip()


def _code(text: str) -> str:
    """`text` with comments blanked and strings made `""`, line by line as before."""

    def blanked(match: re.Match[str]) -> str:
        found = match[0]
        if found.startswith("//"):
            return ""
        return '""' + "\n" * found.count("\n")

    return LEXED.sub(blanked, text)


def _ends(line: str) -> bool:
    """Whether a query can end with this line: it does not wait for more."""
    return line[-1] not in ";,(|=<>+-*/{[" and line.rsplit(None, 1)[-1].lower() not in WAITS


def _begins(line: str) -> bool:
    """Whether this line cannot belong to the query before it: it names a table or opens a statement."""
    word = re.match(r"[A-Za-z_]\w*", line)
    if word is None or word[0].lower() in CONTINUES:
        return False
    return bool(OPENING.match(line) or TABLE.match(line))
