"""How far a rule can be trusted, from what is known of it: a number from 0 to 100, and every reason with its weight."""

from __future__ import annotations

from collections.abc import Iterable

from ..analysis import subject
from ..model import (
    And,
    Compare,
    Expr,
    Field,
    Match,
    Node,
    Not,
    Op,
    Opaque,
    OpaqueExpr,
    Or,
    Query,
    Within,
    expressions,
    walk,
)
from ..model.walk import children
from .facts import OUTSIDE, Facts, Sentence
from .gaps import cut
from .guidance import KINDS
from .hypothesis import COUNTING
from .naming import speaker
from .parts import Part
from .phrases import Speaker
from .words import listed

START = 40
LEVELS = ((70, "high"), (45, "medium"), (0, "low"))
MOST_WAYS = 12


class Confidence(Node, frozen=True):
    """`level` is high, medium or low; `reasons` are (points, sentence) in the order they were judged."""

    points: int
    level: str
    reasons: tuple[tuple[int, Sentence], ...]


def confidence(facts: Facts) -> Confidence:
    """Adds up the reasons; a rule that cannot match at all gets 0."""
    reasons = [*_evidence(facts), *_reading(facts), *_substance(facts), *_author(facts)]
    points = max(0, min(100, START + sum(weight for weight, _ in reasons)))
    if facts.fires == "impossible":
        points = 0
    level = next(name for least, name in LEVELS if points >= least)
    return Confidence(points, level, tuple(reasons))


def _evidence(facts: Facts) -> list[tuple[int, Sentence]]:
    found = []
    if facts.fires == "fires":
        found.append((25, Sentence("It fired on a recorded event.", "evidence")))
    elif facts.fires == "impossible":
        found.append((-START, Sentence("No event can satisfy it.", "evidence")))
    elif facts.tested:
        found.append((-15, Sentence("It stayed silent on the event that was recorded for it.", "evidence")))
    else:
        found.append((0, Sentence("No recorded event was run against it.", "evidence")))
    if facts.verdict == "equal":
        found.append((10, Sentence("Its translation chose the same events.", "evidence")))
    elif facts.verdict in ("wider", "narrower", "differs"):
        found.append(
            (
                -5,
                Sentence(
                    f"Its translation is {facts.verdict} than it."
                    if facts.verdict != "differs"
                    else "Its translation differs from it.",
                    "evidence",
                ),
            )
        )
    return found


def _reading(facts: Facts) -> list[tuple[int, Sentence]]:
    broken = [each for each in facts.diagnostics if each.id in ("syntax", "not-read") and each.severity == "error"]
    if broken:
        return [(-20, Sentence("Its query is not well formed.", "diagnostics", broken[0].id))]
    if facts.query is None:
        return [
            (-10, Sentence("Its query is in a language that is only shown and searched here, not read.", "diagnostics"))
        ]
    if not facts.understood:
        gaps = {each.keyword for each in walk(facts.query) if isinstance(each, OpaqueExpr | Opaque)}
        if gaps == {"rule"}:
            return [(-10, Sentence("Rules that it correlates are not in its text.", "diagnostics"))]
        if gaps == {"placeholder"}:
            return [(-10, Sentence("It waits for values of yours in the place of its placeholders.", "diagnostics"))]
        return [(-10, Sentence("Parts of its query were not understood.", "diagnostics"))]
    short = [(-5, Sentence("Its schedule gives it less data than it asks for.", "windows"))] if any(cut(facts)) else []
    faults = [each for each in facts.diagnostics if each.severity in ("error", "warning")]
    if faults:
        points = -min(15, 5 * len(faults))
        words = "a fault was" if len(faults) == 1 else f"{len(faults)} faults were"
        return [
            (points, Sentence(f"Its query was read whole; {words} found in it.", "diagnostics", faults[0].id)),
            *short,
        ]
    return [(10, Sentence("Its query was read whole, without an error or a warning.", "diagnostics")), *short]


def _substance(facts: Facts) -> list[tuple[int, Sentence]]:
    if facts.query is None or any(each.id == "syntax" for each in facts.diagnostics):
        return []
    together = _alternatives(facts)
    least = min((fields - KINDS for fields in together), key=len, default=frozenset())
    every = _tested(facts) - KINDS
    counted = bool(
        facts.required or any((part.counts or part.later) and part.role not in OUTSIDE for part in facts.parts)
    )
    computed = [(part, term) for part in facts.parts if part.role not in OUTSIDE for term in part.counts]
    number = any(each.how.startswith(COUNTING) for each in facts.required) or any(
        part.computed.get(each.name, "").startswith(COUNTING)
        for part, term in computed
        for each in expressions(term, Field)
    )
    counts = ("on what is counted" if number else "on what it computes") if counted else ""
    others = "on other entries it is compared with" if _compares(facts) else ""
    further = (counts, others)
    if not every and any(together):
        text = _rests("on the kind of event", *further, alone=True)
        return [(0, Sentence(text, "indicators"))]
    if every == {"*"}:
        return [(0, Sentence(_rests("on words anywhere in an entry", *further), "indicators"))]
    if len(least) >= 2:
        words = f"It looks at {len(least)} fields together."
        if len(every) > len(least):
            words = f"It takes a match in at least {len(least)} fields."
        return [(10, Sentence(words, "indicators"))]
    if len(every) == 1 and least:
        beside = " beside the kind of event" if any(fields & KINDS for fields in together) else ""
        text = _rests(f"on a single field{beside}", *further)
        return [(0, Sentence(text, "indicators", next(iter(least))))]
    if every and any(together):
        beside = " beside the kind of event" if all(fields & KINDS for fields in together) else ""
        start = "Of the entries themselves, the" if others else "The"
        what = (
            f"It asks for a match in one field only{beside}"
            if least
            else f"{start} kind of event alone is enough for it"
        )
        reached = f", and it {'counts' if number else 'sums up'} what matches" if counted else ""
        return [(0, Sentence(f"{what}{reached}.", "indicators", next(iter(least), "")))]
    if not facts.understood:
        return []
    if counts:
        what = "counting" if number else "values it computes" if computed or facts.required else "what it sums up"
        return [(0, Sentence(_rests(f"on {what}", "", others, alone=True), "thresholds"))]
    if every:
        return [(0, Sentence("For one of its alternatives it is enough that a field holds a value.", "indicators"))]
    if any(part.asks for part in facts.parts) and not any(
        part.watchlists or part.role != "main" for part in facts.parts
    ):
        return [(-10, Sentence("It asks only that fields hold something.", "indicators"))]
    if facts.function:
        return [(0, Sentence("What it asks for is up to a function defined elsewhere.", "tables", facts.function))]
    if facts.narrowed:
        return [(0, Sentence("It rests on what parameters of its parser let through.", "tables", facts.narrowed[0][0]))]
    own = set(facts.parts[0].scopes) if facts.parts else set()
    if any(
        part.asks
        or part.watchlists
        or (part.fetched and part.role != "main")
        or (part.role not in ("main", "looked up") and (part.role != "joined" or not own >= set(part.scopes)))
        for part in facts.parts
    ):
        return [(0, Sentence("It rests on values that other data give it, not on values of its own.", "indicators"))]
    return [(-10, Sentence("It looks for no value of its own.", "indicators"))]


def _rests(*what: str, alone: bool = False) -> str:
    """What a rule rests on, in a sentence: `alone` says so of a single thing."""
    said = [each for each in what if each]
    return f"It rests {listed(said, 'and')}{' alone' if alone and len(said) == 1 else ''}."


def _compares(facts: Facts) -> bool:
    """Whether other entries choose: partners that must be there or missing, and lists made of entries."""
    own = set(facts.parts[0].scopes) if facts.parts else set()
    for part in facts.parts:
        if any(each and each.inline and not each.scopes for each in (part, part.base)):
            continue  # values of its own
        same = part.bare and own >= set(part.scopes)  # its own rows once more
        if part.role in ("absent", "unmatched", "fetched") or (part.role == "joined" and part.by and not same):
            return True
        if part.role == "listed" and (part.scopes or part.watchlists or part.fetched):
            return True
    return False


def _alternatives(facts: Facts) -> list[frozenset[str]]:
    """The fields each alternative tests together, those of joined parts and correlated rules with the main one's."""
    base: frozenset[str] = frozenset()
    sides: list[frozenset[str]] = []
    for part in _asking(facts):
        found = _fields(And(tuple(part.asks)), speaker(part), 0) | _of_joined(part)
        if part.role in ("also", "member", "kept", "as well"):
            sides.append(found)
        else:
            base |= found
    if any(part.role == "member" for part in facts.parts):
        return [each for each in (base, *(base | found for found in sides)) if each]
    return [found for found in (base, *sides) if found]


def _tested(facts: Facts) -> frozenset[str]:
    """Every field that any alternative tests."""
    found: frozenset[str] = frozenset()
    for part in _asking(facts):
        names = speaker(part)
        for expr in (each for each in (*part.asks, *part.joint) if not isinstance(each, Not)):
            tests = (each for each in (expr, *_tests(expr)) if not _presence(each))
            of = frozenset[str]().union(*(_fields(each, names, 0) for each in tests))
            found |= of - part.computed.keys() if expr in part.joint else of
    return found


def _presence(expr: Expr) -> bool:
    return isinstance(expr, Match) and expr.op in (Op.EMPTY, Op.EXISTS)


def _of_joined(part: Part) -> frozenset[str]:
    """The fields that rows of several parts together are tested on; a number that one of them counted is none."""
    return _fields(And(tuple(part.joint)), speaker(part), 0) - part.computed.keys() if part.joint else frozenset()


def _asking(facts: Facts) -> list[Part]:
    logs = any(part.scopes for part in facts.parts)
    return [
        part
        for part in facts.parts
        if (part.asks or part.joint)
        and part.role not in OUTSIDE
        and (part.scopes or not (logs and (part.fetched or part.watchlists)))  # beside entries, a list is none
    ]


def _fields(expr: Expr, names: Speaker, depth: int) -> frozenset[str]:
    """The fields that every entry that passes is tested on: of alternatives, those of the way that tests fewest."""
    return min(_ways(expr, names), key=len)


def _ways(expr: Expr, names: Speaker) -> list[frozenset[str]]:
    """The fields that the ways to pass a condition test, those that test more than another left out."""
    match expr:
        case And(terms) if terms:
            found = [frozenset[str]()]
            for term in terms:
                found = _fewest(one | other for one in found for other in _ways(term, names))
            return found
        case Or(terms) if terms:
            return _fewest(way for term in terms for way in _ways(term, names))
        case Not():
            return [frozenset()]
        case Field(name):
            return [frozenset({names.common(names.aliases.get(name, name))})]
        case Match(tested) | Compare(tested) | Within(tested):
            found_name = subject(tested, names.aliases)
            return [frozenset({names.common(found_name)}) if found_name is not None else _inside(expr, names)]
    return [_inside(expr, names)]


def _fewest(ways: Iterable[frozenset[str]]) -> list[frozenset[str]]:
    kept: list[frozenset[str]] = []
    for way in sorted(dict.fromkeys(ways), key=lambda each: (len(each), sorted(each))):
        if len(kept) < MOST_WAYS and not any(each <= way for each in kept):
            kept.append(way)
    return kept


def _tests(expr: Node) -> list[Match]:
    """The tests in a condition, not those of queries within it."""
    within = [] if isinstance(expr, Query) else [each for child in children(expr) for each in _tests(child)]
    return [expr, *within] if isinstance(expr, Match) else within


def _inside(expr: Node, names: Speaker) -> frozenset[str]:
    """Every field of the row itself in an expression, not those of queries within it."""
    match expr:
        case Query():
            return frozenset()
        case Field(name):
            return frozenset({names.common(names.aliases.get(name, name))})
    return frozenset[str]().union(*(_inside(each, names) for each in children(expr)))


def _author(facts: Facts) -> list[tuple[int, Sentence]]:
    status = facts.rule.status
    if status in ("stable", "production"):
        return [(5, Sentence(f"It is marked {status}.", "metadata"))]
    if status in ("experimental", "unsupported", "deprecated"):
        weight = -5 if status == "experimental" else -20
        return [(weight, Sentence(f"It is marked {status}.", "metadata"))]
    return []
