"""Translate: a rule in another query language, with what is known of its truth; Kusto proven, other languages as pySigma writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from .. import languages
from ..errors import RuleError, SourceError
from ..model import Failure, Loss, Query, Rule, Translation
from ..translation import Options
from ..translation import translate_all as written_all
from . import explain, others, scan
from .placeholders import Placeholders

SCHEMAS = ("sentinel-asim", "defender-xdr", "windows-events")
"""The target schemas a rule is usually written in."""

UNREADABLE = "not readable"


def translate(
    rule_or_path: Rule | str | Path,
    to: str = "kusto",
    schema: str = "sentinel-asim",
    options: Options | None = None,
) -> Translation:
    """A Sigma rule (a Rule, a file, or the rule's text) in language `to` over the tables of `schema`.

    Refused when it cannot be said: `text` is empty and `losses` say why. Of a file with several rules, the first.
    `to` is `kusto`, proven, or the name of an installed pySigma back end, marked untested. Raises SourceError when there
    is no rule, RuleError for a rule that is malformed, UnsupportedError for a language nobody here writes.
    """
    if isinstance(rule_or_path, Rule):
        rules = [rule_or_path]
    else:
        rules, failures = explain.rules_in(rule_or_path)
        if not rules:
            raise SourceError(failures[0].message if failures else "no rule")
    rule = rules[0]
    if rule.language == "sigma":
        languages.parse(rule.text, rule.language, rule.path, rule.line)  # a malformed rule says where
    return next(iter(translate_all(rules[:1], to, schema, options)))


def translate_all(
    rules: Iterable[Rule],
    to: str = "kusto",
    schema: str = "sentinel-asim",
    options: Options | None = None,
    progress: Callable[[int, int], None] | None = None,
    placeholders: Placeholders | None = None,
) -> Iterator[Translation]:
    """Each rule in language `to`, in order. A rule that cannot be read is refused with its fault as the loss."""
    given = list(rules)
    read = reader(given, placeholders)
    done = 0
    waiting: list[Rule] = []

    def finished() -> Iterator[Translation]:
        nonlocal done
        for translation in _several(waiting, read, to, schema, options or Options()):
            done += 1
            if progress:
                progress(done, len(given))
            yield translation
        waiting.clear()

    for rule in given:
        waiting.append(rule)
        if len(waiting) >= CHUNK:
            yield from finished()
    yield from finished()


CHUNK = 100


def reader(rules: Iterable[Rule], placeholders: Placeholders | None = None) -> Callable[[Rule], Query]:
    """What reads a Sigma rule with the rules its correlation names and the filters that name it, wherever among `rules`,
    and the values of its placeholders."""
    sigma = [rule for rule in rules if rule.language == "sigma"]
    named = {key: rule.text for rule in reversed(sigma) if rule.kind != FILTER for key in (rule.name, rule.id) if key}
    filters = [rule.text for rule in sigma if rule.kind == FILTER]
    parse = languages.LANGUAGES["sigma"].parse

    def read(rule: Rule) -> Query:
        correlation = rule.kind == "correlation"
        outside = named if correlation else None
        query: Query = parse(
            rule.text, rule.path, rule.line, resolve=outside, placeholders=placeholders, filters=filters
        )
        return query

    return read


FILTER = "filter"


def _several(
    rules: list[Rule], parse: Callable[[Rule], Query], to: str, schema: str, options: Options
) -> Iterator[Translation]:
    if to != "kusto":
        yield from (others.translate(rule, to) for rule in rules)
        return
    read: dict[int, Translation] = {}
    pairs = []
    for number, rule in enumerate(rules):
        if rule.language != "sigma":
            read[number] = refusal(rule, to, schema, f"a rule in {rule.language}", "only Sigma rules are translated")
            continue
        if rule.kind == FILTER:
            read[number] = refusal(rule, to, schema, "a filter", "it is part of the rules it names")
            continue
        try:
            pairs.append((rule, parse(rule)))
        except RuleError as error:
            read[number] = refusal(rule, to, schema, UNREADABLE, str(error))
    made = written_all(pairs, to, (schema,), options)
    for number in range(len(rules)):
        yield read[number] if number in read else next(made)


def refusal(rule: Rule, to: str, schema: str, construct: str, why: str) -> Translation:
    """A translation that was not made, and why."""
    return Translation(rule.id, to, schema, "", (Loss(construct, why, "unmapped"),))


def load(path: str | Path) -> tuple[list[Rule], list[Failure]]:
    """The rules of a file or folder, as `scan` reads them. Raises SourceError."""
    return scan.load(path)


__all__ = ["FILTER", "SCHEMAS", "load", "reader", "refusal", "translate", "translate_all"]
