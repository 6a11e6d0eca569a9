"""Which columns a stage certainly has: a column hides a variable of the same name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from ... import model as m

Known = Callable[[str], Collection[str]]
"""The columns a table of that name is known to have; none for an unknown one."""


def certain(query: m.Query, known: Known) -> set[str]:
    """The columns that the rows of `query` certainly have."""
    own: dict[str, set[str]] = {}

    def find(name: str) -> Collection[str]:
        return own[name] if name in own else known(name)

    for let in query.lets:
        own[let.name] = certain(let.query, find)
    columns: set[str] = set()
    for stage in query.stages:
        grow(columns, stage, find)
    return columns


def grow(columns: set[str], stage: m.Step, known: Known) -> None:
    """The names that are certain after `stage`, in the place of those certain before it."""
    made = _made(stage, known)
    if made is not None:
        columns.clear()
        columns.update(made)
        return
    match stage:
        case m.Extend(added) | m.Serialize(added) | m.Expand(added):
            columns.update(names(added))
        case m.Rename(added):
            columns.difference_update(c.value.name for c in added if isinstance(c.value, m.Field))
            columns.update(names(added))
        case m.Parse(_, parts):
            columns.update(part.name for part in parts if part.name and part.name != "*")
        case m.ParseKv(_, typed) | m.ScanRows(_, typed):
            columns.update(column.name for column in typed)
        case m.Select(patterns):
            if stage.keyword == "project-away":
                columns.difference_update([name for name in columns if any(_fits(p, name) for p in patterns)])
            elif stage.keyword == "project-keep":
                columns.intersection_update([name for name in columns if any(_fits(p, name) for p in patterns)])
        case m.Join(right):
            _joined(columns, stage, certain(right, known))
        case m.Union(queries):
            inputs = [certain(query, known) for query in queries]
            if stage.kind == "inner":
                columns.intersection_update(*inputs)
            else:
                columns.update(*inputs)
            if stage.withsource:
                columns.add(stage.withsource)


def names(columns: Iterable[m.Column]) -> list[str]:
    """Names stated for columns, and of fields taken as they are."""
    found: list[str] = []
    for column in columns:
        if column.names:
            found.extend(column.names)
        elif isinstance(column.value, m.Field):
            found.append(column.value.name)
    return found


def _made(stage: m.Step, known: Known) -> Collection[str] | None:
    """The names that a stage makes by itself; None for one that keeps those before it."""
    match stage:
        case m.Scan(name):
            return known(name) if name else None
        case m.Nested(query):
            return certain(query, known)
        case m.Inline(typed) | m.External(typed):
            return [column.name for column in typed]
        case m.Range(name):
            return [name]
        case m.Print(made) | m.Project(made) | m.Distinct(made):
            return names(made)
        case m.Aggregate(made, by):
            return [*names(made), *names(by)]
        case m.MakeSeries(made):
            return [*names(made), *names(stage.by), *names((stage.axis,))]
        case m.Count():
            return ["Count"]
        case m.Evaluate() | m.TopNested() | m.TopHitters() | m.SampleDistinct() | m.GetSchema() | m.Apply():
            return []
    return None


def _joined(columns: set[str], stage: m.Join, right: set[str]) -> None:
    if stage.kind in ("rightsemi", "rightanti", "rightantisemi"):
        columns.clear()
    if stage.kind not in ("leftsemi", "leftanti", "leftantisemi", "anti"):
        columns.update(right)


def _fits(pattern: str, name: str) -> bool:
    head, star, rest = pattern.partition("*")
    return (
        name.startswith(head) and name.endswith(rest) and len(name) >= len(head) + len(rest)
        if star
        else name == pattern
    )
