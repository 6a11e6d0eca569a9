"""The model as stable text, one stage a line, spans left out: golden files, `explain`, and "these two mean the same"."""

from __future__ import annotations

import json

from .node import Node
from .tree import (
    And,
    Call,
    Column,
    Compare,
    Expr,
    Field,
    Index,
    Literal,
    Match,
    Named,
    Nested,
    Not,
    OpaqueExpr,
    Or,
    Query,
    Star,
    ToScalar,
    Within,
)  # fmt: skip


def outline(query: Query, indent: str = "") -> str:
    """`query` as text; equal texts mean equal meaning, when both are in normal form.

    Names used only for readers (`parameters`, the function a Nested query came from) are left out.
    """
    lines: list[str] = []
    for let in query.lets:
        lines.append(
            f"{indent}let {let.name}{' materialized' if let.materialized else ''}{' result' if let.result else ''}"
        )
        lines.append(outline(let.query, indent + "  "))
    lines.extend(_stage(stage, indent) for stage in query.stages)
    return "\n".join(lines)


def _stage(stage: Node, indent: str) -> str:
    """`Kind field=value ...`, with queries inside it indented below."""
    words: list[str] = [f"{indent}{type(stage).__name__}"]
    below: list[str] = []
    for name in stage.__struct_fields__:
        if name == "span" or (name == "name" and isinstance(stage, Nested)):
            continue
        value = getattr(stage, name)
        if value in ((), "", None, False) and name != "keyword":
            continue
        words.append(f"{name}={_value(value, indent + '  ', below)}")
    return "\n".join([" ".join(words), *below])


def _value(value: object, indent: str, below: list[str]) -> str:
    match value:
        case Query():
            below.append(f"{indent}-")
            below.append(outline(value, indent))
            return f"<{sum(line == f'{indent}-' for line in below)}>"
        case tuple():
            return "(" + ", ".join(_value(item, indent, below) for item in value) + ")"
        case Column(names, expr):
            return f"{','.join(names)}={outline_expr(expr)}" if names else outline_expr(expr)
        case Field() | Literal() | Index() | Call() | Named() | Star() | Match() | Compare() | Within() | ToScalar():
            return outline_expr(value)
        case And() | Or() | Not() | OpaqueExpr():
            return outline_expr(value)
        case Node():
            fields = (f for f in value.__struct_fields__ if f not in ("span",))
            inner = " ".join(f"{f}={_value(getattr(value, f), indent, below)}" for f in fields)
            return f"{type(value).__name__}[{inner}]"
    return json.dumps(value, ensure_ascii=False)


def outline_expr(expr: Expr) -> str:
    """One expression as text."""
    return _Writer().text(expr)


class _Writer:
    """Builds the text of one expression; And/Or chains are n-ary, so depth is the author's nesting only."""

    def text(self, expr: Expr) -> str:
        match expr:
            case Field(name):
                return _name(name)
            case Literal(value, type):
                return (
                    json.dumps(value, ensure_ascii=False) if type in ("string", "bool", "long") else f"{type}({value})"
                )
            case Index(base, key):
                return f"{self.text(base)}[{self.text(key)}]"
            case Call(name, args):
                return f"{name}({', '.join(self.text(arg) for arg in args)})"
            case Named(name, value):
                return f"{name}={self.text(value)}"
            case Star():
                return "*"
            case Match(subject, op, values, every, cased):
                listed = ", ".join(json.dumps(value, ensure_ascii=False) for value in values)
                return f"{self.text(subject)} {op}{' every' if every else ''}{' cased' if cased else ''} [{listed}]"
            case Compare(left, op, right, cased):
                return f"({self.text(left)} {op}{' cased' if cased else ''} {self.text(right)})"
            case Within(subject, op, query, every, cased):
                flags = f"{' every' if every else ''}{' cased' if cased else ''}"
                return f"({self.text(subject)} {op}{flags} {{{outline(query)}}})"
            case ToScalar(query, _, rows):
                return f"{'rows' if rows else 'toscalar'}({{{outline(query)}}})"
            case And(terms):
                return "all(" + ", ".join(self.text(term) for term in terms) + ")"
            case Or(terms):
                return "any(" + ", ".join(self.text(term) for term in terms) + ")"
            case Not(term):
                return f"not({self.text(term)})"
            case OpaqueExpr(keyword, text):
                return f"opaque:{keyword}({text})"


def _name(name: str) -> str:
    return (
        name
        if name.replace("_", "a").replace(".", "a").isalnum() or name == "*"
        else json.dumps(name, ensure_ascii=False)
    )
