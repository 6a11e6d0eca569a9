"""Operators on rows: choose, compute, group, order, combine. One method per operator."""

from __future__ import annotations

from . import syntax as ast
from .parser_base import CLOSERS, SyntaxFault
from .parser_graph import GraphOperators
from .parser_options import OWN
from .syntax import Expr, Operator, Pipe
from .tokens import IDENTIFIER, LITERALS, STRING

_DIRECTIONS = frozenset({"asc", "desc", "granny-asc", "granny-desc"})


class RowOperators(GraphOperators):
    """The operators most queries are made of."""

    __slots__ = ()

    def _contextual(self) -> Pipe:
        """A pipe in parentheses whose rows are at hand."""
        raise AssertionError("given by SpecialOperators")

    def as_(self) -> Operator:
        start = self.begin()
        options = self.options(equals=True)
        return ast.As(self.name(), options, start, self.end)

    def consume(self) -> Operator:
        start = self.begin()
        return ast.Consume(self.options(), start, self.end)

    def count(self) -> Operator:
        start = self.begin()
        name = None
        if self.take("as"):
            if self.kinds[self.pos] != IDENTIFIER:
                raise SyntaxFault(self.pos, "a name")
            name = self.name()
        return ast.Count(name, (), start, self.end)

    def distinct(self) -> Operator:
        start = self.begin()
        options = self.options(equals=True)
        found: list[Expr] = []
        while True:
            if self.kinds[self.pos] == "*":
                self.pos += 1
                found.append(ast.Star(self.starts[self.pos - 1], self.end))
            else:
                found.append(self.item())
            if not self.take(","):
                return ast.Distinct(tuple(found), options, start, self.end)

    def extend(self) -> Operator:
        start = self.begin()
        return ast.Extend(self.items(), start, self.end)

    def where(self) -> Operator:
        start = self.begin()
        options = self.options(equals=True) if self.kinds[self.pos + 1] in ("=", ".") else ()
        return ast.Where(self.item(), options, start, self.ends[self.pos - 1])

    def join(self) -> Operator:
        keyword = self.kinds[self.pos]
        start = self.begin()
        options = self.options(equals=True)
        right = self.expression()
        on: tuple[Expr, ...] = ()
        where: Expr | None = None
        if self.take("on"):
            on = self.expressions()
        elif keyword == "lookup":
            raise SyntaxFault(self.pos, "'on'")
        elif self.take("where"):
            where = self.expression()
        return ast.Join(keyword, right, on, where, options, start, self.end)

    def make_series(self) -> Operator:
        start = self.begin()
        options = self.options(equals=True)
        aggregates: list[ast.SeriesAggregate] = []
        while True:
            at = self.starts[self.pos]
            self.not_at("on", "from", "in")
            item = self.item()
            default = None
            if self.take("default"):
                self.need("=")
                default = self.item()
            aggregates.append(ast.SeriesAggregate(item, default, at, self.end))
            if not self.take(","):
                break
        self.need("on")
        axis = self.item()
        first: Expr | None = None
        last: Expr | None = None
        step: Expr | None = None
        if self.kinds[self.pos] in ("from", "to", "step"):
            first = self.expression() if self.take("from") else None
            last = self.expression() if self.take("to") else None
            self.need("step")
            step = self.expression()
        else:
            self.need("in")
            self.need("range")
            self.need("(")
            bounds = () if self.kinds[self.pos] == ")" else self.items()
            self.need(")")
            first, last, step = (*bounds[:3], None, None, None)[:3]
        by = self.items() if self.take("by") else ()
        return ast.MakeSeries(tuple(aggregates), axis, first, last, step, by, options, start, self.end)

    def _expanded(self, stops: frozenset[str]) -> tuple[ast.ExpandItem, ...]:
        found: list[ast.ExpandItem] = []
        while True:
            if self.kinds[self.pos] in stops and (len(stops) == 1 or self.kinds[self.pos + 1] not in (",", "to", "=")):
                raise SyntaxFault(self.pos, "an expression")
            at = self.starts[self.pos]
            item = self.item()
            type_ = self.type_of() if self.take("to") else None
            found.append(ast.ExpandItem(item, type_, at, self.end))
            if not self.take(","):
                return tuple(found)

    def mv_expand(self) -> Operator:
        start = self.begin()
        options = self.options(equals=True)
        items = self._expanded(frozenset({"limit"}))
        limit = self.expression() if self.take("limit") else None
        return ast.MvExpand(items, limit, options, start, self.end)

    def mv_apply(self) -> Operator:
        start = self.begin()
        options = self.options(equals=True)
        items = self._expanded(frozenset({"limit", "id", "on"}))
        limit = self.expression() if self.take("limit") else None
        id_ = self.expression() if self.take("id") else None
        self.need("on")
        query = self._contextual()
        return ast.MvApply(items, query, limit, id_, options, start, self.end)

    def project(self) -> Operator:
        keyword = self.kinds[self.pos]
        start = self.begin()
        return ast.Project(keyword, self.items(required=False), start, self.ends[self.pos - 1])

    def project_by_names(self) -> Operator:
        start = self.begin()
        items = () if self.kinds[self.pos] in CLOSERS else self.expressions()
        return ast.Project("project-by-names", items, start, self.end)

    def project_patterns(self) -> Operator:
        keyword = self.kinds[self.pos]
        start = self.begin()
        found: list[Expr] = []
        while self.kinds[self.pos] not in CLOSERS or found:
            at = self.starts[self.pos]
            length = self.wildcard_length(self.pos)
            pattern: Expr = self.wildcard(length) if length else self.name()
            if keyword == "project-reorder" and self.kinds[self.pos] in _DIRECTIONS:
                self.pos += 1
                pattern = ast.Ordered(pattern, self.texts[self.pos - 1], "", at, self.end)
            found.append(pattern)
            if not self.take(","):
                break
        return ast.Project(keyword, tuple(found), start, self.end)

    def print_(self) -> Operator:
        start = self.begin()
        return ast.Print(self.items(), start, self.end)

    def range_(self) -> Operator:
        start = self.begin()
        name = self.name()
        self.need("from")
        first = self.expression()
        self.need("to")
        last = self.expression()
        self.need("step")
        step = self.expression()
        return ast.Range(name, first, last, step, start, self.end)

    def sample(self) -> Operator:
        start = self.begin()
        options = self.options(equals=True)
        return ast.Sample(self.item(), options, start, self.end)

    def sample_distinct(self) -> Operator:
        start = self.begin()
        options = self.options(equals=True)
        count = self.item()
        self.need("of")
        return ast.SampleDistinct(count, self.item(), options, start, self.end)

    def serialize(self) -> Operator:
        start = self.begin()
        options = self.options(equals=True)
        return ast.Serialize(self.items(required=False), options, start, self.end)

    def sort(self) -> Operator:
        keyword = self.kinds[self.pos]
        start = self.begin()
        options = self.options()
        self.need("by")
        return ast.Sort(keyword, self.ordered_list(), options, start, self.end)

    def ordered_list(self, *stops: str) -> tuple[Expr, ...]:
        keys: list[Expr] = []
        while True:
            self.not_at(*stops)
            keys.append(self.ordered())
            if not self.take(","):
                return tuple(keys)

    def ordered(self) -> Expr:
        start = self.starts[self.pos]
        key = self.item()
        direction = nulls = ""
        if self.kinds[self.pos] in _DIRECTIONS:
            direction = self.kinds[self.pos]
            self.pos += 1
        if self.take("nulls"):
            nulls = self.word("first", "last")
        return ast.Ordered(key, direction, nulls, start, self.end) if direction or nulls else key

    def _items_until(self, *stops: str) -> tuple[Expr, ...]:
        """A comma list of items, none of which begins with a keyword in `stops`."""
        if self.kinds[self.pos] in CLOSERS:
            return ()
        found: list[Expr] = []
        while True:
            self.not_at(*stops)
            found.append(self.item())
            if not self.take(","):
                return tuple(found)

    def not_at(self, *stops: str) -> None:
        """Fail where a clause begins and an item is due."""
        if self.kinds[self.pos] in stops:
            raise SyntaxFault(self.pos, "an expression")

    def summarize(self) -> ast.Summarize:
        start = self.begin()
        kinds = self.kinds
        options = self.options(equals=True)
        aggregates: tuple[Expr, ...] = ()
        if kinds[self.pos] != "by":
            aggregates = self._items_until("by")
        by: list[Expr] = []
        width: Expr | None = None
        if self.take("by"):
            while True:
                if kinds[self.pos] == "bin" and self._bin_width():
                    raise SyntaxFault(self.pos, "an expression")
                by.append(self.item())
                if not self.take(","):
                    break
            if kinds[self.pos] == "bin" and self._bin_width():
                self.pos += 2
                width = self.expression()
        return ast.Summarize(aggregates, tuple(by), options, width, start, self.ends[self.pos - 1])

    def _bin_width(self) -> bool:
        """Whether `bin = literal` stands here, the width that ends a `by`."""
        kind = self.kinds[self.pos + 2]
        return self.kinds[self.pos + 1] == "=" and (kind in LITERALS or kind == STRING)

    def summarize_only(self) -> Expr:
        start = self.starts[self.pos]
        if self.kinds[self.pos] != "summarize":
            raise SyntaxFault(self.pos, "'summarize'")
        return Pipe(None, (self.summarize(),), start, self.end)

    def take_(self) -> Operator:
        keyword = self.kinds[self.pos]
        start = self.begin()
        options = self.options(equals=True)
        return ast.Take(keyword, self.item(), options, start, self.end)

    def top(self) -> Operator:
        start = self.begin()
        options = self.options(equals=True)
        count = self.item()
        self.need("by")
        return ast.Top(count, self.ordered(), options, start, self.end)

    def top_hitters(self) -> Operator:
        start = self.begin()
        count = self.item()
        self.need("of")
        of = self.item()
        by = self.item() if self.take("by") else None
        return ast.TopHitters(count, of, by, (), start, self.end)

    def top_nested(self) -> Operator:
        start = self.starts[self.pos]
        levels: list[ast.TopNestedLevel] = []
        while True:
            at = self.starts[self.pos]
            self.need("top-nested")
            count = None if self.kinds[self.pos] == "of" else self.item()
            self.need("of")
            of = self.item()
            others: Expr | None = None
            if self.take("with"):
                self.need("others")
                self.need("=")
                others = self.literal() or self.expression()
            self.need("by")
            by = self.ordered()
            levels.append(ast.TopNestedLevel(count, of, by, others, at, self.end))
            if not self.take(","):
                return ast.TopNested(tuple(levels), start, self.end)

    def union(self) -> Operator:
        start = self.begin()
        options = self.options(OWN["union"], equals=True)
        tables = [self._union_table()]
        while self.take(","):
            tables.append(self._union_table())
        return ast.Union(tuple(tables), options, start, self.end)

    def _union_table(self) -> Expr:
        if self.kinds[self.pos] == "(":
            return self.primary()
        return self.entity()
