"""How long an ingest takes: cold, and again when nothing changed; wall time, processor seconds of all processes, memory.

python benchmarks/ingest.py                      1,200 synthetic rule files
python benchmarks/ingest.py FOLDER ...           folders of yours, such as copies of public sources
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from pathlib import Path

from rulescope.catalogue import Catalogue
from rulescope.services.ingest import ingest

FILES = 1200
LIMITS = {"cold": 90.0, "unchanged": 3.0, "MB": 1500.0}
RULE = """title: Rule {number}
id: 00000000-0000-4000-8000-{number:012d}
status: test
description: Starts of tool {number} with an odd command line.
tags: [attack.execution, attack.t1059.00{digit}]
logsource: {{category: process_creation, product: windows}}
detection:
  selection:
    Image|endswith: '\\tool{number}.exe'
    CommandLine|contains: ['-x {digit}', '--run{number}', ' /c ']
  filter:
    ParentImage|startswith: 'C:\\Program Files\\'
  condition: selection and not filter
level: medium
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path)
    folders: list[Path] = parser.parse_args().folders
    with tempfile.TemporaryDirectory() as scratch:
        places = folders or [_synthetic(Path(scratch) / "rules")]
        with Catalogue(Path(scratch) / "catalogue.sqlite") as catalogue:
            for name in ("cold", "unchanged"):
                wall, busy = time.perf_counter(), _seconds()
                done = ingest(places, catalogue)
                wall, busy = time.perf_counter() - wall, _seconds() - busy
                print(
                    f"{name:<10} {done.files:>7,} files {done.read:>7,} read {done.tally.rules:>7,} rules"
                    f"  {wall:7.1f} s (at most {LIMITS[name]:g}), {busy:7.1f} processor seconds"
                )
    memory = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    print(f"memory     {memory:,.0f} MB in the largest processes (at most {LIMITS['MB']:,.0f}), {os.cpu_count()} cores")


def _synthetic(folder: Path) -> Path:
    folder.mkdir()
    for number in range(FILES):
        (folder / f"rule{number}.yml").write_text(RULE.format(number=number, digit=number % 9 + 1))
    return folder


def _seconds() -> float:
    """Processor seconds of this process and its finished children."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    main()
