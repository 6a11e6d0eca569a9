"""Rows as typed Arrow tables."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from rulescope.logs.arrow import arrow_table, moment, shared_type

TYPES = [  # values, from text, shared type
    (["a", "b"], False, "string"),
    ([1, 2], False, "long"),
    ([1, 2.5], False, "real"),
    ([True, None], False, "bool"),
    (["2026-11-10T09:00:00Z", "2026-11-10 09:00:00.123"], False, "datetime"),
    (["2026-11-10T09:00:00Z", "yesterday"], False, "string"),
    (["1", "2"], False, "string"),
    (["1", "2", ""], True, "long"),
    (["007", "8"], True, "string"),
    (["1.5", "2"], True, "real"),
    (["true", "False"], True, "bool"),
    ([{"a": 1}], False, "dynamic"),
    ([1, "a"], False, "dynamic"),
    ([None], False, "string"),
    ([2**70], False, "real"),
]


@pytest.mark.parametrize(("cells", "text", "expected"), TYPES)
def test_a_column_has_the_type_its_values_share(cells: list[Any], text: bool, expected: str) -> None:
    assert shared_type(cells, text) == expected


def test_declared_columns_come_first_and_all_of_them() -> None:
    table = arrow_table(
        [{"Extra": 1, "EventID": "4688"}, {"Account": "a"}], {"Account": "string", "EventID": "int", "Gone": "bool"}
    )
    assert table.column_names == ["Account", "EventID", "Gone", "Extra"]
    assert table.to_pylist() == [
        {"Account": None, "EventID": 4688, "Gone": None, "Extra": 1},
        {"Account": "a", "EventID": None, "Gone": None, "Extra": None},
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-10T09:00:00.1234567Z", dt.datetime(2026, 11, 10, 9, 0, 0, 123456, dt.UTC)),
        ("2026-11-10T09:00:00+02:00", dt.datetime(2026, 11, 10, 7, 0, tzinfo=dt.UTC)),
        ("2026-11-10 09:00", dt.datetime(2026, 11, 10, 9, 0, tzinfo=dt.UTC)),
        ("2026-13-10T09:00:00Z", None),
        ("10/11/2026", None),
    ],
)
def test_moments_are_iso_and_utc(text: str, expected: dt.datetime | None) -> None:
    assert moment(text) == expected


def test_what_does_not_fit_its_declared_type_is_null() -> None:
    table = arrow_table([{"Port": "80"}, {"Port": "http"}, {"Port": 2**40}], {"Port": "int"})
    assert table["Port"].to_pylist() == [80, None, None]


def test_dynamic_values_are_json_text() -> None:
    table = arrow_table(
        [{"Details": {"a": "é"}}, {"Details": '{"b": 1}'}, {"Details": "plain"}], {"Details": "dynamic"}
    )
    assert table["Details"].to_pylist() == ['{"a": "é"}', '{"b": 1}', '"plain"']
