"""A rule that attacks the pages that show it, in every place an author can write."""

from __future__ import annotations

ATTACK = "<script>alert(1)</script>"
IMAGE = '"><img src=x onerror=alert(2)>'
SIGMA = f"""title: 'Hostile {ATTACK} rule {IMAGE}'
id: 7b0f6d3e-3c0a-4d63-9a50-0c7f3f0a6666
description: |
    {ATTACK} {IMAGE} \u202e backwards </title></textarea><style>*{{display:none}}</style>
author: '{ATTACK}'
references:
    - javascript:alert(3)
    - 'data:text/html,{ATTACK}'
    - 'https://example.org/"onmouseover="alert(4)'
    - ' javascript:alert(5)'
falsepositives:
    - '{ATTACK}'
tags: [attack.t1059, 'attack.{ATTACK}', 'attack.t9999.999']
logsource: {{category: process_creation, product: windows}}
detection:
    selection:
        CommandLine|contains:
            - '{ATTACK}'
            - '{{{{ 7 * 7 }}}}'
            - '../../../../etc/passwd'
        '{IMAGE}': 'x'
    condition: selection
level: '{ATTACK}'
"""
KUSTO = f"""let Evil = "{ATTACK}";
['{ATTACK.replace("'", "")}']
| where Name == "{ATTACK}" // {ATTACK}
| extend ['../../x'] = 1, ['</pre><script>alert(6)</script>'] = 2
"""
SENTINEL = f"""id: 7b0f6d3e-3c0a-4d63-9a50-0c7f3f0a7777
name: "{ATTACK.replace('"', "")}"
description: '{ATTACK}'
severity: High
requiredDataConnectors: [{{connectorId: '{ATTACK}', dataTypes: ['{ATTACK}']}}]
queryFrequency: 1h
queryPeriod: 1h
triggerOperator: gt
triggerThreshold: 0
tactics: ['{ATTACK}']
relevantTechniques: ['../../T1059', T1059]
query: |
{chr(10).join("  " + line for line in KUSTO.splitlines())}
entityMappings: [{{entityType: '{ATTACK}', fieldMappings: [{{identifier: '{ATTACK}', columnName: '../..'}}]}}]
version: 1.0.0
kind: Scheduled
"""
