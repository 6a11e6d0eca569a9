"""Other targets: query languages that an installed pySigma back end writes. Nobody here proves what it writes, and it says so."""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import Any

from ..errors import UnsupportedError
from ..model import Check, Loss, Rule, Translation, Verdict

PACKAGE = "sigma.backends"
OURS = "kusto"
OWN = frozenset({"test"})
"""Back ends of pySigma itself that are there for its tests."""


@cache
def targets() -> tuple[str, ...]:
    """Names of the pySigma back ends that are installed: `splunk`, `elasticsearch`, ..."""
    try:
        package = import_module(PACKAGE)
    except ImportError:
        return ()
    found = {module.name for module in pkgutil.iter_modules(package.__path__)}
    return tuple(sorted(found - OWN - {OURS, "base"}))


def translate(rule: Rule, to: str) -> Translation:
    """A Sigma rule as the pySigma back end `to` writes it (`splunk`, or `elasticsearch.esql` for one class of several).

    Its verdict is UNTESTED, always. What the back end refuses is refused here with its own words. Raises
    UnsupportedError, which says how to install it, when there is no such back end.
    """
    made = _back_end(to)
    if rule.language != "sigma":
        return _refused(rule, to, f"a rule in {rule.language}", "only Sigma rules are translated")
    try:
        written = _convert(made, rule)
    except Exception as error:  # a back end raises whatever it likes
        return _refused(rule, to, type(error).__name__, str(error))
    if not written:
        return _refused(rule, to, "nothing written", f"the pySigma back end {to} gave no query")
    unproven = Check("execute", None, f"unverified: written by the pySigma back end {to}, not read back and not run")
    return Translation(rule.id, to, "", written, (), (unproven,), Verdict.UNTESTED)


def _convert(made: Any, rule: Rule) -> str:
    """pySigma changes the rules it converts, so each is parsed afresh for a back end of its own."""
    from sigma.collection import SigmaCollection

    queries = made().convert(SigmaCollection.from_yaml(rule.text))
    listed = queries if isinstance(queries, list) else [queries]
    return "\n\n".join(str(query) for query in listed)


def _refused(rule: Rule, to: str, construct: str, why: str) -> Translation:
    return Translation(rule.id, to, "", "", (Loss(construct, why, "unmapped"),))


def _back_end(to: str) -> Any:
    """The class of a back end, by `module` or `module.class`."""
    name, _, wanted = to.partition(".")
    known = targets()
    if name not in known:
        listed = f"; installed: {', '.join(known)}" if known else ""
        raise UnsupportedError(
            "this installation",
            f"{to}: no pySigma back end {name!r}, `pip install pysigma-backend-{name}` adds it{listed}",
        )
    try:
        module = import_module(f"{PACKAGE}.{name}")
    except Exception as error:  # made for another pySigma, it may fail in any way when imported
        raise UnsupportedError(
            "this installation", f"{to}: the pySigma back end {name} does not load: {error}"
        ) from error
    found = {
        each.__name__.lower().removesuffix("backend"): each
        for each in vars(module).values()
        if isinstance(each, type)
        and each.__name__.endswith("Backend")
        and each.__module__.startswith(f"{PACKAGE}.{name}")
    }
    chosen = found.get((wanted or name).lower()) or (None if wanted else next(iter(found.values()), None))
    if chosen is None:
        raise UnsupportedError("this installation", f"{to}: that back end has {', '.join(found) or 'no classes'}")
    return chosen
