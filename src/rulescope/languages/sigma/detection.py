"""Detection sections to queries: a logsource to scan, and the condition over its detections as a filter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...errors import Fault, QuerySyntaxError
from ...model import And, Expr, Field, Filter, Match, Op, Or, Query, Scan, Step
from ...text import Span
from .condition import Aggregation, ConditionError, Near, parse_condition
from .correlation import aggregated, near_query, seconds
from .documents import Document, Source
from .values import ItemError, Placeholders, lower_item

NO_DETECTIONS = ("condition", "timeframe", "rules")
DEEPEST = 20
LOGSOURCE = ("category", "product", "service")


class Detections:
    """The named detections of one rule or filter, each lowered once, when a condition first asks for it."""

    def __init__(self, document: Document, placeholders: Placeholders) -> None:
        self.section = "filter" if document.kind == "filter" else "detection"
        body = document.values.get(self.section)
        self.source: Source = document.source
        self.faults: list[Fault] = []
        if not isinstance(body, Mapping):
            raise self.source.error(
                f"{self.section}: expected a mapping", self.source.span_of(self.section), expected="a mapping"
            )
        self.body = body
        self.placeholders = placeholders
        self.names = tuple(str(name) for name in body if name not in NO_DETECTIONS)
        self._done: dict[str, Expr] = {}
        self._bodies = {str(name): value for name, value in body.items()}

    def conditions(self) -> tuple[str, ...]:
        """The condition, or the several of which any must hold."""
        found = self.body.get("condition")
        texts = found if isinstance(found, list) else [found]
        if not texts or not all(isinstance(text, str | int) and str(text).strip() for text in texts):
            raise self.source.error(
                f"{self.section}: expected a condition", self.source.span_of(self.section), expected="condition"
            )
        return tuple(str(text) for text in texts)

    def expression(self, name: str) -> Expr:
        """The expression of detection `name`; its faults are noted in `faults`."""
        if name not in self._done:
            self._done[name] = self._definition(self._bodies[name], (self.section, name))
        return self._done[name]

    def condition(self, text: str) -> tuple[Expr, Aggregation | Near | None]:
        """`text` as an expression. Raises QuerySyntaxError with all faults of it and of the detections it uses."""
        try:
            found = parse_condition(text, self.names, self.expression, lambda name: Match(Field(name), Op.EXISTS))
        except ConditionError as error:
            self._note_condition(text, error)
            raise QuerySyntaxError(tuple(self.faults), self.source.text) from error
        if self.faults:
            raise QuerySyntaxError(tuple(self.faults), self.source.text)
        return found

    def _note_condition(self, text: str, error: ConditionError) -> None:
        span = self.source.span_of(self.section, "condition") or Span(self.source.start, self.source.start)
        at = self.source.text.find(text, span.start)
        if at >= 0:
            span = Span(at + error.start, at + error.start + error.length)
        self.faults.append(Fault(error.message, self.source.place(span.start), span, error.found, error.expected))

    def _definition(self, value: Any, path: tuple[str, ...], depth: int = 0) -> Expr:
        if depth > DEEPEST:
            return self._fault(f"lists within lists, deeper than {DEEPEST}", path)
        if isinstance(value, Mapping):
            if not value:
                return self._fault("an empty mapping detects nothing", path)
            wrong = next((key for key in value if not isinstance(key, str | int | None) or isinstance(key, bool)), None)
            if wrong is not None:
                return self._fault(f"expected the name of a field, found {wrong!r}: put it in quotes", path)
            terms = tuple(self._item(None if key is None else str(key), item, path) for key, item in value.items())
            return terms[0] if len(terms) == 1 else And(terms, self.source.span_of(*path))
        if isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value):
            terms = tuple(self._definition(item, path, depth + 1) for item in value)
            return terms[0] if len(terms) == 1 else Or(terms, self.source.span_of(*path))
        if value is None or value == []:
            return self._fault("an empty detection detects nothing", path)
        return self._item(None, value, path)

    def _item(self, key: str | None, value: Any, path: tuple[str, ...]) -> Expr:
        span = self.source.span_of(*path, *((key,) if key else ()))
        try:
            return lower_item(key, value, self.placeholders, span, self._written(key, path, span))
        except ItemError as error:
            return self._fault(str(error), (*path, key) if key else path)

    def _written(self, key: str | None, path: tuple[str, ...], span: Span | None) -> str:
        """The item as its author wrote it, "" when it does not stand in this document (it is from a global one)."""
        if span is None:
            return ""
        text = self.source.text[span.start : span.end]
        return text if text.lstrip("\"'").startswith(key or path[-1]) else ""

    def _fault(self, message: str, path: tuple[str, ...]) -> Expr:
        span = self.source.span_of(*path) or Span(self.source.start, self.source.start)
        self.faults.append(Fault(f"{'.'.join(path[:2])}: {message}", self.source.place(span.start), span))
        return Or(())


def scan_of(document: Document) -> Scan:
    """The rule's logsource as the stage that makes its rows."""
    logsource = document.values.get("logsource")
    source = document.source
    span = source.span_of("logsource")
    if not isinstance(logsource, Mapping):
        raise source.error("expected a logsource with category, product or service", span, expected="logsource")
    said = []
    for key in LOGSOURCE:
        value = logsource.get(key)
        if value is not None:
            if not isinstance(value, str | int):
                raise source.error(f"logsource.{key}: expected text", span, expected="text")
            said.append(f"{key}={str(value).strip()}")
    if not said:
        raise source.error("logsource: expected a category, product or service", span, expected="category")
    return Scan("", logsource=" ".join(said), keyword="logsource", span=span)


def detection_query(document: Document, placeholders: Placeholders, filters: Sequence[Document] = ()) -> Query:
    """The query of a rule or filter document. Raises QuerySyntaxError with every fault found."""
    scan = scan_of(document)
    detections = Detections(document, placeholders)
    terms: list[Expr] = []
    tails: list[Step] = []
    extra = [Detections(one, placeholders) for one in filters]
    conditions = detections.conditions()
    span = document.source.span_of(detections.section)
    for text in conditions:
        expr, tail = detections.condition(text)
        terms.append(expr)
        if tail is not None:
            if len(conditions) > 1:
                raise document.source.error("an aggregation in one of several conditions", span)
            base = Query((scan, Filter(_with(expr, extra), "detection", span)), language="sigma")
            timespan = seconds(detections.body.get("timeframe"), document.source, ("detection", "timeframe"), 0)
            if isinstance(tail, Near):
                tails.append(near_query(tail, base, detections, scan, timespan, span))
            else:
                tails.append(aggregated(tail, base, timespan, span))
    if tails:
        return Query((tails[0],), language="sigma")
    predicate = terms[0] if len(terms) == 1 else Or(tuple(terms))
    return Query((scan, Filter(_with(predicate, extra), "detection", span)), language="sigma")


def _with(expr: Expr, filters: list[Detections]) -> Expr:
    """`expr` and the conditions of all filters."""
    if not filters:
        return expr
    conditions = []
    for one in filters:
        ways = tuple(one.condition(text)[0] for text in one.conditions())
        conditions.append(ways[0] if len(ways) == 1 else Or(ways))
    return And((expr, *conditions))


def applies(filter_document: Document, rule: Document) -> bool:
    """Whether a filter is meant for a rule: it names it (or any), and its logsource says nothing else than the rule's."""
    mine, theirs = filter_document.values.get("logsource"), rule.values.get("logsource")
    if not isinstance(mine, Mapping) or not isinstance(theirs, Mapping):
        return False
    if any(mine.get(key) is not None and _said(mine, key) != _said(theirs, key) for key in LOGSOURCE):
        return False
    body = filter_document.values.get("filter")
    rules = body.get("rules") if isinstance(body, Mapping) else None
    if rules is None:
        source = filter_document.source
        raise source.error("filter: expected rules: the rules it is for, or any", source.span_of("filter"), "", "rules")
    if rules == [] or [str(one).lower() for one in (rules if isinstance(rules, list) else [rules])] == ["any"]:
        return True
    return any(rule.is_called(reference) for reference in filter_document.references)


def _said(logsource: Mapping[str, Any], key: str) -> str:
    return str(logsource.get(key, "")).strip().lower()
