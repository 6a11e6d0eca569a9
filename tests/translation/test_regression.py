"""Real events: a rule's written Kusto fires on the mapped event exactly as the rule does."""

import json
from pathlib import Path
from typing import Any

import pytest

from rulescope import logs
from rulescope.languages import sigma
from rulescope.model import Rule, Verdict
from rulescope.schemas import logsources
from rulescope.schemas.mappings import mappings_for
from rulescope.translation import Options, translate_all
from rulescope.translation.proof import cases_of

pytestmark = pytest.mark.corpus

EVERY = 6  # one case in six keeps the test short


def test_the_written_query_fires_on_the_events_the_rule_fires_on(data_root: Path) -> None:
    folder = data_root / "corpora/sigma"
    rules, events = [], {}
    for case in json.loads((folder / "regression-index.json").read_text(encoding="utf-8"))[::EVERY]:
        for name in case["rules"] if case["type"] == "evtx" else ():
            text = (folder / name).read_text(encoding="utf-8")
            rules.append((Rule(id=name, title=name, language="sigma", text=text), sigma.parse(text)))
            events[name] = list(routed(sigma.parse(text).stages[0].logsource, folder / case["path"]))
    found = list(translate_all(rules, options=Options(examples=4), events=lambda rule: events[rule.id]))
    assert [(each.rule_id, each.schema) for each in found if each.text and each.verdict is not Verdict.EQUAL] == []
    for rule, query in rules:
        mapping = mappings_for(logsources.parsed(query.stages[0].logsource), "windows-events")[0]
        assert any(case.expected for case in cases_of(query, mapping, events[rule.id])), rule.id


def routed(logsource: str, path: Path) -> list[tuple[dict[str, Any], str]]:
    """The events of a log that a log source covers, in Sigma's names."""
    routes = logsources.routes_for(logsources.parsed(logsource))
    rows = [row for batch in logs.read(path) for row in batch.rows]
    found = []
    for row in rows:
        route = next((each for each in routes if each.accepts(row["Channel"], int(row["EventID"]), row)), None)
        if route is not None:
            found.append((route.renamed(row), path.name))
    return found
