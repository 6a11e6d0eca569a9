"""Literals, types and options: what stands in a query without being computed from columns."""

from __future__ import annotations

import json

from .parser_base import CLOSERS, DECLARED_NAMES, Cursor, SyntaxFault
from .parser_literals import literal, string
from .parser_options import ANY, FORCED_REAL, KNOWN, NAME, NAMES_LIST, PATH, WORDS
from .syntax import (
    Call,
    Expr,
    Literal,
    Name,
    Option,
    TypedColumn,
    TypeOf,
)
from .tokens import (
    DATETIME,
    GUID,
    IDENTIFIER,
    LITERALS,
    LONG,
    RAW_GUID,
    REAL,
    STRING,
    TIMESPAN,
)

TYPES = frozenset(
    [
        "bool",
        "boolean",
        "date",
        "datetime",
        "decimal",
        "double",
        "dynamic",
        "guid",
        "int",
        "int64",
        "int8",
        "long",
        "real",
        "string",
        "time",
        "timespan",
        "uniqueid",
    ]
)
MORE_TYPES = frozenset(
    ["float", "int16", "int32", "uint", "uint16", "uint32", "uint64", "uint8", "ulong"]
)  # find, typeof
PATH_LEVEL = 8  # of `operand`: no operators
_NUMBERS = frozenset({LONG, REAL, TIMESPAN})


class Values(Cursor):
    """Values that are written, not computed."""

    __slots__ = ()

    def operand(self, level: int) -> Expr:
        """An expression of operators at `level` or tighter."""
        raise AssertionError("given by Expressions")

    def literal(self) -> Expr | None:
        """A literal here, or None; a name never is one, apart from `{name}`."""
        pos = self.pos
        kind = self.kinds[pos]
        if kind == STRING:
            return self.strings()
        if kind in LITERALS:
            self.pos = pos + 1
            return literal(kind, self.texts[pos], self.starts[pos], self.ends[pos])
        if kind == "dynamic":
            return self.dynamic() if self.kinds[pos + 1] == "(" else None
        if kind == "+" or kind == "-":
            after = self.kinds[pos + 1]
            if after not in _NUMBERS or self.trivia[pos + 1] or not self.texts[pos + 1][0].isdigit():
                return None
            self.pos = pos + 2
            plain = literal(after, self.texts[pos + 1], self.starts[pos], self.ends[pos + 1])
            value = plain.value
            if kind == "-" and isinstance(value, int | float):
                return Literal(plain.type, -value, plain.start, plain.end)
            return plain
        if kind == "typeof":
            return self.type_of() if self.kinds[pos + 1] == "(" else None
        if kind == RAW_GUID:
            raise SyntaxFault(pos, "a value")
        return self.name() if self.braced_length(pos) else None

    def dynamic(self) -> Literal:
        """`dynamic(json)`; its value is the JSON text, with datetimes and timespans in it as Kusto prints them."""
        start = self.starts[self.pos]
        self.pos += 1
        self.need("(")
        parts: list[str] = []
        valid = self.json(parts)
        self.need(")")
        text = "".join(parts)
        return Literal("dynamic", None if text == "null" else text, start, self.end, valid)

    def json(self, parts: list[str]) -> bool:
        """Add the JSON value here to `parts`; whether all literals in it are values."""
        pos = self.pos
        kind = self.kinds[pos]
        if kind == STRING:
            self.pos = pos + 1
            value = string(self.texts[pos])
            while self.kinds[self.pos] == STRING:
                value += string(self.texts[self.pos])
                self.pos += 1
            parts.append(json.dumps(value, ensure_ascii=False))
            return True
        if kind in (LONG, REAL):
            self.pos = pos + 1
            parts.append(_json_number(literal(kind, self.texts[pos], 0, 0)))
            return True
        if kind == "-":
            if self.kinds[pos + 1] not in (LONG, REAL):
                raise SyntaxFault(pos, "a JSON value")
            self.pos = pos + 2
            parts.append("-" + _json_number(literal(self.kinds[pos + 1], self.texts[pos + 1], 0, 0)))
            return True
        if kind == "null":
            self.pos = pos + 1
            parts.append("null")
            return True
        if kind == "[":
            return self._json_list(parts, "]")
        if kind == "{":
            if self.braced_length(pos):
                parts.append(json.dumps(self.name().name))
                return True
            return self._json_list(parts, "}")
        if kind == "dynamic" and self.kinds[pos + 1] == "(":
            inner = self.dynamic()
            parts.append("null" if inner.value is None else str(inner.value))
            return inner.valid
        if kind in LITERALS:
            self.pos = pos + 1
            found = literal(kind, self.texts[pos], 0, 0)
            parts.append(_json_literal(found))
            return found.valid
        raise SyntaxFault(pos, "a JSON value")

    def _json_list(self, parts: list[str], closer: str) -> bool:
        parts.append(self.texts[self.pos])
        self.pos += 1
        valid = True
        if self.kinds[self.pos] != closer:
            while True:
                if closer == "}":
                    if self.kinds[self.pos] != STRING:
                        raise SyntaxFault(self.pos, "a property name in quotes")
                    parts.append(json.dumps(string(self.texts[self.pos]), ensure_ascii=False) + ":")
                    self.pos += 1
                    self.need(":")
                valid &= self.json(parts)
                if not self.take(","):
                    break
                parts.append(",")
        if self.kinds[self.pos] != closer:
            raise SyntaxFault(self.pos, f"',' or '{closer}'")
        self.pos += 1
        parts.append(closer)
        return valid

    def type_of(self) -> TypeOf:
        """`typeof(...)`."""
        start = self.starts[self.pos]
        self.need("typeof")
        self.need("(")
        kind = self.kinds[self.pos]
        types: list[str] = []
        columns: list[TypedColumn] = []
        if kind in TYPES or kind in MORE_TYPES or (kind == IDENTIFIER and self.kinds[self.pos + 1] == ")"):
            types.append(self.texts[self.pos])
            self.pos += 1
        elif kind != ")":
            while True:
                if self.take("*"):
                    types.append("*")
                else:
                    columns.append(self.typed_column())
                if not self.take(","):
                    break
        self.need(")")
        return TypeOf(tuple(types), tuple(columns), start, self.end)

    def typed_column(self) -> TypedColumn:
        """`name: type`."""
        start = self.starts[self.pos]
        name = self.name(DECLARED_NAMES)
        self.need(":")
        return TypedColumn(name, self.type_name(), start, self.end)

    def type_name(self) -> str:
        kind = self.kinds[self.pos]
        if kind not in TYPES:
            raise SyntaxFault(self.pos, "a type")
        self.pos += 1
        return kind

    def row_schema(self) -> tuple[TypedColumn, ...]:
        """`(a: long, b: string)`; a comma too many in front or at the end is allowed, as the service does."""
        self.need("(")
        self.take(",")
        columns: list[TypedColumn] = []
        while self.kinds[self.pos] != ")":
            columns.append(self.typed_column())
            if not self.take(","):
                break
        self.need(")")
        return tuple(columns)

    def option_name(self, own: dict[str, int], known: bool, ahead: int = 0) -> tuple[str, int]:
        """The option name here (or `ahead` tokens from here) and its number of tokens, or ("", 0)."""
        pos = self.pos + ahead
        text = self.texts[pos]
        if text == "hint":
            if self.texts[pos + 1] != "." or self.trivia[pos + 1] or self.trivia[pos + 2]:
                return "", 0
            name, length = f"hint.{self.texts[pos + 2]}", 3
        else:
            name, length = text, 1
        return (name, length) if name in own or (known and name in KNOWN) else ("", 0)

    def options(self, own: dict[str, int] = KNOWN, known: bool = True, equals: bool = False) -> tuple[Option, ...]:
        """Options here: of names in `own`, and of all known names when `known`; with `equals` only before a `=`."""
        found: list[Option] = []
        while True:
            name, length = self.option_name(own, known)
            if not length or (equals and self.kinds[self.pos + length] != "="):
                return tuple(found)
            found.append(self.option(name, length, own))

    def option(self, name: str, length: int, own: dict[str, int]) -> Option:
        start = self.starts[self.pos]
        self.pos += length
        self.need("=")
        value = self.option_value(own.get(name, KNOWN.get(name, ANY)), own)
        return Option(name, value, start, self.end)

    def option_value(self, shape: int, own: dict[str, int]) -> Expr:
        if shape == PATH:
            return self.operand(PATH_LEVEL)
        if shape == NAMES_LIST:
            return self.name_list(own)
        if shape == NAME and self.name_length(self.pos):
            return self.name()
        if shape == WORDS and self.kinds[self.pos] in ("simple", "relaxed"):
            self.pos += 1
            return Name(self.texts[self.pos - 1], self.starts[self.pos - 1], self.end)
        if shape == FORCED_REAL and self.kinds[self.pos] == TIMESPAN:
            raise SyntaxFault(self.pos, "a number")
        value = self.literal()
        return value if value is not None else self.name()

    def name_list(self, own: dict[str, int]) -> Expr:
        """Names with commas between them, up to the next option; one name is itself, more are in a Call of no name."""
        start = self.starts[self.pos]
        names: list[Expr] = [self.name(DECLARED_NAMES)]
        while (
            self.kinds[self.pos] == ","
            and self.texts[self.pos + 1] not in own
            and self.texts[self.pos + 1] not in KNOWN
        ):
            if self.kinds[self.pos + 1] in CLOSERS:
                break
            self.pos += 1
            names.append(self.name(DECLARED_NAMES))
        return names[0] if len(names) == 1 else Call(Name("", start, start), tuple(names), start, self.end)

    def properties(self) -> tuple[Option, ...]:
        """`with (name = value, ...)` where any name is allowed."""
        self.need("with")
        self.need("(")
        found: list[Option] = []
        while self.kinds[self.pos] != ")" or found:
            start = self.starts[self.pos]
            name = self.name(DECLARED_NAMES).name
            self.need("=")
            kind = self.kinds[self.pos]
            value: Expr | None
            if kind in (STRING, LONG, REAL, GUID, DATETIME, "#bool"):
                value = self.literal()
            elif kind == RAW_GUID:
                self.pos += 1
                value = Literal("guid", self.texts[self.pos - 1].lower(), self.starts[self.pos - 1], self.end)
            else:
                value = self.name(DECLARED_NAMES)
            found.append(Option(name, value, start, self.end))
            if not self.take(","):
                break
        self.need(")")
        return tuple(found)


def _json_number(found: Literal) -> str:
    if isinstance(found.value, float):
        return repr(found.value)
    return "null" if found.value is None else str(found.value)


def _json_literal(found: Literal) -> str:
    if found.type == "datetime" and isinstance(found.value, str):
        whole, _, decimals = found.value.removesuffix("Z").partition(".")
        return json.dumps(f"{whole}.{decimals:<07}Z")
    if found.value is None or found.type != "timespan":
        return json.dumps(found.value)
    return json.dumps(clock(int(found.value)))


def clock(value: int) -> str:
    """A timespan in ticks as Kusto prints it: `1.02:03:04.5000000`."""
    sign, value = ("-", -value) if value < 0 else ("", value)
    seconds, fraction = divmod(value, 10_000_000)
    days, seconds = divmod(seconds, 86_400)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return sign + (f"{days}." if days else "") + text + (f".{fraction:07}" if fraction else "")
