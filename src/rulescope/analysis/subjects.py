"""Which field an expression is about: seen through conversions, `column_ifexists`, paths, and plain aliases."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from .. import model as m
from ..model import Op

SAID = {  # a comparison in words that every language's reader knows
    Op.EQ: "is", Op.NE: "is not", Op.CONTAINS: "contains", Op.STARTSWITH: "starts with", Op.ENDSWITH: "ends with",
    Op.TERM: "has", Op.TERM_PREFIX: "has a term starting with", Op.TERM_SUFFIX: "has a term ending with",
    Op.WILDCARD: "matches", Op.REGEX: "matches", Op.CIDR: "is in", Op.LT: "<", Op.LE: "<=", Op.GT: ">", Op.GE: ">=",
    Op.EXISTS: "exists", Op.EMPTY: "is empty",
}  # fmt: skip
KUSTO = {
    Op.EQ: "==", Op.CONTAINS: "contains", Op.STARTSWITH: "startswith", Op.ENDSWITH: "endswith", Op.TERM: "has",
}  # fmt: skip
SEEN_THROUGH = frozenset(
    {"tolower", "toupper", "tostring", "toint", "tolong", "todouble", "toreal", "todecimal", "tobool", "toguid",
     "todatetime", "parse_json", "todynamic", "toobject", "parse_xml", "trim", "trim_start", "trim_end", "make_set",
     "make_list", "makeset", "makelist", "take_any", "any", "anyif", "take_anyif", "make_set_if", "make_list_if",
     "array_concat", "bin", "floor", "url_decode", "max_of", "min_of", "parse_path"}
)  # fmt: skip
LAST = frozenset({"trim", "trim_start", "trim_end"})  # the text is their last argument
ARITHMETIC = ("+", "-", "*", "/", "%")
UNITS = ((864_000_000_000, "d"), (36_000_000_000, "h"), (600_000_000, "m"), (10_000_000, "s"))
IF_EXISTS = frozenset({"column_ifexists", "columnifexists"})
Aliases = Mapping[str, str]


def subject(expr: m.Expr, aliases: Aliases) -> str | None:
    """The canonical name of the field `expr` stands for, paths with dots (`AdditionalFields.Name`); None when it is computed.

    `aliases` tells what derived columns stand for.
    """
    match expr:
        case m.Field(name):
            return aliases.get(name, name)
        case m.Call(name, args) if name in IF_EXISTS and args:
            match args[0]:
                case m.Literal(str() as column):
                    return aliases.get(column, column)
                case m.Field(column):
                    return aliases.get(column, column)
        case m.Call(name, args) if name in SEEN_THROUGH and args:
            return subject(args[-1 if name in LAST else 0], aliases)
        case m.Call("coalesce" | "iff", args) if args:
            found = {subject(arg, aliases) for arg in args[1 if expr.name == "iff" else 0 :]}
            found -= {None} if any(isinstance(arg, m.Literal) for arg in args) else set()
            return found.pop() if len(found) == 1 else None
        case m.Call("extractjson" | "extract_json", (m.Literal(str() as path), base, *_)):
            inner = subject(base, aliases)
            rest = path.removeprefix("$").lstrip(".")
            return f"{inner}{'' if rest.startswith('[') else '.'}{rest}" if inner else None
        case m.Index(base, key):
            inner = subject(base, aliases)
            return f"{inner}{_step(key)}" if inner and _step(key) else None
    return None


def is_length(expr: m.Expr) -> bool:
    """Whether a value is a difference: how far two moments lie apart when it is compared with a length of time."""
    match expr:
        case m.Call("abs", (inner, *_)):
            return is_length(inner)
        case m.Call("-", (_, _)):
            return True
    return False


def folded(expr: m.Expr, columns: Collection[str]) -> bool:
    """Whether a value is text in one case: of `tolower`, `toupper`, or of one of `columns`, which are."""
    match expr:
        case m.Field(name):
            return name in columns
        case m.Call("tolower" | "toupper"):
            return True
        case m.Call(name, args) if name in SEEN_THROUGH and args:
            return folded(args[-1 if name in LAST else 0], columns)
    return False


def _step(key: m.Expr) -> str:
    match key:
        case m.Literal(str() as word):
            return f".{word}"
        case m.Literal(int() as number):
            return f"[{number}]"
    return ""


def shown(expr: m.Expr, aliases: Aliases) -> str:
    """The canonical name of what is tested: its field, or the computation itself in short."""
    found = subject(expr, aliases)
    return found if found is not None else spoken(expr)


def spoken(expr: m.Expr) -> str:
    """A computation as people write it: `a + b`, `ago(14d)`, `1h`, `2024-01-01T00:00:00Z`; queries inside are left out."""
    match expr:
        case m.Field(name):
            return name
        case m.Literal(int() as ticks, "timespan"):
            return next(
                (f"{ticks // size}{unit}" for size, unit in UNITS if ticks and ticks % size == 0), f"{ticks / 1e7:g}s"
            )
        case m.Literal(str() as moment, "datetime"):
            return moment
        case m.Literal(float() as number, "real"):
            return f"{number:g}"
        case m.Call(word, (left, right)) if word in ARITHMETIC:
            return f"{_operand(left, word)} {word} {_operand(right, word)}"
        case m.Call("negate", (inner,)):
            return f"-{_operand(inner, '*')}"
        case m.Call(name, args):
            return f"{name}({', '.join(spoken(arg) for arg in args)})"
        case m.Index(base, key):
            return f"{spoken(base)}{_step(key) or f'[{spoken(key)}]'}"
        case m.And(terms) | m.Or(terms) if terms:
            word = " and " if isinstance(expr, m.And) else " or "
            return word.join(f"({spoken(term)})" if isinstance(term, m.And | m.Or) else spoken(term) for term in terms)
        case m.Not(term):
            return f"not({spoken(term)})"
        case m.Match(inner, op, values, every):
            several = len(values) > 1
            listed = ", ".join(json.dumps(value, ensure_ascii=False) for value in values)
            how = KUSTO.get(op, SAID[op]) + (" all of" if every and several else " one of" if several else "")
            how = "in" if how == "== one of" else how
            return f"{spoken(inner)} {how} {f'({listed})' if several else listed}".rstrip()
        case m.Compare(left, op, right):
            return f"{spoken(left)} {SAID[op]} {spoken(right)}"
        case m.ToScalar():
            return "toscalar(…)"
    return m.outline_expr(expr)


def _operand(expr: m.Expr, within: str) -> str:
    """One side of an operation, in brackets where it would be read otherwise."""
    plain = not isinstance(expr, m.Call) or expr.name not in ARITHMETIC or (within in "+-" and expr.name in "*/%")
    return spoken(expr) if plain else f"({spoken(expr)})"
