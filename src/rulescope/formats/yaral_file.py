"""YARA-L files (Google SecOps): the `meta` section as metadata, the whole rule as raw text."""

from __future__ import annotations

import re

from ..model import Failure, Rule, RuleFile
from .filetext import file_text
from .grouping import grouping
from .mentions import techniques

RULE = re.compile(r"^[ \t]*rule[ \t]+(\w+)[ \t]*\{?", re.MULTILINE)
META = re.compile(r"\bmeta\s*:(.*?)^\s*(?:events|setup|match|outcome|condition|options)\s*:", re.DOTALL | re.MULTILINE)
PAIR = re.compile(r'^\s*(\w+)\s*=\s*"((?:[^"\\]|\\.)*)"', re.MULTILINE)
TACTICS = frozenset(
    {"reconnaissance", "resource development", "initial access", "execution", "persistence", "privilege escalation",
     "defense evasion", "stealth", "defense impairment", "credential access", "discovery", "lateral movement", "collection",
     "command and control", "exfiltration", "impact"}
)  # fmt: skip
SEVERITIES = {"info": "informational", "informational": "informational", "none": ""}


def sniff(text: str, path: str) -> bool:
    return bool(RULE.search(text))


def read(file: RuleFile) -> tuple[list[Rule], list[Failure]]:
    """A Rule per `rule NAME {`."""
    text = file_text(file.data)
    starts = list(RULE.finditer(_uncommented(text)))
    if not starts:
        return [], [Failure(file.source, file.path, "no `rule NAME {`, not a rule", kind="NotARule")]
    ends = [*(match.start() for match in starts[1:]), len(text)]
    rules = []
    for number, (match, end) in enumerate(zip(starts, ends, strict=True)):
        body = text[match.start() : end].rstrip()
        meta = _meta(body)
        rules.append(_rule(file, number, match[1], body, text.count("\n", 0, match.start()) + 1, meta))
    return rules, []


def _uncommented(text: str) -> str:
    """`text` with block comments and comment lines blanked, offsets kept."""
    return re.sub(
        r"/\*.*?\*/|^[ \t]*//[^\n]*", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.DOTALL | re.MULTILINE
    )


def _meta(body: str) -> dict[str, str]:
    section = META.search(body)
    pairs = PAIR.findall(section[1] if section else "")
    return {name.lower(): value.replace('\\"', '"') for name, value in pairs}


def _rule(file: RuleFile, number: int, name: str, body: str, line: int, meta: dict[str, str]) -> Rule:
    severity = meta.get("severity", "").lower()
    windows, group_by = grouping(body, "yaral")
    mitre = " ".join(value for key, value in meta.items() if key.startswith(("mitre", "technique", "tags")))
    return Rule(
        id=meta.get("rule_id") or (f"{file.path}#{number}" if number else file.path),
        title=meta.get("rule_name") or name.replace("_", " "),
        language="yaral",
        text=body,
        format="yaral_file",
        line=line,
        name=name,
        kind=meta.get("type", "").capitalize(),
        status="deprecated" if "_deprecated/" in f"/{file.path}" else meta.get("status", "").lower(),
        description=meta.get("description", ""),
        severity=SEVERITIES.get(severity, severity),
        authors=(meta["author"],) if meta.get("author") else (),
        created=_date(meta.get("created", "")),
        modified=_date(meta.get("modified", "") or meta.get("updated", "")),
        version=meta.get("version", ""),
        source=file.source,
        path=file.path,
        url=file.url,
        commit=file.commit,
        licence=file.licence,
        references=tuple(
            value for key, value in meta.items() if key.startswith("reference") and value.startswith("http")
        ),
        false_positives=(meta["false_positives"],) if meta.get("false_positives") else (),
        tactics=_tactics(meta),
        techniques=techniques(mitre),
        tables=_logs(meta),
        windows=windows,
        group_by=group_by,
    )


def _tactics(meta: dict[str, str]) -> tuple[str, ...]:
    """Its tactics: named as such, or among the words beside its techniques (`execution, t1086`)."""
    named = meta.get("mitre_attack_tactic", meta.get("tactic", ""))
    words = [part.strip() for part in (named or meta.get("mitre", "")).split(",")]
    return tuple(word for word in words if word and (named or re.sub(r"[\W_]+", " ", word.lower()) in TACTICS))


def _logs(meta: dict[str, str]) -> tuple[str, ...]:
    """What it runs on: its data sources, or the product and service of a converted Sigma rule."""
    named = tuple(part.strip() for part in meta.get("data_source", "").split(",") if part.strip())
    source = " ".join(f"{key}={meta[key].strip()}" for key in ("category", "product", "service") if meta.get(key))
    return named or ((source,) if source else ())


def _date(text: str) -> str:
    match = re.match(r"(\d{4})[-/](\d{2})[-/](\d{2})", text)
    return "-".join(match.groups()) if match else ""
