"""Microsoft's own parser and analyser accept every query that is written."""

import os
from pathlib import Path

import pytest

import defender_rules
import judge
from rulescope.languages import kusto, sigma
from rulescope.model import Rule, Scan, queries
from rulescope.schemas.mappings import target_tables
from rulescope.translation import Options, translate_all

SCHEMAS = ("sentinel-asim", "defender-xdr", "windows-events")
WHOLE = os.environ.get("RULESCOPE_WHOLE") == "1"
pytestmark = pytest.mark.node

OWN = """
title: Each kind of test
logsource: {category: process_creation, product: windows}
detection:
    plain: {Image|endswith: '\\a.exe', CommandLine|contains: ['"quoted"', 'tab\t', '\\\\server', '*', "it's"]}
    text: {CommandLine|re: '^cmd[\\s"]+/c .*\\\\x$', ParentImage|startswith: 'C:\\', ParentCommandLine|contains|all: [a b, c]}
    many: {Image|endswith: [\\1.exe, \\2.exe, \\3.exe], User: null, Description: ''}
    cased: {CommandLine|contains|cased: AbC, OriginalFileName|exists: true, Hashes|contains: MD5=0123456789abcdef0123456789abcdef}
    one: {IntegrityLevel: [High, System], CommandLine: '*a?b*'}
    condition: (plain and not many) or (1 of te* and one) or not cased
"""


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("style", ["long", "short"])
def test_every_kind_of_test_is_accepted(schema: str, style: str) -> None:
    rule = Rule(id="r", title="t", language="sigma", text=OWN, authors=("// A", "B\nC"))
    options = Options(style=style, prove=False, lookback="1d", header=True, allow_loss=True)
    found = next(iter(translate_all([(rule, sigma.parse(OWN))], schemas=(schema,), options=options)))
    assert found.text
    assert judge.errors([found.text], tables_of([found.text], schema)) == [[]]


def test_every_table_of_advanced_hunting_is_accepted() -> None:
    texts = []
    for logsource, detection, *_ in defender_rules.RULES.values():
        text = defender_rules.text(logsource, detection)
        rule = Rule(id="r", title="t", language="sigma", text=text)
        options = Options(prove=False, lookback="1d")
        found = next(iter(translate_all([(rule, sigma.parse(text))], schemas=("defender-xdr",), options=options)))
        texts.append(found.text)
    assert all(texts)
    assert judge.errors(texts, tables_of(texts, "defender-xdr")) == [[] for _ in texts]


@pytest.mark.corpus
@pytest.mark.parametrize("schema", SCHEMAS)
def test_the_corpus_is_accepted(schema: str, data_root: Path) -> None:
    paths = sorted((data_root / "corpora/sigma").glob("rules*/**/*.yml"))[:: 1 if WHOLE else 20]
    rules = []
    for path in paths:
        text = path.read_text(encoding="utf-8")
        rules.append((Rule(id=path.name, title=path.name, language="sigma", text=text), sigma.parse(text)))
    found = [each for each in translate_all(rules, schemas=(schema,), options=Options(prove=False)) if each.text]
    assert len(found) > 0.5 * len(rules)
    texts = [each.text for each in found]
    wrong = zip(found, judge.errors(texts, tables_of(texts, schema)), strict=True)
    assert [(each.rule_id, messages) for each, messages in wrong if messages] == []


def tables_of(texts: list[str], schema: str) -> dict[str, dict[str, str]]:
    """The tables the texts read, with their columns."""
    known = target_tables(schema)
    names = {
        stage.table
        for text in texts
        for query in queries(kusto.parse(text))
        for stage in query.stages
        if isinstance(stage, Scan)
    }
    return {name: dict(known[name]) for name in sorted(names & known.keys())}
