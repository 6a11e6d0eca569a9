"""The syntax of Kusto: what `parser.parse_text` makes of a text, before any meaning is given to it.

Every node has `start` and `end`, code points into the text the script was read from (`script.text[node.start:node.end]` are
its own words). Shapes that repeat:

- *Tabular*: a `Pipe`, or the bare expression when there is no `|` (`T`, `f(x)`, `(T | take 1)`, `datatable(...)[...]`).
- *Item* of a list of columns: a `NamedExpr` when the author named it (`x = f(y)`), else the expression itself.
- Options (`kind=inner`, `hint.strategy=shuffle`, `with (title="x")`) are `Option`s in `options`, in order.
- An operator which is not understood is an `Unknown`; what recovery skipped over is an `Error`. Both come with a fault in
  `Script.faults`: of kind "operator" for an Unknown, "syntax" for everything else.
"""

from __future__ import annotations

import msgspec

from ...errors import Fault


class Node(msgspec.Struct, frozen=True, gc=False):
    """Base of all nodes."""


# ---------------------------------------------------------------- expressions


class Name(Node, frozen=True, gc=False):
    """A name as it stands for a column, table, function or variable. `bracketed`: written `['a b']`; `name` is decoded.

    `wildcard`: it holds `*` (`Device*`), as union, project-away and others take it.
    """

    name: str
    start: int = 0
    end: int = 0
    bracketed: bool = False
    wildcard: bool = False


class Literal(Node, frozen=True, gc=False):
    """A constant. `type` is a Kusto type name; `value` as in `model.Literal`.

    string str; long and int int; real float; bool bool; datetime ISO text with up to 7 decimals and Z; timespan int, in
    ticks of 100 ns; dynamic JSON text; guid and decimal str; None for the null of any type. A datetime, timespan or
    dynamic that is well formed as a token but no value of its type has value None and `valid` False.
    """

    type: str
    value: str | int | float | bool | None
    start: int = 0
    end: int = 0
    valid: bool = True


class Star(Node, frozen=True, gc=False):
    """`*`."""

    start: int = 0
    end: int = 0


class Path(Node, frozen=True, gc=False):
    """`base.member`; member is a Name, or a Call in `cluster("x").database("y")`."""

    base: Expr
    member: Name | Call
    start: int = 0
    end: int = 0


class Element(Node, frozen=True, gc=False):
    """`base[index]`, or `base.[index]` when `dotted`."""

    base: Expr
    index: Expr
    start: int = 0
    end: int = 0
    dotted: bool = False


class Call(Node, frozen=True, gc=False):
    """`name(args)`; an argument may be a NamedExpr (`f(x=1)`), a Star or, where functions take tables, a Pipe."""

    name: Name
    args: tuple[Expr, ...] = ()
    start: int = 0
    end: int = 0


class Binary(Node, frozen=True, gc=False):
    """`left op right`; op is the operator as the language spells it: + - * / % == != <> =~ !~ < <= > >= : contains
    !contains_cs has hasprefix_cs startswith endswith matches regex, ... ("<>" stays "<>"). Not and, or, in, between."""

    op: str
    left: Expr
    right: Expr
    start: int = 0
    end: int = 0


class Unary(Node, frozen=True, gc=False):
    """`-operand` or `+operand`."""

    op: str
    operand: Expr
    start: int = 0
    end: int = 0


class AndChain(Node, frozen=True, gc=False):
    """`a and b and ...`, flat: two or more terms."""

    terms: tuple[Expr, ...]
    start: int = 0
    end: int = 0


class OrChain(Node, frozen=True, gc=False):
    """`a or b or ...`, flat: two or more terms."""

    terms: tuple[Expr, ...]
    start: int = 0
    end: int = 0


class Between(Node, frozen=True, gc=False):
    """`left between (low .. high)`, or `!between`."""

    left: Expr
    low: Expr
    high: Expr
    negated: bool = False
    start: int = 0
    end: int = 0


class InList(Node, frozen=True, gc=False):
    """`left op (items)`: op is in, !in, in~, !in~, has_any or has_all. A single item may be a Pipe (or a bare Name, which
    may be a table, a list or a column)."""

    op: str
    left: Expr
    items: tuple[Expr, ...]
    start: int = 0
    end: int = 0


class Parens(Node, frozen=True, gc=False):
    """`(inner)`; inner is a Tabular: an expression or a Pipe."""

    inner: Expr
    start: int = 0
    end: int = 0


class NamedExpr(Node, frozen=True, gc=False):
    """`name = value`; `(a, b) = value` when `tupled` (then of any number of names)."""

    names: tuple[Name, ...]
    value: Expr
    start: int = 0
    end: int = 0
    tupled: bool = False


class ToScalar(Node, frozen=True, gc=False):
    """`toscalar(query)`; query is a Tabular."""

    query: Expr
    start: int = 0
    end: int = 0
    options: tuple[Option, ...] = ()


class ToTable(Node, frozen=True, gc=False):
    """`totable(query)`."""

    query: Expr
    start: int = 0
    end: int = 0
    options: tuple[Option, ...] = ()


class Materialize(Node, frozen=True, gc=False):
    """`materialize(query)`."""

    query: Expr
    start: int = 0
    end: int = 0
    options: tuple[Option, ...] = ()


class TypedColumn(Node, frozen=True, gc=False):
    """`name: type`; `type` is the type's own word in lower case as written (`int64`, `dynamic`, ...), "*" for `*`."""

    name: Name
    type: str
    start: int = 0
    end: int = 0


class TypeOf(Node, frozen=True, gc=False):
    """`typeof(string)`, `typeof(a:int, b:string)`, `typeof(*, a:int)`; what follows the word of each part is in `columns`.

    `types` are bare type names and "*"; `columns` are named ones, in their own order.
    """

    types: tuple[str, ...] = ()
    columns: tuple[TypedColumn, ...] = ()
    start: int = 0
    end: int = 0


class DataTable(Node, frozen=True, gc=False):
    """`datatable(columns)[cells]`."""

    columns: tuple[TypedColumn, ...]
    cells: tuple[Expr, ...]
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class ContextualDataTable(Node, frozen=True, gc=False):
    """`__contextual_datatable(id, columns)`."""

    id: Expr
    columns: tuple[TypedColumn, ...]
    start: int = 0
    end: int = 0


class ExternalData(Node, frozen=True, gc=False):
    """`externaldata(columns)[locations] with (options)`."""

    columns: tuple[TypedColumn, ...]
    locations: tuple[Expr, ...]
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class ClientParameter(Node, frozen=True, gc=False):
    """`{name}`: filled in by the client before the query is sent."""

    name: str
    start: int = 0
    end: int = 0


class MacroExpand(Node, frozen=True, gc=False):
    """`macro-expand entities as name ( statements )`."""

    entities: Expr
    name: Name | None
    statements: tuple[Statement, ...]
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class EntityGroup(Node, frozen=True, gc=False):
    """`entity_group [a, b]`."""

    items: tuple[Expr, ...]
    start: int = 0
    end: int = 0


class ViewCombine(Node, frozen=True, gc=False):
    """`materialized-view-combine(name) base (...) delta (...) aggregations (...)`."""

    name: Expr
    base: Expr
    delta: Expr
    aggregations: Expr
    start: int = 0
    end: int = 0


class Error(Node, frozen=True, gc=False):
    """An expression or statement that is missing or was skipped."""

    start: int = 0
    end: int = 0


class Pipe(Node, frozen=True, gc=False):
    """`source | operator | operator`. `source` is None when the first operator makes the rows itself (`union A, B | ...`,
    `print x = 1`, `search "a"`), and in the bodies of mv-apply, partition, fork, facet, where it is the rows at hand."""

    source: Expr | None
    operators: tuple[Operator, ...]
    start: int = 0
    end: int = 0


class Option(Node, frozen=True, gc=False):
    """`name=value`; name with its dots (`hint.shufflekey`); value a Literal, a Name (for words such as `inner`), or an
    expression. `hint.shufflekey=a hint.shufflekey=b` are two options. Several names
    (`ycolumns=a, b`) are a Call with an empty name."""

    name: str
    value: Expr | None = None
    start: int = 0
    end: int = 0


class Ordered(Node, frozen=True, gc=False):
    """A key of an order: direction "asc", "desc", "granny-asc", "granny-desc" or ""; nulls "first", "last" or ""."""

    value: Expr
    direction: str = ""
    nulls: str = ""
    start: int = 0
    end: int = 0


# ---------------------------------------------------------------- operators


class As(Node, frozen=True, gc=False):
    name: Name
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class AssertSchema(Node, frozen=True, gc=False):
    columns: tuple[TypedColumn, ...]
    start: int = 0
    end: int = 0


class Consume(Node, frozen=True, gc=False):
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class Count(Node, frozen=True, gc=False):
    """`count`, or `count as name`."""

    name: Name | None = None
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class Distinct(Node, frozen=True, gc=False):
    items: tuple[Expr, ...]
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class Evaluate(Node, frozen=True, gc=False):
    """`evaluate call : (schema)`. schema None: none given; `open`: it begins with `*`."""

    call: Expr
    schema: tuple[TypedColumn, ...] | None = None
    open: bool = False
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class ExecuteAndCache(Node, frozen=True, gc=False):
    start: int = 0
    end: int = 0


class Extend(Node, frozen=True, gc=False):
    items: tuple[Expr, ...]
    start: int = 0
    end: int = 0


class Facet(Node, frozen=True, gc=False):
    """`facet by names with (query)` or `with operator`; query is a Pipe with no source."""

    names: tuple[Expr, ...]
    query: Pipe | None = None
    start: int = 0
    end: int = 0


class Where(Node, frozen=True, gc=False):
    """keyword where or filter. As the service has it, `where a = 1` is a NamedExpr here, which has no meaning."""

    predicate: Expr
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class Find(Node, frozen=True, gc=False):
    """`find in (tables) where predicate project columns, pack(*) project-away ...`.

    A column is a Name, Path or TypedColumn (its name then a Name), or `Call(pack, Star)`. smart: `project-smart`.
    """

    predicate: Expr
    tables: tuple[Expr, ...] = ()
    columns: tuple[Expr, ...] = ()
    away: tuple[Expr, ...] = ()
    smart: bool = False
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class ForkBranch(Node, frozen=True, gc=False):
    """`name = (query)`; query is a Pipe with no source."""

    name: Name | None
    query: Pipe
    start: int = 0
    end: int = 0


class Fork(Node, frozen=True, gc=False):
    branches: tuple[ForkBranch, ...]
    start: int = 0
    end: int = 0


class GetSchema(Node, frozen=True, gc=False):
    """`kind`: csl or empty."""

    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class Invoke(Node, frozen=True, gc=False):
    call: Expr
    start: int = 0
    end: int = 0


class Join(Node, frozen=True, gc=False):
    """`join` or `lookup` by keyword. `on` are the keys as written (Names, `$left.a == $right.b`, ...); `where` is the
    other, undocumented way to say the condition. right is a Tabular."""

    keyword: str
    right: Expr
    on: tuple[Expr, ...] = ()
    where: Expr | None = None
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class SeriesAggregate(Node, frozen=True, gc=False):
    """`item default = value`."""

    item: Expr
    default: Expr | None = None
    start: int = 0
    end: int = 0


class MakeSeries(Node, frozen=True, gc=False):
    """`make-series aggregates on axis from a to b step c by d`; `in range(a, b, c)` gives the same three. `axis` is an Item."""

    aggregates: tuple[SeriesAggregate, ...]
    axis: Expr
    first: Expr | None
    last: Expr | None
    step: Expr | None
    by: tuple[Expr, ...] = ()
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class ExpandItem(Node, frozen=True, gc=False):
    """`item to typeof(type)`."""

    item: Expr
    type: TypeOf | None = None
    start: int = 0
    end: int = 0


class MvExpand(Node, frozen=True, gc=False):
    """keyword mv-expand or mvexpand."""

    items: tuple[ExpandItem, ...]
    limit: Expr | None = None
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class MvApply(Node, frozen=True, gc=False):
    """`mv-apply items limit n id x on (query)`; query is a Pipe with no source."""

    items: tuple[ExpandItem, ...]
    query: Pipe
    limit: Expr | None = None
    id: Expr | None = None
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class Parse(Node, frozen=True, gc=False):
    """`parse` or `parse-where` by keyword: `source with pattern`."""

    keyword: str
    source: Expr
    pattern: tuple[Literal | Star | Name | TypedColumn, ...]
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class ParseKv(Node, frozen=True, gc=False):
    """`parse-kv source as (columns) with (options)`."""

    source: Expr
    columns: tuple[TypedColumn, ...]
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class Partition(Node, frozen=True, gc=False):
    """`partition by key (query)`, `{ query }` (then query has its own source), or with `in (scope)`; keyword partition or
    __partitionby."""

    by: Expr
    query: Expr
    scope: Expr | None = None
    id: Expr | None = None
    braces: bool = False
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class Project(Node, frozen=True, gc=False):
    """keyword project, project-away, project-keep, project-rename, project-reorder or project-by-names; items of
    project-reorder are Ordered where the author gave a direction."""

    keyword: str
    items: tuple[Expr, ...]
    start: int = 0
    end: int = 0


class Print(Node, frozen=True, gc=False):
    items: tuple[Expr, ...]
    start: int = 0
    end: int = 0


class Range(Node, frozen=True, gc=False):
    """`range name from first to last step step`."""

    name: Name
    first: Expr
    last: Expr
    step: Expr
    start: int = 0
    end: int = 0


class Reduce(Node, frozen=True, gc=False):
    """`reduce by expr with options`: both kinds of options together."""

    by: Expr
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class Render(Node, frozen=True, gc=False):
    """`render chart with (options)`; chart as written."""

    chart: str
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class Sample(Node, frozen=True, gc=False):
    count: Expr
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class SampleDistinct(Node, frozen=True, gc=False):
    count: Expr
    of: Expr
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class ScanDeclaration(Node, frozen=True, gc=False):
    """`name: type = default`."""

    column: TypedColumn
    default: Expr | None = None
    start: int = 0
    end: int = 0


class ScanStep(Node, frozen=True, gc=False):
    """`step name optional output=all : condition => a = x, b = y;`."""

    name: Name
    condition: Expr
    assignments: tuple[Expr, ...] = ()
    optional: bool = False
    output: str = ""
    start: int = 0
    end: int = 0


class Scan(Node, frozen=True, gc=False):
    """`scan with_match_id=m order by ... partition by ... declare (...) with (steps)`."""

    steps: tuple[ScanStep, ...]
    declarations: tuple[ScanDeclaration, ...] = ()
    order_by: tuple[Expr, ...] = ()
    partition_by: tuple[Expr, ...] = ()
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class Search(Node, frozen=True, gc=False):
    """`search kind=x in (tables) predicate`; its `:` is Binary(":")."""

    predicate: Expr
    tables: tuple[Expr, ...] = ()
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class Serialize(Node, frozen=True, gc=False):
    items: tuple[Expr, ...] = ()
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class Sort(Node, frozen=True, gc=False):
    """keyword sort or order; keys are Ordered where the author gave a direction or a place for nulls."""

    keyword: str
    keys: tuple[Expr, ...]
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class Summarize(Node, frozen=True, gc=False):
    """`summarize aggregates by groups`. `bin`: the undocumented last `bin = x` of `by`."""

    aggregates: tuple[Expr, ...] = ()
    by: tuple[Expr, ...] = ()
    options: tuple[Option, ...] = ()
    bin: Expr | None = None
    start: int = 0
    end: int = 0


class Take(Node, frozen=True, gc=False):
    """keyword take or limit."""

    keyword: str
    count: Expr
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class Top(Node, frozen=True, gc=False):
    """`top count by key`: key an Ordered where a direction is given."""

    count: Expr
    by: Expr
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class TopHitters(Node, frozen=True, gc=False):
    count: Expr
    of: Expr
    by: Expr | None = None
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class TopNestedLevel(Node, frozen=True, gc=False):
    """`top-nested count of item with others = x by key`."""

    count: Expr | None
    of: Expr
    by: Expr
    others: Expr | None = None
    start: int = 0
    end: int = 0


class TopNested(Node, frozen=True, gc=False):
    levels: tuple[TopNestedLevel, ...]
    start: int = 0
    end: int = 0


class Union(Node, frozen=True, gc=False):
    """`union options tables`: tables are Names (also wildcards), Paths, Calls, Parens with a query, ..."""

    tables: tuple[Expr, ...]
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class GraphNodes(Node, frozen=True, gc=False):
    """`rows on id` of make-graph: a table of nodes."""

    rows: Expr
    id: Name
    start: int = 0
    end: int = 0


class MakeGraph(Node, frozen=True, gc=False):
    """`make-graph source --> target with nodes on id` or `with_node_id=name`, `partitioned-by key (query)`; `--` when not
    `directed`."""

    source: Name
    target: Name
    directed: bool = True
    nodes: tuple[GraphNodes, ...] = ()
    node_id: Name | None = None
    by: Expr | None = None
    query: Pipe | None = None
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class GraphNode(Node, frozen=True, gc=False):
    """`(name)` or `()` of a graph pattern."""

    name: Name | None = None
    start: int = 0
    end: int = 0


class GraphEdge(Node, frozen=True, gc=False):
    """`-[name*least..most]->` of a graph pattern, as written before and after its brackets: `left` "-" or "<-", `right`
    "-" or "->"; `-->` is "-" and "->"."""

    left: str
    right: str
    name: Name | None = None
    least: Expr | None = None
    most: Expr | None = None
    start: int = 0
    end: int = 0


class GraphMatch(Node, frozen=True, gc=False):
    """`graph-match` or `graph-shortest-paths` by keyword: `patterns where predicate project items`."""

    keyword: str
    patterns: tuple[tuple[GraphNode | GraphEdge, ...], ...]
    predicate: Expr | None = None
    items: tuple[Expr, ...] | None = None
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class GraphOutput(Node, frozen=True, gc=False):
    """`nodes as name options` or `edges ...` of graph-to-table."""

    what: str
    name: Name | None = None
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class GraphToTable(Node, frozen=True, gc=False):
    outputs: tuple[GraphOutput, ...]
    start: int = 0
    end: int = 0


class GraphComponents(Node, frozen=True, gc=False):
    """`graph-mark-components kind=x with_component_id=y`."""

    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


class Graph(Node, frozen=True, gc=False):
    """A graph operator that is not documented, by keyword (graph-where-nodes, graph-where-edges)."""

    keyword: str
    predicate: Expr
    start: int = 0
    end: int = 0


class Unknown(Node, frozen=True, gc=False):
    """An operator we do not know, up to the next `|`, `;` or closing bracket."""

    keyword: str
    text: str
    start: int = 0
    end: int = 0


# ---------------------------------------------------------------- statements


class FunctionParameter(Node, frozen=True, gc=False):
    """`name: type = default`, or tabular: `T: (x: string, *)` (`columns` not None, `open` with `*`); `(*)` has no columns.

    `type` is "" for tabular parameters.
    """

    name: Name
    type: str = ""
    default: Expr | None = None
    columns: tuple[TypedColumn, ...] | None = None
    open: bool = False
    start: int = 0
    end: int = 0


class Function(Node, frozen=True, gc=False):
    """`(parameters) { body }` or `view () { ... }`: the statements of its body; the last one may be a QueryStatement that
    is its value."""

    parameters: tuple[FunctionParameter, ...]
    body: tuple[Statement, ...]
    view: bool = False
    start: int = 0
    end: int = 0


class Let(Node, frozen=True, gc=False):
    """`let name = value`; value a Function, or a Tabular (any expression)."""

    name: Name
    value: Expr
    start: int = 0
    end: int = 0


class QueryStatement(Node, frozen=True, gc=False):
    """A Tabular as a statement."""

    query: Expr
    start: int = 0
    end: int = 0


class DeclareParameters(Node, frozen=True, gc=False):
    """`declare query_parameters (x: long = 1)`."""

    parameters: tuple[FunctionParameter, ...]
    start: int = 0
    end: int = 0


class PatternCase(Node, frozen=True, gc=False):
    """`("a").["b"] = { body };` of a declared pattern."""

    args: tuple[Expr, ...]
    path: Literal | None
    body: tuple[Statement, ...]
    start: int = 0
    end: int = 0


class DeclarePattern(Node, frozen=True, gc=False):
    """`declare pattern name = (parameters)[path] { cases }`; a bare `declare pattern name` has no cases."""

    name: Name
    parameters: tuple[TypedColumn, ...] = ()
    path: TypedColumn | None = None
    cases: tuple[PatternCase, ...] = ()
    start: int = 0
    end: int = 0


class SetOption(Node, frozen=True, gc=False):
    """`set name` or `set name = value`."""

    name: Name
    value: Expr | None = None
    start: int = 0
    end: int = 0


class Alias(Node, frozen=True, gc=False):
    """`alias database name = value`."""

    name: Name
    value: Expr
    start: int = 0
    end: int = 0


class Restrict(Node, frozen=True, gc=False):
    """`restrict access to (items)`."""

    items: tuple[Expr, ...]
    options: tuple[Option, ...] = ()
    start: int = 0
    end: int = 0


Operator = (
    As | AssertSchema | Consume | Count | Distinct | Evaluate | ExecuteAndCache | Extend | Facet | Where | Find | Fork
    | GetSchema | Invoke | Join | MakeSeries | MvExpand | MvApply | Parse | ParseKv | Partition | Project | Print | Range
    | Reduce | Render | Sample | SampleDistinct | Scan | Search | Serialize | Sort | Summarize | Take | Top | TopHitters
    | TopNested | Union | MakeGraph | GraphMatch | GraphToTable | GraphComponents | Graph | MacroExpand | Unknown
)  # fmt: skip

Expr = (
    Name | Literal | Star | Path | Element | Call | Binary | Unary | AndChain | OrChain | Between | InList | Parens
    | NamedExpr | ToScalar | ToTable | Materialize | TypeOf | TypedColumn | DataTable | ContextualDataTable | ExternalData
    | ClientParameter | MacroExpand | EntityGroup | ViewCombine | Error | Ordered | Function | Pipe
)  # fmt: skip

Statement = Let | QueryStatement | DeclareParameters | DeclarePattern | SetOption | Alias | Restrict | Error


class Script(Node, frozen=True, gc=False):
    """A whole text: its statements, and every fault found, in text order. `kinds` says per fault "syntax" or "operator"."""

    text: str
    statements: tuple[Statement, ...]
    faults: tuple[Fault, ...] = ()
    kinds: tuple[str, ...] = ()

    @property
    def broken(self) -> bool:
        """Whether a fault is more than an operator we do not know."""
        return "syntax" in self.kinds
