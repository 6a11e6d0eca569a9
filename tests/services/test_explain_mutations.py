"""Explain never raises: rules with parts cut out, doubled, moved and replaced, in every format."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rule_files import BROKEN, SENTINEL, SIGMA_BITS
from rulescope.services.explain import explain

MARKDOWN = f"# A hunt\n\nWhat it does.\n\n```kusto\n{BROKEN}\n```\n\n| T1197 | BITS Jobs |\n"
CORRELATION = """title: Many
name: many
correlation:
  type: event_count
  rules: [other]
  group-by: [User]
  timespan: 5m
  condition: {gte: 10}
"""
TEXTS = (SIGMA_BITS, SENTINEL, BROKEN, MARKDOWN, CORRELATION)
PIECES = (
    "(", ")", "[", "{", "'", '"', "|", "\\", "\n", "\t", "\x00", "\ufeff", "*", ": ", "- ", " not ", " and ", "null", "~", "1e999",
    "99999999999999999999", "-", "..", "let x = ", "; ", "| join (", "in (", "dynamic([", "|re", "|cidr", "&a *a", "!!python/x",
    "<<: ", "```", "2025-99-99", "\u2028", "\U0001f4a5",
)  # fmt: skip


def mutated(text: str, seed: int) -> str:
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 4)):
        start = chance.randrange(len(text) + 1)
        stop = min(len(text), start + chance.randint(1, 60))
        part = text[start:stop]
        new = chance.choice(("", part * 3, chance.choice(PIECES), chance.choice(PIECES) + part))
        text = text[:start] + new + text[stop:]
    return text


@settings(max_examples=120)
@given(st.integers(min_value=0), st.sampled_from(TEXTS))
def test_no_mutation_raises(seed: int, text: str) -> None:
    page = explain(mutated(text, seed))
    assert page.rule.title


@pytest.mark.parametrize("text", TEXTS)
def test_every_start_of_a_rule_is_explained_or_refused(text: str) -> None:
    for length in range(0, len(text), 23):
        explain(text[:length])
