"""The hunt hypothesis: if this technique is in use, these events would show this."""

from __future__ import annotations

from collections.abc import Mapping

from ..model import And, Expr, Filter, Match, expressions, queries
from ..text import Span
from .facts import Facts, Sentence
from .words import described, duration, listed, subject_name, tests


def hypothesis(facts: Facts) -> tuple[Sentence, ...]:
    """What the rule supposes, in one to four sentences; none when its query was not read."""
    if facts.query is None or facts.forwards:
        return _forwarded(facts)
    found = [sentence for sentence in (_main(facts), _counting(facts), _exceptions(facts)) if sentence]
    return tuple(found)


def _forwarded(facts: Facts) -> tuple[Sentence, ...]:
    if not facts.forwards:
        return ()
    text = f"This rule supposes nothing of its own: it passes on alerts of {facts.forwards}."
    return (Sentence(text, "tables", facts.scopes[0] if facts.scopes else ""),)


def _main(facts: Facts) -> Sentence | None:
    conditions = _conditions(facts)
    where = _where(facts)
    if conditions:
        seen = f"entries in which {conditions[0]}"
    elif facts.thresholds or facts.group_by:
        seen = "an unusual number of entries"
    else:
        return None
    span = conditions[1] if conditions else None
    if facts.techniques:
        names = [f"{name} ({id})" for id, name in _narrowest(facts.techniques)]
        text = f"If {listed(names, 'or', 2)} is in use, {where} should hold {seen}."
        return Sentence(text, "techniques", facts.techniques[0][0], span)
    text = f"The activity looked for shows in {where} as {seen}."
    return Sentence(text, "indicators", facts.wanted[0][1].field if facts.wanted else "", span)


def _conditions(facts: Facts) -> tuple[str, Span | None] | None:
    """What the query asks of an entry, in words: its filters, those of its parts when the main query has none."""
    assert facts.query is not None
    common = {found.field: facts.field_of(number) for number, found in enumerate(facts.indicators)}
    for query in queries(facts.query):
        terms = [
            stage.predicate
            for stage in query.stages
            if isinstance(stage, Filter) and _of_events(stage.predicate, common)
        ]
        if terms:
            text = described(terms[0] if len(terms) == 1 else And(tuple(_flat(terms))), common)
            if text:
                return text, getattr(terms[0], "span", None)
    return None


def _of_events(predicate: Expr, common: Mapping[str, str]) -> bool:
    """Whether a filter tests a value the rule looks for: not a time window or a threshold."""
    return any(subject_name(match.subject) in common for match in expressions(predicate, Match))


def _flat(terms: list[Expr]) -> list[Expr]:
    return [inner for term in terms for inner in (term.terms if isinstance(term, And) else (term,))]


def _narrowest(techniques: tuple[tuple[str, str], ...]) -> list[tuple[str, str]]:
    """Techniques without those whose sub-technique is named too."""
    parents = {id.partition(".")[0] for id, _ in techniques if "." in id}
    return [(id, name) for id, name in techniques if id not in parents]


def _where(facts: Facts) -> str:
    if facts.activities and len(facts.activities) <= 2:
        return f"{listed([name.lower() if name[1:2].islower() else name for name in facts.activities], 'and')} logs"
    tables = [scope for scope in facts.scopes if "=" not in scope]
    if tables:
        return f"{listed([f'`{name}`' for name in tables], 'and', 2)}"
    if facts.scopes:
        return f"logs of {facts.scopes[0].replace('=', ' ')}"
    return "the logs"


def _counting(facts: Facts) -> Sentence | None:
    if not facts.thresholds:
        return None
    per = f" per {listed([f'`{name}`' for name in facts.group_by], 'and', 4)}" if facts.group_by else ""
    within = f" within {duration(facts.windows[0])}" if facts.windows else ""
    text = f"Single entries are not enough: the rule waits for {listed([f'`{text}`' for text in facts.thresholds], 'and')}{per}{within}."
    return Sentence(text, "thresholds", facts.thresholds[0])


def _exceptions(facts: Facts) -> Sentence | None:
    left_out = tests(facts.excluded, facts.common)
    if not left_out:
        return None
    shown = listed([text for text, _ in left_out], "or", 2)
    return Sentence(
        f"What is taken for harmless and left out: {shown}.", "exclusions", left_out[0][1].field, left_out[0][1].span
    )
