"""Writes docs/conformance.md: how the engine answers traps, documentation examples, another engine's tests, and real rules.

    python tools/conformance.py FOLDER [--corpora FOLDER] [--every N] [--only PART ...] [--out FILE]

FOLDER holds traps.jsonl.gz, docs_cases.jsonl.gz, engine_cases.jsonl.gz, rules.jsonl.gz, log_analytics_schema.json.gz and compare.py.
Only numbers and facts are written, never a case's text.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa

from rulescope import formats, sources
from rulescope.binding.rows import type_name
from rulescope.engines.duck import Engine
from rulescope.engines.sql.plan import Source
from rulescope.engines.sql.values import null
from rulescope.engines.stored import asim_parser
from rulescope.errors import RulescopeError, RunError, UnsupportedError
from rulescope.languages.kusto import parse
from rulescope.model import Expr, Invoke, Let, Query, RuleFile, Scan, TableCall, walk
from rulescope.schemas import tables as known

HERE = Path(__file__).resolve().parent
TRIES = 40
"""Columns and tables a rule may miss before it is given up."""

FILE_PROFILE = (
    "SHA1", "SHA256", "MD5", "Signer", "Issuer", "SignerHash", "ThreatName", "Publisher", "SoftwareName", "SignatureState",
    "IsCertificateValid", "IsRootSignerMicrosoft", "ProfileAvailability", "FileType",
)  # fmt: skip
OUTSIDE = {
    "FileProfile": dict.fromkeys(FILE_PROFILE, "string")
    | {"GlobalPrevalence": "long", "GlobalFirstSeen": "datetime", "GlobalLastSeen": "datetime", "FileSize": "long", "IsExecutable": "bool"},
    "geo_info_from_ip_address": dict.fromkeys(("network", "country", "state", "city"), "string") | {"latitude": "real", "longitude": "real"},
}  # fmt: skip
SUFFIXES = {"_d": "real", "_b": "bool", "_t": "datetime", "_g": "guid", "_i": "int", "_l": "long"}
"""What the last letters of a custom table's column say of its type."""


def records(folder: Path, name: str) -> list[dict[str, Any]]:
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def module(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@dataclass(slots=True)
class Tally:
    """How many of a set came out how, and what was refused or differs."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    differs: list[str] = field(default_factory=list)

    @property
    def all(self) -> int:
        return sum(self.counts.values())

    def share(self, name: str) -> str:
        return f"{self.counts[name]} of {self.all} ({100 * self.counts[name] / max(1, self.all):.1f}%)"

    @property
    def comparable(self) -> str:
        """The share of right ones among those that can be compared at all; empty where all can."""
        outside = sum(count for name, count in self.counts.items() if name.startswith("needs"))
        fit = self.all - outside
        return (
            f"Of the {fit} that can be compared, {self.counts['right']} are right ({100 * self.counts['right'] / fit:.1f}%)."
            if outside and fit
            else ""
        )


def table(engine: Engine, text: str) -> pa.Table:
    return engine.run(parse(text))


# ---------------------------------------------------------------- cases with expected rows


def traps(folder: Path) -> Tally:
    """Pitfalls of the language with their expected rows."""
    compare = module(folder / "compare.py", "compare_cases").compare
    engine, tally = Engine({}, timeout=30.0), Tally()
    for case in records(folder, "traps"):
        try:
            found = table(engine, case["query"])
        except RulescopeError as error:
            outside = "externaldata" in case["query"]
            tally.counts["needs a file outside" if outside else "refused"] += 1
            tally.refused[reason(error)] += 1
            continue
        expected = case["expected_columns"] or found.column_names
        rows = [list(row.values()) for row in found.to_pylist()]
        wanted = {"expected_columns": expected, "expected_rows": case["expected_rows"]}
        right = (
            list(expected) == found.column_names
            if case["expected_rows"] is None
            else compare(wanted, found.column_names, rows, True)[0]
        )
        tally.counts["right" if right else "differs"] += 1
        if not right:
            tally.differs.append(f"trap {case['id']} ({case['area']})")
    return tally


def documentation(folder: Path, wrong: Mapping[tuple[str, int], str], core: bool = False) -> Tally:
    """Examples of the documentation with the tables it prints."""
    compare = module(folder / "compare.py", "compare_cases").compare
    engine, tally = Engine({}, timeout=30.0), Tally()
    for case in records(folder, "docs_cases"):
        if case["nondet"] or (core and not case["corpus_core"]):
            continue
        key = (case["page"], case["n"])
        try:
            found = table(engine, case["query"])
        except RulescopeError as error:
            outside = any(word in str(error) for word in ("no such table is configured", "unknown table"))
            tally.counts["needs data that is not in the example" if outside else "refused"] += 1
            tally.refused[reason(error)] += 1
            continue
        right, _ = compare(case, found.column_names, [list(row.values()) for row in found.to_pylist()])
        name = "right" if right else "printed otherwise, reviewed" if key in wrong else "differs"
        tally.counts[name] += 1
        if not right:
            tally.differs.append(
                f"{case['page'].removesuffix('.md')}, example {case['n']}: {wrong.get(key, 'not explained')}"
            )
    return tally


def other_engine(folder: Path, reviewed: Mapping[str, str]) -> Tally:
    """Another engine's own tests: a peer's opinion."""
    cells = module(folder / "compare.py", "compare_cases")
    engine, tally = Engine({}, timeout=30.0), Tally()
    for case in records(folder, "engine_cases"):
        why = reviewed.get(case["test"])
        try:
            found = table(engine, case["query"])
        except RulescopeError as error:
            tally.counts["refused, reviewed" if why else "refused"] += 1
            tally.refused[reason(error)] += 1
            if why:
                tally.differs.append(f"{case['test']}: {why}")
            continue
        agrees = same_as_peer(cells, case, found)
        tally.counts["agrees" if agrees else "disagrees, reviewed" if why else "disagrees"] += 1
        if not agrees:
            tally.differs.append(f"{case['test']}: {why or 'not explained'}")
    return tally


def same_as_peer(cells: ModuleType, case: Mapping[str, Any], found: pa.Table) -> bool:
    rows = [list(row.values()) for row in found.to_pylist()]
    if case["kind"] == "table":
        return bool(cells.compare(case, found.column_names, rows)[0])
    lines = [line.strip() for line in re.split(r"[|\n]", case["expected"].strip()) if line.strip()]
    texts = [["<null>" if cell is None else cell for cell in row] for row in rows]
    if case["kind"] == "lastline":
        return any(_line_is(cells, case["expected"], row) for row in texts)
    whole = len(lines) == len(texts) and all(any(_line_is(cells, line, row) for row in texts) for line in lines)
    return whole or _line_is(cells, case["expected"], [cell for row in texts for cell in row])


def _line_is(cells: ModuleType, line: str, row: list[Any]) -> bool:
    if cells.cell_eq(line.strip(), ",".join(map(str, row))):
        return True
    parts = [line.strip()] if len(row) == 1 else line.strip().split(",")
    return len(parts) == len(row) and all(cells.cell_eq(part, cell) for part, cell in zip(parts, row, strict=True))


# ---------------------------------------------------------------- real rules over empty tables


class Everything(dict[str, Any]):
    """Any address of `externaldata` is a table without rows."""

    def __init__(self, source: Any) -> None:
        super().__init__()
        self._source = source

    def get(self, key: str, default: Any = None) -> Any:
        return self._source


def engine_over(schemas: Mapping[str, Mapping[str, str]]) -> Engine:
    """An engine whose tables are all there, typed, and hold no rows."""
    engine = Engine({}, schemas={"k_blank": {}}, timeout=20.0)
    engine._outside = Everything(engine.sources["k_blank"])
    use(engine, schemas)
    return engine


def use(engine: Engine, schemas: Mapping[str, Mapping[str, str]]) -> None:
    """Gives `engine` other tables without rows, and the parsers over them."""
    relation = "k_table0"
    engine.sources = {
        name: Source(name, relation, tuple((column, kind, null(kind).sql) for column, kind in columns.items()), True)
        for name, columns in schemas.items()
    }
    engine.functions = {
        name: asim_parser(name, columns)
        for name, columns in schemas.items()
        if name.startswith(("im", "vim", "_Im_", "ASim", "_ASim_"))
    }


def log_analytics(folder: Path) -> dict[str, dict[str, str]]:
    with gzip.open(folder / "log_analytics_schema.json.gz", "rt", encoding="utf-8") as text:
        found = json.load(text)
    listed = found.get("tables", found)
    made: dict[str, dict[str, str]] = {}
    for name, columns in listed.items():
        pairs = (
            columns.items()
            if isinstance(columns, dict)
            else [tuple(c) if isinstance(c, list) else (c["name"], c["type"]) for c in columns]
        )
        made[name] = {column: type_name(kind) for column, kind in pairs if type_name(kind) != "unknown"}
    return made


def all_tables() -> dict[str, dict[str, str]]:
    """Tables of all schemas; one that several have holds the columns of all."""
    made: dict[str, dict[str, str]] = {}
    for schema in known.SCHEMAS:
        for name, columns in known.tables(schema).items():
            for column, kind in columns.items():
                made.setdefault(name, {}).setdefault(column, kind)
    return made | {name: dict(columns) for name, columns in OUTSIDE.items()}


def reason(error: RulescopeError) -> str:
    text = error.construct if isinstance(error, UnsupportedError) else str(error)
    return re.sub(r"'[^']*'|\"[^\"]*\"|[\d,]+", "…", text)[:110]


MISSING = re.compile(
    r"unknown table '([^']*)'|unknown column '([^']*)'|watchlist '([^']*)'|function (\w+): not configured|access into '([^']*)', which is a string"
)


def fitted(engine: Engine, query: Query, schemas: Mapping[str, Mapping[str, str]]) -> pa.Table:
    """The rows of `query` over tables of its own: what it asks for and the schemas lack is added, by the type its name says."""
    lets = {node.name for node in walk(query) if isinstance(node, Let)}
    wanted = {node.table for node in walk(query) if isinstance(node, Scan) and node.table and "*" not in node.table}
    wanted |= {node.name for node in walk(query) if isinstance(node, TableCall | Invoke)}
    mine = {name: dict(schemas.get(name, {"TimeGenerated": "datetime"})) for name in wanted - lets}
    mine |= {name: dict(columns) for name, columns in OUTSIDE.items()}
    guessed = [name for name in mine if name not in schemas]
    seen: Counter[str] = Counter()
    for _ in range(TRIES):
        use(engine, mine)
        for name in guessed:
            engine.functions[name] = partial(_whole, name)
        try:
            return engine.run(query)
        except UnsupportedError as error:
            found = MISSING.search(error.construct)
            seen[error.construct] += 1
            if found is None or seen[error.construct] > 2:
                raise
            table, column, watchlist, function, text = found.groups()
            if watchlist:
                mine[f"watchlist:{watchlist}"] = {"SearchKey": "string"}
                guessed.append(f"watchlist:{watchlist}")
            elif table or function:
                mine[table or function] = {"TimeGenerated": "datetime"}
                guessed.append(table or function)
            elif text:
                for columns in mine.values():
                    if text in columns:
                        columns[text] = "dynamic"
            else:
                first = guessed if seen[error.construct] == 1 and guessed else mine
                for name in first:
                    if name not in OUTSIDE:
                        mine[name].setdefault(column, guess(column))
    raise RunError("too many unknown names")


def _whole(name: str, arguments: tuple[Expr, ...]) -> Query:
    return Query((Scan(name),), language="kusto")


def guess(column: str) -> str:
    """The type that a custom column's name says."""
    if column[-2:] in SUFFIXES:
        return SUFFIXES[column[-2:]]
    return "datetime" if column.endswith("Time") or column in ("Timestamp", "TimeGenerated") else "string"


def analysed(folder: Path, every: int = 1) -> Tally:
    """Rules that Microsoft's analyser binds, over empty tables of its schema: whether they run, with exactly its columns."""
    schemas = log_analytics(folder)
    for name, columns in all_tables().items():
        schemas.setdefault(name, columns)
    engine, tally = engine_over(schemas), Tally()
    for number, case in enumerate(records(folder, "rules")):
        if number % every or not case["accepted"] or not case.get("output_columns"):
            continue
        try:
            found = engine.run(parse(case["query"], tables=schemas))
        except RulescopeError as error:
            tally.counts["refused" if isinstance(error, UnsupportedError) else "stopped by limits"] += 1
            tally.refused[reason(error)] += 1
            continue
        got = [(column.name, column.metadata[b"kusto"].decode()) for column in found.schema]
        same = got == [tuple(column) for column in case["output_columns"]]
        tally.counts["runs, with the same columns" if same else "runs, with other columns"] += 1
        if not same:
            tally.differs.append(f"rule {case['id']}: {columns_differ(case['output_columns'], got)}")
    return tally


def columns_differ(expected: list[list[str]], got: list[tuple[str, str]]) -> str:
    ours = dict(got)
    theirs = {name: kind for name, kind in expected}  # noqa: C416
    clashes = [name for name in theirs if name not in ours and any(other.startswith(f"{name}_") for other in ours)]
    if clashes:
        return "a union of one name with several types: a column a type here, one column in the analyser"
    kinds = [
        f"{theirs[name]} there, {ours[name]} here" for name in theirs if name in ours and ours[name] != theirs[name]
    ]
    return f"types: {'; '.join(dict.fromkeys(kinds))}" if kinds else "names"


def accepted_rules(root: Path) -> Iterator[tuple[str, Query]]:
    """(source, query) of each Kusto rule under `root` that reads without a fault; the same text once."""
    seen: set[str] = set()
    for file in sources.read(root):
        if not isinstance(file, RuleFile):
            continue
        if formats.detect(file) is None:
            continue
        for rule in formats.read(file)[0]:
            if rule.language != "kusto" or rule.text in seen:
                continue
            seen.add(rule.text)
            try:
                yield file.path, parse(rule.text)
            except RulescopeError:
                continue


def corpus(root: Path, every: int = 1) -> Tally:
    """All rules of a folder that read without a fault, over empty tables with the columns they ask for."""
    schemas = all_tables()
    engine, tally = engine_over(schemas), Tally()
    for number, (_, query) in enumerate(accepted_rules(root)):
        if number % every:
            continue
        try:
            engine.run(query)
            tally.counts["runs"] += 1
        except RulescopeError as error:
            if isinstance(error, UnsupportedError) and MISSING.search(error.construct):
                kept = engine.sources, engine.functions
                try:
                    fitted(engine, query, schemas)
                    tally.counts["runs, over tables completed by the names it uses"] += 1
                    continue
                except RulescopeError as second:
                    error = second
                finally:
                    engine.sources, engine.functions = kept
            tally.counts["refused" if isinstance(error, UnsupportedError) else "stopped by limits"] += 1
            tally.refused[reason(error)] += 1
    return tally


# ---------------------------------------------------------------- the page


def section(title: str, about: str, tally: Tally) -> list[str]:
    lines = [f"## {title}", "", about, "", "| outcome | cases |", "|---|---|"]
    lines += [f"| {name} | {tally.share(name)} |" for name, _ in tally.counts.most_common()]
    if tally.comparable:
        lines += ["", tally.comparable]
    if tally.differs:
        lines += ["", "Not the same, each reviewed:", ""]
        lines += [f"- {text}" for text in sorted(set(tally.differs))]
    if tally.refused:
        lines += ["", "Refused, by construct:", "", "| construct | cases |", "|---|---|"]
        lines += [f"| {name.replace('|', '/')} | {count} |" for name, count in tally.refused.most_common(25)]
    return [*lines, ""]


HEAD = """# Conformance

How the engine on DuckDB answers known cases. Made by `python tools/conformance.py`; not written by hand.
What is not right is refused by name: a case that differs from a printed table is listed with the reason.
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("folder", type=Path)
    arguments.add_argument("--corpora", type=Path)
    arguments.add_argument("--every", type=int, default=1, help="only every N-th rule")
    arguments.add_argument("--only", nargs="*", default=[])
    arguments.add_argument("--out", type=Path, default=HERE.parent / "docs" / "conformance.md")
    asked = arguments.parse_args()
    sys.path.insert(0, str(HERE.parent / "tests"))
    differences = importlib.import_module("engines.known_differences")
    reviewed_pages, reviewed_tests = differences.PAGES, differences.PEER

    folder, every = asked.folder, asked.every
    sample = "" if every == 1 else f" One rule in {every}."
    parts: dict[str, tuple[str, str, Callable[[], Tally]]] = {
        "traps": ("Traps", "Pitfalls of the language, with the rows its documentation says.", lambda: traps(folder)),
        "core": ("Documentation, what real rules use", "Examples that use only constructs of two or more real rules.", lambda: documentation(folder, reviewed_pages, True)),
        "docs": ("Documentation, all examples", "Every example whose result does not depend on chance or the clock.", lambda: documentation(folder, reviewed_pages)),
        "peer": ("Another engine's tests", "Where it disagrees, the documentation decides.", lambda: other_engine(folder, reviewed_tests)),
        "rules": ("Real rules, bound by Microsoft's analyser", f"Over empty typed tables; the columns are compared in name, type and order.{sample}", lambda: analysed(folder, every)),
    }  # fmt: skip
    if asked.corpora:
        for name in ("sentinel", "kusto-community"):
            root = asked.corpora / name
            parts[name] = (
                f"Rules of the pack {name}",
                f"Every query that reads without a fault, over empty typed tables of the schemas shipped.{sample}",
                partial(corpus, root, every),
            )
    lines = [HEAD]
    for name, (title, about, make) in parts.items():
        if asked.only and name not in asked.only:
            continue
        tally = make()
        print(title, dict(tally.counts), file=sys.stderr)
        lines += section(title, about, tally)
    asked.out.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
