"""Which tables a Kusto query must have, and which it can do without."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from ..model import Find, Literal, Node, Query, Scan, Search, TableCall, Union
from ..model.walk import children

T = TypeVar("T")

ANY = "*"


@dataclass(frozen=True, slots=True)
class Needs:
    """Tables by name or pattern: `required` make the result wrong when they are missing; of `optional` (branches of a
    union) at least one must be there when nothing is required."""

    required: frozenset[str]
    optional: frozenset[str]

    @property
    def all(self) -> frozenset[str]:
        return self.required | self.optional

    def missing(self, tables: Iterable[str]) -> str:
        """The first table that keeps the query from running; empty when it can."""
        there = list(tables)
        for name in sorted(self.required):
            if not fnmatch.filter(there, name):
                return name
        if not self.required and self.optional and not any(fnmatch.filter(there, name) for name in self.optional):
            return ", ".join(sorted(self.optional))
        return ""

    def chosen(self, tables: Mapping[str, T]) -> dict[str, T]:
        """The tables among those that the query reads."""
        return {name: table for name, table in tables.items() if any(fnmatch.fnmatchcase(name, p) for p in self.all)}


def needs(query: Query, functions: Mapping[str, Query] | None = None) -> Needs:
    """The tables `query` reads, its own lets left out; of `functions` it calls, the tables these read."""
    required: set[str] = set()
    optional: set[str] = set()
    _collect(query, frozenset(), False, required, optional)
    opened: set[str] = set()
    while called := (required | optional) & (functions or {}).keys() - opened:
        for name in called:
            opened.add(name)
            loose = name not in required
            required.discard(name)
            optional.discard(name)
            _collect((functions or {})[name], frozenset({name}), loose, required, optional)
    return Needs(frozenset(required), frozenset(optional - required))


def _collect(node: Node, lets: frozenset[str], loose: bool, required: set[str], optional: set[str]) -> None:
    stack: list[tuple[Node, frozenset[str], bool]] = [(node, lets, loose)]
    while stack:
        top, known, free = stack.pop()
        kept = optional if free else required
        match top:
            case Query(stages, own):
                inner = known
                for let in own:
                    stack.append((let.query, inner, free))
                    inner = inner | {let.name}
                known = inner
                united = any(isinstance(stage, Union) for stage in stages[1:])
                for place, stage in enumerate(stages):
                    stack.append((stage, known, free or (united and place == 0)))
                continue
            case Scan(table):
                if table and table not in known:
                    kept.add(table)
            case TableCall("table", (Literal(str() as name), *_)):
                if name not in known:
                    kept.add(name)
            case TableCall(name, args):
                watchlist = name == "_GetWatchlist" and args
                if name not in known and not watchlist:
                    kept.add(name)
            case Search(_, tables) if not tables:
                optional.add(ANY)
            case Search(_, tables):
                optional.update(name for name in tables if name not in known)
            case Find():
                if not top.tables:
                    optional.add(ANY)
        stack.extend((child, known, free or isinstance(top, Union | Find)) for child in children(top))
