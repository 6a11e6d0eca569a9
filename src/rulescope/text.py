"""Places in a text: offsets to lines and columns, and the caret line under a fault."""

from __future__ import annotations

import msgspec


class Span(msgspec.Struct, frozen=True, array_like=True):
    """Half-open range of code points, `[start, end)`, in the text a node was read from."""

    start: int
    end: int


class Place(msgspec.Struct, frozen=True):
    """Where something stands: file path (may be empty), line and column, both from 1."""

    path: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}" if self.path else f"{self.line}:{self.column}"


def place_at(text: str, offset: int, path: str = "") -> Place:
    """The place of code point `offset` in `text`; an offset past the end is the end."""
    offset = min(offset, len(text))
    line = text.count("\n", 0, offset) + 1
    return Place(path, line, offset - text.rfind("\n", 0, offset))


def caret(text: str, span: Span, width: int = 120) -> str:
    """The line `span` starts on, and below it carets under the span; long lines are cut around it."""
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.start)
    line = text[start : len(text) if end < 0 else end].rstrip("\r").replace("\t", " ")
    column = span.start - start
    length = max(1, min(span.end, start + len(line)) - span.start)
    cut = max(0, column - width // 2)
    shown = line[cut : cut + width]
    return f"{shown}\n{' ' * (column - cut)}{'^' * max(1, min(length, width - (column - cut)))}"
