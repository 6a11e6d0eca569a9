"""Write schemas/data/tables-*.tsv, asim-functions.tsv and connectors.tsv: tables and functions, columns, Kusto types.

Usage: python tools/tables.py FOLDER, where FOLDER holds `tables.json`, `defender-xdr-tables.json`, `asim.json`,
`asim-filter-parameters.json` and `connectors.json`, made from the Azure Monitor table reference (Microsoft Learn),
Azure/Azure-Sentinel and the advanced hunting schema reference.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent.parent / "src" / "rulescope" / "schemas" / "data"
LEARN = "https://learn.microsoft.com/azure/azure-monitor/reference/tables-index"
HUNTING = "https://learn.microsoft.com/defender-xdr/advanced-hunting-schema-tables"
ASIM = "https://learn.microsoft.com/azure/sentinel/normalization-about-schemas"
SENTINEL_ONLY = {"_BilledSize", "_IsBillable", "MachineGroup", "SourceSystem", "TenantId", "Type", "_ResourceId", "_SubscriptionId"}  # fmt: skip
UNLISTED = {"DnsEvents": {"Name": "string"}}  # columns that tables have and the reference leaves out
HUNTED = re.compile(r"(Device|Identity|Email|Cloud(App|Audit|Dns|Process|Storage|Policy)|Url|Alert|AAD(Spn)?SignIn|Behavior|Message|OAuth|Exposure|Entra|Graph|File|Campaign|DataSecurity|Disruption)\w*(Events|Info|Beta|KB|Evidence|Events\w*|Entities|Inventory|Nodes|Edges|Logs|Vulnerabilities|Assessment|Firmware|Gathering|Extensions|Profiles)")  # fmt: skip


def main(folder: Path) -> None:
    sentinel = load(folder, "tables.json")["tables"]
    hunting = load(folder, "defender-xdr-tables.json")["tables"]
    asim = load(folder, "asim.json")
    logs = {
        name: UNLISTED.get(name, {}) | table["columns"]
        for name, table in sentinel.items()
        if re.fullmatch(r"\w+", name) and table["columns"]
    }
    write("tables-sentinel.tsv", f"Tables of Azure Monitor and Microsoft Sentinel. From {LEARN}", logs)
    write("tables-defender.tsv", f"Advanced hunting tables of Defender XDR. From {HUNTING}", defender(hunting, logs))
    functions, names = asim_functions(asim)
    write("tables-asim.tsv", f"ASIM schemas, as their parser functions return them. From {ASIM}", functions)
    parameters = load(folder, "asim-filter-parameters.json")["parsers"]
    lines = ["function\tschema\tparameters"]
    for name, schema in sorted(names.items()):
        found = parameters.get(name) or next((p for p in parameters.values() if p["builtin"] == name), None)
        takes = " ".join(f"{each['name']}:{each['type']}" for each in found["params"]) if found else ""
        lines.append(f"{name}\t{schema}\t{takes}")
    put("asim-functions.tsv", f"ASIM parser functions and their schema and parameters. From {ASIM}", lines)
    connectors(load(folder, "connectors.json")["connectors"], sentinel)


def load(folder: Path, name: str) -> Any:
    return json.loads((folder / name).read_text(encoding="utf-8"))


def defender(hunting: dict[str, Any], logs: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """The hunting reference, widened by what the same table has in Sentinel, where time is TimeGenerated."""
    tables = {name: {column: fact["type"] for column, fact in t["columns"].items()} for name, t in hunting.items()}
    for name, columns in logs.items():
        if name in tables or (
            HUNTED.fullmatch(name) and not name.endswith("_CL") and columns.keys() & {"Timestamp", "ReportId"}
        ):
            table = tables.setdefault(name, {"Timestamp": "datetime"})
            for column, kind in columns.items():
                if column not in SENTINEL_ONLY | {"TimeGenerated"}:
                    table.setdefault(column, kind)
    return tables


def asim_functions(asim: dict[str, Any]) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    common = typed(asim["schemas"]["Common"]["fields"])
    tables, names = {}, {}
    for schema, facts in asim["schemas"].items():
        if facts["kind"] != "common":
            tables[schema] = common | typed(facts["fields"])
    for parser in asim["parsers"]:
        if parser["kind"] == "union":
            for key in ("name", "builtin", "filtering_name", "filtering_builtin"):
                if parser.get(key):
                    names[parser[key]] = parser["schema"]
    return tables, names


def typed(fields: dict[str, Any]) -> dict[str, str]:
    def kind(name: str) -> str:
        fact = fields.get(name, {})
        target = fact.get("alias_of", "").split("|")[0]
        return fact.get("type") or (kind(target) if target and target != name else "string")

    return {name: kind(name) for name in fields}


def connectors(listed: list[dict[str, str]], tables: dict[str, Any]) -> None:
    fills: dict[str, list[str]] = {}
    for name, table in tables.items():
        for connector in table.get("connectors", ()):
            fills.setdefault(connector, []).append(name)
    lines = ["id\ttitle\ttables"]
    for each in sorted(listed, key=lambda c: c["id"]):
        if each.get("deprecated") != "true" and each["id"] in fills:
            lines.append(f"{each['id']}\t{each['title'].strip()}\t{' '.join(sorted(fills[each['id']]))}")
    put(
        "connectors.tsv",
        "Data connectors of Microsoft Sentinel and the tables they fill. From the Azure/Azure-Sentinel content",
        lines,
    )


def write(name: str, head: str, tables: dict[str, dict[str, str]]) -> None:
    """One table a line: its name, then `column:type` in order of name, separated by tabs."""
    lines = ["table\tcolumns"]
    for table, columns in sorted(tables.items()):
        cells = (f"{column}:{kind}" for column, kind in sorted(columns.items(), key=lambda c: c[0].lower()))
        lines.append("\t".join((table, *cells)))
    put(name, head, lines)


def put(name: str, head: str, lines: list[str]) -> None:
    licence = "Facts; documentation CC-BY-4.0, content MIT."
    text = f"# {head}, retrieved 2026-11-21. {licence} Made by tools/tables.py.\n" + "\n".join(lines) + "\n"
    (DATA / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
