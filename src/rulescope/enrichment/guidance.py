"""False-positive guidance: where harmless activity can match, judged from the tests, the exceptions and the corpus."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model import Op
from .facts import Facts, Sentence
from .words import field_words, listed, quoted, tests

SHORT = 3
HASH = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)
ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}(?:/\d+)?")
CONTENT = frozenset(
    {"process.command_line", "url.original", "powershell.file.script_block_text", "registry.data.strings"}
)
NAMES = frozenset({"process.name", "process.executable", "process.pe.original_file_name"})


def guidance(facts: Facts) -> tuple[Sentence, ...]:
    """What a person who tunes the rule should look at first; none for a query that was not read."""
    if facts.query is None or facts.forwards:
        return ()
    return (*_name_alone(facts), *_short(facts), *_ageing(facts), *_common(facts), *_rare(facts), *_exceptions(facts))


def _name_alone(facts: Facts) -> Iterator[Sentence]:
    fields = {facts.field_of(number) for number, _ in facts.wanted} - {"event.code", "event.action", "winlog.channel"}
    if not fields or not fields <= NAMES or facts.thresholds or facts.joins:
        return
    values = [
        quoted(str(found.value).rsplit("\\", 1)[-1])
        for number, found in facts.wanted
        if facts.field_of(number) in NAMES
    ]
    names = listed(list(dict.fromkeys(values)))
    first = facts.wanted[0][1]
    yield Sentence(
        f"Every start of {names} matches, whatever its arguments: ordinary use of it will show up too.",
        "indicators",
        first.field,
        first.span,
    )


def _short(facts: Facts) -> Iterator[Sentence]:
    """Fragments so short that unrelated text holds them."""
    found = [
        (number, each) for number, each in facts.wanted
        if each.op is Op.CONTAINS and isinstance(each.value, str) and 0 < len(each.value.strip()) <= SHORT and not each.every
    ]  # fmt: skip
    if found:
        number, first = found[0]
        values = listed(list(dict.fromkeys(quoted(each.value) for _, each in found)))
        words = field_words(first.field, facts.field_of(number))
        yield Sentence(
            f"{values} is short and can stand anywhere in {words}, also inside unrelated words.",
            "indicators",
            first.field,
            first.span,
        )


def _ageing(facts: Facts) -> Iterator[Sentence]:
    for pattern, words in ((HASH, "File hashes"), (ADDRESS, "Addresses")):
        found = [each for _, each in facts.wanted if isinstance(each.value, str) and pattern.fullmatch(each.value)]
        if found:
            text = f"{words} such as {quoted(found[0].value)} identify single samples and age: check how old the list is before trusting silence or alerts."
            yield Sentence(text, "indicators", found[0].field, found[0].span)


def _common(facts: Facts) -> Iterator[Sentence]:
    counted = [
        (facts.counts[number], each, number)
        for number, each in facts.wanted
        if number < len(facts.counts) and facts.counts[number] >= 0
    ]
    if not counted or facts.corpus < 100:
        return
    rules, each, number = max(counted, key=lambda item: item[0])
    if rules >= 50 and len(counted) > 1:
        words = field_words(each.field, facts.field_of(number))
        text = f"{quoted(each.value)} in {words} is asked for by {rules:,} other rules: on its own it says little, the other tests carry this rule."
        yield Sentence(text, "corpus", each.field, each.span)


def _rare(facts: Facts) -> Iterator[Sentence]:
    """Values no other rule of a large corpus looks for."""
    if facts.corpus < 1000:
        return
    alone = [
        each for number, each in facts.wanted
        if number < len(facts.counts) and facts.counts[number] == 0 and isinstance(each.value, str) and len(each.value) > 5
        and facts.field_of(number) in CONTENT | NAMES
    ]  # fmt: skip
    if alone:
        values = listed(list(dict.fromkeys(quoted(each.value) for each in alone)))
        text = f"No other of {facts.corpus:,} rules looks for {values} in this way: a match there is specific to this rule."
        yield Sentence(text, "corpus", alone[0].field, alone[0].span)


def _exceptions(facts: Facts) -> Iterator[Sentence]:
    left_out = tests(facts.excluded, facts.common)
    if left_out:
        shown = listed([text for text, _ in left_out], "or", 2)
        text = f"Tune at the exceptions the rule already has ({shown}): add what your own software does, as narrowly."
        yield Sentence(text, "exclusions", left_out[0][1].field, left_out[0][1].span)
    elif not facts.thresholds and facts.wanted and facts.rule.kind not in ("Hunting", "Exploration", "Parser"):
        yield Sentence(
            "The rule has no exceptions: run it over two weeks of your own logs before it raises alerts.", "exclusions"
        )
