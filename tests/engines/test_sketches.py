"""Aggregates that gather values: sketches for functions that read them later, lists and bags of a limited size."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from rulescope.engines.duck import Engine
from rulescope.errors import UnsupportedError
from rulescope.languages.kusto import parse

TABLE: list[tuple[str, tuple[Any, ...]]] = [
    ("range x from 1 to 300 step 1 | summarize a = makelist(x), b = makeset(x), c = make_set(x) | project array_length(a), array_length(b), array_length(c)", (128, 128, 300)),
    ("range x from 1 to 9 step 1 | extend b = bag_pack(tostring(x), x) | summarize a = make_bag(b, 4), c = make_dictionary(b) | project array_length(bag_keys(a)), array_length(bag_keys(c))", (4, 9)),
    ("range x from 0 to 3 step 1 | summarize s = sum(bin(7, x - 1))", (13,)),
    (
        "datatable(d: dynamic)[dynamic({'b': 'x', 'a': 1}), dynamic({'c': 2, 'a': 1.5})] | evaluate bag_unpack(d) | getschema | summarize make_list(ColumnName), make_list(ColumnType)",
        ('["a","b","c"]', '["dynamic","string","long"]'),
    ),
    ("range x from 1 to 100 step 1 | summarize h = hll(x % 7), g = hll_if(x, x > 90) | project dcount_hll(h), dcount_hll(g)", (7, 10)),
    ("range x from 1 to 30 step 1 | summarize h = hll(x % 4) by x % 2 | summarize h = hll_merge(h) | project dcount_hll(h)", (4,)),
    ("range x from 1 to 9 step 1 | summarize h = hll(x), g = hll(x + 5) | project dcount_hll(hll_merge(h, g))", (14,)),
    ("range x from 1 to 9 step 1 | summarize h = hll(x) | project hll_isvalid(h), hll_isvalid(dynamic([1]))", (True, False)),
    ("range x from 1 to 10 step 1 | summarize a = tdigest(x), b = tdigest(x + 10) | project percentile_tdigest(merge_tdigest(a, b), 100, typeof(long))", (20,)),
    ("range x from 1 to 1000 step 1 | summarize t = tdigest(x) | project rank_tdigest(t, 685), percentrank_tdigest(t, 685)", (685.0, 68.5)),
    ("datatable(v: real, w: long)[1.0, 1, 2.0, 2] | summarize t = tdigest(v, w) | project percentiles_array_tdigest(t, 0, dynamic([33, 50]))", ("[1.0,1.0,2.0]",)),
    ("datatable(t: datetime)[datetime(2024-01-02), datetime(2023-01-01)] | summarize d = tdigest(t) | project percentile_tdigest(d, 100, typeof(datetime))", (datetime(2024, 1, 2, tzinfo=UTC),)),
    ("range x from 1 to 3 step 1 | where x > 5 | summarize t = tdigest(x) | project percentile_tdigest(t, 50)", (None,)),
    (
        "datatable(v: dynamic)[dynamic({'a': 1, 'b': [true, 'x']}), dynamic({'a': 'x', 'c': {'d': 1.5}})] | summarize buildschema(v)",
        ('{"a":["long","string"],"b":{"`indexer`":["bool","string"]},"c":{"d":"double"}}',),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_sketch(text: str, expected: tuple[Any, ...]) -> None:
    assert tuple(Engine({}).run(parse(text)).to_pylist()[0].values()) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("print dcount_hll(dynamic([[1024,14],['7755241107725382121'],[]]))", "no hll"),
        ("print tdigest_isvalid(dynamic([[7], [5.5], [1]]))", "not made here"),
        ("print v = dynamic({'a': null}) | summarize buildschema(v)", "null property"),
    ],
)
def test_a_sketch_of_the_service_is_refused(text: str, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        Engine({}).run(parse(text))
