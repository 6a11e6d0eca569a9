"""Queries as readable Kusto: one stage a line, and in the long style one condition a line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import model as m
from ...errors import UnsupportedError
from . import write_graph as graph
from .write_expr import ADDED, AND, COMPARED, NAME, OR, PRIMARY, RESERVED, ExprWriter, name, pattern, string
from .write_options import assigned, bare_list, hints

WIDTH = 110
INDENT = "    "


def write(query: m.Query, style: str = "long") -> str:
    """`query` as Kusto text; read back, it has an equal normal outline.

    style: "long" has one stage a line and one condition a line, "short" is all on one line.
    Raises UnsupportedError for what Kusto cannot say: see `expressible`, which rewrites what it can say otherwise.
    """
    writer = _Writer(style == "long")
    return writer.script(query)


class _Writer:
    """Writes one query; `functions` are the let functions still to be written before the statement at hand."""

    def __init__(self, long: bool, taken: set[str] | None = None) -> None:
        self.long = long
        self.expr = ExprWriter(self.flat)
        self.functions: list[str] = []
        self.taken = taken if taken is not None else set()

    # -------------------------------------------------------- statements

    def script(self, query: m.Query) -> str:
        self.taken.update(let.name for let in m.expressions(query, m.Let))
        self.taken.update(scan.table for scan in m.expressions(query, m.Scan))
        lines: list[str] = []
        for let in query.lets:
            text = self._let(let)
            lines.extend(self._pending())
            lines.append(text)
        if not query.stages:  # a text of lets only
            lines[:0] = [f"let {name(p.name)} = {p.text};" for p in query.parameters if " " not in p.name]
            return ("\n" if self.long else " ").join(lines)
        last = query.stages[-1]
        more = last.queries if isinstance(last, m.Batch) else ()
        body = self.pipeline(query.stages[:-1] if more else query.stages, "")
        lines.extend(self._pending())
        lines.append(body + (";" if more else ""))
        if more:
            lines.append((";\n" if self.long else "; ").join(self.script(each) for each in more))
        return ("\n" if self.long else " ").join(lines)

    def _pending(self) -> list[str]:
        found, self.functions = self.functions, []
        return found

    def _let(self, let: m.Let) -> str:
        if let.result:
            return f"{self.pipeline((*let.query.stages, m.As(let.name)), '')};"
        if let.query.lets or let.view:
            return f"let {name(let.name)} = view () {self._block(let.query)};"
        inner = self.pipeline(let.query.stages, INDENT)
        if let.materialized:
            return f"let {name(let.name)} = materialize({self._indented(inner)});"
        if not self.long or "\n" not in inner:
            return f"let {name(let.name)} = {inner};"
        return f"let {name(let.name)} =\n{INDENT}{inner};"

    def _indented(self, text: str, indent: str = "") -> str:
        """A text over several lines between brackets."""
        return f"\n{indent}{INDENT}{text}\n{indent}" if "\n" in text else text

    def _block(self, query: m.Query) -> str:
        """`{ lets; query }`."""
        text = _Writer(self.long, self.taken).script(query)
        if not self.long:
            return f"{{ {text} }}"
        return "{\n" + "\n".join(f"{INDENT}{line}" if line else line for line in text.split("\n")) + "\n}"

    # -------------------------------------------------------- pipelines

    def flat(self, query: m.Query) -> str:
        """A subquery on one line."""
        kept, self.long = self.long, False
        try:
            return self.nested(query, "")
        finally:
            self.long = kept

    def nested(self, query: m.Query, indent: str) -> str:
        """A query inside another: its lets, when it has any, need a function of their own."""
        if query.lets:
            return self._function(query, "rows")
        return self.pipeline(query.stages, indent)

    def table(self, query: m.Query, indent: str) -> str:
        """A table of a union, join or graph: bare when it is only a name."""
        single = query.stages[0] if len(query.stages) == 1 and not query.lets else None
        if isinstance(single, m.Scan | m.TableCall) or (isinstance(single, m.Nested) and single.name):
            return self.pipeline(query.stages, "")
        if query.lets:
            return self.nested(query, "")
        return f"({self._indented(self.nested(query, indent + INDENT), indent)})"

    def pipeline(self, stages: tuple[m.Step, ...], indent: str) -> str:
        """Stages with `|` between them; lines after the first begin with `indent`."""
        written: list[str] = []
        for number, stage in enumerate(stages):
            if isinstance(stage, m.Scan) and not stage.table and number == 0 and not stage.logsource:
                continue
            written.append(self._stage(stage, indent, number == 0))
        if not written:
            raise UnsupportedError("kusto", "a query without stages")
        return (f"\n{indent}| " if self.long else " | ").join(written)

    def _function(self, query: m.Query, wanted: str) -> str:
        """A call of a new let function whose body is `query`."""
        called = wanted if NAME.fullmatch(wanted) and wanted not in RESERVED else "rows"
        number = 2
        while called in self.taken:
            called = f"{wanted}_{number}"
            number += 1
        self.taken.add(called)
        self.functions.append(f"let {called} = () {self._block(query)};")
        return f"{called}()"

    def _stage(self, stage: m.Step, indent: str, first: bool) -> str:
        write_stage = _STAGES.get(type(stage))
        if write_stage is None:
            keyword = getattr(stage, "keyword", type(stage).__name__)
            raise UnsupportedError("kusto", str(keyword), stage.span)
        return write_stage(self, stage, indent).replace(" \n", "\n")

    # -------------------------------------------------------- layout

    def predicate(self, expr: m.Expr, indent: str) -> str:
        """A condition: long ones have one term a line."""
        flat = self.expr.text(expr)
        if not self.long or (len(flat) < 60 and not isinstance(expr, m.And)):
            return flat
        return self._broken(expr, indent)

    def _broken(self, expr: m.Expr, indent: str) -> str:
        inner = indent + INDENT
        match expr:
            case m.And(terms) if len(terms) > 1:
                parts = self._parts(terms, AND, inner)
                return f"\n{inner}and ".join(parts)
            case m.Or(terms) if len(terms) > 1:
                parts = self._parts(terms, OR, inner)
                return f"\n{inner}or ".join(parts)
            case m.Match(_, _, values) if len(values) > 1 and len(indent) + len(self.expr.text(expr)) > WIDTH:
                return self._long_match(expr, indent)
        return self.expr.text(expr)

    def _parts(self, terms: tuple[m.Expr, ...], place: int, indent: str) -> list[str]:
        flat = self.expr.terms(terms, place)
        if len(flat) != len(terms):
            return flat
        return [self._part(term, text, indent) for term, text in zip(terms, flat, strict=True)]

    def _part(self, term: m.Expr, flat: str, indent: str) -> str:
        """A term of a chain, broken over lines when it does not fit on one."""
        if len(indent) + len(flat) <= WIDTH:
            return flat
        match term:
            case m.And() | m.Or():
                return f"(\n{indent}{INDENT}{self._broken(term, indent)}\n{indent})"
            case m.Not(m.And() | m.Or() as inner):
                return f"not(\n{indent}{INDENT}{self._broken(inner, indent)}\n{indent})"
            case m.Match(_, _, values) if len(values) > 1:
                text = self._long_match(term, indent)
                return (
                    text if text.endswith(")") and not flat.startswith("(") else f"(\n{indent}{INDENT}{text}\n{indent})"
                )
        return flat

    def _long_match(self, match: m.Match, indent: str) -> str:
        """A list of values over several lines, or one comparison a line where there is no list form."""
        flat = self.expr.text(match, COMPARED)
        if flat.startswith("("):
            single = [self.expr.text(m.replace(match, values=(value,), every=False)) for value in match.values]
            return f"\n{indent}{INDENT}{'and' if match.every else 'or'} ".join(single)
        head, _, listed = flat.partition(" (")
        if not listed or self.expr.text(match.subject, PRIMARY).count(" (") or '"' in head:
            return flat
        values = _wrapped([self.expr.text(_literal(value)) for value in match.values], indent + INDENT)
        return f"{head} (\n{values}\n{indent})"

    def columns(self, columns: tuple[m.Column, ...], indent: str) -> str:
        """A list of columns: on one line when it fits, else one a line."""
        texts = [self.column(column) for column in columns]
        flat = ", ".join(texts)
        if not self.long or len(indent) + len(flat) < WIDTH - 20:
            return flat
        if len(texts) == 1:
            return self.column(columns[0], indent)
        texts = [self.column(column, indent + INDENT) for column in columns]
        separator = f",\n{indent}{INDENT}"
        if not any(column.names for column in columns):
            return _wrapped(texts, indent + INDENT).lstrip()
        return f"\n{indent}{INDENT}{separator.join(texts)}"

    def column(self, column: m.Column, indent: str | None = None) -> str:
        """`name = value`; where an `indent` is given, a long call has one argument a line (of `case` one pair)."""
        value = self.expr.text(column.value)
        if indent is not None and len(value) > WIDTH - 20 and isinstance(column.value, m.Call):
            value = self._long_call(column.value, value, indent)
        if not column.names:
            return value
        if len(column.names) == 1:
            return f"{name(column.names[0])} = {value}"
        return f"({', '.join(map(name, column.names))}) = {value}"

    def _long_call(self, call: m.Call, flat: str, indent: str) -> str:
        head = f"{call.name}("
        if len(call.args) < 3 or not flat.startswith(head):
            return flat
        args = [self.expr.text(arg) for arg in call.args]
        step = 2 if call.name == "case" else 1
        rows = [", ".join(args[at : at + step]) for at in range(0, len(args), step)]
        between = f",\n{indent}{INDENT}"
        return f"{head}\n{indent}{INDENT}{between.join(rows)}\n{indent})"


def _literal(value: m.Scalar) -> m.Literal:
    kind = {bool: "bool", int: "long", float: "real"}.get(type(value), "string")
    return m.Literal(value, kind)


def _wrapped(texts: list[str], indent: str) -> str:
    """Texts with commas between them, filled into lines."""
    lines: list[str] = []
    line = indent
    for number, text in enumerate(texts):
        word = text + ("," if number < len(texts) - 1 else "")
        if len(line) + len(word) > WIDTH and line.strip():
            lines.append(line.rstrip())
            line = indent
        line += word + " "
    return "\n".join([*lines, line.rstrip()])


# ---------------------------------------------------------------- sources


def _scope(scope: tuple[str, ...]) -> str:
    parts = []
    for part in scope:
        kind, colon, value = part.partition(":")
        parts.append(f"{kind}({string(value)})." if colon else f"{name(part)}.")
    return "".join(parts)


def _scan(w: _Writer, s: m.Scan, indent: str) -> str:
    if s.logsource and not s.table:
        raise UnsupportedError("kusto", f"a log source without a table ({s.logsource})", s.span)
    return _scope(s.scope) + pattern(s.table)


def _table_call(w: _Writer, s: m.TableCall, indent: str) -> str:
    args = ", ".join(w.expr.text(arg) for arg in s.args)
    return f"{_scope(s.scope)}{s.name}({args})"


def _nested(w: _Writer, s: m.Nested, indent: str) -> str:
    if s.name or s.query.lets:
        return w._function(s.query, s.name or "rows")
    return f"({w._indented(w.pipeline(s.query.stages, indent + INDENT), indent)})"


def _typed(columns: tuple[m.TypedName, ...]) -> str:
    return ", ".join(f"{name(c.name)}: {c.type}" if c.type else name(c.name) for c in columns)


def _inline(w: _Writer, s: m.Inline, indent: str) -> str:
    width = max(1, len(s.columns))
    cells = [w.expr.text(cell) for cell in s.cells]
    rows = [", ".join(cells[at : at + width]) for at in range(0, len(cells), width)]
    if not w.long or len(rows) < 2:
        return f"datatable ({_typed(s.columns)}) [{', '.join(rows)}]"
    listed = "".join(f"\n{indent}{INDENT}{row}{',' if row is not rows[-1] else ''}" for row in rows)
    return f"datatable ({_typed(s.columns)}) [{listed}\n{indent}]"


def _print(w: _Writer, s: m.Print, indent: str) -> str:
    return f"print {w.columns(s.columns, indent)}"


def _range(w: _Writer, s: m.Range, indent: str) -> str:
    start, stop, step = (w.expr.text(part, ADDED) for part in (s.start, s.stop, s.step))
    return f"range {name(s.name)} from {start} to {stop} step {step}"


def _external(w: _Writer, s: m.External, indent: str) -> str:
    locations = ", ".join(string(location) for location in s.locations)
    options = f" with ({', '.join(assigned(p) for p in s.properties)})" if s.properties else ""
    return f"externaldata ({_typed(s.columns)}) [{locations}]{options}"


def _search(w: _Writer, s: m.Search, indent: str) -> str:
    tables = f" in ({', '.join(t if _path(t) else pattern(t) for t in s.tables)})" if s.tables else ""
    everything = isinstance(s.predicate, m.And) and not s.predicate.terms
    return f"search{hints(s.properties)}{tables} {'*' if everything else w.predicate(s.predicate, indent)}"


def _path(text: str) -> bool:
    return "(" in text or "." in text


def _find(w: _Writer, s: m.Find, indent: str) -> str:
    tables = f" in ({', '.join(w.table(q, indent) for q in s.tables)})" if s.tables else ""
    columns = [f"{name(c.name)}: {c.type}" if c.type else name(c.name) for c in s.columns]
    columns += ["pack(*)"] if s.pack else []
    chosen = f" {'project-away' if s.away else 'project'} {', '.join(columns)}" if columns else ""
    return f"find{hints(s.properties)}{tables} where {w.expr.text(s.predicate)}{chosen}"


# ---------------------------------------------------------------- rows and columns


def _filter(w: _Writer, s: m.Filter, indent: str) -> str:
    return f"{_kept(s.keyword, 'where', 'filter')}{hints(s.properties)} {w.predicate(s.predicate, indent)}"


def _listed(w: _Writer, s: Any, indent: str) -> str:
    """A keyword and columns: extend, project, project-rename, distinct, serialize."""
    return f"{_KEYWORDS[type(s)]} {w.columns(s.columns, indent)}".rstrip()


_KEYWORDS: dict[type, str] = {
    m.Extend: "extend", m.Project: "project", m.Rename: "project-rename", m.Distinct: "distinct",
    m.Serialize: "serialize",
}  # fmt: skip


def _select(w: _Writer, s: m.Select, indent: str) -> str:
    orders = s.orders or ("",) * len(s.patterns)
    texts = [f"{pattern(p)} {o}".rstrip() for p, o in zip(s.patterns, orders, strict=True)]
    flat = ", ".join(texts)
    long = w.long and len(indent) + len(flat) > WIDTH - 20
    return f"{s.keyword} {_wrapped(texts, indent + INDENT).lstrip() if long else flat}"


def _select_named(w: _Writer, s: m.SelectNamed, indent: str) -> str:
    return f"{s.keyword} {', '.join(w.expr.text(item) for item in s.names)}"


def _aggregate(w: _Writer, s: m.Aggregate, indent: str) -> str:
    aggregates, by = w.columns(s.aggregates, indent), w.columns(s.by, indent)
    between = f"\n{indent}{INDENT}by" if "\n" in aggregates else " by"
    text = f"summarize{hints(s.properties)}" + (f" {aggregates}" if aggregates else "")
    return text.rstrip() + (f"{between} {by}" if by else "")


def _count(w: _Writer, s: m.Count, indent: str) -> str:
    return "count" if s.name == "Count" else f"count as {name(s.name)}"


def _key(w: _Writer, key: m.SortKey) -> str:
    nulls = "" if key.nulls_first is None else f" nulls {'first' if key.nulls_first else 'last'}"
    return f"{w.expr.text(key.value)} {'desc' if key.descending else 'asc'}{nulls}"


def _sort(w: _Writer, s: m.Sort, indent: str) -> str:
    return f"{_kept(s.keyword, 'sort', 'order')}{hints(s.properties)} by {', '.join(_key(w, key) for key in s.keys)}"


def _kept(keyword: str, *words: str) -> str:
    """The author's keyword when it is one of Kusto's for this stage, else the usual one."""
    return keyword if keyword in words else words[0]


def _limit(w: _Writer, s: m.Limit, indent: str) -> str:
    return f"{_kept(s.keyword, 'take', 'limit', 'sample')} {w.expr.text(s.count)}"


def _top(w: _Writer, s: m.Top, indent: str) -> str:
    return f"top{hints(s.properties)} {w.expr.text(s.count)} by {', '.join(_key(w, key) for key in s.keys)}"


def _top_nested(w: _Writer, s: m.TopNested, indent: str) -> str:
    return ", ".join(_level(w, level) for level in s.levels)


def _level(w: _Writer, level: m.TopLevel) -> str:
    count = f" {w.expr.text(level.count)}" if level.count is not None else ""
    others = f" with others = {w.expr.text(level.others)}" if level.others is not None else ""
    order = "desc" if level.descending else "asc"
    return f"top-nested{count} of {w.column(level.of)}{others} by {w.column(level.by)} {order}"


def _sample_distinct(w: _Writer, s: m.SampleDistinct, indent: str) -> str:
    return f"sample-distinct {w.expr.text(s.count)} of {w.column(s.of)}"


def _top_hitters(w: _Writer, s: m.TopHitters, indent: str) -> str:
    by = f" by {w.expr.text(s.by)}" if s.by is not None else ""
    return f"top-hitters {w.expr.text(s.count)} of {w.column(s.of)}{by}"


def _make_series(w: _Writer, s: m.MakeSeries, indent: str) -> str:
    aggregates = ", ".join(
        w.column(column) + (f" default={w.expr.text(default, PRIMARY)}" if default is not None else "")
        for column, default in zip(s.aggregates, s.defaults, strict=True)
    )
    start = f" from {w.expr.text(s.start, ADDED)}" if s.start is not None else ""
    stop = f" to {w.expr.text(s.stop, ADDED)}" if s.stop is not None else ""
    by = f" by {w.columns(s.by, indent)}" if s.by else ""
    axis, step = w.column(s.axis), w.expr.text(s.step, ADDED)
    return f"make-series{hints(s.properties)} {aggregates} on {axis}{start}{stop} step {step}{by}"


def _parse(w: _Writer, s: m.Parse, indent: str) -> str:
    parts = []
    for part in s.parts:
        if part.name == "*":
            parts.append("*")
        elif part.name:
            parts.append(name(part.name) + (f": {part.type}" if part.type != "string" else ""))
        else:
            parts.append(string(part.text))
    options = (f" kind={s.kind}" if s.kind != "simple" else "") + (f" flags={s.flags}" if s.flags else "")
    return f"{s.keyword}{options} {w.expr.text(s.source, PRIMARY)} with {' '.join(parts)}"


def _parse_kv(w: _Writer, s: m.ParseKv, indent: str) -> str:
    options = f" with ({', '.join(assigned(p) for p in s.properties)})" if s.properties else ""
    return f"parse-kv {w.expr.text(s.source, PRIMARY)} as ({_typed(s.columns)}){options}"


# ---------------------------------------------------------------- arrays, several inputs


def _expanded(w: _Writer, s: m.Expand | m.Apply) -> str:
    types = s.types or ("",) * len(s.columns)
    return ", ".join(
        w.column(column) + (f" to typeof({type})" if type else "")
        for column, type in zip(s.columns, types, strict=True)
    )


def _expand(w: _Writer, s: m.Expand, indent: str) -> str:
    kind = f" kind={s.kind}" if s.kind != "bag" else ""
    index = f" with_itemindex={name(s.index)}" if s.index else ""
    limit = f" limit {w.expr.text(s.limit)}" if s.limit is not None else ""
    return f"{_kept(s.keyword, 'mv-expand', 'mvexpand')}{kind}{index}{hints(s.properties)} {_expanded(w, s)}{limit}"


def _apply(w: _Writer, s: m.Apply, indent: str) -> str:
    index = f" with_itemindex={name(s.index)}" if s.index else ""
    limit = f" limit {w.expr.text(s.limit)}" if s.limit is not None else ""
    context = f" id {s.context}" if s.context else ""
    query = w._indented(w.nested(s.query, indent + INDENT), indent)
    return f"{_kept(s.keyword, 'mv-apply', 'mvapply')}{index} {_expanded(w, s)}{limit}{context} on ({query})"


def _join(w: _Writer, s: m.Join, indent: str) -> str:
    lookup = s.keyword == "lookup"
    default = "leftouter" if lookup else "innerunique"
    kind = f" kind={s.kind}" if s.kind != default else ""
    conditions = [_join_key(w, key) for key in s.on] + [w.expr.text(term) for term in s.residue]
    on = f" on {', '.join(conditions)}" if conditions else ""
    keyword = "lookup" if lookup else "join"
    return f"{keyword}{kind}{hints(s.properties)} {w.table(s.right, indent)}{on}"


def _join_key(w: _Writer, key: m.JoinKey) -> str:
    match key:
        case m.JoinKey(m.Field(left), m.Field(right)) if left == right:
            return name(left)
    return f"{_sided(w, key.left, '$left')} == {_sided(w, key.right, '$right')}"


def _sided(w: _Writer, expr: m.Expr, side: str) -> str:
    """One side of a join condition, each of its columns as `$left.column`."""

    def put(node: m.Node) -> m.Node:
        return m.Index(m.Field(side), m.Literal(node.name)) if isinstance(node, m.Field) else node

    return w.expr.text(m.rewrite(expr, put), ADDED)


def _union(w: _Writer, s: m.Union, indent: str) -> str:
    kind = f" kind={s.kind}" if s.kind != "outer" else ""
    withsource = f" withsource={name(s.withsource)}" if s.withsource else ""
    fuzzy = " isfuzzy=true" if s.isfuzzy else ""
    tables = [w.table(query, indent + INDENT) for query in s.queries]
    separator = f",\n{indent}{INDENT}" if any("\n" in table for table in tables) else ", "
    opening = f"\n{indent}{INDENT}" if separator != ", " else " "
    return f"union{kind}{withsource}{fuzzy}{hints(s.properties)}{opening}{separator.join(tables)}"


def _partition(w: _Writer, s: m.Partition, indent: str) -> str:
    query = w._indented(w.nested(s.query, indent + INDENT), indent)
    inner = f"{{{query}}}" if s.sourced else f"({query})"
    return f"partition{hints(s.properties)} by {w.expr.text(s.by)} {inner}"


def _fork(w: _Writer, s: m.Fork, indent: str) -> str:
    names = s.names or ("",) * len(s.queries)
    branches = []
    for branch, query in zip(names, s.queries, strict=True):
        text = f"({w.nested(query, indent + INDENT)})"
        branches.append(f"{name(branch)} = {text}" if branch else text)
    between = f"\n{indent}{INDENT}" if w.long else " "
    return f"fork {between.join(branches)}"


def _facet(w: _Writer, s: m.Facet, indent: str) -> str:
    query = f" with ({w.nested(s.query, indent + INDENT)})" if s.query is not None else ""
    return f"facet by {', '.join(map(name, s.by))}{query}"


# ---------------------------------------------------------------- the rest


def _evaluate(w: _Writer, s: m.Evaluate, indent: str) -> str:
    parts = (["*"] if s.open else []) + ([_typed(s.schema)] if s.schema else [])
    schema = f" : ({', '.join(parts)})" if parts else ""
    return f"evaluate{hints(s.properties)} {s.plugin}({', '.join(w.expr.text(arg) for arg in s.args)}){schema}"


def _invoke(w: _Writer, s: m.Invoke, indent: str) -> str:
    return f"invoke {s.name}({', '.join(w.expr.text(arg) for arg in s.args)})"


def _scan_rows(w: _Writer, s: m.ScanRows, indent: str) -> str:
    match_id = f" with_match_id={name(s.match_id)}" if s.match_id else ""
    order = f" order by {', '.join(_key(w, key) for key in s.order_by)}" if s.order_by else ""
    partition = f" partition by {', '.join(w.column(column) for column in s.partition_by)}" if s.partition_by else ""
    declared = [
        f"{name(c.name)}: {c.type}" + (f" = {w.expr.text(default)}" if default is not None else "")
        for c, default in zip(s.declared, s.defaults, strict=True)
    ]
    declare = f" declare ({', '.join(declared)})" if declared else ""
    between = f"\n{indent}{INDENT}" if w.long else " "
    steps = "".join(f"{between}{_scan_step(w, step)}" for step in s.steps)
    end = f"\n{indent}" if w.long else " "
    return f"scan{match_id}{order}{partition}{declare} with ({steps}{end})"


def _scan_step(w: _Writer, step: m.ScanStep) -> str:
    optional = " optional" if step.optional else ""
    output = f" output={step.output}" if step.output != "all" else ""
    made = f" => {', '.join(w.column(column) for column in step.assignments)}" if step.assignments else ""
    return f"step {name(step.name)}{optional}{output}: {w.expr.text(step.condition)}{made};"


def _reduce(w: _Writer, s: m.Reduce, indent: str) -> str:
    options = f" with {', '.join(assigned(p) for p in s.properties)}" if s.properties else ""
    return f"reduce by {w.expr.text(s.by)}{options}"


def _as(w: _Writer, s: m.As, indent: str) -> str:
    return f"as{hints(s.properties)} {name(s.name)}"


def _render(w: _Writer, s: m.Render, indent: str) -> str:
    if any(p.name == "by" for p in s.properties):  # the older form, which has no `with (...)`
        words = (f"by {_by(str(p.value))}" if p.name == "by" else assigned(p) for p in s.properties)
        return f"render {s.chart} {' '.join(words)}"
    options = f" with ({', '.join(assigned(p) for p in s.properties)})" if s.properties else ""
    return f"render {s.chart}{options}"


def _by(value: str) -> str:
    return value if bare_list(value) else name(value)


def _word(w: _Writer, s: Any, indent: str) -> str:
    return "getschema" if isinstance(s, m.GetSchema) else "consume"


_STAGES: dict[type, Callable[[_Writer, Any, str], str]] = {
    m.Scan: _scan, m.TableCall: _table_call, m.Nested: _nested, m.Inline: _inline, m.Print: _print, m.Range: _range,
    m.External: _external, m.Search: _search, m.Find: _find, m.Filter: _filter, m.Extend: _listed,
    m.Project: _listed, m.Rename: _listed, m.Distinct: _listed, m.Serialize: _listed, m.Select: _select,
    m.SelectNamed: _select_named,
    m.Aggregate: _aggregate, m.Count: _count, m.MakeSeries: _make_series, m.Join: _join, m.Union: _union,
    m.Sort: _sort, m.Limit: _limit, m.Top: _top, m.TopNested: _top_nested, m.SampleDistinct: _sample_distinct,
    m.TopHitters: _top_hitters, m.Parse: _parse, m.ParseKv: _parse_kv, m.Expand: _expand, m.Apply: _apply,
    m.Evaluate: _evaluate, m.Invoke: _invoke, m.Partition: _partition, m.ScanRows: _scan_rows, m.Fork: _fork,
    m.Facet: _facet, m.Reduce: _reduce, m.GetSchema: _word, m.Consume: _word, m.As: _as, m.Render: _render,
    m.MakeGraph: graph.make_graph, m.GraphMatch: graph.graph_match, m.GraphToTable: graph.graph_to_table,
    m.GraphComponents: graph.graph_components,
}  # fmt: skip
