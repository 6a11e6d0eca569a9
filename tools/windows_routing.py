"""Make src/rulescope/schemas/data/windows-routing.tsv: which Windows event logs and event ids a Sigma logsource means.

Usage: python tools/windows_routing.py sigma-appendix-taxonomy.md > src/rulescope/schemas/data/windows-routing.tsv
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

HEAD = """\
# What a Sigma logsource of product windows means: event log, event ids. From the Sigma taxonomy appendix 2.1.0,
# https://github.com/SigmaHQ/sigma-specification (public domain), commit of 2026-06-09. Made by tools/windows_routing.py, which
# adds the rows its table OURS lists. `without`: an event with this field and value is another category's (registry 12).
category\tservice\tchannel\tprovider\tevent_ids\twithout"""

OURS = (
    ("process_creation", "", "Security", "", "4688", ""),
    ("registry_add", "", "Microsoft-Windows-Sysmon/Operational", "", "12", "EventType=DeleteKey,DeleteValue"),
    ("registry_delete", "", "Microsoft-Windows-Sysmon/Operational", "", "12", "EventType=CreateKey"),
    ("file_access", "", "", "Microsoft-Windows-Kernel-File", "", ""),
    ("file_rename", "", "", "Microsoft-Windows-Kernel-File", "", ""),
    ("antivirus", "", "Microsoft-Windows-Windows Defender/Operational", "",
     "1006,1007,1008,1009,1010,1011,1012,1017,1018,1019,1115,1116", ""),
)  # fmt: skip
"""Rows beside the appendix: process creation by Windows' own audit, the two halves of Sysmon 12, file ETW providers, and
Defender's detections as antivirus events."""


def rows(text: str) -> list[tuple[str, ...]]:
    found: set[tuple[str, ...]] = set(OURS)
    ours = {row[0] for row in OURS if row[0] != "process_creation"}
    for line in text.splitlines():
        named = re.match(r"\| windows +\| product: windows<br>(category|service): ([\w.-]+) +\| (.*?) +\|$", line)
        if not named:
            continue
        kind, name, said = named.groups()
        if kind == "category" and name in ours:
            continue
        plain = re.sub(r"<br>", "\n", said)
        ids = ",".join(re.findall(r"^(?: - |EventIDs?: )(\d+)", plain, re.M))
        channels = re.search(r"Channels?:((?:.|\n)*)", plain)
        for channel in re.findall(r"^(?: - )?\s*([^\n]+)", channels[1], re.M) if channels else ():
            channel = channel.removeprefix("- ").strip()
            if channel:
                row = (name if kind == "category" else "", name if kind == "service" else "", channel, "", ids, "")
                found.add(row)
    return sorted(found)


if __name__ == "__main__":
    print(HEAD)
    for row in rows(Path(sys.argv[1]).read_text(encoding="utf-8")):
        print("\t".join(row).rstrip("\t"))
