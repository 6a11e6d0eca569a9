"""Sigma: rules, correlations and filters in YAML to queries. pySigma reads values and modifiers; we give the meaning.

Meaning by the Sigma specification 2.1. A rule is `Scan(logsource=...)` and a Filter; a correlation, and an old rule with
`| count()` or `| near`, is one Correlate whose parts are the queries of the rules it names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...errors import QuerySyntaxError
from ...model import Query, Union
from .correlation import correlation_query
from .detection import applies, detection_query
from .documents import Document, read_documents

Rules = Mapping[str, str | Query]
"""Rules by name or id that a text may refer to: their own YAML, or their queries."""


def parse(
    text: str,
    path: str = "",
    line: int = 1,
    *,
    resolve: Rules | None = None,
    placeholders: Mapping[str, Sequence[str]] | None = None,
    filters: Sequence[str] = (),
) -> Query:
    """The query of the rule in `text`.

    Of several documents it is the last correlation that no other one rests on, when there is one; of several rules it is the
    union of their events.
    Filters in `text` and in `filters` (YAML texts) apply to the rules they name. `resolve` knows rules that correlations
    name and `text` does not hold; what nobody knows is an Opaque part. `placeholders` are the values of `%name%` under the
    expand modifier; one without values is an OpaqueExpr. Spans are offsets in `text`; places count lines from `line`.
    Raises QuerySyntaxError with every fault found.
    """
    collection = _Collection(read_documents(text, path, line), resolve or {}, placeholders or {}, filters)
    documents = collection.documents
    correlations = [one for one in documents if one.kind == "correlation"]
    named = [name for one in correlations for name in one.references]
    chosen = ([one for one in correlations if not any(map(one.is_called, named))] or correlations)[-1:]
    chosen = chosen or [one for one in documents if one.kind == "rule"] or list(documents[-1:])
    queries = tuple(collection.query(one) for one in chosen)
    return queries[0] if len(queries) == 1 else Query((Union(queries, keyword="rules"),), language="sigma")


@dataclass(frozen=True, slots=True)
class Parsed:
    """One document of a text: what it is and its query, or why it has none."""

    kind: str  # rule, correlation, filter
    id: str
    name: str
    title: str
    line: int
    query: Query | None
    error: QuerySyntaxError | None = None


def parse_documents(
    text: str,
    path: str = "",
    line: int = 1,
    *,
    resolve: Rules | None = None,
    placeholders: Mapping[str, Sequence[str]] | None = None,
    filters: Sequence[str] = (),
) -> tuple[Parsed, ...]:
    """Every document of `text` by itself, in order. Raises QuerySyntaxError only when the YAML as a whole is not read."""
    collection = _Collection(read_documents(text, path, line), resolve or {}, placeholders or {}, filters)
    found = []
    for document in collection.documents:
        query: Query | None = None
        fault: QuerySyntaxError | None = None
        try:
            query = collection.query(document)
        except QuerySyntaxError as error:
            fault = error
        place = document.source.place(document.source.start)
        found.append(Parsed(document.kind, document.id, document.name, document.title, place.line, query, fault))
    return tuple(found)


class _Collection:
    """Documents that may refer to each other."""

    def __init__(
        self,
        documents: tuple[Document, ...],
        resolve: Rules,
        placeholders: Mapping[str, Sequence[str]],
        filters: Sequence[str],
    ) -> None:
        self.documents = documents
        self.resolve = resolve
        self.placeholders = placeholders
        self.outside = filters
        self.filters = [one for one in documents if one.kind == "filter"]
        for text in filters:
            self.filters += [one for one in read_documents(text) if one.kind == "filter"]
        self._open: list[str] = []

    def query(self, document: Document) -> Query:
        if document.kind == "correlation":
            own = document.id or document.name or document.title
            if own in self._open:
                raise document.source.error(
                    f"correlation {own} refers to itself", document.source.span_of("correlation")
                )
            self._open.append(own)
            try:
                return correlation_query(document, self.refer)
            finally:
                self._open.pop()
        filters = [one for one in self.filters if one is not document and applies(one, document)]
        return detection_query(document, self.placeholders, filters if document.kind == "rule" else ())

    def refer(self, reference: str) -> tuple[str, Query] | None:
        """The rule of that name or id: in this text first, then among those the caller knows."""
        for document in self.documents:
            if document.is_called(reference):
                other = document.name if reference.lower() == document.id.lower() else document.id
                return other or reference, self.query(document)
        known = self.resolve.get(reference)
        if known is None:
            return None
        if isinstance(known, Query):
            return reference, known
        rest = {name: rule for name, rule in self.resolve.items() if name != reference}
        return reference, parse(known, resolve=rest, placeholders=self.placeholders, filters=self.outside)
