"""How far a rule can be trusted, from what is known of it: a number from 0 to 100, and every reason with its weight."""

from __future__ import annotations

from ..model import Node
from .facts import Facts, Sentence

START = 40
LEVELS = ((70, "high"), (45, "medium"), (0, "low"))


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
        return [(-10, Sentence("Its query is in a language that is not read yet.", "diagnostics"))]
    if not facts.understood:
        return [(-10, Sentence("Parts of its query were not understood.", "diagnostics"))]
    faults = [each for each in facts.diagnostics if each.severity in ("error", "warning")]
    if faults:
        points = -min(15, 5 * len(faults))
        words = "a fault was" if len(faults) == 1 else f"{len(faults)} faults were"
        return [(points, Sentence(f"Its query was read whole; {words} found in it.", "diagnostics", faults[0].id))]
    return [(10, Sentence("Its query was read whole, and no fault was found in it.", "diagnostics"))]


def _substance(facts: Facts) -> list[tuple[int, Sentence]]:
    if facts.query is None:
        return []
    fields = {facts.field_of(number) for number, _ in facts.wanted} - {"event.code", "winlog.channel"}
    if not fields and facts.wanted:
        return [(0, Sentence("It rests on the kind of event alone.", "indicators"))]
    if len(fields) >= 2:
        return [(10, Sentence(f"It looks at {len(fields)} fields together.", "indicators"))]
    if len(fields) == 1:
        return [(0, Sentence("It rests on a single field.", "indicators", next(iter(fields))))]
    if facts.counted:
        return [(0, Sentence("It rests on counting alone.", "thresholds"))]
    if any(part.asks for part in facts.parts):
        return [(0, Sentence("It rests on values that other data give it, not on values of its own.", "indicators"))]
    return [(-10, Sentence("It looks for no value of its own.", "indicators"))]


def _author(facts: Facts) -> list[tuple[int, Sentence]]:
    status = facts.rule.status
    if status in ("stable", "production"):
        return [(5, Sentence(f"Its author calls it {status}.", "metadata"))]
    if status in ("experimental", "unsupported", "deprecated"):
        weight = -5 if status == "experimental" else -20
        return [(weight, Sentence(f"Its author calls it {status}.", "metadata"))]
    return []
