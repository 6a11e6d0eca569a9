"""The YAML documents of a Sigma text: rules, correlations and filters, with what `action: global` gives to the others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from ...errors import Fault, FormatError, QuerySyntaxError
from ...text import Place, Span, place_at
from ...yamltext import parts


@dataclass(frozen=True, slots=True)
class Source:
    """The text a document stands in: for places and spans. `start` is the document's offset, `end` its end."""

    text: str
    path: str
    line: int
    start: int
    end: int

    def place(self, offset: int) -> Place:
        found = place_at(self.text, offset, self.path)
        return Place(self.path, found.line + self.line - 1, found.column)

    def error(self, message: str, span: Span | None = None, found: str = "", expected: str = "") -> QuerySyntaxError:
        span = span or Span(self.start, self.start)
        return QuerySyntaxError((Fault(message, self.place(span.start), span, found, expected),), self.text)

    def span_of(self, *keys: str) -> Span | None:
        """Where `keys`, one inside the other, stand in the document: from the last key to the end of its value."""
        start, end = self.start, self.end
        found: Span | None = None
        for key in keys:
            match = _key(key).search(self.text, start, end) or _flow_key(key).search(self.text, start, end)
            if match is None:
                return found
            indent = len(match["indent"]) + len(match["dash"])
            block_end = _block_end(self.text, match.end(), end, indent)
            found = Span(match.start("key"), block_end)
            start, end = match.end(), block_end
        return found


@lru_cache(maxsize=4096)
def _key(name: str) -> re.Pattern[str]:
    """`name:` at the start of a line, perhaps as the first of a list item."""
    return re.compile(
        rf"^(?P<indent>[ \t]*)(?P<dash>(?:-[ \t]+)*)[\"']?(?P<key>{re.escape(name)})[\"']?[ \t]*:", re.MULTILINE
    )


@lru_cache(maxsize=4096)
def _flow_key(name: str) -> re.Pattern[str]:
    """`name:` inside `{ }`."""
    return re.compile(rf"(?P<indent>)(?P<dash>)[{{,]\s*[\"']?(?P<key>{re.escape(name)})[\"']?[ \t]*:")


NEXT_LINE = re.compile(r"\n(?P<indent>[ \t]*)(?P<head>[^\s#])")


def _block_end(text: str, start: int, end: int, indent: int) -> int:
    """The end of the last line from `start` on that stands deeper than `indent`, or is a list item right at it."""
    last = text.find("\n", start, end)
    last = end if last < 0 else last
    for match in NEXT_LINE.finditer(text, last, end):
        depth = len(match["indent"])
        if depth < indent or (depth == indent and match["head"] != "-"):
            return len(text[:last].rstrip()) if last < match.start() else last
        following = text.find("\n", match.end(), end)
        last = end if following < 0 else following
    return len(text[start:last].rstrip()) + start


@dataclass(frozen=True, slots=True)
class Document:
    """One rule, correlation or filter: its values after global ones are merged in, and where it stands."""

    kind: str  # rule, correlation, filter
    values: Mapping[str, Any]
    source: Source
    id: str = ""
    name: str = ""
    title: str = ""
    references: tuple[str, ...] = field(default=())  # rules a correlation or filter names

    def is_called(self, reference: str) -> bool:
        return bool(reference) and reference.lower() in (self.id.lower(), self.name.lower())


def read_documents(text: str, path: str = "", line: int = 1) -> tuple[Document, ...]:
    """The documents of `text` that are rules, correlations or filters. Raises QuerySyntaxError when the YAML is none."""
    try:
        found = parts(text, path, line)
    except FormatError as error:
        place = error.place or Place(path, line, 1)
        offset = _offset(text, place.line - line + 1, place.column)
        raise QuerySyntaxError((Fault(error.message, place, Span(offset, offset)),), text) from error
    documents: list[Document] = []
    shared: dict[str, Any] = {}
    previous: dict[str, Any] = {}
    for part in found:
        source = Source(text, path, line, part.start, part.start + len(part.text))
        if not isinstance(part.value, dict):
            raise source.error(f"expected a mapping, found {type(part.value).__name__}", expected="a mapping")
        _refuse_repeated(part.repeated, source)
        values: dict[str, Any] = {str(key): value for key, value in part.value.items()}
        action = values.pop("action", None)
        if action == "global":
            shared = previous = values
            continue
        if action == "reset":
            shared = {}
            continue
        if action == "repeat":
            previous = values = merged(previous, values)
        elif action is not None:
            raise source.error(
                f"unknown action {action!r}", source.span_of("action"), str(action), "global, reset or repeat"
            )
        elif kind_of(values) == "rule":
            values = merged(values, shared)
            previous = values
        documents.append(_document(values, source))
    if not documents:
        source = Source(text, path, line, 0, len(text))
        raise source.error("no rule: expected detection, correlation or filter", expected="detection")
    return tuple(documents)


SECTIONS = ("detection", "correlation", "filter", "logsource")


def _refuse_repeated(repeated: tuple[tuple[str, int], ...], source: Source) -> None:
    """Raises QuerySyntaxError for a key that stands twice in a section that means something: YAML keeps the last only."""
    for key, line in repeated:
        offset = _offset(source.text, line - source.line + 1, 1)
        for section in SECTIONS:
            span = source.span_of(section)
            if span is not None and span.start <= offset <= span.end:
                at = source.text.find(key, offset)
                where = Span(at, at + len(key)) if at >= 0 else Span(offset, offset)
                raise source.error(f"{section}: {key!r} stands twice, and only the last would count", where, key)


def kind_of(values: Mapping[str, Any]) -> str:
    """What a document is: correlation, filter or rule. Rules may have notes under these names, in text."""
    for kind in ("correlation", "filter"):
        if kind in values and ("detection" not in values or isinstance(values[kind], Mapping)):
            return kind
    return "rule"


def _document(values: dict[str, Any], source: Source) -> Document:
    kind = kind_of(values)
    body = values.get(kind)
    named: Any = body.get("rules") if isinstance(body, dict) else None
    references = (
        (named,) if isinstance(named, str) else tuple(str(one) for one in named) if isinstance(named, list) else ()
    )
    texts = {key: str(values[key]) if values.get(key) is not None else "" for key in ("id", "name", "title")}
    return Document(kind, values, source, texts["id"], texts["name"], texts["title"], references)


def merged(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """`under` with the values of `over` laid over it, mappings key by key; neither is changed."""
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        result[key] = merged(below, value) if isinstance(value, dict) and isinstance(below, dict) else value
    return result


def _offset(text: str, line: int, column: int) -> int:
    offset = 0
    for _ in range(line - 1):
        following = text.find("\n", offset)
        if following < 0:
            return len(text)
        offset = following + 1
    return min(offset + column - 1, len(text))
