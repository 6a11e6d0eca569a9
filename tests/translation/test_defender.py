"""The tables of advanced hunting beside those of processes and files: what is written is equal, the rest is refused."""

from __future__ import annotations

import pytest

from defender_rules import REFUSED, RULES, text
from rulescope.languages import kusto, sigma
from rulescope.model import Logsource, Rule, Scan, Translation, Verdict
from rulescope.schemas import mappings
from rulescope.schemas.tables import tables
from rulescope.translation import translate


def done(rule: str, schema: str = "defender-xdr") -> Translation:
    return translate(Rule(id="r", title="t", language="sigma", text=rule), sigma.parse(rule), schema=schema)


@pytest.mark.parametrize("name", RULES)
def test_what_is_written_is_equal(name: str) -> None:
    logsource, detection, table, part = RULES[name]
    found = done(text(logsource, detection))
    assert found.losses == ()
    assert found.verdict is Verdict.EQUAL, (found.text, found.witness)
    assert found.events > 4
    first = kusto.parse(found.text).stages[0]
    assert isinstance(first, Scan)
    assert first.table == table
    assert part in found.text


@pytest.mark.parametrize("name", REFUSED)
def test_what_a_table_cannot_answer_is_refused(name: str) -> None:
    logsource, detection, construct = REFUSED[name]
    found = done(text(logsource, detection))
    assert found.text == ""
    assert any(loss.construct.startswith(construct) for loss in found.losses), found.losses


GROUPS = ("Device", "Identity", "Email", "UrlClick", "CloudApp", "CloudAudit", "CloudProcess", "AAD", "EntraId")


@pytest.mark.parametrize("table", [name for name in tables("defender") if name.startswith(GROUPS)])
def test_every_table_is_a_log_source_by_its_own_name(table: str) -> None:
    """Every column has its place; texts, numbers and truths are asked with their types."""
    column, kind = next((c, k) for c, k in tables("defender")[table].items() if k in ("string", "int", "long", "bool"))
    value = {"string": "x", "bool": "true"}.get(kind, "7")
    found = done(text(f"product: m365, service: {table.lower()}", f"a: {{{column}: '{value}'}}\n  condition: a"))
    assert found.verdict is Verdict.EQUAL, found
    way = mappings.mappings_for(Logsource("", "m365", table), "defender-xdr")[0]
    assert all(way.field(name) is not None for name in tables("defender")[table])


OWN = [  # product, service or category, schema: the table and how many conditions stay
    ("m365", "EMAILEVENTS", "defender-xdr", ("EmailEvents", 0)),
    ("", "EmailEvents", "defender-xdr", ("EmailEvents", 0)),
    ("", "emailevents", "defender-xdr", None),
    ("linux", "DeviceProcessEvents", "defender-xdr", ("DeviceProcessEvents", 1)),
    ("linux", "EmailEvents", "defender-xdr", None),
    ("windows", "SecurityEvent", "sentinel-asim", ("SecurityEvent", 0)),
    ("linux", "SecurityEvent", "sentinel-asim", None),
    ("windows", "event", "sentinel-asim", None),
    ("m365", "nothing", "defender-xdr", None),
]


@pytest.mark.parametrize(("product", "name", "schema", "expected"), OWN)
def test_which_names_are_tables(product: str, name: str, schema: str, expected: tuple[str, int] | None) -> None:
    for logsource in (Logsource("", product, name), Logsource(name, product, "")):
        ways = mappings.mappings_for(logsource, schema)
        assert [(way.table, len(way.where)) for way in ways] == ([expected] if expected else [])


def test_tables_of_sentinel_too() -> None:
    rule = text("product: azure, service: LAQueryLogs", "a: {QueryText|contains: x, ResponseCode: 200}\n  condition: a")
    found = done(rule, "sentinel-asim")
    assert found.verdict is Verdict.EQUAL
    assert "ResponseCode == 200" in found.text
