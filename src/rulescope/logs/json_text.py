"""JSON logs: one object a line, arrays, pretty-printed objects one after another, and the envelopes of cloud services."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import msgspec

from ..errors import LogError
from .batch import Broken, Record, Row
from .opening import lines, open_text
from .windows import flat, from_xml, is_event

CHUNK = 1 << 20
LONGEST_VALUE = 64 << 20
"""Characters of one JSON value at most."""

ENVELOPE = re.compile(
    r'\s*\{\s*(?:"[^"]{0,60}"\s*:\s*(?:"[^"]{0,500}"|[-\d.eE+]+|true|false|null)\s*,\s*){0,5}'
    r'"(?:Records|records|value|logEvents|events|hits|items|entries)"\s*:\s*(?=\[\s*\{)'
)
"""An object whose only interest is a list of events (`{"Records": [...]}` of CloudTrail, `{"value": [...]}` of Graph)."""

_decode = msgspec.json.Decoder().decode
_SPACE = re.compile(r"[\s,\x1e\x00]*")
_decoder = json.JSONDecoder(strict=False)


def read_lines(path: Path) -> Iterator[Record]:
    """One JSON object a line. Empty lines are skipped."""
    for number, line in lines(path):
        if not line or line.isspace():
            continue
        try:
            value = _decode(line)
        except RecursionError:
            yield Broken(number, "no JSON: nested too deeply")
            continue
        except (msgspec.DecodeError, UnicodeEncodeError):
            try:
                value = json.loads(line, strict=False)
            except (ValueError, RecursionError) as error:
                yield Broken(number, f"no JSON: {error}"[:200])
                continue
        if isinstance(value, dict):
            yield number, row_of(value)
        elif isinstance(value, list):
            for item in value:
                yield (number, row_of(item)) if isinstance(item, dict) else Broken(number, "no JSON object")
        else:
            yield Broken(number, "no JSON object")


def read_values(path: Path) -> Iterator[Record]:
    """Objects in an array, in an envelope, or one after another, however they are laid out; numbered from 1."""
    number = 0
    with open_text(path) as text:
        for value in values(text, str(path)):
            number += 1
            if isinstance(value, Broken):
                yield Broken(number, value.reason)
            elif isinstance(value, dict):
                yield number, row_of(value)
            else:
                yield Broken(number, f"expected a JSON object, found {type(value).__name__}")


def values(text: IO[str], path: str = "") -> Iterator[Any]:
    """JSON values of a stream one by one, holding one at a time; a broken stretch is a Broken and reading goes on at the
    next line that starts an object at the same depth."""
    buffer = _fill(text, "", path)
    found = ENVELOPE.match(buffer)
    position = found.end() if found else 0
    inside = False
    start = _SPACE.match(buffer, position)
    if start and buffer[start.end() : start.end() + 1] == "[":
        inside, position = True, start.end() + 1
    while True:
        space = _SPACE.match(buffer, position)
        position = space.end() if space else position
        if position >= len(buffer):
            more = _fill(text, "", path)
            if not more:
                return
            buffer, position = more, 0
            continue
        if buffer[position] in "]}" and inside:
            return
        try:
            value, position = _decoder.raw_decode(buffer, position)
        except (ValueError, RecursionError) as error:
            rest = buffer[position:]
            more = _fill(text, rest, path) if _cut_off(error, buffer) and len(rest) < LONGEST_VALUE else rest
            if len(more) > len(rest):
                buffer, position = more, 0
                continue
            yield Broken(0, f"no JSON: {error}"[:200])
            following = re.compile(r"\n[ \t]{0,8}(?=[{\[])").search(buffer, position + 1)
            if following is None:
                return
            position = following.end()
            continue
        yield value
        if position > CHUNK:
            buffer, position = buffer[position:], 0


def _cut_off(error: Exception, buffer: str) -> bool:
    """Whether a value only lacks what follows the buffer: it broke at its very end, or within a string."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated string") or error.pos >= len(buffer) - 16


def _fill(text: IO[str], rest: str, path: str) -> str:
    """`rest` with at least as much again: what is read in all stays linear in the size of a value."""
    try:
        return rest + text.read(max(CHUNK, len(rest)))
    except (OSError, EOFError, zlib.error) as error:
        if rest:
            return rest
        raise LogError(f"{path}: broken off: {error}") from error


def row_of(value: dict[str, Any]) -> Row:
    """A JSON object as a row: Windows events flat, keys such as `TimeGenerated [UTC]` also under their plain name."""
    if is_event(value):
        return flat(value)
    message = value.get("SyslogMessage") or value.get("message") or value.get("Message")
    if isinstance(message, str) and "<Event>" in message:
        inner = from_xml(message)
        if inner is not None:
            return {**value, **inner}
    for name in list(value):
        if name.endswith("]") and " [" in name:
            value.setdefault(name[: name.rindex(" [")], value[name])
    return value
