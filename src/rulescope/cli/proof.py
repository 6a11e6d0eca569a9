"""Commands about translations and their proof: translate, verify, compare."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..model import Rule, Translation, Verdict, Witness
from . import show

if TYPE_CHECKING:
    from ..services.agreement import Agreement
    from ..services.compare import Comparison

SCHEMAS = ("sentinel-asim", "defender-xdr", "windows-events")
SCHEMA_CHOICE = click.Choice([*SCHEMAS, "event-table", "sentinel-tables"])
PLACEHOLDERS = click.option(
    "--placeholders",
    type=click.Path(exists=True, dir_okay=False),
    help="A YAML file of values for Sigma placeholders: name: [value, ...].",
)
MARKS = {True: "passed", False: "failed", None: "not done"}
MOST_REASONS = 12
VERDICTS = ("equal", "wider", "narrower", "differs", "impossible", "untested", "refused")


@click.command()
@click.argument("path")
@click.option("--to", default="kusto", show_default=True, help="The language: kusto, or an installed pySigma back end.")
@click.option("--schema", type=SCHEMA_CHOICE, default="sentinel-asim", show_default=True, help="Whose tables to use.")
@click.option("--allow-loss", is_flag=True, help="Write what can be said when not all of a rule can.")
@click.option(
    "--style",
    type=click.Choice(["long", "short"]),
    default="long",
    show_default=True,
    help="One condition a line, or one line.",
)
@click.option(
    "--prefix", type=click.Choice(["im", "_Im_"]), default="im", show_default=True, help="Names of ASIM functions."
)
@click.option("--lookback", default="", metavar="TIME", help="Add a time filter such as 1d or 12h.")
@click.option("--header", is_flag=True, help="Comments with title, id, author and licence.")
@click.option("--no-prove", is_flag=True, help="Do not run both sides on events.")
@PLACEHOLDERS
@show.format_option("text", "json", "ndjson")
def translate(
    path: str, to: str, schema: str, allow_loss: bool, style: str, prefix: str, lookback: str, header: bool, no_prove: bool,
    placeholders: str | None, format_: str,
) -> None:  # fmt: skip
    """Write the Sigma rules of PATH (a file, a folder, or - for standard input) in another language, with proof.

    The queries go to standard output with their verdict as comments. Exit code 1 when a rule is refused or not equal.
    """
    from ..services import translate as service
    from ..services.placeholders import read as read_placeholders
    from ..translation import Options

    rules, broken = _rules(path)
    values = read_placeholders(placeholders) if placeholders else None
    options = Options(
        style=style, prefix=prefix, lookback=lookback, header=header, allow_loss=allow_loss, prove=not no_prove
    )
    found: list[Translation] = []
    with show.progress("rules") as step:
        for number, translation in enumerate(service.translate_all(rules, to, schema, options, placeholders=values)):
            found.append(translation)
            step(number + 1, len(rules), rules[number].title)
            if format_ == "ndjson":
                show.ndjson(_entry(rules[number], translation))
            elif format_ == "text":
                _print(rules[number], translation, many=len(rules) > 1)
    if format_ == "json":
        show.json([_entry(rule, each) for rule, each in zip(rules, found, strict=True)])
    for each in broken:
        click.echo(f"{each.path}:{each.line}: {each.message}", err=True)
    wrong = [each for each in found if not each.text or each.verdict not in (Verdict.EQUAL, Verdict.UNTESTED)]
    if wrong or broken or not found:
        raise click.exceptions.Exit(1)


def _rules(path: str) -> tuple[list[Rule], list[Any]]:
    from ..services import explain
    from ..services import translate as service

    if path == "-":
        return explain.rules_in(sys.stdin.read())
    if not Path(path).exists():
        raise click.BadParameter(f"{path!r}: no such file or folder", param_hint="PATH")
    rules, broken = service.load(path)
    return [rule for rule in rules if rule.language == "sigma"] or rules, broken


def _entry(rule: Rule, translation: Translation) -> dict[str, Any]:
    return {"title": rule.title, "path": rule.path, "translation": translation}


def _print(rule: Rule, found: Translation, many: bool) -> None:
    if many:
        show.heading(f"// {rule.title}  ({rule.path})")
    if found.text:
        show.block(found.text)
    verdict = str(found.verdict) if found.text else "refused"
    show.line(f"// {verdict}{_said(found)}", COLOURS.get(verdict, ""))
    for loss in found.losses:
        show.line(f"// {loss.effect}: {loss.construct}: {loss.why}")
    if found.verdict is not Verdict.EQUAL or not many:
        for check in found.checks:
            show.line(f"// {check.name}: {MARKS[check.passed]}{f' ({check.detail})' if check.detail else ''}")
    if found.witness and found.text:
        _witness(found.witness, "rule", "query", "// ")
    show.line()


COLOURS = {
    "equal": "green",
    "wider": "yellow",
    "narrower": "yellow",
    "differs": "red",
    "impossible": "red",
    "refused": "red",
}


def _said(found: Translation) -> str:
    if not found.text:
        return f" by {found.schema}" if found.schema else ""
    return f" on {found.events} events" if found.events else ""


def _witness(witness: Witness, first: str, second: str, start: str = "") -> None:
    """An event that tells the two apart, in the names of each."""
    who = f"{first} matches, {second} does not" if witness.source_matches else f"{second} matches, {first} does not"
    show.line(f"{start}witness: {who} ({witness.origin})")
    if not (witness.event or witness.mapped):
        show.line(f"{start}  an event without any field")
    for label, fields in (("event", witness.event), ("row", witness.mapped)):
        if fields:
            show.line(f"{start}  {label}: " + ", ".join(f"{name}={value!r}" for name, value in fields.items()))


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(exists=True))
@click.option(
    "--catalogue",
    "-c",
    type=click.Path(exists=True, dir_okay=False),
    help="Verify the rules of this catalogue and keep the verdicts in it, for its pages.",
)
@click.option(
    "--schema",
    "schemas",
    type=SCHEMA_CHOICE,
    multiple=True,
    help="Whose tables to use; may be repeated.  [default: all three]",
)
@click.option("--no-prove", is_flag=True, help="Write, read back and bind, but do not run.")
@click.option("--examples", default=48, show_default=True, help="Events to make of each rule at most.")
@click.option(
    "--logs",
    "logs",
    type=click.Path(exists=True),
    multiple=True,
    help="Also run rules and translations over these logs, a file or a folder; may be repeated.",
)
@PLACEHOLDERS
@show.format_option("text", "json", "ndjson")
def verify(
    paths: tuple[str, ...],
    catalogue: str | None,
    schemas: tuple[str, ...],
    no_prove: bool,
    examples: int,
    logs: tuple[str, ...],
    placeholders: str | None,
    format_: str,
) -> None:
    """Translate the Sigma rules of PATHS, or of a catalogue, into each schema and prove each translation by running it.

    Exit code 1 when something that was written is not equal, alerts otherwise than its rule in the --logs, or cannot run there.
    """
    from ..services import verify as service
    from ..services.placeholders import read as read_placeholders
    from ..translation import Options

    if bool(paths) == bool(catalogue):
        raise click.UsageError("verify PATHS or --catalogue, one of them")
    if catalogue and placeholders:
        raise click.UsageError("--placeholders goes with PATHS: a catalogue's rules are read already")
    if catalogue and logs:
        raise click.UsageError("--logs goes with PATHS")
    chosen = tuple(dict.fromkeys(schemas)) or SCHEMAS
    options = Options(prove=not no_prove, examples=examples)
    with show.progress("translations") as step:

        def told(done: int, total: int) -> None:
            step(done, total, "")

        if catalogue:
            from ..catalogue import Catalogue

            with Catalogue(catalogue) as opened:
                found = service.verify_catalogue(opened, chosen, options, told)
        else:
            values = read_placeholders(placeholders) if placeholders else None
            found = service.verify(
                list(paths), chosen, options, told, values, logs, lambda log, records: step(records, 0, log)
            )
    pairs = [(found.rules[number // len(chosen)], each) for number, each in enumerate(found.translations)]
    if format_ == "ndjson":
        for rule, each in pairs:
            show.ndjson(_entry(rule, each))
        if found.real:
            show.ndjson({"logs": _real(found.real)})
    elif format_ == "json":
        show.json(
            {
                "summary": _counts(found.translations),
                "translations": [_entry(*pair) for pair in pairs],
                "failures": found.failures,
                **({"logs": _real(found.real)} if found.real else {}),
            }
        )
    else:
        _summary(pairs, chosen)
        for failure in found.failures:
            show.line(f"{failure.path}:{failure.line}: {failure.message}", "red")
    if found.real and format_ == "text":
        _print_real(found.real)
    wrong = [each for each in found.translations if each.text and each.verdict is not Verdict.EQUAL]
    refused = sum(not each.text for each in found.translations)
    click.echo(
        f"{len(found.rules)} rules, {len(found.translations) - refused} translations written, {refused} refused,"
        f" {len(wrong)} not equal, {len(found.failures)} rules unreadable",
        err=True,
    )
    unproven = any(each.verdict not in (Verdict.EQUAL, Verdict.UNTESTED) for each in wrong)
    if (wrong and not no_prove) or unproven or not found.alike:
        raise click.exceptions.Exit(1)


KINDS = ("missing", "extra", "elsewhere", "empty")


def _real(found: Agreement) -> dict[str, Any]:
    """What rules and translations found in logs, for machines: counts, and each record one side alerts on alone."""
    return {
        "records": found.records,
        "distinct": found.distinct,
        "schemas": {
            schema: {"queries": queries, "rules": len(found.rules[schema]), "both": found.both[schema],
                     **{kind: found.count(schema, kind) for kind in KINDS}}
            for schema, queries in found.queries.items()
        },
        "differences": [
            {"rule": each.rule.id, "path": each.rule.path, "schema": each.schema, "table": each.table, "kind": each.kind,
             "log": each.log, "record": each.record, "event": each.event, "row": each.row}
            for each in found.differences
        ],
        "not_run": [{"schema": schema, "not_run": lack} for (schema, _), lack in found.not_run.items()],
        "unread": found.unread,
    }  # fmt: skip


def _print_real(found: Agreement) -> None:
    for each in found.differences:
        if each.kind in ("missing", "extra"):
            show.line(f"{each.kind}  {each.schema}  {each.rule.path or each.rule.title}", "red")
            show.line(f"  {each.log}, record {each.record}")
    for (schema, _), lack in found.not_run.items():
        show.line(f"not run  {schema}  {lack.title}: {lack.construct}: {lack.why}", "yellow")
    if found.unread:
        show.line(f"not read: {len(found.unread):,} files, the first {next(iter(found.unread.values()))}", "yellow")
    rows = (
        (schema, queries, len(found.rules[schema]), found.both[schema], *(found.count(schema, kind) for kind in KINDS))
        for schema, queries in found.queries.items()
    )
    show.line(f"Alerts in {found.records:,} records, {found.distinct:,} of them distinct:")
    show.table(("schema", "queries", "rules", "both", *KINDS), rows)


def _outcome(found: Translation) -> str:
    return str(found.verdict) if found.text else "refused"


def _counts(found: tuple[Translation, ...]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for each in found:
        counts.setdefault(each.schema, Counter())[_outcome(each)] += 1
    return {schema: dict(count) for schema, count in counts.items()}


def _summary(pairs: list[tuple[Rule, Translation]], schemas: tuple[str, ...]) -> None:
    wrong = [(rule, each) for rule, each in pairs if each.text and each.verdict is not Verdict.EQUAL]
    for rule, each in wrong:
        show.line(f"{each.verdict}  {each.schema}  {rule.path or rule.title}", COLOURS.get(str(each.verdict), ""))
        for check in each.checks:
            if check.passed is not True:
                show.line(f"  {check.name}: {MARKS[check.passed]} ({check.detail})")
        if each.witness:
            _witness(each.witness, "rule", "query", "  ")
    reasons = Counter((each.schema, each.losses[0].construct) for _, each in pairs if not each.text and each.losses)
    if reasons:
        listed = ((count, schema, construct) for (schema, construct), count in reasons.most_common(MOST_REASONS))
        show.table(("refused", "schema", "for"), listed, "Why rules were refused")
    counts = _counts(tuple(each for _, each in pairs))
    shown = [verdict for verdict in VERDICTS if any(verdict in count for count in counts.values())]
    show.table(("schema", *shown), ((schema, *(counts.get(schema, {}).get(v, 0) for v in shown)) for schema in schemas))


@click.command()
@click.argument("a")
@click.argument("b")
@show.format_option("text", "json")
def compare(a: str, b: str, format_: str) -> None:
    """Tell how the events that B chooses relate to those A chooses. A and B are rule files, or query texts; one may be -.

    \b
    rulescope compare rule.yml 'DeviceProcessEvents | where FileName =~ "x.exe"'

    Exit code 1 when they are not equal.
    """
    from ..services import compare as service

    found = service.compare(_given(a), _given(b))
    if format_ == "json":
        show.json(found)
    else:
        _print_comparison(found)
    if found.verdict is not Verdict.EQUAL:
        raise click.exceptions.Exit(1)


def _given(text: str) -> str | Path:
    """A path that exists, standard input, or a query's own text."""
    if text == "-":
        return sys.stdin.read()
    if len(text) < 1000 and "\n" not in text and Path(text).exists():
        return Path(text)
    if " " not in text.strip() and ("/" in text or Path(text).suffix):
        raise click.BadParameter(f"{text!r}: no such file", param_hint="A or B")
    return text


def _print_comparison(found: Comparison) -> None:
    show.line(str(found.verdict), COLOURS.get(str(found.verdict), ""))
    show.line(found.reason)
    if found.table:
        show.line(f"met in: {found.table}")
    if found.events:
        show.line(f"events: {found.events}, of which A chooses {found.chosen[0]} and B {found.chosen[1]}")
    for witness in (found.only_a, found.only_b):
        if witness:
            _witness(witness, "A", "B")
