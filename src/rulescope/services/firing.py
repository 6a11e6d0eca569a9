"""A Sigma correlation against a Kusto query: for which groups both fire, over the same tables of events.

The correlation runs as the query it translates to, in the other query's tables; of the answers, the groups count, not when and
how often a row comes for them.
"""

from __future__ import annotations

from datetime import timedelta

from ..errors import UnsupportedError
from ..model import Column, Correlate, Field, Project, Query, Scan, replace
from ..schemas import logsources
from ..schemas.columns import FieldMap
from ..schemas.mappings import Mapping
from ..translation.sliding import leaves, slide
from ..translation.text import time_column
from .answers import Answers, by_answers, tables_of
from .common_rows import ways
from .declared import declared
from .tracing import clockless, renamed

CALLER = "comparison of a correlation"


def by_groups(stage: Correlate, other: Query) -> tuple[Answers, Mapping]:
    """How `other` relates to the correlation by the groups they fire for, and the way its first rule takes.

    Raises UnsupportedError when no event of a rule is known to reach a table that `other` reads, or one of both cannot be run.
    """
    tables = tables_of(other)
    chosen: dict[str, Mapping] = {}
    names: dict[str, str] = {}
    for path, part in leaves(stage):
        first = part.query.stages[0]
        source = first.logsource if isinstance(first, Scan) else ""
        found = next(iter(ways(logsources.parsed(source), tables)), None) if source else None
        if found is None:
            raise UnsupportedError(CALLER, f"{part.name}: its events are not known to reach {', '.join(tables)}")
        names[found[1].table], chosen[path] = found
    way = next(iter(chosen.values()))
    ours = slide(stage, chosen, time_column(way.types))
    groups = _columns(stage, way)
    if groups:
        shown = tuple(Column((name,), Field(f"group{number + 1}")) for number, name in enumerate(groups))
        ours = replace(ours, stages=(*ours.stages, Project(shown)))
    ours = renamed(ours, lambda table: names.get(table, table))
    span = timedelta(seconds=stage.timespan or 3600)
    types = {table: declared(table) for table in tables}
    return by_answers(ours, clockless(other), types, groups, (span * 0.9, span * 3, timedelta(days=12))), way


def _columns(stage: Correlate, way: Mapping) -> tuple[str, ...]:
    """The columns a correlation groups by; none when one of them is no plain column."""
    aliases = dict(stage.rules[0].aliases)
    rows = [way.field(aliases.get(name, name)) for name in stage.group_by]
    plain = [row.columns[0] for row in rows if type(row) is FieldMap]
    return tuple(plain) if len(plain) == len(rows) else ()
