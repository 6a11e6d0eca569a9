"""Text: trimming, replacing, searching and encoding as Kusto does them. Regular expressions are RE2."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import urllib.parse
import uuid
import zlib
from typing import Any

from ...errors import RunError
from ...model import Op
from ...regex import compiled
from ..sql.predicates import term_pattern
from . import Scalar

OPS = {op.value: op for op in (Op.TERM, Op.TERM_PREFIX, Op.TERM_SUFFIX)}
MAX_UNPACKED = 64 << 20
GZIP = 31  # what zlib calls a window of 15 with the header of gzip
"""Bytes a compressed text may unpack to; more gives empty text."""


def has(text: str, value: str, op: str, cased: bool) -> bool:
    return not value or compiled(term_pattern(value, OPS[op]), cased).search(text) is not None


def has_list(text: str, values: str | None, every: bool) -> bool:
    found = json.loads(values) if values else []
    items = found if isinstance(found, list) else [found]
    hits = (has(text, item if isinstance(item, str) else json.dumps(item), "term", False) for item in items)
    return all(hits) if every else any(hits)


def has_any_index(text: str, values: str) -> int:
    items = json.loads(values)
    for place, item in enumerate(items if isinstance(items, list) else [items]):
        if has(text, str(item), "term", False):
            return place
    return -1


REWRITE = re.compile(r"\\([0-9\\])")


def replace_regex(text: str, pattern: str, by: str) -> str:
    """`by` names groups by one digit, `\\0` the whole match, and a backslash by two; all else stands for itself.

    Right behind a match no empty one is found, as in RE2.
    """
    plain, *rest = REWRITE.split(by)  # text, group, text, group, ... text
    named = list(zip(rest[::2], rest[1::2], strict=True))
    if any(group.isdigit() and int(group) > _groups(pattern) for group, _ in named):
        raise RunError(f"replace_regex: {by!r} names a group that {pattern!r} has not")
    made: list[str] = []
    place, size = -1, 0
    for found in compiled(pattern).finditer(text):  # type: ignore[attr-defined]
        if found.start() == found.end() == place:
            continue
        made += (text[max(place, 0) : found.start()], plain)
        for group, after in named:
            made += ("\\" if group == "\\" else found.group(int(group)) or "", after)
        place = found.end()
        size += len(by)
        if size > MAX_UNPACKED:
            raise RunError("replace_regex: too long a text")
    return "".join(made) + text[max(place, 0) :]


def _groups(pattern: str) -> int:
    return int(compiled(pattern).groups)  # type: ignore[attr-defined]


def replace_strings(text: str, lookups: str, rewrites: str) -> str:
    """Every match of a lookup by its rewrite; an earlier lookup takes its matches first, and none overlap.

    A lookup that is no text is left out; the matches of one whose rewrite is no text stay as they are.
    Source: https://learn.microsoft.com/kusto/query/replace-strings-function
    """
    olds, news = json.loads(lookups), json.loads(rewrites)
    if not isinstance(olds, list) or not isinstance(news, list) or len(olds) != len(news):
        raise RunError("replace_strings: with lookups and rewrites that are no arrays of one length")
    taken: dict[int, tuple[int, Any]] = {}  # start of a match: its end, what stands for it
    used = bytearray(len(text))
    for old, new in zip(olds, news, strict=True):
        place = text.find(old) if isinstance(old, str) and old else -1
        while place >= 0:
            end = place + len(old)
            free = not any(used[place:end])
            if free:
                used[place:end] = b"\x01" * len(old)
                taken[place] = (end, new if isinstance(new, str) else old)
            place = text.find(old, end if free else place + 1)
    made, last = [], 0
    for place in sorted(taken):
        made += [text[last:place], taken[place][1]]
        last = taken[place][0]
    return "".join(made) + text[last:]


def translate(search: str, by: str, text: str) -> str:
    if not search:
        return text
    by = by + by[-1:] * (len(search) - len(by))
    return text.translate(
        {ord(old): (new if by else "") for old, new in zip(search, by or " " * len(search), strict=False)}
    )


def trim(text: str, pattern: str, sides: int) -> str:
    """Without the match at the start (1) or the end (2), or all matches at both (3)."""
    if sides == 3:
        pattern = f"(?:{pattern})+"
    if sides & 1:
        found: Any = compiled(f"^(?:{pattern})").search(text)
        text = text[found.end() :] if found else text
    if sides & 2:
        found = compiled(f"(?:{pattern})$").search(text)
        text = text[: found.start()] if found else text
    return text


def _window(text: str, start: int, length: int) -> tuple[int, int]:
    start = max(0, len(text) + start) if start < 0 else start
    return start, len(text) if length < 0 else min(len(text), start + length)


def indexof(text: str, value: str, start: int, length: int, occurrence: int) -> int | None:
    if occurrence <= 0 or length < -1:
        return None
    place, end = _window(text, start, length)
    for _ in range(occurrence):
        found = text.find(value, place, end)
        if found < 0:
            return -1
        place, end = _window(text, found + 1, length)  # the length counts anew from each occurrence
    return found


def indexof_regex(text: str, pattern: str, start: int, length: int, occurrence: int) -> int | None:
    if occurrence <= 0 or length < -1 or start < 0:
        return None
    place, end = _window(text, start, length)
    regex: Any = compiled(pattern)
    for _ in range(occurrence):
        found = regex.search(text[:end], place)
        if not found:
            return -1
        place = max(found.end(), found.start() + 1)
    return int(found.start())


def countof(text: str, value: str, kind: str) -> int:
    if kind == "regex":
        return sum(1 for _ in compiled(value).finditer(text))  # type: ignore[attr-defined,misc]
    if not value:
        return 0
    return sum(1 for place in range(len(text)) if text.startswith(value, place))


def extract(pattern: str, group: int, text: str) -> str:
    found: Any = compiled(pattern).search(text)
    return (found.group(group) or "") if found and group <= found.re.groups else ""


def extract_all(text: str, groups: str, pattern: str) -> str | None:
    regex: Any = compiled(pattern)
    wanted = json.loads(groups) if groups else list(range(1, regex.groups + 1)) or [0]
    made: list[Any] = []
    for found in regex.finditer(text):
        parts = [found.group(group) or "" for group in wanted]
        made.append(parts[0] if len(parts) == 1 else parts)
    return _json(made) if made else None


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def url_decode(text: str) -> str:
    return urllib.parse.unquote_plus(text)


def url_encode(text: str) -> str:
    return _lower(urllib.parse.quote_plus(text, safe="-_.!*()"))


def url_encode_component(text: str) -> str:
    return _lower(urllib.parse.quote(text, safe="-_.!*()"))


def _lower(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), text)


def base64_bytes(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def base64_text(text: str) -> str:
    raw = base64_bytes(text)
    if raw is None:
        return ""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def base64_array(text: str) -> str | None:
    raw = base64_bytes(text)
    return None if raw is None else _json(list(raw))


def base64_from_array(values: str) -> str:
    try:
        return base64.b64encode(bytes(json.loads(values))).decode()
    except (ValueError, TypeError):
        return ""


def base64_guid(text: str) -> str | None:
    raw = base64_bytes(text)
    return str(uuid.UUID(bytes_le=raw)) if raw is not None and len(raw) == 16 else None


def base64_from_guid(text: str) -> str | None:
    try:
        return base64.b64encode(uuid.UUID(text).bytes_le).decode()
    except ValueError:
        return None


def _unpacked(text: str, bits: int) -> str:
    """Empty where it is not whole, and for gzip with optional fields in its header, as the page says."""
    raw = base64_bytes(text)
    if raw is None or (bits == GZIP and raw[3:4] != b"\0"):
        return ""
    try:
        unpacker = zlib.decompressobj(bits)
        data = unpacker.decompress(raw, MAX_UNPACKED)
        if unpacker.unconsumed_tail:
            raise RunError(f"decompression to more than {MAX_UNPACKED:,} bytes")
        return data.decode("utf-8") if unpacker.eof else ""
    except (zlib.error, UnicodeDecodeError):
        return ""


def codepoints(text: str) -> str:
    return _json([ord(c) for c in text])


def utf8(text: str) -> str:
    return _json(list(text.encode()))


def make_string(values: str) -> str:
    def points(value: Any) -> list[int]:
        return [point for item in value for point in points(item)] if isinstance(value, list) else [int(value)]

    found = points(json.loads(values))
    if any(not 0 <= point < 0x110000 or 0xD800 <= point < 0xE000 for point in found):
        raise RunError("text of numbers that are no code points is not supported")
    return "".join(map(chr, found))


def tohex(number: int, width: int, bits: int) -> str:
    """Hexadecimal digits, of a negative number all of its 32 or 64 bits; at least so many, of which 16 count."""
    return f"{number & ((1 << bits) - 1):x}".rjust(min(width, 16), "0")


def extract_json(path: str, text: str) -> str:
    """The value at a JSON path of names and numbers, as text; empty when there is none."""
    if not path.startswith("$"):
        return ""
    try:
        value = json.loads(text)
    except ValueError:
        return ""
    steps = re.findall(r"\.([^.\[\]]+)|\[(-?\d+)\]|\[['\"](.*?)['\"]\]", path[1:])
    for name, number, quoted in steps:
        key = name or quoted
        if number:
            if not isinstance(value, list) or not -len(value) <= int(number) < len(value):
                return ""
            value = value[int(number)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            return ""
    return plain(value)


def plain(value: Any) -> str:
    """A JSON value as `tostring` gives it."""
    if value is None:
        return ""
    return value if isinstance(value, str) else _json(value)


def toguid(text: str) -> str | None:
    try:
        return str(uuid.UUID(text.strip()))
    except ValueError:
        return None


def canonical_json(text: str) -> str:
    return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def shift_left(number: int, by: int) -> int:
    moved = (number << (by % 64)) & 0xFFFFFFFFFFFFFFFF
    return moved - (1 << 64) if moved >= 1 << 63 else moved


def gamma(x: float) -> float | None:
    try:
        return math.gamma(x)
    except (ValueError, OverflowError):
        return None


def loggamma(x: float) -> float | None:
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):
        return None


def punycode(text: str) -> str:
    return text.encode("punycode").decode("ascii", "replace")


def unpunycode(text: str) -> str:
    try:
        return text.encode("ascii").decode("punycode")
    except (UnicodeError, ValueError):
        return ""


DOTS = re.compile("[.\u3002\uff0e\uff61]")
"""What parts the labels of a domain: the full stop and its East Asian forms (RFC 3490, 3.1)."""


def punycode_domain(text: str) -> str:
    return ".".join(part if part.isascii() else "xn--" + punycode(part) for part in DOTS.split(text))


def unpunycode_domain(text: str) -> str:
    return ".".join(unpunycode(part[4:]) if part.lower().startswith("xn--") else part for part in text.split("."))


FUNCTIONS = [
    Scalar("has", "sssb>b", has),
    Scalar("has_list", "ssb>b", has_list, nulls=True),
    Scalar("has_any_index", "ss>l", has_any_index),
    Scalar("replace_regex", "sss>s", replace_regex),
    Scalar("replace_strings", "sss>s", replace_strings),
    Scalar("translate", "sss>s", translate),
    Scalar("trim", "ssl>s", lambda text, pattern, sides: trim(pattern, text, sides)),
    Scalar("indexof", "sslll>l", indexof),
    Scalar("indexof_regex", "sslll>l", indexof_regex),
    Scalar("countof", "sss>l", countof),
    Scalar("extract", "sls>s", extract),
    Scalar("extract_all", "sss>s", lambda pattern, groups, text: extract_all(text, groups, pattern)),
    Scalar("regex_quote", "s>s", lambda text: re.sub(r"([\\.+*?()|\[\]{}^$#-])", r"\\\1", text)),
    Scalar("url_encode", "s>s", url_encode),
    Scalar("url_encode_component", "s>s", url_encode_component),
    Scalar("url_decode", "s>s", url_decode),
    Scalar("base64_text", "s>s", base64_text),
    Scalar("base64_array", "s>s", base64_array),
    Scalar("base64_from_array", "s>s", base64_from_array),
    Scalar("base64_guid", "s>s", base64_guid),
    Scalar("base64_from_guid", "s>s", base64_from_guid),
    Scalar("gunzip", "s>s", lambda text: _unpacked(text, GZIP)),
    Scalar("unzlib", "s>s", lambda text: _unpacked(text, 15)),
    Scalar("codepoints", "s>s", codepoints),
    Scalar("utf8", "s>s", utf8),
    Scalar("make_string", "s>s", make_string),
    Scalar("tohex", "lll>s", tohex),
    Scalar("extract_json", "ss>s", extract_json),
    Scalar("toguid", "s>s", toguid),
    Scalar("canonical_json", "s>s", canonical_json),
    Scalar("shift_left", "ll>l", shift_left),
    Scalar("gamma", "r>r", gamma),
    Scalar("loggamma", "r>r", loggamma),
    Scalar("erf", "r>r", math.erf),
    Scalar("erfc", "r>r", math.erfc),
    Scalar("punycode", "s>s", punycode),
    Scalar("unpunycode", "s>s", unpunycode),
    Scalar("punycode_domain", "s>s", punycode_domain),
    Scalar("unpunycode_domain", "s>s", unpunycode_domain),
]
