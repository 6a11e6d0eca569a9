"""How long the queries behind the pages take over catalogues of synthetic rules: feed, filters, search, rule, value, coverage.

    python benchmarks/catalogue.py                   12,000 rules
    python benchmarks/catalogue.py 12000 100000      one after the other

Each query runs over and over with other arguments, so that nothing comes from memory but what the catalogue itself keeps.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

from rulescope.catalogue import Catalogue, Entry, FileEntry
from rulescope.model import Rule, replace
from rulescope.services import browse, coverage, explain, feed, search
from rulescope.services.entries import entry_of

TIMES = 60
WORDS = ("powershell", "bitsadmin", "rundll32", "lsass", "proxy", "tunnel", "service", "registry", "token", "mailbox")
TECHNIQUES = ("T1059.001", "T1105", "T1197", "T1003.001", "T1547.001", "T1021.002", "T1566", "T1078")
QUERY = """DeviceProcessEvents
| where FileName =~ "{word}{number}.exe" and ProcessCommandLine has_any ("/{word}", "-x{digit}")
| where not(InitiatingProcessFileName =~ "updater{digit}.exe")
| summarize count() by DeviceName"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", type=int, default=[12_000])
    for size in parser.parse_args().sizes:
        with tempfile.TemporaryDirectory() as scratch, Catalogue(Path(scratch) / "catalogue.sqlite") as catalogue:
            started = time.perf_counter()
            _fill(catalogue, size)
            print(f"{size:,} rules, made in {time.perf_counter() - started:.0f} s")
            for name, run in _queries(catalogue).items():
                _timed(name, run)


def _fill(catalogue: Catalogue, size: int) -> None:
    """Rules read in earnest once per kind, stored again under other keys, titles and tests."""
    with catalogue.writing("2026-01-01T00:00:00Z") as session:
        for number in range(size):
            session.store(_file(number))


def _file(number: int) -> FileEntry:
    random.seed(number)
    word, digit = random.choice(WORDS), number % 9
    kind = _kind(word, digit)
    rule = replace(
        kind.rule,
        id=str(number),
        title=f"{word} use {number}",
        path=f"{number}.kql",
        techniques=(random.choice(TECHNIQUES),),
    )
    first = replace(kind.predicates[0], value=f"{word}{number // 3}.exe")
    entry = replace(kind, key=f"{number:010x}", rule=rule, predicates=(first, *kind.predicates[1:]))
    facets = (*(pair for pair in kind.facets if pair[0] != "technique"), ("technique", rule.techniques[0]))
    return FileEntry("synthetic", rule.path, str(number).encode(), 1, 1, (replace(entry, facets=facets),))


@cache
def _kind(word: str, digit: int) -> Entry:
    text = QUERY.format(word=word, number=digit, digit=digit)
    return entry_of(Rule("0", word, "kusto", text, kind="Hunting", severity="medium", source="synthetic"))


def _queries(catalogue: Catalogue) -> dict[str, Callable[[int], object]]:
    keys = catalogue.keys()
    values = [_file(n * 131 % len(keys)).entries[0].predicates[0].value for n in range(TIMES + 1)]
    return {
        "feed": lambda n: feed.feed(catalogue, page=1 + n % 20),
        "filter": lambda n: search.search(catalogue, "", (("technique", TECHNIQUES[n % len(TECHNIQUES)]),), 1 + n % 7),
        "search": lambda n: search.search(catalogue, f"{WORDS[n % len(WORDS)]} {n}"),
        "suggest": lambda n: search.suggest(catalogue, WORDS[n % len(WORDS)][: 3 + n % 4]),
        "rule": lambda n: explain.rule_page(catalogue, keys[n * 131 % len(keys)]),
        "value": lambda n: browse.value_page(catalogue, values[n]),
        "coverage": lambda n: coverage.coverage(catalogue, filters=(("field", "process.name"),) if n % 2 else ()),
    }


def _timed(name: str, run: Callable[[int], object]) -> None:
    run(0)
    times = []
    for number in range(1, TIMES + 1):
        started = time.perf_counter()
        run(number)
        times.append((time.perf_counter() - started) * 1000)
    times.sort()
    print(f"  {name:<10} p50 {statistics.median(times):7.1f} ms  p99 {times[-1]:7.1f} ms")


if __name__ == "__main__":
    main()
