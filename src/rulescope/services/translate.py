"""Translate: a rule, or a rule file, written in another language over the tables of a schema, with proof."""

from __future__ import annotations

from pathlib import Path

from .. import translation
from ..errors import FormatError, QuerySyntaxError, RuleError
from ..model import Rule, Translation
from ..text import Place
from .explain import rules_in
from .reading import Read, read_rule


def translate(
    rule_or_path: str | Path | Rule,
    to: str = "kusto",
    schema: str = "sentinel-asim",
    options: translation.Options | None = None,
) -> Translation:
    """The translation of a rule, of the first rule of a file, or of a Sigma rule's text.

    Raises RuleError for a rule that cannot be read, UnsupportedError for a language we do not write, SchemaError for a
    schema we do not know.
    """
    read = _read(rule_or_path)
    assert read.query is not None
    return translation.translate(read.rule, read.query, to, schema, options or translation.Options())


def _read(rule_or_path: str | Path | Rule) -> Read:
    if isinstance(rule_or_path, Rule):
        rule = rule_or_path
    else:
        rules, failures = rules_in(rule_or_path)
        if not rules:
            failure = failures[0]
            place = Place(failure.path, failure.line, failure.column) if failure.line else None
            raise FormatError(failure.message, place)
        rule = rules[0]
    read = read_rule(rule)
    if read.faults:
        raise QuerySyntaxError(read.faults, rule.text)
    if read.query is None:
        raise RuleError(read.trouble or f"{rule.title}: no query")
    return read
