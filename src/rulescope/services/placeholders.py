"""The values of Sigma placeholders (`%name%` under `expand`), from a file of your own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeAlias

from .. import yamltext
from ..errors import FormatError
from ..text import Place

Placeholders: TypeAlias = "Mapping[str, tuple[str, ...]]"
"""Name without the percent signs -> its values, which may hold wildcards."""


def read(path: str | Path) -> Placeholders:
    """The placeholders of a YAML (or JSON) file: a mapping of names to a value or a list of values.

    Raises FormatError with a place for anything else.
    """
    file = Path(path)
    found = yamltext.document(file.read_text(encoding="utf-8-sig"), str(file))
    if not isinstance(found, dict):
        raise FormatError(f"expected a mapping of names to values, found {_kind(found)}", Place(str(file), 1, 1))
    return {str(name).strip("%"): _values(str(name), values, file) for name, values in found.items()}


def _values(name: str, given: object, file: Path) -> tuple[str, ...]:
    listed = given if isinstance(given, list) else [given]
    for value in listed:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise FormatError(
                f"$.{name}: expected a text or a list of texts, found {_kind(value)}", Place(str(file), 1, 1)
            )
    return tuple(str(value) for value in listed)


def _kind(value: object) -> str:
    return "nothing" if value is None else type(value).__name__
