"""Kusto text laid out for reading: one stage a line, comments kept, meaning untouched."""

from __future__ import annotations

from ..languages.kusto.format import format_text


def formatted(text: str, path: str = "") -> str:
    """`text`, laid out. Raises QuerySyntaxError with every fault when it is not well formed."""
    made = format_text(text, path)
    return made if made.endswith("\n") or not made else made + "\n"
