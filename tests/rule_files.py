"""Rules of our own for tests of services and the catalogue: a few files of several kinds in a folder."""

from __future__ import annotations

from pathlib import Path

SIGMA_BITS = """\
title: Transfer tool starts a job
id: 11111111-0000-4000-8000-000000000001
status: stable
description: A transfer tool is told to fetch something.
author: Somebody
date: 2024-05-01
modified: 2025-02-03
tags:
    - attack.persistence
    - attack.t1197
logsource:
    category: process_creation
    product: windows
detection:
    selection:
        Image|endswith: '\\bitsadmin.exe'
        CommandLine|contains: '/transfer'
    filter:
        ParentImage|endswith: '\\updater.exe'
    condition: selection and not filter
level: high
"""
SIGMA_NARROW = """\
title: Transfer tool fetches from a raw address
id: 11111111-0000-4000-8000-000000000002
status: test
description: The same, and an address in it.
date: 2024-06-01
tags:
    - attack.t1562.001
logsource:
    category: process_creation
    product: windows
detection:
    selection:
        Image|endswith: '\\bitsadmin.exe'
        CommandLine|contains|all:
            - '/transfer'
            - 'http'
    filter:
        ParentImage|endswith: '\\updater.exe'
    condition: selection and not filter
level: medium
"""
SENTINEL = """\
id: 11111111-0000-4000-8000-000000000003
name: Transfer tool on a device
description: Looks for a transfer tool.
severity: Medium
requiredDataConnectors:
  - connectorId: MicrosoftThreatProtection
    dataTypes:
      - DeviceProcessEvents
queryFrequency: 1h
queryPeriod: 1d
triggerOperator: gt
triggerThreshold: 0
tactics:
  - DefenseEvasion
relevantTechniques:
  - T1562.001
query: |
  DeviceProcessEvents
  | where FileName =~ "bitsadmin.exe" and ProcessCommandLine contains "/transfer"
  | extend Way = iff(ProcessCommandLine has "upload", "out", "in")
  | project TimeGenerated, DeviceName, Way
entityMappings:
  - entityType: Host
    fieldMappings:
      - identifier: HostName
        columnName: DeviceName
customDetails:
  Way: Way
kind: Scheduled
"""
ALERTS = """\
id: 11111111-0000-4000-8000-000000000004
name: Alert of a product
severity: High
query: |
  SecurityAlert
  | where ProductName == "Some Product"
"""
BROKEN = "// A query with a fault\nSigninLogs\n| where ResultType == \n| take 5\n"


def write_rules(folder: Path) -> Path:
    """A folder `mine` of rules below `folder`, as a person would keep them."""
    root = folder / "mine"
    (root / "sigma").mkdir(parents=True)
    (root / "sigma" / "bits.yml").write_text(SIGMA_BITS)
    (root / "sigma" / "narrow.yml").write_text(SIGMA_NARROW)
    (root / "bits.yaml").write_text(SENTINEL)
    (root / "alerts.yaml").write_text(ALERTS)
    (root / "broken.kql").write_text(BROKEN)
    (root / "raw.yaral").write_text(
        'rule odd {\n  meta:\n    author = "A"\n  events:\n    $e.x = "bitsadmin"\n  condition:\n    $e\n}\n'
    )
    (root / "LICENSE").write_text("MIT License\n\nCopyright somebody\n")
    return root
