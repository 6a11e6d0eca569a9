"""Write schemas/data/attack-*.tsv and tactics.tsv from STIX bundles of MITRE ATT&CK Enterprise.

Usage: python tools/attack.py FOLDER, where FOLDER holds `enterprise-attack-<version>*.json[.gz]` as published by
https://github.com/mitre-attack/attack-stix-data.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

VERSIONS = ("18.1", "19.1")
DATA = Path(__file__).parent.parent / "src" / "rulescope" / "schemas" / "data"
NOTICE = (
    "# © 2025 The MITRE Corporation. This work is reproduced and distributed with the permission of The MITRE "
    "Corporation.\n# ATT&CK terms of use: https://attack.mitre.org/resources/legal-and-branding/terms-of-use/\n"
)
LINK = re.compile(r"\[([^\]]+)\]\(https?://attack\.mitre\.org/techniques/(T\d+(?:/\d+)?)/?\)")
MATRIX_18 = [
    "TA0043",
    "TA0042",
    "TA0001",
    "TA0002",
    "TA0003",
    "TA0004",
    "TA0005",
    "TA0006",
    "TA0007",
    "TA0008",
    "TA0009",
    "TA0011",
    "TA0010",
    "TA0040",
]


def main(folder: Path) -> None:
    tactics: list[str] = []
    known: dict[str, str] = {}
    for version in VERSIONS:
        objects = bundle(folder, version)
        known = names(objects, known)
        rows = techniques(objects, known)
        head = f"# ATT&CK Enterprise {version} techniques, retrieved 2026-11-21. Made by tools/attack.py.\n{NOTICE}"
        columns = "id\tname\ttactics\tstatus\trevoked_by\tplatforms\n"
        (DATA / f"attack-{version}.tsv").write_text(head + columns + "".join(rows), encoding="utf-8")
        tactics += tactic_rows(objects, version)
    head = f"# ATT&CK Enterprise tactics in matrix order, retrieved 2026-11-21. Made by tools/attack.py.\n{NOTICE}"
    (DATA / "tactics.tsv").write_text(head + "version\tid\tshortname\tname\n" + "".join(tactics), encoding="utf-8")


def bundle(folder: Path, version: str) -> list[dict[str, Any]]:
    path = next(folder.glob(f"enterprise-attack-{version}*"))
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    objects: list[dict[str, Any]] = json.loads(data)["objects"]
    return objects


def attack_id(item: dict[str, Any]) -> str:
    names = (ref.get("external_id", "") for ref in item["external_references"] if ref["source_name"] == "mitre-attack")
    return next(names)


def names(objects: list[dict[str, Any]], earlier: dict[str, str]) -> dict[str, str]:
    """The name of each technique. One renamed since the `earlier` version is, unless the texts of its own version link to it
    by the new name, known by the earlier: rebuilt bundles have old names and those of citations in some places."""
    links = Counter(
        (id.replace("/", "."), name) for item in objects for name, id in LINK.findall(item.get("description", ""))
    )
    found = {}
    for item in objects:
        if item["type"] == "attack-pattern":
            key, name = attack_id(item), item["name"]
            before = earlier.get(key, name)
            found[key] = name if links[key, name] > links[key, before] else before
    return found


def techniques(objects: list[dict[str, Any]], known: dict[str, str]) -> list[str]:
    patterns = {item["id"]: item for item in objects if item["type"] == "attack-pattern"}
    revoked = {
        item["source_ref"]: item["target_ref"]
        for item in objects
        if item["type"] == "relationship" and item["relationship_type"] == "revoked-by"
    }
    rows = []
    for key, item in patterns.items():
        status = "revoked" if item.get("revoked") else "deprecated" if item.get("x_mitre_deprecated") else "active"
        target = patterns.get(revoked.get(key, ""))
        cells = (
            attack_id(item),
            known[attack_id(item)],
            " ".join(phase["phase_name"] for phase in item.get("kill_chain_phases", ())),
            status,
            attack_id(target) if target else "",
            ",".join(sorted(item.get("x_mitre_platforms", ()))),
        )
        rows.append("\t".join(cells) + "\n")
    return sorted(rows)


def tactic_rows(objects: list[dict[str, Any]], version: str) -> list[str]:
    found = {item["id"]: item for item in objects if item["type"] == "x-mitre-tactic"}
    by_id = {attack_id(item): item for item in found.values()}
    matrix = next((item for item in objects if item["type"] == "x-mitre-matrix"), {})
    order = [attack_id(found[ref]) for ref in matrix.get("tactic_refs", ())]
    if set(order) != set(by_id):
        order = MATRIX_18
    return [f"{version}\t{key}\t{by_id[key]['x_mitre_shortname']}\t{by_id[key]['name']}\n" for key in order]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
