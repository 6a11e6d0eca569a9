"""Foreign mappings checked into types, field by field: what does not fit is a complaint with its place, not a crash."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any

from ..model import Failure, RuleFile

Plain = str | int | float | bool


class Fields:
    """A mapping read from a rule file. Look-ups are by the first of several names that is there.

    Every value of another type than asked for is left out of the rule and noted in `complaints`.
    """

    def __init__(self, values: Mapping[Any, Any], file: RuleFile, text: str, path: str = "$") -> None:
        self.values = values
        self.file = file
        self.text = text
        self.path = path
        self.complaints: list[Failure] = []

    def has(self, *names: str) -> bool:
        return any(name in self.values for name in names)

    def string(self, *names: str) -> str:
        """One text; numbers, dates and booleans as YAML would print them; "" when absent or null."""
        name, value = self._first(names)
        if value is None:
            return ""
        plain = plain_text(value)
        if plain is None:
            self._complain(name, value, "text")
        return plain or ""

    def strings(self, *names: str) -> tuple[str, ...]:
        """A list of texts; a single text (also `a, b`) is a list of one or more."""
        name, value = self._first(names)
        if value is None:
            return ()
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        if not isinstance(value, list):
            self._complain(name, value, "a list of texts")
            return ()
        found = []
        for number, item in enumerate(value):
            plain = plain_text(item)
            if plain is None and item is not None:
                self._complain(f"{name}[{number}]", item, "text")
            elif plain and plain.strip():
                found.append(plain.strip())
        return tuple(found)

    def integer(self, *names: str) -> int | None:
        name, value = self._first(names)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, str) and re.fullmatch(r"\s*-?\d+\s*", value):
            return int(value)
        self._complain(name, value, "a whole number")
        return None

    def mapping(self, *names: str) -> Fields | None:
        name, value = self._first(names)
        if value is None:
            return None
        if not isinstance(value, dict):
            self._complain(name, value, "a mapping")
            return None
        return self._inside(name, value)

    def mappings(self, *names: str) -> list[Fields]:
        """A list of mappings; a single mapping is a list of one."""
        name, value = self._first(names)
        if value is None:
            return []
        items = [value] if isinstance(value, dict) else value
        if not isinstance(items, list):
            self._complain(name, value, "a list of mappings")
            return []
        found = []
        for number, item in enumerate(items):
            if isinstance(item, dict):
                found.append(self._inside(f"{name}[{number}]", item))
            elif item is not None:
                self._complain(f"{name}[{number}]", item, "a mapping")
        return found

    def _first(self, names: tuple[str, ...]) -> tuple[str, Any]:
        for name in names:
            if self.values.get(name) is not None:
                return name, self.values[name]
        return names[0], None

    def _inside(self, name: str, value: Mapping[Any, Any]) -> Fields:
        inner = Fields(value, self.file, self.text, f"{self.path}.{name}")
        inner.complaints = self.complaints
        return inner

    def _complain(self, name: str, value: Any, expected: str) -> None:
        line, column = key_place(self.text, re.split(r"[.\[]", name)[0])
        message = f"{self.path}.{name}: expected {expected}, found {_kind(value)}"
        self.complaints.append(Failure(self.file.source, self.file.path, message, line, column, "FieldError"))


def plain_text(value: Any) -> str | None:
    """A YAML or TOML scalar as text, None for anything else."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, datetime.date | datetime.datetime):
        return value.isoformat()
    return None


def key_place(text: str, key: str) -> tuple[int, int]:
    """Line and column of the first line of `text` that starts with `key:` or `key =`; (0, 0) when none does."""
    match = re.search(rf"^[ \t]*(?:- )?[\"']?({re.escape(key)})[\"']?[ \t]*[:=]", text, re.MULTILINE)
    if match is None:
        return 0, 0
    start = match.start(1)
    return text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)


def _kind(value: Any) -> str:
    names = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), type(value).__name__)
