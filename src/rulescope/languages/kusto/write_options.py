"""Options of operators as Kusto text: `kind=inner`, `hint.strategy=shuffle`, `title="x"`."""

from __future__ import annotations

from ... import model as m
from .write_expr import NAME, string

QUOTED = frozenset(
    {"title", "xtitle", "ytitle", "format", "pair_delimiter", "kv_delimiter", "quote", "escape", "ingestionmapping",
     "ingestionmappingtype", "ingestionmappingreference"}
)  # fmt: skip


def assigned(p: m.Property) -> str:
    """One option as `name=value`."""
    match p.value:
        case None:
            return p.name
        case bool():
            return f"{p.name}={'true' if p.value else 'false'}"
        case str():
            bare = p.name.lower() not in QUOTED and NAME.fullmatch(p.value)
            return f"{p.name}={p.value if bare or bare_list(p.value) else string(p.value)}"
    return f"{p.name}={p.value}"


def bare_list(value: str) -> bool:
    """Whether a value is names with commas, which stand without quotes."""
    return "," in value and all(NAME.fullmatch(part.strip()) for part in value.split(","))


def hints(properties: tuple[m.Property, ...]) -> str:
    """Options after an operator's keyword, each behind a space."""
    return "".join(f" {assigned(p)}" for p in properties)
