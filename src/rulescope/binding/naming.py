"""Names of result columns the author left to Kusto: `count_`, `dcount_x`, `set_x`, `Column1`, `a_b_c`."""

from __future__ import annotations

from collections.abc import Container

from .. import model as m
from .functions import Function, lookup
from .rows import RowType


def result_name(expr: m.Expr, row: RowType, kind: str = "") -> str:
    """The name an unnamed `expr` suggests; "" when it suggests none. kind "aggregate": aggregates hide scalar functions.

    A column suggests its own name, a path its parts joined by `_`, a conversion its argument's, an aggregate a word
    before that. Source: behaviour of `project`, `extend` and `summarize`, as the naming column of the function table says.
    """
    match expr:
        case m.Field(name):
            return name
        case m.Index():
            return _path_name(expr, row)
        case m.Named(name):
            return name
        case m.Call(name, args):
            function = (lookup(name, kind) if kind else None) or lookup(name)
            return _call_name(function, args, row) if function else ""
        case _:
            return ""


def _path_name(expr: m.Index, row: RowType) -> str:
    keys: list[str] = []
    base: m.Expr = expr
    while isinstance(base, m.Index):
        keys.append(_key_name(base.key))
        base = base.base
    root = result_name(base, row)
    return "_".join([root, *reversed(keys)] if root else reversed(keys))


def _key_name(key: m.Expr) -> str:
    if isinstance(key, m.Literal) and key.value is not None:
        value = key.value
        return "" if isinstance(value, int | float) and value < 0 else str(value)
    return ""


def _call_name(function: Function, args: tuple[m.Expr, ...], row: RowType) -> str:
    rule = function.naming
    if not rule:
        return ""
    if rule == "arg1":
        return result_name(args[0], row) if args else ""
    if rule == "onlyarg":
        return result_name(args[0], row) if len(args) == 1 else ""
    if rule == "column":
        return _existing(args, row)
    if rule.startswith("only:"):
        return rule[5:]
    first = result_name(args[0], row) if args else ""
    if rule == "sorted":
        return f"{first}_sorted"
    if rule in ("quantile", "quantile2"):
        return quantile_name(first, args[-1])
    if rule == "each" or rule.startswith("each:"):
        return (each_names(function, args, row) or ("",))[0]
    return f"{rule}_{first}"


def _existing(args: tuple[m.Expr, ...], row: RowType) -> str:
    name = args[0].value if args and isinstance(args[0], m.Literal) else None
    return str(name) if name in row.types or (row.open and name) else ""


def quantile_name(of: str, percent: m.Expr) -> str:
    """`percentile_x_95`, `percentile_x_99_9`."""
    value = percent.value if isinstance(percent, m.Literal) else ""
    return f"percentile_{of}_{str(value).replace('.', '_')}"


def each_names(function: Function, args: tuple[m.Expr, ...], row: RowType) -> tuple[str, ...]:
    """Names for the arguments (no stars among them) of `arg_max`, `take_any` and the like."""
    _, _, prefix = function.naming.partition(":")
    lead = prefix or function.name.rpartition("_")[2]  # max of arg_max
    first = result_name(args[0], row) if args else ""
    keyed = function.name.startswith("arg")
    made: list[str] = []
    for number, arg in enumerate(args):
        name = result_name(arg, row)
        if keyed and not number:
            made.append(f"{lead}_{name}" if prefix or not name else name)
        elif keyed:
            made.append(f"{lead}_{first}_{name or f'arg{number}'}" if prefix or not name else name)
        else:
            made.append(f"{lead}_{name}" if prefix else name)
    return tuple(made)


class Names:
    """Names given so far to the columns of one stage; makes each new one unique."""

    def __init__(self, before: Container[str], taken: Container[str] = ()) -> None:
        """`before`: the input columns, which `ColumnN` avoids; `taken`: names of the output that stand already."""
        self._before = before
        self._taken = taken
        self._used: set[str] = set()
        self._declared: set[str] = set()
        self._count = 0

    def declare(self, name: str) -> str | None:
        """The author's own name, made unique against automatic ones; None: the author gave it twice."""
        if name in self._declared:
            return None
        self._declared.add(name)
        return self.unique(name)

    def unique(self, name: str) -> str:
        """`name`, or it with the first number that makes it new."""
        made, number = name, 0
        while made in self._used or made in self._taken:
            number += 1
            made = f"{name}{number}"
        self._used.add(made)
        return made

    def column(self) -> str:
        """The next `ColumnN`."""
        self._count += 1
        while f"Column{self._count}" in self._before:
            self._count += 1
        return self.unique(f"Column{self._count}")
