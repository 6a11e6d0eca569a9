"""Syslog in the forms machines write: RFC 5424, RFC 3164, rsyslog's ISO times, Cisco; CEF inside or alone; auditd."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from .batch import Broken, Record, Row
from .opening import lines
from .windows import from_xml

RFC5424 = re.compile(
    r"(?:<(?P<priority>\d{1,3})>)1 (?P<time>\S+) (?P<host>\S+) (?P<program>\S+) (?P<pid>\S+) (?P<id>\S+) "
    r'(?P<data>-|(?:\[(?:[^\]"\\]|\\.|"(?:[^"\\]|\\.)*")*\])+)?(?: \ufeff?(?P<message>.*))?'
)
RFC3164 = re.compile(
    r"(?:<(?P<priority>\d{1,3})>)?(?P<time>[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d+)?)(?: (?P<host>[^\s:]+))?:? "
    r"(?P<rest>.*)"
)
ISO = re.compile(r"(?:<(?P<priority>\d{1,3})>)?(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*) (?P<host>\S+) (?P<rest>.*)")
PROGRAM = re.compile(r"(?P<program>[^\s:\[]{1,64})(?:\[(?P<pid>[^\]\s]{1,32})\])?:\s?(?P<message>.*)")
CISCO = re.compile(
    r"(?:<(?P<priority>\d{1,3})>)?(?:(?P<host>[\w.:-]+) )?(?:\d+: )?(?:\S+: )?\*?"
    r"(?P<time>[A-Z][a-z]{2} [ \d]\d (?:\d{4} )?\d\d:\d\d:\d\d(?:\.\d+)?)(?: [A-Z]{2,5})?: "
    r"%(?P<facility>[\w-]+)-(?P<severity>[0-7])-(?P<mnemonic>\w+): (?P<message>.*)"
)
CEF = re.compile(r"CEF:\s?(?P<version>\d+(?:\.\d+)?)\|(?P<rest>.*)")
CEF_KEY = re.compile(r"(?:(?<=\||\s))([\w.\[\]-]+)=")
CEF_CELL = re.compile(r"((?:[^|\\]|\\.)*)\|")
CEF_ESCAPE = re.compile(r"\\([\\|=nr])")
AUDIT = re.compile(
    r"(?:node=(?P<node>\S+) )?type=(?P<type>\S+) msg=audit\((?P<time>\d+\.\d+):(?P<serial>\d+)\):\s*(?P<rest>.*)"
)
AUDIT_PAIR = re.compile(r"""([\w-]+)=("[^"]*"|'[^']*'|\S*)""")

CEF_HEADER = ("DeviceVendor", "DeviceProduct", "DeviceVersion", "DeviceEventClassID", "Name", "Severity")
SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
FACILITIES = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit",
    "alert", "clock", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
)  # fmt: skip


def row_of(line: str) -> Row | None:
    """One line as a row with Facility, SeverityLevel, HostName, ProcessName, ProcessID and SyslogMessage where it says
    them, all of it also as `Message`; CEF and event XML inside it taken apart. None when it is no syslog at all."""
    row = _envelope(line)
    if row is None:
        return None
    message = row.get("SyslogMessage", "")
    cef = CEF.search(line)
    if cef:
        row.update(cef_fields(cef))
    elif "<Event>" in message or "<Event " in message:
        row.update(from_xml(message) or {})
    elif "audit(" in message:
        row.update(audit_fields(message) or {})
    row["Message"] = line
    return row


def _envelope(line: str) -> Row | None:
    found = RFC5424.fullmatch(line)
    if found:
        row = _priority(found["priority"])
        for name, group in (
            ("TimeGenerated", "time"),
            ("HostName", "host"),
            ("ProcessName", "program"),
            ("ProcessID", "pid"),
        ):
            if found[group] != "-":
                row[name] = found[group]
        if found["id"] != "-":
            row["EventID"] = found["id"]
        if found["data"] not in (None, "-"):
            row["StructuredData"] = found["data"]
        row["SyslogMessage"] = found["message"] or ""
        return row
    found = CISCO.fullmatch(line)
    if found:
        row = _priority(found["priority"])
        row.update(
            TimeGenerated=found["time"],
            Facility=found["facility"],
            SeverityLevel=SEVERITIES[int(found["severity"])],
            EventMnemonic=found["mnemonic"],
            SyslogMessage=found["message"],
        )
        if found["host"]:
            row["HostName"] = found["host"]
        return row
    for form in (ISO, RFC3164):
        found = form.fullmatch(line)
        if found:
            row = _priority(found["priority"])
            row["TimeGenerated"] = found["time"]
            _program(row, found["host"], found["rest"])
            return row
    return {"Message": line} if CEF.match(line) else None


def _program(row: Row, host: str | None, rest: str) -> None:
    inside = PROGRAM.fullmatch(rest)
    if host:
        row["HostName"] = host
    if inside:
        row["ProcessName"] = inside["program"]
        if inside["pid"]:
            row["ProcessID"] = inside["pid"]
        row["SyslogMessage"] = inside["message"]
    else:
        row["SyslogMessage"] = rest


def _priority(text: str | None) -> Row:
    if text is None or int(text) > 191:
        return {}
    return {"Facility": FACILITIES[int(text) // 8], "SeverityLevel": SEVERITIES[int(text) % 8]}


def cef_fields(found: re.Match[str]) -> Row:
    """Header fields of a CEF record under their Sentinel names, extension keys as they are."""
    rest = found["rest"]
    row: Row = {"CEFVersion": found["version"]}
    at = 0
    for name in CEF_HEADER:
        cell = CEF_CELL.match(rest, at)
        if cell is None:
            row[name] = CEF_ESCAPE.sub(_unescape, rest[at:])
            return row
        row[name] = CEF_ESCAPE.sub(_unescape, cell[1])
        at = cell.end()
    keys = list(CEF_KEY.finditer(rest, at))
    for key, following in zip(keys, [*keys[1:], None], strict=True):
        value = rest[key.end() : following.start() if following else None].strip()
        row[key[1]] = CEF_ESCAPE.sub(_unescape, value)
    return row


def _unescape(found: re.Match[str]) -> str:
    return {"n": "\n", "r": "\r"}.get(found[1], found[1])


def read(path: Path) -> Iterator[Record]:
    """Rows of a syslog file; an indented or unframed line goes on the message before it, as in multi-line records."""
    waiting: tuple[int, Row] | None = None
    for number, line in lines(path):
        if not line.strip():
            continue
        row = row_of(line)
        if row is None:
            if waiting is None:
                yield Broken(number, "no syslog header")
            elif len(waiting[1].get("SyslogMessage", "")) < 1_000_000:
                waiting[1]["SyslogMessage"] = f"{waiting[1].get('SyslogMessage', '')}\n{line}"
            else:
                yield Broken(number, "message of more than a million characters")
            continue
        if waiting:
            yield waiting
        waiting = (number, row)
    if waiting:
        yield waiting


def audit_fields(text: str) -> Row | None:
    """The fields of one auditd record; hex-coded values of the fields auditd codes so (proctitle, a0.., exe) decoded."""
    found = AUDIT.search(text)
    if found is None:
        return None
    row: Row = {
        "type": found["type"],
        "TimeGenerated": datetime.fromtimestamp(float(found["time"]), UTC).isoformat().replace("+00:00", "Z"),
        "serial": int(found["serial"]),
    }
    if found["node"]:
        row["node"] = row["HostName"] = found["node"]
    for name, value in AUDIT_PAIR.findall(found["rest"].replace("\x1d", " ")):
        if value[:1] == "'" and "=" in value:
            for inner, text_inside in AUDIT_PAIR.findall(value[1:-1]):
                row.setdefault(inner, _audit_value(inner, text_inside))
        row.setdefault(name, _audit_value(name, value))
    return row


HEX_CODED = re.compile(r"proctitle|a\d+|exe|comm|cwd|name|cmd|data|acct|key")


def _audit_value(name: str, value: str) -> str:
    if value[:1] in "\"'" and len(value) > 1:
        return value[1:-1]
    if len(value) >= 4 and len(value) % 2 == 0 and HEX_CODED.fullmatch(name) and re.fullmatch(r"[0-9A-F]+", value):
        try:
            decoded = bytes.fromhex(value).replace(b"\x00", b" ").decode()
        except (ValueError, UnicodeDecodeError):
            return value
        return decoded if decoded.isprintable() else value
    return value


MOST_OF_ONE_EVENT = 200
EXECVE = frozenset(
    {("c000003e", "59"), ("c000003e", "322"), ("c00000b7", "221"), ("c00000b7", "281"), ("40000003", "11")}
)
"""execve and execveat as (arch, syscall): x86-64, arm64, i386. Enriched logs say the name."""


def read_audit(path: Path) -> Iterator[Record]:
    """Rows of an auditd log, one a record; records of one event that stand together are read together.

    The EXECVE record of a program start carries what its neighbours (SYSCALL, CWD) tell, under Sigma's names for processes:
    Image, CommandLine, ProcessId, ParentProcessId, CurrentDirectory, User, LogonId.
    """
    event: list[tuple[int, Row]] = []
    for number, line in lines(path):
        if not line.strip():
            continue
        row = audit_fields(line)
        if row is None:
            yield from _audit_event(event)
            event = []
            yield Broken(number, "no auditd record")
            continue
        row["Message"] = line
        if event and (_event_of(row) != _event_of(event[0][1]) or len(event) >= MOST_OF_ONE_EVENT):
            yield from _audit_event(event)
            event = []
        event.append((number, row))
    yield from _audit_event(event)


def _event_of(row: Row) -> tuple[object, ...]:
    return row["serial"], row["TimeGenerated"], row.get("node")


def _audit_event(event: list[tuple[int, Row]]) -> list[tuple[int, Row]]:
    by_type = {row["type"]: row for _, row in reversed(event)}
    call, run = by_type.get("SYSCALL"), by_type.get("EXECVE")
    if call and run:
        run.update(_process(call, run, by_type.get("CWD", {})))
    return event


def _process(call: Row, run: Row, cwd: Row) -> Row:
    named = str(call.get("SYSCALL", "")).startswith("execve")
    if call.get("success") == "no" or not (named or (call.get("arch"), call.get("syscall")) in EXECVE):
        return {}
    count = str(run.get("argc", ""))
    words = [run.get(f"a{place}") for place in range(int(count) if count.isdigit() and len(count) < 5 else 0)]
    found = {
        "Image": call.get("exe"),
        "CommandLine": " ".join(map(str, words)) if words and None not in words else None,  # long ones come in pieces
        "ProcessId": call.get("pid"),
        "ParentProcessId": call.get("ppid"),
        "CurrentDirectory": cwd.get("cwd"),
        "User": "root" if call.get("uid") == "0" else call.get("UID", call.get("uid")),
        "LogonId": call.get("ses"),
    }
    return {name: value for name, value in found.items() if value is not None}


def read_plain(path: Path) -> Iterator[Record]:
    """Every line that is not blank, as `Message`."""
    for number, line in lines(path):
        if line.strip():
            yield number, {"Message": line}
