"""What would escape the rule: each gap follows from a test as it stands, none from guesses about tools."""

from __future__ import annotations

from collections.abc import Iterator

from ..model import Op
from .facts import Facts, Sentence
from .words import field_words, listed, quoted

NAME_FIELDS = frozenset({"process.name", "process.executable"})
ORIGINAL = "process.pe.original_file_name"
CASELESS = frozenset(
    {"process.name", "process.executable", "process.command_line", "process.parent.name", "process.parent.executable",
     "process.parent.command_line", "file.name", "file.path", "dll.name", "dll.path", "registry.path", "url.domain",
     "dns.question.name", "host.name", ORIGINAL}
)  # fmt: skip


def gaps(facts: Facts) -> tuple[Sentence, ...]:
    """What escapes, most telling first; none for a query that was not read."""
    if facts.query is None:
        return ()
    found = [*_diagnostics(facts), *_renamed(facts), *_case(facts), *_lacking(facts)]
    return tuple({sentence.text: sentence for sentence in found}.values())


def _diagnostics(facts: Facts) -> Iterator[Sentence]:
    """Faults of the rule that let something through."""
    for each in facts.diagnostics:
        if each.severity in ("warning", "error") or each.id.startswith("gap"):
            text = each.message[:1].upper() + each.message[1:]
            yield Sentence(text if text.endswith(".") else f"{text}.", "diagnostics", each.id, each.span)


def _renamed(facts: Facts) -> Iterator[Sentence]:
    """A process known by its name alone, where the binary's own name is not tested."""
    wanted = [(facts.field_of(number), found) for number, found in facts.wanted]
    named = [
        found for field, found in wanted
        if field in NAME_FIELDS and found.op in (Op.EQ, Op.ENDSWITH) and isinstance(found.value, str)
        and found.value.lower().endswith(".exe")
    ]  # fmt: skip
    if not named or any(field == ORIGINAL for field, _ in wanted):
        return
    names = list(dict.fromkeys(quoted(str(found.value).rsplit("\\", 1)[-1]) for found in named))
    if len(names) > 6:
        return
    text = f"A renamed copy of {listed(names)} escapes where the rule rests on the name: the binary's original file name is not tested."
    yield Sentence(text, "indicators", named[0].field, named[0].span)


def _case(facts: Facts) -> Iterator[Sentence]:
    """Tests that tell upper from lower case in fields where the system does not."""
    for number, found in facts.wanted:
        value = found.value
        if found.cased and found.op is not Op.REGEX and isinstance(value, str) and facts.field_of(number) in CASELESS:
            other = value.upper() if value != value.upper() else value.lower()
            if other != value:
                words = field_words(found.field, facts.field_of(number))
                text = f"The test of {words} minds case: {quoted(other)} is not {quoted(value)} to it."
                yield Sentence(text, "indicators", found.field, found.span)
                return


def _lacking(facts: Facts) -> Iterator[Sentence]:
    for event, fields in facts.lacking:
        shown = listed([f"`{name}`" for name in fields], "and")
        yield Sentence(f"{event} events carry no {shown}, so the rule cannot match on them.", "events", event)
