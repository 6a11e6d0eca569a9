"""Conditions that cannot hold together: a search over the branches of a predicate that drops those it proves impossible.

The proofs are about fields of one value each (no lists), and simple: a value that fails another condition, two different
starts or ends, a start or piece that an exclusion forbids, an empty range. What is not proven impossible stays open.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from ..engines.reference import Predicate, compile_predicate
from ..errors import UnsupportedError
from ..model import And, Expr, Field, Match, Not, Op, Or, bare, replace
from .witness import Want, field_name

MOST_STEPS = 4_000
MOST_OPEN = 60


class branches:
    """The branches of `expr` (sets of wants that must hold together) that are not proven impossible.

    After the iteration `open` says how many there were, `cut` whether the search was given up.
    """

    def __init__(self, expr: Expr) -> None:
        self.expr = bare(expr)
        self.open = 0
        self.cut = False
        self._steps = 0

    def __iter__(self) -> Iterator[tuple[Want, ...]]:
        yield from self._search([(self.expr, True)], ())

    def _search(self, todo: list[tuple[Expr, bool]], held: tuple[Want, ...]) -> Iterator[tuple[Want, ...]]:
        choices: list[tuple[tuple[Expr, ...], bool]] = []
        while todo:
            expr, truth = todo.pop()
            match expr:
                case Not(term):
                    todo.append((term, not truth))
                case And(terms) | Or(terms):
                    if isinstance(expr, And) == truth:
                        todo.extend((term, truth) for term in terms)
                    else:
                        choices.append((terms, truth))
                case Match(values=values, every=every) if len(values) > 1:
                    singles = tuple(replace(expr, values=(value,), every=False) for value in values)
                    if every == truth:
                        todo.extend((one, truth) for one in singles)
                    else:
                        choices.append((singles, truth))
                case _:
                    want = Want(expr, truth)
                    if any(clash(want, other) for other in held):
                        return
                    if want not in held:
                        held = (*held, want)
        if not choices:
            self.open += 1
            self.cut = self.cut or self.open >= MOST_OPEN
            yield held
            return
        choices.sort(key=lambda choice: len(choice[0]))
        (terms, truth), rest = choices[0], choices[1:]
        later = [(Or(others) if wanted else And(others), wanted) for others, wanted in rest]
        for term in terms:
            self._steps += 1
            if self._steps > MOST_STEPS or self.open >= MOST_OPEN:
                self.cut = True
                return
            yield from self._search([(term, truth), *later], held)


def clash(one: Want, other: Want) -> bool:
    """Whether two wants are proven not to hold together, in either order."""
    if not one.truth and not other.truth:
        return False
    first, second = one.term, other.term
    if first == second:
        return one.truth != other.truth
    if not isinstance(first, Match) or not isinstance(second, Match) or first.subject != second.subject:
        return False
    if field_name(first) is None or (isinstance(first.subject, Field) and first.subject.name == "*"):
        return False
    return _clash(first, one.truth, second, other.truth) or _clash(second, other.truth, first, one.truth)


def _clash(first: Match, truth: bool, second: Match, other_truth: bool) -> bool:
    if not truth:
        return False
    if second.op is Op.EXISTS and not other_truth:
        return first.op is not Op.EMPTY
    if first.op is Op.EQ and len(first.values) == 1:
        if first.cased or not second.cased:
            return _fails(second, other_truth, first.values[0])
        return other_truth and _fails(replace(second, cased=False), True, first.values[0])
    if second.op is Op.EMPTY and other_truth:
        return first.op in (*TEXTUAL, Op.TERM, Op.CIDR, Op.LT, Op.LE, Op.GT, Op.GE) and first.values != ("",)
    if not other_truth:
        return _implies(first, second)
    fold = not (first.cased and second.cased)
    left, right = _text(first, fold), _text(second, fold)
    if left is None or right is None:
        return _empty_range(first, second)
    if first.op is second.op is Op.STARTSWITH:
        return not (left.startswith(right) or right.startswith(left))
    if first.op is second.op is Op.ENDSWITH:
        return not (left.endswith(right) or right.endswith(left))
    return False


def _fails(term: Match, truth: bool, value: object) -> bool:
    """Whether a value that equals `value` cannot make `term` as wanted; only where number and text read the same."""
    if term.op in (Op.LT, Op.LE, Op.GT, Op.GE) and isinstance(value, str):
        return False
    try:
        return _judge(replace(term, subject=Field("x"), span=None))({"x": value}) != truth
    except UnsupportedError:
        return False


@lru_cache(maxsize=4096)
def _judge(term: Match) -> Predicate:
    return compile_predicate(term)


def _text(term: Match, fold: bool) -> str | None:
    if len(term.values) != 1 or not isinstance(term.values[0], str):
        return None
    return term.values[0].lower() if fold else term.values[0]


TEXTUAL = (Op.CONTAINS, Op.STARTSWITH, Op.ENDSWITH)


def _implies(first: Match, second: Match) -> bool:
    """Whether every value that satisfies `first` satisfies `second`."""
    if second.op is Op.CONTAINS and second.values == ("",):
        return first.op is not Op.EMPTY
    if second.cased and not first.cased:
        return False
    left, right = _text(first, not second.cased), _text(second, not second.cased)
    if left is None or right is None or first.op not in TEXTUAL:
        return False
    if second.op is Op.CONTAINS:
        return right in left
    if second.op is Op.STARTSWITH:
        return first.op is Op.STARTSWITH and left.startswith(right)
    if second.op is Op.ENDSWITH:
        return first.op is Op.ENDSWITH and left.endswith(right)
    return False


def _empty_range(first: Match, second: Match) -> bool:
    """`x < 5` and `x > 7`."""
    low, high = (first, second) if first.op in (Op.GT, Op.GE) else (second, first)
    if low.op not in (Op.GT, Op.GE) or high.op not in (Op.LT, Op.LE):
        return False
    bottom, top = low.values[0], high.values[0]
    if not isinstance(bottom, int | float) or not isinstance(top, int | float):
        return False
    return bottom > top or (bottom == top and (low.op is Op.GT or high.op is Op.LT))
