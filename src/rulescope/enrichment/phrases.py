"""Conditions in plain words: `the process name is a or b, and the command line contains c`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from ..analysis import shown, subject
from ..analysis.contradiction import clash
from ..analysis.indicators import TESTS, constant, constants
from ..analysis.subjects import spoken
from ..analysis.witness import Want
from ..model import (
    And,
    Call,
    Compare,
    Expr,
    Field,
    Index,
    Literal,
    Match,
    Not,
    Op,
    Or,
    Query,
    Scan,
    TableCall,
    ToScalar,
    Within,
    expressions,
    outline_expr,
    replace,
    walk,
)
from ..schemas import fields
from .words import code, field_words, listed, quoted, verb

MOST_PARTS = (5, 4, 3)
"""How many parts of a condition are said, by how deep it stands."""

MOST_NUMBERED = 5
MOST_COMPARED = 40


LONG = 60
"""Characters an expression may have to be shown as it is."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """How the fields of a rule are called: columns to the fields they stand for, and to common names in these scopes."""

    scopes: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)

    def common(self, name: str) -> str:
        return fields.canonical(name, self.scopes)

    def named(self, name: str) -> str:
        return field_words(name, self.common(name))


@dataclass(frozen=True, slots=True)
class Phrase:
    """What is said of one `subject` ("" when of several, or of none). `joined` is and, or, "" for a single test."""

    subject: str
    verb: str
    joined: str = ""

    @property
    def text(self) -> str:
        return f"{self.subject} {self.verb}".strip()


def described(expr: Expr, speaker: Speaker) -> str:
    """A condition in words, "" where there are none for it. What is left out of a long one is counted."""
    found = phrase(expr, speaker)
    return found.text if found else ""


def phrase(expr: Expr, speaker: Speaker, negated: bool = False, depth: int = 0) -> Phrase | None:
    """`expr` (or its opposite) in words; None where there are none for it."""
    match expr:
        case And(terms) | Or(terms) if terms:
            word = "or" if isinstance(expr, Or) is not negated else "and"
            return _together(terms, word, speaker, negated, depth)
        case Not(term):
            return phrase(term, speaker, not negated, depth)
        case Match(inner, Op.EQ, (bool() as wanted,)) if isinstance(inner, Match | And | Or):
            return phrase(inner, speaker, negated is wanted, depth)
        case Match(op=Op.EQ | Op.TERM, values=()):
            return None
        case Match():
            return _test(expr, speaker, negated)
        case Field(name):
            return Phrase(speaker.named(speaker.aliases.get(name, name)), "is not true" if negated else "is true")
        case Compare(left, op, right):
            subject, compared = _subject(left, speaker), _compared(op, right, speaker, negated)
            named = [each.name in speaker.aliases for each in (left, right) if isinstance(each, Field)]
            if (
                isinstance(left, Field)
                and isinstance(right, Field)
                and (named[0] is not named[1] or compared.endswith(subject))
            ):
                differs = (op is Op.NE) is not negated  # two columns of one field, or made of it: by their own names
                how = "differs from" if differs else "equals"
                how = how if op in (Op.EQ, Op.NE) else verb(op, (), negated=negated)
                return Phrase(code(left.name), f"{how} {code(right.name)}")
            if isinstance(left, Call) and left.name not in AS_IT_IS and any(True for _ in expressions(right, Field)):
                subject = code(spoken(left))  # two computed values: each by how it is made
            return Phrase(subject, compared)
        case Call(name, args) if name in TESTS and args:
            values = [value for arg in args[1:] for value in constants(arg)]
            if not values:
                within = next((node for arg in args[1:] for node in walk(arg) if isinstance(node, Query)), None)
                if within is not None and name != "set_has_element":
                    told = _among(within, TESTS[name][0], name == "has_all", negated)
                    return Phrase(_subject(args[0], speaker), told)
                other = "a result of a second query" if within else code(", ".join(spoken(arg) for arg in args[1:]))
                if name == "set_has_element":
                    return Phrase(_subject(args[0], speaker), f"{'does not hold' if negated else 'holds'} {other}")
                return Phrase(
                    _subject(args[0], speaker), f"{_within(TESTS[name][0], name == 'has_all', negated)} {other}"
                )
            if name == "set_has_element":
                held = f"{'does not hold' if negated else 'holds'} {listed([quoted(value) for value in values], 'or')}"
                return Phrase(_subject(args[0], speaker), held)
            return Phrase(_subject(args[0], speaker), verb(TESTS[name][0], values, name == "has_all", negated))
        case Call("tobool" | "toboolean", (Field() as of,)):
            return phrase(of, speaker, negated, depth)
        case Call("isnotnull", (of,)):
            return Phrase(_subject(of, speaker), "is missing" if negated else "is present")
        case Call("isnull", (of,)):
            return Phrase(_subject(of, speaker), "is present" if negated else "is missing")
        case Within(subject, op, query, every):
            return Phrase(_subject(subject, speaker), _among(query, op, every, negated))
    return None


AS_IT_IS = frozenset(
    {"tostring", "tolower", "toupper", "toint", "tolong", "todouble", "toreal", "todatetime", "coalesce", "iff"}
)
"""Functions that leave what they are called for what it is."""
MEMBERS = {  # operator: as said of a list it takes any value of, as said when none of them fits
    Op.TERM: ("has one of the terms in", "has none of the terms in"),
    Op.TERM_PREFIX: ("has a term that starts with one of", "has no term that starts with one of"),
    Op.CIDR: ("is in a network of", "is in no network of"),
}


def _within(op: Op, every: bool, negated: bool) -> str:
    """How a field stands to a list whose values are not known."""
    if every:
        return "does not have every term in" if negated else "has every term in"
    return MEMBERS.get(op, ("is among", "is not among"))[negated]


def _among(query: Query, op: Op, every: bool, negated: bool) -> str:
    equal = op is Op.EQ and not every
    how = _within(op, every, negated)
    match query.stages:
        case (TableCall(name, (Literal(str() as watchlist), *_)), *_) if name.startswith("_GetWatchlist"):
            how = f"{'is not' if negated else 'is'} in" if equal else how
            return f"{how} the watchlist {code(watchlist)}"
        case (Scan(str() as name), *_) if name:
            return f"{how} {'those of ' if equal else ''}{code(name)}"
    return f"{how} the results of a second query"


def _test(test: Match, speaker: Speaker, negated: bool) -> Phrase:
    """A test; of a path that asks for the file name alone, as a test of the name: `ends with \\x.exe` as `is x.exe`."""
    name = shown(test.subject, speaker.aliases)
    path = fields.name_of(speaker.common(name))
    if path and test.op is Op.ENDSWITH and (names := _names(test.values)):
        return Phrase(field_words(name, path), verb(Op.EQ, names, test.every, negated))
    whole = WHOLE_PATHS.get(speaker.common(name), "")
    folders = ("\\\\", "/") if test.op is Op.REGEX else ("\\", "/")
    if whole and any(each in value for each in folders for value in test.values if isinstance(value, str)):
        return Phrase(field_words(name, whole), verb(test.op, test.values, test.every, negated))
    case = " in this case" if negated and test.cased and test.op in PARTLY and _has_case(test.values) else ""
    return Phrase(_subject(test.subject, speaker), verb(test.op, test.values, test.every, negated) + case)


PARTLY = (Op.CONTAINS, Op.STARTSWITH, Op.ENDSWITH)
"""Tests that ignore case unless their authors say otherwise: that they do not hold is less than it seems where they do."""


def _has_case(values: Iterable[object]) -> bool:
    return any(isinstance(value, str) and value.lower() != value.upper() for value in values)


WHOLE_PATHS = {"process.name": "process.executable", "process.parent.name": "process.parent.executable"}
"""Fields called a name that hold a path in some logs, and what they are called when their values are paths."""


def _names(values: Iterable[object]) -> list[str]:
    """The file names that path endings `\\x.exe` stand for; empty when one of them is more than a name."""
    found = []
    for value in values:
        if not isinstance(value, str) or value[:1] not in ("\\", "/") or len(value) < 2 or {"\\", "/"} & set(value[1:]):
            return []
        found.append(value[1:])
    return found


def _subject(expr: Expr, speaker: Speaker) -> str:
    if isinstance(expr, Field) and expr.name == "*":
        return "any field"
    name = subject(expr, speaker.aliases)
    return speaker.named(name) if name is not None else code(spoken(expr))


def _compared(op: Op, right: Expr, speaker: Speaker, negated: bool) -> str:
    if isinstance(right, Field) and op in (Op.EQ, Op.NE):
        differs = (op is Op.NE) is not negated
        return f"{'differs from' if differs else 'equals'} {speaker.named(speaker.aliases.get(right.name, right.name))}"
    if isinstance(right, ToScalar):
        words = verb(op, (), negated=negated)
        return f"{words} {'that' if words.endswith(('pattern', 'term', 'network')) else 'what'} a second query gives"
    value = constant(right)
    other = f"the value of {speaker.named(right.name)}" if isinstance(right, Field) else code(spoken(right))
    if value is None and (len(other) > LONG or any(True for _ in expressions(right, Query))):
        word, thing = COMPUTED.get(op, ("", "a value"))
        return f"{verb(op, (), negated=negated).removesuffix(word)} {thing} {_computed(right, speaker)}"
    other = quoted(value) if value is not None else other
    return f"{verb(op, (), negated=negated)} {other}"


COMPUTED = {
    Op.REGEX: (" the pattern", "a pattern"),
    Op.TERM: (" the term", "a term"),
    Op.CIDR: (" the network", "a network"),
}
"""What a test compares with: as its operator's words end, and as it is called when it is computed."""


def _computed(expr: Expr, speaker: Speaker) -> str:
    """What a long expression is made of: a list, a table or fields of the entry; constants when it has nothing else."""
    within = next((node for node in walk(expr) if isinstance(node, Query)), None)
    match within.stages if within else ():
        case (TableCall(name, (Literal(str() as watchlist), *_)), *_) if name.startswith("_GetWatchlist"):
            return f"computed from the watchlist {code(watchlist)}"
        case (Scan(str() as name), *_) if name:
            return f"computed from {code(name)}"
    if within is not None:
        return "computed by a second query"
    names = dict.fromkeys(speaker.named(speaker.aliases.get(each.name, each.name)) for each in expressions(expr, Field))
    texts = [value for each in expressions(expr, Literal) for value in constants(each) if isinstance(value, str)]
    made = list(names) or list(dict.fromkeys(quoted(text) for text in texts if any(map(str.isalnum, text))))
    return f"computed from {listed(made, 'and')}" if made else "that it computes"


ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")


def _together(
    terms: Sequence[Expr], word: str, speaker: Speaker, negated: bool, depth: int
) -> Phrase | None:  # fmt: skip
    both = (word == "and") is not negated
    terms = _flat(terms, And if both else Or)
    terms = [each for each in terms if _settled(each) is not both] or terms
    terms = _alike(terms) if word == "or" and not negated else terms
    apart, elements = _told_apart(terms, speaker) if both else (frozenset(), frozenset())
    plain = Speaker(speaker.scopes)
    found = [
        each
        for number, term in enumerate(terms)
        if (each := phrase(term, plain if number in apart else speaker, negated, depth + 1))
    ]
    silent = len(terms) - len(found)
    groups: dict[str, list[Phrase]] = {}
    for number, each in enumerate(found):
        groups.setdefault(each.subject or f"\0{number}", []).append(each)
    merged = [_same(members, word) for members in groups.values()]
    merged = [
        Phrase(each.subject, f"{each.verb} in different elements", each.joined) if each.subject in elements else each
        for each in merged
    ]
    merged.sort(key=_weight if word == "and" else _counted)
    if not merged:
        return None
    most = MOST_PARTS[min(depth, len(MOST_PARTS) - 1)]
    left = max(0, len(merged) - most - 1) and len(merged) - most
    said = [each.text for each in merged[: len(merged) - left]]
    if left or silent:
        number = left + silent
        more = f"{number} more tests hold" if word == "and" else f"one of {number} more tests holds"
        more = "one more test holds" if number == 1 else more
        said.append(more)
    elif len(merged) == 1:
        return merged[0]
    if word == "or" and any(each.joined and not each.subject for each in merged):
        said = list(dict.fromkeys(said))
        return Phrase("", f"one of these holds: {numbered(said)}", word)
    if word == "and" and any(
        "; (2) " in each or "; (b) " in each for each in said[:-1]
    ):  # each list's end must be seen
        all_of = "; ".join(f"({mark}) {each}" for mark, each in zip(ROMAN, dict.fromkeys(said), strict=False))
        return Phrase("", f"all of these hold: {all_of}", word)
    return Phrase("", _joined(list(dict.fromkeys(said)), word, depth), word)


def _told_apart(terms: Sequence[Expr], speaker: Speaker) -> tuple[frozenset[int], frozenset[str]]:
    """Tests of one field that would exclude each other, though the query means two entries or two elements of a list.

    The places of those whose columns can be said by their own names, and what the others are said of: properties of
    elements.
    """
    tests = [
        (number, term.subject, shown(term.subject, speaker.aliases), term)
        for number, term in enumerate(terms[:MOST_COMPARED])
        if isinstance(term, Match) and isinstance(term.subject, Field | Index)
    ]
    apart: set[int] = set()
    elements: set[str] = set()
    for (number, first, name, test), (other, second, held, against) in combinations(tests, 2):
        if name != held or not clash(_want(name, test), _want(held, against)):
            continue
        if isinstance(first, Field) and isinstance(second, Field) and first.name != second.name:
            apart |= {number, other}
        elif "." in name:
            elements.add(_subject(first, speaker))
    return frozenset(apart), frozenset(elements)


def _want(name: str, test: Match) -> Want:
    return Want(replace(test, subject=Field(name), span=None), True)


def _settled(expr: Expr) -> bool | None:
    """Whether a condition on constants alone holds; None when it is none: `isempty("x")`, of a list someone may fill in."""
    match expr:
        case Match(Literal(str() as text), Op.EMPTY):
            return not text
        case Match(Literal(str() as text), Op.EXISTS):
            return bool(text)
        case Not(term):
            found = _settled(term)
            return None if found is None else not found
        case And(terms):
            return False if any(_settled(each) is False for each in terms) else None
        case Or(terms):
            return True if any(_settled(each) is True for each in terms) else None
    return None


def _flat(terms: Sequence[Expr], kind: type[And | Or]) -> list[Expr]:
    """`a and (b and c)` as `a and b and c`."""
    return [each for term in terms for each in (_flat(term.terms, kind) if isinstance(term, kind) else (term,))]


def _alike(terms: Sequence[Expr]) -> Sequence[Expr]:
    """Alternatives that differ in their values only, as one test of all the values."""
    made: dict[object, Expr] = {}
    for number, term in enumerate(terms):
        if isinstance(term, Match) and term.values and not term.every:
            key: object = (outline_expr(term.subject), term.op)
            before = made.get(key)
            made[key] = replace(before, values=(*before.values, *term.values)) if isinstance(before, Match) else term
        else:
            made[number] = term
    return tuple(made.values())


def _same(members: Sequence[Phrase], word: str) -> Phrase:
    """Several tests of one subject as one: `contains a and ends with b`."""
    if len(members) == 1:
        return members[0]
    other = "or" if word == "and" else "and"
    verbs = []
    for each in dict.fromkeys(members):
        plain = each.joined != "or" or word == "or" or each.verb.startswith(("either ", "meets "))
        verbs.append(each.verb if plain else f"either {each.verb}")
    if word == "or" and len(verbs) > 2 and any(each.joined or " and " in each.verb for each in members):
        return Phrase(members[0].subject, f"{ONE_OF}{numbered(verbs, 'abcdefgh')}", word)
    nested = any(each.joined == other for each in members) or len(verbs) > 2
    text = f", {word} ".join(verbs) if nested and len(verbs) == 2 else ", ".join(verbs[:-1]) + f" {word} {verbs[-1]}"
    text = verbs[0] if len(verbs) == 1 else text
    if word == "or" and not text.startswith("either ") and nested:
        text = f"either {text}"
    return Phrase(members[0].subject, text, word)


ONE_OF = "meets one of: "


def _counted(each: Phrase) -> bool:
    """Whether a condition counts what it says: nothing may follow that could be taken for its last."""
    return each.verb.startswith(ONE_OF)


def _weight(each: Phrase) -> int:
    """Where a condition stands among others: alternatives last (`a, and either b or c`), those that are counted behind all."""
    return (
        2
        if _counted(each) or each.verb.startswith("one of these holds: ")
        else int(each.joined == "or" and not each.subject)
    )


def numbered(said: Sequence[str], marks: Sequence[str] = "12345678") -> str:
    """`(1) a; (2) b`, or with other marks: parts too long to stand between commas."""
    kept = said if len(said) <= MOST_NUMBERED + 1 else said[:MOST_NUMBERED]
    text = "; ".join(f"({mark}) {each}" for mark, each in zip(marks, kept, strict=False))
    return text if len(kept) == len(said) else f"{text}; or {len(said) - len(kept)} more"


def _joined(said: Sequence[str], word: str, depth: int) -> str:
    if len(said) == 1:
        return said[0]
    heavy = any("," in each or " and " in each or " or " in each for each in said)
    last = f"{',' if heavy or (depth == 0 and word == 'and') or len(said) > 2 else ''} {word} {said[-1]}"
    text = ", ".join(said[:-1]) + last
    return f"either {text}" if word == "or" and depth else text


__all__ = ["Phrase", "Speaker", "described", "phrase"]
