"""Facts in plain words: fields, tests, durations, lists. Values are quoted as the author wrote them, never explained."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ..model import Indicator, Op

FIELD_WORDS = {
    "process.name": "the process name",
    "process.executable": "the path of the process",
    "process.command_line": "the command line",
    "process.parent.name": "the parent process name",
    "process.parent.executable": "the path of the parent process",
    "process.parent.command_line": "the parent's command line",
    "process.pe.original_file_name": "the original file name in the binary",
    "process.pe.description": "the description in the binary",
    "process.pe.product": "the product name in the binary",
    "process.pe.company": "the company name in the binary",
    "process.integrity_level": "the integrity level",
    "process.working_directory": "the working directory",
    "process.granted_access": "the access asked for",
    "process.call_trace": "the call trace",
    "target.process.executable": "the path of the target process",
    "target.process.name": "the name of the target process",
    "source.process.executable": "the path of the source process",
    "source.process.name": "the name of the source process",
    "user.name": "the user",
    "user.id": "the user",
    "user.target.name": "the target account",
    "host.name": "the host name",
    "file.path": "the file path",
    "file.name": "the file name",
    "file.extension": "the file extension",
    "dll.path": "the path of the loaded image",
    "dll.name": "the name of the loaded image",
    "registry.path": "the registry path",
    "registry.value": "the registry value name",
    "registry.data.strings": "the registry data",
    "pipe.name": "the pipe name",
    "dns.question.name": "the DNS name asked for",
    "url.original": "the URL",
    "url.path": "the path of the URL",
    "url.query": "the query part of the URL",
    "url.domain": "the host asked for",
    "user_agent.original": "the user agent",
    "http.request.method": "the HTTP method",
    "http.request.referrer": "the HTTP referrer",
    "http.response.status_code": "the HTTP status",
    "destination.ip": "the destination address",
    "destination.port": "the destination port",
    "destination.domain": "the destination host",
    "source.ip": "the source address",
    "source.port": "the source port",
    "event.code": "the event id",
    "event.action": "the action",
    "event.provider": "the service",
    "winlog.logon.type": "the logon type",
    "winlog.channel": "the channel",
    "winlog.provider_name": "the provider",
    "powershell.file.script_block_text": "the PowerShell script text",
    "service.name": "the service name",
    "service.path": "the service's command",
    "email.from.address": "the sender",
    "email.to.address": "the recipient",
    "email.subject": "the subject of the message",
    "application.name": "the application",
}
OP_WORDS = {  # operator: as said of one value, as said when it does not hold
    Op.EQ: ("is", "is not"),
    Op.NE: ("is not", "is"),
    Op.CONTAINS: ("contains", "does not contain"),
    Op.STARTSWITH: ("starts with", "does not start with"),
    Op.ENDSWITH: ("ends with", "does not end with"),
    Op.TERM: ("has the term", "does not have the term"),
    Op.TERM_PREFIX: ("has a term that starts with", "has no term that starts with"),
    Op.TERM_SUFFIX: ("has a term that ends with", "has no term that ends with"),
    Op.WILDCARD: ("matches", "does not match"),
    Op.REGEX: ("matches the pattern", "does not match the pattern"),
    Op.CIDR: ("is in the network", "is not in the network"),
    Op.LT: ("is less than", "is not less than"),
    Op.LE: ("is at most", "is more than"),
    Op.GT: ("is more than", "is at most"),
    Op.GE: ("is at least", "is less than"),
    Op.EXISTS: ("is present", "is missing"),
    Op.EMPTY: ("is empty", "is not empty"),
}
MOST_VALUES = 3


OWN_WORDS = {
    "remoteip": "the remote address", "remoteurl": "the remote URL or host", "remoteport": "the remote port",
    "localip": "the local address", "localport": "the local port",
    "eventtype": "the event type", "actiontype": "the action type", "eventname": "the event name",
    "operation": "the operation", "operationname": "the operation", "operationnamevalue": "the operation",
    "initiatingprocessaccountname": "the account of the initiating process",
    "initiatingprocessaccountupn": "the account of the initiating process",
}  # fmt: skip
"""Names that say more than the common name they share."""


def field_words(name: str, common: str) -> str:
    """`the command line`; the author's own name as code where there are no words for it."""
    if name in ("*", ""):
        return "any field"
    if name.lower() in OWN_WORDS:
        return OWN_WORDS[name.lower()]
    return FIELD_WORDS.get(common, code(name, MOST_NAME))


MOST_NAME = 120


def code(text: str, most: int = 60) -> str:
    """A text as code between backticks, or between quotation marks when it holds backticks itself; at most `most` characters."""
    line = " ".join(text.split("\n"))
    line = line if len(line) <= most else line[: most - 1] + "…"
    return f"“{line}”" if "`" in line else f"`{line}`"


def quoted(value: object) -> str:
    """A value as it stands in a sentence."""
    if isinstance(value, bool):
        return code("true" if value else "false")
    return code(str(value)) if str(value) else "empty"


def listed(items: Sequence[str], word: str = "or", most: int = MOST_VALUES) -> str:
    """`a, b or c`; `a, b, c or 4 more` when there are more than `most` + 1."""
    if len(items) > most + 1:
        return f"{', '.join(items[:most])} {word} {len(items) - most} more"
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def verb(op: Op, values: Sequence[object], every: bool = False, negated: bool = False) -> str:
    """`is a or b`, `has the terms a and b`, `does not end with a or b`: what a test says of its field."""
    words = OP_WORDS[op][negated]
    told = {(type(value), value): quoted(value) for value in values}
    shown, joined = list(dict.fromkeys(told.values())), "and" if every else "or"
    if not shown:
        return words
    if every and len(shown) > 1:
        words = words.replace("has the term", "has the terms")
    if len(told) == len(shown):
        return f"{words} {listed(shown, joined)}"
    first = shown[:MOST_VALUES]  # some are cut to the same words
    return f"{words} {', '.join(first)} {joined} {len(told) - len(first)} more"


def tests(indicators: Iterable[tuple[int, Indicator]], common: Sequence[str]) -> list[tuple[str, Indicator]]:
    """Indicators put together by field, operator and stage, as `the command line has the term A or B`, each with its first."""
    groups: dict[tuple[object, ...], list[tuple[int, Indicator]]] = {}
    for number, found in indicators:
        span = (found.span.start, found.span.end) if found.span else (number, number)
        key = (found.field, found.op, found.every, found.stage, found.negated, span)
        groups.setdefault(key, []).append((number, found))
    result = []
    for members in groups.values():
        number, first = members[0]
        name = field_words(first.field, common[number] if number < len(common) else first.field)
        result.append((f"{name} {verb(first.op, [found.value for _, found in members], first.every)}", first))
    return result


def counted_field(how: str) -> str:
    """What `dcount(tostring(X), 2)` counts: `X`; "" of what is computed further."""
    inner = how.partition("(")[2]
    found = re.match(r"\s*(?:(?:to\w+|trim\w*)\()?([^(),]+)", inner)
    return found[1].strip() if found and inner[found.end() : found.end() + 1] != "(" else ""


def duration(seconds: float) -> str:
    """`1 hour`, `90 minutes`, `14 days`."""
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size and seconds % size == 0:
            number = int(seconds // size)
            return f"{number:,} {name}{'s' if number != 1 else ''}"
    return f"{seconds:g} seconds"
