"""Kusto syntax trees as text, without places: what goldens and comparisons of trees use."""

from __future__ import annotations

import msgspec

from rulescope.languages.kusto import syntax as ast
from rulescope.languages.kusto.parser import parse_text


def shape(node: object) -> str:
    """A node on one line, without places and without what is empty."""
    if isinstance(node, tuple):
        return "[" + ", ".join(map(shape, node)) + "]"
    if isinstance(node, ast.Name):
        return f"`{node.name}`" if node.bracketed else node.name
    if isinstance(node, ast.Literal):
        return f"{node.type}:{node.value!r}"
    if isinstance(node, ast.Binary):
        return f"({shape(node.left)} {node.op} {shape(node.right)})"
    if isinstance(node, msgspec.Struct):
        skipped = ("start", "end", "bracketed", "wildcard", "valid")
        fields = {name: getattr(node, name) for name in node.__struct_fields__ if name not in skipped}
        shown = [f"{name}={shape(value)}" for name, value in fields.items() if value not in ((), None, False, "")]
        return f"{type(node).__name__}({', '.join(shown)})"
    return repr(node)


def tree(text: str) -> str:
    """A script, a statement or operator a line."""
    lines: list[str] = []
    for statement in parse_text(text).statements:
        query = statement.query if isinstance(statement, ast.QueryStatement) else None
        if isinstance(query, ast.Pipe):
            lines.append("query " + (shape(query.source) if query.source is not None else "-"))
            lines.extend("  | " + shape(operator) for operator in query.operators)
        else:
            lines.append(shape(statement))
    return "\n".join(lines) + "\n"
