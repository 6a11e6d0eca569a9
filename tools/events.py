"""Write schemas/data/events.tsv and event-fields.tsv: event types, their titles and the fields they carry.

Usage: python tools/events.py FOLDER, where FOLDER holds `windows-events.json` (OTRF/OSSEM-DD, MIT),
`sysmon-schema-4.90.json` (the schema Sysmon prints) and `observed-windows-events.json` (field names seen in test logs).
Titles and action types typed in `events-own.tsv` (beside the result) win over theirs.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent.parent / "src" / "rulescope" / "schemas" / "data"
CHANNELS = {
    "Microsoft-Windows-Security-Auditing": "Security",
    "Microsoft-Windows-Sysmon": "Microsoft-Windows-Sysmon/Operational",
    "Microsoft-Windows-PowerShell": "Microsoft-Windows-PowerShell/Operational",
    "PowerShell": "Windows PowerShell",
    "Microsoft-Windows-Bits-Client": "Microsoft-Windows-Bits-Client/Operational",
    "Microsoft-Windows-TaskScheduler": "Microsoft-Windows-TaskScheduler/Operational",
    "Microsoft-Windows-WMI-Activity": "Microsoft-Windows-WMI-Activity/Operational",
    "Microsoft-Windows-CodeIntegrity": "Microsoft-Windows-CodeIntegrity/Operational",
    "Microsoft-Windows-NTLM": "Microsoft-Windows-NTLM/Operational",
    "Microsoft-Windows-DNS-Client": "Microsoft-Windows-DNS Client Events/Operational",
    "Microsoft-Windows-AppLocker": "Microsoft-Windows-AppLocker/EXE and DLL",
    "Microsoft-Windows-AppXDeployment-Server": "Microsoft-Windows-AppXDeploymentServer/Operational",
    "Microsoft-Windows-PrintService": "Microsoft-Windows-PrintService/Operational",
    "Microsoft-Windows-GroupPolicy": "Microsoft-Windows-GroupPolicy/Operational",
}
NOISE = re.compile(r"[a-z#@_].*|.*[.#:].*|TenantId|TimeGenerated|SourceSystem|Level|Keywords|Type|MG|Computer|EventSourceName|Activity")  # fmt: skip
OBSERVED_ONLY = {"Service Control Manager", "Microsoft-Windows-Windows Defender", "Microsoft-Windows-Eventlog",
                 "Microsoft-Windows-TerminalServices-LocalSessionManager", "Microsoft-Windows-WinRM",
                 "Microsoft-Windows-Windows Firewall With Advanced Security", "Microsoft-Windows-PowerShell"}  # fmt: skip

Key = tuple[str, int]


def main(folder: Path) -> None:
    titles: dict[Key, tuple[str, str]] = {}
    fields: dict[Key, list[str]] = {}
    described(folder, titles, fields)
    sysmon(folder, titles, fields)
    observed(folder, titles, fields)
    for row in own():
        titles[row[0], int(row[2])] = (row[1], row[3])
    source = "From OTRF/OSSEM-DD d0e449c9 (MIT), the Sysmon 4.90 schema and test logs, retrieved 2026-11-21."
    head = f"# {{}}. {source} Facts. Made by tools/events.py.\n"
    lines = [f"{p}\t{c}\t{i}\t{title}" for (p, i), (c, title) in sorted(titles.items())]
    put("events.tsv", head.format("Windows event types"), "provider\tchannel\tevent_id\ttitle", lines)
    lines = [f"{p}\t{i}\t{' '.join(names)}" for (p, i), names in sorted(fields.items()) if names]
    put("event-fields.tsv", head.format("EventData fields of Windows event types"), "provider\tevent_id\tfields", lines)


def own() -> list[list[str]]:
    text = (DATA / "events-own.tsv").read_text(encoding="utf-8")
    listed = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return listed[1:]


def described(folder: Path, titles: dict[Key, tuple[str, str]], fields: dict[Key, list[str]]) -> None:
    providers: dict[str, Any] = json.loads((folder / "windows-events.json").read_text())["providers"]
    for provider, events in providers.items():
        if provider not in CHANNELS:
            continue
        for number, versions in events.items():
            latest = versions[-1]
            title = re.sub(r"^Event( ID)? \d+:? ?(- )?", "", latest["title"])
            key = (provider, int(number))
            names = [field["name"] for field in latest.get("fields", ())]
            fields[key] = [name for name in names if re.fullmatch(r"\w+", name)]
            if title and not re.search(r"task_0|None|_", title):
                titles[key] = (CHANNELS[provider], title.rstrip("."))


def sysmon(folder: Path, titles: dict[Key, tuple[str, str]], fields: dict[Key, list[str]]) -> None:
    events = json.loads((folder / "sysmon-schema-4.90.json").read_text())["events"]
    for number, event in events.items():
        key = ("Microsoft-Windows-Sysmon", int(number))
        titles[key] = (CHANNELS[key[0]], event["title"])
        fields[key] = [field["name"] for field in event["fields"]]


def observed(folder: Path, titles: dict[Key, tuple[str, str]], fields: dict[Key, list[str]]) -> None:
    """Field names of events nobody describes, from those seen in most events of test logs."""
    for event in json.loads((folder / "observed-windows-events.json").read_text())["events"]:
        for provider in event["providers"]:
            key = (provider, int(event["event_id"]))
            if provider in OBSERVED_ONLY and key not in fields:
                names = [n for n, f in event["fields"].items() if not NOISE.fullmatch(n) or n.startswith("param")]
                fields[key] = [name for name in names if re.fullmatch(r"\w+", name)]


def put(name: str, head: str, columns: str, lines: list[str]) -> None:
    (DATA / name).write_text(head + columns + "\n" + "\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
