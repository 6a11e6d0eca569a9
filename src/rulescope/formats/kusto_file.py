"""Bare Kusto files: `.kql`, `.csl`, `.txt` or no suffix; the comments above a query are its title and description."""

from __future__ import annotations

import re

from ..model import Failure, Rule, RuleFile, Schedule, Trigger
from .duration import seconds
from .filetext import file_text
from .kustotext import looks_like_kusto, split_queries
from .mentions import links, tactics, techniques
from .sentinel_yaml import OPERATORS

KEYED = re.compile(
    r"(name|title|detection name|description|severity|tactics?|techniques?|tags|author|created|modified|query ?frequency"
    r"|query ?period|alert ?trigger ?threshold|alert ?trigger ?operator|data ?source|version|id)\s*[:=]\s*(.*)",
    re.IGNORECASE,
)
PARSERS = re.compile(r"(?:^|/)parsers?/", re.IGNORECASE)
DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
SENTENCE = re.compile(r"(?<=[.!?])\s")
VARIANTS = (
    ("advanced hunting", "Defender XDR"), ("defender xdr", "Defender XDR"), ("365 defender", "Defender XDR"),
    ("defender for endpoint", "Defender XDR"), ("sentinel", "Sentinel"),
)  # fmt: skip


def sniff(text: str, path: str) -> bool:
    return looks_like_kusto(text)


def read(file: RuleFile) -> tuple[list[Rule], list[Failure]]:
    """One Rule per query of `file`; the first query's comments describe those without comments of their own."""
    text = file_text(file.data)
    parts = [(line, part) for line, part in split_queries(text) if looks_like_kusto(part)]
    if not parts:
        return [], [Failure(file.source, file.path, "text that is no Kusto query, not a rule", kind="NotARule")]
    rules: list[Rule] = []
    for number, (line, part) in enumerate(parts):
        rules.append(_rule(file, number, line, part, rules[0] if rules else None))
    return rules, []


def file_title(path: str) -> str:
    """A title from a file name: no suffix, underscores as spaces."""
    name = path.rsplit("/", 1)[-1]
    stem = re.sub(r"\.(kql|csl|txt|kusto|md|ya?ml)$", "", name, flags=re.IGNORECASE)
    return re.sub(r"[_\s]+", " ", stem).strip() or path


def variant(text: str) -> str:
    """`Sentinel` or `Defender XDR` when `text` (a heading, a comment) says a query is for one of them; "" else."""
    low = text.lower()
    found = list(dict.fromkeys(name for words, name in VARIANTS if words in low))
    return found[0] if len(found) == 1 else ""


def _rule(file: RuleFile, number: int, line: int, text: str, first: Rule | None) -> Rule:
    comments = _header(text)
    keyed, prose = _keyed(comments)
    said = keyed.get("name") or keyed.get("title") or keyed.get("detection name") or ""
    title = said or (first.title if first else _prose_title(prose, file.path))
    if first:
        what = variant(" ".join(comments))
        own = "" if what else _sentence(prose)
        title = said or own or f"{title} ({what or f'query {number + 1}'})"
    description = keyed.get("description") or "\n".join(prose).strip()
    words = "\n".join(comments)
    return Rule(
        id=keyed.get("id") or (f"{file.path}#{number}" if number else file.path),
        title=title[:200],
        language="kusto",
        text=text,
        format="kusto_file",
        line=line + 1,
        kind="Parser" if PARSERS.search(file.path) else "Hunting",
        description="" if description == title else (description or (first.description if first else "")),
        severity=_severity(keyed.get("severity", "")),
        authors=(keyed["author"],) if keyed.get("author") else (),
        created=_date(keyed.get("created", "")),
        modified=_date(keyed.get("modified", "")),
        version=keyed.get("version", ""),
        source=file.source,
        path=file.path,
        url=file.url,
        commit=file.commit,
        licence=file.licence,
        references=links(words),
        tags=tuple(dict.fromkeys(re.findall(r"#(\w+)", keyed.get("tags", "")))),
        tactics=_tactics(keyed, words),
        techniques=techniques(words + " " + re.sub(r"[_]", " ", file.path)),
        schedule=_schedule(keyed),
        trigger=_trigger(keyed),
    )


def _date(text: str) -> str:
    found = DATE.match(text.strip())
    return found[0] if found else ""


def _header(text: str) -> list[str]:
    """The comment lines before the first code, without their slashes."""
    found: list[str] = []
    for line in text.split("\n"):
        stripped = line.strip().lstrip("\ufeff\u200b")
        if stripped.startswith("//"):
            words = stripped.lstrip("/").strip()
            if not words or re.search(r"\w", words):  # rulers of dashes say nothing
                found.append(words)
        elif stripped:
            break
    return found


def _keyed(comments: list[str]) -> tuple[dict[str, str], list[str]]:
    """`Name: value` comments by lower-case name, and the other lines; a keyed value runs on over plain lines."""
    keyed: dict[str, str] = {}
    prose: list[str] = []
    open_key = ""
    for comment in comments:
        match = KEYED.fullmatch(comment)
        if match:
            open_key = re.sub(r"\s", "", match[1].lower()) if " " in match[1] else match[1].lower()
            keyed.setdefault(open_key, match[2].strip())
        elif not comment:
            open_key = ""
        elif open_key == "description":
            keyed[open_key] = f"{keyed[open_key]} {comment}".strip()
        else:
            prose.append(comment)
    return keyed, prose


def _prose_title(prose: list[str], path: str) -> str:
    """The first comment when it is a short sentence, else the file name."""
    return _sentence(prose) or file_title(path)


def _sentence(prose: list[str]) -> str:
    """The first sentence of the first comment when it is short and no link and no code, else ""."""
    if not prose:
        return ""
    first = SENTENCE.split(prose[0])[0].strip().rstrip(".")
    said = 3 <= len(first.split()) <= 20 and not first.endswith(":") and not re.search(r"https?://|[|;{}]|==", first)
    return first if said else ""


def _severity(text: str) -> str:
    word = text.strip().lower()
    return word if word in ("informational", "low", "medium", "high", "critical") else ""


def _tactics(keyed: dict[str, str], words: str) -> tuple[str, ...]:
    said = keyed.get("tactics") or keyed.get("tactic") or ""
    named = [part.strip(" #") for part in re.split(r"[,;]|\s(?=#)", said)]
    return tuple(dict.fromkeys([*(name for name in named if name), *tactics(words)]))


def _schedule(keyed: dict[str, str]) -> Schedule | None:
    frequency, period = seconds(keyed.get("queryfrequency", "")), seconds(keyed.get("queryperiod", ""))
    return None if frequency is None and period is None else Schedule(frequency or 0, period or 0)


def _trigger(keyed: dict[str, str]) -> Trigger | None:
    """A threshold counts only with its operator: without one it says neither "more than" nor "at least"."""
    said = keyed.get("alerttriggerthreshold", "")
    op = OPERATORS.get(re.sub(r"\s", "", keyed.get("alerttriggeroperator", "")).lower())
    return Trigger(op, int(said)) if op and said.isdigit() else None
