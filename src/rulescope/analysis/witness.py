"""Values that satisfy conditions on one field: what an example event holds. Guesses are checked by the reference evaluator."""

from __future__ import annotations

import datetime
import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

from ..engines.reference import compile_predicate, text_of, wildcard_parts
from ..errors import UnsupportedError
from ..model import Call, Expr, Field, Literal, Match, Not, Op
from ..regex import compiled


class Missing:
    """The value of a field that is not there."""

    def __repr__(self) -> str:
        return "missing"


MISSING = Missing()

MOST_GUESSES = 400


@dataclass(frozen=True, slots=True)
class Want:
    """A Match or Compare that shall be true or false."""

    term: Expr
    truth: bool

    @property
    def expr(self) -> Expr:
        return self.term if self.truth else Not(self.term)


def values_for(wants: list[Want]) -> Iterator[Any]:
    """Values of one field (all wants have the same subject) that satisfy every want, simplest first; at most a few."""
    tests = [compile_predicate(want.expr) for want in wants]
    seen: set[tuple[type, str]] = set()
    for value in islice(_guesses(wants), MOST_GUESSES):
        key = (type(value), repr(value))
        if key in seen:
            continue
        seen.add(key)
        event = event_with(wants[0].term, value)
        if all(test(event) for test in tests):
            yield value


def event_with(term: Expr, value: Any) -> dict[str, Any]:
    """An event in which the field `term` reads has `value`."""
    name = field_name(term)
    return {} if isinstance(value, Missing) or name is None else {name: value}


def field_name(term: Expr) -> str | None:
    """The field a Match is about, through time parts and other functions; None for other shapes."""
    subject = getattr(term, "subject", term)
    while isinstance(subject, Call):
        inner = [arg for arg in subject.args if isinstance(arg, Field | Call)]
        if len(inner) != 1:
            return None
        subject = inner[0]
    if isinstance(subject, Field):
        return KEYWORDS if subject.name == "*" else subject.name
    return None


KEYWORDS = "Message"
"""The field that holds text a keyword looks for anywhere."""


# ---------------------------------------------------------------- guesses


def _guesses(wants: list[Want]) -> Iterator[Any]:
    positive = [want.term for want in wants if want.truth and isinstance(want.term, Match)]
    parts = [term for term in positive if isinstance(term.subject, Call)]
    if parts or any(isinstance(getattr(want.term, "subject", None), Call) for want in wants):
        yield from _times(wants)
        return
    by_op: dict[Op, list[Match]] = {}
    for term in positive:
        by_op.setdefault(term.op, []).append(term)
    for term in by_op.get(Op.EQ, ()):
        yield from _spellings(term)
    yield from _numbers(wants)
    for term in by_op.get(Op.CIDR, ()):
        yield from (address for value in term.values for address in inside(str(value)))
    if Op.EMPTY in by_op:
        yield from ("", MISSING)
    if set(by_op) - {Op.EQ, Op.CIDR, Op.EXISTS, Op.EMPTY, Op.LT, Op.LE, Op.GT, Op.GE}:
        yield from _texts(by_op)
    if not set(by_op) - {Op.EXISTS}:
        yield from ("other", "zz9", "Q-7", "", 7, 0.5, MISSING)


def _spellings(term: Match) -> Iterator[Any]:
    for value in term.values:
        if value is None:
            continue
        yield value
        if isinstance(value, str) and not term.cased:
            yield from (value.lower(), value.upper(), value.swapcase())


def _numbers(wants: list[Want]) -> Iterator[Any]:
    bounds = [
        value
        for want in wants
        if isinstance(want.term, Match) and want.term.op in (Op.LT, Op.LE, Op.GT, Op.GE)
        for value in want.term.values
    ]
    for value in bounds:
        if isinstance(value, int | float):
            yield from (value, value + 1, value - 1, value + 0.5, value - 0.5, value + 1000, value - 1000)
        elif isinstance(value, str):
            yield from (value, value + "x", value[:-1], "0", "zzz")
    numbers = sorted(value for value in bounds if isinstance(value, int | float))
    for low, high in pairwise(numbers):
        yield (low + high) // 2
        yield (low + high) / 2


def _texts(by_op: dict[Op, list[Match]]) -> Iterator[str]:
    """Prefix, pieces and suffix put together in several ways."""
    prefix = _longest(by_op, Op.STARTSWITH)
    suffix = _longest(by_op, Op.ENDSWITH)
    pieces = _pieces(by_op)
    shapes: list[tuple[str, ...]] = []
    for term in by_op.get(Op.WILDCARD, ()):
        shapes += [tuple(_wildcard_texts(str(value), pieces)) for value in term.values]
    for term in by_op.get(Op.REGEX, ()):
        shapes += [tuple(regex_witnesses(str(value), term.cased)) for value in term.values]
    found = [""]
    for shape in shapes:
        found = [one + other for one in found for other in shape][:40] if shape else found
    singles = [text for shape in shapes for text in shape]
    if not prefix and not suffix:
        yield from singles
    for middle in [*found, *(one for one in singles if one not in found)][:60]:
        for gap in ("", " ", "x", "\\", "-", "1", "/", "."):
            core = gap.join([*([middle] if middle else []), *pieces])
            yield from (_overlapped(prefix, core, suffix), prefix + gap + core + gap + suffix, prefix + core + suffix)
            yield from (
                core + gap + suffix if not prefix else prefix + core + gap + suffix,
                prefix + gap + core + suffix,
            )
            if not suffix:
                yield prefix + core + gap + "x"
            if not prefix:
                yield "x" + gap + core + suffix
                yield "x" + gap + core + gap + suffix + ("x" if not suffix else "")


def _longest(by_op: dict[Op, list[Match]], op: Op) -> str:
    return max((text_of(value) for term in by_op.get(op, ()) for value in term.values), key=len, default="")


def _pieces(by_op: dict[Op, list[Match]]) -> list[str]:
    """Texts that must stand somewhere, longest first, without those inside others."""
    texts = [
        text_of(value)
        for op in (Op.CONTAINS, Op.TERM, Op.TERM_PREFIX, Op.TERM_SUFFIX)
        for term in by_op.get(op, ())
        for value in term.values
    ]
    kept: list[str] = []
    for text in sorted(dict.fromkeys(texts), key=len, reverse=True):
        if not any(text.lower() in other.lower() for other in kept):
            kept.append(text)
    order = {text: place for place, text in enumerate(texts)}
    return sorted(kept, key=lambda text: order[text])


def _overlapped(first: str, core: str, last: str) -> str:
    """The three joined, letting an end that is the next one's start stand once."""
    text = _joined(first, core)
    return _joined(text, last)


def _joined(left: str, right: str) -> str:
    if right.lower() in left.lower() and left.lower().endswith(right.lower()):
        return left
    for length in range(min(len(left), len(right)), 0, -1):
        if left[-length:].lower() == right[:length].lower():
            return left + right[length:]
    return left + right


def _wildcard_texts(pattern: str, pieces: list[str]) -> Iterator[str]:
    parts = wildcard_parts(pattern)
    for fill in ("", "x", *pieces, " ".join(pieces), " x "):
        yield "".join(fill if part is None else part or "x" for part in parts)
    stars = [place for place, part in enumerate(parts) if part is None]
    for star in stars:
        fill = " ".join(pieces)
        yield "".join(
            (fill if place == star else "") if part is None else part or "x" for place, part in enumerate(parts)
        )


def inside(cidr: str) -> tuple[str, ...]:
    """Addresses of a network: first, last, one between."""
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return ()
    first, last = network[0], network[-1]
    return tuple(dict.fromkeys((str(first), str(last), str(network[network.num_addresses // 2]))))


def outside(cidr: str) -> tuple[str, ...]:
    """The addresses right before and after a network, where there are any."""
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return ()
    found = []
    for address, step in ((network[0], -1), (network[-1], 1)):
        try:
            found.append(str(address + step))
        except ValueError:
            continue
    return tuple(found)


def _times(wants: list[Want]) -> Iterator[Any]:
    """Times whose parts are as wanted."""
    parts = {"year": 2024, "month": 5, "day": 15, "hour": 12, "minute": 34}
    week = 0
    options: list[dict[str, int]] = [parts]
    for want in wants:
        term = want.term
        if not isinstance(term, Match) or not isinstance(term.subject, Call):
            continue
        part = next((str(arg.value) for arg in term.subject.args if isinstance(arg, Literal)), "")
        for value in term.values:
            if not isinstance(value, int):
                continue
            if part == "week_of_year":
                week = value
            for number in (value, value + 1, value - 1):
                options.append({**options[-1], part: number} if want.truth else {**options[0], part: number})
    for option in options[::-1]:
        year, month, day = (option.get(name, 1) for name in ("year", "month", "day"))
        yield f"{year:04}-{month:02}-{day:02}T{option['hour']:02}:{option['minute']:02}:56Z"
    if week:
        for number in (week, week + 1, max(1, week - 1)):
            if 1 <= number <= 52:
                yield datetime.date.fromisocalendar(parts["year"], number, 3).isoformat() + "T12:34:56Z"
    yield MISSING


# ---------------------------------------------------------------- regular expressions


def regex_witnesses(pattern: str, cased: bool = True, most: int = 8) -> tuple[str, ...]:
    """Texts that RE2 finds `pattern` in, made from its parts; none when the pattern is beyond us or RE2."""
    try:
        matcher = compiled(pattern, cased)
        tree = _parser.parse(pattern)
    except (UnsupportedError, re.error, RecursionError, OverflowError):
        return ()
    found: dict[str, None] = {}
    for turn in range(most):
        try:
            text = _generate(tree, turn)
        except _BeyondError:
            return tuple(found)
        if matcher.search(text) is not None:
            found.setdefault(text)
    return tuple(found)


class _BeyondError(Exception):
    """A part of a regular expression no text is made for."""


CHARACTERS = (
    "axA0 _-./\\:;=\"'@#%&!~\t\n,<>()[]{}|+*?^$`" + "bcdefghijklmnopqrstuvwyzBCDEFGHIJKLMNOPQRSTUVWXYZ123456789é"
)

CATEGORIES: dict[Any, Callable[[str], bool]] = {
    sre.CATEGORY_DIGIT: str.isdigit,
    sre.CATEGORY_NOT_DIGIT: lambda character: not character.isdigit(),
    sre.CATEGORY_SPACE: str.isspace,
    sre.CATEGORY_NOT_SPACE: lambda character: not character.isspace(),
    sre.CATEGORY_WORD: lambda character: character.isalnum() or character == "_",
    sre.CATEGORY_NOT_WORD: lambda character: not (character.isalnum() or character == "_"),
}


def _generate(tree: Iterable[Any], turn: int) -> str:
    out: list[str] = []
    for op, argument in tree:
        if op is sre.LITERAL:
            out.append(chr(argument))
        elif op is sre.NOT_LITERAL:
            out.append(_character([(sre.NEGATE, None), (sre.LITERAL, argument)], turn))
        elif op is sre.ANY:
            out.append("ax0"[turn % 3])
        elif op is sre.IN:
            out.append(_character(argument, turn))
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            low, high, inner = argument
            wanted = low + (turn % 2 if low == 0 else 0) + (2 if turn >= 4 else 0)
            high = wanted if high is sre.MAXREPEAT else int(high)
            out.append("".join(_generate(inner, turn) for _ in range(min(wanted, high, low + 50))))
        elif op is sre.SUBPATTERN:
            out.append(_generate(argument[-1], turn))
        elif op is sre.ATOMIC_GROUP:
            out.append(_generate(argument, turn))
        elif op is sre.BRANCH:
            choices = argument[1]
            out.append(_generate(choices[turn % len(choices)], turn // len(choices)))
        elif op is sre.AT:
            continue
        else:
            raise _BeyondError
    return "".join(out)


def _character(items: list[tuple[Any, Any]], turn: int) -> str:
    negate = bool(items) and items[0][0] is sre.NEGATE
    rest = items[1:] if negate else items
    if not negate and rest and rest[0][0] is not sre.CATEGORY:
        op, argument = rest[turn % len(rest)]
        if op is sre.LITERAL:
            return chr(argument)
        if op is sre.RANGE:
            return chr(min(argument[0] + turn, argument[1]))
    for character in CHARACTERS:
        inside_set = any(_in(character, op, argument) for op, argument in rest)
        if inside_set != negate:
            return character
    raise _BeyondError


def _in(character: str, op: Any, argument: Any) -> bool:
    if op is sre.LITERAL:
        return bool(ord(character) == argument)
    if op is sre.RANGE:
        return bool(argument[0] <= ord(character) <= argument[1])
    if op is sre.CATEGORY and argument in CATEGORIES:
        return CATEGORIES[argument](character)
    raise _BeyondError
