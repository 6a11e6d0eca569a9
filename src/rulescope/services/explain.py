"""Explain: everything known of one rule, from its text alone or with what a catalogue knows beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from .. import analysis, formats, sources
from ..catalogue import Catalogue, Count
from ..enrichment import confidence, gaps, guidance, hypothesis
from ..errors import SourceError
from ..model import (
    Diagnostic,
    Failure,
    Join,
    Op,
    Rule,
    RuleFile,
    Schedule,
    Trigger,
    opaques,
    outline,
    outline_expr,
    queries,
)
from ..text import Place
from .facts import (
    Found,
    enrichment_facts,
    entity_rows,
    found_in,
    groups,
    output_rows,
    platforms_of,
    tactic_rows,
    technique_rows,
)
from .neighbours import neighbours
from .pages import Fact, ResultColumn, RulePage
from .reading import read_rule, unread
from .required import data_rows, is_blank

GUESSES = (".yml", ".toml", ".yaral", ".md", ".kql")
TRIGGERS = {"ge": "at least", "gt": "more than", "lt": "fewer than", "eq": "exactly", "ne": "other than"}
MOST_KEYS = 8
UNITS = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))
MOST_UNITS = 500
MOST_WINDOWS = 12

Tables = Mapping[str, Mapping[str, str]]


def explain(
    text_or_path: str | Path | Rule,
    language: str | None = None,
    tables: Tables | None = None,
    catalogue: Catalogue | None = None,
    key: str = "",
) -> RulePage:
    """The page of a rule: a Rule, a rule file, or a rule's or query's text in `language` (found out when None).

    `tables` maps table name to {column: Kusto type}, before the tables that ship. With a catalogue, and the rule's `key`
    in it, the page has counts, neighbours, translations, evidence and history. Never raises for rule content: what is
    wrong with it is in `diagnostics`. Of a file with several rules, the first; raises SourceError when a Path is not there.
    """
    if isinstance(text_or_path, Rule):
        return page_of(text_or_path, tables, catalogue, key)
    rules, failures = rules_in(text_or_path, language)
    if rules:
        page = page_of(rules[0], tables, catalogue, key)
        return page if not failures else _with_failures(page, failures)
    text = text_or_path if isinstance(text_or_path, str) else str(text_or_path)
    empty = Rule(id="", title="not a rule", language=language or "", text=text if "\n" in text else "")
    return RulePage(rule=empty, diagnostics=tuple(_diagnostic(failure) for failure in failures))


def rules_in(text_or_path: str | Path, language: str | None = None) -> tuple[list[Rule], list[Failure]]:
    """The rules of a file, or of a text in any format we read; a text in a `language` that no format takes is one rule."""
    place = _path(text_or_path)
    if place is not None:
        rules: list[Rule] = []
        failures: list[Failure] = []
        for item in sources.read(place):
            found, wrong = ([], [item]) if isinstance(item, Failure) else formats.read(item)
            rules.extend(found)
            failures.extend(wrong)
        return rules, failures
    text = str(text_or_path)
    if language and language != "sigma":
        return [Rule(id="", title=_title(text), language=language, text=text)], []
    last: list[Failure] = []
    for end in (".yml",) if language == "sigma" else GUESSES:
        file = RuleFile("", f"text{end}", text.encode("utf-8", "surrogatepass"))
        if formats.detect(file) is not None:
            rules, last = formats.read(file)
            if rules:
                return rules, last
    if language == "sigma":
        return [Rule(id="", title=_title(text), language="sigma", text=text)], []
    return [], last or [Failure("", "", "no rule in any format or language we read", kind="NotARule")]


def _path(text_or_path: str | Path) -> Path | None:
    if isinstance(text_or_path, Path):
        if not text_or_path.exists():
            raise SourceError(f"{text_or_path}: no such file or folder")
        return text_or_path
    if "\n" in text_or_path or len(text_or_path) > 1000 or "\x00" in text_or_path:
        return None
    try:
        place = Path(text_or_path)
        return place if place.is_file() else None
    except OSError:
        return None


def _title(text: str) -> str:
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return first[:80] or "untitled"


def page_of(rule: Rule, tables: Tables | None = None, catalogue: Catalogue | None = None, key: str = "") -> RulePage:
    """The page of one rule."""
    read = read_rule(rule)
    found = found_in(read, tables)
    card = catalogue.card(key) if catalogue and key else None
    counts: Sequence[Count] = catalogue.counts(found.predicates, key) if catalogue else ()
    facts = enrichment_facts(
        found,
        counts,
        _corpus(catalogue) if catalogue else 0,
        card.fires if card else "",
        card.tested if card else False,
        card.verdict if card else "",
        unread(read),
    )
    query = found.query
    outputs = analysis.output_fields(query) if query else ()
    stages = analysis.stages(query, rule.text, found.stages) if query else ()
    trust = confidence(facts)
    return RulePage(
        rule=rule,
        key=key,
        query=query,
        facts=_facts(rule, found, trust.level, _spans(found) or rule.windows),
        banner=found.forwards,
        show_body=_show_body(rule),
        tactics=tactic_rows(rule),
        techniques=technique_rows(rule),
        events=found.events,
        data=data_rows(found),
        connectors=tuple(each for each in rule.connectors if not is_blank(each.id)),
        platforms=platforms_of(found),
        hypothesis=hypothesis(facts),
        guidance=guidance(facts),
        gaps=gaps(facts),
        confidence=trust,
        parameters=query.parameters if query else (),
        stages=stages,
        tree=tuple(tree for stage in stages for tree in stage.conditions),
        windows=analysis.time_windows(query, found.stages) if query else (),
        thresholds=_thresholds(found),
        groupings=analysis.groupings(query, found.stages) if query else (),
        indicators=tuple(each for each in found.indicators if not each.negated),
        exclusions=tuple(each for each in found.indicators if each.negated),
        indicator_groups=groups(found, False, counts),
        exclusion_groups=groups(found, True, counts),
        outputs=outputs,
        output_rows=output_rows(found, outputs),
        entities=entity_rows(found, outputs),
        columns=None if found.columns is None else tuple(ResultColumn(each.name, each.type) for each in found.columns),
        diagnostics=(*unread(read), *found.diagnostics),
        opaque=tuple(opaques(query)) if query else (),
        outline=outline(query) if query else "",
        translations=catalogue.translations(key) if catalogue and key else (),
        evidence=catalogue.evidence(key) if catalogue and key else (),
        neighbours=neighbours(catalogue, key) if catalogue and key else (),
        family=catalogue.family(key) if catalogue and key else (),
        history=catalogue.history(key) if catalogue and key else (),
        card=card,
    )


def rule_page(catalogue: Catalogue, name: str, tables: Tables | None = None) -> RulePage | None:
    """The page of a stored rule, by key or id; None when there is none."""
    key = catalogue.key(name)
    rule = catalogue.rule(key) if key else None
    return page_of(rule, tables, catalogue, key or "") if rule else None


def _corpus(catalogue: Catalogue) -> int:
    """How many rules could be counted: those whose query was read."""
    return catalogue.remembered("corpus", "", catalogue.queries)


def _with_failures(page: RulePage, failures: Sequence[Failure]) -> RulePage:
    return replace(page, diagnostics=(*page.diagnostics, *(_diagnostic(failure) for failure in failures)))


def _diagnostic(failure: Failure) -> Diagnostic:
    place = Place(failure.path, failure.line, failure.column) if failure.line else None
    return Diagnostic(failure.kind, failure.message, "error" if failure.kind != "FieldError" else "warning", place)


def _show_body(rule: Rule) -> bool:
    known = sources.known().get(rule.source)
    return known.show_bodies if known else True


# ---------------------------------------------------------------- facts


def _facts(rule: Rule, found: Found, level: str, windows: Sequence[float]) -> tuple[Fact, ...]:
    facts = [
        Fact("Status", rule.status),
        Fact("Severity", rule.severity.capitalize(), f"/?severity={rule.severity}" if rule.severity else ""),
        Fact("Type", _kind(rule), f"/?kind={rule.kind}" if rule.kind else ""),
        Fact("Language", rule.language, f"/?language={rule.language}"),
        Fact("Time window", _window(rule, windows)),
        Fact("Schedule", _schedule(rule.schedule)),
        Fact("Trigger", _trigger(rule.trigger)),
        Fact("Group by", _group_by(found)),
        Fact("Match by", ", ".join(_match_by(found))),
        Fact("Author", ", ".join(rule.authors)),
        Fact("Source", rule.source, f"/sources/{rule.source}" if rule.source else ""),
        Fact("Original", rule.path, rule.url),
        Fact("Licence", rule.licence),
        Fact("Version", rule.version),
        Fact("Created", rule.created),
        Fact("Modified", rule.modified),
        Fact("Commit", rule.commit[:12]),
        Fact("Confidence", level),
        Fact("Id", rule.id),
    ]
    return tuple(fact for fact in facts if fact.value)


def _kind(rule: Rule) -> str:
    return rule.kind or ("Sigma rule" if rule.language == "sigma" else "")


def _window(rule: Rule, windows: Sequence[float]) -> str:
    if windows:
        told = list(dict.fromkeys(short(seconds) for seconds in windows))[:MOST_WINDOWS]
        return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} and {told[-1]}"
    return short(rule.schedule.lookback) if rule.schedule and rule.schedule.lookback else ""


def _schedule(schedule: Schedule | None) -> str:
    if schedule is None or not (schedule.frequency or schedule.lookback):
        return ""
    if not schedule.frequency:
        return f"over {short(schedule.lookback)}"
    return f"every {short(schedule.frequency)}" + (f" over {short(schedule.lookback)}" if schedule.lookback else "")


def _trigger(trigger: Trigger | None) -> str:
    if trigger is None:
        return ""
    noun = "entries" if trigger.op == "ge" else "result" if trigger.threshold == 1 else "results"
    return f"{TRIGGERS[trigger.op]} {trigger.threshold:,} {noun}"


def _spans(found: Found) -> tuple[float, ...]:
    """The lengths of time a query asks about, in seconds: its bins, how far back it looks, and how far the moments may lie
    apart that it compares; the steps of a series are none.
    """
    windows = analysis.time_windows(found.query, found.stages) if found.query else ()
    return (
        *(each.seconds for each in windows if each.seconds and each.op is None and not each.series),
        *(each.seconds for each in windows if each.seconds and not each.apart and each.op in (Op.GT, Op.GE)),
        *(each.seconds for each in windows if each.apart and each.seconds and each.op in (Op.LT, Op.LE)),
    )


def _thresholds(found: Found) -> tuple[analysis.Threshold, ...]:
    """Conditions on computed numbers, those aside that ask for anything at all."""
    listed = analysis.thresholds(found.query, found.stages) if found.query else ()
    return tuple(each for each in listed if not analysis.asks_nothing(each.how, each.op, each.value))


def _group_by(found: Found) -> str:
    """What one row of the result stands for; of a union grouped in several ways, each."""
    if found.query is None:
        return ", ".join(found.rule.group_by)
    return "; or ".join(", ".join(by) for by in analysis.group_bys(found.query, found.stages))


def _match_by(found: Found) -> list[str]:
    """The columns that joins match rows by."""
    if found.query is None:
        return []
    keys = [
        key for inner in queries(found.query) for stage in inner.stages if isinstance(stage, Join) for key in stage.on
    ]
    names = list(dict.fromkeys(outline_expr(key.left) for key in keys))
    return names if len(names) <= MOST_KEYS else [*names[: MOST_KEYS - 1], f"{len(names) - MOST_KEYS + 1} more"]


def short(seconds: float) -> str:
    """`1h`, `90m`, `14d`, `2d 10m` for what is long and no whole number of its largest unit."""
    for size, unit in UNITS:
        if seconds >= size and seconds % size == 0 and seconds // size <= MOST_UNITS:
            return f"{int(seconds // size)}{unit}"
    parts = []
    for size, unit in UNITS:
        number, seconds = divmod(seconds, size)
        parts += [f"{number:g}{unit}"] if number else []
    return " ".join([*parts, f"{seconds:g}s"] if seconds else parts) or "0s"


__all__ = ["explain", "page_of", "rule_page", "rules_in", "short"]
