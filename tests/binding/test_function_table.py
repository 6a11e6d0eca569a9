"""The function table: every row is well formed and says what the documentation says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rulescope.binding import functions
from rulescope.binding.rows import TYPES
from rulescope.binding.types import RULES
from rulescope.model import Call, Field, Literal

KINDS = {"scalar", "aggregate", "window", "entity", "plugin"}
ENTITIES = {"cluster", "database", "table", "entity_group", "graph"}


def test_every_row_has_a_known_kind_and_result() -> None:
    for function in functions.functions():
        assert function.kind in KINDS, function
        if function.kind != "plugin":
            rule = function.result.partition("(")[0]
            assert rule in (*TYPES, *RULES, *ENTITIES, ""), function


def test_every_part_of_a_function_with_several_columns_has_a_type() -> None:
    assert functions.lookup("series_fft").parts == (("real", "dynamic"), ("imag", "dynamic"))  # type: ignore[union-attr]
    for function in functions.functions():
        assert all(type in TYPES for _, type in function.parts), function


def test_what_a_deprecated_function_is_replaced_by_exists() -> None:
    for function in functions.functions():
        kind = function.kind if function.kind in ("aggregate", "plugin") else "scalar"
        assert not function.replacement or functions.lookup(function.replacement, kind), function


ARITY = [  # name, fewest, most
    ("strcat", 1, None),
    ("substring", 2, 3),
    ("now", 0, 1),
    ("pi", 0, 0),
    ("case", 3, None),
    ("dcountif", 2, 3),
    ("arg_max", 1, None),
]


@pytest.mark.parametrize(("name", "least", "most"), ARITY)
def test_arity(name: str, least: int, most: int | None) -> None:
    function = functions.lookup(name)
    assert function is not None
    assert (function.least, function.most) == (least, most)


def test_a_name_can_be_a_scalar_function_and_an_aggregate() -> None:
    scalar, aggregate = functions.lookup("hll_merge"), functions.lookup("hll_merge", "aggregate")
    assert scalar is not None and aggregate is not None
    assert (scalar.kind, aggregate.kind) == ("scalar", "aggregate")
    assert scalar.naming == "only:hll_merged_result" and aggregate.naming == "hll_merge"


def test_unknown_names_and_other_spellings_are_no_functions() -> None:
    assert functions.lookup("ToString") is None
    assert functions.lookup("bag_unpack") is None
    assert functions.lookup("bag_unpack", "plugin") is not None


def test_random_functions_are_not_deterministic() -> None:
    varying = [f.name for f in functions.functions() if not f.deterministic]
    assert varying == ["new_guid", "rand"]


@pytest.mark.corpus
def test_the_table_has_exactly_the_built_in_names(kusto_cases: Path) -> None:
    names = json.loads((kusto_cases / "builtins.json").read_text())
    rows = functions.functions()
    assert {f.name for f in rows if f.kind == "plugin"} == set(names["plugins"])
    assert {f.name for f in rows if f.kind == "aggregate"} == set(names["aggregates"])
    assert {f.name for f in rows if f.kind not in ("plugin", "aggregate")} == set(names["functions"])


def test_types_are_told_without_a_language() -> None:
    from rulescope.binding import RowType, Scope, type_of

    row = RowType.of({"x": "int"})
    assert type_of(Call("bin", (Field("x"), Literal(5, "long"))), row, Scope()) == "long"
