"""Commands about Kusto text: check, fmt."""

from __future__ import annotations

import difflib
import sys
from collections import Counter
from pathlib import Path

import click

from . import show

LEVELS = {"error": 0, "warning": 1, "note": 2}
SUFFIXES = (".kql", ".csl", ".kusto")


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, allow_dash=True))
@click.option(
    "--schemas",
    type=click.Path(exists=True, file_okay=False),
    help="A folder of further schemas: Table.tsv (column, type) or *.json.",
)
@click.option(
    "--level", type=click.Choice(list(LEVELS)), default="note", show_default=True, help="The least severity to show."
)
@click.option("--ignore", multiple=True, metavar="ID", help="Findings to leave out. May be repeated.")
@show.format_option("text", "json", "sarif")
def check(paths: tuple[str, ...], schemas: str | None, level: str, ignore: tuple[str, ...], format_: str) -> None:
    """Find faults in queries and rules: syntax, unknown names, conditions that never hold, expensive shapes.

    Exit code 1 when there is an error. Every finding has an id that docs/checks.md explains.
    """
    from ..services import check as service

    tables = service.with_folder(schemas) if schemas else None
    files: list[service.Checked] = []
    for path in paths:
        if path == "-":
            text = sys.stdin.read()
            files.append(service.Checked("-", 1, service.check_text(text, "-", tables), text))
        else:
            files.extend(service.check(path, tables))
    kept = [
        (each, finding)
        for each in files
        for finding in each.findings
        if LEVELS[finding.severity] <= LEVELS[level] and finding.id not in ignore
    ]
    if format_ == "json":
        show.json([finding for _, finding in kept])
    elif format_ == "sarif":
        from ..outputs import sarif

        click.echo(
            sarif.sarif(
                [finding for _, finding in kept],
                texts={each.path: each.text for each in files},
                titles=service.CHECKS,
                help_uri=service.PAGES,
            ),
            nl=False,
        )
    else:
        for each, finding in kept:
            click.echo(
                f"{show.plain(str(finding.place))}: {click.style(finding.severity, fg=show.STYLES.get(finding.severity))}: {show.plain(finding.message)} [{finding.id}]"
            )
            excerpt = (
                _excerpt(each.text, finding.place.line, finding.place.column, finding.span) if finding.place else ""
            )
            if excerpt:
                click.echo(excerpt)
            if finding.suggestion:
                show.line(f"    {finding.suggestion}", "cyan")
        counts = Counter(finding.severity for _, finding in kept)
        told = (
            ", ".join(f"{counts[name]} {name}{'s' if counts[name] != 1 else ''}" for name in LEVELS if counts[name])
            or "no findings"
        )
        click.echo(f"{told} in {sum(each.rules for each in files)} queries", err=True)
    if any(finding.severity == "error" for _, finding in kept):
        sys.exit(1)


def _excerpt(text: str, line: int, column: int, span: object) -> str:
    lines = text.splitlines()
    if not 0 < line <= len(lines):
        return ""
    shown = lines[line - 1].expandtabs(1)
    length = max(1, getattr(span, "end", 0) - getattr(span, "start", 0)) if span else 1
    start = max(0, column - 60)
    width = max(1, min(length, len(shown) - column + 1))
    return f"    {show.plain(shown[start : start + 140])}\n    {' ' * (column - 1 - start)}{'^' * min(width, 100)}"


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, allow_dash=True))
@click.option("--check", "only_check", is_flag=True, help="Change nothing; exit code 1 when a file would change.")
@click.option("--diff", is_flag=True, help="Change nothing; print what would change.")
def fmt(paths: tuple[str, ...], only_check: bool, diff: bool) -> None:
    """Format Kusto files (.kql, .csl, .kusto) in place, or standard input to standard output. Comments stay."""
    from ..services import formatting

    changed = 0
    for path in paths:
        if path == "-":
            click.echo(formatting.formatted(sys.stdin.read(), "-"), nl=False)
            continue
        for file in _files(Path(path)):
            old = file.read_text(encoding="utf-8-sig")
            new = formatting.formatted(old, str(file))
            if new == old:
                continue
            changed += 1
            if diff:
                click.echo(
                    "".join(difflib.unified_diff(old.splitlines(True), new.splitlines(True), str(file), str(file))),
                    nl=False,
                )
            elif only_check:
                click.echo(f"would format {file}")
            else:
                file.write_text(new, encoding="utf-8")
                click.echo(f"formatted {file}", err=True)
    if changed and (only_check or diff):
        sys.exit(1)


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.suffix in SUFFIXES) if path.is_dir() else [path]
