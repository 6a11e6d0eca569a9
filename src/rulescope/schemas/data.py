"""Reading the shipped data files: tab-separated text with a head of `#` lines, one fact a line."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from ..errors import SchemaError


@cache
def text(name: str) -> str:
    """The text of `schemas/data/<name>`. Raises SchemaError when there is no such file."""
    try:
        return files(__package__).joinpath("data", *name.split("/")).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise SchemaError(f"no schema data file {name!r}") from error


def lines(name: str) -> Iterator[list[str]]:
    """The cells of each line that is neither empty nor part of the head, the line of column names first."""
    for line in text(name).splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")


def rows(name: str) -> Iterator[dict[str, str]]:
    """Each line as column name -> cell; missing cells at the end are empty. Raises SchemaError for too many cells."""
    header: list[str] = []
    for cells in lines(name):
        if not header:
            header = cells
            continue
        if len(cells) > len(header):
            raise SchemaError(f"{name}: {len(cells)} cells under {len(header)} columns: {cells[0]!r}")
        yield dict(zip(header, cells + [""] * (len(header) - len(cells)), strict=True))
