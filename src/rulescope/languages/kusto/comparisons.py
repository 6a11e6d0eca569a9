"""Kusto's comparison operators and what they are in the model: one table for reading and for writing."""

from __future__ import annotations

from dataclasses import dataclass

from ...model import Op


@dataclass(frozen=True, slots=True)
class Comparison:
    """What an operator compares. `name` is the call that stands for a computed list (`x in (a, b)`)."""

    op: Op
    cased: bool = False
    negated: bool = False
    every: bool = False
    name: str = ""


# Source: https://learn.microsoft.com/kusto/query/datatypes-string-operators
OPERATORS = {  # keyword: (op, cased, negated)
    "==": Comparison(Op.EQ, True, False),
    "!=": Comparison(Op.EQ, True, True),
    "<>": Comparison(Op.EQ, True, True),
    "=~": Comparison(Op.EQ, False, False),
    "!~": Comparison(Op.EQ, False, True),
    ":": Comparison(Op.TERM, False, False),
    "has": Comparison(Op.TERM, False, False),
    "!has": Comparison(Op.TERM, False, True),
    "has_cs": Comparison(Op.TERM, True, False),
    "!has_cs": Comparison(Op.TERM, True, True),
    "hasprefix": Comparison(Op.TERM_PREFIX, False, False),
    "!hasprefix": Comparison(Op.TERM_PREFIX, False, True),
    "hasprefix_cs": Comparison(Op.TERM_PREFIX, True, False),
    "!hasprefix_cs": Comparison(Op.TERM_PREFIX, True, True),
    "hassuffix": Comparison(Op.TERM_SUFFIX, False, False),
    "!hassuffix": Comparison(Op.TERM_SUFFIX, False, True),
    "hassuffix_cs": Comparison(Op.TERM_SUFFIX, True, False),
    "!hassuffix_cs": Comparison(Op.TERM_SUFFIX, True, True),
    "contains": Comparison(Op.CONTAINS, False, False),
    "!contains": Comparison(Op.CONTAINS, False, True),
    "contains_cs": Comparison(Op.CONTAINS, True, False),
    "!contains_cs": Comparison(Op.CONTAINS, True, True),
    "containscs": Comparison(Op.CONTAINS, True, False),
    "notcontains": Comparison(Op.CONTAINS, False, True),
    "notcontainscs": Comparison(Op.CONTAINS, True, True),
    "startswith": Comparison(Op.STARTSWITH, False, False),
    "!startswith": Comparison(Op.STARTSWITH, False, True),
    "startswith_cs": Comparison(Op.STARTSWITH, True, False),
    "!startswith_cs": Comparison(Op.STARTSWITH, True, True),
    "endswith": Comparison(Op.ENDSWITH, False, False),
    "!endswith": Comparison(Op.ENDSWITH, False, True),
    "endswith_cs": Comparison(Op.ENDSWITH, True, False),
    "!endswith_cs": Comparison(Op.ENDSWITH, True, True),
    "matches regex": Comparison(Op.REGEX, True, False),
    "<": Comparison(Op.LT, True, False),
    "<=": Comparison(Op.LE, True, False),
    ">": Comparison(Op.GT, True, False),
    ">=": Comparison(Op.GE, True, False),
}

LISTS = {
    "in": Comparison(Op.EQ, True, False, False, "in"),
    "!in": Comparison(Op.EQ, True, True, False, "in"),
    "in~": Comparison(Op.EQ, False, False, False, "in~"),
    "!in~": Comparison(Op.EQ, False, True, False, "in~"),
    "has_any": Comparison(Op.TERM, False, False, False, "has_any"),
    "has_all": Comparison(Op.TERM, False, False, True, "has_all"),
}

ORDER = frozenset({Op.LT, Op.LE, Op.GT, Op.GE})
OPPOSITES = {Op.LT: Op.GE, Op.GE: Op.LT, Op.GT: Op.LE, Op.LE: Op.GT}
MIRRORED = {Op.EQ: Op.EQ, Op.NE: Op.NE, Op.LT: Op.GT, Op.GT: Op.LT, Op.LE: Op.GE, Op.GE: Op.LE}
TEXT = frozenset(
    {Op.CONTAINS, Op.STARTSWITH, Op.ENDSWITH, Op.TERM, Op.TERM_PREFIX, Op.TERM_SUFFIX, Op.REGEX}
)  # fmt: skip
SPELLED = frozenset({"<>", ":", "containscs", "notcontains", "notcontainscs"})
WORDS = {
    (row.op, row.cased, row.negated): word for word, row in OPERATORS.items() if word not in SPELLED
}  # (op, cased, negated) -> the word to write
LIST_WORDS = {(row.op, row.cased, row.negated, row.every): word for word, row in LISTS.items()}
