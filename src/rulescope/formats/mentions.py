"""What prose around a query mentions: ATT&CK ids, links, CVEs. For files that have no field for them."""

from __future__ import annotations

import re

TECHNIQUE = re.compile(r"(?<![A-Za-z0-9])(?<!AML\.)[Tt](\d{4})(?:[./](\d{3}))?(?![0-9])")
SPLIT_TECHNIQUE = re.compile(r"\|\s*[Tt](\d{4})\s*\|\s*(\d{3})\s*\|")  # a table with a column for sub-techniques
TACTIC = re.compile(r"(?<![A-Za-z0-9])TA(\d{4})(?![0-9])")
LINK = re.compile(r"https?://[^\s<>\"'`\]})|]+")


def techniques(text: str) -> tuple[str, ...]:
    """Technique ids in the order they first stand in `text`, upper case; a table's `T1036 | 005` is T1036.005."""
    text = SPLIT_TECHNIQUE.sub(lambda m: f"| T{m[1]}.{m[2]} |", text)
    return tuple(dict.fromkeys(f"T{m[1]}.{m[2]}" if m[2] else f"T{m[1]}" for m in TECHNIQUE.finditer(text)))


def tactics(text: str) -> tuple[str, ...]:
    """Tactic ids (`TA0005`) in the order they first stand in `text`."""
    return tuple(dict.fromkeys(f"TA{m[1]}" for m in TACTIC.finditer(text)))


def links(text: str) -> tuple[str, ...]:
    """Web addresses in the order they first stand in `text`, without the punctuation of the sentence around them."""
    return tuple(dict.fromkeys(m[0].rstrip(".,;:!?*_)") for m in LINK.finditer(text)))
