"""Microsoft's own client, and ours, against the served query endpoint."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from fastapi.testclient import TestClient

from rulescope.engines.cluster import Cluster
from rulescope.errors import UnsupportedError
from rulescope.services import query as service
from rulescope.web import application
from rulescope.web import kusto as endpoint
from serving import served

EVENTS = pa.table(
    {
        "TimeGenerated": pa.array([dt.datetime(2026, 1, 2, 3, 4, 5, 678900, dt.UTC), None], pa.timestamp("us", "UTC")),
        "DeviceName": ["web01", "db02"],
        "Count": pa.array([3, None], pa.int64()),
        "Score": [0.5, 1.5],
        "Ok": [True, None],
    }
)


@pytest.fixture(scope="module")
def session() -> service.Session:
    return service.session({"Events": EVENTS})


@pytest.fixture(scope="module")
def client(starter_catalogue: Path, session: service.Session) -> TestClient:
    return TestClient(application(starter_catalogue, session=session))


@pytest.fixture(scope="module")
def cluster(starter_catalogue: Path, session: service.Session) -> Iterator[str]:
    with served(application(starter_catalogue, session=session)) as url:
        yield url


def test_microsofts_client_reads_the_answer(cluster: str) -> None:
    data = pytest.importorskip("azure.kusto.data")
    client = data.KustoClient(data.KustoConnectionStringBuilder.with_no_authentication(cluster))
    found = client.execute_query(
        "anything", "Events | where Score < 1 | extend Since = 90m, More = dynamic({'a': [1]})"
    ).primary_results[0]
    assert [(column.column_name, column.column_type) for column in found.columns] == [
        ("TimeGenerated", "datetime"), ("DeviceName", "string"), ("Count", "long"), ("Score", "real"), ("Ok", "bool"),
        ("Since", "timespan"), ("More", "dynamic"),
    ]  # fmt: skip
    row = found[0].to_dict()
    assert row["DeviceName"] == "web01" and row["Count"] == 3 and row["Ok"] is True and row["More"] == {"a": [1]}
    assert row["TimeGenerated"] == dt.datetime(2026, 1, 2, 3, 4, 5, 678900, dt.UTC)
    assert row["Since"] == dt.timedelta(minutes=90)


def test_microsofts_client_reads_several_results(cluster: str, session: service.Session) -> None:
    data = pytest.importorskip("azure.kusto.data")
    text = "Events | fork (where Score < 1 | project DeviceName | as Low) (count)"
    client = data.KustoClient(data.KustoConnectionStringBuilder.with_no_authentication(cluster))
    found = client.execute_query("anything", text).primary_results
    assert [(table.table_name, [row.to_list() for row in table]) for table in found] == [
        ("Low", [["web01"]]),
        ("PrimaryResult", [[2]]),
    ]
    assert [(name, rows.to_pylist()) for name, rows in Cluster(cluster).results(text)] == [
        (name, rows.to_pylist()) for name, rows in session.results(text)
    ]
    with pytest.raises(UnsupportedError, match="2 results"):
        Cluster(cluster).run(text)


def test_microsofts_client_understands_the_errors(cluster: str) -> None:
    data = pytest.importorskip("azure.kusto.data")
    exceptions = pytest.importorskip("azure.kusto.data.exceptions")
    client = data.KustoClient(data.KustoConnectionStringBuilder.with_no_authentication(cluster))
    with pytest.raises(exceptions.KustoServiceError, match="expected"):
        client.execute_query("db", "Events | where where")
    with pytest.raises(exceptions.KustoServiceError):
        client.execute_query("db", "Nothing | take 1")


def test_our_client_reads_the_same_rows(cluster: str, session: service.Session) -> None:
    pytest.importorskip("azure.kusto.data")
    text = "Events | summarize Total = sum(Count), Names = make_list(DeviceName) by Ok | sort by Total"
    assert Cluster(cluster).run(text).to_pylist() == session.run(text).to_pylist()
    with pytest.raises(UnsupportedError):
        Cluster(cluster).run("Events | where")


def test_an_error_is_a_400_in_the_form_of_oneapi(client: TestClient) -> None:
    answer = client.post("/v2/rest/query", json={"db": "x", "csl": "Events | where where"})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["code"] == "BadRequest_SyntaxError" and error["@permanent"] is True and "1:" in error["message"]


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"csl": 1}', '{"csl": ', '{"db": "x"}'])
def test_a_body_that_is_no_request_is_refused(client: TestClient, body: str) -> None:
    answer = client.post("/v2/rest/query", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "BadRequest_InvalidRequest"


def test_pages_of_other_sites_cannot_ask(client: TestClient) -> None:
    body = json.dumps({"csl": "Events"})
    assert client.post("/v2/rest/query", content=body, headers={"content-type": "text/plain"}).status_code == 400
    headers = {"content-type": "application/json", "origin": "https://evil.example"}
    assert client.post("/v2/rest/query", content=body, headers=headers).status_code == 400
    assert client.post("/v2/rest/query", content=body, headers={**headers, "host": "evil.example"}).status_code == 421


def test_large_requests_and_results_are_refused(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.post("/v2/rest/query", json={"csl": "x" * 1_100_000}).status_code == 413
    monkeypatch.setattr(endpoint, "MOST_ROWS", 1)
    answer = client.post("/v2/rest/query", json={"csl": "Events"})
    assert answer.status_code == 400 and "rows" in answer.json()["error"]["message"]


def test_a_query_reads_nothing_but_its_tables(client: TestClient) -> None:
    for text in ("externaldata(x: string) ['/etc/passwd']", "['/etc/passwd']", ".show tables", ".drop table Events"):
        assert client.post("/v2/rest/query", json={"csl": text}).status_code == 400


def test_without_tables_there_is_no_endpoint(starter_catalogue: Path) -> None:
    assert TestClient(application(starter_catalogue)).post("/v2/rest/query", json={"csl": "print 1"}).status_code in (
        404,
        405,
    )
