"""Every stage of a query, those of lets, joins, unions and subqueries too, numbered, with what its columns stand for."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from .. import model as m
from ..model.walk import children, walk
from .subjects import LAST, SEEN_THROUGH, folded, is_length, subject

COUNTS = frozenset(
    {"count", "countif", "dcount", "dcountif", "count_distinct", "count_distinctif", "sum", "sumif", "avg", "avgif",
     "min", "minif", "max", "maxif", "stdev", "stdevif", "variance", "percentile", "hll", "array_length", "arraylength",
     "set_difference", "binary_all_or", "strlen", "string_size", "countof", "datetime_diff"}
)  # fmt: skip
KEPT = frozenset({"arg_max", "arg_min", "take_any", "any", "argmax", "argmin"})
PREFIXES = {
    "make_set": "set_", "makeset": "set_", "make_list": "list_", "makelist": "list_", "dcount": "dcount_",
    "take_any": "", "any": "any_", "make_set_if": "set_", "make_list_if": "list_",
}  # fmt: skip


@dataclass(slots=True)
class Names:
    """What derived columns stand for (`aliases`: column -> field), which hold counted numbers (column -> how), and which
    are `labels`: constants that the query itself gives its rows; `folded` are text in one case; `lengths` are differences;
    `picked` hold a value only where a pattern or a condition fits.
    """

    aliases: dict[str, str] = field(default_factory=dict)
    counted: dict[str, str] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    folded: set[str] = field(default_factory=set)
    lengths: set[str] = field(default_factory=set)
    picked: set[str] = field(default_factory=set)

    def copy(self) -> Names:
        sets = (set(self.labels), set(self.folded), set(self.lengths), set(self.picked))
        return Names(dict(self.aliases), dict(self.counted), *sets)

    def add(self, other: Names) -> None:
        self.labels |= other.labels
        self.lengths |= other.lengths
        self.picked |= other.picked
        self.folded |= other.folded
        for name, value in other.aliases.items():
            self.aliases.setdefault(name, value)
        for name, how in other.counted.items():
            self.counted.setdefault(name, how)

    def beside(self, other: Names) -> None:
        """Columns of joined rows: what a column of the first rows stands for too is told by the other's own name."""
        taken = set(self.aliases.values())
        apart = {name: value for name, value in other.aliases.items() if value not in taken}
        self.add(Names(apart, other.counted, other.labels, other.folded))

    def put(self, name: str, value: m.Expr) -> None:
        """A column computed as `value`."""
        how = _counted(value, self)
        found = subject(value, self.aliases)
        (self.folded.add if folded(value, self.folded) else self.folded.discard)(name)
        same = isinstance(value, m.Field) and value.name in self.lengths
        (self.lengths.add if same or is_length(value) else self.lengths.discard)(name)
        self.aliases.pop(name, None)
        self.counted.pop(name, None)
        self.labels.discard(name)
        (self.picked.add if _picks(value, self) else self.picked.discard)(name)
        if _label(value):
            self.labels.add(name)
        if how:
            self.counted[name] = how
        elif found is not None and found != name:
            self.aliases[name] = found


def _label(value: m.Expr) -> bool:
    """A constant, or one of several that a condition chooses between."""
    match value:
        case m.Literal():
            return True
        case m.Call("iff", (_, one, other)):
            return _label(one) and _label(other)
        case m.Call("case", args) if args:
            return all(_label(each) for each in (*args[1:-1:2], args[-1]))
    return False


def _picks(value: m.Expr, names: Names) -> bool:
    """Whether a value is there only where a pattern or a condition fits."""
    match value:
        case m.Field(name):
            return name in names.picked
        case m.Call("iff" | "case", args):
            return any(isinstance(each, m.Literal) and each.value in ("", None) for each in args[1:])
        case m.Call("extract" | "extract_all"):
            return True
        case m.Call(name, args) if name in SEEN_THROUGH and args:
            return _picks(args[-1 if name in LAST else 0], names)
    return False


def _counted(value: m.Expr, names: Names) -> str:
    match value:
        case m.Call(name) if name in COUNTS or name.startswith("series_"):
            return m.outline_expr(value)
        case m.Field(name):
            return names.counted.get(name, "")
        case m.Call("toint" | "tolong" | "todouble" | "toreal" | "round", (inner, *_)):
            return _counted(inner, names)
        case m.Call("+" | "-" | "*" | "/" | "case" | "iff" | "coalesce" | "abs", args):
            return m.outline_expr(value) if any(_counted(each, names) for each in args) else ""
    return ""


@dataclass(slots=True)
class Placed:
    """A stage where it stands. `branch` names what it is part of ("" the main query, "let X", "join", ...), `depth` how
    deep that is; `names` are those its expressions see. What is computed of it more than once is `kept`."""

    number: int
    stage: m.Step
    depth: int
    branch: str
    names: Names
    after: Names
    idle: bool = False  # of a let that nothing reads
    kept: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def comparisons(self) -> tuple[m.Match | m.Compare, ...]:
        """Every comparison in the stage's own expressions, subqueries left to their own stages."""
        return tuple(expr for expr, _ in self.compared())

    def compared(self) -> tuple[tuple[m.Match | m.Compare, bool], ...]:
        """The same, each with whether it stands under an odd number of Nots."""
        if "compared" not in self.kept:
            found: list[tuple[m.Match | m.Compare, bool]] = []
            stack = [(child, False) for child in reversed(list(children(self.stage)))]
            while stack:
                node, negated = stack.pop()
                if isinstance(node, m.Match | m.Compare):
                    found.append((node, negated))
                if not isinstance(node, _LEAVES):
                    negated ^= isinstance(node, m.Not)
                    stack.extend((child, negated) for child in reversed(list(children(node))))
            self.kept["compared"] = tuple(found)
        return self.kept["compared"]


_LEAVES = (m.Field, m.Literal, m.Query, m.Star)


def placed(query: m.Query) -> tuple[Placed, ...]:
    """All stages in reading order: lets first, the main stages, and after each the stages inside it.

    The last few queries are remembered: whoever explains a query asks for its stages many times.
    """
    for known, stages in tuple(_RECENT):
        if known is query:
            return stages
    found: list[Placed] = []
    _query(query, found, 0, "", {}, Names())
    unread = {f"let {name}" for name in _unread(query)}
    within = False
    for place in found:
        if place.depth <= 1:  # the stages inside follow those they stand in
            within = place.depth == 1 and place.branch in unread
        place.idle = within
    stages = tuple(found)
    _RECENT.appendleft((query, stages))
    return stages


def live(query: m.Query, stages: tuple[Placed, ...] | None = None) -> tuple[Placed, ...]:
    """The stages that the result rests on: all but those of lets that nothing reads."""
    return tuple(place for place in (stages if stages is not None else placed(query)) if not place.idle)


_RECENT: deque[tuple[m.Query, tuple[Placed, ...]]] = deque(maxlen=4)


def _unread(query: m.Query) -> set[str]:
    """The lets of a query that its result does not rest on; none where a part was not understood."""
    if not query.lets or any(isinstance(node, m.Opaque | m.OpaqueExpr) for node in walk(query)):
        return set()
    lets = {let.name: let.query for let in query.lets}
    waiting: list[m.Node] = list(query.stages)
    read: set[str] = set()
    while waiting:
        stage = waiting.pop()  # plugins name their tables as if they were columns
        names = {scan.table for scan in m.expressions(stage, m.Scan)}
        names = (names | {each.name for each in m.expressions(stage, m.Field)}) & lets.keys() - read
        read |= names
        waiting += [lets[name] for name in names]
    return set(lets) - read if query.stages else set()


def _query(
    query: m.Query, found: list[Placed], depth: int, branch: str, lets: dict[str, Names], start: Names
) -> Names:  # fmt: skip
    if query.lets:
        lets = dict(lets)
        for let in query.lets:
            lets[let.name] = _query(let.query, found, depth + 1, f"let {let.name}", lets, Names())
    names = start.copy()
    for stage in query.stages:
        if isinstance(stage, m.Scan) and stage.table in lets:
            names.add(lets[stage.table])
        number = len(found)
        after = names.copy()
        entry = Placed(number, stage, depth, branch, names, after)
        found.append(entry)
        united = [names] if isinstance(stage, m.Union) and stage is not query.stages[0] else []
        for inner in m.inner_queries(stage):
            rows = names.copy() if isinstance(stage, m.Apply | m.Partition | m.Fork | m.Facet) else Names()
            if isinstance(stage, m.Apply):
                _after(stage, rows)
            made = _query(inner, found, depth + 1, _branch(stage, inner), lets, rows)
            if isinstance(stage, m.Join):
                after.beside(made)
            elif isinstance(stage, m.Union | m.Nested | m.Apply | m.Partition):
                after.add(made)
            if isinstance(stage, m.Union):
                united.append(made)
        if united:  # a column of several parts is a field's only where it is so in each of them
            after.aliases = {
                name: value
                for name, value in after.aliases.items()
                if {each.aliases.get(name) for each in united} == {value}
            }
        _after(stage, after)
        names = after
    return names


def _branch(stage: m.Step, inner: m.Query) -> str:
    if isinstance(stage, m.Nested) and stage.name:
        return stage.name
    if isinstance(stage, m.Correlate):
        return next((part.name for part in stage.rules if part.query is inner), stage.keyword)
    return str(getattr(stage, "keyword", ""))


def _after(stage: m.Step, names: Names) -> None:
    """What columns stand for after a stage."""
    match stage:
        case m.Extend(columns) | m.Serialize(columns) | m.Project(columns) | m.Rename(columns) | m.Expand(columns):
            before = names.copy()
            for column in columns:
                if len(column.names) == 1:
                    made = before.copy()
                    made.put(column.name, column.value)
                    _take(names, made, column.name)
                else:
                    how = _counted(column.value, before)
                    for name in column.names:
                        names.aliases.pop(name, None)
                        names.counted.pop(name, None)
                        if how:
                            names.counted[name] = how
        case m.Apply(columns):
            for column in columns:
                if column.name:
                    names.put(column.name, column.value)
        case m.Aggregate(aggregates, by):
            before = names.copy()
            if not any(isinstance(c.value, m.Call) and m.Star() in c.value.args for c in aggregates):
                kept = {c.value.name for c in by if isinstance(c.value, m.Field)}
                names.aliases = {name: value for name, value in names.aliases.items() if name in kept}
                names.counted = {name: value for name, value in names.counted.items() if name in kept}
            for column in (*by, *aggregates):
                _aggregated(column, before, names)
        case m.MakeSeries(aggregates, by=by):
            before = names.copy()
            names.aliases, names.counted = {}, {}
            for column in (*by, *aggregates):
                _aggregated(column, before, names)
        case m.Count(name):
            names.aliases.clear()
            names.counted = {name: "count()"}
        case m.Parse(_, parts):
            for part in parts:
                names.aliases.pop(part.name, None)
                names.picked.add(part.name)


def _take(names: Names, made: Names, name: str) -> None:
    names.aliases.pop(name, None)
    names.counted.pop(name, None)
    names.labels.discard(name)
    names.folded.discard(name)
    names.lengths.discard(name)
    if name in made.lengths:
        names.lengths.add(name)
    names.picked.discard(name)
    if name in made.picked:
        names.picked.add(name)
    if name in made.labels:
        names.labels.add(name)
    if name in made.folded:
        names.folded.add(name)
    if name in made.aliases:
        names.aliases[name] = made.aliases[name]
    if name in made.counted:
        names.counted[name] = made.counted[name]


def _aggregated(column: m.Column, before: Names, names: Names) -> None:
    value = column.value
    if len(column.names) == 1:
        made = before.copy()
        made.put(column.name, value)
        _take(names, made, column.name)
    elif not column.names and isinstance(value, m.Call):
        name = auto_name(value)
        if name:
            made = before.copy()
            made.put(name, value)
            _take(names, made, name)


def auto_name(call: m.Call) -> str:
    """The usual names Kusto gives: `count_`, `dcount_x`, `set_x`, `countif_`."""
    first = call.args[0].name if call.args and isinstance(call.args[0], m.Field) else ""
    if call.name in ("bin", "tostring", "tolower", "toupper"):
        return first
    return f"{PREFIXES.get(call.name, call.name + '_')}{first}"
