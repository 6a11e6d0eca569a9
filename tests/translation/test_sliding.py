"""Correlations in Kusto: they fire for the same group at the same moment as the rule, whatever the order of events."""

import random
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

import judge
from rulescope.engines import reference
from rulescope.engines.duck import Engine
from rulescope.languages import kusto, sigma
from rulescope.model import Correlate, Rule, Scan, Translation, Verdict, rewrite
from rulescope.schemas import logsources
from rulescope.schemas.mappings import mappings_for, target_tables
from rulescope.translation import Options, translate
from rulescope.translation.sliding import leaves, slide

BASE = """
title: Failed logon
name: base
logsource: {category: proxy}
detection:
    sel: {cs-method: POST}
    condition: sel
---
title: Other
name: other
logsource: {category: proxy}
detection:
    sel: {cs-method: PUT}
    condition: sel
---
title: Third
name: third
logsource: {category: proxy}
detection:
    sel: {cs-method: GET}
    condition: sel
---
title: Together
correlation:
    type: %s
    rules: [%s]
    group-by: [c-ip]
    timespan: 10m
"""
CHAIN = """
title: Burst
name: burst
correlation:
    type: event_count
    rules: [base]
    group-by: [c-ip, cs-username]
    timespan: 4m
    condition: {gte: 2}
---
""" + BASE  # fmt: skip
KINDS = {
    "event_count": BASE % ("event_count", "base") + "    condition: {gte: 3}\n",
    "event_count of few": BASE % ("event_count", "base") + "    condition: {lt: 2}\n",
    "value_count": BASE % ("value_count", "base") + "    condition: {field: cs-username, gt: 2}\n",
    "value_sum": BASE % ("value_sum", "base") + "    condition: {field: cs-bytes, gte: 7}\n",
    "value_avg": BASE % ("value_avg", "base") + "    condition: {field: cs-bytes, gt: 2}\n",
    "temporal_ordered": BASE % ("temporal_ordered", "base, other"),
    "temporal": BASE % ("temporal", "base, other"),
    "event_count in a range": BASE % ("event_count", "base") + "    condition: {gt: 1, lte: 3}\n",
    "event_count of just": BASE % ("event_count", "base, other") + "    condition: {eq: 3}\n",
    "event_count of any but": BASE % ("event_count", "base") + "    condition: {neq: 2}\n",
    "value_count of pairs": BASE % ("value_count", "base") + "    condition: {field: [cs-username, cs-bytes], gt: 2}\n",
    "a small value_sum": BASE % ("value_sum", "base") + "    condition: {field: cs-bytes, lt: 4}\n",
    "value_avg but": BASE % ("value_avg", "base") + "    condition: {field: cs-bytes, neq: 2}\n",
    "value_percentile": BASE % ("value_percentile", "base") + "    condition: {field: cs-bytes, percentile: 75, gte: 2.5}\n",
    "value_median": BASE % ("value_median", "base") + "    condition: {field: cs-bytes, lt: 2}\n",
    "temporal_ordered of three": BASE % ("temporal_ordered", "base, other, third"),
    "temporal of two of three": BASE % ("temporal", "base, other, third") + "    condition: {gte: 2}\n",
    "temporal by a condition": BASE % ("temporal", "base, other, third") + "    condition: base and not (other or third)\n",
    "temporal_ordered by a condition": BASE % ("temporal_ordered", "base, other, third") + "    condition: third and (base or other)\n",
    "a chain": CHAIN % ("temporal_ordered", "burst, other"),
    "a chain of counts": CHAIN % ("event_count", "burst") + "    condition: {gte: 2}\n",
}  # fmt: skip
START = datetime(2024, 5, 1, tzinfo=UTC)
LOGON = """
title: Failed logon
name: base
logsource: {product: windows, service: security}
detection:
    sel: {EventID: 4625}
    condition: sel
---
title: Guessing
correlation:
    type: %s
    rules: [base]
    group-by: [TargetUserName]
    timespan: 5m
    condition: {%s}
"""


def done(text: str, schema: str = "windows-events", **options: object) -> Translation:
    rule = Rule(id="r", title="t", language="sigma", text=text)
    return translate(rule, sigma.parse(text), schema=schema, options=Options(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_windows_slide_as_the_rule_says(kind: str) -> None:
    query = sigma.parse(KINDS[kind])
    stage = query.stages[0]
    assert isinstance(stage, Correlate)
    way = mappings_for(logsources.parsed("category=proxy"), "sentinel-asim")[0]
    target = kusto.parse(kusto.write(slide(stage, {path: way for path, _ in leaves(stage)}, "TimeGenerated")))
    chance = random.Random(7)
    tables, expected = {}, []
    for number in range(12):
        events = [event(chance) for _ in range(14)]
        fired = reference.run(query, events, "TimeGenerated")
        expected.append({(row["time"], row["c-ip"].lower()) for row in fired})
        rows = [
            {**way.map_event(without_time(each)), "TimeGenerated": datetime.fromisoformat(each["TimeGenerated"])}
            for each in events
        ]
        tables[f"{way.table}{number}"] = table(rows)
    assert any(expected)
    types = {name: way.types[name] for name in table_names(tables)}
    engine = Engine(tables, schemas=dict.fromkeys(tables, types))
    for number, wanted in enumerate(expected):

        def here(node: object, number: int = number) -> object:
            return Scan(f"{way.table}{number}") if isinstance(node, Scan) and node.table == way.table else node

        found = engine.run(rewrite(target, here)).to_pylist()
        assert {(row["TimeGenerated"].isoformat(), row["group1"]) for row in found} == wanted


def event(chance: random.Random) -> dict[str, str]:
    """An event of one of two kinds at one of a few moments; some share a moment, some a group in other case."""
    when = START + timedelta(minutes=2 * chance.randrange(20))
    return {
        "cs-method": chance.choice(["POST", "POST", "PUT", "GET"]),
        "c-ip": chance.choice(["fe80::a", "FE80::A", "10.0.0.1"]),
        "cs-username": chance.choice(["ann", "Ann", "bob", "eve"]),
        "cs-bytes": chance.choice(["1", "2", "4"]),
        "TimeGenerated": when.isoformat(),
    }


def without_time(given: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if name != "TimeGenerated"}


def table(rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(rows)


def table_names(tables: dict[str, pa.Table]) -> list[str]:
    return list(dict.fromkeys(name for each in tables.values() for name in each.column_names))


@pytest.mark.parametrize(
    ("kind", "condition"),
    [("event_count", "gte: 4"), ("value_count", "field: IpAddress, gte: 4"), ("value_count", "field: WorkstationName, gt: 2")],
)  # fmt: skip
def test_a_correlation_is_written_and_proven(kind: str, condition: str) -> None:
    found = done(LOGON % (kind, condition))
    assert found.verdict is Verdict.EQUAL, (found.losses, found.checks)
    assert [check.name for check in found.checks] == ["read-back", "bind", "execute duckdb"]
    assert "then between (TimeGenerated - 5m .. TimeGenerated)" in found.text


def test_the_time_filter_stands_where_the_events_are_read() -> None:
    found = done(LOGON % ("event_count", "gte: 4"), lookback="1d")
    assert found.text.count("TimeGenerated > ago(1d)") == 1
    assert found.verdict is Verdict.EQUAL


@pytest.mark.parametrize(
    ("kind", "condition", "why"),
    [
        ("value_percentile", "field: IpPort, gte: 4", "percentile"),
    ],
)
def test_what_cannot_be_exact_is_refused(kind: str, condition: str, why: str) -> None:
    found = done(LOGON % (kind, condition))
    assert found.text == ""
    assert why in found.losses[0].construct


def test_a_table_without_the_group_is_refused() -> None:
    found = done((BASE % ("temporal", "base, other")).replace("c-ip", "NoSuchField"), "sentinel-asim")
    assert found.text == ""
    assert "NoSuchField" in found.losses[0].construct


def test_the_table_that_has_the_group_is_taken() -> None:
    found = done((LOGON % ("event_count", "gte: 4")).replace("TargetUserName", "NoColumnOfSecurityEvent"))
    assert "EventData.NoColumnOfSecurityEvent" in found.text
    assert found.verdict is Verdict.EQUAL


@pytest.mark.parametrize("kind", [each for each in KINDS if each not in ("event_count of few", "a small value_sum")])
def test_every_kind_is_proven(kind: str) -> None:
    found = done(KINDS[kind], "sentinel-asim")
    assert found.verdict is Verdict.EQUAL, (found.losses, found.checks)


@pytest.mark.parametrize("condition", ["event_count|gte: 1000", "value_count|field: IpAddress, gt: 400"])
def test_many_events_are_proven_in_bursts(condition: str) -> None:
    found = done(LOGON % tuple(condition.split("|")))
    assert found.verdict is Verdict.EQUAL, found.checks


def test_values_of_a_field_the_rule_asks_about_are_proven() -> None:
    text = (LOGON % ("value_count", "field: WorkstationName, gte: 3")).replace(
        "{EventID: 4625}", "{EventID: 4625, WorkstationName|startswith: WEB}"
    )
    found = done(text)
    assert found.verdict is Verdict.EQUAL, found.checks


@pytest.mark.node
def test_the_analyser_accepts_every_kind() -> None:
    texts = [done(text, "sentinel-asim", prove=False).text for text in KINDS.values()]
    assert all(texts)
    assert judge.errors(texts, {"imWebSession": target_tables("sentinel-asim")["imWebSession"]}) == [[]] * len(texts)
