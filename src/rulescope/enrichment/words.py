"""Facts in plain words: fields, tests, durations, lists. Values are quoted as the author wrote them, never explained."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ..model import And, Call, Expr, Field, Indicator, Literal, Match, Not, Op, Or

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
    "target.process.executable": "the process that is accessed",
    "source.process.executable": "the process that accesses it",
    "user.name": "the user",
    "user.id": "the user",
    "user.target.name": "the target account",
    "host.name": "the host name",
    "file.path": "the file path",
    "file.name": "the file name",
    "file.extension": "the file extension",
    "dll.path": "the path of the loaded library",
    "dll.name": "the name of the loaded library",
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
    "event.outcome": "the outcome",
    "winlog.logon.type": "the logon type",
    "winlog.channel": "the channel",
    "winlog.provider_name": "the provider",
    "powershell.file.script_block_text": "the PowerShell script text",
    "service.name": "the service name",
    "service.path": "the service's command",
    "email.from.address": "the sender",
    "email.to.address": "the recipient",
    "email.subject": "the subject",
    "application.name": "the application",
}
OP_WORDS = {
    Op.EQ: "is", Op.NE: "is not", Op.CONTAINS: "contains", Op.STARTSWITH: "starts with", Op.ENDSWITH: "ends with",
    Op.TERM: "has the term", Op.TERM_PREFIX: "has a term starting with", Op.TERM_SUFFIX: "has a term ending in",
    Op.WILDCARD: "matches", Op.REGEX: "matches the pattern", Op.CIDR: "is in the network", Op.LT: "is less than",
    Op.LE: "is at most", Op.GT: "is more than", Op.GE: "is at least", Op.EXISTS: "exists", Op.EMPTY: "is empty",
}  # fmt: skip
MOST_VALUES = 3


def field_words(name: str, common: str) -> str:
    """`the command line`; the author's own name in backticks where there are no words for it."""
    if name in ("*", ""):
        return "any field"
    return FIELD_WORDS.get(common, f"`{name}`")


def quoted(value: object) -> str:
    """A value as it stands in a sentence, cut to 60 characters."""
    text = str(value)
    return f"`{text if len(text) <= 60 else text[:59] + '…'}`"


def listed(items: Sequence[str], word: str = "or", most: int = MOST_VALUES) -> str:
    """`a, b or c`; `a, b, c or 4 more` when there are more than `most` + 1."""
    if len(items) > most + 1:
        return f"{', '.join(items[:most])} {word} {len(items) - most} more"
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


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
        values = list(dict.fromkeys(quoted(found.value) for _, found in members))
        result.append((f"{name} {OP_WORDS[first.op]} {listed(values, 'and' if first.every else 'or')}", first))
    return result


def duration(seconds: float) -> str:
    """`1 hour`, `90 minutes`, `14 days`."""
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size and seconds % size == 0:
            number = int(seconds // size)
            return f"{number:,} {name}{'s' if number != 1 else ''}"
    return f"{seconds:g} seconds"


MOST_PARTS = 4
MOST_DEPTH = 2


def described(expr: Expr, common: Mapping[str, str], depth: int = 0) -> str:
    """A condition in words, `the process name is a or b, and the command line contains c`; "" where there are none for it.

    `common` maps the author's field names to common ones. Long parts are shortened, and said to be.
    """
    match expr:
        case Match(subject, op, values, every) if name := subject_name(subject):
            words = field_words(name, common.get(name, name.lower()))
            if op in (Op.EXISTS, Op.EMPTY):
                return f"{words} {OP_WORDS[op]}"
            shown = list(dict.fromkeys(quoted(value) for value in values))
            return f"{words} {OP_WORDS[op]} {listed(shown, 'and' if every else 'or')}"
        case And(terms) if terms:
            return _together(terms, "and", common, depth)
        case Or(terms) if terms:
            return _together(terms, "or", common, depth)
        case Not(Or() | And()):
            return ""
    return ""


def subject_name(subject: Expr) -> str:
    """The field a test is about, through functions that only clean it; "" for anything computed."""
    match subject:
        case Field(name):
            return name
        case Call("column_ifexists", (Literal(str() as name), *_)):
            return name
        case Call("tostring" | "tolower" | "toupper" | "trim", args) if args:
            return subject_name(args[-1])
    return ""


def _together(terms: Sequence[Expr], word: str, common: Mapping[str, str], depth: int) -> str:
    found = [text for term in terms if not isinstance(term, Not) and (text := described(term, common, depth + 1))]
    shown = list(dict.fromkeys(found))
    if not shown:
        return ""
    if depth >= MOST_DEPTH and len(shown) > 1:
        return "a further combination of tests holds"
    rest = len(shown) - MOST_PARTS
    if rest > 0:
        shown = [*shown[:MOST_PARTS], f"{rest} further {'test holds' if rest == 1 else 'tests hold'}"]
    if len(shown) == 1:
        return shown[0]
    text = f"{', '.join(shown[:-1])}{',' if len(shown) > 2 or depth == 0 else ''} {word} {shown[-1]}"
    return f"({text})" if depth else text
