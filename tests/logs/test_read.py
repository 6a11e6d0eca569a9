"""Reading logs: every kind is recognised by its content and becomes flat rows; broken records are told, never fatal."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rulescope import logs
from rulescope.errors import LogError

SYSMON = {
    "Event": {
        "System": {
            "Provider": {"#attributes": {"Name": "Microsoft-Windows-Sysmon", "Guid": "5770385F"}},
            "EventID": {"#attributes": {"Qualifiers": 0}, "#text": 1},
            "TimeCreated": {"#attributes": {"SystemTime": "2026-11-10T09:00:00.5Z"}},
            "Channel": "Microsoft-Windows-Sysmon/Operational",
            "Computer": "HOST-1",
        },
        "EventData": {"Image": "C:\\a.exe", "CommandLine": "a.exe -x", "Threat Name": "X"},
    }
}

CASES = {  # name: (content, kind, rows: parts of each row that must be there)
    "ndjson": ('{"a": 1}\n{"a": 2}\r\n\n', "ndjson", [{"a": 1}, {"a": 2}]),
    "array": ('[\n {"a": 1},\n {"a": 2}\n]', "json", [{"a": 1}, {"a": 2}]),
    "pretty": ('{\n "a": 1\n}\n{\n "a": {"b": 2}\n}\n', "json", [{"a": 1}, {"a": {"b": 2}}]),
    "cloudtrail": ('{"Records":[{"eventName": "A"},{"eventName": "B"}]}', "json", [{"eventName": "A"}, {"eventName": "B"}]),
    "event": (
        json.dumps(SYSMON, indent=1),
        "json",
        [{"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational", "Provider_Name": "Microsoft-Windows-Sysmon",
          "TimeCreated": "2026-11-10T09:00:00.5Z", "Image": "C:\\a.exe", "ThreatName": "X", "Threat Name": "X"}],
    ),
    "winlogbeat": (
        ('{"@timestamp": "2026-11-10T09:00:00Z", "winlog": {"channel": "Security", "event_id": "4688", "provider_name": "P",'
        ' "computer_name": "H", "event_data": {"NewProcessName": "C:\\\\a.exe"}}}\n'),
        "ndjson",
        [{"EventID": 4688, "Channel": "Security", "Provider_Name": "P", "Computer": "H", "NewProcessName": "C:\\a.exe"}],
    ),
    "nxlog": (
        ('{"EventID": 12, "Channel": "Microsoft-Windows-Sysmon/Operational", "SourceName": "Microsoft-Windows-Sysmon",'
        ' "Hostname": "H", "EventType": "INFO", "EventTime": "2026-11-10 09:00:00",'
        ' "Message": "Registry object added\\r\\nEventType: CreateKey\\r\\n"}\n'),
        "ndjson",
        [{"EventID": 12, "Provider_Name": "Microsoft-Windows-Sysmon", "Computer": "H", "EventType": "CreateKey"}],
    ),
    "csv": ('TimeGenerated [UTC],Name,Note\n"3/1/2026, 1:02:03.004 PM",x,"two\nlines"\n', "csv",
            [{"TimeGenerated": "3/1/2026, 1:02:03.004 PM", "Name": "x", "Note": "two\nlines"}]),
    "tsv": ("host\tport\nh1\t80\nh2\t81\n", "tsv", [{"host": "h1", "port": "80"}, {"host": "h2", "port": "81"}]),
    "zeek": (
        ("#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tdns\n"
        "#fields\tts\tuid\tid.resp_p\tquery\tAA\tanswers\n#types\ttime\tstring\tport\tstring\tbool\tvector[string]\n"
        "1600000000.5\tC1\t53\texample.org\tT\t192.0.2.1,192.0.2.2\n1600000001.0\tC2\t53\t-\tF\t(empty)\n#close\t2026\n"),
        "zeek",
        [{"ts": 1600000000.5, "id.resp_p": 53, "query": "example.org", "AA": True, "answers": ["192.0.2.1", "192.0.2.2"]},
         {"uid": "C2", "answers": []}],
    ),
    "zeek json": ('{"_path": "dns", "ts": 1600000000.5, "uid": "C1", "query": "example.org"}\n', "zeek-json", [{"query": "example.org"}]),
    "w3c": (
        ("#Software: Microsoft Internet Information Services 10.0\n#Fields: date time cs-method cs-uri-stem cs-uri-query cs(User-Agent) sc-status\n"
        "2026-11-10 09:00:00 GET /a.aspx x=1 Mozilla/5.0+(X) 200\n"),
        "w3c",
        [{"cs-method": "GET", "cs-uri-stem": "/a.aspx", "cs-uri-query": "x=1", "sc-status": 200, "cs-user-agent": "Mozilla/5.0 (X)",
          "TimeGenerated": "2026-11-10T09:00:00Z", "c-uri": "/a.aspx?x=1", "c-uri-extension": "aspx"}],
    ),
    "squid": (
        "1600000000.123    85 192.0.2.7 TCP_MISS/200 1934 GET http://files.example.net/a.exe?x=1 - HIER_DIRECT/198.51.100.4 text/html\n",
        "squid",
        [{"c-ip": "192.0.2.7", "sc-status": 200, "cs-method": "GET", "c-uri": "http://files.example.net/a.exe?x=1",
          "cs-host": "files.example.net", "c-uri-extension": "exe", "cs-uri-query": "x=1"}],
    ),
    "access": (
        '192.0.2.9 - frank [10/Nov/2026:09:00:00 +0100] "GET /x.php?q=\\"1 HTTP/1.1" 404 12 "-" "curl/8"\n',
        "access",
        [{"c-ip": "192.0.2.9", "cs-username": "frank", "cs-uri-stem": "/x.php", "cs-user-agent": "curl/8", "sc-status": 404,
          "TimeGenerated": "2026-11-10T08:00:00Z"}],
    ),
    "cef": (
        "Nov 10 09:00:00 fw CEF:0|Vendor|Product|1.0|42|A \\| B|7|src=192.0.2.1 msg=two words dst=192.0.2.2\n",
        "cef",
        [{"DeviceVendor": "Vendor", "Name": "A | B", "src": "192.0.2.1", "msg": "two words", "dst": "192.0.2.2"}],
    ),
    "rfc3164": (
        "<38>Mar 27 13:06:56 web1 sshd[1291]: Failed password for root\n\tmore of it\n",
        "syslog",
        [{"HostName": "web1", "ProcessName": "sshd", "ProcessID": "1291", "Facility": "auth", "SeverityLevel": "info",
          "SyslogMessage": "Failed password for root\n\tmore of it"}],
    ),
    "rfc5424": (
        '<165>1 2026-11-10T09:00:00.003Z host app 12 ID47 [x@1 a="b"] words here\n',
        "syslog",
        [{"HostName": "host", "ProcessName": "app", "StructuredData": '[x@1 a="b"]', "SyslogMessage": "words here", "Facility": "local4"}],
    ),
    "cisco": (
        "192.0.2.10 6705: Feb 17 13:40:03.673: %PARSER-5-CFGLOG_LOGGEDCMD: User:admin  logged command:no aaa\n",
        "syslog",
        [{"EventMnemonic": "CFGLOG_LOGGEDCMD", "SeverityLevel": "notice", "SyslogMessage": "User:admin  logged command:no aaa"}],
    ),
    "auditd": (
        ("type=EXECVE msg=audit(1600000000.500:7): argc=2 a0=\"cat\" a1=2F6574632F736861646F77\n"
        "type=USER_CMD msg=audit(1600000001.000:8): pid=1 msg='cwd=\"/root\" cmd=6964202D61 res=success'\n"),
        "auditd",
        [{"type": "EXECVE", "a0": "cat", "a1": "/etc/shadow", "serial": 7}, {"type": "USER_CMD", "cmd": "id -a", "res": "success"}],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_every_kind_is_recognised_and_flat(name: str, packed: bool, tmp_path: Path) -> None:
    content, kind, expected = CASES[name]
    path = tmp_path / "log"
    path.write_bytes(gzip.compress(content.encode()) if packed else content.encode())
    assert logs.detect(path) == kind
    rows = [row for batch in logs.read(path) for row in batch.rows]
    assert [{key: row.get(key) for key in part} for row, part in zip(rows, expected, strict=True)] == expected


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le"])
def test_text_is_decoded_by_what_it_shows(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes('{"user": "jörg", "host": "a"}\n'.encode(encoding))
    assert [row["user"] for batch in logs.read(path) for row in batch.rows] == ["jörg"]


def test_parquet_rows_are_read_with_times_as_text(tmp_path: Path) -> None:
    pq.write_table(pa.table({"a": [1, None], "t": pa.array([0, 1], pa.timestamp("s", "UTC"))}), tmp_path / "x")
    assert [row for batch in logs.read(tmp_path / "x") for row in batch.rows] == [
        {"a": 1, "t": "1970-01-01T00:00:00Z"},
        {"t": "1970-01-01T00:00:01Z"},
    ]


def test_broken_records_are_listed_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text('{"a": 1}\n{"a": \n{"a": 3}\nnull\n')
    (batch,) = logs.read(path)
    assert (batch.numbers, [broken.number for broken in batch.broken]) == ([1, 3], [2, 4])


def test_a_broken_object_among_pretty_ones_loses_only_itself(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text('{\n "a": 1\n}\n{\n "a": oops\n}\n{\n "a": 3\n}\n')
    (batch,) = logs.read(path)
    assert [row["a"] for row in batch.rows] == [1, 3]
    assert len(batch.broken) == 1


def test_a_gzip_that_breaks_off_keeps_what_came_before(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(b'{"number": %d, "pad": "%x"}\n' % (n, n * 7919**5) for n in range(20_000)))
    path = tmp_path / "log.gz"
    path.write_bytes(whole[: len(whole) // 2])
    found = list(logs.read(path))
    assert sum(len(batch.rows) for batch in found) > 1_000
    assert found[-1].broken


def test_batches_are_bounded_and_keep_order(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("".join(f'{{"n": {n}}}\n' for n in range(25_000)))
    found = list(logs.read(path))
    assert [len(batch.rows) for batch in found] == [10_000, 10_000, 5_000]
    assert [row["n"] for batch in found for row in batch.rows] == list(range(25_000))


@pytest.mark.parametrize("content", [b"", b"\x00" * 100, b"words that are\nno log at all\n", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_log_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(content)
    with pytest.raises(LogError, match="not a log of a kind we know"):
        list(logs.read(path))


def test_a_damaged_evtx_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "broken"
    path.write_bytes(b"ElfFile\x00" + b"\x00" * 50)
    with pytest.raises(LogError, match="broken: not readable as EVTX"):
        list(logs.read(path))


def test_a_folder_is_read_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "b").write_text('{"n": 2}\n')
    (tmp_path / "a").write_text('{"n": 1}\n')
    (tmp_path / ".hidden").write_text('{"n": 3}\n')
    assert [row["n"] for batch in logs.read(tmp_path) for row in batch.rows] == [1, 2]


@pytest.mark.corpus
def test_every_event_of_the_evtx_packs_is_read(data_root: Path) -> None:
    files = sorted((data_root / "logs").rglob("*.evtx"))
    if not files:
        pytest.skip("no EVTX packs here")
    assert sum(len(batch.rows) for path in files for batch in logs.read(path)) == 39_751


def test_values_may_be_cut_anywhere_between_chunks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from rulescope.logs import json_text

    path = tmp_path / "log"
    written = [{"n": n, "text": "x\\ny", "flag": True, "list": [1.5, None]} for n in range(40)]
    path.write_text(json.dumps(written, indent=1))
    for chunk in range(20, 60):
        monkeypatch.setattr(json_text, "CHUNK", chunk)
        assert [row for batch in logs.read(path) for row in batch.rows] == written
