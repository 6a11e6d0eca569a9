"""`rulescope fmt`: a Kusto text laid out again, one stage a line, with its comments and all its tokens kept in order.

Layout is decided by tokens and brackets alone, so formatting twice is formatting once. The tree is asked only for what
tokens cannot tell: which `(` is a call, which `-` a sign, which `=` an option.
"""

from __future__ import annotations

import re
from itertools import accumulate

from ...errors import QuerySyntaxError
from . import syntax as ast
from .format_spacing import spaces
from .parser import parse_text
from .tokens import DIRECTIVE, END, Tokens

WIDTH = 110
INDENT = 4
_LINE_END = re.compile(r"\r\n|[\r\n\u2028\u2029]")
_OPENERS = frozenset("([{")
_CLOSERS = frozenset(")]}")
_SHORT_QUERY = 60  # a query in brackets with one `|` stays on its line up to this width
_BY_LINE = frozenset({"summarize", "make-series"})


def format_text(text: str, path: str = "") -> str:
    """`text` laid out; an empty or blank text gives an empty text.

    Raises QuerySyntaxError when the text does not parse; an operator we do not know is enough.
    """
    script = parse_text(text, path)
    if script.faults:
        raise QuerySyntaxError(script.faults, text)
    return _Layout(Tokens(text), script).run()


class _Layout:
    """The tokens of one text on their way into lines."""

    def __init__(self, tokens: Tokens, script: ast.Script) -> None:
        self.kinds = tokens.kinds
        self.texts = tokens.texts
        self.trivia = tokens.trivia
        self.last = tokens.kinds.index(END)
        self.gaps = spaces(tokens, script)
        widths = (len(self.gaps[i]) + len(self.texts[i]) for i in range(self.last))
        self.width = [0, *accumulate(widths)]
        self.comments = [0, *accumulate("//" in trivia for trivia in self.trivia)]
        self.closer = self._closers()
        self.lines: list[str] = []
        self.line = ""
        self.said = -1  # the last token whose comments are written

    def _closers(self) -> dict[int, int]:
        """The index of the closing bracket for each opening one."""
        found: dict[int, int] = {}
        open_: list[int] = []
        for index in range(self.last):
            kind = self.kinds[index]
            if kind in _OPENERS:
                open_.append(index)
            elif kind in _CLOSERS:
                found[open_.pop()] = index
        return found

    def run(self) -> str:
        at = 0
        while self.kinds[at] == DIRECTIVE:
            self.write(at, 0, True)
            at += 1
        self.statements(at, self.last, 0)
        self.comments_before(self.last, 0)
        self.flush()
        while self.lines and not self.lines[0]:
            self.lines.pop(0)
        return "\n".join(self.lines) + "\n" if self.lines else ""

    # ---------------------------------------------------------------- where lines end

    def top_level(self, first: int, last: int, kinds: frozenset[str]) -> list[int]:
        """Indices of tokens of `kinds` outside of brackets in [first, last)."""
        found: list[int] = []
        at = first
        while at < last:
            kind = self.kinds[at]
            if kind in _OPENERS:
                at = self.closer[at]
            elif kind in kinds:
                found.append(at)
            at += 1
        return found

    def fits(self, first: int, last: int) -> bool:
        """Whether [first, last) can stand on the current line as it is."""
        return (
            len(self.line) + self.width[last] - self.width[first] <= WIDTH
            and self.comments[last] == self.comments[first]
            and not self.must_break(first, last)
        )

    def must_break(self, first: int, last: int) -> bool:
        """Whether a bracket in [first, last) holds statements or a query of several stages."""
        at = first
        stack: list[int] = []
        pipes: list[int] = []
        while at < last:
            kind = self.kinds[at]
            if kind in _OPENERS:
                stack.append(at)
                pipes.append(0)
            elif kind in _CLOSERS and stack:
                start = stack.pop()
                count = pipes.pop()
                if count > 1 or (count and self.width[at] - self.width[start] > _SHORT_QUERY):
                    return True
            elif kind == ";" and stack:
                return True
            elif kind == "|" and pipes:
                pipes[-1] += 1
            at += 1
        return False

    def statements(self, first: int, last: int, indent: int) -> None:
        """Statements, each beginning a line."""
        start = first
        for end in [*self.top_level(first, last, frozenset(";")), last]:
            if start < end:
                self.pipe(start, end, indent, True)
            if end < last:
                self.write(end, indent)
            start = end + 1

    def pipe(self, first: int, last: int, indent: int, statement: bool = False) -> None:
        """A query (or other statement): its source, and its stages each on a line."""
        bars = self.top_level(first, last, frozenset("|"))
        inner = indent + INDENT if bars and self.kinds[first] == "let" and statement else indent
        starts = [first, *bars]
        for start, end in zip(starts, [*bars, last], strict=True):
            own = indent if start == first else inner
            if start == first and statement and self.lines and self._blank_before(first):
                self.flush()
                self._blank()
            self.item(start, end, own, True, self.kinds[start if start == first else start + 1])

    def stage(self, first: int, last: int, indent: int, keyword: str) -> None:
        """The tokens of one stage or item, on one line when they fit, else broken at commas and before and/or."""
        if first >= last:
            return
        if self.fits(first, last):
            for at in range(first, last):
                self.write(at, indent + INDENT)
            return
        commas = self.top_level(first, last, frozenset(","))
        per_line = bool(self.top_level(first, last, frozenset("="))) or any(
            self.kinds[at] in _OPENERS for at in range(first, last)
        )
        inner = indent + INDENT
        at = first
        while at < last:
            kind = self.kinds[at]
            if kind in _OPENERS:
                at = self.bracket(at, inner if commas else indent)
                continue
            if kind in ("and", "or") or (kind == "by" and keyword in _BY_LINE):
                self.write(at, inner, True)
                per_line = per_line and kind != "by"
            else:
                self.write(at, inner)
            if kind == "," and at + 1 < last:
                following = next((comma for comma in commas if comma > at), last)
                if per_line or not self._room(at + 1, min(following + 1, last)):
                    self.flush()
                    self.line = " " * inner
            at += 1

    def _room(self, first: int, last: int, begun: bool = False) -> bool:
        """Whether [first, last) has room on the current line and no comment; `begun`: one before `first` is written."""
        room = len(self.line) + self.width[last] - self.width[first] <= WIDTH
        return room and self.comments[last] == self.comments[first + 1 if begun else first]

    def bracket(self, at: int, indent: int) -> int:
        """The bracket at `at` and what is in it; the index after it."""
        close = self.closer[at]
        if self.comments[at + 1] > self.comments[at] and self.line.strip():
            self.comments_before(at, indent + INDENT)
            self.line = " " * (indent + INDENT)
        if self._room(at, close + 1, True) and not self.must_break(at, close + 1):
            for index in range(at, close + 1):
                self.write(index, indent + INDENT)
            return close + 1
        self.write(at, indent + INDENT)
        inner = indent + INDENT
        first = at + 1
        if self.kinds[at] == "{" and self._is_body(at):
            self.statements(first, close, inner)
            self.write(close, indent, True)
        elif self.top_level(first, close, frozenset("|")):
            self.pipe(first, close, inner)
            self.write(close, indent, True)
        elif self.top_level(first, close, frozenset({",", ";", "and", "or"})):
            self.items(first, close, inner)
            self.write(close, indent, True)
        else:
            self.stage(first, close, indent, "")
            self.write(close, indent)
        return close + 1

    def _is_body(self, at: int) -> bool:
        """Whether the `{` at `at` holds statements: it stands after `)` or `=`, not in a dynamic literal."""
        return self.kinds[at - 1] in (")", "=")

    def items(self, first: int, last: int, indent: int) -> None:
        """What is between brackets that do not fit on their line: an item a line, or as many short ones as fit."""
        stops = self.top_level(first, last, frozenset({",", ";"}))
        ends = [*(stop + 1 for stop in stops), last]
        starts = [first, *ends[:-1]]
        short = len(stops) > 1 and all(self._plain(start, end) for start, end in zip(starts, ends, strict=True))
        for start, end in zip(starts, ends, strict=True):
            if start >= end:
                continue
            new = start == first or not short or not self._room(start, end)
            self.item(start, end, indent, new)

    def _plain(self, first: int, last: int) -> bool:
        """Whether an item is a word, a literal or a short call."""
        return last - first <= 3 or self.width[last] - self.width[first] <= 24

    def item(self, first: int, last: int, indent: int, new: bool, keyword: str = "") -> None:
        """The tokens from `first` on, on a line of their own when `new`."""
        if self.kinds[first] not in _OPENERS:
            self.write(first, indent, new)
            self.stage(first + 1, last, indent, keyword)
            return
        if new:
            self.comments_before(first, indent)
            self.flush()
            self.line = " " * indent
        self.stage(self.bracket(first, indent), last, indent, keyword)

    # ---------------------------------------------------------------- lines

    def write(self, at: int, indent: int, new: bool = False) -> None:
        """Token `at`, after the comments before it; on a line of its own start when `new`."""
        if self.comments[at + 1] > self.comments[at] and at > self.said:
            self.comments_before(at, indent)
            new = True
        if new:
            self.flush()
        if not self.line.strip():
            self.line = self.line or " " * indent
            self.line += self.texts[at]
        else:
            self.line += self.gaps[at] + self.texts[at]

    def comments_before(self, at: int, indent: int) -> None:
        """The comments in front of token `at`: one on the line of the token before it stays there."""
        blank = False
        self.said = at
        for number, part in enumerate(_LINE_END.split(self.trivia[at])):
            slashes = part.find("//")
            if slashes < 0:
                blank = blank or bool(number and not part.strip())
                continue
            comment = part[slashes:].rstrip()
            if number == 0 and self.line.strip():
                self.line += "  " + comment
                self.flush()
            else:
                self.flush()
                if blank and not indent:
                    self._blank()
                self.lines.append(" " * indent + comment)
            blank = False

    def _blank_before(self, at: int) -> bool:
        """Whether the author left a blank line before token `at`, after its last comment."""
        parts = _LINE_END.split(self.trivia[at])
        after = 0
        for number, part in enumerate(parts):
            if "//" in part:
                after = number
        return len(parts) - after > 2 and not any("//" in part for part in parts[1:])

    def _blank(self) -> None:
        if self.lines and self.lines[-1]:
            self.lines.append("")

    def flush(self) -> None:
        """End the current line."""
        if self.line.strip():
            self.lines.append(self.line.rstrip())
        self.line = ""
