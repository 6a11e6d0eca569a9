"""Example events of a rule, made from the rule itself: events that match it and events that just miss, branch by branch.

What an event is expected to do is never assumed: the reference evaluator decides `matches` for each. The same query
gives the same examples every time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice, zip_longest
from typing import Any

from ..engines.reference import compile_predicate, text_of, wildcard_parts
from ..model import (
    And,
    Compare,
    Correlate,
    Expr,
    Filter,
    Literal,
    Match,
    Not,
    Op,
    Or,
    Query,
    replace,
)
from .contradiction import branches
from .witness import MISSING, Missing, Want, field_name, inside, outside, values_for

Path = tuple[Want, ...]

MOST_PATHS = 300


@dataclass(frozen=True, slots=True)
class Example:
    """An event, whether the rule matches it, and what it was made to show."""

    event: dict[str, Any]
    matches: bool
    why: str


def examples(query: Query | Expr, limit: int = 64, arrays: bool = False) -> tuple[Example, ...]:
    """Up to `limit` events for a predicate, or for the filters at the start of a query (each part of a correlation).

    First come events that match, one for each branch and value; then, in turn, events that miss by one condition, fields
    missing and null, other case, values at other places in the text; with `arrays` also lists. Fewer or none that match
    come back when none is found (see `satisfiable`). Raises UnsupportedError when the predicate cannot be judged.
    """
    if isinstance(query, Query):
        found: list[Example] = []
        predicates = predicates_of(query)
        for predicate in predicates:
            found += examples(predicate, max(4, limit // len(predicates)), arrays)
        return tuple(found)
    judge = compile_predicate(query)
    seen: set[str] = set()
    made: list[Example] = []

    def judged(event: dict[str, Any], why: str) -> Example | None:
        key = repr(sorted(event.items()))
        if key in seen:
            return None
        seen.add(key)
        return Example(event, judge(event), why)

    bases: list[tuple[dict[str, Any], Path]] = []
    for path in _paths(query):
        event = event_for(path)
        if event is not None and judge(event):
            example = judged(event, _described(path))
            if example is not None:
                made.append(example)
            if len(bases) < 12:
                bases.append((event, path))
        if len(made) >= max(1, limit // 2):
            break
    if not bases:
        found_path = next((path for path, event in _found(query) if judge(event)), None)
        if found_path is not None:
            event = event_for(found_path)
            assert event is not None
            bases.append((event, found_path))
            example = judged(event, _described(found_path))
            made += [example] if example else []
    if not bases:
        for path in islice(_paths(query), 4):
            single = [event_for((want,)) for want in path]
            for event in single:
                example = judged(event, "one condition of a branch that no event was found for") if event else None
                made += [example] if example else []
    for event, why in _conjuncts(query):
        if len(made) >= limit - limit // 4:
            break
        example = judged(event, why)
        made += [example] if example else []
    kinds = [_misses(bases), _presence(bases), _case(bases), _edges(bases), _lists(bases) if arrays else iter(())]
    for row in zip_longest(*kinds):
        for event, why in filter(None, row):
            if len(made) >= limit:
                return tuple(made)
            example = judged(event, why)
            made += [example] if example else []
    example = judged({}, "an event without any field")
    return (*made, example) if example and len(made) < limit else tuple(made)


def satisfiable(expr: Expr) -> bool | None:
    """Whether any event (of single values, no lists) can match: True with a witness found, False when proven impossible,
    None when neither. Raises UnsupportedError when the predicate cannot be judged."""
    judge = compile_predicate(expr)
    for path in islice(_paths(expr), 20):
        event = event_for(path)
        if event is not None and judge(event):
            return True
    search = branches(expr)
    for path in search:
        event = event_for(path)
        if event is not None and judge(event):
            return True
    return None if search.open or search.cut else False


def predicates_of(query: Query) -> tuple[Expr, ...]:
    """The conditions on events at the start of a query, before any stage changes its rows: one, or one a correlated rule."""
    terms: list[Expr] = []
    for stage in query.stages:
        if isinstance(stage, Correlate):
            return tuple(predicate for part in stage.rules for predicate in predicates_of(part.query))
        if isinstance(stage, Filter):
            terms.append(stage.predicate)
        elif terms:
            break
    return (terms[0] if len(terms) == 1 else And(tuple(terms)),) if terms else ()


def _found(expr: Expr) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in branches(expr):
        event = event_for(path)
        if event is not None:
            yield path, event


# ---------------------------------------------------------------- paths


def _paths(expr: Expr) -> Iterator[Path]:
    """Ways to make `expr` true: the first way of each part, then one part varied at a time."""
    return islice(_ways(expr, True), MOST_PATHS)


def _ways(expr: Expr, truth: bool) -> Iterator[Path]:
    match expr:
        case Not(term):
            yield from _ways(term, not truth)
        case And(terms) | Or(terms):
            if isinstance(expr, And) == truth:
                yield from _together(terms, truth)
            else:
                for row in zip_longest(*(_ways(term, truth) for term in terms[:MOST_PATHS])):
                    yield from (path for path in row if path is not None)
        case Match(values=values, every=every) if len(values) > 1:
            singles = tuple(Want(replace(expr, values=(value,), every=False), truth) for value in values)
            if every == truth:
                yield singles
            else:
                yield from ((one,) for one in singles)
        case _:
            yield (Want(expr, truth),)


def _together(terms: tuple[Expr, ...], truth: bool) -> Iterator[Path]:
    ways = [_ways(term, truth) for term in terms]
    first: list[Path] = []
    for one in ways:
        way = next(one, None)
        if way is None:
            return
        first.append(way)
    yield tuple(want for way in first for want in way)
    for row in zip_longest(*ways):
        for place, way in enumerate(row):
            if way is not None:
                yield tuple(want for other, path in enumerate(first) for want in (way if other == place else path))


def event_for(path: Path) -> dict[str, Any] | None:
    """An event that satisfies every want of `path`, None when none is found."""
    groups: dict[str, list[Want]] = {}
    compared: list[Want] = []
    for want in path:
        name = field_name(want.term) if isinstance(want.term, Match) else None
        if name is not None:
            groups.setdefault(name, []).append(want)
        elif isinstance(want.term, Compare):
            compared.append(want)
    event: dict[str, Any] = {}
    for name, wants in groups.items():
        if not any(want.truth for want in wants) and all(_about(want) for want in wants):
            value = next((one for one in values_for(wants) if not isinstance(one, Missing)), MISSING)
        else:
            value = next(values_for(wants), None)
            if value is None:
                return None
        if not isinstance(value, Missing):
            event[name] = value
    for want in compared:
        _compare(event, want)
    return event


def _about(want: Want) -> bool:
    return isinstance(want.term, Match) and want.term.op is not Op.EXISTS


def _compare(event: dict[str, Any], want: Want) -> None:
    """Give both sides of a comparison of fields values for which it is as wanted."""
    term = want.term
    assert isinstance(term, Compare)
    left, right = field_name(term.left), field_name(term.right)
    if left is None:
        return
    if right is None:
        if isinstance(term.right, Literal):
            event.setdefault(left, term.right.value)
        return
    value = event.get(left, event.get(right, "alpha"))
    number = value if isinstance(value, int | float) else 5
    same, other = value, f"{value}-other"
    if term.op in (Op.LT, Op.LE, Op.GT, Op.GE):
        step = 1 if (term.op in (Op.LT, Op.LE)) == want.truth else -1
        event[left], event[right] = number, number + step
    elif (term.op is Op.NE) == want.truth:
        event[left], event[right] = same, other
    else:
        event[left], event[right] = same, same


def _described(path: Path) -> str:
    said = []
    for want in path[:4]:
        term = want.term
        if isinstance(term, Match):
            values = ", ".join(text_of(value) for value in term.values[:2])
            said.append(f"{'' if want.truth else 'not '}{field_name(term)} {term.op} {values}".strip())
        elif isinstance(term, Compare):
            said.append(f"{'' if want.truth else 'not '}{field_name(term.left)} {term.op} {field_name(term.right)}")
    more = f" and {len(path) - 4} more" if len(path) > 4 else ""
    return "matches by " + " and ".join(said) + more if said else "matches"


# ---------------------------------------------------------------- near misses

Bases = list[tuple[dict[str, Any], Path]]
Change = tuple[dict[str, Any], str]


def _conjuncts(expr: Expr) -> Iterator[Change]:
    """Events for which all conditions hold but one, each in turn: first one way to miss each, then further ways."""
    terms = _flat(expr)
    firsts = [next(_ways(term, True), ()) for term in terms]
    turns = [_missing_only(terms, firsts, place) for place in range(len(terms))]
    for row in zip_longest(*turns):
        yield from (change for change in row if change is not None)


def _flat(expr: Expr) -> list[Expr]:
    if isinstance(expr, And):
        return [inner for term in expr.terms for inner in _flat(term)]
    if isinstance(expr, Not) and isinstance(expr.term, Or):
        return [inner for term in expr.term.terms for inner in _flat(Not(term))]
    return [expr]


def _missing_only(terms: list[Expr], firsts: list[Path], place: int) -> Iterator[Change]:
    others = tuple(want for other, path in enumerate(firsts) if other != place for want in path)
    for way in islice(_ways(terms[place], False), 8):
        names = {field_name(want.term) for want in way}
        apart = tuple(want for want in others if want.truth or field_name(want.term) not in names)
        event = event_for((*way, *others)) or event_for((*way, *apart))
        if event is not None:
            yield event, "misses only by " + _described(way).removeprefix("matches by ")


def _with(event: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    changed = {key: old for key, old in event.items() if key != name}
    return changed if isinstance(value, Missing) else {**changed, name: value}


def _misses(bases: Bases) -> Iterator[Change]:
    """Each condition of each base event broken by itself, as little as can be."""
    rounds = [_broken(event, path) for event, path in bases]
    for row in zip_longest(*rounds):
        yield from (change for change in row if change is not None)


def _broken(event: dict[str, Any], path: Path) -> Iterator[Change]:
    per_want = [_broken_by(event, path, want) for want in path]
    for row in zip_longest(*per_want):
        yield from (change for change in row if change is not None)


def _broken_by(event: dict[str, Any], path: Path, want: Want) -> Iterator[Change]:
    term = want.term
    if isinstance(term, Compare):
        changed = dict(event)
        _compare(changed, Want(term, not want.truth))
        yield changed, "the two fields the other way"
        return
    name = field_name(term)
    if not isinstance(term, Match) or name is None:
        return
    if want.truth:
        for value, why in near(term, event.get(name)):
            yield _with(event, name, value), f"{name}: {why}"
        return
    beside = [one for one in path if one.truth and field_name(one.term) == name]
    flips = [replace(term, values=(one,)) for one in term.values[:4]] or [term]
    for flip in flips:
        flipped = Want(flip, True)
        found = next(values_for([*beside, flipped]), None) or next(values_for([flipped]), None)
        if found is not None:
            yield _with(event, name, found), f"{name}: as the exclusion says"


def near(term: Match, value: Any) -> Iterator[tuple[Any, str]]:
    """Values close to one that satisfies `term`, most of which do not."""
    text = value if isinstance(value, str) else None
    wanted = term.values[0] if term.values else None
    part = wanted if isinstance(wanted, str) else None
    match term.op:
        case Op.EXISTS:
            yield MISSING, "missing"
        case Op.EMPTY:
            yield "x", "not empty"
        case Op.LT | Op.LE | Op.GT | Op.GE:
            if isinstance(wanted, int | float):
                for number in (wanted, wanted - 1, wanted + 1, wanted + 0.5):
                    yield number, "at the bound"
        case Op.CIDR:
            for address in outside(str(wanted)):
                yield address, "an address beside the network"
            for address in inside(str(wanted)):
                yield address, "an address in the network"
        case Op.EQ if isinstance(wanted, int | float) and not isinstance(wanted, bool):
            yield from ((wanted + 1, "the next number"), (text_of(wanted), "the number as text"))
            yield text_of(wanted) + "0", "a digit more"
        case Op.STARTSWITH if text is not None and part:
            yield "x" + text, "not at the start"
            yield part[:-1] + "\x7e" + text[len(part) :], "the last character of the start changed"
        case Op.ENDSWITH if text is not None and part:
            yield text + "x", "not at the end"
            yield text[: len(text) - len(part)] + "~" + part[1:], "the first character of the end changed"
            yield part[1:], "shorter than the end"
        case Op.CONTAINS | Op.TERM | Op.TERM_PREFIX | Op.TERM_SUFFIX if text is not None and part:
            place = text.lower().find(part.lower())
            if place >= 0:
                middle = place + len(part) // 2
                yield text[:middle] + "~" + text[middle + 1 :], "a character inside changed"
                yield text[: place + len(part) - 1] + text[place + len(part) :], "a character short"
                if term.op is not Op.CONTAINS:
                    yield text[:place] + "x" + text[place:], "inside a longer word"
                    yield text[: place + len(part)] + "x" + text[place + len(part) :], "inside a longer word"
                    yield text[:place] + "-" + text[place:] + "-", "between other characters"
        case Op.WILDCARD if text is not None:
            yield from (
                (text + "x", "a character behind"),
                ("x" + text, "a character in front"),
                (text[:-1], "a character short"),
            )
            literals = [one for one in wildcard_parts(str(wanted)) if one]
            for one in literals[:3]:
                yield text.replace(one, one[:-1] + "~", 1), "a fixed part changed"
        case _ if text is not None:
            yield from (
                (text + "x", "a character behind"),
                (text[:-1], "a character short"),
                ("x" + text, "a character in front"),
            )


def _presence(bases: Bases) -> Iterator[Change]:
    for event, path in bases:
        names = dict.fromkeys([*event, *(name for want in path if (name := field_name(want.term)))])
        for name in names:
            yield _with(event, name, MISSING), f"{name} missing"
            yield _with(event, name, None), f"{name} null"
            yield _with(event, name, ""), f"{name} empty"


def _case(bases: Bases) -> Iterator[Change]:
    for event, _ in bases:
        swapped = {name: value.swapcase() if isinstance(value, str) else value for name, value in event.items()}
        yield swapped, "letters in the other case"
        for name, value in event.items():
            if isinstance(value, str):
                yield _with(event, name, value.upper()), f"{name} in capitals"


def _edges(bases: Bases) -> Iterator[Change]:
    for event, _ in bases:
        for name, value in event.items():
            if not isinstance(value, str):
                if isinstance(value, int | float) and not isinstance(value, bool):
                    yield _with(event, name, text_of(value)), f"{name}: the number as text"
                continue
            yield _with(event, name, f"x{value}"), f"{name}: text in front"
            yield _with(event, name, f"{value}x"), f"{name}: text behind"
            yield _with(event, name, f"a {value} z"), f"{name}: words around"
            yield _with(event, name, f"{value} "), f"{name}: a space behind"
            if "\\" in value:
                yield _with(event, name, value.replace("\\", "/")), f"{name}: slashes for backslashes"
                yield _with(event, name, value.replace("\\", "\\\\")), f"{name}: backslashes doubled"


def _lists(bases: Bases) -> Iterator[Change]:
    for event, _ in bases:
        for name, value in event.items():
            yield _with(event, name, [value]), f"{name}: in a list"
            yield _with(event, name, ["other", value]), f"{name}: one of a list"
            yield _with(event, name, []), f"{name}: an empty list"
