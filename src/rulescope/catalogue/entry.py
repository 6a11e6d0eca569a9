"""What a catalogue stores of a rule: the rule, its query, and the facts searches and counts are made of."""

from __future__ import annotations

import hashlib
import re

from ..model import Failure, Indicator, Node, Query, Rule
from .predicates import Predicate


class Entry(Node, frozen=True):
    """One rule, read. `facets` are (kind, value) pairs a search can filter by; `predicates[i]` belongs to `indicators[i]`.

    `outline` is equal for queries that mean the same; `likeness` for rules that test the same things.
    """

    key: str
    rule: Rule
    query: Query | None = None
    understood: bool = False
    fault: Failure | None = None
    indicators: tuple[Indicator, ...] = ()
    predicates: tuple[Predicate, ...] = ()
    facets: tuple[tuple[str, str], ...] = ()
    opaque: tuple[str, ...] = ()
    outline: bytes = b""
    likeness: bytes = b""
    forwards: bool = False
    confidence: int = 0


class FileEntry(Node, frozen=True):
    """A file, read: its hash, its rules, and what of it is no rule."""

    source: str
    path: str
    hash: bytes
    size: int
    mtime: int
    entries: tuple[Entry, ...] = ()
    failures: tuple[Failure, ...] = ()


def key_of(rule: Rule, number: int) -> str:
    """A short stable name for links: of the source, the path and the place among the file's rules; ten characters."""
    digest = hashlib.blake2b(f"{rule.source}\0{rule.path}\0{number}".encode(), digest_size=8).hexdigest()
    return digest[:10]


def slug(title: str) -> str:
    """A title as a part of an address: lower-case ASCII words joined by `-`, at most 60 characters."""
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")[:60].strip("-")


def digest(text: str) -> bytes:
    """16 bytes that stand for a text."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
