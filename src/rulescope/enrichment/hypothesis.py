"""The hunt hypothesis: if this technique is in use, these events would show this."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..model import And, Expr
from ..schemas import platforms
from ..text import Span
from .facts import Counted, Facts, Sentence
from .parts import Part
from .phrases import Speaker, described, numbered
from .words import code, duration, listed

MOST_EXCEPTIONS = 4
MOST_SECOND = 2
COUNTING = ("count", "dcount", "event_count", "value_count")
QUERIES = ("hunting", "exploration", "function")
COUNTS = {"gt": "more than {}", "ge": "at least {}", "lt": "fewer than {}", "le": "at most {}", "eq": "exactly {}"}


def hypothesis(facts: Facts) -> tuple[Sentence, ...]:
    """What the rule supposes, in a few sentences; none when its query was not read whole."""
    if facts.forwards:
        text = f"This rule supposes nothing of its own: it passes on alerts of {facts.forwards}."
        return (Sentence(text, "tables", facts.scopes[0] if facts.scopes else ""),)
    if facts.query is None or not facts.understood or not facts.parts:
        return ()
    main = next((part for part in facts.parts if part.asks and part.role not in ("absent", "looked up")), None)
    found = [*_main(facts, main), *_others(facts, main), *_counting(facts), *_kept(main), *_exceptions(facts, main)]
    return tuple(found)


# ---------------------------------------------------------------- what is looked for


def _main(facts: Facts, main: Part | None) -> Iterator[Sentence]:
    if main is None:
        yield from _without_condition(facts)
        return
    seen = described(_all(main.asks), speaker(main))
    if not seen:
        return
    where, span = place(facts, main), _span(main.asks)
    names = [f"{name} ({id})" for id, name in _narrowest(facts.techniques)]
    if facts.rule.kind == "filter":
        yield Sentence(f"This filter narrows other rules to entries in which {seen}.", "indicators", "", span)
    elif names:
        text = f"If {listed(names, 'or', 2)} is in use, {where} should hold entries in which {seen}."
        yield Sentence(text, "techniques", facts.techniques[0][0], span)
    else:
        yield Sentence(f"{_noun(facts)} looks in {where} for entries in which {seen}.", "indicators", "", span)


def _noun(facts: Facts) -> str:
    kind = facts.rule.kind.lower()
    return "The parser" if kind == "parser" else "The query" if kind in QUERIES else "The rule"


def _without_condition(facts: Facts) -> Iterator[Sentence]:
    """A rule that looks for no value: it counts, or it lists for a person to judge."""
    main = facts.parts[0]
    if not main.scopes:
        return
    where = place(facts, main)
    if main.later:
        text = f"{_noun(facts)} sums up entries of {where}, and keeps results in which {described(_all(main.later), speaker(main))}."
    elif facts.counted:
        text = f"{_noun(facts)} counts entries of {where}, whatever they hold."
    else:
        per = f", one row per {_fields(facts.group_by)}," if facts.group_by and main.counted else ""
        text = f"{_noun(facts)} looks for no value of its own: it lists entries of {where}{per} for a person to judge."
    yield Sentence(text, "tables", main.scopes[0])


def _kept(main: Part | None) -> Iterator[Sentence]:
    """What is asked of the sums themselves, counts aside."""
    seen = described(_all(main.later), speaker(main)) if main and main.later else ""
    if main and seen:
        yield Sentence(f"Of what it sums up, it keeps results in which {seen}.", "thresholds", "", _span(main.later))


def _others(facts: Facts, main: Part | None) -> Iterator[Sentence]:
    """The further parts that ask something: joined ones, those of a union, correlated rules."""
    said = {described(_all(main.asks), speaker(main))} if main else set()
    count = 0
    for part in facts.parts:
        seen = described(_all(part.asks), speaker(part)) if part.asks else ""
        if part is main or main is None or not part.scopes or not seen or seen in said or part.role == "looked up":
            continue
        said.add(seen)
        count += 1
        if count > MOST_SECOND:
            continue
        where = place(facts, part)
        if part.role == "absent":
            text = f"Those that also stand in {where}, in entries in which {seen}, are left out."
        elif part.role == "joined":
            by = f" by {_fields(part.by)}" if part.by else ""
            text = f"They are matched{by} with entries of {where} in which {seen}."
        else:
            text = f"It also looks in {where} for entries in which {seen}."
        yield Sentence(text, "indicators", part.scopes[0], _span(part.asks))
    if count > MOST_SECOND:
        more = count - MOST_SECOND
        yield Sentence(
            f"{more} more {'part of the query asks' if more == 1 else 'parts of the query ask'} for other entries.",
            "indicators",
        )


def speaker(part: Part) -> Speaker:
    """How this part's fields are called."""
    return Speaker(tuple(part.scopes), part.aliases)


def _all(terms: Sequence[Expr]) -> Expr:
    return terms[0] if len(terms) == 1 else And(tuple(terms))


def _span(terms: Sequence[Expr]) -> Span | None:
    return getattr(terms[0], "span", None) if terms else None


def _narrowest(techniques: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """Techniques without those whose sub-technique is named too."""
    parents = {id.partition(".")[0] for id, _ in techniques if "." in id}
    return [(id, name) for id, name in techniques if id not in parents]


def place(facts: Facts, part: Part) -> str:
    """`process creation logs`, `SigninLogs`, `the logs of okta (service system)`: where a part looks."""
    titles = [title for scope, title in facts.activities if scope in part.scopes]
    if titles and {scope for scope, _ in facts.activities} >= set(part.scopes) and len(set(titles)) <= 2:
        return f"{listed([lowered(title) for title in dict.fromkeys(titles)], 'and')} logs"
    tables = [scope for scope in part.scopes if "=" not in scope]
    if tables:
        return listed([code(name) for name in tables], "and", 2)
    if not part.scopes:
        return "the logs"
    values = dict(word.partition("=")[::2] for word in part.scopes[0].split(" "))
    product, rest = values.pop("product", ""), [f"{kind} {value}" for kind, value in values.items()]
    if not product:
        return f"{' '.join(values.values())} logs"
    name = platforms.platform(part.scopes[0])
    known = name if name and name.lower().startswith(product[:3].lower()) else product
    return f"the {known} logs" + (f" ({', '.join(rest)})" if rest else "")


def lowered(title: str) -> str:
    """A title inside a sentence, without its own `log` or `logging`: `Process creation` as `process creation`."""
    first, _, rest = title.partition(" ")
    word = first.lower() if first[1:].islower() else first
    return " ".join([word, rest]).strip().removesuffix(" logging").removesuffix(" log")


def _fields(names: Sequence[str]) -> str:
    return listed([code(name) for name in names], "and", 4)


# ---------------------------------------------------------------- counts and exceptions


def _counting(facts: Facts) -> Iterator[Sentence]:
    if not facts.counted:
        return
    first = facts.counted[0]
    per = f" per {_fields(first.by)}" if first.by else ""
    within = f" within {duration(facts.bins[0])}" if facts.bins else ""
    wanted = list(dict.fromkeys(_amount(each) for each in facts.counted if each.by == first.by))
    many = first.op in ("gt", "ge") and first.how.startswith(COUNTING)
    start = "Single entries are not enough: the rule waits for" if many else "What is computed decides: the rule keeps"
    yield Sentence(f"{start} {listed(wanted, 'and')}{per}{within}.", "thresholds", first.text)


def _amount(counted: Counted) -> str:
    number = COUNTS.get(counted.op, "other than {}").format(f"{counted.value:,}")
    how, _, of = counted.how.partition("(")
    match how:
        case "count" | "countif" | "event_count":
            return f"{number} of them" if how != "countif" else f"{number} of them in {code(counted.field)}"
        case "dcount" | "count_distinct":
            return f"{number} different values of {code(of.rstrip(')').split(',')[0])}"
        case "value_count":
            return (
                f"{number} different values of {code(counted.field)}"
                if counted.field != "count"
                else f"{number} different values"
            )
    return f"{code(counted.field)} of {number}"


def _exceptions(facts: Facts, main: Part | None) -> Iterator[Sentence]:
    found = [
        (text, term)
        for part in facts.parts
        if part is main or (main is None and part.role == "main")
        for term in part.leaves
        if (text := described(term, speaker(part)))
    ]
    if not found:
        return
    texts = list(dict.fromkeys(text for text, _ in found))
    shown = texts[:MOST_EXCEPTIONS]
    more = len(texts) - len(shown)
    listing = numbered(shown) if len(texts) > 1 else texts[0]
    tail = f"; and {more} more {'case' if more == 1 else 'cases'}" if more else ""
    yield Sentence(f"Left out are entries in which {listing}{tail}.", "exclusions", "", _span([found[0][1]]))
