"""Queries: stages of a relational pipeline and the expressions in them.

A `Query` is a list of stages, the first of which makes rows (`Scan`, `Inline`, ...), each later one takes the rows of
the stage before it. Every stage keeps the author's keyword and the span of its text. All languages meet here.

Meaning (see `model.meaning` for the table and the reference evaluator of predicates):
- And, Or and Not are two-valued and n-ary. A `Match` on a missing or null field is false, so its Not is true.
- On an array field any element may match. Text ignores case unless `cased`.
- `Compare` is the same with an expression, not literals, on its right; false when either side is missing, but for `ne`:
  true when one side is missing, false when both are (as Kusto's `!=`).
- Everything else is a `Call` of a function from the one function table (`binding/data/functions.tsv`), with Kusto's meaning.
"""

from __future__ import annotations

from enum import StrEnum

from ..text import Span
from .node import Node

Scalar = str | int | float | bool | None
"""What a Match compares with. Other literals (datetime, timespan, dynamic, guid, decimal) are `Literal`s in a `Compare`."""


class Op(StrEnum):
    """How a Match or Compare compares. `ne` is for Compare only: a Match is negated by Not."""

    EQ = "eq"
    NE = "ne"
    CONTAINS = "contains"
    STARTSWITH = "startswith"
    ENDSWITH = "endswith"
    TERM = "term"  # Kusto `has`: the value stands between non-alphanumeric characters
    TERM_PREFIX = "term-prefix"  # Kusto `hasprefix`
    TERM_SUFFIX = "term-suffix"  # Kusto `hassuffix`
    WILDCARD = (
        "wildcard"  # whole value; `*` any run, `?` any one character, backslash before * ? \ takes them literally
    )
    REGEX = "regex"  # RE2, found anywhere in the value; flags as (?i) (?m) (?s) in front
    CIDR = "cidr"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    EXISTS = "exists"  # no values: present and not null (an empty string exists)
    EMPTY = "empty"  # no values: missing, null, an empty string


# ---------------------------------------------------------------- expressions


class Field(Node, frozen=True):
    """A column of the rows so far, by name. `Field("*")` (`ANY`) is any field of the row: keywords, `* has "x"`."""

    name: str
    span: Span | None = None


class Literal(Node, frozen=True):
    """A constant. `type` is a Kusto type name.

    `value` by type: string str; long and int int; real float; bool bool; datetime ISO text with up to 7 decimals and Z;
    timespan int, in ticks of 100 ns; dynamic JSON text; guid and decimal str; any type None for its null.
    """

    value: Scalar
    type: str = "string"
    span: Span | None = None


class Index(Node, frozen=True):
    """`base.key` or `base[key]` into a dynamic value; a string Literal key is a property, a number an element."""

    base: Expr
    key: Expr
    span: Span | None = None


class Call(Node, frozen=True):
    """A function of the function table, an aggregate, or an arithmetic operator (`+ - * / %`, unary `-` as `negate`)."""

    name: str
    args: tuple[Expr, ...] = ()
    span: Span | None = None


class Named(Node, frozen=True):
    """A named argument `name = value` of a function, plugin or aggregate (`default = 0`)."""

    name: str
    value: Expr


class Star(Node, frozen=True):
    """`*` as an argument: `arg_max(x, *)`, `pack_all`, `count(*)`."""


class Match(Node, frozen=True):
    """`subject op values`: any value matches, or all of them when `every`. With no values (but exists, empty): false; `every` of none: true."""

    subject: Expr
    op: Op
    values: tuple[Scalar, ...] = ()
    every: bool = False
    cased: bool = False
    span: Span | None = None


class Compare(Node, frozen=True):
    """`left op right` between two expressions, each evaluated per row; `ne` is true when just one side is missing."""

    left: Expr
    op: Op
    right: Expr
    cased: bool = True
    span: Span | None = None


class Within(Node, frozen=True):
    """`subject op (first column of query)`: any of the query's values matches (`in`, `has_any`), or all when `every`."""

    subject: Expr
    op: Op
    query: Query
    every: bool = False
    cased: bool = True
    span: Span | None = None


class ToScalar(Node, frozen=True):
    """`toscalar(query)`: first column of the first row of `query`, evaluated once.

    With `rows`: its rows themselves, as an argument of a function or plugin that takes a table.
    """

    query: Query
    span: Span | None = None
    rows: bool = False


class And(Node, frozen=True):
    """All of `terms`; of none: true."""

    terms: tuple[Expr, ...]
    span: Span | None = None


class Or(Node, frozen=True):
    """Any of `terms`; of none: false."""

    terms: tuple[Expr, ...]
    span: Span | None = None


class Not(Node, frozen=True):
    """True where `term` is not true."""

    term: Expr
    span: Span | None = None


class OpaqueExpr(Node, frozen=True):
    """An expression not understood: its keyword and its own words."""

    keyword: str
    text: str
    span: Span | None = None


Expr = Field | Literal | Index | Call | Named | Star | Match | Compare | Within | ToScalar | And | Or | Not | OpaqueExpr

ANY = Field("*")
TRUE = And(())
FALSE = Or(())


class Column(Node, frozen=True):
    """`name = value`. No names: named by the language's own rule (`count_`, `Column1`); two or more: `(a, b) = f(x)`."""

    names: tuple[str, ...]
    value: Expr
    span: Span | None = None

    @property
    def name(self) -> str:
        """The single name, or an empty string when it is left to the naming rule."""
        return self.names[0] if self.names else ""


class SortKey(Node, frozen=True):
    """One key of an order. `nulls_first` None: the language's default (Kusto: first when ascending, last when descending)."""

    value: Expr
    descending: bool = True
    nulls_first: bool | None = None


class Property(Node, frozen=True):
    """A named option of a stage as its author wrote it: `kind=inner`, `hint.strategy=shuffle`, `title="x"`."""

    name: str
    value: Scalar


# ---------------------------------------------------------------- stages that make rows


class Scan(Node, frozen=True):
    """All rows of a table, of a `let` query of the same name, or of every table a pattern such as `Device*` names.

    `scope` is what stands before the table: `workspace("x")`, `cluster("a").database("b")`, as ("workspace:x",).
    `logsource` is what a rule that names no table runs on (Sigma), as `category=x product=y service=z`.
    """

    table: str
    scope: tuple[str, ...] = ()
    logsource: str = ""
    keyword: str = "source"
    span: Span | None = None


class TableCall(Node, frozen=True):
    """Rows of a function that is not defined in the query: `imWebSession(starttime=...)`, `_GetWatchlist("x")`."""

    name: str
    args: tuple[Expr, ...] = ()
    scope: tuple[str, ...] = ()
    keyword: str = "source"
    span: Span | None = None


class Nested(Node, frozen=True):
    """Rows of a query in parentheses, or of a `let` function's body at its call (`name` then is the function's)."""

    query: Query
    name: str = ""
    keyword: str = "source"
    span: Span | None = None


class TypedName(Node, frozen=True):
    """A column and its Kusto type."""

    name: str
    type: str


class Inline(Node, frozen=True):
    """Rows written in the query: `datatable`, row by row in one flat tuple, len(columns) cells each."""

    columns: tuple[TypedName, ...]
    cells: tuple[Expr, ...]
    keyword: str = "datatable"
    span: Span | None = None


class Print(Node, frozen=True):
    """One row of computed columns."""

    columns: tuple[Column, ...]
    keyword: str = "print"
    span: Span | None = None


class Range(Node, frozen=True):
    """One column from `start` to `stop`, both included, by `step`."""

    name: str
    start: Expr
    stop: Expr
    step: Expr
    keyword: str = "range"
    span: Span | None = None


class External(Node, frozen=True):
    """Rows of files outside: `externaldata`. Never fetched; configuration may supply the rows by URL."""

    columns: tuple[TypedName, ...]
    locations: tuple[str, ...]
    properties: tuple[Property, ...] = ()
    keyword: str = "externaldata"
    span: Span | None = None


class Search(Node, frozen=True):
    """Rows of `tables` (all when empty) or of the stage before it that satisfy `predicate`, with `$table` in front."""

    predicate: Expr
    tables: tuple[str, ...] = ()
    properties: tuple[Property, ...] = ()
    keyword: str = "search"
    span: Span | None = None


class Find(Node, frozen=True):
    """`find`: like Search, but with chosen output columns; `pack` adds the rest as `pack_`."""

    predicate: Expr
    tables: tuple[Query, ...] = ()
    columns: tuple[TypedName, ...] = ()
    pack: bool = False
    away: bool = False
    properties: tuple[Property, ...] = ()
    keyword: str = "find"
    span: Span | None = None


# ---------------------------------------------------------------- stages that take rows


class Filter(Node, frozen=True):
    """Rows for which `predicate` is true."""

    predicate: Expr
    keyword: str = "where"
    span: Span | None = None
    properties: tuple[Property, ...] = ()


class Extend(Node, frozen=True):
    """All columns, and `columns` added or replaced."""

    columns: tuple[Column, ...]
    keyword: str = "extend"
    span: Span | None = None


class Project(Node, frozen=True):
    """Exactly `columns`, in order."""

    columns: tuple[Column, ...]
    keyword: str = "project"
    span: Span | None = None


class Select(Node, frozen=True):
    """Choose and order columns by name pattern: keyword project-away, project-keep, project-reorder (`orders`: per pattern
    "", "asc", "desc", "granny-asc", "granny-desc")."""

    patterns: tuple[str, ...]
    orders: tuple[str, ...] = ()
    keyword: str = "project-keep"
    span: Span | None = None


class SelectNamed(Node, frozen=True):
    """`project-by-names`: the columns that constants name, in their order: names, patterns with `*`, arrays of both, and
    `column_names_of(rows)`. Names of no column are left out."""

    names: tuple[Expr, ...]
    keyword: str = "project-by-names"
    span: Span | None = None


class Rename(Node, frozen=True):
    """`new = old` names, in place."""

    columns: tuple[Column, ...]
    keyword: str = "project-rename"
    span: Span | None = None


class Distinct(Node, frozen=True):
    """Distinct combinations of `columns`; `Star()` values mean all."""

    columns: tuple[Column, ...]
    keyword: str = "distinct"
    span: Span | None = None


class Aggregate(Node, frozen=True):
    """`aggregates` per distinct combination of `by`; columns of `by` come first in the output."""

    aggregates: tuple[Column, ...]
    by: tuple[Column, ...] = ()
    properties: tuple[Property, ...] = ()
    keyword: str = "summarize"
    span: Span | None = None


class Count(Node, frozen=True):
    """One row: the number of rows, as `Count` (or `name`)."""

    name: str = "Count"
    keyword: str = "count"
    span: Span | None = None


class MakeSeries(Node, frozen=True):
    """`make-series`: aggregates as arrays along `axis` from `start` to `stop` by `step`."""

    aggregates: tuple[Column, ...]
    defaults: tuple[Expr | None, ...]  # one per aggregate
    axis: Column
    start: Expr | None
    stop: Expr | None
    step: Expr
    by: tuple[Column, ...] = ()
    properties: tuple[Property, ...] = ()
    keyword: str = "make-series"
    span: Span | None = None


class JoinKey(Node, frozen=True):
    """`left == right`: an expression over each side."""

    left: Expr
    right: Expr


class Join(Node, frozen=True):
    """`join` or `lookup` (by keyword) with `right`; kind as written, default innerunique for join, leftouter for lookup.

    `residue` holds conditions of `on` that are no equality of a left and a right side.
    """

    right: Query
    on: tuple[JoinKey, ...]
    kind: str = "innerunique"
    residue: tuple[Expr, ...] = ()
    properties: tuple[Property, ...] = ()
    keyword: str = "join"
    span: Span | None = None


class Union(Node, frozen=True):
    """Rows of the stage before it (when there is one) and of `queries`."""

    queries: tuple[Query, ...]
    kind: str = "outer"
    withsource: str = ""
    isfuzzy: bool = False
    properties: tuple[Property, ...] = ()
    keyword: str = "union"
    span: Span | None = None


class Sort(Node, frozen=True):
    """Rows in the order of `keys`."""

    keys: tuple[SortKey, ...]
    keyword: str = "sort"
    span: Span | None = None
    properties: tuple[Property, ...] = ()


class Limit(Node, frozen=True):
    """The first `count` rows (keyword take or limit), or any (sample)."""

    count: Expr
    keyword: str = "take"
    span: Span | None = None


class Top(Node, frozen=True):
    """The first `count` rows in the order of `keys`."""

    count: Expr
    keys: tuple[SortKey, ...]
    keyword: str = "top"
    span: Span | None = None
    properties: tuple[Property, ...] = ()


class TopLevel(Node, frozen=True):
    """One level of top-nested: `count` None means all."""

    count: Expr | None
    of: Column
    by: Column
    descending: bool = True
    others: Expr | None = None


class TopNested(Node, frozen=True):
    """`top-nested`: the top values of each level within the level above."""

    levels: tuple[TopLevel, ...]
    keyword: str = "top-nested"
    span: Span | None = None


class SampleDistinct(Node, frozen=True):
    """Up to `count` distinct values of `of`."""

    count: Expr
    of: Column
    keyword: str = "sample-distinct"
    span: Span | None = None


class TopHitters(Node, frozen=True):
    """Approximate `count` most frequent values of `of`, weighted by `by`."""

    count: Expr
    of: Column
    by: Expr | None = None
    keyword: str = "top-hitters"
    span: Span | None = None


class Serialize(Node, frozen=True):
    """Rows keep their order from here on; `columns` are added as by Extend."""

    columns: tuple[Column, ...] = ()
    keyword: str = "serialize"
    span: Span | None = None


class ParsePart(Node, frozen=True):
    """A part of a parse pattern: literal text (`name` empty), or a column to fill; `*` is name "*"."""

    text: str = ""
    name: str = ""
    type: str = "string"


class Parse(Node, frozen=True):
    """`parse` or `parse-where` `source` by `parts`; kind simple, regex or relaxed."""

    source: Expr
    parts: tuple[ParsePart, ...]
    kind: str = "simple"
    flags: str = ""
    keyword: str = "parse"
    span: Span | None = None


class ParseKv(Node, frozen=True):
    """`parse-kv`: key/value text into typed columns."""

    source: Expr
    columns: tuple[TypedName, ...]
    properties: tuple[Property, ...] = ()
    keyword: str = "parse-kv"
    span: Span | None = None


class Expand(Node, frozen=True):
    """`mv-expand`: one row per element of `columns` (expanded in step). `types` per column, "" as it is."""

    columns: tuple[Column, ...]
    types: tuple[str, ...] = ()
    limit: Expr | None = None
    index: str = ""
    kind: str = "bag"
    keyword: str = "mv-expand"
    span: Span | None = None
    properties: tuple[Property, ...] = ()


class Apply(Node, frozen=True):
    """`mv-apply`: run `query` (its first stage is `Scan("")`, the expanded rows) on each row's expansion."""

    columns: tuple[Column, ...]
    query: Query
    types: tuple[str, ...] = ()
    limit: Expr | None = None
    index: str = ""
    context: str = ""
    keyword: str = "mv-apply"
    span: Span | None = None


class Evaluate(Node, frozen=True):
    """A plugin: `evaluate bag_unpack(x)`; as first stage it makes rows. `schema` is its declared output, when given."""

    plugin: str
    args: tuple[Expr, ...] = ()
    schema: tuple[TypedName, ...] = ()
    open: bool = False
    properties: tuple[Property, ...] = ()
    keyword: str = "evaluate"
    span: Span | None = None


class Invoke(Node, frozen=True):
    """A function, not defined in the query, of the rows so far: `invoke FileProfile(SHA1, 1000)`."""

    name: str
    args: tuple[Expr, ...] = ()
    keyword: str = "invoke"
    span: Span | None = None


class Partition(Node, frozen=True):
    """Run `query` (its first stage is `Scan("")`) on the rows of each value of `by`, and join the results.

    `sourced`: `query` has rows of its own, and runs for each value; `toscalar(by)` in it is the value.
    """

    by: Expr
    query: Query
    properties: tuple[Property, ...] = ()
    keyword: str = "partition"
    span: Span | None = None
    sourced: bool = False


class ScanStep(Node, frozen=True):
    """One step of the scan operator: when `condition` holds, `assignments` are made."""

    name: str
    condition: Expr
    assignments: tuple[Column, ...] = ()
    optional: bool = False
    output: str = "all"


class ScanRows(Node, frozen=True):
    """The `scan` operator: a state machine over ordered rows."""

    steps: tuple[ScanStep, ...]
    declared: tuple[TypedName, ...] = ()
    defaults: tuple[Expr | None, ...] = ()
    match_id: str = ""
    partition_by: tuple[Column, ...] = ()
    order_by: tuple[SortKey, ...] = ()
    keyword: str = "scan"
    span: Span | None = None


class Fork(Node, frozen=True):
    """Several queries (first stage `Scan("")`) over the same rows, each its own result."""

    queries: tuple[Query, ...]
    names: tuple[str, ...] = ()
    keyword: str = "fork"
    span: Span | None = None


class Facet(Node, frozen=True):
    """Counts per value of each of `by`, each its own result; `query` for the rows themselves."""

    by: tuple[str, ...]
    query: Query | None = None
    keyword: str = "facet"
    span: Span | None = None


class Reduce(Node, frozen=True):
    """`reduce by`: patterns of text values."""

    by: Expr
    properties: tuple[Property, ...] = ()
    keyword: str = "reduce"
    span: Span | None = None


class GetSchema(Node, frozen=True):
    """The columns of the rows, as rows."""

    keyword: str = "getschema"
    span: Span | None = None


class Consume(Node, frozen=True):
    """No rows."""

    keyword: str = "consume"
    span: Span | None = None


class As(Node, frozen=True):
    """The rows so far get a name."""

    name: str
    properties: tuple[Property, ...] = ()
    keyword: str = "as"
    span: Span | None = None


class GraphNodes(Node, frozen=True):
    """A table of nodes of a graph: its column `id` names the node, the columns are its properties."""

    query: Query
    id: str


class MakeGraph(Node, frozen=True):
    """`make-graph`: the rows become edges from the node in `source` to that in `target`.

    Properties of the nodes are the columns of `nodes`, or `node_id` alone. With `by`, a graph a value of that column, and
    `query` (its first stage is `Scan("")`, the graph) on each. What follows works on the graph, until one that makes rows.
    """

    source: str
    target: str
    nodes: tuple[GraphNodes, ...] = ()
    node_id: str = ""
    directed: bool = True
    by: Expr | None = None
    query: Query | None = None
    properties: tuple[Property, ...] = ()
    keyword: str = "make-graph"
    span: Span | None = None


class GraphNode(Node, frozen=True):
    """A node of a pattern; the same name twice is the same node. No name: any."""

    name: str = ""


class GraphEdge(Node, frozen=True):
    """An edge of a pattern, towards the node after it (direction "right"), from it ("left"), or either ("any").

    `most` is not negative for a row of `least` to `most` edges; then functions of the edge see all of them.
    """

    name: str = ""
    direction: str = "right"
    least: int = 1
    most: int = -1

    @property
    def several(self) -> bool:
        """Whether it stands for a row of edges."""
        return self.most >= 0


class GraphPattern(Node, frozen=True):
    """Nodes with an edge between each two."""

    parts: tuple[GraphNode | GraphEdge, ...]


class GraphMatch(Node, frozen=True):
    """`graph-match`: a row of `columns` for each way `patterns` fit the graph. `graph-shortest-paths`, by keyword: for those
    of the fewest edges between a first and a last node; `output` "all", or "any" (one of each pair of nodes).

    In expressions, `Index(Field(name), Literal(property))` is a property of a named node or edge, and the second argument of
    `all`, `any` and `map` is an expression over the properties of each edge (or inner node) of the first.
    cycles: unique_edges (no edge twice), none (no node twice) or all; "" is unique_edges.
    """

    patterns: tuple[GraphPattern, ...]
    predicate: Expr | None = None
    columns: tuple[Column, ...] = ()
    cycles: str = ""
    output: str = ""
    keyword: str = "graph-match"
    span: Span | None = None


class GraphTable(Node, frozen=True):
    """The nodes or the edges of a graph as rows; `ids`: names of columns for the hash of its node, or of its two ends ("" for none)."""

    what: str
    name: str = ""
    ids: tuple[str, ...] = ()


class GraphToTable(Node, frozen=True):
    """`graph-to-table`: one result, or nodes and edges each as its own."""

    outputs: tuple[GraphTable, ...]
    keyword: str = "graph-to-table"
    span: Span | None = None


class GraphComponents(Node, frozen=True):
    """`graph-mark-components`: each node gets the number of its component as property `name`; kind weak or strong."""

    name: str = "ComponentId"
    kind: str = "weak"
    keyword: str = "graph-mark-components"
    span: Span | None = None


class Batch(Node, frozen=True):
    """The further statements of a text, each with a result of its own beside that of the stages before; the last stage.

    They see the lets of the first one, and the names it gave by As and GraphToTable.
    """

    queries: tuple[Query, ...]
    keyword: str = "batch"
    span: Span | None = None


class Render(Node, frozen=True):
    """How a person should see the rows; the rows stay as they are."""

    chart: str
    properties: tuple[Property, ...] = ()
    keyword: str = "render"
    span: Span | None = None


class Correlate(Node, frozen=True):
    """Events of several rules together (Sigma correlation).

    kind: event_count value_count value_sum value_avg value_percentile value_median temporal temporal_ordered.
    `rules` are the parts, in order, by name; `timespan` in seconds; `condition` compares the computed number
    (`Field("count")`), None for temporal: every part at least once, or by the boolean `condition` over part names.
    `field` is what is measured; value_count counts combinations of it and `further` fields. A value_percentile whose
    `percentile` is None does not say which, and is not run.
    """

    kind: str
    rules: tuple[CorrelatePart, ...]
    group_by: tuple[str, ...]
    timespan: int
    condition: Expr | None = None
    field: str = ""
    percentile: float | None = None
    generate: bool = False
    keyword: str = "correlation"
    span: Span | None = None
    further: tuple[str, ...] = ()


class CorrelatePart(Node, frozen=True):
    """One rule of a correlation: its name, its query, and `alias -> field` for group-by names."""

    name: str
    query: Query
    aliases: tuple[tuple[str, str], ...] = ()


class Opaque(Node, frozen=True):
    """A stage not understood: its keyword and its own words. A query with one is explained, never run."""

    keyword: str
    text: str
    span: Span | None = None


Step = (
    Scan | TableCall | Nested | Inline | Print | Range | External | Search | Find
    | Filter | Extend | Project | Select | SelectNamed | Rename | Distinct | Aggregate | Count | MakeSeries | Join | Union | Sort
    | Limit | Top | TopNested | SampleDistinct | TopHitters | Serialize | Parse | ParseKv | Expand | Apply | Evaluate
    | Invoke | Partition | ScanRows | Fork | Facet | Reduce | GetSchema | Consume | As | MakeGraph | GraphMatch
    | GraphToTable | GraphComponents | Batch | Render | Correlate | Opaque
)  # fmt: skip


class Let(Node, frozen=True):
    """A query by a name that later stages Scan; scalars and functions are resolved where they are used.

    `view`: a pattern of table names such as `Device*` may mean it too. `result`: its rows are a result of their own as
    well, as those of the first statement in `T | as Name; Name | count`.
    """

    name: str
    query: Query
    materialized: bool = False
    span: Span | None = None
    view: bool = False
    result: bool = False


class Parameter(Node, frozen=True):
    """A named constant or input of the query as its author wrote it: `let threshold = 5`. `type` "" when unknown."""

    name: str
    text: str
    type: str = ""
    span: Span | None = None


class Query(Node, frozen=True):
    """Stages in order. `lets` are the named queries they use, in order of definition; `parameters` are for readers."""

    stages: tuple[Step, ...]
    lets: tuple[Let, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    language: str = ""


__all__ = [
    "ANY", "FALSE", "TRUE", "Aggregate", "And", "Apply", "As", "Batch", "Call", "Column", "Compare", "Consume", "Correlate",
    "CorrelatePart", "Count", "Distinct", "Evaluate", "Expand", "Expr", "Extend", "External", "Facet", "Field", "Filter",
    "Find", "Fork", "GetSchema", "GraphComponents", "GraphEdge", "GraphMatch", "GraphNode", "GraphNodes", "GraphPattern",
    "GraphTable", "GraphToTable", "Index", "Inline", "Invoke", "Join", "JoinKey", "Let", "Limit", "Literal", "MakeGraph", "MakeSeries",
    "Match", "Named", "Nested", "Not", "Op", "Opaque", "OpaqueExpr", "Or", "Parameter", "Parse", "ParseKv", "ParsePart",
    "Partition", "Print", "Project", "Property", "Query", "Range", "Reduce", "Rename", "Render", "SampleDistinct",
    "Scalar", "Scan", "ScanRows", "ScanStep", "Search", "Select", "SelectNamed", "Serialize", "Sort", "SortKey", "Star", "Step",
    "TableCall", "ToScalar", "Top", "TopHitters", "TopLevel", "TopNested", "TypedName", "Union", "Within",
]  # fmt: skip
