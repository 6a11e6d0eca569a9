"""Tabular operators: what follows a `|`, and the pipe of them. One method per operator, found by its keyword.

Recovery: a fault inside an operator is kept, the rest of it skipped up to the next `|`, and the pipe goes on.
"""

from __future__ import annotations

from collections.abc import Callable

from . import syntax as ast
from .parser_base import CLOSERS, DECLARED_NAMES, NAMES, SyntaxFault
from .parser_graph import GraphOperators
from .parser_options import OWN
from .syntax import Expr, Name, Operator, Option, Pipe
from .tokens import END, IDENTIFIER, NAME_KEYWORDS, STRING

CHARTS = frozenset(
    [
        "table",
        "list",
        "barchart",
        "piechart",
        "ladderchart",
        "timechart",
        "linechart",
        "anomalychart",
        "pivotchart",
        "areachart",
        "stackedareachart",
        "scatterchart",
        "timepivot",
        "columnchart",
        "timeline",
        "3Dchart",
        "card",
        "treemap",
        "plotly",
        "graph",
        "sankey",
    ]
)
_DIRECTIONS = frozenset({"asc", "desc", "granny-asc", "granny-desc"})
_LITERAL_START = "#"


class Operators(GraphOperators):
    """The pipe and its operators."""

    __slots__ = ()

    # ---------------------------------------------------------------- pipes

    def tabular(self) -> Expr:
        """An expression or a pipe of operators."""
        pos = self.pos
        kind = self.kinds[pos]
        start = self.starts[pos]
        source: Expr | None = None
        operators: list[Operator] = []
        if kind in OPERATORS and self.starts_operator(kind):
            operators.append(self.operator(kind))
        else:
            source = self.expression()
        if self.kinds[self.pos] == "|":
            self.rest_of_pipe(operators)
        elif source is not None:
            return source
        return Pipe(source, tuple(operators), start, self.ends[self.pos - 1])

    def sub_pipe(self, or_query: bool = False) -> Pipe:
        """A pipe whose rows are at hand: it begins with an operator; `or_query`: or with a source."""
        kind = self.kinds[self.pos]
        start = self.starts[self.pos]
        if or_query and (kind not in OPERATORS or (kind == "count" and self.kinds[self.pos + 1] == "(")):
            query = self.tabular()
            return query if isinstance(query, Pipe) else Pipe(query, (), start, self.end)
        operators = [self.required_operator()]
        self.rest_of_pipe(operators)
        return Pipe(None, tuple(operators), start, self.end)

    def rest_of_pipe(self, operators: list[Operator]) -> None:
        kinds = self.kinds
        while kinds[self.pos] == "|":
            self.pos += 1
            operators.append(self.required_operator())

    def starts_operator(self, kind: str) -> bool:
        """Whether the operator keyword here begins a query, rather than being a name."""
        after = self.pos + 1
        if kind not in NAME_KEYWORDS:
            return True
        if kind in ("facet", "partition", "reduce"):
            return self.kinds[after] == "by" or (kind != "facet" and bool(self.option_name({}, True)[1]))
        if kind == "evaluate":
            return self.name_length(after) > 0
        if kind == "range":
            length = self.name_length(after)
            return length > 0 and self.kinds[after + length] == "from"
        if kind == "render":
            return self.texts[after] in CHARTS or self.kinds[after] in NAMES
        return False

    def required_operator(self) -> Operator:
        """The operator after a `|`; what it is not able to read is skipped, with a fault."""
        first = self.pos
        kind = self.kinds[first]
        try:
            if kind not in OPERATORS:
                return self.unknown(first)
            operator = OPERATORS[kind](self)
            if self.kinds[self.pos] not in CLOSERS and self.kinds[self.pos] != ",":
                raise SyntaxFault(self.pos, self.expected_after(kind))
            return operator
        except SyntaxFault as fault:
            if self.kinds[first] == END or self.kinds[first] in CLOSERS:
                self.record(SyntaxFault(first, "an operator"))
            else:
                self.record(fault)
            self.pos = first
            self.skip_to("|", ";")
            return self.skipped(first)

    def operator(self, kind: str) -> Operator:
        """An operator that begins a query."""
        return self.required_operator() if kind in OPERATORS else self.unknown(self.pos)

    def expected_after(self, kind: str) -> str:
        return "',' or '|'" if kind in _LISTS else "'|'"

    def unknown(self, first: int) -> Operator:
        """An operator that is none of ours: the pipe goes on after it."""
        kind = self.kinds[first]
        if kind in CLOSERS:
            raise SyntaxFault(first, "an operator")
        last = first
        while self.texts[last + 1] == "-" and not self.trivia[last + 1] and not self.trivia[last + 2]:
            last += 2
        self.record_at(first, last, "an operator", "operator" if kind == IDENTIFIER else "syntax")
        self.pos = first + 1
        self.skip_to("|", ";")
        return self.skipped(first)

    def skipped(self, first: int) -> ast.Unknown:
        end = max(self.starts[first], self.end)
        text = self.source[self.starts[first] : end]
        keyword = text.split(None, 1)[0] if text.split() else ""
        return ast.Unknown(keyword, text, self.starts[first], end)

    # ---------------------------------------------------------------- the operators

    def as_(self) -> Operator:
        start = self.begin()
        options = self.options(equals=True)
        return ast.As(self.name(), options, start, self.end)

    def assert_schema(self) -> Operator:
        start = self.begin()
        return ast.AssertSchema(self.row_schema(), start, self.end)

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

    def evaluate(self) -> Operator:
        start = self.begin()
        options = self.options()
        at = self.starts[self.pos]
        name = self.name()
        call = self.call(name, at)
        if not self.take(":"):
            return ast.Evaluate(call, None, False, options, start, self.end)
        self.need("(")
        self.take(",")
        open_ = self.take("*")
        self.take(",")
        columns: list[ast.TypedColumn] = []
        while self.kinds[self.pos] != ")":
            columns.append(self.typed_column())
            if not self.take(","):
                break
        self.need(")")
        return ast.Evaluate(call, tuple(columns), open_, options, start, self.end)

    def execute_and_cache(self) -> Operator:
        start = self.begin()
        return ast.ExecuteAndCache(start, self.end)

    def extend(self) -> Operator:
        start = self.begin()
        return ast.Extend(self.items(), start, self.end)

    def facet(self) -> Operator:
        start = self.begin()
        self.need("by")
        names = [self.simple_path()]
        while self.take(","):
            names.append(self.simple_path())
        query = None
        if self.take("with"):
            if self.take("("):
                query = self.sub_pipe()
                self.need(")")
            else:
                at = self.starts[self.pos]
                query = Pipe(None, (self.required_operator(),), at, self.end)
        return ast.Facet(tuple(names), query, start, self.end)

    def where(self) -> Operator:
        start = self.begin()
        options = self.options(equals=True) if self.kinds[self.pos + 1] in ("=", ".") else ()
        return ast.Where(self.item(), options, start, self.ends[self.pos - 1])

    def find(self) -> Operator:
        start = self.begin()
        self._data_scope()
        options = self.options()
        tables = self._in_tables()
        if options or tables:
            self.need("where")
        else:
            self.take("where")
        predicate = self.expression()
        columns: tuple[Expr, ...] = ()
        away: tuple[Expr, ...] = ()
        smart = False
        if self.take("project"):
            columns = self._find_columns()
        elif self.take("project-smart"):
            smart = True
        if self.take("__projectAway"):
            away = self._find_columns()
        return ast.Find(predicate, tables, columns, away, smart, options, start, self.end)

    def _data_scope(self) -> None:
        if self.take("datascope"):
            self.need("=")
            self.word("all", "hotcache")

    def _in_tables(self) -> tuple[Expr, ...]:
        if not self.take("in"):
            return ()
        self.need("(")
        tables = [self._find_table()]
        while self.take(","):
            tables.append(self._find_table())
        self.need(")")
        return tuple(tables)

    def _find_table(self) -> Expr:
        start = self.starts[self.pos]
        table = self.entity()
        if not isinstance(table, Name) or not self.take("|"):
            return table
        if self.kinds[self.pos] != "as":
            raise SyntaxFault(self.pos, "'as'")
        return Pipe(table, (self.as_(),), start, self.end)

    def _find_columns(self) -> tuple[Expr, ...]:
        found = [self._find_column()]
        while self.take(","):
            found.append(self._find_column())
        return tuple(found)

    def _find_column(self) -> Expr:
        start = self.starts[self.pos]
        if self.kinds[self.pos] == "pack":
            name = self.name()
            self.need("(")
            self.need("*")
            self.need(")")
            return ast.Call(name, (ast.Star(self.starts[self.pos - 2], self.ends[self.pos - 2]),), start, self.end)
        if self.take("*"):
            return ast.Star(start, self.end)
        name = self.name()
        if not self.take(":"):
            return name
        return ast.TypedColumn(name, self.type_of_any(), start, self.end)

    def fork(self) -> Operator:
        start = self.begin()
        branches: list[ast.ForkBranch] = []
        while self.kinds[self.pos] == "(" or not branches or self.name_length(self.pos):
            at = self.starts[self.pos]
            name = None
            if self.kinds[self.pos] != "(":
                name = self.name()
                self.need("=")
            self.need("(")
            query = self.sub_pipe(or_query=True)
            self.need(")")
            branches.append(ast.ForkBranch(name, query, at, self.end))
        return ast.Fork(tuple(branches), start, self.end)

    def get_schema(self) -> Operator:
        start = self.begin()
        options: tuple[Option, ...] = ()
        if self.kinds[self.pos] == "kind" and self.kinds[self.pos + 1] == "=":
            options = (self.option("kind", 1, {}),)
        return ast.GetSchema(options, start, self.end)

    def invoke(self) -> Operator:
        start = self.begin()
        at = self.starts[self.pos]
        call: Expr = self.call(self.name(), at)
        while self.kinds[self.pos] == ".":
            self.pos += 1
            inner = self.starts[self.pos]
            member = self.call(self.name(), inner)
            call = ast.Path(call, member, at, self.end)
        return ast.Invoke(call, start, self.end)

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

    def _expanded(self) -> tuple[ast.ExpandItem, ...]:
        found: list[ast.ExpandItem] = []
        while True:
            at = self.starts[self.pos]
            item = self.item()
            type_ = self.type_of() if self.take("to") else None
            found.append(ast.ExpandItem(item, type_, at, self.end))
            if not self.take(","):
                return tuple(found)

    def mv_expand(self) -> Operator:
        start = self.begin()
        options = self.options(equals=True)
        items = self._expanded()
        limit = self.expression() if self.take("limit") else None
        return ast.MvExpand(items, limit, options, start, self.end)

    def mv_apply(self) -> Operator:
        start = self.begin()
        options = self.options(equals=True)
        items = self._expanded()
        limit = self.expression() if self.take("limit") else None
        id_ = self.expression() if self.take("id") else None
        self.need("on")
        query = self._contextual()
        return ast.MvApply(items, query, limit, id_, options, start, self.end)

    def _contextual(self) -> Pipe:
        """`( operator | ... )`, or with a contextual table in front."""
        self.need("(")
        start = self.starts[self.pos]
        if self.kinds[self.pos] == "__contextual_datatable":
            source = self.contextual_table()
            operators: list[Operator] = []
            self.rest_of_pipe(operators)
            query = Pipe(source, tuple(operators), start, self.end)
        else:
            query = self.sub_pipe()
        self.need(")")
        return query

    def parse(self) -> Operator:
        keyword = self.kinds[self.pos]
        start = self.begin()
        options = self.options(OWN["parse"], equals=True)
        source = self.expression()
        self.need("with")
        parts: list[ast.Literal | ast.Star | Name | ast.TypedColumn] = []
        while True:
            kind = self.kinds[self.pos]
            at = self.starts[self.pos]
            if kind == "*":
                self.pos += 1
                parts.append(ast.Star(at, self.end))
            elif kind == STRING:
                parts.append(self.strings())
            elif self.name_length(self.pos, DECLARED_NAMES):
                name = self.name(DECLARED_NAMES)
                if self.take(":"):
                    parts.append(ast.TypedColumn(name, self.type_name(), at, self.end))
                else:
                    parts.append(name)
            elif kind not in CLOSERS:
                raise SyntaxFault(self.pos, "a string, a name or '*'")
            else:
                return ast.Parse(keyword, source, tuple(parts), options, start, self.end)

    def parse_kv(self) -> Operator:
        start = self.begin()
        source = self.expression()
        self.need("as")
        columns = self.row_schema()
        options = self._with_options("parse-kv") if self.take("with") else ()
        return ast.ParseKv(source, columns, options, start, self.end)

    def _with_options(self, owner: str, known: bool = False) -> tuple[Option, ...]:
        """`( name=value, ... )` with the names `owner` takes."""
        self.need("(")
        self.take(",")
        found = self._option_list(owner, known)
        self.need(")")
        return found

    def _option_list(self, owner: str, known: bool) -> tuple[Option, ...]:
        own = OWN[owner]
        found: list[Option] = []
        while self.kinds[self.pos] not in CLOSERS or found:
            name, length = self.option_name(own, known)
            if not length:
                raise SyntaxFault(self.pos, "an option: " + ", ".join(sorted(own)))
            found.append(self.option(name, length, own))
            if not self.take(","):
                break
        return tuple(found)

    def partition(self) -> Operator:
        start = self.begin()
        options = self.options()
        self.need("by")
        by = self.simple_path()
        scope: Expr | None = None
        if self.take("in"):
            if self.kinds[self.pos] == "dynamic":
                scope = self.dynamic()
            else:
                at = self.starts[self.pos]
                scope = self.call(self.name(), at)
        braces = self.take("{")
        query: Expr
        if braces:
            query = self.tabular()
            self.need("}")
        else:
            self.need("(")
            query = self.sub_pipe()
            self.need(")")
        return ast.Partition(by, query, scope, None, braces, options, start, self.end)

    def partition_by(self) -> Operator:
        start = self.begin()
        options = self.options()
        by = self.simple_path()
        id_: Expr | None = None
        if self.take("id"):
            id_ = self.literal()
            if id_ is None:
                raise SyntaxFault(self.pos, "a literal")
        query = self._contextual()
        return ast.Partition(by, query, None, id_, False, options, start, self.end)

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

    def reduce(self) -> Operator:
        start = self.begin()
        options = self.options()
        self.need("by")
        by = self.item()
        if self.take("with"):
            options += self._option_list("reduce-with", True)
        return ast.Reduce(by, options, start, self.end)

    def render(self) -> Operator:
        start = self.begin()
        chart = self.texts[self.pos]
        if chart not in CHARTS and self.kinds[self.pos] != IDENTIFIER:
            raise SyntaxFault(self.pos, "a chart: " + ", ".join(sorted(CHARTS)))
        self.pos += 1
        own = OWN["render-with"]
        options: list[Option] = []
        while True:
            kind, after = self.texts[self.pos], self.kinds[self.pos + 1]
            at = self.starts[self.pos]
            if kind in ("kind", "title", "accumulate") and after == "=":
                options.append(self.option(kind, 1, own))
            elif kind == "with" and after != "(":
                self.pos += 1
                value = self.literal() or self.name()
                options.append(Option("with", value, at, self.end))
            elif kind == "by":
                self.pos += 1
                options.append(Option("by", self.name_list({"with": 0, "title": 0, "accumulate": 0}), at, self.end))
            else:
                break
        if self.take("with"):
            options.extend(self._with_options("render-with"))
        return ast.Render(chart, tuple(options), start, self.end)

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

    def scan(self) -> Operator:
        start = self.begin()
        options = self.options()
        order: tuple[Expr, ...] = ()
        if self.take("order"):
            self.need("by")
            order = self.ordered_list()
        partition: tuple[Expr, ...] = ()
        if self.take("partition"):
            self.need("by")
            partition = self.expressions()
        declared: list[ast.ScanDeclaration] = []
        if self.take("declare"):
            self.need("(")
            while self.kinds[self.pos] != ")" or declared:
                at = self.starts[self.pos]
                column = self.typed_column()
                default = self.default_value() if self.take("=") else None
                declared.append(ast.ScanDeclaration(column, default, at, self.end))
                if not self.take(","):
                    break
            self.need(")")
        self.need("with")
        self.need("(")
        steps: list[ast.ScanStep] = []
        while self.kinds[self.pos] == "step":
            steps.append(self._scan_step())
        if self.kinds[self.pos] != ")":
            raise SyntaxFault(self.pos, "'step' or ')'")
        self.pos += 1
        return ast.Scan(tuple(steps), tuple(declared), order, partition, options, start, self.end)

    def _scan_step(self) -> ast.ScanStep:
        start = self.begin()
        name = self.name(DECLARED_NAMES)
        optional = self.take("optional")
        output = ""
        if self.take("output"):
            self.need("=")
            output = self.word("all", "last", "none")
        self.need(":")
        condition = self.expression()
        assignments: list[Expr] = []
        if self.take("=>"):
            while True:
                at = self.pos
                column = self.name(DECLARED_NAMES)
                self.need("=")
                value = self.expression()
                assignments.append(ast.NamedExpr((column,), value, self.starts[at], self.end))
                if not self.take(","):
                    break
        self.need(";")
        return ast.ScanStep(name, condition, tuple(assignments), optional, output, start, self.end)

    def search(self) -> Operator:
        start = self.begin()
        options = self.options(equals=True)
        self._data_scope()
        tables = self._in_tables()
        at = self.pos
        predicate: Expr
        if self.kinds[at] == "*" and self.kinds[at + 1] in CLOSERS:
            self.pos += 1
            predicate = ast.Star(self.starts[at], self.end)
        elif self.kinds[at] == "*" and self.kinds[at + 1] == "and":
            self.pos += 2
            star = ast.Star(self.starts[at], self.ends[at])
            rest = self.expression()
            predicate = ast.AndChain((star, rest), star.start, self.end)
        else:
            predicate = self.expression()
        return ast.Search(predicate, tables, options, start, self.end)

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

    def ordered_list(self) -> tuple[Expr, ...]:
        keys = [self.ordered()]
        while self.take(","):
            keys.append(self.ordered())
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

    def summarize(self) -> ast.Summarize:
        start = self.begin()
        kinds = self.kinds
        options = self.options(equals=True)
        aggregates: tuple[Expr, ...] = ()
        if kinds[self.pos] != "by":
            aggregates = self.items(required=False)
        by: list[Expr] = []
        width: Expr | None = None
        if self.take("by"):
            by.append(self.item())
            while True:
                if kinds[self.pos] == "bin" and kinds[self.pos + 1] == "=" and kinds[self.pos + 2][0] == _LITERAL_START:
                    self.pos += 2
                    width = self.expression()
                    break
                if kinds[self.pos] != ",":
                    break
                self.pos += 1
                by.append(self.item())
        return ast.Summarize(aggregates, tuple(by), options, width, start, self.ends[self.pos - 1])

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

    def macro_expand(self) -> Operator:
        start = self.begin()
        options = self.options(OWN["union"], equals=True)
        entities: Expr
        if self.kinds[self.pos] == "entity_group":
            entities = self.entity_group()
        elif self.texts[self.pos] in ("cluster", "database") and self.kinds[self.pos + 1] == "(":
            entities = self.entity()
        else:
            entities = self.name()
        name = self.name() if self.take("as") else None
        self.need("(")
        statements = self.statements_in_parens()
        self.need(")")
        return ast.MacroExpand(entities, name, statements, options, start, self.end)

    def entity_group(self) -> Expr:
        start = self.starts[self.pos]
        if self.kinds[self.pos + 1] == "(":
            return self.primary()
        self.pos += 1
        self.need("[")
        items = self.expressions()
        self.need("]")
        return ast.EntityGroup(items, start, self.end)

    def statements_in_parens(self) -> tuple[ast.Statement, ...]:
        """The statements of a macro-expand."""
        raise AssertionError("given by Statements")

    def default_value(self) -> Expr:
        """What may stand after `=` of a parameter: a literal or a word."""
        value = self.literal()
        return value if value is not None else self.name(NAMES)


# keyword: how it is read
OPERATORS: dict[str, Callable[[Operators], Operator]] = {
    "as": Operators.as_,
    "assert-schema": Operators.assert_schema,
    "consume": Operators.consume,
    "count": Operators.count,
    "distinct": Operators.distinct,
    "evaluate": Operators.evaluate,
    "__executeAndCache": Operators.execute_and_cache,
    "extend": Operators.extend,
    "facet": Operators.facet,
    "filter": Operators.where,
    "find": Operators.find,
    "fork": Operators.fork,
    "getschema": Operators.get_schema,
    "graph-mark-components": Operators.graph_mark_components,
    "graph-match": Operators.graph_match,
    "graph-shortest-paths": Operators.graph_match,
    "graph-to-table": Operators.graph_to_table,
    "graph-where-edges": Operators.graph_where,
    "graph-where-nodes": Operators.graph_where,
    "invoke": Operators.invoke,
    "join": Operators.join,
    "limit": Operators.take_,
    "lookup": Operators.join,
    "macro-expand": Operators.macro_expand,
    "make-graph": Operators.make_graph,
    "make-series": Operators.make_series,
    "mv-apply": Operators.mv_apply,
    "mv-expand": Operators.mv_expand,
    "mvapply": Operators.mv_apply,
    "mvexpand": Operators.mv_expand,
    "order": Operators.sort,
    "parse": Operators.parse,
    "parse-kv": Operators.parse_kv,
    "parse-where": Operators.parse,
    "partition": Operators.partition,
    "__partitionby": Operators.partition_by,
    "print": Operators.print_,
    "project": Operators.project,
    "project-away": Operators.project_patterns,
    "project-by-names": Operators.project_by_names,
    "project-keep": Operators.project_patterns,
    "project-rename": Operators.project,
    "project-reorder": Operators.project_patterns,
    "range": Operators.range_,
    "reduce": Operators.reduce,
    "render": Operators.render,
    "sample": Operators.sample,
    "sample-distinct": Operators.sample_distinct,
    "scan": Operators.scan,
    "search": Operators.search,
    "serialize": Operators.serialize,
    "sort": Operators.sort,
    "summarize": Operators.summarize,
    "take": Operators.take_,
    "top": Operators.top,
    "top-hitters": Operators.top_hitters,
    "top-nested": Operators.top_nested,
    "union": Operators.union,
    "where": Operators.where,
}
_LISTS = frozenset(
    [
        "distinct",
        "extend",
        "print",
        "project",
        "project-away",
        "project-by-names",
        "project-keep",
        "project-rename",
        "project-reorder",
        "serialize",
        "sort",
        "order",
        "summarize",
        "union",
        "mv-expand",
        "mvexpand",
    ]
)

