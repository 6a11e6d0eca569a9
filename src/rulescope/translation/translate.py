"""One rule in another language: map to the target's tables, write, read back, bind, run both sides on the same events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..analysis.examples import examples
from ..binding import bind
from ..errors import QuerySyntaxError, UnsupportedError
from ..languages import kusto
from ..model import (
    And,
    Check,
    Correlate,
    Logsource,
    Loss,
    Match,
    Node,
    Opaque,
    OpaqueExpr,
    Or,
    Query,
    Rule,
    Scan,
    Translation,
    Verdict,
    normal,
    opaques,
    outline,
    replace,
    rewrite,
)
from ..schemas import logsources
from ..schemas.mappings import SCHEMAS, mappings_for, target_tables
from ..schemas.mappings import Mapping as SchemaMapping
from .options import DEFAULTS, Options
from .proof import prove
from .text import time_column, timed, written

Events = Iterable[tuple[Mapping[str, Any], str]]


def translate(
    rule: Rule,
    query: Query,
    to: str = "kusto",
    schema: str = "sentinel-asim",
    options: Options = DEFAULTS,
    events: Sequence[tuple[Mapping[str, Any], str]] = (),
) -> Translation:
    """`query`, the meaning of `rule`, in language `to` over the tables of `schema`, with what is known of its truth.

    `events` are further events in the source's names to run both sides on, each with its origin. A rule that cannot be
    said is refused: `text` is empty and `losses` say why and which schema could. Raises UnsupportedError for a language
    we do not write, SchemaError for a schema we do not know.
    """
    if to != "kusto":
        raise UnsupportedError(to, "translation: there is no writer")
    target_tables(schema)
    reason = _unfit(query)
    if reason is not None:
        return refused(rule, to, schema, (reason,))
    logsource = logsource_of(rule, query)
    ways = mappings_for(logsource, schema)
    if not ways:
        missing = Loss(
            f"log source {logsources.scan_text(logsource) or 'none'}", f"{schema} has no table for it", "unmapped"
        )
        return refused(rule, to, schema, (missing, *nearest(query, logsource, schema)))
    mapped, reasons = _mapped(ways, query, options)
    if mapped is None:
        return refused(rule, to, schema, (*reasons, *nearest(query, logsource, schema)))
    mapping, target, losses = mapped
    return _finished(rule, query, to, schema, options, events, mapping, target, losses)


def _unfit(query: Query) -> Loss | None:
    """Why a query cannot be translated at all."""
    unclear = next(opaques(query), None)
    if isinstance(unclear, Opaque | OpaqueExpr):
        return Loss(unclear.text or unclear.keyword, "not understood", "unmapped", unclear.span)
    if any(isinstance(stage, Correlate) for stage in query.stages):
        return Loss(
            "correlation", "windows that slide with the events have no equal in the tables' queries", "unmapped"
        )
    if not query.stages or not isinstance(query.stages[0], Scan) or not query.stages[0].logsource:
        return Loss("source", "the query does not start at a Sigma log source", "unmapped")
    return None


def logsource_of(rule: Rule, query: Query) -> Logsource:
    """What a Sigma rule runs on: the query's word for it, else the rule's."""
    first = query.stages[0] if query.stages else None
    if isinstance(first, Scan) and first.logsource:
        return logsources.parsed(first.logsource)
    return rule.logsource or Logsource()


Mapped = tuple[SchemaMapping, Query, tuple[Loss, ...]]


def _mapped(ways: Sequence[SchemaMapping], query: Query, options: Options) -> tuple[Mapped | None, tuple[Loss, ...]]:
    """`query` by the first way that carries all of it, or, when losses are allowed, by the one that loses least."""
    reasons: dict[Loss, None] = {}
    for way in ways:
        try:
            target, _ = way.map_query(query, options.prefix)
            return (way, kusto.expressible(target), ()), ()
        except UnsupportedError as error:
            reasons[Loss(error.construct, f"{error.target} cannot answer it", "unmapped", error.span)] = None
    if not options.allow_loss:
        return None, tuple(reasons)
    partial: list[Mapped] = []
    for way in ways:
        try:
            target, losses = way.map_query(query, options.prefix, allow_loss=True)
            partial.append((way, kusto.expressible(target), losses))
        except UnsupportedError as error:
            reasons[Loss(error.construct, f"{error.target} cannot answer it", "unmapped", error.span)] = None
    return (min(partial, key=lambda each: len(each[2])) if partial else None), tuple(reasons)


def _finished(
    rule: Rule,
    query: Query,
    to: str,
    schema: str,
    options: Options,
    events: Events,
    mapping: SchemaMapping,
    target: Query,
    losses: tuple[Loss, ...],
) -> Translation:
    target = timed(target, options.lookback, time_column(dict(mapping.types)))
    try:
        text = written(target, rule, options)
    except UnsupportedError as error:
        return refused(
            rule, to, schema, (Loss(error.construct, f"{error.target} cannot say it", "unmapped", error.span),)
        )
    checks: list[Check] = []
    tables = target_tables(schema)
    back = _read_back(text, target, tables, checks)
    done = Translation(rule.id, to, schema, text, losses, tuple(checks))
    if back is None:
        return replace(done, verdict=Verdict.DIFFERS)
    checks.append(_bound(back, tables))
    done = replace(done, checks=tuple(checks))
    if not options.prove:
        return done
    made = [(example.event, "generated") for example in examples(query, options.examples)]
    proof = prove(query, mapping, back, [*made, *events])
    return replace(
        done, checks=(*checks, *proof.checks), verdict=proof.verdict, witness=proof.witness, events=proof.events
    )


def _read_back(text: str, target: Query, tables: Mapping[str, Mapping[str, str]], checks: list[Check]) -> Query | None:
    """The query the text means; None when it does not mean `target`."""
    try:
        back = kusto.parse(text, tables=tables)
    except QuerySyntaxError as error:
        checks.append(Check("read-back", False, str(error)))
        return None
    same = comparable(back) == comparable(target)
    checks.append(Check("read-back", same, "" if same else "the text reads back as another query"))
    return back if same else None


def comparable(query: Query) -> str:
    """The outline of a query in a form where `every` of one Match and an And of Matches are the same."""

    def change(node: Node) -> Node:
        match node:
            case Match(_, _, values, True) if len(values) > 1:
                return And(tuple(replace(node, values=(value,), every=False) for value in values))
            case Or((only,)) | And((only,)):
                return only
        return node

    return outline(normal(rewrite(normal(query), change)))


def _bound(query: Query, tables: Mapping[str, Mapping[str, str]]) -> Check:
    """Whether every table, column and type of the query is the schema's."""
    wrong = [each.message for each in bind(query, tables).diagnostics if each.severity != "note"]
    return Check("bind", not wrong, "; ".join(wrong[:3]))


def refused(rule: Rule, to: str, schema: str, reasons: Sequence[Loss]) -> Translation:
    """A translation that was not written, and why."""
    return Translation(rule.id, to, schema, "", tuple(reasons))


def nearest(query: Query, logsource: Logsource, schema: str) -> tuple[Loss, ...]:
    """The other schemas that can carry the rule whole, as advice."""
    able = [other for other in SCHEMAS if other != schema and carries(query, logsource, other)]
    return (Loss("nearest schema", f"{', '.join(able)} can carry it", "unmapped"),) if able else ()


def carries(query: Query, logsource: Logsource, schema: str) -> bool:
    """Whether some table of a schema can say the whole query."""
    for way in mappings_for(logsource, schema):
        try:
            kusto.expressible(way.map_query(query)[0])
            return True
        except UnsupportedError:
            continue
    return False
