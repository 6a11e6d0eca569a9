"""The rules of a scan: read from files, folders, values or a catalogue, with the queries that will run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from .. import formats, languages, sources
from ..catalogue import Catalogue
from ..errors import QuerySyntaxError, UnsupportedError
from ..model import Failure, NotRun, Query, Rule, opaques
from .placeholders import Placeholders
from .rule_cache import RuleCache

Rules: TypeAlias = "str | Path | Rule | Iterable[str | Path | Rule]"
LANGUAGES = ("sigma", "kusto")
NOTHING = RuleCache()


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rules that can run, each with its number and query, and a NotRun for each that nobody here can run.

    A rule's number is its place in what was given, from 1; number 0 stands for what is no rule. `rules` counts all.
    """

    ready: tuple[tuple[int, Rule, Query], ...]
    missing: tuple[tuple[int, NotRun], ...]
    rules: int


def load(rules: Rules, cache: RuleCache = NOTHING) -> tuple[list[Rule], list[Failure]]:
    """The rules of files, folders and values, in order; what is no rule in a folder is left out silently, and what is
    malformed is a Failure."""
    found: list[Rule] = []
    failures: list[Failure] = []
    for given in [rules] if isinstance(rules, str | Path | Rule) else rules:
        if isinstance(given, Rule):
            found.append(given)
            continue
        single = Path(given).is_file()
        for file in sources.read(given):
            if isinstance(file, Failure):
                failures.append(file)
                continue
            read = cache.file(file, lambda file=file: formats.read(file))  # type: ignore[misc]
            found.extend(read.rules)
            failures.extend(failure for failure in read.failures if single or failure.kind != "NotARule")
    return found, failures


def prepare(rules: Rules, cache: RuleCache = NOTHING, placeholders: Placeholders | None = None) -> Prepared:
    """Rules of files, folders and values with their queries; `placeholders` are the values of Sigma's `%name%`."""
    loaded, failures = load(rules, cache)
    parse = _parser(loaded, cache, placeholders)
    ready, missing = _ready([(number, rule, lambda rule=rule: parse(rule)) for number, rule in enumerate(loaded, 1)])  # type: ignore[misc]
    wrong = [(0, NotRun(failure.path, "reader", failure.kind, failure.message)) for failure in failures]
    cache.save()
    return Prepared(tuple(ready), (*wrong, *missing), len(loaded))


def of_catalogue(catalogue: Catalogue, chosen: Sequence[str] | None = None) -> tuple[list[str], Prepared]:
    """The rules of a catalogue as they stand, all or those of the keys `chosen`, with their keys: rule number n has key n - 1. Their queries were read
    when they came in; only those that depend on other rules are read again."""
    keys: list[str] = []
    listed: list[Rule] = []
    for key, rule in catalogue.rules(chosen):
        keys.append(key)
        listed.append(rule)
    parse = _parser(listed, NOTHING)
    filtered = any(rule.language == "sigma" and rule.kind == "filter" for rule in listed)

    def query(key: str, rule: Rule) -> Query:
        stored = None
        if rule.language == "kusto" or (rule.language == "sigma" and rule.kind != "correlation" and not filtered):
            stored = catalogue.query(key)
        return stored if stored is not None else parse(rule)

    ready, missing = _ready(
        [
            (number, rule, lambda key=key, rule=rule: query(key, rule))  # type: ignore[misc]
            for number, (key, rule) in enumerate(zip(keys, listed, strict=True), 1)
        ]
    )
    return keys, Prepared(tuple(ready), tuple(missing), len(listed))


def _ready(
    rules: Iterable[tuple[int, Rule, Callable[[], Query]]],
) -> tuple[list[tuple[int, Rule, Query]], list[tuple[int, NotRun]]]:
    ready: list[tuple[int, Rule, Query]] = []
    missing: list[tuple[int, NotRun]] = []
    for number, rule, read in rules:
        if rule.language not in LANGUAGES:
            what = f"language {rule.language}"
            missing.append((number, NotRun(rule.id, "scan", what, "no engine runs it", rule.title)))
            continue
        if rule.kind == "filter":
            continue  # no rule by itself: it is part of those it names
        try:
            query = read()
        except (QuerySyntaxError, UnsupportedError) as error:
            missing.append((number, NotRun(rule.id, "reader", "syntax", str(error), rule.title)))
            continue
        opaque = next(opaques(query), None)
        if opaque is not None:
            why = f"not understood: {opaque.text}"[:300]
            missing.append((number, NotRun(rule.id, "scan", opaque.keyword, why, rule.title)))
            continue
        ready.append((number, rule, query))
    return ready, missing


def _parser(rules: list[Rule], cache: RuleCache, placeholders: Placeholders | None = None) -> Callable[[Rule], Query]:
    """What reads a rule, a Sigma one with the rules and filters of all files at hand."""
    known = [rule for rule in rules if rule.language == "sigma" and rule.kind != "filter"]
    named = {key: rule.text for rule in reversed(known) for key in (rule.name, rule.id) if key}
    filters = [rule.text for rule in rules if rule.language == "sigma" and rule.kind == "filter"]
    sigma = languages.LANGUAGES["sigma"].parse
    context = "\0".join([*filters, repr(sorted((placeholders or {}).items()))])

    def read(rule: Rule) -> Query:
        if rule.language == "kusto":
            return cache.query(rule, lambda: languages.parse(rule.text, "kusto", rule.path, rule.line))
        if rule.kind == "correlation":
            query: Query = sigma(
                rule.text, rule.path, rule.line, resolve=named, placeholders=placeholders, filters=filters
            )
            return query
        return cache.query(
            rule, lambda: sigma(rule.text, rule.path, rule.line, placeholders=placeholders, filters=filters), context
        )

    return read
