"""Expressions: a Pratt parser over the token lists, with literals, paths, calls and the tables written in a query.

Precedence, loosest first: or; and; == != <> in has_any between; < <= > >=; + -; * / %; string operators (has, contains,
=~, ...); sign; path. The operators of the third, fourth and seventh level do not chain.
"""

from __future__ import annotations

import json

from .parser_base import CLOSERS, DECLARED_NAMES, NAMES, Cursor, SyntaxFault
from .parser_literals import literal, string
from .parser_options import ANY, FORCED_REAL, KNOWN, NAME, NAMES_LIST, PATH, WORDS
from .syntax import (
    AndChain,
    Between,
    Binary,
    Call,
    ContextualDataTable,
    DataTable,
    Element,
    Expr,
    ExternalData,
    InList,
    Literal,
    Name,
    NamedExpr,
    Option,
    OrChain,
    Parens,
    Path,
    Star,
    ToScalar,
    ToTable,
    TypedColumn,
    TypeOf,
    Unary,
    ViewCombine,
)
from .tokens import (
    COLUMN_KEYWORDS,
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

_STRING_OPERATORS = ["=~", "!~", ":", "has", "!has", "has_cs", "!has_cs", "hasprefix", "!hasprefix", "hasprefix_cs", "!hasprefix_cs", "hassuffix", "!hassuffix", "hassuffix_cs", "!hassuffix_cs", "like", "notlike", "likecs", "notlikecs", "contains", "!contains", "notcontains", "containscs", "contains_cs", "notcontainscs", "!contains_cs", "startswith", "!startswith", "startswith_cs", "!startswith_cs", "endswith", "!endswith", "endswith_cs", "!endswith_cs", "matches regex"]
_MEMBERSHIP = frozenset({"in", "!in", "in~", "!in~", "has_any", "has_all"})
# operator: (its level, the least level of its right side, the highest level that may follow it)
_BINARY: dict[str, tuple[int, int, int]] = {
    **dict.fromkeys(_MEMBERSHIP | {"between", "!between"}, (3, 0, 2)),
    **dict.fromkeys(("==", "!=", "<>"), (3, 4, 2)),
    **dict.fromkeys(("<", "<=", ">", ">="), (4, 5, 3)),
    **dict.fromkeys(("+", "-"), (5, 6, 5)),
    **dict.fromkeys(("*", "/", "%"), (6, 7, 6)),
    **dict.fromkeys(_STRING_OPERATORS, (7, 8, 6)),
}
_STRINGS = frozenset(_STRING_OPERATORS)
_CONTINUES = frozenset({"(", ".", "[", "datascope"})
COLUMNS = NAMES | COLUMN_KEYWORDS

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
_MORE_TYPES = frozenset(["float", "int16", "int32", "uint", "uint16", "uint32", "uint64", "uint8", "ulong"])
_NUMBERS = frozenset({LONG, REAL, TIMESPAN})


class Expressions(Cursor):
    """Everything that stands inside of an operator."""

    __slots__ = ()

    def tabular(self) -> Expr:
        """An expression or a pipe of operators."""
        raise AssertionError("given by Operators")

    def summarize_only(self) -> Expr:
        """A summarize operator alone."""
        raise AssertionError("given by Operators")

    # ---------------------------------------------------------------- operators of expressions

    def expression(self) -> Expr:
        """An expression without a name; chains of and/or come out flat."""
        start = self.starts[self.pos]
        term = self.operand(3)
        kinds = self.kinds
        kind = kinds[self.pos]
        if kind != "and" and kind != "or":
            return term
        branches: list[Expr] = []
        terms = [term]
        term_start = start
        while True:
            while kinds[self.pos] == "and":
                self.pos += 1
                terms.append(self.operand(3))
            end = self.ends[self.pos - 1]
            branches.append(terms[0] if len(terms) == 1 else AndChain(tuple(terms), term_start, end))
            if kinds[self.pos] != "or":
                break
            self.pos += 1
            term_start = self.starts[self.pos]
            terms = [self.operand(3)]
        return branches[0] if len(branches) == 1 else OrChain(tuple(branches), start, self.ends[self.pos - 1])

    def operand(self, level: int) -> Expr:
        """An expression of operators at `level` or tighter (3 equality ... 7 string operators)."""
        kinds = self.kinds
        pos = self.pos
        start = self.starts[pos]
        if kinds[pos] == "*":
            left = self.star(level)
        else:
            left = self.signed()
        ceiling = 7
        count = 0
        while True:
            kind = kinds[self.pos]
            row = _BINARY.get(kind)
            if row is None or row[0] < level or row[0] > ceiling:
                if count > self.chain:
                    self.chain = count
                return left
            count += 1
            _, right, after = row
            if not right:
                if kind == "in" and kinds[self.pos + 1] == "range":  # of make-series
                    return left
                left = self.membership(kind, left, start)
            else:
                self.pos += 1
                other = self.signed() if right == 8 else self.operand(right)
                left = Binary(kind, left, other, start, self.ends[self.pos - 1])
            ceiling = after

    def star(self, level: int) -> Star:
        """`*` before a string operator or `==`, where it stands for any column."""
        pos = self.pos
        after = self.kinds[pos + 1]
        if after in _STRINGS or (after == "==" and level <= 3):
            self.pos = pos + 1
            return Star(self.starts[pos], self.ends[pos])
        raise SyntaxFault(pos, "an expression")

    def membership(self, op: str, left: Expr, start: int) -> Expr:
        """The rest of `left in (...)` or `left between (a .. b)`."""
        self.pos += 1
        self.need("(")
        if op == "between" or op == "!between":
            low = self.expression()
            self.need("..")
            high = self.expression()
            self.need(")")
            return Between(left, low, high, op == "!between", start, self.ends[self.pos - 1])
        items = [self.tabular()]
        while self.take(","):
            items.append(self.expression())
        self.need(")")
        return InList(op, left, tuple(items), start, self.ends[self.pos - 1])

    def signed(self) -> Expr:
        """A path with an optional sign."""
        pos = self.pos
        kinds = self.kinds
        kind = kinds[pos]
        if kind == IDENTIFIER:
            if kinds[pos + 1] not in _CONTINUES:
                self.pos = pos + 1
                return Name(self.texts[pos], self.starts[pos], self.ends[pos])
        elif kind == STRING:
            left: Expr = self.strings()
            return self.path(left, self.starts[pos]) if kinds[self.pos] in _CONTINUES else left
        elif kind == "-" or kind == "+":
            self.pos = pos + 1
            operand = self.path(self.primary(), self.starts[pos + 1])
            return Unary(kind, operand, self.starts[pos], self.ends[self.pos - 1])
        if kind == "totable":
            return self.to_table()
        return self.path(self.primary(), self.starts[pos])

    def path(self, left: Expr, start: int) -> Expr:
        """`left` and the `.member`s and `[elements]` after it."""
        kinds = self.kinds
        count = 0
        while True:
            kind = kinds[self.pos]
            count += 1
            if kind == ".":
                self.pos += 1
                if kinds[self.pos] == "[" and not self.name_length(self.pos):
                    index = self.bracketed()
                    left = Element(left, index, start, self.ends[self.pos - 1], True)
                else:
                    member = self.member()
                    left = Path(left, member, start, self.ends[self.pos - 1])
            elif kind == "[":
                index = self.bracketed()
                left = Element(left, index, start, self.ends[self.pos - 1])
            else:
                if count > self.chain:
                    self.chain = count
                return left

    def bracketed(self) -> Expr:
        """The expression in `[...]`; a `[wild*card]` is a Name."""
        self.need("[")
        length = self.wildcard_length(self.pos)
        index: Expr = self.wildcard(length) if length and self.kinds[self.pos + length] == "]" else self.expression()
        self.need("]")
        return index

    def member(self) -> Name | Call:
        """What may follow a `.`: a name, or a call."""
        pos = self.pos
        name = self.column_name()
        return self.call(name, self.starts[pos]) if self.kinds[self.pos] == "(" and self.name_length(pos) else name

    def column_name(self) -> Name:
        """A name as a column or table is named in an expression."""
        if self.kinds[self.pos] == "@":
            self.pos += 1
            return Name("@", self.starts[self.pos - 1], self.ends[self.pos - 1])
        return self.name(COLUMNS)

    # ---------------------------------------------------------------- primaries

    def primary(self) -> Expr:
        """A literal, name, call, parenthesis or table written in the query."""
        pos = self.pos
        kind = self.kinds[pos]
        if kind in NAMES:
            if kind == "typeof" and self.kinds[pos + 1] == "(":
                return self.type_of()
            self.pos = pos + 1
            name = Name(self.texts[pos], self.starts[pos], self.ends[pos])
            if self.kinds[pos + 1] == "(":
                return self.call(name, name.start)
            return self.scoped(name) if self.kinds[pos + 1] == "datascope" else name
        if kind == STRING:
            return self.strings()
        if kind in LITERALS:
            self.pos = pos + 1
            return literal(kind, self.texts[pos], self.starts[pos], self.ends[pos])
        if kind == "(":
            self.pos = pos + 1
            inner = self.tabular()
            self.need(")")
            return Parens(inner, self.starts[pos], self.ends[self.pos - 1])
        if kind == "dynamic":
            return self.dynamic()
        if kind in ("datatable", "toscalar", "externaldata", "external_data", "materialized-view-combine"):
            return self.keyword_primary(kind)
        if kind == "__contextual_datatable":
            return self.contextual_table()
        if kind == "[" or kind == "{":
            length = self.name_length(pos)
            if length and self.kinds[pos + length] == "(":
                return self.call(self.name(), self.starts[pos])
            if length or kind == "{":
                return self.scoped(self.name())
            return Parens(self.bracketed(), self.starts[pos], self.ends[self.pos - 1])
        if kind in COLUMN_KEYWORDS or kind == "@":
            return self.scoped(self.column_name())
        raise SyntaxFault(pos, "an expression")

    def keyword_primary(self, kind: str) -> Expr:
        if kind == "toscalar":
            return self.to_scalar()
        if kind == "datatable":
            return self.data_table()
        return self.view_combine() if kind == "materialized-view-combine" else self.external_data()

    def scoped(self, name: Name) -> Name:
        """`name` with its `datascope=all`, which says where the service looks, not what the rows are."""
        if self.take("datascope"):
            self.need("=")
            self.word("all", "hotcache")
        return name

    def call(self, name: Name, start: int) -> Call:
        """The arguments after `name`."""
        self.need("(")
        args: list[Expr] = []
        if self.kinds[self.pos] != ")":
            args.append(self.argument())
            while self.kinds[self.pos] == ",":
                self.pos += 1
                args.append(self.argument())
        self.need(")")
        return Call(name, tuple(args), start, self.ends[self.pos - 1])

    def argument(self) -> Expr:
        pos = self.pos
        if self.kinds[pos] == "*" and self.kinds[pos + 1] in (")", ","):
            self.pos = pos + 1
            return Star(self.starts[pos], self.ends[pos])
        return self.item()

    def item(self) -> Expr:
        """An expression, with a name when it has one: `x = f(y)`, `(a, b) = f(y)`."""
        pos = self.pos
        kinds = self.kinds
        kind = kinds[pos]
        if kind in DECLARED_NAMES:
            if kinds[pos + 1] != "=":
                return self.expression()
        elif kind == "(":
            if not self._names_in_parens(pos):
                return self.expression()
            self.pos = pos + 1
            names = [self.name(DECLARED_NAMES)]
            while self.take(","):
                names.append(self.name(DECLARED_NAMES))
            self.need(")")
            return self._named(tuple(names), pos, True)
        elif kind != "[" and kind != "{":
            return self.expression()
        else:
            length = self.name_length(pos)
            if not length or kinds[pos + length] != "=":
                return self.expression()
        return self._named((self.name(DECLARED_NAMES),), pos, False)

    def _named(self, names: tuple[Name, ...], pos: int, tupled: bool) -> NamedExpr:
        self.need("=")
        value = self.expression()
        return NamedExpr(names, value, self.starts[pos], self.ends[self.pos - 1], tupled)

    def _names_in_parens(self, pos: int) -> bool:
        """Whether `(a, b) =` stands at `pos`."""
        pos += 1
        while length := self.name_length(pos, DECLARED_NAMES):
            pos += length
            if self.kinds[pos] != ",":
                return self.kinds[pos] == ")" and self.kinds[pos + 1] == "="
            pos += 1
        return False

    def items(self, required: bool = True) -> tuple[Expr, ...]:
        """A comma list of items; none only where not `required`."""
        if not required and self.kinds[self.pos] in CLOSERS:
            return ()
        found = [self.item()]
        while self.kinds[self.pos] == ",":
            self.pos += 1
            found.append(self.item())
        return tuple(found)

    def expressions(self) -> tuple[Expr, ...]:
        """A comma list of one or more expressions without names."""
        found = [self.expression()]
        while self.take(","):
            found.append(self.expression())
        return tuple(found)

    # ---------------------------------------------------------------- subqueries

    def to_scalar(self) -> ToScalar:
        start, options, query = self._subquery()
        return ToScalar(query, start, self.end, options)

    def to_table(self) -> ToTable:
        start, options, query = self._subquery()
        return ToTable(query, start, self.end, options)

    def _subquery(self) -> tuple[int, tuple[Option, ...], Expr]:
        start = self.starts[self.pos]
        self.pos += 1
        options: tuple[Option, ...] = ()
        if self.kinds[self.pos] == "kind":
            at = self.starts[self.pos]
            self.pos += 1
            self.need("=")
            value = Name(self.word("nooptimization"), self.starts[self.pos - 1], self.end)
            options = (Option("kind", value, at, self.end),)
        self.need("(")
        query = self.tabular()
        self.need(")")
        return start, options, query

    def view_combine(self) -> ViewCombine:
        start = self.starts[self.pos]
        self.pos += 1
        parts: list[Expr] = []
        for word in ("", "base", "delta", "aggregations"):
            if word:
                self.word(word)
            self.need("(")
            parts.append(self.summarize_only() if word == "aggregations" else self.tabular())
            self.need(")")
        return ViewCombine(parts[0], parts[1], parts[2], parts[3], start, self.end)

    # ---------------------------------------------------------------- literals and types

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
        if kind in TYPES or kind in _MORE_TYPES or (kind == IDENTIFIER and self.kinds[self.pos + 1] == ")"):
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

    # ---------------------------------------------------------------- tables in the query

    def data_table(self) -> DataTable:
        start = self.starts[self.pos]
        self.pos += 1
        options = self.options()
        columns = self.row_schema()
        self.need("[")
        self.take(",")
        cells: list[Expr] = []
        while self.kinds[self.pos] != "]":
            cell = self.literal()
            if cell is None:
                raise SyntaxFault(self.pos, "a literal or ']'")
            cells.append(cell)
            if not self.take(","):
                break
        if self.kinds[self.pos] != "]":
            raise SyntaxFault(self.pos, "',' or ']'")
        self.pos += 1
        return DataTable(columns, tuple(cells), options, start, self.end)

    def contextual_table(self) -> ContextualDataTable:
        start = self.starts[self.pos]
        self.pos += 1
        id_ = self.literal() or self.expression()
        return ContextualDataTable(id_, self.row_schema(), start, self.end)

    def external_data(self) -> ExternalData:
        start = self.starts[self.pos]
        self.pos += 1
        options = self.options()
        columns = self.row_schema()
        self.need("[")
        locations: list[Expr] = []
        while self.kinds[self.pos] != "]":
            locations.append(self.tabular())
            if not self.take(","):
                break
        self.need("]")
        if self.kinds[self.pos] == "with":
            options += self.properties()
        return ExternalData(columns, tuple(locations), options, start, self.end)

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

    # ---------------------------------------------------------------- wildcards

    def wildcard_length(self, pos: int) -> int:
        """How many tokens a name with `*` in it has at `pos`; 0 when there is none."""
        kinds, trivia = self.kinds, self.trivia
        first = pos
        if kinds[pos] == "*":
            pos += 1
        elif kinds[pos] in DECLARED_NAMES and kinds[pos + 1] == "*" and not trivia[pos + 1]:
            pos += 2
        else:
            return 0
        while not trivia[pos] and (kinds[pos] in DECLARED_NAMES or kinds[pos] == LONG or kinds[pos] == "*"):
            pos += 1
        return pos - first

    def wildcard(self, length: int) -> Name:
        """The name of `length` tokens here."""
        first = self.pos
        self.pos += length
        start, end = self.starts[first], self.ends[self.pos - 1]
        return Name(self.source[start:end], start, end, False, True)

    def entity(self) -> Expr:
        """A table by name, pattern, path or call, as union and find take it."""
        length = self.wildcard_length(self.pos)
        if length:
            return self.wildcard(length)
        start = self.starts[self.pos]
        left: Expr
        if self.kinds[self.pos] == "[" and not self.name_length(self.pos):
            left = self.bracketed()
        else:
            left = self.member()
        while True:
            if self.kinds[self.pos] == ".":
                self.pos += 1
                length = self.wildcard_length(self.pos)
                if length:
                    pattern = self.wildcard(length)
                    return Path(left, pattern, start, self.end)
                if self.kinds[self.pos] == "[" and not self.name_length(self.pos):
                    left = Element(left, self.bracketed(), start, self.end, True)
                else:
                    member = self.member()
                    left = Path(left, member, start, self.end)
            elif self.kinds[self.pos] == "[":
                index = self.bracketed()
                left = Element(left, index, start, self.end)
            else:
                return left

    def simple_path(self) -> Expr:
        """A column by name or path, without calls."""
        start = self.starts[self.pos]
        bracket = self.kinds[self.pos] == "[" and not self.name_length(self.pos)
        left: Expr = self.bracketed() if bracket else self.column_name()
        while True:
            if self.kinds[self.pos] == ".":
                self.pos += 1
                if self.kinds[self.pos] == "[" and not self.name_length(self.pos):
                    index = self.bracketed()
                    left = Element(left, index, start, self.end, True)
                else:
                    name = self.column_name()
                    left = Path(left, name, start, self.end)
            elif self.kinds[self.pos] == "[":
                index = self.bracketed()
                left = Element(left, index, start, self.end)
            else:
                return left

    # ---------------------------------------------------------------- options

    def option_name(self, own: dict[str, int], known: bool) -> tuple[str, int]:
        """The option name here and its number of tokens, or ("", 0)."""
        pos = self.pos
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
            return self.path(self.primary(), self.starts[self.pos])
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


def _json_number(found: Literal) -> str:
    if isinstance(found.value, float):
        return repr(found.value)
    return "null" if found.value is None else str(found.value)


def _json_literal(found: Literal) -> str:
    if found.value is None or found.type not in ("timespan",):
        return json.dumps(found.value)
    return json.dumps(clock(int(found.value)))


def clock(value: int) -> str:
    """A timespan in ticks as Kusto prints it: `1.02:03:04.5000000`."""
    sign, value = ("-", -value) if value < 0 else ("", value)
    seconds, fraction = divmod(value, 10_000_000)
    days, seconds = divmod(seconds, 86_400)
    text = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return sign + (f"{days}." if days else "") + text + (f".{fraction:07}" if fraction else "")
