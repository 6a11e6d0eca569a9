"""Expressions: a Pratt parser over the token lists, with literals, paths, calls and the tables written in a query.

Precedence, loosest first: or; and; == != <> in has_any between; < <= > >=; + -; * / %; string operators (has, contains,
=~, ...); sign; path. The operators of the third, fourth and seventh level do not chain.
"""

from __future__ import annotations

from .parser_base import CLOSERS, DECLARED_NAMES, NAMES, SyntaxFault
from .parser_literals import literal
from .parser_tables import Tables
from .syntax import (
    AndChain,
    Between,
    Binary,
    Call,
    Element,
    Expr,
    InList,
    Name,
    NamedExpr,
    OrChain,
    Parens,
    Path,
    Star,
    Unary,
)
from .tokens import (
    COLUMN_KEYWORDS,
    IDENTIFIER,
    LITERALS,
    STRING,
)

_STRING_OPERATORS = (
    *"=~ !~ : has !has has_cs !has_cs hasprefix !hasprefix hasprefix_cs !hasprefix_cs hassuffix !hassuffix".split(),  # noqa: SIM905
    *"hassuffix_cs !hassuffix_cs like notlike likecs notlikecs contains !contains notcontains containscs".split(),  # noqa: SIM905
    *"contains_cs notcontainscs !contains_cs startswith !startswith startswith_cs !startswith_cs endswith".split(),  # noqa: SIM905
    *"!endswith endswith_cs !endswith_cs".split(),  # noqa: SIM905
    "matches regex",
)
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


class Expressions(Tables):
    """Everything that stands inside of an operator."""

    __slots__ = ()

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
            left: Expr = self.star(level)
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
