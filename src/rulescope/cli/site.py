"""Commands that show the catalogue as a site: serve, publish, demo."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import RulescopeError
from . import show
from .rules import CATALOGUE, default_catalogue, opened

if TYPE_CHECKING:
    from ..services.query import Session

ANYWHERE = frozenset({"0.0.0.0", "::", ""})


@click.command()
@click.argument("catalogue", default=lambda: default_catalogue(), type=click.Path(dir_okay=False))
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8484, show_default=True, help="The port; 0 takes a free one."
)
@click.option(
    "--allow-host",
    "names",
    multiple=True,
    metavar="NAME",
    help="A host name the site may be asked for by. May be repeated.",
)
@click.option("--base-url", default="", help="The site's public address, for feeds.")
@click.option(
    "--tables",
    "folder",
    type=click.Path(exists=True, file_okay=False),
    help="Answer Kusto queries over this folder of tables.",
)
def serve(catalogue: str, host: str, port: int, names: tuple[str, ...], base_url: str, folder: str | None) -> None:
    """Serve CATALOGUE as a site: feed, rule pages, coverage, search, JSON, feeds.

    Answers only to its own host names. With --tables it also answers Kusto queries at /v2/rest/query, as a cluster does.
    """
    from ..services.query import session
    from ..services.tables import folder as tables

    opened(catalogue).close()
    _serve(catalogue, host, port, names, base_url, session(dict(tables(folder))) if folder else None)


def _serve(
    catalogue: str | Path,
    host: str,
    port: int,
    names: tuple[str, ...] = (),
    base: str = "",
    session: Session | None = None,
) -> None:
    import uvicorn

    from ..web import application
    from ..web.security import LOCAL_NAMES

    if host in ANYWHERE and not names:
        raise click.UsageError(
            f"--host {host} serves other machines: name what they call this one with --allow-host NAME"
        )
    listening = _listening(host, port)
    shown = f"[{host}]" if ":" in host else host
    app = application(
        catalogue,
        frozenset({*LOCAL_NAMES, host.lower(), shown.lower(), *(name.lower() for name in names)}),
        base,
        session,
    )
    address = f"http://{names[0] if host in ANYWHERE else shown}:{listening.getsockname()[1]}"
    click.echo(f"Serving {catalogue} at {address}/ (Ctrl-C stops it)")
    if session is not None:
        click.echo(f"Kusto queries: {address} over {', '.join(sorted(session.tables)) or 'no tables'}")
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", server_header=False, h11_max_incomplete_event_size=64_000)
    )
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        click.echo("", err=True)
    finally:
        listening.close()


def _listening(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        made = socket.socket(found[0], found[1])
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(found[4])
        made.listen(128)
    except OSError as error:
        raise RulescopeError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    return made


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False))
@CATALOGUE
@click.option("--base-url", default="", help="The site's public scheme and host, for feeds: https://rules.example.")
@click.option("--prefix", default="", metavar="/PATH", help="The path below which DIR will stand on its host.")
@click.option(
    "--processes", default=2, show_default=True, type=click.IntRange(1, 64), help="How many processes write pages."
)
def publish(folder: str, catalogue: str, base_url: str, prefix: str, processes: int) -> None:
    """Write the site as static files into DIR, for GitHub Pages or any web server.

    What was published into DIR before is replaced; a folder with other files is refused.
    """
    from ..web.publish import publish as write

    opened(catalogue).close()
    with show.progress("pages") as step:
        done = write(catalogue, folder, base_url, prefix, processes, step)
    click.echo(
        f"{done.rules:,} rules as {done.pages:,} pages ({done.files:,} files, {done.bytes / 1e6:,.0f} MB) in {done.seconds:.1f} s; "
        f"search by {done.search}"
    )
    click.echo(f"Open it with any web server: python -m http.server --directory {folder}")


@click.command()
@click.option("--once", is_flag=True, help="Print what came of it, and do not serve.")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8484, show_default=True, help="The port; 0 takes a free one."
)
@click.option(
    "--catalogue", type=click.Path(dir_okay=False), help="Where to keep the catalogue; the user's cache when not given."
)
@show.format_option("text", "json")
def demo(once: bool, host: str, port: int, catalogue: str | None, format_: str) -> None:
    """Ingest, scan and verify the bundled rules and logs, print what came of it, then serve the site."""
    from ..services import demo as service

    place = Path(catalogue) if catalogue else service.place()
    summary = service.prepare(place, lambda step: click.echo(f"… {step}", err=True))
    if format_ == "json":
        show.json(summary)
    else:
        show.block(service.printed(summary))
    if not once:
        click.echo("")
        _serve(place, host, port)
