"""Text taken apart: command lines, URLs, paths, CSV, XML, key=value, versions."""

from __future__ import annotations

import csv
import io
import json
import re
import urllib.parse
from itertools import pairwise
from typing import Any

from ...errors import RunError
from ...regex import compiled
from . import Scalar


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def command_line(text: str, kind: str) -> str | None:
    """Arguments of a Windows command line, as CommandLineToArgvW takes them apart; null for empty text.

    Source: https://learn.microsoft.com/windows/win32/api/shellapi/nf-shellapi-commandlinetoargvw
    """
    if kind.lower() != "windows":
        raise RunError(f"parse_command_line: unknown kind {kind!r}")
    if not text.strip():
        return None
    return _json(windows_arguments(text))


def windows_arguments(text: str) -> list[str]:
    out: list[str] = []
    program = re.match(r'\s*(?:"([^"]*)"?|(\S+))', text)
    assert program is not None
    out.append(program[1] if program[1] is not None else program[2])
    current, quoted, started, place = "", False, False, program.end()
    while place < len(text):
        c = text[place]
        if c == "\\":
            run = len(text[place:]) - len(text[place:].lstrip("\\"))
            place += run
            if text[place : place + 1] == '"':
                current += "\\" * (run // 2)
                if run % 2:
                    current += '"'
                    place += 1
            else:
                current += "\\" * run
            started = True
            continue
        if c == '"':
            if quoted and text[place + 1 : place + 2] == '"':
                current += '"'
                place += 1
            else:
                quoted = not quoted
            started = True
        elif c in " \t\n\r" and not quoted:
            if started:
                out.append(current)
            current, started = "", False
        else:
            current += c
            started = True
        place += 1
    return [*out, current] if started else out


def parse_csv(text: str) -> str:
    rows = list(csv.reader(io.StringIO(text)))
    return _json(rows[0] if rows else [""])


def parse_url(text: str) -> str:
    """Source: https://learn.microsoft.com/kusto/query/parse-url-function"""
    found = re.match(
        r"(?s)(?:([A-Za-z][A-Za-z0-9+.-]*)://)?(?:([^/?#@]*)@)?(\[[^\]]*\]|[^:/?#]*)(?::(\d*))?([^?#]*)(?:\?([^#]*))?(?:#(.*))?",
        text,
    )
    assert found is not None
    scheme, user, host, port, path, query, fragment = (part or "" for part in found.groups())
    if not scheme:
        user, host, port, path = "", "", "", text.split("?")[0].split("#")[0] if not found[3] or "/" in text else ""
    name, _, word = user.partition(":")
    return _json(
        {
            "Scheme": scheme,
            "Host": host,
            "Port": port,
            "Path": path,
            "Username": name,
            "Password": word,
            "Query Parameters": _query(query),
            "Fragment": fragment,
        }
    )


def _query(text: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in text.split("&") if pair)
    return {urllib.parse.unquote(name): urllib.parse.unquote(value) for name, _, value in pairs}


def parse_urlquery(text: str) -> str:
    return _json({"Query Parameters": _query(text.lstrip("?"))})


PATH = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+)://)?(?P<directory>(?:(?P<root>[A-Za-z]:)(?=[\\/]|$))?(?:.*[\\/])?)"
    r"(?P<name>[^\\/:]*)(?::(?P<stream>[^\\/]*))?$",
    re.DOTALL,
)


def parse_path(text: str) -> str:
    """Parts of a path of Windows or Unix: a root is a drive, a share has none, a stream follows the name behind a colon.

    Source: https://learn.microsoft.com/kusto/query/parse-path-function
    """
    if text.startswith("\\\\?\\"):
        raise RunError("parse_path: of a long path (\\\\?\\), whose parts are not documented")
    found = PATH.match(text)
    parts = (
        {key: value or "" for key, value in found.groupdict().items()} if found else dict.fromkeys(PATH.groupindex, "")
    )
    directory, name = parts["directory"].rstrip("\\/"), parts["name"]
    return _json(
        {
            "Scheme": parts["scheme"],
            "RootPath": parts["root"],
            "DirectoryPath": directory,
            "DirectoryName": re.split(r"[\\/]", directory)[-1],
            "Filename": name,
            "Extension": name.rpartition(".")[2] if "." in name else "",
            "AlternateDataStreamName": parts["stream"],
        }
    )


def parse_version(text: str) -> str | None:
    parts = text.strip().split(".")
    if not 1 <= len(parts) <= 4 or not all(part.isdigit() and len(part) <= 8 for part in parts):
        return None
    return str(int("".join(part.rjust(8, "0") for part in (parts + ["0"] * 4)[:4])))


def parse_kv(text: str, pair: str, kv: str, quote: str, escape: str, regex: str, greedy: bool) -> str:
    """Keys and values of text. Source: https://learn.microsoft.com/kusto/query/parse-kv-operator"""
    if regex:
        first: dict[str, str] = {}
        for match in compiled(regex).finditer(text):  # type: ignore[attr-defined]
            first.setdefault(match.group(1).strip(), match.group(2).strip())
        return _json(first)
    if not pair and not kv:
        return _json(_loose_pairs(text, quote, escape))
    if not pair or not kv:
        raise RunError("parse-kv with one delimiter of two")
    made: dict[str, str] = {}
    for part in _pairs(text, pair, kv, quote, escape, greedy):
        key, mark, value = part.partition(kv)
        if mark:
            made.setdefault(_bare(key.strip(), quote, escape), _bare(value.strip(), quote, escape))
    return _json(made)


def _loose_pairs(text: str, quote: str, escape: str) -> dict[str, str]:
    """Every word before another one, with the one behind it: whatever is no letter or digit stands between them."""
    words = [_bare(found[0], quote, escape) for found in re.finditer(_loose_word(quote, escape), text)]
    made: dict[str, str] = {}
    for key, value in pairwise(words):
        made.setdefault(key, value)
    return made


def _loose_word(quote: str, escape: str) -> str:
    if not quote:
        return r"[^\W_]+"
    opening, closing = re.escape(quote[0]), re.escape(quote[-1])
    inner = rf"(?:{re.escape(escape)}.|[^{closing}])*" if escape else f"[^{closing}]*"
    return rf"{opening}{inner}{closing}|[^\W_]+"


def _pairs(text: str, pair: str, kv: str, quote: str, escape: str, greedy: bool) -> list[str]:
    if greedy:
        marks = (
            [
                found.start(1)
                for found in re.finditer(rf"(?:^|{re.escape(pair)})\s*([^\s{re.escape(kv)}]+){re.escape(kv)}", text)
            ]
            if pair
            else []
        )
        ends = [*marks[1:], len(text)][: len(marks)]
        return [text[start:end].removesuffix(pair) for start, end in zip(marks, ends, strict=True)]
    out, current, closing, place = [], "", "", 0
    pair = pair or " "
    opening, close = (quote[:1], quote[-1:]) if quote else ("", "")
    while place < len(text):
        if escape and text.startswith(escape, place) and closing:
            current += text[place : place + len(escape) + 1]
            place += len(escape) + 1
        elif closing:
            closing = "" if text[place] == closing else closing
            current += text[place]
            place += 1
        elif text.startswith(pair, place):
            out.append(current)
            current, place = "", place + len(pair)
        else:
            if opening and text[place] == opening:
                closing = close
            current += text[place]
            place += 1
    return [*out, current]


def _bare(text: str, quote: str, escape: str) -> str:
    if quote and len(text) >= 2 and text[0] == quote[:1] and text[-1] == quote[-1:]:
        text = text[1:-1]
        if escape:
            text = re.sub(re.escape(escape) + "(.)", r"\1", text)
    return text


FUNCTIONS = [
    Scalar("command_line", "ss>s", command_line),
    Scalar("parse_csv", "s>s", parse_csv),
    Scalar("parse_url", "s>s", parse_url),
    Scalar("parse_urlquery", "s>s", parse_urlquery),
    Scalar("parse_path", "s>s", parse_path),
    Scalar("parse_version", "s>s", parse_version),
    Scalar("parse_kv", "ssssssb>s", parse_kv),
]
