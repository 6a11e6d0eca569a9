"""The hunt hypothesis: if this technique is in use, these events would show this."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ..analysis import asks_nothing, first_or_last
from ..analysis.indicators import constant
from ..analysis.windows import AT_ALL, NEGATED, TIME_FIELDS
from ..model import (
    Aggregate,
    Apply,
    Compare,
    Correlate,
    Evaluate,
    Expand,
    Expr,
    Extend,
    Field,
    Invoke,
    Join,
    Literal,
    Match,
    Nested,
    Not,
    Op,
    Parse,
    ParseKv,
    Project,
    Query,
    Rename,
    Scan,
    Select,
    SelectNamed,
    SortKey,
    Step,
    Top,
    Union,
    Within,
    replace,
)
from ..text import Span
from .facts import OUTSIDE, Counted, Facts, Sentence
from .naming import fields_of, jointly, place, span_of, speaker, together
from .parts import Part
from .phrases import described, numbered
from .words import code, counted_field, duration, listed, quoted

MOST_EXCEPTIONS = 4
MOST_LEFT = 2
MOST_SECOND = 4
KNOWN_ROLES = (
    "main",
    "joined",
    "looked up",
    "absent",
    "unmatched",
    "fetched",
    "kept",
    "as well",
    "listed",
    "also",
    "member",
)
COUNTING = ("count", "dcount", "event_count", "value_count")
AMOUNTS = {"gt": "is more than", "ge": "is at least", "lt": "is less than", "le": "is at most", "eq": "is"}
QUERIES = ("hunting", "exploration", "function")
COUNTS = {"gt": "more than {}", "ge": "at least {}", "lt": "fewer than {}", "le": "at most {}", "eq": "exactly {}"}


def hypothesis(facts: Facts) -> tuple[Sentence, ...]:
    """What the rule supposes, in a few sentences; none when its query was not read whole."""
    if facts.forwards:
        terms = [*facts.parts[0].asks, *facts.parts[0].joint] if facts.parts else []
        asked = described(together(terms), speaker(facts.parts[0])) if terms else ""
        reports = "report" if facts.forwards.endswith("products") else "reports"
        noun = _noun(facts).replace("The ", "This ")
        text = f"{noun} has no logic of its own: it passes on what {facts.forwards} {reports}{f', where {asked}' if asked else ''}."
        return (Sentence(text, "tables", facts.scopes[0] if facts.scopes else ""),)
    if facts.query is None or not facts.understood or not facts.parts:
        return ()
    asking = (part for part in facts.parts if part.scopes or not part.fetched)
    main = next((part for part in asking if (part.asks or part.joint) and part.role not in OUTSIDE), None)
    found = [
        *_main(facts, main), *_narrowed(facts), *_others(facts, main), *_counting(facts), *_kept(facts, main), *_exceptions(facts, main), *_first(facts)
    ]  # fmt: skip
    if found and facts.fires == "impossible":
        found.append(Sentence("No event can satisfy all of this.", "evidence"))
    return tuple(found)


# ---------------------------------------------------------------- what is looked for


def _main(facts: Facts, main: Part | None) -> Iterator[Sentence]:
    if main is None:
        yield from _without_condition(facts)
        return
    seen = described(together(main.asks or main.joint), speaker(main))
    if not seen:
        return
    where, span = place(facts, main), span_of(main.asks or main.joint)
    if not main.asks:
        tables = dict.fromkeys(scope for scope in (*main.scopes, *main.beside) if "=" not in scope)
        where = f"{listed([code(name) for name in tables], 'and', 3)} together" if len(tables) > 1 else where
        where = f"{where} and a list fetched from elsewhere together" if main.given and len(tables) == 1 else where
    names = [f"{name} ({id})" for id, name in _narrowest(facts.techniques)]
    if facts.rule.kind == "filter":
        yield Sentence(f"This filter narrows other rules to entries in which {seen}.", "indicators", "", span)
    elif names and facts.fires != "impossible":
        text = f"If {listed(names, 'or', 2)} is in use, {where} should hold entries in which {seen}."
        yield Sentence(text, "techniques", _narrowest(facts.techniques)[0][0], span)
    else:
        yield Sentence(f"{_noun(facts)} looks in {where} for entries in which {seen}.", "indicators", "", span)


def _noun(facts: Facts) -> str:
    kind = facts.rule.kind.lower()
    return "The parser" if kind == "parser" else "The query" if kind in QUERIES else "The rule"


def _without_condition(facts: Facts) -> Iterator[Sentence]:
    """A rule that looks for no value: it counts, or it lists for a person to judge."""
    main = facts.parts[0]
    where = place(facts, main)
    joined = [part for part in facts.parts if part.role == "joined" and part.by]
    lists = [part for part in (main, *joined) if (part.elsewhere or part.inline) and not part.scopes]
    kept = next((part for part in (main, *joined) if part.scopes), None)
    if lists and kept and not (main.later or facts.required):
        by = fields_of((lists[0] if lists[0] is not main else kept).by)
        text = f"{_noun(facts)} keeps entries of {place(facts, kept)} that stand in {place(facts, lists[0])} (matched by {by})."
        yield Sentence(text, "tables", kept.scopes[0])
        return
    if not main.scopes and where != "every table":
        yield from _of_parts(facts, main)
        return
    if facts.function:
        text = f"{_noun(facts)} gives what the function {code(facts.function)} gives, which is defined elsewhere."
        yield Sentence(text, "tables", facts.function)
        return
    kept_by = [
        term
        for number, part in enumerate(facts.parts)
        if part.role == "main"
        for term in part.counts
        if _condition(facts, number, term)
    ]
    if main.later:
        text = f"{_noun(facts)} sums up entries of {where}, and keeps results in which {described(together(main.later), speaker(main))}."
    elif counts(facts):
        text = f"{_noun(facts)} counts entries of {where}{'' if main.leaves else ', whatever they hold'}."
    else:
        per = f", one row per {fields_of(facts.group_by)}," if facts.group_by else ""
        what = "sums up" if main.counted else "lists"
        text = f"{_noun(facts)} looks for no value of its own: it {what} entries of {where}{per} for a person to judge."
        filled = [] if main.counted or any("(" in name for name in main.filled) else main.filled
        if kept_by or filled or _restricted(facts) or facts.narrowed:
            of = f" in which {fields_of(filled)} {'is' if len(filled) == 1 else 'are'} not empty" if filled else ""
            text = f"{_noun(facts)} {what} entries of {where}{of}{per.removesuffix(',')}."
        if text.startswith("The parser"):
            text = f"The parser looks for no value of its own: it gives the entries of {where} {_given(facts.query)}."
    yield Sentence(text, "tables", next(iter(main.scopes), "*"))


def _of_parts(facts: Facts, main: Part) -> Iterator[Sentence]:
    """A query whose rows are those of its parts, which look for no value either."""
    parts = [part for part in facts.parts if part.role == "also" and part.scopes]
    if not parts:
        if main.watchlists or main.fetched:
            yield Sentence(f"{_noun(facts)} starts from {place(facts, main)}.", "tables", "externaldata")
        return
    partner = next((each for each in facts.parts if each.role == "joined" and each.base is parts[0] and each.by), None)
    if partner and partner.scopes:
        matched = f"matched by {fields_of(partner.by)} with entries of {place(facts, parts[0])}"
        yield Sentence(
            f"{_noun(facts)} looks in {place(facts, partner)} for entries {matched}.", "tables", partner.scopes[0]
        )
        return
    tables = list(dict.fromkeys(place(facts, part) for part in parts))
    what = "sums up" if all(part.counted for part in parts) else "takes"
    yield Sentence(f"{_noun(facts)} {what} entries of {listed(tables, 'and', 3)}.", "tables", parts[0].scopes[0])


def _narrowed(facts: Facts) -> Iterator[Sentence]:
    """What a parser is asked for by its parameters."""
    for parser in dict.fromkeys(name for name, _, _ in facts.narrowed):
        asked = [
            f"{code(parameter)} {quoted(known)}" if (known := constant(value)) is not None else code(parameter)
            for name, parameter, value in facts.narrowed
            if name == parser
        ]
        through = f"parameter {asked[0]} lets" if len(asked) == 1 else f"parameters {listed(asked, 'and')} let"
        yield Sentence(f"Of {code(parser)} it takes what its {through} through.", "tables", parser)


def _restricted(facts: Facts) -> bool:
    """Whether other entries decide which are kept: those of joined parts and of lists."""
    ways = ("absent", "unmatched", "fetched")
    return any(part.role in ways or (part.role == "joined" and part.by) for part in facts.parts) or any(
        isinstance(term, Within) for term in facts.parts[0].leaves
    )


def _given(query: Query | None) -> str:
    """What a parser makes of its entries."""
    stages = list(_spine(query, {})) if query else []
    inner = [
        step for stage in stages if isinstance(stage, Union) for each in stage.queries for step in _spine(each, {})
    ]
    if any(isinstance(stage, SHAPING) for stage in (*stages, *inner)):
        return "another form"
    return "together, as one table" if any(isinstance(stage, Union) for stage in stages) else "as they are"


SHAPING = (Aggregate, Apply, Evaluate, Expand, Extend, Invoke, Parse, ParseKv, Project, Rename, Select, SelectNamed)


def _kept(facts: Facts, main: Part | None) -> Iterator[Sentence]:
    """What is asked of joined rows, and of the sums themselves, counts aside."""
    if main and main.asks and main.joint and (seen := described(together(main.joint), jointly(main))):
        text = f"Of what the joined entries give together, it keeps that in which {seen}."
        yield Sentence(text, "indicators", "", span_of(main.joint))
    if main is None:
        return
    for whole in (main, facts.parts[0]) if main is not facts.parts[0] else (main,):
        if (whole is facts.parts[0] or not facts.parts[0].later) and (
            seen := described(together(whole.later), jointly(whole)) if whole.later else ""
        ):
            of = f" of {place(facts, whole)}" if _is_one_of(facts, whole) else ""
            text = f"Of what it sums up{of}, it keeps results in which {seen}."
            text = f"Of its results it keeps those in which {seen}." if whole.beside and not of else text
            yield Sentence(text, "thresholds", "", span_of(whole.later))


def _others(facts: Facts, main: Part | None) -> Iterator[Sentence]:
    """The further parts: joined ones, those of a union, correlated rules, and lists that entries must stand in."""
    said: dict[str, set[str]] = {}
    if main:
        said[_asked(main)] = {place(facts, main)}
        said.setdefault(_asked(main, whole=True), set()).add(place(facts, main))
    mains, last, told = frozenset(said), "", [main]
    found: dict[str, Sentence] = {}
    for part in facts.parts:
        if part is main or part.role == "looked up" or not (part.scopes or part.elsewhere or part.inline):
            continue
        if main and not main.asks and part.role == "joined" and part.bare and set(part.scopes) <= set(main.beside):
            continue  # said of what both give together
        if main is None and part.fetched and not part.scopes and part.role != "listed":
            continue  # said of the entries that stand in it
        if main and main is not part and _twin(part, main):
            continue
        asked, where = _asked(part), place(facts, part)
        twice = part.role in ("also", "member") and asked and where in said.get(asked, ())
        base = part.base if part.base and part.base.role == "also" and part.base is not main else None
        again = asked in mains and not base
        again |= (part.role == "also" and asked == last != "") or (part.role == "member" and asked in said)
        beside = part.instead or (base is not None and all(base is not each for each in told))
        text = "" if twice else _told(facts, part, asked, again, main, beside)
        if text:
            last = asked
            told.append(part)
            if asked:
                said.setdefault(asked, set()).add(where)
            listed_whole = part.role == "listed" and part.elsewhere and not part.scopes  # its conditions are not told
            origin, span = ("indicators", span_of(part.asks)) if asked and not listed_whole else ("tables", None)
            first = next(iter((*part.scopes, *part.watchlists, "externaldata")))
            found.setdefault(text, Sentence(text, origin, first, span))
    yield from list(found.values())[:MOST_SECOND]
    more = len(found) - MOST_SECOND
    if more > 0:
        words = "One more part of the query is" if more == 1 else f"{more} more parts of the query are"
        yield Sentence(f"{words} not told here.", "indicators")


def _twin(part: Part, main: Part) -> bool:
    """The same joined part again, in another part of a union."""
    same = part.by == main.by and part.scopes == main.scopes and part.asks == main.asks and part.leaves == main.leaves
    return main.role == part.role == "joined" and same and part.base is not main.base


def _within_part(facts: Facts, part: Part, counts: Sequence[Expr] | None = None) -> str:
    """What entries that are left out, or listed, must reach by counting, and what else is asked of their sums.

    With `counts`, by those alone.
    """
    terms = (*part.counts, *part.later) if counts is None else tuple(counts)
    number = next((number for number, each in enumerate(facts.parts) if each is part), -1)
    counting = [
        replace(each, part=number)
        for each in facts.counted
        if each.how.startswith(COUNTING) and any(_is(term, each) for term in terms)
    ]
    said = _said(counting, number) if counting else []
    rest = [
        text
        for term in terms
        if not any(_is(term, each) for each in said) and (text := _condition(facts, number, term))
    ]
    told = f", with {_reached(facts, counting, number)}" if counting else ""
    return f"{told}, kept where {listed(rest, 'and', 4)}" if rest else told


def _asked(part: Part, whole: bool = False) -> str:
    """What a part asks of its entries, its exceptions with it (of a main part, which tells them apart, when `whole`)."""
    seen = described(together(part.asks), speaker(part)) if part.asks else ""
    left = [text for term in part.leaves[:MOST_LEFT] if (text := described(term, speaker(part)))]
    told = seen and left and len(left) == len(part.leaves) and (whole or part.role != "main")
    return f"{seen}, except those in which {'; or '.join(left)}" if told else seen


def _told(facts: Facts, part: Part, seen: str, again: bool, main: Part | None, beside: bool = False) -> str:
    """What a further part adds; "" when nothing, or when the same was said of another; `beside`: it need not be met where another is."""
    where, by = place(facts, part), fields_of(part.by) if part.by else ""
    entries = f"{'results' if part.counted else 'entries'} of {where}"
    asked = f" in which {seen}" if seen and not again else " like them" if again and seen else ""
    reached = _within_part(facts, part) if part.role in ("absent", "unmatched", "listed") else ""
    asked += reached
    when = ""
    if set(part.times) - set((main or facts.parts[0]).times) and (again or part.role != "joined"):
        when = ", over a time window of its own"
    if main and main.base is part and main.by and not part.asks:  # what the main part is joined with
        entries = f"{'results' if part.matched else 'entries'} of {where}"
        return f"They are matched by {fields_of(main.by)} with {entries}."
    of = part.base.role if part.base is not None and part.base is not main else ""
    match part.role:
        case "absent" if by and of == "looked up":
            return ""
        case "absent" if by and of in ("joined", "absent"):  # it says nothing of the main rows
            return f"Partners with the same {by} among {entries}{asked}{when}{',' if when or ', ' in asked else ''} do not count."
        case "unmatched" if by and of == "joined":
            return f"Their partners are {entries}{asked}{when}{',' if when else ''} that have no such partner by {by}."
        case "absent" if by:
            return f"Those with the same {by} among {entries}{asked}{when}{',' if when or ', ' in asked else ''} are left out."
        case "unmatched" if by:
            needs = _within_part(facts, part.base, part.base.counts[: part.base.partners]) if part.base else ""
            needs = f"; a partner needs {needs.removeprefix(', with ')}" if needs.startswith(", with ") else ""
            return f"What it reports are {entries}{asked}{when}{',' if when or reached else ''} that have no such partner by {by}{needs}."
        case "fetched" if by:
            later = [text for term in part.later if (text := described(term, speaker(part)))]
            kept = f", kept where {listed(later, 'and', 4)}" if later else ""
            return f"What it reports are {entries}{asked} that match them by {by}{kept}."
        case "kept" if by:
            return f"What it reports are {entries}{asked}, whether they have such a partner by {by} or not."
        case "as well" if by:
            return f"It reports {entries}{asked} as well, whether they have such a partner by {by} or not."
        case "joined" if by and (part.bare or part.elsewhere) and main is not None:
            if filled := [name for name in part.filled if name not in part.by]:
                held = (
                    f"an entry of {where} in which {fields_of(filled)} {'is' if len(filled) == 1 else 'are'} not empty"
                )
                return f"They are kept where {by} {'stands' if len(part.by) == 1 else 'stand'} in {held}."
            return f"They are kept where {by} {'stands' if len(part.by) == 1 else 'stand'} in {where}{' too' if part.scopes or part.watchlists else ''}."
        case "joined" if seen:
            they = "Or they" if beside else "They"
            return f"{they} are matched{f' by {by}' if by else ''} with {entries}{asked}{when}."
        case "member" if seen and not again:
            alike = any(
                each is not part and each.role == "member" and each.scopes == part.scopes for each in facts.parts
            )
            what = entries.partition(" of ")[0]
            return f"{f'One of its parts takes from {where} the' if alike else f'From {where} it takes only'} {what}{asked}."
        case "listed" if part.elsewhere and part.name and not part.scopes:
            return f"{code(part.name)} is taken from {where}."
        case "joined" if by and main is None and facts.parts[0].scopes and not part.asks:
            return f"They are matched by {by} with {entries}{reached}{when}."
        case "listed" if part.name and part.scopes:
            of = f" in which {seen}" if seen else _but(part)
            return f"{code(part.name)} comes from {entries}{of}{reached}{when}."
        case "also" if again:
            return f"It asks the same of {where}."
        case "joined" | "member" | "main" | "absent" | "unmatched" | "fetched" | "listed":
            return ""
    return f"It also looks in {where} for entries{asked}." if seen and not again and main is not None else ""


def _but(part: Part) -> str:
    """What entries of a part that is asked nothing else must hold, and must not be."""
    left = [text for term in part.leaves if (text := described(term, speaker(part)))]
    held = (
        f" in which {fields_of(part.filled)} {'is' if len(part.filled) == 1 else 'are'} not empty"
        if part.filled
        else ""
    )
    if not left or len(left) > MOST_LEFT or len(left) < len(part.leaves):
        return held
    return f"{held}{',' if held else ''} except those in which {'; or '.join(left)}"


def _narrowest(techniques: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """Techniques without those whose sub-technique is named too."""
    parents = {id.partition(".")[0] for id, _ in techniques if "." in id}
    return [(id, name) for id, name in techniques if id not in parents]


# ---------------------------------------------------------------- counts and exceptions


def _counting(facts: Facts) -> Iterator[Sentence]:
    """What must be reached by counting: in one part, or in one of several that are alternatives; then what else is computed."""
    counting = counts(facts)
    numbers = list(dict.fromkeys(each.part for each in counting))
    either = all(number < len(facts.parts) and _one_of_many(facts.parts[number]) for number in numbers)
    told = [text for number in (numbers if either else numbers[:1]) if (text := _reached(facts, counting, number))]
    if told:
        first = counting[0]
        others = any(
            part.role in ("main", "also")
            and part.asks
            and number not in numbers
            and not any(_is(term, each) for term in part.counts for each in counting)  # a function called for each
            for number, part in enumerate(facts.parts)
        )
        own = facts.parts[numbers[0]] if numbers[0] < len(facts.parts) else None
        rules = [part for part in facts.parts if part.role not in KNOWN_ROLES]
        where = "Single"
        if own and either and others:
            places = dict.fromkeys(place(facts, facts.parts[number]) for number in numbers)
            where = f"In {listed(list(places), 'and')}, single"
        elif own in rules and len(rules) > 1 and own:
            where = f"Of {code(own.role)}, single"
        start = f"{where} entries are not enough: {_noun(facts).lower()} waits for"
        if first.op in ("lt", "le"):
            start = "Only what is rare is kept:"
        elif first.op in ("eq", "ne"):
            start = "Their number decides:"
        yield Sentence(f"{start} {', or for '.join(told)}.", "thresholds", first.text, first.span)
    yield from _in_time(facts)
    shown = numbers if either else numbers[:1]
    yield from _computed(facts, [each for number in shown for each in _said(counting, number)])


def _one_of_many(part: Part) -> bool:
    """Whether a part is one of a union, or joined with one: what it asks is not asked of the others."""
    while part.role == "joined" and part.base is not None:
        part = part.base
    return part.role in ("also", "member")


def counts(facts: Facts) -> list[Counted]:
    """The conditions on counts that ask for more than anything at all."""
    return [each for each in facts.required if each.how.startswith(COUNTING) and (each.op, each.value) not in AT_ALL]


def _computed(facts: Facts, told: Sequence[Counted]) -> Iterator[Sentence]:
    """What else is asked of counts and of what is computed from them: of every result, or in single parts of a union."""
    whole: dict[str, Span | None] = {}
    single: dict[str, Span | None] = {}  # what each of several parts asks
    for number, part in enumerate(facts.parts):
        if part.role in OUTSIDE:
            continue
        own: dict[str, Span | None] = {}
        for at, term in enumerate(part.counts):
            if at < part.partners or any(_is(term, each) for each in told):
                continue
            if not (text := _condition(facts, number, term)):
                continue
            span = getattr(term, "span", None)
            alone = _one_of_many(part) or at < part.apart or part.instead
            (own if alone else whole).setdefault(text, span)
        if own:
            single.setdefault(listed(list(own), "and", 4), next(iter(own.values())))
    if whole:
        text = f"It keeps only results in which {listed(list(whole), 'and', 4)}."
        yield Sentence(text, "thresholds", "", next(iter(whole.values())))
    if single:
        text = f"In parts of it, only results are kept in which {'; or '.join(single)}."
        yield Sentence(text, "thresholds", "", next(iter(single.values())))


def _is(term: Expr, counted: Counted) -> bool:
    """Whether a condition is the one on a counted number."""
    if isinstance(term, Not):
        return isinstance(term.term, Match) and _is(replace(term.term, op=NEGATED.get(term.term.op, Op.NE)), counted)
    return isinstance(term, Match) and (term.span, term.op, term.values) == (counted.span, counted.op, (counted.value,))


MOMENTS = {Op.LT: "is before", Op.LE: "is not after", Op.GT: "is after", Op.GE: "is not before"}


def _condition(facts: Facts, number: int, term: Expr) -> str:
    """A condition on what is computed, in words; "" of one that asks for anything at all."""
    part = facts.parts[number]
    for each in facts.counted:
        if _is(term, each):
            return f"{code(each.field)} {AMOUNTS.get(each.op, 'is not')} {code(f'{each.value:,}')}"
    match term:
        case Match(Field(name), op, (value,)) if asks_nothing(part.computed.get(name, ""), op, value):
            return ""
        case Compare(Field(left), op, Field(right)) if op in MOMENTS and first_or_last(part.computed.get(left, "")):
            return f"{code(left)} {MOMENTS[op]} {code(right)}"
    return described(term, speaker(part))


def _in_time(facts: Facts) -> Iterator[Sentence]:
    """Of correlated rules, that each of them must be seen."""
    for stage in facts.query.stages if facts.query else ():
        if isinstance(stage, Correlate) and stage.kind.startswith(("temporal", "near")) and len(stage.rules) > 1:
            order = " in this order" if stage.kind == "temporal_ordered" else ""
            within = f" within {duration(stage.timespan)}" if stage.timespan else ""
            per = f" for the same {fields_of(stage.group_by)}" if stage.group_by else ""
            each = "both" if len(stage.rules) == 2 else f"all {len(stage.rules)}"
            text = f"None of them is enough alone: {each} must be seen{order}{within}{per}."
            yield Sentence(text, "thresholds", stage.kind, stage.span)


def _reached(facts: Facts, counting: Sequence[Counted], number: int) -> str:
    mine = [each for each in counting if each.part == number]
    first = mine[0]
    per = f" per {fields_of(first.by)}" if first.by else ""
    within = f" within {duration(first.within)}" if first.within else ""
    several = len({each.field for each in mine if each.how == "count()"}) > 1
    wanted = list(dict.fromkeys(_amount(each, several) for each in _said(mine, number)))
    return f"{listed(wanted, 'and')}{per}{within}"


def _said(counting: Sequence[Counted], number: int) -> list[Counted]:
    """The counts of a part that are told together: those by the same fields."""
    mine = [each for each in counting if each.part == number]
    return [each for each in mine if each.by == mine[0].by]


def _amount(counted: Counted, several: bool = False) -> str:
    """How many are wanted, by the name of the count where there are `several`."""
    number = COUNTS.get(counted.op, "other than {}").format(f"{counted.value:,}")
    number = "at least 2" if number == "more than 1" else number
    how = counted.how.partition("(")[0]
    of = counted_field(counted.how)
    them = "groups of them" if counted.groups else "of them"
    match how:
        case "count" if several:
            return f"{number} in {code(counted.field)}"
        case "countif":
            return f"{number} {them} in {code(counted.field)}"
        case "dcount" | "count_distinct" | "dcountif" if not of:
            return f"{number} in {code(counted.field)}"
        case "dcount" | "count_distinct" | "dcountif":
            return f"{number} different value{'' if number.endswith('y 1') else 's'} of {code(of)}"
        case "value_count":
            return f"{number} different values{f' of {code(of)}' if of else ''}"
    return f"{number} {them}"


def _first(facts: Facts) -> Iterator[Sentence]:
    """How many of its results a query gives, when it gives the first of an order."""
    stages = list(_spine(facts.query, {})) if facts.query else []
    for number, stage in enumerate(stages):
        match stage:
            case Top(Literal(int() as count), (SortKey(Field(name), descending), *_)):
                orders = ("latest", "earliest") if name.lower() in TIME_FIELDS else ("highest", "lowest")
                order = orders[0 if descending else 1]
                if any(isinstance(each, Join | Expand | Aggregate | Union) for each in stages[number:]):
                    those = f"the {count} results that have" if count > 1 else "the one result that has"
                    text = f"It goes on with {those} the {order} {code(name)}."
                    yield Sentence(text, "thresholds", "top", stage.span)
                    continue
                text = f"Of its results it gives the {count if count > 1 else 'one'} with the {order} {code(name)}."
                yield Sentence(text, "thresholds", "top", stage.span)


def _spine(query: Query, lets: Mapping[str, Query]) -> Iterator[Step]:
    """The stages that the result's own rows pass, those of functions and lets it begins with too."""
    known = {**lets, **{let.name: let.query for let in query.lets}}
    for stage in query.stages:
        match stage:
            case Nested(inner):
                yield from _spine(inner, known)
            case Scan(table) if table in known:
                yield from _spine(known[table], {name: each for name, each in known.items() if name != table})
            case _:
                yield stage


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
    tail = "; and one more case" if more == 1 else f"; and {more} more cases" if more else ""
    quiet = ("listed", "looked up")
    several = main and any(part is not main and part.role not in quiet and part.scopes for part in facts.parts)
    start = "Of the entries named first, those are left out" if several else "Left out are entries"
    yield Sentence(f"{start} in which {listing}{tail}.", "exclusions", "", span_of([found[0][1]]))


def _is_one_of(facts: Facts, main: Part) -> bool:
    """Whether a part stands beside others in a union, what is asked of it being its own."""
    others = [part for part in facts.parts if part is not main and part.role in ("main", "also") and part.asks]
    alone = main.role == "also" or (main.role == "main" and main.asks)
    return bool(alone) and any(place(facts, part) != place(facts, main) for part in others)
