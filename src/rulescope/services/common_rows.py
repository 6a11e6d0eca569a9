"""Rows two queries can both be asked about: events of a Sigma rule mapped to a table, and rows made from a query's own conditions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from ..analysis.examples import examples
from ..analysis.witness import inside, outside
from ..errors import UnsupportedError
from ..model import Expr, Field, Logsource, Match, Node, Op, Query, expressions, replace, rewrite
from ..schemas import mappings
from ..schemas.columns import TEXT_OPS, FieldMap, Json, Local, Lookup, Made, Name, Outside, Registry, stored
from ..schemas.parts import Told
from ..schemas.tables import asim_functions
from .scan_rows import NAMES

Row = dict[str, Any]
Types = Mapping[str, str]

CREATE = ("processcreate", "processevent_create", "processeventcreate")
TERMINATE = ("processterminate", "processevent_terminate", "processeventterminate")
PREFIXES = ("_Im_", "_ASim_", "ASim", "vim", "im")
SAME = {  # columns that repeat another one: aliases of the ASIM schemas
    "CommandLine": "TargetProcessCommandLine",
    "Process": "TargetProcessName",
    "TargetProcess": "TargetProcessName",
    "FilePath": "TargetFilePath",
    "Hostname": "DvcHostname",
    "User": "ActorUsername",
    "URL": "Url",
    "UserAgent": "HttpUserAgent",
    "Domain": "DnsQuery",
    "DnsResponseCodeName": "EventResultDetails",
    "DomainName": "DnsQuery",
    "IpAddr": "SrcIpAddr",
    "Src": "SrcIpAddr",
    "Dst": "DstIpAddr",
}
MOST_CROSSED = 6


def core(table: str) -> str:
    """What an ASIM function parses, whatever its prefix: `imProcessCreate` and `_Im_ProcessEvent_Create` are one."""
    if table not in asim_functions():
        return table
    name = next(table[len(prefix) :] for prefix in PREFIXES if table.startswith(prefix)).lower()
    if name in CREATE:
        return "asim:ProcessEvent:ProcessCreated"
    if name in TERMINATE:
        return "asim:ProcessEvent:ProcessTerminated"
    return f"asim:{asim_functions()[table]}"


def covers(table: str, other: str) -> bool:
    """Whether every row of `other` is a row of `table`: the same, or the ASIM function for all kinds of process events."""
    return core(other) == core(table) or core(other).startswith(core(table) + ":")


def kind_of(table: str) -> dict[str, str]:
    """What a row of a table always says of its kind, though no condition asks for it."""
    _, _, kind = core(table).partition(":")
    _, _, event = kind.partition(":")
    return {"EventType": event} if event else {}


def ways(logsource: Logsource, tables: Iterable[str]) -> tuple[tuple[str, mappings.Mapping], ...]:
    """The ways a Sigma log source goes into one of `tables`, with the table's name there; preferred schemas first."""
    wanted = tuple(tables)
    found: list[tuple[str, mappings.Mapping]] = []
    for schema in mappings.SCHEMAS:
        for way in mappings.mappings_for(logsource, schema):
            name = next((table for table in wanted if covers(table, way.table)), None)
            if name is not None and all(way.table != other.table or way.schema == other.schema for _, other in found):
                found.append((name, way))
    return tuple(found)


def retyped(row: Mapping[str, Any], own: Types, types: Types) -> Row:
    """A row of a table whose columns have the types `own`, where they have `types`: JSON in text is a bag, or back."""
    made = dict(row)
    for name, value in row.items():
        kinds = own.get(name), types.get(name)
        if kinds == ("string", "dynamic") and isinstance(value, str) and value.startswith("{"):
            made[name] = json.loads(value)
        elif kinds == ("dynamic", "string") and isinstance(value, dict | list):
            made[name] = json.dumps(value, separators=(",", ":"))
    return made


def completed(row: Mapping[str, Any], types: Types) -> Row | None:
    """`row` with the columns that repeat others: names of paths, aliases. None when they contradict each other."""
    made = dict(row)
    for name, path in NAMES.items():
        if name not in types or path not in types:
            continue
        given, whole = made.get(name), made.get(path)
        if isinstance(given, str) and ("\\" in given or "/" in given):
            return None
        if isinstance(whole, str):
            last = whole.replace("/", "\\").rpartition("\\")[2]
            if given is not None and given.lower() != last.lower():
                return None
            made[name] = last
        elif isinstance(given, str) and given:
            made[path] = f"C:\\Folder\\{given}"
    for alias, column in SAME.items():
        if alias in types and column in types and column in made:
            made.setdefault(alias, made[column])
        elif alias in types and column in types and alias in made:
            made.setdefault(column, made[alias])
    return made


def rows_of(asked: Expr, base: Mapping[str, Any], types: Types, limit: int = 48) -> Iterator[Row]:
    """Rows made from what a query asks, some of which it chooses, some of which it just misses; on top of `base`."""
    try:
        made = examples(asked, limit)
    except (UnsupportedError, RecursionError):
        return
    for example in made:
        row = _row(example.event, base, types)
        if row is not None:
            yield row


def _row(event: Mapping[str, Any], base: Mapping[str, Any], types: Types) -> Row | None:
    row: Row = dict(base)
    for name, value in event.items():
        column, *keys = name.split(".")
        known = next((each for each in types if each.lower() == column.lower()), None)
        if known is None:
            return None
        try:
            if keys:
                _put(row, known, keys, value, types[known])
            else:
                row[known] = stored(value, types[known])
        except Outside:
            return None
    return completed(row, types)


def _put(row: Row, column: str, keys: list[str], value: Any, kind: str) -> None:
    if kind not in ("dynamic", "string") or value is None:
        raise Outside(column)
    try:
        Json(column, (column, *keys)).store(value, {column: kind}, row)
    except (ValueError, TypeError, AttributeError):  # the column holds other text already
        raise Outside(column) from None


def plausible(row: Mapping[str, Any], way: mappings.Mapping) -> bool:
    """Whether such a row can stand in the table: hashes of the right length, keys under a hive, names that are used there,
    paths without characters that no file has."""
    for column, value in row.items():
        if column in PATHS and isinstance(value, str) and not _may_be_path(value, way.logsource.product):
            return False
        length = next((size for kind, size in HASH_LENGTHS.items() if column.endswith(kind)), None)
        if length and isinstance(value, str) and value and not (len(value) == length and value.isalnum()):
            return False
    for field in way.fields.values():
        if isinstance(field, Told) and not _told(row, field):
            return False
        value = row.get(field.columns[0]) if field.columns else None
        if value in (None, ""):
            continue
        if isinstance(field, Lookup) and field.lookup and str(value) not in field.lookup.values():
            return False
        if isinstance(field, Registry) and not str(value).upper().startswith("HKEY_"):
            return False
    return True


def told(row: Mapping[str, Any], way: mappings.Mapping) -> Row:
    """`row` with the columns that tell a value together, where it has some of them that agree with a known value."""
    made = dict(row)
    for field in way.fields.values():
        if isinstance(field, Told):
            given = {at: str(row[column]) for at, column in enumerate(field.columns) if row.get(column)}
            fits = (known for known in field.known.values() if all(known[at] == text for at, text in given.items()))
            if given and (known := next(fits, None)):
                made |= {column: text for column, text in zip(field.columns, known, strict=True) if text}
    return made


def _told(row: Mapping[str, Any], field: Told) -> bool:
    """Whether the columns that tell a value together, if any is there, tell one."""
    held = tuple(str(row.get(column) or "") for column in field.columns)
    return not any(held) or held in field.known.values()


PATHS = frozenset({*NAMES, *NAMES.values(), "NewProcessName", "ParentProcessName"})


def _may_be_path(value: str, product: str) -> bool:
    plain = value.removeprefix("\\\\?\\")
    return not any(char in plain for char in '*?"<>|') and (product != "windows" or "/" not in plain)


HASH_LENGTHS = {"MD5": 32, "SHA1": 40, "SHA256": 64, "SHA512": 128}


def probes(asked: Iterable[Expr], bases: Iterable[Row]) -> Iterator[Row]:
    """`bases` with each text any of `asked` looks for put into its field: alone, inside a word, among words, at the end.

    Near misses of conditions that only the other side has, and of exclusions, come from here.
    """
    texts = dict.fromkeys(_texts(asked))
    for base in islice(bases, MOST_BASES):
        for name, text in islice(texts, MOST_PROBES):
            held = base.get(name)
            for around in AROUND:
                yield {**base, name: around.format(text)}
            if isinstance(held, str) and held:
                yield {**base, name: f"{held} {text}"}
                yield {**base, name: f"{held}x{text}x"}
                yield {**base, name: f"{text} {held}"}


def probed(types: Types, asked: Iterable[Expr], bases: Iterable[Row]) -> Iterator[Row]:
    """`probes` for rows of a table: only into columns of text or JSON."""
    for row in probes(asked, bases):
        made: Row = {}
        for name, value in row.items():
            if "." not in name and types.get(name, "string") in ("string", "dynamic", "guid"):
                made[name] = value
            elif "." not in name:
                try:
                    made[name] = stored(value, types[name])
                except Outside:
                    break
        else:
            yield made


AROUND = ("{}", "x{}x", "a {} z", "{}x", "x{}", "-{}-")
MOST_BASES = 2
MOST_PROBES = 16


def _texts(asked: Iterable[Expr]) -> Iterator[tuple[str, str]]:
    for expr in asked:
        for match in expressions(expr, Match):
            if isinstance(match.subject, Field) and match.subject.name != "*" and match.op in TEXT_OPS | {Op.EQ}:
                for value in match.values[:MOST_VALUES]:
                    if isinstance(value, str) and value and match.op is not Op.REGEX:
                        yield from ((match.subject.name, text) for text in _like(match.op, value))


def _like(op: Op, value: str) -> tuple[str, ...]:
    """Texts a test is about: its value, one a wildcard takes, addresses inside and beside a network."""
    if op is Op.CIDR:
        return (*inside(value)[:1], *outside(value)[:2])
    return (value.replace("*", "a").replace("?", "b") if op is Op.WILDCARD else value,)


MOST_VALUES = 3


def crossed(first: Iterable[Row], second: Iterable[Row]) -> Iterator[Row]:
    """Rows with the columns of one and, where it has none, of another, both ways round."""
    ours, theirs = list(islice(first, MOST_CROSSED)), list(islice(second, MOST_CROSSED))
    for one in ours:
        for other in theirs:
            yield {**one, **other}
            yield {**other, **one}


def in_source_names(asked: Expr, way: mappings.Mapping) -> Expr:
    """What a query asks of the table's columns, asked of the source's fields; left out where no field is such a column.

    For making events only: the answer need not be the same.
    """
    fields = {
        row.columns[0].lower(): row for row in way.fields.values() if type(row) in (FieldMap, Lookup, Name, Local, Made)
    }
    paths = {".".join(row.columns).lower(): row.field for row in way.fields.values() if isinstance(row, Json)}

    def change(node: Node) -> Node:
        match node:
            case Match(Field(name)):
                return _renamed(node, name, fields.get(name.lower()), paths, way)
        return node

    result: Expr = rewrite(asked, change)
    return result


def _renamed(match: Match, name: str, row: FieldMap | None, paths: Mapping[str, str], way: mappings.Mapping) -> Match:
    known = paths.get(name.lower())
    if known is None and way.others and name.lower().startswith(way.others.lower() + "."):
        known = name[len(way.others) + 1 :]
    if row is None or known is not None:
        return replace(match, subject=Field(known or name))
    values = match.values
    if isinstance(row, Lookup):
        back = {new: old for old, new in (row.lookup or {}).items()}
        values = tuple(back.get(str(value), value) for value in values)
    if isinstance(row, Name) and match.op is Op.EQ:
        slash = row.argument or "\\"
        return replace(match, subject=Field(row.field), op=Op.ENDSWITH, values=tuple(f"{slash}{v}" for v in values))
    return replace(match, subject=Field(row.field), values=values)


def predicate(query: Query) -> Expr:
    """All conditions of a Sigma query on one event."""
    from ..model import And, Filter

    return And(tuple(stage.predicate for stage in query.stages if isinstance(stage, Filter)))
