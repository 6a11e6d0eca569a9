"""Translation: the query written, the proof made, and what is refused."""

import pytest

from rulescope.errors import SchemaError, UnsupportedError
from rulescope.languages import kusto, sigma
from rulescope.model import Rule, Translation, Verdict
from rulescope.translation import Options, translate, translate_all
from rulescope.translation.translate import comparable

PROXY = """
title: Background transfer to an unusual place
id: 4b5dd1d5-52d4-44bb-b2a3-6a6df0c1e3d1
author: A. Author
logsource:
    category: proxy
detection:
    agent:
        c-useragent|startswith: 'Microsoft BITS/'
    usual:
        cs-host|endswith: ['.com', '.org']
    condition: agent and not usual
"""

PROCESS = """
title: Shell of a web server
logsource: {category: process_creation, product: windows}
detection:
    parent:
        ParentImage|endswith: '\\w3wp.exe'
    child:
        - Image|endswith: ['\\cmd.exe', '\\powershell.exe']
        - OriginalFileName: ['Cmd.Exe', 'PowerShell.EXE']
    line:
        CommandLine|contains|all: ['/c ', 'whoami']
    condition: parent and child and line
"""

REGISTRY = """
title: Autostart of a script
logsource: {category: registry_set, product: windows}
detection:
    key:
        TargetObject|startswith: 'HKLM\\SOFTWARE\\'
        TargetObject|contains: '\\CurrentVersion\\Run\\'
        Details|endswith: '.vbs'
    off:
        TargetObject|endswith: '\\DisableAntiSpyware'
        Details: 'DWORD (0x00000001)'
    condition: 1 of them
"""

DELETED = """
title: Traces of remote desktops removed
logsource: {category: registry_delete, product: windows}
detection:
    value: {EventType: DeleteValue, TargetObject|contains: '\\Terminal Server Client\\Default\\MRU'}
    key: {EventType: DeleteKey, TargetObject|contains: '\\Terminal Server Client\\Servers\\'}
    condition: 1 of them
"""

NETWORK = """
title: Odd port
logsource: {category: network_connection, product: windows}
detection:
    sel:
        Initiated: 'true'
        DestinationPort: ['4444', 8081]
        Image|endswith: '\\rundll32.exe'
    local:
        DestinationIp|cidr: ['10.0.0.0/8', '192.168.0.0/16']
    condition: sel and not local
"""

SERVICE = """
title: Service from a temporary folder
logsource: {product: windows, service: system}
detection:
    sel:
        Provider_Name: 'Service Control Manager'
        EventID: 7045
        ImagePath|contains: '\\Temp\\'
    condition: sel
"""

CLOUD = """
title: Trail stopped
logsource: {product: aws, service: cloudtrail}
detection:
    sel:
        eventSource: cloudtrail.amazonaws.com
        eventName: [StopLogging, DeleteTrail]
        requestParameters.name: main
    condition: sel
"""

SYSLOG = """
title: Odd words of the SSH service
logsource: {product: linux, service: sshd}
detection:
    keywords: ['unexpected internal error', 'unknown or unsupported key type']
    condition: keywords
"""

ODD = """
title: Shell in the root of the disk
logsource: {category: process_creation, product: windows}
detection:
    sel: {CurrentDirectory: 'C:\\', Image|endswith: '\\cmd.exe'}
    condition: sel
"""


def done(text: str, schema: str, **options: object) -> Translation:
    rule = Rule(id="r", title="t", language="sigma", text=text, authors=("A. Author",), licence="DRL-1.1")
    return translate(rule, sigma.parse(text), schema=schema, options=Options(**options))  # type: ignore[arg-type]


CASES = [
    (PROXY, "sentinel-asim"),
    (PROCESS, "sentinel-asim"),
    (PROCESS, "defender-xdr"),
    (PROCESS, "windows-events"),
    (REGISTRY, "sentinel-asim"),
    (REGISTRY, "defender-xdr"),
    (REGISTRY, "windows-events"),
    (NETWORK, "sentinel-asim"),
    (NETWORK, "defender-xdr"),
    (SERVICE, "windows-events"),
    (SERVICE, "event-table"),
    (REGISTRY, "event-table"),
    (DELETED, "windows-events"),
    (DELETED, "event-table"),
    (DELETED, "defender-xdr"),
    (CLOUD, "sentinel-asim"),
    (SYSLOG, "sentinel-asim"),
]


@pytest.mark.parametrize(("text", "schema"), CASES)
def test_a_translation_chooses_what_its_source_chooses(text: str, schema: str) -> None:
    found = done(text, schema)
    assert found.losses == ()
    assert [(check.name, check.passed) for check in found.checks] == [
        ("read-back", True),
        ("bind", True),
        ("execute reference", True),
        ("execute duckdb", True),
    ], found.checks
    assert found.verdict is Verdict.EQUAL
    assert found.events > 3


def test_a_proxy_rule_is_the_query_a_person_would_write() -> None:
    expected = kusto.parse(
        'imWebSession | where HttpUserAgent startswith "Microsoft BITS/"'
        ' and (not((HttpHost endswith ".com" or HttpHost endswith ".org")))'
    )
    assert comparable(kusto.parse(done(PROXY, "sentinel-asim").text)) == comparable(expected)


def test_a_negation_is_not_lost() -> None:
    found = done(PROXY, "sentinel-asim")
    wrong = kusto.parse('imWebSession | where HttpUserAgent startswith "Microsoft BITS/"')
    assert comparable(kusto.parse(found.text)) != comparable(wrong)


def test_the_short_form_is_one_line_and_means_the_same() -> None:
    long, short = done(PROCESS, "defender-xdr"), done(PROCESS, "defender-xdr", style="short")
    assert "\n" not in short.text.strip()
    assert comparable(kusto.parse(long.text)) == comparable(kusto.parse(short.text))


def test_the_header_names_the_author() -> None:
    text = done(PROXY, "sentinel-asim", header=True).text
    assert "// Author: A. Author" in text
    assert "// Licence: DRL-1.1" in text


def test_the_time_filter_uses_the_tables_own_column() -> None:
    assert "TimeGenerated > ago(1d)" in done(PROCESS, "sentinel-asim", lookback="1d").text
    found = done(PROCESS, "defender-xdr", lookback="1h")
    assert "Timestamp > ago(1h)" in found.text
    assert found.verdict is Verdict.EQUAL


def test_functions_by_their_built_in_name() -> None:
    assert done(PROXY, "sentinel-asim", prefix="_Im_").text.startswith("_Im_WebSession")


def test_what_cannot_be_said_is_refused_with_the_schema_that_can() -> None:
    found = done(ODD, "defender-xdr")
    assert found.text == ""
    assert found.verdict is Verdict.UNTESTED
    assert [loss.construct for loss in found.losses] == ["the field CurrentDirectory", "nearest schema"]
    assert "sentinel-asim" in found.losses[1].why


def test_losses_are_named_and_seen_by_the_proof() -> None:
    found = done(ODD, "defender-xdr", allow_loss=True)
    assert [(loss.construct, loss.effect) for loss in found.losses] == [("the field CurrentDirectory", "widened")]
    assert found.verdict is Verdict.WIDER
    assert found.witness is not None
    assert (found.witness.source_matches, found.witness.target_matches) == (False, True)


def test_a_log_source_without_a_table_is_refused() -> None:
    found = done(SERVICE, "sentinel-asim")
    assert found.text == ""
    assert "windows-events" in found.losses[-1].why


def test_real_events_are_run_too() -> None:
    rule = Rule(id="r", title="t", language="sigma", text=PROCESS)
    event = {"ParentImage": r"C:\inetsrv\w3wp.exe", "Image": r"C:\cmd.exe", "CommandLine": "cmd /c whoami"}
    more = translate(rule, sigma.parse(PROCESS), schema="defender-xdr", events=[(event, "sysmon.evtx")])
    assert more.events == done(PROCESS, "defender-xdr").events + 1


def test_many_are_the_same_as_one_by_one() -> None:
    rules = [(Rule(id=str(n), title="t", language="sigma", text=t), sigma.parse(t)) for n, t in enumerate([PROXY, ODD])]
    many = list(translate_all(rules, schemas=("sentinel-asim", "defender-xdr")))
    assert [(each.rule_id, each.schema) for each in many] == [
        ("0", "sentinel-asim"),
        ("0", "defender-xdr"),
        ("1", "sentinel-asim"),
        ("1", "defender-xdr"),
    ]
    assert many[0].text == done(PROXY, "sentinel-asim").text


def test_without_proof_nothing_is_claimed() -> None:
    found = done(PROXY, "sentinel-asim", prove=False)
    assert found.text
    assert found.verdict is Verdict.UNTESTED


def test_unknown_targets_are_errors() -> None:
    rule = Rule(id="r", title="t", language="sigma", text=PROXY)
    with pytest.raises(SchemaError):
        translate(rule, sigma.parse(PROXY), schema="oracle")
    with pytest.raises(UnsupportedError):
        translate(rule, sigma.parse(PROXY), to="cobol")


ONE_COLUMN = """
title: Two fields that one column holds
logsource: {product: azure, service: auditlogs}
detection:
    sel: {OperationName: Update user, properties.message: Add member}
    condition: sel
"""


def test_what_could_never_match_is_refused() -> None:
    found = done(ONE_COLUMN, "sentinel-asim")
    assert found.text == ""
    assert found.verdict is Verdict.IMPOSSIBLE
    assert found.witness is not None
    assert "never match" in found.losses[0].why


def test_event_data_in_xml_is_unescaped() -> None:
    rule = PROCESS.replace("whoami", "<a&b>")
    found = done(rule, "event-table")
    assert found.verdict is Verdict.EQUAL
    assert 'contains "<a&b>"' in found.text


def test_long_lists_stay_shallow() -> None:
    words = ", ".join(f"'w{number}x'" for number in range(250))
    found = done(PROCESS.replace("['/c ', 'whoami']", f"[{words}]").replace("|all", ""), "defender-xdr", prove=False)
    assert [check.passed for check in found.checks] == [True, True]
    assert "\n        )\n        or (" in found.text
