"""Which rules an event can possibly match, cheaply: literals that must be present before a predicate can be true.

Of an And the rarest child must hold, of an Or any child, of a Not nothing is known. What is left is a set of witnesses, one
of which every matching event shows in one field; an index over the witnesses of many rules finds, for an event's values,
the few rules worth evaluating. Finding too many is harmless, missing one is a bug: the law is in tests/engines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..model import And, Expr, Field, Match, Op, Or
from ..regex import Pattern, any_of
from .reference import elements, everything, look_up, text_of, wildcard_parts

SHORTEST = 3
"""Characters of a part at least; shorter ones are in everything."""

ANY_FIELD = "*"
MOST_REMEMBERED = 100_000
FEW = 160
"""Up to so many parts, asking for each is quicker than cutting the text into pieces."""
PAYS = 200_000
"""Characters looked through before a pattern over many parts is worth compiling."""

COMMON = (
    "c:\\",
    "\\windows\\",
    "system32",
    ".exe",
    ".dll",
    "program files",
    "\\users\\",
    "microsoft",
    "http",
    "hklm",
    "software",
)
"""Parts of so many values that they tell little."""


@dataclass(frozen=True, slots=True)
class Witness:
    """A lower-case ASCII text in a field: its whole value, or a part of it."""

    field: str
    text: str
    whole: bool


def witnesses(expr: Expr) -> frozenset[Witness] | None:
    """A set one of which every event that satisfies `expr` shows; None when nothing of the kind is known."""
    match expr:
        case Match():
            return _of_match(expr)
        case And(terms):
            known = [found for term in terms if (found := witnesses(term)) is not None]
            return min(known, key=_cost) if known else None
        case Or(terms):
            union: set[Witness] = set()
            for term in terms:
                found = witnesses(term)
                if found is None:
                    return None
                union |= found
            return frozenset(union)
    return None


def _of_match(match: Match) -> frozenset[Witness] | None:
    if not isinstance(match.subject, Field) or not match.values:
        return None
    found: list[Witness] = []
    for value in match.values:
        if value is None:
            continue
        one = _of_value(match.subject.name, match.op, text_of(value).lower())
        if one is None:
            if not match.every:
                return None
            continue
        found.append(one)
    if match.every:
        return min((frozenset({one}) for one in found), key=_cost, default=None)
    return frozenset(found)


def _of_value(field: str, op: Op, text: str) -> Witness | None:
    whole = False
    if op is Op.EQ:
        whole = field != ANY_FIELD
    elif op is Op.WILDCARD:
        text = max((part for part in wildcard_parts(text) if part), key=len, default="")
    elif op not in (Op.CONTAINS, Op.STARTSWITH, Op.ENDSWITH, Op.TERM, Op.TERM_PREFIX, Op.TERM_SUFFIX):
        return None
    if not text.isascii() or (not whole and len(text) < SHORTEST):
        return None
    return Witness(field, text, whole)


def _cost(found: frozenset[Witness]) -> float:
    """How often a set is expected to show: small for long and unusual texts."""
    return sum(_share(witness) for witness in found)


def _share(witness: Witness) -> float:
    if witness.field == "EventID" or (witness.whole and len(witness.text) <= 5):
        return 0.2
    telling = witness.text
    for part in COMMON:
        telling = telling.replace(part, "")
    field = 4.0 if witness.field == ANY_FIELD else 1.0
    share: float = field * 0.5 ** min(30, len(telling))
    return share / 4 if witness.whole else share


class Index:
    """The rules of a set that an event can match, by their witnesses."""

    def __init__(self, predicates: Mapping[int, Expr | None]) -> None:
        """`predicates` by rule number; a rule without a predicate is always a candidate."""
        self.always: list[int] = []
        self._fields: dict[str, _Texts] = {}
        for number, predicate in predicates.items():
            found = witnesses(predicate) if predicate is not None else None
            if found is None:
                self.always.append(number)
                continue
            for witness in found:
                self._fields.setdefault(witness.field, _Texts()).add(witness, number)

    def candidates(self, event: Mapping[str, Any]) -> Iterable[int]:
        """Numbers of the rules the event may match, ascending."""
        found = set(self.always)
        for name, texts in self._fields.items():
            if name == ANY_FIELD:
                found.update(texts.rules_of(_all_text(event)))
                continue
            value = event[name] if name in event else look_up(event, name) if "." in name else None
            if value is None:
                continue
            if isinstance(value, str | int):
                found.update(texts.rules_in(value))
            else:
                for item in elements(value):
                    found.update(texts.rules_in(item))
        return sorted(found)


def _all_text(event: Mapping[str, Any]) -> str:
    """Every value of the event as lower-case text, a line each."""
    texts: list[str] = []
    for value in event.values():
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, int) and not isinstance(value, bool):
            texts.append(str(value))
        elif value is not None:
            texts.extend(map(text_of, everything(value)))
    return "\n".join(texts).lower()


class _Texts:
    """The witnesses of one field: whole values by hash, parts by one of their three-character pieces."""

    def __init__(self) -> None:
        self._whole: dict[str, set[int]] = {}
        self._parts: dict[str, set[int]] = {}
        self._pieces: dict[str, list[str]] | None = None
        self._seen: dict[Any, tuple[int, ...]] = {}
        self._any: Pattern | None = None
        self._compiled = False
        self._looks = 0

    def add(self, witness: Witness, number: int) -> None:
        (self._whole if witness.whole else self._parts).setdefault(witness.text, set()).add(number)

    def rules_in(self, value: Any) -> tuple[int, ...]:
        """Numbers of the rules with a witness in this value."""
        key = (value.__class__, value) if not isinstance(value, str | Mapping) else value
        if isinstance(key, Mapping):
            return self.rules_of(text_of(key).lower())
        known = self._seen.get(key)
        if known is None:
            if len(self._seen) >= MOST_REMEMBERED:
                self._seen.clear()
            known = self._seen[key] = self.rules_of(text_of(value).lower())
        return known

    def rules_of(self, text: str) -> tuple[int, ...]:
        """Numbers of the rules with a witness in this lower-case text."""
        found: set[int] = set(self._whole.get(text, ()))
        if len(self._parts) <= FEW:
            for part, numbers in self._parts.items():
                if part in text:
                    found |= numbers
        elif self._may_be_in(text):
            pieces = self._pieces if self._pieces is not None else self._cut()
            for piece in {text[at : at + SHORTEST] for at in range(len(text) - SHORTEST + 1)} & pieces.keys():
                for part in pieces[piece]:
                    if part in text:
                        found |= self._parts[part]
        return tuple(found)

    def _may_be_in(self, text: str) -> bool:
        """Whether any part may be in the text: one pass of RE2, compiled once it pays."""
        self._looks += len(text)
        if self._looks < PAYS:
            return True
        if not self._compiled:
            self._any, self._compiled = any_of(self._parts), True
        return self._any is None or self._any.search(text) is not None

    def _cut(self) -> dict[str, list[str]]:
        """Each part under the one of its pieces that fewest parts have."""
        counts: dict[str, int] = {}
        for part in self._parts:
            for piece in {part[at : at + SHORTEST] for at in range(len(part) - SHORTEST + 1)}:
                counts[piece] = counts.get(piece, 0) + 1
        pieces: dict[str, list[str]] = {}
        for part in self._parts:
            all_pieces = [part[at : at + SHORTEST] for at in range(len(part) - SHORTEST + 1)]
            pieces.setdefault(min(all_pieces, key=lambda piece: (counts[piece], piece)), []).append(part)
        self._pieces = pieces
        return pieces
