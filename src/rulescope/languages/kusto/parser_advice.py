"""What a fault most likely means and what to write instead: tables of usual mistakes, most of them of other languages."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from .tokens import BAD, DIRECTIVE, END, IDENTIFIER, KEYWORDS, LONG, NAME_KEYWORDS, NEGATED, OPEN_STRING, STRING

_BAD_ESCAPE = re.compile(r"""^[hH]?["'](?:[^\\]|\\[\\'"abfnrtvuUx0-7])*\\[^\\'"abfnrtvuUx0-7]""")

WORDS = frozenset(
    """and or in between has has_any has_all has_cs hasprefix hassuffix contains contains_cs startswith startswith_cs
    endswith endswith_cs matches by on asc desc""".split()  # noqa: SIM905
)
COMPARISONS = tuple(sorted(WORDS - {"and", "or", "by", "on", "asc", "desc"}))
STAGES = tuple(
    """where extend project project-away project-keep project-rename project-reorder summarize distinct join lookup union
    sort order top top-nested take limit sample count serialize parse parse-where parse-kv mv-expand mv-apply make-series
    evaluate invoke search find render print range as getschema partition scan facet fork reduce consume""".split()  # noqa: SIM905
)
OTHERS = {  # operators of other languages: what does the same
    "select": "project", "fields": "project", "table": "project", "columns": "project", "drop": "project-away",
    "group": "summarize ... by", "stats": "summarize ... by", "aggregate": "summarize ... by", "eval": "extend",
    "let": "extend", "set": "extend", "rename": "project-rename", "dedup": "distinct", "unique": "distinct",
    "uniq": "distinct", "head": "take", "tail": "top", "having": "where", "if": "where", "regex": "where ... matches regex",
    "grep": "where ... has", "rex": "parse, or extend with extract()", "orderby": "order by", "sortby": "sort by",
    "append": "union", "unnest": "mv-expand", "expand": "mv-expand", "explode": "mv-expand", "timechart": "render timechart",
    "chart": "render columnchart", "and": "where", "or": "where ... or", "with": "as", "from": "join, or union",
}  # fmt: skip
SYMBOLS = {  # what is found: what to write
    "=>": "write >=", "=<": "write <=", "!": "write != or a word such as !contains, with nothing between",
    "“": 'write straight quotes: "', "”": 'write straight quotes: "', "„": 'write straight quotes: "',
    "‘": "write straight quotes: '", "’": "write straight quotes: '", "&": "write and", "–": "write -", "—": "write -",
    "\\": 'a backslash stands in texts only: @"c:\\x"', "$": "a name begins with a letter or _",
}  # fmt: skip
SQL = frozenset({"select", "insert", "update", "delete"})
_NOT_WORDS = {word.removeprefix("!") for word in NEGATED} | {"like", "equals"}
_LISTS = frozenset({"in", "in~", "!in", "!in~", "has_any", "has_all"})
_OPEN = {")": "(", "]": "[", "}": "{"}


class Seen(NamedTuple):
    """The tokens around a fault: `at` is the index of the one that does not fit."""

    kinds: Sequence[str]
    texts: Sequence[str]
    at: int
    expected: str
    place: Callable[[int], str]

    def text(self, step: int = 0) -> str:
        index = self.at + step
        return self.texts[index] if 0 <= index < len(self.texts) else ""

    def kind(self, step: int = 0) -> str:
        index = self.at + step
        return self.kinds[index] if 0 <= index < len(self.kinds) else END


def advice(seen: Seen) -> str:
    """What to do about a fault, "" when nothing is known to help."""
    return next((found for rule in _RULES if (found := rule(seen))), "")


def near(word: str, known: Sequence[str]) -> str:
    """The known word most like `word`, "" when none is near."""
    if word.lower() in known:
        return word.lower()
    close = get_close_matches(word.lower(), known, 1, 0.74)
    return close[0] if close else ""


# ---------------------------------------------------------------- rules, the first that knows something wins


def _string(seen: Seen) -> str:
    if seen.kind() == OPEN_STRING and _BAD_ESCAPE.search(seen.text()):
        return 'a backslash begins an escape such as \\n: write \\\\, or @"..." for a text as it is'
    return ""


def _comment(seen: Seen) -> str:
    if seen.kind() == DIRECTIVE or (seen.text() == "*" and seen.text(-1) == "/"):
        return "a comment begins with //"
    return ""


def _sql(seen: Seen) -> str:
    first = seen.at
    while first and seen.kinds[first - 1] != ";":
        first -= 1
    if seen.texts[first].lower() in SQL:
        return "a query begins with its table: T | where ... | project ..."
    if seen.texts[first] == "let" and "';'" in seen.expected and seen.kind() not in (")", "]"):
        return "a ; ends a let"
    if seen.texts[first] == "let" and seen.expected == "'='" and seen.text() == "==":
        return "let gives a name with a single ="
    return ""


def _operator(seen: Seen) -> str:
    if seen.expected != "an operator":
        return ""
    if seen.text() == "|":
        return "one | stands before an operator; in a condition write or"
    if seen.text(-1) == "|" and seen.text(-2) == "|":
        return "write or for another condition"
    word = seen.text()
    if seen.text(1) == "-" and seen.kind(2) != END:
        word = f"{word}-{seen.text(2)}"
    if word.lower() in OTHERS:
        return f"write {OTHERS[word.lower()]}"
    close = near(word, STAGES) if seen.kind() != END else ""
    if close and close == word.lower():
        return f"write {close}: words of Kusto are in lower case"
    return f"did you mean {close}?" if close else ""


def _start(seen: Seen) -> str:
    if seen.text() == "|" and seen.expected == "an expression" and (seen.at == 0 or seen.text(-1) == ";"):
        return "a query begins with a table, before its first |"
    return ""


def _lower(seen: Seen) -> str:
    word = seen.text()
    if seen.kind() == IDENTIFIER and word != word.lower() and word.lower() in WORDS and "|" in seen.expected:
        return f"write {word.lower()}: words of Kusto are in lower case"
    return ""


def _missing_pipe(seen: Seen) -> str:
    if "'|'" in seen.expected and seen.text() in STAGES and seen.text() not in ("range", "as", "count"):
        return "a | is missing before it"
    return ""


def _comparison(seen: Seen) -> str:
    """A word after an operand that is no operator of Kusto, or not alone."""
    if "'|'" not in seen.expected and seen.expected != "')'":
        return ""
    word, after = seen.text(), seen.text(1)
    if word == "not" and after in _NOT_WORDS:
        return f"write !{'contains' if after == 'like' else after}"
    if seen.text(-1) == "not":
        return "not is a function: not(...)"
    if word == "is":
        return "write isnotnull(x) or isnotempty(x)" if after == "not" else "write isnull(x) or isempty(x)"
    if word == "matches":
        return "write matches regex"
    if word == "!" and seen.kind(1) == IDENTIFIER:
        close = near(after, COMPARISONS)
        return f"did you mean !{close}?" if close else ""
    if word == "!" and after in ("has_any", "has_all", "matches"):
        return f"write not(... {after} ...)"
    if word == "!" and after == "=":
        return "write !="
    if seen.kind() == IDENTIFIER and seen.kind(1) in (IDENTIFIER, STRING, "(", LONG, "with"):
        joined = word + after
        close = joined if joined in COMPARISONS else near(word.replace("_", ""), COMPARISONS)
        close = (
            "startswith" if word in ("start", "starts", "begins") else "endswith" if word in ("end", "ends") else close
        )
        return f"did you mean {close}?" if close else ""
    return ""


def _list(seen: Seen) -> str:
    if seen.expected == "'('" and seen.text(-1) in _LISTS:
        return 'values stand in parentheses: ("a", "b")'
    if seen.text(-1) in ("between", "!between") or seen.expected == "'..'":
        return "a range is written between (first .. last)"
    return ""


def _by(seen: Seen) -> str:
    if seen.expected == "'typeof'":
        return f"write typeof({seen.text()})"
    if seen.expected == "'by'" and seen.kind() == IDENTIFIER:
        return f"write by {seen.text()}"
    if seen.text() == "by" and seen.text(-1) == "count":
        return "write summarize count() by ..."
    if seen.expected == "',' or '|'" and seen.text(-1) == ")" and seen.kind() == IDENTIFIER:
        return f"write by {seen.text()}" if _stage(seen) == "summarize" else ""
    if seen.expected == "'|'" and _stage(seen) in ("join", "lookup") and seen.kind() == IDENTIFIER:
        return f"write on {seen.text()}"
    if seen.expected == "'on'" and seen.kind() == IDENTIFIER:
        return f"write on {seen.text()}"
    return ""


def _stage(seen: Seen) -> str:
    at = seen.at
    while at > 0 and seen.kinds[at] != "|":
        at -= 1
    return seen.texts[at + 1] if at + 1 < len(seen.texts) else ""


def _comma(seen: Seen) -> str:
    if seen.expected == "an expression" and seen.text(-1) == ",":
        return "there is a comma too many before it"
    return ""


def _bracket(seen: Seen) -> str:
    """A bracket that is never closed, or never opened."""
    wanted = {"')'": ")", "']'": "]", "'}'": "}"}.get(seen.expected)
    if wanted and (seen.kind() in (END, ";", "|")):
        depth = 0
        for at in range(seen.at - 1, -1, -1):
            kind = seen.kinds[at]
            if kind == wanted:
                depth += 1
            elif kind == _OPEN[wanted]:
                if not depth:
                    return f"the {kind} at {seen.place(at)} is not closed"
                depth -= 1
    if seen.text() in _OPEN and "|" in seen.expected:
        return f"no {_OPEN[seen.text()]} stands before it"
    return ""


def _timespan(seen: Seen) -> str:
    if seen.kind(-1) == LONG and seen.text() in ("d", "h", "m", "s", "ms"):
        return f"write {seen.text(-1)}{seen.text()}"
    if seen.kind(-1) == IDENTIFIER and seen.text(-1) in ("ago", "now", "datetime", "dynamic"):
        return f"write {seen.text(-1)}({seen.text()})"
    return ""


def _symbol(seen: Seen) -> str:
    text = seen.text()
    if text == "=" and seen.text(-1) == "==":
        return "write =="
    if text in ("!", "~") and seen.text(-1) == "=":
        return "write !=" if text == "!" else "write =~"
    return SYMBOLS.get(text, "") if seen.kind() == BAD or text in SYMBOLS else ""


def _keyword(seen: Seen) -> str:
    kind = seen.kind()
    if kind in ("and", "or") and seen.expected == "an expression":
        return f"nothing stands before {kind}"
    if kind in KEYWORDS and kind not in NAME_KEYWORDS and seen.expected in ("a name", "an expression"):
        return f"a name that is a keyword is written ['{kind}']"
    return ""


_RULES = (
    _string, _comment, _sql, _start, _operator, _lower, _missing_pipe, _list, _comma, _bracket, _timespan, _comparison,
    _symbol, _by, _keyword,
)  # fmt: skip
