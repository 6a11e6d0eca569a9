"""The queries a benchmark of Kusto texts is given on its command line."""

from __future__ import annotations

import argparse
import gzip
import json


def given(description: str | None) -> tuple[list[str], int]:
    """The texts of the file named, those that Microsoft's parser accepts, and how often each is timed."""
    arguments = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("queries", help="JSON lines, may be .gz")
    arguments.add_argument("--every", type=int, default=1, help="take every n-th query")
    arguments.add_argument("--times", type=int, default=3)
    named = arguments.parse_args()
    opened = gzip.open if named.queries.endswith(".gz") else open
    with opened(named.queries, "rt", encoding="utf-8") as lines:
        texts = [row["query"] for row in map(json.loads, lines) if row.get("accepted", True)]
    return texts[:: named.every], named.times
