"""A translation as text: the query, its time filter, and a comment header that names the rule and its authors."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import UnsupportedError
from ..languages import kusto
from ..model import (
    And,
    Call,
    Compare,
    Field,
    Filter,
    Literal,
    Match,
    Node,
    Op,
    Or,
    Query,
    Rule,
    Scan,
    TableCall,
    replace,
    rewrite,
)
from .options import Options

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def written(query: Query, rule: Rule, options: Options) -> str:
    """`query` as Kusto, under a header when asked for. Raises UnsupportedError."""
    text = kusto.write(query, options.style)
    return f"{header(rule)}\n{text}" if options.header else text


LONGEST = 100
GROUP = 40


def shallow(query: Query) -> Query:
    """`query` with long chains of conditions in groups: the service refuses text whose syntax tree is too deep."""

    def grouped(node: Node) -> Node:
        match node:
            case And(terms) | Or(terms) if len(terms) > LONGEST:
                kind = type(node)
                groups = (terms[start : start + GROUP] for start in range(0, len(terms), GROUP))
                return replace(node, terms=tuple(kind(group) for group in groups))
            case Match(op=op, values=values) if len(values) > LONGEST and op not in LISTED:
                kind = And if node.every else Or
                starts = range(0, len(values), GROUP)
                return kind(tuple(replace(node, values=values[start : start + GROUP]) for start in starts))
        return node

    result: Query = rewrite(query, grouped)
    return result


LISTED = frozenset((Op.EQ, Op.TERM))
"""Operators with a list form, which is not deep."""


def header(rule: Rule) -> str:
    """Title, id, authors, licence and address of a rule as comment lines; licences such as DRL ask for the author."""
    facts = (
        ("Rule", rule.title),
        ("Id", rule.id),
        ("Author", ", ".join(rule.authors)),
        ("Licence", rule.licence),
        ("Source", rule.url or rule.path),
    )
    return "\n".join(f"// {name}: {' '.join(value.split())}" for name, value in facts if value)


def timed(query: Query, lookback: str, column: str) -> Query:
    """`query` over the rows of the last `lookback` only. Raises UnsupportedError for a lookback that is no timespan."""
    if not lookback:
        return query
    found = re.fullmatch(r"(\d+)([smhd])", lookback)
    if not found:
        raise UnsupportedError("kusto", f"the lookback {lookback!r}: expected a number and s, m, h or d")
    ticks = int(found[1]) * SECONDS[found[2]] * 10_000_000
    recent = Filter(Compare(Field(column), Op.GT, Call("ago", (Literal(ticks, "timespan"),))))
    return replace(query, stages=(query.stages[0], recent, *query.stages[1:]))


def time_column(columns: Mapping[str, str]) -> str:
    """The column that says when: TimeGenerated, or Timestamp in advanced hunting."""
    return "TimeGenerated" if "TimeGenerated" in columns else "Timestamp"


def untimed(query: Query) -> Query:
    """`query` without filters on the clock, to run it on events that have no time."""

    def clocked(stage: object) -> bool:
        match stage:
            case Filter(Compare(Field("TimeGenerated" | "Timestamp"), Op.GT, Call("ago"))):
                return True
        return False

    assert isinstance(query.stages[0], Scan | TableCall)
    return replace(query, stages=tuple(stage for stage in query.stages if not clocked(stage)))
