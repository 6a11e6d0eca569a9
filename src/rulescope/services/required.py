"""Required data: the tables, log sources, watchlists and files a rule reads, and what fills or sets up each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from urllib.parse import urlsplit

from ..analysis.places import placed
from ..model import External, Literal, Query, Rule, TableCall, queries
from ..schemas import tables
from .facts import Found, shipped, written_for_defender
from .pages import DataRow

MOST_FILLERS = 4
MOST_NEED = 300
RESOURCES = {
    "vaults": "AzureKeyVault", "azurefirewalls": "AzureFirewall", "applicationgateways": "WAF", "frontdoors": "WAF",
    "networksecuritygroups": "AzureNSG", "publicipaddresses": "DDOS", "managedclusters": "AzureKubernetes",
    "servers/databases": "AzureSql",
}  # fmt: skip
"""Kind of resource in AzureDiagnostics -> the connector of its logs."""
RESOURCE_GRAPH = frozenset(
    {"resources", "resourcecontainers", "securityresources", "advisorresources", "authorizationresources", "policyresources",
     "healthresources", "networkresources", "computeresources", "resourcechanges", "resourcecontainerchanges",
     "patchassessmentresources", "guestconfigurationresources", "servicehealthresources", "alertsmanagementresources",
     "maintenanceresources", "iotsecurityresources"}
)  # fmt: skip
"""Tables of Azure Resource Graph, which is asked from its own explorer.

https://learn.microsoft.com/azure/governance/resource-graph/reference/supported-tables-resources
"""
WATCHLISTS = ("_GetWatchlist", "_GetWatchlistAlias")


def data_rows(found: Found) -> tuple[DataRow, ...]:
    """What a rule reads: the file's own word on connectors first, else what is known to fill its tables."""
    stated = _stated(found.rule)
    rows = [_row(found, scope, stated) for scope in found.scopes]
    named = {scope.split("(", 1)[0] for scope in found.scopes}
    for table, connectors in stated.items():
        if table not in named and not is_blank(table):
            rows.append(DataRow(table, _kind(table), connectors, True))
    return (*rows, *_beside(found.query)) if found.query else tuple(rows)


@cache
def _spelled() -> dict[str, str]:
    """Tables by their names in lower case: authors write `SignInLogs`."""
    return {name.lower(): name for name in shipped("sentinel")}


def is_blank(name: str) -> bool:
    """A name that the form of a rule file asked for and nobody filled in: `YourConnectorId`, `<table>`."""
    return name.startswith("<") or bool(re.match(r"[Yy]our[A-Z_]", name))


def _stated(rule: Rule) -> dict[str, tuple[str, ...]]:
    """Table -> connectors that fill it by the rule's own word."""
    named: dict[str, dict[str, None]] = {}
    for connector in rule.connectors:
        for table in connector.tables:
            name = table.split("(", 1)[0].strip()
            named.setdefault(_spelled().get(name.lower(), name), {})[connector.id] = None
    return {table: tuple(ids) for table, ids in named.items() if table}


def _row(found: Found, scope: str, stated: dict[str, tuple[str, ...]]) -> DataRow:
    mine = [row for row in found.events if row.setting and row.covered and not row.elsewhere]
    if "=" in scope:
        stated_need = (_need(found.rule.logsource.definition),) if found.rule.logsource else ()
        needs = tuple(dict.fromkeys(need for need in (*stated_need, *(row.setting for row in mine)) if need))
        return DataRow(scope, "logsource", settings=needs)
    if found.rule.language not in ("kusto", "sigma"):
        return DataRow(scope, "index" if "*" in scope or scope.startswith("logs-") else "data source")
    settings = tuple(dict.fromkeys(row.setting for row in mine if row.table == scope))
    table = scope.split("(", 1)[0]
    known = _of_resource(found) if table == "AzureDiagnostics" else (each.id for each in tables.filled_by(table))
    fillers = stated.get(table) or tuple(known)[:MOST_FILLERS]
    if table not in stated and written_for_defender(found) and "MicrosoftThreatProtection" not in fillers:
        fillers = fillers if table not in tables.tables("defender") else ()  # of the same name in Sentinel
    if table == "Heartbeat":
        fillers = (
            "the agent of each machine",
        )  # a connector's definition lists it because its events come by the agent
    if not fillers and table in tables.tables("defender"):
        fillers = ("Microsoft Defender XDR",)
    return DataRow(scope, _kind(table), fillers, table in stated, settings, len(shipped("sentinel").get(table, ())))


def _of_resource(found: Found) -> tuple[str, ...]:
    """What sends the logs of the kinds of resource a rule asks for to AzureDiagnostics."""
    asked = {str(each.value).lower() for each in found.indicators if each.field.lower() == "resourcetype"}
    if any("recoveryservices" in str(each.value).lower() for each in found.indicators):
        asked -= {"vaults"}  # those of backups
    return tuple(dict.fromkeys(RESOURCES[kind] for kind in sorted(asked & RESOURCES.keys()))) or (
        "diagnostic settings of the resources",
    )


def _need(definition: str) -> str:
    """What the author of a Sigma rule says of its log source, on one line, without the word before it."""
    line = " ".join(definition.split())
    line = re.sub(r"^requirements?\s*:\s*", "", line, flags=re.IGNORECASE)
    return line if len(line) <= MOST_NEED else f"{line[: MOST_NEED - 1].rsplit(' ', 1)[0]} …"


def _kind(table: str) -> str:
    """A table, a saved function, or what may be either: neither ships with Sentinel; tables that a pattern names."""
    if "*" in table:
        return "every table" if table == "*" else "tables by pattern"
    if table.lower() in RESOURCE_GRAPH:
        return "table of Azure Resource Graph"
    if table in tables.asim_functions() or table[:1] in "_iv":
        return "function"
    known = table in shipped("sentinel") or table.endswith("_CL")
    return "table" if known else "custom table or function"


def _beside(query: Query) -> Iterator[DataRow]:
    """Watchlists, and files from elsewhere, but those of lets that nothing reads."""
    found: dict[DataRow, None] = {}
    idle = {id(place.stage) for place in placed(query) if place.idle}
    for stage in (stage for inner in queries(query) for stage in inner.stages if id(stage) not in idle):
        if isinstance(stage, External):
            found.update(dict.fromkeys(DataRow(_host(place), "external data") for place in stage.locations))
        elif isinstance(stage, TableCall):
            found.update(dict.fromkeys(_watchlist(stage.name, stage.args)))
    yield from found


def _watchlist(name: str, args: tuple[object, ...]) -> list[DataRow]:
    if name not in WATCHLISTS:
        return []
    known = [each.value for each in args[:1] if isinstance(each, Literal) and isinstance(each.value, str)]
    return [DataRow(each, "watchlist") for each in known]


def _host(place: str) -> str:
    """Where a file comes from, without what may be a secret in its address."""
    parts = urlsplit(place)
    return f"{parts.netloc}{parts.path}" if parts.netloc else place


__all__ = ["data_rows", "is_blank"]
