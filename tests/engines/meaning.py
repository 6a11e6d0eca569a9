"""The table of meaning: predicates, and the numbers of the events they hold for. Every engine answers it the same.

`EVENTS` are numbered from 0; `CASES` are (name, predicate, numbers). Columns of one engine's table may need one type:
`TEXT` names the columns whose values are all text or missing, `WHOLE` those whose values are whole numbers or missing,
`LISTS` those that hold lists. Cases that use other columns are marked by `mixed(case)`.
"""

from __future__ import annotations

from typing import Any

from rulescope.model import (
    ANY,
    FALSE,
    TRUE,
    And,
    Call,
    Compare,
    Expr,
    Field,
    Index,
    Literal,
    Match,
    Not,
    Op,
    Or,
    expressions,
)

EVENTS: tuple[dict[str, Any], ...] = (
    {"Image": "C:\\Windows\\System32\\cmd.exe", "CommandLine": "cmd.exe /c whoami", "Id": 4688, "Code": "4688"},
    {"Image": "c:\\windows\\system32\\CMD.EXE", "CommandLine": "", "Id": 1, "Code": "1"},
    {"Image": None, "CommandLine": None, "Id": None, "Code": None},
    {},
    {"Image": "cmd.exe", "CommandLine": "a*b?c\\d", "Id": 10, "Code": "010"},
    {"Image": "xcmd.exe", "CommandLine": "power_shell power-shell powershell2", "Id": -5, "Code": "ten"},
    {"Image": "cmd.exe.bak", "CommandLine": "line one\nline two", "Ip": "10.1.2.3", "Names": ["Alice", "bob"]},
    {"Ip": "192.168.1.255", "Names": [], "Other": "10.1.2.3", "Image": "Ärger.exe"},
    {"Ip": "fe80::1", "Names": ["carol", None, "Bob"], "Image": "100%"},
    {"Ip": "not an address", "Names": ["alice"], "Image": "true", "Code": "4688.0"},
    {"Ip": "010.1.2.3", "Names": [None], "Image": "a", "Code": "-5"},
)
"""Made so that every rule of comparison has an event on each side of it."""

MIXED: tuple[dict[str, Any], ...] = (
    {"x": 4688, "user": {"name": "Root", "id": 0}},
    {"x": "4688"},
    {"x": 4688.0, "user.name": "root"},
    {"x": True, "user": [{"name": "ann"}, {"name": "Root"}]},
    {"x": "TRUE", "user": {"id": 7}},
    {"x": [1, "a", None, "4688"], "when": "2024-02-29T23:59:58.1234567Z"},
    {"x": {"y": "4688"}, "when": "2024-01-01 00:00:00"},
    {"x": 0.5, "when": "2023-01-01T03:04:05+03:00"},
    {"x": "", "when": "yesterday"},
    {"x": None},
    {},
)
"""Values of several kinds in one field, nested fields and times: for engines that read events as they are."""

Case = tuple[str, Expr, tuple[int, ...]]


def m(field: str, op: Op, *values: Any, every: bool = False, cased: bool = False) -> Match:
    return Match(Field(field), op, values, every, cased)


IMAGE, LINE = "Image", "CommandLine"

CASES: tuple[Case, ...] = (
    # presence
    ("exists", m(IMAGE, Op.EXISTS), (0, 1, 4, 5, 6, 7, 8, 9, 10)),
    ("exists: an empty string does", m(LINE, Op.EXISTS), (0, 1, 4, 5, 6)),
    ("exists: null does not, nor missing", Not(m(LINE, Op.EXISTS)), (2, 3, 7, 8, 9, 10)),
    ("empty: missing, null, empty string", m(LINE, Op.EMPTY), (1, 2, 3, 7, 8, 9, 10)),
    ("not empty", Not(m(LINE, Op.EMPTY)), (0, 4, 5, 6)),
    ("a field no event has", m("Nowhere", Op.EXISTS), ()),
    ("a field no event has, negated match", Not(m("Nowhere", Op.EQ, "x")), tuple(range(11))),
    # equality
    ("eq ignores case", m(IMAGE, Op.EQ, "C:\\WINDOWS\\system32\\cmd.exe"), (0, 1)),
    ("eq cased", m(IMAGE, Op.EQ, "C:\\Windows\\System32\\cmd.exe", cased=True), (0,)),
    ("eq any value", m(IMAGE, Op.EQ, "CMD.exe", "xcmd.exe"), (4, 5)),
    ("eq is the whole value", m(IMAGE, Op.EQ, "cmd"), ()),
    ("eq beyond ASCII ignores case", m(IMAGE, Op.EQ, "ärger.EXE"), (7,)),
    ("eq takes wildcard characters literally", m(LINE, Op.EQ, "a*b?c\\d"), (4,)),
    ("eq empty string: not missing, not null", m(LINE, Op.EQ, ""), (1,)),
    ("not eq holds for missing and null", Not(m(IMAGE, Op.EQ, "cmd.exe")), (0, 1, 2, 3, 5, 6, 7, 8, 9, 10)),
    ("eq null never", m(IMAGE, Op.EQ, None), ()),
    ("eq no values", m(IMAGE, Op.EQ), ()),
    ("eq every of two", m(IMAGE, Op.EQ, "cmd.exe", "xcmd.exe", every=True), ()),
    ("number field, number", m("Id", Op.EQ, 4688), (0,)),
    ("number field, digits as text", m("Id", Op.EQ, "4688"), (0,)),
    ("number field, several kinds", m("Id", Op.EQ, "1", 10), (1, 4)),
    ("text field, number: equal as text", m("Code", Op.EQ, 4688), (0,)),
    ("text field, leading zero is another text", m("Code", Op.EQ, 10), ()),
    ("text field, digits as text", m("Code", Op.EQ, "010"), (4,)),
    ("text field, negative number", m("Code", Op.EQ, -5), (10,)),
    ("text field, true", m(IMAGE, Op.EQ, True), (9,)),
    ("number field, text that is none", m("Id", Op.EQ, "ten"), ()),
    # substrings
    ("contains ignores case", m(IMAGE, Op.CONTAINS, "CMD"), (0, 1, 4, 5, 6)),
    ("contains cased", m(IMAGE, Op.CONTAINS, "CMD", cased=True), (1,)),
    ("contains every", m(LINE, Op.CONTAINS, "cmd", "WHOAMI", every=True), (0,)),
    ("contains nothing: every present value", m(LINE, Op.CONTAINS, ""), (0, 1, 4, 5, 6)),
    ("contains wildcard characters literally", m(LINE, Op.CONTAINS, "*b?"), (4,)),
    ("contains percent literally", m(IMAGE, Op.CONTAINS, "100%"), (8,)),
    ("contains underscore literally", m(LINE, Op.CONTAINS, "r_s"), (5,)),
    ("contains on a number", m("Id", Op.CONTAINS, "68"), (0,)),
    ("startswith", m(IMAGE, Op.STARTSWITH, "c:\\windows"), (0, 1)),
    ("startswith several", m(IMAGE, Op.STARTSWITH, "x", "ä"), (5, 7)),
    ("startswith cased", m(IMAGE, Op.STARTSWITH, "C:", cased=True), (0,)),
    ("endswith", m(IMAGE, Op.ENDSWITH, "\\CMD.exe"), (0, 1)),
    ("endswith percent", m(IMAGE, Op.ENDSWITH, "%"), (8,)),
    ("endswith cased", m(IMAGE, Op.ENDSWITH, "EXE", cased=True), (1,)),
    ("startswith on a negative number", m("Id", Op.STARTSWITH, "-"), (5,)),
    ("not contains holds for missing", Not(m(LINE, Op.CONTAINS, "c")), (1, 2, 3, 5, 6, 7, 8, 9, 10)),
    # terms
    ("term between other characters", m(IMAGE, Op.TERM, "cmd"), (0, 1, 4, 6)),
    ("term with punctuation inside", m(IMAGE, Op.TERM, "CMD.exe"), (0, 1, 4, 6)),
    ("term with punctuation in front", m(LINE, Op.TERM, "/c"), (0,)),
    ("term: an underscore parts", m(LINE, Op.TERM, "shell"), (5,)),
    ("term: digits and letters do not part", m(LINE, Op.TERM, "powershell"), ()),
    ("term cased", m(IMAGE, Op.TERM, "CMD", cased=True), (1,)),
    ("term prefix", m(LINE, Op.TERM_PREFIX, "powersh"), (5,)),
    ("term prefix not inside", m(LINE, Op.TERM_PREFIX, "owersh"), ()),
    ("term suffix", m(LINE, Op.TERM_SUFFIX, "ami"), (0,)),
    ("term suffix not inside", m(LINE, Op.TERM_SUFFIX, "am"), ()),
    ("term every", m(LINE, Op.TERM, "line", "two", every=True), (6,)),
    # wildcards
    ("wildcard is the whole value", m(IMAGE, Op.WILDCARD, "cmd*"), (4, 6)),
    ("wildcard in the middle", m(IMAGE, Op.WILDCARD, "c*m*.exe"), (0, 1, 4)),
    ("wildcard one character", m(IMAGE, Op.WILDCARD, "?cmd.exe"), (5,)),
    ("wildcard one character is not none", m(IMAGE, Op.WILDCARD, "?"), (10,)),
    ("wildcard of anything: every present value", m(LINE, Op.WILDCARD, "*"), (0, 1, 4, 5, 6)),
    ("wildcard at least one character", m(LINE, Op.WILDCARD, "?*"), (0, 4, 5, 6)),
    ("wildcard escaped", m(LINE, Op.WILDCARD, "a\\*b\\?c\\\\*"), (4,)),
    ("wildcard with plain backslash", m(IMAGE, Op.WILDCARD, "*\\system32\\c?d*"), (0, 1)),
    ("wildcard across lines", m(LINE, Op.WILDCARD, "line*two"), (6,)),
    ("wildcard takes percent and underscore literally", m(LINE, Op.WILDCARD, "po%er_*"), ()),
    ("wildcard cased", m(IMAGE, Op.WILDCARD, "*CMD*", cased=True), (1,)),
    ("wildcard that matches nothing but itself", m(IMAGE, Op.WILDCARD, "cmd.exe"), (4,)),
    # regular expressions
    ("regex is found anywhere, cased", m(IMAGE, Op.REGEX, "cmd\\.exe", cased=True), (0, 4, 5, 6)),
    ("regex without case", m(IMAGE, Op.REGEX, "^cmd\\.exe$"), (4,)),
    ("regex flag in the pattern", m(IMAGE, Op.REGEX, "(?i)\\\\CMD", cased=True), (0, 1)),
    ("regex dot stops at a line end", m(LINE, Op.REGEX, "one.line", cased=True), ()),
    ("regex dot with s", m(LINE, Op.REGEX, "(?s)one.line", cased=True), (6,)),
    ("regex ends at the end of text only", m(LINE, Op.REGEX, "one$", cased=True), ()),
    ("regex with m ends at lines", m(LINE, Op.REGEX, "(?m)one$", cased=True), (6,)),
    ("regex on an empty string", m(LINE, Op.REGEX, "^$", cased=True), (1,)),
    ("regex any of several", m(IMAGE, Op.REGEX, "^x", "^a$", cased=True), (5, 10)),
    ("regex on a number", m("Id", Op.REGEX, "^46", cased=True), (0,)),
    # addresses
    ("cidr v4", m("Ip", Op.CIDR, "10.0.0.0/8"), (6,)),
    ("cidr several", m("Ip", Op.CIDR, "192.168.1.0/24", "10.1.2.3/32"), (6, 7)),
    ("cidr edge", m("Ip", Op.CIDR, "192.168.1.254/31"), (7,)),
    ("cidr with host bits", m("Ip", Op.CIDR, "10.9.9.9/8"), (6,)),
    ("cidr v6", m("Ip", Op.CIDR, "fe80::/10"), (8,)),
    ("cidr all of v4 holds no v6", m("Ip", Op.CIDR, "0.0.0.0/0"), (6, 7)),
    # order
    ("lt", m("Id", Op.LT, 1), (5,)),
    ("le", m("Id", Op.LE, 1), (1, 5)),
    ("gt with a fraction", m("Id", Op.GT, 9.5), (0, 4)),
    ("ge", m("Id", Op.GE, 10), (0, 4)),
    ("not lt holds for missing", Not(m("Id", Op.LT, 4688)), (0, 2, 3, 6, 7, 8, 9, 10)),
    ("order of digits in text is by value", m("Code", Op.GT, 9), (0, 4, 9)),
    ("order of text that is no number: false", m("Code", Op.LT, 0), (10,)),
    # lists
    ("list: any element", m("Names", Op.EQ, "BOB"), (6, 8)),
    ("list: every value by some element", m("Names", Op.EQ, "alice", "bob", every=True), (6,)),
    ("list: none of the elements", Not(m("Names", Op.EQ, "bob")), (0, 1, 2, 3, 4, 5, 7, 9, 10)),
    ("list: contains within an element", m("Names", Op.CONTAINS, "lic"), (6, 9)),
    ("list: an empty one exists", m("Names", Op.EXISTS), (6, 7, 8, 9, 10)),
    ("list: an empty one is not empty", m("Names", Op.EMPTY), (0, 1, 2, 3, 4, 5)),
    ("list: an empty one matches nothing", m("Names", Op.CONTAINS, ""), (6, 8, 9)),
    # any field
    ("any field", m("*", Op.EQ, "10.1.2.3"), (6, 7)),
    ("any field contains", m("*", Op.CONTAINS, "alice"), (6, 9)),
    ("any field, every value somewhere", m("*", Op.CONTAINS, "cmd", "bob", every=True), (6,)),
    ("any field, a number", m("*", Op.CONTAINS, "468"), (0, 9)),
    # logic
    ("and of none", TRUE, tuple(range(11))),
    ("or of none", FALSE, ()),
    ("not of and", Not(And((m(IMAGE, Op.EXISTS), m(LINE, Op.EXISTS)))), (2, 3, 7, 8, 9, 10)),
    ("not not", Not(Not(m(IMAGE, Op.EQ, "cmd.exe"))), (4,)),
    ("or with a missing side", Or((m("Nowhere", Op.EQ, "x"), m(IMAGE, Op.EQ, "a"))), (10,)),
    # two fields
    ("compare fields", Compare(Field("Ip"), Op.EQ, Field("Other"), False), ()),
    ("compare a field with itself: false when missing", Compare(Field(LINE), Op.EQ, Field(LINE)), (0, 1, 4, 5, 6)),
    ("compare starts with", Compare(Field(LINE), Op.STARTSWITH, Field(IMAGE), False), ()),
    ("compare number with its text", Compare(Field("Id"), Op.EQ, Field("Code"), False), (0, 1)),
    ("compare ne: both present", Compare(Field("Id"), Op.NE, Field("Code"), False), (4, 5)),
    ("compare numbers", Compare(Field("Id"), Op.GT, Literal(5, "long")), (0, 4)),
)  # fmt: skip

MIXED_CASES: tuple[Case, ...] = (
    ("number and text alike", m("x", Op.EQ, 4688), (0, 1, 2, 5)),
    ("text and number alike", m("x", Op.EQ, "4688"), (0, 1, 2, 5)),
    ("true", m("x", Op.EQ, True), (3, 4)),
    ("true is not 1", m("x", Op.EQ, 1), (5,)),
    ("true as text", m("x", Op.EQ, "true"), (3, 4)),
    ("a fraction", m("x", Op.EQ, 0.5), (7,)),
    ("a fraction as text", m("x", Op.EQ, "0.5"), (7,)),
    ("order among kinds", m("x", Op.GE, 1), (0, 1, 2, 5)),
    ("a path", m("user.name", Op.EQ, "root"), (0, 2, 3)),
    ("a path through a list", m("user.name", Op.EQ, "ANN"), (3,)),
    ("a path exists", m("user.name", Op.EXISTS), (0, 2, 3)),
    ("an index", Match(Index(Field("user"), Literal("id")), Op.EQ, (7,)), (4,)),
    ("an index by number", Match(Index(Field("x"), Literal(1, "long")), Op.EQ, ("A",)), (5,)),
    ("any field, nested", Match(ANY, Op.EQ, ("root",)), (0, 2, 3)),
    ("any field, nested number", Match(ANY, Op.EQ, (7,)), (4,)),
    ("a mapping is text", m("x", Op.CONTAINS, '"y":"4688"'), (6,)),
    ("empty list element", m("x", Op.EMPTY), (8, 9, 10)),
    ("day", Match(Call("datetime_part", (Literal("day"), Field("when"))), Op.EQ, (29,)), (5,)),
    ("minute", Match(Call("datetime_part", (Literal("minute"), Field("when"))), Op.GE, (4,)), (5, 7)),
    ("hour in UTC", Match(Call("datetime_part", (Literal("hour"), Field("when"))), Op.EQ, (0,)), (6, 7)),
    ("week by ISO 8601", Match(Call("datetime_part", (Literal("week_of_year"), Field("when"))), Op.EQ, (52,)), (7,)),
    ("before a time", Compare(Field("when"), Op.LT, Literal("2024-01-01T00:00:00Z", "datetime")), (7,)),
)  # fmt: skip

TEXT = ("Image", "CommandLine", "Code", "Ip", "Other")
WHOLE = ("Id",)
LISTS = ("Names",)


def fields(expr: Expr) -> set[str]:
    """Names of the fields a predicate reads."""
    return {found.name for found in expressions(expr, Field)}
