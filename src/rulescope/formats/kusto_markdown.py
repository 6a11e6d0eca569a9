"""Kusto in Markdown: every fenced query of a file is a rule; headings and prose around it are its metadata."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ..model import Failure, Rule, RuleFile
from .filetext import file_text
from .kusto_file import file_title, variant
from .kustotext import looks_like_kusto, split_queries
from .mentions import links, tactics, techniques

FENCE = re.compile(r"^([ \t]{0,12})(`{3,}|~{3,})[ \t]*([^`\n]*)$")
HEADING = re.compile(r"^[ \t]{0,3}(#{1,6})[ \t]*(.*?)[ \t]*#*[ \t]*$")
OTHER_LANGUAGES = frozenset(
    [
        "powershell",
        "json",
        "xml",
        "yaml",
        "yml",
        "bash",
        "sh",
        "shell",
        "python",
        "cmd",
        "text",
        "csv",
        "console",
        "javascript",
        "html",
    ]
)
PLAIN = re.compile(
    r"^(?:microsoft )?(?:sentinel|defender(?: xdr| for endpoint)?|365 defender|m365 defender|query|detection|kql|kusto|queries"
    r"|hunting query|hunt|detection query|advanced hunting|log analytics|azure sentinel|mde|code|query information|description"
    r"|details|category|risk|references?|source|see also|mitre.*|.*kql description)(?: query)?$",
    re.IGNORECASE,
)
AUTHOR = re.compile(
    r"^[ \t]*[-*]*[ \t]*\*\*(?:Name|Contributor|Author)s?:?\*\*:?[ \t]*(.+?)[ \t]*$", re.IGNORECASE | re.MULTILINE
)
SEVERITY = re.compile(r"severity\W{1,8}(informational|low|medium|high|critical)\b", re.IGNORECASE)
COVERED = re.compile(r"^\|\s*([A-Za-z][A-Za-z ,&]+?)\s*\|\s*[vVxX✓]\s*\|", re.MULTILINE)
TACTIC_LINE = re.compile(r"(?:^|\W)tactics?\W{1,8}([A-Z][A-Za-z &/,]+)$", re.IGNORECASE | re.MULTILINE)


def sniff(text: str, path: str) -> bool:
    return any(block.is_query for block in _parse(text).blocks)


def read(file: RuleFile) -> tuple[list[Rule], list[Failure]]:
    """A Rule per query; fenced blocks of another language are no rules and no failures."""
    page = _parse(file_text(file.data))
    queries = [
        (block, line, part)
        for block in page.blocks
        if block.is_query
        for line, part in split_queries(block.text)
        if looks_like_kusto(part)
    ]
    if not queries:
        return [], [Failure(file.source, file.path, "Markdown without a Kusto query, not a rule", kind="NotARule")]
    title = page.title or file_title(file.path)
    titles = _titles(title, [block for block, _, _ in queries])
    rules = [
        _rule(file, page, number, name, block, line, part)
        for number, (name, (block, line, part)) in enumerate(zip(titles, queries, strict=True))
    ]
    return rules, []


@dataclass(slots=True)
class Section:
    heading: str
    level: int
    lines: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()


@dataclass(slots=True)
class Block:
    """A fenced block: its first line (from 0), its indent, its text, the headings above it, outermost first."""

    line: int
    indent: int
    info: str
    text: str
    headings: tuple[str, ...]

    @property
    def is_query(self) -> bool:
        return self.info.split(" ")[0].lower() not in OTHER_LANGUAGES and looks_like_kusto(self.text)


@dataclass(slots=True)
class Page:
    title: str = ""
    sections: list[Section] = field(default_factory=lambda: [Section("", 0)])
    blocks: list[Block] = field(default_factory=list)

    @property
    def prose(self) -> str:
        return "\n".join(f"{section.heading}\n{section.text}" for section in self.sections)

    def under(self, *words: str) -> str:
        """The text of the first section whose heading holds one of `words`, and of the sections below it."""
        for number, section in enumerate(self.sections):
            if any(word in section.heading.lower() for word in words):
                inner = [section.text]
                for later in self.sections[number + 1 :]:
                    if later.level <= section.level:
                        break
                    inner.append(later.text)
                if found := "\n".join(part for part in inner if part).strip():
                    return found
        return ""


def _parse(text: str) -> Page:
    page = Page()
    stack: list[tuple[int, str]] = []
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        line = lines[number]
        if fence := FENCE.match(line):
            number = _block(page, lines, number, fence, tuple(name for _, name in stack))
            continue
        if (heading := HEADING.match(line)) and heading[2]:
            level, name = len(heading[1]), _plain(heading[2])
            if not page.title and not PLAIN.match(name):
                page.title = name
            stack = [(above, said) for above, said in stack if above < level]
            stack.append((level, name))
            page.sections.append(Section(name, level))
        else:
            page.sections[-1].lines.append(line)
        number += 1
    return page


def _block(page: Page, lines: list[str], number: int, fence: re.Match[str], headings: tuple[str, ...]) -> int:
    """Adds the block that opens at line `number`; gives the line after it. An unclosed fence runs to the end."""
    mark, indent = fence[2], len(fence[1])
    inside: list[str] = []
    at = number + 1
    while at < len(lines):
        stripped = lines[at].strip()
        if stripped.startswith(mark) and not stripped.strip(mark[0]):
            break
        inside.append(lines[at][indent:] if not lines[at][:indent].strip() else lines[at])
        at += 1
    page.blocks.append(Block(number + 1, indent, fence[3].strip(), "\n".join(inside), headings))
    return at + 1


def _plain(text: str) -> str:
    """A heading without Markdown's marks."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return re.sub(r"[*_`]{1,3}(\S(?:.*?\S)?)[*_`]{1,3}", r"\1", text).strip(" *:#")


def _titles(title: str, blocks: list[Block]) -> list[str]:
    """A title per query: the page's, with the query's own heading where there are several, numbered when still equal."""
    if len(blocks) == 1:
        return [title]
    own = []
    for block in blocks:
        inner = [name for name in block.headings if name != title]
        last = inner[-1] if inner else ""
        what = variant(last) or ("" if PLAIN.match(last) else last)
        own.append(f"{title} ({what})" if what else title)
    seen: dict[str, int] = {}
    result = []
    for name in own:
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} [{seen[name]}]")
    return result


def _rule(file: RuleFile, page: Page, number: int, title: str, block: Block, line: int, text: str) -> Rule:
    prose = page.prose
    severity = SEVERITY.search(prose)
    guidance = page.under("false positive")
    return Rule(
        id=f"{file.path}#{number}" if number else file.path,
        title=title[:200],
        language="kusto",
        text=text,
        format="kusto_markdown",
        line=block.line + line + 1,
        indent=block.indent,
        kind="Hunting",
        description=_description(page),
        severity=severity[1].lower() if severity else "",
        authors=tuple(dict.fromkeys(_plain(name) for name in AUTHOR.findall(prose) if "<" not in name))[:5],
        source=file.source,
        path=file.path,
        url=file.url,
        commit=file.commit,
        licence=file.licence,
        references=links(page.under("reference", "source", "see also") or prose),
        false_positives=(guidance,) if guidance and guidance.lower() not in ("none", "none.", "n/a") else (),
        tactics=_tactics(prose),
        techniques=techniques(prose + " " + title + " " + file.path.replace("_", " ")),
    )


def _description(page: Page) -> str:
    said = page.under("description")
    if not said:
        said = next((section.text for section in page.sections if section.text and not _is_table(section.text)), "")
    return re.sub(r"\n{3,}", "\n\n", said).strip()


def _is_table(text: str) -> bool:
    return text.lstrip().startswith(("|", "- [", "!["))


def _tactics(prose: str) -> tuple[str, ...]:
    named = [name.strip() for name in COVERED.findall(prose)]
    for line in TACTIC_LINE.findall(prose):
        named.extend(part.strip() for part in re.split(r"[/,]", line))
    return tuple(dict.fromkeys([*tactics(prose), *(name for name in named if 3 < len(name) < 30)]))
