"""Which rows a Kusto query chooses: the query as far as it chooses, with a number carried through for each row.

What only shows rows (project, sort, the last summarize) is left off and said; what chooses by other tables or by counting
cannot be traced row by row and is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ..errors import UnsupportedError
from ..model import (
    Aggregate,
    And,
    As,
    Call,
    Column,
    Compare,
    Consume,
    Count,
    Distinct,
    Evaluate,
    Expand,
    Expr,
    Extend,
    Field,
    Filter,
    Index,
    Let,
    Limit,
    Literal,
    Match,
    Named,
    Nested,
    Node,
    Not,
    Op,
    Or,
    Parse,
    ParseKv,
    Project,
    Query,
    Rename,
    Render,
    SampleDistinct,
    Scan,
    Select,
    Serialize,
    Sort,
    Star,
    Step,
    TableCall,
    Top,
    TopNested,
    ToScalar,
    Union,
    Within,
    expressions,
    outline,
    outline_expr,
    queries,
    replace,
    rewrite,
)

NUMBER = "_event"
"""The column that numbers the rows."""

DEVICES = "DeviceInfo"
TIMES = frozenset({"TimeGenerated", "Timestamp"})
CHOOSING = (Filter, Union, Nested, Parse, Expand)
KEEPING = (Extend, Parse, ParseKv, Rename, Serialize, Sort, As, Expand)
SHOWING = (Aggregate, Limit, Top, TopNested, Count, Distinct, SampleDistinct, Evaluate)
RANGES = frozenset({"ipv4_is_in_range", "ipv4_is_in_any_range", "ipv6_is_in_range", "ipv6_is_in_any_range"})
CALLER = "comparison of single events"


@dataclass
class Traced:
    """A query that gives the numbers of the rows it chooses, the tables it reads, and what was left off on the way."""

    query: Query
    tables: tuple[str, ...]
    left_off: tuple[str, ...] = ()
    windows: frozenset[str] = frozenset()
    """The time filters that were left off, as outlines."""
    tail: tuple[str, ...] = ()
    """The stages that were left off, as outlines."""


def traced(query: Query) -> Traced:
    """`query` as far as it chooses rows. Raises UnsupportedError when rows are not chosen one by one."""
    tracer = _Tracer({let.name: let.query for let in query.lets})
    found = tracer.query(query)
    lets = tuple(Let(name, tracer.done[name]) if name in tracer.done else let for name, let in _named(query))
    return Traced(
        replace(found, lets=lets),
        tuple(tracer.tables),
        tuple(tracer.left_off),
        frozenset(tracer.windows),
        tuple(tracer.tail),
    )


def _named(query: Query) -> Iterator[tuple[str, Let]]:
    return ((let.name, let) for let in query.lets)


@dataclass
class _Tracer:
    lets: dict[str, Query]
    done: dict[str, Query] = field(default_factory=dict)
    tables: dict[str, None] = field(default_factory=dict)
    left_off: dict[str, None] = field(default_factory=dict)
    windows: set[str] = field(default_factory=set)
    tail: list[str] = field(default_factory=list)

    def query(self, query: Query) -> Query:
        stages = query.stages
        last = max((number for number, stage in enumerate(stages) if _chooses(stage)), default=0)
        for stage in stages[last + 1 :]:
            if isinstance(stage, SHOWING):
                self.left_off[stage.keyword] = None
                self.tail.append(outline(Query((stage,))))
        kept = [made for stage in stages[: last + 1] for made in self.stage(stage)]
        return replace(query, stages=tuple(kept))

    def stage(self, stage: Step) -> list[Step]:
        match stage:
            case Scan(table, _, logsource):
                if logsource:
                    raise UnsupportedError(CALLER, "a log source")
                return [self.scan(stage, table)]
            case TableCall(name, args):
                if not all(isinstance(arg, Named) and arg.name in ("starttime", "endtime") for arg in args):
                    raise UnsupportedError(CALLER, f"the arguments of {name}")
                return [self.scan(Scan(name), name)]
            case Nested(inner):
                return [replace(stage, query=self.query(inner))]
            case Union(inner, withsource=source):
                if source:
                    raise UnsupportedError(CALLER, "union withsource")
                return [replace(stage, queries=tuple(self.query(each) for each in inner))]
            case Filter(predicate):
                _check(predicate)
                timeless = self.timeless(predicate)
                return [replace(stage, predicate=timeless)] if timeless is not None else []
            case Project(columns):
                return [replace(stage, columns=(*columns, Column((NUMBER,), Field(NUMBER))))]
            case Select(patterns, orders, "project-keep"):
                return [replace(stage, patterns=(*patterns, NUMBER), orders=(*orders, "") if orders else ())]
            case Distinct(columns):
                if any(isinstance(column.value, Star) for column in columns):
                    return []
                return [replace(stage, columns=(*columns, Column((), Field(NUMBER))))]
            case Render() | Consume():
                return []
            case Select():
                return [stage]
        if isinstance(stage, KEEPING):
            if any(True for _ in expressions(stage, ToScalar)):
                raise UnsupportedError(CALLER, "toscalar")
            return [stage]
        raise UnsupportedError(CALLER, f"{stage.keyword} before the last filter")

    def scan(self, stage: Scan, table: str) -> Scan:
        if table in self.lets:
            if table not in self.done:
                self.done[table] = self.query(self.lets[table])
            return stage
        if "*" in table:
            raise UnsupportedError(CALLER, f"the tables {table}")
        self.tables[table] = None
        return Scan(table)

    def timeless(self, predicate: Expr) -> Expr | None:
        """`predicate` without its conditions on the clock; None when nothing is left."""
        terms = predicate.terms if isinstance(predicate, And) else (predicate,)
        kept = tuple(term for term in terms if not _on_clock(term))
        if len(kept) < len(terms):
            self.left_off["the time filter"] = None
            self.windows.update(outline_expr(term) for term in terms if _on_clock(term))
        if not kept:
            return None if terms else predicate
        return kept[0] if len(kept) == 1 else And(kept)


def _chooses(stage: Step) -> bool:
    if isinstance(stage, Parse):
        return stage.keyword == "parse-where"
    return isinstance(stage, CHOOSING) or not isinstance(
        stage, (*KEEPING, *SHOWING, Project, Select, Render, Consume, Scan, TableCall)
    )


ROUNDED = frozenset({"bin", "floor", "startofday", "startofhour", "startofweek", "startofmonth", "endofday"})
WINDOW = frozenset({Op.LT, Op.LE, Op.GT, Op.GE})


def _on_clock(term: Expr) -> bool:
    """Whether a condition is a window of time that rows come from: from, until or between moments the row does not say.

    `hourofday(TimeGenerated) >= 18` is none: it tells the rows of one window apart.
    """
    match term:
        case And(terms):
            return bool(terms) and all(map(_on_clock, terms))
        case Compare(Field(name) | Call(_, (Field(name), *_)), op, right) if name in TIMES and op in WINDOW:
            plain = isinstance(term.left, Field) or (isinstance(term.left, Call) and term.left.name in ROUNDED)
            return plain and not any(True for _ in expressions(right, Field))
    return False


def clockless(query: Query) -> Query:
    """`query` and those within it without their time filters."""

    def change(node: Node) -> Node:
        match node:
            case Filter(And(terms)) if any(map(_on_clock, terms)):
                return replace(node, predicate=And(tuple(term for term in terms if not _on_clock(term))))
            case Filter(predicate) if _on_clock(predicate):
                return replace(node, predicate=And(()))
        return node

    result: Query = rewrite(query, change)
    return result


def _check(predicate: Expr) -> None:
    for inner in expressions(predicate, Within):
        for query in queries(inner.query):
            first = query.stages[0]
            if not isinstance(first, Scan) or first.table != DEVICES:
                raise UnsupportedError(CALLER, "a condition on another table")
    if any(True for _ in expressions(predicate, ToScalar)):
        raise UnsupportedError(CALLER, "toscalar")


def renamed(query: Query, names: Callable[[str], str]) -> Query:
    """`query` with each table it reads by the name `names` gives."""
    defined = {let.name for let in query.lets}

    def change(node: Node) -> Node:
        if isinstance(node, Scan) and node.table not in defined and node.table != DEVICES:
            return Scan(names(node.table))
        return node

    result: Query = rewrite(query, change)
    return result


def condition(query: Query) -> tuple[Expr, bool]:
    """What a traced query asks of a row, over columns and paths into them (`EventData.Image`), and whether that is all.

    Conditions that cannot be said so (computed text, other tables) are left out, and the second answer is False.
    """
    return _Condition({let.name: let.query for let in query.lets}).of(query)


@dataclass
class _Condition:
    lets: dict[str, Query]
    whole: bool = True

    def of(self, query: Query) -> tuple[Expr, bool]:
        return self.query(query), self.whole

    def query(self, query: Query) -> Expr:
        terms: list[Expr] = []
        made: dict[str, Expr] = {}
        for stage in query.stages:
            match stage:
                case Scan(table) if table in self.lets:
                    terms.append(self.query(self.lets[table]))
                case Nested(inner):
                    terms.append(self.query(inner))
                case Union(inner):
                    before = (And(tuple(terms)),) if terms else ()
                    terms = [Or((*before, *(self.query(each) for each in inner)))]
                case Filter(predicate):
                    terms.append(self.expr(predicate, made))
                case Extend(columns) | Project(columns) | Rename(columns):
                    made = {**made, **{column.name: column.value for column in columns if column.name}}
                case Parse() | ParseKv() | Expand():
                    self.whole = False
                case _:
                    pass
        return And(tuple(terms))

    def expr(self, expr: Expr, made: dict[str, Expr]) -> Expr:
        match expr:
            case And(terms) | Or(terms):
                return replace(expr, terms=tuple(self.expr(term, made) for term in terms))
            case Not(term):
                inner = self.expr(term, made)
                return Not(inner) if inner != And(()) else inner
            case Match(Call() as range_, Op.EQ, (bool(truth),)) if range_.name in RANGES:
                inside = self.range_(range_, made)
                if inside is not None:
                    return inside if truth else Not(inside)
            case Call(function) if function in RANGES:
                inside = self.range_(expr, made)
                if inside is not None:
                    return inside
            case Match(subject):
                name = path(subject, made)
                if name is not None:
                    return replace(expr, subject=Field(name))
            case Compare(left, op, right, cased):
                names = path(left, made), path(right, made)
                if names[0] is not None and names[1] is not None:
                    return Compare(Field(names[0]), op, Field(names[1]), cased)
            case Call("isnull" | "isnotnull", (inner,)):
                name = path(inner, made)
                if name is not None:
                    present = Match(Field(name), Op.EXISTS)
                    return present if expr.name == "isnotnull" else Not(present)
        if not isinstance(expr, Within):  # the device's system: rows have it
            self.whole = False
        return And(())

    def range_(self, call: Call, made: dict[str, Expr]) -> Expr | None:
        """`ipv4_is_in_range(column, "10.0.0.0/8", ...)` as a test of the column."""
        name = path(call.args[0], made) if call.args else None
        values = tuple(
            each.value for each in call.args[1:] if isinstance(each, Literal) and isinstance(each.value, str)
        )
        if name is None or not values or len(values) < len(call.args) - 1:
            return None
        return Match(Field(name), Op.CIDR, values)


def path(expr: Expr, made: dict[str, Expr]) -> str | None:
    """`Column` or `Column.key.key` that an expression reads as it is or in another case; None for another value."""
    match expr:
        case Field(name):
            source = made.get(name)
            if source is None or source == expr:
                return name
            return path(source, {key: value for key, value in made.items() if key != name})
        case Index(base, Literal(str(key))):
            before = path(base, made)
            return f"{before}.{key}" if before is not None else None
        case Call("tostring" | "tolower" | "toupper" | "parse_json" | "todynamic" | "toint" | "tolong", (inner,)):
            return path(inner, made)
    return None
