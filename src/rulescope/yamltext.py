"""YAML text to plain values, safely: the C loader, no alias bombs, errors with places. The only door to yaml."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, NamedTuple

import yaml

from .errors import FormatError
from .text import Place

LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_ALIASES = 100
MOST_CHARACTERS = 5_000_000


class _Loader(LOADER):  # type: ignore[misc]
    """Makes plain values, and notes each key that a mapping has twice, of which YAML keeps the last."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.repeated: list[tuple[str, int]] = []

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [str(key.value) for key, _ in node.value if isinstance(key, yaml.ScalarNode) and key.tag != MERGE]
        if len(set(keys)) < len(keys):
            twice = (
                key for key, _ in node.value if isinstance(key, yaml.ScalarNode) and keys.count(str(key.value)) > 1
            )
            self.repeated += [(str(key.value), key.start_mark.line) for key in list(twice)[1:]]
        return super().construct_mapping(node, deep)


MERGE = "tag:yaml.org,2002:merge"


def documents(text: str, path: str = "", line: int = 1) -> list[Any]:
    """Every YAML document of `text` as plain values, dates kept as YAML makes them.

    `line` is where `text` starts in its file, for error places.
    Raises FormatError on malformed YAML, on more than 100 aliases, and on texts over 5 million characters.
    """
    return [value for value, _ in _loaded(text, path, line)]


def _loaded(text: str, path: str, line: int) -> list[tuple[Any, tuple[tuple[str, int], ...]]]:
    """The documents of `text`, each with the keys it repeats and their lines in the file."""
    if len(text) > MOST_CHARACTERS:
        raise FormatError(
            f"YAML of {len(text):,} characters; at most {MOST_CHARACTERS:,} are read", Place(path, line, 1)
        )
    try:
        if "*" in text and "&" in text:
            _refuse_alias_bombs(text, path, line)
        loader = _Loader(text)
        try:
            found = []
            while loader.check_data():
                value = loader.get_data()
                found.append((value, tuple((key, line + at) for key, at in loader.repeated)))
                loader.repeated = []
            return found
        finally:
            loader.dispose()
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


class Part(NamedTuple):
    """One document of a YAML text: its value (only to be read, it is shared), its own text, and where that stands."""

    value: Any
    text: str
    start: int  # offset in the whole text
    line: int  # of the file
    repeated: tuple[tuple[str, int], ...] = ()  # keys that a mapping has twice, with the line of the second


@lru_cache(maxsize=64)
def parts(text: str, path: str = "", line: int = 1) -> tuple[Part, ...]:
    """The documents of `text` that are not empty, each with its own text. Raises FormatError as `documents`.

    The last texts are remembered: a format and a language that read the same text parse it once.
    """
    found: list[Part] = []
    start = 0
    for mark in [*DOCUMENT_MARK.finditer(text), None]:
        end = mark.start() if mark else len(text)
        own = text[start:end]
        at = line + text.count("\n", 0, start)
        if own.strip() and not own.lstrip().startswith("%"):
            found.extend(
                Part(value, own, start, at, repeated) for value, repeated in _loaded(own, path, at) if value is not None
            )
        start = mark.end() if mark else end
    return tuple(found)


DOCUMENT_MARK = re.compile(r"^---(?=[ \t\n\r]|$)(?:[ \t]*(?:#.*)?(?:\r?\n|$))?", re.MULTILINE)


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


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def written(value: Any) -> str:
    """Plain values as block-style YAML, keys in their order, texts of several lines as blocks."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
