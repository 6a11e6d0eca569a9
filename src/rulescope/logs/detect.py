"""What kind of log a file is, by its content: signatures first, then the shape of its first lines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from . import columnar, delimited, evtx_file, json_text, syslog, weblog, zeek
from .batch import Record
from .opening import encoding_of, head


@dataclass(frozen=True, slots=True)
class Recognised:
    """A kind of `KINDS` (empty: unknown), the stream the file says it is, and its delimiter when it is a table."""

    kind: str
    stream: str = ""
    delimiter: str = ""


Reader = Callable[[Path, Recognised], Iterator[Record]]

KINDS: dict[str, Reader] = {
    "evtx": lambda path, seen: evtx_file.read(path),
    "parquet": lambda path, seen: columnar.read(path),
    "ndjson": lambda path, seen: json_text.read_lines(path),
    "json": lambda path, seen: json_text.read_values(path),
    "zeek": lambda path, seen: zeek.read(path),
    "zeek-json": lambda path, seen: json_text.read_lines(path),
    "w3c": lambda path, seen: weblog.read_w3c(path),
    "squid": lambda path, seen: weblog.read_squid(path),
    "access": lambda path, seen: weblog.read_access(path),
    "cef": lambda path, seen: syslog.read(path),
    "auditd": lambda path, seen: syslog.read_audit(path),
    "syslog": lambda path, seen: syslog.read(path),
    "csv": lambda path, seen: delimited.read(path, seen.delimiter or ","),
    "tsv": lambda path, seen: delimited.read(path, seen.delimiter or "\t"),
    "lines": lambda path, seen: syslog.read_plain(path),
}
"""Every kind there is, with its reader. `lines` (any text, a row a line) is never recognised, only asked for."""

LINE_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("auditd", syslog.AUDIT),
    ("cef", re.compile(r"(?:.{0,200}\s)?CEF:\s?\d")),
    ("squid", weblog.SQUID),
    ("access", weblog.COMBINED),
)

ZEEK_NAMES = re.compile(r'"(?:_path|@stream|@path)"\s*:\s*"([\w-]+)"')


def recognise(path: Path) -> Recognised:
    """What the first bytes of `path` show. Raises LogError when they cannot be read."""
    start = head(path)
    if start.startswith(b"ElfFile\x00"):
        return Recognised("evtx")
    if start.startswith(b"PAR1"):
        return Recognised("parquet")
    text = start.decode(encoding_of(start), errors="replace").lstrip("\ufeff")
    return of_text(text, start, path.name)


def of_text(text: str, start: bytes, name: str = "") -> Recognised:
    """What the beginning of a text shows; `name` only tells a Zeek stream that its lines do not name."""
    shown = [line for line in text.splitlines()[:60] if line.strip()]
    if not shown or text.count("\x00") > len(text) // 10:
        return Recognised("")
    first = shown[0].lstrip()
    if any(line.startswith("#Fields:") for line in shown[:20]):
        return Recognised("w3c")
    if any(line.startswith(("#separator", "#fields\t")) for line in shown[:12]):
        return Recognised("zeek", zeek.stream_of(text))
    if first[0] in "{[":
        return _json(first, name) if first[0] == "{" or _opens_json(text) else _lines(shown, text, start)
    return _lines(shown, text, start)


def _opens_json(text: str) -> bool:
    return re.match(r"\s*\[\s*(?:[{\[\]\"]|$)", text) is not None


def _json(first: str, name: str) -> Recognised:
    try:
        value = json.loads(first, strict=False)
    except RecursionError:
        return Recognised("ndjson")
    except ValueError:
        whole = len(first) > 60_000 and not json_text.ENVELOPE.match(first)  # a line longer than what we looked at
        return Recognised("ndjson" if whole and first[0] == "{" else "json")
    if not isinstance(value, dict) or json_text.ENVELOPE.match(first):
        return Recognised("json")
    named = ZEEK_NAMES.search(first)
    if named and "ts" in value:
        return Recognised("zeek-json", named[1])
    if isinstance(value.get("ts"), int | float | str) and ("uid" in value or "id.orig_h" in value or len(value) > 2):
        stream = re.match(r"[a-z_0-9]+", name)
        if stream and not isinstance(value.get("Channel"), str) and "EventID" not in value:
            return Recognised("zeek-json", stream[0])
    return Recognised("ndjson")


def _lines(shown: list[str], text: str, start: bytes) -> Recognised:
    whole = shown if text.endswith("\n") or len(shown) == 1 else shown[:-1]
    delimiter = delimited.delimiter_of(start)
    if delimiter and not any(form.match(whole[0]) for _, form in LINE_KINDS[2:]) and syslog.row_of(whole[0]) is None:
        return Recognised("tsv" if delimiter == "\t" else "csv", delimiter=delimiter)
    for kind, form in LINE_KINDS:
        if _most(whole, lambda line, form=form: form.match(line) is not None):  # type: ignore[misc]
            return Recognised(kind)
    if _most([line for line in whole if not line[0].isspace()], lambda line: syslog.row_of(line) is not None):
        return Recognised("syslog")
    return Recognised("")


def _most(lines: list[str], holds: Callable[[str], bool]) -> bool:
    return sum(holds(line) for line in lines) * 2 > len(lines)
