"""Tables inside of expressions: written in the query, named by pattern or path, or computed by a subquery."""

from __future__ import annotations

from .parser_base import DECLARED_NAMES, NAMES, SyntaxFault
from .parser_values import Values
from .syntax import (
    Call,
    ContextualDataTable,
    DataTable,
    Element,
    Expr,
    ExternalData,
    Name,
    Option,
    Path,
    ToScalar,
    ToTable,
    ViewCombine,
)
from .tokens import (
    COLUMN_KEYWORDS,
    LONG,
)

COLUMNS = NAMES | COLUMN_KEYWORDS


class Tables(Values):
    """Tables, and the names of tables and columns."""

    __slots__ = ()

    def expression(self) -> Expr:
        """An expression without a name."""
        raise AssertionError("given by Expressions")

    def bracketed(self) -> Expr:
        """The expression in `[...]`."""
        raise AssertionError("given by Expressions")

    def member(self) -> Name | Call:
        """What may follow a `.`."""
        raise AssertionError("given by Expressions")

    def tabular(self) -> Expr:
        """An expression or a pipe of operators."""
        raise AssertionError("given by Operators")

    def summarize_only(self) -> Expr:
        """A summarize operator alone."""
        raise AssertionError("given by Operators")

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

    def column_name(self) -> Name:
        """A name as a column or table is named in an expression."""
        if self.kinds[self.pos] == "@":
            self.pos += 1
            return Name("@", self.starts[self.pos - 1], self.ends[self.pos - 1])
        return self.name(COLUMNS)

    def scoped(self, name: Name) -> Name:
        """`name` with its `datascope=all`, which says where the service looks, not what the rows are."""
        if self.take("datascope"):
            self.need("=")
            self.word("all", "hotcache")
        return name
