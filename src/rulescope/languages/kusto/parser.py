"""Kusto text to its syntax tree, with every fault of the text.

    script = parse_text("SigninLogs | where ResultType == 0 | take 10")
    script.statements, script.faults

A fault does not stop the parse: it goes on at the next operator or statement. What is accepted is what Microsoft's parser
accepts; nesting of more than `MAX_DEPTH` brackets is a fault here.
"""

from __future__ import annotations

from bisect import bisect_right

from . import syntax as ast
from .parser_base import DECLARED_NAMES, MANY_BRACKETS, MAX_CHAIN, MAX_DEPTH, MAX_TREE, SyntaxFault
from .parser_operators import Operators
from .syntax import Expr, Script, Statement
from .tokens import DIRECTIVE, END, Tokens

_OPENERS = frozenset("([{")
_CLOSING = frozenset(")]}")


def parse_text(text: str, path: str = "", line: int = 1) -> Script:
    """The syntax tree of `text`; `path` and `line` (of its first line) are where faults say they are.

    Never raises for what stands in the text: look at `script.faults`. An empty text has no statements and no faults.
    """
    tokens = Tokens(text)
    parser = _Statements(tokens, path, line)
    depth, too_deep = _nesting(tokens.kinds)
    if too_deep is not None:
        parser.record(SyntaxFault(too_deep, f"at most {MAX_DEPTH} nested brackets"))
        return Script(text, (), tuple(parser.faults), tuple(parser.fault_kinds))
    statements = parser.script()
    if (parser.chain > MAX_CHAIN or depth > MANY_BRACKETS) and (deep := _depth_fault(statements)) is not None:
        parser.record(SyntaxFault(bisect_right(tokens.starts, deep) - 1, f"at most {MAX_TREE} nested expressions"))
    if len(parser.faults) > 1:
        order = sorted(range(len(parser.faults)), key=lambda index: parser.faults[index].span.start)
        parser.faults = [parser.faults[index] for index in order]
        parser.fault_kinds = [parser.fault_kinds[index] for index in order]
    return Script(text, statements, tuple(parser.faults), tuple(parser.fault_kinds))


def _nesting(kinds: list[str]) -> tuple[int, int | None]:
    """How deep brackets nest (0 when there are few), and the index of the first that is nested too deep, if any."""
    if kinds.count("(") + kinds.count("[") + kinds.count("{") <= MANY_BRACKETS:
        return 0, None
    depth = deepest = 0
    for index, kind in enumerate(kinds):
        if kind in _OPENERS:
            depth += 1
            if depth > deepest:
                deepest = depth
                if depth > MAX_DEPTH:
                    return depth, index
        elif kind in _CLOSING and depth:
            depth -= 1
    return deepest, None


def _depth_fault(statements: tuple[Statement, ...]) -> int | None:
    """Where an expression is that is nested deeper than readers of the tree may recurse, if there is one."""
    stack: list[tuple[object, int]] = [(statement, 1) for statement in statements]
    while stack:
        node, depth = stack.pop()
        if isinstance(node, tuple):
            stack.extend((part, depth) for part in node)
        elif isinstance(node, ast.Node):
            if depth > MAX_TREE:
                return int(node.start)  # type: ignore[attr-defined]
            stack.extend((getattr(node, field), depth + 1) for field in node.__struct_fields__)
    return None


class _Statements(Operators):
    """Statements and the script of them."""

    __slots__ = ()

    def script(self) -> tuple[Statement, ...]:
        """All statements up to the end of the text."""
        statements: list[Statement] = []
        while self.kinds[self.pos] == DIRECTIVE:
            self.pos += 1
        if self.kinds[self.pos] == ".":
            self.record_at(self.pos, self.pos + 1, "a query, not a management command")
            return ()
        while self.kinds[self.pos] != END:
            first = self.pos
            try:
                statements.append(self.statement())
                if self.kinds[self.pos] not in (";", END):
                    self._between(statements)
            except SyntaxFault as fault:
                self.record(fault)
                self.pos = max(self.pos, first)
                self._recover()
                statements.append(ast.Error(self.starts[first], max(self.starts[first], self.end)))
            if not self.take(";") and self.kinds[self.pos] != END and self.pos == first:
                self.pos += 1
        return tuple(statements)

    def _between(self, statements: list[Statement]) -> None:
        """What follows a statement is not its end: say so, and go on with the operators after it, if any."""
        self.record(SyntaxFault(self.pos, "';' or '|'"))
        while self.kinds[self.pos] not in (";", END):
            self._recover()
            if self.kinds[self.pos] == "|":
                operators: list[ast.Operator] = []
                self.rest_of_pipe(operators)
                last = statements[-1]
                if isinstance(last, ast.QueryStatement):
                    statements[-1] = _longer(last, operators, self.end)

    def _recover(self) -> None:
        """Step on to the next `|` or `;` outside of brackets; brackets that close nothing are passed."""
        self.skip_to("|", ";")
        while self.kinds[self.pos] in _CLOSING:
            self.pos += 1
            self.skip_to("|", ";")

    def statement(self) -> Statement:
        pos = self.pos
        kind = self.kinds[pos]
        after = self.kinds[pos + 1] if kind != END else END
        start = self.starts[pos]
        if kind == "let" and (self.name_length(pos + 1) or "=" in (after, self.kinds[pos + 2])):
            return self.let()
        if kind == "set":
            return self.set_option()
        if kind == "declare" and after == "pattern":
            return self.declare_pattern()
        if kind == "declare" and after == "query_parameters":
            return self.declare_parameters()
        if kind == "alias" and after == "database":
            return self.alias()
        if kind == "restrict" and after == "access":
            return self.restrict()
        query = self.tabular()
        return ast.QueryStatement(query, start, self.end)

    def statements_in_parens(self) -> tuple[Statement, ...]:
        found: list[Statement] = []
        while self.kinds[self.pos] != ")":
            found.append(self.statement())
            if not self.take(";"):
                break
        return tuple(found)

    def let(self) -> ast.Let:
        start = self.begin()
        name = self.name()
        self.need("=")
        kind = self.kinds[self.pos]
        value: Expr
        if kind == "materialize":
            at = self.begin()
            self.need("(")
            query = self.tabular()
            self.need(")")
            value = ast.Materialize(query, at, self.end)
        elif kind == "entity_group":
            value = self.entity_group()
        elif self._function_here():
            value = self.function()
        else:
            value = self.tabular()
        return ast.Let(name, value, start, self.end)

    def _function_here(self) -> bool:
        pos = self.pos + (1 if self.kinds[self.pos] == "view" else 0)
        if self.kinds[pos] != "(":
            return False
        if self.kinds[pos + 1] in (")", "*"):
            return True
        length = self.name_length(pos + 1, DECLARED_NAMES)
        return length > 0 and self.kinds[pos + 1 + length] == ":"

    def function(self) -> ast.Function:
        start = self.starts[self.pos]
        view = self.take("view")
        parameters = self.parameters()
        body = self.body()
        return ast.Function(parameters, body, view, start, self.end)

    def parameters(self, required: bool = False) -> tuple[ast.FunctionParameter, ...]:
        """`(name: type = default, ...)`."""
        self.need("(")
        found: list[ast.FunctionParameter] = []
        while self.kinds[self.pos] != ")" or found or required:
            found.append(self.parameter())
            if not self.take(","):
                break
        self.need(")")
        return tuple(found)

    def parameter(self) -> ast.FunctionParameter:
        start = self.starts[self.pos]
        name = self.name(DECLARED_NAMES)
        self.need(":")
        columns: tuple[ast.TypedColumn, ...] | None = None
        type_ = ""
        open_ = False
        if self.kinds[self.pos] == "(":
            if self.kinds[self.pos + 1] == "*":
                self.pos += 2
                self.need(")")
                columns, open_ = (), True
            else:
                columns = self._columns()
        else:
            type_ = self.type_name()
        default = self.default_value() if self.take("=") else None
        return ast.FunctionParameter(name, type_, default, columns, open_, start, self.end)

    def _columns(self) -> tuple[ast.TypedColumn, ...]:
        self.need("(")
        columns: list[ast.TypedColumn] = []
        while self.kinds[self.pos] != ")":
            columns.append(self.typed_column())
            if not self.take(","):
                break
        self.need(")")
        return tuple(columns)

    def body(self, declare: bool = True) -> tuple[Statement, ...]:
        """`{ let ...; query }`."""
        self.need("{")
        found: list[Statement] = []
        while True:
            kind = self.kinds[self.pos]
            if kind == "let":
                found.append(self.let())
            elif kind == "declare" and declare:
                found.append(self.declare_parameters())
            else:
                break
            self.need(";")
        if self.kinds[self.pos] not in ("}", ";"):
            start = self.starts[self.pos]
            query = self.tabular()
            found.append(ast.QueryStatement(query, start, self.end))
        self.take(";")
        self.need("}")
        return tuple(found)

    def set_option(self) -> ast.SetOption:
        start = self.begin()
        name = self.name()
        value = self.expression() if self.take("=") else None
        return ast.SetOption(name, value, start, self.end)

    def declare_parameters(self) -> ast.DeclareParameters:
        start = self.begin()
        self.need("query_parameters")
        return ast.DeclareParameters(self.parameters(required=True), start, self.end)

    def declare_pattern(self) -> ast.DeclarePattern:
        start = self.begin()
        self.pos += 1
        name = self.name()
        parameters: list[ast.TypedColumn] = []
        path: ast.TypedColumn | None = None
        cases: list[ast.PatternCase] = []
        if self.take("="):
            self.need("(")
            while self.kinds[self.pos] != ")":
                parameters.append(self.typed_column())
                if not self.take(","):
                    break
            self.need(")")
            if self.take("["):
                path = self.typed_column()
                self.need("]")
            self.need("{")
            while True:
                cases.append(self._pattern_case())
                if self.kinds[self.pos] != "(":
                    break
            self.need("}")
        return ast.DeclarePattern(name, tuple(parameters), path, tuple(cases), start, self.end)

    def _pattern_case(self) -> ast.PatternCase:
        start = self.starts[self.pos]
        self.need("(")
        args = self.expressions()
        self.need(")")
        path: ast.Literal | None = None
        if self.take("."):
            self.need("[")
            found = self.literal()
            if found is None:
                raise SyntaxFault(self.pos, "a literal")
            path = found if isinstance(found, ast.Literal) else None
            self.need("]")
        self.need("=")
        body = self.body(declare=False)
        self.need(";")
        return ast.PatternCase(args, path, body, start, self.end)

    def alias(self) -> ast.Alias:
        start = self.begin()
        self.pos += 1
        name = self.name()
        self.need("=")
        return ast.Alias(name, self.expression(), start, self.end)

    def restrict(self) -> ast.Restrict:
        start = self.begin()
        self.need("access")
        self.need("to")
        self.need("(")
        items = [self.entity()]
        while self.take(","):
            items.append(self.entity())
        self.need(")")
        options = self.properties() if self.kinds[self.pos] == "with" else ()
        return ast.Restrict(tuple(items), options, start, self.end)


def _longer(statement: ast.QueryStatement, operators: list[ast.Operator], end: int) -> ast.QueryStatement:
    """`statement` with `operators` after its own."""
    query = statement.query
    if isinstance(query, ast.Pipe):
        pipe = ast.Pipe(query.source, (*query.operators, *operators), query.start, end)
    else:
        pipe = ast.Pipe(query, tuple(operators), statement.start, end)
    return ast.QueryStatement(pipe, statement.start, end)
