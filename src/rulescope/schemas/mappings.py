"""From Sigma log sources to tables and columns: mapping files, and a predicate or an event carried across by their rows.

The same rows serve translation (`Mapping.map_query`) and scanning or proof (`Mapping.map_event`): an event of the source's
names, mapped, satisfies the mapped predicate exactly when it satisfied the source's.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Map
from dataclasses import dataclass, field
from functools import cache
from json import dumps
from typing import Any
from urllib.parse import unquote

from ..errors import SchemaError, UnsupportedError
from ..model import (
    And,
    Call,
    Column,
    Distinct,
    Expr,
    Extend,
    Field,
    Filter,
    Index,
    Literal,
    Logsource,
    Loss,
    Match,
    Not,
    Op,
    Query,
    Scan,
    Step,
    Within,
)
from .carried import Carried, confined, conjuncts, held_anywhere, joined, reads
from .codes import Always, Code, Dash, Dynamic, Listed, Never
from .columns import FieldMap, Json, Local, Lookup, Outside, Xml, stored, text_of
from .data import text
from .events import WINDOWS_TABLES, fields_in_channel, held
from .keywords import FREE, put
from .parts import KINDS, Part
from .tables import Tables, tables
from .unnamed import Unnamed, UnnamedXml

SCHEMAS = ("sentinel-asim", "defender-xdr", "windows-events", "event-table", "sentinel-tables")
"""Target schemas, by the name of their mapping file."""

WHERE_OPS = {
    "==": (Op.EQ, True),
    "=~": (Op.EQ, False),
    "in": (Op.EQ, True),
    "startswith": (Op.STARTSWITH, False),
    "contains": (Op.CONTAINS, False),
    "exists": (Op.EXISTS, False),
}
JSON_TEXT = ("AdditionalFields", "AuthenticationDetails")
"""Text columns of Defender's tables that hold JSON, by the schema reference."""

OWN_COLUMNS = ("same", "columns")
"""What else a field may be: the column of that name, whatever its case, or as the table has it."""

WHOLE = (FieldMap, Dynamic)
"""Kinds of field that are a column as a whole."""

DEVICE_OS = {"windows": (Op.STARTSWITH, "Windows"), "linux": (Op.EQ, "Linux"), "macos": (Op.EQ, "macOS")}


@dataclass(frozen=True)
class Mapping:
    """One log source's way into one table. `where` always stays; `types` are the table's columns.

    The table has only events whose `only` fields have a value it has a name for: rules must ask for such values.
    """

    schema: str
    logsource: Logsource
    table: str
    where: tuple[Expr, ...]
    fields: Map[str, FieldMap]
    types: Map[str, str]
    keywords: tuple[str, ...] = ()
    others: str = ""
    only: tuple[str, ...] = ()
    _found: dict[str, FieldMap | None] = field(default_factory=dict, compare=False, repr=False)

    def field(self, name: str) -> FieldMap | None:
        """How a field of the source stands in the table; None when the table has no place for it."""
        if name not in self._found:
            self._found[name] = self._look_up(name)
        return self._found[name]

    def _look_up(self, name: str) -> FieldMap | None:
        if name in self.fields:
            return self.fields[name]
        folded = name.lower()
        for known, row in self.fields.items():
            if known.lower() == folded:
                return row
            if known.endswith(".*") and folded.startswith(known[:-1].lower()):
                if isinstance(row, Never):
                    return row
                return Json(name, (*row.columns, *name[len(known) - 1 :].split(".")))
        if self.others in OWN_COLUMNS:
            first, *rest = name.split(".")
            named = first if self.others == "columns" else first.lower()
            column = next((c for c in self.types if (c if self.others == "columns" else c.lower()) == named), None)
            if column is None or (rest and not self._is_bag(column)):
                return None
            if rest:
                return Json(name, (column, *rest))
            return (Dynamic if self.types[column] == "dynamic" else FieldMap)(name, (column,))
        if self.others == "camel":  # `actor_ip` is ActorIp
            plain = folded.replace("_", "")
            column = next((column for column in self.types if column.lower() == plain), None)
            return FieldMap(name, (column,)) if column else None
        if self.others.startswith("path "):
            return Json(name, (self.others.split(" ")[1], *name.split(".")))
        if self.others:
            there = _event_fields(self.where)
            if there and name not in there and name != FREE:
                return None
            column, *kind = reversed(self.others.split(" "))
            if name == FREE:
                return (UnnamedXml if kind == ["xml"] else Unnamed)(name, (column, name))
            return (Xml if kind == ["xml"] else Json)(name, (column, name))
        return None

    def _is_bag(self, column: str) -> bool:
        """Whether a column of the table holds properties: dynamic, or JSON in a text column."""
        return self.types[column] == "dynamic" or (self.types[column] == "string" and column in JSON_TEXT)

    def has(self, event: Map[str, Any]) -> bool:
        """Whether an event of the log source is one of those the table has, by its `only` fields."""
        return all(self._names(name).get(text_of(event.get(name, "")).lower()) for name in self.only)

    def _names(self, field: str) -> Map[str, str]:
        row = self.field(field)
        return row.lookup or {} if row else {}

    def _unconfined(self, predicates: list[Expr]) -> str:
        """The `only` field that a rule does not hold to values the table has; empty when all are."""
        return next((f for f in self.only if not confined(And(tuple(predicates)), f, self._names(f))), "")

    def _kinds(self, predicates: list[Expr], terms: list[Expr]) -> Iterator[Expr]:
        """The kinds of events a rule asks for anywhere in it, of which every match is one: quick to ask before the rest."""
        for only in self.only:
            row = self.field(only)
            if not isinstance(row, Code) or any(
                isinstance(t, Match) and t.subject == Field(row.columns[0]) for t in terms
            ):
                continue
            asked = held_anywhere(And(tuple(predicates)), only)
            there = dict.fromkeys(self._names(only)[value] for value in asked if value in self._names(only))
            yield Match(Field(row.columns[0]), Op.EQ, tuple(there), cased=True)

    def _beyond(self, predicates: list[Expr], only: str) -> str:
        """What of a rule the table has no events for: the values it asks of its `only` field."""
        asked = next((v for name, v in held(And(tuple(predicates))).items() if name.lower() == only.lower()), ())
        missing = sorted(value for value in asked if value not in self._names(only))
        return f"events of {only} {', '.join(missing)}" if missing else f"events of any {only}"

    def map_query(self, query: Query, prefix: str = "", allow_loss: bool = False) -> tuple[Query, tuple[Loss, ...]]:
        """`query` (a source and filters) over this table, and what was lost (nothing unless `allow_loss`).

        Raises UnsupportedError for a stage or a test the table cannot answer; with `allow_loss` such tests are left
        out, unless nothing would be left.
        """
        predicates: list[Expr] = []
        for stage in query.stages[1:]:
            if not isinstance(stage, Filter):
                raise UnsupportedError(self.schema, f"the stage {type(stage).__name__.lower()}")
            predicates.append(stage.predicate)
        if query.lets or not query.stages or not isinstance(query.stages[0], Scan):
            raise UnsupportedError(self.schema, "a query that does not start at a log source")
        beyond = self._unconfined(predicates)
        if beyond and not allow_loss:
            raise UnsupportedError(self.table, self._beyond(predicates, beyond))
        carried = Carried(self, allow_loss)
        if beyond:
            carried.losses.append(Loss(f"events of another {beyond}", f"{self.table} has none", "narrowed"))
        mapped = [carried.expr(predicate) for predicate in predicates]
        if any(each is None for each in mapped):
            raise UnsupportedError(self.schema, "anything of the condition")
        terms = [term for each in mapped if each is not None for term in conjuncts(each)]
        early = [*self.where]
        if carried.computed and not beyond:
            early += self._kinds(predicates, terms)
        if carried.computed:  # what needs no computed column is asked first
            early += [term for term in terms if not reads(term, carried.computed)]
            terms = [term for term in terms if reads(term, carried.computed)]
        stages: list[Step] = [Scan(function(self.table, prefix))]
        if early:
            stages.append(Filter(joined(early)))
        if carried.computed:
            stages.append(Extend(tuple(carried.computed.values())))
        if terms:
            stages.append(Filter(joined(terms)))
        return Query(tuple(stages), language="kusto"), tuple(carried.losses)

    def map_event(self, event: Map[str, Any]) -> dict[str, Any]:
        """The table's row for an event in the source's names. Raises Outside for a value such events never have.

        Fields the table has no place for are left out; the row satisfies `where`.
        """
        row: dict[str, Any] = {}
        for condition in self.where:
            row.update(_satisfying(condition))
        listed = [(self.field(name), name, value) for name, value in event.items()]
        listed.sort(key=_order)
        for row_map, name, value in listed:
            if row_map is not None:
                if isinstance(value, dict) and type(row_map) in WHOLE and self._is_bag(row_map.columns[0]):
                    dynamic = self.types[row_map.columns[0]] == "dynamic"
                    row[row_map.columns[0]] = value if dynamic else dumps(value, separators=(",", ":"))
                    continue
                bag = self.types.get(row_map.columns[0]) == "dynamic"
                if isinstance(value, list | dict) and not bag and not (row_map.lists and isinstance(value, list)):
                    raise Outside(f"{name} is {type(value).__name__}")
                row_map.store(value, self.types, row)
            elif self.keywords and isinstance(value, str):
                put(self.keywords, value, self.types, row)
        if any(isinstance(row_map, Part) for row_map, _, _ in listed):
            self._agreed(listed, row)
        if self.others == "columns":
            self._undisputed(listed, row)
        return row

    def _undisputed(self, listed: list[tuple[FieldMap | None, str, Any]], row: Map[str, Any]) -> None:
        """Raises Outside when a column by its own name and a field that stands in it say different things."""
        own = {
            name for row_map, name, _ in listed if name not in self.fields and row_map and name == row_map.columns[0]
        }
        for row_map, name, value in listed:
            if row_map is None or value is None or not own & set(row_map.needs()):
                continue
            if type(row_map) not in WHOLE or text_of(row.get(row_map.columns[0])) != text_of(value):
                if row_map.columns[0] != name or text_of(row.get(name)).lower() != text_of(value).lower():
                    raise Outside(f"{name} {value!r} in {row_map.columns[0]}")

    def _agreed(self, listed: list[tuple[FieldMap | None, str, Any]], row: Map[str, Any]) -> None:
        """Raises Outside when parts of a text and the whole say different things."""
        shared = {row_map.columns[0] for row_map, _, _ in listed if isinstance(row_map, Part)}
        for row_map, name, value in listed:
            if row_map is None or value in (None, "") or row_map.columns[0] not in shared:
                continue
            whole = text_of(row.get(row_map.columns[0]) or "")
            said = row_map.held(whole) if isinstance(row_map, Part) else whole
            if type(row_map) in (FieldMap, Part) and said != text_of(value):
                raise Outside(f"{name} {value!r} in {whole!r}")

    def complete(self, event: Map[str, Any], asked: Iterable[str]) -> dict[str, Any]:
        """`event` with those of the `asked` fields that every row tells by its kind of event: EventID, a direction."""
        kinds: dict[str, Any] = {}
        for condition in self.where:
            kinds.update(_satisfying(condition))
        made = dict(event)
        for name in asked:
            row = self.field(name)
            if row is None or made.get(name) is not None:
                continue
            if isinstance(row, Always):
                made[name] = row.columns[0]
            if isinstance(row, Dash):
                made[name] = "-"
            if row.columns[0] not in kinds:
                continue
            held_there = kinds[row.columns[0]]
            if isinstance(row, Lookup):
                known = [old for old, new in (row.lookup or {}).items() if new == held_there]
                if known:
                    made[name] = known[0]
            elif isinstance(row, Xml):
                found = row.held(str(held_there))
                made.update({} if found is None else {name: found})
            elif isinstance(held_there, dict):
                if row.columns[-1] in held_there:
                    made[name] = held_there[row.columns[-1]]
            elif type(row) is FieldMap:
                made[name] = held_there
        return self._whole(made) if self.others in OWN_COLUMNS else made

    def _whole(self, event: dict[str, Any]) -> dict[str, Any]:
        """`event` with one bag where it has both the text of a bag and properties of it: the text is one more of these."""
        for name, value in list(event.items()):
            below = [other for other in event if other.startswith(f"{name}.")]
            row = self.field(name) if below and isinstance(value, str) else None
            if row is None or type(row) not in WHOLE or not self._is_bag(row.columns[0]):
                continue
            bag: dict[str, Any] = {"Text": value}
            for other in below:
                inner, *keys = bag, *other.split(".")[1:]
                for key in keys[:-1]:
                    inner = inner.setdefault(key, {})
                inner[keys[-1]] = event.pop(other)
            event[name] = bag
        return event

    def likely(self, event: Map[str, Any]) -> dict[str, Any]:
        """An event like `event`, with values that events of the log source can have."""
        fields = {name: self.field(name) for name in event}
        made = {name: row.likely(value) if (row := fields[name]) else value for name, value in event.items()}
        for name, part in fields.items():  # a whole that has the parts beside it
            for other, whole in fields.items():
                if isinstance(part, Part) and type(whole) is FieldMap and whole.columns == part.columns:
                    if made[name] and isinstance(made[other], str):
                        made[other] = part.put(made[other], text_of(made[name]))
        return made

    def unmapped(self, query: Query) -> tuple[str, ...]:
        """Fields of `query` the table has no place for, in reading order."""
        from ..model import expressions

        names = dict.fromkeys(found.name for found in expressions(query, Field))
        return tuple(n for n in names if (n == "*" and not self.keywords) or (n != "*" and self.field(n) is None))


def _order(item: tuple[FieldMap | None, str, Any]) -> tuple[bool, bool, bool]:
    """Kinds of event first, then columns, then what depends on them: parts of a text, the machine's own end."""
    row_map = item[0]
    return not isinstance(row_map, Lookup), row_map is None or isinstance(row_map, Local), isinstance(row_map, Part)


def _event_fields(where: tuple[Expr, ...]) -> frozenset[str]:
    """The fields of the events a mapping is held to; empty when they are not known or not held to."""
    tests = held(And(where))
    known: set[str] = set()
    for number in tests.get("EventID", ()):
        for name in tests.get("Channel", tests.get("EventLog", ())):
            known.update(fields_in_channel(name, number))
    return frozenset(known)


def _satisfying(condition: Expr) -> dict[str, Any]:
    """Columns and values that make a `where` condition true."""
    match condition:
        case Match(Field(name), _, values):
            return {name: values[0]}
        case Match(Call("tostring", (Index(Field(name), Literal(str(key))),)), _, values):
            return {name: {key: values[0]}}
        case Not(Match(Call("tostring", (Index(Field(name), Literal(str(key))),)), Op.EMPTY)):
            return {name: {key: "1"}}
        case Within(Field(name), _, query):
            return {name: f"device-{_os_of(query)}"}
    raise SchemaError(f"cannot satisfy {type(condition).__name__}")


def _os_of(query: Query) -> str:
    for stage in query.stages:
        if isinstance(stage, Filter) and isinstance(stage.predicate, Match):
            return str(stage.predicate.values[0]).lower()
    return ""


def function(table: str, prefix: str) -> str:
    """The built-in name of an ASIM function when `prefix` is `_Im_`: `_Im_WebSession` for `imWebSession`."""
    if prefix == "_Im_" and table.startswith("im"):
        return BUILTIN.get(table, "_Im_" + table[2:])
    return table


BUILTIN = {"imProcessCreate": "_Im_ProcessEvent_Create", "imRegistry": "_Im_RegistryEvent"}


# ---------------------------------------------------------------- reading mapping files


@cache
def mappings(schema: str) -> tuple[Mapping, ...]:
    """The rows of one mapping file, then those of the schemas it extends, without products. Raises SchemaError."""
    return tuple(_entries(schema))


@dataclass(frozen=True)
class _Entry:
    """An entry of a mapping file before a product is known."""

    schema: str
    category: tuple[str, ...]
    products: tuple[str, ...]
    service: tuple[str, ...]
    table: str
    where: tuple[str, ...]
    os: str
    fields: Map[str, FieldMap]
    types: Map[str, str]
    keywords: tuple[str, ...]
    others: str
    only: tuple[str, ...] = ()

    def covers(self, logsource: Logsource) -> bool:
        """Whether a rule of `logsource` runs on this entry's table."""
        return (
            (logsource.category in self.category if self.category else not logsource.category)
            and (logsource.service in self.service if self.service else not logsource.service)
            and (not self.products or logsource.product in self.products)
        )

    def mapping(self, logsource: Logsource) -> Mapping:
        conditions = [_condition(row, self.types) for row in self.where]
        if self.os and logsource.product in DEVICE_OS:
            conditions.append(_os_condition(self.os, logsource.product))
        return Mapping(
            self.schema,
            logsource,
            self.table,
            tuple(conditions),
            self.fields,
            self.types,
            self.keywords,
            self.others,
            self.only,
        )


@cache
def only_fields() -> tuple[str, ...]:
    """Fields whose values decide whether an event has a row in some table."""
    return tuple(sorted({name for schema in SCHEMAS for entry in _read(schema) for name in entry.only}))


def mappings_for(logsource: Logsource, schema: str) -> tuple[Mapping, ...]:
    """The ways a rule of `logsource` can go into `schema`, the preferred one first; none when no table carries it."""
    key = Logsource(logsource.category, logsource.product, logsource.service)
    return _mappings_for(key, schema)


@cache
def _mappings_for(logsource: Logsource, schema: str) -> tuple[Mapping, ...]:
    found = [entry for entry in _read(schema) if entry.covers(logsource)]
    own = None if found else _own(logsource, schema)
    return tuple(entry.mapping(logsource) for entry in (*found, *((own,) if own else ())))


def _own(logsource: Logsource, schema: str) -> _Entry | None:
    """The entry of a log source that is a table by its own name, `product: m365, service: EmailEvents`, its fields the
    table's columns. A product that is not among the schema's `native` ones must write the name as the table has it.
    """
    name = logsource.service or logsource.category
    products = _inherited(schema, "native")
    if not products or (logsource.service and logsource.category):
        return None
    known = target_tables(schema)
    table = next((each for each in known if each.lower() == name.lower()), "")
    if not table or (table != name and logsource.product not in products):
        return None
    device = table.startswith("Device") and "DeviceId" in known[table]
    windows = logsource.product == "windows" and table in WINDOWS_TABLES
    if logsource.product in DEVICE_OS and not device and not windows:
        return None
    lists: dict[str, FieldMap] = {each: Listed(each, (each,)) for each in _inherited(schema, "lists").get(table, ())}
    os = "DeviceInfo" if logsource.product in DEVICE_OS and device else ""
    return _Entry(schema, (), (), (), table, (), os, lists, known[table], (), "same")


def _inherited(schema: str, key: str) -> Any:
    """A table or list of a mapping file, or of the first file it extends that has it; empty when none has."""
    file = _file(schema)
    return file[key] if key in file else next((f for b in file.get("extends", ()) if (f := _inherited(b, key))), {})


def _entries(schema: str) -> Iterator[Mapping]:
    for entry in _read(schema):
        for product in entry.products or ("",):
            yield entry.mapping(Logsource("".join(entry.category[:1]), product, "".join(entry.service[:1])))


@cache
def _file(schema: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text(f"mappings/{schema}.toml"))
    except tomllib.TOMLDecodeError as error:
        raise SchemaError(f"mappings/{schema}.toml: {error}") from error


@cache
def _read(schema: str) -> tuple[_Entry, ...]:
    file = _file(schema)
    known = target_tables(schema)
    lookups = {name: {k.lower(): v for k, v in rows.items()} for name, rows in file.get("lookup", {}).items()}
    groups: dict[str, dict[str, FieldMap]] = {}
    for name, rows in file.get("fields", {}).items():
        groups[name] = {each: field_map(each, row, lookups) for each, row in rows.items()}
    entries = [_entry(row, schema, groups, known) for row in file.get("map", ())]
    for base in file.get("extends", ()):
        entries.extend(_read(base))
    return tuple(entries)


@cache
def target_tables(schema: str) -> Tables:
    """The tables of a target schema, for binding. Raises SchemaError for an unknown schema."""
    return tables(_file(schema).get("tables", "sentinel"))


def _entry(row: dict[str, Any], schema: str, groups: Map[str, dict[str, FieldMap]], known: Tables) -> _Entry:
    def listed(value: str | list[str]) -> tuple[str, ...]:
        return (value,) if isinstance(value, str) and value else tuple(value)

    table = row["table"]
    if table not in known:
        raise SchemaError(f"mappings/{schema}.toml: no table {table}")
    types = known[table]
    fields: dict[str, FieldMap] = {}
    for group in listed(row.get("fields", "")):
        if group not in groups:
            raise SchemaError(f"mappings/{schema}.toml: no fields {group!r}")
        fields |= {name: each for name, each in groups[group].items() if set(each.needs()) <= types.keys()}
    return _Entry(
        schema,
        listed(row.get("category", "")),
        listed(row.get("product", "")),
        listed(row.get("service", "")),
        table,
        listed(row.get("where", ())),
        row.get("os", ""),
        fields,
        types,
        listed(row.get("keywords", ())),
        row.get("others", ""),
        listed(row.get("only", ())),
    )


def field_map(name: str, row: str, lookups: Map[str, Map[str, str]]) -> FieldMap:
    """The kind a row of a mapping file names: `Column`, or `kind[:argument] column ...`."""
    word, *rest = row.split(" ")
    kind, _, argument = word.partition(":")
    if kind not in KINDS or not rest:
        return FieldMap(name, (row,))
    if kind in ("lookup", "code", "told"):
        known: dict[str, str] = {}
        for each in argument.split("+"):
            if each not in lookups:
                raise SchemaError(f"no lookup {each!r} for {name}")
            known |= lookups[each]
        return KINDS[kind](name, tuple(rest), argument, known)
    return KINDS[kind](name, tuple(unquote(each) for each in rest), argument)


def _condition(row: str, types: Map[str, str]) -> Expr:
    path, word, *rest = row.split(" ", 2)
    column, *keys = path.split(".")
    if column not in types or word not in WHERE_OPS or bool(rest) == (word == "exists"):
        raise SchemaError(f"condition {row!r}")
    op, cased = WHERE_OPS[word]
    subject: Expr = Field(column)
    for key in keys:
        subject = Index(subject, Literal(key))
    if word == "exists":
        return Not(Match(Call("tostring", (subject,)), Op.EMPTY))
    values = tuple(part if keys else stored(part, types[column]) for part in rest[0].split("|"))
    return Match(Call("tostring", (subject,)) if keys else subject, op, values, cased=cased)


def _os_condition(kind: str, product: str) -> Expr:
    """The rule's operating system: a column of the row, or the device's in DeviceInfo."""
    op, name = DEVICE_OS[product]
    if kind != "DeviceInfo":
        return Match(Field(kind), op, (name,))
    inner = Query(
        (
            Scan("DeviceInfo"),
            Filter(Match(Field("OSPlatform"), op, (name,))),
            Distinct((Column((), Field("DeviceId")),)),
        )
    )
    return Within(Field("DeviceId"), Op.EQ, inner, cased=True)


def carrying(logsource: Logsource, names: Iterable[str] = SCHEMAS) -> tuple[str, ...]:
    """The schemas that have a table for a log source."""
    return tuple(schema for schema in names if mappings_for(logsource, schema))
