"""Scanning: end to end, per event, and against asking every rule of a log source about each of its events.

    python benchmarks/scan.py RULES... --logs LOGS... [--sample 40]

Times are of the processor, in this run; the naive way is run on every n-th event so that it ends, and its cost is per event.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rulescope import logs
from rulescope.errors import LogError
from rulescope.logs import Batch
from rulescope.model import Alert
from rulescope.schemas.recognition import offers
from rulescope.services.rule_cache import RuleCache
from rulescope.services.scan import run
from rulescope.services.scan_events import EventRules
from rulescope.services.scan_loading import Prepared, prepare


def timed(what: Callable[[], Any]) -> tuple[float, Any]:
    start = time.process_time()
    found = what()
    return time.process_time() - start, found


def batches(places: list[Path]) -> Iterator[Batch]:
    for place in places:
        for path in logs.files(place):
            try:
                yield from logs.read(path)
            except LogError:
                continue


def sigma(prepared: Prepared) -> EventRules:
    return EventRules([each for each in prepared.ready if each[1].language == "sigma"])


def naive(rules: EventRules, read: list[Batch], every: int) -> tuple[int, int]:
    """(events, alerts) of every n-th event, each judged by all rules of its log sources."""
    events = alerts = number = 0
    for batch in read:
        for row in batch.rows:
            number += 1
            if number % every:
                continue
            events += 1
            seen = offers(row, batch.kind, batch.stream)
            for group in rules._groups.values():
                offer = next((offer for offer in seen if offer.logsource in group.wanted), None)
                if offer is not None:
                    event = offer.seen(row)
                    alerts += sum(one.holds(event) and not one.silent for one in group.tested.values())
    return events, alerts


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("rules", nargs="+", type=Path)
    asked.add_argument("--logs", nargs="+", type=Path, required=True)
    asked.add_argument("--sample", type=int, default=40)
    given = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        first, prepared = timed(lambda: prepare(given.rules, RuleCache(folder)))
        again, prepared = timed(lambda: prepare(given.rules, RuleCache(folder)))
    whole, results = timed(lambda: [one for _, one in run(given.logs, prepared)])
    reading, read = timed(lambda: list(batches(given.logs)))
    events = sum(len(batch.rows) for batch in read)
    making, rules = timed(lambda: sigma(prepared))
    passing, found = timed(lambda: sum(1 for batch in read for _ in rules.alerts(batch)))
    asking, (sampled, expected) = timed(lambda: naive(sigma(prepared), read, given.sample))
    fired = sum(isinstance(one, Alert) for one in results)
    print(
        f"rules            {len(prepared.ready):>10,}   events {events:,}   alerts {fired:,} ({found:,} of single events)"
    )
    print(f"reading rules    {first:>10.1f} s the first time, {again:.2f} s from the cache")
    print(f"reading logs     {reading:>10.1f} s   {events / reading:,.0f} events/s")
    print(f"making the index {making:>10.1f} s")
    print(
        f"judging events   {passing:>10.1f} s   {events / passing:,.0f} events/s   {passing / events * 1e6:,.0f} µs an event"
    )
    print(f"end to end       {again + whole:>10.1f} s   {events / (again + whole):,.0f} events/s")
    print(
        f"every rule asked {asking:>10.1f} s for {sampled:,} events   {asking / sampled * 1e6:,.0f} µs an event ({expected} alerts)"
    )
    print(f"ratio            {asking / sampled / (passing / events):>10.1f} times")


if __name__ == "__main__":
    main()
