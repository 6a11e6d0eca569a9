"""An interactive Kusto shell over local tables: history, completion, several lines a query, charts in the terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.history import FileHistory, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

OPERATORS = (
    "as", "consume", "count", "datatable", "distinct", "evaluate", "extend", "externaldata", "facet", "find", "fork",
    "getschema", "invoke", "join", "let", "limit", "lookup", "make-graph", "make-series", "materialize", "mv-apply",
    "mv-expand", "order by", "parse", "parse-kv", "parse-where", "partition", "print", "project", "project-away",
    "project-keep", "project-rename", "project-reorder", "range", "reduce by", "render", "sample", "sample-distinct", "scan",
    "search", "serialize", "sort by", "summarize", "take", "top", "top-hitters", "top-nested", "union", "where",
)  # fmt: skip
TYPED = re.compile(r"[A-Za-z_][\w-]*")

HELP = """\
Type a Kusto query; a blank line or a semicolon runs it, as Alt+Enter does at once.
.tables        the tables there are, with their number of rows
.schema NAME   the columns of a table
.help          this text
.quit          leave (or Ctrl+D)"""


class Words(Completer):
    """Completes tables, columns, operators and functions at the word before the cursor."""

    def __init__(self, tables: Iterable[str], columns: Iterable[str], functions: Iterable[str]) -> None:
        kinds = [(tables, "table"), (columns, "column"), (OPERATORS, "operator"), (functions, "function")]
        self._words = [(word, kind) for words, kind in kinds for word in sorted(set(words))]

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        """Words that start with what is typed, ignoring case."""
        typed = document.get_word_before_cursor(pattern=TYPED)
        if not typed:
            return
        for word, kind in self._words:
            if word.lower().startswith(typed.lower()):
                yield Completion(word, start_position=-len(typed), display_meta=kind)


def bindings() -> KeyBindings:
    """Enter runs a dot command or a finished query, else adds a line."""
    keys = KeyBindings()

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        text = buffer.text.strip()
        if not text or text.startswith(".") or text.endswith(";") or buffer.document.current_line.strip() == "":
            buffer.validate_and_handle()
        else:
            buffer.insert_text("\n")

    return keys


def loop(
    answer: Callable[[str], None],
    completer: Words,
    history: Path | None = None,
    session: PromptSession[str] | None = None,
) -> None:
    """Read texts until the end and give each to `answer`, which prints."""
    prompt = session or PromptSession(
        history=FileHistory(str(history)) if history else InMemoryHistory(),
        completer=completer,
        complete_while_typing=True,
        multiline=True,
        key_bindings=bindings(),
        editing_mode=EditingMode.EMACS,
        prompt_continuation=lambda width, line, wrapped: "." * (width - 1) + " ",
    )
    while True:
        try:
            text = prompt.prompt("kusto> ").strip()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        if text in (".quit", ".exit", "quit", "exit"):
            return
        if text:
            answer(text)
