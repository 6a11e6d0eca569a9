"""The hunt hypothesis: if this technique is in use, these events would show this."""

from __future__ import annotations

from .facts import Facts, Sentence
from .words import duration, listed, tests

MOST_TESTS = 4


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
    conditions = tests(facts.wanted, facts.common)
    where = _where(facts)
    if conditions:
        shown = [text for text, _ in conditions]
        seen = f"entries in which {_joined(shown)}"
    elif facts.thresholds or facts.group_by:
        seen = "an unusual number of entries"
    else:
        return None
    if facts.techniques:
        names = [f"{name} ({id})" for id, name in _narrowest(facts.techniques)]
        text = f"If {listed(names, 'or', 2)} is in use, {where} should hold {seen}."
        return Sentence(text, "techniques", facts.techniques[0][0], conditions[0][1].span if conditions else None)
    text = f"The activity looked for shows in {where} as {seen}."
    return Sentence(
        text, "indicators", conditions[0][1].field if conditions else "", conditions[0][1].span if conditions else None
    )


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


def _joined(shown: list[str]) -> str:
    if len(shown) <= MOST_TESTS:
        return "; ".join(shown)
    return f"{'; '.join(shown[:MOST_TESTS])}; and {len(shown) - MOST_TESTS} further tests"


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
