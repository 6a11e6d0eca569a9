"""Stages as a page shows them: number, place, keyword, native text, what kind of step, and the condition as a tree."""

from __future__ import annotations

from .. import model as m
from ..model import Node
from ..text import Span
from .places import Placed, placed
from .subjects import shown, spoken


class Stage(Node, frozen=True):
    """A stage for readers. `text` is the author's own; `branch` and `depth` say where it stands (see `places`).

    `made` are the columns it computes, `conditions` its predicates as trees (of a where; of iff and case in columns).
    """

    number: int
    keyword: str
    text: str
    kind: str
    depth: int = 0
    branch: str = ""
    made: tuple[str, ...] = ()
    conditions: tuple[Tree, ...] = ()
    span: Span | None = None


class Tree(Node, frozen=True):
    """A condition for readers. kind: and, or, not (one part), leaf (`text`), if (condition, then, else, in turns, the last
    one the else; `text` is the column it fills), value (`text`)."""

    kind: str
    text: str = ""
    parts: tuple[Tree, ...] = ()
    span: Span | None = None


def stages(query: m.Query, text: str, found: tuple[Placed, ...] | None = None) -> tuple[Stage, ...]:
    """Every stage of `query`, which was read from `text`: lets first, then the main stages, each followed by its parts."""
    return tuple(_stage(place, text) for place in (found if found is not None else placed(query)))


def _stage(place: Placed, text: str) -> Stage:
    stage = place.stage
    span = stage.span
    keyword = str(getattr(stage, "keyword", ""))
    native = text[span.start : span.end] if span is not None else ""
    columns = [c for name in ("columns", "aggregates", "by") for c in _columns(stage, name)]
    made = tuple(name for column in columns for name in column.names)
    kind = type(stage).__name__
    return Stage(
        place.number, keyword, native, kind, place.depth, place.branch, made, predicates(stage, text, place), span
    )  # fmt: skip


def _columns(stage: m.Step, name: str) -> tuple[m.Column, ...]:
    value = getattr(stage, name, ())
    return tuple(c for c in value if isinstance(c, m.Column)) if isinstance(value, tuple) else ()


def predicates(stage: m.Step, text: str = "", place: Placed | None = None) -> tuple[Tree, ...]:
    """The conditions of a stage as trees: of where, search, find and graph patterns, and of every iff and case in its columns.

    Leaves carry the author's words when `text` is given, else the canonical form.
    """
    shower = _Shower(text, dict(place.names.aliases) if place is not None else {})
    match stage:
        case m.Filter(predicate) | m.Search(predicate) | m.Find(predicate):
            return (shower.tree(predicate),)
        case m.GraphMatch(_, predicate) if predicate is not None:
            return (shower.tree(predicate),)
        case m.Extend() | m.Project() | m.Aggregate() | m.Serialize() | m.Print():
            columns = [c for name in ("columns", "aggregates", "by") for c in _columns(stage, name)]
            return tuple(
                m.replace(tree, text=", ".join(column.names))
                for column in columns
                for tree in (shower.branches(column.value),)
                if tree is not None
            )
        case m.ScanRows(steps):
            return tuple(m.replace(shower.tree(step.condition), text=step.name) for step in steps)
    return ()


class _Shower:
    def __init__(self, text: str, aliases: dict[str, str]) -> None:
        self.source = text
        self.aliases = aliases

    def tree(self, expr: m.Expr) -> Tree:
        match expr:
            case m.And(terms, span) if terms:
                return Tree("and", "", tuple(self.tree(term) for term in terms), span)
            case m.Or(terms, span) if terms:
                return Tree("or", "", tuple(self.tree(term) for term in terms), span)
            case m.Not(m.And() | m.Or() as inner, span):
                return Tree("not", "", (self.tree(inner),), span)
            case m.Not(m.Match(subject, op, values, every, _, span)) if not self._words(span):
                return Tree("not", "", (self.tree(m.Match(subject, op, values, every)),), span)
        branches = self.branches(expr)
        return branches if branches is not None else Tree("leaf", self.words(expr), (), getattr(expr, "span", None))

    def branches(self, expr: m.Expr) -> Tree | None:
        """An `iff` or `case` as condition, then, ..., else; None for anything else."""
        match expr:
            case m.Call("iff", (condition, then, other), span):
                return Tree("if", "", (self.tree(condition), self.value(then), self.value(other)), span)
            case m.Call("case", args, span) if len(args) >= 3 and len(args) % 2:
                parts = [
                    self.value(arg) if at % 2 or at == len(args) - 1 else self.tree(arg) for at, arg in enumerate(args)
                ]
                return Tree("if", "", tuple(parts), span)
            case m.Call("tostring" | "toint" | "tolong" | "coalesce", (inner, *_)):
                return self.branches(inner)
        return None

    def value(self, expr: m.Expr) -> Tree:
        branches = self.branches(expr)
        return branches if branches is not None else Tree("value", self.words(expr), (), getattr(expr, "span", None))

    def _words(self, span: Span | None) -> str:
        return _one_line(self.source[span.start : span.end]) if span is not None and self.source else ""

    def words(self, expr: m.Expr) -> str:
        """The author's words for `expr`, or its canonical form."""
        return self._words(getattr(expr, "span", None)) or canonical(expr, self.aliases)


def _one_line(words: str) -> str:
    """Words on one line; a YAML list below its key becomes its items with commas between."""
    key, colon, items = words.partition(":")
    lines = [line.strip() for line in items.splitlines() if line.strip()]
    if colon and "\n" not in key and len(lines) > 1 and all(line.startswith("- ") for line in lines):
        return f"{key}: {', '.join(line[2:].strip() for line in lines)}"
    return " ".join(words.split())


def canonical(expr: m.Expr, aliases: dict[str, str] | None = None) -> str:
    """An expression in short, the same for every language: `FileName eq bitsadmin.exe`, `CommandLine term-any /a /b`."""
    names = aliases or {}
    match expr:
        case m.Match(subject, op, values, every):
            many = "-all" if every else "-any" if len(values) > 1 else ""
            return " ".join([shown(subject, names), f"{op}{many}", *map(str, values)])
        case m.Compare(left, op, right):
            return f"{shown(left, names)} {op} {spoken(right)}"
        case m.Not(term):
            return f"not {canonical(term, names)}"
    return shown(expr, names)
