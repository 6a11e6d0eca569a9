"""Types that do not go together are found as Microsoft's analyser finds them, and nothing that a run accepts is."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest

import judge
from rulescope import formats, sources
from rulescope.binding import bind
from rulescope.languages import kusto
from rulescope.model import Failure
from rulescope.services.check import shipped
from rulescope.services.reading import read_rule

TYPES = ("string", "int", "long", "real", "decimal", "bool", "datetime", "timespan", "guid", "dynamic")
LITERALS = {
    "string": '"a"', "long": "5", "int": "int(5)", "real": "5.5", "decimal": "decimal(5.5)", "bool": "true",
    "datetime": "datetime(2024-01-01)", "timespan": "1h", "guid": "guid(74be27de-1e4e-49d9-b579-fe0b331d3642)",
    "dynamic": 'dynamic(["a"])', "null": "int(null)", **{f"c_{kind}": f"c_{kind}" for kind in TYPES},
}  # fmt: skip
WORDS = ["==", "!=", "<", "<=", ">", ">=", "=~", "!~", "contains", "!contains", "contains_cs", "startswith", "endswith", "has", "!has", "has_cs", "hasprefix", "hassuffix", "+", "-", "*", "/", "%"]  # fmt: skip
LISTS = ["in", "!in", "in~", "!in~", "has_any", "has_all"]
TABLES = {"T": {"text": "string", "number": "int", "when": "datetime", "yes": "bool", "id": "guid", "bag": "dynamic"}}

CASES = [  # query after `T | `, what is found
    ('where number in~ ("4663")', "type-mismatch: comparing without case takes text, not an int"),
    ('where number contains "46"', "type-mismatch: contains takes text, not an int"),
    ("where text has 5", "type-mismatch: has takes text, not a long"),
    ('where text < "b"', "type-mismatch: < does not compare a string with a string"),
    ("where when > 5", "type-mismatch: > does not compare a datetime with a long"),
    ("where when > ago(1d) and number between (1 .. 5)", ""),
    ('where when == "abc"', 'value-misfit: when is a datetime and is never "abc"'),
    ('where when == "2024-01-01"', ""),
    ('where number in ("4624", "4625")', ""),
    ('where number in ("4624", "logon")', ""),
    ('where number !in ("logon", "logoff")', 'value-misfit: number is an int and is never "logon", "logoff"'),
    ('where yes == "yes"', 'value-misfit: yes is a bool and is never "yes"'),
    ('where yes == "true" or yes == 1', ""),
    ('where id == "x"', 'value-misfit: id is a guid and is never "x"'),
    ("where when == id", "value-misfit: when is a datetime and is never equal to a guid"),
    ('where number != ""', ""),
    ("where text == 5 and bag == 5 and text != true", ""),
    ('where bag.x has "a" and bag contains "b" and bag.n > 5', ""),
    ('where bag.n > "5"', "type-mismatch: > does not compare a dynamic with a string"),
    ('where tostring(number) contains "46"', ""),
    ('extend z = text + "b"', "type-mismatch: + is not defined for a string and a string"),
    ("extend z = when + 1h, y = number * 1s, x = when - when", ""),
    ("extend z = number + number + text", "type-mismatch: + is not defined for a long and a string"),
    ("where strlen(text) == text", ""),
    ('where number == 4728 and ("add" or "remove")', "type-mismatch: or takes conditions, not a string"),
    ("where text", "type-mismatch: where takes conditions, not a string"),
    ("where yes and not(yes) and bag", ""),
    ("extend ago(5)", "type-mismatch: ago takes a timespan, not a long"),
    ("extend dayofweek(text)", "type-mismatch: dayofweek takes a datetime, not a string"),
    ("extend dayofweek(bag.when)", ""),
    ("summarize countif(number)", "type-mismatch: countif takes a bool, not an int"),
    ("where nothing > 5", "unknown-column: no column nothing here"),
]


@pytest.mark.parametrize(("query", "expected"), CASES)
def test_what_is_found(query: str, expected: str) -> None:
    found = bind(kusto.parse(f"T | {query}", tables=TABLES), TABLES).diagnostics
    assert "; ".join(f"{each.id}: {each.message}" for each in found) == expected


STRICT = [
    ("where number in (4624, 4625) and text == 'a' and yes == true and bag == 'a'", True),
    ("where number in ('4624')", False),
    ("where text == 5", False),
]


@pytest.mark.parametrize(("query", "fits"), STRICT)
def test_strictly_text_is_no_number(query: str, fits: bool) -> None:
    assert (not bind(kusto.parse(f"T | {query}"), TABLES, strict=True).diagnostics) == fits


def test_a_pattern_of_many_tables_is_not_judged() -> None:
    assert not bind(kusto.parse('search "x" | where $table == "T"'), TABLES).diagnostics


def test_a_long_sum_is_looked_at_once() -> None:
    sum_of_many = " + ".join(["number"] * 250)
    (found,) = bind(kusto.parse(f"T | extend z = {sum_of_many} + text"), TABLES).diagnostics
    assert found.id == "type-mismatch"


@pytest.mark.node
def test_every_pair_of_types_is_judged_as_by_the_analyser() -> None:
    """Left out: `between` of bools and of dynamic values, which here is `>=` and `<=`, and `yes in~ (true)`."""
    columns = {f"c_{kind}": kind for kind in TYPES}
    queries = []
    for kind, literal in product(TYPES, LITERALS.values()):
        queries += [f"T | {'extend z =' if word in '+-*/%' else 'where'} c_{kind} {word} {literal}" for word in WORDS]
        queries += [f"T | where c_{kind} {word} ({literal})" for word in LISTS if (kind, literal) != ("bool", "true")]
    judged = judge.errors(queries, {"T": columns})
    ours = [
        [each.message for each in bind(kusto.parse(query), {"T": columns}).diagnostics if each.id == "type-mismatch"]
        for query in queries
    ]
    apart = [q for q, theirs, mine in zip(queries, judged, ours, strict=True) if bool(theirs) != bool(mine)]
    assert apart == []


@pytest.mark.corpus
@pytest.mark.parametrize(("pack", "most"), [("sentinel", 6), ("kusto-community", 4)])
def test_real_rules_are_not_alarmed(pack: str, most: int, data_root: Path) -> None:
    """Those found are wrong at their source: `day_of_week in~ (...)` of a timespan, `"DES" or "Preauth"`, and the like."""
    found = []
    for file in sources.read(data_root / "corpora" / pack):
        for rule in [] if isinstance(file, Failure) else formats.read(file)[0]:
            query = read_rule(rule).query if rule.language == "kusto" else None
            if query is not None:
                fits = bind(query, shipped()).diagnostics
                found += [each.message for each in fits if each.id in ("type-mismatch", "value-misfit")]
    assert len(found) <= most
