"""Sentinel's normalised functions and its solutions' own: rules of their log sources, written, proven, or refused with reason."""

from dataclasses import dataclass

import pytest

import judge
from rulescope.languages import kusto, sigma
from rulescope.model import And, Filter, Query, Rule, Scan, Step, Translation, Verdict, replace
from rulescope.schemas.mappings import target_tables
from rulescope.translation import Options, translate, translate_all
from rulescope.translation.translate import comparable


@dataclass(frozen=True)
class Case:
    """A rule by its log source and detection, and the query an analyst would write for it."""

    name: str
    logsource: str
    detection: str
    query: str

    @property
    def rule(self) -> Rule:
        text = f"title: {self.name}\nlogsource: {{{self.logsource}}}\ndetection:\n  {self.detection}\n"
        return Rule(id=self.name, title=self.name, language="sigma", text=text)


SECURITY = "product: windows, service: security"
LOGONS = 'imAuthentication | where EventVendor == "Microsoft" and EventProduct == "Security Events"'
ACCOUNTS = 'imUserManagement | where EventVendor == "Microsoft" and EventProduct == "Security Events"'
AUDITS = 'imAuditEvent | where EventVendor == "Microsoft" and EventProduct in ("Security Events", "Windows")'
NAME = r'| extend {} = extract(@"[^\\]*$", 0, {})'

CASES = (
    Case(
        "failed logons of a service account",
        SECURITY,
        "a: {EventID: 4625, TargetUserName|startswith: svc_, IpAddress|cidr: 10.0.0.0/8}\n  condition: a",
        f'{LOGONS} | where EventType == "Logon" and EventResult == "Failure" and '
        f'ipv4_is_in_range(SrcIpAddr, "10.0.0.0/8") {NAME.format("TargetUserName", "TargetUsername")} '
        '| where TargetUserName startswith "svc_"',
    ),
    Case(
        "remote logons but not of machines",
        SECURITY,
        "a: {EventID: 4624, LogonType: [3, 10]}\n  b: {TargetUserName|endswith: $}\n  condition: a and not b",
        f'{LOGONS} | where EventType == "Logon" and EventResult == "Success" '
        'and EventSubType in~ ("Network", "RemoteInteractive") and not(TargetUsername endswith "$")',
    ),
    Case(
        "any logon",
        SECURITY,
        "a: {EventID: [4624, 4625], WorkstationName: KALI}\n  condition: a",
        f'{LOGONS} | where EventType == "Logon" and SrcHostname =~ "KALI"',
    ),
    Case(
        "a logoff that a user began",
        SECURITY,
        "a: {EventID: 4647}\n  condition: a",
        f'{LOGONS} | where EventType == "Logoff" and EventMessage == "4647 - User initiated logoff."',
    ),
    Case(
        "a user made by an account outside the domain",
        SECURITY,
        "a: {EventID: 4720}\n  b: {SubjectDomainName: CORP}\n  condition: a and not b",
        f'{ACCOUNTS} | where EventOriginalType == "4720" '
        r'| extend SubjectDomainName = extract(@"^(.*)\\", 1, ActorUsername) '
        '| where not(SubjectDomainName =~ "CORP")',
    ),
    Case(
        "a member added to the administrators",
        SECURITY,
        "a: {EventID: [4728, 4732], TargetSid|endswith: '-544', MemberName|contains: 'CN=guest'}\n  condition: a",
        f'{ACCOUNTS} | where EventOriginalType in ("4728", "4732") '
        'and GroupId endswith "-544" and TargetUsername contains "CN=guest"',
    ),
    Case(
        "accounts and groups at once",
        SECURITY,
        "a: {EventID: [4726, 4730, 634], SubjectUserName: mallory}\n  condition: a",
        f'{ACCOUNTS} | where EventOriginalType in ("4726", "4730") '
        f'{NAME.format("SubjectUserName", "ActorUsername")} | where SubjectUserName =~ "mallory"',
    ),
    Case(
        "the log was cleared",
        SECURITY,
        "a: {EventID: 517, Provider_Name: Security}\n  b: {EventID: 1102, Provider_Name: Microsoft-Windows-Eventlog}\n"
        "  condition: 1 of them",
        f'{AUDITS} | where EventOriginalType == "1102"',
    ),
    Case(
        "a task that runs from a folder of everybody",
        SECURITY,
        "a: {EventID: 4698, TaskContent|contains: '\\Users\\Public\\'}\n"
        "  b: {TaskName|startswith: '\\Microsoft\\Windows\\'}\n  condition: a and not b",
        f'{AUDITS} | where EventOriginalType == "4698" and NewValue contains @"\\Users\\Public\\" '
        'and not(Object startswith @"\\Microsoft\\Windows\\")',
    ),
    Case(
        "a directory object of its own",
        SECURITY,
        "a: {EventID: 5136, ObjectDN|contains: 'CN=Policies,CN=System'}\n  condition: a",
        f'{AUDITS} | where EventOriginalType == "5136" and Object contains "CN=Policies,CN=System"',
    ),
    Case(
        "a tool signs in",
        "product: azure, service: signinlogs",
        "a: {userAgent|contains: roadtools, ResultType: 0}\n  condition: a",
        'imAuthentication | where Type == "SigninLogs" and HttpUserAgent contains "roadtools" and EventResult =~ "Success"',
    ),
    Case(
        "a result that has a number",
        "product: azure, service: signinlogs",
        "a: {ResultType: 50053}\n  condition: a",
        'SigninLogs | where ResultType == "50053"',
    ),
    Case(
        "sessions of Okta",
        "product: okta, service: okta",
        "a: {eventType: user.session.start}\n  condition: a",
        'imAuthentication | where EventVendor == "Okta" and EventOriginalType =~ "user.session.start"',
    ),
    Case(
        "an application changed in Okta",
        "product: okta, service: okta",
        "a: {eventType: application.lifecycle.update, actor.alternateId|endswith: '@example.com',"
        " debugContext.debugData.requestUri|contains: admin}\n  condition: a",
        'OktaSSO | where eventType_s =~ "application.lifecycle.update" and actor_alternateId_s endswith "@example.com" '
        "| extend debugContext_debugData_requestUri = tostring(parse_json(debugContext_debugData_s).requestUri) "
        '| where debugContext_debugData_requestUri contains "admin"',
    ),
    Case(
        "a repository given away",
        "product: github, service: audit",
        "a: {action: [repo.transfer, repo.destroy], repo|startswith: acme/, actor_location.country_code: XX}\n"
        "  condition: a",
        'GitHubAuditData | where Action in~ ("repo.transfer", "repo.destroy") and Repository startswith "acme/" '
        'and Country =~ "XX"',
    ),
    Case(
        "what GitHubAuditData leaves out",
        "product: github, service: audit",
        "a: {action: org.update_member, programmatic_access_type|contains: token}\n  condition: a",
        'GitHubAuditLogsV2_CL | where Action =~ "org.update_member" and ProgrammaticAccessType contains "token"',
    ),
    Case(
        "failures at the console of AWS",
        "product: aws, service: cloudtrail",
        "a: {eventSource: signin.amazonaws.com, eventName: ConsoleLogin, responseElements.ConsoleLogin: Failure,"
        " userAgent|contains: curl}\n  condition: a",
        'imAuthentication | where EventVendor == "AWS" and EventProduct == "CloudTrail" '
        'and EventType =~ "Logon" '
        'and EventResult =~ "Failure" and HttpUserAgent contains "curl"',
    ),
    Case(
        "administrative activity",
        "product: azure, service: activitylogs",
        "a: {CategoryValue: Administrative, operationName|endswith: /delete}\n  condition: a",
        'imAuditEvent | where Type == "AzureActivity" and EventOriginalType =~ "Administrative" '
        'and Operation endswith "/delete"',
    ),
    Case(
        "an administrator of Exchange",
        "product: m365, service: audit",
        "a: {RecordType: ExchangeAdmin, Operation: New-InboxRule, Parameters|contains: ForwardTo}\n  condition: a",
        'imAuditEvent | where EventVendor == "Microsoft" and EventProduct == "Exchange 365" '
        'and TargetAppName =~ "Exchange 365" and Operation =~ "New-InboxRule" and NewValue contains "ForwardTo"',
    ),
    Case(
        "shell of a web server",
        "category: webserver",
        "a: {cs-method: POST, cs-uri-stem|endswith: .aspx, cs-uri-query|contains: cmd=, sc-status: 200}\n  condition: a",
        'imWebSession | where EventType == "WebServerSession" and HttpRequestMethod =~ "POST" and EventResultDetails == "200" '
        r'| extend cs_uri_stem = extract(@"^[^?]*", 0, Url), cs_uri_query = extract(@"\?(.*)$", 1, Url) '
        '| where cs_uri_stem endswith ".aspx" and cs_uri_query contains "cmd="',
    ),
    Case(
        "a web server's cookie",
        "category: webserver",
        "a: {cs-cookie|contains: evil, cs-method: GET}\n  condition: a",
        'W3CIISLog | where csCookie contains "evil" and csMethod =~ "GET"',
    ),
    Case(
        "a program fetched without a referrer",
        "category: proxy",
        "a: {c-uri-extension: [exe, scr], cs-referrer: null}\n  condition: a",
        "imWebSession | where isempty(HttpReferrer) | extend c_uri_extension = "
        r'extract(@"^(?:\w+://[^/?#]*|[^/?#:]*(?::\d+)?)/(?:[^?#]*/)?[^/?#]*\.([^./?#]+)(?:[?#]|$)", 1, Url) '
        '| where c_uri_extension in~ ("exe", "scr")',
    ),
    Case(
        "names Zeek saw",
        "product: zeek, service: dns",
        "a: {query|endswith: .onion.link, id.resp_p: 53, rcode_name: NOERROR}\n  condition: a",
        'imDns | where EventVendor == "Corelight" and EventProduct == "Zeek" and DnsQuery endswith ".onion.link" '
        'and DstPortNumber == 53 and EventResultDetails =~ "NOERROR"',
    ),
    Case(
        "logons of any source",
        "category: authentication",
        "a: {EventResult: Failure, src_ip: 203.0.113.9}\n  condition: a",
        'imAuthentication | where EventResult =~ "Failure" and SrcIpAddr == "203.0.113.9"',
    ),
    Case(
        "leases",
        "category: dhcp",
        "a: {EventType: Assign, SrcHostname|contains: kali}\n  condition: a",
        'imDhcpEvent | where EventType =~ "Assign" and SrcHostname contains "kali"',
    ),
)


def whole(query: Query) -> Query:
    """`query` with filters that follow each other as one."""
    stages: list[Step] = []
    for stage in query.stages:
        last = stages[-1] if stages else None
        if isinstance(stage, Filter) and isinstance(last, Filter):
            stages[-1] = Filter(And((last.predicate, stage.predicate)))
        else:
            stages.append(stage)
    return replace(query, stages=tuple(stages))


def translated(case: Case, **options: object) -> Translation:
    return translate(case.rule, sigma.parse(case.rule.text), options=Options(**options))  # type: ignore[arg-type]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_rule_becomes_the_query_written_by_hand(case: Case) -> None:
    found = translated(case)
    assert found.text, found.losses
    assert comparable(whole(kusto.parse(found.text))) == comparable(whole(kusto.parse(case.query)))
    assert found.verdict is Verdict.EQUAL, found.witness
    assert found.losses == ()
    assert [check for check in found.checks if check.passed is False] == []


@pytest.mark.parametrize(
    ("logsource", "detection", "reason"),
    [
        (SECURITY, "a: {EventID: 4697}\n  condition: a", "events of EventID 4697"),
        (SECURITY, "a: {EventID: [4624, 4648]}\n  condition: a", "events of EventID 4648"),
        (SECURITY, "a: {SubjectUserName: mallory}\n  condition: a", "events of any EventID"),
        (SECURITY, "a: {EventID: 4624}\n  b: {LogonType: 3}\n  condition: a or b", "events of any EventID"),
        (SECURITY, "a: {EventID: 4624, LogonProcessName: seclogo}\n  condition: a", "the field LogonProcessName"),
        (SECURITY, "a: {EventID: 4624, TargetDomainName: '-'}\n  condition: a", "TargetDomainName"),
        (SECURITY, "a: {EventID: 4698, TaskContent|contains: '<Command>'}\n  condition: a", "TaskContent"),
        (SECURITY, "a: {EventID: 4720, SamAccountName: x}\n  condition: a", "the field SamAccountName"),
        ("product: windows, service: dhcp", "a: {EventID: 1031}\n  condition: a", "sentinel-asim has no table"),
        ("category: authentication", "a: {action: failure}\n  condition: a", "the field action"),
        ("category: authentication, product: linux", "a: {EventResult: Failure}\n  condition: a", "has no table"),
    ],
)
def test_what_the_functions_do_not_hold_is_refused(logsource: str, detection: str, reason: str) -> None:
    found = translated(Case("refused", logsource, detection, ""))
    assert found.text == ""
    assert any(reason in f"{loss.construct} {loss.why}" for loss in found.losses), found.losses


def test_functions_go_by_their_built_in_names() -> None:
    texts = [translated(case, prefix="_Im_", prove=False).text for case in CASES]
    names = {text.split("\n")[0] for text in texts if text.startswith(("im", "_Im_"))}
    assert names == {
        "_Im_Authentication",
        "_Im_UserManagement",
        "_Im_AuditEvent",
        "_Im_WebSession",
        "_Im_DhcpEvent",
        "_Im_Dns",
    }


KEYWORDS = """
title: Words of an event
logsource: {product: windows, service: application}
detection:
  words: ['mimikatz', '\\temp\\run', 'sent "twice"']
  all:
    '|all': [one, two]
  condition: words or all
"""


@pytest.mark.parametrize(("schema", "table"), [("windows-events", "WindowsEvent"), ("event-table", "Event")])
def test_keywords_are_looked_for_in_all_of_an_event(schema: str, table: str) -> None:
    rule = Rule(id="r", title="r", language="sigma", text=KEYWORDS)
    found = translate(rule, sigma.parse(KEYWORDS), schema=schema)
    assert found.text.startswith(table)
    assert found.verdict is Verdict.EQUAL
    assert found.events > 8


@pytest.mark.node
def test_the_analyser_accepts_what_is_written() -> None:
    words = Rule(id="words", title="words", language="sigma", text=KEYWORDS)
    rules = [(rule, sigma.parse(rule.text)) for rule in (*(case.rule for case in CASES), words)]
    schemas = ("sentinel-asim", "sentinel-tables", "windows-events", "event-table")
    texts: list[str] = []
    for style in ("long", "short"):
        options = Options(prove=False, lookback="1d", style=style)
        texts += [found.text for found in translate_all(rules, schemas=schemas, options=options) if found.text]
    known = {name: dict(columns) for schema in schemas for name, columns in target_tables(schema).items()}
    read = {stage.table for text in texts for stage in kusto.parse(text).stages if isinstance(stage, Scan)}
    assert judge.errors(texts, {name: known[name] for name in sorted(read)}) == [[] for _ in texts]


CORRELATED = """
title: Many accounts tried from one place
correlation:
  type: value_count
  rules: [failed]
  group-by: [IpAddress]
  timespan: 10m
  condition: {gte: 3, field: TargetUserName}
---
title: A failed logon
name: failed
logsource: {product: windows, service: security}
detection:
  a: {EventID: 4625}
  condition: a
"""


def test_accounts_are_counted_by_their_names() -> None:
    rule = Rule(id="r", title="r", language="sigma", text=CORRELATED)
    found = translate(rule, sigma.parse(CORRELATED))
    assert 'extract(@"[^\\\\]*$", 0, TargetUsername)' in found.text
    assert found.verdict is Verdict.EQUAL
    domains = CORRELATED.replace("TargetUserName", "TargetDomainName")
    refused = translate(rule, sigma.parse(domains))
    assert refused.text == ""
    assert any("TargetDomainName" in loss.construct for loss in refused.losses)
