"""Tables and functions of the log platforms, their columns and Kusto types, and the connectors that fill them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from .data import lines, rows

Tables = Mapping[str, Mapping[str, str]]
"""Table -> column -> Kusto type (string long int real bool datetime timespan decimal guid dynamic)."""

SCHEMAS = ("sentinel", "defender", "asim", "parsers")


@cache
def tables(name: str = "sentinel") -> Tables:
    """The tables of one platform, or of several joined by `+` (`sentinel+asim`); the first that knows a table wins.

    `sentinel`: Azure Monitor and Sentinel tables; `defender`: advanced hunting (time column `Timestamp`); `asim`: the
    parser functions (`imWebSession`, `_Im_WebSession`, `ASimWebSession`, ...) with the columns of their schema; `parsers`:
    functions that solutions install over their own tables (`OktaSSO`).
    Raises SchemaError for another name.
    """
    if "+" in name:
        joined: dict[str, Mapping[str, str]] = {}
        for part in name.split("+"):
            for table, columns in tables(part).items():
                joined.setdefault(table, columns)
        return joined
    stored = dict(_stored(f"tables-{name}.tsv"))
    if name != "asim":
        return stored
    return {function: stored[schema] for function, schema in asim_functions().items()}


def _stored(file: str) -> Iterable[tuple[str, dict[str, str]]]:
    listed = lines(file)
    next(listed)
    for table, *cells in listed:
        columns = {}
        for cell in cells:
            column, _, kind = cell.rpartition(":")
            columns[column] = kind
        yield table, columns


@cache
def asim_functions() -> dict[str, str]:
    """ASIM parser function -> schema it returns: `imDns` -> `Dns`."""
    return {row["function"]: row["schema"] for row in rows("asim-functions.tsv")}


@cache
def asim_parameters(function: str) -> tuple[tuple[str, str], ...]:
    """(name, type) of the filtering parameters of an `im` function; empty when it takes none or they are unknown."""
    for row in rows("asim-functions.tsv"):
        if row["function"] == function and row["parameters"]:
            return tuple((p.partition(":")[0], p.partition(":")[2]) for p in row["parameters"].split(" "))
    return ()


@dataclass(frozen=True, slots=True)
class DataConnector:
    """A way logs get into tables."""

    id: str
    title: str
    tables: tuple[str, ...]


@cache
def connectors() -> dict[str, DataConnector]:
    """Data connectors of Microsoft Sentinel by id: those its content defines, and the built-in ones."""
    found: dict[str, DataConnector] = {}
    for row in (*rows("connectors-own.tsv"), *rows("connectors.tsv")):
        known = found[row["id"]].tables if row["id"] in found else ()
        listed = tuple(dict.fromkeys((*known, *row["tables"].split())))
        found[row["id"]] = DataConnector(row["id"], row["title"], listed)
    return found


def filled_by(table: str) -> tuple[DataConnector, ...]:
    """The connectors that fill a table, those that fill fewest tables first; only built-in or namesake ones where there are any.

    Content of others that merely reads a common table lists it too.
    """
    found = [each for each in connectors().values() if table in each.tables]
    own = {row["id"] for row in rows("connectors-own.tsv") if table in row["tables"].split()}
    named = [each for each in found if each.id in own or (not own and table.lower() in each.id.lower())]
    return tuple(sorted(named or found, key=lambda each: (len(each.tables), len(each.id), each.id)))


def identify(columns: Iterable[str], among: Tables, least: int = 3) -> str | None:
    """The table whose columns a log's columns are: the one that knows most of them, at least `least` and half of them.

    Of several that know as many, the one with fewest columns.
    """
    known = set(columns)
    best: tuple[int, int, str] | None = None
    for table, theirs in among.items():
        shared = len(known & theirs.keys())
        if shared >= least and shared * 2 >= len(known):
            best = max(best or (0, 0, ""), (shared, -len(theirs), table))
    return best[2] if best else None
