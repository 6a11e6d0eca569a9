"""Expressions as typed SQL: columns, constants, access into dynamic values, arithmetic, functions by their table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...binding.functions import lookup
from ...model import (
    And,
    Call,
    Compare,
    Expr,
    Field,
    Index,
    Literal,
    Match,
    Named,
    Not,
    Op,
    OpaqueExpr,
    Or,
    Star,
    ToScalar,
    Within,
)  # fmt: skip
from .frame import Frame
from .predicates import comparable, compare, equality, joined, match
from .several import SEVERAL, part_of
from .values import Value, boolean, convert, literal, null, quote, unsupported

if TYPE_CHECKING:
    from .plan import Plan


class Expressions:
    """Lowers expressions over the rows of one frame.

    `special` answers calls that only some stages have (aggregates, prev, state of scan steps) before the function table.
    """

    def __init__(
        self, plan: Plan, frame: Frame, special: Callable[[Call, Expressions], Value | None] | None = None
    ) -> None:
        self.plan = plan
        self.frame = frame
        self.special = special

    def value(self, expr: Expr) -> Value:
        """`expr` as typed SQL."""
        match_found = LOWER.get(type(expr))
        if match_found is None:
            raise unsupported(type(expr).__name__)
        return match_found(self, expr)

    def holds(self, expr: Expr) -> str:
        """`expr` as a condition: SQL that is TRUE where it holds, FALSE or NULL elsewhere."""
        match expr:
            case And(terms):
                return joined([self.holds(term) for term in terms], True)
            case Or(terms):
                return joined([self.holds(term) for term in terms], False)
            case Not(term):
                return f"({self.holds(term)} IS NOT TRUE)"
            case Match(Field("*")):
                return self._any_field(expr)
            case Match():
                return match(expr, self.value(expr.subject))
            case Compare(Field("*"), op, right, cased):
                parts = [compare(c.value, op, self.value(right), cased) for c in self.frame.columns]
                return joined(parts, False)
            case Compare(left, op, right, cased):
                return compare(self.value(left), op, self.value(right), cased)
            case Within():
                return self._within(expr)
        found = self.value(expr)
        if found.type not in ("bool", "dynamic"):
            raise unsupported(f"a condition of type {found.type}")
        return found.sql if found.type == "bool" else convert(found, "bool").sql

    def _any_field(self, node: Match) -> str:
        if node.every and len(node.values) > 1:
            parts = [self._any_field(Match(node.subject, node.op, (value,), cased=node.cased)) for value in node.values]
            return joined(parts, True)
        parts = []
        for column in self.frame.columns:
            if any(isinstance(value, str) for value in node.values) and column.type not in (
                "string",
                "dynamic",
                "guid",
            ):
                if node.op in (Op.TERM, Op.CONTAINS, Op.EQ, Op.STARTSWITH, Op.ENDSWITH, Op.TERM_PREFIX, Op.TERM_SUFFIX):
                    parts.append(match(node, convert(column.value, "string")))
                continue
            parts.append(match(node, column.value))
        return joined(parts, False)

    def _within(self, node: Within) -> str:
        inner = self.plan.query(node.query)
        if inner.groups:
            raise unsupported("a subquery over the rows of a partition")
        first = inner.first
        subject = self.value(node.subject)
        if node.op is Op.EQ and not node.every:
            left, right = subject, first.value
            if left.type != right.type:
                left, right = comparable(left, right)
            if left.type == "dynamic":
                left, right = convert(left, "string"), convert(right, "string")
            if left.type == "string" and not node.cased:
                left, right = Value(f"lower({left.sql})", "string"), Value(f"lower({right.sql})", "string")
            return f"({left.sql} IN (SELECT {right.sql} FROM {inner.cte}))"
        row = self.plan.fresh("q")
        outer = self.plan.fresh("s")
        condition = compare(Value(outer, subject.type), node.op, Value(f"{row}.{first.id}", first.type), node.cased)
        test = f"SELECT {'bool_and' if node.every else 'bool_or'}({condition}) FROM {inner.cte} {row}"
        return (
            f"coalesce((SELECT ({test}) FROM (SELECT {subject.sql} AS {outer})), {'TRUE' if node.every else 'FALSE'})"
        )

    # ---------------------------------------------------------------- one method a node kind

    def field(self, node: Field) -> Value:
        if node.name == "*":
            raise unsupported("* outside a search")
        column = self.frame.find(node.name)
        if column is None:
            extra = self.plan.scalars.get(node.name)
            if extra is not None:
                return extra
        return self.frame.column(node.name).value

    def condition(self, node: Expr) -> Value:
        if isinstance(node, And | Or) and not node.terms:
            return boolean(isinstance(node, And))
        if isinstance(node, Not) and isinstance(node.term, Literal | Field | Call):
            return Value(f"(NOT {self.holds(node.term)})", "bool")
        if isinstance(node, And | Or):
            return Value(joined([self._truth(term) for term in node.terms], isinstance(node, And)), "bool")
        if isinstance(node, Compare) and node.op in (Op.EQ, Op.NE) and node.left != Field("*"):
            return Value(equality(self.value(node.left), node.op, self.value(node.right), node.cased), "bool")
        sql = self.holds(node)
        if isinstance(node, Match | Compare) and (node.op in ORDERED or _negation(node)):
            return Value(sql, "bool")
        if isinstance(node, Match | Compare | Within):
            return Value(f"coalesce({sql}, FALSE)", "bool")
        return Value(sql, "bool")

    def _truth(self, node: Expr) -> str:
        """`node` as a value that is TRUE, FALSE or NULL."""
        return convert(self.value(node), "bool").sql

    def index(self, node: Index) -> Value:
        if (
            isinstance(node.base, Call)
            and node.base.name in SEVERAL
            and isinstance(node.key, Literal)
            and node.key.type == "string"
        ):
            return part_of(node.base, node.key.value, self)
        steps, base = [], node
        path: Expr = node
        while isinstance(path, Index) and (step := _step(path.key)) is not None:
            steps.append(step)
            path = path.base
        if steps:
            inner = self.dynamic(path)
            whole = "$" + "".join(reversed(steps))
            return Value(f"nullif(json_extract({inner.sql}, {quote(whole)}), 'null'::JSON)", "dynamic")
        inner, key = self.dynamic(base.base), self.value(base.key)
        if key.type in ("int", "long"):
            where = f"CASE WHEN {key.sql} < 0 THEN '$[#' || {key.sql} || ']' ELSE '$[' || {key.sql} || ']' END"
        else:
            text = convert(key, "string").sql
            steady = f"'$.\"' || replace(replace({text}, '\\', '\\\\'), '\"', '\\\"') || '\"'"
            pointer = f"'/' || replace(replace({text}, '~', '~0'), '/', '~1')"  # paths know no empty key and no star
            where = f"CASE WHEN {text} = '' OR contains({text}, '*') THEN {pointer} ELSE {steady} END"
        return Value(f"nullif(json_extract({inner.sql}, {where}), 'null'::JSON)", "dynamic")

    def dynamic(self, expr: Expr) -> Value:
        """`expr` as a dynamic value to look into."""
        found = self.value(expr)
        if found.type == "dynamic":
            return found
        if found.type == "string" and isinstance(expr, Field):
            raise unsupported(f"access into {expr.name!r}, which is a string, not dynamic")
        if found.type == "string":
            return null("dynamic")
        raise unsupported(f"access into a {found.type}")

    def call(self, node: Call) -> Value:
        check_arguments(node.name, len(node.args))
        if self.special is not None:
            found = self.special(node, self)
            if found is not None:
                return found
        return self.plan.functions.call(node, self)

    def scalar(self, node: ToScalar) -> Value:
        return self.plan.to_scalar(node)

    def opaque(self, node: OpaqueExpr) -> Value:
        raise unsupported(f"expression not understood: {node.keyword}")

    def star(self, node: Star) -> Value:
        raise unsupported("* here")

    def named(self, node: Named) -> Value:
        return self.value(node.value)


def check_arguments(name: str, count: int, kind: str = "") -> None:
    """Refuses a call of a known function, aggregate or plugin with too few or too many arguments."""
    known = [function for function in (lookup(name, kind), lookup(name, "aggregate")) if function is not None]
    if known and not any(
        f.least <= count and (f.most is None or count <= f.most) for f in known if f.kind != "operator"
    ):
        if known[0].kind != "operator":
            raise unsupported(f"{name} of {count} arguments")


ORDERED = (Op.LT, Op.LE, Op.GT, Op.GE)
"""Comparisons whose value is null when a side is; all others are false then."""


def _negation(node: Match | Compare) -> bool:
    """Whether this is `not(x)` of a bool: null stays null."""
    return isinstance(node, Match) and node.op is Op.EQ and not node.cased and node.values == (False,)


def _step(key: Expr) -> str | None:
    """One step of a JSON path, when the key is a constant."""
    if not isinstance(key, Literal):
        if isinstance(key, Call) and key.name == "negate" and isinstance(key.args[0], Literal):
            return f"[#-{int(key.args[0].value or 0)}]" if key.args[0].type in ("int", "long") else None
        return None
    if key.type in ("int", "long") and isinstance(key.value, int):
        return f"[{key.value}]" if key.value >= 0 else f"[#{key.value}]"
    if key.type == "string":
        text = str(key.value)
        return None if any(c in text for c in '"\\*') or not text else f'."{text}"'
    return None


LOWER: dict[type, Callable[..., Value]] = {
    Field: Expressions.field,
    Literal: lambda self, node: literal(node),
    Index: Expressions.index,
    Call: Expressions.call,
    ToScalar: Expressions.scalar,
    OpaqueExpr: Expressions.opaque,
    Star: Expressions.star,
    Named: Expressions.named,
    And: Expressions.condition,
    Or: Expressions.condition,
    Not: Expressions.condition,
    Match: Expressions.condition,
    Compare: Expressions.condition,
    Within: Expressions.condition,
}
