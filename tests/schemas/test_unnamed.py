"""Values of an event without names: a text or a list of texts, asked in a bag and in XML, in every test's own meaning."""

import pytest

from rulescope import languages
from rulescope.engines.duck import Engine
from rulescope.errors import UnsupportedError
from rulescope.model import Rule, Verdict
from rulescope.schemas.unnamed import confined
from rulescope.services.tables import arrow_table
from rulescope.translation import Options, translate

RULE = """
title: Unnamed
logsource: {product: windows, service: application}
detection:
    sel:
        Data%s
    condition: sel
"""

TESTS = (  # the rule's test, data it chooses, data it does not
    ("|contains: 'one two'", ["a", "b one two c"], ["one", "two"]),
    ("|contains: 'one two'", "b ONE TWO", "one"),
    ("|contains|all: [one, two]", ["one", "two"], ["one", "three"]),
    (": 'one'", ["zero", "One"], ["zero one"]),
    (": 'one'", "one", "one two"),
    ("|startswith: 'path='", ["x", "path=y"], ["x path=y"]),
    ("|startswith: 'path='", "path=y", "a\r\npath=y"),
    ("|endswith: '.exe'", ["a.exe", "0"], ["a.exe 0"]),
    (": 'C:\\\\*\\\\a.exe'", ["C:\\x\\a.exe", "0"], ["C:\\x", "y\\a.exe"]),
    (": '*a?c*'", ["abc", "0"], ["a", "c"]),
    ("|re: 'a.c'", ["xabcx"], ["a", "c"]),
    ("|re: '^a[^b]c$'", ["0", "axc", "1"], ["0 axc"]),
    ("|re: 'a\\Sc'", ["axc"], ["a", "c"]),
    ("|re|i: 'id=[a-z]{2}\\s+end'", ["0", "ID=ab\r\n end"], ["id=ab", "end"]),
)


@pytest.mark.parametrize("schema", ["windows-events", "event-table"])
@pytest.mark.parametrize(("test", "chosen", "other"), TESTS)
def test_any_text_of_a_list_may_match_and_none_across_two(
    schema: str, test: str, chosen: object, other: object
) -> None:
    text = RULE % test
    rule, query = Rule("u", "Unnamed", "sigma", text), languages.parse(text, "sigma")
    events = [({"Data": chosen}, "chosen"), ({"Data": other}, "other")]
    found = translate(rule, query, schema=schema, options=Options(), events=events)
    assert found.verdict is Verdict.EQUAL, (found.text, found.checks, found.witness)
    assert found.events >= 4


@pytest.mark.parametrize("pattern", ["(?-s)a", r"[\S]", r"[\x00-\x7f]", r"\PL", "[[:^alpha:]]"])
def test_a_pattern_that_cannot_be_held_to_one_text_is_refused(pattern: str) -> None:
    with pytest.raises(UnsupportedError):
        confined(pattern)


def test_the_text_of_the_query_asks_lists_and_texts_alike() -> None:
    text = RULE % "|contains: evil"
    found = translate(Rule("u", "Unnamed", "sigma", text), languages.parse(text, "sigma"), schema="windows-events")
    rows = [
        {"Channel": "Application", "EventData": {"Data": ["x", "an evil thing"]}},
        {"Channel": "Application", "EventData": {"Data": "evil"}},
        {"Channel": "Application", "EventData": {"Data": ["ev", "il"]}},
        {"Channel": "Application", "EventData": {"Other": "evil"}},
    ]
    types = {"Channel": "string", "EventData": "dynamic"}
    engine = Engine({"WindowsEvent": arrow_table(rows, types)}, schemas={"WindowsEvent": types})
    query = languages.parse(found.text, "kusto")
    assert engine.run(query).num_rows == 2
