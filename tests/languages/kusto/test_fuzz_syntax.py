"""No text makes the parser crash, hang or raise anything but faults: random, mutated and hostile texts."""

from __future__ import annotations

import gzip
import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rulescope.errors import QuerySyntaxError
from rulescope.languages.kusto.format import format_text
from rulescope.languages.kusto.parser import parse_text
from rulescope.languages.kusto.parser_operators import OPERATORS
from rulescope.languages.kusto.tokens import KEYWORDS, NEGATED, PUNCTUATION, Tokens

WORDS = [
    *sorted(KEYWORDS | NEGATED | PUNCTUATION | set(OPERATORS)),
    "T",
    "x",
    "y",
    "'s'",
    '@"v"',
    "1",
    "2d",
    "1.5",
    "// c\n",
]
GOLDEN = Path(__file__).parent / "golden-syntax"


def survives(text: str) -> None:
    script = parse_text(text, "fuzz.kql")
    assert len(script.faults) == len(script.kinds)
    starts = [fault.span.start for fault in script.faults]
    assert starts == sorted(set(starts))
    assert all(0 <= fault.span.start <= fault.span.end <= len(text) for fault in script.faults)
    if script.faults:
        assert QuerySyntaxError(script.faults, text).report()
    else:
        assert not parse_text(format_text(text)).faults


@given(st.lists(st.sampled_from(WORDS), max_size=40))
def test_words_in_any_order(words: list[str]) -> None:
    survives(" ".join(words))
    survives("T | " + " ".join(words))


@settings(max_examples=50)
@given(st.text(max_size=80))
def test_any_text(text: str) -> None:
    survives(text)


def mutants(query: str, number: int, seed: int) -> list[str]:
    """Copies of `query` with one or two of its tokens dropped, doubled, swapped or replaced."""
    chance = random.Random(seed)
    tokens = Tokens(query)
    pieces = [trivia + text for trivia, text in zip(tokens.trivia, tokens.texts, strict=True)]
    found: list[str] = []
    for _ in range(number):
        copy = list(pieces)
        for _ in range(chance.choice((1, 1, 2))):
            at = chance.randrange(len(copy))
            other = chance.randrange(len(copy))
            change = chance.randrange(4)
            if change == 0:
                copy[at] = ""
            elif change == 1:
                copy[at] += copy[at]
            elif change == 2:
                copy[at], copy[other] = copy[other], copy[at]
            else:
                copy[at] = " " + chance.choice(WORDS) + " "
        found.append("".join(copy))
    return found


@pytest.mark.parametrize("name", ["rule", "operators", "errors"])
def test_mutated_queries(name: str) -> None:
    for mutant in mutants((GOLDEN / f"{name}.kql").read_text(encoding="utf-8"), 150, 7):
        survives(mutant)


@pytest.mark.corpus
def test_mutated_real_queries(kusto_cases: Path) -> None:
    with gzip.open(kusto_cases / "rules.jsonl.gz", "rt", encoding="utf-8") as lines:
        queries = [json.loads(line)["query"] for line in lines]
    for number, query in enumerate(queries[::10]):
        for mutant in mutants(query, 3, number):
            survives(mutant)


HOSTILE: dict[str, Callable[[int], str]] = {
    "and": lambda n: "T | where " + " and ".join(f"a{i} == {i}" for i in range(n)),
    "or": lambda n: "T | where " + " or ".join(["a == 'x'"] * n),
    "sum": lambda n: "T | where x == " + " + ".join(["a"] * n),
    "path": lambda n: "T | where x" + ".a" * n,
    "elements": lambda n: "T | where x" + "[0]" * n,
    "list": lambda n: "T | where a in (" + ", ".join(["'x'"] * n) + ")",
    "parens": lambda n: "T | where " + "(" * n + "a" + ")" * n,
    "open": lambda n: "T | where " + "(" * n,
    "brackets": lambda n: "T | where " + "[" * n,
    "braces": lambda n: "print dynamic(" + "{'a':" * n,
    "functions": lambda n: "let f = () {" * n,
    "joins": lambda n: "T " + "| join (T " * n,
    "stages": lambda n: "T" + " | where a" * n,
    "unknown": lambda n: "T" + " | foo a" * n,
    "broken": lambda n: "T" + " | where (" * n,
    "faults": lambda n: "let ;" * n,
    "closers": lambda n: ")" * n,
    "quotes": lambda n: "T | where a == '" + '"\n' * n,
    "ticks": lambda n: "`" * n,
    "signs": lambda n: "T | where " + "-" * n,
    "spaces": lambda n: "T" + " " * n,
    "comments": lambda n: "T" + "//\n" * n + "x",
    "names": lambda n: "T | extend " + "(a, " * 90 + "b, " * n,
    "strings": lambda n: "print " + "'a' " * n,
    "slashes": lambda n: "print '" + "\\" * n,
    "stars": lambda n: "T | project-away " + "a*" * n,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_take_time_in_proportion_to_their_length(name: str) -> None:
    small, large = HOSTILE[name](2_000), HOSTILE[name](16_000)
    assert seconds(large) < 40 * seconds(small) + 0.05


def seconds(text: str) -> float:
    best = 9.0
    for _ in range(2):
        began = time.perf_counter()
        parse_text(text)
        best = min(best, time.perf_counter() - began)
    return best


def test_five_thousand_terms_do_not_recurse() -> None:
    for text in (HOSTILE["and"](5_000), HOSTILE["or"](5_000), HOSTILE["list"](5_000), HOSTILE["stages"](5_000)):
        assert parse_text(text).faults == ()


def test_as_deep_as_allowed() -> None:
    for deep in (
        "(T | where " * 95 + "x" + ")" * 95,
        "f(" * 99 + "1" + ")" * 99,
        "toscalar(T | join (" * 45 + "U" + ") on k)" * 45,
    ):
        assert (
            parse_text(f"T | where {deep}").faults == ()
            or "nested" in parse_text(f"T | where {deep}").faults[0].message
        )
