"""Showing answers: tables and colour on a terminal, plain text in a pipe, JSON for machines."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click
import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMATS = click.Choice(["text", "json"])
STYLES = {
    "critical": "bold magenta", "high": "red", "medium": "yellow", "low": "cyan", "informational": "dim",
    "equal": "green", "fires": "green", "wider": "yellow", "narrower": "yellow", "differs": "red", "impossible": "red",
    "refused": "red", "silent": "dim", "untested": "dim", "error": "red", "warning": "yellow", "note": "cyan",
}  # fmt: skip


def format_option(*formats: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--format`, with the first of `formats` as default."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(list(formats)),
        default=formats[0],
        show_default=True,
        help="How to print.",
    )


def json(value: Any) -> None:
    """`value` as indented JSON on standard output."""
    click.echo(msgspec.json.format(msgspec.json.encode(value, enc_hook=str), indent=2).decode())


def ndjson(value: Any) -> None:
    """`value` as one line of JSON on standard output."""
    click.echo(msgspec.json.encode(value, enc_hook=str).decode())


def table(header: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> None:
    """Rows under a header: drawn on a terminal, tab-separated in a pipe. A cell equal to a verdict or severity is coloured."""
    if not sys.stdout.isatty():
        click.echo("\t".join(header))
        for row in rows:
            click.echo("\t".join(plain(cell) for cell in row))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    drawn = Table(*header, title=title or None, box=box.SIMPLE_HEAD, title_justify="left", header_style="bold")
    for row in rows:
        drawn.add_row(*(Text(plain(cell), style=STYLES.get(plain(cell), "")) for cell in row))
    Console().print(drawn)


def plain(cell: Any) -> str:
    """A cell as text of one line, without control characters: rules and logs never steer the terminal."""
    text = "" if cell is None else str(cell)
    return "".join(
        " " if letter in "\t\r\n" else letter for letter in text if letter.isprintable() or letter in "\t\r\n"
    )


def heading(text: str) -> None:
    """A line that starts a part of the answer."""
    click.echo(click.style(plain(text), bold=True))


def line(text: str = "", style: str = "") -> None:
    """A line of text; `style` is a colour name, dropped in a pipe. Control characters of rules and logs never reach the terminal."""
    click.echo(click.style(plain(text), fg=style) if style else plain(text))


def block(text: str) -> None:
    """Several lines as they are, without control characters."""
    for each in text.splitlines():
        click.echo(plain(each) if "\t" not in each else plain(each.expandtabs(4)))


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int, str], None]]:
    """A progress line on a terminal's standard error: call it with (done, total, what). Silent in a pipe."""
    if not sys.stderr.isatty():
        yield lambda done, total, what: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[what]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None, what="")

        def step(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total or None, what=plain(what)[:60])

        yield step
