"""Tables: columns and types, ASIM functions, connectors, recognition by columns."""

import pytest

from rulescope.errors import SchemaError
from rulescope.schemas import tables

TYPES = {"string", "long", "int", "real", "bool", "datetime", "timespan", "decimal", "guid", "dynamic"}


@pytest.mark.parametrize("name", tables.SCHEMAS)
def test_every_type_is_a_kusto_type(name: str) -> None:
    assert {kind for columns in tables.tables(name).values() for kind in columns.values()} <= TYPES


@pytest.mark.parametrize(
    ("schema", "table", "column", "kind"),
    [
        ("sentinel", "SecurityEvent", "EventID", "int"),
        ("sentinel", "WindowsEvent", "EventData", "dynamic"),
        ("defender", "DeviceProcessEvents", "Timestamp", "datetime"),
        ("defender", "DeviceNetworkEvents", "RemotePort", "int"),
        ("asim", "imWebSession", "HttpUserAgent", "string"),
        ("asim", "_Im_WebSession", "HttpHost", "string"),
        ("asim", "imProcessCreate", "TargetProcessCommandLine", "string"),
        ("asim", "imNetworkSession", "DstPortNumber", "int"),
        ("asim+sentinel", "Syslog", "SyslogMessage", "string"),
    ],
)
def test_a_column_has_its_type(schema: str, table: str, column: str, kind: str) -> None:
    assert tables.tables(schema)[table][column] == kind


def test_defender_knows_time_as_timestamp() -> None:
    assert "TimeGenerated" not in tables.tables("defender")["DeviceProcessEvents"]


def test_an_unknown_schema_is_an_error() -> None:
    with pytest.raises(SchemaError, match="tables-oracle"):
        tables.tables("oracle")


def test_an_asim_function_has_parameters() -> None:
    assert ("starttime", "datetime") in tables.asim_parameters("imWebSession")
    assert tables.asim_parameters("ASimWebSession") == ()


def test_connectors_fill_tables() -> None:
    assert "WindowsSecurityEvents" in [each.id for each in tables.filled_by("SecurityEvent")]
    assert tables.filled_by("NoSuchTable") == ()


def test_a_log_is_identified_by_its_columns() -> None:
    columns = ["ActionType", "DeviceName", "FolderPath", "ProcessCommandLine", "ProcessIntegrityLevel"]
    assert tables.identify(columns, tables.tables("defender")) == "DeviceProcessEvents"
    assert tables.identify(["a", "b", "c"], tables.tables("defender")) is None
