"""rulescope: read, explain, translate, prove and run detection rules.

import rulescope

rulescope.explain("rule.yml").indicators
rulescope.translate("rule.yml", schema="defender-xdr").text
rulescope.query("T | summarize count() by a", {"T": "events.ndjson"})
list(rulescope.scan("logs/", "rules/"))
rulescope.open("rulescope.sqlite").search("bitsadmin")
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import version as _version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import Fault as Fault
from .errors import QuerySyntaxError as QuerySyntaxError
from .errors import RulescopeError as RulescopeError
from .errors import UnsupportedError as UnsupportedError
from .text import Place as Place

if TYPE_CHECKING:
    import pyarrow as pa

    from .catalogue import Catalogue
    from .model import Alert, NotRun, Query, Rule, Translation
    from .services.pages import RulePage

__version__ = _version("rulescope")
__all__ = [
    "Fault", "Place", "QuerySyntaxError", "RulescopeError", "UnsupportedError", "explain", "open", "parse", "query", "query_all", "scan",
    "translate",
]  # fmt: skip


def parse(text: str, language: str) -> Query:
    """The meaning of `text` in `language` (`sigma` or `kusto`) as a `rulescope.model.Query`.

    Raises QuerySyntaxError with every error of the text in `.errors`, each with its `Place`; KeyError for a language
    without a reader. What is well formed but not understood stands in the query as `Opaque`.
    """
    from . import languages

    return languages.parse(text, language)


def explain(
    text_or_path: str | Path | Rule, language: str | None = None, tables: Mapping[str, Mapping[str, str]] | None = None
) -> RulePage:
    """Everything known of a rule: a rule file, or the text of a rule or query in `language` (found out when None).

    `.rule .stages .indicators .exclusions .outputs .columns .parameters .events .tactics .techniques .diagnostics .opaque`
    and more; `.columns` is a tuple of (name, Kusto type), None when unknown; `.opaque` lists what was not understood.
    `tables` maps table name to {column: Kusto type}, before the tables that ship. Never raises for what a rule says.
    """
    from .services import explain as service

    return service.explain(text_or_path, language, tables)


def translate(rule_or_path: str | Path | Rule, to: str = "kusto", schema: str = "sentinel-asim") -> Translation:
    """A Sigma rule written in Kusto over the tables of `schema`, with proof.

    `.text` is empty when the schema cannot say the rule; `.losses` tell why; `.checks` list the steps of the proof;
    `.verdict` is equal, wider, narrower, differs, impossible or untested; `.witness` is an event that shows it when not equal.
    Raises RuleError for a rule that cannot be read.
    """
    from .services import translate as service

    return service.translate(rule_or_path, to, schema)


def query(kusto_text: str, tables: Mapping[str, Any] | None = None) -> pa.Table:
    """The rows of a Kusto query over `tables` (name -> log file, folder or Arrow table), columns as Kusto names them.

    Raises QuerySyntaxError on malformed text, UnsupportedError for what the engine cannot run, LogError for a table that
    cannot be read. The query itself can reach nothing outside `tables`.
    """
    from .services import query as service

    return service.query(kusto_text, tables)


def query_all(kusto_text: str, tables: Mapping[str, Any] | None = None) -> list[tuple[str, pa.Table]]:
    """All results of a Kusto query with their names, in order: `fork`, `facet` and several statements give more than one.

    Raises as `query` does, which refuses a query of several results.
    """
    from .services import query as service

    return service.query_all(kusto_text, tables)


def scan(
    logs: str | Path | Iterable[str | Path], rules: str | Path | Rule | Iterable[str | Path | Rule]
) -> Iterator[Alert | NotRun]:
    """Alerts of `rules` (files, folders, Rule values) over `logs` (files, folders), then a NotRun for what could not run."""
    from .services import scan as service

    return service.scan(logs, rules)


def open(path: str | Path) -> Catalogue:
    """The catalogue at `path`, made when it is not there. Raises CatalogueError for a file that is no catalogue."""
    from .catalogue import Catalogue

    return Catalogue(path)
