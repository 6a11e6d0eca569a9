"""Columns of queries built by hand: what the binder says of the model, without any language."""

from __future__ import annotations

import pytest

from rulescope import model as m
from rulescope.binding import UNKNOWN_ROW, RowType, Scope, bind, named_columns, step_row, type_of

TABLES = {
    "Logon": {"Time": "datetime", "User": "string", "Count": "int", "Data": "dynamic"},
    "Process": {"Time": "datetime", "User": "string", "Count": "long", "Image": "string"},
}
LOGON = m.Scan("Logon")
COUNT = m.Column((), m.Call("count"))


def col(value: m.Expr, *names: str) -> m.Column:
    return m.Column(names, value)


def field(name: str) -> m.Field:
    return m.Field(name)


def shape(*stages: m.Step) -> str:
    row = bind(m.Query(stages), TABLES).row
    return " ".join(f"{name}:{type}" for name, type in row.types.items()) + (" ..." if row.open else "")


def hour(name: str) -> m.Expr:
    return m.Call("bin", (field(name), m.Literal(36_000_000_000, "timespan")))


ALL = "Time:datetime User:string Count:int Data:dynamic"
SHAPES = [
    ((LOGON,), ALL),
    ((LOGON, m.Filter(m.Match(field("User"), m.Op.EQ, ("a",)))), ALL),
    ((LOGON, m.Aggregate((COUNT,), (col(hour("Time")),))), "Time:datetime count_:long"),
    ((LOGON, m.Extend((col(m.Index(field("Data"), m.Literal("ip"))),))), f"{ALL} Data_ip:dynamic"),
    ((LOGON, m.Extend((col(field("User"), "Count"),))), "Time:datetime User:string Count:string Data:dynamic"),
    ((LOGON, m.Project((col(m.Call("+", (field("Count"), field("Count")))),))), "Column1:long"),
    ((LOGON, m.Select(("*er", "Count"), (), "project-away")), "Time:datetime Data:dynamic"),
    ((LOGON, m.Select(("Count", "*"), ("", "asc"), "project-reorder")), "Count:int Data:dynamic Time:datetime User:string"),
    ((LOGON, m.Count()), "Count:long"),
    ((LOGON, m.Evaluate("bag_unpack", (field("Data"),))), "Time:datetime User:string Count:int ..."),
    ((m.Scan("Nowhere"), m.Project((col(field("a")),))), "a:unknown"),
    ((LOGON, m.Opaque("graph-match", "graph-match (a)")), " ..."),
]  # fmt: skip


@pytest.mark.parametrize(("stages", "expected"), SHAPES, ids=range(len(SHAPES)))
def test_shape(stages: tuple[m.Step, ...], expected: str) -> None:
    assert shape(*stages).lstrip() == expected.lstrip()


def test_names_that_differ_only_in_case_are_two_columns() -> None:
    assert shape(m.Print((col(m.Literal(1, "long"), "a"), col(m.Literal("x"), "A")))) == "a:long A:string"


def test_a_let_is_a_table_of_its_name() -> None:
    let = m.Let("Users", m.Query((LOGON, m.Distinct((col(field("User")),)))))
    assert bind(m.Query((m.Scan("Users"),), (let,)), TABLES).row.types == {"User": "string"}


def test_each_stage_has_its_row() -> None:
    bound = bind(m.Query((LOGON, m.Count(), m.Extend((col(field("Count"), "n"),)))), TABLES)
    assert [len(row.types) for row in bound.stages] == [4, 1, 2]


def test_steps_can_be_taken_one_by_one() -> None:
    scope = Scope(TABLES)
    row = step_row(LOGON, None, scope)
    assert step_row(m.Aggregate((COUNT,)), row, scope) == RowType((m.TypedName("count_", "long"),))


def test_each_column_of_arg_max_stands_for_itself() -> None:
    scope = Scope(TABLES)
    stage = m.Aggregate((col(m.Call("arg_max", (field("Time"), m.Star()))),), (col(field("User")),))
    made = named_columns(stage, step_row(LOGON, None, scope), scope)
    assert [column.name for column in made] == ["User", "Time", "Count", "Data"]
    assert made[2].value == m.Call("arg_max", (field("Time"), field("Count")))
    assert made[2].type == "int"


def test_each_of_several_percentiles_is_one() -> None:
    percentiles = m.Call("percentiles", (field("Count"), m.Literal(5, "long"), m.Literal(99.9, "real")))
    made = named_columns(m.Aggregate((col(percentiles),)), step_row(LOGON, None, Scope(TABLES)), Scope(TABLES))
    assert [column.name for column in made] == ["percentile_Count_5", "percentile_Count_99_9"]
    assert made[1].value == m.Call("percentile", (field("Count"), m.Literal(99.9, "real")))


def test_what_a_query_names_in_an_open_row_becomes_a_column() -> None:
    test = m.Filter(m.Match(field("ip"), m.Op.EQ, ("::1",)))
    row = bind(m.Query((LOGON, m.Evaluate("bag_unpack", (field("Data"),)), test)), TABLES).row
    assert row.types["ip"] == "unknown" and row.open


def test_type_of_an_expression_over_an_open_row_is_unknown() -> None:
    assert type_of(m.Call("+", (field("x"), m.Literal(1, "long"))), UNKNOWN_ROW, Scope()) == "unknown"


def test_long_paths_do_not_recurse() -> None:
    path: m.Expr = field("Data")
    for _ in range(5000):
        path = m.Index(path, m.Literal("x"))
    assert type_of(path, RowType.of({"Data": "dynamic"}), Scope()) == "dynamic"


def three(analyser: bool) -> list[str]:
    queries = tuple(m.Query((m.Inline((m.TypedName("a", type),), ()),)) for type in ("long", "long", "string"))
    return list(bind(m.Query((m.Union(queries),)), {}, as_analyser=analyser).row.types)


def test_a_union_gives_every_type_a_column_but_the_analyser_stops_at_two_equal_ones() -> None:
    assert three(analyser=False) == ["a_long", "a_string"]
    assert three(analyser=True) == ["a"]


def test_columns_of_two_tables_with_other_types_get_the_types_as_suffix() -> None:
    union = m.Union((m.Query((m.Scan("Process"),)),))
    expected = "Time:datetime User:string Count_int:int Count_long:long Data:dynamic Image:string"
    assert shape(LOGON, union) == expected


def test_inner_union_keeps_common_columns() -> None:
    union = m.Union((m.Query((m.Scan("Process"), m.Select(("Count",), (), "project-away"))),), "inner")
    assert shape(LOGON, union) == "Time:datetime User:string"


def test_a_pattern_stands_for_all_tables_it_matches() -> None:
    assert shape(m.Scan("Lo*")) == ALL


def test_a_pattern_means_tables_and_views_but_no_other_let() -> None:
    query = m.Query((m.Print((col(m.Literal(1, "long"), "n"),)),))
    let = m.Let("Logons", query, view=True)
    assert bind(m.Query((m.Scan("Logons*"),), (m.Let("Logons", query),)), TABLES).row.open
    both = bind(m.Query((m.Union((m.Query((m.Scan("Logon*"),)),)),), (let,)), TABLES, as_analyser=False).row
    assert both.names == ("Time", "User", "Count", "Data", "n")
    assert bind(m.Query((m.Scan("Logon*"),), (let,)), TABLES).row.names == ("Time", "User", "Count", "Data")
    assert bind(m.Query((m.Scan("Logons*"),), (let,)), TABLES).row.names == ("n",)


def test_long_sums_do_not_recurse() -> None:
    total: m.Expr = field("x")
    for _ in range(5000):
        total = m.Call("+", (total, m.Literal(1, "long")))
    assert type_of(total, RowType.of({"x": "real"}), Scope()) == "real"


def test_words_that_are_no_types_count_as_string() -> None:
    tables = {"T": {"a": "Double", "b": "...", "c": "unknown"}}
    assert bind(m.Query((m.Scan("T"),)), tables).row.types == {"a": "real", "b": "string", "c": "unknown"}


def test_several_results_have_no_one_row() -> None:
    assert bind(m.Query((LOGON, m.Fork((m.Query((m.Scan(""), m.Count())),)))), TABLES).row == UNKNOWN_ROW


def test_a_pipeline_over_parts_starts_from_the_rows_before() -> None:
    part = m.Query((m.Scan(""), m.Aggregate((COUNT,), (col(field("Count")),))))
    assert shape(LOGON, m.Partition(field("User"), part)) == "Count:int count_:long"


def test_parameters_are_no_columns() -> None:
    query = m.Query((LOGON, m.Extend((col(field("limit"), "x"),))), (), (m.Parameter("limit", "5", "long"),))
    bound = bind(query, TABLES)
    assert bound.row.types["x"] == "long" and bound.diagnostics == ()


def test_enriching_functions_add_their_columns() -> None:
    row = bind(m.Query((LOGON, m.Invoke("FileProfile", (field("User"),)))), TABLES).row
    assert row.types["GlobalPrevalence"] == "int" and row.open
