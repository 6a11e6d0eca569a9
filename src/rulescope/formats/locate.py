"""Where a text value of a YAML or TOML file starts: the line, and how far its lines are indented there."""

from __future__ import annotations

import re

BLOCK = re.compile(r"[|>][+-]?\d?[+-]?[ \t]*(?:#.*)?$", re.MULTILINE)
TRIPLE = ("'''", '"""')


def locate(text: str, key: str, value: str) -> tuple[int, int]:
    """(line, indent) of the value of `key` in `text`, both for `value`'s first line; line from 1.

    Block values start on the line below their key; others on its own. Among several keys of that name (at any depth) the
    one whose text agrees with the value's first words is taken. (1, 0) when the key is nowhere.
    """
    opening = value.lstrip().split("\n", 1)[0].strip()[:40]
    fallback = (1, 0)
    for match in re.finditer(rf"^([ \t]*(?:- )?)[\"']?{re.escape(key)}[\"']?[ \t]*[:=][ \t]*", text, re.MULTILINE):
        line = text.count("\n", 0, match.end()) + 1
        place = _value_place(text, match.end(), line, value)
        if fallback == (1, 0):
            fallback = place
        if opening and opening in text[match.end() : match.end() + len(value) * 2 + 400]:
            return place
    return fallback


def _value_place(text: str, start: int, line: int, value: str) -> tuple[int, int]:
    end = text.find("\n", start)
    head = text[start : len(text) if end < 0 else end]
    if BLOCK.match(head):
        return line + 1, _indent(text[end + 1 :], value)
    for mark in TRIPLE:
        if head.startswith(mark):  # TOML drops a line end right after the opening quotes
            return (line + 1, 0) if not head[3:].strip() else (line, start + 3 - (text.rfind("\n", 0, start) + 1))
    column = start - (text.rfind("\n", 0, start) + 1)
    return line, column + head.startswith(("'", '"'))


def _indent(block: str, value: str) -> int:
    """How much further right the block's first line with words stands than the value's."""
    for shown, plain in zip(block.split("\n"), value.split("\n"), strict=False):
        if shown.strip() and plain.strip():
            return max(0, (len(shown) - len(shown.lstrip())) - (len(plain) - len(plain.lstrip())))
    return 0
