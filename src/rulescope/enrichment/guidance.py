"""False-positive guidance: where harmless activity can match, judged from the tests, the counts and the corpus."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from ..analysis import shown
from ..model import And, Match, Op, expressions
from ..schemas import fields
from .facts import Facts, Sentence
from .hypothesis import counts
from .naming import lowered
from .words import code, counted_field, field_words, listed, quoted

SHORT = 3
MANY = 50
CONTENT = frozenset(
    {"process.command_line", "process.parent.command_line", "url.original", "url.path", "url.query", "user_agent.original",
     "powershell.file.script_block_text", "registry.path", "registry.data.strings", "file.path", "file.name", "dll.name",
     "dns.question.name", "pipe.name"}
)  # fmt: skip
NAMES = frozenset({"process.name", "process.executable", "process.pe.original_file_name"})
KINDS = frozenset({"event.code", "event.action", "winlog.channel", "winlog.provider_name"})


def guidance(facts: Facts) -> tuple[Sentence, ...]:
    """What a person who tunes the rule should look at first; none for a query that was not read whole."""
    if facts.query is None or not facts.understood or facts.forwards:
        return ()
    return (*_name_alone(facts), *_short(facts), *_busy(facts), *_ageing(facts), *_common(facts))


def _name_alone(facts: Facts) -> Iterator[Sentence]:
    """Tests of the program's name only: whatever it does, and whatever starts it, matches."""
    tested = {facts.field_of(number) for number, _ in facts.wanted} - KINDS
    if not tested or not tested <= NAMES or facts.counted or facts.joins or len(facts.activities) != 1:
        return
    asked = [expr for part in facts.parts for expr in (*part.asks, *part.joint)]
    if len(asked) != 1 or isinstance(asked[0], And) or any(True for _ in expressions(asked[0], And)):
        return  # several tests together are narrower than each name
    wanted = [found for number, found in facts.wanted if facts.field_of(number) in NAMES]
    if any(found.op not in (Op.EQ, Op.ENDSWITH) or " " in str(found.value) for found in wanted):
        return
    if any(part.later or part.filled for part in facts.parts):
        return
    left = [test for part in facts.parts for leaf in part.leaves for test in (leaf, *expressions(leaf, Match))]
    if any(_of_name(test, facts) for test in left if isinstance(test, Match)):
        return  # which names are left out is the very point: a program under another name, a start by itself
    names = _called(facts, PROGRAM)
    inside = [name for name in _called(facts, BINARY) if name.lower() not in {each.lower() for each in names}]
    told = listed([quoted(name) for name in names])
    if inside:
        original = f"a binary whose original file name is {listed([quoted(name) for name in inside])}"
        told = f"{told}, or of {original}," if names else original
    scope, title = facts.activities[0]
    start = (
        "Every start of"
        if "process_creation" in scope or scope == "DeviceProcessEvents"
        else f"Every {lowered(title)} by"
    )
    told = told if start.endswith("of") else told.replace(", or of ", ", or by ")
    if left:
        text = f"{start} {told} matches but for the exceptions: measure first what they leave."
    elif start.endswith("of"):
        text = f"{start} {told} matches, whatever its arguments: ordinary use of it shows up too."
    else:
        text = f"{start} {told} matches: what it does in ordinary use shows up too."
    yield Sentence(text, "indicators", wanted[0].field, wanted[0].span)


PROGRAM = frozenset({"process.name", "process.executable"})
BINARY = frozenset({"process.pe.original_file_name"})


def _called(facts: Facts, common: frozenset[str]) -> list[str]:
    """The names of programs that fields of these common names must show."""
    wanted = [found for number, found in facts.wanted if facts.field_of(number) in common]
    named = (re.split(r"[\\/]", str(found.value))[-1] for found in wanted)
    return list({name.lower(): name for name in named}.values())


def _of_name(test: Match, facts: Facts) -> bool:
    """Whether an exception is about the name of the program itself."""
    common = fields.canonical(shown(test.subject, {}), facts.scopes)
    return (
        common in NAMES
        and test.op in (Op.EQ, Op.ENDSWITH, Op.TERM, Op.CONTAINS)
        and not any("\\" in str(value).lstrip("\\") for value in test.values)
    )


def _short(facts: Facts) -> Iterator[Sentence]:
    """Fragments so short that unrelated text holds them."""
    found = [
        (number, each) for number, each in facts.wanted
        if each.op is Op.CONTAINS and facts.field_of(number) in CONTENT and isinstance(each.value, str) and 0 < len(each.value.strip()) <= SHORT and each.value.isascii() and (each.value[-1].isalnum() or (each.value[0].isalnum() and each.value[-1] == " ")) and not each.every
    ]  # fmt: skip
    if found:
        number, first = found[0]
        same = list(dict.fromkeys(quoted(each.value) for _, each in found if each.field == first.field))
        words = field_words(first.field, facts.field_of(number))
        verbs = "is so short that it" if len(same) == 1 else "are so short that they"
        text = f"{listed(same, 'and')} {verbs} can stand in {words} by chance, inside unrelated words."
        yield Sentence(text, "indicators", first.field, first.span)


def _busy(facts: Facts) -> Iterator[Sentence]:
    """A bare count: whoever is busy by nature passes it."""
    first = next((each for each in counts(facts) if each.op in ("gt", "ge")), None)
    if first is None:
        return
    per = f" per {listed([code(name) for name in first.by], 'and')}" if first.by else ""
    of = counted_field(first.how)
    what = "groups of such entries" if first.groups else "such entries"
    if first.how.startswith(("dcount", "value_count", "count_distinct")):
        what = f"different values of {code(of)}" if of else f"different values (counted in {code(first.field)})"
    text = f"The count ({code(first.text)}) is fixed: measure first how many {what}{per} your busiest harmless sources make."
    yield Sentence(text, "thresholds", first.text)


def _ageing(facts: Facts) -> Iterator[Sentence]:
    """Addresses: they are given up by whoever used them, and taken up by others."""
    found = [
        each
        for number, each in facts.wanted
        if isinstance(each.value, str) and _is_public(each.value) and facts.field_of(number) != "host.name"
    ]
    if found:
        number = len({each.value for each in found})
        which = f"The address {quoted(found[0].value)}" if number == 1 else f"The {number} addresses it looks for"
        text = f"{which} can change hands in time: check who holds {'it' if number == 1 else 'them'} now before you trust a match."
        yield Sentence(text, "indicators", found[0].field, found[0].span)


def _is_public(value: str) -> bool:
    if value.count(".") != 3 or not value[:1].isdigit():
        return False
    try:
        return ipaddress.ip_address(value).is_global
    except ValueError:
        return False


def _common(facts: Facts) -> Iterator[Sentence]:
    """The test most other rules make too, when the rule has others."""
    counted = [
        (facts.counts[number], each, number)
        for number, each in facts.wanted
        if number < len(facts.counts) and facts.counts[number] >= 0 and facts.field_of(number) in CONTENT | NAMES
    ]
    if len({facts.field_of(number) for _, _, number in counted}) < 2 or facts.corpus < 100:
        return
    rules, each, number = max(counted, key=lambda item: item[0])
    if rules >= MANY:
        part = facts.field_of(number)
        name = fields.name_of(part) if each.op is Op.ENDSWITH and str(each.value)[:1] in ("\\", "/") else ""
        words = field_words(each.field, name or part)
        how = "as" if name or each.op is Op.EQ else "in"
        text = f"{quoted(each.value[1:] if name and isinstance(each.value, str) else each.value)} {how} {words} is looked for by {rules:,} other rules: it is the other tests that make this one specific."
        yield Sentence(text, "corpus", each.field, each.span)
