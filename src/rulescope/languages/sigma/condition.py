"""Conditions of Sigma rules: `1 of selection_* and not filter | count() by User > 5` to expressions over detections.

pySigma's own grammar gives no places, refuses the old aggregations after `|`, and takes a millisecond for each; this one is
the same grammar (`or` binds least, then `and`, `not`, `x of pattern`), with `and`, `or`, `not` in any case.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ...model import And, Expr, Not, Op, Or

TOKEN = re.compile(r"\s+|(?P<word>[\w*.-]+)|(?P<mark>[()|,]|[<>]=?|==?|!=)|(?P<quote>'[^']*'|\"[^\"]*\")|(?P<bad>.)")

DEEPEST = 100  # brackets within brackets

COMPARISONS = {"<": Op.LT, "<=": Op.LE, ">": Op.GT, ">=": Op.GE, "=": Op.EQ, "==": Op.EQ, "!=": Op.NE}
MEASURES = {"count": "event_count", "sum": "value_sum", "avg": "value_avg"}


@dataclass(frozen=True, slots=True)
class Aggregation:
    """The old pipe: `| count(field) by group > limit`; kind as a Correlate's, `min` and `max` as they are."""

    kind: str
    field: str
    group_by: tuple[str, ...]
    op: Op
    limit: int | float


@dataclass(frozen=True, slots=True)
class Near:
    """The old pipe `| near a and b`: the detections it names, and the condition over their names."""

    names: tuple[str, ...]
    condition: Expr


class ConditionError(Exception):
    """A condition that is not well formed: message, offset and length in it, found, expected."""

    def __init__(self, message: str, start: int, length: int, found: str, expected: str) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.length = max(length, 1)
        self.found = found
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Token:
    text: str
    start: int
    kind: str  # word, mark, end


Lower = Callable[[str], Expr]
"""The expression of a detection by name."""


def parse_condition(
    text: str, names: Iterable[str], lower: Lower, named: Lower
) -> tuple[Expr, Aggregation | Near | None]:
    """`text` as an expression, and what follows a `|`.

    `names` are the detections there are; `lower` gives a detection's expression, `named` the expression that stands for
    a detection by its name (in `near`). Raises ConditionError.
    """
    parser = _Parser(text, tuple(names), lower)
    expr = parser.either()
    tail: Aggregation | Near | None = None
    if parser.take("|"):
        tail = parser.near(named) if parser.token.text.lower() == "near" else parser.aggregation()
    if parser.token.kind != "end":
        raise parser.error("and, or, | or the end")
    return expr, tail


class _Parser:
    def __init__(self, text: str, names: tuple[str, ...], lower: Lower) -> None:
        self.tokens = list(_tokens(text))
        self.names = names
        self.lower = lower
        self.at = 0
        self.depth = 0

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def take(self, *texts: str) -> bool:
        """Step over the next token when it is one of `texts` (in any case), and say so."""
        if self.token.kind != "end" and self.token.text.lower() in texts:
            self.at += 1
            return True
        return False

    def error(self, expected: str) -> ConditionError:
        token = self.token
        found = repr(token.text) if token.kind != "end" else "the end"
        return ConditionError(
            f"condition: expected {expected}, found {found}", token.start, len(token.text), token.text, expected
        )

    def either(self) -> Expr:
        terms = [self.both()]
        while self.take("or"):
            terms.append(self.both())
        return terms[0] if len(terms) == 1 else Or(tuple(terms))

    def both(self) -> Expr:
        terms = [self.negated()]
        while self.take("and"):
            terms.append(self.negated())
        return terms[0] if len(terms) == 1 else And(tuple(terms))

    def negated(self) -> Expr:
        count = 0
        while self.token.text not in self.names and self.take("not"):
            count += 1
        expr = self.operand()
        for _ in range(count if count < 3 else 2 - count % 2):
            expr = Not(expr)
        return expr

    def operand(self) -> Expr:
        if self.take("("):
            self.depth += 1
            if self.depth > DEEPEST:
                raise self.error(f"at most {DEEPEST} brackets within each other")
            expr = self.either()
            if not self.take(")"):
                raise self.error(")")
            self.depth -= 1
            return expr
        token = self.token
        if token.kind != "word" or (token.text.lower() in ("and", "or", "of") and token.text not in self.names):
            raise self.error("a detection, not, ( or `1 of` a pattern")
        following = self.tokens[self.at + 1]
        if following.text.lower() == "of":
            return self.selector()
        self.at += 1
        if token.text not in self.names:
            raise ConditionError(
                f"condition: no detection {token.text!r}; there are {', '.join(self.names) or 'none'}",
                token.start, len(token.text), token.text, "a detection of the rule",
            )  # fmt: skip
        return self.lower(token.text)

    def selector(self) -> Expr:
        quantifier = self.token
        if quantifier.text.lower() not in ("1", "any", "all"):
            raise self.error("1, any or all before `of`")
        self.at += 2
        pattern = self.token
        if pattern.kind != "word":
            raise self.error("them or a pattern of detection names")
        self.at += 1
        chosen = _chosen(pattern.text, self.names)
        if not chosen:
            raise ConditionError(
                f"condition: no detection is named like {pattern.text!r}; there are {', '.join(self.names) or 'none'}",
                pattern.start, len(pattern.text), pattern.text, "a pattern that names a detection",
            )  # fmt: skip
        terms = tuple(self.lower(name) for name in chosen)
        if len(terms) == 1:
            return terms[0]
        return And(terms) if quantifier.text.lower() == "all" else Or(terms)

    def aggregation(self) -> Aggregation:
        function = self.token.text.lower()
        if function not in ("count", "sum", "avg", "min", "max"):
            raise self.error("count, sum, avg, min, max or near")
        self.at += 1
        if not self.take("("):
            raise self.error("(")
        if self.token.text == ")" and function != "count":
            raise self.error(f"a field in {function}( )")
        field = "" if self.token.text == ")" else self.word("a field or )")
        if not self.take(")"):
            raise self.error(")")
        group_by: list[str] = []
        if self.take("by"):
            group_by.append(self.word("a field"))
            while self.take(","):
                group_by.append(self.word("a field"))
        op = COMPARISONS.get(self.token.text)
        if op is None:
            raise self.error("a comparison such as >")
        self.at += 1
        limit = self.token.text
        if not re.fullmatch(r"-?\d+(\.\d+)?", limit):
            raise self.error("a number")
        self.at += 1
        kind = MEASURES.get(function, function)
        if function == "count" and field:
            kind = "value_count"
        return Aggregation(kind, field, tuple(group_by), op, float(limit) if "." in limit else int(limit))

    def near(self, named: Lower) -> Near:
        self.at += 1
        inner = _Parser("", self.names, named)
        used: dict[str, None] = {}

        def note(name: str) -> Expr:
            used.setdefault(name)
            return named(name)

        inner.tokens, inner.at, inner.lower = self.tokens, self.at, note
        condition = inner.either()
        self.at = inner.at
        return Near(tuple(used), condition)

    def word(self, expected: str) -> str:
        if self.token.kind != "word":
            raise self.error(expected)
        self.at += 1
        return self.tokens[self.at - 1].text


def _tokens(text: str) -> Iterable[Token]:
    for found in TOKEN.finditer(text):
        kind = found.lastgroup
        if kind is None:
            continue
        if kind == "bad" or kind == "quote":
            raise ConditionError(
                f"condition: unexpected {found.group()!r}", found.start(), len(found.group()), found.group(), "a name",
            )  # fmt: skip
        yield Token(found.group(), found.start(), kind)
    yield Token("", len(text), "end")
    yield Token("", len(text), "end")


def _chosen(pattern: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Names that `pattern` (with `*`, or them) means; those that start with `_` only when the pattern does."""
    if pattern.lower() == "them" and pattern not in names:
        matcher = re.compile(".*")
    else:
        matcher = re.compile(".*".join(re.escape(piece) for piece in pattern.split("*")))
    hidden = pattern.startswith("_")
    return tuple(name for name in names if matcher.fullmatch(name) and (hidden or not name.startswith("_")))
