"""Operators with a grammar of their own: search, parse, scan, render, partition, ... One method per operator."""

from __future__ import annotations

from . import syntax as ast
from .parser_base import CLOSERS, DECLARED_NAMES, NAMES, SyntaxFault
from .parser_options import OWN
from .parser_rows import RowOperators
from .syntax import Expr, Name, Operator, Option, Pipe
from .tokens import IDENTIFIER, STRING

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


_SCAN_CLAUSES = ("partition", "order", "by", "declare", "with")


class SpecialOperators(RowOperators):
    """The operators that are more than a list of columns."""

    __slots__ = ()

    def required_operator(self) -> Operator:
        """The operator after a `|`."""
        raise AssertionError("given by Operators")

    def rest_of_pipe(self, operators: list[Operator]) -> None:
        """The operators after this one, each with its `|`."""
        raise AssertionError("given by Operators")

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
        while not isinstance(found[-1], ast.Call) and self.take(","):  # pack(*) is the last
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

    def reduce(self) -> Operator:
        start = self.begin()
        options = self.options()
        self.need("by")
        by = self.item()
        if self.take("with"):
            options += self._option_list("reduce-with", True)
        return ast.Reduce(by, options, start, self.end)

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

    def scan(self) -> Operator:
        start = self.begin()
        options = self.options()
        order: tuple[Expr, ...] = ()
        if self.take("order"):
            self.need("by")
            order = self.ordered_list(*_SCAN_CLAUSES)
        partition: tuple[Expr, ...] = ()
        if self.take("partition"):
            self.need("by")
            self.not_at(*_SCAN_CLAUSES)
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

    def default_value(self) -> Expr:
        """What may stand after `=` of a parameter: a literal or a word."""
        value = self.literal()
        return value if value is not None else self.name(NAMES)

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

    def get_schema(self) -> Operator:
        start = self.begin()
        options: tuple[Option, ...] = ()
        if self.kinds[self.pos] == "kind" and self.kinds[self.pos + 1] == "=":
            options = (self.option("kind", 1, {}),)
        return ast.GetSchema(options, start, self.end)

    def execute_and_cache(self) -> Operator:
        start = self.begin()
        return ast.ExecuteAndCache(start, self.end)

    def assert_schema(self) -> Operator:
        start = self.begin()
        return ast.AssertSchema(self.row_schema(), start, self.end)
