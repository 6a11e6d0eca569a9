"""SigmaHQ in Kusto: what the public converter (pySigma-backend-kusto) and rulescope write, and how true each is.

    python benchmarks/translation.py PATH/TO/sigma --every 10

converts the rules of a Sigma checkout by the converter's three pipelines and by rulescope's three schemas, judges every
query by `rulescope compare` (events run on both sides) and writes benchmarks/translation.md. The converter runs in an
environment of its own: the Python given by --peer, else a temporary one made with `pip install pysigma-backend-kusto`.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import venv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path

from rulescope.errors import QuerySyntaxError, RulescopeError
from rulescope.model import Rule, Translation, Verdict
from rulescope.services import compare, scan, verify
from rulescope.services.compare import Comparison, Side

PIPELINES = {
    "Defender XDR": ("sigma.pipelines.microsoftxdr", "microsoft_xdr_pipeline", "defender-xdr"),
    "ASIM": ("sigma.pipelines.sentinelasim", "sentinel_asim_pipeline", "sentinel-asim"),
    "Azure Monitor": ("sigma.pipelines.azuremonitor", "azure_monitor_pipeline", "windows-events"),
}
OUTCOMES = ("equal", "wider", "narrower", "differs", "impossible", "invalid", "untested")

CONVERT = """
import json, sys
from importlib import import_module
from importlib.metadata import version
from sigma.backends.kusto import KustoBackend
from sigma.collection import SigmaCollection

print(json.dumps({name: version(name) for name in ("pysigma", "pysigma-backend-kusto")}))
asked = json.loads(sys.stdin.read())
for number, text in enumerate(asked["rules"]):
    for name, (module, function, _) in asked["pipelines"].items():
        answer = {"rule": number, "pipeline": name, "queries": [], "error": ""}
        try:  # pySigma changes the rules it converts: parse afresh, and a pipeline of its own
            pipeline = getattr(import_module(module), function)()
            answer["queries"] = [str(q) for q in KustoBackend(processing_pipeline=pipeline).convert(SigmaCollection.from_yaml(text))]
        except Exception as error:
            answer["error"] = type(error).__name__
        print(json.dumps(answer))
"""


def main() -> None:
    """Read the rules, convert, compare, write the page."""
    args = arguments()
    started = time.perf_counter()
    rules = sample(args.rules, args.every)
    print(f"{len(rules)} rules", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        peer = args.peer or environment(Path(folder))
        versions, answers = converted(peer, rules)
    print(f"converted after {time.perf_counter() - started:.0f} s", file=sys.stderr)
    sides = [compare.side(rule) for rule in rules]
    theirs = {name: outcomes(sides, answers[name]) for name in PIPELINES}
    print(f"compared after {time.perf_counter() - started:.0f} s", file=sys.stderr)
    found = verify.verify(rules).translations
    ours = {schema: [each for each in found if each.schema == schema] for schema in verify.SCHEMAS}
    seconds = time.perf_counter() - started
    args.output.write_text(page(args, rules, versions, answers, theirs, ours, seconds), encoding="utf-8")
    if args.details:
        with args.details.open("w", encoding="utf-8") as out:
            for line in details(rules, answers, theirs):
                out.write(json.dumps(line) + "\n")


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rules", type=Path, help="a checkout of SigmaHQ/sigma")
    parser.add_argument("--every", type=int, default=10, help="take every n-th rule (1: all)")
    parser.add_argument("--peer", type=Path, help="the Python of an environment with pysigma-backend-kusto")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_suffix(".md"))
    parser.add_argument("--details", type=Path, help="write every comparison to this NDJSON file")
    return parser.parse_args()


def sample(folder: Path, every: int) -> list[Rule]:
    """Every n-th rule of the folders `rules*`, by path."""
    rules, _ = scan.load(sorted(folder.glob("rules*")))
    return [rule for rule in rules if rule.language == "sigma"][::every]


def environment(folder: Path) -> Path:
    """A Python with the public converter, in `folder`."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "pysigma-backend-kusto"], check=True)
    return python


Answer = tuple[list[str], str]


def converted(python: Path, rules: Sequence[Rule]) -> tuple[dict[str, str], dict[str, list[Answer]]]:
    """Versions of the converter, and per pipeline the queries or the error for each rule, in order."""
    asked = json.dumps({"rules": [rule.text for rule in rules], "pipelines": PIPELINES})
    ran = subprocess.run([python, "-c", CONVERT], input=asked, capture_output=True, text=True, check=True)
    first, *lines = ran.stdout.splitlines()
    answers: dict[str, list[Answer]] = {name: [] for name in PIPELINES}
    for line in lines:
        answer = json.loads(line)
        answers[answer["pipeline"]].append((answer["queries"], answer["error"]))
    return json.loads(first), answers


Outcome = tuple[str, Comparison | None]


def outcomes(sides: Sequence[Side], answers: Sequence[Answer]) -> list[Outcome]:
    """What became of each rule: `error`, `nothing`, or how its query relates to the rule."""
    found: dict[int, Outcome] = {}
    pairs: dict[int, tuple[Side, Side]] = {}
    for number, (queries, error) in enumerate(answers):
        if error or not any(query.strip() for query in queries):
            found[number] = ("error" if error else "nothing", None)
            continue
        text = queries[0]
        try:
            pairs[number] = (sides[number], compare.side(Rule(id="", title="converted", language="kusto", text=text)))
        except QuerySyntaxError as fault:
            found[number] = ("invalid", Comparison(Verdict.UNTESTED, str(fault), invalid=str(fault)))
        except RulescopeError as fault:
            found[number] = ("untested", Comparison(Verdict.UNTESTED, str(fault)))
    for number, comparison in zip(pairs, compare.compare_all(pairs.values()), strict=True):
        found[number] = ("invalid" if comparison.invalid else str(comparison.verdict), comparison)
    return [found[number] for number in range(len(answers))]


def details(
    rules: Sequence[Rule], answers: dict[str, list[Answer]], theirs: dict[str, list[Outcome]]
) -> Iterator[dict[str, object]]:
    """Every comparison, to read: rule, pipeline, query, outcome and why, witnesses."""
    for name, listed in theirs.items():
        for rule, (queries, error), (outcome, comparison) in zip(rules, answers[name], listed, strict=True):
            witnesses = (
                [w and (w.event or w.mapped) for w in (comparison.only_a, comparison.only_b)] if comparison else []
            )
            yield {
                "pipeline": name, "rule": rule.path, "outcome": outcome, "why": comparison.reason if comparison else error,
                "query": queries[:1], "witnesses": witnesses,
            }  # fmt: skip


# ---------------------------------------------------------------- the page


def page(
    args: argparse.Namespace, rules: Sequence[Rule], versions: dict[str, str], answers: dict[str, list[Answer]],
    theirs: dict[str, list[Outcome]], ours: dict[str, list[Translation]], seconds: float,
) -> str:  # fmt: skip
    """The numbers as Markdown."""
    commit = next((rule.commit for rule in rules if rule.commit), "")
    named = ", ".join(f"{name} {number}" for name, number in versions.items())
    taken = "all rules" if args.every == 1 else f"every {args.every}th rule by path"
    made_by = (
        f"{date.today().isoformat()}; SigmaHQ{f' at {commit[:12]}' if commit else ''}, {taken}: {len(rules)} rules;"
        f" {named}; rulescope {version('rulescope')}; {seconds:.0f} s in all. Made by `python benchmarks/translation.py`"
        f" {f'with `--every {args.every}` ' if args.every > 1 else ''}on a SigmaHQ checkout."
    )
    lines = [
        "# Sigma to Kusto: the public converter and rulescope",
        "",
        made_by,
        "",
        "## The public converter",
        "",
        "Each query it wrote was compared with its rule by `rulescope compare`: events made from both sides, mapped to the",
        "table the query reads, asked of both. `equal`: no event told them apart. `by kind`: of the wider, those that only",
        "events of another operating system or event type tell apart. `differs`: both ways. `impossible`: no event was",
        "chosen at all. `disjoint`: of those that differ, no event was chosen by both. `invalid`: names a table or column",
        "the schema does not have, or does not parse. `untested`: could not be compared, for the reasons below.",
        "",
        row("pipeline", "converted", "error", "nothing", *OUTCOMES[:2], "by kind", *OUTCOMES[2:4], "disjoint", *OUTCOMES[4:]),
        "|---" * 13 + "|",
    ]  # fmt: skip
    for name, listed in theirs.items():
        count = Counter(outcome for outcome, _ in listed)
        made = len(listed) - count["error"] - count["nothing"]
        by_kind = sum(bool(c and c.by_kind) for _, c in listed)
        apart = sum(bool(c and "none is chosen by both" in c.reason) for _, c in listed)
        cells = [share(made, len(listed)), count["error"], count["nothing"]]
        cells += [count["equal"], count["wider"], by_kind, count["narrower"], count["differs"], apart]
        lines.append(row(name, *cells, *(count[each] for each in OUTCOMES[4:])))
    lines += ["", "Why queries were not compared or are invalid:", ""]
    reasons = Counter(
        (name, outcome, plain(comparison.reason))
        for name, listed in theirs.items()
        for outcome, comparison in listed
        if comparison and outcome in ("untested", "invalid")
    )
    lines += [f"- {name}, {outcome}: {reason} ({count})" for (name, outcome, reason), count in reasons.most_common(12)]
    lines += [
        "",
        "## rulescope",
        "",
        "The same rules by `rulescope verify`: written, read back, bound, run on events. What cannot be said is refused.",
        "",
        row("schema", "written", "refused", *(each for each in OUTCOMES if each != "invalid")),
        "|---" * 9 + "|",
    ]
    for schema, found in ours.items():
        lines.append(row(schema, *our_cells(found)))
    some = sum(any(each.text for each in of_one) for of_one in zip(*ours.values(), strict=True))
    lines += ["", f"In at least one schema: {share(some, len(rules))}.", ""]
    return "\n".join(lines)


def our_cells(found: Sequence[Translation]) -> Iterable[object]:
    """Written, refused and the verdicts of what was written."""
    written = [each for each in found if each.text]
    count = Counter(str(each.verdict) for each in written)
    yield share(len(written), len(found))
    yield len(found) - len(written)
    yield from (count[each] for each in OUTCOMES if each != "invalid")


def share(part: int, whole: int) -> str:
    """`120 (62%)`."""
    return f"{part} ({100 * part / whole:.0f}%)" if whole else "0"


def row(*cells: object) -> str:
    """A line of a table."""
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def plain(reason: str) -> str:
    """A reason without what differs from rule to rule."""
    first = reason.split(";")[0]
    return first if len(first) < 90 else first[:90] + "…"


if __name__ == "__main__":
    main()
