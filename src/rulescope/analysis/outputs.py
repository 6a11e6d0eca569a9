"""Output fields: the columns of the result that the rule makes or names, and the stage that made each."""

from __future__ import annotations

from fnmatch import fnmatchcase

from .. import model as m
from ..binding.columns import named_columns, parts
from ..binding.naming import Names
from ..binding.rows import RowType, Scope
from ..model import OutputField


def output_fields(query: m.Query) -> tuple[OutputField, ...]:
    """The columns of the result that are known, in the order they are first made.

    A stage that fixes the columns (project, summarize, distinct, ...) leaves exactly its own: those the rule did not make
    have the source `source`. Otherwise only made columns are listed, for the table's own are not the rule's.
    `stage` is the number of the stage in the main query.
    """
    made, _ = _made(query, {})
    return tuple(made.values())


Made = dict[str, OutputField]
ANY_ROW = RowType((), True)


def _made(query: m.Query, lets: dict[str, tuple[Made, bool]]) -> tuple[Made, bool]:
    """The known columns, and whether they are all there are."""
    if query.lets:
        lets = dict(lets)
        for let in query.lets:
            lets[let.name] = _made(let.query, lets)
    fields: Made = {}
    closed = False
    for number, stage in enumerate(query.stages):
        fields, closed = _step(stage, number, fields, closed, lets)
    return fields, closed


def _step(
    stage: m.Step, number: int, fields: Made, closed: bool, lets: dict[str, tuple[Made, bool]]
) -> tuple[Made, bool]:  # fmt: skip
    match stage:
        case m.Scan(table):
            found = lets.get(table)
            return (dict(found[0]), found[1]) if found and not stage.scope else ({}, False)
        case m.Nested(query):
            return _made(query, lets)
        case m.Inline(columns) | m.External(columns):
            return {c.name: OutputField(c.name, stage.keyword, number, c.type) for c in columns}, True
        case m.Print():
            named = named_columns(stage, ANY_ROW, Scope())
            return {c.name: OutputField(c.name, stage.keyword, number) for c in named}, True
        case m.Range(name):
            return {name: OutputField(name, stage.keyword, number)}, True
        case m.Count(name):
            return {name: OutputField(name, stage.keyword, number, "long")}, True
        case m.Reduce(_, properties):
            pattern = {"Pattern": OutputField("Pattern", stage.keyword, number, "string")}
            if any(each.name == "kind" and each.value == "source" for each in properties):
                return {**fields, **pattern}, closed
            others = {"Count": "long", "Representative": "string"}
            return {**pattern, **{n: OutputField(n, stage.keyword, number, t) for n, t in others.items()}}, True
        case m.Project(columns) | m.Distinct(columns):
            if any(isinstance(column.value, m.Star) for column in columns):
                return fields, closed
            return _columns(columns, stage.keyword, number, fields), True
        case m.Extend(columns) | m.Serialize(columns) | m.Expand(columns):
            kept = dict(fields)
            for name, field in _columns(columns, stage.keyword, number, {}).items():
                if not (isinstance(stage, m.Expand) and name in kept):
                    kept[name] = OutputField(name, field.source, number)
            return kept, closed
        case m.Aggregate(aggregates, by):
            made = _columns(by, stage.keyword, number, fields) | _columns(aggregates, stage.keyword, number, {})
            stars = [c for c in aggregates if isinstance(c.value, m.Call) and m.Star() in c.value.args]
            if not stars:
                return made, True
            renamed = {c.value.args[0].name for c in stars if c.names and isinstance(c.value, m.Call)
                       and isinstance(c.value.args[0], m.Field)}  # fmt: skip
            rest = {name: field for name, field in fields.items() if name not in made and name not in renamed}
            return {**made, **rest}, closed
        case m.MakeSeries(aggregates=aggregates, axis=axis, by=by):
            return _columns((*by, *aggregates, axis), stage.keyword, number, {}), True
        case m.Rename(columns):
            return _renamed(columns, stage.keyword, number, fields), closed
        case m.Select(patterns, _, keyword):
            return _selected(patterns, keyword, number, fields, closed)
        case m.Parse(_, parts):
            added = {
                p.name: OutputField(p.name, stage.keyword, number, p.type) for p in parts if p.name not in ("", "*")
            }
            return {**fields, **added}, closed
        case m.ParseKv(_, columns):
            return {**fields, **{c.name: OutputField(c.name, stage.keyword, number, c.type) for c in columns}}, closed
        case m.Apply(columns, query):
            inner, whole = _made(query, lets)
            expanded = () if whole else _columns(columns, "", number, {})
            own = {n: OutputField(n, stage.keyword, number) for n in (*expanded, *inner)}
            return {**fields, **{n: f for n, f in own.items() if n not in fields}}, closed
        case m.Join(right, keys, kind):
            return _joined(stage, right, keys, kind, number, fields, closed, lets)
        case m.Union(queries):
            return _united(stage, queries, number, fields, closed, lets)
        case m.Evaluate(plugin, args, schema):
            added = {c.name: OutputField(c.name, stage.keyword, number, c.type) for c in schema}
            if schema and not stage.open:
                return added, True
            return {**_plugged(plugin, args, fields), **added}, False
        case m.Correlate(_, _, group_by):
            return {name: OutputField(name, stage.keyword, number) for name in group_by}, False
        case m.SampleDistinct(_, of) | m.TopHitters(_, of):
            return _columns((of,), stage.keyword, number, fields), True
        case m.Search() | m.Find() | m.TableCall() | m.Partition() | m.Invoke() | m.Opaque():
            return fields, False
    return fields, closed


def _columns(columns: tuple[m.Column, ...], keyword: str, number: int, before: Made) -> Made:
    made: Made = {}
    unnamed = Names(before)
    for column in columns:
        if isinstance(column.value, m.Field) and not column.names:
            name = column.value.name
            made[name] = before.get(name) or OutputField(name, "source", 0)
            continue
        of = "aggregate" if keyword == "summarize" else ""
        found = () if isinstance(column.value, m.Star | m.Opaque) else parts(column.value, ANY_ROW, Scope(), of)
        for name in column.names:
            made[name] = OutputField(name, keyword, number)
        for part in found[len(column.names) :]:
            name = part.name or unnamed.column()
            made[name] = OutputField(name, keyword, number)
    return made


def _plugged(plugin: str, args: tuple[m.Expr, ...], fields: Made) -> Made:
    """What a plugin leaves of the columns before it."""
    named = [arg.name for arg in args if isinstance(arg, m.Field)]
    if plugin == "pivot":
        kept = named[1:] or [name for name in fields if name not in named]
        return {name: fields.get(name) or OutputField(name, "source", 0) for name in kept}
    if plugin == "bag_unpack":
        return {name: field for name, field in fields.items() if name not in named[:1]}
    return fields if plugin in ("ipv4_lookup", "ipv6_lookup") else {}


def _renamed(columns: tuple[m.Column, ...], keyword: str, number: int, fields: Made) -> Made:
    new = {c.value.name: c.name for c in columns if isinstance(c.value, m.Field)}
    made = {new.get(name, name): field for name, field in fields.items()}
    for name in new.values():
        made[name] = OutputField(name, keyword, number)
    return made


def _selected(
    patterns: tuple[str, ...], keyword: str, number: int, fields: Made, closed: bool
) -> tuple[Made, bool]:  # fmt: skip
    def named(name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in patterns)

    if keyword == "project-away":
        return {name: field for name, field in fields.items() if not named(name)}, closed
    if keyword == "project-keep":
        kept = {name: field for name, field in fields.items() if named(name)}
        wild = any("*" in pattern for pattern in patterns)
        for pattern in patterns:
            if "*" not in pattern and not closed:
                kept.setdefault(pattern, OutputField(pattern, "source", 0))
        return kept, closed or not wild
    return fields, closed


def _joined(
    stage: m.Join, right: m.Query, keys: tuple[m.JoinKey, ...], kind: str, number: int, fields: Made, closed: bool,
    lets: dict[str, tuple[Made, bool]],
) -> tuple[Made, bool]:  # fmt: skip
    other, other_closed = _made(right, lets)
    if kind in ("leftanti", "leftsemi", "anti", "leftantisemi"):
        return fields, closed
    if kind in ("rightanti", "rightsemi", "rightantisemi"):
        return other, other_closed
    result = dict(fields)
    shared = {key.right.name for key in keys if isinstance(key.right, m.Field)} if stage.keyword == "lookup" else set()
    taken = {key.left.name for key in keys if isinstance(key.left, m.Field)}  # which the left side has in any case
    for name, field in other.items():
        if name in shared:
            continue
        given, number_of = name, 1
        while given in result or given in taken:
            given, number_of = f"{name}{number_of}", number_of + 1
        result[given] = OutputField(
            given, field.source if field.source != "source" else stage.keyword, number, field.type
        )
    return result, closed and other_closed


def _united(
    stage: m.Union, queries: tuple[m.Query, ...], number: int, fields: Made, closed: bool,
    lets: dict[str, tuple[Made, bool]],
) -> tuple[Made, bool]:  # fmt: skip
    parts = [_made(query, lets) for query in queries]
    whole = all(part[1] for part in parts) and (closed or number == 0)
    result = dict(fields)
    if stage.withsource:
        result = {stage.withsource: OutputField(stage.withsource, stage.keyword, number, "string"), **result}
    for made, _ in parts:
        for name, field in made.items():
            result.setdefault(name, OutputField(name, field.source, number, field.type))
    return result, whole
