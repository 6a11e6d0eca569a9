"""What raw queries say of time and grouping in so many words: for languages whose rules stay text."""

from __future__ import annotations

import re

from .duration import seconds

YARAL = re.compile(r"^\s*match\s*:\s*(.+?)\s+over\s+(?:every\s+)?(\d+\s*[smhd])\b", re.MULTILINE | re.DOTALL)
EQL = re.compile(
    r"^\s*(?:sequence|sample)\b((?:\s+by\s+[\w.@?]+(?:\s*,\s*[\w.@?]+)*)?)(?:\s+with\s+maxspan\s*=\s*(\w+))?",
    re.MULTILINE,
)
SPAN = re.compile(r"\bspan\s*=\s*(\d+[smhd])\w*")
STATS = re.compile(r"\|\s*(?:event|stream|t)?stats\b[^|]*?\bby\s+([^|\[\]]+)", re.IGNORECASE)
ESQL = re.compile(r"\bstats\b[^|]*?\bby\s+([^|]+)", re.IGNORECASE)
BUCKET = re.compile(
    r"\b(?:bucket|date_trunc)\s*\(\s*(?:@timestamp\s*,\s*)?(\d+)\s*(second|minute|hour|day)s?\b", re.IGNORECASE
)
FROM = re.compile(r"^\s*from\s+([^|]+)", re.IGNORECASE | re.MULTILINE)
COMMENTS = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)

Found = tuple[tuple[float, ...], tuple[str, ...]]
"""(windows in seconds, fields grouped by)."""


def yaral(text: str) -> Found:
    """The `match` section: `$host, $user over 5m`."""
    found = YARAL.search(COMMENTS.sub("", text))
    if found is None:
        return (), ()
    return _seconds(found[2].replace(" ", "")), _names(found[1])


def eql(text: str) -> Found:
    """`sequence by host.id with maxspan=1m`."""
    found = EQL.search(COMMENTS.sub("", text))
    if found is None:
        return (), ()
    by = re.sub(r"^\s*by\s+", "", found[1] or "")
    return _seconds(found[2] or ""), _names(by)


def spl(text: str) -> Found:
    """The spans of `bin`, `tstats` and `timechart`, and what the last `stats` counts by."""
    by = STATS.findall(_outside_brackets(text))
    spans = dict.fromkeys(value for span in SPAN.findall(text) for value in _seconds(span))
    names = (
        [name for name in re.split(r"[,\s]+", re.sub(r"\bspan\s*=\s*\S+", "", by[-1]).strip()) if name] if by else []
    )
    plain = [name.strip('"') for name in names if re.fullmatch(r'"?[\w.{}@:-]+"?', name)]
    return tuple(spans), tuple(plain) if len(plain) == len(names) else ()


def _outside_brackets(text: str) -> str:
    """A search without the searches inside it, `[ … ]`; brackets within quotes stay text."""
    depth, kept = 0, []
    for piece in re.findall(r'"(?:\\.|[^"\\])*"|[\[\]]|[^"\[\]]+|"', text):
        depth = max(0, depth + (piece == "[") - (piece == "]"))
        if not depth and piece != "]":
            kept.append(piece)
    return "".join(kept)


def esql(text: str) -> Found:
    """The buckets of time, and what the last `stats` groups by."""
    plain = COMMENTS.sub("", text)
    by = ESQL.findall(plain)
    units = {"second": "s", "minute": "m", "hour": "h", "day": "d"}
    spans = dict.fromkeys(value for n, unit in BUCKET.findall(plain) for value in _seconds(f"{n}{units[unit.lower()]}"))
    names = [name.strip().strip("`") for name in by[-1].split(",")] if by and "(" not in by[-1] else []
    return tuple(spans), tuple(name.partition("=")[0].strip() for name in names if name)


def esql_sources(text: str) -> tuple[str, ...]:
    """The indices an ES|QL query reads."""
    found = FROM.search(COMMENTS.sub("", text))
    listed = re.split(r"\bmetadata\b", found[1], maxsplit=1, flags=re.IGNORECASE)[0] if found else ""
    return tuple(name.strip().strip('"') for name in listed.split(",") if name.strip())


READERS = {"yaral": yaral, "eql": eql, "spl": spl, "esql": esql}


def grouping(text: str, language: str) -> Found:
    """Windows and grouping of a query in one of these languages; nothing where it has none or says it otherwise."""
    reader = READERS.get(language)
    return reader(text) if reader else ((), ())


def _seconds(text: str) -> tuple[float, ...]:
    value = seconds(text) if text else None
    return (float(value),) if value else ()


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for part in text.split(",") if (name := part.strip().lstrip("$?")))
