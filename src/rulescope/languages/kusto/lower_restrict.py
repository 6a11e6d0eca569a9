"""`restrict access to (...)`: which tables, views and patterns the statements after it still see.

Source: https://learn.microsoft.com/kusto/query/restrict-statement
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ... import model as m
from ...model.walk import inside
from . import syntax as s
from .lower_scope import Binding, Constant


@dataclass(slots=True)
class Restriction:
    """`named`: patterns for names of the query's own and for plain tables; `stored`: patterns for tables by their database,
    "" for the current one. `hidden`: names defined before that no pattern keeps; names defined later are seen."""

    named: list[str] = field(default_factory=list)
    stored: list[tuple[str, str]] = field(default_factory=list)
    hidden: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)

    def defined(self, name: str) -> None:
        """A name that a statement after the restriction gives."""
        self.hidden.discard(name)
        self.own.add(name)

    def lets_see(self, name: str, database: str = "") -> bool:
        """Whether rows by this name may be read."""
        if not database and (name in self.own or name in self.hidden):
            return name not in self.hidden
        if not database and any("*" not in pattern and pattern == name for pattern in self.named):
            return True
        return any(place == database and _fits(name, pattern) for place, pattern in self.stored)


def restriction(node: s.Restrict, scope: dict[str, Binding]) -> Restriction | None:
    """What a restrict statement leaves; None when it names more than tables, patterns and databases by constants."""
    made = Restriction()
    for item in node.items:
        match item:
            case s.Name(name):
                made.named.append(name)
            case s.Path(base, s.Name(name)) if (place := _place(base)) is not None:
                made.stored.append((place, name))
            case _:
                return None
    for name, bound in scope.items():
        if not isinstance(bound, Constant):
            (made.own if any(_fits(name, pattern) for pattern in made.named) else made.hidden).add(name)
    return made


def _place(node: s.Expr) -> str | None:
    """`database("a")`, `cluster("c").database("a")` as the parts of a model's scope; "" for `database()`."""
    match node:
        case s.Call(s.Name("database"), ()):
            return ""
        case s.Call(s.Name(word), (s.Literal("string", str() as text),)) if word in ("database", "cluster"):
            return f"{word}:{text}"
        case s.Path(base, s.Call() as member) if (outer := _place(base)) and (inner := _place(member)):
            return f"{outer}.{inner}"
    return None


def _fits(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern.replace("[", "[[]"))


def unseen(query: m.Query, rules: Restriction) -> str | None:
    """The first name that `query` reads and may not; the bodies of functions read what they like."""
    for let in query.lets:
        rules.defined(let.name)
    stack: list[m.Node] = [query]
    while stack:
        node = stack.pop()
        match node:
            case m.Nested(_, name) if name:
                if not rules.lets_see(name):
                    return name
                continue
            case m.Scan(table, scope) | m.TableCall(table, _, scope) if table and not rules.lets_see(
                table, ".".join(scope)
            ):
                return table
            case m.Search(_, tables):
                for table in tables or ("*",):
                    if not rules.lets_see(table):
                        return table
            case m.Find(_, ()):
                if not rules.lets_see("*"):
                    return "*"
            case m.As(name):
                rules.defined(name)
        stack.extend(reversed(inside(node)))
    return None
