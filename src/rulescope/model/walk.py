"""Visiting and rewriting models, whatever their kinds of node, without recursion on deep or wide trees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, TypeVar

from .node import Node, replace
from .tree import Opaque, OpaqueExpr, Query

T = TypeVar("T", bound=Node)


PLAIN = frozenset(
    {"str", "bool", "int", "float", "bool | None", "float | None", "Op", "Scalar", "tuple[Scalar, ...]", "tuple[str, ...]",
     "tuple[tuple[str, str], ...]", "Span | None"}
)  # fmt: skip
"""Types of fields, as written, that never hold a node: nothing to visit there."""


@cache
def _fields(kind: type[Node]) -> tuple[str, ...]:
    types = {
        name: type for base in reversed(kind.__mro__) for name, type in vars(base).get("__annotations__", {}).items()
    }
    return tuple(name for name in kind.__struct_fields__ if str(types.get(name)) not in PLAIN)


def children(node: Node) -> Iterator[Node]:
    """The nodes directly inside `node`, in the order of its fields."""
    return iter(inside(node))


def inside(node: Node) -> list[Node]:
    """The same as a list."""
    found: list[Node] = []
    for name in _fields(type(node)):
        value = getattr(node, name)
        if isinstance(value, Node):
            found.append(value)
        elif isinstance(value, tuple) and value:
            for item in value:
                if isinstance(item, Node):
                    found.append(item)
    return found


def walk(node: Node) -> Iterator[Node]:
    """`node` and everything inside it, parents first, in reading order."""
    stack = [node]
    while stack:
        top = stack.pop()
        yield top
        below = inside(top)
        if below:
            below.reverse()
            stack.extend(below)


def expressions(node: Node, kind: type[T]) -> Iterator[T]:
    """Every node of one kind inside `node`."""
    return (found for found in walk(node) if isinstance(found, kind))


def queries(query: Query) -> Iterator[Query]:
    """`query` and every query inside it: joins, unions, lets, subqueries."""
    return expressions(query, Query)


def inner_queries(node: Node) -> Iterator[Query]:
    """The queries directly inside a stage or an expression: of joins and unions, and in its expressions."""
    stack = inside(node)[::-1]
    while stack:
        top = stack.pop()
        if isinstance(top, Query):
            yield top
        elif below := inside(top):
            below.reverse()
            stack.extend(below)


def opaques(node: Node) -> Iterator[Opaque | OpaqueExpr]:
    """What was not understood, in reading order."""
    return (found for found in walk(node) if isinstance(found, Opaque | OpaqueExpr))


def understood(query: Query) -> bool:
    """No Opaque anywhere: the query may be run and compared."""
    return next(opaques(query), None) is None


def rewrite(node: Any, change: Callable[[Node], Node]) -> Any:
    """`node` with `change` applied to every node inside it, children first; unchanged parts are shared, not copied."""
    done: dict[int, Node] = {}
    stack: list[tuple[Node, bool]] = [(node, False)]
    while stack:
        top, ready = stack.pop()
        if id(top) in done:
            continue
        if not ready:
            stack.append((top, True))
            stack.extend((child, False) for child in children(top) if id(child) not in done)
            continue
        done[id(top)] = change(_rebuilt(top, done))
    return done[id(node)]


def _rebuilt(node: Node, done: dict[int, Node]) -> Node:
    changes: dict[str, Any] = {}
    for name in _fields(type(node)):
        value = getattr(node, name)
        if isinstance(value, Node):
            if done[id(value)] is not value:
                changes[name] = done[id(value)]
        elif isinstance(value, tuple) and value:
            items = tuple(done[id(item)] if isinstance(item, Node) else item for item in value)
            if any(new is not old for new, old in zip(items, value, strict=True)):
                changes[name] = items
    return replace(node, **changes) if changes else node


def bare(node: T) -> T:
    """`node` without the places it was read from, so that the same words read from two places are equal values."""
    found: T = rewrite(node, lambda each: replace(each, span=None) if getattr(each, "span", None) is not None else each)
    return found
