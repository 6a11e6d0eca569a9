"""Commands about rules and the catalogue: ingest, sync, search, explain, coverage."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import show

if TYPE_CHECKING:
    from ..services.pages import EventRow, RulePage

CATALOGUE = click.option(
    "--catalogue", "-c", type=click.Path(dir_okay=False), default=lambda: default_catalogue(), show_default="rulescope.sqlite in the user's data folder",
    help="The catalogue file.",
)  # fmt: skip


def default_catalogue() -> str:
    """Where the catalogue is when nothing else is said: RULESCOPE_CATALOGUE, else the user's data folder."""
    given = os.environ.get("RULESCOPE_CATALOGUE")
    return given or str(Path(click.get_app_dir("rulescope")) / "rulescope.sqlite")


def opened(path: str, make: bool = False) -> Any:
    """The catalogue at `path`. Raises UsageError when there is none and none should be made."""
    from ..catalogue import Catalogue

    if make:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    elif not Path(path).exists():
        raise click.UsageError(
            f"no catalogue at {path}: run `rulescope ingest PATH` first, or name one with --catalogue"
        )
    return Catalogue(path)


@click.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True))
@CATALOGUE
@click.option("--keep", is_flag=True, help="Keep rules whose files are gone.")
@show.format_option("text", "json")
def ingest(paths: tuple[str, ...], catalogue: str, keep: bool, format_: str) -> None:
    """Read rule files, folders and archives in PATHS into the catalogue.

    Sigma, Sentinel and Defender YAML, Kusto files and Markdown, and (as text, with metadata) Elastic, Splunk and YARA-L.
    Only what changed is read again. Every file is a rule or a failure with a reason; the tally says how many of which.
    """
    from ..services import ingest as service

    with opened(catalogue, make=True) as rules, show.progress("files") as step:
        done = service.ingest(
            list(paths), rules, lambda at: step(at.files, 0, f"{at.rules} rules  {at.source}"), remove=not keep
        )
    if format_ == "json":
        show.json(
            {
                "files": done.files,
                "read": done.read,
                "removed": done.removed,
                "rules": done.rules,
                "seconds": round(done.seconds, 2),
                "tally": done.tally,
            }
        )
    else:
        show.block(service.printed(done))


@click.command()
@click.argument("names", nargs=-1)
@click.option(
    "--into",
    type=click.Path(file_okay=False),
    default=lambda: str(Path(click.get_app_dir("rulescope")) / "sources"),
    show_default="the user's data folder",
    help="Where copies are kept.",
)
@CATALOGUE
def sync(names: tuple[str, ...], into: str, catalogue: str) -> None:
    """Fetch public rule sources at a pinned commit and ingest them. Without NAMES, list the sources there are."""
    from .. import sources
    from ..services import ingest as service

    known = sources.known()
    if not names:
        show.table(
            ("source", "licence", "repository"), ((name, each.licence, each.repository) for name, each in known.items())
        )
        return
    unknown = [name for name in names if name not in known]
    if unknown:
        raise click.UsageError(f"no source {unknown[0]!r}; there are {', '.join(known)}")
    for name in names:
        show.line(f"fetching {name}")
        folder = Path(into) / name
        commit = sources.sync(known[name], folder)
        show.line(f"{name} at {commit[:12]}")
        with opened(catalogue, make=True) as rules:
            show.block(service.printed(service.ingest([folder], rules)))


@click.command()
@click.argument("text", nargs=-1)
@CATALOGUE
@click.option(
    "--filter",
    "-f",
    "filters",
    multiple=True,
    metavar="KIND=VALUE",
    help="language, source, severity, tactic, technique, topic, platform, table, event, field, verdict, fires, test. May be repeated.",
)
@click.option("--page", default=1, show_default=True)
@click.option("--size", default=20, show_default=True, help="Rules a page.")
@click.option("--order", type=click.Choice(["relevance", "new", "title", "severity", "confidence"]), default=None)
@show.format_option("table", "json", "ndjson")
def search(
    text: tuple[str, ...],
    catalogue: str,
    filters: tuple[str, ...],
    page: int,
    size: int,
    order: str | None,
    format_: str,
) -> None:
    """Find rules by words and `field:value`: rulescope search bitsadmin technique:T1197 -f language=kusto."""
    pairs = []
    for each in filters:
        kind, sign, value = each.partition("=")
        if not sign:
            raise click.BadParameter(f"{each!r}: expected KIND=VALUE", param_hint="--filter")
        pairs.append((kind, value))
    with opened(catalogue) as rules:
        found = rules.search(" ".join(text), pairs, page, size, order or "", forwards=True)
    if format_ == "json":
        show.json(found)
    elif format_ == "ndjson":
        for card in found.cards:
            show.ndjson(card)
    else:
        show.table(
            ("key", "severity", "language", "techniques", "source", "title"),
            ((c.key, c.severity, c.language, " ".join(c.techniques[:3]), c.source, c.title) for c in found.cards),
        )
        meant = ", ".join(f"{near} for {word}" for word, near in found.suggestions)
        click.echo(f"{found.total:,} rules" + (f"; did you mean {meant}?" if meant else ""), err=True)


@click.command()
@click.argument("rule")
@click.option(
    "--language",
    type=click.Choice(["sigma", "kusto"]),
    help="The language of a text given with - or without a known suffix.",
)
@CATALOGUE
@show.format_option("text", "json", "outline")
def explain(rule: str, language: str | None, catalogue: str, format_: str) -> None:
    """Take RULE apart: a rule file, - for standard input, or the key or id of a rule of the catalogue."""
    from ..services import explain as service

    page: RulePage | None = None
    if rule == "-":
        page = service.explain(sys.stdin.read(), language)
    elif Path(rule).is_file():
        page = service.explain(Path(rule), language)
    elif Path(catalogue).exists():
        with opened(catalogue) as rules:
            page = service.rule_page(rules, rule)
    if page is None:
        raise click.UsageError(f"{rule!r} is neither a file nor a rule of the catalogue")
    if format_ == "json":
        show.json(page)
    elif format_ == "outline":
        show.block(page.outline)
    else:
        _print_page(page)
    if not page.query and page.diagnostics:
        sys.exit(1)


def _unseen(event: EventRow) -> str:
    """Why a rule does not see an event, "" when it does."""
    lacks = f"lacks {', '.join(event.lacks)}" if event.lacks else ""
    if event.elsewhere:
        return f"  in a log it does not read{f', {lacks}' if lacks else ''}"
    return "" if event.covered else f"  not seen: {lacks}"


def _print_page(page: RulePage) -> None:
    show.heading(page.rule.title)
    for fact in page.facts:
        show.line(f"  {fact.name:<12} {fact.value}")
    _part("Hypothesis", [sentence.text for sentence in page.hypothesis])
    _part(
        "ATT&CK",
        [f"{t.id} {t.name}" + (f" (now {t.now} {t.now_name})" if t.now else "") for t in page.techniques]
        + [t.name or t.tagged for t in page.tactics],
    )
    _part(
        "Events",
        [" ".join(filter(None, (e.provider, e.table, e.event_id, e.title))) + _unseen(e) for e in page.events],
    )
    _part("Stages", [f"{stage.keyword:<16} {' '.join(stage.text.split())[:140]}" for stage in page.stages])
    _part("Parameters", [f"{p.name} = {' '.join(p.text.split())[:120]}" for p in page.parameters])
    _part("Indicators", [_short(group.text) for group in page.indicator_groups])
    _part("Exclusions", [_short(group.text) for group in page.exclusion_groups])
    _part(
        "Output fields",
        [
            f"{o.field.name:<28} {o.field.source:<12} {o.type:<10} {' '.join(f'{kind}.{name}' for kind, name in o.entities)}"
            for o in page.output_rows
        ],
    )
    _part("What escapes", [sentence.text for sentence in page.gaps])
    _part("False positives", [sentence.text for sentence in page.guidance])
    _part("Findings", [f"{d.severity} {d.id}: {d.message}" for d in page.diagnostics])
    _part("Not understood", [f"{o.keyword}: {' '.join(o.text.split())[:120]}" for o in page.opaque])


def _part(title: str, lines: list[str]) -> None:
    if lines:
        click.echo()
        show.heading(title)
        for text in lines:
            show.line(f"  {text}")


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:197] + "..."


@click.command()
@CATALOGUE
@click.option("--version", "version", default="", help="ATT&CK version; the newest when not given.")
@click.option(
    "--filter",
    "-f",
    "filters",
    multiple=True,
    metavar="KIND=VALUE",
    help="Only rules that fit: language, source, table, platform. May be repeated.",
)
@show.format_option("table", "json", "navigator")
def coverage(catalogue: str, version: str, filters: tuple[str, ...], format_: str) -> None:
    """Show which ATT&CK techniques rules claim, and which are verified by an event."""
    from ..services import coverage as service

    pairs = [(kind, value) for kind, _, value in (each.partition("=") for each in filters)]
    with opened(catalogue) as rules:
        page = service.coverage(rules, version, pairs) if version else service.coverage(rules, filters=pairs)
    if format_ == "json":
        show.json(page)
    elif format_ == "navigator":
        click.echo(service.layer(page), nl=False)
    else:
        show.table(
            ("tactic", "techniques", "claimed", "verified", "most rules"),
            (
                (
                    c.name,
                    len(c.cells),
                    c.claimed,
                    c.verified,
                    ", ".join(
                        f"{x.id} {x.claimed}" for x in sorted(c.cells, key=lambda x: -x.claimed)[:3] if x.claimed
                    ),
                )
                for c in page.columns
            ),
        )
        click.echo(
            f"ATT&CK {page.version}: {page.claimed} of {page.techniques} techniques claimed by {page.rules} rules, {page.verified} verified",
            err=True,
        )
