"""Kusto on a cluster: our own endpoint, asked through Microsoft's client library as a real cluster would be."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner

from rulescope.cli import cli
from rulescope.engines.cluster import Cluster
from rulescope.errors import UnsupportedError
from rulescope.model import Alert, NotRun, Rule, Trigger
from rulescope.services import query as service
from rulescope.services.scan import scan
from serving import served

pytest.importorskip("azure.kusto.data")
fastapi = pytest.importorskip("fastapi")

EVENTS = pa.table(
    {
        "TimeGenerated": pa.array(
            [dt.datetime(2026, 11, 10, 9, tzinfo=dt.UTC), dt.datetime(2026, 11, 10, 10, tzinfo=dt.UTC)],
            pa.timestamp("us", "UTC"),
        ),
        "FileName": ["cmd.exe", "bitsadmin.exe"],
        "Size": pa.array([1, None], pa.int64()),
    }
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    from rulescope.web.kusto import add_kusto

    app = fastapi.FastAPI()
    add_kusto(app, service.session({"Events": EVENTS}))
    with served(app) as url:
        yield url


VALUES = [  # expression, its value
    ("int(7)", 7),
    ("long(null)", None),
    ("1.5", 1.5),
    ("true", True),
    ("'a\\\"b\\nc'", 'a"b\nc'),
    ("datetime(2026-11-10 09:00:00.1234567)", dt.datetime(2026, 11, 10, 9, 0, 0, 123456, dt.UTC)),
    ("-1.02:03:04.5", dt.timedelta(days=-1, hours=-2, minutes=-3, seconds=-4.5)),
    ("decimal(1.25)", Decimal("1.25")),
    ("guid(00000000-0000-0000-0000-00000000000a)", "00000000-0000-0000-0000-00000000000a"),
]


@pytest.mark.parametrize(("expression", "expected"), VALUES)
def test_values_of_every_type_come_back(url: str, expression: str, expected: object) -> None:
    expression = f"timespan({expression})" if expression[0] == "-" else expression
    (row,) = Cluster(url).run(f"print x = {expression}").to_pylist()
    assert row == {"x": expected}


def test_dynamic_values_come_back_as_json(url: str) -> None:
    (row,) = Cluster(url).run("print x = dynamic({'a': [1, 'b', null]})").to_pylist()
    assert json.loads(row["x"]) == {"a": [1, "b", None]}


def test_rows_are_those_of_the_tables_over_there(url: str) -> None:
    found = Cluster(url).run("Events | where FileName startswith 'bits' | project FileName, Size, TimeGenerated")
    assert found.to_pylist() == [
        {"FileName": "bitsadmin.exe", "Size": None, "TimeGenerated": EVENTS["TimeGenerated"][1].as_py()}
    ]
    assert [field.metadata[b"kusto"] for field in found.schema] == [b"string", b"long", b"datetime"]


@pytest.mark.parametrize("text", ["Events | wher x", "NoSuchTable | count"])
def test_what_the_cluster_refuses_is_said(url: str, text: str) -> None:
    with pytest.raises(UnsupportedError):
        Cluster(url).run(text)


@pytest.mark.parametrize("address", ["ftp://x", "cluster", "http://example.org", ""])
def test_only_a_local_cluster_is_reached_without_tls(address: str) -> None:
    with pytest.raises(UnsupportedError, match="cluster address"):
        Cluster(address)


def test_the_command_sends_the_query_as_it_stands(url: str) -> None:
    words = ["query", "Events | summarize n = count()", "--engine", "kusto", "--cluster", url, "--format", "json"]
    done = CliRunner().invoke(cli, words)
    assert json.loads(done.stdout) == [{"n": 2}]
    assert CliRunner().invoke(cli, [*words[:2], "--engine", "kusto"]).exit_code == 2


def test_kusto_rules_of_a_scan_run_on_the_cluster(url: str, tmp_path: Path) -> None:
    def rule(name: str, text: str, trigger: Trigger | None = None) -> Rule:
        return Rule(name, name, "kusto", text, trigger=trigger)

    rules = [
        rule("found", "Events | where FileName == 'cmd.exe'"),
        rule("few", "Events", Trigger("gt", 5)),
        rule("absent", "Events | where FileName == 'x'", Trigger("eq", 0)),
        rule("elsewhere", "NoSuchTable"),
    ]
    alerts, missing = [], []
    for one in scan([], rules, cluster=url):
        (alerts if isinstance(one, Alert) else missing).append(one)
    assert [(one.rule_id, one.log, one.time[:13]) for one in alerts if isinstance(one, Alert)] == [
        ("found", url, "2026-11-10T09"), ("absent", "", ""),
    ]  # fmt: skip
    assert [(one.rule_id, one.engine) for one in missing if isinstance(one, NotRun)] == [("elsewhere", "kusto")]
