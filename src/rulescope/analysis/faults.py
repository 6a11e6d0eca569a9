"""Faults of a rule's logic: conditions that never hold, lists with a hole, tests that are easily evaded."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Callable, Iterator

from .. import model as m
from ..model import Diagnostic, Op
from .contradiction import clash
from .indicators import Tested, constant, tests
from .passed import asked, passes
from .places import Names, Placed, placed
from .subjects import KUSTO, SAID, shown
from .windows import is_threshold
from .witness import Want

CLASSES = {  # a class of characters, and how many of it a list must hold to look like it means the class
    "digits": (string.digits, 6),
    "hexadecimal digits": ("0123456789abcdef", 12),
    "letters": (string.ascii_lowercase, 20),
}
HOST_WORDS = ("host", "domain", "url", "uri", "fqdn", "server", "computer", "device")
FREE_TEXT = (
    "filename",
    "commandline",
    "folderpath",
    "processname",
    "image",
    "useragent",
    "url",
    "hostname",
    "filepath",
)
NAME_FIELDS = ("filename", "image", "processname", "newprocessname", "processfilename", "appname")
NOT_ACTING = ("target", "loaded", "parent")  # what is acted upon, or acts unknowingly: nobody would rename it
STARTS = ("DeviceProcessEvents",)
PARENTS = ("InitiatingProcessFileName",)  # where a row is the start of a process
VERSIONED = frozenset({"process_creation"})
"""Categories of Sigma whose events carry the version information of the program that acts (Sysmon 1; 7 has the library's)."""
ORIGINAL_NAME = (
    "originalfilename",
    "internalfilename",
    "product",
    "description",
    "company",
    "sha1",
    "sha256",
    "md5",
    "imphash",
    "hashes",
)
HOSTS = frozenset(
    {"svchost.exe", "services.exe", "lsass.exe", "spoolsv.exe", "w3wp.exe", "wmiprvse.exe", "dns.exe", "sqlservr.exe", "msiexec.exe",
     "winlogon.exe", "wsmprovhost.exe", "taskeng.exe", "taskhostw.exe", "explorer.exe", "dllhost.exe", "smss.exe", "csrss.exe",
     "fxssvc.exe", "werfault.exe", "consent.exe", "umworkerprocess.exe", "umservice.exe"}
)  # fmt: skip
"""Programs that Windows itself starts in its own name: a renamed copy would not do their work."""
PROGRAMS = (".exe", ".com", ".scr")
BOLD = re.compile(r"\*\*\w[^*]*\*\*")
FOLDED = {"tolower": str.lower, "toupper": str.upper}
MOST_TERMS = 40
PATH_FIELDS = frozenset({"registrykey", "previousregistrykey", "folderpath", "initiatingprocessfolderpath"})
"""Fields that hold one path and nothing else (Sysmon's TargetObject ends in a value's name, which may begin with one)."""


def faults(query: m.Query, stages: tuple[Placed, ...] | None = None) -> tuple[Diagnostic, ...]:
    """Findings about what the query tests, in reading order; each has a stable id (see FAULTS)."""
    found: list[Diagnostic] = []
    places = stages if stages is not None else placed(query)
    named: list[tuple[int, Tested, str]] = []
    original = any(any(word in name for word in ORIGINAL_NAME) for name in _compared(query))
    chosen = {id(stage) for stage in asked(query)}
    starts = any(scan.table in STARTS for scan in m.expressions(query, m.Scan))
    for place in places:
        for test in tests(place):
            field = shown(test.subject, place.names.aliases)
            last = field.rsplit(".", 1)[-1].lower()
            original = original or any(word in last for word in ORIGINAL_NAME)
            others = NOT_ACTING if field not in PARENTS or not starts else (*NOT_ACTING, last)
            if last.endswith(NAME_FIELDS) and not last.startswith(others) and not test.negated and _programs(test):
                if "parent" not in last and id(test.expr) in _needed(place) and not _parsed(test, place):
                    named.append((id(place.stage), test, field))
            for check in _TESTS if id(place.stage) in chosen else _EVERYWHERE:
                found.extend(check(test, field, query))
        for check_stage in _STAGES:
            found.extend(check_stage(place))
    for inner in m.queries(query):
        found.extend(_clashes_between_stages(inner))
    stages_named = {number for number, _, _ in named}
    if named and not original and passes(query, lambda stage: id(stage) in stages_named):
        found.append(_renamed(named, any(_versioned(scan) for scan in m.expressions(query, m.Scan))))
    return tuple(dict.fromkeys(found))


def _compared(query: m.Query) -> Iterator[str]:
    """The names of columns that rows are matched by, or must stand in a list by."""
    for stage in (stage for inner in m.queries(query) for stage in inner.stages):
        keys = [key.right for key in stage.on] if isinstance(stage, m.Join) else []
        for expr in (*keys, *(each.subject for each in m.expressions(stage, m.Within))):
            yield shown(expr, {}).rsplit(".", 1)[-1].lower()


def _parsed(test: Tested, place: Placed) -> bool:
    """Whether a name was cut out of another text: of the key of a program's settings, say."""
    return isinstance(test.subject, m.Field) and test.subject.name in place.names.picked


def _programs(test: Tested) -> bool:
    return (
        test.op in (Op.EQ, Op.ENDSWITH, Op.TERM, Op.WILDCARD)
        and all(isinstance(value, str) and value.lower().endswith(PROGRAMS) for value in test.values)
        and not all(re.split(r"[\\/]", str(value).lower())[-1] in (*HOSTS, *PROGRAMS) for value in test.values)
    )


def _needed(place: Placed) -> frozenset[int]:
    """The tests (by id) that every row must pass, or one of which it must: those no alternative goes without."""
    if "needed" not in place.kept:
        stage = place.stage
        found = _told_by_all(stage.predicate) if isinstance(stage, m.Filter) else []
        place.kept["needed"] = tuple(id(match) for match in found)
    return frozenset(place.kept["needed"])


def _told_by_all(expr: m.Expr) -> list[m.Match]:
    match expr:
        case m.And(terms):
            return [match for term in terms for match in _told_by_all(term)]
        case m.Or(terms) if terms:
            sides = [_told_by_all(term) for term in terms]
            fields = [{shown(match.subject, {}) for match in side} for side in sides]
            common = fields[0].intersection(*fields[1:])
            return [match for side in sides for match in side if shown(match.subject, {}) in common]
        case m.Match():
            return [expr]
    return []


def _versioned(scan: m.Scan) -> bool:
    """Whether the events of a source carry the version information of the program they are about."""
    kind = dict(pair.partition("=")[::2] for pair in scan.logsource.split()).get("category", "")
    return kind in VERSIONED or (not scan.logsource and scan.table.startswith(("Device", "imProcess", "_Im_Process")))


def _renamed(named: list[tuple[int, Tested, str]], versioned: bool) -> Diagnostic:
    number, test, field = named[0]
    alike = [each for other, each, name in named if other == number and name == field]
    values = list(dict.fromkeys(str(value).lstrip("\\/") for each in alike for value in each.values))
    names = ", ".join(values[:3]) + (f" and {len(values) - 3} more" if len(values) > 3 else "")
    return Diagnostic(
        "renamed-binary",
        f"{field} is tested for {names} by name, and nothing looks at the original file name or a hash: a renamed copy escapes",
        "note",
        span=test.span,
        suggestion="test the original file name of the version information as well" if versioned else "",
    )


# ---------------------------------------------------------------- one test


def _class_gap(test: Tested, field: str, query: m.Query) -> Iterator[Diagnostic]:
    if test.op in (Op.ENDSWITH, Op.STARTSWITH) and not test.every and not test.negated and len(test.values) >= 6:
        yield from _gaps(test, field)


def _or_gaps(place: Placed) -> Iterator[Diagnostic]:
    """The same for `x endswith "1" or x endswith "2" or ...`."""
    if len(place.comparisons()) < 6:
        return
    for group in m.expressions(place.stage, m.Or):
        if len(group.terms) < 6:
            continue
        alike: dict[tuple[str, Op], list[m.Match]] = {}
        for term in group.terms:
            if isinstance(term, m.Match) and term.op in (Op.ENDSWITH, Op.STARTSWITH) and len(term.values) == 1:
                alike.setdefault((shown(term.subject, place.names.aliases), term.op), []).append(term)
        for (field, op), terms in alike.items():
            if len(terms) >= 6:
                values = tuple(term.values[0] for term in terms)
                yield from _gaps(Tested(terms[0].subject, op, values, False, False, False, group.span, group), field)


def _gaps(test: Tested, field: str) -> Iterator[Diagnostic]:
    ones = {str(value).lower() for value in test.values if len(str(value)) == 1}
    for name, (members, least) in CLASSES.items():
        given = ones & set(members)
        if len(given) < least or len(given) != len(ones):
            continue
        missing = [char for char in members if char not in given]
        where = "end" if test.op is Op.ENDSWITH else "start"
        host = any(word in field.lower() for word in HOST_WORDS)
        if missing and len(missing) <= len(members) // 3:
            what = "hosts" if host else "values"
            yield Diagnostic(
                "class-gap",
                f"{field}: the list of {name} it may {where} with lacks {', '.join(missing)}: {what} {where}ing in "
                f"{_either(missing)} escape",
                span=test.span,
                suggestion=f"add {', '.join(missing)}, or test for the class with a regular expression",
            )
        if host and name == "digits":
            yield Diagnostic(
                "names-and-addresses",
                f"{field} {where}ing in a digit is meant to find addresses, but host names {where}ing in a digit match too",
                "note",
                span=test.span,
                suggestion="test whether the host is an address",
            )
        return


def _either(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} or {items[-1]}"


def _literal_wildcard(test: Tested, field: str, query: m.Query) -> Iterator[Diagnostic]:
    if query.language != "kusto" or test.op not in (Op.EQ, Op.CONTAINS, Op.STARTSWITH, Op.ENDSWITH, Op.TERM):
        return
    sign = KUSTO[test.op] if not test.negated else "!=" if test.op is Op.EQ else f"!{KUSTO[test.op]}"
    for value in test.values:
        if (
            not isinstance(value, str)
            or len(value) < 2
            or "=*" in value
            or "." in value.strip("*")[:1]
            or value == "*.*"
            or value.endswith("/*")
            or value.startswith("*/")
            or not value.strip("*")
            or BOLD.search(value)
        ):
            continue  # an LDAP filter, a file pattern, a comment of SQL, bold text: the asterisk may well stand in the value
        if value.startswith("*") or value.endswith("*"):
            yield Diagnostic(
                "literal-wildcard",
                f"{field} {sign} {_quoted(value)}: the asterisk is an ordinary character here, not a wildcard",
                span=test.span,
                suggestion=f"use {_for_wildcard(test.op, value)}",
            )


def _doubled_backslash(test: Tested, field: str, query: m.Query) -> Iterator[Diagnostic]:
    """A verbatim text that is escaped all the same: `@"HKEY_LOCAL_MACHINE\\\\SOFTWARE"`."""
    if query.language != "kusto" or field.lower() not in PATH_FIELDS or test.op is Op.REGEX:
        return
    for value in test.values:
        if isinstance(value, str) and "\\\\" in value[1:]:
            yield Diagnostic(
                "doubled-backslash",
                f"{field} is compared with {_quoted(value)}: it has two backslashes in a row, which no such path has",
                span=test.span,
                suggestion='write one backslash in @"…", two in "…"',
            )


def _for_wildcard(op: Op, value: str) -> str:
    inner = value.strip("*")
    first, last = value.startswith("*"), value.endswith("*")
    if "*" in inner:
        pattern = ".*".join(
            "".join("\\" + c if c in r"\.+?()|[]{}^$" else c for c in part) for part in re.split(r"\*+", inner)
        )
        start = "" if first or op not in (Op.EQ, Op.STARTSWITH) else "^"
        end = "" if last or op not in (Op.EQ, Op.ENDSWITH) else "$"
        return f"matches regex {_quoted(f'(?i){start}{pattern}{end}')}"
    if op is Op.TERM:
        return f"{'contains' if first and last else 'hassuffix' if first else 'hasprefix'} {_quoted(inner)}"
    if op is not Op.EQ:
        free = (op is Op.STARTSWITH and first) or (op is Op.ENDSWITH and last)
        return f"{'contains' if free else KUSTO[op]} {_quoted(inner)}"
    word = {(True, True): "contains", (True, False): "endswith", (False, True): "startswith"}
    return f"{word[first, last]} {_quoted(inner)}"


def _quoted(text: str) -> str:
    """A text as Kusto writes it."""
    return f'@"{text}"' if "\\" in text and '"' not in text else json.dumps(text, ensure_ascii=False)


def _folded(test: Tested, field: str, query: m.Query) -> Iterator[Diagnostic]:
    """`tolower(x) == "ABC"`: never."""
    if not isinstance(test.subject, m.Call) or test.subject.name not in FOLDED or not test.cased:
        return
    fold: Callable[[str], str] = FOLDED[test.subject.name]
    for value in test.values:
        if isinstance(value, str) and test.op is not Op.REGEX and fold(value) != value:
            yield Diagnostic(
                "never-in-that-case",
                f"{test.subject.name}({field}) is never {value!r}",
                "error" if len(test.values) == 1 else "warning",
                span=test.span,
                suggestion=f"write {fold(value)!r}, or compare without case",
            )


def _cased_text(test: Tested, field: str, query: m.Query) -> Iterator[Diagnostic]:
    last = field.rsplit(".", 1)[-1].lower()
    if not test.cased or test.op is not Op.EQ or test.negated or not last.endswith(FREE_TEXT):
        return
    if _folds(test.subject) or (isinstance(test.subject, m.Field) and _made_folded(test.subject.name, query)):
        return
    values = [value for value in test.values if isinstance(value, str) and value.lower() != value.upper()]
    if values:
        yield Diagnostic(
            "case-sensitive",
            f"{field} is compared with case: {values[0]!r} written in other case escapes",
            "note",
            span=test.span,
            suggestion="compare without case",
        )


def _folds(expr: m.Expr) -> bool:
    return isinstance(expr, m.Call) and expr.name in FOLDED


def _made_folded(name: str, query: m.Query) -> bool:
    return any(name in column.names and _folds(column.value) for column in m.expressions(query, m.Column))


_EVERYWHERE = (_class_gap, _literal_wildcard, _doubled_backslash, _folded)
_TESTS = (*_EVERYWHERE, _cased_text)


# ---------------------------------------------------------------- whole stages


def _empty_list(place: Placed) -> Iterator[Diagnostic]:
    for test in tests(place):
        if isinstance(test.expr, m.Match) and not test.values:
            field = shown(test.subject, place.names.aliases)
            always = test.negated ^ test.every
            yield Diagnostic(
                "empty-list",
                f"{field} is compared with an empty list: {'always' if always else 'never'} true",
                "note" if always else "warning",
                span=test.span,
                suggestion="fill the list in, or leave the condition out",
            )


def _impossible(place: Placed) -> Iterator[Diagnostic]:
    if not isinstance(place.stage, m.Filter | m.Search):
        return
    predicate = place.stage.predicate
    for part in (predicate, *m.expressions(predicate, m.And)):
        if isinstance(part, m.And):
            yield from _clashes(part, place.names)
    match predicate:
        case m.Or(()):
            yield Diagnostic("never", "this condition is never true", "error", span=place.stage.span)


def _clashes_between_stages(query: m.Query) -> Iterator[Diagnostic]:
    """Filters one after the other hold together, as one `and` does."""
    run: list[m.Expr] = []
    for stage in (*query.stages, m.Count()):
        if isinstance(stage, m.Filter):
            run.append(stage.predicate)
        elif not isinstance(stage, m.Sort | m.Limit | m.Top):
            if len(run) > 1:
                yield from _clashes(m.And(tuple(run)), Names())
            run = []


def _clashes(group: m.And, names: Names) -> Iterator[Diagnostic]:
    """Two single-valued tests of one field that cannot both hold."""
    seen: dict[str, list[tuple[m.Match, bool]]] = {}
    for term in _flat(group)[:MOST_TERMS]:
        match = term.term if isinstance(term, m.Not) else term
        if not isinstance(match, m.Match) or len(match.values) != 1 or is_threshold(match, names):
            continue
        if not isinstance(match.subject, m.Field):
            continue
        others = seen.setdefault(match.subject.name, [])
        here = (m.replace(match, subject=m.Field(match.subject.name), span=None), match is term)
        for other, truth in others:
            if clash(Want(other, truth), Want(*here)):
                yield Diagnostic(
                    "contradiction",
                    f"{_said(other, truth)} and {_said(*here)} cannot both hold of one value",
                    "error",
                    span=match.span,
                )
        others.append(here)


def _said(match: m.Match, truth: bool) -> str:
    subject = shown(match.subject, {})
    return f"{'' if truth else 'not '}{subject} {SAID[match.op]} {', '.join(map(str, match.values))}"


def _flat(group: m.And) -> list[m.Expr]:
    found: list[m.Expr] = []
    for term in group.terms:
        found.extend(_flat(term) if isinstance(term, m.And) else (term,))
    return found


def _constant_test(place: Placed) -> Iterator[Diagnostic]:
    if not isinstance(place.stage, m.Filter):
        return
    for expr in place.comparisons():
        if isinstance(expr, m.Match) and expr.op is Op.EQ and constant(expr.subject) is not None:
            yield Diagnostic(
                "constant-condition", "both sides of this comparison are constants", "note", span=expr.span
            )


_STAGES = (_or_gaps, _empty_list, _impossible, _constant_test)

FAULTS = {  # id: what it means
    "class-gap": "a list of single characters covers a class (digits, letters) but for some members, which escape",
    "names-and-addresses": "a host is taken for an address by its first or last character; names match too",
    "literal-wildcard": "an asterisk in a text comparison that has no wildcards",
    "doubled-backslash": "two backslashes in a row in a path: a verbatim text that is escaped all the same, never true",
    "never-in-that-case": "a lower- or upper-cased value is compared with a text in other case: never true",
    "case-sensitive": "free text is compared with case, so another spelling escapes",
    "empty-list": "a comparison with an empty list: never true, or always when negated",
    "contradiction": "two conditions on one field that cannot both hold",
    "never": "a condition that is never true",
    "constant-condition": "a comparison of two constants",
    "renamed-binary": "a program is recognised by its name alone, so a renamed copy escapes",
}
