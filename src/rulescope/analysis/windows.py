"""Time windows, thresholds and groupings: what a rule says about when, how many and per what, none of it an indicator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .. import model as m
from ..model import Node, Op, replace
from ..text import Span
from .places import Names, Placed, auto_name, live, placed
from .subjects import is_length, shown, spoken, subject

TIME_FIELDS = frozenset(
    {"timegenerated", "timestamp", "eventtime", "createddatetime", "starttime", "endtime", "eventstarttime",
     "eventendtime", "activitydatetime", "timecreated", "_timereceived", "originaltimegenerated", "utctime",
     "@timestamp", "expirationdatetime", "systemtime"}
)  # fmt: skip
TIME_CALLS = frozenset(
    {"ago", "now", "datetime", "todatetime", "startofday", "startofweek", "startofmonth", "startofyear", "endofday",
     "endofweek", "endofmonth", "datetime_add", "make_datetime", "unixtime_seconds_todatetime", "ingestion_time",
     "unixtime_milliseconds_todatetime"}
)  # fmt: skip
NEGATED = {Op.LT: Op.GE, Op.LE: Op.GT, Op.GT: Op.LE, Op.GE: Op.LT, Op.EQ: Op.NE, Op.NE: Op.EQ}
MIRRORED = {Op.GT: Op.LT, Op.GE: Op.LE}
ORDER = frozenset({Op.LT, Op.LE, Op.GT, Op.GE, Op.EQ, Op.NE})
SIGNS = {Op.LT: "<", Op.LE: "<=", Op.GT: ">", Op.GE: ">=", Op.EQ: "==", Op.NE: "!="}
NUMBERS = ("count(", "dcount(", "count_distinct(", "event_count", "value_count")
"""Counts that are never nothing where there is a row to count for."""


class TimeWindow(Node, frozen=True):
    """A condition on time (`op` and `bound` as text), or with op None a bin of `seconds` in a grouping.

    `series`: it is the range of a series, or its step.
    """

    field: str
    op: Op | None
    bound: str
    seconds: float | None = None  # length of the bin, or how far back `ago` goes
    stage: int = 0
    span: Span | None = None
    apart: bool = False  # the bound is how far two moments may lie apart
    series: bool = False


class Threshold(Node, frozen=True):
    """A condition on a computed number: `field op value`, where `field` is `how` (`count()`)."""

    field: str
    how: str
    op: Op
    value: m.Scalar
    text: str
    stage: int = 0
    span: Span | None = None


class Grouping(Node, frozen=True):
    """What a stage counts or collects (`aggregates`, as text; `made`, as columns) and per which fields; `bins` are those of
    time among them.

    `within` is the length of those bins in seconds, 0 for none or when not known; `again`: the rows were grouped before.
    """

    by: tuple[str, ...]
    aggregates: tuple[str, ...]
    stage: int = 0
    bins: tuple[str, ...] = ()
    made: tuple[str, ...] = ()
    within: float = 0.0
    again: bool = False


def is_time(expr: m.Expr, names: Names) -> bool:
    """Whether a comparison is a time window."""
    match expr:
        case m.Compare(left, op, right) if op in ORDER:
            return _timely(left, names) or _timely(right, names)
        case m.Match(left, op) if op in ORDER:
            return _timely(left, names)
    return False


def _timely(expr: m.Expr, names: Names) -> bool:
    """Whether an expression is a moment in time."""
    match expr:
        case m.Literal(_, "datetime" | "timespan"):
            return True
        case m.Field(name):
            return names.aliases.get(name, name).lower() in TIME_FIELDS
        case m.Call(name) if name in TIME_CALLS:
            return True
        case m.Call("+" | "-" | "bin" | "negate" | "*" | "min" | "max" | "todatetime" | "iff" | "coalesce", args):
            return any(_timely(arg, names) for arg in args)
    return False


def is_threshold(expr: m.Expr, names: Names) -> bool:
    """Whether a comparison is about a counted number."""
    match expr:
        case m.Compare(left, op, right) if op in ORDER:
            return bool(_how(left, names) or _how(right, names))
        case m.Match(left, op, values) if op in ORDER:
            return bool(_how(left, names)) and all(
                isinstance(value, int | float) and not isinstance(value, bool) for value in values
            )
    return False


def _how(expr: m.Expr, names: Names) -> str:
    match expr:
        case m.Field(name):
            return names.counted.get(name, "")
        case m.Call(
            "array_length"
            | "arraylength"
            | "strlen"
            | "string_size"
            | "datetime_diff"
            | "countof"
            | "dcount_hll"
            | "bag_keys"
            | "set_union"
        ):
            return m.outline_expr(expr)
        case m.Call("+" | "-" | "*" | "/" | "round" | "todouble" | "toint" | "tolong" | "abs" | "toreal", args):
            found = [how for how in (_how(arg, names) for arg in args) if how]
            return m.outline_expr(expr) if found else ""
    return ""


def thresholds(query: m.Query, stages: tuple[Placed, ...] | None = None) -> tuple[Threshold, ...]:
    """Conditions on computed numbers that rows must pass, in reading order; those that only name or colour are not among them."""
    found: list[Threshold] = []
    for place in live(query, stages):
        if isinstance(place.stage, m.Correlate) and place.stage.condition is not None:
            found.extend(_correlated(place.stage, place.number))
            continue
        if not isinstance(place.stage, m.Filter):
            continue
        for expr, negated in place.compared():
            if not is_threshold(expr, place.names) or is_time(expr, place.names):
                continue
            match expr:
                case m.Match(left, op, values, _, _, span):
                    op = NEGATED[op] if negated else op
                    name, how = _told(left, place.names), _how(left, place.names)
                    found.extend(
                        Threshold(name, how, op, value, f"{name} {SIGNS[op]} {value}", place.number, span)
                        for value in values
                    )
                case m.Compare(left, op, right, _, span):
                    op = NEGATED[op] if negated else op
                    name, how = shown(left, place.names.aliases), _how(left, place.names)
                    if first_or_last(how) or first_or_last(_how(right, place.names)):
                        continue  # which of two moments comes first
                    text = f"{_told(left, place.names)} {SIGNS[op]} {spoken(right)}"
                    found.append(Threshold(name, how, op, None, text, place.number, span))
    return tuple({(each.text, each.stage): each for each in found}.values())


def asks_nothing(how: str, op: str, value: object) -> bool:
    """Whether a condition on a count asks for anything at all: `count() > 0`."""
    return how.startswith(NUMBERS) and (op, value) in AT_ALL


AT_ALL = ((Op.GT, 0), (Op.GE, 1), (Op.NE, 0))


def first_or_last(how: str) -> bool:
    """Whether a number is a moment: `min(TimeGenerated)`."""
    name, _, of = how.partition("(")
    return name in ("min", "max", "minif", "maxif") and of.rstrip(")").partition(",")[0].lower() in TIME_FIELDS


def _told(expr: m.Expr, names: Names) -> str:
    return subject(expr, names.aliases) or spoken(expr)


def _correlated(stage: m.Correlate, number: int) -> Iterator[Threshold]:
    assert stage.condition is not None
    for expr in m.expressions(stage.condition, m.Match):
        if isinstance(expr.subject, m.Field) and expr.op in ORDER:
            for value in expr.values:
                how = f"{stage.kind}({stage.field})" if stage.field else stage.kind
                yield Threshold(
                    expr.subject.name, how, expr.op, value, f"{how} {SIGNS[expr.op]} {value}", number, expr.span
                )


def time_windows(query: m.Query, stages: tuple[Placed, ...] | None = None) -> tuple[TimeWindow, ...]:
    """Conditions on time and bins of time, in reading order."""
    found: list[TimeWindow] = []
    for place in live(query, stages):
        if isinstance(place.stage, m.Correlate):
            found.append(TimeWindow("", None, f"{place.stage.timespan}s", float(place.stage.timespan), place.number))
            continue
        for expr, negated in place.compared():
            if not is_time(expr, place.names):
                continue
            match expr:
                case m.Compare(left, op, right, _, span):
                    op = NEGATED[op] if negated else op
                    name = subject(left, place.names.aliases) or spoken(left)
                    named = isinstance(left, m.Field) and left.name in place.names.lengths
                    apart = (named or is_length(left)) and seconds(right) is not None
                    back = seconds(right) if apart else _ago(right)
                    if (lag := _lag(left, op, right)) > 0:
                        back, apart = lag, True
                        if op in (Op.GT, Op.GE):
                            left, op, right = right, MIRRORED[op], left
                            name = subject(left, place.names.aliases) or spoken(left)
                    found.append(TimeWindow(name, op, spoken(right), back, place.number, span, apart))
                case m.Match(left, op, values, _, _, span):
                    op = NEGATED[op] if negated else op
                    name = subject(left, place.names.aliases) or m.outline_expr(left)
                    found.extend(TimeWindow(name, op, str(value), None, place.number, span) for value in values)
        if isinstance(place.stage, m.Aggregate | m.MakeSeries | m.Extend | m.Project):
            found.extend(_bins(place))
    return tuple(found)


def _lag(left: m.Expr, op: Op, right: m.Expr) -> float:
    """How far two moments may lie apart by a comparison such as `a < b + 1d` or `a + 1d > b`, in seconds; 0 of any other."""
    one, other = _moment(left), _moment(right)
    if one is None or other is None:
        return 0
    return (other - one if op in (Op.LT, Op.LE) else one - other if op in (Op.GT, Op.GE) else 0) / 10_000_000


def _moment(expr: m.Expr) -> float | None:
    """How far from a column's moment an expression is, in ticks."""
    match expr:
        case m.Field():
            return 0
        case m.Call("+" | "-" as word, (m.Field(), length)) if (ticks := _ticks(length)) is not None:
            return ticks if word == "+" else -ticks
    return None


def _bins(place: Placed) -> Iterator[TimeWindow]:
    stage = place.stage
    if isinstance(stage, m.MakeSeries):
        name = shown(stage.axis.value, place.names.aliases)
        yield TimeWindow(name, None, spoken(stage.step), seconds(stage.step), place.number, series=True)
        for op, bound in ((Op.GE, stage.start), (Op.LE, stage.stop)):
            if bound is not None:
                yield TimeWindow(name, op, spoken(bound), _ago(bound), place.number, series=True)
        return
    assert isinstance(stage, m.Aggregate | m.Extend | m.Project)
    for column in stage.by if isinstance(stage, m.Aggregate) else stage.columns:
        match column.value:
            case m.Call("bin" | "floor" | "bin_at", (of, width, *_)) if seconds(width) is not None:
                name = shown(of, place.names.aliases)
                yield TimeWindow(name, None, spoken(width), seconds(width), place.number, column.span)


def seconds(expr: m.Expr) -> float | None:
    """The length of a constant timespan (`1h`, `2*30m`), in seconds."""
    ticks = _ticks(expr)
    return None if ticks is None else ticks / 10_000_000


def _ticks(expr: m.Expr) -> float | None:
    match expr:
        case m.Literal(int() as ticks, "timespan"):
            return ticks
        case m.Call("*" | "/" | "+" | "-" as word, (left, right)):
            a, b = _ticks(left), _ticks(right)
            if word == "*":
                a, b = (a, _number(right)) if a is not None else (b, _number(left))
                return None if a is None or b is None else a * b
            if word == "/":
                divisor = _number(right)
                return None if a is None or not divisor else a / divisor
            return None if a is None or b is None else a + b if word == "+" else a - b
    return None


def _number(expr: m.Expr) -> float | None:
    return (
        float(expr.value)
        if isinstance(expr, m.Literal) and isinstance(expr.value, int | float) and expr.type != "timespan"
        else None
    )


def _ago(expr: m.Expr) -> float | None:
    """How far back `ago(1d)`, `now(-1d)` and `now() - 1d` go, in seconds."""
    match expr:
        case m.Call("ago", (length,)):
            return seconds(length)
        case m.Call("startofday" | "startofweek" | "startofmonth" | "bin" | "datetime", (inner, *_)):
            return _ago(inner)
        case m.Call("now", (m.Literal(int() as ticks, "timespan"),)) if ticks < 0:
            return -ticks / 10_000_000
        case m.Call("now", (m.Call("negate", (length,)),)) | m.Call("-", (m.Call("now", ()), length)):
            return seconds(length)
    return None


def groupings(query: m.Query, stages: tuple[Placed, ...] | None = None) -> tuple[Grouping, ...]:
    """Every grouping of the query."""
    found: list[Grouping] = []
    bins = [each for each in time_windows(query, stages) if each.op is None and each.seconds]
    again = _grouped_again(query)
    for place in live(query, stages):
        within = _width(bins, place.number)
        match place.stage:
            case m.Aggregate(aggregates, by) | m.MakeSeries(aggregates=aggregates, by=by):
                names = tuple(_column(column, place.names) for column in by)
                texts = tuple(m.outline_expr(column.value) for column in aggregates)
                times = tuple(
                    name
                    for name, column in zip(names, by, strict=True)
                    if (subject(column.value, place.names.aliases) or "").lower() in TIME_FIELDS
                )
                if isinstance(place.stage, m.MakeSeries):
                    times = (*times, _column(place.stage.axis, place.names))
                made = tuple(
                    column.name or (auto_name(column.value) if isinstance(column.value, m.Call) else "")
                    for column in aggregates
                )
                if times and not within:  # by a column that was made before
                    within = _width(bins, *range(place.number))
                grouped = id(place.stage) in again
                found.append(Grouping(names, texts, place.number, times, made, within, grouped))
            case m.Distinct(columns) if not _whole(columns):
                found.append(Grouping(tuple(_column(column, place.names) for column in columns), (), place.number))
            case m.Correlate(kind, _, group_by):
                found.append(Grouping(group_by, (kind,), place.number, within=within))
    return tuple(found)


def _width(bins: Sequence[TimeWindow], *stages: int) -> float:
    """The length of the bins of these stages, when all are as long; 0 otherwise."""
    found = {each.seconds for each in bins if each.stage in stages}
    return (found.pop() or 0.0) if len(found) == 1 else 0.0


def whole_row(expr: m.Expr) -> bool:
    """One whole row of a group, so that rows stay rows: `arg_max(TimeGenerated, *)`."""
    return isinstance(expr, m.Call) and expr.name in ("arg_max", "arg_min", "take_any") and m.Star() in expr.args


def _grouped_again(query: m.Query) -> frozenset[int]:
    """The stages (by id) that group rows which were grouped before."""
    lets = {let.name: let.query for inner in m.queries(query) for let in inner.lets}
    found: set[int] = set()

    def visit(inner: m.Query, seen: frozenset[str]) -> bool:
        grouped = False
        for stage in inner.stages:
            match stage:
                case m.Scan(table) if table in lets and table not in seen:
                    grouped |= visit(lets[table], seen | {table})
                case m.Nested(nested):
                    grouped |= visit(nested, seen)
                case m.Aggregate(aggregates) if not (
                    aggregates and all(whole_row(column.value) for column in aggregates)
                ):
                    if grouped:
                        found.add(id(stage))
                    grouped = True
                case m.MakeSeries():
                    grouped = True
                case m.Join() | m.Union() | m.Expand():
                    grouped = False  # whose rows these are is not known
        return grouped

    for inner in m.queries(query):
        visit(inner, frozenset())
    return frozenset(found)


def _whole(columns: tuple[m.Column, ...]) -> bool:
    """Whether rows stay as they are, each once."""
    return any(isinstance(column.value, m.Star) for column in columns)


def _column(column: m.Column, names: Names) -> str:
    """A grouping column as its author calls it; a bin without a name as it is."""
    value = column.value
    match value:
        case m.Call("bin" | "floor" | "bin_at", (m.Field(), width, *_)) if not column.name and seconds(width):
            return spoken(value)
        case m.Call("tostring" | "tolower" | "toupper" | "toint" | "tolong", (m.Field(inner),)) if not column.name:
            return inner
    return column.name or (value.name if isinstance(value, m.Field) else subject(value, names.aliases) or spoken(value))


def group_by(query: m.Query, stages: tuple[Placed, ...] | None = None) -> tuple[str, ...]:
    """The fields of the last grouping of the result's own rows (not of joined ones): what one row stands for."""
    return next(iter(group_bys(query, stages)), ())


def group_bys(query: m.Query, stages: tuple[Placed, ...] | None = None) -> tuple[tuple[str, ...], ...]:
    """The same; of a union whose parts are grouped each in its own way, all of them."""
    places = {id(place.stage): place for place in (stages if stages is not None else placed(query))}
    return tuple(dict.fromkeys(by for by in _group_bys(query, places, {}) if by))


def _group_bys(query: m.Query, places: Mapping[int, Placed], lets: Mapping[str, m.Query]) -> list[tuple[str, ...]]:
    known = {**lets, **{let.name: let.query for let in query.lets}}
    for stage in reversed(query.stages):
        names = places[id(stage)].names if id(stage) in places else Names()
        match stage:
            case m.Distinct(columns) if _whole(columns):
                pass
            case m.Aggregate(by=columns) | m.MakeSeries(by=columns) | m.Distinct(columns):
                return [tuple(_column(column, names) for column in columns)]
            case m.Count():
                return []
            case m.Correlate(_, _, by):
                return [by]
            case m.Scan(table) if table in known:
                return _group_bys(known[table], places, {name: each for name, each in known.items() if name != table})
            case m.Nested(inner):
                return _group_bys(inner, places, known)
            case m.Union(inners):
                found = [by for inner in inners for by in _group_bys(inner, places, known)]
                before = replace(query, stages=query.stages[: query.stages.index(stage)], lets=())
                return [*(_group_bys(before, places, known) if before.stages else []), *found]
    return []


__all__ = [
    "Grouping",
    "Threshold",
    "TimeWindow",
    "asks_nothing",
    "first_or_last",
    "group_by",
    "group_bys",
    "groupings",
    "thresholds",
    "time_windows",
]
