"""What stands between two tokens on one line: a space or nothing."""

from __future__ import annotations

from . import syntax as ast
from .parser_base import NAMES
from .tokens import END, Tokens

_TIGHT_AFTER = frozenset({"(", "[", "{", "."})
_TIGHT_BEFORE = frozenset({")", "]", "}", ",", ";", ".", ":"})
_CALLERS = frozenset(
    [
        "dynamic",
        "typeof",
        "datatable",
        "toscalar",
        "totable",
        "materialize",
        "externaldata",
        "external_data",
        "pack",
        "materialized-view-combine",
    ]
)
_TIGHT_EQUALS = frozenset({"default", "output", "others"})  # words of clauses, written as options are
_OPERANDS = NAMES | {")", "]", "}"}


def spaces(tokens: Tokens, script: ast.Script) -> list[str]:
    """For each token, what stands before it when it does not begin a line."""
    marks = _Marks(tokens, script)
    kinds = tokens.kinds
    last = kinds.index(END)
    found = [""]
    for at in range(1, last):
        found.append(" " if _space(tokens, marks, at) else "")
    return [*found, ""] if last else [""]


class _Marks:
    """What only the tree knows, as offsets of tokens."""

    def __init__(self, tokens: Tokens, script: ast.Script) -> None:
        self.calls: set[int] = set()  # `(` of calls
        self.signs: set[int] = set()  # `-` and `+` of one operand
        self.tight: set[int] = set()  # `=` of options and arguments
        self.names: set[int] = set()  # `[` and `{` that begin a name
        self.kept: list[tuple[int, int]] = []  # spans whose spacing is the author's
        index = {start: at for at, start in enumerate(tokens.starts[: tokens.kinds.index(END)])}
        ends = {end: at for at, end in enumerate(tokens.ends[: tokens.kinds.index(END)])}
        stack: list[object] = list(script.statements)
        while stack:
            node = stack.pop()
            if isinstance(node, tuple):
                stack.extend(node)
                continue
            if not isinstance(node, ast.Node):
                continue
            match node:
                case ast.Call(name=name) if name.name:
                    self.calls.add(tokens.starts[ends[name.end] + 1])
                    for argument in node.args:
                        if isinstance(argument, ast.NamedExpr) and not argument.tupled:
                            self.tight.add(tokens.starts[ends[argument.names[0].end] + 1])
                case ast.ForkBranch(name=ast.Name(end=end)):
                    self.tight.add(tokens.starts[ends[end] + 1])
                case ast.Unary(start=start):
                    self.signs.add(start)
                case ast.Literal(start=start) if tokens.texts[index[start]] in ("-", "+"):
                    self.signs.add(start)
                case ast.Option(name=name, start=start):
                    equals = index[start] + (3 if name.startswith("hint.") else 1)
                    if tokens.kinds[equals] == "=":
                        self.tight.add(tokens.starts[equals])
                case ast.Name(start=start, end=end, bracketed=bracketed, wildcard=wildcard):
                    if bracketed or tokens.texts[index[start]] == "{":
                        self.names.add(start)
                    if wildcard or tokens.texts[index[start]] == "{":
                        self.kept.append((start, end))
                case (
                    ast.MakeGraph(start=start, end=end)
                    | ast.GraphMatch(start=start, end=end)
                    | ast.GraphToTable(start=start, end=end)
                    | ast.GraphComponents(start=start, end=end)
                    | ast.Graph(start=start, end=end)
                    | ast.DeclarePattern(start=start, end=end)
                ):
                    self.kept.append((start, end))
                case _:
                    pass
            stack.extend(getattr(node, field) for field in node.__struct_fields__)
        self.kept_offsets = {
            offset for start, end in self.kept for offset in tokens.starts[index[start] + 1 : ends[end] + 1]
        }


def _space(tokens: Tokens, marks: _Marks, at: int) -> bool:
    """Whether a space stands before token `at`."""
    before, kind = tokens.kinds[at - 1], tokens.kinds[at]
    start, start_before = tokens.starts[at], tokens.starts[at - 1]
    if start in marks.kept_offsets:
        return bool(tokens.trivia[at])
    if before in _TIGHT_AFTER or kind in _TIGHT_BEFORE:
        return False
    if (kind == "=" and before in _TIGHT_EQUALS) or (
        before == "=" and at > 1 and tokens.kinds[at - 2] in _TIGHT_EQUALS
    ):
        return False
    if start in marks.tight or start_before in marks.tight:
        return False
    if before in ("-", "+"):
        return not (start_before in marks.signs or not _ends_operand(tokens.kinds[at - 2] if at > 1 else ""))
    if kind == "(":
        return start not in marks.calls and before not in _CALLERS
    if kind == "[" and start not in marks.names:
        return not _ends_operand(before)
    return before != "@"


def _ends_operand(kind: str) -> bool:
    return kind in _OPERANDS or kind.startswith("#")
