"""Web server and proxy logs: W3C (IIS, Exchange, firewalls), Squid, Apache and nginx.

Fields keep W3C's names, which are Sigma's for the categories webserver and proxy (`cs-method`, `cs-uri-stem`, ...); the
names Sigma's proxy rules use (`c-uri`, `c-useragent`, `cs-host`, `r-dns`) stand beside them.
Source: https://www.w3.org/TR/WD-logfile.html, Sigma taxonomy appendix (2026-06).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from .batch import Broken, Record, Row
from .opening import lines

W3C_NAMES = {
    "cs(User-Agent)": "cs-user-agent",
    "cs(Referer)": "cs-referer",
    "cs(Cookie)": "cs-cookie",
    "cs(Host)": "cs-host",
}
NUMBERS = frozenset(
    {"sc-status", "sc-substatus", "sc-win32-status", "s-port", "c-port", "time-taken", "sc-bytes", "cs-bytes"}
)

COMBINED = re.compile(
    r'(?P<host>\S+) (?P<ident>\S+) (?P<user>.{1,200}?) \[(?P<time>[^\]]{10,40})\] "(?P<request>.*?)" '
    r'(?P<status>\d{3}|-) (?P<bytes>\d+|-)(?: "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)")?(?P<rest>.*)'
)
"""Common and combined log format, also behind a virtual host (`vhost:port host ...`)."""

VIRTUAL_HOST = re.compile(r"(?P<vhost>[\w.-]+:\d+) (?=\S+ \S+ .{1,200}? \[)")

SQUID = re.compile(
    r"(?P<time>\d{9,11}\.\d{3})\s+(?P<elapsed>-?\d+) (?P<client>\S+) (?P<result>[A-Z_]+)/(?P<status>\d{3}) (?P<bytes>\d+) "
    r"(?P<method>[A-Z_]+) (?P<url>\S+) (?P<user>\S+) (?P<hierarchy>[A-Z_]+)/(?P<peer>\S+)(?: (?P<type>\S+))?(?P<rest>.*)"
)
"""Squid's native access.log format."""


def read_w3c(path: Path) -> Iterator[Record]:
    """Rows of a log with `#Fields:` headers, which may come again with other fields. `-` is missing."""
    names: list[str] = []
    for number, line in lines(path):
        if line.startswith("#"):
            if line.startswith("#Fields:"):
                names = line[8:].split()
            continue
        if not line.strip():
            continue
        cells = line.split("\t") if "\t" in line else line.split()
        if not names or len(cells) != len(names):
            yield Broken(number, f"{len(cells)} cells, #Fields names {len(names)}")
            continue
        yield number, _w3c_row(names, cells)


def _w3c_row(names: list[str], cells: list[str]) -> Row:
    row: Row = {}
    for name, cell in zip(names, cells, strict=True):
        if cell == "-":
            continue
        row[name] = int(cell) if name in NUMBERS and cell.isdigit() else cell
        if name in W3C_NAMES:
            row[name] = row[W3C_NAMES[name]] = cell.replace("+", " ") if name == "cs(User-Agent)" else cell
    if "date" in row and "time" in row:
        row["TimeGenerated"] = f"{row['date']}T{row['time']}Z"
    _add_proxy_names(row)
    return row


def read_access(path: Path) -> Iterator[Record]:
    """Rows of Apache's and nginx's common and combined formats."""
    for number, line in lines(path):
        if not line.strip():
            continue
        virtual = VIRTUAL_HOST.match(line)
        found = COMBINED.match(line, virtual.end() if virtual else 0)
        if found is None:
            yield Broken(number, "not in the common or combined log format")
            continue
        row: Row = {"c-ip": found["host"]}
        if virtual:
            row["cs-host"] = virtual["vhost"].rpartition(":")[0]
        _put(row, "cs-username", found["user"])
        method, uri, version = _request(found["request"])
        _put(row, "cs-method", method)
        _put_uri(row, uri)
        _put(row, "cs-version", version)
        if found["status"] != "-":
            row["sc-status"] = int(found["status"])
        if found["bytes"] != "-":
            row["sc-bytes"] = int(found["bytes"])
        _put(row, "cs-referer", found["referer"])
        _put(row, "cs-user-agent", found["agent"])
        _put(row, "TimeGenerated", _apache_time(found["time"]))
        row["Message"] = line
        _add_proxy_names(row)
        yield number, row


def read_squid(path: Path) -> Iterator[Record]:
    """Rows of Squid's native access log."""
    for number, line in lines(path):
        if not line.strip():
            continue
        found = SQUID.match(line)
        if found is None:
            yield Broken(number, "not in Squid's native log format")
            continue
        row: Row = {
            "TimeGenerated": datetime.fromtimestamp(float(found["time"]), UTC).isoformat().replace("+00:00", "Z"),
            "time-taken": int(found["elapsed"]),
            "c-ip": found["client"],
            "s-action": found["result"],
            "sc-status": int(found["status"]),
            "sc-bytes": int(found["bytes"]),
            "cs-method": found["method"],
        }
        _put_uri(row, found["url"])
        _put(row, "cs-username", found["user"])
        _put(row, "s-hierarchy", found["hierarchy"])
        _put(row, "r-ip", found["peer"])
        _put(row, "rs(Content-Type)", found["type"])
        quoted = re.findall(r'"([^"]*)"', found["rest"])  # a combined-like tail: referer and user agent
        if quoted:
            _put(row, "cs-user-agent", quoted[-1])
        _add_proxy_names(row)
        yield number, row


def _put(row: Row, name: str, value: str | None) -> None:
    if value not in (None, "", "-"):
        row[name] = value


def _put_uri(row: Row, uri: str) -> None:
    if not uri:
        return
    row["cs-uri"] = uri
    if "://" in uri[:12]:
        try:
            parts = urlsplit(uri)
            row["cs-host"] = parts.hostname or ""
            row["cs-uri-scheme"] = parts.scheme
        except ValueError:
            pass
        uri = "/" + uri.partition("://")[2].partition("/")[2]
    stem, mark, query = uri.partition("?")
    row["cs-uri-stem"] = stem
    if mark:
        row["cs-uri-query"] = query


def _request(text: str) -> tuple[str, str, str]:
    """Method, URI and protocol version of a request line; a line that is none is all URI."""
    method, _, rest = text.partition(" ")
    uri, _, version = rest.rpartition(" ")
    if version.startswith("HTTP/"):
        return method, uri, version
    return (method, rest, "") if rest and method.isupper() else ("", text, "")


def _apache_time(text: str) -> str:
    try:
        moment = datetime.strptime(text, "%d/%b/%Y:%H:%M:%S %z")
    except ValueError:
        return text
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _add_proxy_names(row: Row) -> None:
    """The other names of Sigma's proxy taxonomy for what the row holds."""
    if "cs-user-agent" in row:
        row.setdefault("c-useragent", row["cs-user-agent"])
    if "cs-host" in row:
        row.setdefault("r-dns", row["cs-host"])
    if "cs-uri" not in row and "cs-uri-stem" in row:
        query = row.get("cs-uri-query")
        row["cs-uri"] = f"{row['cs-uri-stem']}?{query}" if query else row["cs-uri-stem"]
    if "cs-uri" in row:
        row.setdefault("c-uri", row["cs-uri"])
        stem = row.get("cs-uri-stem", "")
        row.setdefault("c-uri-stem", stem)
        if "." in stem.rpartition("/")[2]:
            row.setdefault("c-uri-extension", stem.rpartition(".")[2])
    if "cs-uri-query" in row:
        row.setdefault("c-uri-query", row["cs-uri-query"])
    if "cs-referer" in row:
        row.setdefault("c-referer", row["cs-referer"])
