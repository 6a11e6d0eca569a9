"""YAML text to plain values, safely: the C loader, no alias bombs, errors with places. The only door to yaml."""

from __future__ import annotations

from typing import Any

import yaml

from .errors import FormatError
from .text import Place

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_ALIASES = 100
MOST_CHARACTERS = 5_000_000


def documents(text: str, path: str = "", line: int = 1) -> list[Any]:
    """Every YAML document of `text` as plain values, dates kept as YAML makes them.

    `line` is where `text` starts in its file, for error places.
    Raises FormatError on malformed YAML, on more than 100 aliases, and on texts over 5 million characters.
    """
    if len(text) > MOST_CHARACTERS:
        raise FormatError(
            f"YAML of {len(text):,} characters; at most {MOST_CHARACTERS:,} are read", Place(path, line, 1)
        )
    try:
        if "*" in text and "&" in text:
            _refuse_alias_bombs(text, path, line)
        return list(yaml.load_all(text, Loader=LOADER))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(path, line + mark.line, mark.column + 1) if mark else Place(path, line, 1)
        raise FormatError(f"not YAML: {error.problem or error.context}", place) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise FormatError(f"not YAML: {error}".splitlines()[0], Place(path, line, 1)) from error


def document(text: str, path: str = "", line: int = 1) -> Any:
    """The only document of `text`. Raises FormatError when there are none or several."""
    found = documents(text, path, line)
    if len(found) != 1:
        raise FormatError(f"expected one YAML document, found {len(found)}", Place(path, line, 1))
    return found[0]


def _refuse_alias_bombs(text: str, path: str, line: int) -> None:
    aliases = 0
    for event in yaml.parse(text, Loader=LOADER):
        if isinstance(event, yaml.AliasEvent):
            aliases += 1
            if aliases > MOST_ALIASES:
                mark = event.start_mark
                assert mark is not None
                raise FormatError(
                    f"more than {MOST_ALIASES} YAML aliases", Place(path, line + mark.line, mark.column + 1)
                )
