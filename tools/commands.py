"""Writes docs/commands.md: every command with its options, as `--help` prints them. Run after a command changed; `-` prints the page."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from rulescope.cli import COMMANDS, cli

HEAD = """# Commands

Made from the code by `python tools/commands.py`; a test compares. Exit codes: 0 done; 1 done, and something is wrong with what
was asked about (a finding, a translation that is not equal); 2 it could not be done.

The catalogue is `rulescope.sqlite` in the user's data folder, or what `RULESCOPE_CATALOGUE` or `--catalogue` names.
"""


def page() -> str:
    """The whole page."""
    context = click.Context(cli, info_name="rulescope", max_content_width=100, terminal_width=100)
    parts = [HEAD]
    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        inner = click.Context(command, info_name=name, parent=context, max_content_width=100, terminal_width=100)
        parts.append(f"## `rulescope {name}`\n\n```\n{command.get_help(inner)}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__" and sys.argv[1:] == ["-"]:
    print(page(), end="")
elif __name__ == "__main__":
    target = Path(__file__).parents[1] / "docs" / "commands.md"
    target.write_text(page(), encoding="utf-8")
    print(f"wrote {target.name}")
