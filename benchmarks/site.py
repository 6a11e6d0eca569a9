"""How fast the site answers: every kind of page over a real or synthetic catalogue, one worker on loopback.

    python benchmarks/site.py                        12,000 synthetic rules, then 100,000
    python benchmarks/site.py --catalogue FILE       a catalogue of yours
    python benchmarks/site.py --publish              the time of a static publish, too

Pages are asked for one after another by one client, each address once, so that no page comes from memory.
"""

from __future__ import annotations

import argparse
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx

from rulescope.catalogue import Catalogue
from rulescope.services import ingest

TARGETS = {"p50": 15.0, "p99": 60.0}
WORDS = [
    "powershell",
    "bitsadmin",
    "certutil",
    "mshta",
    "rundll32",
    "regsvr32",
    "wscript",
    "cmd",
    "schtasks",
    "service",
    "registry",
    "download",
    "encoded",
    "command",
    "network",
    "lateral",
    "movement",
    "persistence",
    "credential",
    "dumping",
    "lsass",
    "proxy",
    "tunnel",
    "dns",
    "query",
    "suspicious",
    "renamed",
    "binary",
    "unusual",
    "parent",
    "child",
]
SIGMA = """\
title: {title}
id: {id}
status: test
description: Looks for {words} in the command line of a process.
date: 2026-{month:02d}-{day:02d}
tags: [attack.execution, attack.t{technique}]
logsource: {{category: {category}, product: windows}}
detection:
  selection:
    Image|endswith: '\\{image}.exe'
    CommandLine|contains: ['{one}', '{two}', '{rare}']
  filter: {{ParentImage|endswith: '\\{parent}.exe'}}
  condition: selection and not filter
level: {level}
"""
TECHNIQUES = (1059, 1197, 1105, 1218, 1003, 1053, 1547, 1021, 1071, 1027)


def synthetic(folder: Path, rules: int, seed: int = 1) -> Path:
    """A catalogue of so many Sigma rules of our making, a hundred documents a file."""
    chance = random.Random(seed)
    for start in range(0, rules, 100):
        documents = []
        for number in range(start, min(start + 100, rules)):
            words = chance.sample(WORDS, 4)
            documents.append(
                SIGMA.format(
                    title=f"{' '.join(words).capitalize()} {number}",
                    id=f"00000000-0000-4000-8000-{number:012d}",
                    words=" ".join(words),
                    month=number % 12 + 1,
                    day=number % 28 + 1,
                    technique=chance.choice(TECHNIQUES),
                    category=chance.choice(("process_creation", "network_connection", "registry_set", "file_event")),
                    image=chance.choice(WORDS),
                    one=chance.choice(WORDS),
                    two=f"/{chance.choice(WORDS)}",
                    rare=f"token{number // 3}",
                    parent=chance.choice(WORDS),
                    level=chance.choice(("low", "medium", "high")),
                )
            )
        (folder / f"{start:06d}.yml").write_text("---\n".join(documents))
    path = folder / "synthetic.sqlite"
    with Catalogue(path) as catalogue:
        ingest.ingest([folder], catalogue)
    return path


@contextmanager
def served(path: Path) -> Iterator[str]:
    """The address of a site served by one worker in a process of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code = "import sys, uvicorn; from rulescope.web import application; uvicorn.run(application(sys.argv[1]), port=int(sys.argv[2]), log_level='warning')"
    process = subprocess.Popen([sys.executable, "-c", code, str(path), str(port)])
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                httpx.get(address, timeout=30)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield address
    finally:
        process.terminate()
        process.wait(10)


def addresses(path: Path, each: int, seed: int = 2) -> dict[str, list[str]]:
    """Addresses of every kind of page, none twice."""
    chance = random.Random(seed)
    with Catalogue(path) as catalogue:
        keys = catalogue.keys()
        facets = {
            kind: list(catalogue.values(kind))
            for kind in ("language", "severity", "technique", "table", "field", "source", "platform", "event")
        }
        values = [
            (field, value)
            for field in facets["field"][:20]
            for _, value, _, _ in catalogue.field_values(field)
            if value
        ]
        titles = [catalogue.card(key).title for key in chance.sample(keys, min(len(keys), each))]  # type: ignore[union-attr]
    pages = -(-len(keys) // 50)
    words = [word for title in titles for word in title.split()[:1]]
    pairs = [
        [(kind, chance.choice(facets[kind])) for kind in chance.sample([kind for kind in facets if facets[kind]], 2)]
        for _ in range(each)
    ]
    things = {
        kind: [f"/{kind}s/{quote(name)}" for name in facets[kind][:each]]
        for kind in ("event", "table", "technique", "field", "source", "language")
    }
    return {
        "feed": [f"/?page={number}" for number in chance.sample(range(1, pages + 1), min(pages, each))],
        "rule": [f"/rules/{key}" for key in chance.sample(keys, min(len(keys), each))],
        "search": [f"/search?q={quote(' '.join(chance.sample(title.split(), min(2, len(title.split())))))}" for title in titles]
        + [f"/search?q={quote(word)}" for word in sorted(set(words))[: each // 4]],
        "filter": [f"/?{urlencode(pair)}" for pair in pairs],
        **{kind: listed * 2 if len(listed) < 2 else listed for kind, listed in things.items() if listed},
        "indicator": [f"/value?{urlencode({'field': field, 'value': value})}" for field, value in chance.sample(values, min(len(values), each))],
        "coverage": [f"/coverage?{urlencode([(kind, value)])}" for kind in ("table", "source", "language", "platform") for value in facets[kind][: each // 4]],
        "suggest": [f"/api/suggest?q={quote(title[: chance.randint(3, 12)])}" for title in titles],
    }  # fmt: skip


def measured(path: Path, each: int) -> dict[str, tuple[float, float]]:
    """Per kind of page, p50 and p99 in milliseconds."""
    result = {}
    with served(path) as site, httpx.Client(base_url=site, timeout=60, headers={"accept-encoding": "gzip"}) as client:
        for warm in ("/", "/search?q=warm", "/coverage"):
            client.get(warm)
        for kind, listed in addresses(path, each).items():
            client.get(listed[0])
            times = []
            for address in listed[1:]:
                began = time.perf_counter()
                answer = client.get(address)
                times.append((time.perf_counter() - began) * 1000)
                assert answer.status_code in (200, 404), (address, answer.status_code)
            times.sort()
            result[kind] = statistics.median(times), times[min(len(times) - 1, int(len(times) * 0.99))]
    return result


def told(
    name: str, found: dict[str, tuple[float, float]], beside: dict[str, tuple[float, float]] | None = None
) -> None:
    print(name)
    for kind, (half, most) in found.items():
        ratio = f"   ×{half / beside[kind][0]:.1f} / ×{most / beside[kind][1]:.1f}" if beside else ""
        good = "" if beside or (half < TARGETS["p50"] and most < TARGETS["p99"]) else "   over target"
        print(f"  {kind:9} p50 {half:6.1f} ms   p99 {most:6.1f} ms{ratio}{good}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalogue", type=Path)
    parser.add_argument("--each", type=int, default=300, help="addresses of each kind")
    parser.add_argument("--rules", type=int, default=12_000)
    parser.add_argument("--many", type=int, default=100_000, help="0: leave out")
    parser.add_argument("--publish", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.catalogue
        if path is None:
            (Path(folder) / "few").mkdir()
            path = synthetic(Path(folder) / "few", given.rules)
        first = measured(path, given.each)
        told(str(given.catalogue or f"{given.rules:,} synthetic rules"), first)
        if given.many:
            (Path(folder) / "many").mkdir()
            told(
                f"{given.many:,} synthetic rules",
                measured(synthetic(Path(folder) / "many", given.many), given.each),
                first,
            )
        if given.publish:
            from rulescope.web.publish import publish

            print(publish(path, Path(folder) / "site"))


if __name__ == "__main__":
    main()
