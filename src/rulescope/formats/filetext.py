"""Bytes of a rule file to text: byte-order marks, UTF-16 without one, stray NUL bytes, Windows line ends."""

from __future__ import annotations

import codecs

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


CONTROLS = bytes([*range(9), *range(14, 27)])


def file_text(data: bytes) -> str:
    """The text of `data`, line ends as `\\n`, stray NULs as spaces so that places stay true. Never raises.

    Bytes that are no UTF-8 are read as Windows-1252, in which the field's editors once saved.
    """
    return _decoded(data).replace("\r\n", "\n").replace("\r", "\n").replace("\x00", " ")


def is_binary(data: bytes) -> bool:
    """Whether `data` cannot be text in any encoding we read: control bytes that no text holds."""
    head = data[:2048]
    if any(head.startswith(mark) for mark, _ in MARKS) or _looks_utf16(head):
        return False
    return len(head) - len(head.translate(None, CONTROLS)) > max(3, len(head) // 50)


def _decoded(data: bytes) -> str:
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    order = _looks_utf16(data[:2048])
    if order:
        return data.decode(order, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def _looks_utf16(head: bytes) -> str:
    """`utf-16-le` or `-be` when nearly every second byte is NUL, else an empty string."""
    half = len(head) // 2
    if half < 4:
        return ""
    if head[1::2].count(0) > 0.8 * half and head[0::2].count(0) < 0.2 * half:
        return "utf-16-le"
    if head[0::2].count(0) > 0.8 * half and head[1::2].count(0) < 0.2 * half:
        return "utf-16-be"
    return ""
