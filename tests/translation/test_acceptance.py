"""Real rules: the two proxy rules as an analyst writes them by hand, and a sample of the corpus proven."""

from pathlib import Path

import pytest

from rulescope.languages import kusto, sigma
from rulescope.model import Rule, Verdict
from rulescope.translation import Options, translate, translate_all
from rulescope.translation.translate import comparable

pytestmark = pytest.mark.corpus

AGENT = 'imWebSession | where HttpUserAgent startswith "Microsoft BITS/" and ({})'
USUAL = (".com", ".net", ".org", ".scdn.co", ".sfx.ms")
HANDWRITTEN = {
    "proxy_ua_bitsadmin_susp_tld.yml": AGENT.format(
        f"not(({' or '.join(f'HttpHost endswith {chr(34)}{end}{chr(34)}' for end in USUAL)}))"
    ),
    "proxy_ua_bitsadmin_susp_ip.yml": AGENT.format(" or ".join(f'HttpHost endswith "{end}"' for end in range(1, 10))),
}


@pytest.mark.parametrize("name", HANDWRITTEN)
def test_a_proxy_rule_becomes_the_query_written_by_hand(name: str, data_root: Path) -> None:
    path = data_root / "corpora/sigma/rules/web/proxy_generic" / name
    text = path.read_text(encoding="utf-8")
    found = translate(Rule(id=name, title=name, language="sigma", text=text), sigma.parse(text))
    assert comparable(kusto.parse(found.text)) == comparable(kusto.parse(HANDWRITTEN[name]))
    assert found.verdict is Verdict.EQUAL
    assert found.losses == ()


def test_a_missing_host_is_in_the_proof(data_root: Path) -> None:
    path = data_root / "corpora/sigma/rules/web/proxy_generic/proxy_ua_bitsadmin_susp_tld.yml"
    text = path.read_text(encoding="utf-8")
    naive = kusto.parse(
        'imWebSession | where HttpUserAgent startswith "Microsoft BITS/" and isnotempty(HttpHost)'
        ' and not(HttpHost endswith ".com" or HttpHost endswith ".net" or HttpHost endswith ".org"'
        ' or HttpHost endswith ".scdn.co" or HttpHost endswith ".sfx.ms")'
    )
    from rulescope.analysis.examples import examples
    from rulescope.model import Logsource
    from rulescope.schemas.mappings import mappings_for
    from rulescope.translation.proof import Task, prove

    query = sigma.parse(text)
    mapping = mappings_for(Logsource("proxy"), "sentinel-asim")[0]
    events = [(example.event, "generated") for example in examples(query)]
    proof = prove([Task(query, mapping, naive, events)])[0]
    assert proof.verdict is Verdict.NARROWER
    assert proof.witness is not None
    assert not proof.witness.event.get("cs-host")


def test_a_sample_of_the_corpus_is_proven_equal(data_root: Path) -> None:
    folder = data_root / "corpora/sigma"
    paths = sorted(folder.glob("rules*/**/*.yml"))[::100]
    rules = []
    for path in paths:
        text = path.read_text(encoding="utf-8")
        rules.append((Rule(id=path.name, title=path.name, language="sigma", text=text), sigma.parse(text)))
    found = list(translate_all(rules, options=Options(examples=24)))
    written = [each for each in found if each.text]
    assert len({each.rule_id for each in written}) >= 0.85 * len(rules)
    assert [(each.rule_id, each.schema, each.verdict) for each in written if each.verdict is not Verdict.EQUAL] == []
    assert [(each.rule_id, check) for each in written for check in each.checks if check.passed is False] == []
