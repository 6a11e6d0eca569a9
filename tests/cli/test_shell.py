"""The shell, driven through a pipe as by a person at the keyboard."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from prompt_toolkit import PromptSession
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from rulescope.cli import run, shell
from rulescope.services import query as service

ROWS = [
    {"TimeGenerated": f"2026-11-10T0{hour}:00:00Z", "FileName": name, "n": hour}
    for hour, name in ((1, "cmd.exe"), (2, "whoami.exe"), (3, "cmd.exe"))
]


@pytest.fixture
def session(tmp_path: Path) -> service.Session:
    log = tmp_path / "events.ndjson"
    log.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return service.session({"Events": log})


def typed(keys: str, session: service.Session, history: Path | None = None) -> list[str]:
    """What `answer` is given for these keys; the shell ends with them."""
    answered: list[str] = []
    words = shell.Words(session.tables, ["FileName"], ["strlen"])
    with create_pipe_input() as pipe, create_app_session(input=pipe, output=DummyOutput()):
        pipe.send_text(keys + "\x04")
        shell.loop(answered.append, words, history)
    return answered


TYPED = [  # keys, the texts that are run
    ("Events | count;\r", ["Events | count;"]),
    ("Events\r| count\r\r", ["Events\n| count"]),
    (".tables\r", [".tables"]),
    ("a;\rb;\r", ["a;", "b;"]),
    ("\r\r  \r", []),
    ("half a line\x03Events;\r", ["Events;"]),
    (".quit\rEvents;\r", []),
]


@pytest.mark.parametrize(("keys", "texts"), TYPED)
def test_a_blank_line_or_a_semicolon_runs_what_was_typed(keys: str, texts: list[str], session: service.Session) -> None:
    assert typed(keys, session) == texts


def test_history_outlives_the_shell(session: service.Session, tmp_path: Path) -> None:
    typed("Events | take 1;\r", session, tmp_path / "history")
    assert typed("\x1b[A\r", session, tmp_path / "history") == ["Events | take 1;"]


COMPLETED = [  # text before the cursor, what is offered: (word, kind)
    ("Even", [("Events", "table")]),
    ("Events | where f", [("FileName", "column"), ("facet", "operator"), ("find", "operator"), ("fork", "operator")]),
    ("Events | extend x = strl", [("strlen", "function")]),
    ("Events | proj", [("project", "operator"), ("project-away", "operator"), ("project-keep", "operator"),
                       ("project-rename", "operator"), ("project-reorder", "operator")]),
    ("Events | project-r", [("project-rename", "operator"), ("project-reorder", "operator")]),
    ("Events | where FileName ", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "offered"), COMPLETED)
def test_tables_columns_operators_and_functions_are_completed(
    text: str, offered: list[tuple[str, str]], session: service.Session
) -> None:
    words = shell.Words(session.tables, ["FileName"], ["strlen"])
    found = words.get_completions(Document(text), CompleteEvent())
    assert [(each.text, each.display_meta_text) for each in found] == offered


ANSWERS = [  # text, parts of what is printed
    ("Events | summarize n = count() by FileName | sort by FileName asc", ["FileName\tn", "cmd.exe\t2"]),
    (".tables", ["table\trows", "Events\t3"]),
    (".schema Events", ["FileName\tstring", "n\tlong"]),
    (".schema Nothing", ["no table Nothing", "Events"]),
    (".help", [".quit"]),
    ("Events | summarize n = sum(n) by FileName | render barchart", ["cmd.exe", "█"]),
    ("Events | wher n > 1", ["Events | wher n > 1", "         ^"]),
    ("Events | where nothing > 1", ["nothing"]),
    ("Elsewhere | count", ["Elsewhere"]),
]


@pytest.mark.parametrize(("text", "parts"), ANSWERS)
def test_answers_and_errors_are_printed(
    text: str, parts: list[str], session: service.Session, capsys: pytest.CaptureFixture[str]
) -> None:
    run._answer(session, text)
    shown = "".join(capsys.readouterr())
    assert all(part in shown for part in parts), shown


def test_a_session_of_prompt_toolkit_may_be_given(session: service.Session) -> None:
    answered: list[str] = []
    with create_pipe_input() as pipe:
        pipe.send_text("x\r\x04")
        shell.loop(answered.append, shell.Words([], [], []), session=PromptSession(input=pipe, output=DummyOutput()))
    assert answered == ["x"]
