"""A predicate carried across to a table's columns: its tests rewritten, the columns it needs made, what was left out."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Map
from typing import TYPE_CHECKING

from ..errors import UnsupportedError
from ..model import (
    ANY,
    FALSE,
    TRUE,
    And,
    Call,
    Column,
    Compare,
    Expr,
    Field,
    Index,
    Literal,
    Loss,
    Match,
    Named,
    Not,
    Op,
    Or,
    Star,
    replace,
)
from . import keywords
from .columns import TEXT_OPS, FieldMap, Made, text_of
from .events import held

if TYPE_CHECKING:
    from .mappings import Mapping


class Carried:
    """One predicate carried across: its tests rewritten, the columns it needs made, what was left out."""

    def __init__(self, mapping: Mapping, allow_loss: bool) -> None:
        self.mapping = mapping
        self.allow_loss = allow_loss
        self.computed: dict[str, Column] = {}
        self.losses: list[Loss] = []

    def expr(self, expr: Expr, negated: bool = False, among: type[And] | type[Or] = And) -> Expr | None:
        """`expr` in the table's columns; None when it is left out."""
        match expr:
            case And(terms) | Or(terms):
                kind = type(expr)
                kept: list[Expr] = []
                lost = 0
                for term in terms:
                    each = self.expr(term, negated, kind)
                    lost += each is None
                    kept.extend(each.terms if isinstance(each, kind) else () if each is None else (each,))
                if lost and lost == len(terms):
                    return None
                settled = FALSE if kind is And else TRUE
                return settled if settled in kept else replace(expr, terms=tuple(kept))
            case Not(term):
                inner = self.expr(term, not negated, among)
                if inner is None or isinstance(inner, Not):
                    return inner and inner.term
                return FALSE if inner == TRUE else TRUE if inner == FALSE else Not(inner)
        try:
            return self._test(expr)
        except UnsupportedError as error:
            if not self.allow_loss:
                raise
            widened = (among is And) != negated
            effect = "widened" if widened else "narrowed"
            self.losses.append(
                Loss(error.construct, f"{error.target} cannot answer it", effect, getattr(expr, "span", None))
            )
            return None

    def _test(self, expr: Expr) -> Expr:
        match expr:
            case Match(subject) if subject == ANY:
                return self._anywhere(expr)
            case Match(Field(name)):
                row = self._row(name)
                tested = self._matched(row, expr)
                if isinstance(row, Made) and any(each.name == row.name for each in names(tested)):
                    self._make(row)
                return tested
            case Match(subject):
                return replace(expr, subject=self._value(subject))
            case Compare(left, op, right, cased):
                sides = (self._text(left), self._text(right))
                there = tuple(Not(Match(side, Op.EMPTY)) for side in sides if not isinstance(side, Literal))
                return And((*there, Compare(sides[0], op, sides[1], cased)))
        return self._value(expr)

    def _matched(self, row: FieldMap, match: Match) -> Expr:
        """A test of one field; an empty text among its values is the field's absence, whatever its kind."""
        if match.op is not Op.EQ or "" not in match.values:
            return row.match(match, self.mapping.types)
        rest = tuple(value for value in match.values if value != "")
        absent = row.match(Match(match.subject, Op.EMPTY), self.mapping.types)
        if not rest:
            return absent
        others = row.match(replace(match, values=rest), self.mapping.types)
        return And((absent, others)) if match.every else Or((absent, others))

    def _row(self, name: str) -> FieldMap:
        row = self.mapping.field(name)
        if row is None:
            raise UnsupportedError(self.mapping.table, f"the field {name}")
        return row

    def _make(self, row: FieldMap) -> None:
        for column in row.computed(self.mapping.types):
            self.computed.setdefault(column.name, column)

    def _text(self, expr: Expr) -> Expr:
        value = self._value(expr)
        if isinstance(expr, Field) and self._row(expr.name).type(self.mapping.types) != "string":
            return Call("tostring", (value,))
        return value

    def _value(self, expr: Expr) -> Expr:
        match expr:
            case Field(name):
                if name == "*":
                    raise UnsupportedError(self.mapping.table, "a value of any field")
                row = self._row(name)
                self._make(row)
                return row.value(self.mapping.types)
            case Call(name, args):
                return replace(expr, args=tuple(self._value(arg) for arg in args))
            case Index(base, key):
                return replace(expr, base=self._value(base), key=self._value(key))
            case Literal() | Star() | Named():
                return expr
        raise UnsupportedError(self.mapping.table, type(expr).__name__.lower())

    def _anywhere(self, match: Match) -> Expr:
        """A keyword: in any of the columns that hold the event's own text."""
        columns = self.mapping.keywords
        if not columns or match.op not in TEXT_OPS | {Op.EQ}:
            raise UnsupportedError(self.mapping.table, "a keyword in any field")

        logs = keywords.logs_of(held(And(self.mapping.where)))

        def one(test: Match) -> Expr:
            found = keywords.asked(columns, test, self.mapping.types, logs)
            if any(name.name == keywords.TEXT for name in names(found)):
                self.computed.setdefault(keywords.TEXT, keywords.whole(columns, self.mapping.types))
            return found

        if match.every and len(columns) > 1:
            return And(tuple(one(replace(match, values=(value,), every=False)) for value in match.values))
        return one(match)


def conjuncts(expr: Expr) -> tuple[Expr, ...]:
    return expr.terms if isinstance(expr, And) and expr.terms else (expr,)


def confined(expr: Expr, field: str, values: Map[str, str]) -> bool:
    """Whether `expr` is true only of events whose `field` has one of `values`."""
    match expr:
        case And(terms):
            return any(confined(term, field, values) for term in terms)
        case Or(terms):
            return all(confined(term, field, values) for term in terms)
        case Match(Field(name), Op.EQ, asked) if name.lower() == field.lower():
            known = [text_of(value).lower() in values for value in asked]
            return any(known) if expr.every else all(known)
    return False


def held_anywhere(expr: Expr, field: str) -> Iterator[str]:
    """The values `field` is asked to equal anywhere in `expr`, in reading order."""
    from ..model import expressions

    for match in expressions(expr, Match):
        if match.op is Op.EQ and isinstance(match.subject, Field) and match.subject.name.lower() == field.lower():
            yield from (text_of(value).lower() for value in match.values)


def joined(terms: list[Expr]) -> Expr:
    return terms[0] if len(terms) == 1 else And(tuple(terms))


def reads(expr: Expr, computed: Map[str, Column]) -> bool:
    return any(each.name in computed for each in names(expr))


def names(expr: Expr) -> Iterator[Field]:
    from ..model import expressions

    return expressions(expr, Field)
