"""The command line: each command parses a request, calls one service, renders the answer."""

from __future__ import annotations

import difflib
import logging
import sys
from importlib import import_module

import click

from ..errors import QuerySyntaxError, RulescopeError

COMMANDS = {  # name: (module, what it does)
    "ingest": ("rules", "Read rule files, folders and archives into a catalogue."),
    "sync": ("rules", "Fetch public rule sources at a pinned commit."),
    "search": ("rules", "Find rules in the catalogue."),
    "explain": ("rules", "Take a rule apart: stages, indicators, outputs, coverage."),
    "coverage": ("rules", "Show which ATT&CK techniques the catalogue covers."),
    "translate": ("proof", "Write a Sigma rule in Kusto, and prove it."),
    "verify": ("proof", "Translate and prove a folder of rules."),
    "compare": ("proof", "Tell how two rules or queries relate, with witnesses."),
    "scan": ("run", "Run rules over log files."),
    "query": ("run", "Run a Kusto query over local files."),
    "shell": ("run", "An interactive Kusto shell over local files."),
    "check": ("kusto", "Find faults in Kusto queries."),
    "fmt": ("kusto", "Format Kusto queries."),
    "serve": ("site", "Serve the catalogue as a site."),
    "publish": ("site", "Write the site as static files."),
    "demo": ("site", "Ingest, scan and verify the bundled rules, then serve them."),
}


class Lazy(click.Group):
    """A group that imports a command's module when it is called, so that the command line starts at once."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        found = getattr(import_module(f"{__name__}.{COMMANDS[name][0]}"), name)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = difflib.get_close_matches(args[0], COMMANDS, n=1) if args else []
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"{error.message.split(' Did you mean')[0]}{hint}", ctx) from error


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="rulescope", message="rulescope %(version)s")
@click.option("-v", "--verbose", is_flag=True, help="Log facts as they happen, to standard error.")
def cli(verbose: bool) -> None:
    """Read, explain, translate, prove and run detection rules."""
    if verbose:
        logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)


def main() -> None:
    """Run the command line. Exit code 1: done, and something is wrong with what was asked about; 2: could not be done."""
    try:
        code = cli(standalone_mode=False)  # Exit comes back as its code here, not as the exception
        sys.exit(code if isinstance(code, int) else 0)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.Abort:
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except QuerySyntaxError as error:
        click.echo(error.report(), err=True)
        sys.exit(2)
    except (RulescopeError, OSError) as error:
        click.echo(f"rulescope: {error}", err=True)
        sys.exit(2)
