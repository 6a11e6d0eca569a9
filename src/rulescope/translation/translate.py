"""One rule in another language: map to the target's tables, write, read back, bind, run both sides on the same events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, product
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
    Op,
    Opaque,
    OpaqueExpr,
    Or,
    Query,
    Rule,
    Scan,
    Translation,
    Verdict,
    expressions,
    normal,
    opaques,
    outline,
    outline_expr,
    replace,
    rewrite,
)
from ..regex import compiled
from ..schemas import logsources
from ..schemas.mappings import SCHEMAS, mappings_for, target_tables
from ..schemas.mappings import Mapping as SchemaMapping
from .options import DEFAULTS, Options
from .proof import Task, prove
from .sliding import leaves, slide
from .sliding_proof import prove_sliding
from .text import shallow, time_column, timed, written

Events = Sequence[tuple[Mapping[str, Any], str]]


def translate(
    rule: Rule,
    query: Query,
    to: str = "kusto",
    schema: str = "sentinel-asim",
    options: Options = DEFAULTS,
    events: Events = (),
) -> Translation:
    """`query`, the meaning of `rule`, in language `to` over the tables of `schema`, with what is known of its truth.

    `events` are further events in the source's names to run both sides on, each with its origin. A rule that cannot be
    said is refused: `text` is empty and `losses` say why and which schema could. Raises UnsupportedError for a language
    we do not write, SchemaError for a schema we do not know.
    """
    return next(iter(translate_all([(rule, query)], to, (schema,), options, lambda _: events)))


def translate_all(
    rules: Iterable[tuple[Rule, Query]],
    to: str = "kusto",
    schemas: Sequence[str] = ("sentinel-asim", "defender-xdr", "windows-events"),
    options: Options = DEFAULTS,
    events: Callable[[Rule], Events] | None = None,
    chunk: int = 150,
) -> Iterator[Translation]:
    """Each rule in each of `schemas`, rule by rule in the order given: `translate` for many, with shared engines.

    `events` gives further events for a rule. Proofs are made `chunk` translations at a time, so results come in bursts.
    """
    if to != "kusto":
        raise UnsupportedError(to, "translation: there is no writer")
    for schema in schemas:
        target_tables(schema)
    waiting: list[tuple[Translation, Task | None]] = []
    for rule, query in rules:
        written_now = [_written(rule, query, to, schema, options) for schema in schemas]
        more = _events(query, options, events(rule) if events else ()) if any(way for _, way in written_now) else ()
        for translation, way in written_now:
            waiting.append((translation, Task(query, way[0], way[1], more) if way and options.prove else None))
        if len(waiting) >= chunk:
            yield from _proved(waiting)
            waiting = []
    yield from _proved(waiting)


def _events(query: Query, options: Options, further: Events) -> Events:
    if not options.prove:
        return ()
    try:
        made = [(example.event, "generated") for example in examples(query, options.examples)]
    except UnsupportedError:
        made = []
    return [*made, *further]


def _proved(waiting: Sequence[tuple[Translation, Task | None]]) -> Iterator[Translation]:
    proofs = iter(prove([task for _, task in waiting if task is not None]))
    for translation, task in waiting:
        if task is None:
            yield translation
            continue
        proof = next(proofs)
        checks = (*translation.checks, *proof.checks)
        if proof.verdict is Verdict.IMPOSSIBLE and not translation.losses:
            translation = _withdrawn(translation)
        yield replace(translation, checks=checks, verdict=proof.verdict, witness=proof.witness, events=proof.events)


def _withdrawn(translation: Translation) -> Translation:
    """A translation whose proof shows that it never matches, refused: the table does not keep the fields apart."""
    why = f"{translation.schema} has one column for what the rule asks of several fields: it could never match"
    return replace(translation, text="", losses=(Loss("the condition as a whole", why, "unmapped"),))


Way = tuple[SchemaMapping, Query]


def _written(rule: Rule, query: Query, to: str, schema: str, options: Options) -> tuple[Translation, Way | None]:
    """The rule written, read back and bound; and, when that went well, the way it took and the query as read back."""
    reason = _unfit(query)
    if reason is not None:
        return refused(rule, to, schema, (reason,)), None
    if isinstance(query.stages[0], Correlate):
        return _correlated(rule, query, query.stages[0], to, schema, options), None
    logsource = logsource_of(rule, query)
    ways = mappings_for(logsource, schema)
    if not ways:
        named = logsources.scan_text(logsource) or "none"
        missing = Loss(f"log source {named}", f"{schema} has no table for it", "unmapped")
        return refused(rule, to, schema, (missing, *nearest(query, logsource, schema))), None
    mapped, reasons = _mapped(ways, query, options)
    if mapped is None:
        return refused(rule, to, schema, (*reasons, *nearest(query, logsource, schema))), None
    mapping, target, losses = mapped
    try:
        target = shallow(timed(target, options.lookback, time_column(mapping.types)))
        text = written(target, rule, options)
    except UnsupportedError as error:
        unsaid = Loss(error.construct, f"{error.target} cannot say it", "unmapped", error.span)
        return refused(rule, to, schema, (unsaid,)), None
    checks: list[Check] = []
    tables = target_tables(schema)
    back = _read_back(text, target, tables, checks)
    if back is None:
        return Translation(rule.id, to, schema, text, losses, tuple(checks), Verdict.DIFFERS), None
    checks.append(_bound(back, tables))
    return Translation(rule.id, to, schema, text, losses, tuple(checks)), (mapping, back)


def _correlated(rule: Rule, query: Query, stage: Correlate, to: str, schema: str, options: Options) -> Translation:
    """A correlation written, read back, bound and run on sequences of events."""
    tables = target_tables(schema)
    reasons: dict[Loss, None] = {}
    if len(query.stages) > 1:
        return refused(rule, to, schema, (Loss("a stage after the correlation", "not translated", "unmapped"),))
    able: dict[str, list[SchemaMapping]] = {}
    for path, part in leaves(stage):
        able[path] = _able(part.query, schema, reasons)
        if not able[path]:
            return refused(rule, to, schema, tuple(reasons))
    ways, target = _first_slid(stage, able, tables, options, reasons)
    if target is None:
        return refused(rule, to, schema, tuple(reasons))
    time = _time(ways, tables)
    try:
        text = written(target, rule, options)
    except UnsupportedError as error:
        unsaid = Loss(error.construct, f"{error.target} cannot say it", "unmapped", error.span)
        return refused(rule, to, schema, (unsaid,))
    checks: list[Check] = []
    back = _read_back(text, target, tables, checks)
    if back is None:
        return Translation(rule.id, to, schema, text, (), tuple(checks), Verdict.DIFFERS)
    checks.append(_bound(back, tables))
    if not options.prove:
        return Translation(rule.id, to, schema, text, (), tuple(checks))
    plain = options.lookback or options.prefix != DEFAULTS.prefix  # the clock of events made is not today's
    proof = prove_sliding(query, stage, ways, slide(stage, ways, time) if plain else back, time)
    return Translation(
        rule.id, to, schema, text, (), (*checks, *proof.checks), proof.verdict, proof.witness, proof.events
    )


Ways = Mapping[str, SchemaMapping]
MOST_WAYS = 12


def _first_slid(
    stage: Correlate,
    able: Mapping[str, Sequence[SchemaMapping]],
    tables: Mapping[str, Mapping[str, str]],
    options: Options,
    reasons: dict[Loss, None],
) -> tuple[Ways, Query | None]:
    """The first choice of a table for each rule that has the fields they are grouped and measured by, and the query over them."""
    ways: Ways = {}
    for chosen in islice(product(*able.values()), MOST_WAYS):
        ways = dict(zip(able, chosen, strict=True))
        try:
            return ways, slide(stage, ways, _time(ways, tables), options.lookback, options.prefix)
        except UnsupportedError as error:
            reasons[Loss(error.construct, f"{error.target} cannot say it", "unmapped", error.span)] = None
    return ways, None


def _time(ways: Ways, tables: Mapping[str, Mapping[str, str]]) -> str:
    return time_column(tables[next(iter(ways.values())).table])


def _able(query: Query, schema: str, reasons: dict[Loss, None]) -> list[SchemaMapping]:
    """The tables of a schema that can say a correlated rule; why the others cannot goes to `reasons` when none can."""
    first = query.stages[0] if query.stages else None
    if not isinstance(first, Scan) or not first.logsource:
        reasons[Loss("source", "a correlated query does not start at a Sigma log source", "unmapped")] = None
        return []
    listed = mappings_for(logsources.parsed(first.logsource), schema)
    if not listed:
        reasons[Loss(f"log source {first.logsource}", f"{schema} has no table for it", "unmapped")] = None
    found: list[SchemaMapping] = []
    why: dict[Loss, None] = {}
    for way in listed:
        try:
            kusto.expressible(way.map_query(query)[0])
            found.append(way)
        except UnsupportedError as error:
            why[Loss(error.construct, f"{error.target} cannot answer it", "unmapped", error.span)] = None
    if not found:
        reasons.update(why)
    return found


def _unfit(query: Query) -> Loss | None:
    """Why a query cannot be translated at all."""
    for match in expressions(query, Match):
        try:
            _ = [compiled(str(value), match.cased) for value in match.values] if match.op is Op.REGEX else []
        except UnsupportedError as error:
            return Loss(error.construct, "neither Kusto nor any linear-time matcher has it", "unmapped", match.span)
    unclear = next(opaques(query), None)
    if isinstance(unclear, Opaque | OpaqueExpr):
        return Loss(unclear.text or unclear.keyword, "not understood", "unmapped", unclear.span)
    if isinstance(query.stages[0] if query.stages else None, Correlate):
        return None
    if not query.stages or not isinstance(query.stages[0], Scan) or not query.stages[0].logsource:
        return Loss("source", "the query does not start at a Sigma log source", "unmapped")
    return None


def logsource_of(rule: Rule, query: Query) -> Logsource:
    """What a Sigma rule runs on: the query's word for it, else the rule's."""
    first = query.stages[0] if query.stages else None
    if isinstance(first, Scan) and first.logsource:
        return logsources.parsed(first.logsource)
    return rule.logsource or Logsource()


def way(rule: Rule, query: Query, schema: str, options: Options = DEFAULTS) -> SchemaMapping | None:
    """The way the rule goes into a schema when it is translated; None for one that is refused, or a correlation."""
    if _unfit(query) is not None or isinstance(query.stages[0], Correlate):
        return None
    mapped, _ = _mapped(mappings_for(logsource_of(rule, query), schema), query, options)
    return mapped[0] if mapped else None


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
    if not options.allow_loss:  # a table without such events says less than one that lacks a field of theirs
        telling = tuple(loss for loss in reasons if not loss.construct.startswith("events of "))
        return None, telling or tuple(reasons)
    partial: list[Mapped] = []
    for way in ways:
        try:
            target, losses = way.map_query(query, options.prefix, allow_loss=True)
            partial.append((way, kusto.expressible(target), losses))
        except UnsupportedError as error:
            reasons[Loss(error.construct, f"{error.target} cannot answer it", "unmapped", error.span)] = None
    return (min(partial, key=lambda each: len(each[2])) if partial else None), tuple(reasons)


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
    """The outline of a query in a form that order and grouping of conditions do not change."""

    def spread(node: Node) -> Node:
        match node:
            case Match(_, _, values, True) if len(values) > 1:
                return And(tuple(replace(node, values=(value,), every=False) for value in values))
        return node

    def sort(node: Node) -> Node:
        match node:
            case Or((only,)) | And((only,)):
                return only
            case Match(values=values) if len(values) > 1:
                return replace(node, values=tuple(sorted(values, key=repr)))
            case And(terms) | Or(terms):
                return replace(node, terms=tuple(sorted(terms, key=outline_expr)))
        return node

    return outline(rewrite(normal(rewrite(normal(query), spread)), sort))


def _bound(query: Query, tables: Mapping[str, Mapping[str, str]]) -> Check:
    """Whether every table, column and type of the query is the schema's."""
    wrong = [each.message for each in bind(query, tables, strict=True).diagnostics if each.severity != "note"]
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
