"""What a correlation measures of a window of hits in Kusto, and when its condition holds of that.

A percentile is exact, linear between the two nearest ranks (Kusto's own `percentile` is the nearest rank, and approximate for
many values): the numbers are put in order in an array and read by place. The order of several rules is read from the window
written as text, oldest hit first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from ..errors import UnsupportedError
from ..model import (
    And,
    Call,
    Column,
    Compare,
    Correlate,
    Expr,
    Extend,
    Field,
    Index,
    Literal,
    Match,
    Not,
    Op,
    Or,
    Step,
)

THEN, VALUE, PART = "then", "value", "part"
COUNT, FIRST, BEGUN, ENDED = "measure", "since", "begun", "ended"
NUMBERS, VALUES, PLACE, RULES, ORDER = "numbers", "numbers_in_order", "place", "rules", "order"
OPPOSITE = {Op.LT: Op.GE, Op.LE: Op.GT, Op.GT: Op.LE, Op.GE: Op.LT}
MOST_PARTS = 5  # of a condition on ordered rules: every combination of them is written


def is_temporal(stage: Correlate) -> bool:
    return stage.kind.startswith("temporal")


def measures(stage: Correlate) -> tuple[Column, ...]:
    """The aggregates of a window: what is measured, and when its first event was. Raises UnsupportedError."""
    if stage.kind == "value_percentile" and stage.percentile is None:
        raise UnsupportedError("kusto", "value_percentile without `percentile`: it does not say which")
    first = Column((FIRST,), Call("min", (Field(THEN),)))
    if is_temporal(stage):
        return (*_seen(stage), first)
    number = Call("toreal", (Field(VALUE),))
    measured: dict[str, Expr] = {
        "event_count": Call("count"),
        "value_count": Call("count_distinctif", (Field(VALUE), Not(Match(Field(VALUE), Op.EMPTY)))),
        "value_sum": Call("sum", (number,)),
        "value_avg": Call("avg", (number,)),
        "value_median": Call("make_list", (number,)),
        "value_percentile": Call("make_list", (number,)),
    }
    if stage.kind not in measured:
        raise UnsupportedError("kusto", f"the correlation {stage.kind}")
    name = VALUES if _ranked(stage) else COUNT
    columns = [Column((name,), measured[stage.kind])]
    if stage.kind == "value_sum" and not _grows(stage.condition):  # a window without numbers sums to 0 in Kusto
        columns.append(Column((NUMBERS,), Call("countif", (Call("isnotnull", (number,)),))))
    return (*columns, first)


def _seen(stage: Correlate) -> list[Column]:
    """How many hits of each part, and what the order of parts is told by."""
    columns = [
        Column((f"seen{place}",), Call("countif", (Match(Field(PART), Op.EQ, (place,), cased=True),)))
        for place in range(len(stage.rules))
    ]
    if stage.kind != "temporal_ordered":
        return columns
    if _two_in_turn(stage):
        columns.append(Column((BEGUN,), Call("minif", (Field(THEN), Match(Field(PART), Op.EQ, (0,), cased=True)))))
        columns.append(Column((ENDED,), Call("maxif", (Field(THEN), Match(Field(PART), Op.EQ, (1,), cased=True)))))
        return columns
    if len(stage.rules) > 10:
        raise UnsupportedError("kusto", "the order of more than ten rules")
    one = Call("strcat", (Call("tostring", (Field(THEN),)), Literal("/"), Call("tostring", (Field(PART),))))
    columns.append(Column((ORDER,), Call("make_list", (one,))))
    return columns


def _two_in_turn(stage: Correlate) -> bool:
    return len(stage.rules) == 2 and stage.condition is None


def _ranked(stage: Correlate) -> bool:
    return stage.kind in ("value_percentile", "value_median")


def computed(stage: Correlate) -> Iterator[Step]:
    """Columns made of the aggregates, before the condition is asked."""
    if _ranked(stage):
        yield from _percentile(50.0 if stage.kind == "value_median" else stage.percentile or 0.0)
    if is_temporal(stage) and _counts(stage.condition):
        ones: list[Expr] = [
            Call("iff", (Match(Field(f"seen{place}"), Op.GT, (0,), cased=True), Literal(1, "long"), Literal(0, "long")))
            for place in range(len(stage.rules))
        ]
        total = ones[0]
        for one in ones[1:]:
            total = Call("+", (total, one))
        yield Extend((Column((RULES,), total),))
    if stage.kind == "temporal_ordered" and not _two_in_turn(stage):
        in_time = Call("strcat_array", (Call("array_sort_asc", (Field(ORDER),)), Literal(",")))
        yield Extend((Column((ORDER,), in_time),))


def _percentile(percent: float) -> Iterator[Step]:
    """The measure, linear between the two nearest ranks; null without numbers."""
    last = Call("-", (Call("array_length", (Field(VALUES),)), Literal(1, "long")))
    share = Call("/", (Call("*", (last, Literal(percent, "real"))), Literal(100, "long")))
    low = Call("toint", (Field(PLACE),))
    high = Call("min_of", (Call("+", (low, Literal(1, "long"))), last))

    def at(place: Expr) -> Expr:
        return Call("toreal", (Index(Field(VALUES), place),))

    between = Call("*", (Call("-", (at(high), at(low))), Call("-", (Field(PLACE), low))))
    yield Extend(
        (Column((VALUES,), Call("array_sort_asc", (Field(VALUES),))), Column((PLACE,), share)),
    )
    yield Extend((Column((COUNT,), Call("+", (at(low), between))),))


def _counts(condition: Expr | None) -> bool:
    """Whether a condition of a temporal correlation is about how many rules there are."""
    match condition:
        case And(terms) | Or(terms):
            return any(_counts(term) for term in terms)
        case Not(term):
            return _counts(term)
        case Match(Field("count"), op):
            return op is not Op.EXISTS
    return False


def _grows(condition: Expr | None) -> bool:
    """A condition that more makes true."""
    match condition:
        case Match(_, Op.GT | Op.GE, (int(least) | float(least),)):
            return least >= 0
    return False


# ---------------------------------------------------------------- conditions


def holds(stage: Correlate) -> Expr:
    """The condition of the correlation on what was measured. Raises UnsupportedError."""
    if stage.condition is None:
        every = tuple(_present(number, True) for number in range(len(stage.rules)))
        if stage.kind == "temporal_ordered":
            every = (*every, _in_turn(stage, range(len(stage.rules))))
        return every[0] if len(every) == 1 else And(every)
    if stage.kind == "temporal_ordered":
        return _ordered(stage, stage.condition)
    said = _said(stage, stage.condition, True)
    if stage.kind == "value_sum" and not _grows(stage.condition):
        return And((Match(Field(NUMBERS), Op.GT, (0,), cased=True), said))
    if stage.kind.startswith("value") and stage.kind != "value_count" and _negates(stage.condition):
        return And((Call("isnotnull", (Field(COUNT),)), said))
    return said


def _present(number: int, truth: bool) -> Expr:
    return Match(Field(f"seen{number}"), Op.GT if truth else Op.EQ, (0,), cased=True)


def _place(stage: Correlate, name: str) -> int:
    for place, part in enumerate(stage.rules):
        if part.name == name:
            return place
    raise UnsupportedError("kusto", f"the correlated rule {name}")


def _said(stage: Correlate, expr: Expr, truth: bool) -> Expr:
    """`expr` is `truth`; negations go down to the comparisons."""
    match expr:
        case And(terms) | Or(terms):
            kind = And if isinstance(expr, And) == truth else Or
            return kind(tuple(_said(stage, term, truth) for term in terms))
        case Not(term):
            return _said(stage, term, not truth)
        case Match(Field(name), Op.EXISTS) if is_temporal(stage):
            return _present(_place(stage, name), truth)
        case Match(Field("count"), op, values):
            measure = Field(RULES if is_temporal(stage) else COUNT)
            if truth or op is Op.EQ:
                compared = Match(measure, op, values, cased=True)
                return compared if truth else Not(compared)
            if op in OPPOSITE:
                return Match(measure, OPPOSITE[op], values, cased=True)
    raise UnsupportedError("kusto", "such a condition of a correlation")


def _negates(condition: Expr) -> bool:
    match condition:
        case And(terms) | Or(terms):
            return any(_negates(term) for term in terms)
        case Not():
            return True
    return False


def _in_turn(stage: Correlate, order: Sequence[int]) -> Expr:
    """Parts came in this order; at one moment they count as in order of their numbers."""
    if _two_in_turn(stage):  # of two, some first is not after some second
        return Compare(Field(BEGUN), Op.LE, Field(ENDED))
    return Match(Field(ORDER), Op.REGEX, (",.*".join(f"/{number}" for number in order),), cased=True)


def _ordered(stage: Correlate, condition: Expr) -> Expr:
    """A condition over ordered parts: each way in which it holds, with the parts that are there in the order it names them."""
    named = list(dict.fromkeys(_names(condition)))
    if len(named) > MOST_PARTS or _counts(condition):
        raise UnsupportedError("kusto", "such a condition of a correlation in order")
    ways: list[Expr] = []
    for present in product((True, False), repeat=len(named)):
        there = dict(zip(named, present, strict=True))
        if not _true(condition, there):
            continue
        terms = [_present(_place(stage, name), seen) for name, seen in there.items()]
        order = [_place(stage, name) for name in _names(condition, positive=True) if there[name]]
        if len(order) > 1:
            terms.append(_in_turn(stage, order))
        ways.append(terms[0] if len(terms) == 1 else And(tuple(terms)))
    return ways[0] if len(ways) == 1 else Or(tuple(ways))


def _names(condition: Expr, positive: bool = False) -> Iterator[str]:
    """The parts a condition names, in its order; with `positive` those outside a `not`."""
    match condition:
        case And(terms) | Or(terms):
            for term in terms:
                yield from _names(term, positive)
        case Not(term):
            if not positive:
                yield from _names(term)
        case Match(Field(name), Op.EXISTS):
            yield name


def _true(condition: Expr, there: dict[str, bool]) -> bool:
    match condition:
        case And(terms):
            return all(_true(term, there) for term in terms)
        case Or(terms):
            return any(_true(term, there) for term in terms)
        case Not(term):
            return not _true(term, there)
        case Match(Field(name), Op.EXISTS):
            return there[name]
    raise UnsupportedError("kusto", "such a condition of a correlation in order")
