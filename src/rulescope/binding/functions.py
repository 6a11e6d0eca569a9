"""The one function table: every Kusto function, aggregate, operator-window and plugin by name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Function:
    """A row of `data/functions.tsv`; its head explains `result` and `naming`.

    kind: scalar, aggregate, window, entity (`table("x")`) or plugin. `parameters`: one type expression each, with a
    last character `?` (may be missing), `*` (any number) or `+` (one or more).
    """

    name: str
    kind: str
    parameters: tuple[str, ...] = ()
    result: str = "unknown"
    naming: str = ""
    varies: str = ""
    replacement: str = ""

    @property
    def least(self) -> int:
        """The fewest arguments a call may have."""
        return sum(parameter[-1] not in "?*" for parameter in self.parameters)

    @property
    def most(self) -> int | None:
        """The most arguments a call may have; None: any number."""
        return None if any(p[-1] in "*+" for p in self.parameters) else len(self.parameters)

    @property
    def deterministic(self) -> bool:
        """The same arguments give the same result within a query."""
        return not self.varies

    @property
    def deprecated(self) -> bool:
        return bool(self.replacement)

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """The (name, type) of each column, for a function with several; else ()."""
        return _parts(self.result)


@cache
def _parts(result: str) -> tuple[tuple[str, str], ...]:
    if not result.startswith("("):
        return ()
    pairs = (part.split(":") for part in result[1:-1].split(","))
    return tuple((name, type) for name, type in pairs)


# Arithmetic and other operators that the model keeps as calls; they have no row in the table.
OPERATORS = {name: Function(name, "operator") for name in ("+", "-", "*", "/", "%", "negate")}


def _rows(file: str) -> list[list[str]]:
    text = files("rulescope.binding").joinpath("data", file).read_text("utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")][1:]


@cache
def _read() -> tuple[dict[str, Function], dict[str, Function], dict[str, Function]]:
    scalars: dict[str, Function] = {}
    aggregates: dict[str, Function] = {}
    plugins: dict[str, Function] = {}
    for name, kind, parameters, result, naming, varies, replacement in _rows("functions.tsv"):
        function = Function(
            name, kind, tuple(_split(parameters)), result, naming, varies, replacement
        )  # fmt: skip
        where = aggregates if kind == "aggregate" else plugins if kind == "plugin" else scalars
        where[name] = function
    return scalars, aggregates, plugins


def _split(parameters: str) -> list[str]:
    return parameters.split(",") if parameters else []


@cache
def lookup(name: str, kind: str = "") -> Function | None:
    """The function of that name; None when Kusto has none.

    kind "aggregate" or "plugin" looks only there, "scalar" only among scalar functions; without it scalar functions
    come before aggregates, and plugins are not looked at (a few names, such as `hll_merge`, are both).
    """
    scalars, aggregates, plugins = _read()
    match kind:
        case "aggregate":
            return aggregates.get(name)
        case "plugin":
            return plugins.get(name)
        case "scalar":
            return OPERATORS.get(name) or scalars.get(name)
    return OPERATORS.get(name) or scalars.get(name) or aggregates.get(name)


@cache
def service_functions() -> dict[str, tuple[str, dict[str, str]]]:
    """Functions of Sentinel and Defender XDR that give rows: name -> (adds or makes, column -> type)."""
    known: dict[str, tuple[str, dict[str, str]]] = {}
    for name, role, column, type in _rows("service_functions.tsv"):
        known.setdefault(name, (role, {}))[1][column] = type
    return known


def functions() -> tuple[Function, ...]:
    """Every function, aggregate and plugin, by name."""
    return tuple(sorted((f for group in _read() for f in group.values()), key=lambda f: (f.name, f.kind)))


def names(kind: str = "") -> tuple[str, ...]:
    """All names of one kind (see `lookup`), or of scalar functions and aggregates."""
    scalars, aggregates, plugins = _read()
    if kind == "plugin":
        return tuple(plugins)
    if kind == "aggregate":
        return tuple(aggregates)
    return tuple(scalars) if kind == "scalar" else (*scalars, *aggregates)
