"""Kusto tokens: one pass of one regular expression cuts a text into tokens, each with the trivia before it.

What is a token, which words are keywords and which of them still serve as names follows the language's published grammar
(https://learn.microsoft.com/kusto/query/ and Kusto.Language, Apache-2.0, as of 2026); measured against it in the tests.
"""

from __future__ import annotations

import re
from itertools import accumulate, chain

# Kinds of tokens that are not their own text. Punctuation and keywords have their text as kind.
IDENTIFIER = "#name"
STRING = "#string"
LONG = "#long"
REAL = "#real"
INT = "#int"
DECIMAL = "#decimal"
BOOL = "#bool"
DATETIME = "#datetime"
TIMESPAN = "#timespan"
GUID = "#guid"
RAW_GUID = "#raw-guid"  # without guid(...): only inside of what explains the mistake
DIRECTIVE = "#directive"
OPEN_STRING = "#open-string"
OPEN_LITERAL = "#open-literal"
BAD = "#bad"
END = "#end"

LITERALS = frozenset({LONG, REAL, INT, DECIMAL, BOOL, DATETIME, TIMESPAN, GUID})

# Keywords that may stand for a name anywhere.
NAME_KEYWORDS = frozenset(
    """access alias bin consume count database declare default distinct entity_group evaluate extend dataformat
    inline_external_table datetime_pattern facet filter fork from getschema edges id best_effort join let limit lookup
    mvapply mvexpand nodes null nulls on optional order output pack parse __partitionby partition pattern plotly graph
    query_parameters range reduce regex render restrict scan serialize sort step summarize take top typeof uuid view with
    with_node_id bool guid""".split()  # noqa: SIM905
)
# Keywords that may stand for a name where one is declared: `by = x`, `(where: string)`.
DECLARED_KEYWORDS = frozenset(
    """accumulate as by contains datatable earliest externaldata find has in invoke latest materialize mdm of print sample
    sample-distinct search set sql title to toscalar totable top-nested top-hitters verbose viewers where""".split()  # noqa: SIM905
)
# Keywords that may stand for a column or table in an expression.
COLUMN_KEYWORDS = frozenset({"kind", "withsource", "with_source"})

_OTHER_KEYWORDS = frozenset(
    """__crossCluster __crossDB __id __isFuzzy __noWithSource __packedColumn __sourceColumnIndex and anomalychart areachart
    asc assert-schema bagexpansion barchart between bin_legacy cachingpolicy callout cancel card columnchart
    commands-and-queries containscs contains_cs __contextual_datatable cycles dataexport datascope decodeblocks desc
    encodingpolicy endswith endswith_cs __executeAndCache expandoutput extent_tags_retention external_data first flags
    granny-asc granny-desc graph-match graph-shortest-paths graph-to-table harddelete hardretention has_any has_all has_cs
    hasprefix hasprefix_cs hassuffix hassuffix_cs hotcache isfuzzy force_remote journal ladderchart last like likecs
    linechart macro-expand make-graph graph-mark-components graph-where-nodes graph-where-edges make-series materialized-views
    materialized-view-combine missing mv-apply mv-expand nooptimization notcontains notcontainscs notlike notlikecs or others
    parse-where parse-kv partitioned-by pathformat piechart pivotchart project project-away project-by-names __projectAway
    project-keep project-rename project-reorder project-smart queries query_results relaxed restricted_view_access
    row_level_security rowstore rowstore_references rowstore_sealinfo rowstorepolicy rowstores scatterchart seal seals
    set-or-append set-or-replace shards simple softdelete softretention stackedareachart startswith startswith_cs statistics
    storedqueryresultcontainers tablepurge timechart timeline timepivot treemap union unrestrictedviewers views
    with_itemindex with_match_id with_step_name writeaheadlog boolean int8 char uint8 byte int16 uint16 int int32 uint uint32
    long int64 ulong uint64 float real decimal double string time timespan date datetime uniqueid dynamic""".split()  # noqa: SIM905
) | {"in~", "matches regex"}  # fmt: skip

KEYWORDS = NAME_KEYWORDS | DECLARED_KEYWORDS | COLUMN_KEYWORDS | _OTHER_KEYWORDS
NEGATED = frozenset(
    """!between !contains !contains_cs !endswith !endswith_cs !has !has_cs !hasprefix !hasprefix_cs !hassuffix
    !hassuffix_cs !in !in~ !startswith !startswith_cs""".split()  # noqa: SIM905
)
PUNCTUATION = frozenset("( ) [ ] { } | <| + - * / % . .. ! < <= > >= = == != <> : ; , =~ !~ @ ? =>".split())  # noqa: SIM905

SPACE = "\t\r\n\f \xa0\u1680\u180e\u2000-\u200b\u202f\u205f\u3000\ufeff"
_ESCAPE = r"""\\(?:[\\'"abfnrtv]|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[0-3][0-7][0-7]|[0-7]{1,2})"""
_CLOSED_STRING = (
    rf"[hH]?(?:\"(?:[^\"\\\r\n]++|{_ESCAPE})*+\"|'(?:[^'\\\r\n]++|{_ESCAPE})*+'"
    r"|@\"(?:[^\"\r\n]++|\"\")*+\"|@'(?:[^'\r\n]++|'')*+'"
    r"|@?```(?s:.*?)```|@?~~~(?s:.*?)~~~)"
)
_SUFFIXES = (
    "microseconds|microsecond|microsec|micros|micro|milliseconds|millisecond|millisec|millis|milli|minutes|minute|min|ms|m"
    "|nanoseconds|nanosecond|nanosec|nanos|nano|seconds|second|sec|s|days|day|d|hours|hour|hrs|hr|h|ticks|tick"
)
_DASHED = "|".join(  # a look-behind has one width, so each first word has its own
    rf"(?<={first}-)(?<![\w$]{first}-)(?:{rest})"
    for first, rest in (
        ("project", "away|by-names|keep|rename|reorder|smart"),
        ("mv", "apply|expand"),
        ("make", "series|graph"),
        ("top", "nested|hitters"),
        ("sample", "distinct"),
        ("parse", "where|kv"),
        ("graph", "match|shortest-paths|to-table|mark-components|where-nodes|where-edges"),
        ("granny", "asc|desc"),
        ("macro", "expand"),
        ("assert", "schema"),
        ("partitioned", "by"),
        ("materialized", "view-combine|views"),
        ("set", "or-append|or-replace"),
        ("commands", "and-queries"),
    )
)
_TRIVIA = rf"(?:[{SPACE}]++|//[^\r\n\u2028\u2029]*+[\u2028\u2029]?+)*+"
_WORD = (
    r"[A-Za-z_$][A-Za-z0-9_]*+"
    rf"(?:(?:-(?:{_DASHED})|~(?<=in~)(?<![\w$]in~)|[ ]regex(?<=matches[ ]regex)(?<![\w$]matches[ ]regex))(?![A-Za-z0-9_]))?"
)
_MASTER = re.compile(
    "("
    + _TRIVIA
    + ")("
    + "|".join(
        (
            r"(?:long|int(?:64|32)?|real|double|decimal|bool|date(?:time)?|time(?:span)?|guid)\([^)\r\n\u2028\u2029]*+\)?",
            _CLOSED_STRING,
            "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}",
            r"[hH]?@?[\"'][^\r\n]*+|[hH]?@?(?:```|~~~)(?s:.*+)",  # not closed
            _WORD,
            r"[()|,.=](?![.=~>])",
            (
                r"\.\.|==|=~|=>|!=|!~|<=|>=|<>|<\||!(?:in~?|between|contains(?:_cs)?|endswith(?:_cs)?|has(?:prefix|suffix)?(?:_cs)?"
                r"|startswith(?:_cs)?)(?![A-Za-z0-9_])"
            ),
            r"[0-9]++(?:\.(?!\.(?!\.))[0-9]*+(?:[eE][+-]?[0-9]++)?|[eE][+-]?[0-9]++)(?![A-Za-z0-9_])",
            rf"[0-9]++(?:\.[0-9]++)?(?:{_SUFFIXES})(?![A-Za-z0-9_])",
            r"0[xX][0-9a-fA-F]++(?![A-Za-z0-9_])|[0-9]++(?![A-Za-z0-9_])",
            r"[0-9]++[A-Za-z_][A-Za-z0-9_]*+",
            r"#[^\r\n\u2028\u2029]*+",
            r"(?s:.)|\Z",
        )
    )
    + ")"
)
_CLOSED = re.compile(_CLOSED_STRING)
_LITERAL_WORDS = {
    "long": LONG, "int64": LONG, "int": INT, "int32": INT, "real": REAL, "double": REAL, "decimal": DECIMAL, "bool": BOOL,
    "datetime": DATETIME, "date": DATETIME, "time": TIMESPAN, "timespan": TIMESPAN, "guid": GUID,
}  # fmt: skip
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_AHEAD = 6  # tokens the parser looks ahead at most
_CACHED = 50_000  # distinct short tokens remembered


class _Kinds(dict[str, str]):
    """Kind of a token by its text; asked once per distinct text."""

    def __missing__(self, text: str) -> str:
        kind = _kind(text)
        if len(self) < _CACHED and len(text) < 48:
            self[text] = kind
        return kind


def _kind(text: str) -> str:
    first, last = text[0], text[-1]
    if first in "\"'`~@" or (last in "\"'`~" and first in "hH"):
        return (STRING if _CLOSED.fullmatch(text) else OPEN_STRING) if len(text) > 1 else _kind_of_one(first)
    if first in "hH" and not text.isidentifier():
        return OPEN_STRING
    if len(text) == 36 and text[8] == "-" and first in _HEX_DIGITS:
        return RAW_GUID
    if "(" in text and first.isalpha():
        return _LITERAL_WORDS[text[: text.index("(")]] if last == ")" else OPEN_LITERAL
    if "0" <= first <= "9":
        return _number_kind(text)
    if first == "#":
        return DIRECTIVE
    return IDENTIFIER if (first.isascii() and first.isalpha()) or first in "_$" else BAD


def _kind_of_one(char: str) -> str:
    return OPEN_STRING if char in "\"'" else BAD


def _number_kind(text: str) -> str:
    if text.isdigit() or (text[:2] in ("0x", "0X") and set(text[2:]) <= _HEX_DIGITS and len(text) > 2):
        return LONG
    if re.fullmatch(r"[0-9]+(?:\.[0-9]*(?:[eE][+-]?[0-9]+)?|[eE][+-]?[0-9]+)", text):
        return REAL
    return TIMESPAN if re.fullmatch(rf"[0-9]+(?:\.[0-9]+)?(?:{_SUFFIXES})", text) else IDENTIFIER


_KINDS = _Kinds({word: word for word in KEYWORDS | NEGATED | PUNCTUATION})
_KINDS.update(dict.fromkeys(("true", "True", "TRUE", "false", "False", "FALSE"), BOOL))
_KINDS[""] = END
_kind_of = _KINDS.__getitem__


class Tokens:
    """A text cut into tokens, in parallel lists; the last tokens are ENDs, with no text, for looking ahead.

    `trivia[i]` is the space and comments before token i; `starts` and `ends` are code points.
    """

    __slots__ = ("ends", "kinds", "starts", "text", "texts", "trivia")

    def __init__(self, text: str) -> None:
        pairs = _MASTER.findall(text)
        if len(pairs) > 1 and not pairs[-2][1]:  # the end is matched once more after trailing trivia
            pairs.pop()
        bounds = list(accumulate(map(len, chain.from_iterable(pairs))))
        self.text = text
        self.starts: list[int] = bounds[0::2] + bounds[-1:] * _AHEAD
        self.ends: list[int] = bounds[1::2] + bounds[-1:] * _AHEAD
        self.trivia: list[str] = [pair[0] for pair in pairs] + [""] * _AHEAD
        self.texts: list[str] = [pair[1] for pair in pairs] + [""] * _AHEAD
        self.kinds: list[str] = list(map(_kind_of, self.texts))
