"""Tabular operators: what follows a `|`, and the pipe of them. One method per operator, found by its keyword.

Recovery: a fault inside an operator is kept, the rest of it skipped up to the next `|`, and the pipe goes on.
"""

from __future__ import annotations

from collections.abc import Callable

from . import syntax as ast
from .parser_base import CLOSERS, NAMES, SyntaxFault
from .parser_special import CHARTS, SpecialOperators
from .syntax import Expr, Operator, Pipe
from .tokens import END, IDENTIFIER, NAME_KEYWORDS


class Operators(SpecialOperators):
    """The pipe and its operators."""

    __slots__ = ()

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
            return self.kinds[after] == "by" or (kind != "facet" and bool(self.option_name({}, True, 1)[1]))
        if kind == "evaluate":
            return self.name_length(after) > 0 or bool(self.option_name({}, True, 1)[1])
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
            if kind not in OPERATORS or (self.kinds[first + 1] == "-" and self.runs_on(first)):
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
            if self.kinds[self.pos] == END:
                self.resume(max(fault.index, first))
            return self.skipped(first)

    def runs_on(self, first: int) -> bool:
        """Whether a keyword with a hyphen goes on as a name: `project-awayx`."""
        if not self.adjacent(self.texts[first], "-", self.texts[first + 2]):
            return False
        word = f"{self.kinds[first]}-{self.texts[first + 2]}"
        return any(word.startswith(known) for known in OPERATORS if known.startswith(f"{self.kinds[first]}-"))

    def resume(self, at: int) -> None:
        """After a bracket that is never closed: go on at the next `|` that begins a line, or at the next `;`."""
        while (kind := self.kinds[at]) != END:
            if kind == ";" or (kind == "|" and "\n" in self.trivia[at]):
                break
            at += 1
        self.pos = at

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
