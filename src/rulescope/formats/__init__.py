"""Formats: how a file wraps a query. A module per format reads a file into Rules and Failures and never raises for content."""

from __future__ import annotations

from functools import cache

from ..model import Failure, Rule, RuleFile
from ..registry import Registry
from .filetext import file_text, is_binary

FORMATS = Registry(
    "format",
    {  # in the order they are tried
        "sigma_yaml": "rulescope.formats.sigma_yaml",
        "escu_yaml": "rulescope.formats.escu_yaml",
        "sentinel_yaml": "rulescope.formats.sentinel_yaml",
        "elastic_toml": "rulescope.formats.elastic_toml",
        "yaral_file": "rulescope.formats.yaral_file",
        "kusto_markdown": "rulescope.formats.kusto_markdown",
        "kusto_file": "rulescope.formats.kusto_file",
    },
)
SUFFIXES = {  # what a file of that suffix can be; others are tried as plain Kusto
    "yml": ("sigma_yaml", "escu_yaml", "sentinel_yaml"),
    "yaml": ("sigma_yaml", "escu_yaml", "sentinel_yaml"),
    "toml": ("elastic_toml",),
    "yaral": ("yaral_file",),
    "md": ("kusto_markdown",),
    "markdown": ("kusto_markdown",),
    "kql": ("kusto_file",),
    "csl": ("kusto_file",),
    "kusto": ("kusto_file",),
    "txt": ("kusto_file",),
    "": ("kusto_file", "kusto_markdown"),
}
OTHERS = {  # suffix: what such files beside rules are
    "evtx": "a Windows event log", "json": "JSON data", "jsonl": "JSON data", "ndjson": "JSON data", "csv": "a table of data",
    "raw": "log data", "jsoncls": "log data", "png": "a picture", "jpg": "a picture", "gif": "a picture", "svg": "a picture",
    "py": "a program", "ps1": "a program", "sh": "a program", "zip": "an archive", "gz": "an archive", "html": "a web page",
    "ipynb": "a notebook", "pdf": "a document", "xml": "XML data", "log": "log data",
}  # fmt: skip


def suffix(path: str) -> str:
    """The lower-case suffix of the file name, without the dot; "" when what follows a dot is no suffix."""
    name = path.rsplit("/", 1)[-1]
    end = name.rsplit(".", 1)[-1].lower() if "." in name.lstrip(".") else ""
    return end if end in SUFFIXES or end in OTHERS else ""


def detect(file: RuleFile) -> str | None:
    """The name of the format `file` is in, by suffix and content; None when it is none we read."""
    if is_binary(file.data):
        return None
    text = file_text(file.data)
    end = suffix(file.path)
    candidates: tuple[str, ...] = SUFFIXES.get(end, ())
    for name in (*candidates, *_third_party()):
        if FORMATS[name].sniff(text, file.path):
            return name
    return None


@cache
def _third_party() -> tuple[str, ...]:
    """Formats others added: they are asked about every file that none of ours took."""
    ours = {name for names in SUFFIXES.values() for name in names}
    return tuple(name for name in FORMATS if name not in ours)


def read(file: RuleFile) -> tuple[list[Rule], list[Failure]]:
    """Rules and failures of `file`; never both empty: a file that holds no rule is a failure that says so."""
    name = detect(file)
    if name is None:
        return [], [Failure(file.source, file.path, _why_none(file), kind="NotARule")]
    rules, failures = FORMATS[name].read(file)
    if not rules and not failures:
        failures = [Failure(file.source, file.path, f"no rule in this {name} file", kind="NotARule")]
    return rules, failures


def _why_none(file: RuleFile) -> str:
    if not file.data.strip(b"\x00 \t\r\n"):
        return "nothing but NUL bytes, not a rule" if file.data.strip() else "an empty file"
    what = OTHERS.get(suffix(file.path))
    if what:
        return f"{what}, not a rule"
    if is_binary(file.data):
        return "binary data, not a rule"
    end = suffix(file.path)
    reasons = {
        "yml": "YAML without a detection or query", "yaml": "YAML without a detection or query",
        "md": "Markdown without a Kusto query", "toml": "TOML without a rule", "yaral": "no `rule NAME {`",
    }  # fmt: skip
    return f"{reasons.get(end, 'text that is no Kusto query')}, not a rule"
