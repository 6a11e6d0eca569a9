"""Parts of operators that several share: columns, options, keys of an order, types by their other names."""

from __future__ import annotations

from collections.abc import Iterable

from ... import model as m
from . import syntax as s
from .lower_expr import lower_expr
from .lower_scope import Context, span

TYPES = {
    "boolean": "bool", "date": "datetime", "time": "timespan", "double": "real", "float": "real", "int64": "long",
    "int32": "int", "uint64": "long", "uint32": "long", "uniqueid": "guid", "uuid": "guid", "object": "dynamic",
}  # fmt: skip


def opaque_stage(ctx: Context, node: s.Node, keyword: str = "") -> m.Opaque:
    word = keyword or str(getattr(node, "keyword", "")) or type(node).__name__.lower()
    return m.Opaque(word, ctx.words(node), span(node))


def column(ctx: Context, item: s.Expr) -> m.Column:
    """An item of a list of columns: named by the author, or left to the naming rule."""
    if isinstance(item, s.NamedExpr):
        return m.Column(tuple(name.name for name in item.names), lower_expr(ctx, item.value), span(item))
    if isinstance(item, s.Name):
        value = lower_expr(ctx, item) if ctx.scope else m.Field(item.name, span(item))
        return m.Column(() if isinstance(value, m.Field) else (item.name,), value, span(item))
    return m.Column((), lower_expr(ctx, item), span(item))


def columns(ctx: Context, items: Iterable[s.Expr]) -> tuple[m.Column, ...]:
    return tuple(column(ctx, item) for item in items)


def typed(items: Iterable[s.TypedColumn]) -> tuple[m.TypedName, ...]:
    return tuple(m.TypedName(item.name.name, type_name(item.type)) for item in items)


def type_name(word: str) -> str:
    """The Kusto name of a type written by one of its other names."""
    return TYPES.get(word, word)


def properties(ctx: Context, options: Iterable[s.Option], but: tuple[str, ...] = ()) -> tuple[m.Property, ...]:
    return tuple(m.Property(o.name, option_value(ctx, o)) for o in options if o.name.lower() not in but)


def option_value(ctx: Context, option: s.Option) -> m.Scalar:
    match option.value:
        case None:
            return None
        case s.Name(name):
            return name
        case s.Literal("string" | "long" | "int" | "real" | "bool", value):
            return value
        case other:
            return ctx.words(other)


def option(ctx: Context, options: Iterable[s.Option], *names: str) -> str:
    """The value of the last option of one of these names, as text; "" when it is not given."""
    found = ""
    for item in options:
        if item.name.lower() in names:
            value = option_value(ctx, item)
            found = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    return found


def sort_key(ctx: Context, key: s.Expr) -> m.SortKey:
    if isinstance(key, s.Ordered):
        nulls = {"first": True, "last": False}.get(key.nulls)
        return m.SortKey(lower_expr(ctx, key.value), key.direction not in ("asc", "granny-asc"), nulls)
    return m.SortKey(lower_expr(ctx, key))


def optional(ctx: Context, node: s.Expr | None) -> m.Expr | None:
    return None if node is None else lower_expr(ctx, node)
