"""What would escape the rule: each gap follows from a test as it stands, none from guesses about tools."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from ..analysis import shown
from ..analysis.contradiction import branches
from ..model import And, Expr, Match, Op, Or
from .facts import Facts, Sentence
from .guidance import KINDS
from .naming import speaker
from .phrases import Speaker, described
from .words import code, duration, listed

CHOSEN = frozenset(
    {"process.command_line", "process.name", "process.parent.name", "process.pe.original_file_name",
     "process.pe.description", "process.pe.product", "process.pe.company", "file.name", "user_agent.original", "http.request.referrer",
     "powershell.file.script_block_text", "service.name", "email.subject"}
)  # fmt: skip
"""Fields whose value is up to whoever acts."""
TICKETS = ("4768", "4769", "4770")
"""Events of Kerberos tickets: the service they name is whose account it is, not who asks."""
MOST = 3
MOST_ALIKE = 2
HASH = re.compile(r"(?:\w+=)?(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})", re.IGNORECASE)

TELLING = frozenset(
    {"class-gap", "names-and-addresses", "literal-wildcard", "doubled-backslash", "never-in-that-case", "case-sensitive", "empty-list",
     "contradiction", "never", "renamed-binary"}
)  # fmt: skip
"""Findings of the analysis that say what a rule misses or takes in by mistake."""


def gaps(facts: Facts) -> tuple[Sentence, ...]:
    """What escapes or slips in, in reading order; none for a query that was not read."""
    if facts.query is None:
        return ()
    found = [*_diagnostics(facts), *_lacking(facts), *_hashes(facts), *_evaded(facts), *cut(facts)]
    return tuple({sentence.text: sentence for sentence in found}.values())


def _diagnostics(facts: Facts) -> Iterator[Sentence]:
    """The findings that tell of it; of many alike, the first stands for all."""
    found = [each for each in facts.diagnostics if each.id in TELLING and not each.message.endswith("always true")]
    times = Counter(each.id for each in found)
    said: set[str] = set()
    for each in found:
        many = times[each.id] > MOST_ALIKE
        if many and each.id in said:
            continue
        said.add(each.id)
        more = f"; it is the same with {times[each.id] - 1} more tests" if many else ""
        yield Sentence(f"{each.message.rstrip('.')}{more}.", "diagnostics", each.id, each.span)


def _lacking(facts: Facts) -> Iterator[Sentence]:
    same: dict[tuple[str, ...], list[str]] = {}
    for event, fields in facts.lacking:
        same.setdefault(fields, []).append(event)
    for fields, names in same.items():
        shown_fields = listed([code(name) for name in fields], "or")
        text = f"{listed(names, 'and', 5)} events carry no {shown_fields}: the rule cannot match on them."
        yield Sentence(text, "events", names[0])


def _hashes(facts: Facts) -> Iterator[Sentence]:
    """A rule that knows files by their hashes alone."""
    known = [each for _, each in facts.wanted if isinstance(each.value, str) and HASH.fullmatch(each.value)]
    others = [each for number, each in facts.wanted if each not in known and facts.field_of(number) not in KINDS]
    if known and not others:
        number = len({each.value for each in known})
        imports = all(
            str(each.value).lower().startswith("imphash=") or "imphash" in each.field.lower() for each in known
        )
        what, which = ("import hash", "built with other imports") if imports else ("hash", "rebuilt or changed")
        how = f"one {what}" if number == 1 else f"{number:,} {what}es"
        text = f"It knows files by {how} alone: a file that is {which} escapes."
        yield Sentence(text, "indicators", known[0].field, known[0].span)


def _evaded(facts: Facts) -> Iterator[Sentence]:
    """Exceptions that whoever acts can meet at will: names, command lines, user agents."""
    if not facts.understood or any(part.role in ("also", "member", "unmatched") for part in facts.parts):
        return  # another part may report it, or reports what has no such entry
    tickets = any(each.field.lower() == "eventid" and str(each.value) in TICKETS for each in facts.indicators)
    chosen = CHOSEN - {"service.name"} if tickets else CHOSEN
    found = [
        (text, term)
        for part in facts.parts
        if part.role == "main"
        for each in part.leaves
        for term in (each.terms if isinstance(each, Or) else (each,))
        if _at_will(term, speaker(part), chosen)
        and (text := described(term, speaker(part)))
        and _can_meet(term, part.asks)
    ]
    texts = list(dict.fromkeys(text for text, _ in found))
    if texts:
        more = f", or {len(texts) - MOST} more such cases" if len(texts) > MOST + 1 else ""
        listing = "; or ".join(texts[: MOST if more else MOST + 1])
        text = f"The exceptions can be met on purpose: nothing is reported when {listing}{more}."
        yield Sentence(text, "exclusions", "", getattr(found[0][1], "span", None))


def _can_meet(term: Expr, asked: Sequence[Expr]) -> bool:
    """Whether what is asked leaves room for an exception: none that starts `certutil.exe` is `WerFault.exe`."""
    both = branches(And((*asked, term)))
    return next(iter(both), None) is not None or both.cut


def _at_will(term: Expr, names: Speaker, chosen: frozenset[str]) -> bool:
    """Whether an attacker can make `term` true: every field it tests is theirs to choose."""
    match term:
        case And(terms) | Or(terms) if terms:
            return all(_at_will(each, names, chosen) for each in terms)
        case Match(subject, op) if op not in (Op.EMPTY, Op.EXISTS):
            common = names.common(shown(subject, names.aliases))
            return (common in chosen and not (common in NAMED and _whole(term))) or _by_name(term, names)
    return False


NAMED = ("process.name", "process.parent.name", "file.name")


def _whole(test: Match) -> bool:
    """Whether a test of a name asks for folders, which are not everyone's to write to, or for the kernel."""
    folders = any(set(str(value).strip("\\/")) & {"\\", "/"} for value in test.values)
    return (test.op is not Op.REGEX and folders) or "system" in {str(value).lower() for value in test.values}


def _by_name(test: Match, names: Speaker) -> bool:
    """A test of a path that any folder passes: it ends with a file name."""
    path = names.common(shown(test.subject, names.aliases)) in (
        "process.executable",
        "process.parent.executable",
        "file.path",
    )
    return path and test.op is Op.ENDSWITH and all(str(value).count("\\") <= 1 for value in test.values)


def cut(facts: Facts) -> Iterator[Sentence]:
    """A scheduled rule is given no more than its period, however far back its query asks."""
    schedule, longest = facts.rule.schedule, max(facts.lookbacks, default=0)
    if facts.rule.kind.lower() == "scheduled" and schedule and 0 < schedule.lookback < longest:
        text = f"The query looks back {duration(longest)}, but its schedule gives it {duration(schedule.lookback)} of data: what is older is never seen."
        yield Sentence(text, "windows")
