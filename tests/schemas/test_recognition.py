"""What a row of a log is: log sources by channel, kind and fields, tables by name, type and columns."""

from __future__ import annotations

from typing import Any

import pytest

from rulescope.model import Logsource
from rulescope.schemas.recognition import offers, shapes, table_of, wanted
from rulescope.schemas.tables import tables

TABLES: list[tuple[dict[str, Any], str, str, str]] = [  # row, kind, name of the file, table
    ({"Type": "SigninLogs", "x": 1}, "json", "", "SigninLogs"),
    ({"a": 1}, "ndjson", "DeviceProcessEvents", "DeviceProcessEvents"),
    ({"Channel": "Security", "EventID": 4624}, "evtx", "", "SecurityEvent"),
    ({"Channel": "System", "EventID": 7045}, "evtx", "", "Event"),
    ({"eventSource": "a", "eventName": "b", "awsRegion": "c"}, "json", "", "AWSCloudTrail"),
    ({"SyslogMessage": "a", "ProcessName": "sshd"}, "syslog", "", "Syslog"),
    ({"InitiatingProcessFileName": "a", "RemoteUrl": "b", "RemoteIPType": "c", "LocalIPType": "d"}, "csv", "", "DeviceNetworkEvents"),
    ({"DeviceId": "a", "ActionType": "ProcessCreated", "FolderPath": "c", "ProcessCommandLine": "d"}, "csv", "", "DeviceProcessEvents"),
    ({"DeviceId": "a", "ActionType": "LdapSearch", "FolderPath": "c", "AdditionalFields": "d"}, "csv", "", "DeviceEvents"),
    ({"NetworkMessageId": "a", "SenderFromAddress": "b", "EmailDirection": "c", "Subject": "d"}, "csv", "", "EmailEvents"),
    ({"LogonType": "a", "ErrorCode": "b", "AccountUpn": "c", "IsThroughGlobalSecureAccess": "d", "UniqueTokenId": "e", "EndpointCall": "f"}, "csv", "", "EntraIdSignInEvents"),
    ({"one": 1, "two": 2, "three": 3}, "csv", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("row", "kind", "name", "expected"), TABLES)
def test_rows_are_recognised_as_rows_of_tables(row: dict[str, Any], kind: str, name: str, expected: str) -> None:
    assert table_of(row, kind, "", name) == expected


def test_a_product_alone_does_not_take_events_without_a_product() -> None:
    assert Logsource("proxy") not in wanted(Logsource(product="linux"))
    assert Logsource("proxy") in wanted(Logsource("proxy", "zscaler"))


def test_linux_sysmon_is_linux_not_windows() -> None:
    row = {"Channel": "Linux-Sysmon/Operational", "Provider_Name": "Linux-Sysmon", "EventID": 1, "Image": "/bin/sh"}
    assert [offer.logsource for offer in offers(row)] == [Logsource("process_creation", "linux")]


def test_every_table_of_a_shape_is_known() -> None:
    known = tables("sentinel+defender")
    assert {shape.table for shape in shapes() if shape.table} - known.keys() == set()
