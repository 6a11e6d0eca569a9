"""Model expressions as Kusto text: literals, names, comparisons, and parentheses only where they are needed."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable

from ... import model as m
from ...errors import UnsupportedError
from ...model import Op
from .comparisons import LIST_WORDS, OPPOSITES, ORDER, WORDS
from .lower_expr import nullable
from .tokens import KEYWORDS, NAME_KEYWORDS

OR, AND, COMPARED, ADDED, MULTIPLIED, PRIMARY = range(6)
"""How tightly an expression binds, from loosest; a part that binds less tightly than its place asks gets parentheses."""

ARITHMETIC = {"+": ADDED, "-": ADDED, "*": MULTIPLIED, "/": MULTIPLIED, "%": MULTIPLIED}
NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_]*")
CALLED = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")
WILD_NAME = re.compile(r"[A-Za-z_*][A-Za-z0-9_*]*")
RESERVED = (KEYWORDS - NAME_KEYWORDS) | {"true", "false", "null", "not", "bool", "guid", "uuid", "typeof", "dynamic"}
TICKS = ((864_000_000_000, "d"), (36_000_000_000, "h"), (600_000_000, "m"), (10_000_000, "s"), (10_000, "ms"))


class ExprWriter:
    """Writes expressions; `query` writes a subquery on one line."""

    def __init__(self, query: Callable[[m.Query], str]) -> None:
        self.query = query

    def text(self, expr: m.Expr, place: int = OR) -> str:
        """`expr` on one line, in parentheses when it binds less tightly than `place`."""
        written, level = self._written(expr)
        return f"({written})" if level < place else written

    def _written(self, expr: m.Expr) -> tuple[str, int]:
        match expr:
            case m.Field(field):
                return ("*" if field == "*" else name(field)), PRIMARY
            case m.Literal():
                return literal(expr), (PRIMARY if _unsigned(expr) else MULTIPLIED)
            case m.Index(base, key):
                return self._index(base, key), PRIMARY
            case m.Call(called, args):
                return self._call(called, args)
            case m.Named(named, value):
                return f"{name(named)}={self.text(value)}", OR
            case m.Star():
                return "*", PRIMARY
            case m.Match():
                return self._match(expr, False)
            case m.Compare(left, op, right, cased):
                return self._compare(left, op, right, cased, False), COMPARED
            case m.Within():
                return self._within(expr, False)
            case m.ToScalar(query, _, rows):
                return f"{'' if rows else 'toscalar'}({self.query(query)})", PRIMARY
            case m.And(terms):
                if not terms:
                    return "true", PRIMARY
                if len(terms) == 1:
                    return self._written(terms[0])
                return " and ".join(self.terms(terms, AND)), AND
            case m.Or(terms):
                if not terms:
                    return "false", PRIMARY
                if len(terms) == 1:
                    return self._written(terms[0])
                return " or ".join(self.terms(terms, OR)), OR
            case m.Not(term):
                return self._not(term)
            case m.OpaqueExpr(keyword):
                raise UnsupportedError("kusto", keyword, expr.span)

    def terms(self, terms: tuple[m.Expr, ...], place: int) -> list[str]:
        """The terms of an And or Or (`place`), each as text; `x >= a and x <= b` becomes `x between (a .. b)`.

        An And inside an Or gets parentheses for the reader's sake.
        """
        written: list[str] = []
        skip = False
        for term, after in zip(terms, (*terms[1:], None), strict=True):
            if skip:
                skip = False
                continue
            between = self._between(term, after) if place == AND and after is not None else ""
            if between:
                written.append(between)
                skip = True
            else:
                text, level = self._written(term)
                written.append(f"({text})" if level < place or level == AND != place else text)
        return written

    def _between(self, low: m.Expr, high: m.Expr) -> str:
        low_end, high_end = _bound(low, Op.GE), _bound(high, Op.LE)
        if low_end is None or high_end is None or m.outline_expr(low_end[0]) != m.outline_expr(high_end[0]):
            return ""
        if any(isinstance(end, m.Literal) and end.type == "timespan" for end in (low_end[1], high_end[1])):
            return ""
        subject = self.text(low_end[0], ADDED)
        return f"{subject} between ({self.text(low_end[1], ADDED)} .. {self.text(high_end[1], ADDED)})"

    def _index(self, base: m.Expr, key: m.Expr) -> str:
        inner = self.text(base, PRIMARY)
        if isinstance(base, m.Literal):
            inner = f"({inner})"
        if isinstance(key, m.Literal) and isinstance(key.value, str) and key.type == "string":
            if NAME.fullmatch(key.value) and not key.value.startswith("$") and key.value not in RESERVED:
                return f"{inner}.{key.value}"
            return f"{inner}[{string(key.value)}]"
        return f"{inner}[{self.text(key)}]"

    def _call(self, called: str, args: tuple[m.Expr, ...]) -> tuple[str, int]:
        level = ARITHMETIC.get(called)
        if level is not None and len(args) == 2:
            left, right = self.text(args[0], level), self.text(args[1], level + 1)
            return f"{left} {called} {right}", level
        if called == "negate" and len(args) == 1:
            return f"-{self.text(args[0], PRIMARY)}", MULTIPLIED
        if called in ("in", "in~", "has_any", "has_all") and args:
            return self._listed(args[0], called, ", ".join(self.text(arg) for arg in args[1:])), COMPARED
        if called == "toscalar" and len(args) == 1:
            return f"toscalar({self.text(args[0])})", PRIMARY
        word = called if CALLED.fullmatch(called) else name(called)
        return f"{word}({', '.join(self.text(arg) for arg in args)})", PRIMARY

    def _listed(self, subject: m.Expr, word: str, listed: str) -> str:
        return f"{self.text(subject, PRIMARY)} {word} ({listed})"

    # -------------------------------------------------------- comparisons

    def _match(self, match: m.Match, negated: bool) -> tuple[str, int]:
        subject, op, values, every = match.subject, match.op, match.values, match.every
        cased = _case_to_write(match)
        if op is Op.EMPTY:
            return f"{'isnotempty' if negated else 'isempty'}({self.text(subject)})", PRIMARY
        if not values:
            return ("true" if every is not negated else "false"), PRIMARY
        if op in ORDER and negated:
            raise UnsupportedError("kusto", f"not ({self.text(match)}): true for a null as well", match.span)
        every = every and len(values) > 1
        if len(values) > 1:
            word = LIST_WORDS.get((op, cased, negated, every))
            if word is None and negated and (op, cased, False, every) in LIST_WORDS:
                return f"not({self._match(match, False)[0]})", PRIMARY
            if word is not None:
                return self._listed(subject, word, ", ".join(scalar(value, match) for value in values)), COMPARED
            if negated:
                return f"not({self._match(match, False)[0]})", PRIMARY
            parts = [self._match(m.replace(match, values=(value,), every=False), False)[0] for value in values]
            return (" and " if every else " or ").join(parts), (AND if every else OR)
        word = WORDS.get((op, cased, negated))
        if word is None and negated and (op, cased, False) in WORDS:
            return f"not({self._match(match, False)[0]})", PRIMARY
        if word is None:
            raise UnsupportedError("kusto", f"{op} of {'cased' if match.cased else 'uncased'} values", match.span)
        return f"{self.text(subject, self._place(word))} {word} {scalar(values[0], match)}", COMPARED

    def _place(self, word: str) -> int:
        """Text operators bind more tightly than arithmetic does."""
        return ADDED if word in ("==", "!=", "<", "<=", ">", ">=") else PRIMARY

    def _compare(self, left: m.Expr, op: Op, right: m.Expr, cased: bool, negated: bool) -> str:
        if op is Op.NE:
            op, negated = Op.EQ, not negated
        if op in ORDER:
            cased = True
            if negated:
                op, negated = OPPOSITES[op], False
        word = WORDS.get((op, cased, negated))
        if word is None:
            raise UnsupportedError("kusto", f"{op} of two expressions")
        place = self._place(word)
        return f"{self.text(left, place)} {word} {self.text(right, place)}"

    def _within(self, within: m.Within, negated: bool) -> tuple[str, int]:
        word = LIST_WORDS.get((within.op, within.cased, negated, within.every))
        if word is None and negated:
            return f"not({self._within(within, False)[0]})", PRIMARY
        if word is None:
            raise UnsupportedError("kusto", f"{within.op} of a query", within.span)
        return self._listed(within.subject, word, self.query(within.query)), COMPARED

    def _not(self, term: m.Expr) -> tuple[str, int]:
        match term:
            case m.Match():
                return self._match(term, True)
            case m.Within():
                return self._within(term, True)
            case m.Compare(left, op, right, cased) if (op, cased, True) in WORDS:
                return self._compare(left, op, right, cased, True), COMPARED
            case m.Call("in" | "in~" as word, args):
                return self._listed(args[0], f"!{word}", ", ".join(self.text(arg) for arg in args[1:])), COMPARED
        if nullable(term):
            raise UnsupportedError("kusto", f"not ({self.text(term)}): true for a null as well")
        return f"not({self.text(term)})", PRIMARY


def _bound(expr: m.Expr, op: Op) -> tuple[m.Expr, m.Expr] | None:
    """(subject, end) of `subject op end`, with the end as an expression."""
    match expr:
        case m.Match(subject, found, (value,)) if found is op:
            kind = "real" if isinstance(value, float) else "long" if isinstance(value, int) else "string"
            return subject, m.Literal(value, kind)
        case m.Compare(subject, found, end) if found is op:
            return subject, end
    return None


def _case_to_write(match: m.Match) -> bool:
    """Whether to write the operator that minds case: also for equality of values without letters (`==` reads best)."""
    if match.op in ORDER:
        return True
    if match.op is Op.EQ and not match.cased:
        return not any(isinstance(value, str) and value.lower() != value.upper() for value in match.values)
    if match.cased and match.op not in (Op.EQ, Op.REGEX):
        return any(isinstance(value, str) and value.lower() != value.upper() for value in match.values)
    if match.op is Op.REGEX and not match.cased:
        return not any(isinstance(value, str) and value.lower() != value.upper() for value in match.values)
    return match.cased


def _unsigned(expr: m.Literal) -> bool:
    return not (isinstance(expr.value, int | float) and not isinstance(expr.value, bool) and expr.value < 0)


# ---------------------------------------------------------------- names and literals


def name(text: str) -> str:
    """A column, table or variable name, in brackets when Kusto needs them."""
    if NAME.fullmatch(text) and text not in RESERVED and text.lower() not in ("true", "false", "null"):
        return text
    return f"[{string(text, quote=chr(39))}]"


def pattern(text: str) -> str:
    """A name that may hold `*`."""
    return text if WILD_NAME.fullmatch(text) and "*" in text else name(text)


def string(text: str, quote: str = '"') -> str:
    """A string literal: verbatim (`@"..."`) when it holds backslashes, with the quotes that need no escape if any do."""
    if quote in text and ("'" if quote == '"' else '"') not in text:
        quote = "'" if quote == '"' else '"'
    if any(ord(char) < 32 or char in "\u2028\u2029\x7f\x85" for char in text):
        body = json.dumps(text, ensure_ascii=False)[1:-1].replace("\\f", "\\u000c").replace("\\b", "\\u0008")
        body = body.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x7f", "\\u007f")
        return f'"{body.replace(chr(0x85), chr(92) + "u0085")}"'
    if "\\" in text:
        return f"@{quote}{text.replace(quote, quote * 2)}{quote}"
    return quote + text.replace(quote, "\\" + quote) + quote


def scalar(value: m.Scalar, match: m.Match | None = None) -> str:
    """A value of a Match."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _real(value)
        case str():
            return string(value)
    raise UnsupportedError("kusto", "a null among the values of a comparison", match.span if match else None)


def literal(expr: m.Literal) -> str:
    """A literal of any type."""
    value, kind = expr.value, expr.type
    if kind == "typeof":
        return f"typeof({value})"
    if value is None:
        return "dynamic(null)" if kind == "dynamic" else f"{kind}(null)" if kind != "string" else '""'
    match kind:
        case "string" | "long" | "bool":
            return scalar(value)
        case "int":
            return f"int({value})"
        case "real":
            return _real(float(value))
        case "datetime":
            return f"datetime({_datetime(str(value))})"
        case "timespan":
            return timespan(int(value))
    return f"{kind}({value})"


def _real(value: float) -> str:
    if math.isnan(value):
        return "real(nan)"
    if math.isinf(value):
        return "real(+inf)" if value > 0 else "real(-inf)"
    text = repr(value)
    return text if "." in text or "e" not in text else text.replace("e", ".0e")


def _datetime(value: str) -> str:
    value = value.removesuffix("Z")
    if "." in value:
        value = value.rstrip("0").removesuffix(".")
    return value.removesuffix("T00:00:00") if value.endswith("T00:00:00") else value + "Z" if "T" in value else value


def timespan(ticks: int) -> str:
    """A timespan of `ticks` (100 ns), in the largest unit that says it whole."""
    sign, size = ("-" if ticks < 0 else ""), abs(ticks)
    if size == 0:
        return "0s"
    for unit, suffix in TICKS:
        if size % unit == 0:
            return f"{sign}{size // unit}{suffix}"
    return f"{sign}{size}tick"
