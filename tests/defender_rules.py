"""Rules of our own for the tables of advanced hunting: by log source, and by the tables' own names."""

from __future__ import annotations

RULES = {  # name: (log source, detection, table, a part of what is written)
    "sign-in": (
        "product: azure, service: signinlogs",
        (
            "a: {ResultType: [50053, '53003'], conditionalAccessStatus: failure, RiskState: atRisk, location: DE}\n"
            "  b: {DeviceDetail.isCompliant: 'true', userAgent|contains: axios}\n  condition: a and not b"
        ),
        "EntraIdSignInEvents",
        """LogonType == '["interactiveUser"]\'""",
    ),
    "sign-in of a principal": (
        "product: azure, service: serviceprincipalsigninlogs",
        "a: {ResultType: 7000215, ServicePrincipalName|startswith: ci-}\n  condition: a",
        "EntraIdSpnSignInEvents",
        "IsManagedIdentity == false",
    ),
    "logon": (
        "product: windows, service: security",
        (
            "a: {EventID: 4624, LogonType: [3, 10], TargetUserName|endswith: $}\n"
            "  b: {IpAddress: '-'}\n  c: {IpAddress|cidr: 10.0.0.0/8}\n  condition: a and not 1 of b or a and c"
        ),
        "DeviceLogonEvents",
        'LogonType in~ ("Network", "RemoteInteractive")',
    ),
    "failed logon": (
        "product: windows, service: security",
        (
            "a: {EventID: 4625, Provider_Name: Microsoft-Windows-Security-Auditing}\n  b: {IpAddress|contains: '-'}\n"
            "  condition: a and not b"
        ),
        "DeviceLogonEvents",
        "isempty(RemoteIP) or RemoteIP contains",
    ),
    "account": (
        "product: windows, service: security",
        "a: {EventID: 4720, TargetUserName|endswith: $}\n  condition: a",
        "DeviceEvents",
        "UserAccountCreated",
    ),
    "member": (
        "product: windows, service: security",
        "a: {EventID: 4732, TargetUserName|startswith: Administr}\n  condition: a",
        "DeviceEvents",
        "UserAccountAddedToLocalGroup",
    ),
    "service": (
        "product: windows, service: security",
        "a: {EventID: 4697, ServiceName|contains: [vnc, AnyDesk]}\n  condition: a",
        "DeviceEvents",
        "ServiceInstalled",
    ),
    "kinds of events before their properties": (
        "product: windows, service: security",
        (
            "a: {EventID: 4697, ServiceName|contains: vnc}\n  b: {EventID: 4699, TaskName|startswith: '\\x'}\n"
            "  condition: 1 of them"
        ),
        "DeviceEvents",
        'ActionType in ("ServiceInstalled", "ScheduledTaskDeleted")',
    ),
    "audit policy": (
        "product: windows, service: security",
        (
            "a: {EventID: 4719, AuditPolicyChanges|contains: '%%8448', "
            "SubcategoryGuid: '{0CCE9215-69AE-11D9-BED3-505054503030}'}\n  condition: a"
        ),
        "DeviceEvents",
        '"0CCE9215-69AE-11D9-BED3-505054503030"',
    ),
    "handle": (
        "product: windows, category: process_access",
        (
            "a: {TargetImage|endswith: '\\lsass.exe', GrantedAccess: ['0x1410', '0x1fffff']}\n"
            "  b: {TargetImage|startswith: 'C:\\Windows\\', GrantedAccess|endswith: '10'}\n  condition: 1 of them"
        ),
        "DeviceEvents",
        'FileName =~ "lsass.exe"',
    ),
    "ldap": (
        "product: windows, service: ldap",
        "a: {EventID: 30, SearchFilter|contains: (adminCount=1)}\n  condition: a",
        "DeviceEvents",
        "LdapSearch",
    ),
    "code integrity": (
        "product: windows, service: codeintegrity-operational",
        "a: {EventID: [3077, 3023]}\n  condition: a",
        "DeviceEvents",
        "AppControlCodeIntegrityPolicyBlocked",
    ),
    "a file of Linux": (
        "product: linux, category: file_event",
        "a: {TargetFilename|startswith: /etc/sudoers.d/}\n  condition: a",
        "DeviceFileEvents",
        'FolderPath startswith "/etc/sudoers.d/"',
    ),
    "creation time": (
        "product: windows, category: file_change",
        "a: {TargetFilename|endswith: .exe, Image|endswith: '\\x.exe'}\n  condition: a",
        "DeviceEvents",
        "FileTimestampModificationEvent",
    ),
    "office": (
        "product: m365, service: audit",
        (
            "a: {Operation: [New-InboxRule, Set-InboxRule], Parameters|contains: [DeleteMessage, ForwardTo], Item.Size|gte: 3}\n"
            "  b: {UserId: root@corp.example}\n  condition: a and not b"
        ),
        "CloudAppEvents",
        "isnotempty(tostring(RawEventData.RecordType))",
    ),
    "exchange": (
        "product: m365, service: exchange",
        "a: {eventSource: Exchange, eventName: Add-FederatedDomain}\n  condition: a",
        "CloudAppEvents",
        'tostring(RawEventData.Workload) == "Exchange"',
    ),
    "okta": (
        "product: okta, service: okta",
        "a: {eventtype: user.session.start, outcome.result: FAILURE, securityContext.isProxy: 'true'}\n  condition: a",
        "CloudAppEvents",
        'Application == "Okta"',
    ),
    "github": (
        "product: github, service: audit",
        "a: {action|startswith: org., actor: eve}\n  condition: a",
        "CloudAppEvents",
        'Application == "GitHub"',
    ),
    "aws": (
        "product: aws, service: cloudtrail",
        (
            "a: {eventSource: iam.amazonaws.com, eventName|startswith: Delete, userIdentity.type: Root}\n"
            "  b: {errorCode|exists: true}\n  condition: a and not b"
        ),
        "CloudAuditEvents",
        'DataSource == "AWS"',
    ),
    "gcp": (
        "product: gcp, service: gcp.audit",
        "a: {gcp.audit.method_name|endswith: .delete, data.protoPayload.serviceName: x.googleapis.com}\n  condition: a",
        "CloudAuditEvents",
        'DataSource == "GCP"',
    ),
    "azure": (
        "product: azure, service: activitylogs",
        "a: {operationName|startswith: MICROSOFT.NETWORK/, operationName|endswith: /DELETE}\n  condition: a",
        "CloudAuditEvents",
        'DataSource == "Azure"',
    ),
    "kubernetes": (
        "product: kubernetes, service: audit",
        "a: {verb: create, objectRef.resource: pods, objectRef.subresource: exec, responseStatus.code: 101}\n  condition: a",
        "CloudAuditEvents",
        'DataSource contains "Kubernetes"',
    ),
    "own mail": (
        "product: m365, service: EmailEvents",
        (
            "a: {SenderFromAddress|endswith: '@evil.example', AttachmentCount|gte: 1, To: a@b.example, IsFirstContact: true}\n"
            "  b: {EmailClusterId: 55, AuthenticationDetails.SPF: pass, DeliveryAction: null}\n  condition: a and not b"
        ),
        "EmailEvents",
        "AttachmentCount >= 1",
    ),
    "own attachment": (
        "product: mdo, service: emailattachmentinfo",
        "a: {FileName|endswith: .iso, FileSize|lt: 100000, SHA256: '" + "a" * 64 + "'}\n  condition: a",
        "EmailAttachmentInfo",
        "FileSize < 100000",
    ),
    "own url": ("service: EmailUrlInfo", "a: {UrlDomain|re: '^xn--.*'}\n  condition: a", "EmailUrlInfo", "UrlDomain"),
    "own delivery": (
        "service: EmailPostDeliveryEvents",
        "a: {ActionType|contains: ZAP}\n  condition: a",
        "EmailPostDeliveryEvents",
        "ActionType",
    ),
    "own click": (
        "service: UrlClickEvents",
        "a: {ActionType: ClickAllowed, IsClickedThrough: 'true'}\n  condition: a",
        "UrlClickEvents",
        "IsClickedThrough == true",
    ),
    "own cloud app": (
        "product: microsoft365, service: cloudappevents",
        (
            "a: {ActionType: MailItemsAccessed, RawEventData|contains: REST, RawEventData.ClientIPAddress: 192.0.2.1, "
            "ApplicationId: 20893, IPTags: Tor}\n  condition: a"
        ),
        "CloudAppEvents",
        "ApplicationId == 20893",
    ),
    "own cloud process": (
        "service: CloudProcessEvents",
        "a: {ProcessName: bash, ProcessCurrentWorkingDirectory|startswith: /tmp/, ProcessId|gt: 1}\n  condition: a",
        "CloudProcessEvents",
        "ProcessId > 1",
    ),
    "own cloud audit": (
        "product: azure, service: CloudAuditEvents",
        "a: {OperationName|startswith: Microsoft.Compute/, RawEventData.status: Succeeded}\n  condition: a",
        "CloudAuditEvents",
        "OperationName startswith",
    ),
    "own logon": (
        "product: mdi, service: IdentityLogonEvents",
        "a: {ActionType: LogonFailed, Protocol: Ntlm, DestinationPort: 445, AdditionalFields.Count: 5}\n  condition: a",
        "IdentityLogonEvents",
        "DestinationPort == 445",
    ),
    "own query": (
        "product: mdi, service: IdentityQueryEvents",
        (
            "a: {ActionType: SAMR query, QueryTarget|contains: Domain Admins}\n  b: {DeviceName: ''}\n"
            "  condition: a and not b"
        ),
        "IdentityQueryEvents",
        "isnotempty(DeviceName)",
    ),
    "own directory": (
        "product: mdi, service: IdentityDirectoryEvents",
        "a: {ActionType: Group Membership changed, AdditionalFields.TO.GROUP: Admins}\n  condition: a",
        "IdentityDirectoryEvents",
        "AdditionalFields.TO.GROUP",
    ),
    "own identity": (
        "product: mdi, service: IdentityInfo",
        "a: {AssignedRoles: Global Administrator, IsAccountEnabled: false}\n  condition: a",
        "IdentityInfo",
        "tostring(AssignedRoles)",
    ),
    "own beta sign-in": (
        "product: azure, service: AADSignInEventsBeta",
        "a: {ErrorCode: 50126, RiskLevelAggregated|gte: 50, IsGuestUser: true}\n  condition: a",
        "AADSignInEventsBeta",
        "RiskLevelAggregated >= 50",
    ),
    "own beta principal": (
        "product: azure, service: aadspnsignineventsbeta",
        "a: {ErrorCode: 7000215, IsManagedIdentity: false}\n  condition: a",
        "AADSpnSignInEventsBeta",
        "IsManagedIdentity == false",
    ),
    "own process": (
        "product: windows, category: DeviceProcessEvents",
        "a: {FileName|endswith: .exe, ProcessIntegrityLevel: System, AdditionalFields.X: y}\n  condition: a",
        "DeviceProcessEvents",
        "OSPlatform startswith",
    ),
    "columns beside fields": (
        "product: windows, category: process_creation",
        (
            "a: {CommandLine|contains: -y, FileName: x.exe, InitiatingProcessFileName: cmd.exe, LogonId: '0x3e7', "
            "ProcessTokenElevation: TokenElevationTypeFull, AdditionalFields.A: b}\n  condition: a"
        ),
        "DeviceProcessEvents",
        "LogonId == 999",
    ),
    "columns of a connection": (
        "product: windows, category: network_connection",
        "a: {RemoteIP|cidr: 10.0.0.0/8, RemotePort: [1, 2], Initiated: 'true'}\n  condition: a",
        "DeviceNetworkEvents",
        "RemotePort in (1, 2)",
    ),
    "own certificate": (
        "product: mde, service: DeviceFileCertificateInfo",
        "a: {IsSigned: true, IsTrusted: false, Signer|contains: Corp}\n  condition: a",
        "DeviceFileCertificateInfo",
        "IsTrusted == false",
    ),
    "own image": (
        "product: mde, service: DeviceImageLoadEvents",
        "a: {FolderPath|startswith: 'C:\\Users\\', InitiatingProcessId|gt: 4}\n  condition: a",
        "DeviceImageLoadEvents",
        "InitiatingProcessId > 4",
    ),
}

REFUSED = {  # name: (log source, detection, what is missing)
    "another number": (
        "product: windows, service: security",
        "a: {EventID: [4624, 4634]}\n  condition: a",
        "events of EventID 4634",
    ),
    "any number": (
        "product: windows, service: security",
        "a: {TargetUserName: x}\n  condition: a",
        "events of any EventID",
    ),
    "not a number": (
        "product: windows, service: security",
        "a: {TargetUserName: x}\n  b: {EventID: 4624}\n  condition: a and not b",
        "events of any EventID",
    ),
    "a logon type without a name": (
        "product: windows, service: security",
        "a: {EventID: 4624, LogonType: 9}\n  condition: a",
        "LogonType '9'",
    ),
    "a command line with its arguments": (
        "product: windows, service: security",
        "a: {EventID: 4697, ServiceFileName|contains: cmd}\n  condition: a",
        "the field ServiceFileName",
    ),
    "text of an error": (
        "product: azure, service: signinlogs",
        "a: {ResultDescription|contains: blocked}\n  condition: a",
        "the field ResultDescription",
    ),
    "a status": (
        "product: m365, service: threat_management",
        "a: {eventSource: SecurityComplianceCenter, eventName: x, status: success}\n  condition: a",
        "the field status",
    ),
    "a property below a list": (
        "product: aws, service: cloudtrail",
        "a: {requestParameters.containerDefinitions.command|contains: curl}\n  condition: a",
        "the field requestParameters.containerDefinitions.*",
    ),
    "a column in another case": (
        "product: windows, category: process_creation",
        "a: {foldername: x, initiatingprocessfilename: y}\n  condition: a",
        "the field foldername",
    ),
    "no column": ("product: m365, service: EmailEvents", "a: {Body|contains: x}\n  condition: a", "the field Body"),
    "a moment as text": (
        "product: m365, service: EmailEvents",
        "a: {Timestamp|contains: '2026'}\n  b: {Timestamp|gt: 5}\n  condition: a and b",
        "gt (5,)",
    ),
    "the start of a bag": (
        "product: m365, service: CloudAppEvents",
        "a: {RawEventData|startswith: x}\n  condition: a",
        "RawEventData startswith",
    ),
    "a table of no operating system": (
        "product: linux, service: EmailEvents",
        "a: {Subject: x}\n  condition: a",
        "log source product=linux service=EmailEvents",
    ),
    "a name that is no table": (
        "product: m365, service: EmailEvent",
        "a: {Subject: x}\n  condition: a",
        "log source product=m365 service=EmailEvent",
    ),
}


def text(logsource: str, detection: str) -> str:
    """A rule."""
    return f"title: t\nlogsource: {{{logsource}}}\ndetection:\n  {detection}\n"
