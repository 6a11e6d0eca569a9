"""What a person types into the search box, read into a tree: words, "phrases", field:value, AND OR NOT, parentheses.

Never fails: what is no operator is a word. `-x` is NOT x; a star at the end of a word, or anywhere in a value, is any run.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

TOKEN = re.compile(
    r"""\s*(?:
      (?P<open>\()|(?P<close>\))
    | (?P<minus>-(?=[^\s)]))
    | (?P<field>[A-Za-z_@$][\w.@$-]*):(?P<compare>>=|<=|>|<|=)?(?:"(?P<quoted>[^"]*)"?|(?P<value>[^\s()"]+))
    | "(?P<phrase>[^"]*)"?
    | (?P<word>[^\s()"]+)
    )""",
    re.VERBOSE,
)
MOST_TERMS = 50
MOST_CHARACTERS = 1000


@dataclass(frozen=True, slots=True)
class Words:
    """Text that must stand in a rule; a phrase when quoted; the last word unfinished when `prefix`."""

    text: str
    phrase: bool = False
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class FieldTest:
    """`field:value`, with `compare` one of "" = > >= < <=."""

    field: str
    value: str
    compare: str = ""


@dataclass(frozen=True, slots=True)
class All:
    terms: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Any:
    terms: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Without:
    term: Asked


Asked = Words | FieldTest | All | Any | Without


def ask(text: str) -> Asked:
    """The tree of a search text; an empty All for an empty one. At most 50 terms and 1,000 characters are read."""
    tokens = list(TOKEN.finditer(text[:MOST_CHARACTERS]))[:MOST_TERMS]
    reader = _Reader(tokens)
    parts = []
    while reader.more():
        parts.append(reader.alternatives())
        if reader.more():  # a closing parenthesis without its opening one
            reader.place += 1
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def words_of(asked: Asked) -> list[Words]:
    """The words that are looked for (not those left out), in order."""
    match asked:
        case Words():
            return [asked]
        case All(terms) | Any(terms):
            return [word for term in terms for word in words_of(term)]
        case Without() | FieldTest():
            return []


class _Reader:
    def __init__(self, tokens: list[re.Match[str]]) -> None:
        self.tokens = tokens
        self.place = 0

    def more(self) -> bool:
        return self.place < len(self.tokens)

    def _is(self, *words: str) -> bool:
        return self.more() and (self.tokens[self.place]["word"] or "") in words

    def alternatives(self) -> Asked:
        terms = [self.together()]
        while self._is("OR", "|", "||"):
            self.place += 1
            if self.more() and not self.tokens[self.place]["close"]:
                terms.append(self.together())
        return terms[0] if len(terms) == 1 else Any(tuple(terms))

    def together(self) -> Asked:
        terms: list[Asked] = []
        while self.more() and not self.tokens[self.place]["close"] and not self._is("OR", "|", "||"):
            if self._is("AND", "&", "&&"):
                self.place += 1
                continue
            terms.append(self.single())
        return terms[0] if len(terms) == 1 else All(tuple(terms))

    def single(self) -> Asked:
        token = self.tokens[self.place]
        self.place += 1
        if token["minus"] or token["word"] in ("NOT", "!"):
            if self.more() and not self.tokens[self.place]["close"]:
                return Without(self.single())
            return All(())
        if token["open"]:
            inner = self.alternatives()
            if self.more() and self.tokens[self.place]["close"]:
                self.place += 1
            return inner
        if token["field"]:
            value = token["quoted"] if token["quoted"] is not None else token["value"]
            return FieldTest(token["field"], value or "", token["compare"] or "")
        if token["phrase"] is not None:
            return Words(token["phrase"], phrase=True)
        word = token["word"] or ""
        return Words(word.rstrip("*"), prefix=word.endswith("*"))
