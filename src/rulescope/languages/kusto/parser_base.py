"""The cursor over tokens that all parts of the parser share: looking, taking, names, and faults."""

from __future__ import annotations

from ...errors import Fault
from ...text import Place, Span
from .parser_advice import Seen, advice
from .parser_literals import string
from .syntax import Literal, Name
from .tokens import (
    BAD,
    DECLARED_KEYWORDS,
    END,
    IDENTIFIER,
    KEYWORDS,
    LONG,
    NAME_KEYWORDS,
    OPEN_LITERAL,
    OPEN_STRING,
    RAW_GUID,
    STRING,
    Tokens,
)

NAMES = NAME_KEYWORDS | {IDENTIFIER}
DECLARED_NAMES = NAMES | DECLARED_KEYWORDS
CLOSERS = frozenset({")", "]", "}", "|", ";", END})
MAX_DEPTH = 100  # brackets in brackets
MANY_BRACKETS = 30  # brackets in brackets that no one counts
MAX_CHAIN = 4  # operators in a row (a + b + c, a.b.c) that no one counts
MAX_TREE = 300  # expressions in expressions, which all readers of the tree walk by recursion
MAX_FAULTS = 50

_FOUND = {
    END: "the end of the query",
    OPEN_STRING: "a string that is not closed on its line",
    OPEN_LITERAL: "a literal without its ')'",
    RAW_GUID: "a guid without guid(...)",
}


class SyntaxFault(Exception):
    """Thrown where parsing cannot go on; caught where it can: at the next operator or statement."""

    def __init__(self, index: int, expected: str) -> None:
        self.index = index
        self.expected = expected
        super().__init__(expected)


class Cursor:
    """A place among tokens. `pos` is the index of the next token."""

    __slots__ = (
        "chain",
        "ends",
        "fault_kinds",
        "faults",
        "file",
        "kinds",
        "line",
        "pos",
        "source",
        "starts",
        "texts",
        "trivia",
    )

    def __init__(self, tokens: Tokens, path: str = "", line: int = 1) -> None:
        self.source = tokens.text
        self.kinds = tokens.kinds
        self.texts = tokens.texts
        self.starts = tokens.starts
        self.ends = tokens.ends
        self.trivia = tokens.trivia
        self.pos = 0
        self.chain = 0  # the longest row of operators so far, as it nests to the left
        self.file = path
        self.line = line
        self.faults: list[Fault] = []
        self.fault_kinds: list[str] = []

    # ---------------------------------------------------------------- tokens

    @property
    def end(self) -> int:
        """Where the token before the next one ends."""
        return self.ends[self.pos - 1] if self.pos else 0

    def take(self, kind: str) -> bool:
        """Step over the next token when it is of `kind`."""
        if self.kinds[self.pos] == kind:
            self.pos += 1
            return True
        return False

    def need(self, kind: str) -> None:
        """Step over a token of `kind`, or fail."""
        if self.kinds[self.pos] != kind:
            raise SyntaxFault(self.pos, f"'{kind}'")
        self.pos += 1

    def adjacent(self, *texts: str) -> bool:
        """Whether the next tokens are `texts`, with nothing between them."""
        pos = self.pos
        for count, text in enumerate(texts):
            if self.texts[pos + count] != text or (count and self.trivia[pos + count]):
                return False
        return True

    # ---------------------------------------------------------------- names

    def name_length(self, pos: int, kinds: frozenset[str] = NAMES) -> int:
        """How many tokens the name at `pos` has: 1, 3 for `['a']` and `{a}`, ...; 0 when there is none."""
        kind = self.kinds[pos]
        if kind in kinds:
            return 1
        if kind == "[" and self.kinds[pos + 1] == STRING:
            last = pos + 2
            while self.kinds[last] == STRING:
                last += 1
            return last + 1 - pos if self.kinds[last] == "]" else 0
        return self.braced_length(pos) if kind == "{" else 0

    def braced_length(self, pos: int) -> int:
        """The same for a parameter that a client fills in: `{name}`, `{name[0]}`."""
        kinds, trivia = self.kinds, self.trivia
        at = pos + 1
        if kinds[pos] != "{" or trivia[at] or (kinds[at] != IDENTIFIER and kinds[at] not in KEYWORDS):
            return 0
        at += 1
        if kinds[at] == "[" and not trivia[at]:
            at += 2 if kinds[at + 1] == "-" and not trivia[at + 1] else 1
            if kinds[at] != LONG or trivia[at] or kinds[at + 1] != "]" or trivia[at + 1]:
                return 0
            at += 2
        return at + 1 - pos if kinds[at] == "}" and not trivia[at] else 0

    def name(self, kinds: frozenset[str] = NAMES) -> Name:
        """The name here, or fail."""
        pos = self.pos
        length = self.name_length(pos, kinds)
        if not length:
            raise SyntaxFault(pos, "a name")
        self.pos = pos + length
        start, end = self.starts[pos], self.ends[pos + length - 1]
        if length == 1:
            return Name(self.texts[pos], start, end)
        if self.kinds[pos] == "{":
            return Name(self.source[start:end], start, end)
        return Name("".join(map(string, self.texts[pos + 1 : pos + length - 1])), start, end, True)

    def word(self, *words: str) -> str:
        """One of `words`, whatever kind its token is, or fail."""
        text = self.texts[self.pos]
        if text not in words:
            raise SyntaxFault(self.pos, " or ".join(f"'{word}'" for word in words))
        self.pos += 1
        return text

    def strings(self) -> Literal:
        """Adjacent string tokens here, as one string; the first one is known to be here."""
        pos = self.pos
        self.pos = pos + 1
        if self.kinds[pos + 1] != STRING:
            return Literal("string", string(self.texts[pos]), self.starts[pos], self.ends[pos])
        while self.kinds[self.pos] == STRING:
            self.pos += 1
        value = "".join(map(string, self.texts[pos : self.pos]))
        return Literal("string", value, self.starts[pos], self.ends[self.pos - 1])

    # ---------------------------------------------------------------- faults

    def record(self, fault: SyntaxFault, kind: str = "syntax") -> None:
        """Keep `fault` for the report, once per place."""
        self.record_at(fault.index, fault.index, fault.expected, kind)

    def record_at(self, first: int, last: int, expected: str, kind: str = "syntax") -> None:
        """Keep a fault over the tokens from `first` to `last`."""
        first, last = min(first, len(self.kinds) - 1), min(last, len(self.kinds) - 1)
        span = Span(self.starts[first], max(self.ends[last], self.starts[first]))
        if len(self.faults) >= MAX_FAULTS or any(fault.span.start == span.start for fault in self.faults):
            return
        found = self._found(first, last)
        start = span.start
        line = self.source.count("\n", 0, start)
        place = Place(self.file, self.line + line, start - self.source.rfind("\n", 0, start))
        help = advice(Seen(self.kinds, self.texts, first, expected, self._placed))
        message = f"expected {expected}, found {found}" + (f"; {help}" if help else "")
        self.faults.append(Fault(message, place, span, found, expected, help))
        self.fault_kinds.append(kind)

    def _found(self, first: int, last: int) -> str:
        kind = self.kinds[first]
        if kind == END or kind in (OPEN_STRING, OPEN_LITERAL, RAW_GUID):
            return _FOUND[kind]
        text = self.source[self.starts[first] : self.ends[last]]
        if kind == BAD:
            return f"the character {text!r}" if text.isprintable() else f"the character U+{ord(text):04X}"
        short = text if len(text) <= 40 else text[:39] + "…"
        return f"'{short}'" if kind != STRING else short

    def _placed(self, index: int) -> str:
        """`line:column` of a token."""
        start = self.starts[index]
        line = self.source.count("\n", 0, start)
        return f"{self.line + line}:{start - self.source.rfind(chr(10), 0, start)}"

    def skip_to(self, *stops: str) -> None:
        """Step on to the next token of a kind in `stops` outside of brackets, or to a bracket that closes before that."""
        depth = 0
        kinds = self.kinds
        pos = self.pos
        while (kind := kinds[pos]) != END:
            if kind in "([{":
                depth += 1
            elif kind in ")]}":
                if not depth:
                    break
                depth -= 1
            elif not depth and kind in stops:
                break
            pos += 1
        self.pos = pos
