"""Queries of several results: fork, facet, `graph-to-table` of nodes and edges, and texts of several statements.

Source: https://learn.microsoft.com/kusto/query/fork-operator, facet-operator, graph-to-table-operator and batches
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from ...model import Aggregate as Summarize
from ...model import As, Batch, Call, Column, Facet, Field, Fork, GraphToTable, Query, Render, Step
from . import graphs
from .frame import Frame
from .stages import lower
from .values import unsupported

if TYPE_CHECKING:
    from .plan import Plan

Results = list[tuple[str, Frame]]


def results_of(plan: Plan, query: Query) -> Results:
    """Each result of `query` with its name. Names that its statements give stay known in `plan.lets`."""
    from .plan import Lets

    for let in query.lets:
        plan.lets = {**plan.lets, let.name: Lets(let.query, plan.lets, let.materialized, let.view)}
    shown: Results = []
    for let in query.lets:
        if let.result and (rows := plan.let_frame(let.name)) is not None:
            shown.append((let.name, rows))
    stages = [stage for stage in query.stages if not isinstance(stage, Render)]
    batch = stages.pop() if stages and isinstance(stages[-1], Batch) else None
    found = _statement(plan, stages)
    if isinstance(batch, Batch):
        if stages and isinstance(last := stages[-1], GraphToTable) and all(table.name for table in last.outputs):
            found = []  # it only names what the other statements show
        for each in batch.queries:
            saved = plan.lets
            found += results_of(plan, each)
            if each.lets:
                plan.lets = saved
    return shown + found


def _statement(plan: Plan, stages: Sequence[Step]) -> Results:
    frame: Frame | None = None
    for place, stage in enumerate(stages):
        several = isinstance(stage, Fork | Facet) or (isinstance(stage, GraphToTable) and len(stage.outputs) > 1)
        if several and frame is not None:
            if place < len(stages) - 1:
                raise unsupported(f"operators after {stage.keyword}, which gives several results")
            return _several(plan, stage, frame)
        frame = lower(plan, stage, frame)
        if isinstance(stage, GraphToTable) and stage.outputs[0].name:
            _name(plan, stage.outputs[0].name, frame)
    if frame is None:
        raise unsupported("a query without stages")
    if frame.graph is not None:
        raise unsupported("a graph where rows are expected")
    return [(_named(stages), frame)]


def _several(plan: Plan, stage: Step, frame: Frame) -> Results:
    match stage:
        case Fork(queries, names):
            given = names or ("",) * len(queries)
            return [
                (name or _named(list(query.stages)), plan.inner(query, frame))
                for name, query in zip(given, queries, strict=True)
            ]
        case Facet(by, query):
            found: Results = []
            if query is not None:
                found.append((_named(list(query.stages)), plan.inner(query, frame)))
            return found + [(name, _counted(plan, name, frame)) for name in by]
        case GraphToTable(outputs):
            if not all(table.name for table in outputs):
                raise unsupported("graph-to-table of nodes and edges without names")
            tables = [(table.name, graphs.table_of(plan, table, frame)) for table in outputs]
            for name, rows in tables:
                _name(plan, name, rows)
            return tables
    raise unsupported(f"operator {stage.keyword}")


def _counted(plan: Plan, name: str, frame: Frame) -> Frame:
    """The values of a column and how often each stands there, as `count_` and its name."""
    column = frame.column(name)
    counted = Summarize((Column((f"count_{name}",), Call("count")),), (Column((), Field(column.name)),))
    return lower(plan, counted, replace(frame, order=()))


def _named(stages: Sequence[Step]) -> str:
    """The name that a last `as` gives to the rows."""
    return next((stage.name for stage in stages[-1:] if isinstance(stage, As)), "")


def _name(plan: Plan, name: str, frame: Frame) -> None:
    from .plan import Lets

    plan.lets = {**plan.lets, name: Lets(Query(()), {}, frame=frame)}
