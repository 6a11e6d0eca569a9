"""Commands that run things: scan, query, shell."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import QuerySyntaxError, RulescopeError
from ..model import Alert, NotRun
from . import show

if TYPE_CHECKING:
    import pyarrow as pa

    from ..services.query import Session
    from ..services.scan import Settings

NOW = click.option(
    "--now",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d"]),
    help="What now() and ago() mean (UTC).",
)
TABLES = click.option(
    "--table",
    "-t",
    "tables",
    multiple=True,
    metavar="NAME=PATH",
    help="A table and the file or folder it is in. May be repeated.",
)
FOLDER = click.option(
    "--tables",
    "folder",
    type=click.Path(exists=True, file_okay=False),
    help="A folder of tables: each file or folder in it is one.",
)
FUNCTIONS = click.option(
    "--functions",
    type=click.Path(exists=True, file_okay=False),
    help="A folder of Name.kql: functions a query may call.",
)


CLUSTER = (
    click.option(
        "--engine",
        type=click.Choice(["duckdb", "kusto"]),
        default="duckdb",
        show_default=True,
        help="Run Kusto here, or on a real cluster.",
    ),
    click.option("--cluster", metavar="URL", help="The cluster for --engine kusto."),
    click.option("--database", default="NetDefaultDB", show_default=True, help="The database on the cluster."),
)


def on_a_cluster(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds `--engine`, `--cluster` and `--database`."""
    for option in reversed(CLUSTER):
        command = option(command)
    return command


@click.command()
@click.argument("logs", nargs=-1, type=click.Path(exists=True))
@click.option(
    "--rules",
    "-r",
    multiple=True,
    type=click.Path(exists=True),
    help="Rule files or folders. May be repeated.",
)
@click.option(
    "--catalogue", "-c", type=click.Path(exists=True, dir_okay=False), help="Scan with the rules of this catalogue."
)
@click.option("--record", is_flag=True, help="Keep what each rule did as evidence in the catalogue.")
@click.option("--label", default="", help="The name of the logs in the evidence.  [default: their file names]")
@click.option(
    "--expect",
    type=click.Choice(["fired", "silent"]),
    help="What a good rule does here: silent on a baseline, fired on the event of one rule.",
)
@click.option(
    "--tables",
    "folder",
    type=click.Path(exists=True, file_okay=False),
    help="A folder of further tables for Kusto rules: watchlists, what externaldata reads.",
)
@FUNCTIONS
@click.option(
    "--placeholders",
    type=click.Path(exists=True, dir_okay=False),
    help="A YAML file of values for Sigma placeholders: name: [value, ...].",
)
@on_a_cluster
@click.option("--not-run/--no-not-run", "not_run", default=True, help="Tell what could not run, and why.")
@click.option(
    "--broken",
    type=click.Path(dir_okay=False, writable=True),
    help="Write unreadable records (log, number, reason) to this NDJSON file.",
)
@click.option("--cache/--no-cache", default=True, help="Keep read rules in the user's cache folder.  [default: cache]")
@NOW
@show.format_option("table", "ndjson", "json", "csv")
def scan(
    logs: tuple[str, ...], rules: tuple[str, ...], catalogue: str | None, record: bool, label: str, expect: str | None,
    folder: str | None, functions: str | None, placeholders: str | None, engine: str, cluster: str | None, database: str,
    not_run: bool, broken: str | None, cache: bool, now: dt.datetime | None, format_: str,
) -> None:  # fmt: skip
    """Run rules over LOGS: EVTX, JSON, CSV, Parquet, Zeek, web and proxy logs, syslog; files or folders.

    Alerts go to standard output, a summary to standard error.

    \b
    rulescope scan logs/ --rules rules/
    rulescope scan attack.evtx --catalogue rules.sqlite --record --label "lab 7"
    rulescope scan office-hours/ --catalogue rules.sqlite --record --label baseline --expect silent
    """
    from ..services import scan as service

    if bool(rules) == bool(catalogue):
        raise click.UsageError("scan with --rules or with --catalogue, one of them")
    if (record or label or expect) and not (catalogue and record):
        raise click.UsageError("--record needs --catalogue; --label and --expect need --record")
    _check_cluster(engine, cluster)
    if not logs and not cluster:
        raise click.UsageError("Missing argument 'LOGS...'.")
    faults: list[service.LogFault] = []
    alerts: list[Alert] = []
    missing: list[NotRun] = []
    with show.progress("events") as step:
        settings = service.Settings(
            now.replace(tzinfo=dt.UTC) if now else None, folder, functions, cluster, database, faults.append,
            lambda at: step(at.events, 0, f"{at.alerts} alerts  {Path(at.log).name}"),
        )  # fmt: skip
        for result in _results(logs, rules, catalogue, settings, record, label, expect or "", cache, placeholders):
            if isinstance(result, NotRun):
                missing.append(result)
            else:
                alerts.append(result)
            if format_ == "ndjson" and (not_run or isinstance(result, Alert)):
                show.ndjson(result)
    if format_ == "json":
        show.json({"alerts": alerts, "not_run": missing if not_run else [], "broken": faults})
    elif format_ == "csv":
        from ..outputs import csv

        click.echo(csv.alerts(alerts), nl=False)
    elif format_ == "table":
        show.table(("time", "severity", "rule", "log", "matched"), map(_alert_row, alerts))
        if not_run and missing:
            show.table(("rule not run", "lacks", "why"), ((m.title or m.rule_id, m.construct, m.why) for m in missing))
    if broken:
        import msgspec

        Path(broken).write_bytes(b"".join(msgspec.json.encode(vars_of(fault)) + b"\n" for fault in faults))
    click.echo(
        f"{len(alerts)} alerts of {len({a.rule_id for a in alerts})} rules; {len(missing)} rules not run; {len(faults)} records unreadable",
        err=True,
    )


def _results(
    logs: tuple[str, ...], rules: tuple[str, ...], catalogue: str | None, settings: Settings, record: bool, label: str,
    expect: str, cache: bool, placeholders: str | None,
) -> Iterator[Alert | NotRun]:  # fmt: skip
    from ..services import evidence, rule_cache
    from ..services import scan as service
    from ..services.placeholders import read as read_placeholders
    from ..services.scan_loading import prepare

    if catalogue:
        from ..catalogue import Catalogue

        with Catalogue(catalogue) as opened:
            yield from evidence.scan(opened, list(logs), settings, label, expect, record)  # type: ignore[arg-type]
        return
    values = read_placeholders(placeholders) if placeholders else None
    prepared = prepare(list(rules), rule_cache.RuleCache(rule_cache.default_folder() if cache else None), values)
    for _, result in service.run(list(logs), prepared, settings):
        yield result


def _alert_row(alert: Alert) -> tuple[str, ...]:
    title = alert.title + (f" ×{alert.count}" if alert.count > 1 else "")
    place = "; ".join(Path(log).name for log in alert.log.split("; ")) + (f":{alert.record}" if alert.record else "")
    return alert.time, alert.severity, title, place, _matched(alert)


def _check_cluster(engine: str, cluster: str | None) -> None:
    if (engine == "kusto") != bool(cluster):
        raise click.UsageError("--engine kusto and --cluster URL go together")


def vars_of(fault: Any) -> dict[str, Any]:
    """The fields of a log fault."""
    return {"log": fault.log, "number": fault.number, "reason": fault.reason}


def _matched(alert: Alert) -> str:
    return "; ".join(f"{name}={str(value)[:80]}" for name, value in list(alert.fields.items())[:3])


@click.command()
@click.argument("text")
@TABLES
@FOLDER
@FUNCTIONS
@NOW
@click.option(
    "--chart",
    type=click.Path(dir_okay=False, writable=True),
    help="Draw what `render` asks for into this .svg or .png.",
)
@click.option(
    "--output",
    "-o",
    type=click.Path(dir_okay=False, writable=True),
    help="Write the result to this .parquet, .csv or .ndjson.",
)
@on_a_cluster
@show.format_option("table", "json", "ndjson", "csv")
def query(
    text: str, tables: tuple[str, ...], folder: str | None, functions: str | None, now: dt.datetime | None, chart: str | None,
    output: str | None, engine: str, cluster: str | None, database: str, format_: str,
) -> None:  # fmt: skip
    """Run Kusto TEXT (or @FILE, or - for standard input) over local files.

    \b
    rulescope query 'DeviceProcessEvents | summarize count() by FileName' -t DeviceProcessEvents=events.ndjson
    """
    from ..services import query as service

    text = _text(text)
    _check_cluster(engine, cluster)
    moment = now.replace(tzinfo=dt.UTC) if now else None
    results = service.query_all(text, _tables(tables), functions, moment, cluster, database, folder)
    if len(results) > 1:
        if output or chart or format_ not in ("table", "json"):
            raise click.UsageError(f"the query gives {len(results)} results: only --format table or json shows several")
        _print_all(results, format_)
        return
    found = results[0][1]
    if output:
        _write(found, Path(output))
    render = service.rendered(text)
    if chart:
        _draw(found, render, Path(chart))
    if output or chart:
        click.echo(f"{found.num_rows:,} rows", err=True)
    elif render and format_ == "table" and sys.stdout.isatty():
        from ..outputs import chart as charts

        click.echo(charts.terminal(found, render))
    else:
        _print(found, format_)


def _text(given: str) -> str:
    if given == "-":
        return sys.stdin.read()
    return Path(given[1:]).read_text(encoding="utf-8-sig") if given.startswith("@") else given


def _tables(given: tuple[str, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in given:
        name, sign, path = each.partition("=")
        if not sign or not Path(path).exists():
            raise click.BadParameter(
                f"{each!r}: expected NAME=PATH of a file or folder that exists", param_hint="--table"
            )
        found[name] = path
    return found


def _print(found: pa.Table, format_: str) -> None:
    from ..outputs import rows

    if format_ == "table":
        show.table(found.column_names, rows.texts(found))
        if sys.stdout.isatty():
            click.echo(f"{found.num_rows:,} rows", err=True)
    else:
        click.echo(rows.WRITERS[format_](found), nl=False)


def _print_all(results: list[tuple[str, pa.Table]], format_: str) -> None:
    """Several results, each by its name or number; as JSON an array of `{"name", "rows"}`."""
    from ..outputs import rows

    if format_ == "json":
        listed = (f'{{"name": {json.dumps(name)}, "rows": {rows.json(table).strip()}}}' for name, table in results)
        click.echo(f"[{', '.join(listed)}]")
        return
    for number, (name, table) in enumerate(results, 1):
        show.line(name or f"result {number}", "cyan")
        _print(table, format_)
        show.line()


def _write(found: pa.Table, path: Path) -> None:
    from ..outputs import rows

    writers: dict[str, Callable[[Any], bytes]] = {
        ".parquet": rows.parquet,
        ".csv": lambda table: rows.csv(table).encode(),
        ".ndjson": lambda table: rows.ndjson(table).encode(),
        ".json": lambda table: rows.json(table).encode(),
    }
    if path.suffix not in writers:
        raise click.BadParameter(
            f"{path.name!r}: expected a name ending in {', '.join(writers)}", param_hint="--output"
        )
    path.write_bytes(writers[path.suffix](found))


def _draw(found: pa.Table, render: Any, path: Path) -> None:
    from ..outputs import chart

    if render is None:
        raise click.UsageError("--chart needs a query that ends in render")
    if path.suffix == ".svg":
        path.write_text(chart.svg(found, render))
    elif path.suffix == ".png":
        path.write_bytes(chart.png(found, render))
    else:
        raise click.BadParameter(f"{path.name!r}: expected a name ending in .svg or .png", param_hint="--chart")


@click.command()
@TABLES
@FOLDER
@FUNCTIONS
@NOW
def shell(tables: tuple[str, ...], folder: str | None, functions: str | None, now: dt.datetime | None) -> None:
    """An interactive Kusto shell over local files, with history and completion."""
    from ..services import query as service
    from . import shell as interactive

    session = service.session(_tables(tables), functions, now.replace(tzinfo=dt.UTC) if now else None, folder=folder)
    columns = [name for table in session.tables.values() for name in table.column_names]
    words = interactive.Words([*session.tables, *session.functions], columns, service.function_names())
    click.echo(interactive.HELP)
    interactive.loop(lambda text: _answer(session, text), words, Path(click.get_app_dir("rulescope")) / "history")


def _answer(session: Session, text: str) -> None:
    from ..outputs import chart
    from ..services import query as service
    from . import shell as interactive

    command, _, rest = text.partition(" ")
    try:
        if command == ".tables":
            show.table(("table", "rows"), ((name, table.num_rows) for name, table in session.tables.items()))
        elif command == ".schema" and rest.strip() in session.tables:
            show.table(("column", "type"), service.schema(session, rest.strip()))
        elif command == ".schema" and rest.strip():
            click.echo(f"no table {rest.strip()}; there are {', '.join(session.tables) or 'none'}", err=True)
        elif command.startswith("."):
            click.echo(interactive.HELP)
        else:
            results = session.results(text.rstrip(";"))
            render = service.rendered(text.rstrip(";"))
            if len(results) > 1:
                _print_all(results, "table")
            else:
                found = results[0][1]
                click.echo(chart.terminal(found, render)) if render else _print(found, "table")
    except RulescopeError as error:
        click.echo(error.report() if isinstance(error, QuerySyntaxError) else str(error), err=True)
