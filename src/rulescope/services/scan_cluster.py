"""Kusto rules run on a cluster, over what that cluster holds."""

from __future__ import annotations

from collections.abc import Iterator

from ..engines.cluster import Cluster
from ..errors import RulescopeError, UnsupportedError
from ..logs.times import iso, when
from ..model import Alert, NotRun, Query, Rule
from .scan_alerts import alert_of, fires, plain

ENGINE = "kusto"


class ClusterRules:
    """Kusto rules and the cluster that runs them: each once, as its text stands, at the cluster's own `now()`."""

    def __init__(self, rules: list[tuple[int, Rule, Query]], url: str, database: str) -> None:
        """Raises UnsupportedError for an address that is none, or without the kusto extra."""
        self._rules = rules
        self._cluster = Cluster(url, database) if rules else None
        self._url = url

    def run(self) -> Iterator[tuple[int, Alert | NotRun]]:
        """Alerts of all rules with their numbers, in order, or why they did not run."""
        for number, rule, _ in self._rules:
            assert self._cluster is not None
            try:
                found = self._cluster.run(rule.text)
            except UnsupportedError as error:
                yield number, NotRun(rule.id, ENGINE, error.construct, "", rule.title)
                continue
            except RulescopeError as error:
                yield number, NotRun(rule.id, ENGINE, "limits", str(error), rule.title)
                continue
            if not fires(rule, found.num_rows):
                continue
            if not found.num_rows:
                yield number, alert_of(rule, {}, "", 0)
            for row in found.to_pylist():
                made = {name: plain(value) for name, value in row.items()}
                yield number, alert_of(rule, made, iso(when(made)), 1, self._url)
