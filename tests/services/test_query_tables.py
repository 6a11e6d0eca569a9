"""Tables of a query: logs as rows of the tables the field knows, folders, watchlists, externaldata, functions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import rulescope
from rulescope.errors import LogError, UnsupportedError
from rulescope.model import Alert, NotRun, Rule
from rulescope.services import query as service
from rulescope.services.scan import scan

SYSMON = {"Channel": "Microsoft-Windows-Sysmon/Operational", "Provider_Name": "Microsoft-Windows-Sysmon",
          "TimeCreated": "2026-11-10T09:00:00Z", "Computer": "H1"}  # fmt: skip
LOG = [
    {**SYSMON, "EventID": 1, "Image": "C:\\Windows\\whoami.exe", "ParentImage": "C:\\cmd.exe", "CommandLine": "whoami /all"},
    {**SYSMON, "EventID": 3, "Image": "C:\\a.exe", "DestinationIp": "192.0.2.1", "DestinationPort": 443},
    {"Channel": "Security", "Provider_Name": "Microsoft-Windows-Security-Auditing", "EventID": 4624, "Computer": "H2",
     "TimeCreated": "2026-11-10T09:00:01Z", "TargetUserName": "ann", "TargetDomainName": "LAB", "LogonType": "3"},
]  # fmt: skip


def written(path: Path, content: str | list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else "".join(json.dumps(row) + "\n" for row in content))
    return path


SEEN = [  # table, query, rows
    ("DeviceProcessEvents", "project FileName, InitiatingProcessFileName, ProcessCommandLine, DeviceName, Timestamp",
     [("whoami.exe", "cmd.exe", "whoami /all", "H1", "2026-11-10T09:00:00Z")]),
    ("DeviceNetworkEvents", "project RemoteIP, RemotePort", [("192.0.2.1", 443)]),
    ("SecurityEvent", "project EventID, Account, LogonType, Computer", [(4624, "LAB\\ann", 3, "H2")]),
    ("Event", "where EventLog endswith 'Operational' | project EventID, has = EventData has 'whoami'", [(1, True), (3, False)]),
    ("Anything", "project EventID", [(1,), (3,), (4624,)]),
]  # fmt: skip


@pytest.mark.parametrize(("table", "stages", "rows"), SEEN)
def test_a_log_is_seen_as_the_table_it_is_given_for(
    table: str, stages: str, rows: list[tuple[Any, ...]], tmp_path: Path
) -> None:
    found = service.query(f"{table} | {stages}", {table: written(tmp_path / "log", LOG)})
    shown = [tuple(str(v).replace(" ", "T").replace("+00:00", "Z") if hasattr(v, "year") else v for v in row.values())
             for row in found.to_pylist()]  # fmt: skip
    assert shown == rows


def test_an_asim_parser_takes_times(tmp_path: Path) -> None:
    tables = {"imProcessCreate": written(tmp_path / "log", LOG)}
    counted = "imProcessCreate(starttime=datetime(2026-11-{})) | count"
    assert service.query(counted.format("10"), tables).to_pylist() == [{"Count": 1}]
    assert service.query(counted.format("11"), tables).to_pylist() == [{"Count": 0}]


def test_a_query_of_several_results_never_loses_one(tmp_path: Path) -> None:
    tables = {"imProcessCreate": written(tmp_path / "log", LOG)}
    text = "imProcessCreate | count; imProcessCreate | as All | take 0"
    assert [(name, found.num_rows) for name, found in rulescope.query_all(text, tables)] == [("", 1), ("", 0)]
    with pytest.raises(UnsupportedError, match="2 results"):
        rulescope.query(text, tables)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "tables"
    written(root / "Logons.csv", "User,Count\nann,3\nbob,1\n")
    written(root / "Parts" / "1.ndjson", [{"a": 1}])
    written(root / "Parts" / "2.ndjson", [{"a": 2}])
    written(root / "watchlist-VIP.csv", "SearchKey,Team\nann,red\n")
    written(root / "FileProfile.csv", "SHA1,GlobalPrevalence\nAB,7\n")
    written(root / "geo_info_from_ip_address.csv", "ip,country\n192.0.2.1,NL\n")
    written(root / "externaldata" / "example.org" / "feeds" / "bad.csv", "address,note\n192.0.2.1,x\n192.0.2.2,y\n")
    written(root / "externaldata" / "example.org" / "feeds" / "list.txt", "one\n\ntwo\n")
    written(root / "externaldata" / "example.org" / "feeds" / "rows.json", '[{"b": "2", "a": "1"}]')
    written(tmp_path / "functions" / "Busy.kql", "Logons | where Count > 2")
    return tmp_path


OUTSIDE = [  # query, rows
    ("Logons | where Count > 2 | project User", [{"User": "ann"}]),
    ("Parts | summarize s = sum(a)", [{"s": 3}]),
    ("_GetWatchlist('VIP') | project SearchKey, Team", [{"SearchKey": "ann", "Team": "red"}]),
    ("print SHA1 = 'ab' | invoke FileProfile(SHA1) | project GlobalPrevalence", [{"GlobalPrevalence": 7}]),
    (("externaldata(ip: string, note: string)['https://example.org/feeds/bad.csv'] with (format='csv', ignoreFirstRecord=true)"
     " | summarize n = count(), ips = strcat_array(make_list(ip), ' ')"), [{"n": 2, "ips": "192.0.2.1 192.0.2.2"}]),
    ("externaldata(line: string)[@'https://example.org/feeds/list.txt'] with (format='txt')", [{"line": "one"}, {"line": "two"}]),
    ("externaldata(a: long, b: string)['https://example.org/feeds/rows.json']", [{"a": 1, "b": "2"}]),
    ("arg('').Logons | where Count == 1 | project User", [{"User": "bob"}]),
    ("workspace('other').Logons | count", [{"Count": 2}]),
    ("table('Logons') | count", [{"Count": 2}]),
    ("Busy | project User", [{"User": "ann"}]),
    ("Busy() | project User", [{"User": "ann"}]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "rows"), OUTSIDE)
def test_what_is_outside_a_query_comes_from_folders(text: str, rows: list[dict[str, Any]], folder: Path) -> None:
    assert service.query(text, folder=folder / "tables", functions=folder / "functions").to_pylist() == rows


NOWHERE = [  # query, what is said
    ("_GetWatchlist('Other')", "watchlist 'Other'"),
    ("externaldata(a: string)['https://example.org/none.csv']", "https://example.org/none.csv"),
    ("externaldata(a: string)['https://example.org/../../Logons.csv']", "externaldata"),
    ("externaldata(a: string)['file:///etc/passwd']", "externaldata"),
    ("print SHA1 = 'x' | invoke Reputation(SHA1)", "Reputation"),
    ("Quiet()", "Quiet"),
]


@pytest.mark.parametrize(("text", "said"), NOWHERE)
def test_what_no_folder_has_is_refused_by_name(text: str, said: str, folder: Path) -> None:
    with pytest.raises(UnsupportedError, match="(?s).*" + said.replace("(", "\\(").replace(".", "\\.")):
        service.query(text, folder=folder / "tables", functions=folder / "functions")


def test_one_address_with_two_sets_of_columns_is_refused(folder: Path) -> None:
    text = "union (externaldata(a: string)['https://example.org/feeds/list.txt']), (externaldata(b: long)['https://example.org/feeds/list.txt'])"
    with pytest.raises(UnsupportedError, match="two sets of columns"):
        service.query(text, folder=folder / "tables")


def test_folders_that_are_none_are_errors(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="no such folder of tables"):
        service.query("print 1", folder=tmp_path / "none")
    with pytest.raises(LogError, match="no such folder of functions"):
        service.query("print 1", functions=tmp_path / "none")


def test_rules_of_a_scan_read_the_same_folders(folder: Path) -> None:
    log = written(folder / "log", LOG)
    rules = [
        Rule(name, name, "kusto", text)
        for name, text in (
            ("feed", ("let bad = externaldata(ip: string)['https://example.org/feeds/bad.csv'] with (ignoreFirstRecord=true);"
                     " DeviceNetworkEvents | where RemoteIP in (bad)")),
            ("list", "SecurityEvent | where TargetUserName in ((_GetWatchlist('VIP') | project SearchKey))"),
            ("function", "Busy | where User == 'ann'"),
            ("named", "table('Logons') | where User == 'ann'"),
            ("empty", "let f = () { Logons };"),
            ("missing", "SecurityEvent | where TargetUserName in ((_GetWatchlist('Other') | project SearchKey))"),
        )
    ]  # fmt: skip
    results = list(scan(log, rules, folder=folder / "tables", functions=folder / "functions"))
    assert [one.rule_id for one in results if isinstance(one, Alert)] == ["feed", "list", "function", "named"]
    assert [one.rule_id for one in results if isinstance(one, NotRun)] == ["empty", "missing"]
    assert [one.rule_id for one in scan(log, rules) if isinstance(one, NotRun)] == [rule.id for rule in rules]
