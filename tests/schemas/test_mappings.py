"""Mapping files: every row names what exists, conditions stay, events and queries are carried by the same rows."""

import pytest

from rulescope.errors import UnsupportedError
from rulescope.model import ANY, And, Expr, Field, Filter, Logsource, Match, Not, Op, Query, Scan, outline
from rulescope.schemas import mappings
from rulescope.schemas.keywords import column_of
from rulescope.schemas.mappings import Mapping


def way(schema: str, category: str = "", product: str = "windows", service: str = "") -> Mapping:
    return mappings.mappings_for(Logsource(category, product, service), schema)[0]


def rule(*terms: Expr, source: str = "category=x") -> Query:
    return Query((Scan("", logsource=source), Filter(And(terms))))


@pytest.mark.parametrize("schema", mappings.SCHEMAS)
def test_every_row_names_columns_of_its_table(schema: str) -> None:
    for mapping in mappings.mappings(schema):
        for row in mapping.fields.values():
            assert set(row.needs()) <= mapping.types.keys(), (mapping.table, row.field)
        assert {column_of(spec) for spec in mapping.keywords} <= mapping.types.keys()


def test_the_event_type_and_the_operating_system_stay() -> None:
    mapped, losses = way("sentinel-asim", "file_event").map_query(
        rule(Match(Field("Image"), Op.ENDSWITH, (r"\a.exe",)))
    )
    assert outline(mapped) == (
        'Scan table="imFileEvent" keyword="source"\n'
        'Filter predicate=all(EventType eq cased ["FileCreated"], DvcOs startswith ["Windows"]) keyword="where"\n'
        'Filter predicate=ActingProcessName endswith ["\\\\a.exe"] keyword="where"'
    )
    assert losses == ()


def test_a_parent_is_never_a_grandparent() -> None:
    for schema, column in (("sentinel-asim", "ActingProcessName"), ("defender-xdr", "InitiatingProcessFolderPath")):
        mapped, _ = way(schema, "process_creation").map_query(
            rule(Match(Field("ParentImage"), Op.ENDSWITH, (r"\w3wp.exe",)))
        )
        assert f"{column} endswith" in outline(mapped)
        assert "ParentProcessName" not in outline(mapped)


def test_the_operating_system_of_a_device_is_looked_up() -> None:
    mapped, _ = way("defender-xdr", "process_creation", "linux").map_query(
        rule(Match(Field("Image"), Op.EQ, ("/bin/sh",)))
    )
    assert 'OSPlatform eq ["Linux"]' in outline(mapped)


def test_text_on_an_int_column_becomes_a_number() -> None:
    mapped, _ = way("defender-xdr", "network_connection").map_query(
        rule(Match(Field("DestinationPort"), Op.EQ, ("443", "80")))
    )
    assert "RemotePort eq cased [443, 80]" in outline(mapped)


def test_initiated_becomes_a_direction() -> None:
    mapped, _ = way("sentinel-asim", "network_connection").map_query(rule(Match(Field("Initiated"), Op.EQ, ("true",))))
    assert 'NetworkDirection eq ["Outbound"]' in outline(mapped)


def test_event_data_is_read_from_its_bag() -> None:
    mapped, _ = way("windows-events", "", service="system").map_query(rule(Match(Field("ServiceName"), Op.EQ, ("x",))))
    assert 'ServiceName=tostring(EventData["ServiceName"])' in outline(mapped)
    assert 'Channel eq cased ["System"]' in outline(mapped)


def test_security_rules_take_the_table_that_has_their_fields() -> None:
    first, second = mappings.mappings_for(Logsource("", "windows", "security"), "windows-events")
    assert (first.table, second.table) == ("SecurityEvent", "WindowsEvent")
    assert first.unmapped(rule(Match(Field("AttributeLDAPDisplayName"), Op.EQ, ("x",)))) == (
        "AttributeLDAPDisplayName",
    )
    assert second.unmapped(rule(Match(Field("AttributeLDAPDisplayName"), Op.EQ, ("x",)))) == ()


def test_a_field_the_event_does_not_have_is_unmapped() -> None:
    assert way("windows-events", "file_event").field("CommandLine") is None
    assert way("windows-events", "file_event").field("TargetFilename") is not None


def test_what_has_no_place_is_refused_or_lost() -> None:
    query = rule(Match(Field("Image"), Op.ENDSWITH, (r"\a.exe",)), Match(Field("CurrentDirectory"), Op.EQ, ("C:",)))
    defender = way("defender-xdr", "process_creation")
    with pytest.raises(UnsupportedError, match="CurrentDirectory"):
        defender.map_query(query)
    mapped, losses = defender.map_query(query, allow_loss=True)
    assert [(loss.construct, loss.effect) for loss in losses] == [("the field CurrentDirectory", "widened")]
    assert "CurrentDirectory" not in outline(mapped)


def test_a_loss_inside_a_negated_all_narrows() -> None:
    kept = Match(Field("Image"), Op.EQ, ("a",))
    query = rule(kept, Not(And((kept, Match(Field("CurrentDirectory"), Op.EQ, ("1",))))))
    _, losses = way("defender-xdr", "process_creation").map_query(query, allow_loss=True)
    assert [loss.effect for loss in losses] == ["narrowed"]


def test_keywords_are_looked_for_in_the_message() -> None:
    mapped, _ = way("sentinel-asim", "", "linux", "sshd").map_query(rule(Match(ANY, Op.CONTAINS, ("fatal",))))
    assert 'SyslogMessage contains ["fatal"]' in outline(mapped)
    with pytest.raises(UnsupportedError):
        way("sentinel-asim", "process_creation").map_query(rule(Match(ANY, Op.CONTAINS, ("fatal",))))


def test_an_event_becomes_a_row_of_the_table() -> None:
    event = {
        "Image": r"C:\Windows\cmd.exe",
        "User": r"CORP\eve",
        "IntegrityLevel": "S-1-16-12288",
        "Unknown": 1,
    }
    assert way("defender-xdr", "process_creation").map_event(event) == {
        "ActionType": "ProcessCreated",
        "DeviceId": "device-windows",
        "FolderPath": r"C:\Windows\cmd.exe",
        "AccountDomain": "CORP",
        "AccountName": "eve",
        "ProcessIntegrityLevel": "High",
    }


def test_built_in_names_of_functions() -> None:
    assert mappings.function("imWebSession", "_Im_") == "_Im_WebSession"
    assert mappings.function("imProcessCreate", "_Im_") == "_Im_ProcessEvent_Create"
    assert mappings.function("imRegistry", "im") == "imRegistry"


def test_schemas_that_carry_a_log_source() -> None:
    assert mappings.carrying(Logsource("image_load", "windows")) == (
        "defender-xdr",
        "windows-events",
        "event-table",
    )
    assert mappings.carrying(Logsource("", "zeek", "http")) == ()
